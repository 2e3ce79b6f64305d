//! Sources that notes cite by key: read from BibTeX, told as a list with links to DOIs, and who cites each.

use biblatex::{ChunksExt as _, DateValue, PermissiveType};
use maud::{Markup, html};

use super::page::{page, symbol_link};
use super::studies_page::study_link;
use super::{Book, BookFile};

/// A source.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) key: String,
    pub(crate) authors: String,
    pub(crate) year: String,
    pub(crate) title: String,
    /// Journal or publisher, volume, pages.
    pub(crate) place: String,
    pub(crate) link: Option<String>,
    pub(crate) note: String,
}

/// All sources, in order of their keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bibliography {
    pub(super) entries: Vec<Source>,
}

impl Bibliography {
    /// # Errors
    /// When the text is not BibTeX.
    pub(crate) fn read(text: &str) -> Result<Bibliography, String> {
        let read = biblatex::Bibliography::parse(&without_repeats(text))
            .map_err(|e| format!("the bibliography cannot be read: {e}"))?;
        let mut entries: Vec<Source> = read.iter().map(source).collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Bibliography { entries })
    }

    pub(crate) fn find(&self, key: &str) -> Option<&Source> {
        self.entries.iter().find(|e| e.key == key)
    }
}

/// The text without entries whose key stands above already: the first one counts. That a key stands twice is a fault that the
/// project's checks tell; no page is lost over it.
fn without_repeats(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut keep = true;
    for line in text.split_inclusive('\n') {
        if let Some((_, rest)) = line.strip_prefix('@').and_then(|l| l.split_once('{')) {
            let key = rest.split(',').next().unwrap_or(rest).trim();
            keep = !seen.contains(&key);
            seen.push(key);
        }
        if keep {
            out.push_str(line);
        }
    }
    out
}

fn source(entry: &biblatex::Entry) -> Source {
    let field = |name: &str| {
        entry
            .get(name)
            .map_or_else(String::new, |chunks| chunks.format_verbatim())
    };
    let people: Vec<String> = entry
        .author()
        .unwrap_or_else(|_| Vec::new())
        .iter()
        .map(|p| {
            let initials: String = p
                .given_name
                .split([' ', '.', '-'])
                .filter_map(|w| w.chars().next())
                .collect();
            match (p.name.as_str(), p.prefix.as_str()) {
                ("others", _) => "et al.".to_owned(),
                (name, "") => format!("{name} {initials}").trim().to_owned(),
                (name, prefix) => format!("{prefix} {name} {initials}").trim().to_owned(),
            }
        })
        .collect();
    let year = match entry.date() {
        Ok(PermissiveType::Typed(date)) => match date.value {
            DateValue::At(at) | DateValue::After(at) | DateValue::Before(at) => at.year.to_string(),
            DateValue::Between(from, _) => from.year.to_string(),
        },
        _ => field("year"),
    };
    let journal = [
        field("journal"),
        field("journaltitle"),
        field("publisher"),
        field("institution"),
        field("howpublished"),
    ]
    .into_iter()
    .find(|f| !f.is_empty())
    .unwrap_or_else(String::new);
    let pages = field("pages").replace("--", "–");
    let place: Vec<String> = [journal, field("volume"), pages]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect();
    let (doi, url) = (field("doi"), field("url"));
    let link = if doi.is_empty() {
        Some(url).filter(|u| u.starts_with("https://") || u.starts_with("http://"))
    } else {
        Some(format!("https://doi.org/{doi}"))
    };
    Source {
        key: entry.key.clone(),
        authors: people.join(", "),
        year,
        title: field("title"),
        place: place.join(" "),
        link,
        note: field("note"),
    }
}

/// Links to the sources that a list of keys names; unknown keys stand as they are.
pub(super) fn keys(book: &Book<'_>, list: &str) -> Markup {
    html! {
        @for (number, key) in list.split(',').map(str::trim).filter(|k| !k.is_empty()).enumerate() {
            @if number > 0 { ", " }
            @if let Some(source) = book.sources.find(key) {
                a href={ "sources.html#" (key) } title=(source.title) { (key) }
            } @else { (key) }
        }
    }
}

/// A text with links where it names sources by their keys, and names between backticks as code.
pub(super) fn cited(book: &Book<'_>, text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } }
            @else {
                @for piece in pieces(part) {
                    @if piece.contains('-') && let Some(source) = book.sources.find(piece) {
                        a href={ "sources.html#" (source.key) } title=(source.title) { (piece) }
                    } @else { (piece) }
                }
            }
        }
    }
}

/// Words as keys are written, and what stands between them.
fn pieces(text: &str) -> Vec<&str> {
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut out = Vec::new();
    let mut start = 0;
    let mut inside = false;
    for (at, letter) in text.char_indices() {
        if of_a_key(letter) != inside {
            out.push(&text[start..at]);
            start = at;
            inside = !inside;
        }
    }
    out.push(&text[start..]);
    out.retain(|p| !p.is_empty());
    out
}

/// The keys that a text names.
pub(super) fn keys_in<'a>(book: &'a Book<'_>, text: &str) -> Vec<&'a Source> {
    let known = |piece: &str| book.sources.find(piece).filter(|_| piece.contains('-'));
    pieces(text).into_iter().filter_map(known).collect()
}

/// Authors, title, place, year, link and what was read.
pub(super) fn reference(source: &Source) -> Markup {
    html! {
        @if !source.authors.is_empty() { (source.authors.trim_end_matches('.')) ". " }
        b { (source.title) }
        ". " (source.place)
        @if !source.year.is_empty() { " (" (source.year) ")" }
        @if let Some(link) = &source.link { ". " a href=(link) rel="noreferrer" { (link.trim_start_matches("https://doi.org/")) } }
        @if !source.note.is_empty() { " [" (source.note) "]" }
    }
}

/// The page of all sources.
pub(super) fn sources_page(book: &Book<'_>) -> BookFile {
    let model = book.input.model;
    let cites = |notes: Option<&str>, key: &str| {
        notes.is_some_and(|n| n.split(',').any(|k| k.trim() == key))
    };
    let body = html! {
        h1 { "Sources" }
        p { (book.sources.entries.len()) " publications stand behind the numbers of this model. A note in brackets says what of a publication was read." }
        @for source in &book.sources.entries {
            @let symbols: Vec<_> = model.ids().filter(|id| cites(model.symbol(*id).annotation.field("key"), &source.key)).collect();
            @let studies: Vec<_> = book.input.studies.iter().filter(|s| cites(Some(&s.cites), &source.key)).collect();
            section class="source" id=(source.key) {
                h2 class="key" { (source.key) }
                p { (reference(source)) }
                @if !symbols.is_empty() {
                    p class="uses" { "Numbers: " @for (i, id) in symbols.iter().enumerate() { @if i > 0 { ", " } (symbol_link(book, *id)) } }
                }
                @if !studies.is_empty() {
                    p class="uses" { "Studies: " @for (i, study) in studies.iter().enumerate() { @if i > 0 { ", " } (study_link(study)) } }
                }
            }
        }
    };
    page(book, "sources", "Sources", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_once_with_their_links() {
        let text = "@article{a-1999,\n  author = {Bone, A B and {van Berg}, C and others}, title = {Of {Mg} \\& men}, journal = {J}, year = {1999}, doi = {10.1/x}}\n@article{a-1999,\n  title = {Again}}\n@misc{b,\n title = {B}, year = {2001}}\n";
        let read = Bibliography::read(text).expect("a bibliography");
        assert_eq!(read.entries.len(), 2);
        let a = read.find("a-1999").expect("the entry");
        assert_eq!(a.title, "Of Mg & men");
        assert_eq!(a.year, "1999");
        assert_eq!(a.link.as_deref(), Some("https://doi.org/10.1/x"));
        assert!(a.authors.starts_with("Bone AB, "), "{}", a.authors);
        assert!(a.authors.ends_with("et al."), "{}", a.authors);
    }
}

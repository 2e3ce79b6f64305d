//! Given numbers as tables: value, unit, range, origin, source, why. What is assumed is marked.

use maud::{Markup, PreEscaped, html};
use osteon_model::{Origin, SymbolId};

use super::bibliography::{cited, keys};
use super::number_text::{plain, short};
use super::page::{address, anchor, is_given, local, page, plain_number, unit_words};
use super::{Book, BookFile};

/// The origins in the order of their worth.
pub(super) const ORIGINS: [Origin; 5] = [
    Origin::Measured,
    Origin::Derived,
    Origin::Scaled,
    Origin::Fitted,
    Origin::Assumed,
];

/// The word of an origin with its colour.
pub(super) fn badge(origin: Option<Origin>) -> Markup {
    let word = origin.map_or("not said", Origin::as_str);
    html! { span class={ "origin " (word.split(' ').next().unwrap_or("")) } { (word) } }
}

/// Where the parameters' anchors stand: on their mechanism's page, or nowhere because the page only points there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Home,
    Elsewhere,
}

/// A table of these symbols, each with the others that the same line of text gives to further uses of a submodel.
pub(super) fn parameter_table(
    book: &Book<'_>,
    symbols: &[(SymbolId, Vec<SymbolId>)],
    place: Place,
) -> Markup {
    let model = book.input.model;
    html! {
        div class="scroll" {
            table class="sortable numbers" {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "Meaning" }
                    th scope="col" class="num" { "Value" }
                    th scope="col" { "Unit" }
                    th scope="col" { "Range" }
                    th scope="col" { "Origin" }
                    th scope="col" { "Source" }
                    th scope="col" { "How it was come by" }
                } }
                tbody {
                    @for (id, twins) in symbols {
                        @let symbol = model.symbol(*id);
                        @let notes = &symbol.annotation;
                        tr id=[(place == Place::Home).then(|| anchor(model, *id))] class=[(notes.origin == Some(Origin::Assumed)).then_some("assumed")] {
                            th scope="row" data-v=(symbol.id) {
                                @if place == Place::Home {
                                    code { (breakable(&symbol.id)) }
                                    @for twin in twins { span id=(anchor(model, *twin)) {} }
                                    @if !twins.is_empty() { div class="moved" { "and " (twins.len()) " uses more" } }
                                } @else {
                                    a href=(address(book, *id)) { code { (breakable(local(symbol))) } }
                                    div class="moved" { (book.mechanisms.list[book.mechanisms.owner(*id)].title) }
                                }
                            }
                            td { (symbol.name.as_deref().unwrap_or("")) (moved_by(book, &symbol.id)) }
                            @let value = plain_number(symbol);
                            td class="num" data-v=[value.map(|v| v.to_string())] title=[value.map(plain).filter(|text| value.map(short).as_ref() != Some(text))] { (value.map_or_else(String::new, short)) }
                            td class="unit" { (unit_words(symbol)) }
                            td data-v=[notes.range.map(|r| (r.upper - r.lower).to_string())] { @if let Some(r) = notes.range { (plain(r.lower)) " to " (plain(r.upper)) } }
                            td { (badge(notes.origin)) }
                            td {
                                (keys(book, notes.field("key").unwrap_or("")))
                                @for link in &notes.described_by {
                                    @if link.starts_with("http") { " " a class="doi" href=(link) rel="noreferrer" title=(link) { "DOI" } }
                                }
                            }
                            td { (how(book, *id)) }
                        }
                    }
                }
            }
        }
    }
}

/// A name that may be broken over lines behind its dots and underscores.
fn breakable(name: &str) -> Markup {
    html! {
        @for part in name.split_inclusive(['.', '_']) { (part) (PreEscaped("<wbr/>")) }
    }
}

/// What the notes say besides origin and key, and which fits set it.
fn how(book: &Book<'_>, id: SymbolId) -> Markup {
    let symbol = book.input.model.symbol(id);
    let notes = &symbol.annotation;
    let mut parts: Vec<String> = Vec::new();
    let mut more: Vec<String> = Vec::new();
    for (key, value) in &notes.fields {
        match key.as_str() {
            "origin" | "key" | "role" | "elements" => {}
            "species" if book.species.as_deref() == Some(value) => {}
            "why" => parts.push(value.clone()),
            other => more.push(format!("{other} {value}")),
        }
    }
    if notes.fields.is_empty() {
        parts.extend(notes.notes.clone());
    }
    let fits: Vec<&str> = book
        .input
        .fits
        .iter()
        .filter(|f| f.parameters.contains(&symbol.id))
        .map(|f| f.stage.as_str())
        .collect();
    if !fits.is_empty() {
        parts.push(format!("set by the fit {}", fits.join(", ")));
    }
    html! {
        (cited(book, &parts.join("; ")))
        @if !more.is_empty() { div class="moved" { (more.join("; ")) } }
    }
}

fn moved_by(book: &Book<'_>, id: &str) -> Markup {
    let entries = book.input.moved_by.get(id);
    html! { @if let Some(entries) = entries { div class="moved" { "moved by: " (entries.join(", ")) } } }
}

/// How many numbers have which origin.
pub(super) fn origin_counts(book: &Book<'_>, symbols: &[SymbolId]) -> [usize; 6] {
    let mut counts = [0; 6];
    for id in symbols {
        let origin = book.input.model.symbol(*id).annotation.origin;
        let place = origin
            .and_then(|o| ORIGINS.iter().position(|k| *k == o))
            .unwrap_or(5);
        counts[place] += 1;
    }
    counts
}

/// Every given number of the model.
pub(super) fn given(book: &Book<'_>) -> Vec<SymbolId> {
    let model = book.input.model;
    model
        .ids()
        .filter(|id| is_given(model.symbol(*id)))
        .collect()
}

/// The page of all parameters.
pub(super) fn all_parameters(book: &Book<'_>) -> BookFile {
    let mut symbols = given(book);
    symbols.sort_by(|a, b| {
        let key = |id: &SymbolId| (book.mechanisms.owner(*id), *id);
        key(a).cmp(&key(b))
    });
    let rows: Vec<(SymbolId, Vec<SymbolId>)> = symbols.iter().map(|id| (*id, Vec::new())).collect();
    let body = html! {
        h1 { "All parameters" }
        p { (symbols.len()) " given numbers. A click on a heading sorts by it. Rows of assumed numbers are marked: nothing but judgement stands behind their value." @if let Some(species) = &book.species { " Where notes name a species it is " (species) " unless they say another." } }
        div id="origin-filter" class="filter" hidden="hidden" {
            "Show: " button type="button" data-origin="" { "all" }
            @for origin in ORIGINS { " " button type="button" data-origin=(origin.as_str()) { (origin.as_str()) } }
        }
        (parameter_table(book, &rows, Place::Elsewhere))
    };
    page(book, "parameters", "All parameters", &body)
}

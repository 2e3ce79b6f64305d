//! The frame of every page, links between pages, and the three files they share: style, script, search index.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use osteon_model::{ExprKind, Model, Role, Rule, Symbol, SymbolId};

use super::{Book, BookFile};

const STYLE: &str = include_str!("book.css");
const SCRIPT: &str = include_str!("book.js");

/// Void elements, closed so that pages are XML as well as HTML.
const META: PreEscaped<&str> = PreEscaped(
    r#"<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/><link rel="stylesheet" href="book.css"/>"#,
);
const SEARCH: PreEscaped<&str> = PreEscaped(
    r#"<input id="search" type="search" placeholder="Search names and words" aria-label="Search the book" autocomplete="off"/>"#,
);

/// A whole page.
pub(super) fn page(book: &Book<'_>, name: &str, title: &str, body: &Markup) -> BookFile {
    let entry = |file: &str, words: &str| {
        html! { li { a href={ (file) ".html" } aria-current=[(file == name).then_some("page")] { (words) } } }
    };
    let markup = html! {
        (DOCTYPE)
        html lang="en" xmlns="http://www.w3.org/1999/xhtml" {
            head { (META) title { (title) " – " (book.input.title) } }
            body {
                a class="skip" href="#content" { "To the content" }
                header {
                    a class="home" href="index.html" { (book.input.title) }
                    div class="find" role="search" { (SEARCH) ul id="found" hidden="hidden" aria-label="Found" {} }
                }
                div class="columns" {
                    nav aria-label="Pages" {
                        ul { (entry("index", "Overview")) (entry("parameters", "All parameters"))
                            @if !book.input.studies.is_empty() { (entry("studies", "Studies and signs")) }
                            @if !book.sources.entries.is_empty() { (entry("sources", "Sources")) }
                            @if !book.input.claims.is_empty() { (entry("claims", "Claims")) }
                            @if book.input.questions.is_some() { (entry("questions", "Open questions")) }
                            @if book.input.changes.is_some() { (entry("changes", "History")) }
                        }
                        p class="nav-head" { "Mechanisms" }
                        ul { @for m in &book.mechanisms.list { (entry(&m.page, &m.title)) } }
                    }
                    main id="content" { (body) }
                }
                footer { p { (book.input.made_by) " Made from the text of the model alone." } }
                script src="search-index.js" {}
                script src="book.js" {}
            }
        }
    };
    BookFile {
        name: format!("{name}.html"),
        text: markup.into_string(),
    }
}

/// Style, script and search index.
pub(super) fn shared_files(book: &Book<'_>) -> Vec<BookFile> {
    let file = |name: &str, text: String| BookFile {
        name: name.to_owned(),
        text,
    };
    vec![
        file("book.css", STYLE.to_owned()),
        file("book.js", SCRIPT.to_owned()),
        file("search-index.js", search_index(book)),
    ]
}

/// Name, words and address of everything that can be found.
fn search_index(book: &Book<'_>) -> String {
    let mut entries: Vec<serde_json::Value> = Vec::new();
    let mut add = |name: &str, words: &str, address: &str| {
        entries.push(serde_json::json!([name, words, address]));
    };
    for m in &book.mechanisms.list {
        add(&m.title, "mechanism", &format!("{}.html", m.page));
    }
    for q in &book.input.quantities {
        if let Some(id) = book.input.model.find(&q.symbol) {
            add(&q.name, &q.label, &address(book, id));
        }
    }
    for id in book.input.model.ids() {
        let symbol = book.input.model.symbol(id);
        add(
            &symbol.id,
            symbol.name.as_deref().unwrap_or(""),
            &address(book, id),
        );
    }
    for study in &book.input.studies {
        add(
            &study.name,
            &study.says,
            &super::studies_page::address(study),
        );
    }
    for source in &book.sources.entries {
        add(
            &source.key,
            &source.title,
            &format!("sources.html#{}", source.key),
        );
    }
    format!("const BOOK = {};\n", serde_json::Value::Array(entries))
}

/// Where a symbol is told.
pub(super) fn address(book: &Book<'_>, id: SymbolId) -> String {
    let mechanism = &book.mechanisms.list[book.mechanisms.owner(id)];
    format!("{}.html#{}", mechanism.page, anchor(book.input.model, id))
}

/// The anchor of a symbol on its page.
pub(super) fn anchor(model: &Model, id: SymbolId) -> String {
    format!("s.{}", model.symbol(id).id)
}

/// The symbol's own name without the submodels it lives in.
pub(super) fn local(symbol: &Symbol) -> &str {
    symbol.id.rsplit('.').next().unwrap_or(&symbol.id)
}

/// A link to a symbol with its meaning as a hint.
pub(super) fn symbol_link(book: &Book<'_>, id: SymbolId) -> Markup {
    let symbol = book.input.model.symbol(id);
    html! { a class="sym" href=(address(book, id)) title=[symbol.name.as_deref()] { (local(symbol)) } }
}

/// Unit as the author wrote it, in field words where the model knows its size.
pub(crate) fn unit_words(symbol: &Symbol) -> String {
    match (&symbol.unit, &symbol.unit_text) {
        (Some(unit), _) if unit.is_dimensionless() => "–".to_owned(),
        (Some(unit), _) => unit.to_string(),
        (None, Some(text)) => text.clone(),
        (None, None) => String::new(),
    }
}

/// The plain number of a symbol that is given and not computed.
pub(super) fn plain_number(symbol: &Symbol) -> Option<f64> {
    if symbol
        .rule
        .as_ref()
        .is_some_and(|r| matches!(r, Rule::Assignment(_)))
    {
        return None;
    }
    match symbol.initial.as_ref()?.expr.kind {
        ExprKind::Number(value, _) => Some(value),
        _ => None,
    }
}

/// True for what has a state of its own: amounts that flows change, and whatever has a rate.
pub(super) fn is_state(symbol: &Symbol) -> bool {
    match (&symbol.role, &symbol.rule) {
        (_, Some(Rule::Rate(_))) => true,
        (Role::Species(info), None) => !info.boundary,
        _ => false,
    }
}

/// True for a number that the author gave: a parameter or compartment with a plain value that nothing changes.
pub(super) fn is_given(symbol: &Symbol) -> bool {
    matches!(symbol.role, Role::Parameter | Role::Compartment { .. })
        && symbol.rule.is_none()
        && plain_number(symbol).is_some()
}

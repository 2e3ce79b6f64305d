//! Every study and sign: what it found, in whom, and its rows with the interval that judges them and the recorded verdict.

use maud::{Markup, html};

use super::bibliography::{cited, keys};
use super::page::{page, symbol_link};
use super::{Book, BookFile, BookStudy};
use crate::ticks::quantity;

/// `studies.html`.
pub(super) fn studies_page(book: &Book<'_>) -> BookFile {
    let (signs, studies): (Vec<&BookStudy>, Vec<&BookStudy>) =
        book.input.studies.iter().partition(|s| s.sign);
    let rows: usize = studies.iter().map(|s| s.rows.len()).sum();
    let body = html! {
        h1 { "Studies and signs" }
        p class="prose" {
            (studies.len()) " published studies with " (rows) " rows, and " (signs.len()) " signs. A row says what was measured and the interval in which the model counts as right. "
            "Rows marked * shaped the model, by a fit or in view of who set a number; the others are verification. Rows of kind association are shown and never counted. Verdicts are those last recorded."
        }
        @for study in &studies { (told(book, study)) }
        @if !signs.is_empty() {
            h2 id="signs" { "Signs" }
            p class="prose" { "What any faithful model must show. Bounds are the project's own." }
            @for sign in &signs { (told(book, sign)) }
        }
    };
    page(book, "studies", "Studies and signs", &body)
}

/// Where a study is told.
pub(super) fn address(study: &BookStudy) -> String {
    format!("studies.html#study-{}", study.name)
}

/// The name of a study as a link.
pub(super) fn study_link(study: &BookStudy) -> Markup {
    html! { a href=(address(study)) title=(study.says) { (study.name) } }
}

fn told(book: &Book<'_>, study: &BookStudy) -> Markup {
    html! {
        section class="study" id={ "study-" (study.name) } {
            h3 { (study.name) span class="kind" { @if !study.sign { (study.link) } } }
            p { (study.says) @if !study.sign && !study.cites.is_empty() { " [" (keys(book, &study.cites)) "]" } }
            @if !study.sign && !study.population.is_empty() { p class="note" { "In " (study.population) "." } }
            div class="scroll" { table {
                thead { tr { th scope="col" { "Quantity" } th scope="col" { "Arm and time" } th scope="col" { "As" } th scope="col" { "Wanted" } th scope="col" { "Unit" } @if !study.sign { th scope="col" { "Recorded" } } } }
                tbody { @for row in &study.rows {
                    @let known = book.input.quantities.iter().find(|q| q.name == row.quantity).and_then(|q| book.input.model.find(&q.symbol));
                    tr {
                        td { (row.quantity) @if study.used_to_fit.contains(&row.quantity) { "*" } @if let Some(id) = known { " (" (symbol_link(book, id)) ")" } }
                        td { (row.when) }
                        td { (row.kind.replace('_', " ")) }
                        td { (wanted(row.kind, row.interval)) }
                        td { @if row.unit != "1" { (row.unit) } }
                        @if !study.sign { td { (row.verdict.unwrap_or("").replace('_', " ")) } }
                    }
                } }
            } }
            @if !study.sign && !study.notes.is_empty() { details { summary { "Notes" } p class="prose" { (cited(book, &study.notes)) } } }
        }
    }
}

fn wanted(kind: &str, (lower, upper): (f64, f64)) -> String {
    match (kind, lower) {
        ("sign", l) if l > 0.0 => "a rise".to_owned(),
        ("sign", l) if l < 0.0 => "a fall".to_owned(),
        ("sign", _) => "no change".to_owned(),
        _ => format!("{} to {}", quantity(lower), quantity(upper)),
    }
}

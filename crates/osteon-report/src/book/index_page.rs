//! The first page: what the model is, its wiring, its mechanisms, where its numbers come from, and by which names people ask.

use maud::html;

use super::bibliography::cited;
use super::page::{is_state, page, symbol_link};
use super::parameter_table::{ORIGINS, badge, given, origin_counts};
use super::wiring::{grid, matrix, ring};
use super::{Book, BookFile};

/// `index.html`.
pub(super) fn index(book: &Book<'_>) -> BookFile {
    let model = book.input.model;
    let all = given(book);
    let whole = origin_counts(book, &all);
    let states = model.symbols.iter().filter(|s| is_state(s)).count();
    let body = html! {
        h1 { (book.input.title) }
        @if let Some(notes) = &model.notes { div class="prose" { @for part in notes.split("\n\n") { p { (part) } } } }
        p {
            "This book is the model itself, told as text: "
            (book.mechanisms.list.len()) " mechanisms, " (states) " states, " (model.reactions.len()) " flows, " (all.len()) " given numbers, each with its unit, range, origin and source. "
            "Assumed numbers are marked, so that what rests on judgement can be seen."
        }
        @if let Some(picture) = ring(book) {
            section aria-labelledby="wiring" { h2 id="wiring" { "Wiring" } (picture) @if let Some(picture) = grid(book) { (picture) } details { summary { "The same as a table" } (matrix(book)) } }
        }
        section aria-labelledby="mechanisms" {
            h2 id="mechanisms" { "Mechanisms and where their numbers come from" }
            div class="scroll" { table class="sortable" {
                thead { tr {
                    th scope="col" { "Mechanism" } th scope="col" { "What it does" } th scope="col" class="num" { "Numbers" }
                    @for origin in ORIGINS { th scope="col" class="num" { (badge(Some(origin))) } }
                    @if whole[5] > 0 { th scope="col" class="num" { "not said" } }
                } }
                tbody {
                    @for (number, m) in book.mechanisms.list.iter().enumerate() {
                        @let own: Vec<_> = all.iter().copied().filter(|id| book.mechanisms.owner(*id) == number).collect();
                        @let counts = origin_counts(book, &own);
                        tr {
                            th scope="row" { a href={ (m.page) ".html" } { (m.title) } }
                            td { (cited(book, first_sentence(&m.words))) }
                            td class="num" { (own.len()) }
                            @for count in &counts[..5] { td class="num" { @if *count > 0 { (count) } } }
                            @if whole[5] > 0 { td class="num" { @if counts[5] > 0 { (counts[5]) } } }
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" { "All" } td {} td class="num" { (all.len()) }
                    @for count in &whole[..5] { td class="num" { (count) } }
                    @if whole[5] > 0 { td class="num" { (whole[5]) } }
                } }
            } }
        }
        @if !book.input.quantities.is_empty() {
            section aria-labelledby="quantities" {
                h2 id="quantities" { "Quantities" }
                p { "The names by which scenarios and studies ask for what the model computes." }
                div class="scroll" { table class="sortable" {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Meaning" } th scope="col" { "Unit" } th scope="col" { "Symbol" } th scope="col" { "Mechanism" } th scope="col" class="num" { "Studies" } } }
                    tbody {
                        @for q in &book.input.quantities {
                            @let id = model.find(&q.symbol);
                            tr {
                                th scope="row" { (q.name) }
                                td { (q.label) }
                                td { (q.unit) }
                                td { @if let Some(id) = id { (symbol_link(book, id)) } @else { (q.symbol) } }
                                td { @if let Some(id) = id { (book.mechanisms.list[book.mechanisms.owner(id)].title) } }
                                td class="num" { (book.input.studies.iter().filter(|s| !s.sign && s.quantities.contains(&q.name)).count()) }
                            }
                        }
                    }
                } }
            }
        }
    };
    page(book, "index", "Overview", &body)
}

/// The first sentence of a text.
fn first_sentence(text: &str) -> &str {
    let line = text.split("\n\n").next().unwrap_or("");
    line.find(". ").map_or(line, |at| &line[..=at])
}

//! The claims of the evidence: what the body makes of each, the rows that decide it, and from there the equations and the sources.

use maud::{Markup, html};
use osteon_study::{Answer, RowVerdict};

use super::page::{page, symbol_link};
use super::{Book, BookFile};
use crate::ticks::quantity;

/// `claims.html`.
pub(super) fn claims_page(book: &Book<'_>) -> BookFile {
    let answers = &book.input.claims;
    let agree = answers.iter().filter(|a| a.agrees() == Some(true)).count();
    let asked = answers.iter().filter(|a| a.agrees().is_some()).count();
    let body = html! {
        h1 { "Claims" }
        p {
            (answers.len()) " claims about magnesium, calcium, vitamin D and bone, each with its grade of evidence. The results come from the rows of studies and signs that are named, as they come out now: of "
            (asked) " claims that rows decide, the body does what the evidence says in " (agree) ". Quantities lead to their equations, studies to their sources."
        }
        div class="scroll" { table class="sortable" {
            thead { tr { th scope="col" class="num" { "Row" } th scope="col" { "Claim" } th scope="col" { "Grade" } th scope="col" { "Link" } th scope="col" { "Result" } th scope="col" { "Rows within" } } }
            tbody { @for a in answers { tr {
                th scope="row" class="num" { a href={ "#claim-" (a.claim.row) } { (a.claim.row) } }
                td { (a.claim.claim) } td { (a.claim.grade) } td { (a.claim.link) } td { (a.result.as_str().replace('_', " ")) }
                td { @if !a.rows.is_empty() { (a.passed()) " of " (a.rows.len()) } }
            } } }
        } }
        @for a in answers { (claim(book, a)) }
    };
    page(book, "claims", "Claims", &body)
}

fn claim(book: &Book<'_>, answer: &Answer) -> Markup {
    let claim = &answer.claim;
    html! {
        section aria-labelledby={ "claim-" (claim.row) } {
            h2 id={ "claim-" (claim.row) } { (claim.row) ". " (claim.claim) }
            p { b { (answer.result.as_str().replace('_', " ")) } "; evidence " (claim.grade) "; " (claim.link) @if !claim.answered_by.is_empty() { "; answered by " (mechanisms(book, &claim.answered_by)) } }
            @if !claim.not_modelled.is_empty() { p { (claim.not_modelled) } }
            @if !claim.note.is_empty() { p class="note" { (claim.note) } }
            @if !answer.rows.is_empty() {
                div class="scroll" { table {
                    thead { tr { th scope="col" { "Study or sign" } th scope="col" { "Quantity" } th scope="col" { "Arm and time" } th scope="col" { "As" } th scope="col" { "Wanted" } th scope="col" class="num" { "Found" } th scope="col" { "Unit" } th scope="col" { "Verdict" } } }
                    tbody { @for row in &answer.rows { (tested(book, row)) } }
                } }
            }
        }
    }
}

fn tested(book: &Book<'_>, judged: &RowVerdict) -> Markup {
    let row = &judged.row;
    let study = book.input.studies.iter().find(|s| s.name == judged.study);
    let keys = study.map_or("", |s| s.cites.as_str());
    let known = |key: &str| book.sources.entries.iter().any(|e| e.key == key);
    let symbol = book
        .input
        .quantities
        .iter()
        .find(|q| q.name == row.quantity)
        .and_then(|q| book.input.model.find(&q.symbol));
    html! {
        tr {
            th scope="row" {
                (judged.study)
                @for key in keys.split(',').map(str::trim).filter(|k| known(k)) { " [" a href={ "sources.html#" (key) } { (key) } "]" }
            }
            td { (row.quantity) @if let Some(id) = symbol { " (" (symbol_link(book, id)) ")" } }
            td { (row.arm_words()) " " (row.at) } td { (row.kind.as_str().replace('_', " ")) }
            td { (quantity(judged.lower)) " to " (quantity(judged.upper)) } td class="num" { (quantity(judged.predicted)) } td { @if row.unit != "1" { (row.unit) } }
            td { (judged.verdict.as_str().replace('_', " ")) }
        }
    }
}

/// What answers a claim, with links where its words name a mechanism of the model.
fn mechanisms(book: &Book<'_>, words: &str) -> Markup {
    html! {
        @for (i, part) in words.split(", ").enumerate() {
            @if i > 0 { ", " }
            @let name = part.split(['.', ' ', ':']).next().unwrap_or("").to_lowercase();
            @match book.mechanisms.list.iter().find(|m| m.page.to_lowercase() == name || m.title.to_lowercase() == name) {
                Some(m) => a href={ (m.page) ".html" } { (part) },
                None => (part),
            }
        }
    }
}

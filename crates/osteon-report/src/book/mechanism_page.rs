//! The page of a mechanism: its comments as prose, its wiring, its mathematics in the order of the text, its numbers, and what
//! tests it.

use maud::{Markup, html};
use osteon_model::{Role, SymbolId};

use super::bibliography::{Source, cited, keys, keys_in, reference};
use super::equations::entry;
use super::mechanisms::{Mechanism, defining_span};
use super::page::{is_given, is_state, page, symbol_link};
use super::parameter_table::{ORIGINS, Place, badge, origin_counts, parameter_table};
use super::studies_page::study_link;
use super::wiring::around;
use super::{Book, BookFile, BookStudy};

/// A symbol with those that the same line of text defines for further uses of a submodel.
type Uses = (SymbolId, Vec<SymbolId>);

/// The page of mechanism `number`.
pub(super) fn mechanism(book: &Book<'_>, number: usize) -> BookFile {
    let mechanism = &book.mechanisms.list[number];
    let model = book.input.model;
    let mut uses: Vec<Uses> = Vec::new();
    for id in &mechanism.symbols {
        let span = defining_span(model, model.symbol(*id));
        let same = |other: &&mut Uses| {
            span != osteon_model::Span::NONE && defining_span(model, model.symbol(other.0)) == span
        };
        match uses.iter_mut().rev().find(same) {
            Some(first) => first.1.push(*id),
            None => uses.push((*id, Vec::new())),
        }
    }
    let role = |id: SymbolId| model.symbol(id).annotation.field("role");
    let is_door = |id: SymbolId| matches!(role(id), Some("input" | "dose" | "switch" | "held"));
    let (given, shown): (Vec<Uses>, Vec<Uses>) = uses
        .iter()
        .cloned()
        .partition(|u| is_given(model.symbol(u.0)));
    let (doors, numbers): (Vec<Uses>, Vec<Uses>) = given.into_iter().partition(|u| is_door(u.0));
    let doses: Vec<SymbolId> = shown
        .iter()
        .map(|u| u.0)
        .filter(|id| is_door(*id))
        .collect();
    let tests = tests_of(book, number);
    let picture = around(book, number);
    let cites = references(book, mechanism);
    let body = html! {
        h1 { (mechanism.title) }
        p class="file" {
            @if !mechanism.file.is_empty() { code { (mechanism.file) } ". " }
            (counts(book, mechanism))
        }
        (contents(&[
            ("wiring", "Wiring", picture.is_some()),
            ("mathematics", "Mathematics", !shown.is_empty()),
            ("doors", "Inputs", !doors.is_empty() || !doses.is_empty()),
            ("parameters", "Parameters", !numbers.is_empty()),
            ("tests", "What tests it", !tests.is_empty()),
            ("references", "References", !cites.is_empty()),
        ]))
        div class="prose" { (paragraphs(book, &mechanism.words)) }
        @let others = instances(book, &uses);
        @if others.len() > 1 { p { "Used " (others.len()) " times: " @for (i, name) in others.iter().enumerate() { @if i > 0 { ", " } code { (name) } } "." } }
        @if let Some(picture) = &picture {
            section aria-labelledby="wiring" { h2 id="wiring" { "What feeds it and what it feeds" } (picture) }
        }
        @if !shown.is_empty() {
            section aria-labelledby="mathematics" { h2 id="mathematics" { "Mathematics" } (in_order(book, mechanism, &shown)) }
        }
        @if !doors.is_empty() || !doses.is_empty() {
            section aria-labelledby="doors" {
                h2 id="doors" { "Inputs" }
                p { "What the outside may set: person, diet, drugs, diseases, switches." }
                @if !doses.is_empty() { p { "Doses go into " @for (i, id) in doses.iter().enumerate() { @if i > 0 { ", " } (symbol_link(book, *id)) } "." } }
                @if !doors.is_empty() { (parameter_table(book, &doors, Place::Home)) }
            }
        }
        @if !numbers.is_empty() {
            section aria-labelledby="parameters" {
                h2 id="parameters" { "Parameters" }
                @let ids: Vec<SymbolId> = mechanism.symbols.iter().copied().filter(|id| is_given(model.symbol(*id)) && !is_door(*id)).collect();
                p { (origin_words(book, &ids)) }
                (parameter_table(book, &numbers, Place::Home))
            }
        }
        @if !tests.is_empty() { (tests_section(book, &tests)) }
        @if !cites.is_empty() {
            section aria-labelledby="references" {
                h2 id="references" { "References" }
                ol class="references" { @for source in &cites { li { (reference(source)) " " a href={ "sources.html#" (source.key) } { (source.key) } } } }
            }
        }
    };
    page(book, &mechanism.page, &mechanism.title, &body)
}

fn counts(book: &Book<'_>, mechanism: &Mechanism) -> String {
    let model = book.input.model;
    let of = |wanted: &dyn Fn(&osteon_model::Symbol) -> bool| {
        mechanism
            .symbols
            .iter()
            .filter(|id| wanted(model.symbol(**id)))
            .count()
    };
    let states = of(&is_state);
    let flows = of(&|s| matches!(s.role, Role::Reaction(_)));
    let computed = of(&|s| matches!(s.rule, Some(osteon_model::Rule::Assignment(_))));
    let numbers = of(&is_given);
    let many = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    format!(
        "{}, {}, {}, {}.",
        many(states, "state"),
        many(flows, "flow"),
        many(computed, "computed quantity").replace("quantitys", "quantities"),
        many(numbers, "given number")
    )
}

/// The submodels that are made from one text: what stands before the names of the line that serves most uses.
fn instances(book: &Book<'_>, uses: &[Uses]) -> Vec<String> {
    let prefix = |id: SymbolId| {
        let id = &book.input.model.symbol(id).id;
        id.rsplit_once('.').map_or("", |(p, _)| p).to_owned()
    };
    let most = uses.iter().max_by_key(|u| {
        let mut names: Vec<String> = u.1.iter().map(|id| prefix(*id)).collect();
        names.dedup();
        names.len()
    });
    let mut names: Vec<String> = Vec::new();
    if let Some((first, rest)) = most {
        for id in std::iter::once(first).chain(rest) {
            let name = prefix(*id);
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Words of a comment as paragraphs.
fn paragraphs(book: &Book<'_>, words: &str) -> Markup {
    html! { @for part in words.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) { p { (cited(book, part)) } } }
}

/// What the page holds, as links.
fn contents(parts: &[(&str, &str, bool)]) -> Markup {
    let there: Vec<_> = parts.iter().filter(|p| p.2).collect();
    html! {
        @if there.len() > 1 {
            p class="contents" { @for (i, (id, words, _)) in there.iter().enumerate() { @if i > 0 { " · " } a href={ "#" (id) } { (words) } } }
        }
    }
}

/// The sources that a mechanism's comments and notes name, in order of their keys.
fn references<'a>(book: &'a Book<'_>, mechanism: &Mechanism) -> Vec<&'a Source> {
    let mut found = keys_in(book, &mechanism.words);
    for (_, words) in mechanism.block.iter().flat_map(|b| &b.remarks) {
        found.extend(keys_in(book, words));
    }
    for id in &mechanism.symbols {
        let notes = &book.input.model.symbol(*id).annotation;
        for name in ["key", "why", "from"] {
            found.extend(keys_in(book, notes.field(name).unwrap_or("")));
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup_by(|a, b| a.key == b.key);
    found
}

/// Remarks and entries in the order of the text.
fn in_order(book: &Book<'_>, mechanism: &Mechanism, shown: &[Uses]) -> Markup {
    let model = book.input.model;
    let remarks = mechanism
        .block
        .as_ref()
        .map_or(&[][..], |b| b.remarks.as_slice());
    let mut told = 0;
    let mut out: Vec<Markup> = Vec::new();
    for (id, twins) in shown {
        let span = defining_span(model, model.symbol(*id));
        // A remark behind a line begins after the line does.
        let line_end = if span == osteon_model::Span::NONE {
            0
        } else {
            let text = book.input.texts.text(span.file);
            let from = (span.end as usize).min(text.len());
            text.get(from..)
                .and_then(|t| t.find('\n'))
                .map_or(text.len(), |n| from + n)
        };
        while told < remarks.len() && remarks[told].0 < line_end {
            out.push(html! { div class="prose remark" { (paragraphs(book, &remarks[told].1)) } });
            told += 1;
        }
        out.push(entry(book, *id, twins));
    }
    for (_, words) in &remarks[told..] {
        out.push(html! { div class="prose remark" { (paragraphs(book, words)) } });
    }
    html! { @for part in out { (part) } }
}

fn origin_words(book: &Book<'_>, symbols: &[SymbolId]) -> Markup {
    let counts = origin_counts(book, symbols);
    html! {
        @for (origin, count) in ORIGINS.into_iter().zip(counts) {
            @if count > 0 { (badge(Some(origin))) " " (count) " " }
        }
        @if counts[5] > 0 { (badge(None)) " " (counts[5]) }
    }
}

/// A study with the quantities of it that hang on a mechanism: directly, and through one state.
struct Test<'a> {
    study: &'a BookStudy,
    direct: Vec<&'a str>,
    through: Vec<&'a str>,
}

/// The studies whose quantities hang on a mechanism with at most one state between.
fn tests_of<'a>(book: &'a Book<'_>, number: usize) -> Vec<Test<'a>> {
    let far = |quantity: &str| {
        let known = book.input.quantities.iter().find(|q| q.name == quantity)?;
        let id = book.input.model.find(&known.symbol)?;
        book.flow.distances(id, &book.mechanisms)[number]
    };
    let distances: Vec<(&str, Option<usize>)> = book
        .input
        .quantities
        .iter()
        .map(|q| (q.name.as_str(), far(&q.name)))
        .collect();
    let mut tests: Vec<Test<'a>> = book
        .input
        .studies
        .iter()
        .map(|study| {
            let at = |wanted: usize| {
                study
                    .quantities
                    .iter()
                    .map(String::as_str)
                    .filter(|q| distances.iter().any(|(n, d)| n == q && *d == Some(wanted)))
                    .collect::<Vec<_>>()
            };
            Test {
                study,
                direct: at(0),
                through: at(1),
            }
        })
        .filter(|t| !t.direct.is_empty() || !t.through.is_empty())
        .collect();
    tests.sort_by_key(|t| (t.direct.is_empty(), t.study.sign, t.study.name.clone()));
    tests
}

fn tests_section(book: &Book<'_>, tests: &[Test<'_>]) -> Markup {
    let (direct, through): (Vec<&Test<'_>>, Vec<&Test<'_>>) =
        tests.iter().partition(|t| !t.direct.is_empty());
    html! {
        section aria-labelledby="tests" {
            h2 id="tests" { "What tests it" }
            @if direct.is_empty() { p { "No study measures something that is computed from this mechanism at the same moment." } }
            @else {
                p { (direct.len()) " studies and signs measure something that is computed from this mechanism at the same moment." }
                (tests_table(book, &direct))
            }
            @if !through.is_empty() {
                details {
                    summary { (through.len()) " more measure something that it reaches through one state" }
                    (tests_table(book, &through))
                }
            }
            p class="note" { "A quantity marked * shaped the model, by a fit or in view of who set a number; the others are verification. Signs are what any faithful model must show, with bounds of the project's own. What lies farther away is left out." }
        }
    }
}

fn tests_table(book: &Book<'_>, tests: &[&Test<'_>]) -> Markup {
    html! {
        div class="scroll" { table class="sortable" {
            thead { tr {
                th scope="col" { "Study or sign" } th scope="col" { "What it found" } th scope="col" { "Directly" } th scope="col" { "Through one state" }
                th scope="col" { "Kind" } th scope="col" { "Recorded" }
            } }
            tbody {
                @for test in tests {
                    tr {
                        th scope="row" { (study_link(test.study)) @if !test.study.sign { div class="moved" { (keys(book, &test.study.cites)) } } }
                        td class="words" { (test.study.says) }
                        td { (quantities(test.study, &test.direct)) }
                        td { (quantities(test.study, &test.through)) }
                        td { @if test.study.sign { "sign" } @else { (test.study.link) } }
                        td data-v=[test.study.recorded.map(|(w, n)| (w as f64 / n.max(1) as f64).to_string())] {
                            @if let Some((within, all)) = test.study.recorded { (within) " of " (all) " within" }
                        }
                    }
                }
            }
        } }
    }
}

fn quantities(study: &BookStudy, names: &[&str]) -> Markup {
    html! {
        @for (i, name) in names.iter().enumerate() {
            @if i > 0 { ", " }
            (name) @if study.used_to_fit.iter().any(|u| u == name) { "*" }
        }
    }
}

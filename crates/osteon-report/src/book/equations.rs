//! One symbol as an entry of a page: what it is, its equation, what it reads and who reads it.

use maud::{Markup, html};
use osteon_model::{Expr, InitialForm, Model, Role, Rule, Span, SymbolId};

use super::Book;
use super::mathml;
use super::page::{anchor, local, symbol_link, unit_words};

/// The text that the author wrote at a place, on one line.
pub(super) fn written(book: &Book<'_>, span: Span) -> String {
    if span == Span::NONE {
        return String::new();
    }
    let text = book.input.texts.text(span.file);
    let slice = text
        .get(span.start as usize..span.end as usize)
        .unwrap_or("");
    slice
        .replace('\\', " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The entry of a symbol that is computed or that changes. `twins` are the same line of other uses of a submodel.
pub(super) fn entry(book: &Book<'_>, id: SymbolId, twins: &[SymbolId]) -> Markup {
    let model = book.input.model;
    let symbol = model.symbol(id);
    let left = mathml::name(&symbol.id);
    let kind = kind_words(model, id);
    html! {
        article class="entry" id=(anchor(model, id)) {
            h3 {
                code { (local(symbol)) }
                @if let Some(name) = &symbol.name { " " span class="meaning" { (name) } }
                span class="kind" { (kind) @let unit = unit_words(symbol); @if !unit.is_empty() && unit != "–" { ", " (unit) } }
            }
            @for twin in twins { span id=(anchor(model, *twin)) {} }
            @match &symbol.rule {
                Some(Rule::Assignment(expr)) => { (equation(book, &left, expr, &format!("{} equals", symbol.id))) }
                Some(Rule::Rate(expr)) => {
                    div class="math" { (mathml::rate(&left, &[(true, mathml::fragment(model, expr))], &format!("rate of change of {}: {}", symbol.id, written(book, expr.span)))) }
                }
                None => {}
            }
            @if symbol.rule.is_none() && let Role::Species(_) = symbol.role { (balance(book, id)) }
            @if let Role::Reaction(number) = symbol.role { (reaction(book, number)) }
            @else if !matches!(symbol.rule, Some(Rule::Assignment(_))) { (start(book, id)) }
            @if let Some(notes) = said(book, id) { p class="said" { (notes) } }
            (neighbours(book, id))
            @if !twins.is_empty() {
                p class="reads" { "The same line serves " (twins.len() + 1) " uses; here it stands for " (symbol.id) "." }
            }
        }
    }
}

fn kind_words(model: &Model, id: SymbolId) -> &'static str {
    let symbol = model.symbol(id);
    match (&symbol.role, &symbol.rule) {
        (Role::Species(s), None) if !s.boundary => "state",
        (_, Some(Rule::Rate(_))) => "state",
        (Role::Species(_), _) => "species",
        (Role::Reaction(_), _) => "flow",
        (Role::Compartment { .. }, _) => "compartment",
        (_, Some(Rule::Assignment(_))) => "computed",
        _ => "fixed at the start",
    }
}

fn equation(book: &Book<'_>, left: &Markup, expr: &Expr, said: &str) -> Markup {
    let text = written(book, expr.span);
    html! {
        div class="math" { (mathml::equation(book.input.model, left, expr, &format!("{said} {text}"))) }
        @if !text.is_empty() { details { summary { "as text" } code { (text) } } }
    }
}

/// The start value, if it is computed or not zero.
fn start(book: &Book<'_>, id: SymbolId) -> Markup {
    let symbol = book.input.model.symbol(id);
    let Some(initial) = &symbol.initial else {
        return html! {};
    };
    let changes = !matches!(symbol.role, Role::Parameter) || symbol.rule.is_some();
    let name = mathml::name(&symbol.id);
    let left = html! {
        @if initial.form == InitialForm::Concentration { mo { "[" } }
        (name)
        @if initial.form == InitialForm::Concentration { mo { "]" } }
        @if changes { mo { "(" } mn { "0" } mo { ")" } }
    };
    equation(
        book,
        &left,
        &initial.expr,
        &format!("{} at the start equals", symbol.id),
    )
}

/// How a state changes: the flows in and out.
fn balance(book: &Book<'_>, id: SymbolId) -> Markup {
    let model = book.input.model;
    let mut terms: Vec<(bool, Markup)> = Vec::new();
    let mut words = Vec::new();
    let mut flows = Vec::new();
    for reaction in &model.reactions {
        for (plus, side) in [(true, &reaction.products), (false, &reaction.reactants)] {
            for part in side.iter().filter(|p| p.species == id) {
                let name = mathml::name(&model.symbol(reaction.symbol).id);
                let one = matches!(part.stoichiometry.kind, osteon_model::ExprKind::Number(n, _) if n == 1.0);
                let term = if one {
                    name
                } else {
                    html! { (mathml::fragment(model, &part.stoichiometry)) mo { "·" } (name) }
                };
                let sign = if plus { "plus" } else { "minus" };
                words.push(format!("{sign} {}", model.symbol(reaction.symbol).id));
                terms.push((plus, term));
                flows.push(reaction.symbol);
            }
        }
    }
    if let Role::Species(info) = &model.symbol(id).role
        && info.boundary
    {
        return html! {};
    }
    let text = format!(
        "rate of change of {}: {}",
        model.symbol(id).id,
        words.join(" ")
    );
    html! {
        div class="math" { (mathml::rate(&mathml::name(&model.symbol(id).id), &terms, &text)) }
        @if !flows.is_empty() { p class="reads" { "Flows: " @for (i, f) in flows.iter().enumerate() { @if i > 0 { " · " } (symbol_link(book, *f)) } } }
    }
}

/// Scheme and rate of a reaction.
fn reaction(book: &Book<'_>, number: usize) -> Markup {
    let model = book.input.model;
    let reaction = &model.reactions[number];
    let side = |parts: &[osteon_model::Participant]| {
        html! {
            @if parts.is_empty() { "∅" }
            @for (i, part) in parts.iter().enumerate() {
                @if i > 0 { " + " }
                @if !matches!(part.stoichiometry.kind, osteon_model::ExprKind::Number(n, _) if n == 1.0) { (mathml::inline(model, &part.stoichiometry, "")) " " }
                (symbol_link(book, part.species))
            }
        }
    };
    let left = mathml::name(&model.symbol(reaction.symbol).id);
    html! {
        p class="scheme" { (side(&reaction.reactants)) " " span aria-label="becomes" { @if reaction.reversible { "⇌" } @else { "→" } } " " (side(&reaction.products)) }
        @if let Some(rate) = &reaction.rate { (equation(book, &left, rate, "rate equals")) }
    }
}

/// What the notes say of a computed symbol: role, elements, why, source.
fn said(book: &Book<'_>, id: SymbolId) -> Option<Markup> {
    let notes = &book.input.model.symbol(id).annotation;
    let mut parts: Vec<String> = Vec::new();
    for (key, value) in &notes.fields {
        match key.as_str() {
            "key" | "origin" => {}
            "elements" => parts.push(format!("carries {value}")),
            "why" => parts.push(value.clone()),
            "role" => parts.push(value.clone()),
            other => parts.push(format!("{other}: {value}")),
        }
    }
    if notes.fields.is_empty() {
        parts.extend(notes.notes.clone());
    }
    let key = notes.field("key");
    (!parts.is_empty() || key.is_some() || notes.origin.is_some()).then(|| {
        html! { @if notes.origin.is_some() { (super::parameter_table::badge(notes.origin)) " " } (super::bibliography::cited(book, &parts.join("; "))) @if let Some(key) = key { " (" (super::bibliography::keys(book, key)) ")" } }
    })
}

fn neighbours(book: &Book<'_>, id: SymbolId) -> Markup {
    const MOST: usize = 24;
    let list = |words: &str, ids: &[SymbolId]| {
        html! {
            @if !ids.is_empty() {
                p class="reads" {
                    (words) ": "
                    @for (i, other) in ids.iter().take(MOST).enumerate() { @if i > 0 { " · " } (symbol_link(book, *other)) }
                    @if ids.len() > MOST { " and " (ids.len() - MOST) " more" }
                }
            }
        }
    };
    html! { (list("Reads", book.flow.reads(id))) (list("Read by", book.flow.read_by(id))) }
}

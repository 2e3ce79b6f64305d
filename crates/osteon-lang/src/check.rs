//! Everything that can be said of a model without running it.
//!
//! Each file of this folder looks at one thing and adds what it finds; none stops at the first fault.

mod bare_numbers;
mod cycles;
mod elements;
mod rules;
mod unit_inference;
mod usage;
mod values;
mod world_numbers;

use std::collections::HashSet;

use osteon_model::{
    Diagnostic, Expr, Model, Rule, Severity, SourceMap, Span, SymbolId, held_signals,
};

use crate::ids;
use crate::load::Parsed;

/// Faults that `strict` makes errors of warnings.
const STRICT: [&str; 8] = [
    ids::ASSIGNED_TWICE,
    ids::BARE_CONSTANT,
    ids::MISSING_ORIGIN,
    ids::MISSING_RANGE,
    ids::MISSING_SOURCE,
    ids::MISSING_UNIT,
    ids::MISSING_WHY,
    ids::UNKNOWN_ORIGIN,
];

/// Tells everything that is wrong with a text: what [`crate::load`] found, and units, elements, cycles, values, sources, use.
///
/// With `strict`, numbers without source, range, unit or origin and bare numbers in equations are errors in place of warnings.
/// The result contains `parsed.diagnostics`; do not add them again.
pub fn check(parsed: &Parsed, strict: bool) -> Vec<Diagnostic> {
    let mut checker = Checker {
        out: parsed.diagnostics.clone(),
        sources: &parsed.sources,
        interface: &parsed.interface,
    };
    if let Some(model) = &parsed.model {
        let unknown: HashSet<Span> = checker
            .out
            .iter()
            .filter(|d| d.id == ids::UNKNOWN_NAME)
            .filter_map(|d| d.labels.first())
            .map(|l| l.span)
            .collect();
        rules::check(model, &mut checker);
        cycles::check(model, &mut checker);
        values::check(model, &unknown, &mut checker);
        unit_inference::check(model, &mut checker);
        elements::check(model, &mut checker);
        bare_numbers::check(model, &mut checker);
        world_numbers::check(model, &unknown, &mut checker);
        usage::check(model, &mut checker);
        checker.out.extend(held_signals(model).1);
    }
    for diagnostic in &mut checker.out {
        if strict && diagnostic.severity == Severity::Warning && STRICT.contains(&diagnostic.id) {
            diagnostic.severity = Severity::Error;
        }
    }
    checker.out
}

/// What the checks share.
struct Checker<'a> {
    out: Vec<Diagnostic>,
    sources: &'a SourceMap,
    interface: &'a [String],
}

impl Checker<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// The author's words for an expression, if they are short; else a name for it.
    fn words(&self, expr: &Expr, otherwise: &str) -> String {
        let text = self
            .sources
            .text(expr.span.file)
            .get(expr.span.start as usize..expr.span.end as usize)
            .unwrap_or("");
        if text.is_empty() || text.len() > 48 || text.contains('\n') {
            otherwise.to_owned()
        } else {
            format!("`{text}`")
        }
    }
}

/// What an expression stands for in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Initial(SymbolId),
    Assignment(SymbolId),
    Rate(SymbolId),
    /// Rate of the reaction of this index.
    Reaction(usize),
    Stoichiometry,
    Trigger,
    Delay,
    Priority,
    /// What an event sets a symbol to.
    EventValue(SymbolId),
}

/// Every expression of a model with its place.
fn expressions(model: &Model) -> Vec<(Place, &Expr)> {
    let mut all = Vec::new();
    for id in model.ids() {
        let symbol = model.symbol(id);
        if let Some(initial) = &symbol.initial {
            all.push((Place::Initial(id), &initial.expr));
        }
        match &symbol.rule {
            Some(Rule::Assignment(expr)) => all.push((Place::Assignment(id), expr)),
            Some(Rule::Rate(expr)) => all.push((Place::Rate(id), expr)),
            None => {}
        }
    }
    for (index, reaction) in model.reactions.iter().enumerate() {
        all.extend(reaction.rate.iter().map(|r| (Place::Reaction(index), r)));
        all.extend(
            reaction
                .reactants
                .iter()
                .chain(&reaction.products)
                .map(|p| (Place::Stoichiometry, &p.stoichiometry)),
        );
    }
    for event in &model.events {
        all.push((Place::Trigger, &event.trigger));
        all.extend(event.delay.iter().map(|d| (Place::Delay, d)));
        all.extend(event.priority.iter().map(|p| (Place::Priority, p)));
        all.extend(
            event
                .assignments
                .iter()
                .map(|a| (Place::EventValue(a.target), &a.value)),
        );
    }
    all
}

//! Matter moves only in reactions, and each reaction keeps every element.
//!
//! For each reaction and element: Σ stoichiometry × count over reactants = the same over products. Coefficients that are symbols
//! balance as symbols (`n A -> n B`), else by their values if they are constant numbers.

use std::collections::BTreeMap;

use osteon_model::{Diagnostic, ExprKind, Model, Participant, Reaction, Role, SymbolId};

use super::Checker;
use crate::ids;

pub(super) fn check(model: &Model, checker: &mut Checker<'_>) {
    for symbol in &model.symbols {
        let Some(text) = symbol.annotation.field("elements") else {
            continue;
        };
        let items = text.split(',').filter(|t| !t.trim().is_empty()).count();
        let fine = symbol
            .annotation
            .elements
            .iter()
            .all(|(name, count)| is_element(name) && *count > 0.0 && count.is_finite());
        if items == 0 || items != symbol.annotation.elements.len() || !fine {
            checker.report(
                Diagnostic::error(ids::BAD_ELEMENTS, format!("`{text}` is no list of elements"), symbol.span)
                    .help("write symbols with their counts, such as `elements: Mg` or `elements: Ca 10, P 6`"),
            );
        } else if !matches!(symbol.role, Role::Species(_)) {
            // A counter holds no matter: it adds up what crossed the border, for the ledger.
            if symbol.annotation.field("role") == Some("counter") {
                continue;
            }
            checker.report(
                Diagnostic::error(ids::BAD_ELEMENTS, format!("`{}` carries elements and is no species", symbol.id), symbol.span)
                    .help(format!("declare `species {}`, or add `role: counter` if it only adds up what crosses the border", symbol.id)),
            );
        } else if symbol.rule.is_some() {
            checker.report(
                Diagnostic::error(ids::ELEMENTS_OUTSIDE_REACTION, format!("`{}` carries elements and is changed by a rule", symbol.id), symbol.span)
                    .help("matter moves in reactions only: write the change as a reaction from where the matter comes"),
            );
        }
    }
    for event in &model.events {
        for assignment in &event.assignments {
            let target = model.symbol(assignment.target);
            if !target.annotation.elements.is_empty() {
                checker.report(
                    Diagnostic::error(
                        ids::ELEMENTS_OUTSIDE_REACTION,
                        format!("`{}` carries elements and is set by an event", target.id),
                        event.span,
                    )
                    .label(target.span, "carries elements")
                    .help("let the event set the rate of a reaction"),
                );
            }
        }
    }
    for reaction in &model.reactions {
        balance(model, reaction, checker);
    }
}

/// A chemical symbol, or a name of its own for what is followed apart, such as a tracer.
fn is_element(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Amounts of one element on both sides, by coefficient: plain numbers under `None`.
#[derive(Default)]
struct Sides {
    reactants: BTreeMap<Option<SymbolId>, f64>,
    products: BTreeMap<Option<SymbolId>, f64>,
}

fn balance(model: &Model, reaction: &Reaction, checker: &mut Checker<'_>) {
    let mut sides: BTreeMap<&str, Sides> = BTreeMap::new();
    for (list, products) in [(&reaction.reactants, false), (&reaction.products, true)] {
        for Participant {
            species,
            stoichiometry,
            ..
        } in list
        {
            for (element, count) in &model.symbol(*species).annotation.elements {
                let (key, factor) = match &stoichiometry.kind {
                    ExprKind::Number(value, _) => (None, *value),
                    ExprKind::Symbol(id) => (Some(*id), 1.0),
                    // No front end writes other coefficients for species that carry elements; they cannot be proved.
                    _ => (None, f64::NAN),
                };
                let sides = sides.entry(element).or_default();
                let side = if products {
                    &mut sides.products
                } else {
                    &mut sides.reactants
                };
                *side.entry(key).or_insert(0.0) += factor * count;
            }
        }
    }
    for (element, sides) in sides {
        if balanced(&sides.reactants, &sides.products) {
            continue;
        }
        let (left, right) = (
            total(model, &sides.reactants),
            total(model, &sides.products),
        );
        if left
            .zip(right)
            .is_some_and(|(l, r)| (l - r).abs() <= 1e-9 * l.abs().max(r.abs()))
        {
            continue;
        }
        let words = |v: Option<f64>| v.map_or("an unknown amount".to_owned(), |v| format!("{v}"));
        let name = &model.symbol(reaction.symbol).id;
        let mut diagnostic = Diagnostic::error(
            ids::UNBALANCED_ELEMENTS,
            format!(
                "the reaction `{name}` takes {} {element} and gives {}",
                words(left),
                words(right)
            ),
            reaction.span,
        );
        for participant in reaction.reactants.iter().chain(&reaction.products) {
            let symbol = model.symbol(participant.species);
            let count = symbol
                .annotation
                .elements
                .iter()
                .find(|(e, _)| e == element)
                .map_or(0.0, |(_, c)| *c);
            diagnostic = diagnostic.label(
                participant.span,
                format!("{count} {element} in each `{}`", symbol.id),
            );
        }
        checker.report(diagnostic.help("add the missing species (also sinks and sources carry their element), or correct the coefficients"));
    }
}

fn balanced(
    left: &BTreeMap<Option<SymbolId>, f64>,
    right: &BTreeMap<Option<SymbolId>, f64>,
) -> bool {
    let keys: Vec<&Option<SymbolId>> = left.keys().chain(right.keys()).collect();
    keys.iter().all(|key| {
        let (l, r) = (
            left.get(key).copied().unwrap_or(0.0),
            right.get(key).copied().unwrap_or(0.0),
        );
        (l - r).abs() <= 1e-9 * l.abs().max(r.abs())
    })
}

/// The sum in numbers, if every coefficient is a constant number.
fn total(model: &Model, side: &BTreeMap<Option<SymbolId>, f64>) -> Option<f64> {
    side.iter().try_fold(0.0, |sum, (key, factor)| {
        let value = match key {
            None => 1.0,
            Some(id) => {
                let symbol = model.symbol(*id);
                match symbol
                    .initial
                    .as_ref()
                    .filter(|_| symbol.constant)?
                    .expr
                    .kind
                {
                    ExprKind::Number(value, _) => value,
                    _ => return None,
                }
            }
        };
        Some(sum + factor * value)
    })
}

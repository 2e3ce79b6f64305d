//! Every number of the world has a unit, an origin, a source and a range.

use std::collections::HashSet;

use osteon_model::{Diagnostic, ExprKind, Model, Origin, Role, Rule, Span, Symbol};

use super::Checker;
use crate::ids;
use crate::lower::DEFAULT_COMPARTMENT;
use crate::suggest::did_you_mean;

const ORIGINS: [&str; 5] = ["measured", "derived", "scaled", "fitted", "assumed"];

pub(super) fn check(model: &Model, unknown: &HashSet<Span>, checker: &mut Checker<'_>) {
    for symbol in &model.symbols {
        if unknown.contains(&symbol.span) || symbol.id == DEFAULT_COMPARTMENT {
            continue;
        }
        unit(symbol, checker);
        let quantity = matches!(
            symbol.role,
            Role::Parameter | Role::Compartment { .. } | Role::SpeciesReference
        );
        let number = symbol.initial.as_ref().is_some_and(|i| match i.expr.kind {
            // An input that is 0 or 1 is switched off or untouched: no fact of the world.
            ExprKind::Number(value, _) => {
                !matches!(symbol.annotation.field("role"), Some("input" | "switch"))
                    || (value != 0.0 && value != 1.0)
            }
            _ => false,
        });
        if quantity && symbol.rule.is_none() && number {
            origin(symbol, checker);
        }
    }
}

fn unit(symbol: &Symbol, checker: &mut Checker<'_>) {
    // What follows an equation gets its unit from there; a coefficient is a pure number.
    let follows = matches!(symbol.rule, Some(Rule::Assignment(_)))
        || matches!(symbol.role, Role::Reaction(_) | Role::SpeciesReference);
    // Computed at the start from other symbols.
    let computed = symbol
        .initial
        .as_ref()
        .is_some_and(|i| !matches!(i.expr.kind, ExprKind::Number(..)));
    if symbol.unit.is_none() && !follows && !computed {
        let help = format!(
            "write `{} has unit`, or `dimensionless` for a pure number",
            symbol.id
        );
        checker.report(
            Diagnostic::warning(
                ids::MISSING_UNIT,
                format!("`{}` has no unit", symbol.id),
                symbol.span,
            )
            .help(help),
        );
    }
}

fn origin(symbol: &Symbol, checker: &mut Checker<'_>) {
    let name = &symbol.id;
    let notes = &symbol.annotation;
    let said = notes.field("origin");
    match (notes.origin, said) {
        (None, Some(word)) => {
            let mut diagnostic = Diagnostic::warning(ids::UNKNOWN_ORIGIN, format!("`{name}` has the origin `{word}`, which is none of the five"), symbol.span);
            diagnostic.help = did_you_mean(word, ORIGINS.into_iter()).or_else(|| Some(format!("the origins are {}", ORIGINS.join(", "))));
            checker.report(diagnostic);
        }
        (None, None) => checker.report(
            Diagnostic::warning(ids::MISSING_ORIGIN, format!("nothing says where the value of `{name}` comes from"), symbol.span)
                .help(format!("write `{name} notes \"origin: measured; key: …; from: …\"`, or derived, scaled, fitted, assumed")),
        ),
        (Some(Origin::Derived | Origin::Assumed), _) if notes.field("why").is_none_or(str::is_empty) => checker.report(
            Diagnostic::warning(ids::MISSING_WHY, format!("`{name}` is {} and does not say why", said.unwrap_or("")), symbol.span)
                .help("add `why: …` to its notes: the arithmetic, or the reason"),
        ),
        _ => {}
    }
    let sourced =
        !notes.described_by.is_empty() || notes.field("key").is_some_and(|k| !k.is_empty());
    if !sourced
        && !matches!(
            notes.origin,
            Some(Origin::Derived | Origin::Assumed | Origin::Fitted)
        )
    {
        checker.report(
            Diagnostic::warning(
                ids::MISSING_SOURCE,
                format!("`{name}` has no source"),
                symbol.span,
            )
            .help(format!(
                "add `key: …` to its notes, or write `{name} isDescribedBy \"https://doi.org/…\"`"
            )),
        );
    }
    if notes.range.is_none() {
        checker.report(
            Diagnostic::warning(
                ids::MISSING_RANGE,
                format!("`{name}` has no range"),
                symbol.span,
            )
            .help(format!("write `{name}.range = {{lower, upper}}`")),
        );
    }
}

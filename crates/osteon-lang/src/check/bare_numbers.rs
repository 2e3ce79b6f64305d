//! Numbers that stand in equations without a name, a unit and a source; and exponents that make a switch of a curve.

use std::collections::HashSet;

use osteon_model::{Diagnostic, Expr, ExprKind, Model, Op, Span};

use super::{Checker, Place, expressions};
use crate::ids;

/// A steeper Hill curve than this is a switch in disguise.
const STEEPEST: f64 = 12.0;
/// Integer powers up to this may stand bare: squares, cubes, fourth powers of radii.
const LARGEST_POWER: f64 = 4.0;

pub(super) fn check(model: &Model, checker: &mut Checker<'_>) {
    // The same text can appear many times, where a function was put in.
    let mut told: HashSet<Span> = HashSet::new();
    for (place, expr) in expressions(model) {
        if matches!(place, Place::Stoichiometry | Place::Priority) {
            continue;
        }
        if matches!(place, Place::Initial(_)) && matches!(expr.kind, ExprKind::Number(..)) {
            continue;
        }
        let mut found = Vec::new();
        numbers(expr, false, &mut found);
        for (value, span) in found {
            if told.insert(span) {
                checker.report(
                    Diagnostic::warning(
                        ids::BARE_CONSTANT,
                        format!("the number {value} stands bare in an equation"),
                        span,
                    )
                    .help("make it a parameter with unit, source and range"),
                );
            }
        }
        steepness(model, expr, &mut told, checker);
    }
}

fn numbers(expr: &Expr, power: bool, found: &mut Vec<(f64, Span)>) {
    match &expr.kind {
        ExprKind::Number(value, _) => {
            let size = value.abs();
            let known = [
                0.0,
                1.0,
                2.0,
                std::f64::consts::PI,
                std::f64::consts::E,
                6.022_141_79e23,
            ]
            .contains(&size);
            let small_power = power && size.fract() == 0.0 && size <= LARGEST_POWER;
            if !known && !small_power && size.is_finite() {
                found.push((*value, expr.span));
            }
        }
        ExprKind::Apply(Op::Neg, args) => args.iter().for_each(|a| numbers(a, power, found)),
        ExprKind::Apply(Op::Pow, args) => {
            args.iter()
                .enumerate()
                .for_each(|(i, a)| numbers(a, i == 1, found));
        }
        // The degree of a root and the base of a logarithm are part of the operator.
        ExprKind::Apply(Op::Root | Op::Log, args) => {
            args.iter().skip(1).for_each(|a| numbers(a, false, found))
        }
        ExprKind::Apply(_, args) => args.iter().for_each(|a| numbers(a, false, found)),
        ExprKind::Piecewise(pieces, otherwise) => {
            for (value, condition) in pieces {
                numbers(value, false, found);
                numbers(condition, false, found);
            }
            otherwise.iter().for_each(|o| numbers(o, false, found));
        }
        ExprKind::Bool(_) | ExprKind::Symbol(_) | ExprKind::Time | ExprKind::RateOf(_) => {}
    }
}

fn steepness(model: &Model, expr: &Expr, told: &mut HashSet<Span>, checker: &mut Checker<'_>) {
    expr.walk(&mut |e| {
        let ExprKind::Apply(Op::Pow, args) = &e.kind else { return };
        let exponent = match &args[1].kind {
            ExprKind::Number(value, _) => Some(*value),
            ExprKind::Symbol(id) => model.symbol(*id).initial.as_ref().filter(|_| model.symbol(*id).constant).and_then(|i| match i.expr.kind {
                ExprKind::Number(value, _) => Some(value),
                _ => None,
            }),
            _ => None,
        };
        if let Some(exponent) = exponent.filter(|n| n.abs() > STEEPEST && varies(&args[0])) {
            // One message for an exponent that has a name, wherever it stands.
            let place = match &args[1].kind {
                ExprKind::Symbol(id) => model.symbol(*id).span,
                _ => e.span,
            };
            if told.insert(place) {
                checker.report(
                    Diagnostic::warning(ids::HILL_STEEPNESS, format!("the exponent {exponent} makes a switch of this curve"), e.span)
                        .help("use a smaller exponent, or say openly that it is a switch with `piecewise` or an event"),
                );
            }
        }
    });
}

fn varies(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        found |= matches!(
            e.kind,
            ExprKind::Symbol(_) | ExprKind::Time | ExprKind::RateOf(_)
        )
    });
    found
}

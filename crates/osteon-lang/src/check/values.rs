//! Every symbol has a value, and lies in its own range.

use std::collections::HashSet;

use osteon_model::{Diagnostic, ExprKind, Model, Role, Rule, Span};

use super::Checker;
use crate::ids;

pub(super) fn check(model: &Model, unknown: &HashSet<Span>, checker: &mut Checker<'_>) {
    for symbol in &model.symbols {
        let has_value = symbol.initial.is_some()
            || matches!(symbol.rule, Some(Rule::Assignment(_)))
            || matches!(symbol.role, Role::Reaction(_));
        if !has_value && !unknown.contains(&symbol.span) {
            let what = match &symbol.role {
                Role::Compartment { .. } => "compartment",
                Role::Species(_) => "species",
                _ => "parameter",
            };
            if checker.interface.contains(&symbol.id) {
                checker.report(
                    Diagnostic::warning(
                        ids::UNCONNECTED_INTERFACE,
                        format!("`{}` belongs to the interface and has no value until the model is put into another", symbol.id),
                        symbol.span,
                    )
                    .help("load the model that connects it, or give it a value that the connection overrides"),
                );
            } else {
                checker.report(
                    Diagnostic::error(
                        ids::MISSING_VALUE,
                        format!("the {what} `{}` has no value", symbol.id),
                        symbol.span,
                    )
                    .help(format!(
                        "write `{} = …`; nothing is taken to be 0 by itself",
                        symbol.id
                    )),
                );
            }
        }
        let number = symbol.initial.as_ref().and_then(|i| match i.expr.kind {
            ExprKind::Number(value, unit) => {
                let factor = unit
                    .zip(symbol.unit)
                    .and_then(|(a, b)| a.conversion_to(&b))
                    .unwrap_or(1.0);
                Some((value * factor, i.expr.span))
            }
            _ => None,
        });
        if let (Some((value, span)), Some(range)) = (number, symbol.annotation.range)
            && !(range.lower..=range.upper).contains(&value)
        {
            checker.report(
                Diagnostic::error(
                    ids::OUTSIDE_RANGE,
                    format!(
                        "`{}` is {value}, outside its own range {} to {}",
                        symbol.id, range.lower, range.upper
                    ),
                    span,
                )
                .help("correct the value or the range"),
            );
        }
    }
}

//! One symbol, one thing that changes it.

use osteon_model::{Diagnostic, Model, Role, Rule};

use super::Checker;
use crate::ids;

pub(super) fn check(model: &Model, checker: &mut Checker<'_>) {
    for reaction in &model.reactions {
        for participant in reaction.reactants.iter().chain(&reaction.products) {
            let symbol = model.symbol(participant.species);
            let Role::Species(info) = &symbol.role else {
                continue;
            };
            if symbol.rule.is_some() && !info.boundary {
                let name = model.symbol(reaction.symbol).id.clone();
                checker.report(
                    Diagnostic::error(
                        ids::RULE_CONFLICT,
                        format!(
                            "`{}` has a rule, and the reaction `{name}` changes it",
                            symbol.id
                        ),
                        participant.span,
                    )
                    .label(symbol.span, "has a rule")
                    .help(format!(
                        "write `${}` if reactions should not change it, or remove the rule",
                        symbol.id
                    )),
                );
            }
        }
        if reaction.rate.is_none() {
            let name = &model.symbol(reaction.symbol).id;
            checker.report(
                Diagnostic::error(
                    ids::MISSING_RATE,
                    format!("the reaction `{name}` has no rate"),
                    reaction.span,
                )
                .help("write its rate behind the `;`"),
            );
        }
    }
    for event in &model.events {
        for assignment in &event.assignments {
            let target = model.symbol(assignment.target);
            if matches!(target.rule, Some(Rule::Assignment(_)))
                || matches!(target.role, Role::Reaction(_))
            {
                checker.report(
                    Diagnostic::error(
                        ids::RULE_CONFLICT,
                        format!(
                            "an event sets `{}`, which always follows an equation",
                            target.id
                        ),
                        event.span,
                    )
                    .label(target.span, "follows an equation")
                    .help("let the event set a parameter of that equation"),
                );
            }
        }
    }
    for symbol in &model.symbols {
        if matches!(symbol.role, Role::Reaction(_))
            && (symbol.rule.is_some() || symbol.initial.is_some())
        {
            checker.report(
                Diagnostic::error(
                    ids::RULE_CONFLICT,
                    format!(
                        "`{}` is a reaction; its rate stands behind the reaction",
                        symbol.id
                    ),
                    symbol.span,
                )
                .help("remove the value or rule"),
            );
        }
    }
}

//! Constants that nothing reads.

use osteon_model::{Diagnostic, Model, Role};

use super::{Checker, Place, expressions};
use crate::ids;

pub(super) fn check(model: &Model, checker: &mut Checker<'_>) {
    let mut used = vec![false; model.symbols.len()];
    for (place, expr) in expressions(model) {
        for id in expr.symbols() {
            // A start value that reads itself is told elsewhere.
            used[id.0 as usize] |= place != Place::Initial(id);
        }
        if let Place::EventValue(target) = place {
            used[target.0 as usize] = true;
        }
    }
    for symbol in &model.symbols {
        if let Role::Species(info) = &symbol.role {
            used[info.compartment.0 as usize] = true;
            if let Some(factor) = info.conversion_factor {
                used[factor.0 as usize] = true;
            }
        }
    }
    for reaction in &model.reactions {
        for participant in reaction.reactants.iter().chain(&reaction.products) {
            used[participant.species.0 as usize] = true;
        }
        for modifier in &reaction.modifiers {
            used[modifier.0 as usize] = true;
        }
    }
    for (symbol, used) in model.symbols.iter().zip(used) {
        // What follows a rule or a reaction is a result that someone may look at.
        if !used && symbol.rule.is_none() && !matches!(symbol.role, Role::Reaction(_)) {
            checker.report(
                Diagnostic::warning(
                    ids::UNUSED_SYMBOL,
                    format!("`{}` is never used", symbol.id),
                    symbol.span,
                )
                .help("remove it, or connect it to what it was meant for"),
            );
        }
    }
}

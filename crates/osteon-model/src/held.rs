//! Held signals: parameters that keep what another symbol was at the start of a scenario.
//!
//! A parameter whose notes hold `role: held; of: SYMBOL` is set to the value of SYMBOL when a scenario begins. A body uses it to freeze a
//! pathway at the person's own baseline, or to tell a ratio to it. Who sets it, and when, is no matter of this crate.

use std::collections::HashMap;

use crate::{Diagnostic, Model, Role, Symbol, SymbolId};

/// A parameter and the symbol whose value it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSignal {
    /// The parameter that is set.
    pub parameter: SymbolId,
    /// The symbol it is set to.
    pub of: SymbolId,
}

/// Every held signal of a model in order of declaration, and what is wrong with those that cannot be held (id `held-signal`).
///
/// SYMBOL is looked for beside the parameter first, then in the models around it: `of: x` of `organ.part.x_held` means `organ.part.x`,
/// else `organ.x`, else `x`.
pub fn held_signals(model: &Model) -> (Vec<HeldSignal>, Vec<Diagnostic>) {
    let places: HashMap<&str, SymbolId> = model
        .ids()
        .map(|id| (model.symbol(id).id.as_str(), id))
        .collect();
    let (mut held, mut faults) = (Vec::new(), Vec::new());
    for id in model.ids() {
        let symbol = model.symbol(id);
        if symbol.annotation.field("role") != Some("held") {
            continue;
        }
        match source_of(model, id, symbol, &places) {
            Ok(of) => held.push(HeldSignal { parameter: id, of }),
            Err((message, help)) => faults
                .push(Diagnostic::error("held-signal", message, symbol.span).help(help.to_owned())),
        }
    }
    (held, faults)
}

fn source_of(
    model: &Model,
    id: SymbolId,
    symbol: &Symbol,
    places: &HashMap<&str, SymbolId>,
) -> Result<SymbolId, (String, &'static str)> {
    let name = &symbol.id;
    if symbol.role != Role::Parameter || symbol.rule.is_some() {
        return Err((
            format!("`{name}` is to be held and cannot be set"),
            "a held signal is a parameter with a number, without a rule",
        ));
    }
    let Some(asked) = symbol.annotation.field("of").filter(|of| !of.is_empty()) else {
        return Err((
            format!("`{name}` is held and does not say of what"),
            "add `of: SYMBOL` to its notes",
        ));
    };
    let mut scope = name.as_str();
    let found = loop {
        scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        let full = if scope.is_empty() {
            asked.to_owned()
        } else {
            format!("{scope}.{asked}")
        };
        match places.get(full.as_str()) {
            Some(found) => break Some(*found),
            None if scope.is_empty() => break None,
            None => {}
        }
    };
    match found {
        Some(of) if of == id => Err((
            format!("`{name}` is held of itself"),
            "name the symbol whose value it is to keep",
        )),
        Some(of) if model.symbol(of).annotation.field("role") == Some("held") => Err((
            format!("`{name}` is held of `{asked}`, which is held itself"),
            "name the symbol whose value both are to keep",
        )),
        Some(of) => Ok(of),
        None => Err((
            format!("`{name}` is held of `{asked}`, which names nothing"),
            "name a symbol of the same model, or of one around it",
        )),
    }
}

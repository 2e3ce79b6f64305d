//! Are two flat models the same? Order of symbols, places in the text and spelling of names (`a.b` or `a__b`) do not matter.

use std::collections::BTreeMap;

use osteon_model::{Expr, ExprKind, Model, Participant, Role, Rule, SymbolId};

/// Every difference in words; empty for equal models.
pub fn differences(a: &Model, b: &Model) -> Vec<String> {
    let (left, right) = (describe(a), describe(b));
    let mut out = Vec::new();
    for (key, value) in &left {
        match right.get(key) {
            None => out.push(format!("{key} is lost: {value}")),
            Some(other) if other != value => {
                out.push(format!("{key}\n  was {value}\n  is  {other}"))
            }
            Some(_) => {}
        }
    }
    out.extend(
        right
            .keys()
            .filter(|k| !left.contains_key(*k))
            .map(|k| format!("{k} is new: {}", right[k])),
    );
    out
}

fn spelled(id: &str) -> String {
    id.replace('.', "__")
}

fn describe(model: &Model) -> BTreeMap<String, String> {
    let name = |id: SymbolId| spelled(&model.symbol(id).id);
    let text = |e: &Expr| text(model, e);
    let mut all = BTreeMap::new();
    for symbol in &model.symbols {
        let role = match &symbol.role {
            Role::Species(info) => format!(
                "species in {} only {} boundary {}",
                name(info.compartment),
                info.amount_only,
                info.boundary
            ),
            Role::Compartment { dimensions } => format!("compartment {dimensions}"),
            Role::Reaction(_) => "reaction".to_owned(),
            role => format!("{role:?}"),
        };
        let unit = symbol.unit.map(|u| {
            format!(
                "{:?} {:.10e}",
                u.exponents.map(|e| (e.num, e.den)),
                u.factor
            )
        });
        let initial = symbol
            .initial
            .as_ref()
            .map(|i| format!("{:?} {}", i.form, text(&i.expr)));
        let rule = match &symbol.rule {
            Some(Rule::Assignment(e)) => format!(":= {}", text(e)),
            Some(Rule::Rate(e)) => format!("'= {}", text(e)),
            None => String::new(),
        };
        all.insert(
            format!("symbol {}", spelled(&symbol.id)),
            format!(
                "{role} constant {} unit {unit:?} initial {initial:?} rule {rule} name {:?} {:?}",
                symbol.constant, symbol.name, symbol.annotation
            ),
        );
    }
    for reaction in &model.reactions {
        let side = |list: &[Participant]| {
            list.iter()
                .map(|p| format!("{} {}", text(&p.stoichiometry), name(p.species)))
                .collect::<Vec<_>>()
        };
        let mut modifiers: Vec<String> = reaction.modifiers.iter().map(|m| name(*m)).collect();
        modifiers.sort();
        all.insert(
            format!("reaction {}", name(reaction.symbol)),
            format!(
                "{:?} -> {:?} by {modifiers:?} rate {:?} reversible {}",
                side(&reaction.reactants),
                side(&reaction.products),
                reaction.rate.as_ref().map(&text),
                reaction.reversible
            ),
        );
    }
    for event in &model.events {
        let sets: Vec<String> = event
            .assignments
            .iter()
            .map(|a| format!("{} = {}", name(a.target), text(&a.value)))
            .collect();
        all.insert(
            format!("event {}", spelled(&event.id)),
            format!(
                "{} t0 {} persistent {} from trigger {} delay {:?} priority {:?} sets {sets:?}",
                text(&event.trigger),
                event.initial_value,
                event.persistent,
                event.values_from_trigger_time,
                event.delay.as_ref().map(&text),
                event.priority.as_ref().map(&text)
            ),
        );
    }
    for (what, unit) in [
        ("time", model.time_unit),
        ("substance", model.substance_unit),
        ("volume", model.volume_unit),
        ("extent", model.extent_unit),
    ] {
        all.insert(
            format!("unit of {what}"),
            format!(
                "{:?}",
                unit.map(|u| (u.to_string(), format!("{:.10e}", u.factor)))
            ),
        );
    }
    all.insert(
        "model".to_owned(),
        format!("{:?} {:?} {:?}", model.id, model.name, model.notes),
    );
    all
}

/// The tree of an expression without places.
fn text(model: &Model, expr: &Expr) -> String {
    let list = |args: &[Expr]| {
        args.iter()
            .map(|a| text(model, a))
            .collect::<Vec<_>>()
            .join(" ")
    };
    match &expr.kind {
        ExprKind::Number(value, unit) => format!(
            "{value:?}{}",
            unit.map_or(String::new(), |u| format!(
                "[{:?} {:.10e}]",
                u.exponents, u.factor
            ))
        ),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Symbol(id) => spelled(&model.symbol(*id).id),
        ExprKind::RateOf(id) => format!("rateOf {}", spelled(&model.symbol(*id).id)),
        ExprKind::Time => "time".to_owned(),
        ExprKind::Apply(op, args) => format!("({op:?} {})", list(args)),
        ExprKind::Piecewise(pieces, otherwise) => {
            let pieces: Vec<String> = pieces
                .iter()
                .map(|(v, c)| format!("{} if {}", text(model, v), text(model, c)))
                .collect();
            format!(
                "(pieces {} else {})",
                pieces.join(", "),
                otherwise.as_ref().map_or(String::new(), |o| text(model, o))
            )
        }
    }
}

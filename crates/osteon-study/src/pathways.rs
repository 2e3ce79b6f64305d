//! The pathways of a body that can be switched off, found in its text: where each acts, what it rests on.
//!
//! A pathway is a parameter whose notes hold `role: switch; pathway: …; label: …; files: …`. An input of a body of older making whose name
//! begins with `on_` counts, too. What reads the switch are its equations; the parameters in them bring sources and origins.

use std::collections::BTreeSet;

use osteon_model::{Expr, Model, Origin, Role, Rule, SymbolId};
use osteon_sim::Body;

/// Origins in the order in which they are counted.
pub const ORIGINS: [Origin; 5] = [
    Origin::Measured,
    Origin::Derived,
    Origin::Scaled,
    Origin::Fitted,
    Origin::Assumed,
];

/// An equation through which a pathway acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    /// Symbol or reaction that it gives.
    pub symbol: String,
    /// Words for it; empty if the body has none.
    pub label: String,
    /// File of the body.
    pub file: String,
    /// Line in it, from 1.
    pub line: usize,
}

/// A pathway of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pathway {
    /// Short name.
    pub name: String,
    /// Body symbol that switches it: 1 on, 0 frozen.
    pub switch: String,
    /// Words for it.
    pub label: String,
    /// Files it lives in.
    pub files: Vec<String>,
    /// Equations through which it acts.
    pub equations: Vec<Equation>,
    /// Citation keys behind the parameters of these equations.
    pub sources: Vec<String>,
    /// How many of these parameters are of each of [`ORIGINS`].
    pub origins: [usize; 5],
}

/// Every pathway of a body in order of declaration.
pub fn pathways(body: &Body) -> Vec<Pathway> {
    let model = &body.model;
    let is_switch = |id: &SymbolId| {
        let symbol = model.symbol(*id);
        let last = symbol.id.rsplit('.').next().unwrap_or("");
        let free = symbol.role == Role::Parameter && symbol.rule.is_none();
        let on = body
            .vocabulary
            .get(&symbol.id)
            .is_some_and(|w| w.number == Some(1.0));
        match symbol.annotation.field("role") {
            Some("switch") => free && on,
            Some("input") => free && on && last.starts_with("on_"),
            _ => false,
        }
    };
    model
        .ids()
        .filter(is_switch)
        .map(|id| pathway(body, id))
        .collect()
}

fn pathway(body: &Body, id: SymbolId) -> Pathway {
    let model = &body.model;
    let symbol = model.symbol(id);
    let notes = &symbol.annotation;
    let short = symbol.id.rsplit('.').next().unwrap_or("");
    let name = notes.field("pathway").map_or_else(
        || short.trim_start_matches("on_").replace('_', " "),
        str::to_owned,
    );
    let label = notes
        .field("label")
        .map(str::to_owned)
        .unwrap_or_else(|| name.clone());
    let equations = equations_of(model, id);
    let mut sources = BTreeSet::new();
    let mut origins = [0; 5];
    let mut counted = BTreeSet::new();
    for (_, expr) in &equations {
        for read in expr.symbols() {
            let parameter = model.symbol(read);
            let notes = &parameter.annotation;
            let plain = parameter.role == Role::Parameter && notes.field("role").is_none();
            if !plain || !counted.insert(read) {
                continue;
            }
            sources.extend(notes.field("key").map(str::to_owned));
            if let Some(place) = notes
                .origin
                .and_then(|o| ORIGINS.iter().position(|k| *k == o))
            {
                origins[place] += 1;
            }
        }
    }
    let equations: Vec<Equation> = equations
        .into_iter()
        .map(|(of, expr)| {
            let symbol = model.symbol(of);
            let texts = &body.faults.sources;
            Equation {
                symbol: symbol.id.clone(),
                label: symbol.name.clone().unwrap_or_else(|| symbol.id.clone()),
                file: texts.name(expr.span.file).to_owned(),
                line: texts.line_column(expr.span).0,
            }
        })
        .collect();
    let mut files: Vec<String> = notes
        .field("files")
        .unwrap_or("")
        .split([',', ';'])
        .map(|f| f.trim().to_owned())
        .filter(|f| !f.is_empty())
        .collect();
    for equation in &equations {
        let short = equation.file.rsplit('/').next().unwrap_or(&equation.file);
        if !files.iter().any(|f| f.rsplit('/').next() == Some(short)) {
            files.push(short.to_owned());
        }
    }
    Pathway {
        name,
        switch: symbol.id.clone(),
        label,
        files,
        equations,
        sources: sources.into_iter().collect(),
        origins,
    }
}

/// Every equation with the symbol that it gives.
fn all_equations(model: &Model) -> Vec<(SymbolId, &Expr)> {
    let rules = model.ids().filter_map(|id| match &model.symbol(id).rule {
        Some(Rule::Assignment(expr) | Rule::Rate(expr)) => Some((id, expr)),
        None => None,
    });
    let reactions = model
        .reactions
        .iter()
        .filter_map(|r| Some((r.symbol, r.rate.as_ref()?)));
    rules.chain(reactions).collect()
}

/// Equations that read a switch. One that only chooses between a signal and what is held of it stands for the equations that read it.
fn equations_of(model: &Model, switch: SymbolId) -> Vec<(SymbolId, &Expr)> {
    let all = all_equations(model);
    let held = |id: &SymbolId| model.symbol(*id).annotation.field("role") == Some("held");
    let mut found: Vec<(SymbolId, &Expr)> = Vec::new();
    for (of, expr) in &all {
        let reads = expr.symbols();
        if !reads.contains(&switch) {
            continue;
        }
        if reads.iter().any(held) {
            found.extend(all.iter().filter(|(_, e)| e.symbols().contains(of)));
        } else {
            found.push((*of, expr));
        }
    }
    found.sort_by_key(|(of, _)| *of);
    found.dedup_by_key(|(of, _)| *of);
    found
}

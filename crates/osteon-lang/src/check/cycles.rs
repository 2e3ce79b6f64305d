//! Assignments and start values that depend on themselves.

use std::collections::BTreeSet;

use osteon_model::{Diagnostic, Expr, ExprKind, Model, Role, Rule, SymbolId};

use super::Checker;
use crate::ids;

pub(super) fn check(model: &Model, checker: &mut Checker<'_>) {
    let always: Vec<Vec<SymbolId>> = model.ids().map(|id| during_run(model, id)).collect();
    let mut reported = BTreeSet::new();
    for circle in circles(&always) {
        reported.extend(circle.iter().copied());
        tell(
            model,
            &circle,
            "these assignments depend on each other",
            "break the circle: give one of them a rate of change `'=`",
            checker,
        );
    }
    let at_start: Vec<Vec<SymbolId>> = model
        .ids()
        .map(|id| {
            let initial = model.symbol(id).initial.as_ref();
            let mut next = always[id.0 as usize].clone();
            if next.is_empty() {
                next.extend(initial.iter().flat_map(|i| i.expr.symbols()));
            }
            next
        })
        .collect();
    for circle in circles(&at_start) {
        if !circle.iter().any(|id| reported.contains(id)) {
            tell(
                model,
                &circle,
                "these start values depend on each other",
                "give one of them a number",
                checker,
            );
        }
    }
}

/// What the value of a symbol is computed from at every moment.
fn during_run(model: &Model, id: SymbolId) -> Vec<SymbolId> {
    let symbol = model.symbol(id);
    match (&symbol.role, &symbol.rule) {
        (Role::Reaction(index), _) => reads(model, model.reactions[*index].rate.as_ref()),
        (_, Some(Rule::Assignment(expr))) => reads(model, Some(expr)),
        // A concentration is computed with the size of its compartment.
        (Role::Species(info), _) if !info.amount_only => {
            let place = info.compartment;
            if matches!(model.symbol(place).rule, Some(Rule::Assignment(_))) {
                vec![place]
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    }
}

fn reads(model: &Model, expr: Option<&Expr>) -> Vec<SymbolId> {
    let mut found = Vec::new();
    let Some(expr) = expr else { return found };
    expr.walk(&mut |e| match e.kind {
        ExprKind::Symbol(id) => found.push(id),
        ExprKind::RateOf(id) => match &model.symbol(id).rule {
            Some(Rule::Rate(rate)) => found.extend(rate.symbols()),
            _ => {
                for reaction in &model.reactions {
                    if reaction
                        .reactants
                        .iter()
                        .chain(&reaction.products)
                        .any(|p| p.species == id)
                    {
                        found.push(reaction.symbol);
                    }
                }
            }
        },
        _ => {}
    });
    found
}

fn tell(model: &Model, circle: &[SymbolId], what: &str, help: &str, checker: &mut Checker<'_>) {
    let names: Vec<&str> = circle
        .iter()
        .chain(circle.first())
        .map(|id| model.symbol(*id).id.as_str())
        .collect();
    let mut diagnostic = Diagnostic::error(
        ids::CIRCULAR,
        format!("{what}: {}", names.join(" → ")),
        model.symbol(circle[0]).span,
    )
    .help(help);
    for id in circle.iter().skip(1).take(7) {
        diagnostic = diagnostic.label(model.symbol(*id).span, "also in the circle");
    }
    checker.report(diagnostic);
}

/// One circle for each knot of a graph, found by depth-first search without recursion.
fn circles(graph: &[Vec<SymbolId>]) -> Vec<Vec<SymbolId>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Colour {
        White,
        Grey,
        Black,
    }
    let mut colour = vec![Colour::White; graph.len()];
    let mut found = Vec::new();
    for start in 0..graph.len() {
        if colour[start] != Colour::White {
            continue;
        }
        // The path from `start`, each with the number of successors already tried.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        colour[start] = Colour::Grey;
        while let Some((node, tried)) = path.last_mut() {
            let Some(next) = graph[*node].get(*tried).map(|n| n.0 as usize) else {
                colour[*node] = Colour::Black;
                path.pop();
                continue;
            };
            *tried += 1;
            match colour[next] {
                Colour::White => {
                    colour[next] = Colour::Grey;
                    path.push((next, 0));
                }
                Colour::Grey => {
                    let from = path.iter().position(|(n, _)| *n == next).unwrap_or(0);
                    let circle: Vec<SymbolId> = path[from..]
                        .iter()
                        .map(|(n, _)| SymbolId(*n as u32))
                        .collect();
                    // One message a knot: later circles through the same symbols say nothing new.
                    if !found
                        .iter()
                        .any(|known: &Vec<SymbolId>| known.iter().any(|id| circle.contains(id)))
                    {
                        found.push(circle);
                    }
                }
                Colour::Black => {}
            }
        }
    }
    found
}

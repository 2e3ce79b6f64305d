//! In which order values can be computed, and what to say when they need each other in a circle.

use osteon_model::{Diagnostic, Expr, ExprKind, Model, Rule, Span, SymbolId};

use crate::quantities::{Kind, Quantities};

/// Something that is computed once: the value of a symbol or its rate of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wanted {
    Value(SymbolId),
    Rate(SymbolId),
}

/// At the start initial values count, later the present ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Start,
    Run,
}

/// What an expression reads.
fn reads(expr: &Expr, into: &mut Vec<Wanted>) {
    expr.walk(&mut |e| match e.kind {
        ExprKind::Symbol(id) => into.push(Wanted::Value(id)),
        ExprKind::RateOf(id) => into.push(Wanted::Rate(id)),
        _ => {}
    });
}

/// What must be known before `wanted` can be computed.
fn needs(model: &Model, quantities: &Quantities, wanted: Wanted, moment: Moment) -> Vec<Wanted> {
    let mut out = Vec::new();
    match wanted {
        Wanted::Value(id) => {
            let symbol = model.symbol(id);
            match quantities.kind(id) {
                Kind::Assigned => {
                    if let Some(Rule::Assignment(expr)) = &symbol.rule {
                        reads(expr, &mut out);
                    }
                }
                Kind::Rate(reaction) => {
                    if let Some(expr) = &model.reactions[reaction].rate {
                        reads(expr, &mut out);
                    }
                }
                Kind::State(_) | Kind::Held(_) => {
                    if moment == Moment::Start {
                        if let Some(initial) = &symbol.initial {
                            reads(&initial.expr, &mut out);
                        }
                        out.extend(quantities.start_size(model, id).map(Wanted::Value));
                    } else {
                        out.extend(quantities.size(id).map(Wanted::Value));
                    }
                }
            }
        }
        Wanted::Rate(id) => {
            out.push(Wanted::Value(id));
            match quantities.kind(id) {
                // Total derivative: everything it reads may move.
                Kind::Assigned | Kind::Rate(_) => {
                    let mut inner = Vec::new();
                    match (&model.symbol(id).rule, quantities.kind(id)) {
                        (Some(Rule::Assignment(expr)), _) => reads(expr, &mut inner),
                        (_, Kind::Rate(reaction)) => {
                            if let Some(expr) = &model.reactions[reaction].rate {
                                reads(expr, &mut inner);
                            }
                        }
                        _ => {}
                    }
                    out.extend(inner.into_iter().map(|w| match w {
                        Wanted::Value(x) | Wanted::Rate(x) => Wanted::Rate(x),
                    }));
                }
                Kind::State(_) => {
                    if let Some(Rule::Rate(expr)) = &model.symbol(id).rule {
                        reads(expr, &mut out);
                    }
                    for change in quantities.changes(id) {
                        out.push(Wanted::Value(model.reactions[change.reaction].symbol));
                        reads(change.stoichiometry(model), &mut out);
                    }
                    out.extend(quantities.conversion_factor(model, id).map(Wanted::Value));
                    if let Some(size) = quantities.size(id) {
                        out.extend([Wanted::Value(size), Wanted::Rate(size)]);
                    }
                }
                Kind::Held(_) => {
                    if let Some(size) = quantities.size(id) {
                        out.extend([Wanted::Value(size), Wanted::Rate(size)]);
                    }
                }
            }
        }
    }
    out
}

/// Everything that must be computed for `roots`, each after what it needs. Circles are reported once each and left out.
pub(crate) fn order(
    model: &Model,
    quantities: &Quantities,
    roots: &[Wanted],
    moment: Moment,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Wanted> {
    let index = |w: Wanted| match w {
        Wanted::Value(id) => id.0 as usize * 2,
        Wanted::Rate(id) => id.0 as usize * 2 + 1,
    };
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; model.symbols.len() * 2];
    let mut out = Vec::new();
    for root in roots {
        let mut stack: Vec<(Wanted, Vec<Wanted>)> = Vec::new();
        if state[index(*root)] == NEW {
            state[index(*root)] = OPEN;
            stack.push((*root, needs(model, quantities, *root, moment)));
        }
        while let Some((wanted, open)) = stack.last_mut() {
            let Some(next) = open.pop() else {
                state[index(*wanted)] = DONE;
                out.push(*wanted);
                stack.pop();
                continue;
            };
            match state[index(next)] {
                NEW => {
                    state[index(next)] = OPEN;
                    stack.push((next, needs(model, quantities, next, moment)));
                }
                OPEN => {
                    let from = stack.iter().position(|(w, _)| *w == next).unwrap_or(0);
                    let circle: Vec<Wanted> = stack[from..].iter().map(|(w, _)| *w).collect();
                    diagnostics.push(circular(model, &circle, moment));
                }
                _ => {}
            }
        }
    }
    out
}

fn circular(model: &Model, circle: &[Wanted], moment: Moment) -> Diagnostic {
    let name = |w: &Wanted| match w {
        Wanted::Value(id) => model.symbol(*id).id.clone(),
        Wanted::Rate(id) => format!("rateOf({})", model.symbol(*id).id),
    };
    let span = |w: &Wanted| match w {
        Wanted::Value(id) | Wanted::Rate(id) => {
            let symbol = model.symbol(*id);
            match (&symbol.rule, &symbol.initial) {
                (Some(Rule::Assignment(e) | Rule::Rate(e)), _) if e.span != Span::NONE => e.span,
                (_, Some(initial))
                    if moment == Moment::Start && initial.expr.span != Span::NONE =>
                {
                    initial.expr.span
                }
                _ => symbol.span,
            }
        }
    };
    let mut names: Vec<String> = circle.iter().map(&name).collect();
    names.extend(circle.first().map(&name));
    let when = if moment == Moment::Start {
        "start values"
    } else {
        "values"
    };
    let first = circle.first().map_or(Span::NONE, &span);
    let mut d = Diagnostic::error("circular", format!("these {when} need each other in a circle: {}", names.join(" → ")), first)
        .at(format!("`{}` needs `{}`", names[0], names[1]))
        .help("break the circle: make one of them a state with a rate rule, or give one a start value of its own");
    for (i, w) in circle.iter().enumerate().skip(1) {
        d = d.label(span(w), format!("`{}` needs `{}`", names[i], names[i + 1]));
    }
    d
}

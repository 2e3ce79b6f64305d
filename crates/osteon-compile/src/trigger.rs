//! Events: each condition as an exact truth for the driver, and as margins for the integrator to watch.
//!
//! The margin of a condition is positive where it holds: `a > b` gives a − b, *and* the smaller, *or* the larger of two margins. An
//! equality holds for an instant only, so its difference becomes a margin of its own and a bit declares it met. The comparisons inside a
//! compound condition are watched too: `a and b` may hold so briefly that the smaller margin is never seen above zero.

use osteon_model::{Diagnostic, Expr, ExprKind, Op as M};
use osteon_vm::{Op, TriggerKind};

use crate::graph::{Graph, Input, NodeId};
use crate::lower::{Compare, Lowering};
use crate::order::Moment;
use crate::quantities::Kind;

/// A margin to watch.
#[derive(Debug)]
pub(crate) struct Margin {
    pub event: usize,
    pub kind: TriggerKind,
    pub node: NodeId,
}

/// An event in the graph.
#[derive(Debug)]
pub(crate) struct EventNodes {
    pub truth: NodeId,
    pub delay: Option<NodeId>,
    pub priority: Option<NodeId>,
    pub values: Vec<NodeId>,
    /// Indices of its margins; the first is that of the whole condition.
    pub margins: Vec<usize>,
}

/// Lowers all events.
pub(crate) fn lower_events(lowering: &mut Lowering) -> (Vec<EventNodes>, Vec<Margin>) {
    let model = lowering.model;
    let mut margins: Vec<Margin> = Vec::new();
    let mut events = Vec::new();
    for (index, event) in model.events.iter().enumerate() {
        lowering.context = if event.id.is_empty() {
            format!("event {}", index + 1)
        } else {
            event.id.clone()
        };
        let whole = margins.len();
        margins.push(Margin {
            event: index,
            kind: TriggerKind::Truth,
            node: Graph::ZERO,
        });
        let (truth, margin) = condition(lowering, &event.trigger, index, &mut margins);
        margins[whole].node = margin;
        for a in &event.assignments {
            let target = model.symbol(a.target);
            if matches!(
                lowering.quantities.kind(a.target),
                Kind::Assigned | Kind::Rate(_)
            ) {
                let text = format!(
                    "event `{}` sets `{}`, which is computed by a rule or a reaction",
                    lowering.context, target.id
                );
                lowering.diagnostics.push(
                    Diagnostic::error("rule-conflict", text, event.span)
                        .label(target.span, "computed here")
                        .help("set what it is computed from"),
                );
            }
        }
        let mut direct = |e: &Expr| lowering.lower(e, Moment::Run, Compare::Direct);
        events.push(EventNodes {
            truth,
            delay: event.delay.as_ref().map(&mut direct),
            priority: event.priority.as_ref().map(&mut direct),
            values: event.assignments.iter().map(|a| direct(&a.value)).collect(),
            margins: (whole..margins.len()).collect(),
        });
    }
    (events, margins)
}

/// Truth by exact comparison, and margin, of a condition.
fn condition(
    l: &mut Lowering,
    expr: &Expr,
    event: usize,
    margins: &mut Vec<Margin>,
) -> (NodeId, NodeId) {
    let ExprKind::Apply(op, args) = &expr.kind else {
        return as_number(l, expr);
    };
    match (op, args.as_slice()) {
        (M::And | M::Or | M::Xor, [first, rest @ ..]) => {
            let mut all = part(l, first, event, margins);
            for arg in rest {
                let next = part(l, arg, event, margins);
                let g = &mut l.graph;
                all = match op {
                    M::And => (g.and(all.0, next.0), g.min(all.1, next.1)),
                    M::Or => (g.or(all.0, next.0), g.max(all.1, next.1)),
                    _ => {
                        let (not_all, not_next) = (g.neg(all.1), g.neg(next.1));
                        let (one, other) = (g.min(all.1, not_next), g.min(not_all, next.1));
                        (g.xor(all.0, next.0), g.max(one, other))
                    }
                };
            }
            all
        }
        (M::Not, [a]) => {
            let (truth, margin) = condition(l, a, event, margins);
            (l.graph.not(truth), l.graph.neg(margin))
        }
        (M::Implies, [a, b]) => {
            let (a, b) = (part(l, a, event, margins), part(l, b, event, margins));
            let g = &mut l.graph;
            let (not_a, minus_a) = (g.not(a.0), g.neg(a.1));
            (g.or(not_a, b.0), g.max(minus_a, b.1))
        }
        (M::Eq | M::Ne | M::Lt | M::Le | M::Gt | M::Ge, [_, _, ..]) => {
            let sides: Vec<NodeId> = args
                .iter()
                .map(|a| l.lower(a, Moment::Run, Compare::Located))
                .collect();
            let mut all: Option<(NodeId, NodeId)> = None;
            for pair in sides.windows(2) {
                let next = relation(l, *op, pair[0], pair[1], event, margins);
                if sides.len() > 2 && !matches!(op, M::Eq | M::Ne) {
                    watch(l, next.1, event, margins);
                }
                let g = &mut l.graph;
                all = Some(match all {
                    Some(all) => (g.and(all.0, next.0), g.min(all.1, next.1)),
                    None => next,
                });
            }
            all.expect("a relation has two sides or more, as matched")
        }
        _ => as_number(l, expr),
    }
}

/// A condition inside another: a single comparison gets a margin of its own.
fn part(
    l: &mut Lowering,
    expr: &Expr,
    event: usize,
    margins: &mut Vec<Margin>,
) -> (NodeId, NodeId) {
    let both = condition(l, expr, event, margins);
    let mut inner = expr;
    while let ExprKind::Apply(M::Not, args) = &inner.kind {
        match args.as_slice() {
            [only] => inner = only,
            _ => break,
        }
    }
    if let ExprKind::Apply(M::Lt | M::Le | M::Gt | M::Ge, args) = &inner.kind
        && args.len() == 2
    {
        watch(l, both.1, event, margins);
    }
    both
}

fn watch(l: &Lowering, node: NodeId, event: usize, margins: &mut Vec<Margin>) {
    let known = margins
        .iter()
        .any(|m| m.event == event && m.kind == TriggerKind::Part && m.node == node);
    if l.graph.varies(node) && !known {
        margins.push(Margin {
            event,
            kind: TriggerKind::Part,
            node,
        });
    }
}

fn relation(
    l: &mut Lowering,
    op: M,
    a: NodeId,
    b: NodeId,
    event: usize,
    margins: &mut Vec<Margin>,
) -> (NodeId, NodeId) {
    let truth = l.relation(op, a, b, false);
    let g = &mut l.graph;
    match op {
        M::Gt | M::Ge => (truth, g.sub(a, b)),
        M::Lt | M::Le => (truth, g.sub(b, a)),
        _ => {
            let equal = g.compare(Op::Eq, a, b);
            let difference = g.sub(a, b);
            let equal = if g.varies(difference) && !(g.is_boolean(a) && g.is_boolean(b)) {
                let met = g.input(Input::Equality(margins.len() as u32));
                margins.push(Margin {
                    event,
                    kind: TriggerKind::Equality,
                    node: difference,
                });
                g.or(equal, met)
            } else {
                equal
            };
            let truth = if op == M::Eq { equal } else { g.not(equal) };
            let margin = step(g, truth);
            (truth, margin)
        }
    }
}

/// A condition that is not built from comparisons: true where its number is not 0.
fn as_number(l: &mut Lowering, expr: &Expr) -> (NodeId, NodeId) {
    let number = l.lower(expr, Moment::Run, Compare::Located);
    let truth = l.graph.truth(number);
    let margin = step(&mut l.graph, truth);
    (truth, margin)
}

/// +1 where true, −1 where false.
fn step(g: &mut Graph, truth: NodeId) -> NodeId {
    let minus = g.number(-1.0);
    g.select(truth, Graph::ONE, minus)
}

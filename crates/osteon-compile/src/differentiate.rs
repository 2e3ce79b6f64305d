//! Symbolic derivatives on the graph: sparse gradients with respect to states and time, branches frozen.

use std::rc::Rc;

use osteon_vm::Op;

use crate::graph::{FastMap, Graph, Input, Node, NodeId};

/// A sparse gradient: variable and derivative, ascending. Variables are state indices; [`TIME`] is time.
pub(crate) type Gradient = Rc<[(u32, NodeId)]>;

/// The variable that stands for time.
pub(crate) const TIME: u32 = u32::MAX;

/// Gradients computed so far.
#[derive(Default)]
pub(crate) struct Gradients {
    known: FastMap<NodeId, Gradient>,
    /// Held values that count as variables: `HELD` plus their index.
    held: Vec<bool>,
    /// Also what does not change along a trajectory is differentiated.
    also_steady: bool,
}

/// Variables from here on are held values.
const HELD: u32 = 1 << 30;

impl Gradients {
    /// With respect to states, time and some held values.
    pub fn with_held(held: Vec<bool>) -> Gradients {
        Gradients {
            held,
            also_steady: true,
            ..Gradients::default()
        }
    }

    /// With respect to one node, which becomes variable 0; everything else is constant.
    pub fn from_start(variable: NodeId) -> Gradients {
        let mut gradients = Gradients {
            also_steady: true,
            ..Gradients::default()
        };
        gradients.known.insert(variable, Rc::new([(0, Graph::ONE)]));
        gradients
    }

    /// Gradient of a node.
    pub fn of(&mut self, graph: &mut Graph, root: NodeId) -> Gradient {
        if let Some(known) = self.known.get(&root) {
            return Rc::clone(known);
        }
        // Everything below the root that is not known yet, in increasing id: arguments come first.
        let mut todo = Vec::new();
        let mut stack = vec![root];
        let mut seen: FastMap<NodeId, ()> = FastMap::default();
        while let Some(id) = stack.pop() {
            if self.known.contains_key(&id) || seen.insert(id, ()).is_some() {
                continue;
            }
            todo.push(id);
            let (args, n) = graph.args(id);
            stack.extend(&args[..n]);
        }
        todo.sort_unstable();
        for id in todo {
            let gradient = self.local(graph, id);
            self.known.insert(id, gradient);
        }
        Rc::clone(&self.known[&root])
    }

    fn local(&self, graph: &mut Graph, id: NodeId) -> Gradient {
        if !graph.varies(id) && !self.also_steady {
            return Rc::new([]);
        }
        let (op, [a, b, c]) = match graph.node(id) {
            Node::Constant(_) => return Rc::new([]),
            Node::Input(Input::State(i)) => return Rc::new([(i, Graph::ONE)]),
            Node::Input(Input::Time) => return Rc::new([(TIME, Graph::ONE)]),
            Node::Input(Input::Held(h)) if self.held.get(h as usize).copied().unwrap_or(false) => {
                return Rc::new([(HELD + h, Graph::ONE)]);
            }
            Node::Input(_) => return Rc::new([]),
            Node::Apply(op, args) => (op, args),
        };
        let of = |x: NodeId| Rc::clone(&self.known[&x]);
        match op {
            Op::Copy => of(a),
            Op::Neg => map(graph, &of(a), |g, d| g.neg(d)),
            Op::Add => merge(graph, &of(a), &of(b), |g, x, y| g.add(x, y)),
            Op::Sub => merge(graph, &of(a), &of(b), |g, x, y| g.sub(x, y)),
            Op::Mul => merge(graph, &of(a), &of(b), |g, x, y| {
                let (x, y) = (g.mul(x, b), g.mul(y, a));
                g.add(x, y)
            }),
            Op::Recip => {
                let (da, square) = (of(a), graph.mul(id, id));
                map(graph, &da, |g, d| {
                    let product = g.mul(d, square);
                    g.neg(product)
                })
            }
            Op::Div => {
                // (a / b)' = (a' - (a / b) b') / b
                let (da, db) = (of(a), of(b));
                let inverse = graph.recip(b);
                merge(graph, &da, &db, |g, x, y| {
                    let part = g.mul(id, y);
                    let over = g.sub(x, part);
                    g.mul(over, inverse)
                })
            }
            Op::Select => merge(graph, &of(b), &of(c), |g, x, y| g.select(a, x, y)),
            Op::PowLn | Op::Pow => {
                // xʸ' = y x^(y-1) x' + xʸ ln x y'
                let (dx, dy) = (of(a), of(b));
                let by_base = if dx.is_empty() {
                    Graph::ZERO
                } else {
                    let less = graph.sub(b, Graph::ONE);
                    let power = graph.pow(a, less);
                    graph.mul(b, power)
                };
                let by_exponent = if dy.is_empty() {
                    Graph::ZERO
                } else {
                    // 0ʸ stays 0 for y > 0: the slope is 0, not 0 · −∞.
                    let log = graph.ln(a);
                    let slope = graph.mul(id, log);
                    let vanishes = graph.compare(Op::Eq, a, Graph::ZERO);
                    graph.select(vanishes, Graph::ZERO, slope)
                };
                merge(graph, &dx, &dy, |g, x, y| {
                    let (x, y) = (g.mul(x, by_base), g.mul(y, by_exponent));
                    g.add(x, y)
                })
            }
            // Steps have no slope inside a branch. Direct minima and maxima appear in margins only.
            Op::Gt
            | Op::Ge
            | Op::Eq
            | Op::Ne
            | Op::And
            | Op::Or
            | Op::Not
            | Op::Floor
            | Op::Round
            | Op::Factorial => Rc::new([]),
            Op::Min | Op::Max => {
                let first = graph.compare(if op == Op::Min { Op::Gt } else { Op::Ge }, b, a);
                let first = if op == Op::Min {
                    first
                } else {
                    graph.not(first)
                };
                merge(graph, &of(a), &of(b), |g, x, y| g.select(first, x, y))
            }
            _ => {
                let slope = slope_of(graph, op, id, a);
                map(graph, &of(a), |g, d| g.mul(d, slope))
            }
        }
    }
}

/// Derivative of a function of one argument `x`; `f` is the function's own value.
fn slope_of(g: &mut Graph, op: Op, f: NodeId, x: NodeId) -> NodeId {
    let one_minus_square = |g: &mut Graph, v: NodeId| {
        let square = g.mul(v, v);
        g.sub(Graph::ONE, square)
    };
    match op {
        Op::Exp => f,
        Op::Ln => g.recip(x),
        Op::Sqrt => {
            let half = g.number(0.5);
            g.div(half, f)
        }
        Op::Abs => {
            let (minus, up) = (g.number(-1.0), g.compare(Op::Ge, x, Graph::ZERO));
            g.select(up, Graph::ONE, minus)
        }
        Op::Sin => g.function(Op::Cos, x),
        Op::Cos => {
            let s = g.function(Op::Sin, x);
            g.neg(s)
        }
        Op::Tan => {
            let square = g.mul(f, f);
            g.add(Graph::ONE, square)
        }
        Op::Sinh => g.function(Op::Cosh, x),
        Op::Cosh => g.function(Op::Sinh, x),
        Op::Tanh => one_minus_square(g, f),
        Op::Asin | Op::Acos => {
            let under = one_minus_square(g, x);
            let root = g.sqrt(under);
            let slope = g.recip(root);
            if op == Op::Asin { slope } else { g.neg(slope) }
        }
        Op::Atan => {
            let square = g.mul(x, x);
            let under = g.add(Graph::ONE, square);
            g.recip(under)
        }
        Op::Asinh => {
            let square = g.mul(x, x);
            let under = g.add(square, Graph::ONE);
            let root = g.sqrt(under);
            g.recip(root)
        }
        Op::Acosh => {
            let square = g.mul(x, x);
            let under = g.sub(square, Graph::ONE);
            let root = g.sqrt(under);
            g.recip(root)
        }
        Op::Atanh => {
            let under = one_minus_square(g, x);
            g.recip(under)
        }
        _ => unreachable!("every other operation is treated where its arguments are known"),
    }
}

fn map(
    graph: &mut Graph,
    gradient: &Gradient,
    f: impl Fn(&mut Graph, NodeId) -> NodeId,
) -> Gradient {
    gradient
        .iter()
        .map(|(v, d)| (*v, f(graph, *d)))
        .filter(|(_, d)| *d != Graph::ZERO)
        .collect()
}

/// Joins two sparse gradients; what is absent is 0.
fn merge(
    graph: &mut Graph,
    a: &Gradient,
    b: &Gradient,
    f: impl Fn(&mut Graph, NodeId, NodeId) -> NodeId,
) -> Gradient {
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::with_capacity(a.len() + b.len());
    while i < a.len() || j < b.len() {
        let va = a.get(i).map_or(u64::MAX, |x| u64::from(x.0));
        let vb = b.get(j).map_or(u64::MAX, |x| u64::from(x.0));
        let variable = va.min(vb) as u32;
        let (mut x, mut y) = (Graph::ZERO, Graph::ZERO);
        if va <= vb {
            x = a[i].1;
            i += 1;
        }
        if vb <= va {
            y = b[j].1;
            j += 1;
        }
        let d = f(graph, x, y);
        if d != Graph::ZERO {
            out.push((variable, d));
        }
    }
    out.into()
}

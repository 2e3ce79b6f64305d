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
        let [a, b, c] = match graph.node(id) {
            Node::Constant(_) => return Rc::new([]),
            Node::Input(Input::State(i)) => return Rc::new([(i, Graph::ONE)]),
            Node::Input(Input::Time) => return Rc::new([(TIME, Graph::ONE)]),
            Node::Input(Input::Held(h)) if self.held.get(h as usize).copied().unwrap_or(false) => {
                return Rc::new([(HELD + h, Graph::ONE)]);
            }
            Node::Input(_) => return Rc::new([]),
            Node::Apply(_, args) => args,
        };
        let of = |x: NodeId| Rc::clone(&self.known[&x]);
        let args = [a, b, c];
        let matters = |place: usize| !self.known[&args[place]].is_empty();
        match slopes(graph, id, &matters) {
            Slopes::Chosen(condition, yes, no) => merge(graph, &of(yes), &of(no), |g, x, y| {
                g.select(condition, x, y)
            }),
            Slopes::By(list) => match list[..] {
                [] => Rc::new([]),
                [(by, slope)] => map(graph, &of(by), |g, d| g.mul(d, slope)),
                [(first, by_first), (second, by_second), ..] => {
                    merge(graph, &of(first), &of(second), |g, x, y| {
                        let (x, y) = (g.mul(x, by_first), g.mul(y, by_second));
                        g.add(x, y)
                    })
                }
            },
        }
    }
}

/// How an operation changes with its arguments.
pub(crate) enum Slopes {
    /// Arguments, two at most, and the slope by each.
    By(Vec<(NodeId, NodeId)>),
    /// As the second or as the third node, decided by the first.
    Chosen(NodeId, NodeId, NodeId),
}

/// Slopes of an operation; those by arguments that do not matter may be left out.
pub(crate) fn slopes(graph: &mut Graph, id: NodeId, matters: &dyn Fn(usize) -> bool) -> Slopes {
    let Node::Apply(op, [a, b, c]) = graph.node(id) else {
        return Slopes::By(Vec::new());
    };
    Slopes::By(match op {
        Op::Copy => vec![(a, Graph::ONE)],
        Op::Neg => vec![(a, graph.number(-1.0))],
        Op::Add => vec![(a, Graph::ONE), (b, Graph::ONE)],
        Op::Sub => vec![(a, Graph::ONE), (b, graph.number(-1.0))],
        Op::Mul => vec![(a, b), (b, a)],
        Op::Recip => {
            let square = graph.mul(id, id);
            vec![(a, graph.neg(square))]
        }
        Op::Div => {
            // (a / b)' = a' / b - (a / b) b' / b
            let inverse = graph.recip(b);
            let by_divisor = graph.mul(id, inverse);
            vec![(a, inverse), (b, graph.neg(by_divisor))]
        }
        Op::Select => return Slopes::Chosen(a, b, c),
        Op::PowLn | Op::Pow => {
            // xʸ' = y x^(y-1) x' + xʸ ln x y'
            let mut list = Vec::new();
            if matters(0) {
                let less = graph.sub(b, Graph::ONE);
                let power = graph.pow(a, less);
                list.push((a, graph.mul(b, power)));
            }
            if matters(1) {
                // 0ʸ stays 0 for y > 0: the slope is 0, not 0 · −∞.
                let log = graph.ln(a);
                let slope = graph.mul(id, log);
                let vanishes = graph.compare(Op::Eq, a, Graph::ZERO);
                list.push((b, graph.select(vanishes, Graph::ZERO, slope)));
            }
            list
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
        | Op::Factorial => Vec::new(),
        Op::Min => return Slopes::Chosen(graph.compare(Op::Gt, b, a), a, b),
        Op::Max => {
            let first = graph.compare(Op::Ge, b, a);
            return Slopes::Chosen(graph.not(first), a, b);
        }
        _ => vec![(a, slope_of(graph, op, id, a))],
    })
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

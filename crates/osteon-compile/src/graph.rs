//! Hash-consed expressions: every distinct computation is one node, simplified when it is made.
//!
//! Arguments always have smaller ids than the node that uses them, so increasing id is a valid order of evaluation.
//! `0 · x` is 0 even where `x` might be infinite: derivatives need it, and models mean it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use osteon_vm::Op;

/// Index of a node of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub u32);

/// What enters a computation from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    Time,
    /// Diagonal of the matrix to factorise.
    Diagonal,
    State(u32),
    Held(u32),
    Branch(u32),
    Equality(u32),
    Start(u32),
    OverrideFlag(u32),
    OverrideValue(u32),
    /// Component of the vector to solve for.
    RightHand(u32),
    /// A symbol without value; NaN if it is reached where that is allowed.
    Missing(u32),
}

/// A constant, an input or an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// Bits of the number.
    Constant(u64),
    Input(Input),
    Apply(Op, [NodeId; 3]),
}

/// What a node depends on, as a set of bits.
pub(crate) mod deps {
    pub const HELD: u8 = 1;
    /// Time, states, branches.
    pub const POINT: u8 = 2;
    pub const START: u8 = 4;
    pub const DIAGONAL: u8 = 8;
    pub const RIGHT_HAND: u8 = 16;
    pub const MISSING: u8 = 32;
}

/// A fast hash for small keys of our own making.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(u64::from(*b));
        }
    }
    fn write_u8(&mut self, x: u8) {
        self.write_u64(u64::from(x));
    }
    fn write_u32(&mut self, x: u32) {
        self.write_u64(u64::from(x));
    }
    fn write_isize(&mut self, x: isize) {
        self.write_u64(x as u64);
    }
    fn write_usize(&mut self, x: usize) {
        self.write_u64(x as u64);
    }
    fn write_u64(&mut self, x: u64) {
        self.0 = (self.0.rotate_left(5) ^ x).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 29;
    }
}

pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

/// All computations of one model.
#[derive(Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    deps: Vec<u8>,
    index: FastMap<Node, NodeId>,
}

impl Graph {
    /// The number 0.
    pub const ZERO: NodeId = NodeId(0);
    /// The number 1.
    pub const ONE: NodeId = NodeId(1);

    pub fn new() -> Graph {
        let mut graph = Graph {
            nodes: Vec::new(),
            deps: Vec::new(),
            index: FastMap::default(),
        };
        graph.number(0.0);
        graph.number(1.0);
        graph
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    pub fn deps(&self, id: NodeId) -> u8 {
        self.deps[id.0 as usize]
    }

    /// True if the node changes along a trajectory.
    pub fn varies(&self, id: NodeId) -> bool {
        self.deps(id) & deps::POINT != 0
    }

    /// The arguments of a node.
    pub fn args(&self, id: NodeId) -> ([NodeId; 3], usize) {
        match self.node(id) {
            Node::Apply(op, args) => (args, op.arity()),
            _ => ([Graph::ZERO; 3], 0),
        }
    }

    pub fn number(&mut self, value: f64) -> NodeId {
        // One zero and one NaN are enough.
        let value = if value == 0.0 { 0.0 } else { value };
        let value = if value.is_nan() { f64::NAN } else { value };
        self.intern(Node::Constant(value.to_bits()))
    }

    pub fn input(&mut self, input: Input) -> NodeId {
        self.intern(Node::Input(input))
    }

    /// The number a node is, if it is one.
    pub fn constant(&self, id: NodeId) -> Option<f64> {
        match self.node(id) {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.index.get(&node) {
            return *id;
        }
        let own = match node {
            Node::Constant(_) => 0,
            Node::Input(input) => match input {
                Input::Time | Input::State(_) | Input::Branch(_) | Input::Equality(_) => {
                    deps::POINT
                }
                Input::Held(_) => deps::HELD,
                Input::Start(_) | Input::OverrideFlag(_) | Input::OverrideValue(_) => deps::START,
                Input::Diagonal => deps::DIAGONAL,
                Input::RightHand(_) => deps::RIGHT_HAND,
                Input::Missing(_) => deps::MISSING,
            },
            Node::Apply(op, args) => args[..op.arity()]
                .iter()
                .fold(0, |all, a| all | self.deps(*a)),
        };
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.deps.push(own);
        self.index.insert(node, id);
        id
    }

    fn raw(&mut self, op: Op, a: NodeId, b: NodeId, c: NodeId) -> NodeId {
        let arity = op.arity();
        let args = [
            a,
            if arity > 1 { b } else { Graph::ZERO },
            if arity > 2 { c } else { Graph::ZERO },
        ];
        let numbers: Vec<f64> = args[..arity]
            .iter()
            .filter_map(|x| self.constant(*x))
            .collect();
        if numbers.len() == arity {
            let at = |i: usize| numbers.get(i).copied().unwrap_or(0.0);
            return self.number(op.apply(at(0), at(1), at(2)));
        }
        self.intern(Node::Apply(op, args))
    }

    fn unary(&mut self, op: Op, a: NodeId) -> NodeId {
        self.raw(op, a, Graph::ZERO, Graph::ZERO)
    }

    /// A row of its own for a value whose row will be overwritten.
    pub fn copy(&mut self, a: NodeId) -> NodeId {
        self.unary(Op::Copy, a)
    }

    /// What a node is the negative of, if it is one.
    pub fn negated(&self, id: NodeId) -> Option<NodeId> {
        match self.node(id) {
            Node::Apply(Op::Neg, [a, ..]) => Some(a),
            _ => None,
        }
    }

    pub fn neg(&mut self, a: NodeId) -> NodeId {
        if let Some(inner) = self.negated(a) {
            return inner;
        }
        match self.node(a) {
            Node::Apply(Op::Sub, [x, y, _]) => self.sub(y, x),
            _ => self.unary(Op::Neg, a),
        }
    }

    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if a == Graph::ZERO {
            return b;
        }
        if b == Graph::ZERO {
            return a;
        }
        match (self.negated(a), self.negated(b)) {
            (Some(x), Some(y)) => {
                let sum = self.add(x, y);
                self.neg(sum)
            }
            (Some(x), None) => self.sub(b, x),
            (None, Some(y)) => self.sub(a, y),
            (None, None) => self.raw(Op::Add, a.min(b), a.max(b), Graph::ZERO),
        }
    }

    pub fn sub(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if b == Graph::ZERO {
            return a;
        }
        if a == Graph::ZERO {
            return self.neg(b);
        }
        if a == b {
            return Graph::ZERO;
        }
        match (self.negated(a), self.negated(b)) {
            (_, Some(y)) => self.add(a, y),
            (Some(x), None) => {
                let sum = self.add(x, b);
                self.neg(sum)
            }
            (None, None) => self.raw(Op::Sub, a, b, Graph::ZERO),
        }
    }

    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if a == Graph::ZERO || b == Graph::ZERO {
            return Graph::ZERO;
        }
        if a == Graph::ONE {
            return b;
        }
        if b == Graph::ONE {
            return a;
        }
        if let Some(x) = self.negated(a) {
            let product = self.mul(x, b);
            return self.neg(product);
        }
        if let Some(y) = self.negated(b) {
            let product = self.mul(a, y);
            return self.neg(product);
        }
        for (x, y) in [(a, b), (b, a)] {
            if self.constant(x) == Some(-1.0) {
                return self.neg(y);
            }
            // (steady · varying) · steady: bring the steady factors together, they are computed once.
            if !self.is_steady(y) || self.is_steady(x) {
                continue;
            }
            if let Node::Apply(Op::Mul, [p, q, _]) = self.node(x) {
                let (steady, varying) = if self.is_steady(p) { (p, q) } else { (q, p) };
                if self.is_steady(steady) && !self.is_steady(varying) {
                    let factor = self.mul(steady, y);
                    return self.mul(factor, varying);
                }
            }
        }
        self.raw(Op::Mul, a.min(b), a.max(b), Graph::ZERO)
    }

    /// True for constants and what depends on held values alone.
    pub fn is_steady(&self, id: NodeId) -> bool {
        self.deps(id) & !(deps::HELD | deps::MISSING) == 0
    }

    pub fn recip(&mut self, a: NodeId) -> NodeId {
        if let Some(x) = self.negated(a) {
            let r = self.recip(x);
            return self.neg(r);
        }
        match self.node(a) {
            Node::Apply(Op::Recip, [x, ..]) => x,
            _ => self.unary(Op::Recip, a),
        }
    }

    pub fn div(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if b == Graph::ONE {
            return a;
        }
        if a == Graph::ONE {
            return self.recip(b);
        }
        if a == Graph::ZERO && self.constant(b) != Some(0.0) {
            return a;
        }
        if let Some(x) = self.negated(a) {
            let q = self.div(x, b);
            return self.neg(q);
        }
        if let Some(y) = self.negated(b) {
            let q = self.div(a, y);
            return self.neg(q);
        }
        // Dividing something that varies by something steady: multiply by the reciprocal, computed once.
        if self.is_steady(b) && !self.is_steady(a) {
            let r = self.recip(b);
            return self.mul(a, r);
        }
        self.raw(Op::Div, a, b, Graph::ZERO)
    }

    /// Product of `over` divided by the product of `under`, steady factors first.
    pub fn quotient(&mut self, over: &[NodeId], under: &[NodeId]) -> NodeId {
        let fold = |graph: &mut Graph, list: &[NodeId], steady: Option<bool>| {
            let chosen: Vec<NodeId> = list
                .iter()
                .copied()
                .filter(|x| steady.is_none_or(|s| graph.is_steady(*x) == s))
                .collect();
            chosen
                .into_iter()
                .reduce(|a, b| graph.mul(a, b))
                .unwrap_or(Graph::ONE)
        };
        let mixed = over.iter().chain(under).any(|x| self.is_steady(*x))
            && over.iter().any(|x| !self.is_steady(*x));
        if !mixed {
            let (a, b) = (fold(self, over, None), fold(self, under, None));
            return self.div(a, b);
        }
        let (a, b) = (fold(self, over, Some(true)), fold(self, under, Some(true)));
        let steady = self.div(a, b);
        let (c, d) = (
            fold(self, over, Some(false)),
            fold(self, under, Some(false)),
        );
        let scaled = self.mul(steady, c);
        self.div(scaled, d)
    }

    /// xʸ: small powers by multiplication, else through the shared logarithm.
    pub fn pow(&mut self, x: NodeId, y: NodeId) -> NodeId {
        if let Some(n) = self.constant(y) {
            if n == 0.0 {
                return Graph::ONE;
            }
            if self.constant(x).is_none() {
                if n == 0.5 {
                    return self.sqrt(x);
                }
                if n == 1.5 {
                    let root = self.sqrt(x);
                    return self.mul(x, root);
                }
                if n.fract() == 0.0 && n.abs() <= 16.0 {
                    let power = self.integer_power(x, n.abs() as u32);
                    return if n < 0.0 { self.recip(power) } else { power };
                }
            }
        }
        if self.constant(x) == Some(1.0) {
            return x;
        }
        if let (Some(a), Some(b)) = (self.constant(x), self.constant(y)) {
            return self.number(osteon_vm::math::pow(a, b));
        }
        let log = self.ln(x);
        self.raw(Op::PowLn, x, y, log)
    }

    fn integer_power(&mut self, x: NodeId, n: u32) -> NodeId {
        if n == 1 {
            return x;
        }
        let half = self.integer_power(x, n / 2);
        let square = self.mul(half, half);
        if n.is_multiple_of(2) {
            square
        } else {
            self.mul(square, x)
        }
    }

    pub fn ln(&mut self, x: NodeId) -> NodeId {
        self.unary(Op::Ln, x)
    }

    pub fn sqrt(&mut self, x: NodeId) -> NodeId {
        self.unary(Op::Sqrt, x)
    }

    /// A function of one argument that has no algebra of its own here.
    pub fn function(&mut self, op: Op, x: NodeId) -> NodeId {
        self.unary(op, x)
    }

    pub fn is_boolean(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Constant(bits) => matches!(f64::from_bits(bits), 0.0 | 1.0),
            Node::Input(input) => matches!(
                input,
                Input::Branch(_) | Input::Equality(_) | Input::OverrideFlag(_)
            ),
            Node::Apply(op, _) => matches!(
                op,
                Op::Gt | Op::Ge | Op::Eq | Op::Ne | Op::And | Op::Or | Op::Not
            ),
        }
    }

    /// The node as 1 or 0.
    pub fn truth(&mut self, id: NodeId) -> NodeId {
        if self.is_boolean(id) {
            id
        } else {
            self.raw(Op::Ne, id, Graph::ZERO, Graph::ZERO)
        }
    }

    pub fn not(&mut self, a: NodeId) -> NodeId {
        match self.node(a) {
            Node::Apply(Op::Not, [x, ..]) if self.is_boolean(x) => x,
            _ => self.unary(Op::Not, a),
        }
    }

    pub fn and(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = (self.truth(a), self.truth(b));
        match (self.constant(a), self.constant(b)) {
            (Some(x), _) => {
                if x != 0.0 {
                    b
                } else {
                    a
                }
            }
            (_, Some(y)) => {
                if y != 0.0 {
                    a
                } else {
                    b
                }
            }
            _ if a == b => a,
            _ => self.raw(Op::And, a.min(b), a.max(b), Graph::ZERO),
        }
    }

    pub fn or(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = (self.truth(a), self.truth(b));
        match (self.constant(a), self.constant(b)) {
            (Some(x), _) => {
                if x != 0.0 {
                    a
                } else {
                    b
                }
            }
            (_, Some(y)) => {
                if y != 0.0 {
                    b
                } else {
                    a
                }
            }
            _ if a == b => a,
            _ => self.raw(Op::Or, a.min(b), a.max(b), Graph::ZERO),
        }
    }

    pub fn xor(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = (self.truth(a), self.truth(b));
        self.raw(Op::Ne, a.min(b), a.max(b), Graph::ZERO)
    }

    /// A direct comparison.
    pub fn compare(&mut self, op: Op, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = if matches!(op, Op::Eq | Op::Ne) {
            (a.min(b), a.max(b))
        } else {
            (a, b)
        };
        self.raw(op, a, b, Graph::ZERO)
    }

    pub fn min(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if a == b {
            a
        } else {
            self.raw(Op::Min, a, b, Graph::ZERO)
        }
    }

    pub fn max(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if a == b {
            a
        } else {
            self.raw(Op::Max, a, b, Graph::ZERO)
        }
    }

    pub fn select(&mut self, condition: NodeId, yes: NodeId, no: NodeId) -> NodeId {
        if yes == no {
            return yes;
        }
        if let Some(c) = self.constant(condition) {
            return if c != 0.0 { yes } else { no };
        }
        if let Node::Apply(Op::Not, [inner, ..]) = self.node(condition) {
            return self.select(inner, no, yes);
        }
        self.raw(Op::Select, condition, yes, no)
    }
}

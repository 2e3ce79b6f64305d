//! Expressions of the model become nodes of the graph.
//!
//! Every comparison, minimum, maximum, absolute value and floor that varies along a trajectory becomes a *switch*: a margin that the
//! integrator watches, and a branch bit that it keeps frozen inside a step. Comparisons of what is steady are made directly, and so are
//! equalities: two varying sides are equal only for an instant, and equality of what only events change is exact.

use osteon_model::{Diagnostic, Expr, ExprKind, Model, Op as M, Rule, Span, SymbolId};
use osteon_vm::{Op, StartPlace};

use crate::differentiate::{Gradients, TIME};
use crate::graph::{FastMap, Graph, Input, NodeId};
use crate::order::{Moment, Wanted};
use crate::quantities::{Kind, Quantities, means_concentration, species};

/// How comparisons are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// By switches, where they vary.
    Located,
    /// There and then: start values, and what events evaluate at an instant.
    Direct,
}

/// A switch: margin and a description.
#[derive(Debug)]
pub(crate) struct Switch {
    pub margin: NodeId,
    pub text: String,
    /// Symbol in whose equation it stands.
    pub within: String,
}

/// Nodes of one moment, by symbol.
#[derive(Debug)]
pub(crate) struct Known {
    value: Vec<Option<NodeId>>,
    rate: Vec<Option<NodeId>>,
    /// Derivative of what is stored: the amount, for most species.
    stored_rate: Vec<Option<NodeId>>,
}

impl Known {
    fn new(n: usize) -> Known {
        Known {
            value: vec![None; n],
            rate: vec![None; n],
            stored_rate: vec![None; n],
        }
    }
}

/// The model on its way into the graph.
pub(crate) struct Lowering<'m> {
    pub model: &'m Model,
    pub quantities: &'m Quantities,
    pub graph: Graph,
    pub gradients: Gradients,
    pub switches: Vec<Switch>,
    switch_of: FastMap<NodeId, u32>,
    pub start_defaults: Vec<f64>,
    pub n_overrides: usize,
    pub start_place: Vec<StartPlace>,
    /// Start value of what is stored.
    pub start_stored: Vec<Option<NodeId>>,
    start: Known,
    run: Known,
    /// What is being lowered, for descriptions.
    pub context: String,
    pub diagnostics: Vec<Diagnostic>,
}

impl<'m> Lowering<'m> {
    pub fn new(model: &'m Model, quantities: &'m Quantities) -> Self {
        let n = model.symbols.len();
        Lowering {
            model,
            quantities,
            graph: Graph::new(),
            gradients: Gradients::default(),
            switches: Vec::new(),
            switch_of: FastMap::default(),
            start_defaults: Vec::new(),
            n_overrides: 0,
            start_place: vec![StartPlace::None; n],
            start_stored: vec![None; n],
            start: Known::new(n),
            run: Known::new(n),
            context: String::new(),
            diagnostics: Vec::new(),
        }
    }

    fn known(&self, moment: Moment) -> &Known {
        match moment {
            Moment::Start => &self.start,
            Moment::Run => &self.run,
        }
    }

    fn known_mut(&mut self, moment: Moment) -> &mut Known {
        match moment {
            Moment::Start => &mut self.start,
            Moment::Run => &mut self.run,
        }
    }

    /// Value of a symbol; the order of computation has put it there before anything reads it.
    pub fn value(&self, id: SymbolId, moment: Moment) -> NodeId {
        self.known(moment).value[id.0 as usize].expect("computed before it is read, as ordered")
    }

    fn rate(&self, id: SymbolId, moment: Moment) -> NodeId {
        self.known(moment).rate[id.0 as usize].expect("computed before it is read, as ordered")
    }

    /// Derivative of what is stored for a state.
    pub fn stored_rate(&self, id: SymbolId) -> NodeId {
        self.run.stored_rate[id.0 as usize].expect("derivatives of all states are computed")
    }

    /// Computes what the order asks for.
    pub fn compute(&mut self, wanted: Wanted, moment: Moment) {
        let (Wanted::Value(id) | Wanted::Rate(id)) = wanted;
        self.context.clone_from(&self.model.symbol(id).id);
        match wanted {
            Wanted::Value(_) => {
                let node = match moment {
                    Moment::Start => self.start_value(id),
                    Moment::Run => self.run_value(id),
                };
                self.known_mut(moment).value[id.0 as usize] = Some(node);
            }
            Wanted::Rate(_) => {
                let (rate, stored) = self.rate_of(id, moment);
                let known = self.known_mut(moment);
                known.rate[id.0 as usize] = Some(rate);
                known.stored_rate[id.0 as usize] = Some(stored);
            }
        }
    }

    fn computed(&mut self, id: SymbolId, moment: Moment) -> Option<NodeId> {
        let compare = if moment == Moment::Start {
            Compare::Direct
        } else {
            Compare::Located
        };
        let model = self.model;
        match (self.quantities.kind(id), &model.symbol(id).rule) {
            (Kind::Assigned, Some(Rule::Assignment(expr))) => {
                Some(self.lower(expr, moment, compare))
            }
            (Kind::Rate(reaction), _) => Some(match &model.reactions[reaction].rate {
                Some(expr) => self.lower(expr, moment, compare),
                None => self.graph.input(Input::Missing(id.0)),
            }),
            _ => None,
        }
    }

    fn run_value(&mut self, id: SymbolId) -> NodeId {
        if let Some(node) = self.computed(id, Moment::Run) {
            return node;
        }
        let stored = match self.quantities.kind(id) {
            Kind::State(i) => self.graph.input(Input::State(i as u32)),
            Kind::Held(i) => self.graph.input(Input::Held(i as u32)),
            Kind::Assigned | Kind::Rate(_) => unreachable!("treated above"),
        };
        match self.quantities.size(id) {
            Some(size) => {
                let size = self.value(size, Moment::Run);
                self.graph.div(stored, size)
            }
            None => stored,
        }
    }

    fn start_value(&mut self, id: SymbolId) -> NodeId {
        if let Some(node) = self.computed(id, Moment::Start) {
            return node;
        }
        let model = self.model;
        let size = self
            .quantities
            .start_size(model, id)
            .map(|c| self.value(c, Moment::Start));
        let concentration = means_concentration(model, id);
        let initial = model.symbol(id).initial.as_ref();
        let given = match initial {
            Some(initial) => self.lower(&initial.expr, Moment::Start, Compare::Direct),
            None => self.graph.input(Input::Missing(id.0)),
        };
        use osteon_model::InitialForm as F;
        let form = initial.map_or(F::Value, |i| i.form);
        let given_concentration = species(model, id).is_some()
            && (form == F::Concentration || (form == F::Value && concentration));
        let as_meant = species(model, id).is_none() || given_concentration == concentration;
        let stored_amount = concentration && !self.quantities.stored_as_concentration(id);

        let (value, stored);
        if let (Some(number), true) = (self.graph.constant(given), as_meant) {
            self.start_place[id.0 as usize] = StartPlace::Plain(self.start_defaults.len());
            value = self
                .graph
                .input(Input::Start(self.start_defaults.len() as u32));
            self.start_defaults.push(number);
            stored = match size {
                Some(size) if stored_amount => self.graph.mul(value, size),
                _ => value,
            };
        } else {
            self.start_place[id.0 as usize] = StartPlace::Override(self.n_overrides);
            let flag = self
                .graph
                .input(Input::OverrideFlag(self.n_overrides as u32));
            let other = self
                .graph
                .input(Input::OverrideValue(self.n_overrides as u32));
            self.n_overrides += 1;
            let meant = match size {
                Some(size) if given_concentration && !concentration => self.graph.mul(given, size),
                Some(size) if !given_concentration && concentration => self.graph.div(given, size),
                _ => given,
            };
            value = self.graph.select(flag, other, meant);
            stored = match size {
                // The amount is what was given: no detour through the concentration.
                Some(size) if stored_amount && !given_concentration => {
                    let from_other = self.graph.mul(other, size);
                    self.graph.select(flag, from_other, given)
                }
                Some(size) if stored_amount => self.graph.mul(value, size),
                _ => value,
            };
        }
        self.start_stored[id.0 as usize] = Some(stored);
        value
    }

    /// Rate of the symbol's value, and of what is stored for it.
    fn rate_of(&mut self, id: SymbolId, moment: Moment) -> (NodeId, NodeId) {
        let model = self.model;
        let compare = if moment == Moment::Start {
            Compare::Direct
        } else {
            Compare::Located
        };
        let size = self
            .quantities
            .size(id)
            .map(|c| (self.value(c, moment), self.rate(c, moment)));
        let value = self.value(id, moment);
        let stored = match self.quantities.kind(id) {
            Kind::Held(_) => Graph::ZERO,
            Kind::Assigned | Kind::Rate(_) => {
                if moment == Moment::Start {
                    let symbol = model.symbol(id);
                    self.diagnostics.push(
                        Diagnostic::error(
                            "rate-of-rule",
                            format!("a start value asks for the rate of change of `{}`, which is computed by a rule", symbol.id),
                            symbol.span,
                        )
                        .help("ask for the rates of the states behind it"),
                    );
                    return (Graph::ZERO, Graph::ZERO);
                }
                let gradient = self.gradients.of(&mut self.graph, value);
                let mut total = Graph::ZERO;
                for (variable, slope) in gradient.iter() {
                    let speed = if *variable == TIME {
                        Graph::ONE
                    } else {
                        self.stored_rate(self.quantities.states[*variable as usize])
                    };
                    let term = self.graph.mul(*slope, speed);
                    total = self.graph.add(total, term);
                }
                return (total, total);
            }
            Kind::State(_) => match &model.symbol(id).rule {
                Some(Rule::Rate(expr)) => {
                    let rate = self.lower(expr, moment, compare);
                    let stored = match size {
                        // d(amount)/dt = size · d(conc)/dt + conc · d(size)/dt
                        Some((size, growth)) => {
                            let (own, dilution) =
                                (self.graph.mul(rate, size), self.graph.mul(value, growth));
                            self.graph.add(own, dilution)
                        }
                        None => rate,
                    };
                    return (rate, stored);
                }
                _ => self.sum_of_changes(id, moment, compare),
            },
        };
        let rate = match size {
            Some((size, growth)) => {
                let dilution = self.graph.mul(value, growth);
                let net = self.graph.sub(stored, dilution);
                self.graph.div(net, size)
            }
            None => stored,
        };
        (rate, stored)
    }

    fn sum_of_changes(&mut self, id: SymbolId, moment: Moment, compare: Compare) -> NodeId {
        let model = self.model;
        let (mut gain, mut loss) = (Graph::ZERO, Graph::ZERO);
        for change in self.quantities.changes(id) {
            let rate = self.value(model.reactions[change.reaction].symbol, moment);
            let stoichiometry = self.lower(change.stoichiometry(model), moment, compare);
            let flow = self.graph.quotient(&[stoichiometry, rate], &[]);
            let side = if change.gains { &mut gain } else { &mut loss };
            *side = self.graph.add(*side, flow);
        }
        let net = self.graph.sub(gain, loss);
        match self.quantities.conversion_factor(model, id) {
            Some(factor) => {
                let factor = self.value(factor, moment);
                self.graph.mul(net, factor)
            }
            None => net,
        }
    }

    /// An expression as a node.
    pub fn lower(&mut self, expr: &Expr, moment: Moment, compare: Compare) -> NodeId {
        match &expr.kind {
            ExprKind::Number(value, _) => self.graph.number(*value),
            ExprKind::Bool(value) => self.graph.number(f64::from(u8::from(*value))),
            ExprKind::Symbol(id) => self.value(*id, moment),
            ExprKind::Time => self.graph.input(Input::Time),
            ExprKind::RateOf(id) => self.rate(*id, moment),
            ExprKind::Piecewise(pieces, otherwise) => {
                let mut result = match otherwise {
                    Some(e) => self.lower(e, moment, compare),
                    None => self.graph.number(f64::NAN),
                };
                for (value, condition) in pieces.iter().rev() {
                    let value = self.lower(value, moment, compare);
                    let condition = self.lower(condition, moment, compare);
                    let condition = self.graph.truth(condition);
                    result = self.graph.select(condition, value, result);
                }
                result
            }
            ExprKind::Apply(M::Mul | M::Div | M::Neg, _) => {
                let (mut over, mut under, mut negative) = (Vec::new(), Vec::new(), false);
                self.factors(expr, moment, compare, &mut over, &mut under, &mut negative);
                let product = self.graph.quotient(&over, &under);
                if negative {
                    self.graph.neg(product)
                } else {
                    product
                }
            }
            ExprKind::Apply(op, args) => {
                let args: Vec<NodeId> = args
                    .iter()
                    .map(|a| self.lower(a, moment, compare))
                    .collect();
                self.apply(*op, &args, moment, compare, expr.span)
            }
        }
    }

    /// Takes products, quotients and signs apart, so that steady factors can be brought together.
    fn factors(
        &mut self,
        expr: &Expr,
        moment: Moment,
        compare: Compare,
        over: &mut Vec<NodeId>,
        under: &mut Vec<NodeId>,
        negative: &mut bool,
    ) {
        match &expr.kind {
            ExprKind::Apply(M::Mul, args) if !args.is_empty() => args
                .iter()
                .for_each(|a| self.factors(a, moment, compare, over, under, negative)),
            ExprKind::Apply(M::Div, args) if args.len() == 2 => {
                self.factors(&args[0], moment, compare, over, under, negative);
                self.factors(&args[1], moment, compare, under, over, negative);
            }
            ExprKind::Apply(M::Neg, args) if args.len() == 1 => {
                *negative = !*negative;
                self.factors(&args[0], moment, compare, over, under, negative);
            }
            ExprKind::Apply(M::Mul | M::Div | M::Neg, args) => {
                let node = self.arity_error(expr.span, args.len());
                over.push(node);
            }
            _ => over.push(self.lower(expr, moment, compare)),
        }
    }

    fn arity_error(&mut self, span: Span, found: usize) -> NodeId {
        let text = format!(
            "in `{}` a function is given {found} arguments, which it does not take",
            self.context
        );
        self.diagnostics
            .push(Diagnostic::error("wrong-argument-count", text, span));
        self.graph.number(f64::NAN)
    }

    fn apply(
        &mut self,
        op: M,
        args: &[NodeId],
        moment: Moment,
        compare: Compare,
        span: Span,
    ) -> NodeId {
        let located = compare == Compare::Located && moment == Moment::Run;
        let g = &mut self.graph;
        match (op, args) {
            (M::Add, _) => {
                // Steady terms first: their sum is computed once.
                let (steady, varying): (Vec<NodeId>, Vec<NodeId>) =
                    args.iter().partition(|x| g.is_steady(**x));
                steady
                    .into_iter()
                    .chain(varying)
                    .fold(Graph::ZERO, |sum, x| g.add(sum, x))
            }
            (M::And, _) => args.iter().fold(Graph::ONE, |all, x| g.and(all, *x)),
            (M::Or, _) => args.iter().fold(Graph::ZERO, |any, x| g.or(any, *x)),
            (M::Xor, _) => args.iter().fold(Graph::ZERO, |odd, x| g.xor(odd, *x)),
            (M::Min | M::Max, [first, rest @ ..]) => rest.iter().fold(*first, |best, x| {
                let better = if op == M::Min {
                    self.greater(best, *x, located)
                } else {
                    self.greater(*x, best, located)
                };
                self.graph.select(better, *x, best)
            }),
            (M::Sub, [a, b]) => g.sub(*a, *b),
            (M::Sub, [a]) => g.neg(*a),
            (M::Pow, [a, b]) => g.pow(*a, *b),
            (M::Root, [degree, x]) => {
                let power = g.recip(*degree);
                g.pow(*x, power)
            }
            (M::Log, [base, x]) => {
                let (over, under) = (g.ln(*x), g.ln(*base));
                g.div(over, under)
            }
            (M::Rem, [a, b]) => {
                let ratio = g.div(*a, *b);
                let whole = self.truncated(ratio, located);
                let part = self.graph.mul(*b, whole);
                self.graph.sub(*a, part)
            }
            (M::Quotient, [a, b]) => {
                let ratio = g.div(*a, *b);
                self.truncated(ratio, located)
            }
            (M::Not, [a]) => {
                let a = g.truth(*a);
                g.not(a)
            }
            (M::Implies, [a, b]) => {
                let a = g.truth(*a);
                let not = g.not(a);
                g.or(not, *b)
            }
            (M::Abs, [a]) => {
                let (positive, minus) =
                    (self.greater(*a, Graph::ZERO, located), self.graph.neg(*a));
                self.graph.select(positive, *a, minus)
            }
            (M::Exp, [a]) => g.function(Op::Exp, *a),
            (M::Ln, [a]) => g.ln(*a),
            (M::Log10, [a]) => {
                let log = g.ln(*a);
                let scale = g.number(std::f64::consts::LOG10_E);
                g.mul(log, scale)
            }
            (M::Sqrt, [a]) => g.sqrt(*a),
            (M::Floor, [a]) => self.floor(*a, located),
            (M::Ceil, [a]) => {
                let minus = g.neg(*a);
                let floor = self.floor(minus, located);
                self.graph.neg(floor)
            }
            (M::Factorial, [a]) => g.function(Op::Factorial, *a),
            (M::Eq | M::Ne | M::Lt | M::Le | M::Gt | M::Ge, [_, _, ..]) => {
                args.windows(2).fold(Graph::ONE, |all, pair| {
                    let this = self.relation(op, pair[0], pair[1], located);
                    self.graph.and(all, this)
                })
            }
            (_, [a]) => self.unary(op, *a, span),
            _ => self.arity_error(span, args.len()),
        }
    }

    fn unary(&mut self, op: M, a: NodeId, span: Span) -> NodeId {
        let g = &mut self.graph;
        let direct = match op {
            M::Sin => Op::Sin,
            M::Cos => Op::Cos,
            M::Tan => Op::Tan,
            M::Sinh => Op::Sinh,
            M::Cosh => Op::Cosh,
            M::Tanh => Op::Tanh,
            M::Asin => Op::Asin,
            M::Acos => Op::Acos,
            M::Atan => Op::Atan,
            M::Asinh => Op::Asinh,
            M::Acosh => Op::Acosh,
            M::Atanh => Op::Atanh,
            // 1 / f(x)
            M::Sec | M::Csc | M::Cot | M::Sech | M::Csch | M::Coth => {
                let inner = match op {
                    M::Sec => Op::Cos,
                    M::Csc => Op::Sin,
                    M::Cot => Op::Tan,
                    M::Sech => Op::Cosh,
                    M::Csch => Op::Sinh,
                    _ => Op::Tanh,
                };
                let f = g.function(inner, a);
                return g.recip(f);
            }
            // f⁻¹(1 / x)
            M::Asec | M::Acsc | M::Acot | M::Asech | M::Acsch | M::Acoth => {
                let inverse = g.recip(a);
                let outer = match op {
                    M::Asec => Op::Acos,
                    M::Acsc => Op::Asin,
                    M::Acot => Op::Atan,
                    M::Asech => Op::Acosh,
                    M::Acsch => Op::Asinh,
                    _ => Op::Atanh,
                };
                return g.function(outer, inverse);
            }
            _ => return self.arity_error(span, 1),
        };
        g.function(direct, a)
    }

    pub fn relation(&mut self, op: M, a: NodeId, b: NodeId, located: bool) -> NodeId {
        match op {
            M::Eq => self.graph.compare(Op::Eq, a, b),
            M::Ne => self.graph.compare(Op::Ne, a, b),
            M::Gt => self.greater(a, b, located),
            M::Lt => self.greater(b, a, located),
            // a >= b is the opposite of b > a: one switch serves both.
            M::Ge => {
                let less = self.greater(b, a, located);
                self.graph.not(less)
            }
            _ => {
                let more = self.greater(a, b, located);
                self.graph.not(more)
            }
        }
    }

    /// `a > b` as a branch, or directly where nothing varies.
    fn greater(&mut self, a: NodeId, b: NodeId, located: bool) -> NodeId {
        if !located || !(self.graph.varies(a) || self.graph.varies(b)) {
            return self.graph.compare(Op::Gt, a, b);
        }
        let margin = self.graph.sub(a, b);
        self.switch(margin, "comparison")
    }

    /// The branch of the switch with this margin.
    fn switch(&mut self, margin: NodeId, what: &str) -> NodeId {
        if let Some(value) = self.graph.constant(margin) {
            return self.graph.number(f64::from(u8::from(value > 0.0)));
        }
        let next = self.switches.len() as u32;
        let i = *self.switch_of.entry(margin).or_insert(next);
        if i == next {
            self.switches.push(Switch {
                margin,
                text: format!("{what} in `{}`", self.context),
                within: self.context.clone(),
            });
        }
        self.graph.input(Input::Branch(i))
    }

    /// Largest integer not above `x`. Where it varies, the branch says whether it is even; inside a step the value is the even (or odd)
    /// integer that fits, up to half a unit beyond its interval, so that the step sees no jump.
    fn floor(&mut self, x: NodeId, located: bool) -> NodeId {
        if !located || !self.graph.varies(x) {
            return self.graph.function(Op::Floor, x);
        }
        let half = self.graph.number(0.5);
        let halved = self.graph.mul(x, half);
        let whole = self.graph.function(Op::Floor, halved);
        let phase = self.graph.sub(halved, whole);
        let margin = self.graph.sub(half, phase);
        let even = self.switch(margin, "floor");
        let two = self.graph.number(2.0);
        let nearest = |s: &mut Self, offset: f64| {
            let shift = s.graph.number(offset);
            let moved = s.graph.sub(halved, shift);
            let rounded = s.graph.function(Op::Round, moved);
            s.graph.mul(two, rounded)
        };
        let if_even = nearest(self, 0.25);
        let odd_base = nearest(self, 0.75);
        let if_odd = self.graph.add(odd_base, Graph::ONE);
        self.graph.select(even, if_even, if_odd)
    }

    /// Towards zero.
    fn truncated(&mut self, x: NodeId, located: bool) -> NodeId {
        let minus = self.graph.neg(x);
        let (down, up) = (self.floor(x, located), self.floor(minus, located));
        let up = self.graph.neg(up);
        let negative = self.greater(Graph::ZERO, x, located);
        self.graph.select(negative, up, down)
    }
}

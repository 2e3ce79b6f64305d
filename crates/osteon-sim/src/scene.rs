//! One instant of one individual: the value of every symbol, and of any expression of the model, one operation at a time.
//!
//! Plain and slow: the solver's tapes give the values of symbols, a walk over the tree gives what lies between them.

use std::sync::Arc;

use osteon_model::{Expr, ExprKind, Model, Op, SymbolId};
use osteon_vm::{Lanes, Program, SymbolIndex, math};

use crate::drive::LaneEnd;

/// All values at an instant.
pub(crate) struct Scene {
    program: Arc<Program>,
    /// Time, in the model's unit.
    pub(crate) time: f64,
    values: Vec<f64>,
    rates: Vec<f64>,
}

/// Told of every operation: the expression, the values of its arguments, its value.
pub(crate) type Told<'t> = dyn FnMut(&Expr, &[f64], f64) + 't;

impl Scene {
    /// The individual as they ended, moved on along their rates of change by a time that may be 0.
    pub(crate) fn new(model: &Model, program: &Arc<Program>, end: &LaneEnd, ahead: f64) -> Scene {
        let mut vm = Lanes::new(Arc::clone(program), 1);
        vm.load_lane(0, &end.individual);
        let mut states = end.states.clone();
        let mut rates = vec![0.0; states.len()];
        let mut time = end.time;
        let mut look = |time: f64, states: &[f64], rates: &mut [f64]| {
            vm.rhs(&[time], states, rates);
            for (rate, infused) in rates.iter_mut().zip(&end.infusions) {
                *rate += infused;
            }
        };
        look(time, &states, &mut rates);
        if ahead > 0.0 {
            time += ahead;
            for (state, rate) in states.iter_mut().zip(&rates) {
                *state += ahead * rate;
            }
            look(time, &states, &mut rates);
        }
        let symbols: Vec<SymbolIndex> = (0..model.symbols.len() as u32).map(SymbolIndex).collect();
        let mut values = vec![0.0; symbols.len()];
        vm.value(&symbols, &[time], &states, &mut values);
        Scene {
            program: Arc::clone(program),
            time,
            values,
            rates,
        }
    }

    /// Value of a symbol.
    pub(crate) fn value(&self, id: SymbolId) -> f64 {
        self.values[id.0 as usize]
    }

    /// Rate of change of a state as it is kept (an amount, for most species). `None` for what is no state.
    pub(crate) fn rate(&self, id: SymbolId) -> Option<f64> {
        let state = self.program.state_of(SymbolIndex(id.0))?;
        self.rates.get(state).copied()
    }

    /// Value of an expression. Branches of a `piecewise` that do not hold are not looked at.
    pub(crate) fn evaluate(&self, expr: &Expr, told: &mut Told<'_>) -> f64 {
        match &expr.kind {
            ExprKind::Number(value, _) => *value,
            ExprKind::Bool(value) => truth(*value),
            ExprKind::Symbol(id) => self.value(*id),
            ExprKind::Time => self.time,
            ExprKind::RateOf(id) => self.rate(*id).unwrap_or(0.0),
            ExprKind::Piecewise(pieces, otherwise) => {
                for (value, condition) in pieces {
                    if self.evaluate(condition, told) != 0.0 {
                        return self.evaluate(value, told);
                    }
                }
                match otherwise {
                    Some(value) => self.evaluate(value, told),
                    None => f64::NAN,
                }
            }
            ExprKind::Apply(op, parts) => {
                let args: Vec<f64> = parts.iter().map(|p| self.evaluate(p, told)).collect();
                let result = apply(*op, &args);
                told(expr, &args, result);
                result
            }
        }
    }
}

fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// One operation on numbers. NaN where the number of arguments is wrong; the compiler has refused such models.
fn apply(op: Op, args: &[f64]) -> f64 {
    let neighbours =
        |holds: fn(f64, f64) -> bool| truth(args.windows(2).all(|w| holds(w[0], w[1])));
    let fold = |first: f64, f: fn(f64, f64) -> f64| args.iter().fold(first, |a, b| f(a, *b));
    match (op, args) {
        (Op::Add, _) => args.iter().sum(),
        (Op::Mul, _) => args.iter().product(),
        (Op::Min, [_, ..]) => fold(f64::INFINITY, math::min),
        (Op::Max, [_, ..]) => fold(f64::NEG_INFINITY, math::max),
        (Op::And, _) => truth(args.iter().all(|a| *a != 0.0)),
        (Op::Or, _) => truth(args.iter().any(|a| *a != 0.0)),
        (Op::Xor, _) => truth(args.iter().filter(|a| **a != 0.0).count() % 2 == 1),
        (Op::Implies, [a, b]) => truth(*a == 0.0 || *b != 0.0),
        (Op::Eq, _) => neighbours(|a, b| a == b),
        (Op::Ne, _) => neighbours(|a, b| a != b),
        (Op::Lt, _) => neighbours(|a, b| a < b),
        (Op::Le, _) => neighbours(|a, b| a <= b),
        (Op::Gt, _) => neighbours(|a, b| a > b),
        (Op::Ge, _) => neighbours(|a, b| a >= b),
        (Op::Sub, [a, b]) => a - b,
        (Op::Sub | Op::Neg, [a]) => -a,
        (Op::Div, [a, b]) => a / b,
        (Op::Pow, [a, b]) => math::pow(*a, *b),
        (Op::Root, [degree, x]) => math::pow(*x, 1.0 / degree),
        (Op::Log, [base, x]) => math::ln(*x) / math::ln(*base),
        (Op::Rem, [a, b]) => a - b * (a / b).trunc(),
        (Op::Quotient, [a, b]) => (a / b).trunc(),
        (Op::Not, [a]) => truth(*a == 0.0),
        (Op::Abs, [a]) => a.abs(),
        (Op::Exp, [a]) => math::exp(*a),
        (Op::Ln, [a]) => math::ln(*a),
        (Op::Log10, [a]) => math::ln(*a) * std::f64::consts::LOG10_E,
        (Op::Sqrt, [a]) => a.sqrt(),
        (Op::Floor, [a]) => a.floor(),
        (Op::Ceil, [a]) => a.ceil(),
        (Op::Factorial, [a]) => math::factorial(*a),
        (_, [a]) => angle(op, *a),
        _ => f64::NAN,
    }
}

/// Functions of angles and their inverses.
fn angle(op: Op, a: f64) -> f64 {
    match op {
        Op::Sin => math::sin(a),
        Op::Cos => math::cos(a),
        Op::Tan => math::tan(a),
        Op::Sec => 1.0 / math::cos(a),
        Op::Csc => 1.0 / math::sin(a),
        Op::Cot => 1.0 / math::tan(a),
        Op::Sinh => math::sinh(a),
        Op::Cosh => math::cosh(a),
        Op::Tanh => math::tanh(a),
        Op::Sech => 1.0 / math::cosh(a),
        Op::Csch => 1.0 / math::sinh(a),
        Op::Coth => 1.0 / math::tanh(a),
        Op::Asin => math::asin(a),
        Op::Acos => math::acos(a),
        Op::Atan => math::atan(a),
        Op::Asinh => math::asinh(a),
        Op::Acosh => math::acosh(a),
        Op::Atanh => math::atanh(a),
        Op::Asec => math::acos(1.0 / a),
        Op::Acsc => math::asin(1.0 / a),
        Op::Acot => math::atan(1.0 / a),
        Op::Asech => math::acosh(1.0 / a),
        Op::Acsch => math::asinh(1.0 / a),
        Op::Acoth => math::atanh(1.0 / a),
        _ => f64::NAN,
    }
}

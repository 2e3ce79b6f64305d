//! Values at the start, worked out the slow and obvious way, to compare with other readers of Antimony.

use osteon_model::{Expr, ExprKind, InitialForm, Model, Op, Role, Rule, SymbolId};

/// Start values of the symbols of a model, each as its symbol means in mathematics.
pub struct StartValues<'a> {
    model: &'a Model,
    known: Vec<Option<f64>>,
    depth: u32,
}

impl<'a> StartValues<'a> {
    /// Nothing is computed yet.
    pub fn new(model: &'a Model) -> Self {
        StartValues {
            model,
            known: vec![None; model.symbols.len()],
            depth: 0,
        }
    }

    /// Value of a symbol; not a number where it has none.
    pub fn symbol(&mut self, id: SymbolId) -> f64 {
        if let Some(value) = self.known[id.0 as usize] {
            return value;
        }
        self.depth += 1;
        assert!(self.depth < 2000, "a circular model");
        let model = self.model;
        let symbol = model.symbol(id);
        let value = match (&symbol.role, &symbol.rule, &symbol.initial) {
            (Role::Reaction(index), _, _) => model.reactions[*index]
                .rate
                .as_ref()
                .map_or(f64::NAN, |r| self.expr(r)),
            (_, Some(Rule::Assignment(expr)), _) => self.expr(expr),
            (role, _, Some(initial)) => {
                let value = self.expr(&initial.expr);
                match (role, initial.form) {
                    (Role::Species(info), InitialForm::Amount) if !info.amount_only => {
                        value / self.symbol(info.compartment)
                    }
                    (Role::Species(info), InitialForm::Concentration) if info.amount_only => {
                        value * self.symbol(info.compartment)
                    }
                    _ => value,
                }
            }
            _ => f64::NAN,
        };
        self.depth -= 1;
        self.known[id.0 as usize] = Some(value);
        value
    }

    /// Rate of change of a symbol at the start.
    pub fn rate_of(&mut self, id: SymbolId) -> f64 {
        let model = self.model;
        let symbol = model.symbol(id);
        if let Some(Rule::Rate(rate)) = &symbol.rule {
            return self.expr(rate);
        }
        let Role::Species(info) = &symbol.role else {
            return 0.0;
        };
        if info.boundary {
            return 0.0;
        }
        let mut amount = 0.0;
        for reaction in &model.reactions {
            let rate = self.symbol(reaction.symbol);
            for (list, sign) in [(&reaction.reactants, -1.0), (&reaction.products, 1.0)] {
                for participant in list.iter().filter(|p| p.species == id) {
                    amount += sign * self.expr(&participant.stoichiometry) * rate;
                }
            }
        }
        if info.amount_only {
            amount
        } else {
            amount / self.symbol(info.compartment)
        }
    }

    /// Value of an expression.
    pub fn expr(&mut self, expr: &Expr) -> f64 {
        match &expr.kind {
            ExprKind::Number(value, _) => *value,
            ExprKind::Bool(truth) => f64::from(u8::from(*truth)),
            ExprKind::Symbol(id) => self.symbol(*id),
            ExprKind::Time => 0.0,
            ExprKind::RateOf(id) => self.rate_of(*id),
            ExprKind::Piecewise(pieces, otherwise) => {
                for (value, condition) in pieces {
                    if self.expr(condition) != 0.0 {
                        return self.expr(value);
                    }
                }
                otherwise.as_ref().map_or(f64::NAN, |o| self.expr(o))
            }
            ExprKind::Apply(op, args) => {
                let values: Vec<f64> = args.iter().map(|a| self.expr(a)).collect();
                apply(*op, &values)
            }
        }
    }
}

fn apply(op: Op, v: &[f64]) -> f64 {
    let truth = |t: bool| f64::from(u8::from(t));
    let pairs = |test: fn(f64, f64) -> bool| truth(v.windows(2).all(|p| test(p[0], p[1])));
    match op {
        Op::Add => v.iter().sum(),
        Op::Mul => v.iter().product(),
        Op::Min => v.iter().copied().fold(f64::INFINITY, f64::min),
        Op::Max => v.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Op::And => truth(v.iter().all(|x| *x != 0.0)),
        Op::Or => truth(v.iter().any(|x| *x != 0.0)),
        Op::Xor => truth(v.iter().filter(|x| **x != 0.0).count() % 2 == 1),
        Op::Sub => v[0] - v[1],
        Op::Div => v[0] / v[1],
        Op::Pow => v[0].powf(v[1]),
        Op::Root => v[1].powf(1.0 / v[0]),
        Op::Log => v[1].ln() / v[0].ln(),
        Op::Rem => v[0] % v[1],
        Op::Quotient => (v[0] / v[1]).trunc(),
        Op::Neg => -v[0],
        Op::Not => truth(v[0] == 0.0),
        Op::Abs => v[0].abs(),
        Op::Exp => v[0].exp(),
        Op::Ln => v[0].ln(),
        Op::Log10 => v[0].log10(),
        Op::Sqrt => v[0].sqrt(),
        Op::Floor => v[0].floor(),
        Op::Ceil => v[0].ceil(),
        Op::Factorial => (1..=v[0] as u64).map(|i| i as f64).product(),
        Op::Sin => v[0].sin(),
        Op::Cos => v[0].cos(),
        Op::Tan => v[0].tan(),
        Op::Sec => 1.0 / v[0].cos(),
        Op::Csc => 1.0 / v[0].sin(),
        Op::Cot => 1.0 / v[0].tan(),
        Op::Sinh => v[0].sinh(),
        Op::Cosh => v[0].cosh(),
        Op::Tanh => v[0].tanh(),
        Op::Sech => 1.0 / v[0].cosh(),
        Op::Csch => 1.0 / v[0].sinh(),
        Op::Coth => 1.0 / v[0].tanh(),
        Op::Asin => v[0].asin(),
        Op::Acos => v[0].acos(),
        Op::Atan => v[0].atan(),
        Op::Asec => (1.0 / v[0]).acos(),
        Op::Acsc => (1.0 / v[0]).asin(),
        Op::Acot => (1.0 / v[0]).atan(),
        Op::Asinh => v[0].asinh(),
        Op::Acosh => v[0].acosh(),
        Op::Atanh => v[0].atanh(),
        Op::Asech => (1.0 / v[0]).acosh(),
        Op::Acsch => (1.0 / v[0]).asinh(),
        Op::Acoth => (1.0 / v[0]).atanh(),
        Op::Eq => pairs(|a, b| a == b),
        Op::Ne => pairs(|a, b| a != b),
        Op::Lt => pairs(|a, b| a < b),
        Op::Le => pairs(|a, b| a <= b),
        Op::Gt => pairs(|a, b| a > b),
        Op::Ge => pairs(|a, b| a >= b),
        Op::Implies => truth(v[0] == 0.0 || v[1] != 0.0),
    }
}

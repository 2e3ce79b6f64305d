//! Units through every equation.
//!
//! Bottom up: each expression has a unit, or none where something in it has none, and what is added, compared or assigned must agree
//! also in size (mmol is not pmol). A bare 0 fits everywhere; other bare numbers are pure numbers.

use osteon_model::{Diagnostic, Expr, ExprKind, Model, Op, Role, Rule, Span, SymbolId, Unit};

use super::{Checker, Place, expressions};
use crate::ids;
use crate::unit_formula::{raise, sound};

pub(super) fn check(model: &Model, checker: &mut Checker<'_>) {
    let mut inference = Inference {
        model,
        known: vec![Memo::Unknown; model.symbols.len()],
        checker,
        told: Vec::new(),
        silent: false,
        depth: 0,
    };
    for (place, expr) in expressions(model) {
        inference.equation(place, expr);
    }
    for (index, reaction) in model.reactions.iter().enumerate() {
        if let Some(rate) = &reaction.rate {
            inference.participants(index, rate);
        }
    }
}

#[derive(Clone, Copy)]
enum Memo {
    Unknown,
    /// Being worked out: a circle, which is told elsewhere.
    Open,
    Done(Option<Unit>),
}

struct Inference<'a, 'b> {
    model: &'a Model,
    known: Vec<Memo>,
    checker: &'a mut Checker<'b>,
    /// Places already told of; functions put in many times say nothing new.
    told: Vec<Span>,
    /// Set while the unit of a symbol is derived from its rule: the rule itself is checked in its own turn.
    silent: bool,
    /// Assignments being followed.
    depth: u32,
}

/// Units are followed through so many assignments without units of their own; further ones stay unknown.
const MAX_DEPTH: u32 = 300;

/// A number without a unit that stands alone.
fn lone_number(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Number(_, None))
        || matches!(&expr.kind, ExprKind::Apply(Op::Neg, args) if matches!(args[0].kind, ExprKind::Number(_, None)))
}

fn is_zero(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(value, None) => *value == 0.0 || !value.is_finite(),
        ExprKind::Apply(Op::Neg, args) => is_zero(&args[0]),
        _ => false,
    }
}

impl Inference<'_, '_> {
    /// What the equation at a place must agree with.
    fn equation(&mut self, place: Place, expr: &Expr) {
        let found = self.unit(expr);
        let model = self.model;
        let time = model.time_unit;
        let over_time = |unit: Option<Unit>| unit.zip(time).map(|(u, t)| u.over(&t));
        let (wanted, what, owner) = match place {
            Place::Initial(id) | Place::EventValue(id) if lone_number(expr) => {
                let _ = id;
                return;
            }
            Place::Initial(id) => (self.initial_unit(id), "start value", id),
            Place::Assignment(id) => (model.symbol(id).unit, "value", id),
            Place::EventValue(id) => (self.symbol(id), "value", id),
            Place::Rate(id) => (over_time(self.symbol(id)), "rate of change", id),
            Place::Reaction(index) => {
                let symbol = model.reactions[index].symbol;
                // A unit that only follows from the model-wide ones is checked against the participants.
                let said = model
                    .symbol(symbol)
                    .unit
                    .filter(|_| model.symbol(symbol).unit_text.is_some());
                (said, "rate", symbol)
            }
            Place::Delay => {
                if let (Some(found), Some(time)) = (found, time)
                    && !found.same_unit(&time)
                    && !lone_number(expr)
                {
                    self.mismatch(
                        expr.span,
                        format!("the delay of an event is in {found}, and time is in {time}"),
                        &found,
                        &time,
                        &[],
                    );
                }
                return;
            }
            Place::Stoichiometry | Place::Trigger | Place::Priority => return,
        };
        let (Some(found), Some(wanted)) = (found, wanted) else {
            return;
        };
        if !found.same_unit(&wanted) && !is_zero(expr) {
            let symbol = model.symbol(owner);
            let message = format!(
                "the {what} of `{}` should be in {wanted}, and the expression is in {found}",
                symbol.id
            );
            self.mismatch(
                expr.span,
                message,
                &found,
                &wanted,
                &[(symbol.span, format!("`{}`", symbol.id))],
            );
        }
    }

    /// Unit of what `=` sets: numbers for species may be meant as amount or concentration.
    fn initial_unit(&self, id: SymbolId) -> Option<Unit> {
        use osteon_model::InitialForm;
        let symbol = self.model.symbol(id);
        let Role::Species(info) = &symbol.role else {
            return symbol.unit;
        };
        let size = self.model.symbol(info.compartment).unit;
        match (symbol.initial.as_ref().map(|i| i.form), info.amount_only) {
            (Some(InitialForm::Amount), false) => symbol.unit.zip(size).map(|(u, s)| u.times(&s)),
            (Some(InitialForm::Concentration), true) => {
                symbol.unit.zip(size).map(|(u, s)| u.over(&s))
            }
            _ => symbol.unit,
        }
    }

    /// A reaction's rate times time is an amount of each participant.
    fn participants(&mut self, index: usize, rate: &Expr) {
        let Some(time) = self.model.time_unit else {
            return;
        };
        let silent = std::mem::replace(&mut self.silent, true);
        let found = self.unit(rate);
        self.silent = silent;
        let Some(found) = found.filter(|_| !is_zero(rate)) else {
            return;
        };
        let reaction = &self.model.reactions[index];
        for participant in reaction.reactants.iter().chain(&reaction.products) {
            let Some(amount) = crate::lower::amount_unit(self.model, participant.species) else {
                continue;
            };
            let wanted = amount.over(&time);
            if !found.same_unit(&wanted) {
                let species = &self.model.symbol(participant.species).id;
                let name = &self.model.symbol(reaction.symbol).id;
                let message =
                    format!("the rate of `{name}` is in {found}, and `{species}` needs {wanted}");
                self.mismatch(
                    rate.span,
                    message,
                    &found,
                    &wanted,
                    &[(participant.span, format!("{amount}"))],
                );
                return;
            }
        }
    }

    fn mismatch(
        &mut self,
        span: Span,
        message: String,
        found: &Unit,
        wanted: &Unit,
        labels: &[(Span, String)],
    ) {
        if self.silent || (span != Span::NONE && self.told.contains(&span)) {
            return;
        }
        self.told.push(span);
        let mut diagnostic =
            Diagnostic::error(ids::UNIT_MISMATCH, message, span).at(found.to_string());
        for (span, text) in labels {
            diagnostic = diagnostic.label(*span, text.clone());
        }
        self.checker.report(diagnostic.help(advice(found, wanted)));
    }

    /// The unit of a symbol: as said, or as its assignment gives.
    fn symbol(&mut self, id: SymbolId) -> Option<Unit> {
        let model = self.model;
        let symbol = model.symbol(id);
        if let Some(unit) = symbol.unit {
            return Some(unit);
        }
        if self.depth >= MAX_DEPTH {
            return None;
        }
        match self.known[id.0 as usize] {
            Memo::Done(unit) => return unit,
            Memo::Open => return None,
            Memo::Unknown => {}
        }
        let expr = match (&symbol.role, &symbol.rule, &symbol.initial) {
            (Role::Reaction(index), _, _) => model.reactions[*index].rate.as_ref(),
            (_, Some(Rule::Assignment(expr)), _) => Some(expr),
            // Computed at the start from symbols with units; a bare number says nothing.
            (_, None, Some(initial)) if !lone_number(&initial.expr) => Some(&initial.expr),
            (Role::SpeciesReference, _, _) => return Some(Unit::DIMENSIONLESS),
            _ => None,
        };
        self.known[id.0 as usize] = Memo::Open;
        self.depth += 1;
        let silent = std::mem::replace(&mut self.silent, true);
        let unit = expr.filter(|e| !lone_number(e)).and_then(|e| self.unit(e));
        self.silent = silent;
        self.depth -= 1;
        self.known[id.0 as usize] = Memo::Done(unit);
        unit
    }

    /// The unit of an expression; `None` where it cannot be known.
    fn unit(&mut self, expr: &Expr) -> Option<Unit> {
        match &expr.kind {
            ExprKind::Number(_, Some(unit)) => Some(*unit),
            ExprKind::Number(..) if is_zero(expr) => None,
            ExprKind::Number(..) | ExprKind::Bool(_) => Some(Unit::DIMENSIONLESS),
            ExprKind::Symbol(id) => self.symbol(*id),
            ExprKind::Time => self.model.time_unit,
            ExprKind::RateOf(id) => self
                .symbol(*id)
                .zip(self.model.time_unit)
                .map(|(u, t)| u.over(&t)),
            ExprKind::Piecewise(pieces, otherwise) => {
                for (_, condition) in pieces {
                    self.unit(condition);
                }
                let branches: Vec<&Expr> = pieces
                    .iter()
                    .map(|(v, _)| v)
                    .chain(otherwise.iter().map(|o| &**o))
                    .collect();
                self.alike(expr, &branches, "chooses between")
            }
            ExprKind::Apply(op, args) => self.apply(expr, *op, args),
        }
    }

    fn apply(&mut self, expr: &Expr, op: Op, args: &[Expr]) -> Option<Unit> {
        let all: Vec<&Expr> = args.iter().collect();
        match op {
            Op::Add => self.alike(expr, &all, "adds"),
            Op::Sub => self.alike(expr, &all, "subtracts"),
            Op::Min | Op::Max => self.alike(expr, &all, "compares"),
            Op::Rem => self.alike(expr, &all, "divides with remainder"),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Quotient => {
                self.alike(expr, &all, "compares");
                Some(Unit::DIMENSIONLESS)
            }
            Op::And | Op::Or | Op::Xor | Op::Not | Op::Implies => {
                for arg in args {
                    self.unit(arg);
                }
                Some(Unit::DIMENSIONLESS)
            }
            Op::Neg | Op::Abs | Op::Floor | Op::Ceil => self.unit(&args[0]),
            Op::Mul => {
                let units: Vec<Option<Unit>> = args.iter().map(|a| self.unit(a)).collect();
                units
                    .into_iter()
                    .try_fold(Unit::DIMENSIONLESS, |product, unit| {
                        unit.map(|u| product.times(&u))
                    })
                    .and_then(sound)
            }
            Op::Div => {
                let (above, below) = (self.unit(&args[0]), self.unit(&args[1]));
                above.zip(below).map(|(a, b)| a.over(&b)).and_then(sound)
            }
            Op::Pow => self.power(expr, &args[0], &args[1]),
            Op::Sqrt => self.unit(&args[0]).and_then(|u| raise(&u, 0.5)),
            Op::Root => {
                let radicand = self.unit(&args[1]);
                let degree = self
                    .constant(&args[0])
                    .filter(|d| *d != 0.0)
                    .map(|d| 1.0 / d);
                self.pure(&args[0], "the degree of a root");
                radicand.zip(degree).and_then(|(u, d)| raise(&u, d))
            }
            Op::Log => {
                self.pure(&args[0], "the base of a logarithm");
                self.pure(&args[1], "the argument of a logarithm");
                Some(Unit::DIMENSIONLESS)
            }
            Op::Ln | Op::Log10 => {
                self.pure(&args[0], "the argument of a logarithm");
                Some(Unit::DIMENSIONLESS)
            }
            _ => {
                let what = if op == Op::Exp {
                    "the argument of `exp`"
                } else {
                    "the argument of this function"
                };
                for arg in args {
                    self.pure(arg, what);
                }
                Some(Unit::DIMENSIONLESS)
            }
        }
    }

    /// All of these must be in one unit, which is the result.
    fn alike(&mut self, whole: &Expr, args: &[&Expr], verb: &str) -> Option<Unit> {
        let mut first: Option<(Unit, Span)> = None;
        for arg in args {
            let Some(unit) = self.unit(arg) else { continue };
            match first {
                None => first = Some((unit, arg.span)),
                Some((before, place)) if !before.same_unit(&unit) => {
                    let subject = self.checker.words(whole, "this");
                    let relation = match verb {
                        "adds" => format!("adds {unit} to {before}"),
                        "subtracts" => format!("subtracts {unit} from {before}"),
                        "compares" => format!("compares {before} with {unit}"),
                        "chooses between" => format!("chooses between {before} and {unit}"),
                        _ => format!("{verb} {before} by {unit}"),
                    };
                    self.mismatch(
                        arg.span,
                        format!("{subject} {relation}"),
                        &unit,
                        &before,
                        &[(place, before.to_string())],
                    );
                }
                Some(_) => {}
            }
        }
        first.map(|(unit, _)| unit)
    }

    fn pure(&mut self, arg: &Expr, what: &str) {
        let Some(unit) = self.unit(arg) else { return };
        if !unit.is_dimensionless() {
            self.mismatch(
                arg.span,
                format!("{what} must be a pure number, and is in {unit}"),
                &unit,
                &Unit::DIMENSIONLESS,
                &[],
            );
        }
    }

    fn power(&mut self, whole: &Expr, base: &Expr, exponent: &Expr) -> Option<Unit> {
        self.pure(exponent, "an exponent");
        let unit = self.unit(base)?;
        if unit.is_dimensionless() {
            return Some(unit);
        }
        if let Some(value) = self.constant(exponent) {
            return raise(&unit, value);
        }
        let subject = self.checker.words(whole, "this power");
        let message =
            format!("{subject} has an exponent that can change, and its base is in {unit}");
        self.mismatch(
            base.span,
            message,
            &unit,
            &Unit::DIMENSIONLESS,
            &[(exponent.span, "can change".to_owned())],
        );
        None
    }

    /// The value of a number, or of a constant that is given as one.
    fn constant(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Number(value, _) => Some(*value),
            ExprKind::Apply(Op::Neg, args) => self.constant(&args[0]).map(|v| -v),
            ExprKind::Apply(Op::Div, args) => {
                Some(self.constant(&args[0])? / self.constant(&args[1])?)
            }
            ExprKind::Symbol(id) => {
                let symbol = self.model.symbol(*id);
                match &symbol
                    .initial
                    .as_ref()
                    .filter(|_| symbol.constant)?
                    .expr
                    .kind
                {
                    ExprKind::Number(value, _) => Some(*value),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn advice(found: &Unit, wanted: &Unit) -> String {
    if let Some(factor) = found.conversion_to(wanted) {
        return format!(
            "1 {found} = {} {wanted}: convert with a named parameter",
            shorten(factor)
        );
    }
    if wanted.is_dimensionless() {
        return format!("divide it by a reference value in {found}");
    }
    match sound(wanted.over(found)) {
        Some(ratio) => format!("the two differ by a factor in {ratio}"),
        None => "the two measure different things".to_owned(),
    }
}

fn shorten(value: f64) -> String {
    let text = format!("{value}");
    if text.len() > 10 {
        format!("{value:.4e}")
    } else {
        text
    }
}

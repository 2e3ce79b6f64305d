//! Expressions: the mathematics of a model as a tree of plain data.

use crate::{Span, SymbolId, Unit};

/// An expression with the place it was written at.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it was written; `Span::NONE` for made expressions.
    pub span: Span,
}

/// The kinds of expression. User-defined functions are already inlined by the front ends.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number, with the unit written beside it if there was one.
    Number(f64, Option<Unit>),
    /// A Boolean constant.
    Bool(bool),
    /// The present value of a symbol: species mean concentration or amount as `SpeciesInfo` says, reactions mean their rate.
    Symbol(SymbolId),
    /// Model time.
    Time,
    /// An operator or function applied to arguments.
    Apply(Op, Vec<Expr>),
    /// `(value, condition)` pieces tried in order, then `otherwise`. Without it and with no condition true the value is NaN.
    Piecewise(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// The present rate of change of a symbol.
    RateOf(SymbolId),
}

/// Operators and functions. Booleans count as 1 and 0 where a number is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Op {
    // n-ary
    Add,
    Mul,
    Min,
    Max,
    And,
    Or,
    Xor,
    // binary: Sub, Div, Pow(base, exponent), Root(degree, radicand), Log(base, value), Rem (SBML rem, sign of dividend), Quotient
    Sub,
    Div,
    Pow,
    Root,
    Log,
    Rem,
    Quotient,
    // unary
    Neg,
    Not,
    Abs,
    Exp,
    Ln,
    Log10,
    Sqrt,
    Floor,
    Ceil,
    Factorial,
    Sin,
    Cos,
    Tan,
    Sec,
    Csc,
    Cot,
    Sinh,
    Cosh,
    Tanh,
    Sech,
    Csch,
    Coth,
    Asin,
    Acos,
    Atan,
    Asec,
    Acsc,
    Acot,
    Asinh,
    Acosh,
    Atanh,
    Asech,
    Acsch,
    Acoth,
    // relational; chains `a < b < c` are n-ary and mean every neighbouring pair
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Logical implication.
    Implies,
}

impl Expr {
    /// An expression at a place.
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    /// A made number without unit.
    pub fn number(value: f64) -> Self {
        Expr::new(ExprKind::Number(value, None), Span::NONE)
    }

    /// A made reference to a symbol.
    pub fn symbol(id: SymbolId) -> Self {
        Expr::new(ExprKind::Symbol(id), Span::NONE)
    }

    /// A made application.
    pub fn apply(op: Op, args: Vec<Expr>) -> Self {
        Expr::new(ExprKind::Apply(op, args), Span::NONE)
    }

    /// Calls `visit` on this expression and everything below it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        match &self.kind {
            ExprKind::Apply(_, args) => args.iter().for_each(|a| a.walk(visit)),
            ExprKind::Piecewise(pieces, otherwise) => {
                for (value, condition) in pieces {
                    value.walk(visit);
                    condition.walk(visit);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.walk(visit);
                }
            }
            ExprKind::Number(..)
            | ExprKind::Bool(_)
            | ExprKind::Symbol(_)
            | ExprKind::Time
            | ExprKind::RateOf(_) => {}
        }
    }

    /// Every symbol that is read, in order of appearance, with repeats.
    pub fn symbols(&self) -> Vec<SymbolId> {
        let mut found = Vec::new();
        self.walk(&mut |e| {
            if let ExprKind::Symbol(id) | ExprKind::RateOf(id) = e.kind {
                found.push(id);
            }
        });
        found
    }
}

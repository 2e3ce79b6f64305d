//! Expressions to text, with no more parentheses than reading back the same tree needs (and some for the eye).

use osteon_model::{Expr, ExprKind, Model, Op, SymbolId, Unit};

use crate::unit_words;

/// How names are written.
pub(crate) trait Names {
    /// A symbol.
    fn symbol(&self, id: SymbolId) -> String;
    /// A unit behind a number.
    fn unit(&self, unit: &Unit) -> String;
}

const ATOM: u8 = 9;
const POWER: u8 = 6;
const SIGN: u8 = 5;

/// The expression as Antimony.
pub(crate) fn expression(expr: &Expr, names: &dyn Names) -> String {
    let mut out = String::new();
    Writer {
        names,
        out: &mut out,
    }
    .write(expr);
    out
}

/// The expression as a person would read it: the model's own names, dotted ones too. For messages; it need not read back.
pub fn formula(model: &Model, expr: &Expr) -> String {
    expression(expr, &OwnNames(model))
}

struct OwnNames<'m>(&'m Model);

impl Names for OwnNames<'_> {
    fn symbol(&self, id: SymbolId) -> String {
        self.0.symbol(id).id.clone()
    }

    fn unit(&self, unit: &Unit) -> String {
        unit.to_string()
    }
}

struct Writer<'a> {
    names: &'a dyn Names,
    out: &'a mut String,
}

fn infix(op: Op) -> Option<(&'static str, u8)> {
    Some(match op {
        Op::And => ("&&", 1),
        Op::Or => ("||", 1),
        Op::Eq => ("==", 2),
        Op::Ne => ("!=", 2),
        Op::Lt => ("<", 2),
        Op::Le => ("<=", 2),
        Op::Gt => (">", 2),
        Op::Ge => (">=", 2),
        Op::Add => ("+", 3),
        Op::Sub => ("-", 3),
        Op::Mul => ("*", 4),
        Op::Div => ("/", 4),
        Op::Pow => ("^", POWER),
        _ => return None,
    })
}

/// Name of an operator written as a function.
fn function(op: Op) -> &'static str {
    match op {
        Op::Add => "plus",
        Op::Mul => "times",
        Op::Min => "min",
        Op::Max => "max",
        Op::And => "and",
        Op::Or => "or",
        Op::Xor => "xor",
        Op::Sub => "minus",
        Op::Div => "divide",
        Op::Pow => "pow",
        Op::Root => "root",
        Op::Log => "log",
        Op::Rem => "rem",
        Op::Quotient => "quotient",
        Op::Neg => "minus",
        Op::Not => "not",
        Op::Abs => "abs",
        Op::Exp => "exp",
        Op::Ln => "ln",
        Op::Log10 => "log10",
        Op::Sqrt => "sqrt",
        Op::Floor => "floor",
        Op::Ceil => "ceil",
        Op::Factorial => "factorial",
        Op::Sin => "sin",
        Op::Cos => "cos",
        Op::Tan => "tan",
        Op::Sec => "sec",
        Op::Csc => "csc",
        Op::Cot => "cot",
        Op::Sinh => "sinh",
        Op::Cosh => "cosh",
        Op::Tanh => "tanh",
        Op::Sech => "sech",
        Op::Csch => "csch",
        Op::Coth => "coth",
        Op::Asin => "arcsin",
        Op::Acos => "arccos",
        Op::Atan => "arctan",
        Op::Asec => "arcsec",
        Op::Acsc => "arccsc",
        Op::Acot => "arccot",
        Op::Asinh => "arcsinh",
        Op::Acosh => "arccosh",
        Op::Atanh => "arctanh",
        Op::Asech => "arcsech",
        Op::Acsch => "arccsch",
        Op::Acoth => "arccoth",
        Op::Eq => "eq",
        Op::Ne => "neq",
        Op::Lt => "lt",
        Op::Le => "leq",
        Op::Gt => "gt",
        Op::Ge => "geq",
        Op::Implies => "implies",
    }
}

/// Operators of which the parser makes one application of a whole chain.
fn chains(op: Op) -> bool {
    matches!(
        op,
        Op::Add | Op::Mul | Op::And | Op::Or | Op::Eq | Op::Lt | Op::Le | Op::Gt | Op::Ge
    )
}

fn is_infix(op: Op, args: usize) -> Option<(&'static str, u8)> {
    infix(op).filter(|_| if chains(op) { args >= 2 } else { args == 2 })
}

fn level(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Number(value, _)
            if *value < 0.0 || (*value == 0.0 && value.is_sign_negative()) =>
        {
            SIGN
        }
        ExprKind::Apply(Op::Neg | Op::Not, args) if args.len() == 1 => SIGN,
        ExprKind::Apply(op, args) => is_infix(*op, args.len()).map_or(ATOM, |(_, level)| level),
        _ => ATOM,
    }
}

impl Writer<'_> {
    fn write(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Number(value, unit) => {
                self.out.push_str(&unit_words::number(*value));
                if let Some(unit) = unit.filter(|_| value.is_finite()) {
                    self.out.push(' ');
                    self.out.push_str(&self.names.unit(&unit));
                }
            }
            ExprKind::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            ExprKind::Symbol(id) => self.out.push_str(&self.names.symbol(*id)),
            ExprKind::Time => self.out.push_str("time"),
            ExprKind::RateOf(id) => {
                self.out.push_str("rateOf(");
                self.out.push_str(&self.names.symbol(*id));
                self.out.push(')');
            }
            ExprKind::Piecewise(pieces, otherwise) => {
                if pieces.is_empty() && otherwise.is_none() {
                    self.out.push_str("nan");
                    return;
                }
                let parts: Vec<&Expr> = pieces
                    .iter()
                    .flat_map(|(v, c)| [v, c])
                    .chain(otherwise.iter().map(|o| &**o))
                    .collect();
                self.call("piecewise", &parts);
            }
            ExprKind::Apply(op, args) => self.apply(*op, args),
        }
    }

    fn apply(&mut self, op: Op, args: &[Expr]) {
        match (op, args) {
            (Op::Neg | Op::Not, [inner]) => {
                self.out.push(if op == Op::Neg { '-' } else { '!' });
                // `-(3)` is the negation of three and `-3` a negative number.
                let bare = level(inner) >= POWER
                    && !(op == Op::Neg && matches!(inner.kind, ExprKind::Number(..)));
                self.within(inner, bare);
            }
            (Op::Pow, [base, exponent]) => {
                self.within(base, level(base) > POWER);
                self.out.push('^');
                self.within(exponent, level(exponent) >= POWER);
            }
            _ => match is_infix(op, args.len()) {
                None => self.call(function(op), &args.iter().collect::<Vec<_>>()),
                Some((sign, own)) => {
                    for (index, arg) in args.iter().enumerate() {
                        if index > 0 {
                            self.out.push(' ');
                            self.out.push_str(sign);
                            self.out.push(' ');
                        }
                        let inner = level(arg);
                        let same = matches!(arg.kind, ExprKind::Apply(other, _) if other == op)
                            && chains(op);
                        // Chains of comparisons and mixtures of `&&` and `||` are always set apart.
                        let first = index == 0 && inner == own && own >= 3 && !same;
                        let sign_first = inner == SIGN && index > 0 && own >= 3;
                        self.within(arg, (inner > own && !sign_first) || first);
                    }
                }
            },
        }
    }

    fn within(&mut self, expr: &Expr, bare: bool) {
        if bare {
            self.write(expr);
        } else {
            self.out.push('(');
            self.write(expr);
            self.out.push(')');
        }
    }

    fn call(&mut self, name: &str, args: &[&Expr]) {
        self.out.push_str(name);
        self.out.push('(');
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.write(arg);
        }
        self.out.push(')');
    }
}

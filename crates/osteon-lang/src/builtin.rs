//! Functions and constants that the language itself knows.

use osteon_model::Op;

/// What a built-in function turns into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    /// An operator with at least and at most so many arguments.
    Op(Op, usize, usize),
    Piecewise,
    RateOf,
    /// `log(x)` is the natural logarithm, `log(base, x)` has a base, as in libAntimony.
    Log,
    /// `root(x)` or `root(degree, x)`.
    Root,
    Square,
    /// `minus(a)` or `minus(a, b)`.
    Minus,
    /// Known, and outside what the engine does.
    Unsupported(&'static str),
}

const MANY: usize = usize::MAX;

/// Looks a function up.
pub(crate) fn function(name: &str) -> Option<Builtin> {
    use Builtin::Op as F;
    const STOCHASTIC: &str =
        "draws random numbers, and a model must give the same values each time it is evaluated";
    let one = |op| F(op, 1, 1);
    let two = |op| F(op, 2, 2);
    let stem = name.strip_prefix("arc").or_else(|| name.strip_prefix('a'));
    Some(match name {
        "piecewise" => Builtin::Piecewise,
        "rateOf" => Builtin::RateOf,
        "log" => Builtin::Log,
        "root" => Builtin::Root,
        "sqr" => Builtin::Square,
        "minus" => Builtin::Minus,
        "delay" => Builtin::Unsupported("asks for past values, which the engine does not keep"),
        "normal" | "uniform" | "bernoulli" | "binomial" | "cauchy" | "chisquare"
        | "exponential" | "gamma" | "laplace" | "lognormal" | "poisson" | "rayleigh"
        | "truncatedNormal" => Builtin::Unsupported(STOCHASTIC),
        "plus" => F(Op::Add, 0, MANY),
        "times" => F(Op::Mul, 0, MANY),
        "min" => F(Op::Min, 1, MANY),
        "max" => F(Op::Max, 1, MANY),
        "and" => F(Op::And, 0, MANY),
        "or" => F(Op::Or, 0, MANY),
        "xor" => F(Op::Xor, 0, MANY),
        "eq" => F(Op::Eq, 2, MANY),
        "neq" => two(Op::Ne),
        "lt" => F(Op::Lt, 2, MANY),
        "leq" => F(Op::Le, 2, MANY),
        "gt" => F(Op::Gt, 2, MANY),
        "geq" => F(Op::Ge, 2, MANY),
        "implies" => two(Op::Implies),
        "not" => one(Op::Not),
        "divide" => two(Op::Div),
        "pow" | "power" => two(Op::Pow),
        "rem" => two(Op::Rem),
        "quotient" => two(Op::Quotient),
        "abs" => one(Op::Abs),
        "exp" => one(Op::Exp),
        "ln" => one(Op::Ln),
        "log10" => one(Op::Log10),
        "sqrt" => one(Op::Sqrt),
        "floor" => one(Op::Floor),
        "ceil" | "ceiling" => one(Op::Ceil),
        "factorial" => one(Op::Factorial),
        _ => one(trigonometric(name).or_else(|| inverse(stem?))?),
    })
}

fn trigonometric(name: &str) -> Option<Op> {
    Some(match name {
        "sin" => Op::Sin,
        "cos" => Op::Cos,
        "tan" => Op::Tan,
        "sec" => Op::Sec,
        "csc" => Op::Csc,
        "cot" => Op::Cot,
        "sinh" => Op::Sinh,
        "cosh" => Op::Cosh,
        "tanh" => Op::Tanh,
        "sech" => Op::Sech,
        "csch" => Op::Csch,
        "coth" => Op::Coth,
        _ => return None,
    })
}

fn inverse(stem: &str) -> Option<Op> {
    Some(match stem {
        "sin" => Op::Asin,
        "cos" => Op::Acos,
        "tan" => Op::Atan,
        "sec" => Op::Asec,
        "csc" => Op::Acsc,
        "cot" => Op::Acot,
        "sinh" => Op::Asinh,
        "cosh" => Op::Acosh,
        "tanh" => Op::Atanh,
        "sech" => Op::Asech,
        "csch" => Op::Acsch,
        "coth" => Op::Acoth,
        _ => return None,
    })
}

/// What a constant means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Constant {
    Number(f64),
    Bool(bool),
    Time,
}

/// Looks a constant up.
pub(crate) fn constant(name: &str) -> Option<Constant> {
    Some(match name {
        "pi" => Constant::Number(std::f64::consts::PI),
        "exponentiale" => Constant::Number(std::f64::consts::E),
        // The value that SBML Level 3 Version 1 and 2 fix for this symbol: CODATA 2006.
        "avogadro" => Constant::Number(6.022_141_79e23),
        "infinity" | "inf" => Constant::Number(f64::INFINITY),
        "nan" | "notanumber" => Constant::Number(f64::NAN),
        "true" | "True" | "TRUE" => Constant::Bool(true),
        "false" | "False" | "FALSE" => Constant::Bool(false),
        "time" => Constant::Time,
        _ => return None,
    })
}

/// True if a model may not define `name`.
pub(crate) fn is_reserved(name: &str) -> bool {
    function(name).is_some() || constant(name).is_some() || crate::lexer::is_keyword(name)
}

/// Names for suggestions.
pub(crate) const NAMES: [&str; 40] = [
    "piecewise",
    "rateOf",
    "log",
    "root",
    "sqr",
    "plus",
    "times",
    "min",
    "max",
    "and",
    "or",
    "xor",
    "not",
    "divide",
    "pow",
    "rem",
    "quotient",
    "abs",
    "exp",
    "ln",
    "log10",
    "sqrt",
    "floor",
    "ceil",
    "factorial",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arcsin",
    "arccos",
    "arctan",
    "time",
    "pi",
    "exponentiale",
    "infinity",
    "true",
    "false",
];

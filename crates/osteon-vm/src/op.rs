//! The operations a tape is made of. Booleans are the numbers 1 and 0; anything but 0 counts as true.

/// One operation on rows of lanes. The comment gives the result from arguments `a`, `b`, `c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// `a`
    Copy,
    /// `-a`
    Neg,
    /// `|a|`
    Abs,
    /// `1 / a`
    Recip,
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// `a * b + c`, fused where the instruction set can
    Fma,
    /// `a * b - c`, fused where the instruction set can
    Fms,
    /// `c - a * b`, fused where the instruction set can
    Fnma,
    /// The smaller; `b` if either is NaN
    Min,
    /// The larger; `b` if either is NaN
    Max,
    /// `a > b`
    Gt,
    /// `a >= b`
    Ge,
    /// `a == b`
    Eq,
    /// `a != b`
    Ne,
    /// both true
    And,
    /// any true
    Or,
    /// `a` is false
    Not,
    /// `if a { b } else { c }`
    Select,
    /// Largest integer not above `a`
    Floor,
    /// Nearest integer, ties to even
    Round,
    /// Square root
    Sqrt,
    /// eᵃ
    Exp,
    /// Natural logarithm
    Ln,
    /// `aᵇ` by itself, C99 special cases
    Pow,
    /// `aᵇ` where `c` is `ln a`, computed once for every power of `a`
    PowLn,
    /// Sine
    Sin,
    /// Cosine
    Cos,
    /// Tangent
    Tan,
    /// Hyperbolic sine
    Sinh,
    /// Hyperbolic cosine
    Cosh,
    /// Hyperbolic tangent
    Tanh,
    /// Inverse sine
    Asin,
    /// Inverse cosine
    Acos,
    /// Inverse tangent
    Atan,
    /// Inverse hyperbolic sine
    Asinh,
    /// Inverse hyperbolic cosine
    Acosh,
    /// Inverse hyperbolic tangent
    Atanh,
    /// Γ(a + 1)
    Factorial,
}

impl Op {
    /// Number of arguments.
    pub fn arity(self) -> usize {
        use Op::*;
        match self {
            Add | Sub | Mul | Div | Min | Max | Gt | Ge | Eq | Ne | And | Or | Pow => 2,
            Fma | Fms | Fnma | Select | PowLn => 3,
            _ => 1,
        }
    }

    /// True for the operations worth gathering into long runs: each costs as much as many additions.
    pub fn is_costly(self) -> bool {
        use Op::*;
        matches!(
            self,
            Exp | Ln
                | Pow
                | PowLn
                | Sin
                | Cos
                | Tan
                | Sinh
                | Cosh
                | Tanh
                | Asin
                | Acos
                | Atan
                | Asinh
                | Acosh
                | Atanh
                | Factorial
        )
    }

    /// The result for plain numbers, with the arithmetic of constant folding (never fused).
    pub fn apply(self, a: f64, b: f64, c: f64) -> f64 {
        use crate::math;
        let bit = |x: bool| if x { 1.0 } else { 0.0 };
        match self {
            Op::Copy => a,
            Op::Neg => -a,
            Op::Abs => a.abs(),
            Op::Recip => 1.0 / a,
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a * b,
            Op::Div => a / b,
            Op::Fma => a * b + c,
            Op::Fms => a * b - c,
            Op::Fnma => c - a * b,
            Op::Min => math::min(a, b),
            Op::Max => math::max(a, b),
            Op::Gt => bit(a > b),
            Op::Ge => bit(a >= b),
            Op::Eq => bit(a == b),
            Op::Ne => bit(a != b),
            Op::And => bit(a != 0.0 && b != 0.0),
            Op::Or => bit(a != 0.0 || b != 0.0),
            Op::Not => bit(a == 0.0),
            Op::Select => {
                if a != 0.0 {
                    b
                } else {
                    c
                }
            }
            Op::Floor => a.floor(),
            Op::Round => math::round(a),
            Op::Sqrt => a.sqrt(),
            Op::Exp => math::exp(a),
            Op::Ln => math::ln(a),
            Op::Pow | Op::PowLn => math::pow(a, b),
            Op::Sin => math::sin(a),
            Op::Cos => math::cos(a),
            Op::Tan => math::tan(a),
            Op::Sinh => math::sinh(a),
            Op::Cosh => math::cosh(a),
            Op::Tanh => math::tanh(a),
            Op::Asin => math::asin(a),
            Op::Acos => math::acos(a),
            Op::Atan => math::atan(a),
            Op::Asinh => math::asinh(a),
            Op::Acosh => math::acosh(a),
            Op::Atanh => math::atanh(a),
            Op::Factorial => math::factorial(a),
        }
    }
}

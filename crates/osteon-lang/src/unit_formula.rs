//! Units as Antimony writes them: `unit mmol_per_L = 1e-3 mole / litre`, `x has mole/second`.
//!
//! Only the base units of SBML are known without a definition. A number and the unit behind it bind tightest, so that
//! `60 second^-1` is one per minute, as in libAntimony.

use std::collections::BTreeMap;

use osteon_model::{Op, Rational, Unit};

use crate::syntax::{Ast, AstKind};

/// Names of definitions that set a unit of the whole model; nothing else may be called so.
pub(crate) const MODEL_WIDE: [&str; 6] = [
    "substance",
    "time_unit",
    "volume",
    "extent",
    "area",
    "length",
];

/// Why a unit cannot be made of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// Not a base unit and not defined.
    Unknown(String, osteon_model::Span),
    /// The formula is not one of units.
    Shape(&'static str, osteon_model::Span),
}

/// Definitions in scope, innermost first.
pub(crate) struct Scope<'a> {
    pub layers: Vec<&'a BTreeMap<String, Unit>>,
}

impl Scope<'_> {
    pub fn find(&self, name: &str) -> Option<Unit> {
        self.layers
            .iter()
            .find_map(|layer| layer.get(name).copied())
            .or_else(|| Unit::sbml_kind(name))
    }
}

/// The unit that a formula means.
pub(crate) fn evaluate(ast: &Ast, scope: &Scope<'_>) -> Result<Unit, Fault> {
    let shape = |why| Err(Fault::Shape(why, ast.span));
    match &ast.kind {
        AstKind::Number(value, unit) => {
            let unit = match unit {
                Some((name, span)) => scope
                    .find(name)
                    .ok_or_else(|| Fault::Unknown(name.clone(), *span))?,
                None => Unit::DIMENSIONLESS,
            };
            if *value > 0.0 && value.is_finite() {
                Ok(unit.scaled(*value))
            } else {
                shape("a unit's size is a positive number")
            }
        }
        AstKind::Name(path) => {
            let name = path.dotted();
            scope.find(&name).ok_or(Fault::Unknown(name, path.span))
        }
        AstKind::Apply(Op::Mul, args) => {
            let mut product = Unit::DIMENSIONLESS;
            for arg in args {
                product = product.times(&evaluate(arg, scope)?);
            }
            sound(product).map_or_else(|| shape("the powers of this unit are out of bounds"), Ok)
        }
        AstKind::Apply(Op::Div, args) => {
            let unit = evaluate(&args[0], scope)?.over(&evaluate(&args[1], scope)?);
            sound(unit).map_or_else(|| shape("the powers of this unit are out of bounds"), Ok)
        }
        AstKind::Apply(Op::Pow, args) => {
            let Some(power) = number(&args[1]).filter(|p| rational(*p).is_some()) else {
                return shape("the power of a unit is a number with a small denominator");
            };
            raise(&evaluate(&args[0], scope)?, power)
                .map_or_else(|| shape("the powers of this unit are out of bounds"), Ok)
        }
        _ => shape("a unit is made of units, numbers, `*`, `/` and `^`"),
    }
}

/// The value of a number, a negated number or a quotient of numbers.
pub(crate) fn number(ast: &Ast) -> Option<f64> {
    match &ast.kind {
        AstKind::Number(value, _) => Some(*value),
        AstKind::Apply(Op::Neg, args) => number(&args[0]).map(|v| -v),
        AstKind::Apply(Op::Div, args) => Some(number(&args[0])? / number(&args[1])?),
        _ => None,
    }
}

/// An exponent whose denominator divides 12 and whose size is at most 36, so that products of units stay within bounds.
pub(crate) fn rational(value: f64) -> Option<Rational> {
    Rational::from_f64(value).filter(|r| 12 % r.den == 0 && value.abs() <= 36.0)
}

/// A power of a unit; `None` where an exponent leaves the bounds of [`rational`]. The power itself may be any number: the fifteenth
/// root of a fifteenth power is fine.
pub(crate) fn raise(unit: &Unit, power: f64) -> Option<Unit> {
    let mut raised = Unit {
        factor: unit.factor.powf(power),
        ..*unit
    };
    for exponent in &mut raised.exponents {
        *exponent = rational(exponent.to_f64() * power)?;
    }
    if power.fract() == 0.0 && power.abs() <= 36.0 {
        raised.factor = unit.factor.powi(power as i32);
    }
    sound(raised)
}

/// The unit itself while its exponents and size are within bounds.
pub(crate) fn sound(unit: Unit) -> Option<Unit> {
    let fits = unit
        .exponents
        .iter()
        .all(|e| rational(e.to_f64()).is_some());
    (fits && unit.factor.is_finite() && unit.factor > 0.0).then_some(unit)
}

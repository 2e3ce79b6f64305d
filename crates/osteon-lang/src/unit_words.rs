//! Units to text that Antimony reads.

use osteon_model::Unit;

/// SBML names of the bases of a [`Unit`], in their order. Equivalents and international units have none in SBML and are items there.
const BASES: [&str; 10] = [
    "mole", "kilogram", "metre", "second", "ampere", "kelvin", "candela", "item", "IU", "eq",
];

/// A formula such as `1e-3 mole / (1e-3 metre^3)` that means the unit exactly.
pub(crate) fn formula(unit: &Unit) -> String {
    // Volumes read better in litres; the factor follows.
    let metres = unit.exponents[2];
    let litres = metres.den == 1 && metres.num != 0 && metres.num % 3 == 0;
    let mut factor = unit.factor;
    if litres {
        factor *= 1000_f64.powi(metres.num / 3);
    }
    let mut above = Vec::new();
    let mut below = Vec::new();
    for (index, (name, exponent)) in BASES.iter().zip(unit.exponents).enumerate() {
        let (name, num, den) = if index == 2 && litres {
            ("litre", exponent.num / 3, 1)
        } else {
            (*name, exponent.num, exponent.den)
        };
        let power = match (num.abs(), den) {
            (0, _) => continue,
            (1, 1) => name.to_owned(),
            (n, 1) => format!("{name}^{n}"),
            (n, d) => format!("{name}^{}", f64::from(n) / f64::from(d)),
        };
        if num > 0 {
            above.push(power)
        } else {
            below.push(power)
        }
    }
    let factor = tidy(factor);
    let mut text = if above.is_empty() {
        "dimensionless".to_owned()
    } else {
        above.join(" * ")
    };
    if (factor - 1.0).abs() > 1e-14 {
        // A factor binds to the unit behind it, so that it may not stand before a power.
        text = if text.contains('^') {
            format!("{} dimensionless * {text}", number(factor))
        } else {
            format!("{} {text}", number(factor))
        };
    }
    for part in below {
        text.push_str(" / ");
        text.push_str(&part);
    }
    text
}

/// A whole definition.
pub(crate) fn definition(name: &str, unit: &Unit) -> String {
    format!("unit {name} = {}", formula(unit))
}

/// A name for a unit that has none: `mmol_per_litre_per_d`.
pub(crate) fn name(unit: &Unit) -> String {
    let text = unit.to_string();
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '/' => out.push_str("_per_"),
            c if c.is_ascii_alphanumeric() => out.push(c),
            '%' => out.push_str("percent"),
            _ => out.push('_'),
        }
    }
    let out = out.trim_matches('_').to_owned();
    if out.starts_with(|c: char| c.is_ascii_digit()) || out.is_empty() {
        format!("u_{out}")
    } else {
        out
    }
}

/// The shortest decimal within rounding of the factor, as products of factors gather noise in the last digit.
fn tidy(factor: f64) -> f64 {
    let short: f64 = format!("{factor:.14e}").parse().unwrap_or(factor);
    if (short / factor - 1.0).abs() < 1e-14 {
        short
    } else {
        factor
    }
}

/// A number as Antimony reads it.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        };
    }
    let size = value.abs();
    if value == 0.0 || (1e-4..1e15).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

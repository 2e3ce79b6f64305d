//! Units of measurement as products of base units with rational exponents and a factor.
//!
//! Reads the UCUM-like strings that people write (`mmol/L`, `mg/d`, `g/cm2`, `mL/min/{1.73_m2}`). Affine units (°C) are not units here.
//! International units and equivalents are bases of their own: without a substance they convert into nothing else.

use std::fmt;

/// A small rational number in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rational {
    /// Numerator.
    pub num: i32,
    /// Denominator, positive.
    pub den: i32,
}

impl Rational {
    /// Zero.
    pub const ZERO: Rational = Rational { num: 0, den: 1 };

    /// `num / den` in lowest terms. `den` must not be 0.
    pub fn new(num: i32, den: i32) -> Self {
        let (mut a, mut b) = (num.unsigned_abs(), den.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let g = if a == 0 { 1 } else { a as i32 } * den.signum();
        Rational {
            num: num / g,
            den: den / g,
        }
    }

    /// The nearest rational with a denominator up to 12, if it is within 1e-9 of `value`.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() || value.abs() > 1e6 {
            return None;
        }
        (1..=12).find_map(|den| {
            let num = (value * f64::from(den)).round();
            ((num / f64::from(den) - value).abs() < 1e-9).then(|| Rational::new(num as i32, den))
        })
    }

    /// As a float.
    pub fn to_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    fn plus(self, other: Self) -> Self {
        Rational::new(
            self.num * other.den + other.num * self.den,
            self.den * other.den,
        )
    }

    fn times(self, other: Self) -> Self {
        Rational::new(self.num * other.num, self.den * other.den)
    }
}

const BASES: [&str; 10] = ["mol", "kg", "m", "s", "A", "K", "cd", "item", "[IU]", "eq"];

/// A unit: `factor` × product of base units to rational powers. The bases are
/// mol, kg, m, s, A, K, cd, item, international unit, equivalent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Exponents of the bases.
    pub exponents: [Rational; 10],
    /// Size in coherent base units.
    pub factor: f64,
}

/// A unit text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitError {
    /// The whole text.
    pub text: String,
    /// The part that is not known.
    pub part: String,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown unit `{}` in `{}`", self.part, self.text)
    }
}

impl std::error::Error for UnitError {}

/// Seconds in the units of time used everywhere: a = 365.25 d, mo = 30.4375 d (UCUM).
const TIMES: [(&str, f64); 22] = [
    ("s", 1.0),
    ("sec", 1.0),
    ("second", 1.0),
    ("min", 60.0),
    ("minute", 60.0),
    ("h", 3600.0),
    ("hr", 3600.0),
    ("hour", 3600.0),
    ("d", 86_400.0),
    ("day", 86_400.0),
    ("days", 86_400.0),
    ("wk", 604_800.0),
    ("week", 604_800.0),
    ("weeks", 604_800.0),
    ("mo", 2_629_800.0),
    ("month", 2_629_800.0),
    ("months", 2_629_800.0),
    ("a", 31_557_600.0),
    ("y", 31_557_600.0),
    ("yr", 31_557_600.0),
    ("year", 31_557_600.0),
    ("years", 31_557_600.0),
];

impl Unit {
    /// The unit of pure numbers.
    pub const DIMENSIONLESS: Unit = Unit {
        exponents: [Rational::ZERO; 10],
        factor: 1.0,
    };

    fn base(index: usize, factor: f64) -> Unit {
        let mut unit = Unit {
            factor,
            ..Unit::DIMENSIONLESS
        };
        unit.exponents[index] = Rational { num: 1, den: 1 };
        unit
    }

    /// Reads a unit such as `mmol/L`, `ug/d`, `g/cm2`, `mmol.L-1.d-1`, `mL/min/{1.73_m2}`, `%` or `1`.
    ///
    /// # Errors
    /// When a part is not a known unit.
    pub fn parse(text: &str) -> Result<Unit, UnitError> {
        let fail = |part: &str| UnitError {
            text: text.to_owned(),
            part: part.to_owned(),
        };
        let mut unit = Unit::DIMENSIONLESS;
        // UCUM annotations in braces carry no meaning for conversion.
        let mut depth = 0_usize;
        let plain: String = text
            .chars()
            .filter(|c| {
                depth += usize::from(*c == '{');
                let keep = depth == 0;
                depth = depth.saturating_sub(usize::from(*c == '}'));
                keep
            })
            .collect();
        let trimmed = plain.trim().trim_end_matches('/');
        if trimmed.is_empty() {
            return Err(fail(text));
        }
        for (position, group) in trimmed.split('/').enumerate() {
            for part in group.split(['.', '*', '·', ' ']).filter(|p| !p.is_empty()) {
                let atom = Unit::parse_power(part).ok_or_else(|| fail(part))?;
                unit = if position == 0 {
                    unit.times(&atom)
                } else {
                    unit.over(&atom)
                };
            }
            if group.trim().is_empty() {
                return Err(fail(text));
            }
        }
        Ok(unit)
    }

    fn parse_power(part: &str) -> Option<Unit> {
        if part == "1" {
            return Some(Unit::DIMENSIONLESS);
        }
        let (name, power) = match part
            .char_indices()
            .find(|(i, c)| *i > 0 && (c.is_ascii_digit() || matches!(c, '^' | '-' | '+')))
        {
            Some((at, _)) => (
                &part[..at],
                part[at..].trim_start_matches('^').parse::<i32>().ok()?,
            ),
            None => (part, 1),
        };
        let name_unit = match name {
            "²" | "³" => return None,
            _ => {
                if let Some(stem) = name.strip_suffix('²') {
                    return Some(Unit::atom(stem)?.power(Rational { num: 2, den: 1 }));
                }
                if let Some(stem) = name.strip_suffix('³') {
                    return Some(Unit::atom(stem)?.power(Rational { num: 3, den: 1 }));
                }
                Unit::atom(name)?
            }
        };
        Some(name_unit.power(Rational { num: power, den: 1 }))
    }

    /// The unit kinds of SBML Levels 2 and 3, in both spellings; `Celsius` is left out because it is affine.
    pub const SBML_KINDS: [&str; 35] = [
        "ampere",
        "avogadro",
        "becquerel",
        "candela",
        "coulomb",
        "dimensionless",
        "farad",
        "gram",
        "gray",
        "henry",
        "hertz",
        "item",
        "joule",
        "katal",
        "kelvin",
        "kilogram",
        "litre",
        "liter",
        "lumen",
        "lux",
        "metre",
        "meter",
        "mole",
        "newton",
        "ohm",
        "pascal",
        "radian",
        "second",
        "siemens",
        "sievert",
        "steradian",
        "tesla",
        "volt",
        "watt",
        "weber",
    ];

    /// A unit kind of SBML, by exactly its own name.
    pub fn sbml_kind(name: &str) -> Option<Unit> {
        Unit::SBML_KINDS
            .contains(&name)
            .then(|| Unit::atom(name))
            .flatten()
    }

    /// A single named unit with an optional metric prefix.
    pub fn atom(name: &str) -> Option<Unit> {
        if let Some((_, seconds)) = TIMES.iter().find(|(n, _)| *n == name) {
            return Some(Unit::base(3, *seconds));
        }
        match name {
            "dimensionless" | "radian" | "rad" | "unitless" => return Some(Unit::DIMENSIONLESS),
            "%" | "percent" => {
                return Some(Unit {
                    factor: 0.01,
                    ..Unit::DIMENSIONLESS
                });
            }
            "deg" | "degree" => {
                return Some(Unit {
                    factor: std::f64::consts::PI / 180.0,
                    ..Unit::DIMENSIONLESS
                });
            }
            "IU" | "[IU]" | "iu" => return Some(Unit::base(8, 1.0)),
            "item" => return Some(Unit::base(7, 1.0)),
            "SED" => return Unit::parse("J/m2").ok().map(|u| u.scaled(100.0)),
            "mmHg" => return Unit::atom("Pa").map(|u| u.scaled(133.322_387_415)),
            "kcal" => return Unit::atom("J").map(|u| u.scaled(4184.0)),
            "avogadro" => {
                return Some(Unit {
                    factor: 6.022_140_76e23,
                    ..Unit::DIMENSIONLESS
                });
            }
            _ => {}
        }
        if let Some(unit) = Unit::stem(name) {
            return Some(unit);
        }
        const PREFIXES: [(&str, f64); 16] = [
            ("milli", 1e-3),
            ("micro", 1e-6),
            ("nano", 1e-9),
            ("pico", 1e-12),
            ("kilo", 1e3),
            ("da", 1e1),
            ("k", 1e3),
            ("h", 1e2),
            ("d", 1e-1),
            ("c", 1e-2),
            ("m", 1e-3),
            ("u", 1e-6),
            ("µ", 1e-6),
            ("μ", 1e-6),
            ("n", 1e-9),
            ("p", 1e-12),
        ];
        PREFIXES.iter().find_map(|(prefix, factor)| {
            let stem = name.strip_prefix(prefix)?;
            Some(Unit::stem(stem)?.scaled(*factor))
        })
    }

    fn stem(name: &str) -> Option<Unit> {
        let derived = |text: &str| Unit::parse(text).ok();
        Some(match name {
            "mol" | "mole" => Unit::base(0, 1.0),
            "g" | "gram" => Unit::base(1, 1e-3),
            "kilogram" => Unit::base(1, 1.0),
            "m" | "metre" | "meter" => Unit::base(2, 1.0),
            "A" | "ampere" => Unit::base(4, 1.0),
            "K" | "kelvin" => Unit::base(5, 1.0),
            "candela" | "cd" => Unit::base(6, 1.0),
            "eq" | "Eq" => Unit::base(9, 1.0),
            "L" | "l" | "litre" | "liter" => derived("m3")?.scaled(1e-3),
            "M" => derived("mol/m3")?.scaled(1e3),
            "Hz" | "hertz" | "becquerel" | "Bq" => derived("s-1")?,
            "N" | "newton" => derived("kg.m.s-2")?,
            "Pa" | "pascal" => derived("kg.m-1.s-2")?,
            "J" | "joule" => derived("kg.m2.s-2")?,
            "W" | "watt" => derived("kg.m2.s-3")?,
            "V" | "volt" => derived("kg.m2.s-3.A-1")?,
            "C" | "coulomb" => derived("A.s")?,
            "farad" => derived("A2.s4.kg-1.m-2")?,
            "ohm" => derived("kg.m2.s-3.A-2")?,
            "siemens" => derived("A2.s3.kg-1.m-2")?,
            "henry" => derived("kg.m2.s-2.A-2")?,
            "weber" => derived("kg.m2.s-2.A-1")?,
            "tesla" => derived("kg.s-2.A-1")?,
            "gray" | "sievert" | "Gy" | "Sv" => derived("m2.s-2")?,
            "katal" | "kat" => derived("mol.s-1")?,
            "lumen" => Unit::base(6, 1.0),
            "lux" => derived("cd.m-2")?,
            "steradian" => Unit::DIMENSIONLESS,
            _ => return None,
        })
    }

    /// The same dimension, `factor` times the size.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Unit {
        Unit {
            exponents: self.exponents,
            factor: self.factor * factor,
        }
    }

    /// Product of two units.
    #[must_use]
    pub fn times(&self, other: &Unit) -> Unit {
        let mut exponents = self.exponents;
        for (mine, theirs) in exponents.iter_mut().zip(other.exponents) {
            *mine = mine.plus(theirs);
        }
        Unit {
            exponents,
            factor: self.factor * other.factor,
        }
    }

    /// Quotient of two units.
    #[must_use]
    pub fn over(&self, other: &Unit) -> Unit {
        self.times(&other.power(Rational { num: -1, den: 1 }))
    }

    /// A rational power.
    #[must_use]
    pub fn power(&self, power: Rational) -> Unit {
        let factor = if power.den == 1 {
            self.factor.powi(power.num)
        } else {
            self.factor.powf(power.to_f64())
        };
        Unit {
            exponents: self.exponents.map(|e| e.times(power)),
            factor,
        }
    }

    /// True if both measure the same kind of thing.
    pub fn same_dimension(&self, other: &Unit) -> bool {
        self.exponents == other.exponents
    }

    /// True if both are the same unit, up to rounding of the factor.
    pub fn same_unit(&self, other: &Unit) -> bool {
        self.same_dimension(other) && (self.factor / other.factor - 1.0).abs() < 1e-9
    }

    /// True if it is a pure number of size one.
    pub fn is_dimensionless(&self) -> bool {
        self.same_unit(&Unit::DIMENSIONLESS)
    }

    /// What a number in this unit must be multiplied by to be in `target`; `None` across dimensions.
    pub fn conversion_to(&self, target: &Unit) -> Option<f64> {
        self.same_dimension(target)
            .then(|| self.factor / target.factor)
    }
}

impl fmt::Display for Unit {
    /// Prints in the units of this field where they fit (`mmol/L`, `mmol/d`, …), else as factor and bases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const COMMON: [&str; 58] = [
            "1", "mmol/L", "umol/L", "nmol/L", "pmol/L", "mol/L", "mmol", "umol", "nmol", "pmol",
            "mol", "mmol/d", "umol/d", "nmol/d", "pmol/d", "mmol/h", "pmol/h", "mmol/min", "L",
            "mL", "L/d", "L/h", "mL/min", "L/mmol", "L/pmol", "kg", "g", "mg", "ug", "ng", "mg/d",
            "ug/d", "g/d", "mg/L", "mg/dL", "ng/mL", "pg/mL", "g/cm2", "kg/m2", "cm", "m", "1/d",
            "1/h", "1/min", "1/s", "1/a", "d", "h", "min", "s", "a", "%", "%/a", "[IU]", "[IU]/d",
            "mmHg", "mmol/L/d", "pmol/L/d",
        ];
        if let Some(name) = COMMON
            .iter()
            .find(|name| Unit::parse(name).is_ok_and(|u| u.same_unit(self)))
        {
            return write!(f, "{}", if *name == "1" { "dimensionless" } else { name });
        }
        let mut parts = Vec::new();
        if (self.factor - 1.0).abs() > 1e-12 {
            parts.push(format!("{}", self.factor));
        }
        for (name, exponent) in BASES.iter().zip(self.exponents) {
            match (exponent.num, exponent.den) {
                (0, _) => {}
                (1, 1) => parts.push((*name).to_owned()),
                (n, 1) => parts.push(format!("{name}{n}")),
                (n, d) => parts.push(format!("{name}({n}/{d})")),
            }
        }
        write!(f, "{}", parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clinical_units_convert() {
        let unit = |t: &str| Unit::parse(t).expect(t);
        let factor = |a: &str, b: &str| unit(a).conversion_to(&unit(b));
        assert_eq!(factor("mmol/L", "umol/L").map(f64::round), Some(1000.0));
        assert!((factor("mL/min", "L/d").expect("flow") - 1.44).abs() < 1e-12);
        assert!((factor("a", "d").expect("time") - 365.25).abs() < 1e-9);
        assert!((factor("mo", "d").expect("time") - 30.4375).abs() < 1e-9);
        assert_eq!(factor("mg/d", "mmol/d"), None);
        assert!(unit("mL/min/{1.73_m2}").same_unit(&unit("mL/min")));
        assert!(unit("mmol.L-1.d-1").same_unit(&unit("mmol/L/d")));
        assert!(Unit::parse("mmool/L").is_err());
        assert!(Unit::parse("").is_err());
    }

    #[test]
    fn display_reads_back() {
        for text in ["mmol/L", "pmol/h", "g/cm2", "1/d", "mL/min"] {
            assert_eq!(Unit::parse(text).expect(text).to_string(), text);
        }
        let odd = Unit::parse("kg.m2.s-3").expect("watt");
        assert!(odd.to_string().contains("m2"));
    }
}

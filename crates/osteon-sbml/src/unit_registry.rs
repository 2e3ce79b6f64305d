//! Units as SBML unit definitions: base kinds where they serve, definitions with telling ids elsewhere.

use std::fmt::Write as _;

use osteon_model::{Rational, Unit};

use crate::legal_ids::sid;
use crate::xml_text::print_float;

/// Kinds that are written by their own name.
const PLAIN: [&str; 8] = [
    "dimensionless",
    "mole",
    "litre",
    "second",
    "kilogram",
    "gram",
    "metre",
    "item",
];
/// Names that a definition must not take besides the kinds: the affine one, and the predefined units of Level 2.
const RESERVED: [&str; 7] = [
    "Celsius",
    "substance",
    "volume",
    "area",
    "length",
    "time",
    "extent",
];
/// SBML kinds of the bases of `Unit`. International units and equivalents have none; both are counts.
const BASE_KINDS: [&str; 10] = [
    "mole", "kilogram", "metre", "second", "ampere", "kelvin", "candela", "item", "item", "item",
];
const METRE: usize = 2;
const SECOND: usize = 3;

/// Unit definitions collected while a model is written.
#[derive(Default)]
pub(crate) struct UnitRegistry {
    known: Vec<(Unit, String)>,
}

impl UnitRegistry {
    /// The id to write for a unit.
    pub fn id(&mut self, unit: &Unit) -> String {
        if let Some(kind) = PLAIN
            .iter()
            .find(|k| Unit::atom(k).is_some_and(|u| u.same_unit(unit)))
        {
            return (*kind).to_owned();
        }
        if let Some((_, id)) = self.known.iter().find(|(known, _)| known.same_unit(unit)) {
            return id.clone();
        }
        let text = unit.to_string();
        let words = text.replace("[IU]", "IU").replace('%', "percent");
        let mut name = words
            .replace('/', "_per_")
            .replace('.', "_")
            .replace(['(', ')'], "")
            .replace('-', "m");
        if let Some(rest) = name.strip_prefix("1_per_") {
            name = format!("per_{rest}");
        }
        let stem = sid(&name);
        let mut id = stem.clone();
        let mut number = 2;
        while RESERVED.contains(&id.as_str())
            || Unit::SBML_KINDS.contains(&id.as_str())
            || self.known.iter().any(|(_, known)| *known == id)
        {
            id = format!("{stem}_{number}");
            number += 1;
        }
        self.known.push((*unit, id.clone()));
        id
    }

    /// The `<listOfUnitDefinitions>`, empty if there is none.
    pub fn xml(&self) -> String {
        if self.known.is_empty() {
            return String::new();
        }
        let mut out = String::from("    <listOfUnitDefinitions>\n");
        for (unit, id) in &self.known {
            let _ = writeln!(
                out,
                "      <unitDefinition id=\"{id}\">\n        <listOfUnits>"
            );
            for part in parts(unit) {
                let _ = writeln!(
                    out,
                    "          <unit kind=\"{}\" exponent=\"{}\" scale=\"{}\" multiplier=\"{}\"/>",
                    part.kind,
                    print_float(part.exponent.to_f64()),
                    part.scale,
                    print_float(part.multiplier)
                );
            }
            out.push_str("        </listOfUnits>\n      </unitDefinition>\n");
        }
        out.push_str("    </listOfUnitDefinitions>\n");
        out
    }
}

struct Part {
    kind: &'static str,
    exponent: Rational,
    scale: i32,
    multiplier: f64,
}

/// A unit as kinds, with its size put where a person would: powers of ten on substance or mass, days on time.
fn parts(unit: &Unit) -> Vec<Part> {
    let mut factor = unit.factor;
    let mut parts: Vec<Part> = Vec::new();
    for (base, exponent) in unit
        .exponents
        .iter()
        .enumerate()
        .filter(|(_, e)| e.num != 0)
    {
        let mut part = Part {
            kind: BASE_KINDS[base],
            exponent: *exponent,
            scale: 0,
            multiplier: 1.0,
        };
        if base == METRE && exponent.den == 1 && exponent.num % 3 == 0 {
            part.kind = "litre";
            part.exponent = Rational::new(exponent.num / 3, 1);
            factor *= 1000_f64.powi(exponent.num / 3);
        }
        parts.push(part);
    }
    let time = unit.exponents[SECOND];
    if time.num != 0 {
        let fits = |seconds: f64| power_of_ten(factor / seconds.powf(time.to_f64())).is_some();
        if let Some(seconds) = [1.0, 86_400.0, 3600.0, 60.0, 31_557_600.0, 604_800.0]
            .into_iter()
            .find(|s| fits(*s))
            && let Some(part) = parts.iter_mut().find(|p| p.kind == "second")
        {
            part.multiplier = seconds;
            factor /= seconds.powf(time.to_f64());
        }
    }
    let unity =
        |p: &&mut Part| p.exponent.num.abs() == 1 && p.exponent.den == 1 && p.kind != "second";
    match (power_of_ten(factor), parts.iter_mut().find(unity)) {
        (Some(0), _) => {}
        (Some(ten), Some(part)) => part.scale = ten * part.exponent.num,
        _ => parts.push(Part {
            kind: "dimensionless",
            exponent: Rational::new(1, 1),
            scale: 0,
            multiplier: factor,
        }),
    }
    if parts.is_empty() {
        parts.push(Part {
            kind: "dimensionless",
            exponent: Rational::new(1, 1),
            scale: 0,
            multiplier: 1.0,
        });
    }
    parts
}

fn power_of_ten(factor: f64) -> Option<i32> {
    let ten = factor.log10().round();
    (ten.abs() < 300.0 && (factor / 10_f64.powf(ten) - 1.0).abs() < 1e-12).then_some(ten as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_telling_and_avoid_reserved_names() {
        let mut units = UnitRegistry::default();
        assert_eq!(units.id(&Unit::parse("L").expect("litre")), "litre");
        assert_eq!(
            units.id(&Unit::parse("mmol/L").expect("unit")),
            "mmol_per_L"
        );
        assert_eq!(units.id(&Unit::parse("1/d").expect("unit")), "per_d");
        assert_eq!(units.id(&Unit::parse("[IU]").expect("unit")), "IU");
        assert!(
            units
                .xml()
                .contains("<unit kind=\"mole\" exponent=\"1\" scale=\"-3\" multiplier=\"1\"/>")
        );
        assert!(
            units.xml().contains(
                "<unit kind=\"second\" exponent=\"-1\" scale=\"0\" multiplier=\"86400\"/>"
            )
        );
    }
}

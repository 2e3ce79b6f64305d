//! Units of an SBML document as `Unit`s. What cannot be expressed stays undeclared: units never change results here.

use osteon_model::{Rational, Unit};
use roxmltree::Node;

use crate::document::{attribute, items};
use crate::hierarchy::Hierarchy;
use crate::xml_text::float;

/// The unit that `name` means in `instance`.
pub(crate) fn find_unit(all: &Hierarchy<'_>, instance: usize, name: &str) -> Option<Unit> {
    if let Some((_, node)) = all.find_unit(instance, name) {
        return defined_unit(node);
    }
    if let Some(kind) = Unit::sbml_kind(name) {
        return Some(kind);
    }
    if all.instances[instance].sbml.level != 2 {
        return None;
    }
    // Level 2 predefines these (specification of Level 2 Version 4, table 3).
    match name {
        "substance" => Unit::sbml_kind("mole"),
        "volume" => Unit::sbml_kind("litre"),
        "area" => Unit::parse("m2").ok(),
        "length" => Unit::sbml_kind("metre"),
        "time" => Unit::sbml_kind("second"),
        _ => None,
    }
}

/// A `<unitDefinition>`; `None` where an exponent or kind has no place in `Unit`.
pub(crate) fn defined_unit(definition: Node<'_, '_>) -> Option<Unit> {
    let mut unit = Unit::DIMENSIONLESS;
    for (count, part) in items(definition, "listOfUnits", "unit").enumerate() {
        let number = |key: &str, default: f64| match attribute(part, key) {
            Some(text) => float(text),
            None => Some(default),
        };
        // Defaults of Level 2; Level 3 requires the attributes.
        let exponent = Rational::from_f64(number("exponent", 1.0)?)?;
        let scale = number("scale", 0.0)?;
        let multiplier = number("multiplier", 1.0)?;
        // Bounds keep the exact arithmetic of exponents from overflowing.
        if exponent.num.abs() > 240 || 12 % exponent.den != 0 || scale.abs() > 300.0 || count > 30 {
            return None;
        }
        let kind = Unit::sbml_kind(attribute(part, "kind")?)?;
        unit = unit.times(&kind.scaled(multiplier * 10_f64.powf(scale)).power(exponent));
    }
    Some(unit)
}

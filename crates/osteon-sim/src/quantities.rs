//! The table of quantities: dotted names for people (`serum.X`), each with the body symbol and units behind it.
//!
//! Read from `library/quantities.toml`; which symbols exist is checked when the body is loaded.

use crate::library::Library;
use crate::near_name::{advice, same_name};
use crate::substance::Substance;

/// A quantity that people ask for by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Dotted name.
    pub name: String,
    /// Body symbol.
    pub symbol: String,
    /// Unit in which it is reported.
    pub unit: String,
    /// What a value of the symbol is multiplied by to be in `unit` (for trailing quantities: after the difference).
    pub factor: f64,
    /// Laboratory unit used in the United States, and the factor from `unit` to it.
    pub us_unit: Option<(String, f64)>,
    /// Words for a plot or table.
    pub label: String,
    /// Reference interval in `unit`.
    pub reference: Option<Reference>,
    /// Days over which the difference of a cumulative symbol is taken (a 24-h collection has 1).
    pub over_d: Option<f64>,
    /// True for a cumulative symbol reported as its gain since time zero of the scenario.
    pub since_start: bool,
    /// What converts between mass, moles, equivalents and international units of it.
    pub substance: Substance,
    /// True if it belongs to the panel that is recorded when a scenario names no quantities.
    pub panel: bool,
    /// True if it tells what may come of a state, not the state itself: ratios, scores, risks. Reports show these apart, with the
    /// links they rest on.
    pub outlook: bool,
    /// What the test tells and what it cannot, if said.
    pub note: Option<String>,
}

/// A reference interval and where it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
    /// Citation key.
    pub source: String,
}

/// Help for a quantity that nobody knows: one whose last part is a nutrient's other name (`blood-test.X` for a nutrient called X),
/// the plain nutrient in blood, else the nearest name.
pub(crate) fn meant(library: &Library, name: &str) -> String {
    let (place, last) = name.rsplit_once('.').unwrap_or(("serum", name));
    let nutrient = library
        .nutrients
        .iter()
        .find(|n| same_name(&n.name, last) || n.aliases.iter().any(|a| same_name(a, last)));
    let written = nutrient
        .into_iter()
        .flat_map(|n| n.aliases.iter().chain([&n.name]))
        .map(|word| format!("{place}.{word}"))
        .find(|word| library.quantity(word).is_some());
    match written {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            let known = library.quantities.iter().map(|q| q.name.as_str());
            advice(name, known, "osteon list quantities")
        }
    }
}

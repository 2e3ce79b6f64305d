//! The table of quantities: dotted names for people (`serum.X`), each with the body symbol and units behind it.
//!
//! Read from `library/quantities.toml`; which symbols exist is checked when the body is loaded.

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

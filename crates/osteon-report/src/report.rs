//! A scenario told as one HTML page: the person, what is done, what comes of it, why, and what it rests on. And the same as JSON.
//!
//! Data in, text out: whoever calls has run everything. The page fetches nothing, works without scripts and prints; scripts add
//! read-out, zoom and switching arms off. It is well-formed XML.

mod assumptions;
mod embed;
mod frame;
mod json;
mod laboratory;
mod outlook;
mod person;
mod plots;
mod sources;

use osteon_model::Model;
use osteon_sim::{Library, Run, Scenario, Scheduled};
use osteon_study::{Bands, Flux, MatchedArms, Protocol, RowVerdict, Sensitivity, Uncertain, Why};

use crate::figure::Figure;

pub use json::report_json;
pub use outlook::LinkSwitch;

/// Everything a report is made of.
#[derive(Debug)]
pub struct ReportInput<'a> {
    /// The run of the scenario. It holds more quantities than the scenario asks for: those of the laboratory and the outlook.
    pub run: &'a Run,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// People who were matched to measured values, with the arms whose person they are.
    pub matched: &'a [MatchedArms],
    /// The figure of the scenario's own quantities, with bands and measured points where there are any.
    pub figure: &'a Figure,
    /// The schedule of each arm.
    pub schedules: &'a [Vec<Scheduled>],
    /// What can be done to the body, for references and sources.
    pub library: &'a Library,
    /// The body, for names and links.
    pub model: &'a Model,
    /// How bands were made.
    pub bands: Option<&'a Bands>,
    /// Studies whose measurements stand in the plots.
    pub studies: Vec<MeasuredStudy>,
    /// Changes taken apart.
    pub whys: &'a [Why],
    /// What assumed numbers do to the scenario's last values.
    pub assumptions: Option<(&'a Sensitivity, &'a [Uncertain])>,
    /// Where elements come from and where they go.
    pub fluxes: &'a [Flux],
    /// The least that restores and holds goals, where they were asked for.
    pub goals: Option<&'a Protocol>,
    /// A BibTeX file with the sources behind citation keys.
    pub bibliography: &'a str,
}

/// A study whose measurements stand in the plots.
#[derive(Debug, Clone)]
pub struct MeasuredStudy {
    /// Its name.
    pub name: String,
    /// What it found.
    pub says: String,
    /// Citation keys.
    pub cites: String,
    /// Its rows against this run.
    pub rows: Vec<RowVerdict>,
}

/// The report as one HTML page.
///
/// # Errors
/// When the bibliography cannot be read.
pub fn report_page(input: &ReportInput<'_>) -> Result<String, String> {
    let sources = sources::cited(input)?;
    Ok(frame::page(input, &sources))
}

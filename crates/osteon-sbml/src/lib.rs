//! SBML ⇄ model: Level 2 to Level 3 Version 2 core, and the hierarchical package `comp`, flattened.
//!
//! Knows no Antimony and no simulation. What would change results and is not supported is refused by name
//! ([`SbmlError::Unsupported`]); nothing is imported in part. Text comes through `Sources` only.

mod annotation;
mod document;
mod error;
mod hierarchy;
mod legal_ids;
mod mathml;
mod reader;
mod switches;
mod unit_definition;
mod unit_registry;
mod write_math;
mod writer;
mod xml_text;

pub use error::SbmlError;
pub use reader::{Loaded, load};
pub use switches::switches_as_events;
pub use writer::{WriteOptions, write_with};

use osteon_model::{Model, Sources};

/// Reads the SBML document `id` as a flat model. Names from submodels are dotted (`pump.Vmax`), local parameters are
/// `reaction.parameter`.
///
/// # Errors
/// When the text cannot be had, is not sound SBML, or needs a feature that is not supported.
pub fn read(sources: &dyn Sources, id: &str) -> Result<Model, SbmlError> {
    load(sources, id).map(|loaded| loaded.model)
}

/// Writes the model as SBML Level 3 Version 2 core; piecewise expressions stay as they are.
pub fn write(model: &Model) -> String {
    write_with(model, &WriteOptions::default())
}

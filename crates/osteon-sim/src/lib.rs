//! Scenario, library and compiled body become a run: doses, meals, events, lived life, ledger.
//!
//! Reads text only through `Sources`, keeps no clock, draws nothing, judges nothing, and knows no organ and no ion:
//! which symbols a word moves is data in `library/`. Times are days from the start of the scenario.

mod diagnostics;
mod library;
mod progress;
mod quantities;
mod run;
mod scenario;
mod substance;

pub use diagnostics::Diagnostics;
pub use library::{Entry, EntryEffect, Fact, Food, Library, Nutrient, Product, Response, Shelf};
pub use progress::{Progress, Silent};
pub use quantities::{Quantity, Reference};
pub use run::{ArmRun, Column, Failure, LedgerLine, Met, MetKind, Meta, RowStatus, Run, Work};
pub use scenario::{
    Arm, Change, Clock, Deposit, DietPart, Dose, Effect, Exposure, InputValue, Meal, Person, Phase, Record, Regimen, Scenario, Start,
};
pub use substance::Substance;

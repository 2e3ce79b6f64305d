//! Scenario, library and compiled body become a run: doses, meals, events, lived life, ledger.
//!
//! Reads text only through `Sources`, keeps no clock, draws nothing, judges nothing, and knows no organ and no ion:
//! which symbols a word moves is data in `library/`. Times are days from the start of the scenario.

mod body;
mod diagnostics;
mod drive_door;
mod exposure_read;
mod foods_read;
mod library;
mod library_read;
mod measure;
mod near_name;
mod person_read;
mod plan;
mod progress;
mod quantities;
mod recording;
mod run;
mod scenario;
mod scenario_read;
mod simulate;
mod steady_start;
mod substance;
mod toml_text;
mod vocabulary;

pub use body::{BODY_FILE, Body};
pub use diagnostics::Diagnostics;
pub use library::{Entry, EntryEffect, Fact, Food, Library, Nutrient, Product, Response, Shelf};
pub use measure::{Measure, MeasureError, read_days, read_measure, read_time_of_day, show_days};
pub use drive_door::Snapshot;
pub use plan::{Action, Timed};
pub use progress::{Progress, Silent};
pub use quantities::{Quantity, Reference};
pub use run::{ArmRun, Column, Failure, LedgerLine, Met, MetKind, Meta, RowStatus, Run, Work};
pub use scenario::{
    Arm, Change, Clock, Deposit, DietPart, Dose, Effect, Exposure, InputValue, Meal, Person, Phase, Record, Regimen, Scenario, Start,
};
pub use scenario_read::read_scenario;
pub use simulate::{LivedState, Member, RunOptions, live, meta, run, run_many};
pub use substance::Substance;
pub use vocabulary::{Vocabulary, Word};

/// Stands in until the time loop is joined.
mod drive {
    use crate::drive_door::{Begin, Driven, Job, Snapshot};
    pub(crate) fn drive(_: &std::sync::Arc<osteon_vm::Program>, jobs: Vec<Job>, record: &[osteon_vm::SymbolIndex], _: &crate::RunOptions, _: &mut dyn crate::Progress) -> Vec<Driven> {
        jobs.into_iter()
            .map(|job| {
                let end = match job.begin {
                    Begin::From(s) => s,
                    Begin::Fresh { time_d, .. } => Snapshot { time_d, y: Vec::new(), lane: Vec::new() },
                };
                Driven { values: vec![f64::NAN; job.outputs.len() * record.len()], reached_d: end.time_d, end, events: Vec::new(), work: osteon_ode::Work::default(), failure: None, cancelled: job.until_d < 0.0 && job.actions.is_empty() }
            })
            .collect()
    }
}

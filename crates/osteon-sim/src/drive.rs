//! The one place that drives the solver: people sit down in lanes, are dosed, watched and recorded, and leave when they are done.
//!
//! Knows symbols by index, not what they mean. What happens at one instant happens in this order: actions of the timeline, model
//! events (with all the events these set off), reviews, samples. A sample at the time of an action therefore shows the state
//! after it, unless [`DriveOptions::samples_before`] asks for the state before.

mod block;
mod breakdown;
mod events;
mod setup;
mod steady_start;

use std::sync::Arc;

use osteon_vm::{InstructionSet, Program, SymbolIndex};

pub use breakdown::{Breakdown, BreakdownCause, DIAGNOSTIC_IDS};
pub use setup::{Action, Begin, LaneEnd, LaneSetup, SetupError, Timed};
pub use steady_start::{SteadyStart, polish, steady_start};

/// Absolute tolerances.
#[derive(Debug, Clone, PartialEq)]
pub enum Atol {
    /// The same number for all states, each in its own unit.
    Uniform(f64),
    /// One for each state.
    PerState(Vec<f64>),
    /// For each state and person: `rtol · max(fraction · |value at the start|, floor)`; doses raise it likewise.
    Relative {
        /// Share of the start value below which a state need not be followed.
        fraction: f64,
        /// Smallest size of any state, in its own unit.
        floor: f64,
    },
}

/// How to solve.
#[derive(Debug, Clone, PartialEq)]
pub struct DriveOptions {
    /// Relative tolerance of a step.
    pub rtol: f64,
    /// Absolute tolerances.
    pub atol: Atol,
    /// Most people side by side in one block; 1 to 32. Has no influence on anybody's numbers.
    pub lanes: usize,
    /// Longest step, days (or the model's unit of time).
    pub max_step: f64,
    /// Attempts allowed between two stops.
    pub max_attempts: u64,
    /// Samples at the time of an action or event show the state before it.
    pub samples_before: bool,
    /// Instruction set to run on instead of the machine's best; one the machine lacks is an error of the setup.
    pub instruction_set: Option<InstructionSet>,
}

impl Default for DriveOptions {
    fn default() -> Self {
        DriveOptions {
            rtol: 1e-5,
            atol: Atol::Relative {
                fraction: 1e-3,
                floor: 1e-6,
            },
            lanes: 16,
            max_step: f64::INFINITY,
            max_attempts: 1_000_000,
            samples_before: false,
            instruction_set: None,
        }
    }
}

/// Receives what comes out while it comes out. People are numbered by their place in the list of setups.
pub trait Observer {
    /// Values of the recorded symbols at output time number `row` of a person. Rows come in order; a failed person's last rows do not come.
    fn sample(&mut self, person: usize, row: usize, time: f64, values: &[f64]);

    /// A model event was executed.
    fn met(&mut self, _person: usize, _time: f64, _event: usize) {}

    /// At a person's review time: read any symbol, return what is to be done from now on (times not before `time`, in order).
    fn review(
        &mut self,
        _person: usize,
        _time: f64,
        _value: &mut dyn FnMut(SymbolIndex) -> f64,
    ) -> Vec<Timed> {
        Vec::new()
    }

    /// Somebody has finished or failed.
    fn finished(&mut self, _person: usize, _outcome: &LaneOutcome) {}

    /// Asked now and then; `true` stops everybody where they are.
    fn cancelled(&mut self) -> bool {
        false
    }
}

/// How it ended for one person.
#[derive(Debug, Clone)]
pub struct LaneOutcome {
    /// State at the end (or the last good one), from which to go on.
    pub end: LaneEnd,
    /// Why it ended early, if it did.
    pub failure: Option<Breakdown>,
    /// Solver effort.
    pub work: osteon_ode::Work,
    /// Model events executed.
    pub events: u64,
}

/// Integrates everybody over their timelines. Outcomes come in the order of the setups.
///
/// `record` names the symbols whose values go to [`Observer::sample`]. A person's numbers do not depend on who else is in the list.
///
/// # Errors
/// When a setup asks for what cannot be: unsorted times, a symbol that cannot be set or dosed.
pub fn drive(
    program: &Arc<Program>,
    people: &[LaneSetup],
    record: &[SymbolIndex],
    options: &DriveOptions,
    observer: &mut dyn Observer,
) -> Result<Vec<LaneOutcome>, SetupError> {
    for (person, setup) in people.iter().enumerate() {
        setup.check(person, program)?;
    }
    if let Some(set) = options.instruction_set.filter(|set| !set.is_available()) {
        return Err(SetupError {
            person: 0,
            message: format!("this machine has no {set:?} instructions"),
        });
    }
    Ok(block::Block::new(program, people, record, options, observer).run())
}

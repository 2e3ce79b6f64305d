//! The door between planning and the time loop: what one lane begins from, is to do, and brings back.

use osteon_vm::SymbolIndex;

use crate::plan::Timed;

/// A body at a moment: time, states, and everything else that makes an individual.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Days from the start of the scenario.
    pub time_d: f64,
    /// States in the order of the program.
    pub y: Vec<f64>,
    /// What `osteon_vm::Lanes::save_lane` gives.
    pub lane: Vec<f64>,
}

/// What a lane begins from.
#[derive(Debug, Clone)]
pub(crate) enum Begin {
    /// From start values at a time.
    Fresh {
        /// Time, days.
        time_d: f64,
        /// Start values over the model's own.
        start: Vec<(SymbolIndex, f64)>,
    },
    /// From where another run ended.
    From(Snapshot),
}

/// What is asked of one lane.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Beginning.
    pub(crate) begin: Begin,
    /// Changes from outside in order of time; equal times in the order of the list.
    pub(crate) actions: Vec<Timed>,
    /// Times to read at, in order; a reading at the time of an action is taken before it.
    pub(crate) outputs: Vec<f64>,
    /// End, days.
    pub(crate) until_d: f64,
}

/// What a lane brings back.
#[derive(Debug, Clone)]
pub(crate) struct Driven {
    /// One row for each output time, one value for each recorded symbol; NaN where not reached.
    pub(crate) values: Vec<f64>,
    /// The body at the end, or where it stopped.
    pub(crate) end: Snapshot,
    /// Last time reached, days.
    pub(crate) reached_d: f64,
    /// Model events that happened: time and index.
    pub(crate) events: Vec<(f64, usize)>,
    /// Effort.
    pub(crate) work: osteon_ode::Work,
    /// Why it stopped early, if it did.
    pub(crate) failure: Option<osteon_ode::Failure>,
    /// True if the client asked to stop.
    pub(crate) cancelled: bool,
}

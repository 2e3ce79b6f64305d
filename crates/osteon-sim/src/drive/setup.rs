//! What one person brings: start values, a beginning, a timeline of actions, and the times at which to look.

use std::fmt;

use osteon_vm::{Program, SymbolIndex};

/// Something done to a person at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Adds an amount at once (a dose, a meal), in the unit of the state.
    Add {
        /// What receives it.
        symbol: SymbolIndex,
        /// How much.
        amount: f64,
    },
    /// Gives a symbol a new value, in the symbol's own meaning.
    Set {
        /// What is set.
        symbol: SymbolIndex,
        /// The new value.
        value: f64,
    },
    /// Changes the constant rate at which an amount flows in (begin of an infusion: plus its rate; end: minus).
    Infuse {
        /// What receives it.
        symbol: SymbolIndex,
        /// Change of the rate, amount per time.
        rate_change: f64,
    },
}

impl Action {
    /// What it acts on.
    pub fn symbol(&self) -> SymbolIndex {
        match self {
            Action::Add { symbol, .. }
            | Action::Set { symbol, .. }
            | Action::Infuse { symbol, .. } => *symbol,
        }
    }
}

/// An action and its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed {
    /// When, in the model's unit of time.
    pub time: f64,
    /// What.
    pub action: Action,
}

/// A person's condition at an instant, complete enough to go on from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaneEnd {
    /// When.
    pub time: f64,
    /// States.
    pub states: Vec<f64>,
    /// Everything else that makes the individual: held values, start values, branches ([`osteon_vm::Lanes::save_lane`]).
    pub individual: Vec<f64>,
    /// Infusion rate into each state.
    pub infusions: Vec<f64>,
    /// Truth of each event's condition.
    pub truths: Vec<bool>,
}

/// What a person begins with.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Begin {
    /// The model's initial values, re-derived from the person's start values.
    #[default]
    Initial,
    /// The same, but the states are these (from a lived life under the same start values).
    States(Vec<f64>),
    /// Goes on exactly where somebody stopped; start values are those of then. Pending delayed events are not carried over.
    Continued(LaneEnd),
}

/// One person to be driven.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaneSetup {
    /// Start values that differ from the model's; everything computed from them is re-derived.
    pub start: Vec<(SymbolIndex, f64)>,
    /// States at the beginning.
    pub begin: Begin,
    /// Time of the beginning.
    pub t0: f64,
    /// Time of the end.
    pub until: f64,
    /// What is done, in order of time; same times in the order given.
    pub actions: Vec<Timed>,
    /// Times of samples, in order.
    pub outputs: Vec<f64>,
    /// Times at which [`super::Observer::review`] is asked, in order.
    pub reviews: Vec<f64>,
}

/// A setup that cannot be driven.
#[derive(Debug, Clone, PartialEq)]
pub struct SetupError {
    /// Whose setup.
    pub person: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person {}: {}", self.person, self.message)
    }
}

impl std::error::Error for SetupError {}

impl LaneSetup {
    pub(super) fn check(&self, person: usize, program: &Program) -> Result<(), SetupError> {
        let fault = |message: String| Err(SetupError { person, message });
        let name = |symbol: SymbolIndex| program.name(symbol).to_owned();
        if !(self.t0.is_finite() && self.until.is_finite() && self.until >= self.t0) {
            return fault(format!(
                "the run ends ({}) before it begins ({})",
                self.until, self.t0
            ));
        }
        let sorted = |times: &[f64]| {
            times.iter().all(|t| t.is_finite()) && times.windows(2).all(|w| w[0] <= w[1])
        };
        let inside = |times: &[f64]| {
            times.first().is_none_or(|t| *t >= self.t0)
                && times.last().is_none_or(|t| *t <= self.until)
        };
        for (what, times) in [("samples", &self.outputs), ("reviews", &self.reviews)] {
            if !sorted(times) || !inside(times) {
                return fault(format!(
                    "times of {what} are not in order, or lie outside {} to {}",
                    self.t0, self.until
                ));
            }
        }
        for (symbol, value) in &self.start {
            if !program.settable_at_start(*symbol) {
                return fault(format!(
                    "`{}` is computed and cannot be given a start value",
                    name(*symbol)
                ));
            }
            if !value.is_finite() {
                return fault(format!(
                    "the start value of `{}` is not a finite number",
                    name(*symbol)
                ));
            }
        }
        if let Begin::States(states) = &self.begin
            && states.len() != program.n_states()
        {
            return fault(format!(
                "{} states given, the model has {}",
                states.len(),
                program.n_states()
            ));
        }
        check_actions(&self.actions, self.t0, program).or_else(fault)
    }
}

/// Checks order, finiteness and targets of actions that begin at `t0`.
pub(super) fn check_actions(actions: &[Timed], t0: f64, program: &Program) -> Result<(), String> {
    let mut before = t0;
    for Timed { time, action } in actions {
        let (symbol, number, possible) = match *action {
            Action::Add { symbol, amount } => (symbol, amount, program.settable_now(symbol)),
            Action::Set { symbol, value } => (symbol, value, program.settable_now(symbol)),
            Action::Infuse {
                symbol,
                rate_change,
            } => (symbol, rate_change, program.state_of(symbol).is_some()),
        };
        let name = program.name(symbol);
        if !(time.is_finite() && *time >= before) {
            return Err(format!(
                "the action on `{name}` at {time} comes before {before}"
            ));
        }
        if !possible {
            return Err(format!(
                "`{name}` cannot be dosed or set: it is computed, or no state"
            ));
        }
        if !number.is_finite() {
            return Err(format!(
                "the action on `{name}` at {time} has a number that is not finite"
            ));
        }
        before = *time;
    }
    Ok(())
}

//! Why a person's run ended early, with names, in words that stand alone, and one thing to try.

use std::fmt;

use osteon_ode::{Cause, Failure};
use osteon_vm::Program;

/// What broke.
#[derive(Debug, Clone, PartialEq)]
pub enum BreakdownCause {
    /// A state or its derivative became infinite or not a number.
    NotFinite,
    /// The steps became too small to make progress.
    StepTooSmall,
    /// Too many attempts between two stops.
    TooManySteps,
    /// The linear systems stayed singular.
    Singular,
    /// A comparison flips to and fro at one instant; holds its text.
    Chattering(String),
    /// Events keep setting each other off at one instant; holds the event's name.
    EventLoop(String),
    /// An event's delay is negative or not a number; holds the event's name.
    BadDelay(String),
    /// A review asked for an action that cannot be.
    BadReview(String),
    /// The setup could not be driven at all.
    BadSetup(String),
    /// Stopped from outside.
    Cancelled,
}

/// A failure with names.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// What broke.
    pub cause: BreakdownCause,
    /// Last time with a good state.
    pub time: f64,
    /// Step last tried.
    pub step: f64,
    /// Name of the state that was worst, if there is one.
    pub state: Option<String>,
}

impl Breakdown {
    pub(super) fn new(failure: &Failure, program: &Program) -> Breakdown {
        let cause = match failure.cause {
            Cause::NotFinite => BreakdownCause::NotFinite,
            Cause::StepTooSmall => BreakdownCause::StepTooSmall,
            Cause::TooManySteps => BreakdownCause::TooManySteps,
            Cause::Singular => BreakdownCause::Singular,
            Cause::Chattering => BreakdownCause::Chattering(
                failure
                    .worst
                    .map_or_else(String::new, |s| program.switches()[s].text.clone()),
            ),
        };
        let state = if failure.cause == Cause::Chattering {
            None
        } else {
            failure.worst.map(|i| program.states()[i].clone())
        };
        Breakdown {
            cause,
            time: failure.last_good,
            step: failure.step,
            state,
        }
    }

    /// One thing to try.
    pub fn hint(&self) -> &'static str {
        match self.cause {
            BreakdownCause::NotFinite => {
                "look for a division by zero, or a logarithm or power of a negative number, in the equations of that state"
            }
            BreakdownCause::StepTooSmall => {
                "look for a jump that no `piecewise` declares, or loosen the tolerance of that state"
            }
            BreakdownCause::TooManySteps => {
                "a very fast oscillation or a tolerance that is too tight: raise atol for that state or rtol"
            }
            BreakdownCause::Singular => {
                "look at the last doses and parameters of that person: the Jacobian holds infinities"
            }
            BreakdownCause::Chattering(_) => {
                "give the comparison hysteresis, or make the two branches meet"
            }
            BreakdownCause::EventLoop(_) => "make the event's assignment end its own trigger",
            BreakdownCause::BadDelay(_) => {
                "a delay must be zero or positive whenever the event is triggered"
            }
            BreakdownCause::BadReview(_) => "correct the rule that returned the action",
            BreakdownCause::BadSetup(_) => "correct the dose or value named",
            BreakdownCause::Cancelled => "run it again to the end",
        }
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time;
        let state = self.state.as_deref().unwrap_or("a state");
        match &self.cause {
            BreakdownCause::NotFinite => write!(
                f,
                "`{state}` or its rate became infinite or not a number after t = {time}"
            ),
            BreakdownCause::StepTooSmall => {
                write!(
                    f,
                    "the step needed for `{state}` became too small ({:e}) after t = {time}",
                    self.step
                )
            }
            BreakdownCause::TooManySteps => write!(
                f,
                "too many steps after t = {time}, `{state}` being the hardest"
            ),
            BreakdownCause::Singular => {
                write!(f, "the equations could not be linearised at t = {time}")
            }
            BreakdownCause::Chattering(text) => {
                write!(f, "the comparison `{text}` flips to and fro at t = {time}")
            }
            BreakdownCause::EventLoop(event) => write!(
                f,
                "events set each other off without end at t = {time}, `{event}` among them"
            ),
            BreakdownCause::BadDelay(event) => write!(
                f,
                "the delay of event `{event}` is negative or not a number at t = {time}"
            ),
            BreakdownCause::BadReview(what) => {
                write!(f, "a review at t = {time} asked for the impossible: {what}")
            }
            BreakdownCause::BadSetup(what) => write!(f, "cannot be run: {what}"),
            BreakdownCause::Cancelled => write!(f, "stopped at t = {time}"),
        }
    }
}

//! Why a person's run ended early, with names, in words that stand alone, and one thing to try.

use std::fmt;

use osteon_ode::{Cause, Failure};
use osteon_vm::Program;

use crate::inquest::Finding;

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
    /// A comparison flips to and fro at one instant; holds its text and the symbol in whose equation it stands.
    Chattering {
        /// The comparison, as far as the compiler tells it.
        text: String,
        /// Symbol in whose equation it stands.
        within: String,
    },
    /// Events keep setting each other off at one instant; holds the event's name.
    EventLoop(String),
    /// Events follow each other so fast that the run would not end; holds the event's name.
    EventStorm(String),
    /// An event's delay is negative or not a number; holds the event's name.
    BadDelay(String),
    /// A review asked for an action that cannot be.
    BadReview(String),
    /// The setup could not be driven at all.
    BadSetup(String),
    /// Stopped from outside.
    Cancelled,
}

/// Ids of breakdowns; each has a page in `docs/diagnostics`.
pub const DIAGNOSTIC_IDS: [&str; 9] = [
    "run-no-number",
    "run-step-collapse",
    "run-too-many-steps",
    "run-singular",
    "run-chattering",
    "run-event-loop",
    "run-event-storm",
    "run-bad-delay",
    "run-setup",
];

impl BreakdownCause {
    /// The id of its page. Empty for a run that somebody stopped.
    pub fn id(&self) -> &'static str {
        let [
            no_number,
            step,
            steps,
            singular,
            chattering,
            event_loop,
            storm,
            delay,
            setup,
        ] = DIAGNOSTIC_IDS;
        match self {
            BreakdownCause::NotFinite => no_number,
            BreakdownCause::StepTooSmall => step,
            BreakdownCause::TooManySteps => steps,
            BreakdownCause::Singular => singular,
            BreakdownCause::Chattering { .. } => chattering,
            BreakdownCause::EventLoop(_) => event_loop,
            BreakdownCause::EventStorm(_) => storm,
            BreakdownCause::BadDelay(_) => delay,
            BreakdownCause::BadReview(_) | BreakdownCause::BadSetup(_) => setup,
            BreakdownCause::Cancelled => "",
        }
    }
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
    /// What the equations say about it; empty until somebody who has the model has looked.
    pub finding: Finding,
}

impl Breakdown {
    pub(super) fn new(failure: &Failure, program: &Program) -> Breakdown {
        let cause = match failure.cause {
            Cause::NotFinite => BreakdownCause::NotFinite,
            Cause::StepTooSmall => BreakdownCause::StepTooSmall,
            Cause::TooManySteps => BreakdownCause::TooManySteps,
            Cause::Singular => BreakdownCause::Singular,
            Cause::Chattering => {
                let switch = failure.worst.and_then(|s| program.switches().get(s));
                BreakdownCause::Chattering {
                    text: switch.map_or_else(String::new, |s| s.text.clone()),
                    within: switch.map_or_else(String::new, |s| s.within.clone()),
                }
            }
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
            finding: Finding::default(),
        }
    }

    /// A breakdown that no state is to blame for.
    pub(crate) fn at(time: f64, cause: BreakdownCause) -> Breakdown {
        Breakdown {
            cause,
            time,
            step: 0.0,
            state: None,
            finding: Finding::default(),
        }
    }

    /// One thing to try.
    pub fn hint(&self) -> &str {
        if let Some(hint) = &self.finding.hint {
            return hint;
        }
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
            BreakdownCause::Chattering { .. } => {
                "give the comparison hysteresis, or make the two branches meet"
            }
            BreakdownCause::EventLoop(_) => "make the event's assignment end its own trigger",
            BreakdownCause::EventStorm(_) => {
                "give the event's condition two thresholds, or let the event happen on a clock of its own"
            }
            BreakdownCause::BadDelay(_) => {
                "a delay must be zero or positive whenever the event is triggered"
            }
            BreakdownCause::BadReview(_) => "correct the rule that returned the action",
            BreakdownCause::BadSetup(_) => "correct the dose or value named",
            BreakdownCause::Cancelled => "run it again to the end",
        }
    }
}

impl Breakdown {
    /// What happened, without the time: a clause about the state or event.
    pub fn what(&self) -> String {
        let state = match (&self.finding.state, &self.state) {
            (Some(told), _) => told.clone(),
            (None, Some(name)) => format!("`{name}`"),
            (None, None) => "a state".to_owned(),
        };
        match &self.cause {
            BreakdownCause::NotFinite => {
                format!("{state} or its rate became infinite or not a number")
            }
            BreakdownCause::StepTooSmall => format!(
                "the step needed for {state} became too small ({:.1e})",
                self.step
            ),
            BreakdownCause::TooManySteps => format!("too many steps, {state} being the hardest"),
            BreakdownCause::Singular => "the equations could not be linearised".to_owned(),
            BreakdownCause::Chattering { text, .. } => {
                format!("the {text} flips to and fro")
            }
            BreakdownCause::EventLoop(event) => {
                format!("events follow each other without end at one instant, `{event}` among them")
            }
            BreakdownCause::EventStorm(event) => {
                format!(
                    "events follow each other too fast for the run to end, `{event}` the last of them"
                )
            }
            BreakdownCause::BadDelay(event) => {
                format!("the delay of event `{event}` is negative or not a number")
            }
            BreakdownCause::BadReview(what) => {
                format!("a review asked for the impossible: {what}")
            }
            BreakdownCause::BadSetup(what) => format!("cannot be run: {what}"),
            BreakdownCause::Cancelled => "stopped from outside".to_owned(),
        }
    }

    /// What happened and why, without the time.
    pub fn message(&self) -> String {
        match &self.finding.cause {
            Some(cause) => format!("{}; likely cause: {cause}", self.what()),
            None => self.what(),
        }
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at t = {}: {}", shown(self.time), self.message())
    }
}

/// Nine digits: enough to find the place, too few to hide it.
fn shown(time: f64) -> f64 {
    format!("{time:.8e}").parse().unwrap_or(time)
}

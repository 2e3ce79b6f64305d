//! Why a lane stopped being integrated. States and switches are numbered; whoever knows names adds them.

/// Cause of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A derivative or a state became infinite or not a number, however small the step.
    NotFinite,
    /// The step size fell below what the time can resolve.
    StepTooSmall,
    /// More attempts than allowed between two stops.
    TooManySteps,
    /// The matrix of the linear systems stayed singular.
    Singular,
    /// A comparison flips to and fro at one instant: the solution slides along a discontinuity.
    Chattering,
}

/// A lane's failure: cause, place and the state (or switch) that was worst.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{cause:?} at t = {time}, step {step:e}, worst index {worst:?}, last good time {last_good}"
)]
pub struct Failure {
    /// What went wrong.
    pub cause: Cause,
    /// Time the failing step started from, in the system's unit.
    pub time: f64,
    /// Step size last tried.
    pub step: f64,
    /// Number of the worst state, or of the switch when the cause is chattering.
    pub worst: Option<usize>,
    /// Last time at which the lane held an accepted state.
    pub last_good: f64,
}

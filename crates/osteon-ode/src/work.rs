//! Counters of the work done for one lane. They say what a result cost and never change it.

/// Work of one lane since it started. A lane waiting for its neighbours is not charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps accepted.
    pub steps: u64,
    /// Steps rejected by the error test, by a number that is not finite, or by a singular matrix.
    pub rejected: u64,
    /// Steps repeated to land on a crossing.
    pub landings: u64,
    /// Evaluations of the right-hand side.
    pub rhs: u64,
    /// Evaluations of the Jacobian.
    pub jac: u64,
    /// Factorisations.
    pub lu: u64,
    /// Triangular solves.
    pub solves: u64,
    /// Evaluations of the margins of switches and triggers.
    pub margins: u64,
    /// Switches flipped.
    pub flips: u64,
}

impl Work {
    /// Adds another lane's work.
    pub fn add(&mut self, other: &Work) {
        self.steps += other.steps;
        self.rejected += other.rejected;
        self.landings += other.landings;
        self.rhs += other.rhs;
        self.jac += other.jac;
        self.lu += other.lu;
        self.solves += other.solves;
        self.margins += other.margins;
        self.flips += other.flips;
    }
}

//! What the integrator asks of a set of equations. Implemented by the tapes and, by hand, by the test problems.

use osteon_vm::Passes;

/// Equations `y' = f(t, y)` over a block of lanes.
///
/// All slices are structures of arrays: with `L = lanes()`, row `i` of a matrix is `[i*L .. (i+1)*L]`, `t` has length `L`.
/// An implementation must work lane by lane: what comes out in one lane may not depend on another lane's numbers, and a lane
/// that holds not-a-number must not disturb its neighbours. Jacobian, forcing and step sizes are the integrator's business.
pub trait System {
    /// Number of states.
    fn n_states(&self) -> usize;
    /// Number of lanes in the block.
    fn lanes(&self) -> usize;
    /// Number of comparisons inside the equations. Their branches are frozen inside a step and flipped at a located crossing.
    fn n_switches(&self) -> usize {
        0
    }
    /// Number of event conditions watched for edges.
    fn n_triggers(&self) -> usize {
        0
    }
    /// True when `f` does not read the time, so that [`System::dfdt`] is not called. Asked once.
    fn is_autonomous(&mut self) -> bool {
        false
    }
    /// False for a state that no equation reads (a counter): such a state is never asked to be steady.
    fn is_read(&self, _state: usize) -> bool {
        true
    }
    /// Right-hand side with the branches as set.
    fn rhs(&mut self, t: &[f64], y: &[f64], dydt: &mut [f64]);
    /// Partial derivative of the right-hand side by time.
    fn dfdt(&mut self, t: &[f64], y: &[f64], out: &mut [f64]);
    /// Factors `diag(diagonal[lane])·I − J(t, y)` for every lane; `ok[lane]` says whether the factors can be trusted.
    fn factor(&mut self, t: &[f64], y: &[f64], diagonal: &[f64], ok: &mut [bool]);
    /// Solves with the last factors, in place.
    fn solve(&mut self, b: &mut [f64]);
    /// `out` = solution with the last factors for the right-hand side `f(t, y) + add`: one stage of the method.
    fn increment(&mut self, t: &[f64], y: &[f64], add: &[f64], out: &mut [f64]) {
        self.rhs(t, y, out);
        out.iter_mut().zip(add).for_each(|(x, add)| *x += add);
        self.solve(out);
    }
    /// The instruction set that loops over rows should use.
    fn passes(&self) -> Passes {
        Passes::best()
    }
    /// False for a state that no margin reads.
    fn is_watched(&self, _state: usize) -> bool {
        true
    }
    /// Margins of all switches and triggers in passing, where of `y` only watched states are right. False if the margins have to be
    /// asked for at the whole point after all.
    fn probe(&mut self, t: &[f64], y: &[f64], switches: &mut [f64], triggers: &mut [f64]) -> bool {
        self.switch_margins(t, y, switches);
        self.trigger_margins(t, y, triggers);
        true
    }
    /// One margin for each switch: the comparison is true exactly when its margin is greater than zero.
    fn switch_margins(&mut self, _t: &[f64], _y: &[f64], _out: &mut [f64]) {}
    /// Freezes a switch of one lane.
    fn set_branch(&mut self, _lane: usize, _switch: usize, _on: bool) {}
    /// Freezes a switch the other way at a crossing that was located; a system that carries sensitivities changes them in `y`.
    fn cross_switch(&mut self, lane: usize, switch: usize, on: bool, _t: &[f64], _y: &mut [f64]) {
        self.set_branch(lane, switch, on);
    }
    /// The branch as frozen.
    fn branch(&self, _lane: usize, _switch: usize) -> bool {
        false
    }
    /// One margin for each trigger: the condition is true exactly when its margin is greater than zero.
    fn trigger_margins(&mut self, _t: &[f64], _y: &[f64], _out: &mut [f64]) {}
}

//! Steady states: found from far away, with conserved totals, with switches on the way; absent ones are named.

use osteon_ode::problems::{Dense, Equations, Robertson};
use osteon_ode::{SteadyOptions, steady, zero_modes};

/// A pool that fills at a rate and empties by saturation, feeding a slow pool; the last state only counts.
struct Pools {
    intake: Vec<f64>,
}

impl Equations for Pools {
    fn n(&self) -> usize {
        3
    }
    fn rhs(&self, lane: usize, _: f64, y: &[f64], on: &[bool], d: &mut [f64]) {
        let out = 10.0 * y[0] / (2.0 + y[0]) * if on[0] { 2.0 } else { 1.0 };
        d[0] = self.intake[lane] - out;
        d[1] = 1e-3 * (y[0] * y[0] - y[1]);
        d[2] = out;
    }
    fn jacobian(&self, _: usize, _: f64, y: &[f64], on: &[bool], j: &mut [f64]) {
        let slope = 20.0 / ((2.0 + y[0]) * (2.0 + y[0])) * if on[0] { 2.0 } else { 1.0 };
        j.copy_from_slice(&[-slope, 0.0, 0.0, 2e-3 * y[0], -1e-3, 0.0, slope, 0.0, 0.0]);
    }
    fn switches(&self) -> usize {
        1
    }
    fn margins(&self, _: usize, _: f64, y: &[f64], out: &mut [f64]) {
        out[0] = y[0] - 50.0;
    }
}

/// The counter is not read; everything else is as it is.
struct WithCounter(Dense<Pools>);

impl osteon_ode::System for WithCounter {
    fn n_states(&self) -> usize {
        self.0.n_states()
    }
    fn lanes(&self) -> usize {
        self.0.lanes()
    }
    fn n_switches(&self) -> usize {
        self.0.n_switches()
    }
    fn is_read(&self, state: usize) -> bool {
        state != 2
    }
    fn rhs(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        self.0.rhs(t, y, out);
    }
    fn dfdt(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        self.0.dfdt(t, y, out);
    }
    fn factor(&mut self, t: &[f64], y: &[f64], diagonal: &[f64], ok: &mut [bool]) {
        self.0.factor(t, y, diagonal, ok);
    }
    fn solve(&mut self, b: &mut [f64]) {
        self.0.solve(b);
    }
    fn switch_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        self.0.switch_margins(t, y, out);
    }
    fn set_branch(&mut self, lane: usize, switch: usize, on: bool) {
        self.0.set_branch(lane, switch, on);
    }
    fn branch(&self, lane: usize, switch: usize) -> bool {
        self.0.branch(lane, switch)
    }
}

#[test]
fn pools_settle_and_counters_are_left_alone() {
    let mut system = WithCounter(Dense::new(
        Pools {
            intake: vec![5.0, 9.9, 15.0, 25.0],
        },
        4,
    ));
    let mut y = vec![100.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 7.0, 7.0, 7.0, 7.0];
    let found = steady(&mut system, &[0.0; 4], &mut y, &SteadyOptions::default());
    // 5 = 10 y/(2+y) → y = 2; 9.9 → 198, which is beyond 50 where the outflow doubles: 9.9/20 → 1.96 is below 50, so the lane
    // slides and has no steady state; 15 exceeds the single capacity and meets the jump as well; 25 exceeds both.
    assert!(
        (y[0] - 2.0).abs() < 1e-9 && (y[4] - 4.0).abs() < 1e-9,
        "{y:?}"
    );
    assert_eq!(y[8], 7.0);
    let first = found[0].as_ref().expect("lane 0 settles");
    assert!(first.drift < 1e-9 && first.correction < 1e-9, "{first:?}");
    for lost in &found[1..] {
        let lost = lost.expect_err("no steady state");
        assert!(lost.drift > 1e-6, "{lost:?}");
    }
}

/// All mass of Robertson's reaction ends in the third species, and the total is conserved on the way.
#[test]
fn conserved_totals_stay() {
    let mut system = Dense::new(Robertson, 1);
    let mut y = vec![0.9, 1e-5, 0.3];
    let total: f64 = y.iter().sum();
    let options = SteadyOptions {
        horizon: 1e12,
        floor: 1e-6,
        drift: 1e-6,
        max_iterations: 500,
        ..SteadyOptions::default()
    };
    let found = steady(&mut system, &[0.0], &mut y, &options).remove(0);
    assert!(found.is_ok(), "{found:?} {y:?}");
    assert!((y.iter().sum::<f64>() - total).abs() < 1e-9, "{y:?}");
    let (count, states) = zero_modes(&mut system, &[0.0], &[0.5, 1e-5, 0.5], 1e-9).remove(0);
    assert_eq!(count, 1);
    assert!(!states.is_empty());
}

//! Steady states: Newton's method reached through pseudo-transient steps, with time held, and integration when that gets lost.
//!
//! Each iteration is one linearly implicit Euler step `(I/τ − J) δ = f`. Small τ follows the flow, large τ is Newton's method; τ grows
//! as the residual falls (C. T. Kelley & D. E. Keyes, SIAM J. Numer. Anal. 35 (1998) 508, doi:10.1137/S0036142996304796). Because τ
//! stays finite, linear totals that the equations conserve are conserved and need no special treatment: the steady state found is
//! the one with the totals of the start. Counters (states nobody reads) are left alone.

use crate::integrator::{Integrator, Options};
use crate::system::System;

/// What counts as steady.
#[derive(Clone, Debug)]
pub struct SteadyOptions {
    /// Time over which a steady state must not drift, in the system's unit.
    pub horizon: f64,
    /// Largest relative change over the horizon that is allowed.
    pub drift: f64,
    /// Size below which a state's changes do not matter, in the state's unit.
    pub floor: f64,
    /// Iterations allowed, before and again after the fallback.
    pub max_iterations: u32,
    /// Whether to integrate over ten horizons and try again when the iteration does not converge.
    pub fallback: bool,
}

impl Default for SteadyOptions {
    /// Twenty years in days, one part in 10⁹.
    fn default() -> Self {
        SteadyOptions {
            horizon: 7305.0,
            drift: 1e-9,
            floor: 1e-9,
            max_iterations: 200,
            fallback: true,
        }
    }
}

/// A steady state was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady {
    /// Iterations used.
    pub iterations: u32,
    /// Largest relative change of a state over the horizon, at the rate that is left.
    pub drift: f64,
    /// State with that change.
    pub worst: usize,
    /// Largest relative size of the last correction: an estimate of the distance from the steady state.
    pub correction: f64,
    /// True if integration had to help.
    pub integrated: bool,
}

/// None was found.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "no steady state after {iterations} iterations: state {worst} still changes by {drift:e} of itself over the horizon"
)]
pub struct Unsteady {
    /// Iterations used.
    pub iterations: u32,
    /// Largest relative change over the horizon at the last point.
    pub drift: f64,
    /// State with that change.
    pub worst: usize,
}

/// How much longer than the horizon the longest pseudo-step is.
const LONGEST: f64 = 1e3;

#[derive(Clone, Debug)]
struct Search {
    tau: f64,
    rate: f64,
    quiet: u32,
    iterations: u32,
    correction: f64,
    done: Option<bool>,
}

/// Moves every lane's `y` to a steady state near it, with the times `t` held. One verdict a lane; a lane without a steady state
/// keeps the last point.
pub fn steady<S: System>(
    system: &mut S,
    t: &[f64],
    y: &mut [f64],
    options: &SteadyOptions,
) -> Vec<Result<Steady, Unsteady>> {
    let start = y.to_vec();
    let first = search(system, t, y, options, None);
    if !options.fallback || first.iter().all(Result::is_ok) {
        return first;
    }
    // Back to the start for the lanes that were lost, then with the flow for a long while.
    let lanes = system.lanes();
    let lost: Vec<bool> = first.iter().map(Result::is_err).collect();
    let n = system.n_states();
    let integration = Options {
        rtol: 1e-6,
        atol: vec![options.floor * 1e-3],
        ..Options::default()
    };
    let mut integrator = Integrator::new(
        Held {
            system: &mut *system,
            t: t.to_vec(),
        },
        integration,
    );
    for lane in (0..lanes).filter(|l| lost[*l]) {
        let own: Vec<f64> = (0..n).map(|i| start[i * lanes + lane]).collect();
        integrator.start(lane, 0.0, &own);
        integrator.set_stop(lane, 10.0 * options.horizon);
    }
    while integrator.step() {}
    for lane in (0..lanes).filter(|l| lost[*l]) {
        for i in 0..n {
            y[i * lanes + lane] = integrator.state(lane, i);
        }
    }
    drop(integrator);
    let mut second = search(system, t, y, options, Some(&lost));
    for (lane, verdict) in second.iter_mut().enumerate() {
        if !lost[lane] {
            *verdict = first[lane];
        } else if let Ok(found) = verdict {
            found.integrated = true;
        }
    }
    second
}

fn search<S: System>(
    system: &mut S,
    t: &[f64],
    y: &mut [f64],
    options: &SteadyOptions,
    only: Option<&[bool]>,
) -> Vec<Result<Steady, Unsteady>> {
    let (n, lanes) = (system.n_states(), system.lanes());
    let read: Vec<bool> = (0..n).map(|i| system.is_read(i)).collect();
    let mut f = vec![0.0; n * lanes];
    let mut delta = vec![0.0; n * lanes];
    let mut margins = vec![0.0; system.n_switches() * lanes];
    let mut diagonal = vec![1.0; lanes];
    let mut ok = vec![true; lanes];
    let fresh = Search {
        tau: 0.0,
        rate: f64::NAN,
        quiet: 0,
        iterations: 0,
        correction: f64::INFINITY,
        done: None,
    };
    let mut lane: Vec<Search> = vec![fresh; lanes];
    if let Some(only) = only {
        for (l, wanted) in lane.iter_mut().zip(only) {
            l.done = if *wanted { None } else { Some(true) };
        }
    }
    let longest = LONGEST * options.horizon;
    let size = |y: f64| y.abs() + options.floor;
    while lane.iter().any(|l| l.done.is_none()) {
        settle_branches(system, t, y, &mut margins);
        system.rhs(t, y, &mut f);
        for (l, s) in lane
            .iter_mut()
            .enumerate()
            .filter(|(_, s)| s.done.is_none())
        {
            let mut rate = 0.0f64;
            for i in (0..n).filter(|i| read[*i]) {
                let e = i * lanes + l;
                rate = if f[e].is_finite() {
                    rate.max(f[e].abs() / size(y[e]))
                } else {
                    f64::INFINITY
                };
            }
            if !rate.is_finite() {
                s.done = Some(false);
                continue;
            }
            s.tau = if s.rate.is_nan() {
                if rate > 0.0 { 0.1 / rate } else { longest }
            } else {
                s.tau
                    * (s.rate / rate.max(f64::MIN_POSITIVE))
                        .clamp(0.5, 8.0)
                        .max(if s.correction < 0.1 { 2.0 } else { 0.5 })
            };
            s.tau = s.tau.min(longest);
            s.rate = rate;
            diagonal[l] = 1.0 / s.tau;
        }
        // A lane whose correction is too bold is tried again with a shorter pseudo-step, without a new right-hand side.
        let mut waiting: Vec<bool> = lane.iter().map(|s| s.done.is_none()).collect();
        while waiting.iter().any(|w| *w) {
            delta.copy_from_slice(&f);
            system.factor(t, y, &diagonal, &mut ok);
            system.solve(&mut delta);
            for l in 0..lanes {
                if !waiting[l] {
                    continue;
                }
                let s = &mut lane[l];
                s.iterations += 1;
                let (mut correction, mut bold) = (0.0f64, !ok[l]);
                for i in (0..n).filter(|i| read[*i]) {
                    let e = i * lanes + l;
                    let part = delta[e] / size(y[e]);
                    bold |= !part.is_finite()
                        || part > 3.0
                        || (y[e] > options.floor && delta[e] < -0.9 * y[e]);
                    correction = correction.max(part.abs());
                }
                if bold && s.iterations < options.max_iterations {
                    s.tau *= 0.25;
                    diagonal[l] = 1.0 / s.tau;
                    if s.tau < 1e-12 * options.horizon {
                        (s.done, waiting[l]) = (Some(false), false);
                    }
                    continue;
                }
                waiting[l] = false;
                if bold {
                    s.done = Some(false);
                    continue;
                }
                for i in (0..n).filter(|i| read[*i]) {
                    y[i * lanes + l] += delta[i * lanes + l];
                }
                s.correction = correction;
                // A pseudo-step of many horizons that changes nothing, three times running: the later ones are the polish.
                s.quiet = if correction <= options.drift && s.tau >= longest {
                    s.quiet + 1
                } else {
                    0
                };
                if s.quiet >= 3 {
                    s.done = Some(true);
                } else if s.iterations >= options.max_iterations {
                    s.done = Some(false);
                }
            }
        }
    }
    settle_branches(system, t, y, &mut margins);
    system.rhs(t, y, &mut f);
    lane.iter()
        .enumerate()
        .map(|(l, s)| {
            let (mut drift, mut worst) = (0.0f64, 0);
            for i in (0..n).filter(|i| read[*i]) {
                let e = i * lanes + l;
                let part = f[e].abs() * options.horizon / size(y[e]);
                if part > drift || part.is_nan() {
                    (drift, worst) = (part, i);
                }
            }
            match s.done {
                Some(true) if drift <= options.drift.max(1e-6) => Ok(Steady {
                    iterations: s.iterations,
                    drift,
                    worst,
                    correction: s.correction,
                    integrated: false,
                }),
                _ => Err(Unsteady {
                    iterations: s.iterations,
                    drift,
                    worst,
                }),
            }
        })
        .collect()
}

fn settle_branches<S: System>(system: &mut S, t: &[f64], y: &[f64], margins: &mut [f64]) {
    let lanes = system.lanes();
    for _ in 0..system.n_switches() + 1 {
        system.switch_margins(t, y, margins);
        let mut changed = false;
        for switch in 0..system.n_switches() {
            for lane in 0..lanes {
                let on = margins[switch * lanes + lane] > 0.0;
                if on != system.branch(lane, switch) {
                    system.set_branch(lane, switch, on);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
}

/// How many independent directions no equation drives at a point (conserved totals, counters), and which states carry at least a
/// hundredth of one.
///
/// As `d → 0`, `d (d I − J)⁻¹` becomes the projector onto them, whose trace is their number. `d` must be far below the slowest
/// rate of the system: one over a thousand horizons is. Costs one solve a state. Returns number and states, by lane.
pub fn zero_modes<S: System>(
    system: &mut S,
    t: &[f64],
    y: &[f64],
    d: f64,
) -> Vec<(usize, Vec<usize>)> {
    let (n, lanes) = (system.n_states(), system.lanes());
    let mut ok = vec![true; lanes];
    system.factor(t, y, &vec![d; lanes], &mut ok);
    let mut trace = vec![0.0; lanes];
    let mut states = vec![Vec::new(); lanes];
    let mut column = vec![0.0; n * lanes];
    for j in 0..n {
        column.fill(0.0);
        column[j * lanes..(j + 1) * lanes].fill(d);
        system.solve(&mut column);
        for lane in 0..lanes {
            let own = column[j * lanes + lane];
            trace[lane] += own;
            if own.abs() > 1e-2 {
                states[lane].push(j);
            }
        }
    }
    trace
        .iter()
        .map(|t| t.round().max(0.0) as usize)
        .zip(states)
        .collect()
}

/// A system whose clock stands still.
struct Held<'a, S> {
    system: &'a mut S,
    t: Vec<f64>,
}

impl<S: System> System for Held<'_, S> {
    fn n_states(&self) -> usize {
        self.system.n_states()
    }
    fn lanes(&self) -> usize {
        self.system.lanes()
    }
    fn n_switches(&self) -> usize {
        self.system.n_switches()
    }
    fn is_autonomous(&mut self) -> bool {
        true
    }
    fn rhs(&mut self, _: &[f64], y: &[f64], dydt: &mut [f64]) {
        self.system.rhs(&self.t, y, dydt);
    }
    fn dfdt(&mut self, _: &[f64], _: &[f64], out: &mut [f64]) {
        out.fill(0.0);
    }
    fn factor(&mut self, _: &[f64], y: &[f64], diagonal: &[f64], ok: &mut [bool]) {
        self.system.factor(&self.t, y, diagonal, ok);
    }
    fn solve(&mut self, b: &mut [f64]) {
        self.system.solve(b);
    }
    fn switch_margins(&mut self, _: &[f64], y: &[f64], out: &mut [f64]) {
        self.system.switch_margins(&self.t, y, out);
    }
    fn set_branch(&mut self, lane: usize, switch: usize, on: bool) {
        self.system.set_branch(lane, switch, on);
    }
    fn branch(&self, lane: usize, switch: usize) -> bool {
        self.system.branch(lane, switch)
    }
}

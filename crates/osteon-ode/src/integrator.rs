//! One step at a time for a block of lanes: stages, error test, commit. Each lane keeps its own time, step and fate.
//!
//! Invariant: whatever a lane computes reads only that lane's column, so neighbours cannot change a bit of it.

use crate::control::{self, Memory};
use crate::crossing::Bracket;
use crate::dense_output::DenseOutput;
use crate::failure::{Cause, Failure};
use crate::passes::{AddScaled, Advance, Combine, Errors, Spread, Sum, Take};
use crate::rodas5p::{self as tableau, C_TIME, D, GAMMA};
use crate::system::System;
use crate::work::Work;
use osteon_vm::Passes;

/// What accuracy is asked for, and the limits.
#[derive(Clone, Debug)]
pub struct Options {
    /// Relative tolerance of a step, for the worst state (no averaging over states: an added state never loosens the others).
    pub rtol: f64,
    /// Absolute tolerance of each state, in the state's unit; a single entry serves all.
    pub atol: Vec<f64>,
    /// Longest step allowed, in the system's time.
    pub max_step: f64,
    /// Attempts allowed between two stops.
    pub max_attempts: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            rtol: 1e-6,
            atol: vec![1e-9],
            max_step: f64::INFINITY,
            max_attempts: 1_000_000,
        }
    }
}

/// What the last call of [`Integrator::step`] did for one lane. Several can be true at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The lane's time advanced; the interpolant covers the way.
    pub moved: bool,
    /// The lane stands at its stop and waits for a new one.
    pub stopped: bool,
    /// A trigger changed at the lane's new time (it rose or fell; see [`Integrator::trigger`]). The lane goes on if nothing is done.
    pub triggered: bool,
    /// The lane failed; it keeps its last good state.
    pub failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Idle,
    Active,
    Failed,
}

#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) status: Status,
    pub(crate) stop: f64,
    /// Step the controller wishes; not a number when nothing is known yet.
    pub(crate) wish: f64,
    /// Best first step after a jump, learnt from earlier jumps; zero when unknown.
    pub(crate) kick_step: f64,
    pub(crate) memory: Memory,
    pub(crate) attempts: u64,
    pub(crate) tolerance_scale: f64,
    /// Something was changed from outside: branches have to be derived anew.
    pub(crate) dirty: bool,
    /// The next accepted step is the first after a jump.
    pub(crate) kicked: bool,
    /// The stored derivative belongs to the current state.
    pub(crate) fresh: bool,
    /// The last step may be undone: nobody has acted on its end.
    pub(crate) can_take_back: bool,
    // The attempt under way.
    pub(crate) trying: bool,
    pub(crate) ends_at_stop: bool,
    pub(crate) error: f64,
    pub(crate) worst: Option<usize>,
    /// Longest time between two looks at margins inside a step, and the looks of this attempt.
    pub(crate) look: f64,
    pub(crate) looks: u32,
    /// Attempts to land on a crossing so far; zero in an ordinary step.
    pub(crate) landing: u8,
    pub(crate) landing_step: f64,
    // The last accepted step.
    pub(crate) t_start: f64,
    pub(crate) h_full: f64,
    pub(crate) progress: Progress,
    pub(crate) failure: Option<Failure>,
    pub(crate) work: Work,
}

impl Lane {
    fn new() -> Self {
        Lane {
            status: Status::Idle,
            stop: 0.0,
            wish: f64::NAN,
            kick_step: 0.0,
            memory: Memory::default(),
            attempts: 0,
            tolerance_scale: 1.0,
            dirty: false,
            kicked: false,
            fresh: false,
            can_take_back: false,
            trying: false,
            ends_at_stop: false,
            error: 0.0,
            worst: None,
            look: f64::INFINITY,
            looks: 0,
            landing: 0,
            landing_step: 0.0,
            t_start: 0.0,
            h_full: 1.0,
            progress: Progress::default(),
            failure: None,
            work: Work::default(),
        }
    }
}

/// Integrates a block of lanes of one [`System`]. All memory is taken when it is made; stepping takes none.
///
/// Use: [`start`](Self::start) each lane, [`set_stop`](Self::set_stop), call [`step`](Self::step) until the lanes stand at their
/// stops, change states through [`parts`](Self::parts) followed by [`restart`](Self::restart), give the next stops, and so on.
#[derive(Debug)]
pub struct Integrator<S: System> {
    pub(crate) system: S,
    pub(crate) n: usize,
    pub(crate) lanes: usize,
    timed: bool,
    pub(crate) atol: Vec<f64>,
    pub(crate) options: Options,
    pub(crate) lane: Vec<Lane>,
    pub(crate) t: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) f: Vec<f64>,
    pub(crate) forcing: Vec<f64>,
    pub(crate) forced: bool,
    pub(crate) h: Vec<f64>,
    pub(crate) passes: Passes,
    inverse_h: Vec<f64>,
    step_inverse: Vec<f64>,
    scale: Vec<f64>,
    error: Vec<f64>,
    worst: Vec<u64>,
    choice: Vec<u64>,
    /// All states, and those that margins read.
    pub(crate) every: Vec<u32>,
    pub(crate) watched: Vec<u32>,
    diagonal: Vec<f64>,
    ok: Vec<bool>,
    dfdt: Vec<f64>,
    pub(crate) k: [Vec<f64>; 8],
    pub(crate) stage: Vec<f64>,
    pub(crate) stage_t: Vec<f64>,
    pub(crate) stage_f: Vec<f64>,
    pub(crate) carry: Vec<f64>,
    pub(crate) y_start: Vec<f64>,
    pub(crate) y_end: Vec<f64>,
    pub(crate) dense: DenseOutput,
    pub(crate) theta: Vec<f64>,
    // Switches first, then triggers; one row each.
    pub(crate) margins: Vec<f64>,
    pub(crate) margins_end: Vec<f64>,
    pub(crate) margins_probe: Vec<f64>,
    pub(crate) margins_a: Vec<f64>,
    pub(crate) margins_b: Vec<f64>,
    pub(crate) bits: Vec<bool>,
    pub(crate) ignored: Vec<bool>,
    pub(crate) last_flip: Vec<f64>,
    pub(crate) deaf_until: Vec<f64>,
    pub(crate) stalls: Vec<u8>,
    pub(crate) bracket: Vec<Bracket>,
}

impl<S: System> Integrator<S> {
    /// Takes over a system; all lanes are idle until started.
    ///
    /// # Panics
    /// When `options.atol` has neither one entry nor one for each state.
    pub fn new(mut system: S, options: Options) -> Self {
        let timed = !system.is_autonomous();
        let passes = system.passes();
        let (n, lanes) = (system.n_states(), system.lanes());
        assert!(
            options.atol.len() == 1 || options.atol.len() == n,
            "one absolute tolerance, or one for each state"
        );
        let rows = system.n_switches() + system.n_triggers();
        let len = n * lanes;
        let block = || vec![0.0; len];
        let atol = (0..len)
            .map(|e| {
                options.atol[if options.atol.len() == 1 {
                    0
                } else {
                    e / lanes
                }]
            })
            .collect();
        Integrator {
            n,
            lanes,
            timed,
            atol,
            options,
            lane: vec![Lane::new(); lanes],
            t: vec![0.0; lanes],
            y: block(),
            f: block(),
            forcing: block(),
            forced: false,
            h: vec![1.0; lanes],
            passes,
            inverse_h: block(),
            step_inverse: vec![1.0; lanes],
            scale: vec![1.0; lanes],
            error: vec![0.0; lanes],
            worst: vec![0; lanes],
            choice: vec![0; lanes],
            watched: (0..n as u32)
                .filter(|i| system.is_watched(*i as usize))
                .collect(),
            every: (0..n as u32).collect(),
            diagonal: vec![1.0; lanes],
            ok: vec![true; lanes],
            dfdt: block(),
            k: std::array::from_fn(|_| block()),
            stage: block(),
            stage_t: vec![0.0; lanes],
            stage_f: block(),
            carry: block(),
            y_start: block(),
            y_end: block(),
            dense: DenseOutput::new(len, passes),
            theta: vec![1.0; lanes],
            margins: vec![0.0; rows * lanes],
            margins_end: vec![0.0; rows * lanes],
            margins_probe: vec![0.0; rows * lanes],
            margins_a: vec![0.0; rows * lanes],
            margins_b: vec![0.0; rows * lanes],
            bits: vec![false; rows * lanes],
            ignored: vec![false; rows * lanes],
            last_flip: vec![f64::NEG_INFINITY; rows * lanes],
            deaf_until: vec![f64::NEG_INFINITY; rows * lanes],
            stalls: vec![0; rows * lanes],
            bracket: vec![Bracket::default(); lanes],
            system,
        }
    }

    /// Number of lanes of the block.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// The system.
    pub fn system(&self) -> &S {
        &self.system
    }

    /// The system, to change what it holds; lanes whose equations change need [`restart`](Self::restart).
    pub fn system_mut(&mut self) -> &mut S {
        &mut self.system
    }

    /// Gives the system back.
    pub fn into_system(self) -> S {
        self.system
    }

    /// System, times and states together, for calls that need all of them. Lanes whose state is written need
    /// [`restart`](Self::restart).
    pub fn parts(&mut self) -> (&mut S, &[f64], &mut [f64]) {
        (&mut self.system, &self.t, &mut self.y)
    }

    /// Times of the lanes.
    pub fn times(&self) -> &[f64] {
        &self.t
    }

    /// States of the block, row by row.
    pub fn states(&self) -> &[f64] {
        &self.y
    }

    /// One state of one lane.
    pub fn state(&self, lane: usize, state: usize) -> f64 {
        self.y[state * self.lanes + lane]
    }

    /// Changes one state of one lane, as a dose does; [`restart`](Self::restart) afterwards.
    pub fn set_state(&mut self, lane: usize, state: usize, value: f64) {
        self.y[state * self.lanes + lane] = value;
    }

    /// Starts a lane at a time and state (one value for each state), forgetting whoever was in it.
    pub fn start(&mut self, lane: usize, t: f64, y: &[f64]) {
        for (i, value) in y.iter().enumerate() {
            self.y[i * self.lanes + lane] = *value;
        }
        self.start_here(lane, t);
    }

    /// Starts a lane at a time, with the state that stands in [`parts`](Self::parts) already.
    pub fn start_here(&mut self, lane: usize, t: f64) {
        self.t[lane] = t;
        self.lane[lane] = Lane {
            dirty: true,
            stop: t,
            t_start: t,
            ..Lane::new()
        };
        for i in 0..self.n {
            self.forcing[i * self.lanes + lane] = 0.0;
        }
        for row in 0..self.rows() {
            let e = row * self.lanes + lane;
            self.last_flip[e] = f64::NEG_INFINITY;
            self.deaf_until[e] = f64::NEG_INFINITY;
            self.stalls[e] = 0;
            self.ignored[e] = false;
        }
    }

    /// Takes a lane out: it is idle, whatever it was, and costs its neighbours nothing but the arithmetic.
    pub fn park(&mut self, lane: usize) {
        self.lane[lane].status = Status::Idle;
        self.lane[lane].dirty = false;
    }

    /// Time at which a lane must next stand still. A stop that is not later than now leaves the lane idle.
    pub fn set_stop(&mut self, lane: usize, t: f64) {
        let l = &mut self.lane[lane];
        l.stop = t;
        l.attempts = 0;
        if l.status != Status::Failed {
            l.status = if t > self.t[lane] {
                Status::Active
            } else {
                Status::Idle
            };
        }
    }

    /// Sets the constant rate added to the derivative of one state (an infusion); [`restart`](Self::restart) afterwards.
    pub fn set_forcing(&mut self, lane: usize, state: usize, rate: f64) {
        self.forcing[state * self.lanes + lane] = rate;
        self.forced |= rate != 0.0;
    }

    /// The constant rate added to the derivative of one state.
    pub fn forcing(&self, lane: usize, state: usize) -> f64 {
        self.forcing[state * self.lanes + lane]
    }

    /// Factor on both tolerances of one lane, 1 at the start.
    pub fn set_tolerance_scale(&mut self, lane: usize, scale: f64) {
        self.lane[lane].tolerance_scale = scale;
    }

    /// Says that the lane's state, forcing or equations were changed: branches are derived anew, the step restarts from what
    /// earlier jumps have taught.
    pub fn restart(&mut self, lane: usize) {
        for row in 0..self.rows() {
            self.deaf_until[row * self.lanes + lane] = f64::NEG_INFINITY;
        }
        let l = &mut self.lane[lane];
        l.dirty = true;
        l.fresh = false;
        l.can_take_back = false;
        l.kicked = true;
        l.landing = 0;
        l.memory.forget();
        if l.kick_step > 0.0 && l.wish > l.kick_step {
            l.wish = l.kick_step;
        }
    }

    /// Longest time between two looks at the margins of a lane; without limit at the start, when each step is looked at in its
    /// middle and at its end. Needed where margins depend on the clock in ways that the states do not show.
    pub fn set_look(&mut self, lane: usize, look: f64) {
        self.lane[lane].look = look;
    }

    /// Absolute tolerance of one state in one lane, in the state's unit; until set, that of the options.
    pub fn set_atol(&mut self, lane: usize, state: usize, atol: f64) {
        self.atol[state * self.lanes + lane] = atol;
    }

    /// Absolute tolerance of one state in one lane.
    pub fn atol(&self, lane: usize, state: usize) -> f64 {
        self.atol[state * self.lanes + lane]
    }

    /// What the last step did for a lane.
    pub fn progress(&self, lane: usize) -> Progress {
        self.lane[lane].progress
    }

    /// Why a lane failed.
    pub fn failure(&self, lane: usize) -> Option<&Failure> {
        self.lane[lane].failure.as_ref()
    }

    /// Marks a lane as failed from outside (a caller's own check).
    pub fn fail_lane(&mut self, lane: usize, cause: Cause, worst: Option<usize>) {
        self.fail(lane, cause, worst);
    }

    /// Work done for a lane since it started.
    pub fn work(&self, lane: usize) -> &Work {
        &self.lane[lane].work
    }

    /// Truth of a trigger at the lane's present time.
    pub fn trigger(&self, lane: usize, trigger: usize) -> bool {
        self.bits[(self.system.n_switches() + trigger) * self.lanes + lane]
    }

    /// Beginning and end of the lane's last accepted step.
    pub fn last_step(&self, lane: usize) -> (f64, f64) {
        (self.lane[lane].t_start, self.t[lane])
    }

    /// States of all lanes at times inside their last steps, by the method's interpolant (order 4).
    ///
    /// Right only for lanes that moved in the last call of [`step`](Self::step) and have not been changed since; the others
    /// give numbers without meaning.
    pub fn interpolate(&mut self, t: &[f64], out: &mut [f64]) {
        self.dense.prepare(&self.k);
        for ((theta, t), l) in self.theta.iter_mut().zip(t).zip(&self.lane) {
            *theta = (t - l.t_start) / l.h_full;
        }
        self.dense
            .at(&self.every, &self.theta, &self.y_start, &self.y_end, out);
    }

    /// Tries one step for every active lane. False when there is none.
    pub fn step(&mut self) -> bool {
        for l in &mut self.lane {
            l.progress = Progress::default();
            l.trying = false;
        }
        if !self.prepare() {
            return self.lane.iter().any(|l| l.progress != Progress::default());
        }
        self.y_start.copy_from_slice(&self.y);
        self.dense.outdate();
        self.stages();
        self.judge();
        if self.lane.iter().any(|l| l.trying) {
            self.cross();
            self.commit();
        }
        true
    }

    /// Derivatives, step sizes and stops. False when no lane has to be tried.
    fn prepare(&mut self) -> bool {
        loop {
            self.settle();
            if !self.refresh_derivatives() {
                break;
            }
        }
        let mut any = false;
        for lane in 0..self.lanes {
            self.h[lane] = 1.0;
            if self.lane[lane].status != Status::Active {
                continue;
            }
            let (t, stop) = (self.t[lane], self.lane[lane].stop);
            let smallest = control::smallest(t, stop);
            if stop - t <= smallest {
                self.t[lane] = stop;
                self.lane[lane].status = Status::Idle;
                self.lane[lane].progress.stopped = true;
                continue;
            }
            if self.lane[lane].attempts >= self.options.max_attempts {
                let worst = self.lane[lane].worst;
                self.fail(lane, Cause::TooManySteps, worst);
                continue;
            }
            let l = &mut self.lane[lane];
            l.attempts += 1;
            if l.landing > 0 {
                (self.h[lane], l.ends_at_stop) = (l.landing_step, false);
            } else {
                (self.h[lane], l.ends_at_stop) =
                    control::plan(t, stop, l.wish, self.options.max_step);
            }
            l.trying = true;
            any = true;
        }
        any
    }

    /// The eight stages of the method; leaves the increments in `k` and the result in `y_end`.
    fn stages(&mut self) {
        for lane in 0..self.lanes {
            let inverse = 1.0 / self.h[lane];
            self.diagonal[lane] = inverse / GAMMA;
            self.step_inverse[lane] = inverse;
        }
        self.passes.run(Spread {
            lanes: &self.step_inverse,
            out: &mut self.inverse_h,
        });
        if self.timed {
            self.system.dfdt(&self.t, &self.y, &mut self.dfdt);
        }
        self.ok.fill(true);
        self.system
            .factor(&self.t, &self.y, &self.diagonal, &mut self.ok);

        self.k[0].copy_from_slice(&self.f);
        if self.timed {
            self.passes.run(AddScaled {
                to: &mut self.k[0],
                from: &self.dfdt,
                by: &self.inverse_h,
                factor: D[0],
            });
        }
        self.system.solve(&mut self.k[0]);
        self.combine(&tableau::A2, &tableau::C2);
        self.increment(1);
        self.combine(&tableau::A3, &tableau::C3);
        self.increment(2);
        self.combine(&tableau::A4, &tableau::C4);
        self.increment(3);
        self.combine(&tableau::A5, &tableau::C5);
        self.increment(4);
        self.combine(&tableau::A6, &tableau::C6);
        self.increment(5);
        self.advance(&tableau::C7);
        self.increment(6);
        self.advance(&tableau::C8);
        self.increment(7);
        self.passes.run(Sum {
            a: &self.stage,
            b: &self.k[7],
            out: &mut self.y_end,
        });
        for l in self.lane.iter_mut().filter(|l| l.trying) {
            l.work.rhs += 7;
            l.work.jac += 1;
            l.work.lu += 1;
            l.work.solves += 8;
        }
    }

    fn combine<const J: usize>(&mut self, a: &[f64; J], c: &[f64; J]) {
        self.passes.run(Combine {
            k: &self.k,
            y: &self.y,
            a,
            c,
            inverse_h: &self.inverse_h,
            stage: &mut self.stage,
            add: &mut self.carry,
        });
    }

    fn advance<const J: usize>(&mut self, c: &[f64; J]) {
        self.passes.run(Advance {
            k: &self.k,
            c,
            inverse_h: &self.inverse_h,
            stage: &mut self.stage,
            add: &mut self.carry,
        });
    }

    /// Increment of a later stage: right-hand side at the stage, earlier increments, solve.
    fn increment(&mut self, stage: usize) {
        for lane in 0..self.lanes {
            self.stage_t[lane] = self.t[lane] + C_TIME[stage] * self.h[lane];
        }
        if self.forced {
            let forcing = self.forcing.iter();
            self.carry
                .iter_mut()
                .zip(forcing)
                .for_each(|(add, u)| *add += u);
        }
        if self.timed && D[stage] != 0.0 {
            self.passes.run(AddScaled {
                to: &mut self.carry,
                from: &self.dfdt,
                by: &self.inverse_h,
                factor: D[stage],
            });
        }
        self.system
            .increment(&self.stage_t, &self.stage, &self.carry, &mut self.k[stage]);
    }

    /// Error test of every lane that was tried; those rejected get a smaller wish.
    fn judge(&mut self) {
        for (scale, l) in self.scale.iter_mut().zip(&self.lane) {
            *scale = l.tolerance_scale;
        }
        self.passes.run(Errors {
            y: &self.y,
            y_end: &self.y_end,
            k: &self.k[7],
            atol: &self.atol,
            rtol: self.options.rtol,
            scale: &self.scale,
            error: &mut self.error,
            worst: &mut self.worst,
        });
        for lane in 0..self.lanes {
            if !self.lane[lane].trying {
                continue;
            }
            let worst = usize::try_from(self.worst[lane]).ok();
            let error = if self.ok[lane] {
                self.error[lane]
            } else {
                f64::INFINITY
            };
            self.lane[lane].error = error;
            self.lane[lane].worst = worst.filter(|i| *i < self.n);
            if error > 1.0 {
                let cause = match () {
                    () if !self.ok[lane] => Cause::Singular,
                    () if error.is_finite() => Cause::StepTooSmall,
                    () => Cause::NotFinite,
                };
                self.reject(lane, cause);
            }
        }
    }

    /// Takes back a lane's last step, because the derivative at its end turned out to be no number.
    pub(crate) fn take_back(&mut self, lane: usize, worst: usize) {
        for i in 0..self.n {
            let e = i * self.lanes + lane;
            self.y[e] = self.y_start[e];
        }
        let l = &mut self.lane[lane];
        (self.t[lane], self.h[lane]) = (l.t_start, l.h_full);
        l.can_take_back = false;
        l.dirty = true;
        l.error = f64::INFINITY;
        l.worst = Some(worst);
        self.reject(lane, Cause::NotFinite);
    }

    fn reject(&mut self, lane: usize, cause: Cause) {
        let (h, t) = (self.h[lane], self.t[lane]);
        let l = &mut self.lane[lane];
        l.trying = false;
        l.landing = 0;
        l.work.rejected += 1;
        l.wish = l.memory.rejected(h, l.error);
        let (smallest, worst) = (control::smallest(t, l.stop), l.worst);
        if l.wish < smallest {
            self.fail(lane, cause, worst);
        }
    }

    pub(crate) fn fail(&mut self, lane: usize, cause: Cause, worst: Option<usize>) {
        let (time, step) = (self.t[lane], self.h[lane]);
        let l = &mut self.lane[lane];
        l.status = Status::Failed;
        l.trying = false;
        l.progress.failed = true;
        l.failure = Some(Failure {
            cause,
            time,
            step,
            worst,
            last_good: time,
        });
    }

    /// Takes over the end of the step, or the point on the interpolant where a crossing was located.
    fn commit(&mut self) {
        if self.bracket.iter().any(|b| b.found) {
            for (theta, b) in self.theta.iter_mut().zip(&self.bracket) {
                *theta = if b.found { b.b } else { 1.0 };
            }
            self.dense.prepare(&self.k);
            self.interpolate_rows(true);
        }
        for (lane, choice) in self.choice.iter_mut().enumerate() {
            *choice = match (self.lane[lane].trying, self.bracket[lane].found) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => 2,
            };
        }
        self.passes.run(Take {
            choice: &self.choice,
            y: &mut self.y,
            y_end: &self.y_end,
            on_the_way: &self.stage,
        });
        for lane in 0..self.lanes {
            if !self.lane[lane].trying {
                continue;
            }
            let found = self.bracket[lane].found;
            let (t, h) = (self.t[lane], self.h[lane]);
            let l = &mut self.lane[lane];
            let next = l.memory.accepted(h, l.error);
            let cut = found || l.ends_at_stop || l.landing > 0 || h < l.wish;
            if l.kicked {
                // Learn how long a first step after a jump may be; a step cut short teaches only that it may be longer.
                let ideal = control::ideal(h, l.error);
                l.kick_step = if cut { l.kick_step.max(ideal) } else { ideal };
                l.kicked = false;
            }
            l.wish = if cut { next.max(l.wish) } else { next };
            l.t_start = t;
            l.h_full = h;
            l.fresh = false;
            l.can_take_back = !found;
            l.landing = 0;
            l.progress.moved = true;
            l.work.steps += 1;
            let reached = l.ends_at_stop && !found;
            self.t[lane] = match () {
                () if reached => l.stop,
                () if found => self.bracket[lane].time.min(l.stop),
                () => (t + h).min(l.stop),
            };
            if self.t[lane] >= l.stop {
                l.status = Status::Idle;
                l.progress.stopped = true;
            }
            self.commit_margins(lane, found);
        }
        self.judge_stalls();
    }

    pub(crate) fn add_forcing(&mut self) {
        if self.forced {
            self.f
                .iter_mut()
                .zip(&self.forcing)
                .for_each(|(f, u)| *f += u);
        }
    }
}

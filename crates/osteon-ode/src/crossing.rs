//! Switches and triggers: found at the end and in the middle of a step, located on the interpolant, landed on by a step of its
//! own, flipped. Inside a step every branch stays as it was frozen, so that the method sees smooth equations.

use crate::failure::Cause;
use crate::integrator::{Integrator, Progress, Status};
use crate::system::System;

/// How near, in steps, the first look at a crossing comes before the step is repeated to land on it.
const COARSE: f64 = 1e-2;
/// A crossing this near to either end of a step is taken from the interpolant at once.
const NEAR_END: f64 = 0.95;
const NEAR_START: f64 = 1e-3;
/// Repeated attempts to land before the interpolant is believed.
const LANDINGS: u8 = 3;
/// Flips of one switch without progress before the lane is looked at, and what counts as progress (in wished steps).
const STALLS: u8 = 20;
const PROGRESS: f64 = 1e-6;
/// A margin this much smaller than at the other end of the bracket says nothing about where it will cross.
const NOISE: f64 = 1e-12;
/// Just after a crossing its margin is near zero and its sign noise: so long, in wished steps, it is not listened to.
const DEAF: f64 = 1e-9;
/// Looks inside one step at most.
const MOST_LOOKS: u32 = 512;

/// Fractions of the step between which the first crossing of a lane lies: nothing has crossed at `a`, something has at `b`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bracket {
    open: bool,
    /// Located: the step ends at `b`.
    pub(crate) found: bool,
    a: f64,
    pub(crate) b: f64,
    /// Time at `b`, once found.
    pub(crate) time: f64,
    weight_a: f64,
    weight_b: f64,
    side: i8,
    rounds: u8,
    tolerance: f64,
}

/// Which margins are put at which end of a bracket.
#[derive(Clone, Copy)]
enum Keep {
    Start,
    ProbeAsA,
    ProbeAsB,
    EndAsA,
    End,
}

impl<S: System> Integrator<S> {
    fn crossed(&self, row: usize, lane: usize, t: f64, margin: f64) -> bool {
        let e = row * self.lanes + lane;
        (margin > 0.0) != self.bits[e] && !self.ignored[e] && t >= self.deaf_until[e]
    }

    fn any_crossed(&self, lane: usize, t: f64, margins: &[f64]) -> bool {
        (0..self.rows()).any(|row| self.crossed(row, lane, t, margins[row * self.lanes + lane]))
    }

    /// Time at a fraction of a lane's present step.
    fn time_at(&self, lane: usize, theta: f64) -> f64 {
        self.t[lane] + theta * self.h[lane]
    }

    /// Margins on the interpolant at the fractions in `theta`, into `margins_probe`.
    fn probe(&mut self) {
        let split = self.system.n_switches() * self.lanes;
        self.dense.prepare(&self.k);
        for lane in 0..self.lanes {
            self.stage_t[lane] = self.t[lane] + self.theta[lane] * self.h[lane];
        }
        self.interpolate_rows(false);
        let (switches, triggers) = self.margins_probe.split_at_mut(split);
        if !self
            .system
            .probe(&self.stage_t, &self.stage, switches, triggers)
        {
            self.interpolate_rows(true);
            self.system.switch_margins(
                &self.stage_t,
                &self.stage,
                &mut self.margins_probe[..split],
            );
            self.system.trigger_margins(
                &self.stage_t,
                &self.stage,
                &mut self.margins_probe[split..],
            );
        }
    }

    /// The interpolant at the fractions in `theta`, into `stage`: all states, or those that margins read.
    pub(crate) fn interpolate_rows(&mut self, all: bool) {
        let rows = if all { &self.every } else { &self.watched };
        self.dense.at(
            rows,
            &self.theta,
            &self.y_start,
            &self.y_end,
            &mut self.stage,
        );
    }

    /// Ends the steps that passed the error test: crossings on the way. Lanes that have to land first
    /// stop trying.
    pub(crate) fn cross(&mut self) {
        self.bracket.fill(Bracket::default());
        if self.rows() == 0 {
            return;
        }
        // Looks on the way, for margins that cross and come back.
        self.look_inside();
        let split = self.system.n_switches() * self.lanes;
        for lane in 0..self.lanes {
            self.stage_t[lane] = self.t[lane] + self.h[lane];
        }
        self.system
            .switch_margins(&self.stage_t, &self.y_end, &mut self.margins_end[..split]);
        self.system
            .trigger_margins(&self.stage_t, &self.y_end, &mut self.margins_end[split..]);
        if self.lane.iter().any(|l| l.trying && l.landing > 0) {
            self.look_beside_end();
        }
        let mut any = false;
        for lane in 0..self.lanes {
            if !self.lane[lane].trying {
                continue;
            }
            self.lane[lane].work.margins += 1;
            if !self.bracket[lane].open {
                if !self.any_crossed(lane, self.time_at(lane, 1.0), &self.margins_end) {
                    continue;
                }
                // Nothing had crossed at the last look, whose margins are in place.
                self.bracket[lane].b = 1.0;
                self.keep_margins(lane, Keep::End);
            }
            let (a, b) = (self.bracket[lane].a, self.bracket[lane].b);
            let landing = self.lane[lane].landing > 0;
            let tolerance = if landing { self.finest(lane) } else { COARSE };
            self.bracket[lane] = Bracket {
                open: true,
                a,
                b,
                weight_a: 1.0,
                weight_b: 1.0,
                tolerance,
                ..Bracket::default()
            };
            any = true;
        }
        if !any {
            return;
        }
        self.close_in();
        let mut again = false;
        for lane in 0..self.lanes {
            let b = self.bracket[lane];
            if !b.open {
                continue;
            }
            let l = &mut self.lane[lane];
            let near = b.b >= NEAR_END
                || b.b <= NEAR_START
                || (l.landing > 0 && b.b >= 0.9)
                || l.landing >= LANDINGS;
            if near {
                let finest = self.finest(lane);
                self.bracket[lane].tolerance = finest;
                again = true;
            } else {
                l.landing += 1;
                l.landing_step = b.b * self.h[lane];
                l.trying = false;
                l.work.landings += 1;
                self.bracket[lane].open = false;
            }
        }
        if again {
            self.close_in();
            for b in &mut self.bracket {
                b.found = b.open;
            }
            self.round_times();
        }
    }

    /// Margins at one or more fractions inside the steps, as often as [`Integrator::set_look`] asks. Leaves in each bracket the last
    /// fraction where nothing had crossed and, if something has, opens it with the first where it had.
    fn look_inside(&mut self) {
        let mut most = 0;
        for lane in 0..self.lanes {
            let l = &mut self.lane[lane];
            l.looks = if l.trying && l.landing == 0 {
                ((self.h[lane] / l.look).ceil() as u32).clamp(2, MOST_LOOKS) - 1
            } else {
                0
            };
            most = most.max(l.looks);
            self.keep_margins(lane, Keep::Start);
        }
        for look in 1..=most {
            let waits = |s: &Self, lane: usize| look <= s.lane[lane].looks && !s.bracket[lane].open;
            for lane in 0..self.lanes {
                self.theta[lane] = if waits(self, lane) {
                    f64::from(look) / f64::from(self.lane[lane].looks + 1)
                } else {
                    1.0
                };
            }
            self.probe();
            for lane in 0..self.lanes {
                if !waits(self, lane) {
                    continue;
                }
                self.lane[lane].work.margins += 1;
                if self.any_crossed(lane, self.stage_t[lane], &self.margins_probe) {
                    self.bracket[lane].open = true;
                    self.bracket[lane].b = self.theta[lane];
                    self.keep_margins(lane, Keep::ProbeAsB);
                } else {
                    self.bracket[lane].a = self.theta[lane];
                    self.keep_margins(lane, Keep::ProbeAsA);
                }
            }
        }
    }

    /// When landing, the look is not inside but a little before or behind the end, on the other side of the crossing.
    fn look_beside_end(&mut self) {
        for lane in 0..self.lanes {
            let l = &self.lane[lane];
            self.theta[lane] = 1.0;
            if l.trying && l.landing > 0 {
                self.theta[lane] =
                    if self.any_crossed(lane, self.time_at(lane, 1.0), &self.margins_end) {
                        1.0 - 2.0 * COARSE
                    } else {
                        (1.0 + 2.0 * COARSE).min((l.stop - self.t[lane]) / self.h[lane])
                    };
            }
        }
        self.probe();
        for lane in 0..self.lanes {
            if !self.lane[lane].trying || self.lane[lane].landing == 0 {
                continue;
            }
            self.lane[lane].work.margins += 1;
            let theta = self.theta[lane];
            let beyond = self.any_crossed(lane, self.stage_t[lane], &self.margins_probe);
            match (theta < 1.0, beyond) {
                (true, true) => {
                    self.bracket[lane].open = true;
                    self.bracket[lane].b = theta;
                    self.keep_margins(lane, Keep::ProbeAsB);
                }
                (true, false) => {
                    self.bracket[lane].a = theta;
                    self.keep_margins(lane, Keep::ProbeAsA);
                }
                (false, true) if theta > 1.0 => {
                    self.bracket[lane].open = true;
                    (self.bracket[lane].a, self.bracket[lane].b) = (1.0, theta);
                    self.keep_margins(lane, Keep::ProbeAsB);
                    self.keep_margins(lane, Keep::EndAsA);
                }
                (false, _) => {}
            }
        }
    }

    fn keep_margins(&mut self, lane: usize, keep: Keep) {
        for row in 0..self.rows() {
            let e = row * self.lanes + lane;
            match keep {
                Keep::Start => self.margins_a[e] = self.margins[e],
                Keep::ProbeAsA => self.margins_a[e] = self.margins_probe[e],
                Keep::ProbeAsB => self.margins_b[e] = self.margins_probe[e],
                Keep::EndAsA => self.margins_a[e] = self.margins_end[e],
                Keep::End => self.margins_b[e] = self.margins_end[e],
            }
        }
    }

    /// Takes a located time to the nearest round one (nine decimals) if that is the same but for rounding and the crossing has
    /// still happened there: conditions on the clock then come at the times people wrote.
    fn round_times(&mut self) {
        let split = self.system.n_switches() * self.lanes;
        for lane in 0..self.lanes {
            let b = &mut self.bracket[lane];
            self.theta[lane] = 1.0;
            if b.found {
                let (t, h) = (self.t[lane], self.h[lane]);
                b.time = t + b.b * h;
                let round = (b.time * 1e9).round() / 1e9;
                let same =
                    (round - b.time).abs() <= 8.0 * f64::EPSILON * (t.abs() + h) && round > t;
                self.theta[lane] = if same { (round - t) / h } else { b.b };
                self.stage_t[lane] = if same { round } else { b.time };
            }
        }
        self.interpolate_rows(true);
        self.system
            .switch_margins(&self.stage_t, &self.stage, &mut self.margins_probe[..split]);
        self.system
            .trigger_margins(&self.stage_t, &self.stage, &mut self.margins_probe[split..]);
        for lane in 0..self.lanes {
            if !self.bracket[lane].found
                || !self.any_crossed(lane, self.stage_t[lane], &self.margins_probe)
            {
                continue;
            }
            self.lane[lane].work.margins += 1;
            self.bracket[lane].b = self.theta[lane];
            self.bracket[lane].time = self.stage_t[lane];
            for row in 0..self.rows() {
                let e = row * self.lanes + lane;
                self.margins_b[e] = self.margins_probe[e];
            }
        }
    }

    /// Width, in steps, to which times can be told apart.
    fn finest(&self, lane: usize) -> f64 {
        let (t, h) = (self.t[lane], self.h[lane]);
        (2.0 * f64::EPSILON * (t.abs() + h) / h).max(1e-14)
    }

    /// Narrows all open brackets to their tolerances: false position with halved weights on the first of the crossings, with
    /// bisection when that is slow.
    fn close_in(&mut self) {
        loop {
            let mut any = false;
            for lane in 0..self.lanes {
                let b = self.bracket[lane];
                self.theta[lane] = 1.0;
                if !b.open || b.b - b.a <= b.tolerance || b.rounds > 120 {
                    continue;
                }
                let width = b.b - b.a;
                let mut x = b.b;
                let mut nearest = b.a;
                for row in 0..self.rows() {
                    let e = row * self.lanes + lane;
                    if self.crossed(row, lane, self.time_at(lane, b.b), self.margins_b[e]) {
                        let (low, high) = (
                            b.weight_a * self.margins_a[e],
                            b.weight_b * self.margins_b[e],
                        );
                        let root = b.a + width * (low / (low - high));
                        x = x.min(if root.is_finite() {
                            root
                        } else {
                            b.a + 0.5 * width
                        });
                        // What has just flipped stands at zero: the first instants of a step show rounding only.
                        if b.a == 0.0 && low.abs() <= NOISE * high.abs() {
                            nearest = 1e-3 * width;
                        }
                    }
                }
                if b.rounds % 4 == 3 {
                    x = b.a + 0.5 * width;
                }
                let margin = (0.45 * b.tolerance).min(0.25 * width);
                self.theta[lane] = x.clamp((b.a + margin).max(nearest), b.b - margin);
                any = true;
            }
            if !any {
                return;
            }
            self.probe();
            for lane in 0..self.lanes {
                let b = self.bracket[lane];
                if !b.open || b.b - b.a <= b.tolerance || b.rounds > 120 {
                    continue;
                }
                let x = self.theta[lane];
                let high = self.any_crossed(lane, self.stage_t[lane], &self.margins_probe);
                for row in 0..self.rows() {
                    let e = row * self.lanes + lane;
                    if high {
                        self.margins_b[e] = self.margins_probe[e];
                    } else {
                        self.margins_a[e] = self.margins_probe[e];
                    }
                }
                self.lane[lane].work.margins += 1;
                let b = &mut self.bracket[lane];
                b.rounds += 1;
                if high {
                    b.b = x;
                    b.weight_b = 1.0;
                    if b.side > 0 {
                        b.weight_a *= 0.5;
                    }
                    b.side = 1;
                } else {
                    b.a = x;
                    b.weight_a = 1.0;
                    if b.side < 0 {
                        b.weight_b *= 0.5;
                    }
                    b.side = -1;
                }
            }
        }
    }

    /// Takes over the margins of a committed step and flips what has crossed at its end.
    pub(crate) fn commit_margins(&mut self, lane: usize, found: bool) {
        let (switches, lanes) = (self.system.n_switches(), self.lanes);
        for row in 0..self.rows() {
            let e = row * lanes + lane;
            let margin = if found {
                self.margins_b[e]
            } else {
                self.margins_end[e]
            };
            self.margins[e] = margin;
            self.ignored[e] = false;
            if (margin > 0.0) == self.bits[e] || self.t[lane] < self.deaf_until[e] {
                continue;
            }
            self.bits[e] = margin > 0.0;
            let l = &mut self.lane[lane];
            self.deaf_until[e] = self.t[lane] + DEAF * l.wish.min(l.stop - l.t_start);
            if row >= switches {
                l.progress.triggered = true;
                continue;
            }
            l.work.flips += 1;
            l.can_take_back = false;
            // The system's own branch is flipped when the next step settles: samples inside this step still need the old one,
            // and other branches may hang on this one.
            l.dirty = true;
            let advance = self.t[lane] - self.last_flip[e];
            self.stalls[e] = if advance < PROGRESS * l.wish {
                self.stalls[e].saturating_add(1)
            } else {
                0
            };
            self.last_flip[e] = self.t[lane];
        }
    }

    /// A switch that flips again and again without progress either joins two smooth pieces (then it may wait until the end of
    /// the next step) or jumps, and the solution slides along the jump: no step can follow that.
    pub(crate) fn judge_stalls(&mut self) {
        let (switches, lanes) = (self.system.n_switches(), self.lanes);
        for row in 0..switches {
            for lane in 0..lanes {
                let e = row * lanes + lane;
                if self.stalls[e] < STALLS || self.lane[lane].status != Status::Active {
                    continue;
                }
                let jump = self.jump(lane, row);
                if jump > 1.0 {
                    self.lane[lane].progress = Progress {
                        moved: self.lane[lane].progress.moved,
                        ..Progress::default()
                    };
                    self.fail(lane, Cause::Chattering, Some(row));
                } else {
                    self.ignored[e] = true;
                    self.stalls[e] = STALLS / 2;
                }
            }
        }
    }

    /// How far the two branches of a switch part within one wished step, in tolerances.
    fn jump(&mut self, lane: usize, row: usize) -> f64 {
        let lanes = self.lanes;
        let now = self.bits[row * lanes + lane];
        let mut most = 0.0f64;
        for on in [!now, now] {
            self.system.set_branch(lane, row, on);
            self.system.rhs(&self.t, &self.y, &mut self.stage_f);
            for i in 0..self.n {
                let e = i * lanes + lane;
                if on == now {
                    let difference = (self.carry[e] - self.stage_f[e]).abs() * self.lane[lane].wish;
                    most = most.max(difference / self.tolerance(i, self.y[e], lane));
                } else {
                    self.carry[e] = self.stage_f[e];
                }
            }
        }
        self.lane[lane].work.rhs += 2;
        most
    }
}

//! Beginnings: branches after a change from outside, derivatives, and the first step of a lane that knows nothing yet.

use crate::control::fifth_root;
use crate::failure::Cause;
use crate::integrator::{Integrator, Lane, Status};
use crate::passes::AllFinite;
use crate::system::System;

impl<S: System> Integrator<S> {
    pub(crate) fn rows(&self) -> usize {
        self.system.n_switches() + self.system.n_triggers()
    }

    /// Derives the branches and triggers of changed lanes from their present states. `step` does so by itself; call it to read
    /// triggers right after a change. Branches may decide about other branches, so this repeats until they agree.
    pub fn settle(&mut self) {
        if !self.lane.iter().any(|l| l.dirty) {
            return;
        }
        let (switches, lanes) = (self.system.n_switches(), self.lanes);
        if self.rows() > 0 {
            for _ in 0..switches + 2 {
                self.system.switch_margins(
                    &self.t,
                    &self.y,
                    &mut self.margins_probe[..switches * lanes],
                );
                let mut changed = false;
                for lane in 0..lanes {
                    if !self.lane[lane].dirty {
                        continue;
                    }
                    for row in 0..switches {
                        let e = row * lanes + lane;
                        let deaf = self.t[lane] < self.deaf_until[e];
                        let on = if deaf {
                            self.bits[e]
                        } else {
                            self.margins_probe[e] > 0.0
                        };
                        if on != self.bits[e] || on != self.system.branch(lane, row) {
                            let located = on == self.bits[e];
                            self.bits[e] = on;
                            if located {
                                self.system
                                    .cross_switch(lane, row, on, &self.t, &mut self.y);
                            } else {
                                self.system.set_branch(lane, row, on);
                            }
                            changed = true;
                        }
                    }
                }
                if !changed {
                    break;
                }
            }
            self.system.trigger_margins(
                &self.t,
                &self.y,
                &mut self.margins_probe[switches * lanes..],
            );
            for lane in 0..lanes {
                if !self.lane[lane].dirty {
                    continue;
                }
                for row in 0..self.rows() {
                    let e = row * lanes + lane;
                    self.margins[e] = self.margins_probe[e];
                    if row >= switches && self.t[lane] >= self.deaf_until[e] {
                        self.bits[e] = self.margins_probe[e] > 0.0;
                    }
                }
            }
        }
        for l in &mut self.lane {
            if l.dirty {
                l.work.margins += 1; // counted once, whatever neighbours need
                l.dirty = false;
                l.fresh = false;
            }
        }
    }

    /// Derivatives of the lanes that have none, and a first step for those that know none. True if a step had to be taken back: its
    /// end lies outside the domain of the equations.
    pub(crate) fn refresh_derivatives(&mut self) -> bool {
        let lanes = self.lanes;
        let mut taken_back = false;
        let asks = |l: &Lane| l.status == Status::Active && !l.fresh;
        if self.lane.iter().any(asks) {
            // Also where it is known already: what the system has computed here serves its Jacobian.
            self.system.rhs(&self.t, &self.y, &mut self.f);
            self.add_forcing();
            let finite = self.passes.run(AllFinite(&self.f, &self.y));
            for lane in 0..lanes {
                if !asks(&self.lane[lane]) {
                    continue;
                }
                let good = |i: &usize| {
                    let e = i * lanes + lane;
                    self.f[e].is_finite() && self.y[e].is_finite()
                };
                let bad = if finite {
                    None
                } else {
                    (0..self.n).find(|i| !good(i))
                };
                let l = &mut self.lane[lane];
                l.fresh = true;
                l.work.rhs += 1;
                match bad {
                    Some(i) if l.can_take_back => {
                        self.take_back(lane, i);
                        taken_back |= self.lane[lane].status == Status::Active;
                    }
                    Some(i) => self.fail(lane, Cause::NotFinite, Some(i)),
                    None => {}
                }
            }
        }
        if taken_back {
            return true;
        }
        if self
            .lane
            .iter()
            .any(|l| l.status == Status::Active && l.wish.is_nan())
        {
            self.first_steps();
        }
        false
    }

    /// Hairer, Nørsett & Wanner, Solving ODEs I, II.4: a step in which an explicit Euler step and the change of slope stay small.
    fn first_steps(&mut self) {
        let lanes = self.lanes;
        self.stage.copy_from_slice(&self.y);
        self.stage_t.copy_from_slice(&self.t);
        for lane in 0..lanes {
            self.h[lane] = 0.0;
            let l = &self.lane[lane];
            if l.status != Status::Active || !l.wish.is_nan() {
                continue;
            }
            let (mut size, mut slope) = (0.0f64, 0.0f64);
            for i in 0..self.n {
                let e = i * lanes + lane;
                let sc = self.tolerance(i, self.y[e], lane);
                size = size.max(self.y[e].abs() / sc);
                slope = slope.max(self.f[e].abs() / sc);
            }
            let h = if size < 1e-5 || slope < 1e-5 {
                1e-6
            } else {
                0.01 * size / slope
            };
            let h = h.min(l.stop - self.t[lane]).min(self.options.max_step);
            self.h[lane] = h;
            self.stage_t[lane] += h;
            for i in 0..self.n {
                let e = i * lanes + lane;
                self.stage[e] = self.y[e] + h * self.f[e];
            }
        }
        self.system
            .rhs(&self.stage_t, &self.stage, &mut self.stage_f);
        if self.forced {
            let forcing = self.forcing.iter();
            self.stage_f
                .iter_mut()
                .zip(forcing)
                .for_each(|(f, u)| *f += u);
        }
        for lane in 0..lanes {
            let h0 = self.h[lane];
            if self.lane[lane].status != Status::Active || !self.lane[lane].wish.is_nan() {
                continue;
            }
            let (mut slope, mut bend) = (0.0f64, 0.0f64);
            for i in 0..self.n {
                let e = i * lanes + lane;
                let sc = self.tolerance(i, self.y[e], lane);
                slope = slope.max(self.f[e].abs() / sc);
                let b = (self.stage_f[e] - self.f[e]).abs() / sc / h0;
                bend = if b.is_finite() {
                    bend.max(b)
                } else {
                    f64::INFINITY
                };
            }
            let most = slope.max(bend);
            let h1 = if most <= 1e-15 {
                (h0 * 1e-3).max(1e-6)
            } else {
                fifth_root(0.01 / most)
            };
            let l = &mut self.lane[lane];
            l.work.rhs += 1;
            l.wish = h1.min(100.0 * h0).min(l.stop - self.t[lane]);
        }
    }

    pub(crate) fn tolerance(&self, state: usize, y: f64, lane: usize) -> f64 {
        (self.atol[state * self.lanes + lane] + self.options.rtol * y.abs())
            * self.lane[lane].tolerance_scale
    }
}

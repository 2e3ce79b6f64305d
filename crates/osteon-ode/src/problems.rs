//! Test problems, defined once, with the dense arithmetic they need to be a [`System`]. For tests, benches and examples.
//!
//! Stiff set: E. Hairer & G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., IV.10; references at the usual end
//! times from the same place and from the Test Set for IVP Solvers (F. Mazzia & C. Magherini, release 2.4).

use crate::system::System;

/// Equations written by hand, one lane at a time.
pub trait Equations {
    /// Number of states.
    fn n(&self) -> usize;
    /// Right-hand side for a lane with the branches as set.
    fn rhs(&self, lane: usize, t: f64, y: &[f64], on: &[bool], dydt: &mut [f64]);
    /// Jacobian, row by row.
    fn jacobian(&self, lane: usize, t: f64, y: &[f64], on: &[bool], j: &mut [f64]);
    /// Partial derivative by time.
    fn dfdt(&self, _lane: usize, _t: f64, _y: &[f64], out: &mut [f64]) {
        out.fill(0.0);
    }
    /// Number of switches.
    fn switches(&self) -> usize {
        0
    }
    /// Number of triggers.
    fn triggers(&self) -> usize {
        0
    }
    /// Margins of the switches and then of the triggers.
    fn margins(&self, _lane: usize, _t: f64, _y: &[f64], _out: &mut [f64]) {}
}

/// Gives hand-written equations lanes and a dense LU with row exchanges.
#[derive(Debug)]
pub struct Dense<E> {
    /// The equations.
    pub equations: E,
    lanes: usize,
    y: Vec<f64>,
    dy: Vec<f64>,
    margins: Vec<f64>,
    lu: Vec<f64>,
    pivots: Vec<usize>,
    on: Vec<bool>,
}

impl<E: Equations> Dense<E> {
    /// A block of `lanes` lanes.
    pub fn new(equations: E, lanes: usize) -> Self {
        let n = equations.n();
        let (s, m) = (
            equations.switches(),
            equations.switches() + equations.triggers(),
        );
        Dense {
            lanes,
            y: vec![0.0; n],
            dy: vec![0.0; n],
            margins: vec![0.0; m],
            lu: vec![0.0; n * n * lanes],
            pivots: vec![0; n * lanes],
            on: vec![false; s * lanes],
            equations,
        }
    }

    fn gather(&mut self, lane: usize, y: &[f64]) {
        for (i, value) in self.y.iter_mut().enumerate() {
            *value = y[i * self.lanes + lane];
        }
    }

    fn scatter(&self, lane: usize, out: &mut [f64]) {
        for (i, value) in self.dy.iter().enumerate() {
            out[i * self.lanes + lane] = *value;
        }
    }
}

impl<E: Equations> System for Dense<E> {
    fn n_states(&self) -> usize {
        self.equations.n()
    }
    fn lanes(&self) -> usize {
        self.lanes
    }
    fn n_switches(&self) -> usize {
        self.equations.switches()
    }
    fn n_triggers(&self) -> usize {
        self.equations.triggers()
    }
    fn rhs(&mut self, t: &[f64], y: &[f64], dydt: &mut [f64]) {
        let s = self.equations.switches();
        for (lane, t) in t.iter().enumerate() {
            self.gather(lane, y);
            self.equations.rhs(
                lane,
                *t,
                &self.y,
                &self.on[lane * s..(lane + 1) * s],
                &mut self.dy,
            );
            self.scatter(lane, dydt);
        }
    }
    fn dfdt(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        for (lane, t) in t.iter().enumerate() {
            self.gather(lane, y);
            self.equations.dfdt(lane, *t, &self.y, &mut self.dy);
            self.scatter(lane, out);
        }
    }
    fn factor(&mut self, t: &[f64], y: &[f64], diagonal: &[f64], ok: &mut [bool]) {
        let (n, s) = (self.equations.n(), self.equations.switches());
        for lane in 0..self.lanes {
            self.gather(lane, y);
            let a = &mut self.lu[lane * n * n..(lane + 1) * n * n];
            self.equations.jacobian(
                lane,
                t[lane],
                &self.y,
                &self.on[lane * s..(lane + 1) * s],
                a,
            );
            a.iter_mut().for_each(|x| *x = -*x);
            for i in 0..n {
                a[i * n + i] += diagonal[lane];
            }
            ok[lane] = factor_dense(a, &mut self.pivots[lane * n..(lane + 1) * n]);
        }
    }
    fn solve(&mut self, b: &mut [f64]) {
        let n = self.equations.n();
        for lane in 0..self.lanes {
            for i in 0..n {
                self.dy[i] = b[i * self.lanes + lane];
            }
            solve_dense(
                &self.lu[lane * n * n..(lane + 1) * n * n],
                &self.pivots[lane * n..(lane + 1) * n],
                &mut self.dy,
            );
            self.scatter(lane, b);
        }
    }
    fn switch_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        for lane in 0..self.lanes {
            self.gather(lane, y);
            self.equations
                .margins(lane, t[lane], &self.y, &mut self.margins);
            for row in 0..self.equations.switches() {
                out[row * self.lanes + lane] = self.margins[row];
            }
        }
    }
    fn trigger_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        let s = self.equations.switches();
        for lane in 0..self.lanes {
            self.gather(lane, y);
            self.equations
                .margins(lane, t[lane], &self.y, &mut self.margins);
            for row in 0..self.equations.triggers() {
                out[row * self.lanes + lane] = self.margins[s + row];
            }
        }
    }
    fn set_branch(&mut self, lane: usize, switch: usize, on: bool) {
        self.on[lane * self.equations.switches() + switch] = on;
    }
    fn branch(&self, lane: usize, switch: usize) -> bool {
        self.on[lane * self.equations.switches() + switch]
    }
}

/// LU with row exchanges, in place. False when a pivot is zero or not finite.
pub fn factor_dense(a: &mut [f64], pivots: &mut [usize]) -> bool {
    let n = pivots.len();
    let mut good = true;
    for c in 0..n {
        let mut p = c;
        for r in c + 1..n {
            if a[r * n + c].abs() > a[p * n + c].abs() {
                p = r;
            }
        }
        pivots[c] = p;
        if p != c {
            for j in 0..n {
                a.swap(p * n + j, c * n + j);
            }
        }
        let pivot = a[c * n + c];
        good &= pivot != 0.0 && pivot.is_finite();
        for r in c + 1..n {
            let m = a[r * n + c] / pivot;
            a[r * n + c] = m;
            if m != 0.0 {
                for j in c + 1..n {
                    a[r * n + j] -= m * a[c * n + j];
                }
            }
        }
    }
    good
}

/// Solves with the factors of [`factor_dense`], in place.
pub fn solve_dense(lu: &[f64], pivots: &[usize], b: &mut [f64]) {
    let n = pivots.len();
    for (c, p) in pivots.iter().enumerate() {
        b.swap(c, *p);
    }
    for r in 0..n {
        for j in 0..r {
            b[r] -= lu[r * n + j] * b[j];
        }
    }
    for r in (0..n).rev() {
        for j in r + 1..n {
            b[r] -= lu[r * n + j] * b[j];
        }
        b[r] /= lu[r * n + r];
    }
}

/// Robertson's chemical kinetics (1966); three states from (1, 0, 0), mass conserved, rates over nine orders of magnitude.
#[derive(Clone, Copy, Debug)]
pub struct Robertson;

impl Equations for Robertson {
    fn n(&self) -> usize {
        3
    }
    fn rhs(&self, _: usize, _: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        let (a, b, c) = (0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]);
        d[0] = b - a;
        d[1] = a - b - c;
        d[2] = c;
    }
    fn jacobian(&self, _: usize, _: f64, y: &[f64], _: &[bool], j: &mut [f64]) {
        let (b1, b2, c) = (1e4 * y[2], 1e4 * y[1], 6e7 * y[1]);
        j.copy_from_slice(&[-0.04, b1, b2, 0.04, -b1 - c, -b2, 0.0, c, 0.0]);
    }
}

impl Robertson {
    /// Start.
    pub const START: [f64; 3] = [1.0, 0.0, 0.0];
    /// State at t = 1e11 (Test Set for IVP Solvers, problem ROBER).
    pub const AT_1E11: [f64; 3] = [
        0.2083340149701255e-7,
        0.8333360770334713e-13,
        0.999999979166505,
    ];
}

/// HIRES: high irradiance responses of plants (Schäfer 1975), eight states, to t = 321.8122.
#[derive(Clone, Copy, Debug)]
pub struct Hires;

impl Equations for Hires {
    fn n(&self) -> usize {
        8
    }
    fn rhs(&self, _: usize, _: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007;
        d[1] = 1.71 * y[0] - 8.75 * y[1];
        d[2] = -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4];
        d[3] = 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3];
        d[4] = -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6];
        d[5] = -280.0 * y[5] * y[7] + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6];
        d[6] = 280.0 * y[5] * y[7] - 1.81 * y[6];
        d[7] = -d[6];
    }
    fn jacobian(&self, _: usize, _: f64, y: &[f64], _: &[bool], j: &mut [f64]) {
        j.fill(0.0);
        let mut at = |r: usize, c: usize, v: f64| j[r * 8 + c] = v;
        at(0, 0, -1.71);
        at(0, 1, 0.43);
        at(0, 2, 8.32);
        at(1, 0, 1.71);
        at(1, 1, -8.75);
        at(2, 2, -10.03);
        at(2, 3, 0.43);
        at(2, 4, 0.035);
        at(3, 1, 8.32);
        at(3, 2, 1.71);
        at(3, 3, -1.12);
        at(4, 4, -1.745);
        at(4, 5, 0.43);
        at(4, 6, 0.43);
        at(5, 3, 0.69);
        at(5, 4, 1.71);
        at(5, 5, -280.0 * y[7] - 0.43);
        at(5, 6, 0.69);
        at(5, 7, -280.0 * y[5]);
        at(6, 5, 280.0 * y[7]);
        at(6, 6, -1.81);
        at(6, 7, 280.0 * y[5]);
        at(7, 5, -280.0 * y[7]);
        at(7, 6, 1.81);
        at(7, 7, -280.0 * y[5]);
    }
}

impl Hires {
    /// Start.
    pub const START: [f64; 8] = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057];
    /// End time.
    pub const END: f64 = 321.8122;
    /// State at the end (Test Set for IVP Solvers, problem HIRES).
    pub const AT_END: [f64; 8] = [
        0.7371312573325668e-3,
        0.1442485726316185e-3,
        0.5888729740967575e-4,
        0.1175651343283149e-2,
        0.2386356198831331e-2,
        0.6238968252742796e-2,
        0.2849998395185769e-2,
        0.2850001604814231e-2,
    ];
}

/// OREGO: the Oregonator (Field & Noyes 1974), three states from (1, 2, 3), relaxation oscillation, to t = 360.
#[derive(Clone, Copy, Debug)]
pub struct Orego;

impl Equations for Orego {
    fn n(&self) -> usize {
        3
    }
    fn rhs(&self, _: usize, _: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = 77.27 * (y[1] + y[0] * (1.0 - 8.375e-6 * y[0] - y[1]));
        d[1] = (y[2] - (1.0 + y[0]) * y[1]) / 77.27;
        d[2] = 0.161 * (y[0] - y[2]);
    }
    fn jacobian(&self, _: usize, _: f64, y: &[f64], _: &[bool], j: &mut [f64]) {
        j.copy_from_slice(&[
            77.27 * (1.0 - 2.0 * 8.375e-6 * y[0] - y[1]),
            77.27 * (1.0 - y[0]),
            0.0,
            -y[1] / 77.27,
            -(1.0 + y[0]) / 77.27,
            1.0 / 77.27,
            0.161,
            0.0,
            -0.161,
        ]);
    }
}

impl Orego {
    /// Start.
    pub const START: [f64; 3] = [1.0, 2.0, 3.0];
    /// State at t = 360 (Hairer & Wanner II, IV.10).
    pub const AT_360: [f64; 3] = [
        0.1000814870318523e1,
        0.1228178521549917e4,
        0.1320554942846706e3,
    ];
}

/// Van der Pol's oscillator with stiffness `eps = 1e-6`, from (2, 0).
#[derive(Clone, Copy, Debug)]
pub struct VanDerPol {
    /// Small parameter.
    pub eps: f64,
}

impl Equations for VanDerPol {
    fn n(&self) -> usize {
        2
    }
    fn rhs(&self, _: usize, _: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = y[1];
        d[1] = ((1.0 - y[0] * y[0]) * y[1] - y[0]) / self.eps;
    }
    fn jacobian(&self, _: usize, _: f64, y: &[f64], _: &[bool], j: &mut [f64]) {
        j.copy_from_slice(&[
            0.0,
            1.0,
            (-2.0 * y[0] * y[1] - 1.0) / self.eps,
            (1.0 - y[0] * y[0]) / self.eps,
        ]);
    }
}

impl VanDerPol {
    /// Start.
    pub const START: [f64; 2] = [2.0, 0.0];
    /// State at t = 2 for eps = 1e-6 (Hairer & Wanner II, IV.10).
    pub const AT_2: [f64; 2] = [0.1706167732170483e1, -0.8928097010247975];
}

/// Prothero & Robinson: `y' = -rate (y - cos t) - sin t`, solution cos t, time read explicitly; one state each lane.
#[derive(Clone, Copy, Debug)]
pub struct Forced {
    /// Stiffness.
    pub rate: f64,
}

impl Equations for Forced {
    fn n(&self) -> usize {
        1
    }
    fn rhs(&self, _: usize, t: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = -self.rate * (y[0] - t.cos()) - t.sin();
    }
    fn jacobian(&self, _: usize, _: f64, _: &[f64], _: &[bool], j: &mut [f64]) {
        j[0] = -self.rate;
    }
    fn dfdt(&self, _: usize, t: f64, _: &[f64], out: &mut [f64]) {
        out[0] = -self.rate * t.sin() - t.cos();
    }
}

/// A thermostat with a jump: `y0' = a − b·y0` where `a` is 2 below the clock signal `sin(w t) > level` and 5 above; `y1' = y0`.
///
/// Each lane has its own `w`, so that lanes switch at different times. The exact solution is known piece by piece.
#[derive(Clone, Debug)]
pub struct Switched {
    /// Frequency of each lane.
    pub w: Vec<f64>,
}

impl Equations for Switched {
    fn n(&self) -> usize {
        3
    }
    fn rhs(&self, lane: usize, _: f64, y: &[f64], on: &[bool], d: &mut [f64]) {
        // y1, y2 turn with frequency w; the switch reads y1.
        d[0] = if on[0] { 5.0 } else { 2.0 } - 0.7 * y[0];
        d[1] = self.w[lane] * y[2];
        d[2] = -self.w[lane] * y[1];
    }
    fn jacobian(&self, lane: usize, _: f64, _: &[f64], _: &[bool], j: &mut [f64]) {
        let w = self.w[lane];
        j.copy_from_slice(&[-0.7, 0.0, 0.0, 0.0, 0.0, w, 0.0, -w, 0.0]);
    }
    fn switches(&self) -> usize {
        1
    }
    fn margins(&self, _: usize, _: f64, y: &[f64], out: &mut [f64]) {
        out[0] = y[1] - Switched::LEVEL;
    }
}

impl Switched {
    /// Level at which the branch changes.
    pub const LEVEL: f64 = 0.25;
    /// Start: y1 = sin(w t).
    pub const START: [f64; 3] = [1.0, 0.0, 1.0];

    /// Exact first state at `t` for frequency `w`.
    pub fn exact(w: f64, t: f64) -> f64 {
        let (up, down) = (
            Self::LEVEL.asin(),
            std::f64::consts::PI - Self::LEVEL.asin(),
        );
        let mut edges = Vec::new();
        let mut turn = 0.0;
        while turn / w < t {
            edges.push(((turn + up) / w, 5.0));
            edges.push(((turn + down) / w, 2.0));
            turn += std::f64::consts::TAU;
        }
        let (mut now, mut y, mut a) = (0.0, Self::START[0], 2.0);
        let go = |y: f64, a: f64, dt: f64| a / 0.7 + (y - a / 0.7) * (-0.7 * dt).exp();
        for (edge, next) in edges {
            if edge >= t {
                break;
            }
            y = go(y, a, edge - now);
            (now, a) = (edge, next);
        }
        go(y, a, t - now)
    }
}

/// A ball above a floor: `height' = speed`, `speed' = −g`; the trigger is that it has gone below the floor. The caller reflects.
#[derive(Clone, Copy, Debug)]
pub struct Ball {
    /// Acceleration.
    pub g: f64,
}

impl Equations for Ball {
    fn n(&self) -> usize {
        2
    }
    fn rhs(&self, _: usize, _: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = y[1];
        d[1] = -self.g;
    }
    fn jacobian(&self, _: usize, _: f64, _: &[f64], _: &[bool], j: &mut [f64]) {
        j.copy_from_slice(&[0.0, 1.0, 0.0, 0.0]);
    }
    fn triggers(&self) -> usize {
        1
    }
    fn margins(&self, _: usize, _: f64, y: &[f64], out: &mut [f64]) {
        out[0] = -y[0];
    }
}

/// Slides along a jump: `y' = −1` above zero, `+1` below. No solution by frozen branches exists after the surface is met.
#[derive(Clone, Copy, Debug)]
pub struct Sliding;

impl Equations for Sliding {
    fn n(&self) -> usize {
        1
    }
    fn rhs(&self, _: usize, _: f64, _: &[f64], on: &[bool], d: &mut [f64]) {
        d[0] = if on[0] { -1.0 } else { 1.0 };
    }
    fn jacobian(&self, _: usize, _: f64, _: &[f64], _: &[bool], j: &mut [f64]) {
        j[0] = 0.0;
    }
    fn switches(&self) -> usize {
        1
    }
    fn margins(&self, _: usize, _: f64, y: &[f64], out: &mut [f64]) {
        out[0] = y[0];
    }
}

/// Runs into a wall: `y' = −1/sqrt(y)` from 1 reaches zero at t = 2/3; beyond, the right-hand side is not a number.
#[derive(Clone, Copy, Debug)]
pub struct RootOfNegative;

impl Equations for RootOfNegative {
    fn n(&self) -> usize {
        1
    }
    fn rhs(&self, _: usize, _: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = -1.0 / (y[0]).sqrt();
    }
    fn jacobian(&self, _: usize, _: f64, y: &[f64], _: &[bool], j: &mut [f64]) {
        j[0] = 0.5 / (y[0] * y[0].sqrt());
    }
}

//! Loops over whole blocks, compiled for each instruction set: stages, error, commit.
//!
//! Every loop works element by element in a fixed order, so that a lane's bits do not depend on how many lanes there are.

#![allow(clippy::needless_range_loop)] // indices over several slices of one length become vector code, iterators of eight do not

use osteon_vm::Pass;
use osteon_vm::math::Arith;

/// Lanes worked on side by side where results are gathered per lane.
const SIDE: usize = 8;

/// A loop that gathers something for each lane over all rows, for some lanes side by side.
trait Sided {
    /// Number of lanes.
    fn lanes(&self) -> usize;
    /// The loop for `W` lanes from `first` on.
    fn side<const W: usize>(&mut self, first: usize);
}

/// All lanes of a sided loop, most of them eight at a time.
#[inline(always)]
fn all_lanes(mut pass: impl Sided) {
    let lanes = pass.lanes();
    let mut first = 0;
    while first + SIDE <= lanes {
        pass.side::<SIDE>(first);
        first += SIDE;
    }
    while first < lanes {
        pass.side::<1>(first);
        first += 1;
    }
}

/// The first `J` increments, cut to one length so that loops over them need no checks.
#[inline(always)]
fn earlier<const J: usize>(k: &[Vec<f64>; 8], len: usize) -> [&[f64]; J] {
    let mut out: [&[f64]; J] = [&[]; J];
    for j in 0..J {
        out[j] = &k[j][..len];
    }
    out
}

/// `Σ c_j k_j` in one place.
#[inline(always)]
fn weighted<A: Arith, const J: usize>(c: &[f64; J], k: &[&[f64]; J], e: usize) -> f64 {
    let mut sum = c[0] * k[0][e];
    for j in 1..J {
        sum = A::mul_add(c[j], k[j][e], sum);
    }
    sum
}

/// `stage = y + Σ a_j k_j` and `add = Σ c_j k_j / h` in one pass over the earlier increments.
pub(crate) struct Combine<'a, const J: usize> {
    pub k: &'a [Vec<f64>; 8],
    pub y: &'a [f64],
    pub a: &'a [f64; J],
    pub c: &'a [f64; J],
    pub inverse_h: &'a [f64],
    pub stage: &'a mut [f64],
    pub add: &'a mut [f64],
}

impl<const J: usize> Pass for Combine<'_, J> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        let len = self.y.len();
        let k: [&[f64]; J] = earlier(self.k, len);
        let (y, inverse_h) = (&self.y[..len], &self.inverse_h[..len]);
        let (stage, add) = (&mut self.stage[..len], &mut self.add[..len]);
        for e in 0..len {
            let mut s = y[e];
            for j in 0..J {
                s = A::mul_add(self.a[j], k[j][e], s);
            }
            stage[e] = s;
            add[e] = weighted::<A, J>(self.c, &k, e) * inverse_h[e];
        }
    }
}

/// `add = Σ c_j k_j / h` and `stage += k_J` (the last of them): the stages from the seventh on.
pub(crate) struct Advance<'a, const J: usize> {
    pub k: &'a [Vec<f64>; 8],
    pub c: &'a [f64; J],
    pub inverse_h: &'a [f64],
    pub stage: &'a mut [f64],
    pub add: &'a mut [f64],
}

impl<const J: usize> Pass for Advance<'_, J> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        let len = self.stage.len();
        let k: [&[f64]; J] = earlier(self.k, len);
        let inverse_h = &self.inverse_h[..len];
        let (stage, add) = (&mut self.stage[..len], &mut self.add[..len]);
        for e in 0..len {
            stage[e] += k[J - 1][e];
            add[e] = weighted::<A, J>(self.c, &k, e) * inverse_h[e];
        }
    }
}

/// `out = a + b`.
pub(crate) struct Sum<'a> {
    pub a: &'a [f64],
    pub b: &'a [f64],
    pub out: &'a mut [f64],
}

impl Pass for Sum<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        let len = self.out.len();
        let (a, b, out) = (&self.a[..len], &self.b[..len], &mut self.out[..len]);
        for e in 0..len {
            out[e] = a[e] + b[e];
        }
    }
}

/// `to += factor · from / by`.
pub(crate) struct AddScaled<'a> {
    pub to: &'a mut [f64],
    pub from: &'a [f64],
    pub by: &'a [f64],
    pub factor: f64,
}

impl Pass for AddScaled<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        let len = self.to.len();
        let (to, from, by) = (&mut self.to[..len], &self.from[..len], &self.by[..len]);
        for e in 0..len {
            to[e] += self.factor / by[e] * from[e];
        }
    }
}

/// One number for every lane, in every row.
pub(crate) struct Spread<'a> {
    pub lanes: &'a [f64],
    pub out: &'a mut [f64],
}

impl Pass for Spread<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        for row in self.out.chunks_exact_mut(self.lanes.len()) {
            row.copy_from_slice(self.lanes);
        }
    }
}

/// Whether all numbers of both are finite.
pub(crate) struct AllFinite<'a>(pub &'a [f64], pub &'a [f64]);

impl Pass for AllFinite<'_> {
    type Out = bool;
    #[inline(always)]
    fn run<A: Arith>(self) -> bool {
        let mut good = true;
        for (a, b) in self.0.iter().zip(self.1) {
            // No comparison holds for what is not a number.
            good &= (a.abs() < f64::INFINITY) & (b.abs() < f64::INFINITY);
        }
        good
    }
}

/// Scaled error of each lane's step and the state that has it; infinite where a number is not finite.
pub(crate) struct Errors<'a> {
    pub y: &'a [f64],
    pub y_end: &'a [f64],
    pub k: &'a [f64],
    pub atol: &'a [f64],
    pub rtol: f64,
    /// Factor on the tolerances of each lane.
    pub scale: &'a [f64],
    pub error: &'a mut [f64],
    pub worst: &'a mut [u64],
}

impl Sided for Errors<'_> {
    #[inline(always)]
    fn lanes(&self) -> usize {
        self.scale.len()
    }

    #[inline(always)]
    fn side<const W: usize>(&mut self, first: usize) {
        let lanes = self.scale.len();
        let mut error = [0.0; W];
        let mut worst = [u64::MAX; W];
        let mut scale = [1.0; W];
        scale.copy_from_slice(&self.scale[first..first + W]);
        let n = self.y.len() / lanes;
        for i in 0..n {
            let at = i * lanes + first;
            let (y, end) = (&self.y[at..at + W], &self.y_end[at..at + W]);
            let (k, atol) = (&self.k[at..at + W], &self.atol[at..at + W]);
            for l in 0..W {
                let (a, b) = (y[l].abs(), end[l].abs());
                let size = atol[l] + self.rtol * if a > b { a } else { b };
                let step = k[l].abs();
                let mut this = step / (scale[l] * size);
                let finite = (b < f64::INFINITY) & (step < f64::INFINITY);
                this = if finite { this } else { f64::INFINITY };
                let more = this > error[l];
                error[l] = if more { this } else { error[l] };
                worst[l] = if more { i as u64 } else { worst[l] };
            }
        }
        self.error[first..first + W].copy_from_slice(&error);
        self.worst[first..first + W].copy_from_slice(&worst);
    }
}

impl Pass for Errors<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        all_lanes(self);
    }
}

/// Takes the end of the step over in the lanes that want it: 0 leaves a lane as it is, 1 takes the end, 2 the point on the way.
pub(crate) struct Take<'a> {
    pub choice: &'a [u64],
    pub y: &'a mut [f64],
    pub y_end: &'a [f64],
    pub on_the_way: &'a [f64],
}

impl Sided for Take<'_> {
    #[inline(always)]
    fn lanes(&self) -> usize {
        self.choice.len()
    }

    #[inline(always)]
    fn side<const W: usize>(&mut self, first: usize) {
        let lanes = self.choice.len();
        let mut choice = [0; W];
        choice.copy_from_slice(&self.choice[first..first + W]);
        for i in 0..self.y.len() / lanes {
            let at = i * lanes + first;
            let y = &mut self.y[at..at + W];
            let y_end = &self.y_end[at..at + W];
            let way = &self.on_the_way[at..at + W];
            for l in 0..W {
                let end = if choice[l] == 2 { way[l] } else { y_end[l] };
                y[l] = if choice[l] == 0 { y[l] } else { end };
            }
        }
    }
}

impl Pass for Take<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        all_lanes(self);
    }
}

/// `q_r = Σ_j h_rj k_j`: coefficients of the interpolant.
pub(crate) struct Interpolant<'a> {
    pub h: &'a [[f64; 8]; 3],
    pub k: &'a [Vec<f64>; 8],
    pub q: &'a mut [Vec<f64>; 3],
}

impl Pass for Interpolant<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        let len = self.q[0].len();
        let k: [&[f64]; 8] = earlier(self.k, len);
        let [q0, q1, q2] = self.q;
        let (q0, q1, q2) = (&mut q0[..len], &mut q1[..len], &mut q2[..len]);
        for e in 0..len {
            let mut sums = [0.0; 3];
            for j in 0..8 {
                for r in 0..3 {
                    sums[r] = A::mul_add(self.h[r][j], k[j][e], sums[r]);
                }
            }
            (q0[e], q1[e], q2[e]) = (sums[0], sums[1], sums[2]);
        }
    }
}

/// Values of the interpolant in some rows, each lane at its own fraction of the step; other rows are left as they are.
pub(crate) struct Interpolate<'a> {
    pub rows: &'a [u32],
    pub theta: &'a [f64],
    pub start: &'a [f64],
    pub end: &'a [f64],
    pub q: &'a [Vec<f64>; 3],
    pub out: &'a mut [f64],
}

impl Pass for Interpolate<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        let lanes = self.theta.len();
        for i in self.rows {
            // Rows cut to one length first: the loop over lanes then needs no checks and becomes vector code.
            let (from, to) = (*i as usize * lanes, (*i as usize + 1) * lanes);
            let (start, end) = (&self.start[from..to], &self.end[from..to]);
            let [q1, q2, q3] = self.q;
            let (q1, q2, q3) = (&q1[from..to], &q2[from..to], &q3[from..to]);
            let out = &mut self.out[from..to];
            for lane in 0..lanes {
                let (s, r) = (self.theta[lane], 1.0 - self.theta[lane]);
                let inner = A::mul_add(s, A::mul_add(s, q3[lane], q2[lane]), q1[lane]);
                let inner = A::mul_add(r, inner, end[lane]);
                out[lane] = A::mul_add(r, start[lane], s * inner);
            }
        }
    }
}

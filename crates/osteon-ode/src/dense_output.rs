//! The interpolant inside the last accepted step. Also right a little beyond its end, which landing on a crossing uses.

use crate::rodas5p::H;

/// Coefficient rows of the interpolant for a block, made from the increments only when somebody asks.
#[derive(Debug)]
pub(crate) struct DenseOutput {
    q: [Vec<f64>; 3],
    ready: bool,
}

impl DenseOutput {
    pub(crate) fn new(len: usize) -> Self {
        DenseOutput { q: std::array::from_fn(|_| vec![0.0; len]), ready: false }
    }

    /// The increments have changed.
    pub(crate) fn outdate(&mut self) {
        self.ready = false;
    }

    /// Makes the coefficients from the increments unless they are current.
    pub(crate) fn prepare(&mut self, k: &[Vec<f64>; 8]) {
        if self.ready {
            return;
        }
        let len = self.q[0].len();
        let k: [&[f64]; 8] = std::array::from_fn(|j| &k[j][..len]);
        for (q, h) in self.q.iter_mut().zip(&H) {
            let q = &mut q[..len];
            for e in 0..len {
                let mut sum = 0.0;
                for j in 0..8 {
                    sum += h[j] * k[j][e];
                }
                q[e] = sum;
            }
        }
        self.ready = true;
    }

    /// State of every lane at its own fraction `theta` of its step.
    pub(crate) fn at(&self, theta: &[f64], start: &[f64], end: &[f64], out: &mut [f64]) {
        let lanes = theta.len();
        for (i, row) in out.chunks_exact_mut(lanes).enumerate() {
            let o = i * lanes;
            for lane in 0..lanes {
                let e = o + lane;
                let (s, r) = (theta[lane], 1.0 - theta[lane]);
                row[lane] = r * start[e] + s * (end[e] + r * (self.q[0][e] + s * (self.q[1][e] + s * self.q[2][e])));
            }
        }
    }
}

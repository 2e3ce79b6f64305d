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
        DenseOutput {
            q: std::array::from_fn(|_| vec![0.0; len]),
            ready: false,
        }
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
        let [q1, q2, q3] = &self.q;
        for (i, row) in out.chunks_exact_mut(lanes).enumerate() {
            // Rows cut to one length first: the loop over lanes then needs no checks and becomes vector code.
            let at = i * lanes..(i + 1) * lanes;
            let (start, end) = (&start[at.clone()], &end[at.clone()]);
            let (q1, q2, q3) = (&q1[at.clone()], &q2[at.clone()], &q3[at]);
            for lane in 0..lanes {
                let (s, r) = (theta[lane], 1.0 - theta[lane]);
                row[lane] = r * start[lane]
                    + s * (end[lane] + r * (q1[lane] + s * (q2[lane] + s * q3[lane])));
            }
        }
    }
}

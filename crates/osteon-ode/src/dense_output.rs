//! The interpolant inside the last accepted step. Also right a little beyond its end, which landing on a crossing uses.

use osteon_vm::Passes;

use crate::passes::{Interpolant, Interpolate};
use crate::rodas5p::H;

/// Coefficient rows of the interpolant for a block, made from the increments only when somebody asks.
#[derive(Debug)]
pub(crate) struct DenseOutput {
    q: [Vec<f64>; 3],
    ready: bool,
    passes: Passes,
}

impl DenseOutput {
    pub(crate) fn new(len: usize, passes: Passes) -> Self {
        DenseOutput {
            q: std::array::from_fn(|_| vec![0.0; len]),
            ready: false,
            passes,
        }
    }

    /// The increments have changed.
    pub(crate) fn outdate(&mut self) {
        self.ready = false;
    }

    /// Makes the coefficients from the increments unless they are current.
    pub(crate) fn prepare(&mut self, k: &[Vec<f64>; 8]) {
        if !self.ready {
            let q = &mut self.q;
            self.passes.run(Interpolant { h: &H, k, q });
            self.ready = true;
        }
    }

    /// Some states of every lane at its own fraction `theta` of its step.
    pub(crate) fn at(
        &self,
        rows: &[u32],
        theta: &[f64],
        start: &[f64],
        end: &[f64],
        out: &mut [f64],
    ) {
        self.passes.run(Interpolate {
            rows,
            theta,
            start,
            end,
            q: &self.q,
            out,
        });
    }
}

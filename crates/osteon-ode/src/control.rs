//! Step size control: the predictive controller of Gustafsson as in Hairer & Wanner's RODAS (Solving ODEs II, IV.8), and the
//! planning of a step towards a stop without leaving a crumb.

/// Safety factor of the controller.
const SAFETY: f64 = 0.9;
/// Largest growth of a step. Large, so that decades after a transient cost few steps.
const GROW: f64 = 8.0;
/// Largest shrinkage after a rejected step.
const SHRINK: f64 = 8.0;
/// Smallest error remembered, so that one lucky step does not make the next prediction absurd.
const ERROR_FLOOR: f64 = 1e-2;

/// Fifth root of a non-negative number, by Newton's iteration: the same bits on every platform.
pub(crate) fn fifth_root(x: f64) -> f64 {
    if !(x > 0.0 && x.is_finite()) {
        return if x > 0.0 { x } else { 0.0 };
    }
    // Dividing the exponent by five gives a guess within 20 %.
    let mut r = f64::from_bits(x.to_bits() / 5 + (1023u64 << 52) / 5 * 4);
    for _ in 0..5 {
        let r2 = r * r;
        r += 0.2 * (x / (r2 * r2) - r);
    }
    r
}

/// Memory of the controller for one lane.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Error and size of the last accepted step; size 0 when there is none to learn from.
    error: f64,
    step: f64,
    rejected: bool,
}

impl Memory {
    /// Forgets the smooth past: after a jump the last error predicts nothing.
    pub(crate) fn forget(&mut self) {
        *self = Memory::default();
    }

    /// New step after an accepted one of size `h` with scaled error `error ≤ 1`.
    pub(crate) fn accepted(&mut self, h: f64, error: f64) -> f64 {
        let mut factor = fifth_root(error) / SAFETY;
        if self.step > 0.0 {
            let e = error.max(1e-30);
            let predicted = (self.step / h) * fifth_root(e * e / self.error) / SAFETY;
            factor = factor.max(predicted);
        }
        let mut next = h / factor.clamp(1.0 / GROW, SHRINK);
        if self.rejected {
            next = next.min(h);
        }
        self.rejected = false;
        self.error = error.max(ERROR_FLOOR);
        self.step = h;
        next
    }

    /// New step after one of size `h` was rejected with scaled error `error > 1` (infinite when a number was not finite).
    pub(crate) fn rejected(&mut self, h: f64, error: f64) -> f64 {
        self.rejected = true;
        if error.is_finite() {
            h / (fifth_root(error) / SAFETY).clamp(1.0 / SAFETY, SHRINK)
        } else {
            h * 0.1
        }
    }
}

/// The best first step after a jump, judged by the error of the step that was taken.
pub(crate) fn ideal(h: f64, error: f64) -> f64 {
    h / (fifth_root(error) / SAFETY).clamp(0.25, SHRINK)
}

/// Size of the next step and whether it ends at the stop.
pub(crate) fn plan(t: f64, stop: f64, wish: f64, max_step: f64) -> (f64, bool) {
    let left = stop - t;
    let h = wish.min(max_step);
    if left <= 1.05 * h {
        (left, true)
    } else if left < 2.0 * h {
        (0.5 * left, false) // two equal steps instead of a long one and a crumb
    } else {
        (h, false)
    }
}

/// Smallest step that still moves the time reliably.
pub(crate) fn smallest(t: f64, stop: f64) -> f64 {
    16.0 * f64::EPSILON
        * t.abs().max(if stop.is_finite() {
            stop.abs() * 1e-3
        } else {
            0.0
        })
        + f64::MIN_POSITIVE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifth_root_is_exact_over_the_range() {
        for x in [1e-300, 3e-20, 1e-5, 0.7, 1.0, 32.0, 1e10, 1e300] {
            let r = fifth_root(x);
            let back = r * r * r * r * r;
            assert!((back / x - 1.0).abs() < 1e-13, "{x}: {back}");
        }
        assert_eq!(fifth_root(0.0), 0.0);
    }

    #[test]
    fn a_stop_leaves_no_crumb() {
        assert_eq!(plan(0.0, 1.0, 0.9, f64::INFINITY), (0.5, false));
        assert_eq!(plan(0.0, 1.0, 0.97, f64::INFINITY), (1.0, true));
        assert_eq!(plan(0.0, 1.0, 0.3, 0.2), (0.2, false));
    }
}

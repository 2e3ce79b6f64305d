//! Nonlinear least squares inside bounds: Levenberg–Marquardt with finite differences, all trial points of a round evaluated together.
//!
//! Minimises ½ Σ rᵢ(x)². Bounds are kept by projection. Nothing here knows what the residuals mean.

use crate::symmetric::Square;

/// What is asked of the solver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Step of the finite differences, in units of x.
    pub(crate) step: f64,
    /// Stop when a round lowers the sum of squares by less than this share.
    pub(crate) least_gain: f64,
    /// Stop when no component of x moves by more than this.
    pub(crate) least_move: f64,
    /// Most rounds.
    pub(crate) rounds: usize,
}

/// What came out.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    pub(crate) x: Vec<f64>,
    pub(crate) residuals: Vec<f64>,
    /// Derivatives: one row a residual.
    pub(crate) jacobian: Vec<Vec<f64>>,
    pub(crate) rounds: usize,
    pub(crate) converged: bool,
}

/// Damping factors tried together in one round, relative to the present one.
const TRIALS: [f64; 4] = [0.1, 1.0, 10.0, 100.0];

/// Finds a minimum from `start`. `evaluate` gives the residuals at many points; a point that cannot be evaluated has NaN.
///
/// # Errors
/// When the start itself cannot be evaluated, or `evaluate` fails.
pub(crate) fn minimise<E>(
    start: &[f64],
    bounds: &[(f64, f64)],
    settings: Settings,
    mut evaluate: impl FnMut(&[Vec<f64>]) -> Result<Vec<Vec<f64>>, E>,
    mut told: impl FnMut(usize, f64),
) -> Result<Option<Minimum>, E> {
    let n = start.len();
    let clamp = |x: &[f64]| -> Vec<f64> {
        x.iter()
            .zip(bounds)
            .map(|(v, (l, u))| v.clamp(*l, *u))
            .collect()
    };
    let mut x = clamp(start);
    let mut damping = 1e-2;
    let mut round = 0;
    loop {
        // The point itself and one neighbour a component; at an upper bound the neighbour lies below.
        let steps: Vec<f64> = (0..n)
            .map(|j| {
                if x[j] + settings.step > bounds[j].1 {
                    -settings.step
                } else {
                    settings.step
                }
            })
            .collect();
        let mut points = vec![x.clone()];
        for (j, step) in steps.iter().enumerate() {
            let mut near = x.clone();
            near[j] += step;
            points.push(near);
        }
        let values = evaluate(&points)?;
        let Some((r, near)) = values
            .split_first()
            .filter(|v| v.0.iter().all(|r| r.is_finite()))
        else {
            return Ok(None);
        };
        // A neighbour that cannot be evaluated tells nothing: its column is zero.
        let slope = |i: usize, j: usize| {
            let d = (near[j][i] - r[i]) / steps[j];
            if d.is_finite() { d } else { 0.0 }
        };
        let jacobian: Vec<Vec<f64>> = (0..r.len())
            .map(|i| (0..n).map(|j| slope(i, j)).collect())
            .collect();
        let cost = half_square(r);
        told(round, cost);
        let finished = |x: Vec<f64>, converged: bool| Minimum {
            x,
            residuals: r.clone(),
            jacobian: jacobian.clone(),
            rounds: round,
            converged,
        };
        if round >= settings.rounds {
            return Ok(Some(finished(x, false)));
        }

        let gradient: Vec<f64> = (0..n)
            .map(|j| jacobian.iter().zip(r).map(|(row, r)| row[j] * r).sum())
            .collect();
        // Components held by a bound do not take part in the step.
        let free: Vec<bool> = (0..n)
            .map(|j| {
                !((x[j] <= bounds[j].0 && gradient[j] > 0.0)
                    || (x[j] >= bounds[j].1 && gradient[j] < 0.0))
            })
            .collect();
        let mut trials = Vec::new();
        for factor in TRIALS {
            let mut normal = Square::zero(n);
            for i in 0..n {
                for j in 0..n {
                    if free[i] && free[j] {
                        normal.add(i, j, jacobian.iter().map(|row| row[i] * row[j]).sum());
                    }
                }
                let diagonal = normal.at(i, i);
                normal.add(
                    i,
                    i,
                    if free[i] {
                        damping * factor * diagonal.max(1e-9)
                    } else {
                        1.0
                    },
                );
            }
            let down: Vec<f64> = (0..n)
                .map(|j| if free[j] { -gradient[j] } else { 0.0 })
                .collect();
            if let Some(step) = normal.solve(&down) {
                let target: Vec<f64> = x.iter().zip(&step).map(|(a, b)| a + b).collect();
                trials.push((damping * factor, clamp(&target)));
            }
        }
        let tried = evaluate(&trials.iter().map(|t| t.1.clone()).collect::<Vec<_>>())?;
        let best = trials
            .iter()
            .zip(&tried)
            .map(|((d, x), r)| (half_square(r), *d, x))
            .filter(|(c, _, _)| c.is_finite())
            .min_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((new_cost, new_damping, new_x)) if new_cost < cost => {
                let moved = new_x
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f64::max);
                let gain = (cost - new_cost) / cost.max(1e-300);
                damping = (new_damping * 0.3).max(1e-9);
                let done = gain < settings.least_gain && moved < settings.least_move;
                if done {
                    return Ok(Some(finished(x, true)));
                }
                x.clone_from(new_x);
            }
            _ if damping > 1e6 => return Ok(Some(finished(x, true))),
            _ => {
                // No trial helps: either the minimum is reached to the accuracy of the derivatives, or the step is still too long.
                let longest = trials
                    .iter()
                    .flat_map(|t| t.1.iter().zip(&x).map(|(a, b)| (a - b).abs()))
                    .fold(0.0, f64::max);
                if longest < settings.least_move {
                    return Ok(Some(finished(x, true)));
                }
                damping *= 1e3;
            }
        }
        round += 1;
    }
}

fn half_square(r: &[f64]) -> f64 {
    0.5 * r.iter().map(|v| v * v).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const SETTINGS: Settings = Settings {
        step: 1e-6,
        least_gain: 1e-9,
        least_move: 1e-6,
        rounds: 200,
    };

    fn solve(start: &[f64], bounds: &[(f64, f64)], f: impl Fn(&[f64]) -> Vec<f64>) -> Minimum {
        let all = |points: &[Vec<f64>]| Ok::<_, Infallible>(points.iter().map(|p| f(p)).collect());
        minimise(start, bounds, SETTINGS, all, |_, _| {})
            .expect("infallible")
            .expect("start can be evaluated")
    }

    #[test]
    fn rosenbrock_valley() {
        let found = solve(&[-1.2, 1.0], &[(-5.0, 5.0); 2], |x| {
            vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]
        });
        assert!(
            found.converged && (found.x[0] - 1.0).abs() < 1e-4 && (found.x[1] - 1.0).abs() < 1e-4,
            "{found:?}"
        );
    }

    #[test]
    fn a_bound_holds() {
        let found = solve(&[0.0, 0.0], &[(-1.0, 1.0), (-9.0, 9.0)], |x| {
            vec![x[0] - 3.0, x[1] - x[0] - 2.0]
        });
        assert!(
            (found.x[0] - 1.0).abs() < 1e-9 && (found.x[1] - 3.0).abs() < 1e-5,
            "{found:?}"
        );
    }
}

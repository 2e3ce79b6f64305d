//! Which measurements would teach the body most: expected fall of the predictions' variance, each prediction measured by the interval
//! that judges it, if one parameter were known exactly or one row of a study were measured anew with half its interval.
//!
//! Linear and Gaussian: parameters have unit variance in units of their ranges (the range is the 95 %), every counted row depends on them
//! by the slope between the ends of the ranges, and the rows that shaped the body have already taken away what they know.

use crate::sensitivity::Sensitivity;
use crate::symmetric::Square;

/// Width of the interval of a new measurement relative to the present one.
const FINER: f64 = 0.5;

/// One measurement and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Number of the parameter, or (study, output) of the row.
    pub place: (usize, usize),
    /// Share of the summed variance that it takes away, after those before it in the list.
    pub share: f64,
}

/// The measurements that teach most, best first, each on top of those before.
#[derive(Debug, Clone, PartialEq)]
pub struct Teachers {
    /// Parameters to be known exactly; `place.0` numbers the parameter.
    pub parameters: Vec<Lesson>,
    /// Rows to be measured anew; `place` numbers study and output.
    pub rows: Vec<Lesson>,
    /// Summed variance of all counted rows in units of the squared standard errors of their intervals, before.
    pub variance: f64,
    /// Number of rows in the sum.
    pub n_rows: usize,
    /// Of these, rows that shaped the body.
    pub n_fitted: usize,
}

/// The best `wanted` parameters and rows.
pub fn teachers(studies: &[Sensitivity], n_parameters: usize, wanted: usize) -> Teachers {
    let mut slopes: Vec<Vec<f64>> = Vec::new();
    let mut places = Vec::new();
    let mut fitted = Vec::new();
    for (s, study) in studies.iter().enumerate() {
        for (o, output) in study.outputs.iter().enumerate() {
            let Some(sigma) = study
                .sigma(o)
                .filter(|_| output.counted && output.base.is_finite())
            else {
                continue;
            };
            slopes.push(
                (0..n_parameters)
                    .map(|p| study.slope(o, p) / sigma)
                    .collect(),
            );
            places.push((s, o));
            fitted.push(output.used_to_fit);
        }
    }
    let mut prior = Square::zero(n_parameters);
    (0..n_parameters).for_each(|i| prior.add(i, i, 1.0));
    for (row, _) in slopes.iter().zip(&fitted).filter(|(_, f)| **f) {
        prior = after(&prior, row, 1.0);
    }
    let variance = summed(&prior, &slopes);
    let unit = |i: usize| {
        (0..n_parameters)
            .map(|j| f64::from(u8::from(i == j)))
            .collect::<Vec<f64>>()
    };
    let exact: Vec<((usize, usize), Vec<f64>, f64)> =
        (0..n_parameters).map(|i| ((i, 0), unit(i), 0.0)).collect();
    let anew: Vec<((usize, usize), Vec<f64>, f64)> = places
        .iter()
        .zip(&slopes)
        .map(|(place, row)| (*place, row.clone(), FINER * FINER))
        .collect();
    Teachers {
        parameters: greedy(&prior, &slopes, &exact, variance, wanted),
        rows: greedy(&prior, &slopes, &anew, variance, wanted),
        variance,
        n_rows: slopes.len(),
        n_fitted: fitted.iter().filter(|f| **f).count(),
    }
}

/// Takes the best candidate, learns from it, takes the next.
fn greedy(
    prior: &Square,
    slopes: &[Vec<f64>],
    candidates: &[((usize, usize), Vec<f64>, f64)],
    whole: f64,
    wanted: usize,
) -> Vec<Lesson> {
    let mut known = prior.clone();
    let mut taken: Vec<Lesson> = Vec::new();
    while taken.len() < wanted {
        let worth = |(_, row, noise): &((usize, usize), Vec<f64>, f64)| {
            let moved = times(&known, row);
            let spread = dot(row, &moved) + noise;
            // Nothing is left to learn where the spread is rounding.
            if spread > 1e-9 {
                slopes.iter().map(|s| dot(s, &moved).powi(2)).sum::<f64>() / spread
            } else {
                0.0
            }
        };
        let best = candidates
            .iter()
            .filter(|c| !taken.iter().any(|t| t.place == c.0))
            .map(|c| (worth(c), c))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((gain, (place, row, noise))) = best.filter(|b| b.0 > 0.0 && whole > 0.0) else {
            break;
        };
        taken.push(Lesson {
            place: *place,
            share: gain / whole,
        });
        known = after(&known, row, *noise);
    }
    taken
}

/// Covariance after a measurement of `row · x` with variance `noise`.
fn after(covariance: &Square, row: &[f64], noise: f64) -> Square {
    let moved = times(covariance, row);
    let spread = dot(row, &moved) + noise;
    let mut out = covariance.clone();
    if spread > 0.0 {
        for (i, a) in moved.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            moved
                .iter()
                .enumerate()
                .for_each(|(j, b)| out.add(i, j, -a * b / spread));
        }
    }
    out
}

fn summed(covariance: &Square, slopes: &[Vec<f64>]) -> f64 {
    slopes.iter().map(|s| dot(s, &times(covariance, s))).sum()
}

fn times(m: &Square, x: &[f64]) -> Vec<f64> {
    (0..m.n)
        .map(|i| dot(&m.a[i * m.n..(i + 1) * m.n], x))
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitivity::{Effect, Output};

    /// Two parameters; the first moves both rows, the second one only the second row, ten times less.
    fn two_rows(first_fitted: bool) -> Sensitivity {
        let output = |name: &str, used_to_fit: bool| Output {
            name: name.into(),
            quantity: name.into(),
            unit: "1".into(),
            base: 0.0,
            interval: Some((-1.96, 1.96)),
            used_to_fit,
            counted: true,
        };
        let effect = |slope: f64| Effect {
            low: -1.96 * slope,
            high: 1.96 * slope,
        };
        Sensitivity {
            name: "s".into(),
            title: "s".into(),
            outputs: vec![output("a", first_fitted), output("b", false)],
            effects: vec![
                vec![effect(10.0), effect(0.0)],
                vec![effect(5.0), effect(1.0)],
            ],
            failed: Vec::new(),
        }
    }

    #[test]
    fn the_parameter_that_moves_most_is_worth_its_share() {
        let found = teachers(&[two_rows(false)], 2, 2);
        assert!((found.variance - 126.0).abs() < 1e-9);
        assert_eq!(found.parameters[0].place, (0, 0));
        assert!((found.parameters[0].share - 125.0 / 126.0).abs() < 1e-9);
        assert!((found.parameters[1].share - 1.0 / 126.0).abs() < 1e-9);
        // Row a tells of parameter 0 alone: 1/(1 + 100/0.25) of it remains.
        assert_eq!(found.rows[0].place, (0, 0));
        assert!((found.rows[0].share - (125.0 / 126.0) * (1.0 - 1.0 / 401.0)).abs() < 1e-9);
    }

    #[test]
    fn what_shaped_the_body_is_known_already() {
        let found = teachers(&[two_rows(true)], 2, 1);
        // Parameter 0 keeps a variance of 1/101: the other one is now worth as much of what is left.
        assert!((found.variance - (100.0 / 101.0 + 25.0 / 101.0 + 1.0)).abs() < 1e-9);
    }
}

//! Which measurements would teach the body most: by how much they are expected to narrow what it predicts.
//!
//! Linear and Gaussian: parameters have unit variance in units of their ranges (`Uncertain::per_deviation`), every counted row depends on
//! them by the slope between the ends of the ranges, and what shaped the body has already taken away what it knows. A new measurement
//! lowers the variance of a prediction by the square of their covariance over the variance of the measurement, its own error included.
//! What is narrowed: for every quantity the mean over its counted rows of the share of their variance; a row that is known better
//! than it was measured counts less by that ratio, and every quantity counts alike.

use std::collections::BTreeMap;

use crate::sensitivity::Sensitivity;
use crate::symmetric::Square;
use crate::uncertainty::Uncertain;
use crate::uncertainty_joint::{error_of_row, slopes_of};

/// Width of the interval of a row measured anew relative to the present one.
const FINER: f64 = 0.5;
/// Quantities named as those that a measurement narrows most.
const NAMED: usize = 3;

/// One measurement and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Number of the parameter, or (study, output) of the row.
    pub place: (usize, usize),
    /// Share of what is uncertain that it takes away, after those before it in the list.
    pub share: f64,
    /// What it tells about the parameters, bits; infinite for exact knowledge.
    pub bits: f64,
    /// The quantities whose variance it narrows most, with the share taken away of each.
    pub narrows: Vec<(String, f64)>,
}

/// The measurements that teach most, best first, each on top of those before.
#[derive(Debug, Clone, PartialEq)]
pub struct Teachers {
    /// Measurements that nobody has made; `place` numbers study and output.
    pub new: Vec<Lesson>,
    /// Of these, how many there are to choose from.
    pub n_new: usize,
    /// Parameters to be known exactly; `place.0` numbers the parameter.
    pub parameters: Vec<Lesson>,
    /// Rows to be measured anew; `place` numbers study and output.
    pub rows: Vec<Lesson>,
    /// Mean over quantities of the variance of their rows in units of the squared errors of their intervals, each at most 1.
    pub uncertain: f64,
    /// Number of rows looked at.
    pub n_rows: usize,
    /// Number of quantities.
    pub n_quantities: usize,
    /// Rows and values at rest that have taught the body before.
    pub n_shaped: usize,
}

/// A prediction that is to be narrowed.
struct Target {
    quantity: String,
    slopes: Vec<f64>,
    /// Weight of its variance: so much that the sum over all targets is [`Teachers::uncertain`].
    weight: f64,
    /// Variance before.
    variance: f64,
}

/// A measurement that could be made: its place, slopes and error variance.
type Candidate = ((usize, usize), Vec<f64>, f64);

/// The best `wanted` of each sort.
pub fn teachers(studies: &[Sensitivity], parameters: &[Uncertain], wanted: usize) -> Teachers {
    let n = parameters.len();
    let mut known = Square::zero(n);
    (0..n).for_each(|i| known.add(i, i, 1.0));
    let (mut targets, mut anew, mut new) = (Vec::new(), Vec::new(), Vec::new());
    let mut n_shaped = 0;
    for (s, study) in studies.iter().enumerate() {
        for (o, output) in study
            .outputs
            .iter()
            .enumerate()
            .filter(|x| x.1.base.is_finite())
        {
            if let Some(error) = error_of_row(study, o).filter(|_| output.shaped) {
                known = after(&known, &slopes_of(study, o, parameters, error), 1.0);
                n_shaped += 1;
            }
            if let Some(error) = output.new {
                new.push(((s, o), slopes_of(study, o, parameters, error), 1.0));
            }
            let Some(sigma) = study.sigma(o).filter(|_| output.counted) else {
                continue;
            };
            let slopes = slopes_of(study, o, parameters, sigma);
            anew.push(((s, o), slopes.clone(), FINER * FINER));
            targets.push(Target {
                quantity: output.quantity.clone(),
                slopes,
                weight: 0.0,
                variance: 0.0,
            });
        }
    }
    let mut rows_of: BTreeMap<&str, f64> = BTreeMap::new();
    for target in &targets {
        *rows_of.entry(target.quantity.as_str()).or_insert(0.0) += 1.0;
    }
    let n_quantities = rows_of.len();
    let shares: Vec<f64> = targets
        .iter()
        .map(|t| 1.0 / (rows_of[t.quantity.as_str()] * n_quantities as f64))
        .collect();
    for (target, share) in targets.iter_mut().zip(shares) {
        target.variance = dot(&target.slopes, &times(&known, &target.slopes));
        target.weight = share / target.variance.max(1.0);
    }
    let exact: Vec<Candidate> = (0..n)
        .map(|i| {
            (
                (i, 0),
                (0..n).map(|j| f64::from(u8::from(i == j))).collect(),
                0.0,
            )
        })
        .collect();
    Teachers {
        new: greedy(&known, &targets, &new, wanted),
        n_new: new.len(),
        parameters: greedy(&known, &targets, &exact, wanted),
        rows: greedy(&known, &targets, &anew, wanted),
        uncertain: targets.iter().map(|t| t.weight * t.variance).sum(),
        n_rows: targets.len(),
        n_quantities,
        n_shaped,
    }
}

/// Takes the best candidate, learns from it, takes the next.
fn greedy(
    prior: &Square,
    targets: &[Target],
    candidates: &[Candidate],
    wanted: usize,
) -> Vec<Lesson> {
    let whole: f64 = targets.iter().map(|t| t.weight * t.variance).sum();
    let mut known = prior.clone();
    let mut taken: Vec<Lesson> = Vec::new();
    while taken.len() < wanted {
        // Covariances of the candidate with the parameters, and its variance; nothing is left to learn where the spread is rounding.
        let look = |(_, row, noise): &Candidate| {
            let moved = times(&known, row);
            let spread = dot(row, &moved);
            (spread > 1e-9).then_some((moved, spread, spread + noise))
        };
        let worth = |candidate: &Candidate| {
            look(candidate).map_or(0.0, |(moved, _, total)| {
                let one = |t: &Target| t.weight * dot(&t.slopes, &moved).powi(2) / total;
                targets.iter().map(one).sum::<f64>()
            })
        };
        let best = candidates
            .iter()
            .filter(|c| !taken.iter().any(|t| t.place == c.0))
            .map(|c| (worth(c), c))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((gain, candidate)) = best.filter(|b| b.0 > 0.0 && whole > 0.0) else {
            break;
        };
        let Some((moved, _, total)) = look(candidate) else {
            break;
        };
        let mut by: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for t in targets {
            let sums = by.entry(t.quantity.as_str()).or_insert((0.0, 0.0));
            sums.0 += t.weight * dot(&t.slopes, &moved).powi(2) / total;
            sums.1 += t.weight * t.variance;
        }
        let mut narrows: Vec<(String, f64)> = by
            .into_iter()
            .filter(|(_, (_, all))| *all > 0.0)
            .map(|(quantity, (gone, all))| (quantity.to_owned(), gone / all))
            .collect();
        narrows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        narrows.truncate(NAMED);
        taken.push(Lesson {
            place: candidate.0,
            share: gain / whole,
            bits: 0.5 * (total / candidate.2).log2(),
            narrows,
        });
        known = after(&known, &candidate.1, candidate.2);
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

fn times(m: &Square, x: &[f64]) -> Vec<f64> {
    let few: Vec<(usize, f64)> = x
        .iter()
        .copied()
        .enumerate()
        .filter(|v| v.1 != 0.0)
        .collect();
    (0..m.n)
        .map(|i| few.iter().map(|(j, v)| m.at(i, *j) * v).sum())
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::uncertain;
    use crate::sensitivity::{Effect, Output};
    use osteon_model::Origin;

    fn parameters() -> Vec<Uncertain> {
        ["p", "q"]
            .map(|name| uncertain(name, Origin::Measured))
            .into()
    }

    /// Two parameters; the first moves both rows, the second one only the second row. A third output is a measurement of the first row
    /// that could be made with an error of 0.1.
    fn two_rows(first_fitted: bool) -> Sensitivity {
        let output = |name: &str, shaped: bool, new: Option<f64>| Output {
            name: name.into(),
            quantity: name.into(),
            unit: "1".into(),
            base: 0.0,
            interval: new.is_none().then_some((-1.96, 1.96)),
            used_to_fit: shaped,
            shaped,
            counted: new.is_none(),
            new,
        };
        let effect = |slope: f64| Effect {
            low: -1.96 * slope,
            high: 1.96 * slope,
            on_line: false,
        };
        Sensitivity {
            name: "s".into(),
            title: "s".into(),
            outputs: vec![
                output("a", first_fitted, None),
                output("b", false, None),
                output("a", false, Some(0.1)),
            ],
            effects: vec![
                vec![effect(10.0), effect(0.0)],
                vec![effect(5.0), effect(1.0)],
                vec![effect(10.0), effect(0.0)],
            ],
            failed: Vec::new(),
            behind: vec![true; 2],
            lived: 1,
            whole: 1,
        }
    }

    #[test]
    fn the_parameter_that_moves_most_is_worth_its_share() {
        let found = teachers(&[two_rows(false)], &parameters(), 2);
        // Variances 100 and 26, each more than its error: both quantities count one half.
        assert!((found.uncertain - 1.0).abs() < 1e-9);
        assert_eq!(
            (
                found.n_rows,
                found.n_quantities,
                found.n_new,
                found.n_shaped
            ),
            (2, 2, 1, 0)
        );
        assert_eq!(found.parameters[0].place, (0, 0));
        assert!((found.parameters[0].share - 0.5 * (1.0 + 25.0 / 26.0)).abs() < 1e-9);
        assert!((found.parameters[1].share - 0.5 / 26.0).abs() < 1e-9);
        assert!(found.parameters[0].bits.is_infinite());
        // Row a tells of parameter 0 alone: 1/(1 + 100/0.25) of it remains.
        let whole = 0.5 * (1.0 + 25.0 / 26.0);
        assert_eq!(found.rows[0].place, (0, 0));
        assert!((found.rows[0].share - whole * (1.0 - 1.0 / 401.0)).abs() < 1e-9);
        // A hundred standard errors of the new measurement: ½ log₂(1 + 100²) bits.
        assert_eq!(found.new[0].place, (0, 2));
        assert!((found.new[0].share - whole * (1.0 - 1.0 / 10_001.0)).abs() < 1e-9);
        assert!((found.new[0].bits - 0.5 * 10_001.0_f64.log2()).abs() < 1e-9);
        assert_eq!(found.new[0].narrows[0].0, "a");
    }

    #[test]
    fn what_shaped_the_body_is_known_already() {
        let found = teachers(&[two_rows(true)], &parameters(), 1);
        // Parameter 0 keeps a variance of 1/101: row a has 100/101 of its error, row b 25/101 + 1.
        let b = 25.0 / 101.0 + 1.0;
        assert!((found.uncertain - 0.5 * (100.0 / 101.0 + 1.0)).abs() < 1e-9);
        // Parameter 0 is worth all of row a and its share of row b, of a whole of 100/101 + 1.
        let share = (100.0 / 101.0 + (25.0 / 101.0) / b) / (100.0 / 101.0 + 1.0);
        assert_eq!(found.parameters[0].place, (0, 0));
        assert!((found.parameters[0].share - share).abs() < 1e-9);
    }
}

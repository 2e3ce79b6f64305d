//! What all rows that shaped a body leave open of all its parameters together: a linear-Gaussian posterior, drawn without forming it.
//!
//! Every parameter has a standard normal coordinate (`Uncertain::at_normal`), independent before anything was measured. A row is linear in
//! them, with an error of 1 in its own units. With J the rows' slopes, a draw z of the prior and a draw e of the errors,
//! z − Jᵀ(JJᵀ + 1)⁻¹(Jz + e) is a draw of the posterior around the values in the body (Matheron's rule): its covariance is (1 + JᵀJ)⁻¹.

use std::fmt::Write as _;

use osteon_model::Sources;

use crate::sensitivity::Sensitivity;
use crate::symmetric::Square;
use crate::uncertainty::{Uncertain, normal, uniforms};

/// The file that keeps the slopes, written by `osteon sensitivity --all`.
pub const JOINT: &str = "body/fits/joint.tsv";
/// Slopes below this share of a row's error are not kept: a hundred of them together weigh a tenth of the error.
const LEAST_SLOPE: f64 = 0.01;
const HEADER: &str = "# What the rows that shaped the body say of its parameters, linearised: written by `osteon sensitivity --all`, read by bands (docs/uncertainty.md).\n# A row: its name, then number of the parameter (from 0) and change of the prediction by one standard deviation of it, in standard errors of the row.\n";

/// A row that shaped the body.
#[derive(Debug, Clone, PartialEq)]
struct LinearRow {
    name: String,
    slopes: Vec<(usize, f64)>,
}

/// All rows that shaped the body, as far as they are linear.
#[derive(Debug, Clone, PartialEq)]
pub struct JointSpread {
    /// Hash of the body whose runs gave the slopes.
    pub body: String,
    parameters: Vec<String>,
    rows: Vec<LinearRow>,
    /// Lower factor of JJᵀ + 1.
    factor: Square,
}

/// What is left of a parameter, and what cannot be told apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// For each parameter the share of its prior's spread that the rows took away.
    pub determined: Vec<f64>,
    /// Pairs whose estimates hang together more than 0.9, strongest first: numbers and correlation.
    pub alike: Vec<(usize, usize, f64)>,
}

/// Pairs correlated more strongly than this are told.
const STRONG: f64 = 0.9;

/// Slopes of an output by one standard deviation of each parameter, in units of `sigma`.
pub(crate) fn slopes_of(
    found: &Sensitivity,
    output: usize,
    parameters: &[Uncertain],
    sigma: f64,
) -> Vec<f64> {
    let one = |(p, x): (usize, &Uncertain)| found.slope(output, p) * x.per_deviation() / sigma;
    parameters.iter().enumerate().map(one).collect()
}

/// Standard error of a row that shaped the body: that of its interval, with the miss of the body added where it misses, because a row
/// that the body cannot meet says less about its numbers.
pub(crate) fn error_of_row(found: &Sensitivity, output: usize) -> Option<f64> {
    let (lower, upper) = found.outputs[output].interval?;
    let miss = found.outputs[output].base - f64::midpoint(lower, upper);
    let sigma = found.sigma(output)?;
    Some(sigma.hypot(miss)).filter(|s| s.is_finite())
}

impl JointSpread {
    /// From sensitivities: every row that shaped the body, and what is known of people at rest.
    pub fn of(found: &[Sensitivity], parameters: &[Uncertain], body: &str) -> Option<JointSpread> {
        let mut rows = Vec::new();
        for study in found {
            for (o, output) in study.outputs.iter().enumerate() {
                let Some(sigma) = error_of_row(study, o).filter(|_| output.shaped) else {
                    continue;
                };
                let slopes = slopes_of(study, o, parameters, sigma);
                let kept = slopes
                    .into_iter()
                    .enumerate()
                    .filter(|s| s.1.abs() >= LEAST_SLOPE);
                rows.push(LinearRow {
                    name: format!("{}: {}", study.name, output.name),
                    // What the file keeps, so that writing and reading changes nothing.
                    slopes: kept.map(|(p, s)| (p, rounded(s))).collect(),
                });
            }
        }
        JointSpread::new(
            body.to_owned(),
            parameters.iter().map(|p| p.name.clone()).collect(),
            rows,
        )
    }

    fn new(body: String, parameters: Vec<String>, rows: Vec<LinearRow>) -> Option<JointSpread> {
        let mut matrix = Square::zero(rows.len());
        for (i, a) in rows.iter().enumerate() {
            matrix.add(i, i, 1.0);
            let mut dense = vec![0.0; parameters.len()];
            a.slopes.iter().for_each(|(p, s)| dense[*p] = *s);
            for (j, b) in rows.iter().enumerate() {
                matrix.add(i, j, b.slopes.iter().map(|(p, s)| s * dense[*p]).sum());
            }
        }
        let factor = matrix.cholesky()?;
        Some(JointSpread {
            body,
            parameters,
            rows,
            factor,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Number of parameters that any row says something about.
    pub fn reached(&self) -> usize {
        let mut all: Vec<usize> = self
            .rows
            .iter()
            .flat_map(|r| r.slopes.iter().map(|s| s.0))
            .collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// As a table to keep: see [`JOINT`].
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEADER}body\t{}\n", self.body);
        for name in &self.parameters {
            let _ = writeln!(out, "parameter\t{name}");
        }
        for row in &self.rows {
            let slopes: Vec<String> = row.slopes.iter().map(|(p, s)| format!("{p}:{s}")).collect();
            let _ = writeln!(out, "row\t{}\t{}", row.name, slopes.join(" "));
        }
        out
    }

    /// Reads the table.
    ///
    /// # Errors
    /// A sentence with the line that cannot be read.
    pub fn read(text: &str) -> Result<JointSpread, String> {
        let (mut body, mut parameters, mut rows) = (String::new(), Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate().filter(|l| !l.1.starts_with('#')) {
            let fault = || format!("line {} cannot be read", number + 1);
            let parts: Vec<&str> = line.split('\t').collect();
            match parts.as_slice() {
                ["body", hash] => body = (*hash).to_owned(),
                ["parameter", name] => parameters.push((*name).to_owned()),
                ["row", name, slopes] => {
                    let pair = |text: &str| {
                        let (p, s) = text.split_once(':')?;
                        let (p, s) = (p.parse::<usize>().ok()?, s.parse::<f64>().ok()?);
                        (p < parameters.len() && s.is_finite()).then_some((p, s))
                    };
                    let slopes: Option<Vec<_>> = slopes.split_whitespace().map(pair).collect();
                    rows.push(LinearRow {
                        name: (*name).to_owned(),
                        slopes: slopes.ok_or_else(fault)?,
                    });
                }
                _ => return Err(fault()),
            }
        }
        JointSpread::new(body, parameters, rows)
            .ok_or_else(|| "the slopes are no numbers that can be drawn from".to_owned())
    }

    /// The table of a body, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(crate) fn find(sources: &dyn Sources) -> Result<Option<JointSpread>, String> {
        match sources.text(JOINT) {
            Ok(text) => JointSpread::read(&text)
                .map(Some)
                .map_err(|why| format!("{JOINT}: {why}")),
            // A body that nobody has asked yet has none.
            Err(_) => Ok(None),
        }
    }

    /// Standard normal coordinates of body number `sample`, one for each of `parameters`.
    pub(crate) fn coordinates(&self, parameters: &[Uncertain], seed: u64, sample: u64) -> Vec<f64> {
        let draw = |name: &str| {
            let (first, second) = uniforms(seed, sample, name);
            normal(first, second)
        };
        let mut z: Vec<f64> = parameters.iter().map(|p| draw(&p.name)).collect();
        // Parameters of the body by their place in the table; what the body no longer has says nothing.
        let place: Vec<Option<usize>> = self
            .parameters
            .iter()
            .map(|name| {
                parameters
                    .binary_search_by(|p| p.name.as_str().cmp(name))
                    .ok()
            })
            .collect();
        let along = |row: &LinearRow| {
            let terms = row
                .slopes
                .iter()
                .filter_map(|(p, s)| Some(s * z[place[*p]?]));
            terms.sum::<f64>() + draw(&row.name)
        };
        let mut x: Vec<f64> = self.rows.iter().map(along).collect();
        self.factor.substitute(&mut x);
        for (row, weight) in self.rows.iter().zip(&x) {
            for (p, s) in &row.slopes {
                if let Some(at) = place[*p] {
                    z[at] -= s * weight;
                }
            }
        }
        z
    }

    /// How well each parameter is known, and which the rows cannot tell apart.
    pub fn told(&self) -> Told {
        let n = self.parameters.len();
        // Columns of L⁻¹J: the covariance is 1 − WᵀW.
        let columns: Vec<Vec<f64>> = (0..n)
            .map(|p| {
                let entry = |r: &LinearRow| r.slopes.iter().find(|s| s.0 == p).map_or(0.0, |s| s.1);
                let mut column: Vec<f64> = self.rows.iter().map(entry).collect();
                self.factor.substitute_forward(&mut column);
                column
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let left: Vec<f64> = columns
            .iter()
            .map(|c| (1.0 - dot(c, c)).max(0.0).sqrt())
            .collect();
        let mut alike = Vec::new();
        for i in 0..n {
            for j in 0..i {
                let r = -dot(&columns[i], &columns[j]) / (left[i] * left[j]).max(1e-300);
                if r.abs() > STRONG {
                    alike.push((j, i, r));
                }
            }
        }
        alike.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        Told {
            determined: left.iter().map(|s| 1.0 - s).collect(),
            alike,
        }
    }
}

/// To three figures, as they are kept.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use osteon_model::Origin;

    fn parameters(names: &[&str]) -> Vec<Uncertain> {
        let one = |name: &&str| Uncertain {
            name: (*name).into(),
            label: (*name).into(),
            unit: "1".into(),
            value: 0.0,
            range: (-1.96, 1.96),
            origin: Origin::Measured,
        };
        names.iter().map(one).collect()
    }

    fn joint(names: &[&str], rows: &[&[(usize, f64)]]) -> JointSpread {
        let row = |(i, slopes): (usize, &&[(usize, f64)])| LinearRow {
            name: format!("row {i}"),
            slopes: slopes.to_vec(),
        };
        let rows = rows.iter().enumerate().map(row).collect();
        JointSpread::new(
            "0".into(),
            names.iter().map(|n| (*n).into()).collect(),
            rows,
        )
        .unwrap()
    }

    #[test]
    fn draws_have_the_covariance_of_the_linear_gaussian_posterior() {
        // J = [[2, 1], [0, 3]]: 1 + JᵀJ = [[5, 2], [2, 11]], inverse [[11, −2], [−2, 5]] / 51.
        let spread = joint(&["a", "b"], &[&[(0, 2.0), (1, 1.0)], &[(1, 3.0)]]);
        let known = parameters(&["a", "b"]);
        let draws: Vec<Vec<f64>> = (0..20_000)
            .map(|i| spread.coordinates(&known, 5, i))
            .collect();
        let mean = |i: usize, j: usize| {
            draws.iter().map(|d| d[i] * d[j]).sum::<f64>() / draws.len() as f64
        };
        assert!((mean(0, 0) - 11.0 / 51.0).abs() < 0.01, "{}", mean(0, 0));
        assert!((mean(1, 1) - 5.0 / 51.0).abs() < 0.005, "{}", mean(1, 1));
        assert!((mean(0, 1) + 2.0 / 51.0).abs() < 0.005, "{}", mean(0, 1));
        let told = spread.told();
        assert!((told.determined[0] - (1.0 - (11.0_f64 / 51.0).sqrt())).abs() < 1e-12);
        assert!(told.alike.is_empty());
    }

    #[test]
    fn a_pair_of_which_only_the_sum_is_measured_cannot_be_told_apart() {
        // Only a + b is seen, with a hundredth of the prior's spread; c is seen alone, d not at all.
        let spread = joint(
            &["a", "b", "c", "d"],
            &[&[(0, 100.0), (1, 100.0)], &[(2, 100.0)]],
        );
        let told = spread.told();
        assert_eq!(told.alike.len(), 1);
        let (i, j, r) = told.alike[0];
        assert_eq!((i, j), (0, 1));
        // Covariance of the pair: (1/2)[[1, −1], [−1, 1]] and a little more.
        assert!(r < -0.999, "{r}");
        assert!((told.determined[0] - (1.0 - 0.5_f64.sqrt())).abs() < 1e-3);
        assert!(told.determined[2] > 0.98 && told.determined[3].abs() < 1e-12);
    }

    #[test]
    fn the_table_reads_back_and_names_of_the_past_are_left_out() {
        let spread = joint(&["a", "gone"], &[&[(0, 2.0), (1, 0.5)]]);
        let back = JointSpread::read(&spread.to_text()).unwrap();
        assert_eq!(back, spread);
        assert_eq!((back.rows(), back.reached()), (1, 2));
        let z = back.coordinates(&parameters(&["a", "new"]), 1, 1);
        assert_eq!(z.len(), 2);
        let (first, second) = uniforms(1, 1, "new");
        assert_eq!(z[1], normal(first, second));
        assert!(JointSpread::read("row\tx\t7:1\n").is_err());
        assert!(JointSpread::read("nonsense\n").is_err());
    }
}

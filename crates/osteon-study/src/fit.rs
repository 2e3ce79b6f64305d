//! Fits parameters of the body to used-to-fit rows of studies. All perturbed individuals of a round run together as lanes.
//!
//! Minimises Σ ((predicted − observed) / σ)² + Σ z², where σ is the half-width of a row's judging interval over 1.96 and z the distance
//! of a parameter from the middle of its range in units of the prior (log-normal, the range being its 95 %).

use osteon_sim::{ArmRun, Body, Diagnostics, Progress, RunOptions, Scenario};

use crate::fit_file::{FitFile, FitParameter, Scale, Z_95};
use crate::interval::judging_interval;
use crate::lane_sets::{LaneSet, run_sets};
use crate::least_squares::{Minimum, Settings, minimise};
use crate::sensitivity::row_prediction;
use crate::study::{Kind, Row, Study};
use crate::symmetric::Square;

/// Search settings in standard units of the prior: a step of 0.02 is a hundredth of half the range.
const SETTINGS: Settings = Settings {
    step: 0.02,
    least_gain: 1e-5,
    least_move: 1e-3,
    rounds: 40,
};
/// Correlations stronger than this are told.
const STRONG: f64 = 0.9;
/// Directions in which the data narrow the prior by less than this share are called undetermined.
const WEAK: f64 = 0.5;

/// What a fit gives.
#[derive(Debug, Clone)]
pub struct FitResult {
    /// One entry a parameter.
    pub parameters: Vec<Fitted>,
    /// One entry a row.
    pub rows: Vec<FittedRow>,
    /// Pairs that the data move together: names and correlation.
    pub correlated: Vec<(String, String, f64)>,
    /// Singular values of the data's sensitivities in prior units, each with the parameters that make up its direction.
    pub directions: Vec<(f64, Vec<(String, f64)>)>,
    /// Covariance of the parameters in standard units of the prior, by rows: what data and prior leave open together.
    pub covariance: Vec<Vec<f64>>,
    /// Rounds needed.
    pub rounds: usize,
    /// False if the search stopped at its limit of rounds.
    pub converged: bool,
}

impl FitResult {
    /// Directions that the data hardly determine: what remains there is the prior.
    pub fn undetermined(&self) -> impl Iterator<Item = &(f64, Vec<(String, f64)>)> {
        self.directions
            .iter()
            .filter(|d| 1.0 / (1.0 + d.0 * d.0).sqrt() > WEAK)
    }
}

/// A fitted parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// What was fitted.
    pub parameter: FitParameter,
    /// Its value.
    pub value: f64,
    /// About 95 % interval of what data and prior leave open, inside the range.
    pub interval: (f64, f64),
    /// Share of the prior's spread that the data took away, 0 to 1.
    pub determined: f64,
    /// True if it lies on a bound.
    pub on_bound: bool,
}

/// A row and how it was met.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedRow {
    /// Study.
    pub study: String,
    /// The row.
    pub row: Row,
    /// Prediction with the fitted values.
    pub predicted: f64,
    /// (predicted − observed) / σ.
    pub misfit: f64,
    /// The same with the values in the body.
    pub misfit_shipped: f64,
}

/// Why a fit could not be done.
#[derive(Debug)]
pub enum FitError {
    /// Nothing to fit to.
    NoRows(String),
    /// A run could not be set up.
    Setup(Diagnostics),
    /// The runs at the start failed.
    Start(String),
}

struct Problem<'a> {
    body: &'a Body,
    studies: &'a [Study],
    rows: Vec<(usize, &'a Row)>,
    scales: Vec<Scale>,
    parameters: &'a [FitParameter],
    options: &'a RunOptions,
}

/// Fits. `studies` are those the file names, in any order.
///
/// # Errors
/// See [`FitError`].
pub fn fit(
    body: &Body,
    file: &FitFile,
    studies: &[Study],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<FitResult, FitError> {
    let wanted = |row: &Row| {
        row.used_to_fit
            && row.kind != Kind::Sign
            && (file.quantities.is_empty() || file.quantities.contains(&row.quantity))
    };
    let rows: Vec<(usize, &Row)> = studies
        .iter()
        .enumerate()
        .flat_map(|(i, s)| s.rows.iter().filter(|r| wanted(r)).map(move |r| (i, r)))
        .collect();
    if rows.is_empty() {
        return Err(FitError::NoRows("no row of these studies is used to fit: name quantities under `used_to_fit` in their study.toml".to_owned()));
    }
    let scales: Vec<Scale> = file.parameters.iter().map(|p| Scale::of(p.range)).collect();
    let problem = Problem {
        body,
        studies,
        rows,
        scales,
        parameters: &file.parameters,
        options,
    };
    let start: Vec<f64> = file
        .parameters
        .iter()
        .zip(&problem.scales)
        .map(|(p, s)| s.to_standard(p.start))
        .collect();
    let bounds = vec![(-Z_95, Z_95); start.len()];
    progress.stage("fit");
    let mut round_shown = 0;
    let found = {
        let evaluate = |points: &[Vec<f64>]| problem.residuals(points);
        minimise(&start, &bounds, SETTINGS, evaluate, |round, _| {
            round_shown = round
        })
    };
    progress.fraction(1.0);
    let Some(minimum) = found.map_err(FitError::Setup)? else {
        return Err(FitError::Start(format!(
            "the studies do not run at the start values{}\n   = help: give others under [start]",
            problem.trouble(&start)
        )));
    };
    let shipped: Vec<f64> = file
        .parameters
        .iter()
        .zip(&problem.scales)
        .map(|(p, s)| s.to_standard(p.shipped))
        .collect();
    let before = problem.residuals(&[shipped]).map_err(FitError::Setup)?;
    Ok(problem.result(&minimum, before.first().map_or(&[], Vec::as_slice)))
}

impl Problem<'_> {
    /// Residuals of rows, then of the prior, at each point.
    fn residuals(&self, points: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Diagnostics> {
        let runs = self.runs(points)?;
        Ok(points
            .iter()
            .zip(&runs)
            .map(|(point, runs)| self.at_point(point, runs))
            .collect())
    }

    /// The runs of every point. Points, studies and arms run as lanes.
    fn runs(&self, points: &[Vec<f64>]) -> Result<Vec<Vec<ArmRun>>, Diagnostics> {
        let arms: Vec<(&Scenario, usize)> = self
            .studies
            .iter()
            .flat_map(|s| (0..s.scenario.arms.len()).map(|arm| (&s.scenario, arm)))
            .collect();
        let set = |point: &Vec<f64>| {
            let names = self.parameters.iter().map(|p| p.name.clone());
            let values = self
                .scales
                .iter()
                .zip(point)
                .map(|(s, z)| s.from_standard(*z));
            LaneSet {
                start: names.zip(values).collect(),
                arms: arms.clone(),
            }
        };
        run_sets(
            self.body,
            &points.iter().map(set).collect::<Vec<_>>(),
            self.options,
        )
    }

    /// Which study does not run at a point, and why; empty if all do.
    fn trouble(&self, point: &[f64]) -> String {
        let Ok(runs) = self.runs(&[point.to_vec()]) else {
            return String::new();
        };
        let owners = self
            .studies
            .iter()
            .flat_map(|s| std::iter::repeat_n(s, s.scenario.arms.len()));
        let told: Vec<String> = runs
            .iter()
            .flatten()
            .zip(owners)
            .filter_map(|(run, study)| Some(format!("study `{}`: {}", study.name, run.stopped()?)))
            .collect();
        let more = match told.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        told.first()
            .map_or_else(String::new, |first| format!("; {first}{more}"))
    }

    fn at_point(&self, point: &[f64], runs: &[ArmRun]) -> Vec<f64> {
        let rows = self
            .rows
            .iter()
            .map(|(study, row)| (self.predicted(*study, row, runs) - row.value) / sigma(row));
        rows.chain(point.iter().copied()).collect()
    }

    fn predicted(&self, study: usize, row: &Row, runs: &[ArmRun]) -> f64 {
        let arms = |s: &Study| s.scenario.arms.len();
        let first: usize = self.studies[..study].iter().map(arms).sum();
        row_prediction(row, &runs[first..first + arms(&self.studies[study])])
    }

    fn result(&self, minimum: &Minimum, before: &[f64]) -> FitResult {
        let n = self.parameters.len();
        let data = &minimum.jacobian[..self.rows.len()];
        let mut normal = Square::zero(n);
        for row in data {
            for i in 0..n {
                (0..n).for_each(|j| normal.add(i, j, row[i] * row[j]));
            }
        }
        let directions = normal
            .eigen()
            .into_iter()
            .map(|(value, vector)| {
                let mut parts: Vec<(String, f64)> = self
                    .parameters
                    .iter()
                    .map(|p| p.name.clone())
                    .zip(vector)
                    .collect();
                parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
                parts.retain(|p| p.1.abs() > 0.3);
                (value.max(0.0).sqrt(), parts)
            })
            .collect();
        // With the prior, whose standard deviation is 1 in these units.
        (0..n).for_each(|i| normal.add(i, i, 1.0));
        let covariance = normal.inverse().unwrap_or_else(|| Square::zero(n));
        let sd: Vec<f64> = (0..n)
            .map(|i| covariance.at(i, i).max(0.0).sqrt())
            .collect();
        let parameters = (0..n)
            .map(|i| {
                let z = minimum.x[i];
                let edge = |z: f64| self.scales[i].from_standard(z.clamp(-Z_95, Z_95));
                Fitted {
                    parameter: self.parameters[i].clone(),
                    value: self.scales[i].from_standard(z),
                    interval: (edge(z - Z_95 * sd[i]), edge(z + Z_95 * sd[i])),
                    determined: 1.0 - sd[i].min(1.0),
                    on_bound: z.abs() >= Z_95 - 1e-6,
                }
            })
            .collect();
        let mut correlated = Vec::new();
        for i in 0..n {
            for j in 0..i {
                let r = covariance.at(i, j) / (sd[i] * sd[j]).max(1e-300);
                if r.abs() > STRONG {
                    correlated.push((
                        self.parameters[j].name.clone(),
                        self.parameters[i].name.clone(),
                        r,
                    ));
                }
            }
        }
        let rows = self
            .rows
            .iter()
            .enumerate()
            .map(|(i, (study, row))| FittedRow {
                study: self.studies[*study].name.clone(),
                row: (*row).clone(),
                predicted: row.value + minimum.residuals[i] * sigma(row),
                misfit: minimum.residuals[i],
                misfit_shipped: before.get(i).copied().unwrap_or(f64::NAN),
            })
            .collect();
        let covariance = (0..n)
            .map(|i| (0..n).map(|j| covariance.at(i, j)).collect())
            .collect();
        FitResult {
            parameters,
            rows,
            correlated,
            covariance,
            directions,
            rounds: minimum.rounds,
            converged: minimum.converged,
        }
    }
}

/// Standard error that belongs to a row's judging interval.
fn sigma(row: &Row) -> f64 {
    let (lower, upper) = judging_interval(row);
    ((upper - lower) / (2.0 * Z_95))
        .max(1e-12 * row.value.abs())
        .max(f64::MIN_POSITIVE)
}

/// True if the fitted value is the shipped one within a relative tolerance (of the range's width where the range holds zero).
pub fn reproduces(fitted: &Fitted, tolerance: f64) -> bool {
    let p = &fitted.parameter;
    let size = if Scale::of(p.range).is_log() {
        p.shipped.abs()
    } else {
        p.range.1 - p.range.0
    };
    (fitted.value - p.shipped).abs() <= tolerance * size
}

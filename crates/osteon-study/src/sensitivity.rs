//! One at a time: every uncertain parameter goes to the lower and the upper end of its range, whole lives included, and what that does
//! to each output is written down. Outputs are the rows of a study, or the last values of a scenario.

use osteon_sim::{ArmRun, Body, Diagnostics, RunOptions, Scenario};

use crate::fit_file::Z_95;
use crate::interval::judging_interval;
use crate::judge::predict;
use crate::study::{Kind, Link, Row, Study};
use crate::uncertainty::Uncertain;
use crate::uncertainty_bands::many;

/// A number that the body predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// What it is, in words that tell it from the others of its study or scenario.
    pub name: String,
    /// Dotted name of the quantity.
    pub quantity: String,
    /// Unit.
    pub unit: String,
    /// Value with the body as it is.
    pub base: f64,
    /// Interval that judges it, for rows of studies.
    pub interval: Option<(f64, f64)>,
    /// True if it shaped the body.
    pub used_to_fit: bool,
    /// False for associations, which are shown and never counted.
    pub counted: bool,
}

/// An output with one parameter at an end of its range; NaN where the run failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// At the lower end.
    pub low: f64,
    /// At the upper end.
    pub high: f64,
}

/// What every parameter does to every output of one study or scenario.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// Name of the study or scenario.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Outputs.
    pub outputs: Vec<Output>,
    /// For each output, one entry a parameter.
    pub effects: Vec<Vec<Effect>>,
    /// Runs that failed: parameter, true at the upper end, why.
    pub failed: Vec<(usize, bool, String)>,
}

impl Sensitivity {
    /// Standard deviation of an output that one parameter alone would give it, to first order, with the parameter's sign.
    pub fn slope(&self, output: usize, parameter: usize) -> f64 {
        let (base, e) = (self.outputs[output].base, self.effects[output][parameter]);
        let slope = match (e.low.is_finite(), e.high.is_finite()) {
            (true, true) => (e.high - e.low) / (2.0 * Z_95),
            (true, false) => (base - e.low) / Z_95,
            (false, true) => (e.high - base) / Z_95,
            (false, false) => 0.0,
        };
        if slope.is_finite() { slope } else { 0.0 }
    }

    /// Share of an output's first-order variance from each parameter; zeros for an output that nothing moves.
    pub fn shares(&self, output: usize) -> Vec<f64> {
        let squares: Vec<f64> = (0..self.effects[output].len())
            .map(|p| self.slope(output, p).powi(2))
            .collect();
        let sum: f64 = squares.iter().sum();
        squares
            .iter()
            .map(|s| if sum > 0.0 { s / sum } else { 0.0 })
            .collect()
    }

    /// Standard error that belongs to the interval of an output; `None` for outputs without an interval of some width.
    pub fn sigma(&self, output: usize) -> Option<f64> {
        let (lower, upper) = self.outputs[output].interval?;
        Some((upper - lower) / (2.0 * Z_95)).filter(|s| *s > 0.0 && s.is_finite())
    }
}

/// The sensitivity of every row of a study that has a size; rows that tell only a direction have none.
///
/// # Errors
/// When a start value cannot be set.
pub fn study_sensitivity(
    body: &Body,
    study: &Study,
    parameters: &[Uncertain],
    options: &RunOptions,
) -> Result<Sensitivity, Diagnostics> {
    let rows: Vec<&Row> = study.rows.iter().filter(|r| r.kind != Kind::Sign).collect();
    let read = |arms: &[ArmRun]| rows.iter().map(|row| row_prediction(row, arms)).collect();
    let outputs = rows
        .iter()
        .map(|row| Output {
            name: row_words(row),
            quantity: row.quantity.clone(),
            unit: row.unit.clone(),
            base: f64::NAN,
            interval: Some(judging_interval(row)),
            used_to_fit: row.used_to_fit,
            counted: study.link != Link::Association,
        })
        .collect();
    ends(
        body,
        &study.scenario,
        &study.name,
        outputs,
        parameters,
        options,
        read,
    )
}

/// The sensitivity of the last value of everything that a scenario records, in every arm.
///
/// # Errors
/// When a start value cannot be set.
pub fn scenario_sensitivity(
    body: &Body,
    scenario: &Scenario,
    parameters: &[Uncertain],
    options: &RunOptions,
) -> Result<Sensitivity, Diagnostics> {
    let read = |arms: &[ArmRun]| {
        arms.iter()
            .flat_map(|a| {
                a.columns
                    .iter()
                    .map(|c| c.values.last().copied().unwrap_or(f64::NAN))
            })
            .collect()
    };
    let mut outputs = Vec::new();
    for arm in &scenario.arms {
        for name in &scenario.record.quantities {
            let known = body.library.quantity(name);
            let place = if arm.name.is_empty() {
                String::new()
            } else {
                format!(", {}", arm.name)
            };
            outputs.push(Output {
                name: format!("{name}{place}, at the end"),
                quantity: name.clone(),
                unit: known.map_or_else(String::new, |q| q.unit.clone()),
                base: f64::NAN,
                interval: None,
                used_to_fit: false,
                counted: true,
            });
        }
    }
    ends(
        body,
        scenario,
        &scenario.name,
        outputs,
        parameters,
        options,
        read,
    )
}

fn ends(
    body: &Body,
    scenario: &Scenario,
    name: &str,
    mut outputs: Vec<Output>,
    parameters: &[Uncertain],
    options: &RunOptions,
    read: impl Fn(&[ArmRun]) -> Vec<f64>,
) -> Result<Sensitivity, Diagnostics> {
    let mut starts = vec![Vec::new()];
    for p in parameters {
        starts.push(vec![(p.name.clone(), p.range.0)]);
        starts.push(vec![(p.name.clone(), p.range.1)]);
    }
    let runs = if outputs.is_empty() {
        Vec::new()
    } else {
        many(body, scenario, &starts, options)?
    };
    let mut failed = Vec::new();
    let mut values = Vec::new();
    for (number, arms) in runs.iter().enumerate() {
        if let (Some(stopped), true) = (arms.iter().find_map(ArmRun::stopped), number > 0) {
            failed.push(((number - 1) / 2, number % 2 == 0, stopped));
        }
        values.push(read(arms));
    }
    for (i, output) in outputs.iter_mut().enumerate() {
        output.base = values[0].get(i).copied().unwrap_or(f64::NAN);
    }
    let at = |run: usize, output: usize| values[run].get(output).copied().unwrap_or(f64::NAN);
    let effects = (0..outputs.len())
        .map(|o| {
            (0..parameters.len())
                .map(|p| Effect {
                    low: at(1 + 2 * p, o),
                    high: at(2 + 2 * p, o),
                })
                .collect()
        })
        .collect();
    Ok(Sensitivity {
        name: name.to_owned(),
        title: scenario.title.clone(),
        outputs,
        effects,
        failed,
    })
}

/// What these arms say for a row, in the row's unit; NaN where they do not reach it.
pub fn row_prediction(row: &Row, arms: &[ArmRun]) -> f64 {
    let value = |name: &str, at_d: f64| {
        let arm = if name.is_empty() {
            arms.first()
        } else {
            arms.iter().find(|a| a.name == name)
        };
        arm.and_then(|a| a.value_at(&row.quantity, at_d))
            .unwrap_or(f64::NAN)
    };
    let control = row.versus.as_ref().map_or(f64::NAN, |v| value(v, row.at_d));
    predict(
        row,
        value(&row.arm, row.at_d),
        value(&row.arm, row.from_d),
        control,
    )
}

fn row_words(row: &Row) -> String {
    let versus = row
        .versus
        .as_ref()
        .map_or(String::new(), |v| format!(" vs {v}"));
    let arm = if row.arm.is_empty() {
        String::new()
    } else {
        format!("{}{versus}, ", row.arm)
    };
    let kind = match row.kind {
        Kind::Value => String::new(),
        // The names of both arms tell it already.
        Kind::DifferenceBetweenArms => ", difference".to_owned(),
        Kind::RatioBetweenArms => ", ratio".to_owned(),
        other => format!(", {}", other.as_str().replace('_', " ")),
    };
    format!("{}, {arm}{}{kind}", row.quantity, row.at)
}

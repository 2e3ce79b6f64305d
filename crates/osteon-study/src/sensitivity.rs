//! One at a time: every uncertain parameter goes to the lower and the upper end of its range, whole lives included, and what that does
//! to each output is written down. Outputs are the rows of a study, or the last values of a scenario.
//!
//! Lived is only what can matter: parameters that the equations of the wanted quantities do not read are left out (`dependence`), arms
//! that do not read one go as they are, and the nearer end of a range is lived only where the farther one has shown something.

use std::collections::BTreeSet;

use osteon_sim::{ArmRun, Body, Diagnostics, RunOptions, Scenario};

use crate::dependence::parameters_behind;
use crate::fit_file::Z_95;
use crate::interval::judging_interval;
use crate::judge::predict;
use crate::lane_sets::{LaneSet, run_sets};
use crate::new_measurements::NewMeasurement;
use crate::study::{Kind, Link, Row, Study};
use crate::uncertainty::Uncertain;
use crate::uncertainty_bands::rest_scenario;

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
    /// True if it speaks for the numbers of the body: a counted row that shaped it, or a value at rest.
    pub shaped: bool,
    /// False for associations, which are shown and never counted.
    pub counted: bool,
    /// Standard deviation of a measurement that nobody has made yet; `None` for rows and last values.
    pub new: Option<f64>,
}

/// An output with one parameter at an end of its range; NaN where the run failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// At the lower end.
    pub low: f64,
    /// At the upper end.
    pub high: f64,
    /// True if only the end farther from the value was lived and the other one lies on the same line: see [`SMALL`].
    pub on_line: bool,
}

/// An end of a range is lived only if the farther end moves some output by more than this share of the spread that all parameters give it:
/// the other parameters together make less than half a thousandth of its variance each.
pub const SMALL: f64 = 0.02;
/// Two ends are not on one line if the nearer one lies off it by more than this share of the spread.
const BENT: f64 = 0.1;
/// Steps of the integrator beyond which a run is long: doses by the clock over months.
pub(crate) const MANY_STEPS: u64 = 10_000;
/// Relative tolerance at which ends of ranges are compared.
const ROUGH: f64 = 1e-4;
/// The same for long runs.
pub(crate) const COARSE: f64 = 1e-3;

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
    /// For each parameter whether any output can depend on it at all.
    pub behind: Vec<bool>,
    /// Arms that were lived, each with its life.
    pub lived: usize,
    /// Arms that would be lived if every one met both ends of every parameter.
    pub whole: usize,
}

impl Sensitivity {
    fn empty(name: &str, title: &str, parameters: usize) -> Sensitivity {
        Sensitivity {
            name: name.to_owned(),
            title: title.to_owned(),
            outputs: Vec::new(),
            effects: Vec::new(),
            failed: Vec::new(),
            behind: vec![false; parameters],
            lived: 0,
            whole: 0,
        }
    }

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

/// Asks a body what each of its uncertain parameters does.
#[derive(Debug)]
pub struct Probe<'b> {
    body: &'b Body,
    parameters: &'b [Uncertain],
    options: &'b RunOptions,
    /// Parameters whose two ends do not lie on one line at rest: they are lived at both ends everywhere.
    bent: Vec<bool>,
    rest: Sensitivity,
}

impl<'b> Probe<'b> {
    /// Lives a reference adult at rest at both ends of every range: what is bent there is bent elsewhere, too.
    ///
    /// # Errors
    /// When a start value cannot be set.
    pub fn new(
        body: &'b Body,
        parameters: &'b [Uncertain],
        options: &'b RunOptions,
    ) -> Result<Self, Diagnostics> {
        let mut probe = Probe {
            body,
            parameters,
            options,
            bent: vec![true; parameters.len()],
            rest: Sensitivity::empty("at rest", "A reference adult at rest", parameters.len()),
        };
        let scenario = rest_scenario(body)?;
        probe.rest = probe.last_values(&scenario)?;
        probe.bent = (0..parameters.len()).map(|p| probe.is_bent(p)).collect();
        let reference = |quantity: &str| body.library.quantity(quantity)?.reference.as_ref();
        for output in &mut probe.rest.outputs {
            output.counted = false;
            output.interval =
                reference(&output.quantity).and_then(|r| at_rest(output.base, r.lower, r.upper));
            output.shaped = output.interval.is_some();
        }
        Ok(probe)
    }

    /// The reference adult at rest. The interval of an output is where the mean of healthy people is taken to lie.
    pub fn rest(&self) -> &Sensitivity {
        &self.rest
    }

    fn is_bent(&self, p: usize) -> bool {
        let (rest, parameter) = (&self.rest, &self.parameters[p]);
        (0..rest.outputs.len()).any(|o| {
            let (base, e) = (rest.outputs[o].base, rest.effects[o][p]);
            let (far, near) = if parameter.upper_is_farther() {
                (e.high - base, e.low - base)
            } else {
                (e.low - base, e.high - base)
            };
            let all = 0..self.parameters.len();
            let spread = all.map(|q| rest.slope(o, q).powi(2)).sum::<f64>().sqrt() * Z_95;
            far.is_nan() != near.is_nan()
                || (near + far * parameter.nearer_share()).abs() > BENT * spread
        })
    }

    /// The sensitivity of every row of a study that has a size; rows that tell only a direction have none. `more` are measurements that
    /// nobody has made yet: they follow the rows.
    ///
    /// # Errors
    /// When a start value cannot be set.
    pub fn study(
        &self,
        study: &Study,
        more: &[&NewMeasurement],
    ) -> Result<Sensitivity, Diagnostics> {
        let sized = study.rows.iter().filter(|r| r.kind != Kind::Sign);
        let rows: Vec<&Row> = sized.chain(more.iter().map(|m| &m.row)).collect();
        let read = |arms: &[ArmRun]| rows.iter().map(|row| row_prediction(row, arms)).collect();
        let own = rows.len() - more.len();
        let outputs = rows
            .iter()
            .enumerate()
            .map(|(number, row)| {
                let counted = study.link != Link::Association && number < own;
                Output {
                    name: row_words(row),
                    quantity: row.quantity.clone(),
                    unit: row.unit.clone(),
                    base: f64::NAN,
                    interval: (number < own).then(|| judging_interval(row)),
                    used_to_fit: row.used_to_fit && number < own,
                    shaped: row.used_to_fit && counted,
                    counted,
                    new: None,
                }
            })
            .collect();
        let mut scenario = study.scenario.clone();
        let record = &mut scenario.record;
        record.quantities = rows.iter().map(|r| r.quantity.clone()).collect();
        record.quantities.sort();
        record.quantities.dedup();
        let times = rows.iter().flat_map(|r| [r.at_d, r.from_d]);
        record
            .also_d
            .extend(times.filter(|t| *t > 0.0 && *t <= record.until_d));
        // Arms that no row reads are not lived.
        let read_by_rows = |arm: &usize| {
            let name = &scenario.arms[*arm].name;
            rows.iter().any(|r| {
                r.arm == *name || r.versus.as_ref() == Some(name) || (*arm == 0 && r.arm.is_empty())
            })
        };
        let arms = (0..scenario.arms.len()).filter(read_by_rows).collect();
        let asked = Asked {
            scenario: &scenario,
            arms,
            name: &study.name,
            title: &study.scenario.title,
            outputs,
        };
        let mut found = self.ends(asked, read)?;
        for (output, new) in found.outputs.iter_mut().skip(own).zip(more) {
            output.new = Some(new.error(output.base)).filter(|e| e.is_finite());
        }
        Ok(found)
    }

    /// The sensitivity of the last value of everything that a scenario records, in every arm.
    ///
    /// # Errors
    /// When a start value cannot be set.
    pub fn last_values(&self, scenario: &Scenario) -> Result<Sensitivity, Diagnostics> {
        let last = |c: &osteon_sim::Column| c.values.last().copied().unwrap_or(f64::NAN);
        let read = |arms: &[ArmRun]| {
            arms.iter()
                .flat_map(|a| a.columns.iter().map(last))
                .collect()
        };
        let mut outputs = Vec::new();
        for arm in &scenario.arms {
            for name in &scenario.record.quantities {
                let known = self.body.library.quantity(name);
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
                    shaped: false,
                    counted: true,
                    new: None,
                });
            }
        }
        let asked = Asked {
            scenario,
            arms: (0..scenario.arms.len()).collect(),
            name: &scenario.name,
            title: &scenario.title,
            outputs,
        };
        self.ends(asked, read)
    }

    /// Lives with each parameter at the end of its range that lies farther from its value; then, with those that matter or are bent, at
    /// the other end.
    fn ends(
        &self,
        asked: Asked<'_>,
        read: impl Fn(&[ArmRun]) -> Vec<f64>,
    ) -> Result<Sensitivity, Diagnostics> {
        let Asked {
            scenario,
            arms,
            name,
            title,
            mut outputs,
        } = asked;
        let parameters = self.parameters;
        let n = parameters.len();
        let mut found = Sensitivity::empty(name, title, n);
        if outputs.is_empty() {
            return Ok(found);
        }
        let whole = LaneSet {
            start: Vec::new(),
            arms: arms.iter().map(|a| (scenario, *a)).collect(),
        };
        let mut base_arms =
            run_sets(self.body, std::slice::from_ref(&whole), self.options)?.remove(0);
        let base = read(&base_arms);
        for (output, value) in outputs.iter_mut().zip(&base) {
            output.base = *value;
        }
        // Ends are compared with one another at a coarser tolerance: what they do is far larger than its error.
        let long = base_arms.iter().any(|a| a.work.steps > MANY_STEPS);
        let options = RunOptions {
            rtol: self.options.rtol.max(if long { COARSE } else { ROUGH }),
            ..self.options.clone()
        };
        base_arms = run_sets(self.body, &[whole], &options)?.remove(0);
        let rough = read(&base_arms).into_iter().zip(&base);
        let shift: Vec<f64> = rough.map(|(rough, fine)| fine - rough).collect();
        found.lived = 2 * arms.len();
        found.whole = (2 * n + 1) * arms.len();
        // For each arm the parameters that its equations read; an arm that does not read one goes as it is.
        let quantities = &scenario.record.quantities;
        let behind: Vec<BTreeSet<String>> = arms
            .iter()
            .map(|arm| parameters_behind(self.body, scenario, *arm, quantities, parameters))
            .collect::<Result<_, _>>()?;
        let places: Vec<Vec<usize>> = parameters
            .iter()
            .map(|p| {
                (0..arms.len())
                    .filter(|at| behind[*at].contains(&p.name))
                    .collect()
            })
            .collect();
        let live = |wanted: &[(usize, bool)], found: &mut Sensitivity| {
            let set = |(p, upper): &(usize, bool)| {
                let (low, high) = parameters[*p].range;
                let value = if *upper { high } else { low };
                LaneSet {
                    start: vec![(parameters[*p].name.clone(), value)],
                    arms: places[*p].iter().map(|at| (scenario, arms[*at])).collect(),
                }
            };
            let sets: Vec<LaneSet<'_>> = wanted.iter().map(set).collect();
            let runs = run_sets(self.body, &sets, &options)?;
            let mut values = Vec::with_capacity(runs.len());
            for ((p, upper), own) in wanted.iter().zip(runs) {
                found.lived += own.len();
                if let Some(stopped) = own.iter().find_map(ArmRun::stopped) {
                    found.failed.push((*p, *upper, stopped));
                }
                let mut all = base_arms.clone();
                for (at, run) in places[*p].iter().zip(own) {
                    all[*at] = run;
                }
                let read = read(&all).into_iter().zip(&shift);
                values.push(
                    read.map(|(value, shift)| value + shift)
                        .collect::<Vec<f64>>(),
                );
            }
            Ok::<_, Diagnostics>(values)
        };
        let moving = (0..n).filter(|p| !places[*p].is_empty());
        let far: Vec<(usize, bool)> = moving
            .map(|p| (p, parameters[p].upper_is_farther()))
            .collect();
        far.iter().for_each(|(p, _)| found.behind[*p] = true);
        let far_values = live(&far, &mut found)?;
        let moved = |i: usize, o: usize| far_values[i][o] - base[o];
        let spread: Vec<f64> = (0..outputs.len())
            .map(|o| {
                let squares = (0..far.len())
                    .map(|i| moved(i, o))
                    .filter(|d| d.is_finite());
                squares.map(|d| d * d).sum::<f64>().sqrt()
            })
            .collect();
        let matters = |i: &usize| {
            (0..outputs.len()).any(|o| {
                let d = moved(*i, o);
                // A run that failed is asked at its other end in any case.
                (d.is_nan() && !base[o].is_nan())
                    || d.abs() > SMALL * spread[o]
                    || (self.bent[far[*i].0] && spread[o] > 0.0)
            })
        };
        let second: Vec<usize> = (0..far.len()).filter(matters).collect();
        let near: Vec<(usize, bool)> = second.iter().map(|i| (far[*i].0, !far[*i].1)).collect();
        let near_values = live(&near, &mut found)?;
        for (o, output) in outputs.iter().enumerate() {
            let still = Effect {
                low: output.base,
                high: output.base,
                on_line: false,
            };
            let mut effects = vec![still; n];
            for (i, (p, upper)) in far.iter().enumerate() {
                let there = far_values[i][o];
                let on_the_line =
                    || output.base - (there - output.base) * parameters[*p].nearer_share();
                let (here, on_line) = match second.binary_search(&i) {
                    Ok(k) => (near_values[k][o], false),
                    Err(_) => (on_the_line(), true),
                };
                let (low, high) = if *upper { (here, there) } else { (there, here) };
                effects[*p] = Effect { low, high, on_line };
            }
            found.effects.push(effects);
        }
        found.failed.sort_by_key(|f| (f.0, f.1));
        found.outputs = outputs;
        Ok(found)
    }
}

/// Where the mean of healthy people is taken to lie: at the body's own value, within one standard deviation between people, of which the
/// distance between the limits holds 3.92 and the distance from the value to a single limit 1.96. `None` where the body lies outside.
fn at_rest(value: f64, lower: Option<f64>, upper: Option<f64>) -> Option<(f64, f64)> {
    let deviation = match (lower, upper) {
        (Some(l), Some(u)) => (u - l) / (2.0 * Z_95),
        (Some(limit), None) | (None, Some(limit)) => (value - limit).abs() / Z_95,
        (None, None) => return None,
    };
    let inside = lower.is_none_or(|l| value >= l) && upper.is_none_or(|u| value <= u);
    (inside && deviation > 0.0).then_some((value - deviation, value + deviation))
}

/// What is to be lived and told.
struct Asked<'s> {
    scenario: &'s Scenario,
    /// Numbers of the arms that are read.
    arms: Vec<usize>,
    name: &'s str,
    title: &'s str,
    outputs: Vec<Output>,
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

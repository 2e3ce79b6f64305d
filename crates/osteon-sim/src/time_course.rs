//! A plain time course of any model: no body, no scenario, only the model's own equations and events.

use std::sync::Arc;

use osteon_model::{Diagnostic, Model, Span};
use osteon_vm::SymbolIndex;

use crate::drive::{Atol, Begin, Breakdown, DriveOptions, LaneOutcome, LaneSetup, Observer, drive};
use crate::inquest::looked_into;
use crate::near_name::advice;

/// What is asked of a time course. Times and tolerances are in the model's own units.
#[derive(Debug, Clone, PartialEq)]
pub struct CourseOptions {
    /// Time of the end.
    pub until: f64,
    /// Time between rows, counted from the model's start time.
    pub every: f64,
    /// Relative tolerance of a step.
    pub rtol: f64,
    /// Absolute tolerance of every state.
    pub atol: f64,
    /// Names to record; empty for every state of the model.
    pub record: Vec<String>,
    /// Start values; everything computed from them is derived anew.
    pub set: Vec<(String, f64)>,
}

/// A time course. A failed one holds the rows before the failure.
#[derive(Debug, Clone)]
pub struct Course {
    /// Names of the columns.
    pub names: Vec<String>,
    /// Times of the rows.
    pub times: Vec<f64>,
    /// Values row by row, each as long as `names`. A species has the meaning it has in the model's mathematics.
    pub rows: Vec<Vec<f64>>,
    /// Model events in order: time and name.
    pub events: Vec<(f64, String)>,
    /// Accepted steps.
    pub steps: u64,
    /// Why it ended early, if it did.
    pub failure: Option<Breakdown>,
}

struct Table {
    rows: Vec<Vec<f64>>,
    events: Vec<(f64, usize)>,
}

impl Observer for Table {
    fn sample(&mut self, _person: usize, _row: usize, _time: f64, values: &[f64]) {
        self.rows.push(values.to_vec());
    }

    fn met(&mut self, _person: usize, time: f64, event: usize) {
        self.events.push((time, event));
    }
}

/// Why a model cannot be run; empty if it can.
pub fn compiles(model: &Model) -> Vec<Diagnostic> {
    match osteon_compile::compile(model) {
        Ok(_) => Vec::new(),
        Err(why) => why,
    }
}

/// Runs a model from its start time. A row at the time of an event shows the values after it.
///
/// # Errors
/// When the model cannot be compiled, a name is unknown, a value cannot be set, or the times make no sense.
pub fn time_course(model: &Model, asked: &CourseOptions) -> Result<Course, Vec<Diagnostic>> {
    let program = Arc::new(osteon_compile::compile(model)?);
    let fault = |message: String, help: String| {
        vec![Diagnostic::error("run-setup", message, Span::NONE).help(help)]
    };
    let symbol = |name: &str| {
        program.find(name).ok_or_else(|| {
            let help = advice(
                name,
                program.symbols().iter().map(String::as_str),
                "the model; names from submodels are dotted: pump.Vmax",
            );
            fault(format!("the model has no `{name}`"), help)
        })
    };
    let names = if asked.record.is_empty() {
        program.states().to_vec()
    } else {
        asked.record.clone()
    };
    let record = names
        .iter()
        .map(|n| symbol(n))
        .collect::<Result<Vec<SymbolIndex>, _>>()?;
    let start = asked
        .set
        .iter()
        .map(|(n, v)| Ok((symbol(n)?, *v)))
        .collect::<Result<Vec<_>, Vec<Diagnostic>>>()?;
    let t0 = program.start_time();
    let positive = |x: f64| x.is_finite() && x > 0.0;
    if !(asked.until.is_finite() && asked.until > t0 && positive(asked.every)) {
        return Err(fault(
            format!(
                "from {t0} until {} every {} is no time course",
                asked.until, asked.every
            ),
            "the end lies behind the start, and the time between rows is positive".to_owned(),
        ));
    }
    if !(positive(asked.rtol) && positive(asked.atol)) {
        return Err(fault(
            format!(
                "tolerances {} and {} are not both positive",
                asked.rtol, asked.atol
            ),
            "for example 1e-6 and 1e-9".to_owned(),
        ));
    }
    let rows = ((asked.until - t0) / asked.every * (1.0 + 1e-12)).floor();
    const MOST_ROWS: f64 = 1e7;
    if rows > MOST_ROWS {
        return Err(fault(
            format!("every {} gives {rows:.0} rows", asked.every),
            format!("at most {MOST_ROWS} rows; record less often"),
        ));
    }
    let outputs: Vec<f64> = (0..=rows as usize)
        .map(|i| (t0 + i as f64 * asked.every).min(asked.until))
        .collect();
    let setup = LaneSetup {
        start,
        begin: Begin::Initial,
        t0,
        until: asked.until,
        outputs: outputs.clone(),
        ..LaneSetup::default()
    };
    let options = DriveOptions {
        rtol: asked.rtol,
        atol: Atol::Uniform(asked.atol),
        ..DriveOptions::default()
    };
    let mut table = Table {
        rows: Vec::new(),
        events: Vec::new(),
    };
    let outcomes = drive(&program, &[setup], &record, &options, &mut table)
        .map_err(|e| fault(e.message, "set what it is computed from".to_owned()))?;
    let (steps, failure) = match outcomes.into_iter().next() {
        Some(LaneOutcome {
            work, failure, end, ..
        }) => {
            let look = |failure| looked_into(model, &program, &end, failure, t0, asked.rtol);
            (work.steps, failure.map(look))
        }
        None => (0, None),
    };
    let named = |(t, event): (f64, usize)| {
        (
            t,
            program
                .events()
                .get(event)
                .map_or_else(String::new, |e| e.id.clone()),
        )
    };
    Ok(Course {
        names,
        times: outputs[..table.rows.len()].to_vec(),
        rows: table.rows,
        events: table.events.into_iter().map(named).collect(),
        steps,
        failure,
    })
}

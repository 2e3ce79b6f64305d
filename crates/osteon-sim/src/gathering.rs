//! Between a run and the time loop: sends everybody through, gathers what comes out, passes word on, and puts failures into words.

use osteon_vm::SymbolIndex;

use crate::body::Body;
use crate::drive::{
    Breakdown, BreakdownCause, DriveOptions, LaneEnd, LaneOutcome, LaneSetup, Observer, drive,
};
use crate::inquest::looked_into;
use crate::measure::show_days;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::run::{Failure, Met, Skipped};
use crate::simulate::RunOptions;

/// What a lane brought back.
pub(crate) struct Driven {
    /// One row for each output time, one value for each recorded symbol; NaN where not reached.
    pub(crate) values: Vec<f64>,
    pub(crate) end: LaneEnd,
    pub(crate) events: Vec<(f64, usize)>,
    pub(crate) work: osteon_ode::Work,
    pub(crate) failure: Option<Breakdown>,
    /// What was really done, where rules have changed the plan on the way.
    pub(crate) replanned: Option<Plan>,
    /// Days that were not integrated.
    pub(crate) skipped: Skipped,
}

/// Gathers what comes out of the time loop and passes word on.
struct Gather<'p> {
    width: usize,
    values: Vec<Vec<f64>>,
    events: Vec<Vec<(f64, usize)>>,
    spans: Vec<(f64, f64)>,
    done: Vec<f64>,
    total: f64,
    progress: &'p mut dyn Progress,
}

impl Gather<'_> {
    fn tell(&mut self, person: usize, done: f64) {
        // Word at every hundredth of the whole is enough.
        let before = self.total;
        self.total += (done - self.done[person]) / self.done.len() as f64;
        self.done[person] = done;
        if (self.total * 100.0).floor() > (before * 100.0).floor() {
            self.progress.fraction(self.total);
        }
    }
}

impl Observer for Gather<'_> {
    fn sample(&mut self, person: usize, row: usize, time: f64, values: &[f64]) {
        self.values[person][row * self.width..(row + 1) * self.width].copy_from_slice(values);
        let (from, until) = self.spans[person];
        self.tell(person, ((time - from) / (until - from)).clamp(0.0, 1.0));
    }

    fn met(&mut self, person: usize, time: f64, event: usize) {
        self.events[person].push((time, event));
    }

    fn finished(&mut self, person: usize, _outcome: &LaneOutcome) {
        self.tell(person, 1.0);
    }

    fn cancelled(&mut self) -> bool {
        self.progress.cancelled()
    }
}

/// Drives everybody; rows at the time of a dose are read before it, as blood is drawn before the pill.
pub(crate) fn drive_all(
    body: &Body,
    people: &[LaneSetup],
    record: &[SymbolIndex],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Vec<Driven> {
    let drive_options = DriveOptions {
        rtol: options.rtol,
        atol: options.atol.clone(),
        max_attempts: options.max_attempts,
        samples_before: true,
        instruction_set: options.instruction_set,
        ..DriveOptions::default()
    };
    let mut gather = Gather {
        width: record.len(),
        values: people
            .iter()
            .map(|p| vec![f64::NAN; p.outputs.len() * record.len()])
            .collect(),
        events: vec![Vec::new(); people.len()],
        spans: people.iter().map(|p| (p.t0, p.until)).collect(),
        done: vec![0.0; people.len()],
        total: 0.0,
        progress,
    };
    let outcomes = drive(&body.program, people, record, &drive_options, &mut gather);
    let (values, events) = (gather.values, gather.events);
    match outcomes {
        Ok(outcomes) => outcomes
            .into_iter()
            .zip(values)
            .zip(events)
            .zip(people)
            .map(|(((o, values), events), setup)| Driven {
                failure: o.failure.map(|failure| {
                    let (model, program) = (&body.model, &body.program);
                    looked_into(model, program, &o.end, failure, setup.t0, options.rtol)
                }),
                values,
                end: o.end,
                events,
                work: o.work,
                replanned: None,
                skipped: Skipped::default(),
            })
            .collect(),
        // A plan that cannot be driven is told to everybody: plans are made from checked scenarios, so this is a fault of a library entry.
        Err(fault) => people
            .iter()
            .zip(values)
            .map(|(p, values)| {
                let failure = Breakdown::at(p.t0, BreakdownCause::BadReview(fault.to_string()));
                Driven {
                    values,
                    end: LaneEnd {
                        time: p.t0,
                        ..LaneEnd::default()
                    },
                    events: Vec::new(),
                    work: osteon_ode::Work::default(),
                    failure: Some(failure),
                    replanned: None,
                    skipped: Skipped::default(),
                }
            })
            .collect(),
    }
}

/// The solver's failure in words, with names. The message begins with the time in the scenario's words and, if anything was done to the
/// person before, the last of it.
pub(crate) fn failure_of(driven: &Driven, met: &[Met]) -> Option<Failure> {
    let failure = driven.failure.as_ref()?;
    let before = met.iter().rev().find(|m| m.time_d <= failure.time + 1e-9);
    let before = before.map_or_else(String::new, |m| {
        format!(" (before it: {}, {})", m.what, show_days(m.time_d))
    });
    let message = format!(
        "at {}{before}: {}",
        show_days(failure.time),
        failure.message()
    );
    Some(Failure {
        time_d: failure.time,
        id: failure.cause.id(),
        message,
        states: failure.state.clone().into_iter().collect(),
        hint: failure.hint().to_owned(),
    })
}

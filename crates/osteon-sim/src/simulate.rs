//! Runs scenarios: lives the life, switches to the scenario's clock, drives the arms as lanes, gathers the results.

use std::collections::BTreeMap;
use std::sync::Arc;

use osteon_model::{Diagnostic, SourceMap, Span};
use osteon_vm::{InstructionSet, Lanes, SymbolIndex};

use crate::body::{Body, Hash};
use crate::diagnostics::Diagnostics;
use crate::drive::{Atol, Begin, LaneEnd, LaneSetup, polish};
use crate::gathering::{drive_all, failure_of};
use crate::plan::{
    DAYS_PER_YEAR, Plan, Planner, RUN_IN_D, life_begins_d, life_ends_d, start_values,
};
use crate::progress::Progress;
use crate::recording::Recorder;
use crate::run::{ArmRun, Failure, Met, MetKind, Meta, RowStatus, Run, Skipped, Work};
use crate::scenario::{Clock, Person, Scenario, Start};
use crate::skipping::{nothing_to_skip, refused};
use crate::staged::{Staged, cut_infusions, drive_staged};
use osteon_ode::SteadyOptions;

/// Accuracy and limits of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOptions {
    /// Relative tolerance of the integrator.
    pub rtol: f64,
    /// Absolute tolerances.
    pub atol: Atol,
    /// Attempts allowed between two stops before a lane is given up.
    pub max_attempts: u64,
    /// Instruction set to integrate on instead of the machine's best: for comparing machines, results agree within rounding.
    pub instruction_set: Option<InstructionSet>,
}

impl Default for RunOptions {
    fn default() -> Self {
        // Measured on the body (benches/README.md): printed quantities then differ by less than 1e-5 from a run at 1e-9.
        RunOptions {
            rtol: 1e-5,
            atol: Atol::Relative {
                fraction: 1e-3,
                floor: 1e-6,
            },
            max_attempts: 200_000,
            instruction_set: None,
        }
    }
}

/// One individual to be run: an arm of a scenario, with start values of their own.
#[derive(Debug, Clone)]
pub struct Member<'s> {
    /// The scenario.
    pub scenario: &'s Scenario,
    /// Which of its arms.
    pub arm: usize,
    /// Identifier, for tables of people.
    pub id: Option<String>,
    /// Start values over those of the arm's person: any parameter of the body by name, in its own unit.
    pub start: Vec<(String, f64)>,
}

/// A life before a scenario: its end, or why it stopped and what it took.
type Lived = Result<LivedState, Box<(Failure, Work)>>;

/// A body after a life: everything needed to go on from there. Cloning is cheap; keep it to run many scenarios on one person.
#[derive(Debug, Clone)]
pub struct LivedState {
    pub(crate) end: LaneEnd,
    pub(crate) in_force: BTreeMap<String, f64>,
    work: Work,
}

impl LivedState {
    /// Time it stands at, days from the start of the scenario (zero or negative).
    pub fn time_d(&self) -> f64 {
        self.end.time
    }

    /// Present value of a state by name.
    pub fn state(&self, body: &Body, name: &str) -> Option<f64> {
        let place = body.program.states().iter().position(|s| s == name)?;
        self.end.states.get(place).copied()
    }

    /// All states in the order of the program.
    pub fn states(&self) -> &[f64] {
        &self.end.states
    }
}

/// A person prepared: plans and start values.
pub(crate) struct Prepared<'s> {
    person: &'s Person,
    start: Vec<(SymbolIndex, f64)>,
    pub(crate) base: BTreeMap<String, f64>,
}

/// A life to be lived: whose, how it ends, the start values of its own, and until when.
type Life<'s> = (Prepared<'s>, Start, &'s [(String, f64)], f64);

/// Members that read the same symbols: number of the member, what to drive, how to record, what was planned, effort so far.
type Group<'s> = (
    Vec<SymbolIndex>,
    Vec<(usize, Staged<'s>, Recorder, Plan, Work)>,
);

/// Runs every arm of a scenario.
///
/// # Errors
/// When a name of the scenario no longer fits the body. Failures of the solver are told in the run itself, with its finished part.
pub fn run(
    body: &Body,
    scenario: &Scenario,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Run, Diagnostics> {
    let members: Vec<Member<'_>> = (0..scenario.arms.len())
        .map(|arm| Member {
            scenario,
            arm,
            id: None,
            start: Vec::new(),
        })
        .collect();
    let arms = run_many(body, &members, options, progress)?;
    Ok(Run {
        title: scenario.title.clone(),
        scenario: scenario.name.clone(),
        arms,
        meta: meta(body, scenario, options),
    })
}

/// What made a run of this scenario.
pub fn meta(body: &Body, scenario: &Scenario, options: &RunOptions) -> Meta {
    let mut hash = Hash::new();
    hash.text(&scenario.text);
    let clock = match scenario.record.clock {
        Clock::Averaged => "averaged",
        Clock::Meals => "meals",
    };
    Meta {
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        body: body.title.clone(),
        body_hash: body.hash.clone(),
        rtol: options.rtol,
        atol: format!("{:?}", options.atol),
        states: body.program.n_states(),
        clock: scenario
            .record
            .clock_why
            .as_ref()
            .map_or_else(|| clock.to_owned(), |why| format!("{clock} ({why})")),
        scenario_hash: hash.finish(),
    }
}

/// Lives a person's life on the usual diet, day-averaged, from grown age to the start of the run-in.
///
/// # Errors
/// When start values do not fit the body, or when the solver fails on the way (as one diagnostic).
pub fn live(
    body: &Body,
    person: &Person,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<LivedState, Diagnostics> {
    let prepared = prepare(body, person, &[], None)?;
    let people = [(&prepared, -RUN_IN_D)];
    let mut lived = live_people(body, &people, Start::Lived, options, progress);
    match lived.pop() {
        Some(Ok(state)) => Ok(state),
        Some(Err(stopped)) => {
            let (failure, _) = *stopped;
            Err(fault("run-failed", failure.message, &failure.hint))
        }
        None => Err(fault("run-failed", "nobody to live".to_owned(), "")),
    }
}

/// Runs many individuals as lanes. The order of results is the order of members; a member that fails keeps its finished part.
///
/// # Errors
/// When a start value names no settable symbol of the body.
pub fn run_many(
    body: &Body,
    members: &[Member<'_>],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<ArmRun>, Diagnostics> {
    let mut prepared = Vec::with_capacity(members.len());
    // Members with the same person and start values share one life.
    let mut life_of: Vec<usize> = Vec::with_capacity(members.len());
    let mut lives: Vec<Life<'_>> = Vec::new();
    for member in members {
        let Some(arm) = member.scenario.arms.get(member.arm) else {
            return Err(fault(
                "run-setup",
                format!("the scenario has no arm {}", member.arm),
                "arms are counted from 0",
            ));
        };
        if !arm.interventions.is_empty() && !arm.titrations.is_empty() {
            return Err(fault(
                "run-setup",
                "a table of events that resets or replaces states and rules that change doses cannot go together".to_owned(),
                "drop [[titrate]], or the rows with EVID 3 to 6 and SS",
            ));
        }
        if member.scenario.record.skip_days
            && let Some((what, help)) = refused(arm, member.scenario.record.clock)
        {
            return Err(fault("skip-days", what, help));
        }
        let own = prepare(body, &arm.person, &member.start, Some(arm))?;
        let start = member.scenario.start;
        let until_d = life_ends_d(arm, &member.scenario.record);
        let known = lives.iter().position(|(p, s, o, u)| {
            *s == start && *u == until_d && p.person == own.person && *o == member.start.as_slice()
        });
        life_of.push(known.unwrap_or_else(|| {
            lives.push((
                Prepared {
                    person: own.person,
                    start: own.start.clone(),
                    base: own.base.clone(),
                },
                start,
                &member.start,
                until_d,
            ));
            lives.len() - 1
        }));
        prepared.push(own);
    }
    progress.stage("lived life");
    let mut lived: Vec<Option<Lived>> = (0..lives.len()).map(|_| None).collect();
    for kind in [Start::Lived, Start::Steady] {
        let places: Vec<usize> = (0..lives.len()).filter(|i| lives[*i].1 == kind).collect();
        let people: Vec<(&Prepared<'_>, f64)> =
            places.iter().map(|i| (&lives[*i].0, lives[*i].3)).collect();
        for (place, state) in places
            .iter()
            .zip(live_people(body, &people, kind, options, progress))
        {
            lived[*place] = Some(state);
        }
    }
    progress.stage("scenario");
    let mut results: Vec<Option<ArmRun>> = members.iter().map(|_| None).collect();
    // Members that read the same symbols are driven together.
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let scenario = member.scenario;
        let arm = &scenario.arms[member.arm];
        let rows = crate::recording::row_times(&scenario.record);
        let end_d = rows
            .last()
            .copied()
            .unwrap_or(scenario.record.until_d)
            .max(scenario.record.until_d);
        let begin_d = life_ends_d(arm, &scenario.record);
        let recorder = Recorder::new(body, &scenario.record, begin_d, end_d, &arm.titrations);
        match lived[life_of[number]]
            .as_ref()
            .expect("every kind of start was lived above")
        {
            Err(stopped) => {
                let (failure, work) = stopped.as_ref();
                let read = vec![f64::NAN; recorder.times.len() * recorder.symbols.len()];
                results[number] = Some(arm_run(
                    member,
                    &arm.name,
                    &recorder,
                    &read,
                    Vec::new(),
                    Vec::new(),
                    *work,
                    Some(failure.clone()),
                    Skipped::default(),
                ));
            }
            Ok(state) => {
                let planner = Planner {
                    body,
                    person: prepared[number].person,
                    base: prepared[number].base.clone(),
                };
                // What was in force at the end of the life, over the inputs that this arm moves.
                let mut in_force = planner.base.clone();
                in_force.extend(state.in_force.iter().map(|(k, v)| (k.clone(), *v)));
                let clock = scenario.record.clock;
                let plan = if arm.interventions.is_empty() {
                    planner.scenario(arm, clock, state.end.time, end_d, &in_force)
                } else {
                    let cut = cut_infusions(arm);
                    planner.scenario(&cut, clock, state.end.time, end_d, &in_force)
                };
                let t0 = state.end.time;
                let begin = Begin::Continued(state.end.clone());
                let job = LaneSetup {
                    begin,
                    t0,
                    until: end_d,
                    actions: plan.actions.clone(),
                    outputs: recorder.times.clone(),
                    ..LaneSetup::default()
                };
                let symbols = recorder.symbols.clone();
                let staged = Staged {
                    setup: job,
                    planner,
                    arm,
                    clock,
                    lived: state.end.clone(),
                    in_force,
                    plan: plan.clone(),
                    skip_days: scenario.record.skip_days,
                };
                if let Some((what, help)) = nothing_to_skip(body, &staged) {
                    return Err(fault("skip-days", what, &help));
                }
                let part = (number, staged, recorder, plan, state.work);
                match groups.iter_mut().find(|g| g.0 == symbols) {
                    Some(group) => group.1.push(part),
                    None => groups.push((symbols, vec![part])),
                }
            }
        }
    }
    for (symbols, parts) in groups {
        let mut jobs = Vec::with_capacity(parts.len());
        let mut rest = Vec::with_capacity(parts.len());
        for (number, job, recorder, plan, work) in parts {
            jobs.push(job);
            rest.push((number, recorder, plan, work));
        }
        let driven = drive_staged(body, jobs, &symbols, options, progress);
        for ((number, recorder, plan, before), driven) in rest.into_iter().zip(driven) {
            let member = &members[number];
            let arm = &member.scenario.arms[member.arm];
            let plan = driven.replanned.clone().unwrap_or(plan);
            let mut met = plan.met;
            let shown_from_d = member.scenario.record.from_d.min(0.0);
            met.retain(|m| m.time_d <= driven.end.time && m.time_d >= shown_from_d);
            met.extend(
                driven
                    .events
                    .iter()
                    .filter(|e| e.0 >= 0.0)
                    .map(|(time_d, event)| Met {
                        time_d: *time_d,
                        kind: MetKind::Event,
                        what: body
                            .program
                            .events()
                            .get(*event)
                            .map_or_else(String::new, |e| e.id.clone()),
                    }),
            );
            met.sort_by(|a, b| a.time_d.total_cmp(&b.time_d));
            let ledger = if driven.failure.is_none() {
                recorder.ledger(body, &driven.values, &plan.actions)
            } else {
                Vec::new()
            };
            let failure = failure_of(&driven, &met);
            let work = sum(before, work_of(&driven.work));
            results[number] = Some(arm_run(
                member,
                &arm.name,
                &recorder,
                &driven.values,
                met,
                ledger,
                work,
                failure,
                driven.skipped,
            ));
        }
    }
    Ok(results.into_iter().flatten().collect())
}

#[allow(clippy::too_many_arguments)]
fn arm_run(
    member: &Member<'_>,
    name: &str,
    recorder: &Recorder,
    read: &[f64],
    events: Vec<Met>,
    ledger: Vec<crate::run::LedgerLine>,
    work: Work,
    failure: Option<Failure>,
    skipped: Skipped,
) -> ArmRun {
    let columns = recorder.columns(read);
    let reached = failure.as_ref().map_or(f64::INFINITY, |f| f.time_d);
    let times = recorder.rows().to_vec();
    let status = times
        .iter()
        .map(|t| {
            if *t > reached {
                RowStatus::Failed
            } else if skipped.covers(*t) {
                RowStatus::Skipped
            } else {
                RowStatus::Ok
            }
        })
        .collect();
    ArmRun {
        name: name.to_owned(),
        id: member.id.clone(),
        times,
        columns,
        status,
        events,
        ledger,
        work,
        failure,
        skipped,
    }
}

/// Start values of a person and the value that every moved input has before anything moves it.
pub(crate) fn prepare<'s>(
    body: &Body,
    person: &'s Person,
    own: &[(String, f64)],
    arm: Option<&crate::scenario::Arm>,
) -> Result<Prepared<'s>, Diagnostics> {
    if let Some(first) = person.measured.first() {
        return Err(fault(
            "run-setup",
            format!(
                "the person brings measured values ({} …) and has not been matched to them",
                first.quantity
            ),
            "`osteon run`, `why`, `labs`, `report`, `protocol` and `match` do that for a scenario; tables of people and studies take values as inputs",
        ));
    }
    let mut start = start_values(body, person);
    for (name, value) in own {
        let Some(symbol) = body
            .find(name)
            .filter(|s| body.program.settable_at_start(*s))
        else {
            return Err(fault(
                "run-setup",
                format!("`{name}` is no parameter of the body that can be set"),
                "a name of the body, for example an input of docs/body-inputs.md",
            ));
        };
        start.push((symbol, *value));
    }
    let names = Planner::moved(body, person, arm);
    let symbols: Vec<SymbolIndex> = names.iter().filter_map(|n| body.find(n)).collect();
    let mut lanes = Lanes::new(Arc::clone(&body.program), 1);
    for (symbol, value) in &start {
        if let Err(error) = lanes.set_start(0, *symbol, *value) {
            return Err(fault(
                "run-setup",
                error.to_string(),
                "set what it is computed from",
            ));
        }
    }
    let t = [life_begins_d(person)];
    let mut y = vec![0.0; body.program.n_states()];
    lanes.initialise(&t, &mut y);
    let mut values = vec![0.0; symbols.len()];
    lanes.value(&symbols, &t, &y, &mut values);
    let known = names.iter().filter(|n| body.find(n).is_some());
    Ok(Prepared {
        person,
        start,
        base: known.cloned().zip(values).collect(),
    })
}

/// Lives all lives as lanes, up to the beginning of the run-in; then, if asked, goes to the steady state.
fn live_people(
    body: &Body,
    people: &[(&Prepared<'_>, f64)],
    start: Start,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Vec<Lived> {
    if people.is_empty() {
        return Vec::new();
    }
    let jobs: Vec<LaneSetup> = people
        .iter()
        .map(|(p, until_d)| {
            let until_d = *until_d;
            let planner = Planner {
                body,
                person: p.person,
                base: p.base.clone(),
            };
            LaneSetup {
                start: p.start.clone(),
                t0: life_begins_d(p.person),
                until: until_d,
                actions: planner.life(until_d).actions,
                ..LaneSetup::default()
            }
        })
        .collect();
    let driven = drive_all(body, &jobs, &[], options, progress);
    let mut lived: Vec<Lived> = people
        .iter()
        .zip(driven)
        .map(|((p, until_d), driven)| match failure_of(&driven, &[]) {
            Some(mut failure) => {
                let age = p.person.age_a + failure.time_d / DAYS_PER_YEAR;
                failure.message = format!(
                    "in the life before the scenario, at age {age:.1} a, {}",
                    failure.message
                );
                Err(Box::new((failure, work_of(&driven.work))))
            }
            None => {
                let planner = Planner {
                    body,
                    person: p.person,
                    base: p.base.clone(),
                };
                Ok(LivedState {
                    in_force: planner.in_force(Clock::Averaged, *until_d),
                    work: work_of(&driven.work),
                    end: driven.end,
                })
            }
        })
        .collect();
    if start == Start::Steady {
        for (state, (_, until_d)) in lived.iter_mut().zip(people) {
            let polished = match state {
                Ok(lived) => polish(&body.program, &lived.end, &SteadyOptions::default()),
                Err(_) => continue,
            };
            match polished {
                Ok(found) => {
                    if let Ok(lived) = state {
                        lived.end = found.end;
                    }
                }
                Err(message) => {
                    let failure = Failure {
                        time_d: *until_d,
                        id: "run-setup",
                        message: format!("no steady state: {message}"),
                        states: Vec::new(),
                        hint: "start = \"day 0\" begins from the lived life instead".to_owned(),
                    };
                    *state = Err(Box::new((failure, Work::default())));
                }
            }
        }
    }
    lived
}

fn work_of(work: &osteon_ode::Work) -> Work {
    Work {
        steps: work.steps,
        rejected: work.rejected,
        rhs: work.rhs,
        factorisations: work.lu,
    }
}

fn sum(a: Work, b: Work) -> Work {
    Work {
        steps: a.steps + b.steps,
        rejected: a.rejected + b.rejected,
        rhs: a.rhs + b.rhs,
        factorisations: a.factorisations + b.factorisations,
    }
}

fn fault(id: &'static str, message: String, help: &str) -> Diagnostics {
    let list = vec![
        match id {
            "run-failed" => Diagnostic::error("run-failed", message, Span::NONE),
            "skip-days" => Diagnostic::error("skip-days", message, Span::NONE),
            _ => Diagnostic::error("run-setup", message, Span::NONE),
        }
        .help(help.to_owned()),
    ];
    Diagnostics {
        list,
        sources: SourceMap::new(),
    }
}

//! Runs in stages: a person is driven up to an instant, something is changed there, and they are driven on. Instants are interventions
//! of an event table, the rules of a titration, and the beginning of the scenario where the body holds signals (`held`).
//!
//! At one instant: signals are held, samples, interventions in the order of the table, rules in the order of the scenario, then doses
//! and changes of inputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use osteon_ode::System as _;
use osteon_vm::{Lanes, SymbolIndex};

use crate::body::Body;
use crate::drive::{Begin, Breakdown, BreakdownCause, LaneEnd, LaneSetup, Timed};
use crate::events::{Intervention, InterventionKind, period};
use crate::gathering::{Driven, drive_all};
use crate::held::Holding;
use crate::plan::{Plan, Planner};
use crate::progress::{Progress, Silent};
use crate::run::{Met, MetKind, Skipped};
use crate::scenario::{Arm, Clock, Dose, InputValue};
use crate::simulate::RunOptions;
use crate::skipping::drive_skipping;
use crate::titrate::changed;

/// Largest relative change of any state from one dosing interval to the next at which a regimen counts as steady. (assumed; slow stores
/// go on drifting by less than this)
const STEADY: f64 = 1e-3;

/// Most dosing intervals on the way to a steady state. (assumed)
const MOST_INTERVALS: usize = 1000;

/// States smaller than this, in their own units, are not followed to a steady state.
const SMALL: f64 = 1e-6;

/// A person to be driven in stages.
pub(crate) struct Staged<'s> {
    pub(crate) setup: LaneSetup,
    pub(crate) planner: Planner<'s>,
    pub(crate) arm: &'s Arm,
    pub(crate) clock: Clock,
    /// End of the lived life.
    pub(crate) lived: LaneEnd,
    /// Inputs in force at the end of the lived life.
    pub(crate) in_force: BTreeMap<String, f64>,
    /// What was planned, before any rule changed it.
    pub(crate) plan: Plan,
    /// Days may be skipped.
    pub(crate) skip_days: bool,
}

/// True for instants at which running infusions end.
fn ends_infusions(intervention: &Intervention) -> bool {
    matches!(
        intervention.kind,
        InterventionKind::Reset | InterventionKind::Steady { added: false, .. }
    )
}

/// The arm with infusions cut off where an intervention ends them.
pub(crate) fn cut_infusions(arm: &Arm) -> Arm {
    let mut cut = arm.clone();
    if !arm.interventions.iter().any(ends_infusions) {
        return cut;
    }
    cut.doses = Vec::with_capacity(arm.doses.len());
    for dose in &arm.doses {
        if dose.over_d <= 0.0 {
            cut.doses.push(dose.clone());
            continue;
        }
        for number in 0..dose.count {
            let at_d = dose.at_d + number as f64 * dose.every_d;
            let mut single = Dose {
                at_d,
                every_d: 0.0,
                count: 1,
                ..dose.clone()
            };
            let cutter = arm
                .interventions
                .iter()
                .filter(|i| ends_infusions(i) && i.at_d > at_d && i.at_d < at_d + dose.over_d)
                .map(|i| i.at_d)
                .fold(f64::INFINITY, f64::min);
            if cutter.is_finite() {
                single.over_d = cutter - at_d;
                for deposit in &mut single.into {
                    deposit.amount *= single.over_d / dose.over_d;
                }
            }
            cut.doses.push(single);
        }
    }
    cut
}

/// Drives everybody through their interventions, side by side between them.
pub(crate) fn drive_staged(
    body: &Body,
    people: Vec<Staged<'_>>,
    record: &[SymbolIndex],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Vec<Driven> {
    let plain = |p: &Staged<'_>| p.arm.interventions.is_empty() && p.arm.titrations.is_empty();
    if body.held.is_empty() && people.iter().all(plain) {
        let setups = people.into_iter().map(|p| (p.setup, p.skip_days)).collect();
        return drive_each(body, setups, record, options, progress);
    }
    let mut under_way: Vec<UnderWay<'_>> = people
        .into_iter()
        .map(|p| UnderWay::new(body, p, record.len()))
        .collect();
    // What is held is read together with what is recorded.
    let read: Vec<SymbolIndex> = record
        .iter()
        .copied()
        .chain(body.held.iter().map(|h| h.1))
        .collect();
    loop {
        let active: Vec<usize> = (0..under_way.len())
            .filter(|p| !under_way[*p].done)
            .collect();
        if active.is_empty() {
            break;
        }
        let setups = active
            .iter()
            .map(|p| {
                let next = under_way[*p].next_stage();
                (next, under_way[*p].staged.skip_days)
            })
            .collect();
        let driven = drive_each(body, setups, &read, options, progress);
        for (person, stage) in active.into_iter().zip(driven) {
            under_way[person].arrived(body, stage, record, options);
        }
    }
    under_way
        .into_iter()
        .map(|u| u.finish(record.len()))
        .collect()
}

/// Side by side, or one by one where days may be skipped.
fn drive_each(
    body: &Body,
    people: Vec<(LaneSetup, bool)>,
    record: &[SymbolIndex],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Vec<Driven> {
    let plain: Vec<LaneSetup> = people
        .iter()
        .filter(|p| !p.1)
        .map(|p| p.0.clone())
        .collect();
    let mut together = drive_all(body, &plain, record, options, progress).into_iter();
    people
        .iter()
        .filter_map(|(setup, skips)| match skips {
            true => Some(drive_skipping(body, setup, record, options, progress)),
            false => together.next(),
        })
        .collect()
}

/// Somebody between two interventions.
struct UnderWay<'s> {
    staged: Staged<'s>,
    /// The next intervention.
    next: usize,
    /// Times at which rules are asked, in order, and which of them comes next.
    reviews: Vec<f64>,
    next_review: usize,
    /// The arm as the rules have left it, and what is planned in it.
    arm: Option<(Arm, Plan)>,
    next_action: usize,
    next_output: usize,
    done: bool,
    gathered: Driven,
    /// Number of recorded symbols.
    width: usize,
    /// Signals that are still to be held.
    holding: Option<Holding>,
    /// Which outputs of the present stage are for holding alone.
    readings: Vec<bool>,
}

impl<'s> UnderWay<'s> {
    fn new(body: &Body, staged: Staged<'s>, width: usize) -> Self {
        let holding = Holding::new(body, staged.setup.t0, staged.setup.until, staged.clock);
        let end = staged.setup.until;
        let rules = &staged.arm.titrations;
        let mut reviews: Vec<f64> = rules.iter().flat_map(|r| r.times_d.clone()).collect();
        reviews.retain(|t| *t <= end);
        reviews.sort_by(f64::total_cmp);
        reviews.dedup();
        UnderWay {
            staged,
            reviews,
            next_review: 0,
            arm: None,
            width,
            holding,
            readings: Vec::new(),
            next: 0,
            next_action: 0,
            next_output: 0,
            done: false,
            gathered: Driven {
                values: Vec::new(),
                end: LaneEnd::default(),
                events: Vec::new(),
                work: osteon_ode::Work::default(),
                failure: None,
                replanned: None,
                skipped: Skipped::default(),
            },
        }
    }

    fn until(&self) -> f64 {
        let end = self.staged.setup.until;
        let holding = self.holding.as_ref().map(|h| h.at_d);
        let intervention = self.staged.arm.interventions.get(self.next).map(|i| i.at_d);
        let review = self.reviews.get(self.next_review).copied();
        [holding, intervention, review]
            .into_iter()
            .flatten()
            .fold(end, f64::min)
    }

    /// True when nothing is to be done any more but to reach the end.
    fn last(&self) -> bool {
        self.next >= self.staged.arm.interventions.len()
            && self.next_review >= self.reviews.len()
            && self.holding.is_none()
    }

    /// True if the present stage ends where signals are held.
    fn holds_next(&self) -> bool {
        self.holding
            .as_ref()
            .is_some_and(|h| h.at_d <= self.until())
    }

    /// Up to the next intervention: samples at its instant are taken before it, everything else happens after it.
    fn next_stage(&mut self) -> LaneSetup {
        let until = self.until();
        let last = self.last();
        let holds = self.holds_next();
        let setup = &self.staged.setup;
        let actions = &setup.actions[self.next_action..];
        let actions = &actions[..actions.partition_point(|a| last || a.time < until)];
        let outputs = &setup.outputs[self.next_output..];
        // What is sampled where signals are held is sampled after it.
        let due = |t: &f64| {
            if holds {
                *t < until - 1e-9
            } else {
                *t <= until + 1e-9
            }
        };
        let outputs = &outputs[..outputs.partition_point(|t| last || due(t))];
        let mut times: Vec<(f64, bool)> = outputs
            .iter()
            .map(|t| (if last { *t } else { t.min(until) }, false))
            .collect();
        let recorded = times.len();
        if let Some(holding) = &mut self.holding {
            times.extend(holding.readings_until(until).map(|t| (t, true)));
            times.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let stage = LaneSetup {
            actions: actions.to_vec(),
            outputs: times.iter().map(|t| t.0).collect(),
            until,
            ..setup.clone()
        };
        self.readings = times.into_iter().map(|t| t.1).collect();
        self.next_action += stage.actions.len();
        self.next_output += recorded;
        stage
    }

    /// Parts what was read of the present stage: rows to be kept, and readings of signals to be held.
    fn take_values(&mut self, held: usize, values: &[f64]) {
        let wide = self.width + held;
        for (row, reading) in self.readings.iter().enumerate() {
            let row = &values[row * wide..(row + 1) * wide];
            let (recorded, signals) = row.split_at(self.width);
            match &mut self.holding {
                Some(holding) if *reading => holding.read(signals),
                _ => self.gathered.values.extend(recorded),
            }
        }
    }

    fn arrived(
        &mut self,
        body: &Body,
        stage: Driven,
        record: &[SymbolIndex],
        options: &RunOptions,
    ) {
        let until = self.until();
        let last = self.last();
        let held = body.held.len();
        self.take_values(held, &stage.values);
        self.gathered.events.extend(stage.events);
        self.gathered.work.add(&stage.work);
        self.gathered.end = stage.end;
        self.gathered.failure = stage.failure;
        self.gathered.skipped.extend(stage.skipped);
        if self.gathered.failure.is_some() || last {
            self.done = true;
            return;
        }
        let mut end = self.gathered.end.clone();
        if self.holds_next()
            && let Some(holding) = self.holding.take()
        {
            // Interventions of the same instant come after the samples, at the end of a stage of no length.
            if let Err(what) = holding.hold(body, &mut end) {
                return self.stop(what, until);
            }
            self.staged.setup.t0 = end.time;
            self.staged.setup.begin = Begin::Continued(end);
            return;
        }
        while let Some(intervention) = self
            .staged
            .arm
            .interventions
            .get(self.next)
            .filter(|i| i.at_d <= until)
        {
            self.next += 1;
            if let Err(what) = self.intervene(body, intervention, &mut end, options) {
                return self.stop(what, until);
            }
        }
        if self
            .reviews
            .get(self.next_review)
            .is_some_and(|t| *t <= until)
        {
            self.next_review += 1;
            self.ask(body, until, record);
        }
        let mut vm = Lanes::new(Arc::clone(&body.program), 1);
        vm.load_lane(0, &end.individual);
        vm.refresh_branches(0, &[end.time], &end.states);
        end.individual = vm.save_lane(0);
        self.staged.setup.t0 = end.time;
        self.staged.setup.begin = Begin::Continued(end);
    }

    /// Asks every rule that is due, on the blood drawn at this instant, and plans anew if a dose has changed.
    fn ask(&mut self, body: &Body, time_d: f64, record: &[SymbolIndex]) {
        let rules = &self.staged.arm.titrations;
        let due = rules
            .iter()
            .filter(|r| r.times_d.iter().any(|t| (t - time_d).abs() < 1e-9));
        let mut notes = Vec::new();
        let mut note = |what: String| {
            notes.push(Met {
                time_d,
                kind: MetKind::Review,
                what,
            })
        };
        let clock = self.staged.clock;
        let mut arm = None;
        for rule in due {
            let read = |at_d: f64| -> Option<f64> {
                let place = record
                    .iter()
                    .position(|s| body.find(&rule.symbol) == Some(*s))?;
                let outputs = &self.staged.setup.outputs;
                let row = outputs.iter().position(|t| (t - at_d).abs() < 2e-9)?;
                self.gathered
                    .values
                    .get(row * record.len() + place)
                    .copied()
            };
            let value = match rule.over_d {
                None => read(time_d),
                Some(over_d) => read(time_d).zip(read(time_d - over_d)).map(|(b, a)| b - a),
            };
            let Some(value) = value.map(|v| v * rule.factor).filter(|v| !v.is_nan()) else {
                note(format!(
                    "{}: {} could not be read",
                    rule.entry, rule.quantity
                ));
                continue;
            };
            let (holds, sign) = if rule.below {
                (value < rule.threshold, '<')
            } else {
                (value > rule.threshold, '>')
            };
            let seen = format!("{} = {value:.3} {}", rule.quantity, rule.unit);
            if !holds {
                note(format!(
                    "{seen}, not {sign} {}: {} goes on",
                    rule.threshold, rule.entry
                ));
                continue;
            }
            let present = arm.as_ref().or(self.arm.as_ref().map(|a| &a.0));
            let present = present.unwrap_or(self.staged.arm);
            match changed(&body.library, present, rule, clock, time_d) {
                Ok((next, what)) => {
                    note(format!("{seen} {sign} {}: {what}", rule.threshold));
                    arm = Some(next);
                }
                Err(why) => note(format!("{seen} {sign} {}: {why}", rule.threshold)),
            }
        }
        let plan = match arm {
            None => self
                .arm
                .as_ref()
                .map_or(&self.staged.plan, |a| &a.1)
                .clone(),
            Some(arm) => {
                // The whole arm is planned anew; it is the same up to now, so what is still to come is what lies ahead.
                let planner = Planner {
                    body,
                    person: &arm.person,
                    base: self.staged.planner.base.clone(),
                };
                let (from_d, end_d) = (self.staged.lived.time, self.staged.setup.until);
                let plan = planner.scenario(&arm, clock, from_d, end_d, &self.staged.in_force);
                let ahead = plan.actions.partition_point(|a| a.time < time_d);
                self.staged.setup.actions = plan.actions[ahead..].to_vec();
                self.next_action = 0;
                self.arm = Some((arm, plan.clone()));
                plan
            }
        };
        let before = self.gathered.replanned.take();
        let before = before.map_or_else(Vec::new, |plan| plan.met);
        let mut real = plan;
        real.met
            .extend(before.into_iter().filter(|m| m.kind == MetKind::Review));
        real.met.extend(notes);
        real.sort();
        self.gathered.replanned = Some(real);
    }

    fn stop(&mut self, what: String, time: f64) {
        self.gathered.failure = Some(Breakdown::at(time, BreakdownCause::BadSetup(what)));
        self.done = true;
    }

    fn intervene(
        &mut self,
        body: &Body,
        intervention: &Intervention,
        end: &mut LaneEnd,
        options: &RunOptions,
    ) -> Result<(), String> {
        let place = |name: &str| {
            let symbol = body
                .find(name)
                .ok_or_else(|| format!("`{name}` is no state"))?;
            body.program
                .state_of(symbol)
                .ok_or_else(|| format!("`{name}` is no state"))
        };
        match &intervention.kind {
            InterventionKind::Reset => {
                end.states.clone_from(&self.staged.lived.states);
                end.truths.clone_from(&self.staged.lived.truths);
            }
            InterventionKind::Replace(deposit) => {
                end.states[place(&deposit.symbol)?] = deposit.amount
            }
            InterventionKind::Multiply(deposit) => {
                end.states[place(&deposit.symbol)?] *= deposit.amount
            }
            InterventionKind::Steady {
                into,
                size_into,
                over_d,
                every_d,
                added,
            } => {
                let mut one = Plan::default();
                self.staged
                    .planner
                    .deposit(&mut one, 0.0, into, size_into, *over_d);
                let (steady, running) = self.steady(body, &one, *every_d, end, options)?;
                if *added {
                    // What the regimen adds to a body that is otherwise the same.
                    let (without, _) =
                        self.steady(body, &Plan::default(), *every_d, end, options)?;
                    for ((state, with), without) in end
                        .states
                        .iter_mut()
                        .zip(&steady.states)
                        .zip(&without.states)
                    {
                        *state += with - without;
                    }
                } else {
                    end.states.clone_from(&steady.states);
                    end.truths.clone_from(&steady.truths);
                    set_sizes(body, size_into, end);
                }
                for (rate, steady) in end.infusions.iter_mut().zip(&steady.infusions) {
                    *rate += steady;
                }
                // Infusions of the regimen that are still running end later.
                self.staged.setup.actions.drain(..self.next_action);
                self.next_action = 0;
                self.staged.setup.actions.extend(running);
                self.staged
                    .setup
                    .actions
                    .sort_by(|a, b| a.time.total_cmp(&b.time));
            }
        }
        Ok(())
    }

    /// The states just before the next dose of a regimen that begins with the lived state, under the inputs now in force; and the ends
    /// of its infusions that still run. The clock of the body stands: every interval ends at the present instant.
    fn steady(
        &self,
        body: &Body,
        dose: &Plan,
        every_d: f64,
        now: &LaneEnd,
        options: &RunOptions,
    ) -> Result<(LaneEnd, Vec<Timed>), String> {
        let span = match self.staged.clock {
            Clock::Averaged => Some(every_d),
            Clock::Meals => period(every_d),
        };
        let span = span.ok_or_else(|| {
            format!("doses every {every_d} d and the meals of a day never repeat together")
        })?;
        let (from, until) = (now.time - span, now.time);
        let doses = (span / every_d).round() as usize;
        let daily =
            self.staged
                .planner
                .by_the_clock(self.staged.arm, self.staged.clock, from, until);
        let mut at = LaneEnd {
            time: from,
            states: self.staged.lived.states.clone(),
            individual: now.individual.clone(),
            infusions: vec![0.0; now.infusions.len()],
            truths: self.staged.lived.truths.clone(),
        };
        let read: Vec<bool> = {
            let lanes = Lanes::new(Arc::clone(&body.program), 1);
            (0..at.states.len()).map(|s| lanes.is_read(s)).collect()
        };
        let mut later: Vec<Timed> = Vec::new();
        let mut worst = (0, f64::INFINITY);
        for _ in 0..MOST_INTERVALS {
            let mut actions = daily.actions.clone();
            actions.append(&mut later);
            for number in 0..doses {
                let begin = from + number as f64 * every_d;
                actions.extend(dose.actions.iter().map(|a| Timed {
                    time: begin + a.time,
                    action: a.action,
                }));
            }
            actions.sort_by(|a, b| a.time.total_cmp(&b.time));
            let due = actions.partition_point(|a| a.time < until);
            later = actions.split_off(due);
            later.iter_mut().for_each(|a| a.time -= span);
            let before = at.states.clone();
            let setup = LaneSetup {
                begin: Begin::Continued(at),
                t0: from,
                until,
                actions,
                ..LaneSetup::default()
            };
            let driven = drive_all(body, &[setup], &[], options, &mut Silent)
                .pop()
                .ok_or("nobody was driven")?;
            if let Some(failure) = driven.failure {
                return Err(format!("on the way to a steady state: {failure}"));
            }
            at = LaneEnd {
                time: from,
                ..driven.end
            };
            let changes = at
                .states
                .iter()
                .zip(&before)
                .enumerate()
                .filter(|(s, _)| read[*s]);
            worst = changes
                .map(|(s, (new, old))| (s, (new - old).abs() / new.abs().max(SMALL)))
                .fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
            if worst.1 < STEADY {
                at.time = until;
                later.iter_mut().for_each(|a| a.time += span);
                return Ok((at, later));
            }
        }
        let name = body
            .program
            .states()
            .get(worst.0)
            .map_or("?", String::as_str);
        Err(format!(
            "no steady state: `{name}` still changes by {:.2} % from one dose to the next after {MOST_INTERVALS} intervals",
            worst.1 * 100.0
        ))
    }
}

impl UnderWay<'_> {
    fn finish(mut self, width: usize) -> Driven {
        self.gathered
            .values
            .resize(self.staged.setup.outputs.len() * width, f64::NAN);
        self.gathered
    }
}

/// Memories that dosing sets belong to the steady state, too.
fn set_sizes(body: &Body, size_into: &[InputValue], end: &mut LaneEnd) {
    for InputValue { input, value, .. } in size_into {
        if let Some(state) = body.find(input).and_then(|s| body.program.state_of(s)) {
            end.states[state] = *value;
        }
    }
}

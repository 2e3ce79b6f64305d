//! The time loop over one block of lanes. Lanes that become free are given to the next person in the list.

use std::sync::Arc;

use osteon_ode::{Integrator, Options};
use osteon_vm::{InstructionSet, Lanes, Program, SymbolIndex, Tape, TriggerKind};

use super::breakdown::{Breakdown, BreakdownCause};
use super::events::EventQueue;
use super::setup::{Action, Begin, LaneEnd, LaneSetup, Timed, check_actions};
use super::{Atol, DriveOptions, LaneOutcome, Observer};

/// So few people are quicker one after another, each by machine code, than side by side by the interpreter.
const FEW: usize = 5;

/// A person in a lane.
struct Seat {
    person: usize,
    next_action: usize,
    next_output: usize,
    next_review: usize,
    /// Actions that reviews have added, in order of time.
    added: Vec<Timed>,
    events: EventQueue,
    /// Trigger bits as last seen, to notice equalities that were passed.
    bits: Vec<bool>,
}

pub(super) struct Block<'a> {
    program: Arc<Program>,
    people: &'a [LaneSetup],
    record: &'a [SymbolIndex],
    options: &'a DriveOptions,
    observer: &'a mut dyn Observer,
    integrator: Integrator<Lanes>,
    seats: Vec<Option<Seat>>,
    next: usize,
    outcomes: Vec<Option<LaneOutcome>>,
    sample_t: Vec<f64>,
    sample_y: Vec<f64>,
    values: Vec<f64>,
    row: Vec<f64>,
    due: Vec<bool>,
    /// Branches as the solver holds them, kept while comparisons are looked at as they stand at an instant.
    branches: Vec<bool>,
    /// Truths of the events of the lane at hand, as the solver follows them.
    watched: Vec<bool>,
    /// Comparisons of the model read the clock, whose swings no state may show.
    clocked: bool,
}

/// True if a comparison in the equations or in a trigger depends on time other than through the states.
fn reads_clock(program: &Program) -> bool {
    const TIME: u32 = 0; // row of time in every slot file
    let tapes = program.tapes();
    let reads = |tape: &Tape| {
        tape.instructions()
            .any(|i| i.args[..i.op.arity()].contains(&TIME))
    };
    reads(&tapes.switches_alone) || reads(&tapes.triggers_alone)
}

/// Time between samples, or a hundredth of the run: how often conditions on the clock are looked at inside long steps.
fn typical_interval(setup: &LaneSetup) -> f64 {
    match (setup.outputs.first(), setup.outputs.last()) {
        (Some(first), Some(last)) if last > first => {
            (last - first) / (setup.outputs.len() - 1) as f64
        }
        _ => (setup.until - setup.t0) / 100.0,
    }
}

/// Times this near to each other are one instant: located crossings carry the solver's error.
fn instant(t: f64) -> f64 {
    1e-10 * t.abs().max(1.0)
}

impl<'a> Block<'a> {
    pub fn new(
        program: &Arc<Program>,
        people: &'a [LaneSetup],
        record: &'a [SymbolIndex],
        options: &'a DriveOptions,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let set = options.instruction_set.unwrap_or_else(InstructionSet::best);
        let widest = options.lanes.clamp(1, Lanes::MAX).min(people.len().max(1));
        let lanes = if widest <= FEW && set.is_compiled() {
            1
        } else {
            widest
        };
        let atol = match &options.atol {
            Atol::Uniform(atol) => vec![*atol],
            Atol::PerState(atol) => (0..program.n_states())
                .map(|state| atol[program.own_state(state)])
                .collect(),
            Atol::Relative { floor, .. } => vec![options.rtol * floor],
        };
        let solver = Options {
            rtol: options.rtol,
            atol,
            max_step: options.max_step,
            max_attempts: options.max_attempts,
        };
        let vm = Lanes::with_instruction_set(Arc::clone(program), lanes, set)
            .expect("`drive` asked whether the machine has the set");
        let n = program.n_states();
        Block {
            program: Arc::clone(program),
            people,
            record,
            options,
            observer,
            integrator: Integrator::new(vm, solver),
            seats: (0..lanes).map(|_| None).collect(),
            next: 0,
            outcomes: people.iter().map(|_| None).collect(),
            sample_t: vec![0.0; lanes],
            sample_y: vec![0.0; n * lanes],
            values: vec![0.0; record.len() * lanes],
            row: vec![0.0; record.len()],
            due: vec![false; lanes],
            clocked: reads_clock(program),
            watched: vec![false; program.events().len()],
            branches: vec![false; program.n_switches() * lanes],
        }
    }

    pub fn run(mut self) -> Vec<LaneOutcome> {
        let mut rounds = 0u32;
        loop {
            for lane in 0..self.seats.len() {
                while self.seats[lane].is_none() && self.next < self.people.len() {
                    self.sit(lane, self.next);
                    self.next += 1;
                }
            }
            if self.seats.iter().all(Option::is_none) {
                break;
            }
            rounds = rounds.wrapping_add(1);
            if rounds.is_multiple_of(64) && self.observer.cancelled() {
                self.cancel();
                break;
            }
            self.integrator.step();
            self.sample_inside();
            for lane in 0..self.seats.len() {
                let progress = self.integrator.progress(lane);
                if self.seats[lane].is_none() {
                    continue;
                }
                if progress.failed {
                    let failure = self
                        .integrator
                        .failure(lane)
                        .map(|f| Breakdown::new(f, &self.program));
                    self.leave(lane, failure);
                } else if progress.stopped || progress.triggered {
                    self.arrive(lane);
                }
            }
        }
        self.outcomes
            .into_iter()
            .map(|o| o.expect("everybody who sat down has left"))
            .collect()
    }

    /// Puts a person into a free lane and does what is due at once.
    fn sit(&mut self, lane: usize, person: usize) {
        let setup = &self.people[person];
        self.integrator.start_here(lane, setup.t0);
        let mut infusions: &[f64] = &[];
        {
            let lanes = self.seats.len();
            let (vm, t, y) = self.integrator.parts();
            vm.reset_start(lane);
            for (symbol, value) in &setup.start {
                vm.set_start(lane, *symbol, *value)
                    .expect("setups are checked before anybody sits down");
            }
            let put = |y: &mut [f64], states: &[f64]| {
                states
                    .iter()
                    .enumerate()
                    .for_each(|(i, v)| y[i * lanes + lane] = *v)
            };
            match &setup.begin {
                Begin::Initial => vm.initialise_lane(lane, t, y),
                Begin::States(states) => {
                    vm.initialise_lane(lane, t, y);
                    // States that are given do not move with any parameter.
                    for i in states.len()..vm.n_states() {
                        y[i * lanes + lane] = 0.0;
                    }
                    put(y, states);
                }
                Begin::Continued(end) => {
                    vm.load_lane(lane, &end.individual);
                    put(y, &end.states);
                    infusions = &end.infusions;
                }
            }
        }
        for (state, rate) in infusions.iter().enumerate() {
            self.integrator.set_forcing(lane, state, *rate);
        }
        for state in 0..self.program.n_states() {
            self.raise_atol(lane, state, None);
        }
        if self.clocked {
            self.integrator.set_look(lane, typical_interval(setup));
        }
        let carried = match &setup.begin {
            Begin::Continued(end) => Some(end.truths.as_slice()),
            _ => None,
        };
        let events = EventQueue::new(&self.program, carried, setup.t0, setup.until);
        let bits = vec![false; self.program.n_triggers()];
        self.seats[lane] = Some(Seat {
            person,
            next_action: 0,
            next_output: 0,
            next_review: 0,
            added: Vec::new(),
            events,
            bits,
        });
        self.integrator.settle();
        self.see_triggers(lane, |_| ());
        self.arrive(lane);
    }

    /// Tolerance of one state: from its start value, or, after a dose, from the amount.
    fn raise_atol(&mut self, lane: usize, state: usize, amount: Option<f64>) {
        let rtol = self.options.rtol;
        let own = self.program.own_state(state);
        let atol = match (&self.options.atol, amount) {
            (Atol::Uniform(atol), None) => *atol,
            (Atol::PerState(atol), None) => atol[own],
            (Atol::Relative { fraction, floor }, None) => {
                rtol * (fraction * self.integrator.state(lane, own).abs()).max(*floor)
            }
            (Atol::Relative { fraction, .. }, Some(amount)) => self
                .integrator
                .atol(lane, state)
                .max(rtol * fraction * amount.abs()),
            _ => return,
        };
        self.integrator.set_atol(lane, state, atol);
    }

    /// Everything that is due at the present time of a lane that stands at a stop or a trigger; then the next stop, or the end.
    fn arrive(&mut self, lane: usize) {
        let now = self.integrator.times()[lane];
        self.integrator.settle();
        if self.options.samples_before {
            self.sample_now(lane);
        }
        let mut passed = Vec::new();
        let program = Arc::clone(&self.program);
        self.see_triggers(lane, |trigger| {
            if program.triggers()[trigger].kind == TriggerKind::Equality {
                passed.push(trigger);
            }
        });
        let acted = self.act(lane, now);
        if acted {
            self.integrator.restart(lane);
        }
        let smooth = self.integrator.progress(lane).moved && !acted;
        if let Err(cause) = self.run_events(lane, smooth, &passed) {
            return self.give_up(lane, cause);
        }
        if let Err(cause) = self.review(lane, now) {
            return self.give_up(lane, cause);
        }
        self.sample_now(lane);
        let Some(seat) = &mut self.seats[lane] else {
            return;
        };
        let setup = &self.people[seat.person];
        if let Some(sample) = setup.outputs.get(seat.next_output) {
            seat.events.join(*sample, instant(*sample));
        }
        if now >= setup.until {
            return self.leave(lane, None);
        }
        let mut stop = setup.until.min(seat.events.next());
        stop = stop.min(
            setup
                .actions
                .get(seat.next_action)
                .map_or(f64::INFINITY, |a| a.time),
        );
        stop = stop.min(seat.added.first().map_or(f64::INFINITY, |a| a.time));
        stop = stop.min(
            setup
                .reviews
                .get(seat.next_review)
                .copied()
                .unwrap_or(f64::INFINITY),
        );
        self.integrator.set_stop(lane, stop);
    }

    /// Notes the trigger bits of a lane and tells which have changed.
    fn see_triggers(&mut self, lane: usize, mut changed: impl FnMut(usize)) {
        let Some(seat) = &mut self.seats[lane] else {
            return;
        };
        for (trigger, bit) in seat.bits.iter_mut().enumerate() {
            let now = self.integrator.trigger(lane, trigger);
            if now != *bit {
                *bit = now;
                changed(trigger);
            }
        }
    }

    /// Actions of the timeline that are due. True if there were any.
    fn act(&mut self, lane: usize, now: f64) -> bool {
        let mut any = false;
        loop {
            let Some(seat) = &mut self.seats[lane] else {
                return any;
            };
            let listed = self.people[seat.person].actions.get(seat.next_action);
            let action = match (listed, seat.added.first()) {
                (Some(a), b) if a.time <= now && b.is_none_or(|b| a.time <= b.time) => {
                    seat.next_action += 1;
                    a.action
                }
                (_, Some(b)) if b.time <= now => seat.added.remove(0).action,
                _ => return any,
            };
            any = true;
            self.perform(lane, action);
        }
    }

    fn perform(&mut self, lane: usize, action: Action) {
        match action {
            Action::Add { symbol, amount } => match self.program.state_of(symbol) {
                Some(state) => {
                    let value = self.integrator.state(lane, state) + amount;
                    self.integrator.set_state(lane, state, value);
                    self.raise_atol(lane, state, Some(amount));
                    let tangents = self.program.tangents();
                    let directions: Vec<usize> = (0..tangents.states.len())
                        .filter(|at| tangents.states[*at].0 == state)
                        .map(|at| tangents.own_states + at)
                        .collect();
                    for direction in directions {
                        self.raise_atol(lane, direction, Some(amount));
                    }
                }
                None => {
                    let target = self.program.amount_of(symbol).unwrap_or(symbol);
                    let (vm, t, y) = self.integrator.parts();
                    let value = vm.value_in_lane(lane, target, t, y) + amount;
                    vm.set_now(lane, target, value, t, y)
                        .expect("setups are checked before anybody sits down");
                }
            },
            Action::Set { symbol, value } => {
                let (vm, t, y) = self.integrator.parts();
                vm.set_now(lane, symbol, value, t, y)
                    .expect("setups are checked before anybody sits down");
            }
            Action::Infuse {
                symbol,
                rate_change,
            } => {
                let state = self
                    .program
                    .state_of(symbol)
                    .expect("setups are checked before anybody sits down");
                let rate = self.integrator.forcing(lane, state) + rate_change;
                self.integrator.set_forcing(lane, state, rate);
            }
        }
    }

    fn run_events(
        &mut self,
        lane: usize,
        smooth: bool,
        passed: &[usize],
    ) -> Result<(), BreakdownCause> {
        if self.program.events().is_empty() {
            return Ok(());
        }
        let Some(seat) = &mut self.seats[lane] else {
            return Ok(());
        };
        for (watched, event) in self.watched.iter_mut().zip(self.program.events()) {
            *watched = event
                .triggers
                .first()
                .is_some_and(|trigger| self.integrator.trigger(lane, *trigger));
        }
        let (vm, t, y) = self.integrator.parts();
        keep_branches(vm, &mut self.branches);
        vm.refresh_branches(lane, t, y);
        let (person, now, observer) = (seat.person, t[lane], &mut self.observer);
        let watched = if smooth && passed.is_empty() {
            Some(self.watched.as_slice())
        } else {
            None
        };
        let any = seat
            .events
            .run(vm, lane, t, y, watched, passed, &mut |event| {
                observer.met(person, now, event)
            })?;
        if any {
            self.integrator.restart(lane);
            // Bits moved by the events themselves are not crossings.
            self.integrator.settle();
            self.see_triggers(lane, |_| ());
        } else {
            // On a boundary a comparison may hold that the solver has left behind; it knows best where it is going.
            put_branches_back(self.integrator.system_mut(), &self.branches);
        }
        Ok(())
    }

    /// Asks the observer at review times; what it returns is done now or put on the timeline.
    fn review(&mut self, lane: usize, now: f64) -> Result<(), BreakdownCause> {
        loop {
            let Some(seat) = &mut self.seats[lane] else {
                return Ok(());
            };
            let reviews = &self.people[seat.person].reviews;
            if reviews.get(seat.next_review).is_none_or(|t| *t > now) {
                return Ok(());
            }
            seat.next_review += 1;
            let (vm, t, y) = self.integrator.parts();
            let wanted = self.observer.review(seat.person, now, &mut |symbol| {
                vm.value_in_lane(lane, symbol, t, y)
            });
            check_actions(&wanted, now, &self.program).map_err(BreakdownCause::BadReview)?;
            for timed in wanted {
                let at = seat.added.partition_point(|a| a.time <= timed.time);
                seat.added.insert(at, timed);
            }
            if self.act(lane, now) {
                self.integrator.restart(lane);
                self.run_events(lane, false, &[])?;
            }
        }
    }

    /// Samples that lie inside the steps just made, by the interpolant; those at a stop wait until the stop has been dealt with.
    fn sample_inside(&mut self) {
        loop {
            let mut any = false;
            for lane in 0..self.seats.len() {
                let (now, progress) = (
                    self.integrator.times()[lane],
                    self.integrator.progress(lane),
                );
                self.sample_t[lane] = now;
                self.due[lane] = false;
                let Some(seat) = &self.seats[lane] else {
                    continue;
                };
                let Some(&t) = self.people[seat.person].outputs.get(seat.next_output) else {
                    continue;
                };
                let waits = progress.stopped || progress.triggered;
                let inside = if waits {
                    t < now - instant(now)
                } else {
                    t <= now
                };
                if progress.moved && inside {
                    self.sample_t[lane] = t;
                    self.due[lane] = true;
                    any = true;
                }
            }
            if !any {
                return;
            }
            self.integrator
                .interpolate(&self.sample_t, &mut self.sample_y);
            // The branches are still those of the step: a switch that was located at its end flips when the next one begins. At the
            // end itself a comparison counts as it stands there.
            let ends = |lane: usize| {
                self.due[lane]
                    && self.sample_t[lane]
                        >= self.integrator.times()[lane] - instant(self.sample_t[lane])
            };
            let at_end: Vec<usize> = if self.branches.is_empty() {
                Vec::new()
            } else {
                (0..self.seats.len()).filter(|lane| ends(*lane)).collect()
            };
            let vm = self.integrator.system_mut();
            if !at_end.is_empty() {
                keep_branches(vm, &mut self.branches);
            }
            for lane in &at_end {
                vm.refresh_branches(*lane, &self.sample_t, &self.sample_y);
            }
            vm.value(
                self.record,
                &self.sample_t,
                &self.sample_y,
                &mut self.values,
            );
            if !at_end.is_empty() {
                put_branches_back(vm, &self.branches);
            }
            for lane in 0..self.seats.len() {
                if self.due[lane] {
                    self.hand_out(lane);
                }
            }
        }
    }

    /// Samples due at the present instant.
    fn sample_now(&mut self, lane: usize) {
        loop {
            let now = self.integrator.times()[lane];
            let Some(seat) = &self.seats[lane] else {
                return;
            };
            if self.people[seat.person]
                .outputs
                .get(seat.next_output)
                .is_none_or(|t| *t > now)
            {
                return;
            }
            let (vm, t, y) = self.integrator.parts();
            vm.value(self.record, t, y, &mut self.values);
            self.hand_out(lane);
        }
    }

    fn hand_out(&mut self, lane: usize) {
        let lanes = self.seats.len();
        let Some(seat) = &mut self.seats[lane] else {
            return;
        };
        for (i, value) in self.row.iter_mut().enumerate() {
            *value = self.values[i * lanes + lane];
        }
        let time = self.people[seat.person].outputs[seat.next_output];
        self.observer
            .sample(seat.person, seat.next_output, time, &self.row);
        seat.next_output += 1;
    }

    fn give_up(&mut self, lane: usize, cause: BreakdownCause) {
        let time = self.integrator.times()[lane];
        self.leave(lane, Some(Breakdown::at(time, cause)));
    }

    fn leave(&mut self, lane: usize, failure: Option<Breakdown>) {
        let Some(seat) = self.seats[lane].take() else {
            return;
        };
        let n = self.program.n_states();
        let end = LaneEnd {
            time: self.integrator.times()[lane],
            states: (0..n).map(|i| self.integrator.state(lane, i)).collect(),
            individual: self.integrator.system().save_lane(lane),
            infusions: (0..n).map(|i| self.integrator.forcing(lane, i)).collect(),
            truths: seat.events.truths,
        };
        let outcome = LaneOutcome {
            end,
            failure,
            work: *self.integrator.work(lane),
            events: seat.events.executed,
        };
        self.integrator.park(lane);
        self.observer.finished(seat.person, &outcome);
        self.outcomes[seat.person] = Some(outcome);
    }

    /// Everybody stops; those who never sat down have nothing to show.
    fn cancel(&mut self) {
        for lane in 0..self.seats.len() {
            self.give_up(lane, BreakdownCause::Cancelled);
        }
        for person in self.next..self.people.len() {
            let end = LaneEnd {
                time: self.people[person].t0,
                ..LaneEnd::default()
            };
            let failure = Some(Breakdown::at(end.time, BreakdownCause::Cancelled));
            self.outcomes[person] = Some(LaneOutcome {
                end,
                failure,
                work: osteon_ode::Work::default(),
                events: 0,
            });
        }
        self.next = self.people.len();
    }
}

fn keep_branches(vm: &Lanes, kept: &mut [bool]) {
    let switches = vm.n_switches();
    for (at, branch) in kept.iter_mut().enumerate() {
        *branch = vm.branch(at / switches, at % switches);
    }
}

fn put_branches_back(vm: &mut Lanes, kept: &[bool]) {
    let switches = vm.n_switches();
    for (at, branch) in kept.iter().enumerate() {
        if vm.branch(at / switches, at % switches) != *branch {
            vm.set_branch(at / switches, at % switches, *branch);
        }
    }
}

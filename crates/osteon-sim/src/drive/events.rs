//! Model events with the meaning of SBML Level 3: triggers, delays, priorities, persistence, values of trigger time.
//!
//! Events due at one instant are executed by falling priority, evaluated anew before each; those without a priority come last.
//! Ties, which the specification wants drawn at random, are drawn by a counter-based generator, the same for every run and person.

use osteon_vm::{Lanes, Program};

use super::breakdown::BreakdownCause;

/// Executions at one instant after which a person's run is given up.
const MOST_AT_ONCE: u32 = 10_000;

/// So many executions are looked at together: did they bring the run forward?
const STORM: u64 = 100_000;

/// If so many executions take less than this share of the run, its end is out of reach.
const STORM_SHARE: f64 = 1e-2;

/// An event that was triggered and waits for its execution.
#[derive(Debug)]
struct Pending {
    event: usize,
    at: f64,
    /// Values of trigger time, unless they are to be computed at execution.
    values: Option<Vec<f64>>,
    /// Drawn when it was triggered; decides ties.
    lot: u64,
}

/// One person's events.
#[derive(Debug)]
pub(super) struct EventQueue {
    pub truths: Vec<bool>,
    pending: Vec<Pending>,
    triggered: u64,
    /// Number executed so far.
    pub executed: u64,
    instant: f64,
    at_instant: u32,
    /// Length of the run, and when the executions that are looked at together began.
    length: f64,
    gust: f64,
}

impl EventQueue {
    /// Before the start every condition has its declared initial value.
    pub fn new(program: &Program, carried: Option<&[bool]>, from: f64, until: f64) -> EventQueue {
        let truths = match carried {
            Some(truths) if truths.len() == program.events().len() => truths.to_vec(),
            _ => program.events().iter().map(|e| e.initial_value).collect(),
        };
        EventQueue {
            truths,
            pending: Vec::new(),
            triggered: 0,
            executed: 0,
            instant: f64::NEG_INFINITY,
            at_instant: 0,
            length: until - from,
            gust: from,
        }
    }

    /// Time of the next delayed execution.
    pub fn next(&self) -> f64 {
        self.pending
            .iter()
            .map(|p| p.at)
            .fold(f64::INFINITY, f64::min)
    }

    /// Executions due within `near` after `time` are moved to it: a delay counted from a located crossing carries the solver's error.
    pub fn join(&mut self, time: f64, near: f64) {
        for p in self
            .pending
            .iter_mut()
            .filter(|p| p.at > time && p.at <= time + near)
        {
            p.at = time;
        }
    }

    /// Does everything that events do at the present instant of a lane. `met` hears of each execution. True if anything was executed.
    ///
    /// `watched` are the truths as the solver follows them through located crossings; without them (after a jump) conditions are
    /// compared exactly. At a crossing an exact comparison would only read rounding errors.
    /// `equalities` are trigger margins of equalities that the lane has just passed; they count as met during this instant.
    #[allow(clippy::too_many_arguments)] // the evaluator, its point and its lane travel together
    pub fn run(
        &mut self,
        vm: &mut Lanes,
        lane: usize,
        t: &[f64],
        y: &mut [f64],
        watched: Option<&[bool]>,
        equalities: &[usize],
        met: &mut dyn FnMut(usize),
    ) -> Result<bool, BreakdownCause> {
        if self.truths.is_empty() {
            return Ok(false);
        }
        if t[lane] > self.instant + 1e-10 * t[lane].abs().max(1.0) {
            (self.instant, self.at_instant) = (t[lane], 0);
        }
        for trigger in equalities {
            vm.assume_equal(lane, *trigger, true);
        }
        let done = self.chain(vm, lane, t, y, watched, met);
        for trigger in equalities {
            vm.assume_equal(lane, *trigger, false);
        }
        let mut any = done?;
        if !equalities.is_empty() {
            any |= self.chain(vm, lane, t, y, None, met)?;
        }
        Ok(any)
    }

    /// Triggers, executes the first due event, looks at the triggers again, until nothing is due.
    fn chain(
        &mut self,
        vm: &mut Lanes,
        lane: usize,
        t: &[f64],
        y: &mut [f64],
        mut watched: Option<&[bool]>,
        met: &mut dyn FnMut(usize),
    ) -> Result<bool, BreakdownCause> {
        let mut any = false;
        loop {
            self.look(vm, lane, t, y, watched.take())?;
            let Some(position) = self.first_due(vm, lane, t, y) else {
                return Ok(any);
            };
            let due = self.pending.remove(position);
            let values = match due.values {
                Some(values) => values,
                None => values_now(vm, lane, due.event, t, y),
            };
            vm.event_apply(lane, due.event, &values, t, y);
            met(due.event);
            any = true;
            self.executed += 1;
            self.at_instant += 1;
            if self.at_instant > MOST_AT_ONCE {
                return Err(BreakdownCause::EventLoop(
                    vm.program().events()[due.event].id.clone(),
                ));
            }
            if self.executed.is_multiple_of(STORM) {
                if t[lane] - self.gust < STORM_SHARE * self.length {
                    return Err(BreakdownCause::EventStorm(
                        vm.program().events()[due.event].id.clone(),
                    ));
                }
                self.gust = t[lane];
            }
        }
    }

    /// Notices conditions that became true (they are put in the queue) or false (waiting events that are not persistent leave it).
    fn look(
        &mut self,
        vm: &mut Lanes,
        lane: usize,
        t: &[f64],
        y: &[f64],
        watched: Option<&[bool]>,
    ) -> Result<(), BreakdownCause> {
        let mut holds = [false; Lanes::MAX];
        let lanes = vm.lanes();
        for event in 0..self.truths.len() {
            let now = match watched {
                Some(watched) => watched[event],
                None => {
                    vm.event_truth(event, t, y, &mut holds[..lanes]);
                    holds[lane]
                }
            };
            let before = self.truths[event];
            self.truths[event] = now;
            if now && !before {
                let delay = vm.event_delay(lane, event, t, y);
                let program = vm.program().clone();
                let code = &program.events()[event];
                if delay < 0.0 || delay.is_nan() {
                    return Err(BreakdownCause::BadDelay(code.id.clone()));
                }
                let values = code
                    .values_from_trigger_time
                    .then(|| values_now(vm, lane, event, t, y));
                self.pending.push(Pending {
                    event,
                    at: t[lane] + delay,
                    values,
                    lot: draw(self.triggered),
                });
                self.triggered += 1;
            } else if before && !now && !vm.program().events()[event].persistent {
                self.pending.retain(|p| p.event != event);
            }
        }
        Ok(())
    }

    fn first_due(&self, vm: &mut Lanes, lane: usize, t: &[f64], y: &[f64]) -> Option<usize> {
        let mut best: Option<(f64, u64, usize)> = None;
        for (position, p) in self.pending.iter().enumerate() {
            if p.at > t[lane] {
                continue;
            }
            let priority = vm
                .event_priority(lane, p.event, t, y)
                .filter(|p| !p.is_nan())
                .unwrap_or(f64::NEG_INFINITY);
            let better = best
                .is_none_or(|(high, lot, _)| priority > high || (priority == high && p.lot < lot));
            if better {
                best = Some((priority, p.lot, position));
            }
        }
        best.map(|(_, _, position)| position)
    }
}

fn values_now(vm: &mut Lanes, lane: usize, event: usize, t: &[f64], y: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; vm.program().events()[event].assignments.len()];
    vm.event_values(lane, event, t, y, &mut values);
    values
}

/// The n-th number of a fixed sequence that looks random: SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
fn draw(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

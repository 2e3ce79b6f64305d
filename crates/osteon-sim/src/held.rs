//! Signals are held where a scenario begins: each held parameter of the body takes over the present value of its symbol.
//!
//! The present value is the value itself when intake is averaged over the day, and the mean of the last day when meals go by the clock.
//! Nothing here knows what the signals are.

use std::sync::Arc;

use osteon_vm::{Lanes, SymbolIndex};

use crate::body::Body;
use crate::drive::LaneEnd;
use crate::scenario::Clock;

/// Readings of the last day by the clock: one in the middle of each quarter of an hour.
const READINGS: usize = 96;

/// What is to be held for one person, and when.
#[derive(Debug, Clone)]
pub(crate) struct Holding {
    /// The instant, days: the beginning of the scenario, or of the run if that is later.
    pub(crate) at_d: f64,
    /// Times of readings that are still to come.
    times: Vec<f64>,
    sums: Vec<f64>,
    read: usize,
}

impl Holding {
    /// For a run from `t0` to `until`; `None` if the body holds nothing or the run ends before the scenario begins.
    pub(crate) fn new(body: &Body, t0: f64, until: f64, clock: Clock) -> Option<Holding> {
        let at_d = t0.max(0.0);
        if body.held.is_empty() || at_d > until {
            return None;
        }
        let times = match clock {
            Clock::Averaged => Vec::new(),
            Clock::Meals => (0..READINGS)
                .map(|k| at_d - 1.0 + (k as f64 + 0.5) / READINGS as f64)
                .filter(|t| *t >= t0)
                .collect(),
        };
        Some(Holding {
            at_d,
            times,
            sums: vec![0.0; body.held.len()],
            read: 0,
        })
    }

    /// Times of readings that are due up to a time; they are not given again.
    pub(crate) fn readings_until(&mut self, until: f64) -> impl Iterator<Item = f64> + use<> {
        let due = self.times.partition_point(|t| *t <= until);
        let later = self.times.split_off(due);
        std::mem::replace(&mut self.times, later).into_iter()
    }

    /// Takes one reading of every signal.
    pub(crate) fn read(&mut self, signals: &[f64]) {
        for (sum, signal) in self.sums.iter_mut().zip(signals) {
            *sum += signal;
        }
        self.read += 1;
    }

    /// Sets every held parameter. All signals are read before any is set, so that their order does not matter.
    ///
    /// # Errors
    /// When a signal is no number where the scenario begins.
    pub(crate) fn hold(self, body: &Body, end: &mut LaneEnd) -> Result<(), String> {
        let mut vm = Lanes::new(Arc::clone(&body.program), 1);
        vm.load_lane(0, &end.individual);
        let t = [end.time];
        vm.refresh_branches(0, &t, &end.states);
        let mut values = vec![0.0; self.sums.len()];
        if self.read > 0 {
            let count = self.read as f64;
            values = self.sums.iter().map(|s| s / count).collect();
        } else {
            let symbols: Vec<SymbolIndex> = body.held.iter().map(|h| h.1).collect();
            vm.value(&symbols, &t, &end.states, &mut values);
        }
        for ((parameter, signal), value) in body.held.iter().zip(values) {
            let (parameter, signal) = (*parameter, body.program.name(*signal));
            if !value.is_finite() {
                let name = body.program.name(parameter);
                return Err(format!(
                    "`{name}` cannot be held: `{signal}` is {value} where the scenario begins"
                ));
            }
            vm.set_now(0, parameter, value, &t, &mut end.states)
                .map_err(|e| e.to_string())?;
        }
        vm.refresh_branches(0, &t, &end.states);
        end.individual = vm.save_lane(0);
        Ok(())
    }
}

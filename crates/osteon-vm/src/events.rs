//! What the driver of events asks for: exact conditions, delays, priorities, assigned values, and making an event happen.

use std::sync::Arc;

use crate::{Lanes, Place, SymbolIndex};

impl Lanes {
    /// Whether each lane's condition of an event holds now, by exact comparison (a margin of 0 counts as the author's `<` or `<=` says).
    pub fn event_truth(&mut self, event: usize, t: &[f64], y: &[f64], out: &mut [bool]) {
        let program = self.run_events(t, y);
        let row = program.parts.events[event].truth;
        for (lane, out) in out.iter_mut().enumerate() {
            *out = self.slot(row, lane) != 0.0;
        }
    }

    /// Declares the equality behind a trigger margin met or not in one lane. Set it when the integrator stopped at the margin's zero,
    /// ask [`Lanes::event_truth`], take it back.
    pub fn assume_equal(&mut self, lane: usize, trigger: usize, met: bool) {
        let row = self.program.parts.layout.equality(trigger);
        self.set_slot(row, lane, if met { 1.0 } else { 0.0 });
    }

    /// Delay of an event in one lane; 0 where it has none.
    pub fn event_delay(&mut self, lane: usize, event: usize, t: &[f64], y: &[f64]) -> f64 {
        let Some(row) = self.program.parts.events[event].delay else {
            return 0.0;
        };
        self.run_events(t, y);
        self.slot(row, lane)
    }

    /// Priority of an event in one lane; `None` where it has none.
    pub fn event_priority(
        &mut self,
        lane: usize,
        event: usize,
        t: &[f64],
        y: &[f64],
    ) -> Option<f64> {
        let row = self.program.parts.events[event].priority?;
        self.run_events(t, y);
        Some(self.slot(row, lane))
    }

    /// Values that an event's assignments would give in one lane now, in the order of [`crate::EventCode::assignments`].
    pub fn event_values(
        &mut self,
        lane: usize,
        event: usize,
        t: &[f64],
        y: &[f64],
        out: &mut [f64],
    ) {
        let program = self.run_events(t, y);
        for ((_, row), out) in program.parts.events[event].assignments.iter().zip(out) {
            *out = self.slot(*row, lane);
        }
    }

    /// Makes an event happen in one lane with values from [`Lanes::event_values`]: all assignments at once. Concentrations are turned
    /// into amounts with the compartment sizes before the event, as all assignments are made at once. Branches are refreshed. `t` and `y` are those of all lanes.
    pub fn event_apply(
        &mut self,
        lane: usize,
        event: usize,
        values: &[f64],
        t: &[f64],
        y: &mut [f64],
    ) {
        let program = Arc::clone(&self.program);
        let assignments = &program.parts.events[event].assignments;
        let per = |symbol: SymbolIndex| program.parts.symbols[symbol.0 as usize].per.is_some();
        for concentrations in [true, false] {
            for ((symbol, _), value) in assignments.iter().zip(values) {
                if per(*symbol) == concentrations
                    && program.parts.symbols[symbol.0 as usize].place != Place::Computed
                {
                    self.set_now(lane, *symbol, *value, t, y)
                        .expect("the compiler lets events set only what can be set");
                }
            }
        }
        self.refresh_branches(lane, t, y);
    }

    fn run_events(&mut self, t: &[f64], y: &[f64]) -> Arc<crate::Program> {
        let program = Arc::clone(&self.program);
        let tapes = &program.parts.tapes;
        self.beside_or_alone(t, y, &tapes.events, &tapes.events_alone);
        program
    }
}

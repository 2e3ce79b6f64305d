//! Values from outside: start values with everything derived from them, changes during a run, and moving individuals between blocks.

use std::sync::Arc;

use crate::{Lanes, Place, SetError, StartPlace, SymbolIndex};

impl Lanes {
    /// Sets a start value in one lane, in the symbol's own meaning. Takes effect at the next `initialise`, which re-derives
    /// everything that is computed from it. A symbol with an initial assignment takes the value instead of the assignment.
    ///
    /// # Errors
    /// When the symbol is computed by a rule or is a reaction.
    pub fn set_start(
        &mut self,
        lane: usize,
        symbol: SymbolIndex,
        value: f64,
    ) -> Result<(), SetError> {
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        let code = &program.parts.symbols[symbol.0 as usize];
        match code.start {
            StartPlace::Plain(i) => self.set_slot(layout.start(i), lane, value),
            StartPlace::Override(i) => {
                self.set_slot(layout.override_flag(i), lane, 1.0);
                self.set_slot(layout.override_value(i), lane, value);
            }
            StartPlace::None => {
                return Err(SetError::Computed {
                    name: code.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// Takes every start value of one lane back to the model's own.
    pub fn reset_start(&mut self, lane: usize) {
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        for (i, value) in layout.start_defaults.iter().enumerate() {
            self.set_slot(layout.start(i), lane, *value);
        }
        for i in 0..layout.n_overrides {
            self.set_slot(layout.override_flag(i), lane, 0.0);
        }
    }

    /// Computes start values, states `y` and branches of all lanes at their times `t`.
    pub fn initialise(&mut self, t: &[f64], y: &mut [f64]) {
        self.start(None, t, y);
        self.refresh_branches_of(None, t, y);
    }

    /// The same for one lane; the others, and their rows of `y`, stay as they are. `t` holds the times of all lanes.
    pub fn initialise_lane(&mut self, lane: usize, t: &[f64], y: &mut [f64]) {
        self.start(Some(lane), t, y);
        self.refresh_branches_of(Some(lane), t, y);
    }

    fn start(&mut self, only: Option<usize>, t: &[f64], y: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        self.pad_start();
        for lane in 0..self.width {
            self.set_slot(
                layout.time(),
                lane,
                t[if lane < self.lanes { lane } else { 0 }],
            );
        }
        self.execute(&program.parts.tapes.start);
        for lane in only.map_or(0..self.lanes, |lane| lane..lane + 1) {
            for (i, slot) in program.parts.roots.start_states.iter().enumerate() {
                y[i * self.lanes + lane] = self.slot(*slot, lane);
            }
            for (i, slot) in program.parts.roots.start_held.iter().enumerate() {
                let value = self.slot(*slot, lane);
                self.set_slot(layout.held(i), lane, value);
            }
        }
        self.pad_held();
        self.touch_held();
    }

    /// Sets the present value of a symbol in one lane during a run, in the symbol's own meaning: a species that means a concentration
    /// gets the amount that gives it in the present compartment size; a changed compartment size keeps amounts. Only rules follow.
    /// `t` and `y` are those of all lanes. Branches are not refreshed: call [`Lanes::refresh_branches`] after the last change.
    ///
    /// # Errors
    /// When the symbol is computed by a rule or is a reaction.
    pub fn set_now(
        &mut self,
        lane: usize,
        symbol: SymbolIndex,
        value: f64,
        t: &[f64],
        y: &mut [f64],
    ) -> Result<(), SetError> {
        let program = Arc::clone(&self.program);
        let code = &program.parts.symbols[symbol.0 as usize];
        let stored = match code.per {
            None => value,
            Some(size) => value * self.value_in_lane(lane, size, t, y),
        };
        self.forget_directions(lane, code.place, y);
        match code.place {
            Place::State(i) => {
                y[i * self.lanes + lane] = stored;
            }
            Place::Held(i) => {
                self.set_slot(program.parts.layout.held(i), lane, stored);
                if lane == 0 {
                    self.pad_held();
                }
                if program.hoist_reads(i) {
                    self.touch_held();
                } else {
                    self.current = false;
                }
            }
            Place::Computed => {
                return Err(SetError::Computed {
                    name: code.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// Present value of one symbol in one lane. Cheap for what is held or a state, else as dear as [`Lanes::value`].
    pub fn value_in_lane(&mut self, lane: usize, symbol: SymbolIndex, t: &[f64], y: &[f64]) -> f64 {
        let program = Arc::clone(&self.program);
        let code = &program.parts.symbols[symbol.0 as usize];
        match (code.place, code.per) {
            (Place::State(i), None) => y[i * self.lanes + lane],
            (Place::Held(i), None) => self.slot(program.parts.layout.held(i), lane),
            _ => {
                self.ensure(t, y);
                self.execute(&program.parts.tapes.outputs);
                self.slot(code.slot, lane)
            }
        }
    }

    /// Copies an individual (start values, present held values, branches; not its states, which the caller holds) from a lane of
    /// another block of the same program.
    ///
    /// # Panics
    /// When the blocks run different programs.
    pub fn copy_lane_from(&mut self, other: &Lanes, from: usize, to: usize) {
        assert!(
            Arc::ptr_eq(&self.program, &other.program),
            "lanes move only between blocks of one program"
        );
        for row in self.individual_rows() {
            self.set_slot(row, to, other.slot(row, from));
        }
        self.pad_start();
        self.pad_held();
        self.touch_held();
    }

    /// Copies an individual from one lane of this block to another.
    pub fn copy_lane(&mut self, from: usize, to: usize) {
        for row in self.individual_rows() {
            let value = self.slot(row, from);
            self.set_slot(row, to, value);
        }
        self.pad_start();
        self.pad_held();
        self.touch_held();
    }

    /// What makes an individual besides its states, for storing it; see [`Lanes::load_lane`].
    pub fn save_lane(&self, lane: usize) -> Vec<f64> {
        self.individual_rows()
            .map(|row| self.slot(row, lane))
            .collect()
    }

    /// Puts a stored individual into a lane.
    ///
    /// # Panics
    /// When it was stored by another program.
    pub fn load_lane(&mut self, lane: usize, saved: &[f64]) {
        assert_eq!(
            self.individual_rows().len(),
            saved.len(),
            "an individual is put back into a block of the program it came from"
        );
        for (row, value) in self.individual_rows().zip(saved) {
            self.set_slot(row, lane, *value);
        }
        self.pad_start();
        self.pad_held();
        self.touch_held();
    }

    /// Held values, branches, equality bits, start values and overrides lie side by side.
    fn individual_rows(&self) -> std::ops::Range<u32> {
        let layout = &self.program.parts.layout;
        layout.held(0)..layout.right_hand(0)
    }

    pub(crate) fn pad_held(&mut self) {
        let layout = &self.program.parts.layout;
        self.pad_rows(layout.held(0)..layout.start(0));
    }

    fn pad_start(&mut self) {
        let layout = &self.program.parts.layout;
        self.pad_rows(layout.start(0)..layout.right_hand(0));
    }

    /// Padding lanes copy lane 0, so that they never meet numbers no individual has.
    fn pad_rows(&mut self, rows: std::ops::Range<u32>) {
        if self.width > self.lanes {
            for row in rows {
                let value = self.slot(row, 0);
                for lane in self.lanes..self.width {
                    self.set_slot(row, lane, value);
                }
            }
        }
    }
}

//! The workspace of one block of individuals: slot file, evaluation of tapes, factorisation and solve.
//!
//! Rows of the caller have `lanes` columns; rows of the slot file have `width` (1, 2, 4, 8, 16 or 32), padded with copies of lane 0.
//! Values are computed when asked for and kept until time, states or inputs change, so asking twice at one point costs once.

use std::sync::Arc;

use crate::dense::DenseFallback;
use crate::execute::Executor;
use crate::pass::Passes;
use crate::rows::{AddRows, CopyAndCompare, ReadRows};
use crate::slots::Slots;
use crate::{InstructionSet, Program, SymbolIndex, Tape};

/// Growth and cancellation of pivots above which a lane's static factorisation is not trusted: half the digits would be lost.
const GUARD_LIMIT: f64 = 1e8;

/// Workspace of one block of individuals. No call allocates after the first factorisation that needed the dense fallback.
#[derive(Debug)]
pub struct Lanes {
    pub(crate) program: Arc<Program>,
    pub(crate) lanes: usize,
    pub(crate) width: usize,
    executor: Executor,
    passes: Passes,
    pub(crate) slots: Slots,
    /// Rows that depend on held values only are current.
    hoisted: bool,
    /// Rows of the tape `rhs` belong to the time and states in the slot file.
    pub(crate) current: bool,
    /// The same for the tape `jacobian`.
    jacobian_current: bool,
    /// Rows that the tapes `switches_alone` and `triggers_alone` share with `rhs` hold a probe's values.
    probed: bool,
    /// States that margins read; all in ascending order.
    watched: Vec<u32>,
    /// Time and watched states while a probe stands in the slot file.
    kept: Vec<f64>,
    fallback: DenseFallback,
}

impl Lanes {
    /// The largest number of lanes.
    pub const MAX: usize = 32;

    /// A workspace for `lanes` individuals (1 to 32) on the best instruction set of this machine. Start values are the model's own.
    ///
    /// # Panics
    /// When `lanes` is 0 or more than [`Lanes::MAX`].
    pub fn new(program: Arc<Program>, lanes: usize) -> Lanes {
        Lanes::with_instruction_set(program, lanes, InstructionSet::best())
            .expect("the best instruction set is one the machine has")
    }

    /// The same on a chosen instruction set; `None` if this machine lacks it.
    ///
    /// # Panics
    /// When `lanes` is 0 or more than [`Lanes::MAX`].
    pub fn with_instruction_set(
        program: Arc<Program>,
        lanes: usize,
        set: InstructionSet,
    ) -> Option<Lanes> {
        assert!(
            (1..=Self::MAX).contains(&lanes),
            "a block holds 1 to {} lanes",
            Self::MAX
        );
        let width = lanes.next_power_of_two();
        let executor = Executor::new(set, width)?;
        let passes = Passes::new(set)?;
        let layout = &program.parts.layout;
        let mut slots = Slots::new(program.parts.n_slots * width);
        for (i, value) in layout.constants.iter().enumerate() {
            let at = layout.constant(i) as usize * width;
            slots[at..at + width].fill(*value);
        }
        for (i, value) in layout.start_defaults.iter().enumerate() {
            let at = layout.start(i) as usize * width;
            slots[at..at + width].fill(*value);
        }
        let fallback = DenseFallback::new(program.n_states(), lanes);
        let watched = program.watched_states();
        Some(Lanes {
            program,
            lanes,
            width,
            executor,
            passes,
            slots,
            hoisted: false,
            current: false,
            jacobian_current: false,
            probed: false,
            kept: vec![0.0; (1 + watched.len()) * width],
            watched,
            fallback,
        })
    }

    /// The same without machine code: tapes are interpreted also over one lane. Gives the same bits, more slowly.
    pub fn interpreted(mut self) -> Lanes {
        self.executor = self.executor.interpreting();
        self
    }

    /// The program that runs here.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Number of individuals.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Number of states.
    pub fn n_states(&self) -> usize {
        self.program.n_states()
    }

    /// Number of comparisons inside equations.
    pub fn n_switches(&self) -> usize {
        self.program.n_switches()
    }

    /// Number of trigger margins.
    pub fn n_triggers(&self) -> usize {
        self.program.n_triggers()
    }

    /// Derivatives of all states at each lane's own time, with branches as they are set.
    pub fn rhs(&mut self, t: &[f64], y: &[f64], dydt: &mut [f64]) {
        self.ensure(t, y);
        let program = Arc::clone(&self.program);
        self.read_rows(&program.parts.roots.rhs, dydt);
    }

    /// Explicit time derivative of the right-hand side, also through rules; branches frozen.
    pub fn dfdt(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        self.ensure_jacobian(t, y);
        let program = Arc::clone(&self.program);
        self.execute(&program.parts.tapes.dfdt);
        self.read_rows(&program.parts.roots.dfdt, out);
    }

    /// Nonzeros of the Jacobian, row by row in the order of [`Program::jacobian_pattern`]; branches frozen.
    pub fn jacobian(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        self.ensure_jacobian(t, y);
        let program = Arc::clone(&self.program);
        for (nonzero, out) in program
            .parts
            .roots
            .jacobian
            .iter()
            .zip(out.chunks_exact_mut(self.lanes))
        {
            self.read_row(nonzero.slot, out);
            out.iter_mut().for_each(|x| *x = nonzero.signed(*x));
        }
    }

    /// Factorises `diagonal[lane]`·I − J for every lane and tells per lane whether it worked.
    ///
    /// A lane whose static factorisation fails the pivot guard is factorised densely with pivoting; `ok` is false only if that is
    /// singular or not finite as well.
    pub fn factor(&mut self, t: &[f64], y: &[f64], diagonal: &[f64], ok: &mut [bool]) {
        self.ensure_jacobian(t, y);
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        self.write_row(layout.diagonal(), diagonal);
        let static_tape = !program.parts.roots.solve.is_empty() || layout.n_states == 0;
        if static_tape {
            self.execute(&program.parts.tapes.factor);
        }
        for lane in 0..self.lanes {
            let good = static_tape
                && (layout.n_states == 0
                    || self.slot(program.parts.roots.guard, lane) < GUARD_LIMIT);
            ok[lane] = good;
            self.fallback.release(lane);
            if !good {
                let (width, slots) = (self.width, &self.slots);
                let value = |x: &crate::Nonzero| x.signed(slots[x.slot as usize * width + lane]);
                let entries = program
                    .parts
                    .roots
                    .jacobian
                    .iter()
                    .map(|x| (x.row, x.column, value(x)));
                ok[lane] = self.fallback.factor(lane, diagonal[lane], entries);
            }
        }
    }

    /// Solves (diagonal·I − J) x = b with the last factorisation; `b` becomes `x`.
    pub fn solve(&mut self, b: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        let n = layout.n_states;
        if !program.parts.roots.solve.is_empty() {
            if self.width == self.lanes {
                let at = layout.right_hand(0) as usize * self.width;
                self.slots[at..at + b.len()].copy_from_slice(b);
            } else {
                for i in 0..n {
                    self.write_row(
                        layout.right_hand(i),
                        &b[i * self.lanes..(i + 1) * self.lanes],
                    );
                }
            }
            self.execute(&program.parts.tapes.solve);
        }
        if self.fallback.any() {
            for lane in 0..self.lanes {
                if self.fallback.holds(lane) {
                    self.fallback.solve(lane, b);
                } else if !program.parts.roots.solve.is_empty() {
                    for (i, slot) in program.parts.roots.solve.iter().enumerate() {
                        b[i * self.lanes + lane] = self.slot(*slot, lane);
                    }
                }
            }
        } else {
            self.read_rows(&program.parts.roots.solve, b);
        }
    }

    /// How many lanes the last factorisation treated densely.
    pub fn n_dense(&self) -> usize {
        (0..self.lanes)
            .filter(|lane| self.fallback.holds(*lane))
            .count()
    }

    /// Margins of all switches: positive where the branch should be true. Branches themselves are not changed.
    pub fn switch_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let tapes = &program.parts.tapes;
        self.beside_or_alone(t, y, &tapes.switches, &tapes.switches_alone);
        for (row, switch) in program.parts.switches.iter().enumerate() {
            self.read_row(
                switch.slot,
                &mut out[row * self.lanes..(row + 1) * self.lanes],
            );
        }
    }

    /// Margins of all triggers, see [`crate::TriggerCode`].
    pub fn trigger_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let tapes = &program.parts.tapes;
        self.beside_or_alone(t, y, &tapes.triggers, &tapes.triggers_alone);
        for (row, trigger) in program.parts.triggers.iter().enumerate() {
            self.read_row(
                trigger.slot,
                &mut out[row * self.lanes..(row + 1) * self.lanes],
            );
        }
    }

    /// Sets the frozen branch of a switch in one lane.
    pub fn set_branch(&mut self, lane: usize, switch: usize, on: bool) {
        let row = self.program.parts.layout.branch(switch);
        let value = if on { 1.0 } else { 0.0 };
        if self.slot(row, lane) != value {
            self.set_slot(row, lane, value);
            self.current = false;
        }
    }

    /// The frozen branch of a switch in one lane.
    pub fn branch(&self, lane: usize, switch: usize) -> bool {
        self.slot(self.program.parts.layout.branch(switch), lane) != 0.0
    }

    /// Sets every branch of one lane to what its comparison says at this point, also where one comparison decides another.
    /// Returns true if any changed. Call after anything jumped: start, dose, event, changed parameter.
    pub fn refresh_branches(&mut self, lane: usize, t: &[f64], y: &[f64]) -> bool {
        self.refresh_branches_of(Some(lane), t, y)
    }

    pub(crate) fn refresh_branches_of(
        &mut self,
        only: Option<usize>,
        t: &[f64],
        y: &[f64],
    ) -> bool {
        let program = Arc::clone(&self.program);
        let mut changed = false;
        // A comparison may sit inside the branch of another one; each pass settles at least one more level.
        for _ in 0..=program.n_switches() {
            if program.n_switches() == 0 {
                break;
            }
            let tapes = &program.parts.tapes;
            self.beside_or_alone(t, y, &tapes.switches, &tapes.switches_alone);
            let mut again = false;
            for lane in only.map_or(0..self.lanes, |lane| lane..lane + 1) {
                for (i, switch) in program.parts.switches.iter().enumerate() {
                    let margin = self.slot(switch.slot, lane);
                    let on = margin > 0.0 || (switch.inclusive && margin == 0.0);
                    if on != self.branch(lane, i) {
                        self.set_branch(lane, i, on);
                        again = true;
                    }
                }
            }
            changed |= again;
            if !again {
                break;
            }
        }
        changed
    }

    /// Values of any symbols at each lane's own time: row `i` of `out` is `symbols[i]`.
    pub fn value(&mut self, symbols: &[SymbolIndex], t: &[f64], y: &[f64], out: &mut [f64]) {
        self.ensure(t, y);
        let program = Arc::clone(&self.program);
        self.execute(&program.parts.tapes.outputs);
        for (row, symbol) in symbols.iter().enumerate() {
            let slot = program.parts.symbols[symbol.0 as usize].slot;
            self.read_row(slot, &mut out[row * self.lanes..(row + 1) * self.lanes]);
        }
    }

    // ---- rows and tapes, for this crate ----

    pub(crate) fn slot(&self, row: u32, lane: usize) -> f64 {
        self.slots[row as usize * self.width + lane]
    }

    pub(crate) fn set_slot(&mut self, row: u32, lane: usize, value: f64) {
        self.slots[row as usize * self.width + lane] = value;
    }

    pub(crate) fn execute(&mut self, tape: &Tape) {
        self.executor.run(tape, &mut self.slots);
    }

    /// Marks everything that depends on held values as stale.
    pub(crate) fn touch_held(&mut self) {
        self.hoisted = false;
        self.current = false;
    }

    /// Makes the rows of `rhs` current at this point.
    pub(crate) fn ensure(&mut self, t: &[f64], y: &[f64]) {
        self.load(t, y);
        let program = Arc::clone(&self.program);
        if !self.current {
            self.execute(&program.parts.tapes.rhs);
            self.current = true;
            self.jacobian_current = false;
        } else if self.probed {
            // The rows a probe has overwritten, from what stands in the slot file again: far fewer than all.
            self.execute(&program.parts.tapes.switches_alone);
            self.execute(&program.parts.tapes.triggers_alone);
        }
        self.probed = false;
    }

    fn ensure_jacobian(&mut self, t: &[f64], y: &[f64]) {
        self.ensure(t, y);
        if !self.jacobian_current {
            let program = Arc::clone(&self.program);
            self.execute(&program.parts.tapes.jacobian);
            self.jacobian_current = true;
        }
    }

    /// Runs the shorter of two tapes for the same results: `beside` needs what `rhs` has computed at this point.
    pub(crate) fn beside_or_alone(&mut self, t: &[f64], y: &[f64], beside: &Tape, alone: &Tape) {
        self.load(t, y);
        if self.current && self.probed {
            self.ensure(t, y);
        }
        let tape = if self.current { beside } else { alone };
        self.execute(tape);
    }

    /// Whether a switch or trigger margin reads a state.
    pub fn is_watched(&self, state: usize) -> bool {
        self.watched.binary_search(&(state as u32)).is_ok()
    }

    /// Margins of all switches and triggers at a point in passing: what was computed at the present point stays valid. Of `y` only the
    /// states that [`Lanes::is_watched`] names are read.
    pub fn probe(&mut self, t: &[f64], y: &[f64], switches: &mut [f64], triggers: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        if !self.hoisted {
            // Nothing is valid yet that could stay so.
            self.current = false;
            self.execute(&program.parts.tapes.hoist);
            self.hoisted = true;
        }
        let (width, lanes) = (self.width, self.lanes);
        let watched = std::mem::take(&mut self.watched);
        let mut kept = std::mem::take(&mut self.kept);
        let rows =
            std::iter::once(layout.time()).chain(watched.iter().map(|i| layout.state(*i as usize)));
        for (row, kept) in rows.clone().zip(kept.chunks_exact_mut(width)) {
            let at = row as usize * width;
            kept.copy_from_slice(&self.slots[at..at + width]);
        }
        self.write_row(layout.time(), t);
        for i in &watched {
            let i = *i as usize;
            self.write_row(layout.state(i), &y[i * lanes..(i + 1) * lanes]);
        }
        self.execute(&program.parts.tapes.switches_alone);
        self.execute(&program.parts.tapes.triggers_alone);
        let switch_rows = program.parts.switches.iter().map(|s| s.slot);
        for (row, out) in switch_rows.zip(switches.chunks_exact_mut(lanes)) {
            self.read_row(row, out);
        }
        let trigger_rows = program.parts.triggers.iter().map(|s| s.slot);
        for (row, out) in trigger_rows.zip(triggers.chunks_exact_mut(lanes)) {
            self.read_row(row, out);
        }
        for (row, kept) in rows.zip(kept.chunks_exact(width)) {
            let at = row as usize * width;
            self.slots[at..at + width].copy_from_slice(kept);
        }
        (self.watched, self.kept) = (watched, kept);
        self.probed = true;
    }

    /// `out` = solution of (diagonal·I − J) x = f(t, y) + add with the last factorisation: one stage of a Rosenbrock method.
    pub fn increment(&mut self, t: &[f64], y: &[f64], add: &[f64], out: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let roots = &program.parts.roots;
        if self.width != self.lanes || roots.solve.is_empty() || self.fallback.any() {
            self.rhs(t, y, out);
            out.iter_mut().zip(add).for_each(|(x, add)| *x += add);
            self.solve(out);
            return;
        }
        self.load(t, y);
        if self.current {
            // A probe may have left other values in the rows of derivatives.
            self.ensure(t, y);
        } else {
            // Only the derivatives come to stand in their rows, so nothing is current afterwards.
            self.execute(program.stage());
        }
        self.passes.run(AddRows {
            slots: &mut self.slots,
            rows: &roots.rhs,
            width: self.width,
            add,
            to: program.parts.layout.right_hand(0),
        });
        self.execute(&program.parts.tapes.solve);
        self.read_rows(&roots.solve, out);
    }

    /// The instruction set that everything here runs on.
    pub fn passes(&self) -> Passes {
        self.passes
    }

    /// Brings time and states into the slot file; what was computed stays valid only if nothing differs in any bit.
    fn load(&mut self, t: &[f64], y: &[f64]) {
        let program = Arc::clone(&self.program);
        let layout = &program.parts.layout;
        assert_eq!(t.len(), self.lanes, "one time per lane");
        assert_eq!(y.len(), layout.n_states * self.lanes, "one row per state");
        if !self.hoisted {
            self.execute(&program.parts.tapes.hoist);
            self.hoisted = true;
        }
        let mut same = self.load_row(layout.time(), t);
        if self.width == self.lanes {
            let at = layout.state(0) as usize * self.width;
            same &= self.passes.run(CopyAndCompare {
                to: &mut self.slots[at..at + y.len()],
                from: y,
            });
        } else {
            for i in 0..layout.n_states {
                same &= self.load_row(layout.state(i), &y[i * self.lanes..(i + 1) * self.lanes]);
            }
        }
        self.current &= same;
    }

    fn load_row(&mut self, row: u32, values: &[f64]) -> bool {
        let at = row as usize * self.width;
        let (used, padding) = self.slots[at..at + self.width].split_at_mut(self.lanes);
        let same = self.passes.run(CopyAndCompare {
            to: used,
            from: values,
        });
        padding.fill(values[0]);
        same
    }

    fn write_row(&mut self, row: u32, values: &[f64]) {
        let at = row as usize * self.width;
        let (used, padding) = self.slots[at..at + self.width].split_at_mut(self.lanes);
        used.copy_from_slice(values);
        padding.fill(values[0]);
    }

    fn read_row(&self, row: u32, out: &mut [f64]) {
        let at = row as usize * self.width;
        out.copy_from_slice(&self.slots[at..at + self.lanes]);
    }

    fn read_rows(&self, rows: &[u32], out: &mut [f64]) {
        if self.width == self.lanes {
            return self.passes.run(ReadRows {
                slots: &self.slots,
                rows,
                width: self.width,
                out,
            });
        }
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(self.lanes)) {
            self.read_row(*row, out);
        }
    }
}

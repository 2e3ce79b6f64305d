//! Compiled programs as a [`System`]: a block of lanes of the evaluator can be integrated as it is.

use osteon_vm::{Lanes, TriggerKind};

use crate::system::System;

impl System for Lanes {
    fn n_states(&self) -> usize {
        Lanes::n_states(self)
    }

    fn lanes(&self) -> usize {
        Lanes::lanes(self)
    }

    fn n_switches(&self) -> usize {
        Lanes::n_switches(self)
    }

    fn n_triggers(&self) -> usize {
        Lanes::n_triggers(self)
    }

    /// Time is row 0 of the slot file. A derivative that is time itself is read by no instruction; its own derivative, 1, tells.
    fn is_autonomous(&mut self) -> bool {
        const TIME: u32 = 0;
        if self
            .program()
            .tapes()
            .rhs
            .instructions()
            .any(|i| i.args[..i.op.arity()].contains(&TIME))
        {
            return false;
        }
        let (n, lanes) = (Lanes::n_states(self), Lanes::lanes(self));
        let mut out = vec![0.0; n * lanes];
        Lanes::dfdt(self, &vec![0.0; lanes], &vec![0.0; n * lanes], &mut out);
        out.iter().all(|x| *x == 0.0)
    }

    fn is_read(&self, state: usize) -> bool {
        self.program()
            .jacobian_pattern()
            .any(|(_, column)| column == state)
    }

    fn rhs(&mut self, t: &[f64], y: &[f64], dydt: &mut [f64]) {
        Lanes::rhs(self, t, y, dydt);
    }

    fn dfdt(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        Lanes::dfdt(self, t, y, out);
    }

    fn factor(&mut self, t: &[f64], y: &[f64], diagonal: &[f64], ok: &mut [bool]) {
        Lanes::factor(self, t, y, diagonal, ok);
    }

    fn solve(&mut self, b: &mut [f64]) {
        Lanes::solve(self, b);
    }

    /// At exactly zero the author's `<` or `<=` decides: an inclusive comparison is true there.
    fn switch_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        Lanes::switch_margins(self, t, y, out);
        let lanes = Lanes::lanes(self);
        for (switch, row) in self
            .program()
            .switches()
            .iter()
            .zip(out.chunks_exact_mut(lanes))
        {
            if switch.inclusive {
                row.iter_mut()
                    .filter(|m| **m == 0.0)
                    .for_each(|m| *m = f64::MIN_POSITIVE);
            }
        }
    }

    fn set_branch(&mut self, lane: usize, switch: usize, on: bool) {
        Lanes::set_branch(self, lane, switch, on);
    }

    fn branch(&self, lane: usize, switch: usize) -> bool {
        Lanes::branch(self, lane, switch)
    }

    /// At exactly zero the exact condition decides.
    fn trigger_margins(&mut self, t: &[f64], y: &[f64], out: &mut [f64]) {
        Lanes::trigger_margins(self, t, y, out);
        let lanes = Lanes::lanes(self);
        for trigger in 0..Lanes::n_triggers(self) {
            let code = &self.program().triggers()[trigger];
            let (event, truth) = (code.event, code.kind == TriggerKind::Truth);
            let row = &mut out[trigger * lanes..(trigger + 1) * lanes];
            if truth && row.contains(&0.0) {
                let mut holds = [false; Lanes::MAX];
                self.event_truth(event, t, y, &mut holds[..lanes]);
                for (margin, holds) in row.iter_mut().zip(holds) {
                    if *margin == 0.0 && holds {
                        *margin = f64::MIN_POSITIVE;
                    }
                }
            }
        }
    }
}

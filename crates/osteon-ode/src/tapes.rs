//! Compiled programs as a [`System`]: a block of lanes of the evaluator can be integrated as it is.

use osteon_vm::{Lanes, Passes, TriggerKind};

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
        true_at_zero_where_inclusive(self, out);
    }

    fn increment(&mut self, t: &[f64], y: &[f64], add: &[f64], out: &mut [f64]) {
        Lanes::increment(self, t, y, add, out);
    }

    fn passes(&self) -> Passes {
        Lanes::passes(self)
    }

    fn is_watched(&self, state: usize) -> bool {
        Lanes::is_watched(self, state)
    }

    /// A trigger margin of exactly zero needs the exact condition, which may read more states.
    fn probe(&mut self, t: &[f64], y: &[f64], switches: &mut [f64], triggers: &mut [f64]) -> bool {
        Lanes::probe(self, t, y, switches, triggers);
        true_at_zero_where_inclusive(self, switches);
        let lanes = Lanes::lanes(self);
        let codes = self.program().triggers().iter();
        !codes
            .zip(triggers.chunks_exact(lanes))
            .any(|(code, row)| code.kind == TriggerKind::Truth && row.contains(&0.0))
    }

    fn set_branch(&mut self, lane: usize, switch: usize, on: bool) {
        Lanes::set_branch(self, lane, switch, on);
    }

    fn cross_switch(&mut self, lane: usize, switch: usize, on: bool, t: &[f64], y: &mut [f64]) {
        Lanes::cross_switch(self, lane, switch, on, t, y);
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

fn true_at_zero_where_inclusive(vm: &Lanes, margins: &mut [f64]) {
    let lanes = Lanes::lanes(vm);
    let codes = vm.program().switches().iter();
    for (_, row) in codes
        .zip(margins.chunks_exact_mut(lanes))
        .filter(|(code, _)| code.inclusive)
    {
        row.iter_mut()
            .filter(|m| **m == 0.0)
            .for_each(|m| *m = f64::MIN_POSITIVE);
    }
}

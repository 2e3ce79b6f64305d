//! What jumps do to the directions that a program carries along (see [`crate::Tangents`]).

use std::sync::Arc;

use crate::{Lanes, Place};

impl Lanes {
    /// A value that is set from outside no longer moves with any parameter.
    pub(crate) fn forget_directions(&mut self, lane: usize, place: Place, y: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let tangents = &program.parts.tangents;
        if tangents.parameters.is_empty() {
            return;
        }
        match place {
            Place::State(i) => {
                for (at, (own, _)) in tangents.states.iter().enumerate() {
                    if *own == i {
                        y[(tangents.own_states + at) * self.lanes + lane] = 0.0;
                    }
                }
            }
            Place::Held(h) => {
                let first = program.parts.layout.n_held - tangents.held.len();
                for (at, (own, _)) in tangents.held.iter().enumerate() {
                    if *own == h {
                        self.set_slot(program.parts.layout.held(first + at), lane, 0.0);
                        self.touch_held();
                    }
                }
                if lane == 0 {
                    self.pad_held();
                }
            }
            Place::Computed => {}
        }
    }

    /// Flips a branch at a located crossing. Directions change by the jump of the derivative times the shift of the instant:
    /// s⁺ = s⁻ + (f⁻ − f⁺)·dτ, dτ = −(change of the margin)/(speed of the margin).
    pub fn cross_switch(&mut self, lane: usize, switch: usize, on: bool, t: &[f64], y: &mut [f64]) {
        let program = Arc::clone(&self.program);
        let tangents = &program.parts.tangents;
        if tangents.states.is_empty() || self.branch(lane, switch) == on {
            return self.set_branch(lane, switch, on);
        }
        let code = &tangents.switches[switch];
        let speed = self.value_in_lane(lane, code.speed, t, y);
        let shifts: Vec<f64> = code
            .by
            .iter()
            .map(|by| -self.value_in_lane(lane, *by, t, y) / speed)
            .collect();
        let rates = |vm: &mut Lanes, y: &[f64]| -> Vec<f64> {
            vm.ensure(t, y);
            let roots = &program.parts.roots.rhs[..tangents.own_states];
            roots.iter().map(|row| vm.slot(*row, lane)).collect()
        };
        let before = rates(self, y);
        self.set_branch(lane, switch, on);
        let after = rates(self, y);
        for (at, (own, k)) in tangents.states.iter().enumerate() {
            let jump = before[*own] - after[*own];
            if jump != 0.0 {
                y[(tangents.own_states + at) * self.lanes + lane] += jump * shifts[*k];
            }
        }
    }
}

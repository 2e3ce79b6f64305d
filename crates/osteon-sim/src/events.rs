//! What a table of events does to people, as plain data: doses, covariates that change, samples, and interventions that no scenario
//! file can ask for (reset, replace, multiply, steady state).

mod dose;
mod header;
mod read;
mod row;

use std::collections::HashMap;

pub(crate) use read::period;
pub use read::read_events;

use crate::scenario::{Deposit, Dose, InputValue, Phase, Scenario};

/// Something done to the states of a body at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervention {
    /// When, days from the start of the scenario.
    pub at_d: f64,
    /// What.
    pub kind: InterventionKind,
}

/// Kinds of interventions.
#[derive(Debug, Clone, PartialEq)]
pub enum InterventionKind {
    /// All states go back to those of the lived life, running infusions end. Inputs stay as they are.
    Reset,
    /// A state gets this amount.
    Replace(Deposit),
    /// A state is multiplied by the amount.
    Multiply(Deposit),
    /// The states are those just before the next dose of a regimen that has been taken long since.
    Steady {
        /// Where one dose goes.
        into: Vec<Deposit>,
        /// Memories that are set at dosing.
        size_into: Vec<InputValue>,
        /// Length of an infusion in days, 0 for at once.
        over_d: f64,
        /// Days from dose to dose.
        every_d: f64,
        /// Added to what is there, instead of replacing it.
        added: bool,
    },
}

/// Everything that the table does to one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonEvents {
    /// Doses and series of doses.
    pub doses: Vec<Dose>,
    /// Stretches of time in which covariates hold.
    pub phases: Vec<Phase>,
    /// Times of samples in days.
    pub samples_d: Vec<f64>,
    /// Interventions in order of time.
    pub interventions: Vec<Intervention>,
}

/// A table of events, by the `ID` of people.
#[derive(Debug, Clone, Default)]
pub struct Events {
    pub(crate) of: HashMap<String, PersonEvents>,
    /// Remarks on how the table was understood, for the user.
    pub remarks: Vec<String>,
}

impl Events {
    /// The events of a person, by the column `ID`.
    pub fn of(&self, key: &str) -> Option<&PersonEvents> {
        self.of.get(key)
    }

    /// Puts a person's events into their scenario, in every arm. Samples are added to the rows of the record.
    pub fn put(&self, key: &str, scenario: &mut Scenario) {
        let Some(events) = self.of.get(key) else {
            return;
        };
        for arm in &mut scenario.arms {
            arm.doses.extend(events.doses.iter().cloned());
            arm.phases.extend(events.phases.iter().cloned());
            arm.interventions
                .extend(events.interventions.iter().cloned());
        }
        scenario.record.also_d.extend(&events.samples_d);
    }
}

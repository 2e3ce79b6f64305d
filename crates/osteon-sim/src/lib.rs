//! Scenario, library and compiled body become a run: doses, meals, events, lived life, ledger.
//!
//! Reads text only through `Sources`, keeps no clock, draws nothing, judges nothing, and knows no organ and no ion:
//! which symbols a word moves is data in `library/`. Times are days from the start of the scenario.

mod body;
mod cautions;
mod counting;
mod diagnostics;
mod diet_read;
mod diets_read;
pub mod drive;
mod events;
mod exposure_read;
mod foods_eaten;
mod foods_read;
mod gathering;
mod held;
mod inquest;
mod laboratory;
mod lean;
mod library;
mod library_read;
mod measure;
mod measured;
mod near_name;
mod people;
mod people_read;
mod person_read;
mod plan;
mod progress;
mod quantities;
mod recording;
mod repeating;
mod run;
mod scenario;
mod scenario_read;
mod scene;
mod schedule;
mod simulate;
mod skipping;
mod staged;
mod substance;
mod table_text;
mod time_course;
mod titrate;
mod titration_read;
mod toml_text;
mod vocabulary;
mod worded_read;

pub use body::{BODY_FILE, Body};
pub use diagnostics::Diagnostics;
pub use drive::{Action, Atol, LaneEnd, Timed};
pub use events::{Events, Intervention, InterventionKind, PersonEvents, read_events};
pub use inquest::Finding;
pub use laboratory::{LaboratoryTest, TestMethod};
pub use lean::lean;
pub use library::{
    Diet, DietFood, DietNutrient, Entry, EntryEffect, Fact, Food, Library, Nutrient, Preparation,
    Product, Response, Shelf,
};
pub use measure::{Measure, MeasureError, read_days, read_measure, read_time_of_day, show_days};
pub use measured::{Measured, read_measured};
pub use near_name::suggestion;
pub use people::{People, PersonColumn, Trait};
pub use people_read::read_people;
pub use progress::{Progress, Silent};
pub use quantities::{Quantity, Reference};
pub use run::{
    ArmRun, Column, Failure, LedgerLine, Met, MetKind, Meta, RowStatus, Run, Skipped, Work,
};
pub use scenario::{
    Adherence, Arm, Change, Clock, Deposit, DietPart, Dose, DoseChange, Effect, Exposure,
    InputValue, Meal, Person, Phase, Record, Regimen, Scenario, Start, Titration,
};
pub use scenario_read::{read_scenario, read_scenario_for, single_dose};
pub use schedule::{Scheduled, schedule};
pub use simulate::{LivedState, Member, RunOptions, live, meta, run, run_many};
pub use substance::Substance;
pub use time_course::{Course, CourseOptions, compiles, time_course};
pub use vocabulary::{Vocabulary, Word};

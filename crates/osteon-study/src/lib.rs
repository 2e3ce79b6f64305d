//! Runs against data: studies, the interval and verdict of a row, recorded verdicts, and fitting.
//!
//! A study is a folder of three texts (`study.toml`, `scenario.toml`, `data.csv`); the format is told in `docs/studies.md`.
//! Nothing here draws, prints or touches a file.

mod chance;
mod claims;
mod claims_read;
mod cohort;
mod coverage;
mod data_csv;
mod data_rows;
mod dependence;
mod fit;
mod fit_file;
#[cfg(test)]
mod fixtures;
mod flux;
mod individuals;
mod interval;
mod judge;
mod laboratory;
mod lane_sets;
mod least_squares;
mod matched_scenario;
mod matching;
mod near_names;
mod new_measurements;
mod pathways;
mod protocol;
mod protocol_file;
mod recorded;
mod sensitivity;
mod sensitivity_design;
mod shapley;
mod study;
mod study_read;
mod suite;
mod symmetric;
mod totals;
mod uncertainty;
mod uncertainty_bands;
mod uncertainty_joint;
mod uncertainty_posterior;
mod why;

pub use claims::{
    Answer, CLAIMS_FILE, Claim, NamedRows, Standing, answer, check_names, claimed_folders,
};
pub use claims_read::read_claims;
pub use cohort::{
    CHUNK, ChunkRun, Cohort, CohortError, CohortObserver, chunk_people, chunks_of, run_cohort,
    shard_chunks,
};
pub use coverage::{Coverage, CoveredRow, Inside, coverage};
pub use data_rows::DIAGNOSTIC_IDS;
pub use fit::{FitError, FitResult, Fitted, FittedRow, fit, reproduces};
pub use fit_file::{FitFile, FitParameter, read_fit};
pub use flux::{DayFlux, Flow, Flux, FluxError, Place, PlaceKind, flux};
pub use individuals::{INDIVIDUALS, Individual, read_individuals, read_labs};
pub use interval::judging_interval;
pub use judge::{RowVerdict, Verdict, all_failed, judge};
pub use laboratory::{
    Flag, LaboratoryError, LaboratoryPanel, TestResult, laboratory, spread_panels,
};
pub use matched_scenario::{
    MatchedArms, MatchedScenario, allowed, cautions, match_scenario, refusal,
};
pub use matching::{
    MatchError, MatchOptions, Matched, MatchedParameter, Recovery, match_person, recovery,
};
pub use near_names::near_name;
pub use new_measurements::{MEASUREMENTS, NewMeasurement, read_measurements};
pub use pathways::{Equation, ORIGINS, Pathway, pathways};
pub use protocol::{
    Combination, Courses, Goal, InOthers, Protocol, ProtocolError, ProtocolQuestion, Stopped,
    protocol, read_goal,
};
pub use protocol_file::{
    Amounts, Asked, Bound, Choice, Contraindication, LEVERS, Lever, Limit, SAFETY, Safety,
    read_asked, read_levers, read_safety, weigh,
};
pub use recorded::{Change, Recorded, compare, read_recorded, write_recorded};
pub use sensitivity::{Effect, Output, Probe, SMALL, Sensitivity, row_prediction};
pub use sensitivity_design::{Lesson, Teachers, teachers};
pub use study::{Kind, Link, Row, Spread, Study};
pub use study_read::{is_study, read_study};
pub use suite::{Judged, judge_all};
pub use totals::{Share, Totals, totals};
pub use uncertainty::{Uncertain, draw_all, uncertain_parameters};
pub use uncertainty_bands::{
    BandOptions, Bands, PlausibleBodies, QUANTILES, bands, plausible_bodies,
};
pub use uncertainty_joint::{JOINT, JointSpread, Told};
pub use uncertainty_posterior::{FITS, Knowledge, Posterior};
pub use why::{Method, Part, Why, WhyError, WhyQuestion, why};

//! Scenarios whose people bring measured values: read, matched, and given bands of those whom the values allow.

use osteon_report::{match_json, match_text};
use osteon_sim::{Body, RunOptions, read_scenario};
use osteon_study::{
    Bands, MatchError, MatchOptions, MatchedScenario, allowed, match_scenario, read_individuals,
};
use serde_json::{Value, json};

use crate::outcome::Fault;
use crate::progress_bar::Bar;
use crate::project::Project;

/// People drawn for bands when nobody says how many.
pub(crate) const DRAWS: usize = 100;

/// A match that could not be made, as a fault.
pub(crate) fn told(error: MatchError) -> Fault {
    match error {
        MatchError::Setup(faults) => Fault::Failed(faults.render()),
        MatchError::Run(text) | MatchError::Nobody(text) => Fault::Failed(format!("error: {text}")),
    }
}

/// Reads a scenario and matches those of its people who bring measured values.
pub(crate) fn read_matched(
    project: &Project,
    body: &Body,
    text: &str,
    shown: &str,
) -> Result<MatchedScenario, Fault> {
    let scenario =
        read_scenario(text, shown, body).map_err(|faults| Fault::Failed(faults.render()))?;
    if scenario.arms.iter().all(|a| a.person.measured.is_empty()) {
        return Ok(MatchedScenario::unmatched(scenario));
    }
    let individuals =
        read_individuals(project, body).map_err(|e| Fault::Failed(format!("error: {e}")))?;
    match_scenario(
        body,
        scenario,
        &individuals,
        &MatchOptions::default(),
        &RunOptions::default(),
    )
    .map_err(told)
}

/// Bands of people whom the values allow.
pub(crate) fn allowed_bands(
    body: &Body,
    matched: &MatchedScenario,
    samples: usize,
    seed: u64,
    bar: &mut Bar,
) -> Result<Bands, Fault> {
    let found = allowed(body, matched, samples, seed, &RunOptions::default(), bar)
        .map_err(|faults| Fault::Failed(faults.render()))?;
    if found.samples.is_empty() && samples > 0 {
        return Err(Fault::Failed(format!(
            "error: none of the people whom the measurements allow came through the scenario: {}",
            found.failed.1
        )));
    }
    Ok(found)
}

/// The names of the arms whose person was matched, for headings; empty where all arms share one.
fn whose(matched: &MatchedScenario, arms: &[usize]) -> String {
    let all = &matched.scenario.arms;
    if arms.len() == all.len() {
        return String::new();
    }
    let names: Vec<&str> = arms.iter().map(|a| all[*a].name.as_str()).collect();
    names.join(", ")
}

/// Who was matched, for the terminal; empty if nobody was.
pub(crate) fn matched_text(matched: &MatchedScenario) -> String {
    let mut out = String::new();
    for person in &matched.people {
        let whose = whose(matched, &person.arms);
        out += "the person is matched to what was measured at day 0";
        out += &if whose.is_empty() {
            "\n".to_owned()
        } else {
            format!(" ({whose})\n")
        };
        out += &match_text(&person.found);
        out.push('\n');
    }
    out
}

/// The same as JSON.
pub(crate) fn matched_json(matched: &MatchedScenario) -> Value {
    let one = |p: &osteon_study::MatchedArms| {
        let mut found = match_json(&p.found);
        let names: Vec<&str> = p
            .arms
            .iter()
            .map(|a| matched.scenario.arms[*a].name.as_str())
            .collect();
        found["arms"] = json!(names);
        found
    };
    matched.people.iter().map(one).collect()
}

/// `value` with who was matched laid in, if anybody was.
pub(crate) fn with_matched(mut value: Value, matched: &MatchedScenario) -> Value {
    if !matched.people.is_empty() {
        value["matched"] = matched_json(matched);
    }
    value
}

//! `osteon labs`: the laboratory panel on any state of a scenario, with units, reference intervals and errors of measurement.

use osteon_report::{laboratory_json, laboratory_text};
use osteon_sim::RunOptions;
use osteon_study::{LaboratoryError, laboratory, near_name, spread_panels};

use crate::arguments::LabsArguments;
use crate::matched::{DRAWS, matched_text, read_matched, with_matched};
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{find, moment, standing_body};

/// Seed of the people whom measured values allow.
const SEED: u64 = 1;

/// Runs to the times, tells.
pub(crate) fn labs(project: &Project, words: &LabsArguments) -> Outcome {
    let body = standing_body(project)?;
    let (text, _, shown) = find(project, &words.scenario)?;
    let mut matched = read_matched(project, &body, &text, &shown)?;
    let mut times = Vec::new();
    for at in &words.at {
        times.push(moment(at)?);
    }
    if let Some(name) = &words.arm {
        let known: Vec<String> = matched
            .scenario
            .arms
            .iter()
            .map(|a| a.name.clone())
            .collect();
        matched.keep_arm(name);
        if matched.scenario.arms.is_empty() {
            let help = near_name(name, known.iter().map(String::as_str)).map_or_else(
                || format!("arms: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Fault::Use(format!(
                "error: no arm `{name}`\n   = help: {help}"
            )));
        }
    }
    let mut bar = Bar::new(words.quiet || words.json);
    let options = RunOptions::default();
    let scenario = &matched.scenario;
    let told = |e: LaboratoryError| match e {
        LaboratoryError::Time { .. } => Fault::Use(e.to_string()),
        _ => Fault::Failed(e.to_string()),
    };
    let mut panels = laboratory(&body, scenario, &times, &options, &mut bar).map_err(told)?;
    spread_panels(
        &body,
        &matched,
        &mut panels,
        DRAWS,
        SEED,
        &options,
        &mut bar,
    )
    .map_err(told)?;
    bar.finish();
    if words.json {
        say_json(&with_matched(
            laboratory_json(&scenario.title, &panels),
            &matched,
        ))?;
    } else {
        say(&format!(
            "{}\n{}{}",
            scenario.title,
            matched_text(&matched),
            laboratory_text(&panels, words.us)
        ))?;
    }
    Ok(panels
        .iter()
        .all(|p| p.results.iter().all(|r| r.value.is_finite())))
}

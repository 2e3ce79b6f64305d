//! `osteon flux`: where an element comes from and where it goes, on the day before the start and on a later day.

use osteon_report::{flux_figure, flux_json, flux_text};
use osteon_sim::{RunOptions, Silent};
use osteon_study::{FluxError, flux as traffic, near_name};

use crate::arguments::FluxArguments;
use crate::matched::{matched_text, read_matched, with_matched};
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json, simulated, write_picture};
use crate::project::Project;
use crate::run::{cautioned, find, moment, standing_body};

/// Runs, tells, draws.
pub(crate) fn flux(project: &Project, words: &FluxArguments) -> Outcome {
    let body = standing_body(project)?;
    let (text, _, shown) = find(project, &words.scenario)?;
    let matched = read_matched(project, &body, &text, &shown)?;
    let scenario = &matched.scenario;
    cautioned(scenario);
    let at_d = match &words.at {
        Some(at) => moment(at)?,
        None => scenario.record.until_d,
    };
    let arm = match &words.arm {
        None => 0,
        Some(name) => scenario
            .arms
            .iter()
            .position(|a| a.name == *name)
            .ok_or_else(|| {
                let near = near_name(name, scenario.arms.iter().map(|a| a.name.as_str()))
                    .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                Fault::Use(format!("error: the scenario has no arm `{name}`{near}"))
            })?,
    };
    let options = RunOptions::default();
    let found = traffic(
        &body,
        scenario,
        &words.element,
        arm,
        at_d,
        &options,
        &mut Silent,
    )
    .map_err(|e| match e {
        FluxError::Question(text) => Fault::Use(format!("error: {text}")),
        FluxError::Setup(faults) => Fault::Failed(faults.render()),
        FluxError::Run(text) => Fault::Failed(format!("error: {text}")),
    })?;
    if words.svg.is_some() || words.png.is_some() {
        let source = simulated(&body.title);
        write_picture(
            &flux_figure(&found, &source),
            words.svg.as_deref(),
            words.png.as_deref(),
        )?;
    }
    if words.json {
        say_json(&with_matched(flux_json(&found), &matched))?;
    } else {
        say(&(matched_text(&matched) + &flux_text(&found)))?;
    }
    Ok(true)
}

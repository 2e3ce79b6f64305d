//! `osteon explain`: everything about a name of the library or the body, or the expanded schedule of a scenario or of one person of a
//! table, as tab-separated text.

use std::fmt::Write as _;

use osteon_model::Sources as _;
use osteon_report::{library_names, library_page};
use osteon_sim::{Body, Scenario, schedule, show_days, suggestion};
use osteon_study::near_name;

use crate::arguments::ExplainArguments;
use crate::cohort::{Tables, read_tables};
use crate::matched::read_matched;
use crate::outcome::{Fault, Outcome};
use crate::output::say;
use crate::project::Project;
use crate::run::{find, standing_body};

/// Prints what will be done, in order of time.
pub(crate) fn explain(project: &Project, words: &ExplainArguments) -> Outcome {
    let body = standing_body(project)?;
    let (scenario, who) = match &words.people {
        None => {
            let (text, _, shown) = match find(project, &words.scenario) {
                Ok(found) => found,
                Err(fault) => return name(project, &body, &words.scenario, fault),
            };
            let scenario = read_matched(project, &body, &text, &shown)?.scenario;
            (scenario, String::new())
        }
        Some(table) => {
            let Tables {
                scenario,
                people,
                events,
                ..
            } = read_tables(
                project,
                &body,
                &words.scenario,
                table,
                words.events.as_deref(),
            )?;
            let person = match &words.person {
                None => 0,
                Some(id) => (0..people.len())
                    .find(|p| people.key(*p) == id || people.id(*p) == id)
                    .ok_or_else(|| {
                        Fault::Use(format!(
                            "error: nobody in {} has the ID `{id}`",
                            table.display()
                        ))
                    })?,
            };
            let mut own = people.scenario(person, &scenario);
            if let Some(events) = &events {
                events.put(people.key(person), &mut own);
                events
                    .remarks
                    .iter()
                    .for_each(|remark| eprintln!("{remark}"));
            }
            (own, format!(" for person {}", people.id(person)))
        }
    };
    let arm = arm(&scenario, words.arm.as_deref())?;
    let lines = schedule(&body, &scenario, arm).map_err(|faults| Fault::Failed(faults.render()))?;
    eprintln!(
        "{}{who}: {} entries; at one instant rows come first, then what the table of events does to states, then doses and settings",
        scenario.title,
        lines.len()
    );
    let mut out = "time_d\twhen\twhat\ttarget\tvalue\tunit\n".to_owned();
    for line in lines {
        let value = if line.value.is_nan() {
            String::new()
        } else {
            line.value.to_string()
        };
        let when = show_days(line.time_d);
        let _ = writeln!(
            out,
            "{}\t{when}\t{}\t{}\t{value}\t{}",
            line.time_d, line.what, line.target, line.unit
        );
    }
    say(&out)?;
    Ok(true)
}

/// What library and body know under a name that is no scenario.
fn name(project: &Project, body: &Body, asked: &str, no_scenario: Fault) -> Outcome {
    let bibliography = project
        .text("body/sources.bib")
        .map_err(|e| Fault::Failed(format!("error: {e}")))?;
    let page = library_page(body, asked, &bibliography);
    if !page.is_empty() {
        say(&page)?;
        return Ok(true);
    }
    if asked.contains(['/', '\\']) || asked.ends_with(".toml") {
        return Err(no_scenario);
    }
    let listed = "osteon list library, osteon list scenarios";
    let mut help = body.library.help(None, asked, listed);
    if help.starts_with("see ") {
        let names = library_names(body);
        help = suggestion(asked, names.iter().map(String::as_str), listed);
    }
    Err(Fault::Use(format!(
        "error: nothing is called `{asked}`: no scenario, no entry of the library, no symbol of the body\n   = help: {help}"
    )))
}

fn arm(scenario: &Scenario, asked: Option<&str>) -> Result<usize, Fault> {
    let Some(name) = asked else { return Ok(0) };
    scenario
        .arms
        .iter()
        .position(|a| a.name == name)
        .ok_or_else(|| {
            let help = near_name(name, scenario.arms.iter().map(|a| a.name.as_str())).map_or_else(
                || "the scenario has no arm of that name".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Fault::Use(format!("error: no arm `{name}`\n   = help: {help}"))
        })
}

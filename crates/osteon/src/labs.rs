//! `osteon labs`: the laboratory panel on any state of a scenario, with units, reference intervals and errors of measurement.

use osteon_report::{laboratory_json, laboratory_text};
use osteon_sim::{RunOptions, read_days, read_scenario};
use osteon_study::{LaboratoryError, laboratory, near_name};

use crate::arguments::LabsArguments;
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{find, standing_body};

/// Runs to the times, tells.
pub(crate) fn labs(project: &Project, words: &LabsArguments) -> Outcome {
    let body = standing_body(project)?;
    let (text, _, shown) = find(project, &words.scenario)?;
    let mut scenario =
        read_scenario(&text, &shown, &body).map_err(|f| Fault::Failed(f.render()))?;
    let mut times = Vec::new();
    for at in &words.at {
        times.push(read_days(at).map_err(|_| {
            Fault::Use(format!(
                "error: --at {at}: not a time\n   = help: for example \"5 a\" or \"21 d\""
            ))
        })?);
    }
    if let Some(name) = &words.arm {
        let known: Vec<String> = scenario.arms.iter().map(|a| a.name.clone()).collect();
        scenario.arms.retain(|a| a.name == *name);
        if scenario.arms.is_empty() {
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
    let panels = laboratory(&body, &scenario, &times, &options, &mut bar).map_err(|e| match e {
        LaboratoryError::Time { .. } => Fault::Use(e.to_string()),
        _ => Fault::Failed(e.to_string()),
    })?;
    bar.finish();
    if words.json {
        say_json(&laboratory_json(&scenario.title, &panels))?;
    } else {
        say(&format!(
            "{}\n{}",
            scenario.title,
            laboratory_text(&panels, words.us)
        ))?;
    }
    Ok(panels
        .iter()
        .all(|p| p.results.iter().all(|r| r.value.is_finite())))
}

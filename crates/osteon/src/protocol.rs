//! `osteon protocol`: the least of food, supplements and habits that restores and holds goals, within safe limits.

use osteon_report::{protocol_json, protocol_text};
use osteon_sim::{RunOptions, read_days, read_scenario};
use osteon_study::{
    Knowledge, ProtocolError, ProtocolQuestion, protocol as search, read_goal, read_levers,
    read_safety,
};

use crate::arguments::ProtocolArguments;
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{find, standing_body};

/// Searches and tells. A refused asked ends with exit code 1.
pub(crate) fn protocol(project: &Project, words: &ProtocolArguments) -> Outcome {
    let body = standing_body(project)?;
    let (text, _, shown) = find(project, &words.scenario)?;
    let scenario = read_scenario(&text, &shown, &body).map_err(|f| Fault::Failed(f.render()))?;
    let failed = |text: String| Fault::Failed(format!("error: {text}"));
    let safety = read_safety(project, &body).map_err(failed)?;
    let levers = read_levers(project, &body, &scenario).map_err(failed)?;
    let goals = words
        .goals
        .iter()
        .map(|said| read_goal(&body, said).map_err(|e| Fault::Use(format!("error: {e}"))))
        .collect::<Result<Vec<_>, _>>()?;
    let within_d = read_days(&words.within).map_err(|_| {
        Fault::Use(format!(
            "error: --within {}: not a time\n   = help: for example \"1 a\"",
            words.within
        ))
    })?;
    let known = Knowledge::read(project).map_err(failed)?;
    let question = ProtocolQuestion {
        goals,
        within_d,
        samples: words.samples as usize,
        seed: words.seed,
        known,
    };
    let mut bar = Bar::new(words.quiet || words.json);
    let options = RunOptions::default();
    let found = search(
        &body, &scenario, &levers, &safety, &question, &options, &mut bar,
    )
    .map_err(|e| match e {
        ProtocolError::Question(text) => Fault::Use(format!("error: {text}")),
        ProtocolError::Setup(faults) => Fault::Failed(faults.render()),
        ProtocolError::Run(text) => Fault::Failed(format!("error: {text}")),
    })?;
    bar.finish();
    if words.json {
        say_json(&protocol_json(&found))?;
    } else if !words.quiet {
        say(&protocol_text(&found))?;
    }
    Ok(found.refused.is_none())
}

//! `osteon protocol`: the least of food, supplements and habits that restores and holds goals, within safe limits.

use osteon_report::{protocol_figure, protocol_json, protocol_text};
use osteon_sim::{Body, RunOptions, read_days};
use osteon_study::{
    Asked, Knowledge, MatchedScenario, Protocol, ProtocolError, ProtocolQuestion,
    protocol as search, read_asked, read_goal, read_levers, read_safety, weigh,
};

use crate::arguments::{ProtocolArguments, SearchArguments};
use crate::matched::{matched_text, read_matched, with_matched};
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{say, say_json, simulated, write_picture};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{cautioned, find, standing_body};

/// Searches and tells. A refused asked ends with exit code 1.
pub(crate) fn protocol(project: &Project, words: &ProtocolArguments) -> Outcome {
    let body = standing_body(project)?;
    let (text, _, shown) = find(project, &words.scenario)?;
    let matched = read_matched(project, &body, &text, &shown)?;
    if !words.quiet {
        cautioned(&matched.scenario);
    }
    let mut bar = Bar::new(words.quiet || words.json);
    let found = searched(
        project,
        &body,
        &matched,
        &words.goals,
        &words.search,
        words.seed,
        &mut bar,
    )?;
    bar.finish();
    if words.svg.is_some() || words.png.is_some() {
        let source = simulated(&body.title);
        write_picture(
            &protocol_figure(&found, &source),
            words.svg.as_deref(),
            words.png.as_deref(),
        )?;
    }
    if words.json {
        say_json(&with_matched(protocol_json(&found), &matched))?;
    } else if !words.quiet {
        say(&(matched_text(&matched) + &protocol_text(&found)))?;
    }
    Ok(found.refused.is_none())
}

/// The least that reaches these goals for the person of the first arm.
pub(crate) fn searched(
    project: &Project,
    body: &Body,
    matched: &MatchedScenario,
    goals: &[String],
    words: &SearchArguments,
    seed: u64,
    bar: &mut Bar,
) -> Result<Protocol, Fault> {
    let scenario = &matched.scenario;
    let failed = |text: String| Fault::Failed(format!("error: {text}"));
    let wrong = |text: String| Fault::Use(format!("error: {text}"));
    let safety = read_safety(project, body).map_err(failed)?;
    let mut levers = read_levers(project, body, scenario).map_err(failed)?;
    for said in &words.asked {
        match read_asked(body, scenario, &safety, said).map_err(wrong)? {
            Asked::Lever(lever) => levers.push(lever),
            Asked::Refused(why) => return Err(Fault::Failed(format!("refused: {why}"))),
        }
    }
    for (name, by) in weights(words)? {
        weigh(&mut levers, &name, by).map_err(wrong)?;
    }
    let goals = goals
        .iter()
        .map(|said| read_goal(body, said).map_err(wrong))
        .collect::<Result<Vec<_>, _>>()?;
    let within_d = read_days(&words.within).map_err(|_| {
        Fault::Use(format!(
            "error: --within {}: not a time\n   = help: for example \"1 a\"",
            words.within
        ))
    })?;
    let question = ProtocolQuestion {
        goals,
        within_d,
        samples: words.samples as usize,
        seed,
        known: Knowledge::read(project).map_err(failed)?,
    };
    let options = RunOptions::default();
    search(body, matched, &levers, &safety, &question, &options, bar).map_err(|e| match e {
        ProtocolError::Question(text) => wrong(text),
        ProtocolError::Setup(faults) => Fault::Failed(faults.render()),
        ProtocolError::Run(text) => failed(text),
    })
}

/// Weights of a file, then those of the command line.
fn weights(words: &SearchArguments) -> Result<Vec<(String, f64)>, Fault> {
    let mut found = Vec::new();
    if let Some(path) = &words.weights {
        let text = std::fs::read_to_string(path).map_err(|e| outside("read", path, e))?;
        let table: toml::Table = text
            .parse()
            .map_err(|e| Fault::Failed(format!("error: {}: {e}", path.display())))?;
        for (name, value) in table {
            let number = value
                .as_float()
                .or_else(|| value.as_integer().map(|i| i as f64));
            let number = number.ok_or_else(|| {
                Fault::Failed(format!("error: {}: `{name}` is no number", path.display()))
            })?;
            found.push((name, number));
        }
    }
    for said in &words.weight {
        let read = said
            .rsplit_once('=')
            .and_then(|(name, by)| Some((name.trim().to_owned(), by.trim().parse().ok()?)));
        found.push(read.ok_or_else(|| {
            Fault::Use(format!(
                "error: --weight \"{said}\": write \"name = number\", for example \"exercise = 0.5\""
            ))
        })?);
    }
    Ok(found)
}

//! `osteon why`: a change of an output taken apart over the pathways of the body.

use osteon_report::{why_figure, why_json, why_text};
use osteon_sim::RunOptions;
use osteon_study::{WhyError, WhyQuestion, why as explain};

use crate::arguments::WhyArguments;
use crate::matched::{matched_text, read_matched, with_matched};
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json, simulated, write_picture};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{cautioned, find, moment, standing_body};

/// Shares are differences of runs, so these are solved closer than a plain run.
const RTOL: f64 = 1e-7;

/// Runs, tells, draws.
pub(crate) fn why(project: &Project, words: &WhyArguments) -> Outcome {
    let body = standing_body(project)?;
    let (text, _, shown) = find(project, &words.scenario)?;
    let matched = read_matched(project, &body, &text, &shown)?;
    let scenario = &matched.scenario;
    if !words.quiet {
        cautioned(scenario);
    }
    let at_d = match &words.at {
        Some(at) => moment(at)?,
        None => scenario.record.until_d,
    };
    let question = WhyQuestion {
        quantity: words.quantity.clone(),
        at_d,
        arm: words.arm.as_deref().unwrap_or("").to_owned(),
        against: words.against.clone().filter(|a| a != "start"),
        seed: words.seed,
        ..WhyQuestion::default()
    };
    let options = RunOptions {
        rtol: RTOL,
        ..RunOptions::default()
    };
    let mut bar = Bar::new(words.quiet || words.json);
    let found = explain(&body, scenario, &question, &options, &mut bar).map_err(|e| match e {
        WhyError::Question(text) => Fault::Use(format!("error: {text}")),
        WhyError::Setup(faults) => Fault::Failed(faults.render()),
        WhyError::Run(text) => Fault::Failed(format!("error: {text}")),
    })?;
    bar.finish();
    let source = simulated(&body.title);
    if words.svg.is_some() || words.png.is_some() {
        write_picture(
            &why_figure(&found, &source),
            words.svg.as_deref(),
            words.png.as_deref(),
        )?;
    }
    if words.json {
        say_json(&with_matched(why_json(&found), &matched))?;
    } else if !words.quiet {
        say(&(matched_text(&matched) + &why_text(&found)))?;
    }
    Ok(true)
}

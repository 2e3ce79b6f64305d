//! `osteon fit`: parameters against study rows; old and new values, misfits, and what the data leave open.

use std::fmt::Write as _;
use std::fs;

use osteon_model::Sources;
use osteon_report::{fit_text, fit_toml};
use osteon_sim::{Body, RunOptions};
use osteon_study::{
    FitError, FitFile, Study, fit as fit_parameters, near_name, read_fit, read_study, reproduces,
};

use crate::arguments::FitArguments;
use crate::fit_accept::accept;
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{say, write};
use crate::progress_bar::Bar;
use crate::project::{Project, SIGNS};
use crate::run::standing_body;

/// Fits are differences of runs: they need a tighter tolerance than a single run.
const RTOL: f64 = 1e-8;

/// Fits, tells, writes; with `--check`, compares with the body; with `--accept`, writes the values into it.
pub(crate) fn fit(project: &Project, words: &FitArguments) -> Outcome {
    let shown = words.file.display().to_string();
    let text = fs::read_to_string(&words.file).map_err(|e| outside("read", &words.file, e))?;
    let body = standing_body(project)?;
    let file = read_fit(&text, &shown, &body).map_err(|faults| Fault::Failed(faults.render()))?;
    let studies = named_studies(project, &file, &body, &shown)?;
    let options = RunOptions {
        rtol: RTOL,
        ..RunOptions::default()
    };
    let mut bar = Bar::new(words.quiet);
    let result = fit_parameters(&body, &file, &studies, &options, &mut bar).map_err(|error| {
        Fault::Failed(match error {
            FitError::Setup(faults) => faults.render(),
            FitError::NoRows(why) | FitError::Start(why) => format!("error: {shown}: {why}"),
        })
    })?;
    bar.finish();
    say(&fit_text(&file, &result))?;
    if !result.converged {
        eprintln!(
            "warning: the search stopped after {} rounds without settling",
            result.rounds
        );
    }
    if words.check {
        let mut out = String::new();
        for fitted in result
            .parameters
            .iter()
            .filter(|p| !reproduces(p, file.tolerance))
        {
            let p = &fitted.parameter;
            let _ = writeln!(
                out,
                "  {}: fitted {} and shipped {} {}",
                p.name, fitted.value, p.shipped, p.unit
            );
        }
        if out.is_empty() {
            eprintln!(
                "the body holds the fitted values, within {} %",
                100.0 * file.tolerance
            );
            return Ok(true);
        }
        eprint!("error: the body does not hold what this fit gives\n{out}");
        return Ok(false);
    }
    let path = words
        .output
        .clone()
        .unwrap_or_else(|| words.file.with_extension("result.toml"));
    write(&path, fit_toml(&file, &result).as_bytes())?;
    if !words.quiet {
        eprintln!("wrote {}", path.display());
    }
    if words.accept {
        for path in accept(project, &body, &result.parameters)? {
            if !words.quiet {
                eprintln!("took the values over into {}", path.display());
            }
        }
    }
    Ok(true)
}

fn named_studies(
    project: &Project,
    file: &FitFile,
    body: &Body,
    shown: &str,
) -> Result<Vec<Study>, Fault> {
    let known = [project.studies(), project.signs()].concat();
    let mut studies = Vec::new();
    for name in &file.studies {
        if !known.contains(name) {
            let help = near_name(name, known.iter().map(String::as_str)).map_or_else(
                || {
                    "see `osteon list studies`; a sign is named with its folder, signs/NAME"
                        .to_owned()
                },
                |n| format!("did you mean `{n}`?"),
            );
            return Err(Fault::Failed(format!(
                "error: {shown}: unknown study `{name}`\n   = help: {help}"
            )));
        }
        let sources: &dyn Sources = project;
        let folder = if name.starts_with(SIGNS) {
            name.clone()
        } else {
            format!("studies/{name}")
        };
        studies.push(
            read_study(sources, &folder, body).map_err(|faults| Fault::Failed(faults.render()))?,
        );
    }
    Ok(studies)
}

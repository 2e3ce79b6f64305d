//! `osteon sensitivity`: every uncertain parameter to the ends of its range, and what that does to the rows of a study, or to the last
//! values of a scenario; over all studies, what would teach the body most.

use std::path::Path;

use osteon_report::{sensitivity_json, sensitivity_page, sensitivity_text, tornado_figure};
use osteon_sim::{Body, RunOptions};
use osteon_study::{
    Sensitivity, Uncertain, read_study, scenario_sensitivity, study_sensitivity, teachers,
    uncertain_parameters,
};

use crate::arguments::SensitivityArguments;
use crate::matched::read_matched;
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json, write, write_drawing};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{find, standing_body};

/// Measurements named as those that would teach most.
const LESSONS: usize = 3;

/// Computes, tells, draws, writes the page.
pub(crate) fn sensitivity(project: &Project, words: &SensitivityArguments) -> Outcome {
    let body = standing_body(project)?;
    let parameters = uncertain_parameters(&body);
    let mut bar = Bar::new(words.quiet || words.json);
    let found = match &words.of {
        Some(of) => vec![one(project, &body, of, &parameters)?],
        None if words.all => all(project, &body, &parameters, &mut bar)?,
        None => {
            return Err(Fault::Use(
                "error: name a study or a scenario, or ask for --all studies\n   = help: for example `osteon sensitivity fatemi-1991-depletion`".to_owned(),
            ));
        }
    };
    bar.finish();
    let made_by = format!(
        "Osteon {}, {} ({})",
        env!("CARGO_PKG_VERSION"),
        body.title,
        body.hash
    );
    if let Some(folder) = &words.figures {
        for study in found.iter().filter(|s| !s.outputs.is_empty()) {
            let source =
                format!("Simulated with {made_by}. For research and teaching; not medical advice.");
            write_drawing(
                folder,
                &format!("{}.tornado", study.name),
                &tornado_figure(study, &parameters, words.top, &source),
            )?;
        }
    }
    if let Some(path) = &words.write {
        let learn = teachers(&found, parameters.len(), LESSONS);
        write(
            path,
            sensitivity_page(&found, &parameters, &learn, words.top, &made_by).as_bytes(),
        )?;
        if !words.quiet {
            eprintln!("wrote {}", path.display());
        }
    }
    if words.json {
        say_json(&sensitivity_json(&found, &parameters))?;
    } else if !words.quiet && words.write.is_none() {
        let pages: Vec<String> = found
            .iter()
            .map(|s| sensitivity_text(s, &parameters, words.top))
            .collect();
        say(&pages.join("\n"))?;
    }
    Ok(true)
}

fn one(
    project: &Project,
    body: &Body,
    of: &str,
    parameters: &[Uncertain],
) -> Result<Sensitivity, Fault> {
    let told = |faults: osteon_sim::Diagnostics| Fault::Failed(faults.render());
    let options = RunOptions::default();
    if project.studies().iter().any(|s| s == of) && !Path::new(of).is_file() {
        let study = read_study(project, &format!("studies/{of}"), body).map_err(told)?;
        return study_sensitivity(body, &study, parameters, &options).map_err(told);
    }
    let (text, name, shown) = find(project, of)?;
    let mut scenario = read_matched(project, body, &text, &shown)?.scenario;
    scenario.name = name;
    scenario_sensitivity(body, &scenario, parameters, &options).map_err(told)
}

fn all(
    project: &Project,
    body: &Body,
    parameters: &[Uncertain],
    bar: &mut Bar,
) -> Result<Vec<Sensitivity>, Fault> {
    use osteon_sim::Progress as _;
    bar.stage("sensitivity");
    let names = project.studies();
    let mut found = Vec::new();
    for (i, name) in names.iter().enumerate() {
        found.push(one(project, body, name, parameters)?);
        bar.fraction((i + 1) as f64 / names.len() as f64);
    }
    Ok(found)
}

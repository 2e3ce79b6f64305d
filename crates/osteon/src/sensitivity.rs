//! `osteon sensitivity`: every uncertain parameter to the ends of its range, and what that does to the rows of a study, or to the last
//! values of a scenario; over all studies, what they determine and what would teach the body most.

use std::path::Path;

use osteon_model::Sources as _;
use osteon_report::{
    SensitivityPage, sensitivity_json, sensitivity_page, sensitivity_text, tornado_figure,
};
use osteon_sim::{Body, Diagnostics, Progress as _, RunOptions};
use osteon_study::{
    JOINT, JointSpread, MEASUREMENTS, NewMeasurement, Probe, Sensitivity, Study, Uncertain,
    read_measurements, read_study, teachers, uncertain_parameters,
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

fn told(faults: Diagnostics) -> Fault {
    Fault::Failed(faults.render())
}

/// Computes, tells, draws, writes the page.
pub(crate) fn sensitivity(project: &Project, words: &SensitivityArguments) -> Outcome {
    let body = standing_body(project)?;
    let parameters = uncertain_parameters(&body);
    let options = RunOptions::default();
    let probe = Probe::new(&body, &parameters, &options).map_err(told)?;
    let made_by = format!(
        "Osteon {}, {} ({})",
        env!("CARGO_PKG_VERSION"),
        body.title,
        body.hash
    );
    let mut bar = Bar::new(words.quiet || words.json);
    let found = match &words.of {
        Some(of) => vec![one(project, &body, of, &probe)?],
        None if words.all => all(
            project,
            &body,
            &parameters,
            &probe,
            words,
            &made_by,
            &mut bar,
        )?,
        None => {
            return Err(Fault::Use(
                "error: name a study or a scenario, or ask for --all studies\n   = help: for example `osteon sensitivity fatemi-1991-depletion`".to_owned(),
            ));
        }
    };
    bar.finish();
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

fn one(project: &Project, body: &Body, of: &str, probe: &Probe<'_>) -> Result<Sensitivity, Fault> {
    if project.studies().iter().any(|s| s == of) && !Path::new(of).is_file() {
        let study = read_study(project, &format!("studies/{of}"), body).map_err(told)?;
        return probe.study(&study, &[]).map_err(told);
    }
    let (text, name, shown) = find(project, of)?;
    let mut scenario = read_matched(project, body, &text, &shown)?.scenario;
    scenario.name = name;
    probe.last_values(&scenario).map_err(told)
}

/// All studies; then the page and the table that bands draw from.
fn all(
    project: &Project,
    body: &Body,
    parameters: &[Uncertain],
    probe: &Probe<'_>,
    words: &SensitivityArguments,
    made_by: &str,
    bar: &mut Bar,
) -> Result<Vec<Sensitivity>, Fault> {
    bar.stage("sensitivity");
    let studies: Vec<Study> = project
        .studies()
        .iter()
        .map(|name| read_study(project, &format!("studies/{name}"), body).map_err(told))
        .collect::<Result<_, _>>()?;
    // A project without such a file has no measurements in mind.
    let wished = match project.text(MEASUREMENTS) {
        Ok(text) => read_measurements(&text, body, &studies)
            .map_err(|why| Fault::Failed(format!("error: {MEASUREMENTS}: {why}")))?,
        Err(_) => Vec::new(),
    };
    let mut found = vec![probe.rest().clone()];
    for (i, study) in studies.iter().enumerate() {
        let more: Vec<&NewMeasurement> = wished.iter().filter(|m| m.study == study.name).collect();
        found.push(probe.study(study, &more).map_err(told)?);
        bar.fraction((i + 1) as f64 / studies.len() as f64);
    }
    let joint = JointSpread::of(&found, parameters, &body.hash);
    if let (Some(joint), Some(path)) = (&joint, &words.joint) {
        write(path, joint.to_text().as_bytes())?;
        if !words.quiet {
            eprintln!("wrote {}", path.display());
        }
    }
    if let Some(path) = &words.write {
        let learn = teachers(&found, parameters, LESSONS);
        let known = joint.as_ref().map(|j| (j.told(), j.rows()));
        let says: Vec<(String, String, String)> = wished
            .iter()
            .map(|m| (m.study.clone(), m.row.quantity.clone(), m.says.clone()))
            .collect();
        let page = SensitivityPage {
            parameters,
            learn: &learn,
            told: known.as_ref().map(|(told, rows)| (told, *rows)),
            says: &says,
            top: words.top,
            made_by,
        };
        write(path, sensitivity_page(&found, &page).as_bytes())?;
        if !words.quiet {
            eprintln!("wrote {}", path.display());
        }
    }
    if words.joint.is_none() && words.write.is_some() && project.text(JOINT).is_ok() {
        eprintln!("note: {JOINT} was left as it is; --joint {JOINT} renews it");
    }
    Ok(found)
}

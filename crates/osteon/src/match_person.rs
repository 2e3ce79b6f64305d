//! `osteon match`: a person is matched to laboratory values, and the scenario is run on with what is then known of them.

use std::path::Path;

use osteon_report::{
    allowed_text, band_csv, match_json, recovery_json, recovery_text, run_figure, summary,
    tidy_csv, with_bands,
};
use osteon_sim::{
    Body, Diagnostics, Measured, Run, RunOptions, Scenario, read_measured, read_scenario,
};
use osteon_study::{
    Bands, Individual, MatchOptions, match_scenario, read_individuals, read_labs, recovery,
};
use serde_json::json;

use crate::arguments::MatchArguments;
use crate::matched::{allowed_bands, matched_json, matched_text, told};
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{say, say_json, simulated, write, write_figure};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{cautioned, find, standing_body};

/// Who is drawn by the self-test unless a scenario says.
const ANYBODY: &str = "title = \"an adult\"\n[person]\nsex = \"female\"\nage = \"40 a\"\nweight = \"65 kg\"\nheight = \"168 cm\"\n[record]\nuntil = \"1 d\"\nclock = \"averaged\"\n";

/// What a usual panel measures, if no table says.
const PANEL: [&str; 8] = [
    "serum.Mg",
    "urine.Mg",
    "serum.Ca",
    "urine.Ca",
    "serum.P",
    "serum.PTH",
    "serum.25OHD",
    "serum.1,25D",
];

fn faulty(faults: Diagnostics) -> Fault {
    Fault::Failed(faults.render())
}

/// Matches, tells, runs on; or tests itself.
pub(crate) fn run(project: &Project, words: &MatchArguments) -> Outcome {
    let body = standing_body(project)?;
    let individuals =
        read_individuals(project, &body).map_err(|e| Fault::Failed(format!("error: {e}")))?;
    let (text, name, shown) = match &words.scenario {
        Some(asked) => find(project, asked)?,
        None if words.self_test.is_some() => (
            ANYBODY.to_owned(),
            "anybody".to_owned(),
            "anybody".to_owned(),
        ),
        None => {
            return Err(Fault::Use(
                "error: name the person's scenario\n   = help: osteon match person.toml --labs labs.csv".to_owned(),
            ));
        }
    };
    let mut scenario = read_scenario(&text, &shown, &body).map_err(faulty)?;
    let own = scenario.arms.iter().find(|a| !a.person.measured.is_empty());
    let own = own.map_or_else(Vec::new, |a| a.person.measured.clone());
    let measured = measured(&body, words)?;
    let flags = !measured.is_empty();
    let measured = if flags { measured } else { own };
    if let Some(people) = words.self_test {
        return self_test(
            &body,
            &scenario,
            &individuals,
            &measured,
            people as usize,
            words,
        );
    }
    if measured.is_empty() {
        return Err(Fault::Use(
            "error: nothing was measured\n   = help: [person] measured, --labs FILE, or --measured \"serum.Mg = 0.68 mmol/L\"".to_owned(),
        ));
    }
    for arm in scenario.arms.iter_mut().filter(|_| flags) {
        arm.person.measured.clone_from(&measured);
    }
    let options = RunOptions::default();
    let search = MatchOptions::default();
    let ready = match_scenario(&body, scenario, &individuals, &search, &options).map_err(told)?;
    let scenario = &ready.scenario;
    if !words.quiet {
        cautioned(scenario);
    }
    let mut bar = Bar::new(words.quiet || words.json);
    let run = osteon_sim::run(&body, scenario, &options, &mut bar).map_err(faulty)?;
    let bands = allowed_bands(&body, &ready, words.draws as usize, words.seed, &mut bar)?;
    bar.finish();
    if let Some(folder) = &words.output {
        write_files(folder, &name, scenario, &run, &bands, &body)?;
    }
    if words.json {
        let course = osteon_report::run_json(&run);
        // One person, or one for each arm that brings their own.
        let found = match ready.people.as_slice() {
            [one] => match_json(&one.found),
            _ => matched_json(&ready),
        };
        say_json(&json!({"matched": found, "run": course}))?;
    } else if !words.quiet {
        say(&format!(
            "{}\n\n{}\n{}\n{}",
            scenario.title,
            matched_text(&ready),
            summary(&run),
            allowed_text(&run, &bands)
        ))?;
    }
    Ok(!run.failed())
}

fn measured(body: &Body, words: &MatchArguments) -> Result<Vec<Measured>, Fault> {
    let mut all = Vec::new();
    if let Some(path) = &words.labs {
        let text = std::fs::read_to_string(path).map_err(|e| outside("read", path, e))?;
        all = read_labs(body, &text).map_err(|faults| {
            let lines: Vec<String> = faults
                .iter()
                .map(|f| format!("error: {}: {f}", path.display()))
                .collect();
            Fault::Failed(lines.join("\n"))
        })?;
    }
    for said in &words.measured {
        let (quantity, value) = said.split_once('=').ok_or_else(|| {
            Fault::Use(format!(
                "error: --measured \"{said}\": write \"quantity = value unit\""
            ))
        })?;
        let one = read_measured(&body.library, quantity.trim(), value.trim(), None)
            .map_err(|e| Fault::Failed(format!("error: {e}")))?;
        if all.iter().any(|m: &Measured| m.quantity == one.quantity) {
            return Err(Fault::Use(format!(
                "error: `{}` is given twice",
                one.quantity
            )));
        }
        all.push(one);
    }
    Ok(all)
}

fn write_files(
    folder: &Path,
    name: &str,
    scenario: &Scenario,
    run: &Run,
    bands: &Bands,
    body: &Body,
) -> Result<(), Fault> {
    let source = simulated(&format!(
        "{}, in a person matched to laboratory values",
        body.title
    ));
    write(
        &folder.join(format!("{name}.csv")),
        tidy_csv(run).as_bytes(),
    )?;
    write(
        &folder.join(format!("{name}.bands.csv")),
        band_csv(run, bands).as_bytes(),
    )?;
    let figure = with_bands(run_figure(run, scenario, &source), run, bands);
    write_figure(folder, name, &figure)
}

fn self_test(
    body: &Body,
    scenario: &Scenario,
    individuals: &[Individual],
    measured: &[Measured],
    people: usize,
    words: &MatchArguments,
) -> Outcome {
    let tests: Vec<(String, f64)> = if measured.is_empty() {
        PANEL
            .iter()
            .filter(|q| body.library.quantity(q).is_some())
            .map(|q| {
                let error = body.library.relative_error_of(q);
                error.map(|e| ((*q).to_owned(), e)).ok_or_else(|| {
                    Fault::Use(format!(
                        "error: how well {q} is measured is not known\n   = help: say what is measured with --labs FILE, with the column cv"
                    ))
                })
            })
            .collect::<Result<_, _>>()?
    } else {
        measured
            .iter()
            .map(|m| (m.quantity.clone(), m.error))
            .collect()
    };
    let options = RunOptions::default();
    let found = recovery(
        body,
        scenario,
        individuals,
        &tests,
        people,
        words.seed,
        &options,
    )
    .map_err(told)?;
    if words.json {
        say_json(&recovery_json(&found))?;
    } else {
        say(&recovery_text(&found))?;
    }
    Ok((0.85..=0.95).contains(&found.covered))
}

//! `osteon match`: a person is matched to laboratory values, and the scenario is run on with what is then known of them.

use std::path::Path;

use osteon_report::{
    allowed_text, band_csv, match_json, match_text, recovery_json, recovery_text, run_figure,
    summary, tidy_csv, with_bands,
};
use osteon_sim::{
    Body, Diagnostics, Member, Progress as _, Run, RunOptions, Scenario, Silent, TestMethod, meta,
    read_scenario, run_many,
};
use osteon_study::{
    Bands, Individual, MatchError, MatchOptions, Matched, Measured, match_person, read_individuals,
    read_labs, read_measured, recovery,
};
use serde_json::json;

use crate::arguments::MatchArguments;
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{say, say_json, write, write_figure};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::{find, standing_body};

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

fn told(error: MatchError) -> Fault {
    match error {
        MatchError::Setup(faults) => Fault::Failed(faults.render()),
        MatchError::Run(text) => Fault::Failed(format!("error: {text}")),
    }
}

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
    let scenario = read_scenario(&text, &shown, &body).map_err(faulty)?;
    let measured = measured(&body, words)?;
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
            "error: nothing was measured\n   = help: --labs FILE, or --measured \"serum.Mg = 0.68 mmol/L\"".to_owned(),
        ));
    }
    let options = RunOptions::default();
    let search = MatchOptions::default();
    let found =
        match_person(&body, &scenario, &individuals, &measured, &search, &options).map_err(told)?;
    let mut bar = Bar::new(words.quiet || words.json);
    let (run, bands) = go_on(&body, &scenario, &found, words, &mut bar)?;
    bar.finish();
    if let Some(folder) = &words.output {
        write_files(folder, &name, &scenario, &run, &bands, &body)?;
    }
    if words.json {
        let course = osteon_report::run_json(&run);
        say_json(&json!({"matched": match_json(&found), "run": course}))?;
    } else if !words.quiet {
        say(&format!(
            "{}\n\n{}\n{}\n{}",
            scenario.title,
            match_text(&found),
            summary(&run),
            allowed_text(&run, &bands)
        ))?;
    }
    Ok(run.arms.iter().all(|a| a.failure.is_none()))
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
        // A coefficient of variation may follow: "0.68 mmol/L ± 4 %".
        let (value, error) = match value.split_once('±') {
            None => (value, None),
            Some((value, error)) => {
                let number = error.trim().trim_end_matches('%').trim().parse();
                let number = number.map_err(|_| {
                    Fault::Use(format!(
                        "error: `±{error}` is no coefficient of variation in %"
                    ))
                })?;
                (value, Some(number))
            }
        };
        let one = read_measured(body, quantity.trim(), value.trim(), error)
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

/// The scenario in the most likely person, and in others whom the measurements allow.
fn go_on(
    body: &Body,
    scenario: &Scenario,
    found: &Matched,
    words: &MatchArguments,
    bar: &mut Bar,
) -> Result<(Run, Bands), Fault> {
    let options = RunOptions::default();
    let mut starts = vec![found.start()];
    starts.extend((0..u64::from(words.draws)).map(|k| found.draw(words.seed, k)));
    let arms = scenario.arms.len();
    let members: Vec<Member<'_>> = starts
        .iter()
        .flat_map(|start| {
            (0..arms).map(|arm| Member {
                scenario,
                arm,
                id: None,
                start: start.clone(),
            })
        })
        .collect();
    bar.stage("people whom the measurements allow");
    let all = run_many(body, &members, &options, &mut Silent).map_err(faulty)?;
    let mut people = all.chunks(arms).map(<[_]>::to_vec);
    let first = people
        .next()
        .ok_or_else(|| Fault::Failed("error: nobody was run".to_owned()))?;
    let (mut samples, mut failed) = (Vec::new(), (0, String::new()));
    for arms in people {
        match arms.iter().find_map(|a| a.failure.clone()) {
            Some(failure) => failed = (failed.0 + 1, failure.message),
            None => samples.push(arms),
        }
    }
    let run = Run {
        title: scenario.title.clone(),
        scenario: scenario.name.clone(),
        arms: first,
        meta: meta(body, scenario, &options),
    };
    let bands = Bands {
        samples,
        failed,
        drawn: words.draws as usize,
        impossible: 0,
        unhealthy: 0,
        left: Vec::new(),
        healthy_only: false,
        parameters: found.parameters.len(),
        correlated: found.parameters.len(),
        told_by: None,
        seed: words.seed,
    };
    Ok((run, bands))
}

fn write_files(
    folder: &Path,
    name: &str,
    scenario: &Scenario,
    run: &Run,
    bands: &Bands,
    body: &Body,
) -> Result<(), Fault> {
    let source = format!(
        "Simulated with Osteon {}, {}, in a person matched to laboratory values. For research and teaching; not medical advice.",
        env!("CARGO_PKG_VERSION"),
        body.title
    );
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
                let known = body
                    .library
                    .tests
                    .iter()
                    .find(|t| matches!(&t.method, TestMethod::Quantity(name) if name == q));
                let part = |f: &Option<osteon_sim::Fact>| f.as_ref().map(|f| f.value / 100.0);
                let error = known.and_then(|t| Some(part(&t.analytical)?.hypot(part(&t.biological)?)));
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

//! `osteon run`: a scenario becomes a summary, a table and a figure.

use std::path::Path;

use osteon_model::{Diagnostic, Sources as _};
use osteon_report::{
    allowed_text, band_csv, band_text, in_us_units, run_figure, run_json, summary, tidy_csv,
    with_bands,
};
use osteon_sim::{Body, Clock, Diagnostics, RunOptions, Scenario, read_days};
use osteon_study::{
    BandOptions, Bands, Knowledge, MatchedScenario, PlausibleBodies, bands, near_name,
    plausible_bodies,
};

use crate::arguments::{ClockChoice, RunArguments};
use crate::matched::{DRAWS, allowed_bands, matched_text, read_matched, with_matched};
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json, simulated, write, write_figure};
use crate::progress_bar::Bar;
use crate::project::{Project, beside};

/// Runs, tells, writes.
pub(crate) fn run(project: &Project, words: &RunArguments) -> Outcome {
    let (text, name, shown) = find(project, &words.scenario)?;
    let body = standing_body(project)?;
    let mut matched = read_matched(project, &body, &text, &shown)?;
    matched.scenario.name.clone_from(&name);
    change_record(&mut matched.scenario, words, &body)?;
    let scenario = &matched.scenario;

    if !words.quiet {
        cautioned(scenario);
    }
    let mut bar = Bar::new(words.quiet);
    let run = osteon_sim::run(&body, scenario, &RunOptions::default(), &mut bar)
        .map_err(|faults| Fault::Failed(faults.render()))?;
    bar.finish();
    let run = if words.us { in_us_units(run) } else { run };
    let draws = Draws {
        asked: words.bands,
        seed: words.seed,
        healthy_only: words.healthy,
    };
    let spread = draws.spread(project, &body, &matched, &mut bar)?;
    bar.finish();

    // The finished part of a failed run is kept: files are written before the failure is told.
    let told = if words.json {
        String::new()
    } else {
        matched_text(&matched)
            + &summary(&run)
            + &spread.as_ref().map_or_else(String::new, |b| {
                if b.matched {
                    format!("\n{}", allowed_text(&run, b))
                } else {
                    band_text(&run, b)
                }
            })
    };
    if !words.json || words.output.is_some() {
        let folder = words
            .output
            .clone()
            .unwrap_or_else(|| Path::new("out").join(&name));
        let source = simulated(&run.meta.body);
        write(
            &folder.join(format!("{name}.csv")),
            tidy_csv(&run).as_bytes(),
        )?;
        write(
            &folder.join(format!("{name}.toml")),
            scenario.text.as_bytes(),
        )?;
        write(
            &folder.join(format!("{name}.txt")),
            (matched_text(&matched) + &summary(&run)).as_bytes(),
        )?;
        let figure = run_figure(&run, scenario, &source);
        let figure = match &spread {
            Some(spread) => {
                write(
                    &folder.join(format!("{name}.bands.csv")),
                    band_csv(&run, spread).as_bytes(),
                )?;
                with_bands(figure, &run, spread)
            }
            None => figure,
        };
        write_figure(&folder, &name, &figure)?;
        if !words.quiet {
            eprintln!(
                "wrote {}",
                folder
                    .join(format!("{name}.{{csv,svg,png,txt,toml}}"))
                    .display()
            );
        }
    }
    if words.json {
        say_json(&with_matched(run_json(&run), &matched))?;
    } else if !words.quiet {
        say(&told)?;
    }
    for arm in &run.arms {
        if let (Some(stopped), Some(failure)) = (arm.stopped(), &arm.failure) {
            let id = crate::outcome::in_brackets(failure.id);
            eprintln!("error{id}: {stopped}\n   = help: {}", failure.hint);
        }
    }
    Ok(!run.failed())
}

/// A time given by `--at`, in days.
pub(crate) fn moment(at: &str) -> Result<f64, Fault> {
    read_days(at).map_err(|_| {
        Fault::Use(format!(
            "error: --at {at}: not a time\n   = help: for example \"5 a\" or \"21 d\""
        ))
    })
}

/// Tells what should be thought of before anybody does this; the simulation goes on.
pub(crate) fn cautioned(scenario: &Scenario) {
    for caution in &scenario.cautions {
        eprintln!("caution: {caution}");
    }
}

/// Whom bands are drawn from: those whom measured values allow, else plausible bodies.
pub(crate) struct Draws {
    /// How many; for measured people there are some also if nobody asks.
    pub(crate) asked: Option<u32>,
    pub(crate) seed: u64,
    /// Only plausible bodies that are healthy at rest.
    pub(crate) healthy_only: bool,
}

impl Draws {
    /// Bands of a scenario, if they are asked for or its people bring measured values.
    pub(crate) fn spread(
        &self,
        project: &Project,
        body: &Body,
        matched: &MatchedScenario,
        bar: &mut Bar,
    ) -> Result<Option<Bands>, Fault> {
        let asked = self.asked.map(|n| n as usize);
        if !matched.people.is_empty() {
            return allowed_bands(body, matched, asked.unwrap_or(DRAWS), self.seed, bar).map(Some);
        }
        let Some(samples) = asked else {
            return Ok(None);
        };
        let of = plausible(project, body, samples, self.seed, self.healthy_only, bar)?;
        spread_of(body, &matched.scenario, &of, bar).map(Some)
    }
}

/// Plausible bodies, drawn from what the rows that shaped the body leave open.
pub(crate) fn plausible(
    project: &Project,
    body: &Body,
    samples: usize,
    seed: u64,
    healthy_only: bool,
    bar: &mut dyn osteon_sim::Progress,
) -> Result<PlausibleBodies, Fault> {
    let known = Knowledge::read(project).map_err(|why| Fault::Failed(format!("error: {why}")))?;
    let asked = BandOptions {
        samples,
        seed,
        healthy_only,
        known,
    };
    plausible_bodies(body, &asked, &RunOptions::default(), bar)
        .map_err(|faults| Fault::Failed(faults.render()))
}

/// The same scenario in plausible bodies.
pub(crate) fn spread_of(
    body: &Body,
    scenario: &Scenario,
    of: &PlausibleBodies,
    bar: &mut dyn osteon_sim::Progress,
) -> Result<Bands, Fault> {
    let found = bands(body, scenario, of, &RunOptions::default(), bar)
        .map_err(|faults| Fault::Failed(faults.render()))?;
    if found.samples.is_empty() {
        let why = if found.failed.0 > 0 {
            found.failed.1
        } else {
            format!("none of {} draws is healthy at rest", found.drawn)
        };
        return Err(Fault::Failed(format!(
            "error: no plausible body came through the scenario: {why}"
        )));
    }
    Ok(found)
}

/// Loads the body; a body with errors does not run.
pub(crate) fn standing_body(project: &Project) -> Result<Body, Fault> {
    let body = Body::load(project).map_err(|faults| Fault::Failed(errors_only(faults)))?;
    if body.faults.has_errors() {
        return Err(Fault::Failed(errors_only(body.faults)));
    }
    Ok(body)
}

/// Whoever runs wants to know why it does not run; warnings are for `osteon check`.
fn errors_only(mut faults: Diagnostics) -> String {
    faults.list.retain(Diagnostic::is_error);
    faults.render() + "error: the body does not stand; `osteon check` tells more"
}

/// The text of a scenario, its plain name, and what messages call it.
pub(crate) fn find(project: &Project, asked: &str) -> Result<(String, String, String), Fault> {
    if crate::model_file::is_model(asked) {
        return Err(Fault::Use(format!(
            "error: {asked} is a model, and this command takes a scenario (.toml)\n   = help: model files are for run, convert, check and doc"
        )));
    }
    let path = Path::new(asked);
    if path.is_file() {
        let (folder, file) = beside(path);
        let text = folder
            .text(&file)
            .map_err(|e| Fault::Failed(format!("error: {e}")))?;
        let stem = path
            .file_stem()
            .map_or_else(|| file.clone(), |s| s.to_string_lossy().into_owned());
        return Ok((text, stem, asked.to_owned()));
    }
    let bare = asked.strip_suffix(".toml").unwrap_or(asked);
    for id in [
        format!("scenarios/{bare}.toml"),
        format!("studies/{bare}/scenario.toml"),
    ] {
        if let Ok(text) = project.text(&id) {
            return Ok((text, bare.to_owned(), id));
        }
    }
    let (scenarios, studies) = (project.scenarios(), project.studies());
    let mut help = match near_name(bare, scenarios.iter().chain(&studies).map(String::as_str)) {
        Some(near) => format!("   = help: did you mean `{near}`?\n"),
        None => String::new(),
    };
    help += "known scenarios:\n";
    scenarios.iter().for_each(|s| help += &format!("  {s}\n"));
    if !studies.is_empty() {
        help += &format!(
            "and the protocols of {} studies (`osteon list studies`)\n",
            studies.len()
        );
    }
    let what = if asked.contains(['/', '\\']) || asked.ends_with(".toml") {
        "no such file"
    } else {
        "no scenario of that name"
    };
    Err(Fault::Use(format!("error: {what}: {asked}\n{help}")))
}

/// What the command line says about the record replaces what the scenario says.
pub(crate) fn change_record(
    scenario: &mut Scenario,
    words: &RunArguments,
    body: &Body,
) -> Result<(), Fault> {
    if !words.quantities.is_empty() {
        scenario.record.quantities = known_quantities(&words.quantities, body)?;
    }
    if let Some(every) = &words.every {
        let days = read_days(every).ok().filter(|d| *d > 0.0 && d.is_finite());
        let Some(days) = days else {
            return Err(Fault::Use(format!(
                "error: --every \"{every}\" is not a duration\n   = help: for example --every \"1 d\" or --every \"10 min\""
            )));
        };
        let rows = (scenario.record.until_d - scenario.record.from_d) / days;
        const MOST_ROWS: f64 = 1e6;
        if rows > MOST_ROWS {
            return Err(Fault::Use(format!(
                "error: --every \"{every}\" gives {rows:.0} rows\n   = help: at most {MOST_ROWS} rows; record less often"
            )));
        }
        scenario.record.every_d = days;
    }
    match words.clock {
        ClockChoice::Auto => {}
        ClockChoice::Averaged => {
            (scenario.record.clock, scenario.record.clock_why) = (Clock::Averaged, None)
        }
        ClockChoice::Meals => {
            (scenario.record.clock, scenario.record.clock_why) = (Clock::Meals, None)
        }
    }
    if words.skip_days {
        scenario.record.skip_days = true;
        if scenario.record.clock == Clock::Averaged && scenario.record.clock_why.is_some() {
            let why = Some("days are skipped".to_owned());
            (scenario.record.clock, scenario.record.clock_why) = (Clock::Meals, why);
        }
    }
    Ok(())
}

/// Names of quantities; a name that holds a comma was cut in two by the command line and is joined again.
fn known_quantities(asked: &[String], body: &Body) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    let mut rest = asked
        .iter()
        .map(|n| n.trim())
        .filter(|n| !n.is_empty())
        .peekable();
    while let Some(name) = rest.next() {
        let joined = rest.peek().map(|next| format!("{name},{next}"));
        if body.library.quantity(name).is_some() {
            names.push(name.to_owned());
        } else if let Some(joined) = joined.filter(|j| body.library.quantity(j).is_some()) {
            rest.next();
            names.push(joined);
        } else {
            let help = near_name(
                name,
                body.library.quantities.iter().map(|q| q.name.as_str()),
            )
            .map_or_else(
                || "see `osteon list quantities`".to_owned(),
                |n| format!("did you mean `{n}`?"),
            );
            return Err(Fault::Use(format!(
                "error: unknown quantity `{name}`\n   = help: {help}"
            )));
        }
    }
    Ok(names)
}

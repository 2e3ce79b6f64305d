//! `osteon report`: a scenario told as one HTML page, or as JSON.

use std::path::Path;

use osteon_model::{Origin, Sources as _};
use osteon_report::{
    Figure, MeasuredStudy, ReportInput, report_json, report_page, run_figure, study_figure,
    with_bands,
};
use osteon_sim::{
    Body, LedgerLine, Progress as _, Run, RunOptions, Scenario, TestMethod, schedule,
};
use osteon_study::{
    Flux, FluxError, Probe, Sensitivity, Study, Uncertain, Why, WhyError, WhyQuestion, flux, judge,
    read_study, uncertain_parameters, why,
};

use crate::arguments::ReportArguments;
use crate::matched::read_matched;
use crate::outcome::{Fault, Outcome};
use crate::output::{say_json, write};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::protocol::searched;
use crate::run::{Draws, find, standing_body};

const BIBLIOGRAPHY: &str = "body/sources.bib";
/// Shares of *why* are differences of runs, so these are solved closer than a plain run.
const RTOL_WHY: f64 = 1e-7;
/// A page wants an answer soon: beyond this many pathways orders are drawn, so many.
const MOST_EXACT: usize = 7;
const ORDERS: usize = 24;

/// Runs everything that the page tells, and writes it.
pub(crate) fn report(project: &Project, words: &ReportArguments) -> Outcome {
    let (text, name, shown) = find(project, &words.scenario)?;
    let body = standing_body(project)?;
    let mut matched = read_matched(project, &body, &text, &shown)?;
    matched.scenario.name.clone_from(&name);
    let scenario = &matched.scenario;
    let studies = measured(project, &body, words, &name, &text)?;
    let wide = widened(scenario, &body, &studies);

    let mut bar = Bar::new(words.quiet || words.json);
    let run = osteon_sim::run(&body, &wide, &RunOptions::default(), &mut bar)
        .map_err(|faults| Fault::Failed(faults.render()))?;
    let draws = Draws {
        asked: words.bands,
        seed: words.seed,
        healthy_only: false,
    };
    let spread = draws.spread(project, &body, &matched, &mut bar)?;
    let mut figure = own_figure(&run, scenario, &studies);
    if let Some(spread) = &spread {
        figure = with_bands(figure, &run, spread);
    }
    let schedules = (0..scenario.arms.len())
        .map(|arm| schedule(&body, scenario, arm).map_err(|f| Fault::Failed(f.render())))
        .collect::<Result<Vec<_>, Fault>>()?;
    let whole = !run.failed();
    let whys = if words.quick || !whole {
        Vec::new()
    } else {
        whys(&body, scenario, &run, &words.why, &mut bar)?
    };
    let assumed = if words.quick || !whole {
        None
    } else {
        bar.stage("assumptions");
        Some(assumptions(&body, scenario)?)
    };
    let fluxes = if words.quick || !whole {
        Vec::new()
    } else {
        fluxes(&body, scenario, &run, &mut bar)?
    };
    let goals = if words.goals.is_empty() || !whole {
        None
    } else {
        let (asked, seed) = (&words.search, words.seed);
        Some(searched(
            project,
            &body,
            &matched,
            &words.goals,
            asked,
            seed,
            &mut bar,
        )?)
    };
    bar.finish();

    let bibliography = project.text(BIBLIOGRAPHY).unwrap_or_else(|_| String::new());
    let input = ReportInput {
        run: &run,
        scenario,
        matched: &matched.people,
        figure: &figure,
        schedules: &schedules,
        library: &body.library,
        model: &body.model,
        bands: spread.as_ref(),
        studies: studies
            .iter()
            .map(|s| MeasuredStudy {
                name: s.name.clone(),
                says: s.says.clone(),
                cites: s.cites.clone(),
                rows: judge(s, &run),
            })
            .collect(),
        whys: &whys,
        assumptions: assumed.as_ref().map(|(s, p)| (s, p.as_slice())),
        fluxes: &fluxes,
        goals: goals.as_ref(),
        bibliography: &bibliography,
    };
    let told = |why: String| Fault::Failed(format!("error: {why}"));
    if !words.json || words.output.is_some() {
        let path = words
            .output
            .clone()
            .unwrap_or_else(|| Path::new("out").join(&name).join(format!("{name}.html")));
        write(&path, report_page(&input).map_err(told)?.as_bytes())?;
        if !words.quiet {
            eprintln!("wrote {}", path.display());
        }
    }
    if words.json {
        say_json(&report_json(&input).map_err(told)?)?;
    }
    Ok(whole)
}

/// The studies whose measurements are laid into the plots: those asked for, else the one whose protocol this is.
fn measured(
    project: &Project,
    body: &Body,
    words: &ReportArguments,
    name: &str,
    text: &str,
) -> Result<Vec<Study>, Fault> {
    let own = project
        .text(&format!("studies/{name}/scenario.toml"))
        .is_ok_and(|protocol| protocol == text);
    let names = if words.study.is_empty() && own {
        vec![name.to_owned()]
    } else {
        words.study.clone()
    };
    names
        .iter()
        .map(|name| {
            read_study(project, &format!("studies/{name}"), body)
                .map_err(|faults| Fault::Failed(faults.render()))
        })
        .collect()
}

/// The scenario with everything recorded that the page tells: laboratory, outlook, and what studies measured.
fn widened(scenario: &Scenario, body: &Body, studies: &[Study]) -> Scenario {
    let mut wide = scenario.clone();
    let library = &body.library;
    let tests = library.tests.iter().filter_map(|t| match &t.method {
        TestMethod::Quantity(name) => Some(name.clone()),
        TestMethod::Load { .. } => None,
    });
    let told = library.quantities.iter().filter(|q| q.panel || q.outlook);
    let rows = studies.iter().flat_map(|s| &s.rows);
    let more: Vec<String> = tests
        .chain(told.map(|q| q.name.clone()))
        .chain(rows.map(|r| r.quantity.clone()))
        .collect();
    for name in more {
        if library.quantity(&name).is_some() && !wide.record.quantities.contains(&name) {
            wide.record.quantities.push(name);
        }
    }
    wide
}

/// The figure of what the scenario asks for and of what studies measured, with the measured points.
fn own_figure(run: &Run, scenario: &Scenario, studies: &[Study]) -> Figure {
    let mut figure = run_figure(run, scenario, "");
    let measured = |name: &str| {
        let mut rows = studies.iter().flat_map(|s| &s.rows);
        rows.any(|r| r.quantity == name)
    };
    figure
        .panels
        .retain(|p| scenario.record.quantities.contains(&p.quantity) || measured(&p.quantity));
    for study in studies {
        let of_study = study_figure(study, run, &judge(study, run), "");
        for panel in of_study.panels.iter().filter(|p| p.versus.is_empty()) {
            if let Some(own) = figure
                .panels
                .iter_mut()
                .find(|p| p.quantity == panel.quantity)
            {
                own.points.extend(panel.points.iter().cloned());
            }
        }
    }
    figure
}

/// The changes that are taken apart: against the first arm where there are several, else against the start.
fn whys(
    body: &Body,
    scenario: &Scenario,
    run: &Run,
    asked: &[String],
    bar: &mut Bar,
) -> Result<Vec<Why>, Fault> {
    let several = run.arms.len() > 1;
    let Some(arm) = run.arms.last() else {
        return Ok(Vec::new());
    };
    let first = several.then(|| run.arms[0].name.clone());
    let moved = |name: &String| -> Option<f64> {
        let values = &arm.column(name)?.values;
        let to = *values.last()?;
        let from = if several {
            *run.arms[0].column(name)?.values.last()?
        } else {
            *values.first()?
        };
        let size = from.abs().max(to.abs());
        (size > 0.0)
            .then(|| (to - from).abs() / size)
            .filter(|m| m.is_finite())
    };
    let names: Vec<String> = if asked.is_empty() {
        let own = scenario.record.quantities.iter();
        let most = own
            .filter_map(|q| moved(q).map(|m| (m, q)))
            .filter(|(m, _)| *m > 0.01)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        most.map(|(_, q)| q.clone()).into_iter().collect()
    } else {
        asked.to_vec()
    };
    let options = RunOptions {
        rtol: RTOL_WHY,
        ..RunOptions::default()
    };
    names
        .into_iter()
        .map(|quantity| {
            let question = WhyQuestion {
                quantity,
                at_d: scenario.record.until_d,
                arm: arm.name.clone(),
                against: first.clone(),
                most_exact: MOST_EXACT,
                orders: ORDERS,
                ..WhyQuestion::default()
            };
            why(body, scenario, &question, &options, bar).map_err(|e| match e {
                WhyError::Question(text) => Fault::Use(format!("error: {text}")),
                WhyError::Setup(faults) => Fault::Failed(faults.render()),
                WhyError::Run(text) => Fault::Failed(format!("error: {text}")),
            })
        })
        .collect()
}

/// The traffic of every element that moves, in the last arm, on the day before the start and on the last day.
fn fluxes(body: &Body, scenario: &Scenario, run: &Run, bar: &mut Bar) -> Result<Vec<Flux>, Fault> {
    let last = run.arms.len().saturating_sub(1);
    let at_d = scenario.record.until_d;
    let Some(arm) = run.arms.get(last).filter(|_| at_d >= 1.0) else {
        return Ok(Vec::new());
    };
    let moves = |l: &&LedgerLine| l.entered + l.dosed != 0.0 && l.left != 0.0;
    let mut found = Vec::new();
    for line in arm.ledger.iter().filter(moves) {
        let options = RunOptions::default();
        match flux(body, scenario, &line.element, last, at_d, &options, bar) {
            Ok(flux) => found.push(flux),
            Err(FluxError::Setup(faults)) => return Err(Fault::Failed(faults.render())),
            // A body whose reactions do not say where an element goes has a report all the same.
            Err(FluxError::Question(why) | FluxError::Run(why)) => {
                eprintln!("the flows of {} are left out: {why}", line.element);
            }
        }
    }
    Ok(found)
}

/// What every assumed number does to the scenario's last values.
fn assumptions(body: &Body, scenario: &Scenario) -> Result<(Sensitivity, Vec<Uncertain>), Fault> {
    let mut parameters = uncertain_parameters(body);
    parameters.retain(|p| p.origin == Origin::Assumed);
    let options = RunOptions::default();
    let found = Probe::new(body, &parameters, &options)
        .and_then(|probe| probe.last_values(scenario))
        .map_err(|faults| Fault::Failed(faults.render()))?;
    Ok((found, parameters))
}

//! `osteon gallery`: draws every figure that a folder describes, and the page that lists them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use osteon_report::{
    Svg, XyCurve, XyFigure, XyPanel, XyPoint, draw, draw_xy, run_figure, study_figure, with_bands,
};
use osteon_sim::{ArmRun, Body, Run, RunOptions, Scenario, Silent, read_days};
use osteon_study::{
    Bands, Kind, PlausibleBodies, Row, Study, judge, judging_interval, read_study, row_prediction,
};

use crate::arguments::GalleryArguments;
use crate::gallery_file::{Course, MeasuredSpec, PanelSpec, Plate, SeriesSpec, read_plate};
use crate::matched::read_matched;
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{write, write_drawing};
use crate::project::Project;
use crate::run::{find, plausible, spread_of, standing_body};

/// Seed of the plausible bodies.
const SEED: u64 = 1;
const PAGE: &str = "README.md";
/// How such a file is written; the last part of the page.
const FORMAT: &str = r#"
## A figure of your own

A TOML file in this folder with `title`, `subtitle`, `caption`, `bands = 100` (plausible bodies; leave out for none) and `healthy = true` (only those healthy at rest), and either

```toml
[course]                                  # over time
of = "fatemi-1991-depletion"              # a study, a scenario, or a file of scenarios/ in this folder
arms = ["diet"]                           # optional: only these
band_arms = ["diet"]                      # optional: bands around these alone
quantities = ["serum.Mg", "serum.PTH"]    # optional: only these, in this order
```

or one or more panels of one quantity against another:

```toml
[[panel]]
x_title = "magnesium supplement, mg a day"
y_title = "rise of serum magnesium, mmol/L"
log_x = false
[[panel.series]]
name = "simulated"
of = "supplement-doses"
y = "serum.Mg"
as = "difference_between_arms"            # the words of data.csv (docs/study.md); the value if not said
versus = "none"
at = "12 wk"
arms = { "100 mg" = 100, "360 mg" = 360 } # one point an arm, at this horizontal value; with x = "kidney.GFR" at that quantity
[[panel.measured]]
label = "trials (Zhang 2016)"
study = "zhang-2016-supplement"           # rows of a study, with their intervals
y = "serum.Mg"
arms = { magnesium = 360 }
```

Instead of `arms`, `path = ["citrate"]` with `x = "serum.iCa"`, `x_as`, `from`, `until` draws the way of an arm through both quantities; `measured` with `x` takes pairs of rows of one arm and time.
The band of a path is drawn where at least half of the bodies come.
"#;
/// A band is drawn where at least this share of the samples' paths reach.
const REACHED: f64 = 0.5;

/// Everything that a figure is made from.
struct Maker<'a> {
    project: &'a Project,
    body: &'a Body,
    folder: &'a Path,
    source: String,
    /// Runs by name of study or scenario: the run, its scenario, its plausible bodies.
    runs: BTreeMap<String, (Scenario, Run, Option<Bands>)>,
    /// Plausible bodies by number and whether all are healthy at rest.
    bodies: BTreeMap<(usize, bool), PlausibleBodies>,
}

/// Draws and lists.
pub(crate) fn gallery(project: &Project, words: &GalleryArguments) -> Outcome {
    let body = standing_body(project)?;
    let mut names: Vec<String> = Vec::new();
    for entry in
        fs::read_dir(&words.folder).map_err(|e| outside("open the folder", &words.folder, e))?
    {
        let path = entry
            .map_err(|e| outside("open the folder", &words.folder, e))?
            .path();
        if path.extension().is_some_and(|e| e == "toml") {
            names.extend(path.file_stem().map(|s| s.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    let made_by = format!(
        "Osteon {}, {} ({})",
        env!("CARGO_PKG_VERSION"),
        body.title,
        body.hash
    );
    let mut page = format!(
        "# Gallery\n\nDrawn by `osteon gallery` with {made_by}; each figure is described by the TOML file of its name, and nothing in it is typed in. \
         Bands are 5 to 95 % of plausible bodies (`docs/uncertainty.md`). Not medical advice.\n"
    );
    let source =
        format!("Simulated with {made_by}. For research and teaching; not medical advice.");
    let mut maker = Maker {
        project,
        body: &body,
        folder: &words.folder,
        source,
        runs: BTreeMap::new(),
        bodies: BTreeMap::new(),
    };
    for name in &names {
        let plate = read_plate(&words.folder.join(format!("{name}.toml")))?;
        page += &format!(
            "\n## {}\n\n![{}]({name}.png)\n\n{}\n\n`osteon gallery --only {name}`\n",
            plate.title,
            plate.title.replace(['[', ']'], ""),
            plate.caption
        );
        if !words.only.is_empty() && !words.only.contains(name) {
            continue;
        }
        maker.runs.clear();
        let drawing = match &plate.course {
            Some(course) => maker.course(&plate, course)?,
            None => maker.against(&plate)?,
        };
        write_drawing(&words.folder, name, &drawing)?;
        eprintln!("{name}: drawn");
    }
    page += FORMAT;
    write(&words.folder.join(PAGE), page.as_bytes())?;
    Ok(true)
}

fn failed(faults: osteon_sim::Diagnostics) -> Fault {
    Fault::Failed(faults.render())
}

impl Maker<'_> {
    fn study(&self, name: &str) -> Result<Study, Fault> {
        read_study(self.project, &format!("studies/{name}"), self.body).map_err(failed)
    }

    /// The scenario of a study, of a file of the gallery, or one of that name.
    fn scenario(&self, of: &str) -> Result<Scenario, Fault> {
        if self.project.studies().iter().any(|s| s == of) {
            return Ok(self.study(of)?.scenario);
        }
        let own = self.folder.join("scenarios").join(format!("{of}.toml"));
        let (text, name, shown) = if own.is_file() {
            let text = fs::read_to_string(&own).map_err(|e| outside("read", &own, e))?;
            (text, of.to_owned(), own.display().to_string())
        } else {
            find(self.project, of)?
        };
        let mut scenario = read_matched(self.project, self.body, &text, &shown)?.scenario;
        scenario.name = name;
        Ok(scenario)
    }

    /// Plausible bodies, drawn once for all figures that ask for the same.
    fn bodies(&mut self, n: usize, healthy: bool) -> Result<&PlausibleBodies, Fault> {
        if !self.bodies.contains_key(&(n, healthy)) {
            let drawn = plausible(self.project, self.body, n, SEED, healthy, &mut Silent)?;
            self.bodies.insert((n, healthy), drawn);
        }
        Ok(&self.bodies[&(n, healthy)])
    }

    fn run(&mut self, scenario: &Scenario, plate: &Plate) -> Result<(Run, Option<Bands>), Fault> {
        let run = osteon_sim::run(self.body, scenario, &RunOptions::default(), &mut Silent)
            .map_err(failed)?;
        if let Some(stopped) = run.arms.iter().find_map(osteon_sim::ArmRun::stopped) {
            return Err(Fault::Failed(format!(
                "error: {}: {stopped}",
                scenario.name
            )));
        }
        let spread = match plate.bands {
            Some(n) => {
                let body = self.body;
                Some(spread_of(
                    body,
                    scenario,
                    self.bodies(n, plate.healthy)?,
                    &mut Silent,
                )?)
            }
            None => None,
        };
        if let Some(spread) = spread.as_ref().filter(|s| s.failed.0 > 0) {
            eprintln!(
                "{}: {} plausible bodies failed: {}",
                scenario.name, spread.failed.0, spread.failed.1
            );
        }
        Ok((run, spread))
    }

    fn course(&mut self, plate: &Plate, course: &Course) -> Result<Svg, Fault> {
        let is_study = self.project.studies().contains(&course.of);
        let kept = |name: &str| course.arms.is_empty() || course.arms.iter().any(|a| a == name);
        let mut figure = if is_study {
            let mut study = self.study(&course.of)?;
            study.scenario.arms.retain(|a| kept(&a.name));
            study
                .rows
                .retain(|r| kept(&r.arm) && r.versus.as_deref().is_none_or(kept));
            let (run, spread) = self.run(&study.scenario, plate)?;
            let figure = study_figure(&study, &run, &judge(&study, &run), &self.source);
            spread
                .as_ref()
                .map_or_else(|| figure.clone(), |s| with_bands(figure.clone(), &run, s))
        } else {
            let mut scenario = self.scenario(&course.of)?;
            scenario.arms.retain(|a| kept(&a.name));
            let (run, spread) = self.run(&scenario, plate)?;
            let figure = run_figure(&run, &scenario, &self.source);
            spread
                .as_ref()
                .map_or_else(|| figure.clone(), |s| with_bands(figure.clone(), &run, s))
        };
        for curve in figure.panels.iter_mut().flat_map(|p| &mut p.curves) {
            let arm = figure.arms.get(curve.arm);
            if !course.band_arms.is_empty() && arm.is_none_or(|a| !course.band_arms.contains(a)) {
                curve.band = None;
            }
        }
        figure.title.clone_from(&plate.title);
        if !plate.subtitle.is_empty() {
            figure.subtitle.clone_from(&plate.subtitle);
        }
        if !course.quantities.is_empty() {
            figure
                .panels
                .retain(|p| course.quantities.contains(&p.quantity));
            figure
                .panels
                .sort_by_key(|p| course.quantities.iter().position(|q| *q == p.quantity));
        }
        Ok(draw(&figure))
    }

    fn against(&mut self, plate: &Plate) -> Result<Svg, Fault> {
        for of in plate
            .panel
            .iter()
            .flat_map(|p| &p.series)
            .map(|s| s.of.clone())
        {
            if !self.runs.contains_key(&of) {
                let mut scenario = self.scenario(&of)?;
                // What the axes need is recorded, whatever the scenario says.
                for series in plate
                    .panel
                    .iter()
                    .flat_map(|p| &p.series)
                    .filter(|s| s.of == of)
                {
                    for name in [Some(&series.y), series.x.as_ref()].into_iter().flatten() {
                        if !scenario.record.quantities.contains(name) {
                            scenario.record.quantities.push(name.clone());
                        }
                    }
                }
                let (run, spread) = self.run(&scenario, plate)?;
                self.runs.insert(of, (scenario, run, spread));
            }
        }
        let mut figure = XyFigure {
            title: plate.title.clone(),
            subtitle: plate.subtitle.clone(),
            source: self.source.clone(),
            ..XyFigure::default()
        };
        for series in plate.panel.iter().flat_map(|p| &p.series) {
            if !figure.series.contains(&series.name) {
                figure.series.push(series.name.clone());
            }
        }
        for panel in &plate.panel {
            let drawn = self.panel(panel, &figure.series)?;
            figure.panels.push(drawn);
        }
        let spread = self
            .runs
            .values()
            .filter_map(|r| r.2.as_ref())
            .min_by_key(|b| b.samples.len());
        figure.bands = spread.map_or_else(String::new, Bands::meaning);
        Ok(draw_xy(&figure))
    }

    fn panel(&self, spec: &PanelSpec, names: &[String]) -> Result<XyPanel, Fault> {
        let mut panel = XyPanel {
            title: spec.title.clone(),
            x_title: spec.x_title.clone(),
            y_title: spec.y_title.clone(),
            log_x: spec.log_x,
            log_y: spec.log_y,
            ..XyPanel::default()
        };
        let number = |name: &str| names.iter().position(|n| n == name);
        for series in &spec.series {
            let place = number(&series.name).unwrap_or(0);
            if series.path.is_empty() {
                panel.curves.push(self.points(series, place)?);
            } else {
                for arm in &series.path {
                    panel.curves.push(self.path(series, arm, place)?);
                }
            }
        }
        for measured in &spec.measured {
            let series = measured.series.as_deref().and_then(number);
            panel.points.extend(self.measured(measured, series)?);
        }
        Ok(panel)
    }

    /// One point an arm: what a row of that arm, time and kind would say.
    fn points(&self, spec: &SeriesSpec, series: usize) -> Result<XyCurve, Fault> {
        let (_, run, spread) = &self.runs[&spec.of];
        let spread = spread.as_ref().filter(|_| !spec.no_band);
        let at = spec.at.as_deref().ok_or_else(|| {
            Fault::Failed(format!("error: series `{}` does not say `at`", spec.name))
        })?;
        let at_d = days(at)?;
        let mut arms: Vec<(&String, f64)> = Vec::new();
        for (arm, x) in &spec.arms {
            if run.arm(arm).is_none() {
                return Err(Fault::Failed(format!(
                    "error: `{}` has no arm `{arm}`",
                    spec.of
                )));
            }
            let x = match &spec.x {
                Some(quantity) => {
                    row_prediction(&row(quantity, &spec.x_as, arm, None, at_d)?, &run.arms)
                }
                None => *x,
            };
            arms.push((arm, x));
        }
        arms.sort_by(|a, b| a.1.total_cmp(&b.1));
        let rows: Vec<(Row, f64)> = arms
            .iter()
            .map(|(arm, x)| {
                Ok((
                    row(&spec.y, &spec.kind, arm, spec.versus.clone(), at_d)?,
                    if spec.share_of_x { *x } else { 1.0 },
                ))
            })
            .collect::<Result<_, Fault>>()?;
        let read = |runs: &[ArmRun]| -> Vec<f64> {
            rows.iter()
                .map(|(row, by)| row_prediction(row, runs) / by)
                .collect()
        };
        let [lower, _, upper] = spread.map_or_else(Default::default, |s| s.quantiles(read));
        Ok(XyCurve {
            series,
            x: arms.iter().map(|a| a.1).collect(),
            y: read(&run.arms),
            lower,
            upper,
            marked: true,
        })
    }

    /// The path of one arm through two quantities.
    fn path(&self, spec: &SeriesSpec, arm: &str, series: usize) -> Result<XyCurve, Fault> {
        let (_, run, spread) = &self.runs[&spec.of];
        let spread = spread.as_ref().filter(|_| !spec.no_band);
        let x_name = spec.x.as_deref().ok_or_else(|| {
            Fault::Failed(format!(
                "error: series `{}` has a path and does not say `x`",
                spec.name
            ))
        })?;
        let (from, until) = (
            spec.from.as_deref().map_or(Ok(0.0), days)?,
            spec.until.as_deref().map_or(Ok(f64::INFINITY), days)?,
        );
        let shown = run
            .arm(arm)
            .ok_or_else(|| Fault::Failed(format!("error: `{}` has no arm `{arm}`", spec.of)))?;
        let times: Vec<f64> = shown
            .times
            .iter()
            .copied()
            .filter(|t| *t >= from - 1e-9 && *t <= until + 1e-9)
            .collect();
        let rows: Vec<(Row, Row)> = times
            .iter()
            .map(|t| {
                Ok((
                    row(x_name, &spec.x_as, arm, None, *t)?,
                    row(&spec.y, &spec.kind, arm, None, *t)?,
                ))
            })
            .collect::<Result<_, Fault>>()?;
        let read = |runs: &[ArmRun]| -> Vec<(f64, f64)> {
            rows.iter()
                .map(|(x, y)| (row_prediction(x, runs), row_prediction(y, runs)))
                .collect()
        };
        let path = read(&run.arms);
        let x: Vec<f64> = path.iter().map(|p| p.0).collect();
        let (mut lower, mut upper) = (Vec::new(), Vec::new());
        if let Some(spread) = spread {
            let at_x = |runs: &[ArmRun]| -> Vec<f64> {
                let mut own = read(runs);
                own.sort_by(|a, b| a.0.total_cmp(&b.0));
                x.iter().map(|x| between(&own, *x)).collect()
            };
            let reached = spread.samples.iter().map(|s| at_x(s));
            let counts = reached.fold(vec![0_usize; x.len()], |mut sum, values| {
                sum.iter_mut()
                    .zip(values)
                    .for_each(|(n, v)| *n += usize::from(v.is_finite()));
                sum
            });
            let enough = REACHED * spread.samples.len() as f64;
            let [low, _, high] = spread.quantiles(at_x);
            let only = |values: Vec<f64>| {
                values
                    .into_iter()
                    .zip(&counts)
                    .map(|(v, n)| if *n as f64 >= enough { v } else { f64::NAN })
                    .collect()
            };
            (lower, upper) = (only(low), only(high));
        }
        Ok(XyCurve {
            series,
            x,
            y: path.iter().map(|p| p.1).collect(),
            lower,
            upper,
            marked: false,
        })
    }

    fn measured(&self, spec: &MeasuredSpec, series: Option<usize>) -> Result<Vec<XyPoint>, Fault> {
        let study = self.study(&spec.study)?;
        let wanted = |r: &&Row| {
            r.quantity == spec.y
                && r.kind != Kind::Sign
                && spec.kind.as_deref().is_none_or(|k| k == r.kind.as_str())
                && spec.at.as_deref().is_none_or(|at| at == r.at)
        };
        let mut points = Vec::new();
        for row in study.rows.iter().filter(wanted) {
            let (x, x_interval) = match (&spec.x, spec.arms.get(&row.arm)) {
                (None, Some(x)) => (*x, None),
                (Some(quantity), _) => {
                    let pair = study
                        .rows
                        .iter()
                        .find(|o| o.quantity == *quantity && o.arm == row.arm && o.at == row.at);
                    let Some(pair) = pair else { continue };
                    (pair.value, Some(judging_interval(pair)))
                }
                (None, None) => continue,
            };
            let by = if spec.share_of_x { x } else { 1.0 };
            let (low, high) = judging_interval(row);
            points.push(XyPoint {
                series,
                x,
                x_interval,
                y: row.value / by,
                y_interval: Some((low / by, high / by)),
                label: spec.label.clone(),
            });
        }
        if points.is_empty() {
            return Err(Fault::Failed(format!(
                "error: study `{}` has no row that `{}` asks for",
                spec.study, spec.label
            )));
        }
        Ok(points)
    }
}

/// A row that asks for a quantity, without a measured value.
fn row(
    quantity: &str,
    kind: &str,
    arm: &str,
    versus: Option<String>,
    at_d: f64,
) -> Result<Row, Fault> {
    let known = Kind::ALL.into_iter().find(|k| k.as_str() == kind);
    let kind = known.ok_or_else(|| {
        Fault::Failed(format!(
            "error: unknown `as`: {kind}\n   = help: the words of data.csv (docs/study.md)"
        ))
    })?;
    Ok(Row {
        line: 0,
        quantity: quantity.to_owned(),
        arm: arm.to_owned(),
        versus,
        at_d,
        at: String::new(),
        from_d: 0.0,
        kind,
        unit: String::new(),
        value: f64::NAN,
        bounds: None,
        spread: None,
        n: None,
        note: String::new(),
        used_to_fit: false,
    })
}

fn days(text: &str) -> Result<f64, Fault> {
    read_days(text).map_err(|_| {
        Fault::Failed(format!(
            "error: \"{text}\" is not a time\n   = help: for example \"12 wk\" or \"20 min\""
        ))
    })
}

/// Linear between the points of a path sorted by x; NaN beyond its ends.
fn between(path: &[(f64, f64)], x: f64) -> f64 {
    let after = path.partition_point(|p| p.0 < x);
    match (
        after.checked_sub(1).and_then(|i| path.get(i)),
        path.get(after),
    ) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0).max(1e-300),
        (None, Some(b)) if b.0 == x => b.1,
        _ => f64::NAN,
    }
}

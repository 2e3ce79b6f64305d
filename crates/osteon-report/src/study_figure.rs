//! A study as a figure: simulated courses with what was measured laid over them, and the verdict of every row.

use osteon_sim::Run;
use osteon_study::{Kind, RowVerdict, Study};

use crate::figure::{Figure, Panel, Point};
use crate::run_figure::{days_shown, describe, marks, panels, phases};
use crate::ticks::quantity;

const DAYS_PER_YEAR: f64 = 365.25;

/// The figure of a study: only the quantities that its rows measure.
pub fn study_figure(study: &Study, run: &Run, verdicts: &[RowVerdict], source: &str) -> Figure {
    let days = days_shown(&study.scenario, run);
    let measured: Vec<&str> = run
        .arms
        .first()
        .map(|a| a.columns.iter().map(|c| c.quantity.as_str()).collect::<Vec<_>>())
        .unwrap_or_else(Vec::new);
    let all = panels(run);
    let mut kept = Vec::new();
    for (name, mut panel) in measured.into_iter().zip(all) {
        let mut rows: Vec<&RowVerdict> = verdicts.iter().filter(|v| v.row.quantity == name).collect();
        rows.sort_by(|a, b| a.row.at_d.total_cmp(&b.row.at_d));
        if rows.is_empty() {
            continue;
        }
        overlay(&mut panel, &rows, run);
        kept.push(panel);
    }
    let fitted = if study.used_to_fit.is_empty() { "Not used to fit.".to_owned() } else { format!("Used to fit: {}.", study.used_to_fit.join(", ")) };
    let mut figure = Figure {
        title: study.scenario.title.clone(),
        subtitle: format!("{} Studied: {}. {fitted}", study.says, study.population.trim_end_matches('.')),
        source: format!("Measured: {}. {source}", study.cites),
        arms: run.arms.iter().map(|a| a.name.clone()).collect(),
        phases: phases(&study.scenario, run, days),
        marks: marks(&study.scenario, run, days),
        days,
        panels: kept,
        description: String::new(),
    };
    let verdict_words: Vec<String> = verdicts.iter().map(|v| format!("{} at {}: {}.", v.row.quantity, v.row.at, v.verdict.as_str())).collect();
    figure.description = format!("{} {}", describe(run, &figure), verdict_words.join(" "));
    figure
}

fn overlay(panel: &mut Panel, rows: &[&RowVerdict], run: &Run) {
    let mut words = Vec::new();
    for judged in rows {
        let row = &judged.row;
        let arm = run.arms.iter().position(|a| a.name == row.arm).unwrap_or(0);
        if let Some(as_value) = on_the_axis(judged) {
            let (value, low, high) = (as_value(row.value), as_value(judged.lower), as_value(judged.upper));
            if value.is_finite() {
                let interval = Some((low.min(high), low.max(high)));
                panel.points.push(Point { arm, day: row.at_d, value, interval, direct: row.kind == Kind::Value });
            }
        }
        words.push(remark(judged));
    }
    panel.remark = words.join("; ");
}

/// How numbers of a row are placed on the quantity's own axis: changes and ratios stand on the simulated baseline or control.
fn on_the_axis(judged: &RowVerdict) -> Option<impl Fn(f64) -> f64 + use<>> {
    let (kind, percent) = (judged.row.kind, judged.row.unit.starts_with('%'));
    let years = (judged.row.at_d - judged.row.from_d) / DAYS_PER_YEAR;
    let (baseline, control) = (judged.baseline, judged.control);
    (kind != Kind::Sign).then_some(move |v: f64| match kind {
        Kind::Value | Kind::Sign => v,
        Kind::Change => baseline + v,
        Kind::PercentChange => baseline * (1.0 + v / 100.0),
        Kind::RatioToBaseline => baseline * v,
        Kind::RatePerYear if percent => baseline * (1.0 + v * years / 100.0),
        Kind::RatePerYear => baseline + v * years,
        Kind::DifferenceBetweenArms => control + v,
        Kind::RatioBetweenArms => control * v,
    })
}

fn remark(judged: &RowVerdict) -> String {
    let row = &judged.row;
    let verdict = judged.verdict.as_str().replace('_', " ");
    let place = if row.arm.is_empty() { row.at.clone() } else { format!("{}, {}", row.arm, row.at) };
    if row.kind == Kind::Sign {
        let word = |v: f64| if v > 0.0 { "rise" } else if v < 0.0 { "fall" } else { "no change" };
        let predicted = if judged.predicted.is_finite() { word(judged.predicted) } else { "nothing" };
        return format!("{place}: measured {}, simulated {predicted}: {verdict}", word(row.value));
    }
    match row.kind {
        Kind::Value => format!("{place}: {verdict}"),
        _ => format!("{place}: {} {} (measured {}): {verdict}", kind_words(row.kind), quantity(judged.predicted), quantity(row.value)),
    }
}

fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Value => "value",
        Kind::Change => "change",
        Kind::PercentChange => "change, %,",
        Kind::RatioToBaseline => "ratio to baseline",
        Kind::RatePerYear => "rate per year",
        Kind::Sign => "sign",
        Kind::DifferenceBetweenArms => "difference",
        Kind::RatioBetweenArms => "ratio of arms",
    }
}

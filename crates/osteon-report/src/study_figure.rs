//! A study as a figure: simulated courses with what was measured laid over them, and the verdict of every row.
//!
//! A quantity that is measured as a comparison of arms alone is shown as that comparison; everything else stands on the quantity's
//! own axis, changes and ratios on the simulated baseline.

use osteon_sim::Run;
use osteon_study::{Kind, RowVerdict, Study};

use crate::figure::{Curve, Figure, Panel, Point, Remark};
use crate::run_figure::{days_shown, describe, marks, panels, phases};
use crate::ticks::quantity;

const DAYS_PER_YEAR: f64 = 365.25;
/// More rows than this in one panel are told in the description and the table only.
const MOST_REMARKS: usize = 8;

/// The figure of a study: only the quantities that its rows measure.
pub fn study_figure(study: &Study, run: &Run, verdicts: &[RowVerdict], source: &str) -> Figure {
    let days = days_shown(&study.scenario, run);
    let names: Vec<&str> = run.arms.first().map_or_else(Vec::new, |a| {
        a.columns.iter().map(|c| c.quantity.as_str()).collect()
    });
    let mut kept = Vec::new();
    for (name, panel) in names.into_iter().zip(panels(run)) {
        let mut rows: Vec<&RowVerdict> =
            verdicts.iter().filter(|v| v.row.quantity == name).collect();
        rows.sort_by(|a, b| a.row.at_d.total_cmp(&b.row.at_d));
        if !rows.is_empty() {
            let mut panel = compared(panel, &rows, run);
            panel.remarks = rows.iter().take(MOST_REMARKS).map(|r| remark(r)).collect();
            kept.push(panel);
        }
    }
    let fitted = if study.used_to_fit.is_empty() {
        "Not used to fit.".to_owned()
    } else {
        format!("Used to fit: {}.", study.used_to_fit.join(", "))
    };
    let mut figure = Figure {
        title: study.scenario.title.clone(),
        subtitle: format!(
            "{} Studied: {}. {fitted}",
            study.says,
            study.population.trim_end_matches('.')
        ),
        source: format!("Measured: {}. {source}", study.cites),
        arms: run.arms.iter().map(|a| a.name.clone()).collect(),
        phases: phases(&study.scenario, run, days),
        marks: marks(&study.scenario, run, days),
        days,
        panels: kept,
        description: String::new(),
    };
    let verdict_words: Vec<String> = verdicts
        .iter()
        .map(|v| {
            format!(
                "{} at {}: {}.",
                v.row.quantity,
                v.row.at,
                v.verdict.as_str()
            )
        })
        .collect();
    figure.description = format!("{} {}", describe(run, &figure), verdict_words.join(" "));
    figure
}

/// The panel with its measured points; as differences or ratios of arms where nothing else was measured.
fn compared(mut panel: Panel, rows: &[&RowVerdict], run: &Run) -> Panel {
    let only = |kind: Kind| rows.iter().all(|r| r.row.kind == kind);
    let arm_of = |name: &str| run.arms.iter().position(|a| a.name == name).unwrap_or(0);
    if only(Kind::DifferenceBetweenArms) || only(Kind::RatioBetweenArms) {
        let ratio = rows[0].row.kind == Kind::RatioBetweenArms;
        let mut curves: Vec<Curve> = Vec::new();
        for judged in rows {
            let (arm, control) = (
                arm_of(&judged.row.arm),
                arm_of(judged.row.versus.as_deref().unwrap_or("")),
            );
            if curves.iter().any(|c| c.arm == arm) {
                continue;
            }
            let of = |number: usize| panel.curves.iter().find(|c| c.arm == number);
            let (Some(treated), Some(other)) = (of(arm), of(control)) else {
                continue;
            };
            let values = treated
                .values
                .iter()
                .zip(&other.values)
                .map(|(a, b)| if ratio { a / b } else { a - b })
                .collect();
            panel.versus.push((arm, control, ratio));
            curves.push(Curve {
                arm,
                days: treated.days.clone(),
                values,
                band: None,
            });
        }
        panel.curves = curves;
        panel.reference = None;
        if ratio {
            panel.unit = "ratio to control".to_owned();
        } else {
            panel.unit = format!("{} over control", panel.unit);
        }
        panel.points = rows
            .iter()
            .map(|r| Point {
                arm: arm_of(&r.row.arm),
                day: r.row.at_d,
                value: r.row.value,
                interval: Some((r.lower, r.upper)),
                direct: true,
            })
            .collect();
        return panel;
    }
    for judged in rows {
        let row = &judged.row;
        if row.kind == Kind::Sign {
            continue;
        }
        let (value, low, high) = (
            on_the_axis(judged, row.value),
            on_the_axis(judged, judged.lower),
            on_the_axis(judged, judged.upper),
        );
        if value.is_finite() {
            let interval = Some((low.min(high), low.max(high)));
            panel.points.push(Point {
                arm: arm_of(&row.arm),
                day: row.at_d,
                value,
                interval,
                direct: row.kind == Kind::Value,
            });
        }
    }
    panel
}

/// Where a number of a row stands on the quantity's own axis: changes and ratios stand on the simulated baseline or control.
fn on_the_axis(judged: &RowVerdict, v: f64) -> f64 {
    let years = (judged.row.at_d - judged.row.from_d) / DAYS_PER_YEAR;
    let (baseline, control) = (judged.baseline, judged.control);
    match judged.row.kind {
        Kind::Value | Kind::Sign => v,
        Kind::Change => baseline + v,
        Kind::PercentChange => baseline * (1.0 + v / 100.0),
        Kind::RatioToBaseline => baseline * v,
        Kind::RatePerYear if judged.row.unit.starts_with('%') => {
            baseline * (1.0 + v * years / 100.0)
        }
        Kind::RatePerYear => baseline + v * years,
        Kind::DifferenceBetweenArms => control + v,
        Kind::RatioBetweenArms => control * v,
    }
}

/// A row in a line: place, what was simulated, what was measured.
fn remark(judged: &RowVerdict) -> Remark {
    let row = &judged.row;
    let place = if row.arm.is_empty() {
        row.at.clone()
    } else {
        format!("{}, {}", row.at, row.arm)
    };
    let plus = |v: f64| {
        if v > 0.0 {
            format!("+{}", quantity(v))
        } else {
            quantity(v)
        }
    };
    let direction = |v: f64| {
        if !v.is_finite() {
            "–"
        } else if v > 0.0 {
            "rise"
        } else if v < 0.0 {
            "fall"
        } else {
            "no change"
        }
    };
    let show = |v: f64| match row.kind {
        Kind::Value => quantity(v),
        Kind::Sign => direction(v).to_owned(),
        Kind::Change | Kind::DifferenceBetweenArms => plus(v),
        Kind::PercentChange => format!("{} %", plus(v)),
        Kind::RatePerYear => format!("{} a year", plus(v)),
        Kind::RatioToBaseline | Kind::RatioBetweenArms => format!("×{}", quantity(v)),
    };
    let word = judged.verdict.as_str();
    Remark {
        verdict: word,
        words: format!(
            "{}: {}, measured {} ({place})",
            word.replace('_', " "),
            show(judged.predicted),
            show(row.value)
        ),
    }
}

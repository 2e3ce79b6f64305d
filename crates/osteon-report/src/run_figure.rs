//! A run as a figure: one panel a quantity, every arm in it, phases and doses from the scenario.

use osteon_sim::{Arm, Phase, Reference, Regimen, Run, Scenario};

use crate::figure::{Curve, Figure, Mark, Panel, PhaseSpan};
use crate::summary::range_text;
use crate::ticks::quantity;
use crate::time_axis::time_text;

/// An infusion shorter than this share of the time shown is drawn as a moment.
const MOMENT: f64 = 0.01;
/// More doses than this are a regimen, told in the phase and not one by one.
const MOST_MARKS: usize = 40;

/// The figure of a run of a scenario. `source` is the small print.
pub fn run_figure(run: &Run, scenario: &Scenario, source: &str) -> Figure {
    let days = days_shown(scenario, run);
    let mut figure = Figure {
        title: run.title.clone(),
        subtitle: scenario.says.iter().cloned().collect(),
        source: source.to_owned(),
        arms: run.arms.iter().map(arm_name).collect(),
        days,
        phases: phases(scenario, run, days),
        marks: marks(scenario, run, days),
        panels: panels(run),
        description: String::new(),
    };
    figure.description = describe(run, &figure);
    figure
}

fn arm_name(arm: &osteon_sim::ArmRun) -> String {
    match (&arm.id, arm.name.is_empty()) {
        (Some(id), true) => id.clone(),
        (Some(id), false) => format!("{} {id}", arm.name),
        (None, _) => arm.name.clone(),
    }
}

/// The recorded days, as the scenario says them: a morning sample of day 0 does not make the axis begin at breakfast.
pub(crate) fn days_shown(scenario: &Scenario, run: &Run) -> (f64, f64) {
    let times = run.arms.iter().flat_map(|a| &a.times);
    let (first, last) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), t| {
        (low.min(*t), high.max(*t))
    });
    let (from, until) = (scenario.record.from_d, scenario.record.until_d);
    let near = |a: f64, b: f64| (a - b).abs() < 1.0 && (until - from) > 2.0;
    let low = if near(first, from) {
        from
    } else {
        first.min(from)
    };
    (low, if near(last, until) { until } else { last })
}

/// One panel for each quantity that any arm has, in the order of the record.
pub(crate) fn panels(run: &Run) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (number, arm) in run.arms.iter().enumerate() {
        for column in &arm.columns {
            let place = names
                .iter()
                .position(|n| *n == column.quantity)
                .unwrap_or_else(|| {
                    names.push(&column.quantity);
                    panels.push(Panel {
                        title: column.label.clone(),
                        unit: column.unit.clone(),
                        reference: column.reference.as_ref().and_then(reference_range),
                        quantity: column.quantity.clone(),
                        ..Panel::default()
                    });
                    panels.len() - 1
                });
            panels[place].curves.push(Curve {
                arm: number,
                days: arm.times.clone(),
                values: column.values.clone(),
                band: None,
            });
        }
    }
    panels
}

fn reference_range(reference: &Reference) -> Option<(f64, f64)> {
    (reference.lower.or(reference.upper)).is_some().then(|| {
        (
            reference.lower.unwrap_or(f64::NEG_INFINITY),
            reference.upper.unwrap_or(f64::INFINITY),
        )
    })
}

fn arm_of<'a>(scenario: &'a Scenario, name: &str) -> Option<&'a Arm> {
    scenario.arms.iter().find(|a| a.name == name)
}

/// The phases of every arm, and infusions long enough to be seen.
pub(crate) fn phases(scenario: &Scenario, run: &Run, days: (f64, f64)) -> Vec<PhaseSpan> {
    let span = days.1 - days.0;
    let mut out = Vec::new();
    for (number, arm_run) in run.arms.iter().enumerate() {
        let Some(arm) = arm_of(scenario, &arm_run.name) else {
            continue;
        };
        let mut own: Vec<PhaseSpan> = arm
            .phases
            .iter()
            .map(|p| PhaseSpan {
                arm: number,
                from: p.from_d,
                until: p.until_d.min(days.1),
                label: phase_label(p),
            })
            .chain(
                arm.doses
                    .iter()
                    .filter(|d| d.count <= 1 && d.over_d >= MOMENT * span)
                    .map(|d| PhaseSpan {
                        arm: number,
                        from: d.at_d,
                        until: d.at_d + d.over_d,
                        label: dose_label(&d.entry, &d.said),
                    }),
            )
            .filter(|p| !p.label.is_empty())
            .collect();
        own.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.until.total_cmp(&b.until)));
        out.extend(own);
    }
    out
}

/// Single doses as moments.
pub(crate) fn marks(scenario: &Scenario, run: &Run, days: (f64, f64)) -> Vec<Mark> {
    let span = days.1 - days.0;
    let mut out = Vec::new();
    for (number, arm_run) in run.arms.iter().enumerate() {
        let Some(arm) = arm_of(scenario, &arm_run.name) else {
            continue;
        };
        for dose in arm
            .doses
            .iter()
            .filter(|d| d.count > 1 || d.over_d < MOMENT * span)
        {
            let times = (0..dose.count.max(1))
                .map(|i| dose.at_d + i as f64 * dose.every_d)
                .take(MOST_MARKS + 1);
            out.extend(times.map(|day| Mark {
                arm: number,
                day,
                label: dose_label(&dose.entry, &dose.said),
            }));
        }
    }
    if out.len() > MOST_MARKS {
        Vec::new()
    } else {
        out
    }
}

/// What a phase changes, in a few words.
pub(crate) fn phase_label(phase: &Phase) -> String {
    let named = |name: &str, said: &str| {
        if said.contains(name) {
            said.to_owned()
        } else {
            format!("{} {said}", name.replace('_', " "))
        }
    };
    let mut parts: Vec<String> = phase.diet_words();
    parts.extend(phase.exposures.iter().map(|e| named(&e.entry, &e.said)));
    parts.extend(
        phase
            .regimens
            .iter()
            .map(|r| format!("{}{}", named(&r.entry, &r.said), frequency(r))),
    );
    parts.extend(phase.inputs.iter().map(|i| named(&i.input, &i.said)));
    parts.join(", ")
}

/// How often a product is taken: ` a day`, ` twice a day`, ` every 7 d`.
fn frequency(regimen: &Regimen) -> String {
    if regimen.said.contains("/d") {
        return String::new();
    }
    match (regimen.every_d, regimen.at_d.len()) {
        (1.0, 0 | 1) => " a day".to_owned(),
        (1.0, 2) => " twice a day".to_owned(),
        (1.0, n) => format!(" {n} times a day"),
        (days, 0 | 1) => format!(" every {}", time_text(days)),
        (days, n) => format!(" {n} times every {}", time_text(days)),
    }
}

pub(crate) fn dose_label(entry: &str, said: &str) -> String {
    if said.contains(entry) {
        said.to_owned()
    } else {
        format!("{entry} {said}")
    }
}

/// Words for those who cannot see the figure: for every panel and arm, from where to where, and the extreme between.
pub(crate) fn describe(run: &Run, figure: &Figure) -> String {
    let mut sentences = vec![format!(
        "Line plots over {} to {}.",
        time_text(figure.days.0),
        time_text(figure.days.1)
    )];
    for arm in &run.arms {
        for column in &arm.columns {
            sentences.extend(course_words(arm, column));
        }
    }
    sentences.join(" ")
}

/// A course in a sentence: where it begins and ends, how far it goes, against which reference. `None` without values.
pub(crate) fn course_words(
    arm: &osteon_sim::ArmRun,
    column: &osteon_sim::Column,
) -> Option<String> {
    let finite: Vec<(f64, f64)> = arm
        .times
        .iter()
        .copied()
        .zip(column.values.iter().copied())
        .filter(|p| p.1.is_finite())
        .collect();
    let (first, last) = (finite.first()?, finite.last()?);
    let far = finite
        .iter()
        .copied()
        .max_by(|a, b| (a.1 - first.1).abs().total_cmp(&(b.1 - first.1).abs()))
        .unwrap_or(*first);
    let name = if arm.name.is_empty() {
        String::new()
    } else {
        format!(", {}", arm.name)
    };
    let told = [first.1, last.1].map(quantity);
    let way = if (far.0 - last.0).abs() > 1e-9 && !told.contains(&quantity(far.1)) {
        format!(", by way of {} at {}", quantity(far.1), time_text(far.0))
    } else {
        String::new()
    };
    let reference = column
        .reference
        .as_ref()
        .map(range_text)
        .filter(|r| !r.is_empty())
        .map_or(String::new(), |r| format!("; reference {r}"));
    Some(format!(
        "{}{name}: from {} to {} {}{way}{reference}.",
        column.label,
        quantity(first.1),
        quantity(last.1),
        column.unit
    ))
}

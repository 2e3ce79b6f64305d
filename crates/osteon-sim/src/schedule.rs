//! The expanded schedule of a person: everything that will be done to the body, in order of time, as the time loop will do it.

use crate::body::Body;
use crate::diagnostics::Diagnostics;
use crate::drive::Action;
use crate::events::InterventionKind;
use crate::plan::{Plan, Planner, life_begins_d, life_ends_d};
use crate::recording::row_times;
use crate::scenario::{Clock, Scenario};
use crate::simulate::prepare;
use crate::staged::cut_infusions;

/// One thing that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduled {
    /// When, days from the start of the scenario; negative in the life before.
    pub time_d: f64,
    /// `start`, `set`, `add`, `rate`, `reset`, `replace`, `multiply`, `steady`, `ask` (a rule of a titration) or `row`.
    pub what: &'static str,
    /// Symbol of the body; empty where the whole body is meant.
    pub target: String,
    /// Value set, amount added, change of rate per day, factor, or days between the doses of a steady regimen.
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
}

/// The schedule of one arm: start values, the lived life, the run-in, the scenario, and the times of the rows.
///
/// # Errors
/// When a name of the scenario does not fit the body, or there is no such arm.
pub fn schedule(
    body: &Body,
    scenario: &Scenario,
    arm: usize,
) -> Result<Vec<Scheduled>, Diagnostics> {
    let Some(arm) = scenario.arms.get(arm) else {
        return Ok(Vec::new());
    };
    let person = &arm.person;
    let prepared = prepare(body, person, &[], Some(arm))?;
    let planner = Planner {
        body,
        person,
        base: prepared.base.clone(),
    };
    let unit = |name: &str| {
        body.vocabulary
            .get(name)
            .map_or_else(String::new, |w| w.unit_text.clone())
    };
    let begin = life_begins_d(person);
    let mut lines: Vec<Scheduled> = person
        .inputs
        .iter()
        .map(|v| Scheduled {
            time_d: begin,
            what: "start",
            target: v.input.clone(),
            value: v.value,
            unit: unit(&v.input),
        })
        .collect();
    let mut put = |plan: &Plan| {
        lines.extend(plan.actions.iter().map(|timed| {
            let (what, symbol, value, per) = match timed.action {
                Action::Add { symbol, amount } => ("add", symbol, amount, ""),
                Action::Set { symbol, value } => ("set", symbol, value, ""),
                Action::Infuse {
                    symbol,
                    rate_change,
                } => ("rate", symbol, rate_change, "/d"),
            };
            let target = body.program.name(symbol).to_owned();
            let unit = unit(&target) + per;
            Scheduled {
                time_d: timed.time,
                what,
                target,
                value,
                unit,
            }
        }));
    };
    let until_d = row_times(&scenario.record)
        .last()
        .copied()
        .unwrap_or(0.0)
        .max(scenario.record.until_d);
    let life_ends_d = life_ends_d(arm, &scenario.record);
    put(&planner.life(life_ends_d));
    let mut in_force = planner.base.clone();
    in_force.extend(planner.in_force(Clock::Averaged, life_ends_d));
    put(&planner.scenario(
        &cut_infusions(arm),
        scenario.record.clock,
        life_ends_d,
        until_d,
        &in_force,
    ));
    for intervention in &arm.interventions {
        let (what, target, value) = match &intervention.kind {
            InterventionKind::Reset => ("reset", String::new(), f64::NAN),
            InterventionKind::Replace(d) => ("replace", d.symbol.clone(), d.amount),
            InterventionKind::Multiply(d) => ("multiply", d.symbol.clone(), d.amount),
            InterventionKind::Steady { into, every_d, .. } => (
                "steady",
                into.first().map_or_else(String::new, |d| d.symbol.clone()),
                *every_d,
            ),
        };
        let unit = match what {
            "steady" => "d".to_owned(),
            "multiply" | "reset" => String::new(),
            _ => unit(&target),
        };
        lines.push(Scheduled {
            time_d: intervention.at_d,
            what,
            target,
            value,
            unit,
        });
    }
    for rule in &arm.titrations {
        lines.extend(rule.times_d.iter().map(|time_d| Scheduled {
            time_d: *time_d,
            what: "ask",
            target: rule.said.clone(),
            value: rule.threshold,
            unit: rule.unit.clone(),
        }));
    }
    lines.extend(
        row_times(&scenario.record)
            .into_iter()
            .map(|time_d| Scheduled {
                time_d,
                what: "row",
                target: String::new(),
                value: f64::NAN,
                unit: String::new(),
            }),
    );
    // At one instant: rows, interventions, rules, then everything else.
    let rank = |line: &Scheduled| match line.what {
        "row" => 0,
        "reset" | "replace" | "multiply" | "steady" => 1,
        "ask" => 2,
        _ => 3,
    };
    lines.sort_by(|a, b| a.time_d.total_cmp(&b.time_d).then(rank(a).cmp(&rank(b))));
    Ok(lines)
}

//! Laboratory panels as tables for the terminal and as JSON.

use std::fmt::Write as _;

use osteon_sim::{Reference, show_days};
use osteon_study::{LaboratoryPanel, TestResult};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;

/// Standard deviations that hold 95 % of results.
const TWO_SIDED_95: f64 = 1.96;

/// Every panel as a table, then once what each test tells and what it cannot. `us` puts units of the United States first.
pub fn laboratory_text(panels: &[LaboratoryPanel], us: bool) -> String {
    let mut out = String::new();
    for panel in panels {
        let who = if panel.arm.is_empty() {
            String::new()
        } else {
            format!("{}, ", panel.arm)
        };
        let _ = writeln!(out, "{who}at {}", show_days(panel.time_d));
        let other = if us { "SI" } else { "US" };
        let allowed = panel.results.iter().any(|r| r.allowed.is_some());
        let mut head = vec!["test", ">value", "unit", "", "reference", ">± 95 %", other];
        if allowed {
            head.push("90 % of the people allowed");
        }
        let mut table = Aligned::new(&head);
        for result in &panel.results {
            table.row(cells(result, us, allowed));
        }
        out += &table.text("  ");
        out.push('\n');
    }
    if panels
        .iter()
        .any(|p| p.results.iter().any(|r| r.allowed.is_some()))
    {
        out += "90 % of the people allowed: where the test lies in people of whom the measured values may be, besides its own error.\n";
    }
    out += "± 95 %: one measurement lies this near the person's mean, method and day together. A question mark: within that of a limit.\n";
    out += "What each test tells, and what it cannot:\n";
    for result in panels.first().map_or(&[][..], |p| &p.results) {
        let _ = writeln!(
            out,
            "  {}. {} {}",
            result.label, result.tells, result.cannot
        );
    }
    out
}

fn cells(result: &TestResult, us: bool, allowed: bool) -> Vec<String> {
    let plain = (result.unit.clone(), 1.0);
    let foreign = result.us_unit.clone();
    let (first, second) = match (us, foreign) {
        (true, Some(foreign)) => (foreign, Some(plain)),
        (true, None) => (plain, None),
        (false, foreign) => (plain, foreign),
    };
    let factor = first.1;
    let mut cells = vec![
        result.label.clone(),
        quantity(result.value * factor),
        first.0,
        result.flag.word().to_owned(),
        result
            .reference
            .as_ref()
            .map_or_else(String::new, |r| interval(r, factor)),
        result
            .error
            .map_or_else(String::new, |e| quantity(TWO_SIDED_95 * e * factor)),
        second.map_or_else(String::new, |(unit, factor)| {
            format!("{} {unit}", quantity(result.value * factor))
        }),
    ];
    if allowed {
        cells.push(result.allowed.map_or_else(String::new, |(low, high)| {
            format!("{} to {}", quantity(low * factor), quantity(high * factor))
        }));
    }
    cells
}

fn interval(reference: &Reference, factor: f64) -> String {
    let limits = match (reference.lower, reference.upper) {
        (Some(lower), Some(upper)) => {
            format!(
                "{} to {}",
                quantity(lower * factor),
                quantity(upper * factor)
            )
        }
        (Some(lower), None) => format!("above {}", quantity(lower * factor)),
        (None, Some(upper)) => format!("below {}", quantity(upper * factor)),
        (None, None) => String::new(),
    };
    format!("{limits} [{}]", reference.source)
}

/// The panels as a JSON value. NaN becomes null. Times are days.
pub fn laboratory_json(title: &str, panels: &[LaboratoryPanel]) -> Value {
    json!({
        "title": title,
        "time_unit": "d",
        "panels": panels.iter().map(|p| json!({
            "arm": p.arm,
            "time": p.time_d,
            "results": p.results.iter().map(result_json).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn result_json(r: &TestResult) -> Value {
    json!({
        "test": r.test,
        "label": r.label,
        "value": r.value,
        "unit": r.unit,
        "us_value": r.us_unit.as_ref().map(|(_, factor)| r.value * factor),
        "us_unit": r.us_unit.as_ref().map(|(unit, _)| unit),
        "reference": r.reference.as_ref().map(|i| json!({"lower": i.lower, "upper": i.upper, "source": i.source})),
        "standard_error_of_measurement": r.error,
        "allowed_90": r.allowed.map(|(low, high)| [low, high]),
        "flag": r.flag.word(),
        "tells": r.tells,
        "cannot": r.cannot,
    })
}

//! Laboratory values over time: tests down, times across, against reference ranges.

use maud::{Markup, html};
use osteon_sim::{ArmRun, Column, Reference, TestMethod};

use super::ReportInput;
use crate::summary::range_text;
use crate::ticks::quantity;
use crate::time_axis::time_head;

/// Most times shown.
const MOST_TIMES: usize = 8;

/// Where a value lies: `low`, `high`, or nothing.
pub(super) fn flag(value: f64, reference: Option<&Reference>) -> &'static str {
    match reference {
        Some(r) if r.lower.is_some_and(|l| value < l) => "low",
        Some(r) if r.upper.is_some_and(|u| value > u) => "high",
        _ => "",
    }
}

/// Rows at which the laboratory is shown: the first, the last, where phases end, and some between.
pub(super) fn rows_shown(input: &ReportInput<'_>, number: usize) -> Vec<usize> {
    let Some(arm) = input.run.arms.get(number) else {
        return Vec::new();
    };
    let last = arm.times.len().saturating_sub(1);
    let mut rows = vec![0, last];
    let edges = input
        .scenario
        .arms
        .iter()
        .find(|a| a.name == arm.name)
        .map_or_else(Vec::new, |a| {
            let ends = a.phases.iter().flat_map(|p| [p.from_d, p.until_d]);
            ends.filter(|d| d.is_finite()).collect()
        });
    for edge in edges {
        // The last row that still belongs to what was before.
        if let Some(row) = arm.times.iter().rposition(|t| *t <= edge + 1e-9) {
            rows.push(row);
        }
    }
    rows.sort_unstable();
    rows.dedup();
    rows.truncate(MOST_TIMES);
    for part in 1..MOST_TIMES {
        if rows.len() >= MOST_TIMES {
            break;
        }
        let row = last * part / MOST_TIMES;
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    if !rows.contains(&last) {
        rows.pop();
        rows.push(last);
    }
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The columns of an arm that the laboratory measures, each with what the test tells and cannot.
pub(super) fn columns<'a>(
    input: &'a ReportInput<'_>,
    arm: &'a ArmRun,
) -> Vec<(&'a Column, &'a str, &'a str)> {
    let mut out: Vec<(&Column, &str, &str)> = Vec::new();
    for test in &input.library.tests {
        if let TestMethod::Quantity(name) = &test.method
            && let Some(column) = arm.column(name)
        {
            out.push((column, &test.tells, &test.cannot));
        }
    }
    for column in &arm.columns {
        let known = out.iter().any(|(c, _, _)| c.quantity == column.quantity);
        if !known && column.reference.is_some() && !is_outlook(input, &column.quantity) {
            out.push((column, "", ""));
        }
    }
    out
}

pub(super) fn is_outlook(input: &ReportInput<'_>, name: &str) -> bool {
    input.library.quantity(name).is_some_and(|q| q.outlook)
}

/// A table for each arm.
pub(super) fn tables(input: &ReportInput<'_>) -> Option<Markup> {
    let any = input.run.arms.iter().any(|a| !columns(input, a).is_empty());
    any.then(|| {
        html! {
            p { "Values outside of the reference range are marked " span class="flag low" { "↓ low" } " or " span class="flag high" { "↑ high" } "." }
            @for (number, arm) in input.run.arms.iter().enumerate() {
                @if !arm.name.is_empty() { h3 { (arm.name) } }
                @let rows = rows_shown(input, number);
                div class="scroll" { table class="laboratory" data-arm=(arm.name) {
                    thead { tr {
                        th scope="col" { "Test" } th scope="col" { "Unit" }
                        @for row in &rows { th scope="col" class="num" { (arm.times.get(*row).map_or_else(String::new, |t| time_head(*t, input.figure.days.1 - input.figure.days.0))) } }
                        th scope="col" { "Reference" }
                    } }
                    tbody { @for (column, tells, cannot) in columns(input, arm) {
                        tr data-quantity=(column.quantity) {
                            th scope="row" {
                                (column.label)
                                @if !tells.is_empty() { details class="hint" { summary { "what it tells" } p { (tells) } p { (cannot) } } }
                            }
                            td { (column.unit) }
                            @for row in &rows { (cell(column, *row)) }
                            td { (column.reference.as_ref().map(range_text).unwrap_or_else(String::new)) }
                        }
                    } }
                } }
            }
        }
    })
}

fn cell(column: &Column, row: usize) -> Markup {
    let value = column.values.get(row).copied().unwrap_or(f64::NAN);
    let flag = flag(value, column.reference.as_ref());
    html! {
        td class={ "num " (flag) } data-row=(row) data-v=[value.is_finite().then_some(value)] {
            (quantity(value))
            @if flag == "low" { span class="flag low" title="below the reference range" { " ↓" } }
            @if flag == "high" { span class="flag high" title="above the reference range" { " ↑" } }
        }
    }
}

//! Who the person is and what is done to them.

use maud::{Markup, html};
use osteon_sim::{Arm, DietPart, Person, Scheduled, show_days};
use osteon_study::{MatchedArms, cautions};

use super::ReportInput;
use crate::run_figure::{dose_label, phase_label};
use crate::ticks::quantity;
use crate::time_axis::time_text;

/// Most lines of an expanded schedule.
const MOST_LINES: usize = 400;

/// The persons of the arms: one table if they are the same.
pub(super) fn person(input: &ReportInput<'_>) -> Markup {
    let arms = &input.scenario.arms;
    let alike = arms.iter().all(|a| a.person == arms[0].person);
    html! {
        @for arm in arms.iter().take(if alike { 1 } else { arms.len() }) {
            @if !alike { h3 { (arm.name) } }
            (facts(input, &arm.person))
        }
        @for person in input.matched { (matched(input, person)) }
    }
}

/// What was measured, who that makes most likely, and how well they are known.
fn matched(input: &ReportInput<'_>, person: &MatchedArms) -> Markup {
    let arms = &input.scenario.arms;
    let names: Vec<&str> = person
        .arms
        .iter()
        .filter_map(|a| Some(arms.get(*a)?.name.as_str()))
        .collect();
    let found = &person.found;
    html! {
        h3 { "Matched to what was measured" @if names.len() < arms.len() { ": " (names.join(", ")) } }
        p { "The courses are those of the most likely person with these values at day 0; the bands hold 90 % of the people whom the values allow. The body itself is taken as known." }
        div class="scroll" { table class="matched" {
            thead { tr { th scope="col" { "Measured" } th scope="col" class="num" { "Value" } th scope="col" { "Unit" } th scope="col" class="num" { "± 1 SD" } th scope="col" class="num" { "Before matching" } th scope="col" class="num" { "Matched" } } }
            tbody { @for (m, before, after) in &found.rows { tr {
                th scope="row" { (m.quantity) } td class="num" { (quantity(m.value)) } td { (m.unit) } td class="num" { (format!("{:.1} %", 100.0 * m.error)) }
                td class="num" { (quantity(*before)) } td class="num" { (quantity(*after)) }
            } } }
        } }
        div class="scroll" { table class="matched" {
            thead { tr { th scope="col" { "Varies between people" } th scope="col" class="num" { "Usual" } th scope="col" class="num" { "Most likely" } th scope="col" class="num" { "90 % from" } th scope="col" class="num" { "to" } th scope="col" class="num" { "Determined" } } }
            tbody { @for p in &found.parameters { tr {
                th scope="row" { (p.individual.label) } td class="num" { (quantity(p.prior)) } td class="num" { (quantity(p.value)) }
                td class="num" { (quantity(p.interval.0)) } td class="num" { (quantity(p.interval.1)) } td class="num" { (format!("{:.0} %", 100.0 * p.determined)) }
            } } }
        } }
        p class="note" { "Determined: the share of the spread between people that the measurements took away. " (format!("Values as unusual as these or more so are shown by {:.0} % of such people.", 100.0 * found.chance)) }
        @for caution in cautions(found) { p class="note" { (caution) } }
    }
}

fn words(input: &ReportInput<'_>, symbol: &str) -> String {
    let known = input.model.symbols.iter().find(|s| s.id == symbol);
    known
        .and_then(|s| s.name.clone())
        .unwrap_or_else(|| symbol.to_owned())
}

/// Words for an input; an input that was given as a word (`male`) needs no unit and no code.
fn heading(input: &ReportInput<'_>, symbol: &str, said: &str) -> String {
    let coded = !said.chars().any(|c| c.is_ascii_digit());
    if coded && symbol == "female" {
        "Sex".to_owned()
    } else {
        words(input, symbol)
    }
}

fn since(from_d: f64, until_d: f64) -> String {
    let from = if from_d.is_finite() {
        format!("from {}", time_text(from_d))
    } else {
        "all adult life".to_owned()
    };
    if until_d.is_finite() {
        format!("{from} until {}", time_text(until_d))
    } else {
        from
    }
}

fn diet_words(parts: &[DietPart]) -> String {
    // A diet that was called by its name stands behind every nutrient.
    if let [first, rest @ ..] = parts
        && !first.said.chars().any(|c| c.is_ascii_digit())
        && rest.iter().all(|p| p.said == first.said)
    {
        return first.said.clone();
    }
    let one = |d: &DietPart| {
        let name = d.nutrient.replace('_', " ");
        if d.said.contains(&d.nutrient) {
            d.said.replace('_', " ")
        } else {
            format!("{name} {}", d.said)
        }
    };
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn facts(input: &ReportInput<'_>, person: &Person) -> Markup {
    html! {
        dl {
            dt { "Age" } dd { ((person.age_a * 10.0).round() / 10.0) " years" }
            @for value in &person.inputs {
                @if value.input != "age" && !value.said.contains("matched to") { dt { (heading(input, &value.input, &value.said)) } dd { (value.said) } }
            }
            @if !person.diet.is_empty() { dt { "Usual diet" } dd { (diet_words(&person.diet)) } }
            @for e in &person.exposures { dt { (e.entry) } dd { (e.said) ", " (since(e.from_d, e.until_d)) } }
            @for r in &person.regimens { dt { (r.entry) } dd { (r.said) ", " (since(r.from_d, r.until_d)) } }
            @if person.meals.len() > 1 {
                dt { "Meals" }
                dd { @for (i, meal) in person.meals.iter().enumerate() { @if i > 0 { ", " } (clock(meal.at_d)) " (" (format!("{:.0} %", 100.0 * meal.share)) ")" } }
            }
        }
    }
}

fn clock(day: f64) -> String {
    let minutes = (day * 1440.0).round() as i64;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Phases, doses and rules of each arm, and the expanded schedule.
pub(super) fn protocol(input: &ReportInput<'_>) -> Markup {
    html! {
        @for (number, arm) in input.scenario.arms.iter().enumerate() {
            @if !arm.name.is_empty() { h3 { (arm.name) } }
            (said(arm))
            @if let Some(lines) = input.schedules.get(number) { (expanded(lines)) }
        }
    }
}

fn said(arm: &Arm) -> Markup {
    let nothing = arm.phases.is_empty() && arm.doses.is_empty() && arm.titrations.is_empty();
    html! {
        @if nothing { p { "Nothing: life goes on as usual." } }
        @else {
            ul {
                @for phase in &arm.phases { li { b { (since(phase.from_d, phase.until_d)) } ": " (phase_label(phase)) } }
                @for dose in &arm.doses {
                    li {
                        b { "at " (show_days(dose.at_d)) } ": " (dose_label(&dose.entry, &dose.said))
                        @if dose.over_d > 0.0 { " over " (time_text(dose.over_d)) }
                        @if dose.count > 1 { ", " (dose.count) " times every " (time_text(dose.every_d)) }
                    }
                }
                @for rule in &arm.titrations { li { (rule.said) } }
            }
        }
    }
}

/// A line of the schedule that stands for several: the first and last time, and how often.
struct Repeated<'a> {
    line: &'a Scheduled,
    last_d: f64,
    count: usize,
}

/// Everything that is done from the start on; what repeats stands once.
fn expanded(lines: &[Scheduled]) -> Markup {
    let mut shown: Vec<Repeated<'_>> = Vec::new();
    for line in lines
        .iter()
        .filter(|l| l.time_d >= 0.0 && l.what != "row" && l.what != "start")
    {
        let same = |r: &&mut Repeated<'_>| {
            let l = r.line;
            l.what == line.what
                && l.target == line.target
                && l.value.to_bits() == line.value.to_bits()
        };
        match shown.iter_mut().rev().take(40).find(same) {
            Some(known) => {
                known.last_d = line.time_d;
                known.count += 1;
            }
            None => shown.push(Repeated {
                line,
                last_d: line.time_d,
                count: 1,
            }),
        }
    }
    html! {
        @if !shown.is_empty() {
            details {
                summary { "Everything that is done to the body, as the model takes it" }
                div class="scroll" { table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Symbol" } th scope="col" class="num" { "Value" } th scope="col" { "Unit" } th scope="col" { "Repeats" } } }
                    tbody {
                        @for r in shown.iter().take(MOST_LINES) {
                            tr {
                                td { (show_days(r.line.time_d)) } td { (r.line.what) } th scope="row" { code { (r.line.target) } }
                                td class="num" { @if r.line.value.is_finite() { (quantity(r.line.value)) } } td { (r.line.unit) }
                                td { @if r.count > 1 { (r.count) " times until " (show_days(r.last_d)) } }
                            }
                        }
                    }
                } }
                @if shown.len() > MOST_LINES { p { (shown.len() - MOST_LINES) " more lines are left out here." } }
            }
        }
    }
}

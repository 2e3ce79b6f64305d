//! The page itself: head, sections in their order, foot.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::sources::Cited;
use super::{ReportInput, assumptions, embed, laboratory, outlook, person, plots, sources};
use crate::flux_figure::flux_figure;
use crate::flux_page::flux_text;
use crate::protocol_page::{protocol_figure, protocol_text};
use crate::run_figure::course_words;
use crate::ticks::quantity;
use crate::why_figure::why_figure;
use crate::why_page::why_text;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
const META: PreEscaped<&str> = PreEscaped(
    r#"<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>"#,
);

/// A section with its heading; nothing if it has nothing to say.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Option<Markup>,
}

/// The whole page.
pub(super) fn page(input: &ReportInput<'_>, cited: &[Cited]) -> String {
    let run = input.run;
    let section = |id, title, body| Section { id, title, body };
    let sections: Vec<Section> = [
        section("short", "In short", Some(in_short(input))),
        section("person", "Person", Some(person::person(input))),
        section("protocol", "What is done", Some(person::protocol(input))),
        section("courses", "Courses", Some(plots::plots(input))),
        section("laboratory", "Laboratory", laboratory::tables(input)),
        section("outlook", "What may come of it", outlook::tables(input)),
        section("why", "Why", why(input)),
        section("goals", "The least that reaches the goals", goals(input)),
        section("flows", "Where it goes", flows(input)),
        section("balance", "Balance", balance(input)),
        section(
            "assumptions",
            "The assumptions that matter most",
            assumptions::table(input),
        ),
        section("sources", "Sources", sources::list(cited)),
        section("versions", "Versions", Some(versions(input))),
    ]
    .into_iter()
    .filter(|s| s.body.is_some())
    .collect();
    let markup = html! {
        (DOCTYPE)
        html lang="en" xmlns="http://www.w3.org/1999/xhtml" {
            head { (META) title { (run.title) } style { (PreEscaped(STYLE)) } }
            body {
                header {
                    h1 { (run.title) }
                    @if let Some(says) = &input.scenario.says { p class="says" { (says) } }
                    p class="warning" { "For research and teaching; not medical advice." }
                }
                nav aria-label="Contents" { ul { @for s in &sections { li { a href={ "#" (s.id) } { (s.title) } } } } }
                main {
                    @for s in &sections {
                        section id=(s.id) { h2 { (s.title) } @if let Some(body) = &s.body { (body) } }
                    }
                }
                script { (PreEscaped("/*<![CDATA[*/\n")) (PreEscaped(SCRIPT)) (PreEscaped("\n/*]]>*/")) }
            }
        }
    };
    markup.into_string()
}

/// Each course of the scenario's own quantities in a sentence.
fn in_short(input: &ReportInput<'_>) -> Markup {
    let wanted = &input.scenario.record.quantities;
    html! {
        @for arm in &input.run.arms {
            @if let Some(failure) = &arm.failure {
                p class="failure" { "The run stopped " (failure.message) ". Try: " (failure.hint) "." }
            }
        }
        @if let [arm] = input.run.arms.as_slice() {
            ul {
                @for column in arm.columns.iter().filter(|c| wanted.contains(&c.quantity)) {
                    @if let Some(words) = course_words(arm, column) { li { (words) } }
                }
            }
        } @else {
            p { "First and last value in each arm." }
            div class="scroll" { table class="short" {
                thead { tr { th scope="col" { "Quantity" } th scope="col" { "Unit" } @for arm in &input.run.arms { th scope="col" { (arm.name) } } } }
                tbody { @for name in wanted {
                    @if let Some(first) = input.run.arms.iter().find_map(|a| a.column(name)) {
                        tr {
                            th scope="row" { (first.label) } td { @if first.unit != "1" { (first.unit) } }
                            @for arm in &input.run.arms { td { (ends(arm, name)) } }
                        }
                    }
                } }
            } }
        }
    }
}

/// `0.841 → 0.630`.
fn ends(arm: &osteon_sim::ArmRun, name: &str) -> String {
    let values = arm.column(name).map_or(&[][..], |c| c.values.as_slice());
    let mut finite = values.iter().filter(|v| v.is_finite());
    match (finite.next(), finite.next_back()) {
        (Some(first), Some(last)) => format!("{} → {}", quantity(*first), quantity(*last)),
        (Some(only), None) => quantity(*only),
        _ => "–".to_owned(),
    }
}

fn why(input: &ReportInput<'_>) -> Option<Markup> {
    (!input.whys.is_empty()).then(|| {
        html! {
            p { "Each bar is what one pathway of the body does to the change: the difference between runs in which it works and runs in which it is frozen at the person's own state. The bars add up to the change." }
            @for (number, why) in input.whys.iter().enumerate() {
                figure { (embed::svg(&why_figure(why, ""), &format!("why{number}"))) }
                details { summary { "The same in words, with equations and sources" } pre { (why_text(why)) } }
            }
        }
    })
}

/// What was found for goals: the picture, and everything in words.
fn goals(input: &ReportInput<'_>) -> Option<Markup> {
    let found = input.goals?;
    Some(html! {
        p { "Every safe combination of food, supplements and habits was tried on this person from day 0 on; the front holds those than which none does more with as little effort. Efforts are partly assumed and can be changed." }
        figure { (embed::svg(&protocol_figure(found, ""), "goals")) }
        details open="" { summary { "The same in words" } pre { (protocol_text(found)) } }
    })
}

fn flows(input: &ReportInput<'_>) -> Option<Markup> {
    (!input.fluxes.is_empty()).then(|| {
        html! {
            @for (number, flux) in input.fluxes.iter().enumerate() {
                figure { (embed::svg(&flux_figure(flux, ""), &format!("flow{number}"))) }
                details { summary { "The same in words" } pre { (flux_text(flux)) } }
            }
        }
    })
}

/// The ledger of every element that moves.
fn balance(input: &ReportInput<'_>) -> Option<Markup> {
    let moves = |l: &&osteon_sim::LedgerLine| {
        [l.entered, l.dosed, l.left, l.gained]
            .iter()
            .any(|v| *v != 0.0)
    };
    let any = input
        .run
        .arms
        .iter()
        .any(|a| a.ledger.iter().any(|l| moves(&l)));
    any.then(|| {
        html! {
            p { "What entered, left and stayed over the whole scenario. The last column is what the sum misses, relative to the largest amount." }
            div class="scroll" { table {
                thead { tr { th scope="col" { "Arm" } th scope="col" { "Element" } th scope="col" class="num" { "Day's intake" } th scope="col" class="num" { "Meals and doses" } th scope="col" class="num" { "Left" } th scope="col" class="num" { "Gained" } th scope="col" { "Unit" } th scope="col" class="num" { "Closes to" } } }
                tbody {
                    @for arm in &input.run.arms { @for line in arm.ledger.iter().filter(moves) {
                        tr {
                            td { (arm.name) } th scope="row" { (line.element) }
                            @for v in [line.entered, line.dosed, line.left, line.gained] { td class="num" data-v=(v) { (quantity(v)) } }
                            td { (line.unit) } td class="num" { (format!("{:.0e}", line.relative_error)) }
                        }
                    } }
                }
            } }
        }
    })
}

fn versions(input: &ReportInput<'_>) -> Markup {
    let meta = &input.run.meta;
    html! {
        dl {
            dt { "Engine" } dd { "Osteon " (meta.engine) }
            dt { "Body" } dd { (meta.body) ", " code { (meta.body_hash) } }
            dt { "Scenario" } dd { (input.run.scenario) ", " code { (meta.scenario_hash) } }
            dt { "Intake" } dd { (meta.clock) }
            dt { "Solver" } dd { (meta.states) " states, relative tolerance " (format!("{:e}", meta.rtol)) ", absolute " (meta.atol) }
            @if let Some(bands) = input.bands { dt { "Bands" } dd { (bands.meaning()) ", seed " (bands.seed) ", " (bands.parameters) " numbers varied" } }
        }
        details { summary { "The scenario as written" } pre { (input.scenario.text) } }
    }
}

//! Courses as plots: drawn here as SVG with words, and given to the script as data for read-out, zoom and switching arms off.

use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use osteon_study::{Kind, RowVerdict};

use super::{MeasuredStudy, ReportInput};
use crate::figure::{Curve, Figure, Panel};
use crate::panel::value_range;
use crate::run_figure::course_words;
use crate::ticks::{quantity, ticks};
use crate::time_axis::{time_ticks, unit_for};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 42.0;

fn px(v: f64) -> String {
    format!("{}", (v * 10.0).round() / 10.0)
}

/// All plots with the key of the arms.
pub(super) fn plots(input: &ReportInput<'_>) -> Markup {
    let figure = input.figure;
    let named = figure.arms.iter().any(|a| !a.is_empty());
    let measured = figure.panels.iter().any(|p| !p.points.is_empty());
    html! {
        @if named {
            ul class="key" {
                @for (number, name) in figure.arms.iter().enumerate() {
                    li { button type="button" class="arm" data-arm=(number) aria-pressed="true" { span class={ "sample arm" (number % 7) } {} (name) } }
                }
            }
        }
        p class="note" {
            "Grey-green: reference range."
            @if let Some(bands) = input.bands { " Bands: " (bands.meaning()) "." }
            @if measured { " Dots with bars: measured, with the interval that judges; open where a change was measured and stands on the simulated start." }
            span class="with-script" { " Point at a plot for values, drag over a stretch of time to look closer, click twice to see all." }
        }
        @for study in &input.studies { p class="note" { "Measured: " (study.says) " (" (study.cites) ")" } }
        div class="plots" {
            @for (number, panel) in figure.panels.iter().enumerate() { (plot(input, figure, panel, number)) }
        }
        @for study in &input.studies { (measured_rows(study)) }
    }
}

/// Every row of a study: what was measured, what is simulated, how it comes out.
fn measured_rows(study: &MeasuredStudy) -> Markup {
    let number = |r: &RowVerdict, v: f64| {
        if r.row.kind == Kind::Sign {
            match v {
                v if v > 0.0 => "rises".to_owned(),
                v if v < 0.0 => "falls".to_owned(),
                0.0 => "stays".to_owned(),
                _ => "–".to_owned(),
            }
        } else {
            quantity(v)
        }
    };
    html! {
        h3 { "Measured and simulated: " (study.name) }
        div class="scroll" { table class="measured" {
            thead { tr { th scope="col" { "Quantity" } th scope="col" { "Arm" } th scope="col" { "At" } th scope="col" { "As" } th scope="col" class="num" { "Measured" } th scope="col" { "Interval that judges" } th scope="col" class="num" { "Simulated" } th scope="col" { "Unit" } th scope="col" { "Verdict" } } }
            tbody { @for r in &study.rows {
                tr {
                    th scope="row" { (r.row.quantity) @if r.row.used_to_fit { " *" } }
                    td { (r.row.arm_words()) } td { (r.row.at) } td { (r.row.kind.as_str().replace('_', " ")) }
                    td class="num" { (number(r, r.row.value)) }
                    td { @if r.row.kind != Kind::Sign { (quantity(r.lower)) " to " (quantity(r.upper)) } }
                    td class="num" { (number(r, r.predicted)) } td { (r.row.unit) } td { (r.verdict.as_str().replace('_', " ")) }
                }
            } }
        } }
        @if study.rows.iter().any(|r| r.row.used_to_fit) { p class="note" { "* shaped the body." } }
    }
}

fn plot(input: &ReportInput<'_>, figure: &Figure, panel: &Panel, number: usize) -> Markup {
    let (lower, upper) = value_range(panel, figure.days);
    let days = figure.days;
    let span = (days.1 - days.0).max(1e-9);
    let x = |day: f64| LEFT + (day - days.0) / span * (WIDTH - LEFT - RIGHT);
    let y = |v: f64| HEIGHT - BOTTOM - (v - lower) / (upper - lower) * (HEIGHT - TOP - BOTTOM);
    let unit = unit_for(span);
    let across = time_ticks(days.0, days.1, unit, 8);
    let up = ticks(lower, upper, 5);
    let id = format!("plot{number}");
    let said: Vec<String> = input
        .run
        .arms
        .iter()
        .filter_map(|a| course_words(a, a.column(&panel.quantity)?))
        .collect();
    html! {
        figure class="plot" {
            figcaption { b { (panel.title) } @if panel.unit != "1" { ", " (panel.unit) } }
            svg id=(id) xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
                title id={ (id) "-t" } { (panel.title) }
                desc id={ (id) "-d" } { (said.join(" ")) }
                clipPath id={ (id) "-clip" } { rect x=(LEFT) y=(TOP - 1.0) width=(px(WIDTH - LEFT - RIGHT)) height=(px(HEIGHT - TOP - BOTTOM + 2.0)) {} }
                g class="phases" clip-path={ "url(#" (id) "-clip)" } {
                    @for phase in figure.phases.iter().filter(|p| p.arm == 0 || figure.arms.len() == 1) {
                        @let (a, b) = (phase.from.max(days.0), phase.until.min(days.1));
                        @if b > a { rect class="phase" x=(px(x(a))) y=(TOP) width=(px(x(b) - x(a))) height=(px(HEIGHT - TOP - BOTTOM)) data-from=(a) data-until=(b) { title { (phase.label) } } }
                    }
                    @if let Some((low, high)) = panel.reference {
                        @let (y0, y1) = (y(high.min(upper)), y(low.max(lower)));
                        @if y1 > y0 { rect class="reference" x=(LEFT) y=(px(y0)) width=(px(WIDTH - LEFT - RIGHT)) height=(px(y1 - y0)) {} }
                    }
                }
                g class="axis-y" {
                    @for (v, label) in up.at.iter().zip(&up.labels) {
                        line class="grid" x1=(LEFT) x2=(px(WIDTH - RIGHT)) y1=(px(y(*v))) y2=(px(y(*v))) {}
                        text x=(px(LEFT - 7.0)) y=(px(y(*v) + 4.0)) text-anchor="end" { (label) }
                    }
                }
                g class="axis-x" {
                    @for (d, label) in across.at.iter().zip(&across.labels) {
                        line class="tick" x1=(px(x(*d))) x2=(px(x(*d))) y1=(px(HEIGHT - BOTTOM)) y2=(px(HEIGHT - BOTTOM + 4.0)) {}
                        text x=(px(x(*d))) y=(px(HEIGHT - BOTTOM + 17.0)) text-anchor="middle" { (label) }
                    }
                }
                line class="base" x1=(LEFT) x2=(px(WIDTH - RIGHT)) y1=(px(HEIGHT - BOTTOM)) y2=(px(HEIGHT - BOTTOM)) {}
                text class="unit" x=(px((LEFT + WIDTH - RIGHT) / 2.0)) y=(px(HEIGHT - 6.0)) text-anchor="middle" { (unit.title) }
                g clip-path={ "url(#" (id) "-clip)" } {
                    @for curve in panel.curves.iter().rev() {
                        g class={ "series arm" (curve.arm % 7) } data-arm=(curve.arm) {
                            @if let Some(band) = &curve.band { path class="band" d=(band_path(&curve.days, &band.lower, &band.upper, &x, &y)) {} }
                            path class="line" d=(line_path(curve, &x, &y)) {}
                        }
                    }
                    @for (i, point) in panel.points.iter().enumerate() {
                        g class={ "point arm" (point.arm % 7) } data-arm=(point.arm) data-point=(i) {
                            @if let Some((low, high)) = point.interval { line x1=(px(x(point.day))) x2=(px(x(point.day))) y1=(px(y(low))) y2=(px(y(high))) {} }
                            circle class=[(!point.direct).then_some("open")] cx=(px(x(point.day))) cy=(px(y(point.value))) r="4" {}
                        }
                    }
                }
            }
            details class="hint" { summary { "In words" } @for words in &said { p { (words) } } }
            script type="application/json" { (PreEscaped(data(figure, panel, unit.days, (lower, upper)))) }
        }
    }
}

fn line_path(curve: &Curve, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut pen_down = false;
    for (day, value) in curve.days.iter().zip(&curve.values) {
        if !value.is_finite() {
            pen_down = false;
            continue;
        }
        path += if pen_down { "L" } else { "M" };
        path += &format!("{},{}", px(x(*day)), px(y(*value)));
        pen_down = true;
    }
    path
}

fn band_path(
    days: &[f64],
    lower: &[f64],
    upper: &[f64],
    x: &dyn Fn(f64) -> f64,
    y: &dyn Fn(f64) -> f64,
) -> String {
    let forth = days.iter().zip(lower);
    let back = days.iter().zip(upper).rev();
    let points: Vec<String> = forth
        .chain(back)
        .filter(|(_, v)| v.is_finite())
        .map(|(d, v)| format!("{},{}", px(x(*d)), px(y(*v))))
        .collect();
    if points.is_empty() {
        String::new()
    } else {
        format!("M{}z", points.join("L"))
    }
}

/// What the script needs, safe inside of HTML and of XML.
fn data(figure: &Figure, panel: &Panel, unit_days: f64, range: (f64, f64)) -> String {
    let list = |values: &[f64]| -> Value {
        values
            .iter()
            .map(|v| json!(v.is_finite().then_some(*v)))
            .collect()
    };
    let curves: Vec<Value> = panel
        .curves
        .iter()
        .map(|c| {
            json!({
                "arm": c.arm, "name": figure.arms.get(c.arm), "days": list(&c.days), "values": list(&c.values),
                "lower": c.band.as_ref().map(|b| list(&b.lower)), "upper": c.band.as_ref().map(|b| list(&b.upper)),
            })
        })
        .collect();
    let points: Vec<Value> = panel
        .points
        .iter()
        .map(|p| json!({"arm": p.arm, "day": p.day, "value": p.value, "interval": p.interval.map(|i| [i.0, i.1])}))
        .collect();
    let side = |v: f64| v.is_finite().then_some(v);
    let text = json!({
        "quantity": panel.quantity, "unit": panel.unit, "days": [figure.days.0, figure.days.1], "unit_days": unit_days, "range": [range.0, range.1],
        "reference": panel.reference.map(|(l, h)| [side(l), side(h)]), "curves": curves, "points": points,
        "frame": [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM],
    })
    .to_string();
    text.replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
}

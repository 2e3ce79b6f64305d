//! What matters for a study or scenario: one panel an output, one bar a parameter, from the output at the lower end of its range to the
//! output at the upper end, the largest on top.

use osteon_study::{Sensitivity, Uncertain};

use crate::palette::{GREY, GRID, INK, REFERENCE};
use crate::svg::{Anchor, Canvas, Stroke, Svg, TextStyle};
use crate::text_width::{Weight, fit, wrap};
use crate::ticks::{quantity, ticks};

const MARGIN: f64 = 28.0;
const GUTTER: f64 = 34.0;
const WIDTH: f64 = 1080.0;
const BAR: f64 = 17.0;
const LABEL: f64 = 168.0;
const LOW: &str = "#0072b2";
const HIGH: &str = "#d55e00";
/// More outputs than this are told in the table only.
const MOST_PANELS: usize = 12;

/// Draws at most `top` bars an output. `source` is the small print.
pub fn tornado_figure(
    found: &Sensitivity,
    parameters: &[Uncertain],
    top: usize,
    source: &str,
) -> Svg {
    let shown: Vec<usize> = (0..found.outputs.len())
        .filter(|o| found.outputs[*o].base.is_finite())
        .take(MOST_PANELS)
        .collect();
    let columns = if shown.len() == 1 { 1 } else { 2 };
    let bars = match shown.len() {
        1 => 15,
        2 => 12,
        3 | 4 => 9,
        _ => 7,
    }
    .min(top);
    let panel = (WIDTH - 2.0 * MARGIN - (columns - 1) as f64 * GUTTER) / columns as f64;
    let mut canvas = Canvas::new();
    let mut y = MARGIN + 16.0;
    for line in wrap(&found.title, 20.0, Weight::SemiBold, WIDTH - 2.0 * MARGIN) {
        canvas.text((MARGIN, y), &line, TextStyle::new(20.0, INK).bold());
        y += 26.0;
    }
    let subtitle = format!(
        "{}: each parameter alone at the lower and upper end of its range, everything else as in the body",
        found.name
    );
    for line in wrap(&subtitle, 13.0, Weight::Regular, WIDTH - 2.0 * MARGIN) {
        canvas.text((MARGIN, y - 2.0), &line, TextStyle::new(13.0, GREY));
        y += 18.0;
    }
    let mut x = MARGIN;
    let judged = shown.iter().any(|o| found.outputs[*o].interval.is_some());
    let key: [(&str, &str, f64); 3] = [
        (LOW, "at the lower end", 0.85),
        (HIGH, "at the upper end", 0.85),
        (REFERENCE, "interval that judges", 0.75),
    ];
    for (colour, words, opacity) in key.iter().take(if judged { 3 } else { 2 }) {
        canvas.rect(x, y - 4.0, 26.0, 11.0, colour, *opacity);
        canvas.text((x + 32.0, y + 6.0), words, TextStyle::new(12.5, GREY));
        x += 170.0;
    }
    y += 26.0;
    let height = 44.0 + BAR * bars as f64 + 30.0;
    for (i, output) in shown.iter().enumerate() {
        let at = (
            MARGIN + (i % columns) as f64 * (panel + GUTTER),
            y + (i / columns) as f64 * height,
        );
        draw_panel(&mut canvas, found, *output, parameters, bars, at, panel);
    }
    y += height * shown.len().div_ceil(columns) as f64 + 4.0;
    for line in wrap(source, 11.0, Weight::Regular, WIDTH - 2.0 * MARGIN) {
        canvas.text((MARGIN, y + 8.0), &line, TextStyle::new(11.0, GREY));
        y += 15.0;
    }
    canvas.finish(
        WIDTH,
        y + 14.0,
        &found.title,
        &describe(found, parameters, &shown),
    )
}

/// Parameters of an output, the one that moves it most first; those that do not move it are left out.
pub(crate) fn ranked(found: &Sensitivity, output: usize) -> Vec<usize> {
    let size = |p: usize| {
        let (base, e) = (found.outputs[output].base, found.effects[output][p]);
        let away = |v: f64| if v.is_finite() { (v - base).abs() } else { 0.0 };
        away(e.low).max(away(e.high))
    };
    let mut order: Vec<usize> = (0..found.effects[output].len())
        .filter(|p| size(*p) > 1e-6 * found.outputs[output].base.abs())
        .collect();
    order.sort_by(|a, b| size(*b).total_cmp(&size(*a)).then(a.cmp(b)));
    order
}

fn draw_panel(
    canvas: &mut Canvas,
    found: &Sensitivity,
    output: usize,
    parameters: &[Uncertain],
    bars: usize,
    at: (f64, f64),
    width: f64,
) {
    let shown = &found.outputs[output];
    let order: Vec<usize> = ranked(found, output).into_iter().take(bars).collect();
    let unit = if shown.unit == "1" {
        String::new()
    } else {
        format!(", {}", shown.unit)
    };
    if let Some(title) = fit(
        &format!("{}{unit}", shown.name),
        13.0,
        Weight::SemiBold,
        width,
    ) {
        canvas.text(
            (at.0, at.1 + 10.0),
            &title,
            TextStyle::new(13.0, INK).bold(),
        );
    }
    let (left, right) = (at.0 + LABEL, at.0 + width - 6.0);
    let (top, bottom) = (at.1 + 22.0, at.1 + 22.0 + BAR * bars as f64);
    let mut low = shown.base;
    let mut high = shown.base;
    for p in &order {
        let e = found.effects[output][*p];
        for v in [e.low, e.high].into_iter().filter(|v| v.is_finite()) {
            low = low.min(v);
            high = high.max(v);
        }
    }
    let air = 0.06 * (high - low).max(0.02 * shown.base.abs()).max(1e-12);
    (low, high) = (low - air, high + air);
    let x = |v: f64| left + (v - low) / (high - low) * (right - left);
    if let Some((l, u)) = shown.interval {
        let (x0, x1) = (x(l.clamp(low, high)), x(u.clamp(low, high)));
        canvas.rect(x0, top, x1 - x0, bottom - top, REFERENCE, 0.6);
    }
    let axis = ticks(low, high, 5);
    for (v, label) in axis.at.iter().zip(&axis.labels) {
        canvas.line(
            (x(*v), top),
            (x(*v), bottom),
            Stroke {
                colour: GRID,
                width: 1.0,
                dash: "",
            },
        );
        canvas.text(
            (x(*v), bottom + 14.0),
            label,
            TextStyle::new(11.0, GREY).anchored(Anchor::Middle),
        );
    }
    for (row, p) in order.iter().enumerate() {
        let y = top + BAR * row as f64;
        if let Some(label) = fit(&parameters[*p].name, 11.5, Weight::Regular, LABEL - 8.0) {
            canvas.text(
                (left - 7.0, y + 12.5),
                &label,
                TextStyle::new(11.5, INK).anchored(Anchor::End),
            );
        }
        let e = found.effects[output][*p];
        let middle = x(shown.base);
        // Both ends may lie on one side: the shorter bar is drawn over the longer one.
        let mut ends = [(e.low, LOW), (e.high, HIGH)];
        ends.sort_by(|a, b| {
            (b.0 - shown.base)
                .abs()
                .total_cmp(&(a.0 - shown.base).abs())
        });
        for (v, colour) in ends {
            if v.is_finite() {
                let (x0, x1) = (x(v).min(middle), x(v).max(middle));
                canvas.rect(x0, y + 3.0, (x1 - x0).max(0.5), BAR - 6.0, colour, 0.85);
            } else {
                // On the side that the other bar leaves free.
                let other = if e.low.is_finite() { e.low } else { e.high };
                let words = TextStyle::new(10.5, GREY);
                let (x, words) = if other >= shown.base {
                    (middle - 4.0, words.anchored(Anchor::End))
                } else {
                    (middle + 4.0, words)
                };
                canvas.text((x, y + 12.5), "nobody lives", words);
            }
        }
    }
    if order.is_empty() {
        canvas.text(
            (left + 6.0, top + 14.0),
            "no parameter moves it",
            TextStyle::new(11.5, GREY),
        );
    }
    canvas.line(
        (x(shown.base), top - 3.0),
        (x(shown.base), bottom),
        Stroke {
            colour: INK,
            width: 1.2,
            dash: "",
        },
    );
}

fn describe(found: &Sensitivity, parameters: &[Uncertain], shown: &[usize]) -> String {
    let mut words = vec!["Bars from the value at the lower end of each parameter's range to the value at the upper end.".to_owned()];
    for output in shown {
        let o = &found.outputs[*output];
        let first: Vec<String> = ranked(found, *output)
            .into_iter()
            .take(3)
            .map(|p| {
                let e = found.effects[*output][p];
                format!(
                    "{} {} to {}",
                    parameters[p].name,
                    quantity(e.low),
                    quantity(e.high)
                )
            })
            .collect();
        words.push(format!(
            "{}, {} {}: {}.",
            o.name,
            quantity(o.base),
            o.unit,
            first.join(", ")
        ));
    }
    words.join(" ")
}

//! All verdicts in one picture: every row a line, its interval scaled to one band, the prediction as a dot.

use osteon_study::{Kind, RowVerdict, Verdict, totals};

use crate::palette::{FAINT, GREY, GRID, INK, REFERENCE, verdict_colour};
use crate::svg::{Anchor, Canvas, Stroke, Svg, TextStyle};
use crate::text_width::{Weight, fit, wrap};
use crate::ticks::quantity;

/// How far from the interval's middle the picture reaches, in half-widths of the interval.
const REACH: f64 = 3.0;
const ROW: f64 = 20.0;
const MARGIN: f64 = 28.0;
const WIDTH: f64 = 1120.0;

/// Draws the overview. `source` is the small print.
pub fn overview_figure(rows: &[RowVerdict], source: &str) -> Svg {
    let mut canvas = Canvas::new();
    let sums = totals(rows);
    let (label_x, plot_left, plot_right, text_x) = (MARGIN, 470.0, 790.0, 810.0);
    let x = |z: f64| {
        plot_left + (z.clamp(-REACH, REACH) + REACH) / (2.0 * REACH) * (plot_right - plot_left)
    };

    let title = "What the body predicts, against what was measured";
    canvas.text((MARGIN, 44.0), title, TextStyle::new(20.0, INK).bold());
    let share = |s: osteon_study::Share| format!("{} of {} within", s.within, s.counted);
    let subtitle = format!(
        "Used to fit: {}. Not used to fit: {}. Wrong sign: {}. Failed: {}. Associations, shown and not counted: {}.",
        share(sums.used_to_fit),
        share(sums.verification),
        sums.all.wrong_sign,
        sums.all.failed,
        sums.not_counted
    );
    canvas.text((MARGIN, 68.0), &subtitle, TextStyle::new(13.0, GREY));
    let mut key_x = MARGIN;
    for verdict in [
        Verdict::Within,
        Verdict::Outside,
        Verdict::WrongSign,
        Verdict::Failed,
    ] {
        let word = verdict.as_str().replace('_', " ");
        dot(&mut canvas, (key_x + 5.0, 88.0), verdict, true);
        canvas.text((key_x + 16.0, 92.0), &word, TextStyle::new(12.0, GREY));
        key_x += 40.0 + 7.0 * word.len() as f64;
    }
    dot(&mut canvas, (key_x + 5.0, 88.0), Verdict::Within, false);
    canvas.text(
        (key_x + 16.0, 92.0),
        "open: used to fit",
        TextStyle::new(12.0, GREY),
    );

    let mut studies: Vec<&str> = Vec::new();
    for row in rows {
        if !studies.contains(&row.study.as_str()) {
            studies.push(&row.study);
        }
    }
    let top = 124.0;
    let bottom = top + ROW * (rows.len() + studies.len()) as f64 + 6.0;
    canvas.rect(x(-1.0), top, x(1.0) - x(-1.0), bottom - top, REFERENCE, 0.6);
    for z in [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0] {
        canvas.line(
            (x(z), top),
            (x(z), bottom),
            Stroke {
                colour: if z == 0.0 { FAINT } else { GRID },
                width: 1.0,
                dash: "",
            },
        );
    }
    canvas.text(
        (x(0.0), top - 6.0),
        "measured",
        TextStyle::new(11.0, GREY).anchored(Anchor::Middle),
    );
    canvas.text(
        (x(-1.0), top - 6.0),
        "lower",
        TextStyle::new(11.0, GREY).anchored(Anchor::Middle),
    );
    canvas.text(
        (x(1.0), top - 6.0),
        "upper",
        TextStyle::new(11.0, GREY).anchored(Anchor::Middle),
    );
    canvas.text(
        (text_x, top - 6.0),
        "predicted  /  measured (interval)",
        TextStyle::new(11.0, GREY),
    );

    let mut y = top + ROW * 0.5;
    for study in &studies {
        canvas.text((label_x, y + 6.0), study, TextStyle::new(12.5, INK).bold());
        y += ROW;
        for judged in rows.iter().filter(|r| r.study == *study) {
            let place = if judged.row.arm.is_empty() {
                judged.row.at.clone()
            } else {
                format!("{}, {}", judged.row.arm, judged.row.at)
            };
            let words = format!(
                "{}  {}  {place}",
                judged.row.quantity,
                judged.row.kind.as_str().replace('_', " ")
            );
            if let Some(label) = fit(&words, 12.0, Weight::Regular, plot_left - label_x - 30.0) {
                canvas.text(
                    (label_x + 12.0, y + 4.0),
                    &label,
                    TextStyle::new(12.0, GREY),
                );
            }
            if let Some(z) = standing(judged) {
                if z.abs() > REACH {
                    // Beyond the picture: an arrow head.
                    let (tip, back) = (x(z) + 6.0 * z.signum(), x(z) - 5.0 * z.signum());
                    canvas.polygon(
                        &[(back, y - 5.0), (back, y + 5.0), (tip, y)],
                        verdict_colour(judged.verdict.as_str()),
                        1.0,
                    );
                } else {
                    dot(
                        &mut canvas,
                        (x(z), y),
                        judged.verdict,
                        !judged.row.used_to_fit,
                    );
                }
            }
            if let Some(text) = fit(
                &numbers(judged),
                12.0,
                Weight::Regular,
                WIDTH - MARGIN - text_x,
            ) {
                canvas.text((text_x, y + 4.0), &text, TextStyle::new(12.0, GREY));
            }
            y += ROW;
        }
    }
    let mut foot = bottom + 22.0;
    for line in wrap(
        &format!("The band is the interval that judges a row, whatever its width. {source}"),
        11.0,
        Weight::Regular,
        WIDTH - 2.0 * MARGIN,
    ) {
        canvas.text((MARGIN, foot), &line, TextStyle::new(11.0, GREY));
        foot += 15.0;
    }
    canvas.finish(WIDTH, foot + 12.0, title, &subtitle)
}

fn dot(canvas: &mut Canvas, centre: (f64, f64), verdict: Verdict, filled: bool) {
    let colour = verdict_colour(verdict.as_str());
    canvas.circle(
        centre,
        4.5,
        if filled { colour } else { "#ffffff" },
        Stroke {
            colour,
            width: 1.8,
            dash: "",
        },
    );
}

/// Where the prediction stands: 0 at the measured value, ±1 at the edges of its interval.
fn standing(judged: &RowVerdict) -> Option<f64> {
    let (value, predicted) = (judged.row.value, judged.predicted);
    if !predicted.is_finite() {
        return None;
    }
    if judged.row.kind == Kind::Sign {
        return Some(if judged.verdict == Verdict::Within {
            0.0
        } else {
            (predicted - value).signum() * 2.0
        });
    }
    let half = if predicted >= value {
        judged.upper - value
    } else {
        value - judged.lower
    };
    // The value may lie on an edge of its interval: beyond it there is no width to scale by, take the other side's.
    let half = if half > 0.0 {
        half
    } else {
        judged.upper - judged.lower
    };
    Some(if half > 0.0 {
        (predicted - value) / half
    } else {
        0.0
    })
}

fn numbers(judged: &RowVerdict) -> String {
    if judged.row.kind == Kind::Sign {
        let word = |v: f64| {
            if v > 0.0 {
                "rise"
            } else if v < 0.0 {
                "fall"
            } else {
                "no change"
            }
        };
        let predicted = if judged.predicted.is_finite() {
            word(judged.predicted)
        } else {
            "–"
        };
        return format!("{predicted}  /  {}", word(judged.row.value));
    }
    let unit = if judged.row.unit == "1" {
        ""
    } else {
        &judged.row.unit
    };
    format!(
        "{}  /  {} ({} to {}) {unit}",
        quantity(judged.predicted),
        quantity(judged.row.value),
        quantity(judged.lower),
        quantity(judged.upper)
    )
}

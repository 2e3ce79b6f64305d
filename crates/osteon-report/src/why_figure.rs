//! Why something changed, as a bar a pathway: from the value before, share by share, to the value after. Each bar begins where the one
//! above it ends, so that the eye sees that they add up.

use osteon_study::Why;

use crate::palette::{FAINT, GREY, GRID, INK};
use crate::svg::{Anchor, Canvas, Stroke, Svg, TextStyle};
use crate::text_width::{Weight, fit, wrap};
use crate::ticks::{quantity, ticks};
use crate::why_page::{change_text, compared};

const WIDTH: f64 = 900.0;
const MARGIN: f64 = 28.0;
const LABEL: f64 = 300.0;
const NUMBERS: f64 = 150.0;
const BAR: f64 = 27.0;
const UP: &str = "#0072b2";
const DOWN: &str = "#d55e00";

/// A row of the figure: words, where its bar begins and ends, colour, and what is written behind it.
struct Row {
    label: String,
    from: f64,
    to: f64,
    colour: &'static str,
    words: String,
}

/// Draws the decomposition. `source` is the small print.
pub fn why_figure(found: &Why, source: &str) -> Svg {
    let rows = rows(found);
    let mut canvas = Canvas::new();
    let inner = WIDTH - 2.0 * MARGIN;
    let mut y = MARGIN + 16.0;
    let title = format!("Why {} changed", lower_first(&found.label));
    for line in wrap(&title, 20.0, Weight::SemiBold, inner) {
        canvas.text((MARGIN, y), &line, TextStyle::new(20.0, INK).bold());
        y += 26.0;
    }
    let subtitle = format!("{}. {}", found.title, compared(found));
    for line in wrap(&subtitle, 13.0, Weight::Regular, inner) {
        canvas.text((MARGIN, y - 2.0), &line, TextStyle::new(13.0, GREY));
        y += 18.0;
    }
    let (left, right) = (MARGIN + LABEL, WIDTH - MARGIN - NUMBERS);
    let (top, bottom) = (y + 6.0, y + 6.0 + BAR * rows.len() as f64);
    let ends = rows.iter().flat_map(|r| [r.from, r.to]);
    let low = ends.clone().fold(f64::INFINITY, f64::min);
    let high = ends.fold(f64::NEG_INFINITY, f64::max);
    let air = 0.05 * (high - low).max(1e-9 * high.abs()).max(f64::MIN_POSITIVE);
    let (low, high) = (low - air, high + air);
    let x = |v: f64| left + (v - low) / (high - low) * (right - left);
    let axis = ticks(low, high, 6);
    for (v, label) in axis.at.iter().zip(&axis.labels) {
        canvas.line((x(*v), top), (x(*v), bottom), line(GRID, 1.0, ""));
        let style = TextStyle::new(11.0, GREY).anchored(Anchor::Middle);
        canvas.text((x(*v), bottom + 15.0), label, style);
    }
    let unit = TextStyle::new(11.0, GREY).anchored(Anchor::Middle);
    canvas.text(((left + right) / 2.0, bottom + 31.0), &found.unit, unit);
    for (place, row) in rows.iter().enumerate() {
        let y = top + BAR * place as f64;
        if let Some(label) = fit(&row.label, 12.5, Weight::Regular, LABEL - 12.0) {
            let style = TextStyle::new(12.5, INK).anchored(Anchor::End);
            canvas.text((left - 9.0, y + 18.0), &label, style);
        }
        let (a, b) = (x(row.from), x(row.to));
        if row.from == row.to {
            canvas.line((a, y + 3.0), (a, y + BAR - 3.0), line(INK, 3.0, ""));
        } else {
            let width = (b - a).abs().max(1.0);
            canvas.rect(a.min(b), y + 5.0, width, BAR - 10.0, row.colour, 0.9);
        }
        if place + 1 < rows.len() {
            // Where the next bar begins.
            canvas.line(
                (b, y + BAR - 5.0),
                (b, y + BAR + 5.0),
                line(GREY, 1.0, "2 2"),
            );
        }
        canvas.text(
            (right + 10.0, y + 18.0),
            &row.words,
            TextStyle::new(12.0, INK),
        );
    }
    y = bottom + 52.0;
    let note = "A share is the pathway's Shapley value over runs in which pathways are frozen at the person's own baseline; the grey bar is what happens with all of them frozen.";
    for words in [note, source] {
        for words in wrap(words, 11.0, Weight::Regular, inner) {
            canvas.text((MARGIN, y), &words, TextStyle::new(11.0, GREY));
            y += 15.0;
        }
    }
    canvas.finish(WIDTH, y + 10.0, &title, &describe(found))
}

fn rows(found: &Why) -> Vec<Row> {
    let mut at = found.from;
    let before = match &found.question.against {
        Some(arm) => arm.clone(),
        None => "at the start".to_owned(),
    };
    let mut rows = vec![Row {
        label: before,
        from: at,
        to: at,
        colour: INK,
        words: quantity(at),
    }];
    let mut bar = |label: &str, share: f64, colour: &'static str, more: String| {
        rows.push(Row {
            label: label.to_owned(),
            from: at,
            to: at + share,
            colour,
            words: change_text(share) + &more,
        });
        at += share;
    };
    bar(
        "not through any switch",
        found.remainder,
        GREY,
        String::new(),
    );
    for part in &found.parts {
        let colour = if part.share < 0.0 { DOWN } else { UP };
        let spread = if part.error > 0.0 {
            format!(" ± {}", quantity(part.error))
        } else {
            String::new()
        };
        bar(&part.pathway.label, part.share, colour, spread);
    }
    let after = match found.question.arm.as_str() {
        "" => "in the end".to_owned(),
        arm => arm.to_owned(),
    };
    rows.push(Row {
        label: after,
        from: found.to,
        to: found.to,
        colour: FAINT,
        words: quantity(found.to),
    });
    rows
}

fn line<'a>(colour: &'a str, width: f64, dash: &'a str) -> Stroke<'a> {
    Stroke {
        colour,
        width,
        dash,
    }
}

/// `Serum calcium` inside a sentence; abbreviations keep their capitals.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), text.chars().nth(1)) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

fn describe(found: &Why) -> String {
    let mut words = vec![format!(
        "{} goes from {} to {} {}.",
        found.label,
        quantity(found.from),
        quantity(found.to),
        found.unit
    )];
    let parts = found
        .parts
        .iter()
        .map(|p| format!("{} {}", p.pathway.label, change_text(p.share)));
    let parts: Vec<String> = parts
        .chain([format!(
            "not through any switch {}",
            change_text(found.remainder)
        )])
        .collect();
    words.push(format!("Shares: {}.", parts.join("; ")));
    words.join(" ")
}

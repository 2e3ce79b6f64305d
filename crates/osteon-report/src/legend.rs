//! The key of a figure: arms, measured values, reference range, bands. Only what the figure really shows is listed.

use crate::figure::Figure;
use crate::palette::{GREY, INK, REFERENCE, colour, stroke};
use crate::svg::{Canvas, Stroke, TextStyle};
use crate::text_width::{Weight, text_width};

enum Sample {
    Line(usize),
    Marker { open: bool },
    Reference,
    Band,
    Dose(Option<usize>),
}

/// Most kinds of doses that the key lists.
const MOST_DOSES: usize = 5;

/// Draws the key from `y` downwards and gives the y below it.
pub(crate) fn draw(canvas: &mut Canvas, figure: &Figure, x: f64, y: f64, width: f64) -> f64 {
    let entries = entries(figure);
    if entries.is_empty() {
        return y;
    }
    const SAMPLE: f64 = 30.0;
    let (mut at_x, mut at_y) = (x, y + 8.0);
    for (sample, label) in &entries {
        let needed = SAMPLE + 6.0 + text_width(label, 12.5, Weight::Regular) + 22.0;
        if at_x > x && at_x + needed - 22.0 > x + width {
            at_x = x;
            at_y += 20.0;
        }
        let middle = at_y - 4.0;
        match sample {
            Sample::Line(arm) => canvas.polyline(
                &[(at_x, middle), (at_x + SAMPLE, middle)],
                stroke(*arm, 2.4),
            ),
            Sample::Marker { open } => {
                let mark = Stroke {
                    colour: INK,
                    width: 1.4,
                    dash: "",
                };
                let centre = (at_x + SAMPLE / 2.0, middle);
                canvas.line((centre.0, middle - 8.0), (centre.0, middle + 8.0), mark);
                canvas.circle(centre, 3.6, if *open { "#ffffff" } else { INK }, mark);
            }
            Sample::Reference => canvas.rect(at_x, middle - 7.0, SAMPLE, 14.0, REFERENCE, 0.75),
            Sample::Dose(arm) => {
                let at = at_x + SAMPLE / 2.0;
                canvas.polygon(
                    &[
                        (at - 5.0, middle - 5.0),
                        (at + 5.0, middle - 5.0),
                        (at, middle + 4.0),
                    ],
                    arm.map_or(INK, colour),
                    0.85,
                );
            }
            // Bands have the colours of their arms; the key shows that of the only one, or none.
            Sample::Band => {
                let ink = if figure.arms.len() > 1 {
                    GREY
                } else {
                    colour(0)
                };
                canvas.rect(at_x, middle - 7.0, SAMPLE, 14.0, ink, 0.2);
            }
        }
        canvas.text(
            (at_x + SAMPLE + 6.0, at_y),
            label,
            TextStyle::new(12.5, GREY),
        );
        at_x += needed;
    }
    at_y + 8.0
}

fn entries(figure: &Figure) -> Vec<(Sample, String)> {
    let mut entries = Vec::new();
    let measured = figure.panels.iter().flat_map(|p| &p.points);
    let (closed, open) = measured.fold((false, false), |(closed, open), p| {
        (closed | p.direct, open | !p.direct)
    });
    if figure.arms.len() > 1 {
        let shown = |arm: usize| {
            figure
                .panels
                .iter()
                .any(|p| p.curves.iter().any(|c| c.arm == arm))
        };
        entries.extend(
            figure
                .arms
                .iter()
                .enumerate()
                .filter(|(i, _)| shown(*i))
                .map(|(i, name)| (Sample::Line(i), name.clone())),
        );
    } else if closed || open {
        entries.push((Sample::Line(0), "simulated".to_owned()));
    }
    if closed {
        entries.push((
            Sample::Marker { open: false },
            "measured, with the interval that judges".to_owned(),
        ));
    }
    if open {
        entries.push((
            Sample::Marker { open: true },
            "measured change, from the simulated baseline".to_owned(),
        ));
    }
    if figure.panels.iter().any(|p| p.reference.is_some()) {
        entries.push((Sample::Reference, "reference range".to_owned()));
    }
    // A dose that several arms get is listed once, in ink.
    let mut doses: Vec<(Option<usize>, &str)> = Vec::new();
    for mark in &figure.marks {
        match doses.iter_mut().find(|d| d.1 == mark.label) {
            Some(known) if known.0 != Some(mark.arm) => known.0 = None,
            Some(_) => {}
            None => doses.push(((figure.arms.len() > 1).then_some(mark.arm), &mark.label)),
        }
    }
    entries.extend(
        doses
            .into_iter()
            .take(MOST_DOSES)
            .map(|(arm, label)| (Sample::Dose(arm), label.to_owned())),
    );
    let mut meanings: Vec<String> = figure
        .panels
        .iter()
        .flat_map(|p| &p.curves)
        .filter_map(|c| c.band.as_ref())
        .map(|b| b.meaning.clone())
        .collect();
    meanings.sort();
    meanings.dedup();
    entries.extend(meanings.into_iter().map(|m| (Sample::Band, m)));
    entries
}

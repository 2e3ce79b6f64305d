//! One panel: title and unit above, phases as strips on top, reference range behind, curves, bands and measured points.

use crate::figure::{Figure, Panel, PhaseSpan};
use crate::palette::{FAINT, GREY, GRID, INK, PHASES, REFERENCE, colour, stroke, verdict_colour};
use crate::svg::{Anchor, Canvas, Stroke, TextStyle};
use crate::text_width::{Weight, fit, text_width};
use crate::ticks::ticks;
use crate::time_axis::{time_ticks, unit_for};

/// Height of one remark.
pub(crate) const REMARK_HEIGHT: f64 = 15.5;
/// Height of one strip of phases.
pub(crate) const STRIP_HEIGHT: f64 = 17.0;

/// Where a panel stands: `head` is the height of titles and strips above the plot of `height`.
pub(crate) struct Frame<'a> {
    pub(crate) x: f64,
    pub(crate) top: f64,
    pub(crate) head: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) strips: &'a Strips<'a>,
    /// False: the phases are only shown behind the plot, their strips stand above the first row of panels.
    pub(crate) labelled: bool,
}

/// The phases of a figure in rows; `shared` if they hold for every arm.
pub(crate) struct Strips<'a> {
    pub(crate) rows: Vec<StripRow<'a>>,
    pub(crate) shared: bool,
}

/// Phases that do not overlap; `arm` is whose they are, if they are one arm's alone.
pub(crate) struct StripRow<'a> {
    arm: Option<usize>,
    spans: Vec<&'a PhaseSpan>,
}

/// Most rows of strips a figure shows: with more, the names of the arms must do.
const MOST_ROWS: usize = 4;
/// A strip's label is cut to no fewer letters than this.
const LEAST_LABEL: usize = 9;

/// The rows of phase strips: one set if all arms share their phases, else one for each arm that has any.
/// Phases that overlap stand in rows of their own.
pub(crate) fn strip_rows(figure: &Figure) -> Strips<'_> {
    let arms = figure.arms.len().max(1);
    let of_arm = |arm: usize| -> Vec<&PhaseSpan> {
        figure
            .phases
            .iter()
            .filter(|p| p.arm == arm && p.until > figure.days.0 && p.from < figure.days.1)
            .collect()
    };
    let same = |a: &[&PhaseSpan], b: &[&PhaseSpan]| {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(p, q)| p.from == q.from && p.until == q.until && p.label == q.label)
    };
    let shared = (0..arms).all(|arm| same(&of_arm(arm), &of_arm(0)));
    let mut rows: Vec<StripRow<'_>> = Vec::new();
    let mut told: Vec<(usize, Vec<&PhaseSpan>)> = Vec::new();
    for arm in 0..arms {
        let own = of_arm(arm);
        // Arms that are treated alike share their strips.
        if let Some((first, _)) = told.iter().find(|(_, spans)| same(spans, &own)) {
            rows.iter_mut()
                .filter(|r| r.arm == Some(*first))
                .for_each(|r| r.arm = None);
            continue;
        }
        let first = rows.len();
        for phase in &own {
            let free = rows[first..].iter().position(|row| {
                row.spans
                    .last()
                    .is_none_or(|last| last.until <= phase.from + 1e-9)
            });
            match free {
                Some(row) => rows[first + row].spans.push(phase),
                None => rows.push(StripRow {
                    arm: Some(arm),
                    spans: vec![phase],
                }),
            }
        }
        told.push((arm, own));
    }
    if rows.len() > MOST_ROWS {
        rows.clear();
    }
    Strips { rows, shared }
}

/// Draws one panel.
pub(crate) fn draw(canvas: &mut Canvas, figure: &Figure, panel: &Panel, frame: &Frame<'_>) {
    let (lower, upper) = value_range(panel, figure.days);
    let value_ticks = ticks(lower, upper, 5);
    let label_width = value_ticks
        .labels
        .iter()
        .map(|l| text_width(l, 11.5, Weight::Regular))
        .fold(0.0, f64::max);
    let left = frame.x + label_width.max(22.0) + 8.0;
    let right = frame.x + frame.width;
    let top = frame.top + frame.head;
    let bottom = top + frame.height;
    let span = (figure.days.1 - figure.days.0).max(1e-9);
    let x = |day: f64| left + (day - figure.days.0) / span * (right - left);
    let y = |value: f64| bottom - (value - lower) / (upper - lower) * (bottom - top);

    heading(canvas, panel, frame);
    strips(canvas, frame, figure, &x, (left, right), (top, bottom));
    if let Some((low, high)) = panel.reference {
        let (y0, y1) = (y(high.min(upper)), y(low.max(lower)));
        if y1 > y0 {
            canvas.rect(left, y0, right - left, y1 - y0, REFERENCE, 0.75);
        }
    }
    for (at, label) in value_ticks.at.iter().zip(&value_ticks.labels) {
        canvas.line(
            (left, y(*at)),
            (right, y(*at)),
            Stroke {
                colour: GRID,
                width: 1.0,
                dash: "",
            },
        );
        canvas.text(
            (left - 7.0, y(*at) + 4.0),
            label,
            TextStyle::new(11.5, GREY).anchored(Anchor::End),
        );
    }
    canvas.line(
        (left, bottom),
        (right, bottom),
        Stroke {
            colour: GREY,
            width: 1.0,
            dash: "",
        },
    );
    time_labels(canvas, figure, (left, right), bottom, &x);

    canvas.clipped(
        left,
        top - 1.0,
        right - left + 1.0,
        bottom - top + 2.0,
        |canvas| {
            for curve in &panel.curves {
                if let Some(band) = &curve.band {
                    let forth = curve
                        .days
                        .iter()
                        .zip(&band.lower)
                        .map(|(d, v)| (x(*d), y(*v)));
                    let back = curve
                        .days
                        .iter()
                        .zip(&band.upper)
                        .rev()
                        .map(|(d, v)| (x(*d), y(*v)));
                    canvas.polygon(
                        &forth.chain(back).collect::<Vec<_>>(),
                        colour(curve.arm),
                        0.2,
                    );
                }
            }
            // Later arms are drawn first, so that the first arm, usually the untreated one, stays visible on top.
            for curve in panel.curves.iter().rev() {
                let points: Vec<(f64, f64)> = curve
                    .days
                    .iter()
                    .zip(&curve.values)
                    .map(|(d, v)| (x(*d), y(*v)))
                    .collect();
                canvas.polyline(&points, stroke(curve.arm, 2.2));
            }
        },
    );
    for mark in figure
        .marks
        .iter()
        .filter(|m| m.day >= figure.days.0 && m.day <= figure.days.1)
    {
        let (at, tip) = (x(mark.day), top + 9.0);
        canvas.polygon(
            &[(at - 4.5, top + 1.0), (at + 4.5, top + 1.0), (at, tip)],
            if figure.arms.len() > 1 {
                colour(mark.arm)
            } else {
                INK
            },
            0.85,
        );
    }
    for point in &panel.points {
        let ink = if figure.arms.len() > 1 {
            colour(point.arm)
        } else {
            INK
        };
        let pen = Stroke {
            colour: ink,
            width: 1.4,
            dash: "",
        };
        // A point on the frame would be cut in half by the neighbour's labels: keep its whole mark inside.
        let at = x(point.day).clamp(left + 1.0, right - 1.0);
        if let Some((low, high)) = point.interval {
            let (y0, y1) = (y(low.clamp(lower, upper)), y(high.clamp(lower, upper)));
            canvas.line((at, y0), (at, y1), pen);
            for end in [y0, y1] {
                canvas.line((at - 3.5, end), (at + 3.5, end), pen);
            }
        }
        canvas.circle(
            (at, y(point.value)),
            3.6,
            if point.direct { ink } else { "#ffffff" },
            pen,
        );
    }
}

fn heading(canvas: &mut Canvas, panel: &Panel, frame: &Frame<'_>) {
    // A long title is set smaller before it is cut; a pure number has no unit to tell.
    const SIZES: [f64; 4] = [13.5, 12.5, 11.5, 10.5];
    let unit = if panel.unit == "1" { "" } else { &panel.unit };
    let baseline = frame.top + 10.0;
    let unit_width = text_width(unit, 12.0, Weight::Regular);
    let room = frame.width - unit_width - 7.0;
    let wide = |size: f64| text_width(&panel.title, size, Weight::SemiBold);
    let size = SIZES.into_iter().find(|s| wide(*s) <= room);
    let size = size.unwrap_or(SIZES[SIZES.len() - 1]);
    let title =
        fit(&panel.title, size, Weight::SemiBold, room).unwrap_or_else(|| panel.title.clone());
    canvas.text(
        (frame.x, baseline),
        &title,
        TextStyle::new(size, INK).bold(),
    );
    canvas.text(
        (frame.x + wide(size).min(room) + 7.0, baseline),
        unit,
        TextStyle::new(12.0, GREY),
    );
    for (i, remark) in panel.remarks.iter().enumerate() {
        let y = baseline + 17.0 + REMARK_HEIGHT * i as f64;
        let ink = verdict_colour(remark.verdict);
        canvas.circle(
            (frame.x + 4.0, y - 4.0),
            3.2,
            ink,
            Stroke {
                colour: ink,
                width: 1.0,
                dash: "",
            },
        );
        if let Some(words) = fit(&remark.words, 11.5, Weight::Regular, frame.width - 14.0) {
            canvas.text((frame.x + 13.0, y), &words, TextStyle::new(11.5, GREY));
        }
    }
}

fn strips(
    canvas: &mut Canvas,
    frame: &Frame<'_>,
    figure: &Figure,
    x: &dyn Fn(f64) -> f64,
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
) {
    let Strips { rows, shared } = frame.strips;
    for (index, row) in rows.iter().enumerate() {
        for (i, phase) in row.spans.iter().enumerate() {
            let (x0, x1) = (x(phase.from).max(left), x(phase.until).min(right));
            // Overlapping phases would hide one another: only the first row is painted behind the curves.
            if *shared && index == 0 {
                canvas.rect(x0, top, x1 - x0, bottom - top, PHASES[i % 2], 1.0);
            }
            if phase.from > figure.days.0 {
                canvas.line(
                    (x0, top),
                    (x0, bottom),
                    Stroke {
                        colour: FAINT,
                        width: 1.0,
                        dash: "3 3",
                    },
                );
            }
            if phase.until < figure.days.1 {
                canvas.line(
                    (x1, top),
                    (x1, bottom),
                    Stroke {
                        colour: FAINT,
                        width: 1.0,
                        dash: "3 3",
                    },
                );
            }
        }
    }
    for (index, row) in rows.iter().enumerate().filter(|_| frame.labelled) {
        let y0 = top - STRIP_HEIGHT * (rows.len() - index) as f64;
        for (i, phase) in row.spans.iter().enumerate() {
            let (x0, x1) = (x(phase.from).max(left), x(phase.until).min(right));
            let (ink, fill, opacity) = match row.arm.filter(|_| !*shared) {
                Some(arm) => (colour(arm), colour(arm), 0.12),
                None => (GREY, PHASES[i % 2], 1.0),
            };
            canvas.rect(
                x0 + 0.5,
                y0,
                x1 - x0 - 1.0,
                STRIP_HEIGHT - 2.0,
                fill,
                opacity,
            );
            let label = fit(&phase.label, 10.5, Weight::Regular, x1 - x0 - 8.0);
            if let Some(label) =
                label.filter(|l| *l == phase.label || l.chars().count() > LEAST_LABEL)
            {
                canvas.text((x0 + 4.0, y0 + 11.0), &label, TextStyle::new(10.5, ink));
            }
        }
    }
}

fn time_labels(
    canvas: &mut Canvas,
    figure: &Figure,
    (left, right): (f64, f64),
    bottom: f64,
    x: &dyn Fn(f64) -> f64,
) {
    let unit = unit_for(figure.days.1 - figure.days.0);
    let ticks = time_ticks(
        figure.days.0,
        figure.days.1,
        unit,
        ((right - left) / 36.0) as usize,
    );
    for (at, label) in ticks.at.iter().zip(&ticks.labels) {
        canvas.line(
            (x(*at), bottom),
            (x(*at), bottom + 4.0),
            Stroke {
                colour: GREY,
                width: 1.0,
                dash: "",
            },
        );
        canvas.text(
            (x(*at), bottom + 16.0),
            label,
            TextStyle::new(11.5, GREY).anchored(Anchor::Middle),
        );
    }
    canvas.text(
        ((left + right) / 2.0, bottom + 31.0),
        unit.title,
        TextStyle::new(11.0, GREY).anchored(Anchor::Middle),
    );
}

/// The values a panel shows: everything drawn, the reference range as far as it does not squash the rest, some air.
pub(crate) fn value_range(panel: &Panel, days: (f64, f64)) -> (f64, f64) {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    let mut take = |v: f64| {
        if v.is_finite() {
            low = low.min(v);
            high = high.max(v);
        }
    };
    for curve in &panel.curves {
        let shown = |i: usize| (days.0..=days.1).contains(&curve.days[i]);
        (0..curve.days.len().min(curve.values.len()))
            .filter(|i| shown(*i))
            .for_each(|i| {
                take(curve.values[i]);
                if let Some(band) = &curve.band {
                    take(band.lower.get(i).copied().unwrap_or(f64::NAN));
                    take(band.upper.get(i).copied().unwrap_or(f64::NAN));
                }
            });
    }
    for point in &panel.points {
        take(point.value);
        if let Some((l, h)) = point.interval {
            take(l);
            take(h);
        }
    }
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    // A course that hardly moves must look as if it hardly moves: show at least 8 % of its size.
    let least = 0.08 * low.abs().max(high.abs()).max(1e-12);
    if high - low < least {
        let middle = f64::midpoint(low, high);
        (low, high) = (middle - least / 2.0, middle + least / 2.0);
    }
    if let Some((l, h)) = panel.reference {
        let reach = 1.6 * (high - low);
        let window = (low - reach)..(high + reach);
        if window.contains(&l) {
            low = low.min(l);
        }
        if window.contains(&h) {
            high = high.max(h);
        }
    }
    let air = 0.07 * (high - low);
    let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    ((low - air).max(floor), high + air)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Curve, Point};

    #[test]
    fn range_covers_curves_points_and_near_references() {
        let curve = Curve {
            arm: 0,
            days: vec![0.0, 10.0],
            values: vec![0.8, 0.6],
            band: None,
        };
        let point = Point {
            arm: 0,
            day: 5.0,
            value: 0.7,
            interval: Some((0.5, 0.75)),
            direct: true,
        };
        let panel = Panel {
            curves: vec![curve],
            points: vec![point],
            reference: Some((0.75, 0.95)),
            ..Panel::default()
        };
        let (low, high) = value_range(&panel, (0.0, 10.0));
        assert!(
            low < 0.5 && low > 0.4 && high > 0.95 && high < 1.1,
            "{low} {high}"
        );
        let far = Panel {
            reference: Some((100.0, 200.0)),
            ..panel
        };
        assert!(value_range(&far, (0.0, 10.0)).1 < 1.0);
    }

    #[test]
    fn a_steady_course_is_not_blown_up() {
        let curve = Curve {
            arm: 0,
            days: vec![0.0, 1.0],
            values: vec![2.3, 2.3001],
            band: None,
        };
        let (low, high) = value_range(
            &Panel {
                curves: vec![curve],
                ..Panel::default()
            },
            (0.0, 1.0),
        );
        assert!(high - low > 0.18);
    }
}

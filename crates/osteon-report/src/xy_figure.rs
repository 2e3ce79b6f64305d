//! One quantity against another: dose and response, hormone against calcium. Curves with bands, measured points with intervals.

use crate::palette::{GREY, GRID, INK, colour, stroke};
use crate::svg::{Anchor, Canvas, Stroke, Svg, TextStyle};
use crate::text_width::{Weight, text_width, wrap};
use crate::ticks::{Ticks, quantity, ticks};

/// A figure of one or more x–y panels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct XyFigure {
    /// Heading.
    pub title: String,
    /// A line or two under the heading.
    pub subtitle: String,
    /// Small print at the foot.
    pub source: String,
    /// Names of the series, in colour order.
    pub series: Vec<String>,
    /// What the bands mean; empty without bands.
    pub bands: String,
    /// Panels side by side.
    pub panels: Vec<XyPanel>,
}

/// One pair of axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct XyPanel {
    /// Heading.
    pub title: String,
    /// Title of the horizontal axis, with its unit.
    pub x_title: String,
    /// Title of the vertical axis, with its unit.
    pub y_title: String,
    /// Logarithmic horizontal axis.
    pub log_x: bool,
    /// Logarithmic vertical axis.
    pub log_y: bool,
    /// Computed courses.
    pub curves: Vec<XyCurve>,
    /// Measured values.
    pub points: Vec<XyPoint>,
}

/// A computed course; all lists are of one length, a band of NaN is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct XyCurve {
    /// Number of the series.
    pub series: usize,
    /// Horizontal values.
    pub x: Vec<f64>,
    /// Vertical values.
    pub y: Vec<f64>,
    /// Lower edge of the band.
    pub lower: Vec<f64>,
    /// Upper edge of the band.
    pub upper: Vec<f64>,
    /// True: each value is a run of its own and is marked.
    pub marked: bool,
}

/// A measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct XyPoint {
    /// Number of the series it belongs to; ink if none.
    pub series: Option<usize>,
    /// Horizontal value.
    pub x: f64,
    /// Horizontal interval.
    pub x_interval: Option<(f64, f64)>,
    /// Vertical value.
    pub y: f64,
    /// Vertical interval.
    pub y_interval: Option<(f64, f64)>,
    /// Who measured it, for the key.
    pub label: String,
}

const MARGIN: f64 = 28.0;
const GUTTER: f64 = 44.0;
/// Most panels side by side.
const ACROSS: usize = 3;
/// Title of a panel above its plot, and axis below it.
const ABOVE: f64 = 24.0;
const BELOW: f64 = 62.0;

/// An axis: where values lie and where ticks stand.
struct Axis {
    log: bool,
    low: f64,
    high: f64,
    from: f64,
    until: f64,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>, log: bool, from: f64, until: f64) -> Axis {
        let usable = values.filter(|v| v.is_finite() && (!log || *v > 0.0));
        let (mut low, mut high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        if !(low.is_finite() && high > low) {
            (low, high) = if low.is_finite() {
                (low - 0.5, low + 0.5)
            } else {
                (0.0, 1.0)
            };
        }
        if log {
            let air = (high / low).powf(0.05);
            (low, high) = (low / air, high * air);
        } else {
            let air = 0.05 * (high - low);
            // An axis that begins near nothing begins at nothing.
            low = if low >= 0.0 && low < 0.35 * high {
                0.0
            } else {
                low - air
            };
            high += air;
        }
        Axis {
            log,
            low,
            high,
            from,
            until,
        }
    }

    fn at(&self, v: f64) -> f64 {
        let share = if self.log {
            (v / self.low).ln() / (self.high / self.low).ln()
        } else {
            (v - self.low) / (self.high - self.low)
        };
        self.from + share * (self.until - self.from)
    }

    fn inside(&self, v: f64) -> f64 {
        v.clamp(self.low, self.high)
    }

    fn ticks(&self, wanted: usize) -> Ticks {
        if !self.log {
            return ticks(self.low, self.high, wanted);
        }
        let steps: &[f64] = if self.high / self.low > 30.0 {
            &[1.0, 3.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let at: Vec<f64> = (first..=last)
            .flat_map(|p| steps.iter().map(move |s| s * 10_f64.powi(p)))
            .filter(|v| (self.low..=self.high).contains(v))
            .collect();
        let labels = at
            .iter()
            .map(|v| {
                quantity(*v)
                    .trim_end_matches('0')
                    .trim_end_matches('.')
                    .to_owned()
            })
            .collect::<Vec<_>>();
        // Trailing zeros of whole numbers belong to them.
        let labels = at
            .iter()
            .zip(labels)
            .map(|(v, l)| if *v >= 1.0 { format!("{v}") } else { l })
            .collect();
        Ticks { at, labels }
    }
}

/// Draws the figure.
pub fn draw_xy(figure: &XyFigure) -> Svg {
    let across = figure.panels.len().clamp(1, ACROSS);
    let panel_width = [640.0, 460.0, 310.0][across - 1];
    let height = if figure.panels.len() > ACROSS {
        200.0
    } else {
        330.0
    };
    let width = 2.0 * MARGIN + across as f64 * panel_width + (across - 1) as f64 * GUTTER;
    let inner = width - 2.0 * MARGIN;
    let mut canvas = Canvas::new();
    let mut y = MARGIN + 16.0;
    for line in wrap(&figure.title, 20.0, Weight::SemiBold, inner) {
        canvas.text((MARGIN, y), &line, TextStyle::new(20.0, INK).bold());
        y += 26.0;
    }
    for line in wrap(&figure.subtitle, 13.0, Weight::Regular, inner) {
        canvas.text((MARGIN, y - 2.0), &line, TextStyle::new(13.0, GREY));
        y += 18.0;
    }
    y = key(&mut canvas, figure, y + 6.0, inner) + 8.0;
    for row in figure.panels.chunks(across) {
        for (i, panel) in row.iter().enumerate() {
            let left = MARGIN + i as f64 * (panel_width + GUTTER);
            draw_panel(
                &mut canvas,
                figure,
                panel,
                (left, y + 14.0),
                (panel_width, height),
            );
        }
        y += ABOVE + height + BELOW;
    }
    y += 6.0;
    for line in wrap(&figure.source, 11.0, Weight::Regular, inner) {
        canvas.text((MARGIN, y + 8.0), &line, TextStyle::new(11.0, GREY));
        y += 15.0;
    }
    canvas.finish(width, y + 14.0, &figure.title, &describe(figure))
}

/// Series, bands, and who measured.
fn key(canvas: &mut Canvas, figure: &XyFigure, y: f64, inner: f64) -> f64 {
    enum Sample {
        Line(usize),
        Band,
        Point(Option<usize>, usize),
    }
    let mut entries: Vec<(Sample, String)> = Vec::new();
    entries.extend(
        figure
            .series
            .iter()
            .enumerate()
            .map(|(i, name)| (Sample::Line(i), name.clone())),
    );
    if !figure.bands.is_empty() {
        entries.push((Sample::Band, figure.bands.clone()));
    }
    let labels = measured(figure);
    let points = figure.panels.iter().flat_map(|p| &p.points);
    for (number, label) in labels.iter().enumerate() {
        let mut own = points
            .clone()
            .filter(|p| p.label == *label)
            .map(|p| p.series);
        let first = own.next().flatten();
        let same = own.all(|s| s == first);
        entries.push((Sample::Point(first.filter(|_| same), number), label.clone()));
    }
    let (mut x, mut y) = (MARGIN, y + 8.0);
    for (sample, words) in entries {
        let needed = 36.0 + text_width(&words, 12.5, Weight::Regular) + 20.0;
        if x > MARGIN && x + needed - 20.0 > MARGIN + inner {
            x = MARGIN;
            y += 20.0;
        }
        match sample {
            Sample::Line(i) => {
                canvas.polyline(&[(x, y - 4.0), (x + 30.0, y - 4.0)], stroke(i, 2.4))
            }
            Sample::Band => canvas.rect(x, y - 11.0, 30.0, 14.0, colour(0), 0.2),
            Sample::Point(series, number) => mark(
                canvas,
                (x + 15.0, y - 4.0),
                number,
                series.map_or(INK, colour),
            ),
        }
        canvas.text((x + 36.0, y), &words, TextStyle::new(12.5, GREY));
        x += needed;
    }
    y + 8.0
}

/// Who measured, in order of appearance.
fn measured(figure: &XyFigure) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for point in figure.panels.iter().flat_map(|p| &p.points) {
        if !labels.contains(&point.label) {
            labels.push(point.label.clone());
        }
    }
    labels
}

/// The mark of measured values: each source its own shape.
fn mark(canvas: &mut Canvas, (x, y): (f64, f64), number: usize, ink: &'static str) {
    let pen = Stroke {
        colour: ink,
        width: 1.4,
        dash: "",
    };
    match number % 3 {
        0 => canvas.circle((x, y), 4.4, ink, pen),
        1 => canvas.polygon(
            &[
                (x - 4.4, y - 4.4),
                (x + 4.4, y - 4.4),
                (x + 4.4, y + 4.4),
                (x - 4.4, y + 4.4),
            ],
            ink,
            1.0,
        ),
        _ => canvas.polygon(
            &[(x, y - 6.0), (x + 5.6, y + 4.4), (x - 5.6, y + 4.4)],
            ink,
            1.0,
        ),
    }
}

fn draw_panel(
    canvas: &mut Canvas,
    figure: &XyFigure,
    panel: &XyPanel,
    (x0, y0): (f64, f64),
    (width, height): (f64, f64),
) {
    let (top, bottom) = (y0 + ABOVE, y0 + ABOVE + height);
    let heights = panel
        .curves
        .iter()
        .flat_map(|c| c.y.iter().chain(&c.lower).chain(&c.upper).copied())
        .chain(panel.points.iter().flat_map(|p| {
            [
                p.y,
                p.y_interval.map_or(p.y, |i| i.0),
                p.y_interval.map_or(p.y, |i| i.1),
            ]
        }));
    let vertical = Axis::of(heights, panel.log_y, bottom, top);
    let y_ticks = vertical.ticks(6);
    let label_width = y_ticks
        .labels
        .iter()
        .map(|l| text_width(l, 11.5, Weight::Regular))
        .fold(20.0, f64::max);
    let (left, right) = (x0 + label_width + 8.0, x0 + width);
    let across =
        panel
            .curves
            .iter()
            .flat_map(|c| c.x.iter().copied())
            .chain(panel.points.iter().flat_map(|p| {
                [
                    p.x,
                    p.x_interval.map_or(p.x, |i| i.0),
                    p.x_interval.map_or(p.x, |i| i.1),
                ]
            }));
    let horizontal = Axis::of(across, panel.log_x, left, right);
    if !panel.title.is_empty() {
        canvas.text(
            (x0, y0 - 6.0),
            &panel.title,
            TextStyle::new(13.5, INK).bold(),
        );
    }
    canvas.text((x0, y0 + 11.0), &panel.y_title, TextStyle::new(12.0, GREY));
    for (v, label) in y_ticks.at.iter().zip(&y_ticks.labels) {
        canvas.line(
            (left, vertical.at(*v)),
            (right, vertical.at(*v)),
            Stroke {
                colour: GRID,
                width: 1.0,
                dash: "",
            },
        );
        canvas.text(
            (left - 7.0, vertical.at(*v) + 4.0),
            label,
            TextStyle::new(11.5, GREY).anchored(Anchor::End),
        );
    }
    let x_ticks = horizontal.ticks(((right - left) / 70.0) as usize);
    for (v, label) in x_ticks.at.iter().zip(&x_ticks.labels) {
        canvas.line(
            (horizontal.at(*v), bottom),
            (horizontal.at(*v), bottom + 4.0),
            Stroke {
                colour: GREY,
                width: 1.0,
                dash: "",
            },
        );
        canvas.text(
            (horizontal.at(*v), bottom + 17.0),
            label,
            TextStyle::new(11.5, GREY).anchored(Anchor::Middle),
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
    canvas.text(
        ((left + right) / 2.0, bottom + 36.0),
        &panel.x_title,
        TextStyle::new(12.0, GREY).anchored(Anchor::Middle),
    );
    canvas.clipped(
        left,
        top - 1.0,
        right - left + 1.0,
        bottom - top + 2.0,
        |canvas| {
            for curve in &panel.curves {
                let edge = |values: &[f64]| -> Vec<(f64, f64)> {
                    let pairs = curve
                        .x
                        .iter()
                        .zip(values)
                        .filter(|(x, v)| x.is_finite() && v.is_finite());
                    pairs
                        .map(|(x, v)| (horizontal.at(*x), vertical.at(vertical.inside(*v))))
                        .collect()
                };
                let (forth, back) = (edge(&curve.lower), edge(&curve.upper));
                canvas.polygon(
                    &forth
                        .into_iter()
                        .chain(back.into_iter().rev())
                        .collect::<Vec<_>>(),
                    colour(curve.series),
                    0.2,
                );
            }
            for curve in panel.curves.iter().rev() {
                let path: Vec<(f64, f64)> = curve
                    .x
                    .iter()
                    .zip(&curve.y)
                    .map(|(x, y)| (horizontal.at(*x), vertical.at(*y)))
                    .collect();
                canvas.polyline(&path, stroke(curve.series, 2.4));
                if curve.marked {
                    let ink = colour(curve.series);
                    path.iter()
                        .filter(|p| p.0.is_finite() && p.1.is_finite())
                        .for_each(|p| {
                            canvas.circle(
                                *p,
                                2.6,
                                "#ffffff",
                                Stroke {
                                    colour: ink,
                                    width: 1.6,
                                    dash: "",
                                },
                            )
                        });
                }
            }
        },
    );
    let labels = measured(figure);
    for point in &panel.points {
        let ink = point.series.map_or(INK, colour);
        let pen = Stroke {
            colour: ink,
            width: 1.4,
            dash: "",
        };
        let (x, y) = (horizontal.at(point.x), vertical.at(point.y));
        if let Some((low, high)) = point.y_interval {
            let (a, b) = (
                vertical.at(vertical.inside(low)),
                vertical.at(vertical.inside(high)),
            );
            canvas.line((x, a), (x, b), pen);
            [a, b]
                .into_iter()
                .for_each(|end| canvas.line((x - 4.0, end), (x + 4.0, end), pen));
        }
        if let Some((low, high)) = point.x_interval {
            let (a, b) = (
                horizontal.at(horizontal.inside(low)),
                horizontal.at(horizontal.inside(high)),
            );
            canvas.line((a, y), (b, y), pen);
            [a, b]
                .into_iter()
                .for_each(|end| canvas.line((end, y - 4.0), (end, y + 4.0), pen));
        }
        let number = labels.iter().position(|l| *l == point.label).unwrap_or(0);
        mark(canvas, (x, y), number, ink);
    }
}

/// Words for those who cannot see the figure.
fn describe(figure: &XyFigure) -> String {
    let mut words = Vec::new();
    for panel in &figure.panels {
        words.push(format!("{} against {}.", panel.y_title, panel.x_title));
        for curve in &panel.curves {
            let mut ends = curve.x.iter().zip(&curve.y).filter(|p| p.1.is_finite());
            if let Some(a) = ends.next() {
                let b = ends.next_back().unwrap_or(a);
                let name = figure.series.get(curve.series).map_or("", String::as_str);
                words.push(format!(
                    "{name}: {} at {}, {} at {}.",
                    quantity(*a.1),
                    quantity(*a.0),
                    quantity(*b.1),
                    quantity(*b.0)
                ));
            }
        }
        for point in &panel.points {
            words.push(format!(
                "{}: {} at {}.",
                point.label,
                quantity(point.y),
                quantity(point.x)
            ));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_place_their_ends_and_ticks() {
        let axis = Axis::of([1.0, 100.0].into_iter(), true, 0.0, 10.0);
        assert!(axis.at(1.0) > 0.0 && axis.at(100.0) < 10.0 && (axis.at(10.0) - 5.0).abs() < 1e-9);
        assert_eq!(axis.ticks(5).labels, ["1", "3", "10", "30", "100"]);
        let plain = Axis::of([0.2, 4.0].into_iter(), false, 0.0, 1.0);
        assert_eq!(plain.low, 0.0);
    }

    #[test]
    fn bands_points_and_key_are_drawn() {
        let figure = XyFigure {
            title: "t".into(),
            series: vec!["a".into()],
            bands: "5–95 %".into(),
            panels: vec![XyPanel {
                curves: vec![XyCurve {
                    series: 0,
                    x: vec![1.0, 2.0],
                    y: vec![1.0, 2.0],
                    lower: vec![0.5, 1.5],
                    upper: vec![1.5, 2.5],
                    marked: true,
                }],
                points: vec![XyPoint {
                    series: None,
                    x: 1.5,
                    x_interval: None,
                    y: 1.4,
                    y_interval: Some((1.0, 1.8)),
                    label: "who".into(),
                }],
                ..XyPanel::default()
            }],
            ..XyFigure::default()
        };
        let drawn = draw_xy(&figure).text;
        assert!(drawn.contains("5–95 %") && drawn.contains("who") && drawn.contains("<polygon"));
    }
}

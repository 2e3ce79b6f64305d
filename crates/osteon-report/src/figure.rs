//! A figure of small multiples: one panel a quantity, time across, every arm in every panel.
//! Plain data in, SVG out; how runs and studies become this data is told in `run_figure` and `study_figure`.

use crate::legend;
use crate::palette::{GREY, INK};
use crate::panel::{self, Frame};
use crate::svg::{Canvas, Svg, TextStyle};
use crate::text_width::{Weight, wrap};

/// A whole figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure {
    /// Heading.
    pub title: String,
    /// One or two lines under the heading.
    pub subtitle: String,
    /// Small print at the foot: citation, versions.
    pub source: String,
    /// Names of the arms, in colour order. One arm needs no name.
    pub arms: Vec<String>,
    /// What happens when, per arm.
    pub phases: Vec<PhaseSpan>,
    /// Single doses, shown as triangles.
    pub marks: Vec<Mark>,
    /// First and last day shown.
    pub days: (f64, f64),
    /// One panel a quantity.
    pub panels: Vec<Panel>,
    /// What a reader who cannot see the figure should know.
    pub description: String,
}

/// A stretch of time in which an arm is treated in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseSpan {
    /// Number of the arm in [`Figure::arms`].
    pub arm: usize,
    /// First day.
    pub from: f64,
    /// Last day.
    pub until: f64,
    /// A few words.
    pub label: String,
}

/// Something that happens at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Number of the arm.
    pub arm: usize,
    /// Day.
    pub day: f64,
    /// A few words, listed in the key.
    pub label: String,
}

/// One quantity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Panel {
    /// Name of the quantity for people.
    pub title: String,
    /// Unit of the vertical axis.
    pub unit: String,
    /// Simulated courses.
    pub curves: Vec<Curve>,
    /// Measured values.
    pub points: Vec<Point>,
    /// Reference range, if there is one. An open side is infinite.
    pub reference: Option<(f64, f64)>,
    /// Remarks under the title, each with the verdict word that colours its dot.
    pub remarks: Vec<Remark>,
    /// Dotted name of the quantity, by which bands find it.
    pub quantity: String,
    /// For curves that compare arms: arm, control, true for their ratio.
    pub versus: Vec<(usize, usize, bool)>,
}

/// A line under a panel's title.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// `within`, `outside`, `wrong_sign` or `failed`.
    pub verdict: &'static str,
    /// A few words.
    pub words: String,
}

/// The course of one arm, perhaps with a band.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Number of the arm.
    pub arm: usize,
    /// Days.
    pub days: Vec<f64>,
    /// Values; NaN where there is none.
    pub values: Vec<f64>,
    /// Lower and upper edge of a band with what it means (`5–95 % of 200`), if any.
    pub band: Option<Band>,
}

/// A band around a course.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Lower edge at the curve's days.
    pub lower: Vec<f64>,
    /// Upper edge at the curve's days.
    pub upper: Vec<f64>,
    /// Quantiles and number of individuals, in words.
    pub meaning: String,
}

/// A measured value with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Number of the arm.
    pub arm: usize,
    /// Day.
    pub day: f64,
    /// Value.
    pub value: f64,
    /// Interval that judges it.
    pub interval: Option<(f64, f64)>,
    /// False for values derived from a ratio or change and the simulated baseline; drawn open.
    pub direct: bool,
}

const MARGIN: f64 = 28.0;
const GUTTER: f64 = 30.0;
const PANEL_HEIGHT: f64 = 176.0;

/// Draws the figure.
pub fn draw(figure: &Figure) -> Svg {
    let columns = match figure.panels.len() {
        0 | 1 => 1,
        2 | 4 => 2,
        3 | 5..=12 => 3,
        _ => 4,
    };
    let panel_width = if columns == 1 {
        620.0
    } else {
        [430.0, 310.0, 270.0][columns - 2]
    };
    let width = 2.0 * MARGIN + columns as f64 * panel_width + (columns - 1) as f64 * GUTTER;
    let inner = width - 2.0 * MARGIN;
    let mut canvas = Canvas::new();

    let mut y = MARGIN + 6.0;
    for line in wrap(&figure.title, 20.0, Weight::SemiBold, inner) {
        canvas.text((MARGIN, y + 10.0), &line, TextStyle::new(20.0, INK).bold());
        y += 26.0;
    }
    for line in wrap(&figure.subtitle, 13.0, Weight::Regular, inner) {
        canvas.text((MARGIN, y + 6.0), &line, TextStyle::new(13.0, GREY));
        y += 18.0;
    }
    y = legend::draw(&mut canvas, figure, MARGIN, y + 6.0, inner);

    let strips = panel::strip_rows(figure);
    for (row, chunk) in figure.panels.chunks(columns).enumerate() {
        let strip_rows = if row == 0 { strips.rows.len() } else { 0 };
        let top = y + 14.0;
        let remark_lines = chunk.iter().map(|p| p.remarks.len()).max().unwrap_or(0);
        let head = 22.0
            + panel::REMARK_HEIGHT * remark_lines as f64
            + panel::STRIP_HEIGHT * strip_rows as f64;
        for (column, panel) in chunk.iter().enumerate() {
            let frame = Frame {
                x: MARGIN + column as f64 * (panel_width + GUTTER),
                top,
                head,
                width: panel_width,
                height: PANEL_HEIGHT,
                strips: &strips,
                labelled: row == 0,
            };
            panel::draw(&mut canvas, figure, panel, &frame);
        }
        y = top + head + PANEL_HEIGHT + 38.0;
    }

    y += 6.0;
    for line in wrap(&figure.source, 11.0, Weight::Regular, inner) {
        canvas.text((MARGIN, y + 8.0), &line, TextStyle::new(11.0, GREY));
        y += 15.0;
    }
    canvas.finish(width, y + 14.0, &figure.title, &figure.description)
}

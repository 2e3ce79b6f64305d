//! Colours and line styles. Arms are told apart twice, by colour (Okabe–Ito, safe for the common forms of colour blindness)
//! and by dash, so that a figure also reads in grey.

use crate::svg::Stroke;

pub(crate) const INK: &str = "#1b1f24";
pub(crate) const GREY: &str = "#57606a";
pub(crate) const FAINT: &str = "#d8dce1";
pub(crate) const GRID: &str = "#d3d9dc";
pub(crate) const REFERENCE: &str = "#cdeadb";
pub(crate) const PHASES: [&str; 2] = ["#fbf3e3", "#f3f4f6"];

const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#000000",
];
const DASHES: [&str; 7] = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 2"];

/// Colour of the arm with this number.
pub(crate) fn colour(arm: usize) -> &'static str {
    COLOURS[arm % COLOURS.len()]
}

/// Line style of the arm with this number.
pub(crate) fn stroke(arm: usize, width: f64) -> Stroke<'static> {
    Stroke {
        colour: colour(arm),
        width,
        dash: DASHES[(arm + arm / COLOURS.len()) % DASHES.len()],
    }
}

/// Colour of a verdict word.
pub(crate) fn verdict_colour(verdict: &str) -> &'static str {
    match verdict {
        "within" => "#009e73",
        "outside" => "#d55e00",
        "wrong_sign" => "#a3124a",
        _ => "#57606a",
    }
}

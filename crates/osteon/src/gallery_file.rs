//! The small TOML file that describes a figure of the gallery: a course over time, or one quantity against another.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::outcome::{Fault, outside};

/// A figure: either `course`, or panels of one quantity against another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plate {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) subtitle: String,
    /// What is to be seen, for the list of figures.
    pub(crate) caption: String,
    /// Plausible bodies behind the bands; none without.
    pub(crate) bands: Option<usize>,
    /// Keep only plausible bodies that are healthy at rest.
    #[serde(default)]
    pub(crate) healthy: bool,
    pub(crate) course: Option<Course>,
    #[serde(default)]
    pub(crate) panel: Vec<PanelSpec>,
}

/// A study or scenario over time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Course {
    /// A study, a scenario by name, or a scenario file in the folder of the gallery.
    pub(crate) of: String,
    /// Only these quantities; all if empty.
    #[serde(default)]
    pub(crate) quantities: Vec<String>,
    /// Only these arms; all if empty.
    #[serde(default)]
    pub(crate) arms: Vec<String>,
    /// Bands around these arms alone, where those of all would hide one another; all if empty.
    #[serde(default)]
    pub(crate) band_arms: Vec<String>,
}

/// One pair of axes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PanelSpec {
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) x_title: String,
    pub(crate) y_title: String,
    #[serde(default)]
    pub(crate) log_x: bool,
    #[serde(default)]
    pub(crate) log_y: bool,
    pub(crate) series: Vec<SeriesSpec>,
    #[serde(default)]
    pub(crate) measured: Vec<MeasuredSpec>,
}

/// Computed points: one an arm, or the path of one arm.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesSpec {
    pub(crate) name: String,
    /// As in `course`.
    pub(crate) of: String,
    /// Quantity of the vertical axis.
    pub(crate) y: String,
    /// What of it, in the words of `data.csv`; the value if not said.
    #[serde(rename = "as", default = "value")]
    pub(crate) kind: String,
    /// True: no band, where those of several series would hide one another.
    #[serde(default)]
    pub(crate) no_band: bool,
    /// Divides the vertical values by the horizontal ones: what was absorbed by the dose, for example.
    #[serde(default)]
    pub(crate) share_of_x: bool,
    /// Time of the points.
    pub(crate) at: Option<String>,
    /// Control arm, for comparisons of arms.
    pub(crate) versus: Option<String>,
    /// Horizontal value of each arm: a number, or with `x` any number at all.
    #[serde(default)]
    pub(crate) arms: BTreeMap<String, f64>,
    /// Quantity of the horizontal axis: of each arm at that time, or along the path.
    pub(crate) x: Option<String>,
    /// What of it.
    #[serde(default = "value")]
    pub(crate) x_as: String,
    /// Arms whose paths are drawn, one behind the other.
    #[serde(default)]
    pub(crate) path: Vec<String>,
    /// Part of the path.
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
}

/// Measured points of a study, in one of two ways: arms with their horizontal values, or pairs of rows of one arm and time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasuredSpec {
    pub(crate) label: String,
    /// Series whose colour it takes.
    pub(crate) series: Option<String>,
    pub(crate) study: String,
    pub(crate) y: String,
    /// Only rows of this kind.
    #[serde(rename = "as")]
    pub(crate) kind: Option<String>,
    /// Horizontal value by arm.
    #[serde(default)]
    pub(crate) arms: BTreeMap<String, f64>,
    /// Quantity whose rows give the horizontal values.
    pub(crate) x: Option<String>,
    /// Only rows at this time.
    pub(crate) at: Option<String>,
    /// As in the series.
    #[serde(default)]
    pub(crate) share_of_x: bool,
}

fn value() -> String {
    "value".to_owned()
}

/// Reads a file.
pub(crate) fn read_plate(path: &Path) -> Result<Plate, Fault> {
    let text = fs::read_to_string(path).map_err(|e| outside("read", path, e))?;
    let plate: Plate = toml::from_str(&text)
        .map_err(|e| Fault::Failed(format!("error: {}: {e}", path.display())))?;
    if plate.course.is_some() != plate.panel.is_empty() {
        return Err(Fault::Failed(format!(
            "error: {}: a figure is either a [course] or [[panel]]s\n   = help: docs/gallery/README.md tells both",
            path.display()
        )));
    }
    Ok(plate)
}

//! Runs and verdicts as tables, terminal pages and figures (SVG, PNG).
//!
//! Runs nothing, judges nothing, touches no file: data in, text or bytes out. The same data gives the same bytes.

mod aligned;
mod bands_page;
mod claims_table;
mod figure;
mod fit_page;
mod laboratory_table;
mod legend;
mod library_page;
mod overview_figure;
mod palette;
mod panel;
mod raster;
mod run_figure;
mod run_json;
mod sensitivity_page;
mod study_figure;
mod summary;
mod svg;
mod text_width;
mod ticks;
mod tidy_csv;
mod time_axis;
mod tornado_figure;
mod units_shown;
mod verdict_table;
mod why_figure;
mod why_page;
mod xy_figure;

pub use bands_page::{BAND_COLUMNS, band_csv, band_text, with_bands};
pub use claims_table::{claims_json, claims_table};
pub use figure::{Band, Curve, Figure, Mark, Panel, PhaseSpan, Point, Remark, draw};
pub use fit_page::{fit_text, fit_toml};
pub use laboratory_table::{laboratory_json, laboratory_text};
pub use library_page::{library_names, library_page};
pub use overview_figure::overview_figure;
pub use raster::png;
pub use run_figure::run_figure;
pub use run_json::run_json;
pub use sensitivity_page::{sensitivity_json, sensitivity_page, sensitivity_text};
pub use study_figure::study_figure;
pub use summary::summary;
pub use svg::Svg;
pub use ticks::quantity;
pub use tidy_csv::{TIDY_COLUMNS, tidy_csv};
pub use time_axis::time_text;
pub use tornado_figure::tornado_figure;
pub use units_shown::in_us_units;
pub use verdict_table::{totals_text, verdict_table, verdicts_json};
pub use why_figure::why_figure;
pub use why_page::{why_json, why_text};
pub use xy_figure::{XyCurve, XyFigure, XyPanel, XyPoint, draw_xy};

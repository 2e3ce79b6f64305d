//! Runs and verdicts as tables, terminal pages and figures (SVG, PNG).
//!
//! Runs nothing, judges nothing, touches no file: data in, text or bytes out. The same data gives the same bytes.

mod figure;
mod legend;
mod palette;
mod panel;
mod raster;
mod svg;
mod text_width;
mod ticks;
mod time_axis;

pub use figure::{Band, Curve, Figure, Panel, PhaseSpan, Point, draw};
pub use raster::png;
pub use svg::Svg;
pub use ticks::quantity;
pub use time_axis::time_text;

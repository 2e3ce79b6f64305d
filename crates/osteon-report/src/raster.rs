//! SVG to PNG with resvg and the font that ships inside this crate, so that pictures are the same on a machine without fonts.

use std::sync::{Arc, LazyLock};

use resvg::{tiny_skia, usvg};

use crate::svg::Svg;
use crate::text_width::{REGULAR, SEMI_BOLD};

/// Pixels of the picture per pixel of the drawing: sharp on a projector.
const SCALE: f32 = 2.0;

static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMI_BOLD.to_vec());
    Arc::new(fonts)
});

/// Paints a drawing at twice its size.
///
/// # Errors
/// When the drawing is not readable SVG or too large for memory; drawings of this crate are neither.
pub fn png(drawing: &Svg) -> Result<Vec<u8>, String> {
    let options = usvg::Options {
        fontdb: FONTS.clone(),
        font_family: "Inter".to_owned(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(&drawing.text, &options)
        .map_err(|e| format!("the drawing cannot be read: {e}"))?;
    let size = tree.size();
    let (width, height) = (
        (size.width() * SCALE).ceil() as u32,
        (size.height() * SCALE).ceil() as u32,
    );
    let mut pixels = tiny_skia::Pixmap::new(width, height)
        .ok_or_else(|| format!("a picture of {width} × {height} pixels is too large"))?;
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(SCALE, SCALE),
        &mut pixels.as_mut(),
    );
    pixels
        .encode_png()
        .map_err(|e| format!("the picture cannot be written: {e}"))
}

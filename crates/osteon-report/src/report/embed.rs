//! Drawings that were made to stand alone, put into a page: their ids get a name of their own, their size follows the page.

use maud::{Markup, PreEscaped};

use crate::svg::Svg;

/// The drawing with `name` before all its ids.
pub(super) fn svg(drawing: &Svg, name: &str) -> Markup {
    let text = drawing
        .text
        .replace(" id=\"", &format!(" id=\"{name}-"))
        .replace("url(#", &format!("url(#{name}-"))
        .replace(
            "aria-labelledby=\"title desc\"",
            &format!("aria-labelledby=\"{name}-title {name}-desc\" class=\"drawing\""),
        );
    PreEscaped(text)
}

//! A small SVG writer: shapes in, text out. Coordinates are pixels, rounded to hundredths so that the same drawing
//! gives the same bytes everywhere. Knows nothing of plots.

use std::fmt::Write as _;

use crate::text_width::{FAMILY, Weight};

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Svg {
    /// The SVG document.
    pub text: String,
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Begins at the point.
    Start,
    /// Centred on the point.
    Middle,
    /// Ends at the point.
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextStyle {
    pub(crate) size: f64,
    pub(crate) weight: Weight,
    pub(crate) fill: &'static str,
    pub(crate) anchor: Anchor,
}

impl TextStyle {
    pub(crate) fn new(size: f64, fill: &'static str) -> Self {
        TextStyle {
            size,
            weight: Weight::Regular,
            fill,
            anchor: Anchor::Start,
        }
    }

    pub(crate) fn bold(self) -> Self {
        TextStyle {
            weight: Weight::SemiBold,
            ..self
        }
    }

    pub(crate) fn anchored(self, anchor: Anchor) -> Self {
        TextStyle { anchor, ..self }
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stroke<'a> {
    pub(crate) colour: &'a str,
    pub(crate) width: f64,
    /// SVG dash pattern; empty for a solid line.
    pub(crate) dash: &'a str,
}

/// A drawing in the making.
pub(crate) struct Canvas {
    body: String,
    clips: usize,
}

pub(crate) fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    format!("{rounded}")
}

/// Text made safe for XML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no place for other control characters.
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}

impl Canvas {
    pub(crate) fn new() -> Self {
        Canvas {
            body: String::new(),
            clips: 0,
        }
    }

    pub(crate) fn rect(
        &mut self,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        fill: &str,
        opacity: f64,
    ) {
        let opacity = if opacity < 1.0 {
            format!(" fill-opacity=\"{}\"", number(opacity))
        } else {
            String::new()
        };
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"{opacity}/>",
            number(x),
            number(y),
            number(width.max(0.0)),
            number(height.max(0.0))
        );
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke<'_>) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"{}/>",
            number(from.0),
            number(from.1),
            number(to.0),
            number(to.1),
            stroke.colour,
            number(stroke.width),
            dash(stroke.dash)
        );
    }

    /// A line through points; a point that is not finite breaks the line.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke<'_>) {
        let mut path = String::new();
        let mut pen_down = false;
        for (x, y) in points {
            if !(x.is_finite() && y.is_finite()) {
                pen_down = false;
                continue;
            }
            let _ = write!(
                path,
                "{}{},{}",
                if pen_down { "L" } else { "M" },
                number(*x),
                number(*y)
            );
            pen_down = true;
        }
        if !path.is_empty() {
            let _ = writeln!(
                self.body,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"{}/>",
                stroke.colour,
                number(stroke.width),
                dash(stroke.dash)
            );
        }
    }

    /// A filled area around the closed outline of the points.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        let finite: Vec<String> = points
            .iter()
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .map(|p| format!("{},{}", number(p.0), number(p.1)))
            .collect();
        if finite.len() > 2 {
            let _ = writeln!(
                self.body,
                "<polygon points=\"{}\" fill=\"{fill}\" fill-opacity=\"{}\"/>",
                finite.join(" "),
                number(opacity)
            );
        }
    }

    pub(crate) fn circle(
        &mut self,
        centre: (f64, f64),
        radius: f64,
        fill: &str,
        stroke: Stroke<'_>,
    ) {
        let _ = writeln!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"{}\" stroke-width=\"{}\"/>",
            number(centre.0),
            number(centre.1),
            number(radius),
            stroke.colour,
            number(stroke.width)
        );
    }

    pub(crate) fn text(&mut self, at: (f64, f64), text: &str, style: TextStyle) {
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = match style.weight {
            Weight::Regular => "",
            Weight::SemiBold => " font-weight=\"600\"",
        };
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{weight}>{}</text>",
            number(at.0),
            number(at.1),
            number(style.size),
            style.fill,
            escape(text)
        );
    }

    /// Draws what `inside` draws, cut to a rectangle.
    pub(crate) fn clipped(
        &mut self,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        inside: impl FnOnce(&mut Canvas),
    ) {
        let id = format!("clip{}", self.clips);
        self.clips += 1;
        let _ = writeln!(
            self.body,
            "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n<g clip-path=\"url(#{id})\">",
            number(x),
            number(y),
            number(width),
            number(height)
        );
        inside(self);
        self.body.push_str("</g>\n");
    }

    /// Closes the drawing. `title` and `description` are what a screen reader says.
    pub(crate) fn finish(self, width: f64, height: f64, title: &str, description: &str) -> Svg {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-labelledby=\"title desc\" font-family=\"{FAMILY}\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escape(title),
            escape(description),
            self.body,
            w = number(width),
            h = number(height),
        );
        Svg {
            text,
            width,
            height,
        }
    }
}

fn dash(pattern: &str) -> String {
    if pattern.is_empty() {
        String::new()
    } else {
        format!(" stroke-dasharray=\"{pattern}\"")
    }
}

//! How wide a text will be: read from the font that is also used to paint, so that labels can be placed without overlap.
//! The font is Inter (SIL Open Font License 1.1, `font/OFL.txt`), Latin subset.

use std::sync::LazyLock;

use ttf_parser::Face;

/// Font families named in the SVG, best first.
pub(crate) const FAMILY: &str = "Inter, Helvetica, Arial, sans-serif";

/// Font file of the regular weight.
pub(crate) const REGULAR: &[u8] = include_bytes!("../font/Inter-Regular.ttf");
/// Font file of the semi-bold weight.
pub(crate) const SEMI_BOLD: &[u8] = include_bytes!("../font/Inter-SemiBold.ttf");

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Normal text.
    Regular,
    /// Headings.
    SemiBold,
}

static FACES: LazyLock<[Option<Face<'static>>; 2]> =
    LazyLock::new(|| [Face::parse(REGULAR, 0).ok(), Face::parse(SEMI_BOLD, 0).ok()]);

/// Width in pixels of `text` at `size` pixels.
pub(crate) fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    // A glyph the font lacks is taken as wide as a digit, about 0.62 em.
    const UNKNOWN_EM: f64 = 0.62;
    let face = FACES[usize::from(weight == Weight::SemiBold)].as_ref();
    let per_em = face.map_or(1.0, |f| f64::from(f.units_per_em()));
    text.chars()
        .map(|c| {
            let advance = face.and_then(|f| f.glyph_hor_advance(f.glyph_index(c)?));
            size * advance.map_or(UNKNOWN_EM, |a| f64::from(a) / per_em)
        })
        .sum()
}

/// Breaks a text into lines no wider than `width` pixels, at spaces.
pub(crate) fn wrap(text: &str, size: f64, weight: Weight, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, weight) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Cuts a text to `width` pixels, ending in an ellipsis if it was cut; `None` if not even four letters fit.
pub(crate) fn fit(text: &str, size: f64, weight: Weight, width: f64) -> Option<String> {
    if text_width(text, size, weight) <= width {
        return Some(text.to_owned());
    }
    let letters: Vec<char> = text.chars().collect();
    let fits = |cut: &str| text_width(&format!("{cut}…"), size, weight) <= width;
    let cut = (4..letters.len())
        .rev()
        .map(|n| {
            letters[..n]
                .iter()
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .find(|cut| fits(cut))?;
    // Better cut between words, and never after a number: "300" of "300 mg" says something else.
    let mut words: Vec<&str> = cut.split(' ').collect();
    if !text[cut.len()..].starts_with(' ') {
        words.pop();
    }
    while words.last().is_some_and(|w| w.parse::<f64>().is_ok()) {
        words.pop();
    }
    let whole = words.join(" ");
    let kept = if whole.chars().count() * 2 > cut.chars().count() {
        whole
    } else {
        cut
    };
    Some(kept.trim_end_matches([',', ' ']).to_owned() + "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_font() {
        assert!(FACES.iter().all(Option::is_some));
        let narrow = text_width("iiii", 12.0, Weight::Regular);
        let wide = text_width("MMMM", 12.0, Weight::Regular);
        assert!(wide > 2.5 * narrow, "{narrow} {wide}");
        assert!(
            text_width("Serum", 12.0, Weight::SemiBold)
                > text_width("Serum", 12.0, Weight::Regular)
        );
    }

    #[test]
    fn wrapped_lines_fit() {
        let lines = wrap(
            "Three weeks on a very low magnesium diet, then repletion",
            12.0,
            Weight::Regular,
            120.0,
        );
        assert!(lines.len() > 2);
        assert!(
            lines
                .iter()
                .all(|l| text_width(l, 12.0, Weight::Regular) <= 120.0)
        );
        assert_eq!(
            fit("depletion", 12.0, Weight::Regular, 40.0).map(|t| t.ends_with('…')),
            Some(true)
        );
        assert_eq!(fit("depletion", 12.0, Weight::Regular, 5.0), None);
        assert_eq!(
            fit(
                "magnesium citrate 150 mg twice a day",
                10.5,
                Weight::Regular,
                115.0
            )
            .as_deref(),
            Some("magnesium citrate…")
        );
    }
}

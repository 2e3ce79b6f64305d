//! The interval in which a prediction counts as right.
//!
//! The study's own bounds if it gives them. Else, if it gives a standard error (or a standard deviation and n), the hull of
//! mean ± 1.96 standard errors and ±10 % of the value. Else ±25 % of the value.

use crate::study::{Row, Spread};

/// Share of the value that measurement methods alone may differ by, joined with the standard error.
const METHOD_SHARE: f64 = 0.10;
/// Share of the value allowed where a study tells nothing of its spread.
const UNKNOWN_SHARE: f64 = 0.25;
/// Standard errors on each side of the mean.
const Z_95: f64 = 1.96;

/// Lower and upper edge of the interval that judges a row, in the row's unit.
pub fn judging_interval(row: &Row) -> (f64, f64) {
    if let Some(bounds) = row.bounds {
        return bounds;
    }
    let half = match standard_error(row) {
        Some(se) => (Z_95 * se).max(METHOD_SHARE * row.value.abs()),
        None => UNKNOWN_SHARE * row.value.abs(),
    };
    (row.value - half, row.value + half)
}

/// Standard error of the mean, if the row tells it.
pub(crate) fn standard_error(row: &Row) -> Option<f64> {
    match (row.spread?, row.n) {
        (Spread::Se(se), _) => Some(se),
        (Spread::Sd(sd), Some(n)) if n >= 1.0 => Some(sd / n.sqrt()),
        (Spread::Sd(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::row;

    #[test]
    fn bounds_then_error_then_a_quarter() {
        let close = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            assert!((a - c).abs() < 1e-12 && (b - d).abs() < 1e-12, "{a} {b}")
        };
        close(judging_interval(&row(2.0)), (1.5, 2.5));
        close(judging_interval(&row(-2.0)), (-2.5, -1.5));
        close(
            judging_interval(&Row {
                bounds: Some((1.9, 2.6)),
                spread: Some(Spread::Se(9.0)),
                ..row(2.0)
            }),
            (1.9, 2.6),
        );
        close(
            judging_interval(&Row {
                spread: Some(Spread::Se(1.0)),
                ..row(2.0)
            }),
            (0.04, 3.96),
        );
        // 1.96 · 0.5/√25 = 0.196 is less than 10 % of 2.
        close(
            judging_interval(&Row {
                spread: Some(Spread::Sd(0.5)),
                n: Some(25.0),
                ..row(2.0)
            }),
            (1.8, 2.2),
        );
        // A standard deviation without n tells nothing of the mean.
        close(
            judging_interval(&Row {
                spread: Some(Spread::Sd(0.5)),
                ..row(2.0)
            }),
            (1.5, 2.5),
        );
    }
}

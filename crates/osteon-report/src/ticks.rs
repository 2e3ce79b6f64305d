//! Where axis ticks stand and how numbers are written: steps of 1, 2, 2.5 or 5 times a power of ten, equal decimals on one axis.

/// An axis from `lower` to `upper` with ticks and their labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) at: Vec<f64>,
    pub(crate) labels: Vec<String>,
}

/// About `wanted` ticks inside `lower..upper`.
pub(crate) fn ticks(lower: f64, upper: f64, wanted: usize) -> Ticks {
    let span = upper - lower;
    if !(span.is_finite() && span > 0.0) {
        return Ticks {
            at: vec![lower],
            labels: vec![quantity(lower)],
        };
    }
    let raw = span / wanted.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .iter()
        .map(|m| m * power)
        .find(|s| *s >= raw * 0.999)
        .unwrap_or(10.0 * power);
    with_step(lower, upper, step)
}

/// Ticks at the multiples of `step` inside `lower..upper`.
pub(crate) fn with_step(lower: f64, upper: f64, step: f64) -> Ticks {
    let first = (lower / step - 1e-9).ceil();
    let last = (upper / step + 1e-9).floor();
    let at: Vec<f64> = (0..=(last - first).max(0.0) as usize)
        .map(|i| (first + i as f64) * step)
        .collect();
    let largest = at.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let decimals = decimals_of(step);
    let labels = at
        .iter()
        .map(|v| {
            if largest >= 1e7 || step < 1e-5 {
                format!("{v:.1e}").replace('-', "−")
            } else {
                signed(*v, decimals)
            }
        })
        .collect();
    Ticks { at, labels }
}

fn decimals_of(step: f64) -> usize {
    (0..8)
        .find(|d| (step * 10_f64.powi(*d) - (step * 10_f64.powi(*d)).round()).abs() < 1e-6)
        .unwrap_or(8) as usize
}

fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text
        .trim_start_matches('-')
        .chars()
        .all(|c| matches!(c, '0' | '.'));
    match (zero, text.strip_prefix('-')) {
        (true, Some(rest)) => rest.to_owned(),
        (false, Some(rest)) => format!("−{rest}"),
        _ => text,
    }
}

/// A number with three significant digits as people write it: `0.612`, `43.1`, `1240`.
pub fn quantity(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.2e}").replace('-', "−");
    }
    let digits = (2 - magnitude.log10().floor() as i32).clamp(0, 7) as usize;
    signed(value, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let t = ticks(0.52, 0.97, 5);
        assert_eq!(t.labels, ["0.6", "0.7", "0.8", "0.9"]);
        let t = ticks(-30.0, 5.0, 4);
        assert_eq!(t.labels, ["−30", "−20", "−10", "0"]);
        assert_eq!(ticks(0.0, 0.3, 3).labels, ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(ticks(1.0, 1.0, 4).at, [1.0]);
    }

    #[test]
    fn quantities_have_three_digits() {
        for (value, text) in [
            (0.6123, "0.612"),
            (43.14, "43.1"),
            (1240.4, "1240"),
            (-0.05, "−0.0500"),
            (0.0, "0"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(quantity(value), text);
        }
    }
}

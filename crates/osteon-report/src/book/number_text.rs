//! Numbers as the model gives them, and rounded for tables.

/// A number as text: plain where it is short, else with a power of ten.
pub(super) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let text = if value == 0.0 || (1e-3..1e6).contains(&value.abs()) {
        format!("{value}")
    } else {
        match format!("{value:e}").split_once('e') {
            Some(("1", power)) => format!("10^{power}"),
            Some((digits, "0")) => digits.to_owned(),
            Some((digits, power)) => format!("{digits}·10^{power}"),
            None => format!("{value}"),
        }
    };
    text.replace('-', "−")
}

/// A number as text with six digits that count at most.
pub(super) fn short(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    plain(rounded)
}

/// Mantissa and power of ten, for mathematics; the power is 0 for plain numbers.
pub(super) fn parts(value: f64) -> (String, i32) {
    if value == 0.0 || !value.is_finite() || (1e-3..1e6).contains(&value.abs()) {
        return (format!("{value}").replace('-', "−"), 0);
    }
    let text = format!("{value:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.replace('-', "−"), power.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (value, text) in [
            (0.9012, "0.9012"),
            (-2.5, "−2.5"),
            (1e-9, "10^−9"),
            (2.5e-7, "2.5·10^−7"),
            (6.02e23, "6.02·10^23"),
            (123456.0, "123456"),
        ] {
            assert_eq!(plain(value), text);
        }
        assert_eq!(short(0.017_453_292_519_943_295), "0.0174533");
        assert_eq!(short(874.0), "874");
        assert_eq!(parts(1e-9), ("1".to_owned(), -9));
    }
}

//! Quantities as people write them: `320 mg/d`, `-3 a`, `21 d 08:00`, `day 0`. A bare number is never a quantity.

use osteon_model::Unit;

/// Seconds in a day.
const SECONDS_PER_DAY: f64 = 86_400.0;

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The number as written.
    pub value: f64,
    /// The unit; dimensionless when none was written.
    pub unit: Unit,
    /// The unit as written; empty when none was written.
    pub unit_text: String,
}

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasureError {
    /// It does not begin with a number.
    NotANumber,
    /// The number is infinite or NaN.
    NotFinite,
    /// The unit is not known.
    UnknownUnit(String),
    /// A duration or clock time was wanted and this is something else.
    NotATime,
    /// A number without a unit where a duration was wanted.
    BareNumber,
}

/// Splits `320 mg/d` into the number and the rest.
fn split_number(text: &str) -> Result<(f64, &str), MeasureError> {
    let text = text.trim();
    let mut end = 0;
    let bytes = text.as_bytes();
    while end < bytes.len() {
        let exponent_sign =
            end > 0 && matches!(bytes[end], b'+' | b'-') && matches!(bytes[end - 1], b'e' | b'E');
        let exponent = matches!(bytes[end], b'e' | b'E')
            && bytes.get(end + 1).is_some_and(|next| {
                next.is_ascii_digit()
                    || (matches!(next, b'+' | b'-')
                        && bytes.get(end + 2).is_some_and(u8::is_ascii_digit))
            });
        if bytes[end].is_ascii_digit()
            || bytes[end] == b'.'
            || (end == 0 && matches!(bytes[end], b'+' | b'-'))
            || exponent
            || exponent_sign
        {
            end += 1;
        } else {
            break;
        }
    }
    let value: f64 = text[..end].parse().map_err(|_| MeasureError::NotANumber)?;
    if !value.is_finite() {
        return Err(MeasureError::NotFinite);
    }
    Ok((value, text[end..].trim()))
}

/// Reads a number with a unit; a number alone is dimensionless.
///
/// # Errors
/// When there is no number or the unit is not known.
pub fn read_measure(text: &str) -> Result<Measure, MeasureError> {
    let (value, rest) = split_number(text)?;
    if rest.is_empty() {
        return Ok(Measure {
            value,
            unit: Unit::DIMENSIONLESS,
            unit_text: String::new(),
        });
    }
    let unit = Unit::parse(rest).map_err(|e| MeasureError::UnknownUnit(e.part))?;
    Ok(Measure {
        value,
        unit,
        unit_text: rest.to_owned(),
    })
}

/// Reads `08:00` or `7:30` as a part of a day.
pub fn read_time_of_day(text: &str) -> Option<f64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let digits = |t: &str| !t.is_empty() && t.len() <= 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || minutes.len() != 2 || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (f64, f64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24.0 && minutes < 60.0).then(|| (hours + minutes / 60.0) / 24.0)
}

/// Reads a time or duration in days: `21 d`, `2 wk 3 d`, `-3 a`, `21 d 08:00`, `08:00` (of day 0), `day 0`, `week 8`.
///
/// # Errors
/// When it is none of these.
pub fn read_days(text: &str) -> Result<f64, MeasureError> {
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err(MeasureError::NotATime);
    }
    let mut total = 0.0;
    let mut sign = None;
    while let Some(word) = words.next() {
        if let Some(clock) = read_time_of_day(word) {
            return if words.next().is_none() {
                Ok(total + clock)
            } else {
                Err(MeasureError::NotATime)
            };
        }
        if matches!(word, "day" | "week" | "month" | "year") && sign.is_none() {
            let count = words.next().ok_or(MeasureError::NotATime)?;
            total += read_number(count)? * days_in(word)?;
            sign = Some(1.0);
            continue;
        }
        let (mut value, mut unit) = split_number(word)?;
        if unit.is_empty() {
            unit = words.next().ok_or(MeasureError::BareNumber)?;
            if read_time_of_day(unit).is_some() {
                return Err(MeasureError::BareNumber);
            }
        }
        // "-3 a 2 mo" is three years and two months before.
        match sign {
            None => sign = Some(if word.starts_with('-') { -1.0 } else { 1.0 }),
            Some(sign) => value *= sign,
        }
        total += value * days_in(unit)?;
    }
    Ok(total)
}

fn read_number(text: &str) -> Result<f64, MeasureError> {
    match split_number(text)? {
        (value, "") => Ok(value),
        _ => Err(MeasureError::NotANumber),
    }
}

fn days_in(unit: &str) -> Result<f64, MeasureError> {
    let parsed = Unit::parse(unit).map_err(|e| MeasureError::UnknownUnit(e.part))?;
    let second = Unit::parse("s").map_err(|e| MeasureError::UnknownUnit(e.part))?;
    parsed
        .conversion_to(&second)
        .map(|seconds| seconds / SECONDS_PER_DAY)
        .ok_or(MeasureError::NotATime)
}

/// Prints a time in days as people read it: `21 d 08:00`, `-3 d`, `0 d`.
pub fn show_days(days: f64) -> String {
    if !days.is_finite() {
        return if days > 0.0 {
            "the end".to_owned()
        } else {
            "the beginning".to_owned()
        };
    }
    if days < -730.5 {
        return format!("{:.2} a", days / 365.25);
    }
    let mut whole = days.floor();
    let mut minutes = ((days - whole) * 1440.0).round();
    if minutes >= 1440.0 {
        whole += 1.0;
        minutes = 0.0;
    }
    if minutes == 0.0 {
        format!("{whole} d")
    } else {
        format!(
            "{whole} d {:02}:{:02}",
            (minutes / 60.0).floor(),
            minutes % 60.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures() {
        for (text, value, unit) in [
            ("320 mg/d", 320.0, "mg/d"),
            ("-3 a", -3.0, "a"),
            ("1e3 IU/d", 1000.0, "[IU]/d"),
            ("2mEq", 2.0, "mEq"),
            ("0.5 1", 0.5, "1"),
            ("5 eq", 5.0, "eq"),
        ] {
            let read = read_measure(text).expect(text);
            assert_eq!(read.value, value, "{text}");
            assert!(
                read.unit.same_unit(&Unit::parse(unit).expect(unit)),
                "{text}"
            );
        }
        assert_eq!(read_measure("0.5").expect("pure").unit_text, "");
        assert_eq!(read_measure("mg"), Err(MeasureError::NotANumber));
        assert_eq!(read_measure(""), Err(MeasureError::NotANumber));
        assert!(matches!(
            read_measure("3 mgg"),
            Err(MeasureError::UnknownUnit(_))
        ));
        assert_eq!(read_measure("1e999 mg"), Err(MeasureError::NotFinite));
    }

    #[test]
    fn times() {
        let days = |t: &str| read_days(t).expect(t);
        assert_eq!(days("21 d"), 21.0);
        assert!((days("21 d 08:00") - (21.0 + 8.0 / 24.0)).abs() < 1e-12);
        assert_eq!(days("day 0"), 0.0);
        assert_eq!(days("week 8"), 56.0);
        assert_eq!(days("08:00"), 8.0 / 24.0);
        assert!((days("-3 a") + 3.0 * 365.25).abs() < 1e-9);
        assert!((days("2 mo") - 60.875).abs() < 1e-9);
        assert!((days("2 wk 3 d") - 17.0).abs() < 1e-12);
        assert!((days("-1 a 1 mo") + 365.25 + 30.4375).abs() < 1e-9);
        assert_eq!(days("12h"), 0.5);
        assert_eq!(read_days("21"), Err(MeasureError::BareNumber));
        assert_eq!(read_days("21 08:00"), Err(MeasureError::BareNumber));
        assert_eq!(read_days("3 mg"), Err(MeasureError::NotATime));
        assert_eq!(read_days("noon"), Err(MeasureError::NotANumber));
        assert!(read_days("25:00").is_err() && read_days("").is_err() && read_days("day").is_err());
        assert_eq!(show_days(21.0 + 8.0 / 24.0), "21 d 08:00");
        assert_eq!(show_days(-3.0), "-3 d");
    }
}

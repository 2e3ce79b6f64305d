//! The unit of a time axis and its ticks: hours, days, weeks, months or years by the span shown.
//! A month is 30.4375 d and a year 365.25 d (UCUM); axes in months and years say so.

use crate::ticks::{Ticks, with_step};

/// Unit of a time axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeUnit {
    /// Days in one unit.
    pub(crate) days: f64,
    /// Axis title, with the rule where the unit needs one.
    pub(crate) title: &'static str,
    /// One letter or word for short labels.
    pub(crate) short: &'static str,
    steps: &'static [f64],
}

const UNITS: [(f64, TimeUnit); 6] = [
    (
        0.21,
        TimeUnit {
            days: 1.0 / 1440.0,
            title: "minutes",
            short: "min",
            steps: &[5.0, 10.0, 15.0, 20.0, 30.0, 60.0],
        },
    ),
    (
        3.01,
        TimeUnit {
            days: 1.0 / 24.0,
            title: "hours",
            short: "h",
            steps: &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0],
        },
    ),
    (
        60.01,
        TimeUnit {
            days: 1.0,
            title: "days",
            short: "d",
            steps: &[1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0],
        },
    ),
    (
        200.0,
        TimeUnit {
            days: 7.0,
            title: "weeks",
            short: "wk",
            steps: &[1.0, 2.0, 4.0, 8.0, 12.0, 26.0],
        },
    ),
    (
        1600.0,
        TimeUnit {
            days: 30.4375,
            title: "months (1 mo = 30.4375 d)",
            short: "mo",
            steps: &[1.0, 2.0, 3.0, 6.0, 12.0, 24.0],
        },
    ),
    (
        f64::INFINITY,
        TimeUnit {
            days: 365.25,
            title: "years (1 a = 365.25 d)",
            short: "a",
            steps: &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0],
        },
    ),
];

/// The unit for a span of days.
pub(crate) fn unit_for(span_days: f64) -> TimeUnit {
    UNITS
        .iter()
        .find(|(limit, _)| span_days <= *limit)
        .map_or(UNITS[5].1, |(_, unit)| *unit)
}

/// Ticks, in days, for an axis from `lower` to `upper` days with room for about `wanted` labels.
pub(crate) fn time_ticks(lower_days: f64, upper_days: f64, unit: TimeUnit, wanted: usize) -> Ticks {
    let (lower, upper) = (lower_days / unit.days, upper_days / unit.days);
    let raw = (upper - lower) / wanted.max(1) as f64;
    let fine = unit.steps.iter().copied().filter(|s| *s >= raw * 0.999);
    // Among steps of about the wanted size, one that ends on the last day reads best: weeks for 49 days, tens for 50.
    let ends_well = |step: &f64| {
        *step <= raw * 2.0
            && ((upper - lower) / step)
                .fract()
                .min(1.0 - ((upper - lower) / step).fract())
                < 1e-6
    };
    let step = fine
        .clone()
        .find(ends_well)
        .or_else(|| fine.clone().next())
        .unwrap_or_else(|| {
            let last = unit.steps.last().copied().unwrap_or(1.0);
            (raw / last).ceil() * last
        });
    let mut ticks = with_step(lower, upper, step);
    ticks.at.iter_mut().for_each(|t| *t *= unit.days);
    ticks
}

/// A time in the best unit: `21 d`, `8 wk`, `5 a`.
pub fn time_text(days: f64) -> String {
    let magnitude = days.abs();
    let whole = |unit: f64| ((days / unit) - (days / unit).round()).abs() < 1e-6;
    let (unit, short) = if magnitude >= 365.25 && (whole(365.25) || magnitude > 1461.0) {
        (365.25, "a")
    } else if magnitude >= 1.0 || magnitude == 0.0 {
        (1.0, "d")
    } else if magnitude > 0.0833 {
        (1.0 / 24.0, "h")
    } else {
        (1.0 / 1440.0, "min")
    };
    let value = days / unit;
    let rounded = (value * 10.0).round() / 10.0;
    format!("{rounded} {short}").replace('-', "−")
}

/// A time as the head of a column, in the unit that the whole span is told in: `5.5 a`, `8 mo`, `21 d`.
pub(crate) fn time_head(days: f64, span_days: f64) -> String {
    let unit = unit_for(span_days);
    // Clock times of a day stay hours of that day.
    if unit.days <= 1.0 {
        return time_text(days);
    }
    let value = (days / unit.days * 10.0).round() / 10.0;
    format!("{value} {}", unit.short).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_the_span() {
        assert_eq!(unit_for(1.0).short, "h");
        assert_eq!(unit_for(49.0).short, "d");
        assert_eq!(unit_for(84.0).short, "wk");
        assert_eq!(unit_for(730.0).short, "mo");
        assert_eq!(unit_for(7300.0).short, "a");
        assert_eq!(
            time_ticks(0.0, 49.0, unit_for(49.0), 8).labels,
            ["0", "7", "14", "21", "28", "35", "42", "49"]
        );
        assert_eq!(
            time_ticks(0.0, 50.0, unit_for(50.0), 6).labels,
            ["0", "10", "20", "30", "40", "50"]
        );
        assert_eq!(
            time_ticks(0.0, 1.0, unit_for(1.0), 6).labels,
            ["0", "6", "12", "18", "24"]
        );
    }

    #[test]
    fn times_read_well() {
        assert_eq!(time_text(21.0), "21 d");
        assert_eq!(time_text(0.25), "6 h");
        assert_eq!(time_text(20.0 / 1440.0), "20 min");
        assert_eq!(time_text(1826.25), "5 a");
        assert_eq!(time_text(-14.0), "−14 d");
    }
}

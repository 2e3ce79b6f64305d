//! Stretches in which what is done repeats exactly: the same actions at the same times of the period, again and again.

use osteon_vm::SymbolIndex;

use crate::drive::Timed;

/// Longest period looked for, days: four weeks.
const LONGEST_D: u32 = 28;

/// Times closer than this are the same, days.
const SAME_D: f64 = 1e-9;

/// A stretch that repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Repeating {
    /// Length of the period: a whole number of days, so that clocks of a day inside the equations stand alike.
    pub(crate) period_d: f64,
    /// How many periods fit from the beginning that was asked for.
    pub(crate) times: usize,
}

/// The actions of a time window, its end not included.
pub(crate) fn within(actions: &[Timed], from_d: f64, until_d: f64) -> &[Timed] {
    let first = actions.partition_point(|a| a.time < from_d);
    let last = actions.partition_point(|a| a.time < until_d);
    &actions[first..last.max(first)]
}

/// How often the first `period_d` of actions after `from_d` follow each other exactly, the first included.
fn times(actions: &[Timed], from_d: f64, period_d: f64, until_d: f64) -> usize {
    let first = within(actions, from_d, from_d + period_d);
    let mut count = 0;
    loop {
        let shift = count as f64 * period_d;
        let (from, until) = (from_d + shift, from_d + shift + period_d);
        if until > until_d + SAME_D {
            return count;
        }
        let here = within(actions, from, until);
        let same = here.len() == first.len()
            && here
                .iter()
                .zip(first)
                .all(|(a, b)| (a.time - b.time - shift).abs() < SAME_D && a.action == b.action);
        if !same {
            return count;
        }
        count += 1;
    }
}

/// The period that covers most of the time from `from_d` on; the shortest of those. `None` if none fits `least` times.
pub(crate) fn repeating(
    actions: &[Timed],
    from_d: f64,
    until_d: f64,
    least: usize,
) -> Option<Repeating> {
    let mut best: Option<Repeating> = None;
    for days in 1..=LONGEST_D {
        let period_d = f64::from(days);
        if period_d * least as f64 > until_d - from_d {
            break;
        }
        let times = times(actions, from_d, period_d, until_d);
        let covers = |r: Repeating| r.period_d * r.times as f64;
        let this = Repeating { period_d, times };
        if times >= least && best.is_none_or(|b| covers(this) > covers(b) + b.period_d) {
            best = Some(this);
        }
    }
    best
}

/// The first day after `from_d` that is not like the day before it, and what differs.
pub(crate) fn unlike_the_day_before(actions: &[Timed], from_d: f64) -> Option<(f64, SymbolIndex)> {
    let end = actions.last()?.time;
    let mut day = from_d + 1.0;
    while day <= end {
        let (before, here) = (
            within(actions, day - 1.0, day),
            within(actions, day, day + 1.0),
        );
        let alone = |list: &[Timed], others: &[Timed], shift: f64| {
            let found = list.iter().find(|a| {
                !others
                    .iter()
                    .any(|b| (b.time - a.time - shift).abs() < SAME_D && b.action == a.action)
            });
            found.map(|a| a.action.symbol())
        };
        if let Some(symbol) = alone(before, here, 1.0).or(alone(here, before, -1.0)) {
            return Some((day, symbol));
        }
        day += 1.0;
    }
    None
}

/// A time of day, as a part of it, far from everything that happens or is read at any day.
pub(crate) fn quiet_hour(times_d: impl Iterator<Item = f64>) -> f64 {
    let mut hours: Vec<f64> = times_d.map(|t| t.rem_euclid(1.0)).collect();
    hours.sort_by(f64::total_cmp);
    hours.dedup();
    let Some(first) = hours.first().copied() else {
        return 0.0;
    };
    hours.push(first + 1.0);
    let widest = hours
        .windows(2)
        .map(|w| (w[1] - w[0], 0.5 * (w[0] + w[1])))
        .fold((0.0, 0.5), |a, b| if b.0 > a.0 { b } else { a });
    widest.1.rem_euclid(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Action;

    fn pill(time: f64, amount: f64) -> Timed {
        Timed {
            time,
            action: Action::Add {
                symbol: SymbolIndex(3),
                amount,
            },
        }
    }

    #[test]
    fn a_pill_a_day_repeats_daily_and_every_other_day_every_two_days() {
        let daily: Vec<Timed> = (0..30).map(|d| pill(f64::from(d) + 0.3, 2.0)).collect();
        let found = repeating(&daily, 0.0, 30.0, 5).expect("repeats");
        assert_eq!((found.period_d, found.times), (1.0, 30));
        let other: Vec<Timed> = (0..30)
            .map(|d| pill(2.0 * f64::from(d) + 0.3, 2.0))
            .collect();
        let found = repeating(&other, 0.0, 60.0, 5).expect("repeats");
        assert_eq!((found.period_d, found.times), (2.0, 30));
    }

    #[test]
    fn a_changed_dose_ends_the_stretch_and_growing_doses_never_repeat() {
        let mut pills: Vec<Timed> = (0..30).map(|d| pill(f64::from(d) + 0.3, 2.0)).collect();
        pills[20] = pill(20.3, 2.5);
        let found = repeating(&pills, 0.0, 30.0, 5).expect("repeats");
        assert_eq!((found.period_d, found.times), (1.0, 20));
        let growing: Vec<Timed> = (0..30)
            .map(|d| pill(f64::from(d) + 0.3, f64::from(d)))
            .collect();
        assert_eq!(repeating(&growing, 0.0, 30.0, 2), None);
    }

    #[test]
    fn the_quiet_hour_lies_in_the_widest_gap_also_across_midnight() {
        let hour = quiet_hour([0.3, 1.5, 7.75].into_iter());
        assert!((hour - 0.025).abs() < 1e-12, "{hour}");
    }
}

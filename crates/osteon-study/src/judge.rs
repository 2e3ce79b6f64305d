//! The verdict of each row of a study on a run of its scenario.

use osteon_sim::{ArmRun, Run};

use crate::interval::judging_interval;
use crate::study::{Kind, Link, Row, Study};

/// Relative change below which a quantity counts as not having moved, for `sign` rows that say 0.
const STILL: f64 = 0.02;
/// Relative change below which a computed change is no direction: nobody would measure it. (assumed)
const NO_DIRECTION: f64 = 1e-3;
const DAYS_PER_YEAR: f64 = 365.25;

/// How a row came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Inside the interval.
    Within,
    /// Outside the interval, and not against the direction of a change.
    Outside,
    /// A change in the other direction, beyond the interval.
    WrongSign,
    /// The run did not reach the row.
    Failed,
}

impl Verdict {
    /// The word in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Within => "within",
            Verdict::Outside => "outside",
            Verdict::WrongSign => "wrong_sign",
            Verdict::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Verdict> {
        [
            Verdict::Within,
            Verdict::Outside,
            Verdict::WrongSign,
            Verdict::Failed,
        ]
        .into_iter()
        .find(|v| v.as_str() == word)
    }
}

/// A row with what was predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct RowVerdict {
    /// Name of the study.
    pub study: String,
    /// The row.
    pub row: Row,
    /// Lower edge of the interval that judges, in the row's unit.
    pub lower: f64,
    /// Upper edge.
    pub upper: f64,
    /// Prediction in the row's unit; NaN if the run failed.
    pub predicted: f64,
    /// The quantity's own value in the row's arm at `at`, for figures; NaN if the run failed.
    pub simulated: f64,
    /// The quantity's own value at baseline in the row's arm.
    pub baseline: f64,
    /// Value of the control arm at `at`, for rows that compare arms.
    pub control: f64,
    /// How it came out.
    pub verdict: Verdict,
    /// What kind of knowledge the study is.
    pub link: Link,
}

impl RowVerdict {
    /// True if the row counts in the shares: association rows are shown and never counted.
    pub fn counted(&self) -> bool {
        self.link != Link::Association
    }
}

/// Judges every row of a study on a run of its scenario.
pub fn judge(study: &Study, run: &Run) -> Vec<RowVerdict> {
    study
        .rows
        .iter()
        .map(|row| judge_row(study, row, run))
        .collect()
}

/// Every row `failed`, for a scenario that gave no run at all.
pub fn all_failed(study: &Study) -> Vec<RowVerdict> {
    let empty = |row: &Row| {
        let (lower, upper) = edges(row);
        verdict_of(study, row, (lower, upper), f64::NAN, [f64::NAN; 3])
    };
    study.rows.iter().map(empty).collect()
}

fn judge_row(study: &Study, row: &Row, run: &Run) -> RowVerdict {
    let value = |arm: Option<&ArmRun>, at_d: f64| {
        arm.and_then(|a| a.value_at(&row.quantity, at_d))
            .unwrap_or(f64::NAN)
    };
    let arm = run.arm(&row.arm);
    let simulated = value(arm, row.at_d);
    let baseline = value(arm, row.from_d);
    let control = row
        .versus
        .as_ref()
        .map_or(f64::NAN, |v| value(run.arm(v), row.at_d));
    let predicted = predict(row, simulated, baseline, control);
    verdict_of(
        study,
        row,
        edges(row),
        predicted,
        [simulated, baseline, control],
    )
}

fn edges(row: &Row) -> (f64, f64) {
    if row.kind == Kind::Sign {
        (row.value, row.value)
    } else {
        judging_interval(row)
    }
}

fn verdict_of(
    study: &Study,
    row: &Row,
    (lower, upper): (f64, f64),
    predicted: f64,
    seen: [f64; 3],
) -> RowVerdict {
    let verdict = if !predicted.is_finite() {
        Verdict::Failed
    } else if predicted >= lower && predicted <= upper {
        Verdict::Within
    } else if row
        .kind
        .neutral()
        .is_some_and(|neutral| (predicted - neutral) * (row.value - neutral) < 0.0)
    {
        Verdict::WrongSign
    } else {
        Verdict::Outside
    };
    RowVerdict {
        study: study.name.clone(),
        row: row.clone(),
        lower,
        upper,
        predicted,
        simulated: seen[0],
        baseline: seen[1],
        control: seen[2],
        verdict,
        link: study.link,
    }
}

/// What the run says for a row, in the row's unit.
pub(crate) fn predict(row: &Row, simulated: f64, baseline: f64, control: f64) -> f64 {
    let years = (row.at_d - row.from_d) / DAYS_PER_YEAR;
    match row.kind {
        Kind::Value => simulated,
        Kind::Change => simulated - baseline,
        Kind::PercentChange => 100.0 * (simulated - baseline) / baseline,
        Kind::RatioToBaseline => simulated / baseline,
        Kind::RatePerYear if row.unit.starts_with('%') => {
            100.0 * (simulated - baseline) / baseline / years
        }
        Kind::RatePerYear => (simulated - baseline) / years,
        Kind::DifferenceBetweenArms => simulated - control,
        Kind::RatioBetweenArms => simulated / control,
        Kind::Sign => {
            let other = if row.versus.is_some() {
                control
            } else {
                baseline
            };
            direction(
                simulated,
                other,
                if row.value == 0.0 {
                    STILL
                } else {
                    NO_DIRECTION
                },
            )
        }
    }
}

fn direction(value: f64, from: f64, still: f64) -> f64 {
    let change = value - from;
    if !change.is_finite() {
        f64::NAN
    } else if change.abs() <= still * from.abs() {
        0.0
    } else {
        change.signum()
    }
}

//! A study as plain data: who was studied, what was done (a scenario), what was measured (rows).

use osteon_model::Diagnostic;
use osteon_sim::Scenario;

/// A published study, read and checked against a body.
#[derive(Debug, Clone)]
pub struct Study {
    /// Name of its folder.
    pub name: String,
    /// Citation key or address.
    pub cites: String,
    /// What it found, in a sentence.
    pub says: String,
    /// Who was studied.
    pub population: String,
    /// Field it belongs to, for grouping.
    pub domain: String,
    /// What kind of knowledge it is.
    pub link: Link,
    /// Quantities that shaped the body.
    pub used_to_fit: Vec<String>,
    /// Free words.
    pub notes: String,
    /// What was done, as a scenario; records every quantity and time that the rows need.
    pub scenario: Scenario,
    /// What was measured.
    pub rows: Vec<Row>,
    /// Doubts that do not stop the study.
    pub warnings: Vec<Diagnostic>,
}

/// What kind of knowledge a study is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Measured under control of the intervention; counted.
    Mechanistic,
    /// Randomised trial; counted.
    Trial,
    /// Observed together; shown and never counted.
    Association,
}

impl Link {
    /// All of them.
    pub const ALL: [Link; 3] = [Link::Mechanistic, Link::Trial, Link::Association];

    /// The word in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Link::Mechanistic => "mechanistic",
            Link::Trial => "trial",
            Link::Association => "association",
        }
    }
}

/// What a row's number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The quantity itself at `at`.
    Value,
    /// Difference from the same arm's baseline.
    Change,
    /// Difference from the same arm's baseline in per cent of it.
    PercentChange,
    /// Quotient by the same arm's baseline.
    RatioToBaseline,
    /// Mean change a year between baseline and `at`; in per cent of baseline where the unit is `%` or `%/a`.
    RatePerYear,
    /// Direction of the change from baseline: −1, 0 or 1. With `versus`, of the difference from that arm.
    Sign,
    /// Arm minus control arm, both at `at`.
    DifferenceBetweenArms,
    /// Arm over control arm, both at `at`.
    RatioBetweenArms,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::Value,
        Kind::Change,
        Kind::PercentChange,
        Kind::RatioToBaseline,
        Kind::RatePerYear,
        Kind::Sign,
        Kind::DifferenceBetweenArms,
        Kind::RatioBetweenArms,
    ];

    /// The word in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Value => "value",
            Kind::Change => "change",
            Kind::PercentChange => "percent_change",
            Kind::RatioToBaseline => "ratio_to_baseline",
            Kind::RatePerYear => "rate_per_year",
            Kind::Sign => "sign",
            Kind::DifferenceBetweenArms => "difference_between_arms",
            Kind::RatioBetweenArms => "ratio_between_arms",
        }
    }

    /// The number that means "no change"; `None` for plain values, which have no direction.
    pub fn neutral(self) -> Option<f64> {
        match self {
            Kind::Value => None,
            Kind::RatioToBaseline | Kind::RatioBetweenArms => Some(1.0),
            _ => Some(0.0),
        }
    }

    /// True if the row compares two arms by its kind.
    pub fn between_arms(self) -> bool {
        matches!(self, Kind::DifferenceBetweenArms | Kind::RatioBetweenArms)
    }
}

/// Spread of the measurements as published, in the row's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// Standard deviation between individuals.
    Sd(f64),
    /// Standard error of the mean.
    Se(f64),
}

/// One measured number.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Line in `data.csv`, from 1.
    pub line: usize,
    /// Dotted name.
    pub quantity: String,
    /// Arm it was measured in; empty for the only (or first) arm.
    pub arm: String,
    /// Arm it is compared with, for kinds that compare arms.
    pub versus: Option<String>,
    /// Time in days.
    pub at_d: f64,
    /// Time as written.
    pub at: String,
    /// Time of the baseline in days; 0 unless the column `from` says otherwise.
    pub from_d: f64,
    /// What the number means.
    pub kind: Kind,
    /// Unit of the numbers here: the quantity's own unit, or `%`, `1`, `%/a`, `<unit>/a`.
    pub unit: String,
    /// The number.
    pub value: f64,
    /// Interval given by the study.
    pub bounds: Option<(f64, f64)>,
    /// Spread given by the study.
    pub spread: Option<Spread>,
    /// Number of individuals.
    pub n: Option<f64>,
    /// Free words.
    pub note: String,
    /// True if it shaped the body.
    pub used_to_fit: bool,
}

impl Row {
    /// The arm as written in `data.csv`: `treated`, `treated vs control`, or nothing for the only arm.
    pub fn arm_words(&self) -> String {
        match &self.versus {
            Some(control) => format!("{} vs {control}", self.arm),
            None => self.arm.clone(),
        }
    }

    /// What tells this row from the others of its study, in words that stay the same when lines move.
    pub fn key(&self) -> String {
        format!(
            "{}|{}|{}|{}",
            self.quantity,
            self.arm_words(),
            self.at,
            self.kind.as_str()
        )
    }
}

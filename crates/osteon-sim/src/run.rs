//! What comes out of a run: arms with times, columns, row status, events, ledger and solver work. Plain data.

use crate::quantities::Reference;

/// A finished run. Failed arms keep the part that was finished; see [`ArmRun::failure`].
#[derive(Debug, Clone)]
pub struct Run {
    /// Title of the scenario.
    pub title: String,
    /// Name of the scenario.
    pub scenario: String,
    /// One entry an arm (or a person, for tables of people).
    pub arms: Vec<ArmRun>,
    /// What made it.
    pub meta: Meta,
}

impl Run {
    /// The arm of that name; the first one for an empty name.
    pub fn arm(&self, name: &str) -> Option<&ArmRun> {
        if name.is_empty() {
            self.arms.first()
        } else {
            self.arms.iter().find(|a| a.name == name)
        }
    }

    /// True if any arm stopped early.
    pub fn failed(&self) -> bool {
        self.arms.iter().any(|a| a.failure.is_some())
    }
}

/// One arm, or one person of a table.
#[derive(Debug, Clone)]
pub struct ArmRun {
    /// Name of the arm; empty if the scenario has none.
    pub name: String,
    /// Identifier of the person in a table of people.
    pub id: Option<String>,
    /// Times of the rows, days from the start of the scenario.
    pub times: Vec<f64>,
    /// One column a quantity, each as long as `times`. Rows that were not reached hold NaN.
    pub columns: Vec<Column>,
    /// One status a row.
    pub status: Vec<RowStatus>,
    /// Doses, phase edges and model events in order of time.
    pub events: Vec<Met>,
    /// Balance of each chemical element over the scenario (time ≥ 0).
    pub ledger: Vec<LedgerLine>,
    /// Effort.
    pub work: Work,
    /// Why it stopped early, if it did.
    pub failure: Option<Failure>,
    /// Days that were not integrated; none unless the scenario asks for it.
    pub skipped: Skipped,
}

/// Days that were taken from the drift from day to day instead of being integrated (docs/skipping.md).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Skipped {
    /// Beginning and end of every leap, days.
    pub spans: Vec<(f64, f64)>,
    /// Length of the period that repeats, days; of the last stretch if there are several.
    pub period_d: f64,
    /// Periods integrated in the stretches in which days may be skipped, those of leaps that were taken back not counted.
    pub simulated: u64,
    /// Largest error found after a leap that was accepted, relative to the size of the state that had it.
    pub error: f64,
}

impl Skipped {
    /// Days skipped.
    pub fn days(&self) -> f64 {
        self.spans.iter().map(|(from, until)| until - from).sum()
    }

    /// Whether a time lies in a leap.
    pub fn covers(&self, time_d: f64) -> bool {
        let next = self.spans.partition_point(|(_, until)| *until <= time_d);
        self.spans.get(next).is_some_and(|(from, _)| *from < time_d)
    }

    /// Takes over what a later part of the same run has skipped.
    pub(crate) fn extend(&mut self, later: Skipped) {
        self.spans.extend(later.spans);
        self.simulated += later.simulated;
        self.error = self.error.max(later.error);
        if later.period_d > 0.0 {
            self.period_d = later.period_d;
        }
    }
}

impl ArmRun {
    /// Whose run it is, for messages: person, arm, or empty where there is only one of each.
    pub fn who(&self) -> String {
        let person = self.id.as_ref().map(|id| format!("person `{id}`"));
        let arm = Some(&self.name)
            .filter(|name| !name.is_empty())
            .map(|name| format!("arm `{name}`"));
        let both: Vec<String> = person.into_iter().chain(arm).collect();
        both.join(", ")
    }

    /// Who stopped when and why, as one sentence without its full stop. `None` for a run that reached its end.
    pub fn stopped(&self) -> Option<String> {
        let failure = self.failure.as_ref()?;
        let who = match self.who() {
            who if who.is_empty() => "the run".to_owned(),
            who => who,
        };
        Some(format!("{who} stopped {}", failure.message))
    }

    /// The column of a quantity.
    pub fn column(&self, quantity: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.quantity == quantity)
    }

    /// Value of a quantity at a time in days: the row at that time; else, for a whole number of days, the row of that day
    /// (samples are drawn at one hour of the morning); else linear between neighbouring rows. `None` outside the record.
    pub fn value_at(&self, quantity: &str, time_d: f64) -> Option<f64> {
        let values = &self.column(quantity)?.values;
        let near = |t: f64| self.times.iter().position(|x| (x - t).abs() < 1e-6);
        if let Some(row) = near(time_d) {
            return values.get(row).copied();
        }
        if (time_d - time_d.round()).abs() < 1e-9
            && let Some(row) = self
                .times
                .iter()
                .position(|x| *x > time_d && *x < time_d + 1.0)
            && (self.times[row] - time_d) < 0.75
            && self
                .times
                .get(row + 1)
                .is_none_or(|next| *next >= time_d + 1.0)
        {
            return values.get(row).copied();
        }
        let after = self.times.iter().position(|x| *x > time_d)?;
        let before = after.checked_sub(1)?;
        let (t0, t1) = (self.times[before], self.times[after]);
        Some(values[before] + (values[after] - values[before]) * (time_d - t0) / (t1 - t0))
    }
}

/// A quantity over time.
#[derive(Debug, Clone)]
pub struct Column {
    /// Dotted name, for example `serum.X`.
    pub quantity: String,
    /// Words for a plot or table.
    pub label: String,
    /// Unit of the values.
    pub unit: String,
    /// Laboratory unit used in the United States and the factor to it, if there is one.
    pub us_unit: Option<(String, f64)>,
    /// Reference interval in `unit`.
    pub reference: Option<Reference>,
    /// Values, one a row.
    pub values: Vec<f64>,
}

/// Whether a row can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowStatus {
    /// Computed.
    Ok,
    /// On a day that was skipped: between days that were integrated.
    Skipped,
    /// Not reached; values are NaN.
    Failed,
}

impl RowStatus {
    /// `ok`, `skipped` or `failed`, as written in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            RowStatus::Ok => "ok",
            RowStatus::Skipped => "skipped",
            RowStatus::Failed => "failed",
        }
    }
}

/// Something that happened during the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// When, days.
    pub time_d: f64,
    /// What sort of thing.
    pub kind: MetKind,
    /// In words.
    pub what: String,
}

/// Sorts of things met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetKind {
    /// A dose or infusion.
    Dose,
    /// A phase or exposure begins or ends.
    Phase,
    /// An event of the model.
    Event,
    /// A rule of a titration was asked.
    Review,
}

/// Balance of one chemical element: what came in, what went out, what the pools gained.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerLine {
    /// Element symbol.
    pub element: String,
    /// Unit of the amounts.
    pub unit: String,
    /// Entered by food, counted by the body.
    pub entered: f64,
    /// Put in from outside by doses, meals and infusions.
    pub dosed: f64,
    /// Left the body, counted in sinks.
    pub left: f64,
    /// Gained by the pools.
    pub gained: f64,
    /// |gained − (entered + dosed − left)| relative to the largest of entered + dosed, left and the pools.
    pub relative_error: f64,
}

/// Solver effort of one arm, the lived life included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Accepted steps.
    pub steps: u64,
    /// Rejected steps.
    pub rejected: u64,
    /// Evaluations of the right-hand side.
    pub rhs: u64,
    /// Factorisations.
    pub factorisations: u64,
}

/// Why a run stopped early.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Last time reached, days from the start of the scenario (negative: in the lived life).
    pub time_d: f64,
    /// Id of the page in `docs/diagnostics` that tells more; may be empty.
    pub id: &'static str,
    /// When, what and the likely cause; follows "the run stopped", see [`ArmRun::stopped`].
    pub message: String,
    /// Names of the states that were worst.
    pub states: Vec<String>,
    /// One thing to try.
    pub hint: String,
}

/// What made a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// Version of the engine.
    pub engine: String,
    /// Name and version of the body.
    pub body: String,
    /// Content hash of the body's texts and library.
    pub body_hash: String,
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerances, in words.
    pub atol: String,
    /// Number of states.
    pub states: usize,
    /// Clock used (`averaged` or `meals`) and why.
    pub clock: String,
    /// Hash of the scenario's text.
    pub scenario_hash: String,
}

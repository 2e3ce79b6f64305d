//! The counted share, given twice: rows that shaped the body, and rows that did not.

use crate::judge::{RowVerdict, Verdict};

/// How many counted rows came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Counted rows.
    pub counted: usize,
    /// Inside their interval.
    pub within: usize,
    /// Outside.
    pub outside: usize,
    /// Of the wrong sign.
    pub wrong_sign: usize,
    /// Did not run.
    pub failed: usize,
}

impl Share {
    fn add(&mut self, verdict: Verdict) {
        self.counted += 1;
        match verdict {
            Verdict::Within => self.within += 1,
            Verdict::Outside => self.outside += 1,
            Verdict::WrongSign => self.wrong_sign += 1,
            Verdict::Failed => self.failed += 1,
        }
    }

    /// Share within, 0 to 1; `None` without rows.
    pub fn share(&self) -> Option<f64> {
        (self.counted > 0).then(|| self.within as f64 / self.counted as f64)
    }
}

/// Shares of many rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// All counted rows.
    pub all: Share,
    /// Rows used to fit.
    pub used_to_fit: Share,
    /// Rows not used to fit.
    pub verification: Share,
    /// Association rows, shown and not counted.
    pub not_counted: usize,
}

/// Counts verdicts.
pub fn totals(rows: &[RowVerdict]) -> Totals {
    let mut totals = Totals::default();
    for row in rows {
        if !row.counted() {
            totals.not_counted += 1;
            continue;
        }
        totals.all.add(row.verdict);
        if row.row.used_to_fit {
            totals.used_to_fit.add(row.verdict)
        } else {
            totals.verification.add(row.verdict)
        }
    }
    totals
}

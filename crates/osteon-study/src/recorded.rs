//! Recorded verdicts (`verdicts.tsv`): what came out last time, so that a change in either direction is seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::judge::{RowVerdict, Verdict};

/// Verdicts by study and row key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    rows: BTreeMap<(String, String), Verdict>,
}

/// A verdict that is not as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Study.
    pub study: String,
    /// Row, in words.
    pub row: String,
    /// What was recorded; `None` for a row that is new.
    pub recorded: Option<Verdict>,
    /// What came out; `None` for a recorded row that is gone.
    pub now: Option<Verdict>,
}

impl Change {
    /// True if a recorded verdict is no longer right. New rows break nothing.
    pub fn breaks(&self) -> bool {
        self.recorded.is_some()
    }
}

impl Recorded {
    /// The same record with the studies of these rows replaced.
    #[must_use]
    pub fn with(mut self, rows: &[RowVerdict]) -> Recorded {
        self.rows
            .retain(|key, _| !rows.iter().any(|r| r.study == key.0));
        self.rows.extend(
            rows.iter()
                .map(|r| ((r.study.clone(), r.row.key()), r.verdict)),
        );
        self
    }

    /// The verdicts recorded for a study, in the order of its rows' keys.
    pub fn of(&self, study: &str) -> Vec<Verdict> {
        let own = self.rows.iter().filter(|((name, _), _)| name == study);
        own.map(|(_, verdict)| *verdict).collect()
    }

    /// The verdict recorded for a row of a study.
    pub fn verdict(&self, study: &str, row: &crate::study::Row) -> Option<Verdict> {
        self.rows.get(&(study.to_owned(), row.key())).copied()
    }

    /// The record as text, in order of study and row.
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEADER}\n");
        for ((study, key), verdict) in &self.rows {
            let _ = writeln!(
                out,
                "{study}\t{}\t{}",
                key.replace('|', "\t"),
                verdict.as_str()
            );
        }
        out
    }
}

const HEADER: &str = "study\tquantity\tarm\tat\tas\tverdict";

/// Reads the table.
///
/// # Errors
/// The line and what is wrong with it.
pub fn read_recorded(text: &str) -> Result<Recorded, String> {
    let mut recorded = Recorded::default();
    for (i, line) in text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#'))
    {
        if line == HEADER {
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let [study, quantity, arm, at, kind, verdict] = fields[..] else {
            return Err(format!(
                "line {}: expected 6 fields separated by tabs ({}), found {}",
                i + 1,
                HEADER.replace('\t', ", "),
                fields.len()
            ));
        };
        let verdict = Verdict::parse(verdict).ok_or_else(|| {
            format!(
                "line {}: `{verdict}` is no verdict (within, outside, wrong_sign, failed)",
                i + 1
            )
        })?;
        recorded.rows.insert(
            (study.to_owned(), [quantity, arm, at, kind].join("|")),
            verdict,
        );
    }
    Ok(recorded)
}

/// Writes the table for these verdicts, in order of study and row.
pub fn write_recorded(rows: &[RowVerdict]) -> String {
    Recorded::default().with(rows).to_text()
}

/// What differs between a record and these verdicts. With `whole`, recorded rows that are missing are reported too.
pub fn compare(recorded: &Recorded, rows: &[RowVerdict], whole: bool) -> Vec<Change> {
    let now: BTreeMap<(String, String), Verdict> = rows
        .iter()
        .map(|r| ((r.study.clone(), r.row.key()), r.verdict))
        .collect();
    let words = |key: &str| key.replace("||", "|").replace('|', ", ");
    let mut changes: Vec<Change> = now
        .iter()
        .filter(|(key, verdict)| recorded.rows.get(*key) != Some(verdict))
        .map(|(key, verdict)| Change {
            study: key.0.clone(),
            row: words(&key.1),
            recorded: recorded.rows.get(key).copied(),
            now: Some(*verdict),
        })
        .collect();
    let studies: std::collections::BTreeSet<&String> = now.keys().map(|k| &k.0).collect();
    changes.extend(
        recorded
            .rows
            .iter()
            .filter(|(key, _)| !now.contains_key(*key) && (whole || studies.contains(&key.0)))
            .map(|(key, verdict)| Change {
                study: key.0.clone(),
                row: words(&key.1),
                recorded: Some(*verdict),
                now: None,
            }),
    );
    changes
}

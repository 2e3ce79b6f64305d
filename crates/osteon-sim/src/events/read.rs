//! Reads a table of events as pharmacometrics writes them (NONMEM, mrgsolve, rxode2): one row an event. Nothing is guessed: units
//! stand in the header, compartments have names, covariates say how they carry.

use std::collections::{HashMap, HashSet};

use osteon_model::{Diagnostic, FileId, SourceMap, Span};

use super::Events;
use super::dose::Compartment;
use super::header::Carry;
use crate::body::Body;
use crate::diagnostics::Diagnostics;
use crate::people::People;
use crate::people_read::MOST_FAULTS;
use crate::scenario::Scenario;
use crate::table_text::{Records, parted_otherwise};

/// Columns that the format knows. Those of clinical data standards that carry no event are accepted and left alone.
pub(crate) const KNOWN: [&str; 16] = [
    "ID", "USUBJID", "TIME", "EVID", "AMT", "AMTU", "RATE", "DUR", "TINF", "II", "ADDL", "SS",
    "CMT", "DV", "MDV", "STUDYID",
];

/// Reads a table of events for these people in this scenario.
///
/// # Errors
/// All faults of the table at once (at most 50 are listed), with their places.
pub fn read_events(
    text: &str,
    name: &str,
    body: &Body,
    people: &People,
    scenario: &Scenario,
) -> Result<Events, Diagnostics> {
    let mut sources = SourceMap::new();
    let file = sources.add(name, text);
    let mut reader = Reader {
        body,
        file,
        scenario,
        faults: Vec::new(),
        more: 0,
        compartments: HashMap::new(),
    };
    let events = reader.table(text, people);
    if reader.more > 0 {
        let more = reader.more;
        let fault = Diagnostic::error(
            "table-value",
            format!("{more} more faults"),
            Span::new(file, 0, 0),
        );
        reader
            .faults
            .push(fault.help("mend the first ones, then read again"));
    }
    match events {
        Some(events) if reader.faults.is_empty() => Ok(events),
        _ => Err(Diagnostics {
            list: reader.faults,
            sources,
        }),
    }
}

/// Reads one table.
pub(crate) struct Reader<'b> {
    pub(crate) body: &'b Body,
    pub(crate) file: FileId,
    pub(crate) scenario: &'b Scenario,
    faults: Vec<Diagnostic>,
    more: usize,
    /// Compartments looked up before.
    pub(crate) compartments: HashMap<String, Option<Compartment>>,
}

/// Covariate values of a person: time and value of every row that says one, for each covariate.
pub(crate) type Course = Vec<Vec<(f64, f64)>>;

impl Reader<'_> {
    pub(crate) fn fault(&mut self, id: &'static str, message: String, span: Span, help: &str) {
        if self.faults.len() < MOST_FAULTS {
            let fault = match id {
                "table-missing" => Diagnostic::error("table-missing", message, span),
                "table-unit" => Diagnostic::error("table-unit", message, span),
                "table-shape" => Diagnostic::error("table-shape", message, span),
                "table-unknown-column" => Diagnostic::error("table-unknown-column", message, span),
                "table-event" => Diagnostic::error("table-event", message, span),
                _ => Diagnostic::error("table-value", message, span),
            };
            self.faults.push(fault.help(help.to_owned()));
        } else {
            self.more += 1;
        }
    }

    fn table(&mut self, text: &str, people: &People) -> Option<Events> {
        let mut records = Records::new(text);
        let Some(header) = records.next() else {
            self.fault(
                "table-shape",
                "the table of events is empty".to_owned(),
                Span::new(self.file, 0, 0),
                "ID,TIME[h],EVID,AMT[mmol],CMT",
            );
            return None;
        };
        if let Some(help) = parted_otherwise(&header) {
            let span = header[0].span(self.file);
            self.fault(
                "table-shape",
                "the header has a single column".to_owned(),
                span,
                help,
            );
            return None;
        }
        let columns = self.columns(&header);
        for needed in ["ID", "TIME", "EVID"] {
            if !columns.place.contains_key(needed) {
                let help = if needed == "EVID" {
                    "EVID says what a row is: 0 a sample, 1 a dose (docs/people.md)"
                } else {
                    "ID,TIME[h],EVID,AMT[mmol],CMT"
                };
                self.fault(
                    "table-missing",
                    format!("the table of events has no column `{needed}`"),
                    header[0].span(self.file),
                    help,
                );
            }
        }
        if !self.faults.is_empty() {
            return None;
        }
        let known: HashSet<&str> = (0..people.len()).map(|p| people.key(p)).collect();
        let mut events = Events::default();
        let mut courses: HashMap<String, Course> = HashMap::new();
        let mut number = 0;
        for record in records.by_ref() {
            number += 1;
            if record.len() != header.len() {
                let message = format!(
                    "row {number} has {} fields, the header has {}",
                    record.len(),
                    header.len()
                );
                self.fault(
                    "table-shape",
                    message,
                    record[0].span(self.file),
                    "a text that holds a comma stands in double quotes",
                );
                continue;
            }
            let id = &record[columns.place["ID"]];
            if !known.contains(id.text.as_str()) {
                let message = format!(
                    "row {number}: nobody in the table of people has the ID `{}`",
                    id.text
                );
                self.fault(
                    "table-value",
                    message,
                    id.span(self.file),
                    "events belong to people: add the person, or take the row out",
                );
                continue;
            }
            let person = events.of.entry(id.text.clone()).or_default();
            let course = courses
                .entry(id.text.clone())
                .or_insert_with(|| columns.covariates.iter().map(|_| Vec::new()).collect());
            // A row that gives nothing has told why.
            let _ = self.row(&record, &columns, number, person, course);
        }
        let carry = self.carry(&records, &columns, &header);
        if let Some(carry) = carry {
            for (id, course) in courses {
                let phases = self.phases(course, &columns, carry);
                events.of.entry(id).or_default().phases = phases;
            }
            let rule = if carry == Carry::Forward {
                "last observation carried forward"
            } else {
                "next observation carried backward"
            };
            events
                .remarks
                .push(format!("covariates of the table of events: {rule}"));
        }
        for person in events.of.values_mut() {
            person
                .interventions
                .sort_by(|a, b| a.at_d.total_cmp(&b.at_d));
        }
        Some(events)
    }
}

/// Days after which doses every so many days and the meals of the day repeat together; `None` if they never do.
pub(crate) fn period(every_d: f64) -> Option<f64> {
    let whole = |x: f64| (x - x.round()).abs() < 1e-9 && x > 0.5;
    if whole(every_d) {
        Some(every_d.round())
    } else if whole(1.0 / every_d) {
        Some(1.0)
    } else {
        None
    }
}

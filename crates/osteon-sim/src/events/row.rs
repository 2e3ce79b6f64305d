//! A row of a table of events: what it says, checked, and to whom it is added.

use std::collections::BTreeMap;

use osteon_model::{FileId, Span};

use super::header::Columns;
use super::read::{Course, Reader};
use super::{Intervention, InterventionKind, PersonEvents};
use crate::plan::RUN_IN_D;
use crate::table_text::Field;

/// A row with its numbers read.
pub(crate) struct Row<'r> {
    pub(crate) record: &'r [Field],
    pub(crate) columns: &'r Columns,
    /// Row after the header, from 1.
    pub(crate) number: usize,
    pub(crate) at_d: f64,
    numbers: BTreeMap<&'static str, f64>,
    file: FileId,
}

impl<'r> Row<'r> {
    /// The cell of a column, if it says something.
    pub(crate) fn cell(&self, name: &str) -> Option<&'r Field> {
        let place = self.columns.place.get(name)?;
        Some(&self.record[*place]).filter(|c| !c.is_blank())
    }

    /// Where a fault of that column is shown.
    pub(crate) fn span(&self, name: &str) -> Span {
        let place = self.columns.place.get(name).copied().unwrap_or(0);
        self.record[place].span(self.file)
    }

    /// The number of a column, if there is one.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// The same in days, for columns of time.
    pub(crate) fn days(&self, name: &str) -> Option<f64> {
        Some(self.number(name)? * self.columns.days.get(name)?)
    }
}

impl Reader<'_> {
    /// Reads the numbers of a row; nothing if one of them is none.
    fn numbers<'r>(
        &mut self,
        record: &'r [Field],
        columns: &'r Columns,
        number: usize,
    ) -> Option<Row<'r>> {
        let mut row = Row {
            record,
            columns,
            number,
            at_d: f64::NAN,
            numbers: BTreeMap::new(),
            file: self.file,
        };
        for name in ["TIME", "EVID", "AMT", "RATE", "DUR", "II", "ADDL", "SS"] {
            let Some(cell) = row.cell(name) else { continue };
            let value = self.finite(cell, name, number)?;
            row.numbers.insert(name, value);
        }
        row.at_d = row.days("TIME").unwrap_or(f64::NAN);
        Some(row)
    }

    fn finite(&mut self, cell: &Field, name: &str, number: usize) -> Option<f64> {
        let value = cell.text.parse::<f64>().ok().filter(|v| v.is_finite());
        if value.is_none() {
            let message = format!("row {number}: `{name}` is no number: `{}`", cell.text);
            self.fault(
                "table-value",
                message,
                cell.span(self.file),
                "numbers with a point; an empty cell or `.` says nothing",
            );
        }
        value
    }

    pub(crate) fn row(
        &mut self,
        record: &[Field],
        columns: &Columns,
        number: usize,
        person: &mut PersonEvents,
        course: &mut Course,
    ) -> Option<()> {
        let row = self.numbers(record, columns, number)?;
        let (Some(_), Some(evid)) = (row.number("TIME"), row.number("EVID")) else {
            let help = "every row says when, and what: EVID 0 sample, 1 dose, 2 other";
            self.fault(
                "table-missing",
                format!("row {number} has no TIME or no EVID"),
                row.span("EVID"),
                help,
            );
            return None;
        };
        let until_d = self.scenario.record.until_d;
        if !(-RUN_IN_D..=until_d).contains(&row.at_d) {
            let message = format!("row {number}: {} d lies outside the run", row.at_d);
            let help = format!(
                "events lie between -{RUN_IN_D} d and the end of the record at {until_d} d"
            );
            self.fault("table-event", message, row.span("TIME"), &help);
            return None;
        }
        for (covariate, values) in columns.covariates.iter().zip(course.iter_mut()) {
            let cell = &record[covariate.place];
            if !cell.is_blank() {
                let value = self.finite(cell, "the covariate", number)?;
                values.push((row.at_d, value * covariate.factor));
            }
        }
        let at_d = row.at_d;
        let reset = Intervention {
            at_d,
            kind: InterventionKind::Reset,
        };
        match evid {
            0.0 => person.samples_d.push(at_d),
            1.0 => self.dose(&row, person)?,
            2.0 => {}
            3.0 => person.interventions.push(reset),
            4.0 => {
                person.interventions.push(reset);
                self.dose(&row, person)?;
            }
            5.0 | 6.0 => self.change_state(&row, evid == 6.0, person)?,
            7.0 => {
                let message = format!("row {number}: EVID 7 (phantom event) has no meaning here");
                let help =
                    "take the row out; a time at which something is to be recorded is EVID 0";
                self.fault("table-event", message, row.span("EVID"), help);
            }
            other => {
                let help =
                    "0 sample, 1 dose, 2 other, 3 reset, 4 reset and dose, 5 replace, 6 multiply";
                self.fault(
                    "table-event",
                    format!("row {number}: EVID cannot be {other}"),
                    row.span("EVID"),
                    help,
                );
            }
        }
        Some(())
    }
}

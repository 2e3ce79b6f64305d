//! TOML with places: tables and items that know their span, complain about themselves, and report every key nobody asked for.
//!
//! The three families of ids are the only difference between reading a scenario, the library and other files.

use std::cell::RefCell;

use osteon_model::{Diagnostic, FileId, Span, Unit};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::measure::{Measure, MeasureError, read_days, read_measure};
use crate::near_name::advice;

/// Diagnostic ids of one family of files.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) syntax: &'static str,
    pub(crate) unknown_key: &'static str,
    pub(crate) wrong_kind: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) bare_number: &'static str,
    pub(crate) unknown_unit: &'static str,
    pub(crate) wrong_dimension: &'static str,
    pub(crate) document: &'static str,
}

/// Ids given through a [`Family`] instead of at the place of the fault.
pub(crate) const DIAGNOSTIC_IDS: [&str; 12] = [
    "scenario-syntax",
    "scenario-unknown-key",
    "scenario-wrong-kind",
    "scenario-missing",
    "scenario-bare-number",
    "scenario-unknown-unit",
    "scenario-wrong-dimension",
    "library-syntax",
    "library-unknown-key",
    "library-wrong-kind",
    "library-missing",
    "library-unit",
];

/// Scenario files.
pub(crate) const SCENARIO: Family = Family {
    syntax: DIAGNOSTIC_IDS[0],
    unknown_key: DIAGNOSTIC_IDS[1],
    wrong_kind: DIAGNOSTIC_IDS[2],
    missing: DIAGNOSTIC_IDS[3],
    bare_number: DIAGNOSTIC_IDS[4],
    unknown_unit: DIAGNOSTIC_IDS[5],
    wrong_dimension: DIAGNOSTIC_IDS[6],
    document: "docs/scenario.md",
};

/// Files of the library.
pub(crate) const LIBRARY: Family = Family {
    syntax: DIAGNOSTIC_IDS[7],
    unknown_key: DIAGNOSTIC_IDS[8],
    wrong_kind: DIAGNOSTIC_IDS[9],
    missing: DIAGNOSTIC_IDS[10],
    bare_number: DIAGNOSTIC_IDS[11],
    unknown_unit: DIAGNOSTIC_IDS[11],
    wrong_dimension: DIAGNOSTIC_IDS[11],
    document: "docs/library.md",
};

/// Where faults are collected while one file is read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) family: &'static Family,
    pub(crate) file: FileId,
    faults: RefCell<Vec<Diagnostic>>,
}

impl Reading {
    pub(crate) fn new(family: &'static Family, file: FileId) -> Self {
        Reading {
            family,
            file,
            faults: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn push(&self, fault: Diagnostic) {
        self.faults.borrow_mut().push(fault);
    }

    pub(crate) fn into_faults(self) -> Vec<Diagnostic> {
        self.faults.into_inner()
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    /// Parses a whole document; faults of syntax are collected and what could be read is given.
    pub(crate) fn parse<'t>(&self, text: &'t str) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error
                .span()
                .map_or(Span::new(self.file, 0, 0), |r| self.span(r));
            self.push(
                Diagnostic::error(
                    self.family.syntax,
                    format!("not valid TOML: {}", error.message()),
                    span,
                )
                .help("texts stand in quotes, lists in [ ], and each key stands once"),
            );
        }
        table
    }
}

/// A table that remembers which keys were asked for.
pub(crate) struct Table<'r, 't> {
    reading: &'r Reading,
    entries: &'r DeTable<'t>,
    span: Span,
    /// What it is called in messages: `[person]`, `[[dose]]`.
    pub(crate) name: String,
    asked: RefCell<Vec<String>>,
}

impl<'r, 't> Table<'r, 't> {
    pub(crate) fn new(
        reading: &'r Reading,
        entries: &'r DeTable<'t>,
        range: std::ops::Range<usize>,
        name: impl Into<String>,
    ) -> Self {
        Table {
            reading,
            entries,
            span: reading.span(range),
            name: name.into(),
            asked: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Marks a key as known.
    pub(crate) fn claim(&self, key: &str) {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|a| a == key) {
            asked.push(key.to_owned());
        }
    }

    /// The item of that key, if it is there.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'r, 't>> {
        self.claim(key);
        let (found, value) = self.entries.iter().find(|(k, _)| k.get_ref() == key)?;
        Some(self.item(found, value))
    }

    /// The item of that key; its absence is a fault.
    pub(crate) fn need(&self, key: &'static str, help: &str) -> Option<Item<'r, 't>> {
        let item = self.get(key);
        if item.is_none() {
            self.reading.push(
                Diagnostic::error(
                    self.reading.family.missing,
                    format!("{} does not say `{key}`", self.name),
                    self.span,
                )
                .help(help.to_owned()),
            );
        }
        item
    }

    fn item(
        &self,
        key: &Spanned<std::borrow::Cow<'t, str>>,
        value: &'r Spanned<DeValue<'t>>,
    ) -> Item<'r, 't> {
        Item {
            reading: self.reading,
            value: value.get_ref(),
            span: self.reading.span(value.span()),
            key: key.get_ref().to_string(),
            key_span: self.reading.span(key.span()),
        }
    }

    /// All items in the order of the text.
    pub(crate) fn items(&self) -> Vec<Item<'r, 't>> {
        let mut items: Vec<Item<'r, 't>> =
            self.entries.iter().map(|(k, v)| self.item(k, v)).collect();
        items.sort_by_key(|i| i.key_span.start);
        items
    }

    /// Items whose key was not asked for, in the order of the text.
    pub(crate) fn rest(&self) -> Vec<Item<'r, 't>> {
        let asked = self.asked.borrow();
        self.items()
            .into_iter()
            .filter(|i| !asked.contains(&i.key))
            .collect()
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        for item in self.items() {
            if !asked.contains(&item.key) {
                self.reading.push(
                    Diagnostic::error(
                        self.reading.family.unknown_key,
                        format!("{} has no key `{}`", self.name, item.key),
                        item.key_span,
                    )
                    .help(advice(
                        &item.key,
                        asked.iter().map(String::as_str),
                        self.reading.family.document,
                    )),
                );
            }
        }
    }
}

/// A value with its key and its place.
#[derive(Clone)]
pub(crate) struct Item<'r, 't> {
    reading: &'r Reading,
    value: &'r DeValue<'t>,
    pub(crate) span: Span,
    pub(crate) key: String,
    pub(crate) key_span: Span,
}

impl<'r, 't> Item<'r, 't> {
    pub(crate) fn fault(&self, id: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(id, message, self.span)
    }

    fn wrong_kind(&self, wanted: &str) {
        let fault = self.fault(
            self.reading.family.wrong_kind,
            format!(
                "`{}` should be {wanted}, and is {}",
                self.key,
                kind(self.value)
            ),
        );
        self.reading
            .push(fault.help(format!("see {}", self.reading.family.document)));
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    pub(crate) fn text(&self) -> Option<&'r str> {
        match self.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => {
                self.wrong_kind("a text in quotes");
                None
            }
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong_kind("true or false");
                None
            }
        }
    }

    /// A bare number, for fractions, factors and counts.
    pub(crate) fn number(&self) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(i) => i.as_str().parse::<f64>().ok(),
            DeValue::Float(f) => f.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let number = number.filter(|n| n.is_finite());
        if number.is_none() {
            self.wrong_kind("a finite number");
        }
        number
    }

    pub(crate) fn table(&self, name: impl Into<String>) -> Option<Table<'r, 't>> {
        match self.value {
            DeValue::Table(table) => {
                let range = self.span.start as usize..self.span.end as usize;
                Some(Table::new(self.reading, table, range, name))
            }
            _ => {
                self.wrong_kind("a table");
                None
            }
        }
    }

    /// The items of a list, each under the key of the list.
    pub(crate) fn list(&self) -> Option<Vec<Item<'r, 't>>> {
        match self.value {
            DeValue::Array(list) => Some(
                list.iter()
                    .map(|value| Item {
                        reading: self.reading,
                        value: value.get_ref(),
                        span: self.reading.span(value.span()),
                        key: self.key.clone(),
                        key_span: self.key_span,
                    })
                    .collect(),
            ),
            DeValue::Table(_) => {
                self.reading.push(
                    self.fault(
                        self.reading.family.wrong_kind,
                        format!("`{}` is one table, and should be a list of them", self.key),
                    )
                    .help(format!(
                        "write [[{0}]] instead of [{0}]: there may be several",
                        self.key
                    )),
                );
                None
            }
            _ => {
                self.wrong_kind("a list in [ ]");
                None
            }
        }
    }

    /// A list, or one value that stands for a list of one.
    pub(crate) fn one_or_more(&self) -> Vec<Item<'r, 't>> {
        if self.is_list() {
            self.list().into_iter().flatten().collect()
        } else {
            vec![self.clone()]
        }
    }

    /// Texts of a list, or one text.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.one_or_more()
            .iter()
            .filter_map(|i| i.text().map(str::to_owned))
            .collect()
    }

    fn bare_number(&self, example: &str) -> bool {
        let bare = matches!(self.value, DeValue::Integer(_) | DeValue::Float(_));
        if bare {
            self.reading.push(
                self.fault(
                    self.reading.family.bare_number,
                    format!("`{}` is a number without a unit", self.key),
                )
                .help(format!(
                    "write it in quotes with its unit, for example \"{example}\""
                )),
            );
        }
        bare
    }

    fn measure_fault(&self, text: &str, error: &MeasureError, example: &str) {
        let family = self.reading.family;
        if is_date(text) {
            self.reading.push(
                self.fault(
                    family.wrong_dimension,
                    format!("`{}` is the calendar date \"{text}\"", self.key),
                )
                .help(format!(
                    "times count from the start of the scenario: \"{example}\""
                )),
            );
            return;
        }
        let comma = text.find(',').filter(|at| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            digit(text[..*at].chars().next_back()) && digit(text[at + 1..].chars().next())
        });
        if comma.is_some() {
            self.reading.push(
                self.fault(
                    family.wrong_kind,
                    format!("`{}` has a comma in its number: \"{text}\"", self.key),
                )
                .help(format!(
                    "numbers have a point: \"{}\"",
                    text.replace(',', ".")
                )),
            );
            return;
        }
        let fault = match error {
            MeasureError::UnknownUnit(unit) => self.fault(
                family.unknown_unit,
                format!("`{}`: unknown unit `{unit}` in \"{text}\"", self.key),
            ),
            MeasureError::BareNumber => self.fault(
                family.bare_number,
                format!("`{}` is a number without a unit: \"{text}\"", self.key),
            ),
            MeasureError::NotATime => self.fault(
                family.wrong_dimension,
                format!("`{}` should be a time, and is \"{text}\"", self.key),
            ),
            MeasureError::NotANumber => self.fault(
                family.wrong_kind,
                format!(
                    "`{}` should begin with a number, and is \"{text}\"",
                    self.key
                ),
            ),
            MeasureError::NotFinite => self.fault(
                family.wrong_kind,
                format!("`{}` is not a finite number: \"{text}\"", self.key),
            ),
        };
        self.reading
            .push(fault.help(format!("for example \"{example}\"")));
    }

    /// A quantity with its unit.
    pub(crate) fn measure(&self, example: &str) -> Option<Measure> {
        if self.bare_number(example) {
            return None;
        }
        let text = self.text()?;
        read_measure(text)
            .map_err(|e| self.measure_fault(text, &e, example))
            .ok()
    }

    /// A quantity in a unit of known dimension, without knowledge of any substance.
    pub(crate) fn in_unit(&self, unit: &Unit, example: &str) -> Option<f64> {
        let measure = self.measure(example)?;
        if measure.unit_text.is_empty() && !unit.is_dimensionless() {
            let text = self.text().unwrap_or("");
            self.measure_fault(text, &MeasureError::BareNumber, example);
            return None;
        }
        let factor = measure.unit.conversion_to(unit);
        if factor.is_none() {
            self.reading.push(
                self.fault(
                    self.reading.family.wrong_dimension,
                    format!(
                        "`{}` is in {}, which cannot be turned into {unit}",
                        self.key,
                        shown(&measure)
                    ),
                )
                .help(format!("for example \"{example}\"")),
            );
        }
        factor.map(|f| f * measure.value)
    }

    /// A time or duration in days.
    pub(crate) fn days(&self, example: &str) -> Option<f64> {
        if self.bare_number(example) {
            return None;
        }
        let text = self.text()?;
        read_days(text)
            .map_err(|e| self.measure_fault(text, &e, example))
            .ok()
    }
}

/// True for `2026-03-01` and its like.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('T').next().unwrap_or("").split('-').collect();
    matches!(parts.as_slice(), [y, m, d] if y.len() == 4 && m.len() == 2 && d.len() == 2
        && [y, m, d].iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())))
}

/// The unit of a measure as its writer put it.
pub(crate) fn shown(measure: &Measure) -> &str {
    if measure.unit_text.is_empty() {
        "no unit"
    } else {
        &measure.unit_text
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

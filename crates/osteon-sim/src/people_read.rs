//! Reads a table of people: a header of words with units, one row a person. Nothing is guessed and nothing ignored, except
//! columns whose name begins with `_`.

use std::collections::HashMap;

use osteon_model::{Diagnostic, FileId, SourceMap, Span, Unit};

use crate::body::Body;
use crate::diagnostics::Diagnostics;
use crate::near_name::advice;
use crate::people::{People, PersonColumn, Trait};
use crate::table_text::{Field, Records, name_and_unit, parted_otherwise};

/// More faults than this are counted, not shown: a table with one wrong column has one in every row.
pub(crate) const MOST_FAULTS: usize = 50;

/// Words whose unit is fixed by convention when the header names none (nlmixr2lib's register of covariates).
const CONVENTIONS: [(&str, &str, &str); 3] = [
    ("AGE", "age", "a"),
    ("WT", "body_weight", "kg"),
    ("HT", "height", "cm"),
];

/// Words of `[person]` and the inputs behind them.
const WORDS: [(&str, &str); 3] = [
    ("age", "age"),
    ("weight", "body_weight"),
    ("height", "height"),
];

/// Oldest age in years.
const OLDEST_A: f64 = 130.0;

/// Reads a table of people against a body. `name` is what messages call the file.
///
/// # Errors
/// All faults of the table at once (at most 50 are listed), with their places.
pub fn read_people(text: &str, name: &str, body: &Body) -> Result<People, Diagnostics> {
    let mut sources = SourceMap::new();
    let file = sources.add(name, text);
    let mut reader = Reader {
        body,
        file,
        faults: Vec::new(),
        more: 0,
    };
    let people = reader.table(text);
    if reader.more > 0 {
        let more = reader.more;
        let fault = Diagnostic::error(
            "table-value",
            format!("{more} more faults of this kind"),
            Span::new(file, 0, 0),
        );
        reader
            .faults
            .push(fault.help("mend the first ones, then read again"));
    }
    match people {
        Some(people) if reader.faults.is_empty() => Ok(people),
        _ => Err(Diagnostics {
            list: reader.faults,
            sources,
        }),
    }
}

/// What a header cell means to the reader.
enum Column {
    Id,
    LongId,
    Ignored,
    /// 1 for female; words or numbers.
    Sex,
    /// Place among the columns kept, factor to the body's unit, lowest and highest possible value, whether it must be given.
    Number(usize, f64, (f64, f64), bool),
}

struct Reader<'b> {
    body: &'b Body,
    file: FileId,
    faults: Vec<Diagnostic>,
    more: usize,
}

impl Reader<'_> {
    fn push(&mut self, fault: Diagnostic) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }

    fn table(&mut self, text: &str) -> Option<People> {
        let mut records = Records::new(text);
        let Some(header) = records.next() else {
            self.push(
                Diagnostic::error(
                    "table-shape",
                    "the table of people is empty",
                    Span::new(self.file, 0, 0),
                )
                .help("ID,sex,age[a],weight[kg]"),
            );
            return None;
        };
        if let Some(help) = parted_otherwise(&header) {
            let span = header[0].span(self.file);
            self.push(
                Diagnostic::error("table-shape", "the header has a single column", span).help(help),
            );
            return None;
        }
        let mut people = People::default();
        let columns: Vec<Column> = header
            .iter()
            .map(|cell| self.column(cell, &mut people))
            .collect();
        let id = columns.iter().position(|c| matches!(c, Column::Id));
        let long = columns.iter().position(|c| matches!(c, Column::LongId));
        let Some(id) = id else {
            self.push(
                Diagnostic::error(
                    "table-missing",
                    "the table of people has no column `ID`",
                    header[0].span(self.file),
                )
                .help("one row a person, told apart by `ID`"),
            );
            return None;
        };
        let width = people.columns.len();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (number, record) in records.enumerate() {
            if record.len() != columns.len() {
                let (had, wanted) = (record.len(), columns.len());
                self.push(
                    Diagnostic::error(
                        "table-shape",
                        format!(
                            "row {} has {had} fields, the header has {wanted}",
                            number + 1
                        ),
                        record[0].span(self.file),
                    )
                    .help("a text that holds a comma stands in double quotes"),
                );
                continue;
            }
            let name = &record[long.unwrap_or(id)];
            if record[id].is_blank() || name.is_blank() {
                self.push(
                    Diagnostic::error(
                        "table-missing",
                        format!("row {} has no identifier", number + 1),
                        name.span(self.file),
                    )
                    .help("every person has an `ID`"),
                );
                continue;
            }
            if let Some(other) = known.insert(record[id].text.clone(), number + 1) {
                self.push(
                    Diagnostic::error(
                        "table-value",
                        format!(
                            "`{}` stands twice, in rows {other} and {}",
                            record[id].text,
                            number + 1
                        ),
                        record[id].span(self.file),
                    )
                    .help("one row a person; what changes in time belongs to the table of events"),
                );
            }
            let at = people.values.len();
            people.values.resize(at + width, f64::NAN);
            for (cell, column) in record.iter().zip(&columns) {
                self.cell(
                    cell,
                    column,
                    number + 1,
                    &people.columns,
                    &mut people.values[at..],
                );
            }
            people.keys.push(record[id].text.clone());
            people.ids.push(name.text.clone());
        }
        if people.is_empty() && self.faults.is_empty() {
            self.push(
                Diagnostic::error(
                    "table-shape",
                    "the table of people has no rows",
                    header[0].span(self.file),
                )
                .help("one row a person after the header"),
            );
        }
        Some(people)
    }

    fn column(&mut self, cell: &Field, people: &mut People) -> Column {
        let (name, unit) = name_and_unit(&cell.text);
        let span = cell.span(self.file);
        if name.starts_with('_') {
            return Column::Ignored;
        }
        match name {
            "ID" | "id" => return Column::Id,
            "USUBJID" | "usubjid" => return Column::LongId,
            "sex" | "SEX" | "SEXF" | "sexf" => {
                self.keep(people, cell, Trait::Input("female".to_owned()));
                return Column::Sex;
            }
            _ => {}
        }
        let convention = CONVENTIONS
            .iter()
            .find(|c| c.0 == name || c.0.to_lowercase() == name && unit.is_none() && name != "age");
        let input = convention
            .map(|c| c.1)
            .or_else(|| WORDS.iter().find(|w| w.0 == name).map(|w| w.1))
            .unwrap_or(name);
        let vocabulary = &self.body.vocabulary;
        let nutrient = self.body.library.nutrient(input);
        let settable = vocabulary.get(input).filter(|w| w.parameter && !w.ruled);
        if settable.is_none() && nutrient.is_none() {
            let message = match vocabulary.get(input) {
                Some(_) => {
                    format!("`{name}` is computed by the body and cannot be set for a person")
                }
                None => format!("no word, nutrient, input or parameter is called `{name}`"),
            };
            let known = [
                "ID", "USUBJID", "sex", "SEXF", "age", "weight", "height", "AGE", "WT", "HT",
            ]
            .into_iter()
            .chain(self.body.library.nutrients.iter().map(|n| n.name.as_str()))
            .chain(vocabulary.inputs());
            let help = advice(name, known, "docs/people.md and docs/body-inputs.md");
            self.push(
                Diagnostic::error("table-unknown-column", message, span).help(format!(
                    "{help} (a column that is not for the run begins with `_`)"
                )),
            );
            return Column::Ignored;
        }
        let (says, target, substance) = match (settable, nutrient) {
            (Some(word), _) => {
                // An averaged intake may be given as mass; its substance converts.
                let substance = self
                    .body
                    .library
                    .nutrients
                    .iter()
                    .find(|n| n.averaged == input);
                (Trait::Input(input.to_owned()), word.unit, substance)
            }
            (None, found) => {
                let unit = found
                    .and_then(|n| vocabulary.get(&n.averaged))
                    .and_then(|w| w.unit);
                (
                    Trait::Diet(found.map_or_else(String::new, |n| n.name.clone())),
                    unit,
                    found,
                )
            }
        };
        let target = target.unwrap_or(Unit::DIMENSIONLESS);
        let Some(unit_text) = unit.or(convention.map(|c| c.2)) else {
            self.push(
                Diagnostic::error(
                    "table-unit",
                    format!("the column `{name}` has no unit"),
                    span,
                )
                .help(format!("write it into the header: `{name}[{target}]`")),
            );
            return Column::Ignored;
        };
        let factor = match Unit::parse(unit_text) {
            Err(error) => Err(format!("unknown unit `{}`", error.part)),
            Ok(unit) => match substance {
                Some(nutrient) => nutrient.substance.factor(&unit, &target),
                None => unit
                    .conversion_to(&target)
                    .ok_or_else(|| format!("{unit_text} cannot be turned into {target}")),
            },
        };
        let factor = match factor {
            Ok(factor) => factor,
            Err(why) => {
                self.push(
                    Diagnostic::error("table-unit", format!("the column `{name}`: {why}"), span)
                        .help(format!("for example `{name}[{target}]`")),
                );
                return Column::Ignored;
            }
        };
        let needed = matches!(input, "age" | "body_weight");
        let tiny = f64::MIN_POSITIVE;
        let range = match (input, &says) {
            ("age", _) => {
                let range = self.body.vocabulary.get(input).and_then(|w| w.range);
                (range.map_or(tiny, |r| r.lower.max(tiny)), OLDEST_A)
            }
            ("body_weight" | "height", _) => (tiny, f64::INFINITY),
            (_, Trait::Diet(_)) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        match self.keep(people, cell, says) {
            Some(place) => Column::Number(place, factor, range, needed),
            None => Column::Ignored,
        }
    }

    /// Adds a column, unless another one already speaks of the same thing.
    fn keep(&mut self, people: &mut People, cell: &Field, says: Trait) -> Option<usize> {
        let averaged = |says: &Trait| match says {
            Trait::Diet(nutrient) => self
                .body
                .library
                .nutrient(nutrient)
                .map(|n| n.averaged.clone()),
            Trait::Input(input) => Some(input.clone()),
        };
        let same = people
            .columns
            .iter()
            .find(|c| averaged(&c.says) == averaged(&says));
        if let Some(other) = same {
            let message = format!("`{}` and `{}` say the same thing", other.header, cell.text);
            self.push(
                Diagnostic::error("table-shape", message, cell.span(self.file))
                    .help("keep one; a column whose name begins with `_` is left alone"),
            );
            return None;
        }
        let nutrients = &self.body.library.nutrients;
        let displaces = match &says {
            Trait::Input(input) => nutrients
                .iter()
                .find(|n| n.averaged == *input)
                .map(|n| n.name.clone()),
            Trait::Diet(_) => None,
        };
        people.columns.push(PersonColumn {
            header: cell.text.clone(),
            says,
            displaces,
        });
        Some(people.columns.len() - 1)
    }

    fn cell(
        &mut self,
        cell: &Field,
        column: &Column,
        row: usize,
        columns: &[PersonColumn],
        values: &mut [f64],
    ) {
        let span = cell.span(self.file);
        match column {
            Column::Id | Column::LongId | Column::Ignored => {}
            Column::Sex => {
                let value = match cell.text.as_str() {
                    "female" | "F" | "f" | "Female" | "FEMALE" | "1" => 1.0,
                    "male" | "M" | "m" | "Male" | "MALE" | "0" => 0.0,
                    other => {
                        self.push(
                            Diagnostic::error(
                                "table-value",
                                format!("row {row}: sex cannot be `{other}`"),
                                span,
                            )
                            .help("female or male (1 or 0 under `SEXF`)"),
                        );
                        return;
                    }
                };
                let place = columns
                    .iter()
                    .position(|c| c.says == Trait::Input("female".to_owned()));
                if let Some(slot) = place.and_then(|p| values.get_mut(p)) {
                    *slot = value;
                }
            }
            Column::Number(place, factor, (lowest, highest), needed) => {
                if cell.is_blank() {
                    if *needed {
                        let header = &columns[*place].header;
                        self.push(
                            Diagnostic::error(
                                "table-missing",
                                format!("row {row} does not say `{header}`"),
                                span,
                            )
                            .help("nobody has a default age, weight or sex"),
                        );
                    }
                    return;
                }
                let header = &columns[*place].header;
                match cell.text.parse::<f64>().ok().filter(|v| v.is_finite()) {
                    Some(number) if (*lowest..=*highest).contains(&(number * factor)) => values[*place] = number * factor,
                    Some(number) => self.push(
                        Diagnostic::error("table-value", format!("row {row}: `{header}` cannot be {number}"), span)
                            .help("look at the unit in the header"),
                    ),
                    None => self.push(
                        Diagnostic::error("table-value", format!("row {row}: `{header}` is no number: `{}`", cell.text), span)
                            .help("numbers with a point; the unit stands in the header; an empty cell says nothing"),
                    ),
                }
            }
        }
    }
}

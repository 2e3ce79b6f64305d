//! The header of a table of events: which column is what, in which unit; and how covariates carry from row to row.

use std::collections::BTreeMap;

use osteon_model::{Span, Unit};

use super::read::{Course, KNOWN, Reader};
use crate::near_name::advice;
use crate::plan::RUN_IN_D;
use crate::scenario::{DietPart, InputValue, Phase};
use crate::table_text::{Field, Records, name_and_unit};

/// How a covariate's value carries from row to row.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Carry {
    /// Last observation carried forward.
    Forward,
    /// Next observation carried backward, as NONMEM does.
    Backward,
}

/// A covariate column: where, what, factor to its unit.
pub(crate) struct Covariate {
    pub(crate) place: usize,
    pub(crate) says: Says,
    pub(crate) factor: f64,
}

pub(crate) enum Says {
    Input(String),
    Diet(String),
}

/// Places of the known columns, and their units.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) place: BTreeMap<&'static str, usize>,
    pub(crate) unit: BTreeMap<&'static str, Unit>,
    pub(crate) covariates: Vec<Covariate>,
    /// Factors to days.
    pub(crate) days: BTreeMap<&'static str, f64>,
}

impl Reader<'_> {
    pub(crate) fn columns(&mut self, header: &[Field]) -> Columns {
        let mut columns = Columns::default();
        let mut cases = (false, false);
        for (place, cell) in header.iter().enumerate() {
            let (name, unit_text) = name_and_unit(&cell.text);
            let span = cell.span(self.file);
            if name.starts_with('_') {
                continue;
            }
            let upper = name.to_uppercase();
            let Some(known) = KNOWN.into_iter().find(|k| *k == upper) else {
                self.covariate(place, name, unit_text, span, &mut columns);
                continue;
            };
            if name == known {
                cases.0 = true;
            } else if name == known.to_lowercase() {
                cases.1 = true;
            } else {
                cases = (true, true);
            }
            let known = if known == "TINF" { "DUR" } else { known };
            if columns.place.insert(known, place).is_some() {
                self.fault(
                    "table-shape",
                    format!("the column `{known}` stands twice"),
                    span,
                    "keep one",
                );
            }
            if let Some(text) = unit_text {
                match Unit::parse(text) {
                    Ok(unit) => {
                        columns.unit.insert(known, unit);
                    }
                    Err(error) => self.fault(
                        "table-unit",
                        format!("the column `{name}`: unknown unit `{}`", error.part),
                        span,
                        "TIME[h], AMT[mmol], RATE[mmol/h], DUR[h]",
                    ),
                }
            }
        }
        if cases == (true, true) {
            self.fault(
                "table-shape",
                "column names are in upper and lower case".to_owned(),
                header[0].span(self.file),
                "write all of ID, TIME, EVID … in upper case, or all in lower case",
            );
        }
        let day = Unit::parse("d").expect("the day is a unit");
        for name in ["TIME", "DUR", "II"] {
            // By the convention of these tables, intervals are in the unit of time.
            let Some(place) = columns.place.get(name) else {
                continue;
            };
            let span = header[*place].span(self.file);
            match columns
                .unit
                .get(name)
                .or(columns.unit.get("TIME"))
                .map(|u| u.conversion_to(&day))
            {
                Some(Some(factor)) => {
                    columns.days.insert(name, factor);
                }
                Some(None) => self.fault(
                    "table-unit",
                    format!("the unit of `{name}` is no unit of time"),
                    span,
                    "TIME[h] or TIME[d]",
                ),
                None => self.fault(
                    "table-unit",
                    format!("the column `{name}` has no unit"),
                    span,
                    "write it into the header: TIME[h] or TIME[d]",
                ),
            }
        }
        if let Some(place) = columns.place.get("AMT")
            && !columns.unit.contains_key("AMT")
            && !columns.place.contains_key("AMTU")
        {
            self.fault(
                "table-unit",
                "the column `AMT` has no unit".to_owned(),
                header[*place].span(self.file),
                "AMT[mmol] in the header, or a unit in each row under AMTU",
            );
        }
        columns
    }

    fn covariate(
        &mut self,
        place: usize,
        name: &str,
        unit_text: Option<&str>,
        span: Span,
        columns: &mut Columns,
    ) {
        let vocabulary = &self.body.vocabulary;
        let word = vocabulary.get(name).filter(|w| w.is_input());
        let nutrient = self.body.library.nutrient(name);
        let (target, says, substance) = match (word, nutrient) {
            (Some(word), _) => (
                word.unit,
                Says::Input(name.to_owned()),
                self.body
                    .library
                    .nutrients
                    .iter()
                    .find(|n| n.averaged == name),
            ),
            (None, Some(n)) => (
                vocabulary.get(&n.averaged).and_then(|w| w.unit),
                Says::Diet(n.name.clone()),
                Some(n),
            ),
            (None, None) => {
                let known = KNOWN
                    .into_iter()
                    .chain(self.body.library.nutrients.iter().map(|n| n.name.as_str()))
                    .chain(vocabulary.inputs());
                let advised = match name.to_uppercase().as_str() {
                    "C" => "rows that do not count are taken out of the table".to_owned(),
                    "WT" | "HT" | "AGE" | "SEX" | "SEXF" | "RACE" => {
                        "who somebody is stands in the table of people, once".to_owned()
                    }
                    _ => advice(name, known, "docs/people.md and docs/body-inputs.md"),
                };
                let help = format!("{advised} (a column that is not for the run begins with `_`)");
                let what = match vocabulary.get(name) {
                    Some(_) => {
                        format!("`{name}` is no input of the body and cannot change during a run")
                    }
                    None => format!(
                        "neither a column of event tables nor an input or nutrient is called `{name}`"
                    ),
                };
                return self.fault("table-unknown-column", what, span, &help);
            }
        };
        let target = target.unwrap_or(Unit::DIMENSIONLESS);
        let unit = match unit_text.map(Unit::parse) {
            Some(Ok(unit)) => unit,
            Some(Err(error)) => {
                return self.fault(
                    "table-unit",
                    format!("the column `{name}`: unknown unit `{}`", error.part),
                    span,
                    &format!("`{name}[{target}]`"),
                );
            }
            None => {
                return self.fault(
                    "table-unit",
                    format!("the column `{name}` has no unit"),
                    span,
                    &format!("write it into the header: `{name}[{target}]`"),
                );
            }
        };
        let factor = match substance {
            Some(n) => n.substance.factor(&unit, &target),
            None => unit
                .conversion_to(&target)
                .ok_or_else(|| format!("{unit} cannot be turned into {target}")),
        };
        match factor {
            Ok(factor) => columns.covariates.push(Covariate {
                place,
                says,
                factor,
            }),
            Err(why) => self.fault(
                "table-unit",
                format!("the column `{name}`: {why}"),
                span,
                &format!("`{name}[{target}]`"),
            ),
        }
    }

    /// The rule by which covariates carry: `# carry: LOCF` or `# carry: NOCB`.
    pub(crate) fn carry(
        &mut self,
        records: &Records<'_>,
        columns: &Columns,
        header: &[Field],
    ) -> Option<Carry> {
        if columns.covariates.is_empty() {
            return None;
        }
        let said = records.remarks.iter().find_map(|(r, at)| {
            Some((
                r.strip_prefix("carry")?
                    .trim_start_matches([':', '=', ' '])
                    .trim(),
                *at,
            ))
        });
        match said {
            Some(("LOCF" | "locf", _)) => Some(Carry::Forward),
            Some(("NOCB" | "nocb", _)) => Some(Carry::Backward),
            Some((other, at)) => {
                let span = Span::new(self.file, at, at + 1);
                self.fault("table-event", format!("covariates cannot carry by `{other}`"), span, "# carry: LOCF (last observation forward) or # carry: NOCB (next observation backward)");
                None
            }
            None => {
                let span = header[columns.covariates[0].place].span(self.file);
                self.fault("table-event", "the table does not say how covariates carry from row to row".to_owned(), span, "a line `# carry: LOCF` (last observation forward) or `# carry: NOCB` (next observation backward)");
                None
            }
        }
    }

    /// The courses of covariates as phases.
    pub(crate) fn phases(&self, course: Course, columns: &Columns, carry: Carry) -> Vec<Phase> {
        let mut phases: Vec<Phase> = Vec::new();
        for (mut values, covariate) in course.into_iter().zip(&columns.covariates) {
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            let last = values.len().saturating_sub(1);
            let mut spans: Vec<(f64, f64, f64)> = Vec::new();
            for (k, (time, value)) in values.iter().enumerate() {
                let (from, until) = match carry {
                    Carry::Forward => (*time, values.get(k + 1).map_or(f64::INFINITY, |n| n.0)),
                    Carry::Backward => {
                        let from = k
                            .checked_sub(1)
                            .map_or(-RUN_IN_D, |before| values[before].0);
                        (from, if k == last { f64::INFINITY } else { *time })
                    }
                };
                match spans.last_mut() {
                    Some(before) if before.2 == *value && before.1 >= from => before.1 = until,
                    _ if until > from => spans.push((from, until, *value)),
                    _ => {}
                }
            }
            for (from_d, until_d, value) in spans {
                let mut phase = Phase {
                    from_d,
                    until_d,
                    diet: Vec::new(),
                    exposures: Vec::new(),
                    regimens: Vec::new(),
                    inputs: Vec::new(),
                };
                match &covariate.says {
                    Says::Input(input) => phase.inputs.push(InputValue {
                        input: input.clone(),
                        value,
                        said: format!("{value}"),
                    }),
                    Says::Diet(nutrient) => phase.diet.push(DietPart {
                        nutrient: nutrient.clone(),
                        per_day: value,
                        at: Vec::new(),
                        said: format!("{value}"),
                    }),
                }
                phases.push(phase);
            }
        }
        phases
    }
}

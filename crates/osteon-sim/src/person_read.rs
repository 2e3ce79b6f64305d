//! Reads a person: who they are, how they usually live, and which body inputs that sets.

use std::cell::RefCell;

use osteon_model::{Diagnostic, Span, Unit};

use crate::measure::read_measure;
use crate::near_name::advice;
use crate::scenario::{InputValue, Meal, Person};
use crate::scenario_read::Context;
use crate::toml_text::{Item, Table};

/// Meals of a person who does not say when they eat: three, at 08:00, 13:00 and 19:30, with 30 %, 30 % and 40 % of the day's food.
/// (assumed; an eating pattern of industrial countries; docs/scenario.md says how to write one's own)
const USUAL_MEALS: [Meal; 3] = [
    Meal {
        at_d: 8.0 / 24.0,
        share: 0.3,
    },
    Meal {
        at_d: 13.0 / 24.0,
        share: 0.3,
    },
    Meal {
        at_d: 19.5 / 24.0,
        share: 0.4,
    },
];

/// Words of a person and the body inputs behind them (the body's contract, docs/body-inputs.md). The last field says whether it must be given.
const MEASURED: [(&str, &str, &str, bool); 3] = [
    ("age", "age", "30 a", true),
    ("weight", "body_weight", "75 kg", true),
    ("height", "height", "178 cm", false),
];

/// Nobody has become older, in years. (assumed: the oldest known person was 122)
const OLDEST_A: f64 = 130.0;

/// Least and greatest of what has ever been measured in people, rounded outwards: beyond it a unit has slipped. (assumed)
const EVER: [(&str, &str, &str); 2] = [("weight", "1 kg", "700 kg"), ("height", "40 cm", "280 cm")];

/// A person's table, or two: an arm's own words over the shared ones.
pub(crate) struct PersonTables<'x, 'r, 't> {
    pub(crate) own: Option<&'x Table<'r, 't>>,
    pub(crate) shared: Option<&'x Table<'r, 't>>,
}

impl<'r, 't> PersonTables<'_, 'r, 't> {
    fn get(&self, key: &'static str) -> Option<Item<'r, 't>> {
        let shared = self.shared.and_then(|t| t.get(key));
        self.own.and_then(|t| t.get(key)).or(shared)
    }
}

impl Context<'_> {
    /// Reads a person; `span` is where a missing word is reported.
    pub(crate) fn person(&self, tables: &PersonTables<'_, '_, '_>, span: Span) -> Option<Person> {
        let mut inputs = Vec::new();
        let mut complete = true;
        let mut age_a = None;
        for (key, input, example, needed) in MEASURED {
            let Some(item) = tables.get(key) else {
                if needed && self.brought.contains(&key) {
                    if key == "age" {
                        age_a = Some(f64::NAN);
                    }
                } else if needed {
                    complete = false;
                    self.push(
                        Diagnostic::error(
                            "scenario-missing",
                            format!("[person] does not say `{key}`"),
                            span,
                        )
                        .help(format!("{key} = \"{example}\"; nobody has a default {key}")),
                    );
                }
                continue;
            };
            let value = self.input_value(&item, input, example);
            match value {
                Some(value) if value.value > 0.0 && self.beyond(key, input, value.value) => {
                    complete = false;
                    self.push(
                        item.fault(
                            "scenario-impossible-value",
                            format!("nobody has a {key} of {}", value.said),
                        )
                        .help(format!("has a unit slipped? {key} = \"{example}\"")),
                    );
                }
                Some(value)
                    if key == "age" && value.value > 0.0 && self.too_young(input, value.value) =>
                {
                    complete = false;
                    self.push(
                        item.fault(
                            "scenario-impossible-value",
                            format!("the body does not hold at an age of {}", value.said),
                        )
                        .help(format!(
                            "it begins at {} {}, by the range of its `{input}`: growth is not in it",
                            self.youngest(input),
                            self.body.vocabulary.get(input).map_or("", |w| w.unit_text.as_str())
                        )),
                    );
                }
                Some(value) if value.value > 0.0 => {
                    if key == "age" {
                        age_a = item.days(example).map(|days| days / 365.25);
                    }
                    inputs.push(value);
                }
                Some(value) => {
                    complete = false;
                    self.push(
                        item.fault(
                            "scenario-impossible-value",
                            format!("`{key}` is {}, and must be above zero", value.said),
                        )
                        .help(format!("{key} = \"{example}\"")),
                    );
                }
                None => complete = false,
            }
        }
        match tables.get("sex") {
            None if self.brought.contains(&"sex") => {}
            None => {
                complete = false;
                self.push(
                    Diagnostic::error("scenario-missing", "[person] does not say `sex`", span)
                        .help("sex = \"female\" or sex = \"male\""),
                );
            }
            Some(item) => match item.text() {
                Some(word @ ("female" | "male")) => {
                    inputs.push(InputValue {
                        input: "female".to_owned(),
                        value: f64::from(u8::from(word == "female")),
                        said: word.to_owned(),
                    });
                }
                Some(word) => {
                    complete = false;
                    self.push(
                        item.fault("scenario-wrong-kind", format!("`sex` cannot be `{word}`"))
                            .help("\"female\" or \"male\""),
                    );
                }
                None => complete = false,
            },
        }
        self.sex.set(
            inputs
                .iter()
                .find(|v| v.input == "female")
                .map(|v| v.value == 1.0),
        );
        let diet = tables
            .get("usual_diet")
            .map_or_else(Vec::new, |i| self.diet(&i));
        let mut exposures = Vec::new();
        let mut regimens = Vec::new();
        self.takings(
            &|key| tables.get(key),
            (f64::NEG_INFINITY, f64::INFINITY),
            true,
            &mut exposures,
            &mut regimens,
        );
        let meals = match tables.get("meals") {
            Some(item) => self.meals(&item),
            None => USUAL_MEALS.to_vec(),
        };
        let measured = tables
            .get("measured")
            .map_or_else(Vec::new, |i| self.measured(&i));
        if let Some(item) = tables.get("inputs") {
            inputs.extend(self.inputs(&item, false));
        }
        // Any input of the body by its name.
        let asked: RefCell<Vec<String>> = RefCell::new(Vec::new());
        for table in [tables.own, tables.shared].into_iter().flatten() {
            // All items, not only those that nobody asked for: an arm before this one may have read the shared table.
            for item in table.items() {
                if MEASURED.iter().any(|m| m.0 == item.key) {
                    continue;
                }
                if item.is_table() && self.is_worded(&item.key) {
                    table.claim(&item.key);
                    if !asked.borrow().contains(&item.key) {
                        asked.borrow_mut().push(item.key.clone());
                        self.worded(&item, &mut inputs, &mut exposures);
                    }
                    continue;
                }
                let Some(word) = self.body.vocabulary.get(&item.key).filter(|w| w.is_input())
                else {
                    continue;
                };
                table.claim(&item.key);
                if asked.borrow().contains(&item.key) {
                    continue;
                }
                asked.borrow_mut().push(item.key.clone());
                let example = format!("1 {}", word.unit_text);
                inputs.extend(self.input_value(&item, &item.key, &example));
            }
        }
        let age_a = age_a.filter(|_| complete)?;
        if age_a > OLDEST_A {
            let place = tables.get("age").map_or(span, |i| i.span);
            self.push(
                Diagnostic::error(
                    "scenario-impossible-value",
                    format!("nobody is {age_a} years old"),
                    place,
                )
                .help("age = \"60 a\""),
            );
            return None;
        }
        let mut known = true;
        for value in inputs
            .iter()
            .filter(|v| self.body.vocabulary.get(&v.input).is_none())
        {
            known = false;
            self.push(
                Diagnostic::error(
                    "scenario-unknown-name",
                    format!("the body has no input `{}`", value.input),
                    span,
                )
                .help("docs/body-inputs.md lists what a body must declare"),
            );
        }
        if !known {
            return None;
        }
        Some(Person {
            age_a,
            inputs,
            diet,
            exposures,
            regimens,
            meals,
            measured,
        })
    }

    /// The least age for which the body is made, by the range it gives; 0 if it gives none.
    fn youngest(&self, input: &str) -> f64 {
        let range = self.body.vocabulary.get(input).and_then(|w| w.range);
        range.map_or(0.0, |r| r.lower)
    }

    fn too_young(&self, input: &str, value: f64) -> bool {
        value < self.youngest(input)
    }

    /// True if no person was ever so small or so great, in the unit of the input.
    fn beyond(&self, key: &str, input: &str, value: f64) -> bool {
        let Some((_, least, greatest)) = EVER.iter().find(|e| e.0 == key) else {
            return false;
        };
        let unit = self.body.vocabulary.get(input).and_then(|w| w.unit);
        let in_unit = |text: &str| {
            let measure = read_measure(text).ok()?;
            Some(measure.value * measure.unit.conversion_to(&unit?)?)
        };
        in_unit(least).is_some_and(|l| value < l) || in_unit(greatest).is_some_and(|g| value > g)
    }

    /// A value in the unit of a body symbol.
    pub(crate) fn input_value(
        &self,
        item: &Item<'_, '_>,
        input: &str,
        example: &str,
    ) -> Option<InputValue> {
        let unit = self
            .body
            .vocabulary
            .get(input)
            .and_then(|w| w.unit)
            .unwrap_or(Unit::DIMENSIONLESS);
        let value = item.in_unit(&unit, example)?;
        Some(InputValue {
            input: input.to_owned(),
            value,
            said: item.text().unwrap_or("").to_owned(),
        })
    }

    /// `inputs = { name = "value unit" }`. During a run only inputs may be written; at the start any free parameter may.
    pub(crate) fn inputs(&self, item: &Item<'_, '_>, running: bool) -> Vec<InputValue> {
        let Some(table) = item.table("inputs") else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in table.items() {
            let word = self.body.vocabulary.get(&item.key);
            let fits = word.is_some_and(|w| w.parameter && !w.ruled && (!running || w.is_input()));
            if !fits {
                let message = match word {
                    None => format!("the body has no input `{}`", item.key),
                    Some(w) if w.parameter && !w.ruled => format!(
                        "`{}` is a parameter and no input: it can be set for a person, not changed during a run",
                        item.key
                    ),
                    Some(_) => format!("`{}` is computed by the body and cannot be set", item.key),
                };
                let known = self.body.vocabulary.inputs();
                self.push(
                    Diagnostic::error("scenario-unknown-name", message, item.key_span)
                        .help(advice(&item.key, known, "docs/body-inputs.md")),
                );
                continue;
            }
            let example = word.map_or_else(String::new, |w| format!("1 {}", w.unit_text));
            values.extend(self.input_value(&item, &item.key, &example));
        }
        values
    }

    fn meals(&self, item: &Item<'_, '_>) -> Vec<Meal> {
        let mut meals = Vec::new();
        for part in item.list().into_iter().flatten() {
            let Some(table) = part.table("a meal") else {
                continue;
            };
            let at = table
                .need("at", "at = \"08:00\"")
                .and_then(|i| i.days("08:00"));
            let share = table.need("share", "share = 0.25").and_then(|i| i.number());
            table.finish();
            if let (Some(at_d), Some(share)) = (at, share) {
                meals.push(Meal { at_d, share });
            }
        }
        let total: f64 = meals.iter().map(|m| m.share).sum();
        if meals
            .iter()
            .any(|m| !(0.0..1.0).contains(&m.at_d) || m.share <= 0.0)
            || (total - 1.0).abs() > 1e-6
        {
            self.push(
                item.fault(
                    "scenario-impossible-value",
                    format!("meals lie within one day and their shares add up to 1, not {total}"),
                )
                .help("meals = [{ at = \"08:00\", share = 0.4 }, { at = \"18:00\", share = 0.6 }]"),
            );
        }
        meals.sort_by(|a, b| a.at_d.total_cmp(&b.at_d));
        meals
    }
}

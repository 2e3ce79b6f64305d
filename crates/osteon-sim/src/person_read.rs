//! Reads a person: who they are, how they usually live, and which body inputs that sets.

use std::cell::RefCell;

use osteon_model::{Diagnostic, Span, Unit};

use crate::near_name::advice;
use crate::scenario::{DietPart, InputValue, Meal, Person};
use crate::scenario_read::Context;
use crate::toml_text::{Item, Table, shown};

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
        if let Some(item) = tables.get("inputs") {
            inputs.extend(self.inputs(&item, false));
        }
        // Any input of the body by its name.
        let asked: RefCell<Vec<String>> = RefCell::new(Vec::new());
        for table in [tables.own, tables.shared].into_iter().flatten() {
            for item in table.rest() {
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
        if age_a > 130.0 {
            self.push(Diagnostic::error(
                "scenario-impossible-value",
                format!("nobody is {age_a} years old"),
                span,
            ));
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
        })
    }

    /// A value in the unit of a body symbol.
    fn input_value(&self, item: &Item<'_, '_>, input: &str, example: &str) -> Option<InputValue> {
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

    /// `{ nutrient = "320 mg/d", foods = { "food" = "30 g/d" } }`. A nutrient that is written stands for its total, foods notwithstanding.
    pub(crate) fn diet(&self, item: &Item<'_, '_>) -> Vec<DietPart> {
        let Some(table) = item.table("the diet") else {
            return Vec::new();
        };
        let foods = table.get("foods");
        let mut parts: Vec<DietPart> = Vec::new();
        for item in table.rest() {
            let Some(nutrient) = self.body.library.nutrient(&item.key) else {
                let known = self.body.library.nutrients.iter().map(|n| n.name.as_str());
                self.push(
                    Diagnostic::error(
                        "scenario-unknown-name",
                        format!("no nutrient is called `{}`", item.key),
                        item.key_span,
                    )
                    .help(advice(&item.key, known, "library/nutrients.toml")),
                );
                continue;
            };
            let Some(measure) = item.measure("320 mg/d") else {
                continue;
            };
            let unit = self
                .body
                .vocabulary
                .get(&nutrient.averaged)
                .and_then(|w| w.unit)
                .unwrap_or(Unit::DIMENSIONLESS);
            match nutrient.substance.factor(&measure.unit, &unit) {
                Ok(factor) if measure.value >= 0.0 => {
                    let said = item.text().unwrap_or("").to_owned();
                    if parts.iter().any(|p| p.nutrient == nutrient.name) {
                        self.push(Diagnostic::error(
                            "scenario-impossible-value",
                            format!("`{}` stands twice in this diet", nutrient.name),
                            item.key_span,
                        ));
                    }
                    parts.push(DietPart {
                        nutrient: nutrient.name.clone(),
                        per_day: measure.value * factor,
                        said,
                    });
                }
                Ok(_) => self.push(
                    item.fault(
                        "scenario-impossible-value",
                        format!("`{}` cannot be negative", item.key),
                    )
                    .help("nobody eats less than nothing: \"0 mg/d\""),
                ),
                Err(why) => self.push(
                    item.fault(
                        "scenario-wrong-dimension",
                        format!(
                            "`{}` is in {}, which is no daily intake ({unit}): {why}",
                            item.key,
                            shown(&measure)
                        ),
                    )
                    .help(format!("for example {} = \"320 mg/d\"", item.key)),
                ),
            }
        }
        if let Some(foods) = foods {
            self.foods(&foods, &mut parts);
        }
        parts
    }

    fn foods(&self, item: &Item<'_, '_>, parts: &mut Vec<DietPart>) {
        let Some(table) = item.table("foods") else {
            return;
        };
        let grams = Unit::parse("g/d").expect("g/d is a unit");
        let mut eaten = Vec::new();
        for item in table.items() {
            let Some(food) = self.body.library.foods.get(&item.key) else {
                let known = self.body.library.foods.keys().map(String::as_str);
                self.push(
                    Diagnostic::error(
                        "scenario-unknown-name",
                        format!("no food is called `{}`", item.key),
                        item.key_span,
                    )
                    .help(advice(&item.key, known, "library/foods.csv")),
                );
                continue;
            };
            let Some(text) = item.text() else { continue };
            let servings = text
                .strip_suffix("servings/d")
                .or_else(|| text.strip_suffix("serving/d"))
                .and_then(|n| n.trim().parse::<f64>().ok());
            let amount = match (servings, food.serving_g) {
                (Some(n), Some(serving)) => n * serving,
                (Some(_), None) => {
                    self.push(
                        item.fault(
                            "scenario-unknown-unit",
                            format!(
                                "the library does not say how much a serving of `{}` is",
                                food.name
                            ),
                        )
                        .help("write grams: \"100 g/d\""),
                    );
                    continue;
                }
                (None, _) => match item.in_unit(&grams, "100 g/d") {
                    Some(grams) => grams,
                    None => continue,
                },
            };
            if amount < 0.0 {
                self.push(item.fault(
                    "scenario-impossible-value",
                    format!("`{}` cannot be negative", item.key),
                ));
                continue;
            }
            eaten.push((food, amount, item.key_span));
        }
        for nutrient in &self.body.library.nutrients {
            if eaten.is_empty() || parts.iter().any(|p| p.nutrient == nutrient.name) {
                continue;
            }
            let mut total = 0.0;
            let mut known = false;
            let mut unknown = None;
            for (food, grams, span) in &eaten {
                match food.per_100_g.iter().find(|n| n.0 == nutrient.name) {
                    Some((_, amount)) => {
                        total += amount * grams / 100.0;
                        known = true;
                    }
                    None => unknown = Some((food.name.as_str(), *span)),
                }
            }
            match unknown {
                Some((food, span)) if known => self.push(
                    Diagnostic::error(
                        "scenario-missing",
                        format!("how much {} is in `{food}` is not known", nutrient.name),
                        span,
                    )
                    .help(format!(
                        "write the day's total beside the foods: {} = \"… /d\"",
                        nutrient.name
                    )),
                ),
                Some(_) => {}
                None => parts.push(DietPart {
                    nutrient: nutrient.name.clone(),
                    per_day: total,
                    said: "from foods".to_owned(),
                }),
            }
        }
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

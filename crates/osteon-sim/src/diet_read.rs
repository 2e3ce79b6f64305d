//! Reads a diet: by its name in the library, by nutrients, by foods, meal by meal, with the water that is drunk.

use osteon_model::{Diagnostic, Span, Unit};

use crate::foods_eaten::{Eaten, IN_SCENARIOS, brought, read_eaten};
use crate::library::Nutrient;
use crate::near_name::advice;
use crate::scenario::{DietPart, Meal};
use crate::scenario_read::Context;
use crate::toml_text::{Item, Table, shown};

/// Kilograms in a litre of drinking water; its salts and temperature change the third digit after the point. (textbook)
const WATER_KG_PER_L: f64 = 1.0;

impl Context<'_> {
    /// `"vegan"`, or a table: `use`, nutrients, `foods`, `meals`, `water`.
    ///
    /// A nutrient that is written stands for its total of food. Without that, foods add to the diet that is named, or make the whole
    /// diet if none is. Water comes on top of everything.
    pub(crate) fn diet(&self, item: &Item<'_, '_>) -> Vec<DietPart> {
        if item.is_text() {
            let mut parts = Vec::new();
            self.named_diet(item, &mut parts);
            return parts;
        }
        let Some(table) = item.table("the diet") else {
            return Vec::new();
        };
        let named = table.get("use");
        let foods = table.get("foods");
        let meals = table.get("meals");
        let water = table.get("water");
        let mut written: Vec<DietPart> = Vec::new();
        for item in table.rest() {
            self.written(&item, &mut written);
        }
        let mut parts = Vec::new();
        if let Some(named) = &named {
            self.named_diet(named, &mut parts);
        }
        // Everything eaten, with the hour of the meal if the diet says it.
        let mut eaten: Vec<(Option<f64>, Vec<Eaten>)> = Vec::new();
        if let Some(foods) = &foods {
            let list = read_eaten(&self.reading, &self.body.library, &IN_SCENARIOS, foods);
            eaten.push((None, list));
        }
        if let Some(meals) = &meals {
            if foods.is_some() {
                self.push(
                    meals
                        .fault("scenario-clash", "a diet says `foods` and `meals`")
                        .help("put every food into its meal, or leave the meals to the person"),
                );
            }
            if named.is_some() {
                self.push(
                    meals
                        .fault(
                            "scenario-clash",
                            "a diet of the library has its own foods and no hours",
                        )
                        .help("write the whole day meal by meal, or use `foods` to add to it"),
                );
            }
            self.meals_of_foods(meals, &mut eaten);
        }
        self.add_foods(&eaten, &written, named.is_some(), &mut parts);
        for part in written {
            match parts.iter_mut().find(|p| p.nutrient == part.nutrient) {
                Some(old) => *old = part,
                None => parts.push(part),
            }
        }
        if let Some(water) = &water {
            self.water(water, &mut parts);
        }
        parts
    }

    fn intake_unit(&self, nutrient: &Nutrient) -> Unit {
        self.body
            .vocabulary
            .get(&nutrient.averaged)
            .and_then(|w| w.unit)
            .unwrap_or(Unit::DIMENSIONLESS)
    }

    fn nutrient_named(&self, item: &Item<'_, '_>) -> Option<&Nutrient> {
        let found = self.body.library.nutrient(&item.key);
        if found.is_none() {
            let known = self.body.library.nutrients.iter().map(|n| n.name.as_str());
            let keys = ["use", "foods", "meals", "water"];
            let help = if self.body.library.food(&item.key).is_some() {
                format!(
                    "it is a food: foods = [{{ use = \"{}\", amount = \"100 g\" }}]",
                    item.key
                )
            } else {
                advice(&item.key, known.chain(keys), "library/nutrients.toml")
            };
            self.push(
                Diagnostic::error(
                    "scenario-unknown-name",
                    format!("no nutrient is called `{}`", item.key),
                    item.key_span,
                )
                .help(help),
            );
        }
        found
    }

    /// One nutrient with its amount a day.
    fn written(&self, item: &Item<'_, '_>, parts: &mut Vec<DietPart>) {
        let Some(nutrient) = self.nutrient_named(item) else {
            return;
        };
        let Some(measure) = item.measure("320 mg/d") else {
            return;
        };
        let unit = self.intake_unit(nutrient);
        match nutrient.substance.factor(&measure.unit, &unit) {
            Ok(factor)
                if nutrient
                    .largest
                    .as_ref()
                    .is_some_and(|(l, _)| measure.value * factor > *l) =>
            {
                let said = nutrient.largest.as_ref().map_or("", |l| l.1.as_str());
                self.push(
                    item.fault(
                        "scenario-impossible-value",
                        format!(
                            "{} {} of {} a day is more than anyone eats ({said})",
                            measure.value, measure.unit_text, nutrient.name
                        ),
                    )
                    .help("has a unit slipped (g for mg, mg for ug, mmol for mg)?"),
                );
            }
            Ok(factor) if measure.value >= 0.0 => {
                if parts.iter().any(|p| p.nutrient == nutrient.name) {
                    self.push(
                        Diagnostic::error(
                            "scenario-impossible-value",
                            format!("`{}` stands twice in this diet", nutrient.name),
                            item.key_span,
                        )
                        .help("one line for each nutrient"),
                    );
                }
                parts.push(DietPart {
                    nutrient: nutrient.name.clone(),
                    per_day: measure.value * factor,
                    at: Vec::new(),
                    said: item.text().unwrap_or("").to_owned(),
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

    /// A diet of the library: its foods and nutrients, by the person's sex where it says so.
    fn named_diet(&self, item: &Item<'_, '_>, parts: &mut Vec<DietPart>) {
        let Some(name) = item.text() else { return };
        let library = &self.body.library;
        let Some(diet) = library.diet(name) else {
            let known = library
                .diets
                .iter()
                .flat_map(|d| std::iter::once(&d.name).chain(&d.aliases))
                .map(String::as_str);
            let help = if library.food(name).is_some() {
                format!("it is a food: foods = [{{ use = \"{name}\", amount = \"100 g\" }}]")
            } else {
                advice(name, known, "osteon list diets")
            };
            self.push(
                item.fault(
                    "scenario-unknown-name",
                    format!("no diet is called `{name}`"),
                )
                .help(help),
            );
            return;
        };
        let female = match (diet.by_sex(), self.sex.get()) {
            (false, _) => true,
            (true, Some(female)) => female,
            (true, None) => {
                self.push(
                    item.fault(
                        "scenario-missing",
                        format!("the diet `{}` differs between women and men, and this place knows no one sex", diet.name),
                    )
                    .help("put the diet where the sex is known ([arm.person] or the arm's phases), or write the nutrients"),
                );
                return;
            }
        };
        let eaten: Vec<Eaten> = diet
            .foods
            .iter()
            .map(|f| Eaten::of_library(&f.food, f.grams, f.prepared.clone(), item.span))
            .collect();
        for nutrient in &library.nutrients {
            let per_day = match diet.parts.iter().find(|p| p.nutrient == nutrient.name) {
                Some(part) if female => part.women,
                Some(part) => part.men,
                // The library is checked: what is not written comes from foods whose content is known.
                None => brought(library, &eaten, &nutrient.name).unwrap_or(f64::NAN),
            };
            parts.push(DietPart {
                nutrient: nutrient.name.clone(),
                per_day,
                at: Vec::new(),
                said: diet.name.clone(),
            });
        }
    }

    /// `meals = [{ at = "08:00", foods = […] }]`
    fn meals_of_foods(&self, item: &Item<'_, '_>, eaten: &mut Vec<(Option<f64>, Vec<Eaten>)>) {
        for part in item.list().into_iter().flatten() {
            let Some(table) = part.table("a meal of the diet") else {
                continue;
            };
            let at = table.need("at", "at = \"08:00\"");
            let foods = table.need(
                "foods",
                "foods = [{ use = \"oats, dry\", amount = \"80 g\" }]",
            );
            table.finish();
            let (Some(at), Some(foods)) = (at, foods) else {
                continue;
            };
            let Some(at_d) = at.days("08:00") else {
                continue;
            };
            if !(0.0..1.0).contains(&at_d) {
                self.push(
                    at.fault("scenario-impossible-value", "a meal lies within the day")
                        .help("at = \"08:00\""),
                );
                continue;
            }
            let list = read_eaten(&self.reading, &self.body.library, &IN_SCENARIOS, &foods);
            eaten.push((Some(at_d), list));
        }
    }

    /// Adds what foods bring. With a named diet they come on top of it; else they are the whole diet.
    fn add_foods(
        &self,
        eaten: &[(Option<f64>, Vec<Eaten>)],
        written: &[DietPart],
        on_top: bool,
        parts: &mut Vec<DietPart>,
    ) {
        if eaten.iter().all(|(_, list)| list.is_empty()) {
            return;
        }
        let library = &self.body.library;
        for nutrient in &library.nutrients {
            if written.iter().any(|p| p.nutrient == nutrient.name) {
                continue;
            }
            let mut total = 0.0;
            let mut at: Vec<Meal> = Vec::new();
            let mut unknown: Option<(&str, Span)> = None;
            let mut known = on_top;
            for (hour, list) in eaten {
                known |= list
                    .iter()
                    .any(|e| brought(library, std::slice::from_ref(e), &nutrient.name).is_ok());
                match brought(library, list, &nutrient.name) {
                    Ok(amount) => {
                        total += amount;
                        if let Some(at_d) = *hour {
                            at.push(Meal {
                                at_d,
                                share: amount,
                            });
                        }
                    }
                    Err(food) => unknown = unknown.or(Some(food)),
                }
            }
            if let Some((food, span)) = unknown {
                // A nutrient of which no food of the diet is known stays as usual.
                if known {
                    self.push(
                        Diagnostic::error(
                            "scenario-missing",
                            format!("how much {} is in `{food}` is not known", nutrient.name),
                            span,
                        )
                        .help(format!(
                            "write the day's total beside the foods: {} = \"… /d\"",
                            nutrient.name
                        )),
                    );
                }
                continue;
            }
            at.retain(|m| m.share > 0.0);
            at.iter_mut().for_each(|m| m.share /= total);
            at.sort_by(|a, b| a.at_d.total_cmp(&b.at_d));
            at.dedup_by(|later, first| {
                let same = later.at_d == first.at_d;
                if same {
                    first.share += later.share;
                }
                same
            });
            match parts.iter_mut().find(|p| p.nutrient == nutrient.name) {
                Some(part) => {
                    part.per_day += total;
                    part.said += " and foods";
                }
                None => parts.push(DietPart {
                    nutrient: nutrient.name.clone(),
                    per_day: total,
                    at,
                    said: "from foods".to_owned(),
                }),
            }
        }
    }

    /// `water = { X = "20 mg/L", Y = "80 mg/L", drink = "1.5 L/d" }`, or `{ use = "tap water", drink = "1.5 L/d" }`.
    fn water(&self, item: &Item<'_, '_>, parts: &mut [DietPart]) {
        let Some(table) = item.table("water") else {
            return;
        };
        let used = table.get("use");
        let drink = table.need("drink", "drink = \"1.5 L/d\"");
        let minerals = table.rest();
        minerals.iter().for_each(|m| table.claim(&m.key));
        let litres_a_day = Unit::parse("L/d").expect("L/d is a unit");
        let Some(drink) = drink else { return };
        let Some(litres) = drink.in_unit(&litres_a_day, "1.5 L/d") else {
            return;
        };
        if !(0.0..=20.0).contains(&litres) {
            self.push(
                drink
                    .fault(
                        "scenario-impossible-value",
                        format!("nobody drinks {litres} L of water a day"),
                    )
                    .help("drink = \"1.5 L/d\""),
            );
            return;
        }
        if let Some(used) = &used {
            self.library_water(used, litres, &table, parts);
        }
        if used.is_none() && minerals.is_empty() {
            self.push(
                item.fault("scenario-missing", "the water brings nothing")
                    .help("water = { X = \"20 mg/L\", drink = \"1.5 L/d\" }"),
            );
        }
        for mineral in minerals {
            let Some(nutrient) = self.nutrient_named(&mineral) else {
                continue;
            };
            let Some(measure) = mineral.measure("20 mg/L") else {
                continue;
            };
            let unit = self.intake_unit(nutrient);
            match nutrient
                .substance
                .factor(&measure.unit.times(&litres_a_day), &unit)
            {
                Ok(factor) if measure.value >= 0.0 => {
                    let name = nutrient.name.clone();
                    self.drunk(&mineral, &name, measure.value * factor * litres, parts);
                }
                Ok(_) => self.push(
                    mineral
                        .fault(
                            "scenario-impossible-value",
                            format!("`{}` in water cannot be negative", mineral.key),
                        )
                        .help("\"20 mg/L\""),
                ),
                Err(why) => self.push(
                    mineral
                        .fault(
                            "scenario-wrong-dimension",
                            format!(
                                "`{}` in water is an amount in a litre, and is in {}: {why}",
                                mineral.key,
                                shown(&measure)
                            ),
                        )
                        .help(format!("{} = \"20 mg/L\"", mineral.key)),
                ),
            }
        }
    }

    fn library_water(
        &self,
        used: &Item<'_, '_>,
        litres: f64,
        table: &Table<'_, '_>,
        parts: &mut [DietPart],
    ) {
        let _ = table;
        let Some(name) = used.text() else { return };
        let library = &self.body.library;
        let Some(water) = library.food(name) else {
            let known = library.foods.keys().map(String::as_str);
            self.push(
                used.fault(
                    "scenario-unknown-name",
                    format!("no water is called `{name}`"),
                )
                .help(advice(
                    name,
                    known.filter(|k| k.contains("water")),
                    "osteon list foods",
                )),
            );
            return;
        };
        for (nutrient, per_100_g) in &water.per_100_g {
            let amount = per_100_g * 10.0 * WATER_KG_PER_L * litres;
            if amount > 0.0 {
                self.drunk(used, nutrient, amount, parts);
            }
        }
    }

    /// Adds to an amount that the diet says.
    fn drunk(&self, item: &Item<'_, '_>, nutrient: &str, amount: f64, parts: &mut [DietPart]) {
        match parts.iter_mut().find(|p| p.nutrient == nutrient) {
            Some(part) => {
                part.per_day += amount;
                part.said += " and water";
            }
            None => self.push(
                item.fault(
                    "scenario-missing",
                    format!(
                        "water brings {nutrient}, and the diet does not say how much food brings"
                    ),
                )
                .help(format!(
                    "add {nutrient} = \"… /d\" to this diet, or name a diet of the library"
                )),
            ),
        }
    }
}

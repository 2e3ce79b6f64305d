//! Reads `library/preparations.toml` and `library/diets.toml`: what cooking leaves, and diets that scenarios may name.

use osteon_model::{Diagnostic, Unit};

use crate::foods_eaten::{IN_LIBRARY, brought, read_eaten};
use crate::library::{Diet, DietFood, DietNutrient, Fact, Preparation};
use crate::library_read::{LibraryReader, pedigree, read_fact};
use crate::near_name::advice;
use crate::toml_text::{Item, Reading, Table};

impl LibraryReader<'_> {
    fn known_nutrient(&self, reading: &Reading, item: &Item<'_, '_>) -> Option<String> {
        let name = item.text()?;
        let found = self.library.nutrient(name).map(|n| n.name.clone());
        if found.is_none() {
            let known = self.library.nutrients.iter().map(|n| n.name.as_str());
            reading.push(
                item.fault(
                    "library-unknown-symbol",
                    format!("no nutrient is called `{name}`"),
                )
                .help(advice(name, known, "library/nutrients.toml")),
            );
        }
        found
    }

    /// `preparations.toml`
    pub(crate) fn preparations(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[{}]", item.key)) else {
                continue;
            };
            let words = pedigree(reading, &item, &table);
            let keeps = table
                .need("keeps", "keeps = [{ nutrient = \"…\", value = 0.8, … }]")
                .and_then(|i| i.list())
                .map(|list| {
                    list.iter()
                        .filter_map(|part| self.kept(reading, part))
                        .collect::<Vec<_>>()
                });
            table.finish();
            if let (Some(words), Some(keeps)) = (words, keeps) {
                self.library.preparations.push(Preparation {
                    name: item.key.clone(),
                    label: words.label,
                    aliases: words.aliases,
                    keeps,
                    grade: words.grade,
                    sources: words.sources,
                    note: words.note,
                });
            }
        }
    }

    fn kept(&self, reading: &Reading, part: &Item<'_, '_>) -> Option<(String, Fact)> {
        let table = part.table("keeps")?;
        let nutrient = table.need("nutrient", "the nutrient that is kept");
        let mut fact = read_fact(reading, &table)?;
        table.finish();
        let nutrient = self.known_nutrient(reading, &nutrient?)?;
        if !(0.0..=1.0).contains(&fact.value) {
            reading.push(part.fault(
                "library-fractions",
                format!(
                    "`value` of {nutrient} is {}; a share that is left lies between 0 and 1",
                    fact.value
                ),
            ));
            return None;
        }
        fact.what = format!("share of {nutrient} left");
        Some((nutrient, fact))
    }

    /// `diets.toml`
    pub(crate) fn diets(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[{}]", item.key)) else {
                continue;
            };
            let diet = self.named_diet(reading, &item, &table);
            table.finish();
            self.library.diets.extend(diet);
        }
    }

    fn named_diet(
        &self,
        reading: &Reading,
        item: &Item<'_, '_>,
        table: &Table<'_, '_>,
    ) -> Option<Diet> {
        let words = pedigree(reading, item, table);
        let mut parts = Vec::new();
        for part in table
            .get("nutrients")
            .and_then(|i| i.list())
            .into_iter()
            .flatten()
        {
            parts.push(self.diet_nutrient(reading, &part)?);
        }
        let eaten = table.get("foods").map_or_else(Vec::new, |i| {
            read_eaten(reading, &self.library, &IN_LIBRARY, &i)
        });
        // A named diet speaks of every nutrient: nothing of it is left to a default that nobody sees.
        for nutrient in &self.library.nutrients {
            if parts.iter().any(|p| p.nutrient == nutrient.name) {
                continue;
            }
            let known = !eaten.is_empty() && brought(&self.library, &eaten, &nutrient.name).is_ok();
            if !known {
                reading.push(
                    Diagnostic::error(
                        "library-missing",
                        format!(
                            "the diet `{}` does not say how much {} it brings",
                            item.key, nutrient.name
                        ),
                        item.key_span,
                    )
                    .help("add it to `nutrients`, or use foods whose content is known"),
                );
                return None;
            }
        }
        let words = words?;
        Some(Diet {
            name: item.key.clone(),
            label: words.label,
            aliases: words.aliases,
            parts,
            foods: eaten
                .into_iter()
                .map(|e| DietFood {
                    food: e.food,
                    grams: e.grams,
                    said: e.said,
                    prepared: e.prepared,
                })
                .collect(),
            grade: words.grade,
            sources: words.sources,
            note: words.note,
        })
    }

    fn diet_nutrient(&self, reading: &Reading, part: &Item<'_, '_>) -> Option<DietNutrient> {
        let table = part.table("nutrients")?;
        let named = table.need("nutrient", "nutrient = \"…\"");
        let amount = table.get("amount");
        let (women, men) = (table.get("women"), table.get("men"));
        let mut fact = read_fact(reading, &table)?;
        table.finish();
        let name = self.known_nutrient(reading, &named?)?;
        let (women, men) = match (amount, women, men) {
            (Some(both), None, None) => (both.clone(), both),
            (None, Some(women), Some(men)) => (women, men),
            _ => {
                reading.push(
                    part.fault(
                        "library-missing",
                        format!("{name} needs `amount`, or `women` and `men`"),
                    )
                    .help("amount = \"320 mg/d\""),
                );
                return None;
            }
        };
        let nutrient = self.library.nutrient(&name)?;
        let unit = self
            .words
            .get(&nutrient.averaged)
            .and_then(|w| w.unit)
            .unwrap_or(Unit::DIMENSIONLESS);
        let daily = |item: &Item<'_, '_>| {
            let measure = item.measure("320 mg/d")?;
            match nutrient.substance.factor(&measure.unit, &unit) {
                Ok(factor) if measure.value >= 0.0 => Some(measure.value * factor),
                Ok(_) => {
                    reading.push(item.fault("library-unit", "an amount below zero"));
                    None
                }
                Err(why) => {
                    reading.push(
                        item.fault("library-unit", why)
                            .help("amount = \"320 mg/d\""),
                    );
                    None
                }
            }
        };
        fact.what = name.clone();
        let amounts = (daily(&women)?, daily(&men)?);
        fact.value = amounts.0;
        Some(DietNutrient {
            nutrient: name,
            women: amounts.0,
            men: amounts.1,
            said: (
                women.text().unwrap_or("").to_owned(),
                men.text().unwrap_or("").to_owned(),
            ),
            fact,
        })
    }
}

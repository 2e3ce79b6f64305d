//! Foods as people write them: so many grams or servings of each, perhaps prepared in some way, and what they bring of each nutrient.

use osteon_model::{Diagnostic, Span, Unit};

use crate::library::{Food, Library};
use crate::near_name::advice;
use crate::toml_text::{Item, Reading};

/// A food that is eaten.
#[derive(Debug, Clone)]
pub(crate) struct Eaten {
    pub(crate) food: String,
    pub(crate) grams: f64,
    pub(crate) prepared: Option<String>,
    pub(crate) said: String,
    span: Span,
}

impl Eaten {
    /// A food of a diet of the library.
    pub(crate) fn of_library(
        food: &str,
        grams: f64,
        prepared: Option<String>,
        span: Span,
    ) -> Eaten {
        Eaten {
            food: food.to_owned(),
            grams,
            prepared,
            said: String::new(),
            span,
        }
    }
}

/// Ids of faults that differ between scenarios and the library.
pub(crate) struct Ids {
    pub(crate) unknown: &'static str,
    pub(crate) impossible: &'static str,
    pub(crate) unit: &'static str,
}

/// In scenarios.
pub(crate) const IN_SCENARIOS: Ids = Ids {
    unknown: "scenario-unknown-name",
    impossible: "scenario-impossible-value",
    unit: "scenario-wrong-dimension",
};

/// In the library.
pub(crate) const IN_LIBRARY: Ids = Ids {
    unknown: "library-unknown-symbol",
    impossible: "library-wrong-kind",
    unit: "library-unit",
};

/// Grams from `80 g`, `80 g/d`, `2 servings`, `3 servings/wk`; what has no time is a day's amount.
fn grams(reading: &Reading, ids: &Ids, item: &Item<'_, '_>, food: &Food) -> Option<f64> {
    let text = item.text()?.trim();
    let (amount, per) = match text.split_once('/') {
        Some((amount, per)) => (amount.trim(), Some(per.trim())),
        None => (text, None),
    };
    let counted = amount
        .strip_suffix("servings")
        .or_else(|| amount.strip_suffix("serving"))
        .map(str::trim);
    let grams = match counted {
        Some(number) => {
            let Ok(number) = number.parse::<f64>() else {
                reading.push(
                    item.fault(
                        reading.family.wrong_kind,
                        format!("`{text}` should begin with a number"),
                    )
                    .help("\"2 servings\""),
                );
                return None;
            };
            let Some(serving) = food.serving_g else {
                reading.push(
                    item.fault(
                        reading.family.unknown_unit,
                        format!(
                            "the library does not say how much a serving of `{}` is",
                            food.name
                        ),
                    )
                    .help("write grams: \"100 g\""),
                );
                return None;
            };
            let day = Unit::parse("d").expect("the day is a unit");
            let days = match per {
                None => Some(1.0),
                Some(per) => Unit::parse(per).ok().and_then(|u| u.conversion_to(&day)),
            };
            let Some(days) = days else {
                reading.push(
                    item.fault(
                        ids.unit,
                        format!("`{text}`: servings are counted a day, week or month"),
                    )
                    .help("\"2 servings\" (a day) or \"3 servings/wk\""),
                );
                return None;
            };
            number * serving / days
        }
        None => {
            let measure = item.measure("80 g")?;
            let gram = Unit::parse("g").expect("the gram is a unit");
            let a_day = Unit::parse("g/d").expect("g/d is a unit");
            let factor = measure
                .unit
                .conversion_to(&a_day)
                .or_else(|| measure.unit.conversion_to(&gram));
            let Some(factor) = factor else {
                reading.push(
                    item.fault(
                        ids.unit,
                        format!(
                            "the amount of `{}` is in {}; foods are weighed or counted in servings",
                            food.name,
                            if measure.unit_text.is_empty() {
                                "no unit"
                            } else {
                                &measure.unit_text
                            }
                        ),
                    )
                    .help("\"80 g\" or \"2 servings\", both a day"),
                );
                return None;
            };
            measure.value * factor
        }
    };
    if grams < 0.0 || !grams.is_finite() {
        reading.push(
            item.fault(
                ids.impossible,
                format!("the amount of `{}` cannot be negative", food.name),
            )
            .help("leave out what is not eaten"),
        );
        return None;
    }
    Some(grams)
}

/// `[{ use = "oats, dry", amount = "80 g", prepared = "boiled" }]`, or the short form `{ "oats, dry" = "80 g" }`.
pub(crate) fn read_eaten(
    reading: &Reading,
    library: &Library,
    ids: &Ids,
    item: &Item<'_, '_>,
) -> Vec<Eaten> {
    let find = |item: &Item<'_, '_>, name: &str, span: Span| {
        let found = library.food(name);
        if found.is_none() {
            let known = library.foods.keys().map(String::as_str);
            reading.push(
                Diagnostic::error(ids.unknown, format!("no food is called `{name}`"), span)
                    .help(advice(name, known, "osteon list foods")),
            );
        }
        let _ = item;
        found
    };
    let mut eaten = Vec::new();
    if item.is_table() {
        let Some(table) = item.table("foods") else {
            return eaten;
        };
        for item in table.items() {
            let Some(food) = find(&item, &item.key, item.key_span) else {
                continue;
            };
            if let Some(grams) = grams(reading, ids, &item, food) {
                eaten.push(Eaten {
                    food: food.name.clone(),
                    grams,
                    prepared: None,
                    said: item.text().unwrap_or("").to_owned(),
                    span: item.key_span,
                });
            }
        }
        return eaten;
    }
    for part in item.list().into_iter().flatten() {
        let Some(table) = part.table("a food") else {
            continue;
        };
        let used = table.need("use", "use = \"almonds\", a name of library/foods.csv");
        let amount = table.need("amount", "amount = \"30 g\" or \"2 servings\"");
        let prepared = table.get("prepared");
        table.finish();
        let (Some(used), Some(amount)) = (used, amount) else {
            continue;
        };
        let Some(food) = used.text().and_then(|name| find(&used, name, used.span)) else {
            continue;
        };
        let prepared = match prepared {
            None => None,
            Some(item) => {
                let Some(name) = item.text() else { continue };
                let Some(way) = library.preparation(name) else {
                    let known = library.preparations.iter().map(|p| p.name.as_str());
                    reading.push(
                        item.fault(
                            ids.unknown,
                            format!("no way of preparing food is called `{name}`"),
                        )
                        .help(advice(
                            name,
                            known,
                            "library/preparations.toml",
                        )),
                    );
                    continue;
                };
                Some(way.name.clone())
            }
        };
        if let Some(grams) = grams(reading, ids, &amount, food) {
            eaten.push(Eaten {
                food: food.name.clone(),
                grams,
                prepared,
                said: amount.text().unwrap_or("").to_owned(),
                span: used.span,
            });
        }
    }
    eaten
}

/// What foods bring of a nutrient a day. `Err` names the food whose content is not known, and where it stands.
pub(crate) fn brought<'e>(
    library: &Library,
    eaten: &'e [Eaten],
    nutrient: &str,
) -> Result<f64, (&'e str, Span)> {
    let mut total = 0.0;
    for one in eaten {
        let amount = library
            .foods
            .get(&one.food)
            .and_then(|f| f.per_100_g.iter().find(|n| n.0 == nutrient))
            .ok_or((one.food.as_str(), one.span))?
            .1;
        let kept = one
            .prepared
            .as_deref()
            .and_then(|p| library.preparation(p))
            .and_then(|p| p.keeps.iter().find(|k| k.0 == nutrient))
            .map_or(1.0, |k| k.1.value);
        total += amount * kept * one.grams / 100.0;
    }
    Ok(total)
}

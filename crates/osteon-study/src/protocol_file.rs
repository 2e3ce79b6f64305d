//! What a protocol may be made of and what it may not go beyond: `library/protocol.toml` and `library/safety.toml`, read against a person.
//! Knows no nutrient by name; runs nothing.

use std::collections::BTreeMap;

use osteon_model::{Sources, Unit};
use osteon_sim::{
    Body, DietPart, Nutrient, Phase, Regimen, Scenario, Shelf, read_measure, read_scenario,
};

/// Where the levers are.
pub const LEVERS: &str = "library/protocol.toml";
/// Where the limits are.
pub const SAFETY: &str = "library/safety.toml";

/// Amounts a day by nutrient, in the unit of the nutrient's averaged input.
pub type Amounts = BTreeMap<String, f64>;

/// One thing that a person may do from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// In words.
    pub words: String,
    /// What it asks of a person.
    pub effort: f64,
    /// What it does.
    pub phase: Phase,
    /// What it brings beside food.
    pub supplements: Amounts,
    /// What it adds to food.
    pub food: Amounts,
}

/// Choices of which one is taken, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Lever {
    /// Name.
    pub name: String,
    /// Choices.
    pub choices: Vec<Choice>,
}

/// An upper level.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Nutrient.
    pub nutrient: String,
    /// True if food does not count.
    pub supplements_only: bool,
    /// Most a day, in the unit of the nutrient's averaged input.
    pub upper: f64,
    /// As written.
    pub said: String,
    /// Why, with its source.
    pub why: String,
}

/// A bound of a quantity, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Dotted name.
    pub quantity: String,
    /// The bound.
    pub value: f64,
    /// As written.
    pub said: String,
    /// Why, with its source.
    pub why: String,
}

/// A person to whom supplements of a nutrient are not given.
#[derive(Debug, Clone, PartialEq)]
pub struct Contraindication {
    /// Nutrient.
    pub nutrient: String,
    /// Quantity below whose bound it holds.
    pub bound: Bound,
}

/// Everything that protocols keep to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Safety {
    /// Refused beyond.
    pub limits: Vec<Limit>,
    /// Told beyond.
    pub advice: Vec<Limit>,
    /// Refused to some.
    pub contraindications: Vec<Contraindication>,
    /// What may not be brought about.
    pub bounds: Vec<Bound>,
}

fn table_of(sources: &dyn Sources, file: &str) -> Result<toml::Table, String> {
    let text = sources.text(file).map_err(|e| e.to_string())?;
    text.parse().map_err(|e| format!("{file}: {e}"))
}

fn entries<'t>(table: &'t toml::Table, key: &str) -> &'t [toml::Value] {
    table
        .get(key)
        .and_then(toml::Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'t>(entry: &'t toml::Value, key: &str, place: &str) -> Result<&'t str, String> {
    entry
        .get(key)
        .and_then(toml::Value::as_str)
        .ok_or_else(|| format!("{place}: needs `{key}`"))
}

fn nutrient_of<'b>(body: &'b Body, name: &str, place: &str) -> Result<&'b Nutrient, String> {
    body.library
        .nutrient(name)
        .ok_or_else(|| format!("{place}: no nutrient is called `{name}`"))
}

fn unit_of(body: &Body, symbol: &str) -> Unit {
    body.vocabulary
        .get(symbol)
        .and_then(|w| w.unit)
        .unwrap_or(Unit::DIMENSIONLESS)
}

/// `why (source)`; a number without a source is assumed and says so.
fn pedigree(entry: &toml::Value, place: &str) -> Result<String, String> {
    let (why, origin) = (text(entry, "why", place)?, text(entry, "origin", place)?);
    match entry.get("source").and_then(toml::Value::as_str) {
        Some(source) => Ok(format!("{why} ({source})")),
        None if origin == "assumed" => Ok(format!("{why} (assumed)")),
        None => Err(format!("{place}: needs a `source` unless it is assumed")),
    }
}

/// Reads the limits.
///
/// # Errors
/// In words, with the entry that is at fault.
pub fn read_safety(sources: &dyn Sources, body: &Body) -> Result<Safety, String> {
    let table = table_of(sources, SAFETY)?;
    let limit = |entry: &toml::Value, key: &str| -> Result<Limit, String> {
        let name = text(entry, "nutrient", SAFETY)?;
        let place = format!("{SAFETY}: {name}");
        let nutrient = nutrient_of(body, name, &place)?;
        let said = text(entry, key, &place)?;
        let measure =
            read_measure(said).map_err(|_| format!("{place}: `{said}` is no amount a day"))?;
        let factor = nutrient
            .substance
            .factor(&measure.unit, &unit_of(body, &nutrient.averaged))
            .map_err(|e| format!("{place}: {said}: {e}"))?;
        let supplements_only = match text(entry, "of", &place)? {
            "supplements" => true,
            "all" => false,
            other => {
                return Err(format!(
                    "{place}: of = \"{other}\" is neither supplements nor all"
                ));
            }
        };
        Ok(Limit {
            nutrient: nutrient.name.clone(),
            supplements_only,
            upper: measure.value * factor,
            said: said.to_owned(),
            why: pedigree(entry, &place)?,
        })
    };
    let bound = |entry: &toml::Value, key: &str| -> Result<Bound, String> {
        let name = text(entry, "quantity", SAFETY)?;
        let place = format!("{SAFETY}: {name}");
        let said = text(entry, key, &place)?;
        Ok(Bound {
            quantity: name.to_owned(),
            value: in_unit_of(body, name, said).map_err(|e| format!("{place}: {e}"))?,
            said: said.to_owned(),
            why: pedigree(entry, &place)?,
        })
    };
    let mut found = Safety::default();
    for entry in entries(&table, "limit") {
        found.limits.push(limit(entry, "upper")?);
    }
    for entry in entries(&table, "advice") {
        found.advice.push(limit(entry, "above")?);
    }
    for entry in entries(&table, "contraindication") {
        let name = text(entry, "nutrient", SAFETY)?;
        found.contraindications.push(Contraindication {
            nutrient: nutrient_of(body, name, SAFETY)?.name.clone(),
            bound: bound(entry, "below")?,
        });
    }
    for entry in entries(&table, "bound") {
        found.bounds.push(bound(entry, "upper")?);
    }
    if found.limits.is_empty() {
        return Err(format!("{SAFETY}: there is no [[limit]]"));
    }
    Ok(found)
}

/// A value such as `1.1 mmol/L` in the unit of a quantity.
pub(crate) fn in_unit_of(body: &Body, quantity: &str, said: &str) -> Result<f64, String> {
    let known = body
        .library
        .quantity(quantity)
        .ok_or_else(|| format!("there is no quantity `{quantity}`"))?;
    let measure = read_measure(said).map_err(|_| {
        format!(
            "`{said}` is no value with a unit, such as \"1 {}\"",
            known.unit
        )
    })?;
    let unit = Unit::parse(&known.unit).map_err(|_| format!("unit `{}`", known.unit))?;
    let factor = known
        .substance
        .factor(&measure.unit, &unit)
        .map_err(|e| format!("`{said}`: {e}"))?;
    Ok(measure.value * factor)
}

/// What products bring a day, all of it, dissolved or not.
pub(crate) fn brought(body: &Body, regimens: &[Regimen]) -> Amounts {
    let mut amounts = Amounts::new();
    for regimen in regimens {
        let product = body
            .library
            .entry(Shelf::Supplement, &regimen.entry)
            .and_then(|e| e.product.as_ref());
        let nutrient = product
            .and_then(|p| p.nutrient.as_deref())
            .and_then(|n| body.library.nutrient(n));
        let Some(nutrient) = nutrient else {
            continue;
        };
        let target = unit_of(body, &nutrient.averaged);
        for deposit in regimen.averaged.iter().flatten() {
            let factor = nutrient
                .substance
                .factor(&unit_of(body, &deposit.symbol), &target)
                .unwrap_or(f64::NAN);
            *amounts.entry(nutrient.name.clone()).or_insert(0.0) += deposit.amount * factor;
        }
    }
    amounts
}

/// What a person's usual food brings a day.
pub(crate) fn usual_food(body: &Body, diet: &[DietPart]) -> Amounts {
    body.library
        .nutrients
        .iter()
        .filter_map(|n| {
            let said = diet
                .iter()
                .find(|d| d.nutrient == n.name)
                .map(|d| d.per_day);
            let usual = said.or_else(|| body.vocabulary.get(&n.averaged).and_then(|w| w.number))?;
            Some((n.name.clone(), usual))
        })
        .collect()
}

/// Reads the levers for the person of a scenario's first arm: additions to food are additions to theirs.
///
/// # Errors
/// In words, with the choice that is at fault.
pub fn read_levers(
    sources: &dyn Sources,
    body: &Body,
    scenario: &Scenario,
) -> Result<Vec<Lever>, String> {
    let table = table_of(sources, LEVERS)?;
    let usual = usual_food(body, &scenario.arms[0].person.diet);
    let mut levers = Vec::new();
    for entry in entries(&table, "lever") {
        let name = text(entry, "name", LEVERS)?;
        let mut choices = Vec::new();
        let options = entry
            .get("option")
            .and_then(toml::Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for option in options {
            let words = text(option, "words", &format!("{LEVERS}: {name}"))?;
            let place = format!("{LEVERS}: {words}");
            choices.push(choice(body, option, words, &usual, &place)?);
        }
        if choices.is_empty() {
            return Err(format!("{LEVERS}: {name}: needs an [[lever.option]]"));
        }
        levers.push(Lever {
            name: name.to_owned(),
            choices,
        });
    }
    Ok(levers)
}

fn choice(
    body: &Body,
    option: &toml::Value,
    words: &str,
    usual: &Amounts,
    place: &str,
) -> Result<Choice, String> {
    let effort = option
        .get("effort")
        .and_then(|e| e.as_float().or_else(|| e.as_integer().map(|i| i as f64)))
        .filter(|e| *e >= 0.0)
        .ok_or_else(|| format!("{place}: needs an `effort`, 0 or more"))?;
    let add = option.get("add").and_then(toml::Value::as_table);
    let said = match (option.get("phase").and_then(toml::Value::as_str), add) {
        (Some(phase), None) => phase.to_owned(),
        (None, Some(add)) => format!("diet = {}", toml::Value::Table(add.clone())),
        _ => return Err(format!("{place}: needs either `phase` or `add`")),
    };
    // The words of scenarios, read as scenarios are.
    let whole = format!(
        "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"70 kg\"\n[[phase]]\nfrom = \"0 d\"\n{said}\n[record]\nuntil = \"1 d\"\nclock = \"averaged\"\n"
    );
    let read = read_scenario(&whole, place, body).map_err(|faults| faults.render())?;
    let mut phase = read
        .arms
        .into_iter()
        .next()
        .and_then(|a| a.phases.into_iter().next())
        .ok_or_else(|| format!("{place}: does nothing"))?;
    let mut food = Amounts::new();
    for part in &mut phase.diet {
        food.insert(part.nutrient.clone(), part.per_day);
        part.per_day += usual.get(&part.nutrient).copied().unwrap_or(f64::NAN);
        words.clone_into(&mut part.said);
    }
    Ok(Choice {
        words: words.to_owned(),
        effort,
        supplements: brought(body, &phase.regimens),
        phase,
        food,
    })
}

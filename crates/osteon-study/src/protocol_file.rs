//! What a protocol may be made of and what it may not go beyond: `library/protocol.toml` and `library/safety.toml`, read against a person.
//! Knows no nutrient by name; runs nothing.

use std::collections::BTreeMap;

use osteon_model::{Sources, Unit};
use osteon_sim::{
    Arm, Body, DietPart, Nutrient, Phase, Regimen, Scenario, Shelf, read_measure, read_scenario,
    suggestion,
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
    /// What it asks of a person: 1 is one pill a day for good.
    pub effort: f64,
    /// Least and greatest that the effort may be.
    pub effort_range: (f64, f64),
    /// Where the effort comes from, in words.
    pub effort_why: String,
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
    /// True if values below it are beyond.
    pub is_lower: bool,
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
    /// Nutrients of which no supplement is given to anybody, and why.
    pub never: Vec<(String, String)>,
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
    let advice = |entry: &toml::Value| -> Result<Limit, String> {
        let name = text(entry, "nutrient", SAFETY)?;
        let place = format!("{SAFETY}: {name}");
        let nutrient = nutrient_of(body, name, &place)?;
        let said = text(entry, "above", &place)?;
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
            is_lower: key == "lower",
            said: said.to_owned(),
            why: pedigree(entry, &place)?,
        })
    };
    let mut found = Safety::default();
    // The upper levels are the library's, which also tells of them when a scenario goes beyond one.
    for nutrient in &body.library.nutrients {
        if let Some(upper) = &nutrient.upper {
            found.limits.push(Limit {
                nutrient: nutrient.name.clone(),
                supplements_only: !upper.with_food,
                upper: upper.per_day,
                said: upper.said.clone(),
                why: format!("{} ({})", upper.says, upper.source),
            });
        }
    }
    for entry in entries(&table, "advice") {
        found.advice.push(advice(entry)?);
    }
    for entry in entries(&table, "never") {
        let name = text(entry, "nutrient", SAFETY)?;
        let nutrient = nutrient_of(body, name, SAFETY)?.name.clone();
        let place = format!("{SAFETY}: {name}");
        found.never.push((nutrient, pedigree(entry, &place)?));
    }
    for entry in entries(&table, "contraindication") {
        let name = text(entry, "nutrient", SAFETY)?;
        found.contraindications.push(Contraindication {
            nutrient: nutrient_of(body, name, SAFETY)?.name.clone(),
            bound: bound(entry, "below")?,
        });
    }
    for entry in entries(&table, "bound") {
        let ends = ["lower", "upper"]
            .into_iter()
            .filter(|end| entry.get(end).is_some());
        let read: Vec<Bound> = ends
            .map(|end| bound(entry, end))
            .collect::<Result<_, _>>()?;
        if read.is_empty() {
            return Err(format!("{SAFETY}: a [[bound]] needs `lower` or `upper`"));
        }
        found.bounds.extend(read);
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

/// The most that a person takes a day anyway: all their life, and in any phase of the scenario together with it.
pub(crate) fn taken(body: &Body, arm: &Arm) -> Amounts {
    let always = brought(body, &arm.person.regimens);
    let mut most = always.clone();
    for phase in &arm.phases {
        // Phases that overlap are taken together.
        let together = arm
            .phases
            .iter()
            .filter(|p| p.from_d <= phase.from_d && phase.from_d < p.until_d);
        let regimens: Vec<Regimen> = together.flat_map(|p| p.regimens.clone()).collect();
        for (nutrient, amount) in brought(body, &regimens) {
            let total = amount + always.get(&nutrient).copied().unwrap_or(0.0);
            let known = most.entry(nutrient).or_insert(0.0);
            *known = known.max(total);
        }
    }
    most
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

/// `effort = { value = 1.5, range = [1, 2], origin = …, source = …, why = … }`.
fn effort(option: &toml::Value, place: &str) -> Result<(f64, (f64, f64), String), String> {
    let number = |value: &toml::Value| {
        let number = value
            .as_float()
            .or_else(|| value.as_integer().map(|i| i as f64));
        number.filter(|e| *e >= 0.0 && e.is_finite())
    };
    let said = option
        .get("effort")
        .filter(|e| e.is_table())
        .ok_or_else(|| format!("{place}: needs `effort = {{ value, range, origin, why }}`"))?;
    let value = said
        .get("value")
        .and_then(number)
        .ok_or_else(|| format!("{place}: an effort has a `value`, 0 or more"))?;
    let ends: Vec<f64> = said
        .get("range")
        .and_then(toml::Value::as_array)
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(number)
        .collect();
    let [least, greatest] = ends[..] else {
        return Err(format!(
            "{place}: an effort has a `range = [least, greatest]`"
        ));
    };
    if !(least..=greatest).contains(&value) {
        return Err(format!(
            "{place}: the effort {value} lies outside its range"
        ));
    }
    Ok((value, (least, greatest), pedigree(said, place)?))
}

/// Sets what a choice asks of a person (`name` is its words), or multiplies the efforts of all choices of a lever (`name` is the
/// lever's).
///
/// # Errors
/// In words, when there is no such choice and no such lever, or the number is negative.
pub fn weigh(levers: &mut [Lever], name: &str, by: f64) -> Result<(), String> {
    if by.is_nan() || by < 0.0 || by.is_infinite() {
        return Err(format!(
            "weight of `{name}`: a number of 0 or more, not {by}"
        ));
    }
    let said = "as you said".to_owned();
    if let Some(lever) = levers.iter_mut().find(|l| l.name == name) {
        for choice in &mut lever.choices {
            choice.effort *= by;
            choice.effort_range = (choice.effort_range.0 * by, choice.effort_range.1 * by);
            choice.effort_why = format!("{}, times {by} {said}", choice.effort_why);
        }
        return Ok(());
    }
    let choice = levers
        .iter_mut()
        .flat_map(|l| &mut l.choices)
        .find(|c| c.words == name);
    if let Some(choice) = choice {
        (choice.effort, choice.effort_range, choice.effort_why) = (by, (by, by), said);
        return Ok(());
    }
    let choices = levers.iter().flat_map(|l| &l.choices);
    let known = levers
        .iter()
        .map(|l| l.name.as_str())
        .chain(choices.map(|c| c.words.as_str()));
    let help = suggestion(name, known, LEVERS);
    Err(format!("no lever and no choice is called `{name}`; {help}"))
}

/// What somebody asks to have considered beside the levers.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// It may be tried.
    Lever(Lever),
    /// It is no part of any protocol, or unsafe; in words why.
    Refused(String),
}

/// Reads what a person asks to have considered: `magnesium glycinate 200 mg`, `walking 30 min a day`.
///
/// # Errors
/// In words, when the library has nothing of that name or the dose is missing.
pub fn read_asked(
    body: &Body,
    scenario: &Scenario,
    safety: &Safety,
    said: &str,
) -> Result<Asked, String> {
    let words: Vec<&str> = said.split_whitespace().collect();
    // The dose begins at the last word that is a number.
    let number = words.iter().rposition(|w| {
        let digits = w.trim_end_matches(|c: char| c.is_alphabetic() || c == '/');
        digits.parse::<f64>().is_ok()
    });
    let library = &body.library;
    let known = |name: &str| {
        Shelf::ALL
            .into_iter()
            .find(|s| library.entry(*s, name).is_some())
    };
    let (name, dose) = match number {
        _ if known(said).is_some() => (said.to_owned(), String::new()),
        Some(at) if at > 0 => (words[..at].join(" "), words[at..].join(" ")),
        _ => (said.to_owned(), String::new()),
    };
    let Some(shelf) = known(&name) else {
        let shelves = [Shelf::Supplement, Shelf::Activity];
        let names = shelves.into_iter().flat_map(|s| library.names(s));
        let help = suggestion(&name, names, "`osteon list supplements`");
        return Err(format!("`{said}`: the library has no `{name}`; {help}"));
    };
    let refused = |why: String| {
        Ok(Asked::Refused(format!(
            "unsafe to ask of a protocol: {why}"
        )))
    };
    let piece = match shelf {
        Shelf::Drug => {
            return refused(format!(
                "{name} is a drug: a protocol is of food, supplements and habits; a drug is for a physician to weigh"
            ));
        }
        Shelf::Condition => {
            return Err(format!(
                "`{name}` is a condition: say it in [person] conditions, not as something to do"
            ));
        }
        Shelf::Activity => format!("activity = {name:?}"),
        Shelf::Supplement => {
            let product = library.entry(shelf, &name).and_then(|e| e.product.as_ref());
            let nutrient = product.and_then(|p| p.nutrient.clone());
            if let Some(product) = product.filter(|p| p.route == "iv" || p.route == "sc") {
                return refused(format!(
                    "{name} is given {}: a protocol is what a person can do at home",
                    if product.route == "iv" {
                        "by vein"
                    } else {
                        "by needle"
                    }
                ));
            }
            let never = safety
                .never
                .iter()
                .find(|n| nutrient.as_deref() == Some(n.0.as_str()));
            if let Some((nutrient, why)) = never {
                return refused(format!(
                    "no supplement of {nutrient} is part of a protocol: {why}"
                ));
            }
            if dose.is_empty() {
                return Err(format!(
                    "`{said}` needs a dose, for example \"{name} 200 mg\""
                ));
            }
            format!("supplement = {{ use = {name:?}, dose = {dose:?}, at = [\"08:00\"] }}")
        }
    };
    let mut option = toml::Table::new();
    option.insert("phase".to_owned(), toml::Value::String(piece));
    let mut effort = toml::Table::new();
    effort.insert("value".to_owned(), toml::Value::Float(1.0));
    effort.insert("range".to_owned(), toml::Value::from(vec![0.5, 3.0]));
    effort.insert("origin".to_owned(), toml::Value::from("assumed"));
    effort.insert(
        "why".to_owned(),
        toml::Value::from("asked for: taken as one pill a day"),
    );
    option.insert("effort".to_owned(), toml::Value::Table(effort));
    let usual = usual_food(body, &scenario.arms[0].person.diet);
    let own = taken(body, &scenario.arms[0]);
    let choice = choice(
        body,
        &toml::Value::Table(option),
        said,
        &usual,
        &format!("`{said}`"),
    )?;
    for limit in &safety.limits {
        let Some(more) = choice.supplements.get(&limit.nutrient) else {
            continue;
        };
        let of = |amounts: &Amounts| amounts.get(&limit.nutrient).copied().unwrap_or(0.0);
        let food = if limit.supplements_only {
            0.0
        } else {
            of(&usual)
        };
        if *more + of(&own) + food > limit.upper * (1.0 + 1e-9) {
            return refused(format!(
                "{said} a day with what they take already is more than {} of {}{}: {}",
                limit.said,
                limit.nutrient.replace('_', " "),
                if limit.supplements_only {
                    " from supplements"
                } else {
                    " from all sources"
                },
                limit.why
            ));
        }
    }
    Ok(Asked::Lever(Lever {
        name: format!("asked: {said}"),
        choices: vec![choice],
    }))
}

fn choice(
    body: &Body,
    option: &toml::Value,
    words: &str,
    usual: &Amounts,
    place: &str,
) -> Result<Choice, String> {
    let (effort, effort_range, effort_why) = effort(option, place)?;
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
        effort_range,
        effort_why,
        supplements: brought(body, &phase.regimens),
        phase,
        food,
    })
}

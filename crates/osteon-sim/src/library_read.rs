//! Reads the files of the library against the body's vocabulary. An entry with a fault is left out and the fault is told;
//! the other entries stay usable.

use osteon_model::{Diagnostic, Span, Unit};

use crate::library::{
    Caution, Elsewhere, Entry, EntryEffect, Fact, Library, Nutrient, Product, Response, Shelf,
    UpperLevel,
};
use crate::near_name::advice;
use crate::quantities::{Quantity, Reference};
use crate::scenario::Change;
use crate::substance::Substance;
use crate::toml_text::{Item, Reading, Table};
use crate::vocabulary::Vocabulary;

const ORIGINS: [&str; 5] = ["measured", "derived", "scaled", "fitted", "assumed"];

/// What every entry with words and sources has.
pub(crate) struct Pedigree {
    pub(crate) label: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) grade: Option<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) note: Option<String>,
}

pub(crate) fn pedigree(
    reading: &Reading,
    item: &Item<'_, '_>,
    table: &Table<'_, '_>,
) -> Option<Pedigree> {
    let text = |key| table.get(key).and_then(|i| i.text().map(str::to_owned));
    let sources: Vec<String> = text("source").map_or_else(Vec::new, |s| {
        s.split(',')
            .map(|k| k.trim().to_owned())
            .filter(|k| !k.is_empty())
            .collect()
    });
    let note = text("note");
    if sources.is_empty() && note.is_none() {
        reading.push(
            Diagnostic::error(
                "library-unsourced",
                format!(
                    "[{}] has neither `source` nor a `note` that says why it is assumed",
                    item.key
                ),
                item.key_span,
            )
            .help("source = \"a key of body/sources.bib\""),
        );
        return None;
    }
    Some(Pedigree {
        label: text("label").unwrap_or_else(|| item.key.clone()),
        aliases: table.get("aliases").map_or_else(Vec::new, |i| i.texts()),
        grade: text("grade"),
        sources,
        note,
    })
}

/// Reads one file of the library after another into a [`Library`].
pub(crate) struct LibraryReader<'b> {
    pub(crate) words: &'b Vocabulary,
    pub(crate) library: Library,
}

impl LibraryReader<'_> {
    /// A symbol that must exist in the body; its unit (dimensionless if it has none).
    fn symbol(&self, reading: &Reading, item: &Item<'_, '_>, name: &str) -> Option<Unit> {
        match self.words.get(name) {
            Some(word) => Some(word.unit.unwrap_or(Unit::DIMENSIONLESS)),
            None => {
                reading.push(
                    Diagnostic::error(
                        "library-unknown-symbol",
                        format!("the body has no symbol `{name}`"),
                        item.span,
                    )
                    .help(advice(name, self.words.names(), "body/*.ant")),
                );
                None
            }
        }
    }

    fn named_symbol(&self, reading: &Reading, item: &Item<'_, '_>) -> Option<(String, Unit)> {
        let name = item.text()?;
        Some((name.to_owned(), self.symbol(reading, item, name)?))
    }

    /// An input that counts something a day.
    fn per_day(&self, reading: &Reading, item: &Item<'_, '_>) -> Option<String> {
        let (name, unit) = self.named_symbol(reading, item)?;
        if !unit.same_unit(&Unit::DIMENSIONLESS.over(&day())) {
            reading.push(item.fault(
                "library-unit",
                format!("`{name}` is in {unit}; a number of meals or doses a day is in 1/d"),
            ));
            return None;
        }
        Some(name)
    }

    /// `nutrients.toml`
    pub(crate) fn nutrients(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[{}]", item.key)) else {
                continue;
            };
            if let Some(nutrient) = self.nutrient(reading, &item, &table) {
                self.library.nutrients.push(nutrient);
                table.finish();
            }
        }
    }

    fn nutrient(
        &self,
        reading: &Reading,
        item: &Item<'_, '_>,
        table: &Table<'_, '_>,
    ) -> Option<Nutrient> {
        let substance = read_substance(table)?;
        let label = table
            .get("label")
            .and_then(|i| i.text().map(str::to_owned))
            .unwrap_or_else(|| item.key.clone());
        let aliases = table.get("aliases").map_or_else(Vec::new, |i| i.texts());
        let meal = match table.get("meal") {
            Some(i) => Some(self.named_symbol(reading, &i)?),
            None => None,
        };
        let meal_size = match table.get("meal_size") {
            Some(i) => Some(self.named_symbol(reading, &i)?),
            None => None,
        };
        let portions = match table.get("portions") {
            Some(i) => Some(self.per_day(reading, &i)?),
            None => None,
        };
        let largest = match table.get("largest") {
            Some(i) => Some((i.measure("10 g/d")?, i.text()?.to_owned())),
            None => None,
        };
        let source = table
            .need(
                "source",
                "the citation key of the molar mass, a key of body/sources.bib",
            )?
            .text()?
            .to_owned();
        let averaged_item = table.need(
            "averaged",
            "the body's input for the day-averaged intake, for example \"intake_X\"",
        )?;
        let (averaged, unit) = self.named_symbol(reading, &averaged_item)?;
        // Conversions from the averaged input's amount to the meal's must exist, or no meal could be scheduled.
        let per_day = unit.times(&day());
        for (item, target) in [("meal", &meal), ("meal_size", &meal_size)] {
            if let Some((name, target)) = target
                && let Err(why) = substance.factor(&per_day, target)
            {
                reading.push(Diagnostic::error("library-unit", format!("`{item}`: amounts of `{averaged}` ({unit}) cannot go to `{name}` ({target}): {why}"), table.span()));
                return None;
            }
        }
        let largest = match largest {
            None => None,
            Some((measure, said)) => match substance.factor(&measure.unit, &unit) {
                Ok(factor) => Some((measure.value * factor, said)),
                Err(why) => {
                    reading.push(Diagnostic::error(
                        "library-unit",
                        format!("`largest`: {why}"),
                        table.span(),
                    ));
                    return None;
                }
            },
        };
        Some(Nutrient {
            upper: None,
            name: item.key.clone(),
            label,
            aliases,
            substance,
            largest,
            averaged,
            meal: meal.map(|m| m.0),
            meal_size: meal_size.map(|m| m.0),
            portions,
            source,
            span: item.key_span,
        })
    }

    /// `safety.toml`: the upper levels. What else it holds is for the search of protocols.
    pub(crate) fn upper_levels(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        let file = Table::new(reading, document.get_ref(), range, "the file");
        let limits = file.get("limit").and_then(|i| i.list());
        for item in limits.into_iter().flatten() {
            let Some(table) = item.table("[[limit]]") else {
                continue;
            };
            if let Some((nutrient, upper)) = self.upper_level(reading, &table) {
                self.library.nutrients[nutrient].upper = Some(upper);
                table.finish();
            }
        }
    }

    fn upper_level(&self, reading: &Reading, table: &Table<'_, '_>) -> Option<(usize, UpperLevel)> {
        let word = |key, help: &str| Some(table.need(key, help)?.text()?.to_owned());
        let named = table.need("nutrient", "a name of library/nutrients.toml")?;
        let nutrients = &self.library.nutrients;
        let found = named.text()?;
        let Some(place) = nutrients.iter().position(|n| n.name == found) else {
            let known = nutrients.iter().map(|n| n.name.as_str());
            reading.push(
                named
                    .fault(
                        "library-unknown-symbol",
                        format!("no nutrient is called `{found}`"),
                    )
                    .help(advice(found, known, "library/nutrients.toml")),
            );
            return None;
        };
        let amount = table.need("upper", "upper = \"350 mg/d\"")?;
        let of = table.need("of", "of = \"supplements\" or of = \"all\"")?;
        let with_food = match of.text()? {
            "supplements" => false,
            "all" => true,
            other => {
                let what = format!("`of` is \"supplements\" or \"all\", and is \"{other}\"");
                reading.push(of.fault("library-wrong-kind", what));
                return None;
            }
        };
        let origin = table.need("origin", "origin = \"measured\"")?;
        if !ORIGINS.contains(&origin.text()?) {
            let what = format!("an origin is one of {}", ORIGINS.join(", "));
            reading.push(origin.fault("library-wrong-kind", what));
            return None;
        }
        let measure = amount.measure("350 mg/d")?;
        let nutrient = &nutrients[place];
        let unit = self.symbol(reading, &named, &nutrient.averaged)?;
        match nutrient.substance.factor(&measure.unit, &unit) {
            Ok(factor) => Some((
                place,
                UpperLevel {
                    per_day: measure.value * factor,
                    said: amount.text()?.to_owned(),
                    with_food,
                    says: word("why", "what is feared above it")?,
                    source: word("source", "a key of body/sources.bib")?,
                },
            )),
            Err(why) => {
                reading.push(amount.fault("library-unit", format!("`upper`: {why}")));
                None
            }
        }
    }

    /// `quantities.toml`
    pub(crate) fn quantities(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[\"{}\"]", item.key)) else {
                continue;
            };
            if table.get("symbol").is_none() && table.items().iter().any(Item::is_table) {
                reading.push(
                    Diagnostic::error(
                        "library-wrong-kind",
                        format!("[{}.…] should be one name in quotes", item.key),
                        item.key_span,
                    )
                    .help(format!("write [\"{}.…\"]", item.key)),
                );
                continue;
            }
            if let Some(quantity) = self.quantity(reading, &item, &table) {
                self.library.quantities.push(quantity);
                table.finish();
            }
        }
    }

    fn quantity(
        &self,
        reading: &Reading,
        item: &Item<'_, '_>,
        table: &Table<'_, '_>,
    ) -> Option<Quantity> {
        let mut substance = read_substance(table)?;
        if let Some(named) = table.get("substance") {
            let name = named.text()?;
            let Some(nutrient) = self.library.nutrient(name) else {
                reading.push(
                    named
                        .fault(
                            "library-unknown-symbol",
                            format!("no nutrient is called `{name}`"),
                        )
                        .help("a name of library/nutrients.toml"),
                );
                return None;
            };
            substance = nutrient.substance.clone();
        }
        let label = table
            .need("label", "words for plots and tables")?
            .text()?
            .to_owned();
        let us_factor = match table.get("us_factor") {
            Some(i) => Some(i.number()?),
            None => None,
        };
        let over_d = match table.get("over") {
            Some(i) => Some(i.days("1 d")?),
            None => None,
        };
        let since_start = match table.get("since_start") {
            Some(i) => i.boolean()?,
            None => false,
        };
        let panel = match table.get("panel") {
            Some(i) => i.boolean()?,
            None => false,
        };
        let outlook = match table.get("outlook") {
            Some(i) => i.boolean()?,
            None => false,
        };
        let note = table.get("note").and_then(|i| i.text().map(str::to_owned));
        // Codes and remarks for other rooms; their presence is allowed, their meaning is not ours.
        for key in ["loinc", "link", "kind"] {
            let _ = table.get(key);
        }
        let unit_item = table.need("unit", "the unit of reports, for example \"mmol/L\"")?;
        let unit_text = unit_item.text()?.to_owned();
        let unit = read_unit(reading, &unit_item, &unit_text)?;
        let symbol_item = table.need("symbol", "the body's symbol behind this name")?;
        let (symbol, body_unit) = self.named_symbol(reading, &symbol_item)?;
        let (from, rate) = match over_d {
            // A trailing gain may be reported as an amount per period or as a rate.
            Some(days) if !same_kind(&substance, &body_unit, &unit) => {
                (body_unit.over(&day()), 1.0 / days)
            }
            _ => (body_unit, 1.0),
        };
        let factor = match substance.factor(&from, &unit) {
            Ok(factor) => factor * rate,
            Err(why) => {
                reading.push(
                    unit_item
                        .fault("library-unit", format!("`{symbol}` is in {body_unit} in the body, which cannot be reported in {unit_text}: {why}"))
                        .help("name the nutrient whose molar mass converts: substance = \"…\""),
                );
                return None;
            }
        };
        let us_unit = match table.get("us_unit") {
            Some(i) => {
                let us_text = i.text()?.to_owned();
                let us = read_unit(reading, &i, &us_text)?;
                let factor = match us_factor {
                    Some(factor) => factor,
                    None => substance
                        .factor(&unit, &us)
                        .map_err(|why| {
                            reading.push(
                                i.fault("library-unit", format!("{unit_text} to {us_text}: {why}"))
                                    .help("add substance, molar_mass or us_factor"),
                            )
                        })
                        .ok()?,
                };
                Some((us_text, factor))
            }
            None => None,
        };
        let reference = match table.get("reference") {
            Some(i) => {
                let part = i.table("reference")?;
                let lower = part.get("lower").and_then(|i| i.number());
                let upper = part.get("upper").and_then(|i| i.number());
                let source = part
                    .need("source", "the citation key of the interval")?
                    .text()?
                    .to_owned();
                let _ = part.get("note");
                part.finish();
                Some(Reference {
                    lower,
                    upper,
                    source,
                })
            }
            None => None,
        };
        Some(Quantity {
            name: item.key.clone(),
            symbol,
            unit: unit_text,
            factor,
            us_unit,
            label,
            reference,
            over_d,
            since_start,
            substance,
            panel,
            outlook,
            note,
        })
    }

    /// `words.toml`
    pub(crate) fn words(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[{}]", item.key)) else {
                continue;
            };
            let mut names = vec![item.key.clone()];
            names.extend(table.get("aliases").map_or_else(Vec::new, |i| i.texts()));
            let say = table.need("say", "what to write instead");
            table.finish();
            if let Some(say) = say.and_then(|i| i.text().map(str::to_owned)) {
                self.library.words.push(Elsewhere { names, say });
            }
        }
    }

    /// `supplements.toml`, `drugs.toml`, `conditions.toml`, `activities.toml`
    pub(crate) fn shelf(&mut self, reading: &Reading, text: &str, shelf: Shelf) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[{}]", item.key)) else {
                continue;
            };
            if let Some(entry) = self.entry(reading, &item, &table, shelf) {
                self.library.entries.push(entry);
                table.finish();
            }
        }
    }

    fn entry(
        &self,
        reading: &Reading,
        item: &Item<'_, '_>,
        table: &Table<'_, '_>,
        shelf: Shelf,
    ) -> Option<Entry> {
        let words = pedigree(reading, item, table);
        let class = table.get("class").and_then(|i| i.text().map(str::to_owned));
        let facts = match table.get("facts") {
            Some(i) => i
                .list()?
                .iter()
                .map(|i| read_fact(reading, &i.table("facts")?))
                .collect::<Option<Vec<Fact>>>()?,
            None => Vec::new(),
        };
        let caution = match table.get("caution") {
            Some(i) => {
                let part = i.table("caution")?;
                let word = |key, help: &str| Some(part.need(key, help)?.text()?.to_owned());
                let read = Caution {
                    nutrient: word("nutrient", "a name of library/nutrients.toml")?,
                    says: word("says", "what is feared")?,
                    source: word("source", "a key of body/sources.bib")?,
                };
                part.finish();
                Some(read)
            }
            None => None,
        };
        let response = self.response(reading, table)?;
        let product = self.product(reading, table, shelf, facts)?;
        let effects = match table.get("effects") {
            Some(i) => {
                let read: Vec<Option<EntryEffect>> =
                    i.list()?.iter().map(|i| self.effect(reading, i)).collect();
                read.into_iter().collect::<Option<Vec<_>>>()?
            }
            None => Vec::new(),
        };
        if product.is_none() && effects.is_empty() {
            reading.push(Diagnostic::error(
                "library-missing",
                format!(
                    "[{}] does nothing: it has neither `effects` nor `into`",
                    item.key
                ),
                item.key_span,
            ));
            return None;
        }
        let words = words?;
        Some(Entry {
            name: item.key.clone(),
            shelf,
            label: words.label,
            aliases: words.aliases,
            class,
            caution,
            product,
            effects,
            response,
            grade: words.grade,
            sources: words.sources,
            note: words.note,
            span: item.key_span,
        })
    }

    fn response(&self, reading: &Reading, table: &Table<'_, '_>) -> Option<Response> {
        let word = table.get("response");
        let half = table.get("half_effect_dose");
        let Some(reference_item) = table.get("reference_dose") else {
            if let Some(item) = word.or(half) {
                reading.push(
                    item.fault(
                        "library-missing",
                        format!("`{}` without `reference_dose`", item.key),
                    )
                    .help("reference_dose = \"25 mg/d\""),
                );
                return None;
            }
            return Some(Response::Fixed);
        };
        let said = reference_item.text()?.to_owned();
        let reference = reference_item.measure("25 mg/d")?;
        if reference.value <= 0.0 {
            reading
                .push(reference_item.fault("library-unit", "a reference dose must be above zero"));
            return None;
        }
        match word.as_ref().map_or(Some("linear"), |i| i.text())? {
            "linear" => Some(Response::Linear {
                reference: (reference.value, reference.unit),
                said,
            }),
            "emax" => {
                let half = match half {
                    Some(item) => item.in_unit(&reference.unit, "10 mg/d")?,
                    None => {
                        reading.push(reference_item.fault(
                            "library-missing",
                            "response = \"emax\" needs `half_effect_dose`",
                        ));
                        return None;
                    }
                };
                Some(Response::Emax {
                    reference: (reference.value, reference.unit),
                    half,
                    said,
                })
            }
            other => {
                reading.push(reference_item.fault(
                    "library-wrong-kind",
                    format!("response `{other}` is neither `linear` nor `emax`"),
                ));
                None
            }
        }
    }

    /// `Some(None)` for an entry without matter, `None` after a fault.
    fn product(
        &self,
        reading: &Reading,
        table: &Table<'_, '_>,
        shelf: Shelf,
        facts: Vec<Fact>,
    ) -> Option<Option<Product>> {
        let mut substance = read_substance(table)?;
        let nutrient = match table.get("nutrient") {
            Some(item) => {
                let name = item.text()?;
                let Some(nutrient) = self.library.nutrient(name) else {
                    reading.push(
                        item.fault(
                            "library-unknown-symbol",
                            format!("no nutrient is called `{name}`"),
                        )
                        .help(advice(
                            name,
                            self.library.nutrients.iter().map(|n| n.name.as_str()),
                            "library/nutrients.toml",
                        )),
                    );
                    return None;
                };
                substance = nutrient.substance.clone();
                Some(nutrient.name.clone())
            }
            None => None,
        };
        let route = table.get("route").and_then(|i| i.text().map(str::to_owned));
        let elemental_fraction = match table.get("elemental_fraction") {
            Some(i) => Some(i.number()?),
            None => None,
        };
        let into = match table.get("into") {
            Some(i) => self.shares(reading, &i, "state", &substance, &amount_kinds())?,
            None => Vec::new(),
        };
        let averaged = match table.get("averaged") {
            Some(i) => self.shares(reading, &i, "input", &substance, &rate_kinds())?,
            None => Vec::new(),
        };
        let size_into = match table.get("size_into") {
            Some(i) => i
                .one_or_more()
                .iter()
                .map(|i| self.named_symbol(reading, i).map(|n| n.0))
                .collect::<Option<Vec<_>>>()?,
            None => Vec::new(),
        };
        let portions = match table.get("portions") {
            Some(i) => Some(self.per_day(reading, &i)?),
            None => None,
        };
        let mut sets = Vec::new();
        if let Some(list) = table.get("sets") {
            for item in list.list()? {
                let part = item.table("sets")?;
                let (state, unit) = self.named_symbol(
                    reading,
                    &part.need("state", "the body's symbol that is set")?,
                )?;
                sets.push((
                    state,
                    part.need("value", "the value with its unit")?
                        .in_unit(&unit, "12 1/d")?,
                ));
                part.finish();
            }
        }
        if into.is_empty() && averaged.is_empty() {
            if shelf == Shelf::Supplement {
                table.need("into", "the dose state of the body that a dose goes to");
                return None;
            }
            return Some(None);
        }
        let route = match route {
            Some(route) => route,
            None => {
                table.need("route", "oral, iv, sc, skin, …");
                return None;
            }
        };
        Some(Some(Product {
            route,
            nutrient,
            substance,
            elemental_fraction,
            into,
            averaged,
            size_into,
            portions,
            sets,
            facts,
        }))
    }

    /// `"symbol"`, or a list of `{ state = "symbol", fraction = 0.9 }` whose fractions add up to one.
    fn shares(
        &self,
        reading: &Reading,
        item: &Item<'_, '_>,
        key: &'static str,
        substance: &Substance,
        kinds: &[Unit],
    ) -> Option<Vec<(String, f64)>> {
        let mut shares = Vec::new();
        for part in item.one_or_more() {
            let (named, fraction) = if part.is_text() {
                (part.clone(), 1.0)
            } else {
                let table = part.table(format!("`{}`", item.key))?;
                let named = table.need(key, "the body's symbol")?;
                let fraction = table
                    .need("fraction", "the share of the dose, 0 to 1")?
                    .number()?;
                table.finish();
                (named, fraction)
            };
            let (name, unit) = self.named_symbol(reading, &named)?;
            if !kinds
                .iter()
                .any(|k| unit.same_dimension(k) || substance.factor(k, &unit).is_ok())
            {
                reading.push(
                    named
                        .fault(
                            "library-unit",
                            format!(
                                "`{name}` is in {unit}, which a dose of this cannot be turned into"
                            ),
                        )
                        .help("add `nutrient` or `molar_mass`"),
                );
                return None;
            }
            shares.push((name, fraction));
        }
        let total: f64 = shares.iter().map(|s| s.1).sum();
        if shares.iter().any(|s| !(0.0..=1.0).contains(&s.1)) || (total - 1.0).abs() > 1e-9 {
            reading.push(
                item.fault("library-fractions", format!("the fractions of `{}` add up to {total}, not to 1: matter would be lost or made", item.key))
                    .help("what does not dissolve still goes somewhere: give it a state of its own"),
            );
            return None;
        }
        Some(shares)
    }

    fn effect(&self, reading: &Reading, item: &Item<'_, '_>) -> Option<EntryEffect> {
        let table = item.table("an effect")?;
        let input_item = table.need("input", "the body's input that is changed");
        let given: Vec<Item<'_, '_>> = ["factor", "add", "set"]
            .into_iter()
            .filter_map(|k| table.get(k))
            .collect();
        let fact = read_fact(reading, &table);
        let input_item = input_item?;
        let (input, unit) = self.named_symbol(reading, &input_item)?;
        let mut fact = fact?;
        let [change] = given.as_slice() else {
            reading.push(item.fault(
                "library-missing",
                format!("the effect on `{input}` needs exactly one of `factor`, `add` and `set`"),
            ));
            return None;
        };
        let change = match change.key.as_str() {
            "factor" => Change::Factor(change.number()?),
            "add" => Change::Add(change.in_unit(&unit, "5 mL/min")?),
            _ => Change::Set(change.in_unit(&unit, "52 mL/min")?),
        };
        fact.what = input.clone();
        fact.value = match change {
            Change::Factor(v) | Change::Add(v) | Change::Set(v) => v,
        };
        Some(EntryEffect {
            input,
            change,
            fact,
            span: item.span,
        })
    }
}

fn day() -> Unit {
    Unit::parse("d").expect("the day is a unit")
}

fn amount_kinds() -> [Unit; 4] {
    ["g", "mol", "[IU]", "eq"].map(|u| Unit::parse(u).expect("amount units are units"))
}

fn rate_kinds() -> [Unit; 4] {
    amount_kinds().map(|u| u.over(&day()))
}

fn same_kind(substance: &Substance, a: &Unit, b: &Unit) -> bool {
    substance.factor(a, b).is_ok()
}

fn read_unit(reading: &Reading, item: &Item<'_, '_>, text: &str) -> Option<Unit> {
    Unit::parse(text)
        .map_err(|e| reading.push(item.fault("library-unit", format!("unknown unit `{}`", e.part))))
        .ok()
}

/// The facts of chemistry in a table; absent ones stay absent.
fn read_substance(table: &Table<'_, '_>) -> Option<Substance> {
    let positive = |key, unit: &str, example| match table.get(key) {
        Some(item) => item
            .in_unit(
                &Unit::parse(unit).expect("units of chemistry are units"),
                example,
            )
            .filter(|v| *v > 0.0)
            .map(Some),
        None => Some(None),
    };
    let molar_mass_g_per_mol = positive("molar_mass", "g/mol", "24.305 g/mol")?;
    let g_per_iu = positive("international_unit", "g", "0.025 ug")?;
    let valence = match table.get("valence") {
        Some(item) => Some(item.number()?),
        None => None,
    };
    Some(Substance {
        molar_mass_g_per_mol,
        valence,
        g_per_iu,
    })
}

/// Origin, range, source and reason of a number; the number itself stands under `value` or is filled in by the caller.
pub(crate) fn read_fact(reading: &Reading, table: &Table<'_, '_>) -> Option<Fact> {
    let text = |key| {
        table
            .get(key)
            .and_then(|i| i.text())
            .map_or_else(String::new, str::to_owned)
    };
    let what = text("what");
    let value = match table.get("value") {
        Some(item) => item.number()?,
        None => f64::NAN,
    };
    let source = text("source");
    let why = text("why");
    let _grade = text("grade");
    let range = match table.get("range") {
        Some(item) => {
            let ends: Vec<f64> = item
                .list()?
                .iter()
                .map(Item::number)
                .collect::<Option<_>>()?;
            let [lower, upper] = ends[..] else {
                reading.push(item.fault("library-wrong-kind", "a range is [lower, upper]"));
                return None;
            };
            Some((lower, upper))
        }
        None => None,
    };
    let origin_item = table.need("origin", "measured, derived, scaled, fitted or assumed")?;
    let origin = origin_item.text()?.to_owned();
    if !ORIGINS.contains(&origin.as_str()) {
        reading.push(
            origin_item
                .fault("library-unsourced", format!("`{origin}` is not an origin"))
                .help(advice(&origin, ORIGINS, "docs/library.md")),
        );
        return None;
    }
    let span: Span = table.span();
    if source.is_empty() && (origin != "assumed" || why.is_empty()) {
        reading.push(
            Diagnostic::error("library-unsourced", format!("a number with origin `{origin}` and no `source`"), span)
                .help("give source = \"a key of body/sources.bib\", or origin = \"assumed\" with why = \"…\""),
        );
        return None;
    }
    Some(Fact {
        what,
        value,
        range,
        origin,
        source,
        why,
    })
}

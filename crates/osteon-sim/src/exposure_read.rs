//! Reads what is taken or undergone: supplements, drugs, conditions, activities, single doses. Doses become amounts in the body's
//! units; effects are scaled to the dose.

use osteon_model::{Diagnostic, Unit};

use crate::library::{Entry, Product, Response, Shelf};
use crate::measure::{Measure, read_time_of_day};
use crate::near_name::advice;
use crate::scenario::{Adherence, Change, Deposit, Dose, Effect, Exposure, InputValue, Regimen};
use crate::scenario_read::{Context, LONGEST_D};
use crate::substance::Substance;
use crate::toml_text::{Item, Table, shown};

/// Keys under which the shelves stand in a person or phase, singular and plural.
const KEYS: [(Shelf, [&str; 2]); 4] = [
    (Shelf::Supplement, ["supplement", "supplements"]),
    (Shelf::Drug, ["drug", "drugs"]),
    (Shelf::Condition, ["condition", "conditions"]),
    (Shelf::Activity, ["activity", "activities"]),
];

/// Time of day of a product whose scenario names none: with the first meal, 08:00. (assumed)
const TAKEN_AT_D: f64 = 8.0 / 24.0;

/// Most doses of one series: more than one a day for the longest life.
const MOST_DOSES: u64 = 100_000;

fn day() -> Unit {
    Unit::parse("d").expect("the day is a unit")
}

impl Context<'_> {
    /// Reads all shelves of a person (`since`, `until`) or of a phase (whose window holds).
    pub(crate) fn takings<'r, 't>(
        &self,
        get: &dyn Fn(&'static str) -> Option<Item<'r, 't>>,
        window: (f64, f64),
        of_person: bool,
        exposures: &mut Vec<Exposure>,
        regimens: &mut Vec<Regimen>,
    ) {
        for (shelf, keys) in KEYS {
            let items: Vec<Item<'r, 't>> = keys
                .into_iter()
                .filter_map(get)
                .flat_map(|i| i.one_or_more())
                .collect();
            for item in items {
                self.taking(&item, shelf, window, of_person, exposures, regimens);
            }
        }
    }

    fn taking(
        &self,
        item: &Item<'_, '_>,
        shelf: Shelf,
        window: (f64, f64),
        of_person: bool,
        exposures: &mut Vec<Exposure>,
        regimens: &mut Vec<Regimen>,
    ) {
        if !item.is_table() {
            let Some(name) = item.text() else { return };
            let Some(entry) = self.entry(item, shelf, name) else {
                return;
            };
            if entry.product.is_some() {
                self.push(
                    item.fault("scenario-dose", format!("`{}` needs a dose", entry.name))
                        .help(format!(
                            "{{ use = \"{}\", dose = \"300 mg\", at = [\"08:00\"] }}",
                            entry.name
                        )),
                );
                return;
            }
            if let Some(effects) = self.effects(entry, None, item) {
                exposures.push(Exposure {
                    entry: entry.name.clone(),
                    said: name.to_owned(),
                    from_d: window.0,
                    until_d: window.1,
                    effects,
                    dose: None,
                    adherence: None,
                });
            }
            return;
        }
        let Some(table) = item.table(format!("the {}", shelf.word())) else {
            return;
        };
        let window = if of_person {
            self.window(&table, "since", f64::NEG_INFINITY)
        } else {
            Some(window)
        };
        let used = table.need("use", "the name of a library entry");
        let dose = table.get("dose");
        let timing = Timing::read(self, &table);
        let of = table.get("of");
        let adherence = table.get("adherence");
        table.finish();
        let (Some(used), Some(window), Some(timing)) = (used, window, timing) else {
            return;
        };
        let Some(name) = used.text() else { return };
        let Some(entry) = self.entry(&used, shelf, name) else {
            return;
        };
        let adherence = match adherence {
            None => None,
            Some(item) => match self.adherence(&item, entry) {
                Some(read) => read,
                None => return,
            },
        };
        let asked = Asked {
            item,
            entry,
            name,
            dose,
            timing,
            of,
            adherence,
            window,
            of_person,
        };
        self.taken(&asked, exposures, regimens);
    }

    /// `adherence = 0.7`, or `{ share = 0.7, seed = 2 }`. `Some(None)` when every dose is taken.
    fn adherence(&self, item: &Item<'_, '_>, entry: &Entry) -> Option<Option<Adherence>> {
        let (share, seed) = if item.is_table() {
            let table = item.table("adherence")?;
            let share = table.need("share", "share = 0.7")?.number()?;
            let seed = match table.get("seed") {
                Some(seed) => self.count(&seed)?,
                None => 1,
            };
            table.finish();
            (share, seed)
        } else {
            (item.number()?, 1)
        };
        if !(share > 0.0 && share <= 1.0) {
            self.push(
                item.fault(
                    "scenario-impossible-value",
                    format!("`adherence` is the share of doses that are taken, above 0 and up to 1, and is {share}"),
                )
                .help("adherence = 0.7; what is never taken is left out"),
            );
            return None;
        }
        if entry
            .effects
            .iter()
            .any(|e| matches!(e.change, Change::Set(_)))
            && share < 1.0
        {
            self.push(
                item.fault(
                    "scenario-dose",
                    format!(
                        "`{}` sets a value of the body, which cannot be half done",
                        entry.name
                    ),
                )
                .help("drop `adherence`, or write the phases in which it holds"),
            );
            return None;
        }
        let mut name = crate::body::Hash::new();
        name.text(&entry.name);
        let own = u64::from_str_radix(&name.finish(), 16).unwrap_or(0);
        Some((share < 1.0).then_some(Adherence {
            share,
            seed: seed ^ own,
        }))
    }

    /// What is taken, as the body meets it.
    pub(crate) fn taken(
        &self,
        asked: &Asked<'_, '_, '_>,
        exposures: &mut Vec<Exposure>,
        regimens: &mut Vec<Regimen>,
    ) {
        let Asked {
            item,
            entry,
            name,
            dose,
            timing,
            of,
            adherence,
            window,
            of_person,
        } = asked;
        let forgotten = adherence.map_or(String::new(), |a| {
            format!(", {:.0} % of the doses", a.share * 100.0)
        });
        let said = dose
            .as_ref()
            .and_then(Item::text)
            .map_or_else(|| (*name).to_owned(), |d| format!("{name} {d}"))
            + &forgotten;
        let measure = match dose {
            Some(d) => match d.measure("300 mg") {
                Some(measure) if measure.value > 0.0 => Some((d, measure)),
                Some(_) => {
                    self.push(d.fault("scenario-impossible-value", format!("the dose of `{}` must be above zero", entry.name)).help("to leave something out, leave its line out; to take it away for a while, end its phase with `until`"));
                    return;
                }
                None => return,
            },
            None => None,
        };
        let Some(product) = &entry.product else {
            if timing.said {
                self.push(
                    item.fault(
                        "scenario-dose",
                        format!("`{}` works all day long: it takes no clock", entry.name),
                    )
                    .help("drop `at`, `every`, `over` and `count`"),
                );
                return;
            }
            if let Some(effects) = self.effects(entry, measure.as_ref().map(|m| (m.0, &m.1)), item)
            {
                exposures.push(Exposure {
                    entry: entry.name.clone(),
                    said,
                    from_d: window.0,
                    until_d: window.1,
                    effects,
                    dose: measure.map(|m| m.1),
                    adherence: *adherence,
                });
            }
            return;
        };
        let Some((dose, measure)) = measure else {
            self.push(
                item.fault("scenario-dose", format!("`{}` needs a dose", entry.name))
                    .help("dose = \"300 mg\""),
            );
            return;
        };
        // "300 mg/d" is shared among the day's times; "300 mg" is taken at each of them.
        let per_day = measure.unit.times(&day());
        let times = timing.at_d.len().max(1) as f64;
        let (measure, share) = if amount_like(&per_day) {
            (
                Measure {
                    unit: per_day,
                    ..measure.clone()
                },
                timing.every_d / times,
            )
        } else {
            (measure.clone(), 1.0)
        };
        let Some(factor_of) = self.compound(of.as_ref(), entry, product) else {
            return;
        };
        let amount = |targets: &[(String, f64)], per: Option<f64>| {
            self.deposits(
                dose,
                &measure,
                &product.substance,
                targets,
                share * factor_of,
                per,
            )
        };
        if !self.sensible(dose, entry, product, &measure, share * factor_of) {
            return;
        }
        let Some(into) = amount(&product.into, None) else {
            return;
        };
        let averaged = if product.averaged.is_empty() {
            if *of_person {
                self.push(
                    item.fault("scenario-clock", format!("`{}` can be taken only by the clock, and the life before the scenario is lived on day averages", entry.name))
                        .help("give it in a [[phase]]"),
                );
                return;
            }
            None
        } else {
            let Some(rates) = amount(&product.averaged, Some(times / timing.every_d)) else {
                return;
            };
            Some(rates)
        };
        let Some(size_into) = self.sizes(dose, &measure, product, share * factor_of) else {
            return;
        };
        // What a product does besides carrying matter scales with its dose per day.
        let daily = Measure {
            value: measure.value * share * times / timing.every_d,
            unit: measure.unit.over(&day()),
            unit_text: measure.unit_text.clone(),
        };
        let Some(effects) = (if entry.effects.is_empty() {
            Some(Vec::new())
        } else {
            self.effects(entry, Some((dose, &daily)), item)
        }) else {
            return;
        };
        let portions = product.portions.as_ref().map(|input| InputValue {
            input: input.clone(),
            value: times / timing.every_d,
            said: String::new(),
        });
        regimens.push(Regimen {
            portions,
            entry: entry.name.clone(),
            said,
            from_d: window.0,
            until_d: window.1,
            every_d: timing.every_d,
            at_d: timing.at_d.clone(),
            count: timing.count,
            over_d: timing.over_d,
            into,
            averaged,
            sizes: size_into.len() - product.sets.len(),
            size_into,
            effects,
            daily,
            adherence: *adherence,
        });
    }

    pub(crate) fn entry(&self, item: &Item<'_, '_>, shelf: Shelf, name: &str) -> Option<&Entry> {
        let found = self.body.library.entry(shelf, name);
        if found.is_none() {
            let help = self
                .body
                .library
                .help(Some(shelf), name, "osteon list library");
            self.push(
                item.fault(
                    "scenario-unknown-name",
                    format!("no {} is called `{name}`", shelf.word()),
                )
                .help(help),
            );
        }
        found
    }

    /// False, and told, if one dose is more than anyone takes in a day: a unit has slipped.
    fn sensible(
        &self,
        item: &Item<'_, '_>,
        entry: &Entry,
        product: &Product,
        measure: &Measure,
        share: f64,
    ) -> bool {
        let library = &self.body.library;
        let Some((largest, said, nutrient)) = product
            .nutrient
            .as_deref()
            .and_then(|n| library.nutrient(n))
            .and_then(|n| n.largest.as_ref().map(|(l, said)| (*l, said, n)))
        else {
            return true;
        };
        let unit = self
            .body
            .vocabulary
            .get(&nutrient.averaged)
            .and_then(|w| w.unit)
            .unwrap_or(Unit::DIMENSIONLESS)
            .times(&day());
        let Ok(factor) = product.substance.factor(&measure.unit, &unit) else {
            return true;
        };
        if measure.value * factor * share <= largest {
            return true;
        }
        self.push(
            item.fault(
                "scenario-impossible-value",
                format!(
                    "{} {} of {} in one dose of `{}` is more than anyone takes in a day ({said})",
                    measure.value, measure.unit_text, nutrient.name, entry.name
                ),
            )
            .help("has a unit slipped (g for mg, mg for ug, mmol for mg)?"),
        );
        false
    }

    /// Elemental share if the dose is given as compound, else 1.
    fn compound(&self, of: Option<&Item<'_, '_>>, entry: &Entry, product: &Product) -> Option<f64> {
        let Some(item) = of else { return Some(1.0) };
        match (item.text()?, product.elemental_fraction) {
            ("element", _) => Some(1.0),
            ("compound", Some(fraction)) => Some(fraction),
            ("compound", None) => {
                self.push(
                    item.fault(
                        "scenario-dose",
                        format!(
                            "the library does not say how much of `{}` is the element",
                            entry.name
                        ),
                    )
                    .help("give the elemental dose"),
                );
                None
            }
            (other, _) => {
                self.push(
                    item.fault("scenario-wrong-kind", format!("`of` cannot be `{other}`"))
                        .help("\"element\" or \"compound\""),
                );
                None
            }
        }
    }

    /// A dose shared out to body symbols, in their units. `per_day` turns amounts into daily rates.
    fn deposits(
        &self,
        item: &Item<'_, '_>,
        measure: &Measure,
        substance: &Substance,
        targets: &[(String, f64)],
        share: f64,
        per_day: Option<f64>,
    ) -> Option<Vec<Deposit>> {
        let mut deposits = Vec::new();
        for (symbol, fraction) in targets {
            let unit = self
                .body
                .vocabulary
                .get(symbol)
                .and_then(|w| w.unit)
                .unwrap_or(Unit::DIMENSIONLESS);
            let amount_unit = if per_day.is_some() {
                unit.times(&day())
            } else {
                unit
            };
            match substance.factor(&measure.unit, &amount_unit) {
                Ok(factor) => deposits.push(Deposit {
                    symbol: symbol.clone(),
                    amount: measure.value * factor * share * fraction * per_day.unwrap_or(1.0),
                }),
                Err(why) => {
                    self.push(
                        item.fault("scenario-wrong-dimension", format!("the dose is in {}, which cannot be turned into {amount_unit} of `{symbol}`: {why}", shown(measure)))
                            .help("for example \"300 mg\" or \"8 mmol\""),
                    );
                    return None;
                }
            }
        }
        Some(deposits)
    }

    fn sizes(
        &self,
        item: &Item<'_, '_>,
        measure: &Measure,
        product: &Product,
        share: f64,
    ) -> Option<Vec<InputValue>> {
        // The memory holds what goes to the first state: of a pill, the part that dissolves.
        let first = product.into.first().map_or(1.0, |i| i.1);
        let targets: Vec<(String, f64)> = product
            .size_into
            .iter()
            .map(|s| (s.clone(), first))
            .collect();
        let mut values: Vec<InputValue> = self
            .deposits(item, measure, &product.substance, &targets, share, None)?
            .into_iter()
            .map(|d| InputValue {
                input: d.symbol,
                value: d.amount,
                said: String::new(),
            })
            .collect();
        values.extend(product.sets.iter().map(|(state, value)| InputValue {
            input: state.clone(),
            value: *value,
            said: String::new(),
        }));
        Some(values)
    }

    /// The effects of an entry at a dose.
    pub(crate) fn effects(
        &self,
        entry: &Entry,
        dose: Option<(&Item<'_, '_>, &Measure)>,
        item: &Item<'_, '_>,
    ) -> Option<Vec<Effect>> {
        let plain = || {
            entry
                .effects
                .iter()
                .map(|e| Effect {
                    input: e.input.clone(),
                    change: e.change,
                })
                .collect::<Vec<_>>()
        };
        let said = match &entry.response {
            Response::Fixed => {
                if let (Some((item, _)), None) = (dose, &entry.product) {
                    self.push(item.fault("scenario-dose", format!("`{}` takes no dose: the library does not say how its effects depend on one", entry.name)).help("drop `dose`"));
                    return None;
                }
                return Some(plain());
            }
            Response::Linear { said, .. } | Response::Emax { said, .. } => said,
        };
        let Some((dose_item, measure)) = dose else {
            self.push(
                item.fault("scenario-dose", format!("`{}` needs a dose", entry.name))
                    .help(format!("the library describes it at dose = \"{said}\"")),
            );
            return None;
        };
        match scaled(entry, measure) {
            Ok(effects) => Some(effects),
            Err(Unscalable::Unit(why)) => {
                self.push(
                    dose_item
                        .fault("scenario-wrong-dimension", format!("the dose of `{}` is in {}, and the library describes it at {said}: {why}", entry.name, shown(measure)))
                        .help(format!("for example dose = \"{said}\"")),
                );
                None
            }
            Err(Unscalable::Negative(input)) => {
                self.push(
                    dose_item
                        .fault("scenario-impossible-value", format!("at this dose `{}` would make `{input}` negative: the library's entry does not reach so far", entry.name))
                        .help(format!("it describes {said}")),
                );
                None
            }
        }
    }

    /// One `[[dose]]`.
    pub(crate) fn dose(&self, table: &Table<'_, '_>) -> Option<Dose> {
        let at_item = table.need("at", "at = \"21 d 08:00\"");
        let used = table.get("use");
        let into = table.get("into");
        let nutrient = table.get("nutrient");
        let amount_item = table.need("amount", "amount = \"8 mmol\"");
        let over = table.get("over");
        let every = table.get("every");
        let count = table.get("count");
        let until = table.get("until");
        let of = table.get("of");
        let at_item = at_item?;
        let at_d = at_item.days("21 d 08:00")?;
        if at_d.abs() > LONGEST_D {
            self.push(
                at_item
                    .fault(
                        "scenario-impossible-value",
                        "times lie within 150 years of the start",
                    )
                    .help("at = \"21 d 08:00\""),
            );
            return None;
        }
        let amount_item = amount_item?;
        let measure = amount_item.measure("8 mmol")?;
        if measure.value <= 0.0 {
            self.push(
                amount_item
                    .fault(
                        "scenario-impossible-value",
                        format!(
                            "a dose must be above zero, and is {} {}",
                            measure.value, measure.unit_text
                        ),
                    )
                    .help("amount = \"8 mmol\""),
            );
            return None;
        }
        let duration = |item: &Option<Item<'_, '_>>, example| match item {
            Some(i) => match i.days(example) {
                Some(days) if days > 0.0 => Some(days),
                Some(_) => {
                    self.push(
                        i.fault(
                            "scenario-impossible-value",
                            format!("`{}` must be longer than nothing", i.key),
                        )
                        .help("leave it out for a dose that is given at once"),
                    );
                    None
                }
                None => None,
            },
            None => Some(0.0),
        };
        let over_d = duration(&over, "4 h")?;
        let every_d = duration(&every, "1 d")?;
        let count = match (&count, &until, every_d > 0.0) {
            (Some(i), None, true) => self.count(i)?,
            (None, Some(i), true) => {
                let until_d = i.days("28 d")?;
                if until_d <= at_d {
                    self.push(
                        i.fault("scenario-time-order", "the series ends before it begins")
                            .help("`until` is a time after `at`"),
                    );
                    return None;
                }
                (((until_d - at_d) / every_d - 1e-9).ceil() as u64).max(1)
            }
            (None, None, false) => 1,
            (None, None, true) => {
                self.push(
                    every?
                        .fault("scenario-missing", "a series needs `count` or `until`")
                        .help("count = 7"),
                );
                return None;
            }
            (Some(i), _, _) | (None, Some(i), false) => {
                self.push(
                    i.fault(
                        "scenario-missing",
                        "`count` or `until`, one of them, goes together with `every`",
                    )
                    .help("every = \"1 d\", count = 7"),
                );
                return None;
            }
        };
        if count > MOST_DOSES {
            self.push(
                amount_item
                    .fault(
                        "scenario-impossible-value",
                        format!("a series of {count} doses; at most {MOST_DOSES} are given"),
                    )
                    .help("a longer `every`, or an infusion"),
            );
            return None;
        }
        if every_d > 0.0 && over_d > every_d {
            self.push(
                over?
                    .fault(
                        "scenario-impossible-value",
                        "each infusion of the series would begin before the last one ended",
                    )
                    .help("a shorter `over`, or a longer `every`"),
            );
            return None;
        }
        let (entry, deposits, size_into) = match (used, into) {
            (Some(item), None) => {
                let name = item.text()?;
                let library = &self.body.library;
                let found = [Shelf::Supplement, Shelf::Drug]
                    .into_iter()
                    .find_map(|s| library.entry(s, name));
                let Some(entry) = found else {
                    self.push(
                        item.fault(
                            "scenario-unknown-name",
                            format!("no supplement or drug is called `{name}`"),
                        )
                        .help(library.help(
                            None,
                            name,
                            "osteon list library",
                        )),
                    );
                    return None;
                };
                let Some(product) = entry.product.as_ref().filter(|p| !p.into.is_empty()) else {
                    self.push(
                        item.fault(
                            "scenario-dose",
                            format!("`{name}` is not given in single doses"),
                        )
                        .help("it belongs to a [[phase]] or to [person]"),
                    );
                    return None;
                };
                let share = self.compound(of.as_ref(), entry, product)?;
                if !self.sensible(&amount_item, entry, product, &measure, share) {
                    return None;
                }
                let deposits = self.deposits(
                    &amount_item,
                    &measure,
                    &product.substance,
                    &product.into,
                    share,
                    None,
                )?;
                (
                    entry.name.clone(),
                    deposits,
                    self.sizes(&amount_item, &measure, product, share)?,
                )
            }
            (None, Some(item)) => {
                let name = item.text()?;
                let is_dose = self
                    .body
                    .vocabulary
                    .get(name)
                    .is_some_and(|w| w.role.as_deref() == Some("dose"));
                if !is_dose {
                    let known = self.body.vocabulary.with_role("dose");
                    self.push(
                        item.fault(
                            "scenario-unknown-name",
                            format!("the body has no dose state `{name}`"),
                        )
                        .help(advice(name, known, "docs/body-inputs.md")),
                    );
                    return None;
                }
                let substance = match &nutrient {
                    Some(item) => {
                        let name = item.text()?;
                        let Some(nutrient) = self.body.library.nutrient(name) else {
                            let known = self.body.library.nutrients.iter().map(|n| n.name.as_str());
                            self.push(
                                item.fault(
                                    "scenario-unknown-name",
                                    format!("no nutrient is called `{name}`"),
                                )
                                .help(advice(
                                    name,
                                    known,
                                    "library/nutrients.toml",
                                )),
                            );
                            return None;
                        };
                        nutrient.substance.clone()
                    }
                    None => Substance::default(),
                };
                (
                    name.to_owned(),
                    self.deposits(
                        &amount_item,
                        &measure,
                        &substance,
                        &[(name.to_owned(), 1.0)],
                        1.0,
                        None,
                    )?,
                    Vec::new(),
                )
            }
            _ => {
                self.push(
                    Diagnostic::error(
                        "scenario-missing",
                        "[[dose]] says either `use` (a library entry) or `into` (a dose state)",
                        table.span(),
                    )
                    .help("use = \"…\", a product of `osteon list supplements`"),
                );
                return None;
            }
        };
        let said = format!("{entry} {}", amount_item.text().unwrap_or(""));
        Some(Dose {
            entry,
            said,
            at_d,
            over_d,
            every_d,
            count,
            into: deposits,
            size_into,
        })
    }

    fn count(&self, item: &Item<'_, '_>) -> Option<u64> {
        let number = item.number()?;
        if number < 1.0 || number.fract() != 0.0 || number > 1e7 {
            self.push(
                item.fault(
                    "scenario-impossible-value",
                    format!("`{}` must be a whole number from 1", item.key),
                )
                .help(format!("{} = 7", item.key)),
            );
            return None;
        }
        Some(number as u64)
    }
}

/// Why effects cannot be scaled to a dose.
pub(crate) enum Unscalable {
    /// The dose is in another unit.
    Unit(String),
    /// This input would become negative.
    Negative(String),
}

/// The effects of an entry at a dose per day; as written for entries that know none.
pub(crate) fn scaled(entry: &Entry, measure: &Measure) -> Result<Vec<Effect>, Unscalable> {
    let mut effects: Vec<Effect> = entry
        .effects
        .iter()
        .map(|e| Effect {
            input: e.input.clone(),
            change: e.change,
        })
        .collect();
    let (reference, half) = match &entry.response {
        Response::Fixed => return Ok(effects),
        Response::Linear { reference, .. } => (reference, None),
        Response::Emax {
            reference, half, ..
        } => (reference, Some(*half)),
    };
    let substance = entry
        .product
        .as_ref()
        .map_or_else(Substance::default, |p| p.substance.clone());
    let dose = measure.value
        * substance
            .factor(&measure.unit, &reference.1)
            .map_err(Unscalable::Unit)?;
    let x = match half {
        None => dose / reference.0,
        Some(half) => dose / (dose + half) * (reference.0 + half) / reference.0,
    };
    for effect in &mut effects {
        match &mut effect.change {
            Change::Factor(factor) => {
                *factor = 1.0 + (*factor - 1.0) * x;
                if *factor < 0.0 {
                    return Err(Unscalable::Negative(effect.input.clone()));
                }
            }
            Change::Add(add) => *add *= x,
            Change::Set(_) => {}
        }
    }
    Ok(effects)
}

/// Something that somebody takes, as it was asked for.
pub(crate) struct Asked<'x, 'r, 't> {
    pub(crate) item: &'x Item<'r, 't>,
    pub(crate) entry: &'x Entry,
    pub(crate) name: &'x str,
    pub(crate) dose: Option<Item<'r, 't>>,
    pub(crate) timing: Timing,
    pub(crate) of: Option<Item<'r, 't>>,
    pub(crate) adherence: Option<Adherence>,
    pub(crate) window: (f64, f64),
    pub(crate) of_person: bool,
}

/// True for units of matter: mass, moles, international units, equivalents.
fn amount_like(unit: &Unit) -> bool {
    ["g", "mol", "[IU]", "eq"]
        .iter()
        .any(|u| Unit::parse(u).is_ok_and(|u| u.same_dimension(unit)))
}

/// When a product is taken.
pub(crate) struct Timing {
    at_d: Vec<f64>,
    every_d: f64,
    over_d: f64,
    count: Option<u64>,
    said: bool,
}

impl Timing {
    /// Every day at these times of day; at the usual one if there are none.
    pub(crate) fn daily(mut at_d: Vec<f64>) -> Timing {
        if at_d.is_empty() {
            at_d.push(TAKEN_AT_D);
        }
        at_d.sort_by(f64::total_cmp);
        Timing {
            at_d,
            every_d: 1.0,
            over_d: 0.0,
            count: None,
            said: false,
        }
    }

    fn read(context: &Context<'_>, table: &Table<'_, '_>) -> Option<Timing> {
        let at = table.get("at");
        let every = table.get("every");
        let over = table.get("over");
        let count = table.get("count");
        let said = at.is_some() || every.is_some() || over.is_some() || count.is_some();
        let mut at_d = Vec::new();
        for item in at.iter().flat_map(Item::one_or_more) {
            match read_time_of_day(item.text()?) {
                Some(time) => at_d.push(time),
                None => {
                    context.push(
                        item.fault(
                            "scenario-wrong-kind",
                            format!("`{}` is not a time of day", item.text().unwrap_or("")),
                        )
                        .help("at = [\"08:00\"]"),
                    );
                    return None;
                }
            }
        }
        if at_d.is_empty() {
            at_d.push(TAKEN_AT_D);
        }
        at_d.sort_by(f64::total_cmp);
        let every_d = match &every {
            Some(item) => {
                let days = item.days("1 d")?;
                if days < 1.0 || (days - days.round()).abs() > 1e-9 {
                    context.push(
                        item.fault(
                            "scenario-impossible-value",
                            "`every` is a whole number of days",
                        )
                        .help("several times a day: at = [\"08:00\", \"20:00\"]"),
                    );
                    return None;
                }
                days.round()
            }
            None => 1.0,
        };
        let over_d = match &over {
            Some(item) => item.days("4 h")?,
            None => 0.0,
        };
        if !(0.0..=1.0).contains(&over_d) {
            context.push(
                over?
                    .fault(
                        "scenario-impossible-value",
                        "`over` of something taken again and again lies within a day",
                    )
                    .help("over = \"4 h\""),
            );
            return None;
        }
        let count = match &count {
            Some(item) => Some(context.count(item)?),
            None => None,
        };
        Some(Timing {
            at_d,
            every_d,
            over_d,
            count,
            said,
        })
    }
}

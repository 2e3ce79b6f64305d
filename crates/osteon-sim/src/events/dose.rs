//! The doses of a table of events: where they go, how much, how long, how often; and the rows that change a state.

use osteon_model::Unit;

use super::read::{Reader, period};
use super::row::Row;
use super::{Intervention, InterventionKind, PersonEvents};
use crate::library::Shelf;
use crate::near_name::advice;
use crate::scenario::{Clock, Deposit, Dose, InputValue};
use crate::scenario_read::LONGEST_D;
use crate::substance::Substance;

/// Most doses of one row.
const MOST_DOSES: f64 = 1e5;

/// Shortest interval between the doses of a series, in days: a minute. Keeps schedules finite, whatever is asked for.
const SHORTEST_D: f64 = 1.0 / 1440.0;

/// A place where doses go: a product of the library or a state of the body.
#[derive(Clone)]
pub(crate) struct Compartment {
    name: String,
    into: Vec<(String, f64)>,
    size_into: Vec<String>,
    sets: Vec<(String, f64)>,
    substance: Substance,
    /// The single state, for EVID 5 and 6.
    state: Option<String>,
}

impl Reader<'_> {
    /// EVID 1 and 4.
    pub(crate) fn dose(&mut self, row: &Row<'_>, person: &mut PersonEvents) -> Option<()> {
        let (amount, compartment) = self.amount_and_place(row)?;
        let number = row.number;
        let unit = self.amount_unit(row)?;
        if amount <= 0.0 {
            let message = format!("row {number}: a dose must be above zero, and is {amount}");
            self.fault(
                "table-value",
                message,
                row.span("AMT"),
                "a row that gives nothing is no dose",
            );
            return None;
        }
        // The memory holds what goes to the first state: of a pill, the part that dissolves.
        let first = compartment.into.first().map_or(1.0, |i| i.1);
        let sizes: Vec<(String, f64)> = compartment
            .size_into
            .iter()
            .map(|s| (s.clone(), first))
            .collect();
        let into = self.deposits(row, amount, &unit, &compartment, &compartment.into)?;
        let remembered = self.deposits(row, amount, &unit, &compartment, &sizes)?;
        let value = |input: &String, value: f64| InputValue {
            input: input.clone(),
            value,
            said: String::new(),
        };
        let size_into: Vec<InputValue> = remembered
            .iter()
            .map(|d| value(&d.symbol, d.amount))
            .chain(compartment.sets.iter().map(|(s, v)| value(s, *v)))
            .collect();
        let over_d = self.duration(row, amount, &unit, &compartment.substance)?;
        let (every_d, more, steady) = self.series(row, over_d)?;
        if steady > 0.0 {
            person.interventions.push(Intervention {
                at_d: row.at_d,
                kind: InterventionKind::Steady {
                    into: into.clone(),
                    size_into: size_into.clone(),
                    over_d,
                    every_d,
                    added: steady == 2.0,
                },
            });
        }
        person.doses.push(Dose {
            said: format!("{} {amount} {unit}", compartment.name),
            entry: compartment.name,
            at_d: row.at_d,
            over_d,
            every_d,
            count: 1 + more as u64,
            into,
            size_into,
        });
        Some(())
    }

    /// EVID 5 and 6.
    pub(crate) fn change_state(
        &mut self,
        row: &Row<'_>,
        multiply: bool,
        person: &mut PersonEvents,
    ) -> Option<()> {
        let (amount, compartment) = self.amount_and_place(row)?;
        let number = row.number;
        let Some(symbol) = compartment.state.clone() else {
            let message = format!(
                "row {number}: EVID 5 and 6 change a state of the body, and a product is none"
            );
            self.fault(
                "table-event",
                message,
                row.span("CMT"),
                "CMT names the state",
            );
            return None;
        };
        let kind = if multiply {
            InterventionKind::Multiply(Deposit { symbol, amount })
        } else {
            let unit = self.amount_unit(row)?;
            let deposit = self
                .deposits(row, amount, &unit, &compartment, &[(symbol, 1.0)])?
                .pop()?;
            InterventionKind::Replace(deposit)
        };
        person.interventions.push(Intervention {
            at_d: row.at_d,
            kind,
        });
        Some(())
    }

    fn amount_and_place(&mut self, row: &Row<'_>) -> Option<(f64, Compartment)> {
        let number = row.number;
        let Some(amount) = row.number("AMT") else {
            self.fault(
                "table-missing",
                format!("row {number}: a dose has an amount"),
                row.span("AMT"),
                "AMT[mmol]",
            );
            return None;
        };
        let Some(cell) = row.cell("CMT") else {
            let help = "CMT names a product of the library or a dose state of the body";
            self.fault(
                "table-missing",
                format!("row {number}: it is not said where the dose goes"),
                row.span("CMT"),
                help,
            );
            return None;
        };
        let found = match self.compartments.get(&cell.text) {
            Some(known) => known.clone(),
            None => {
                let found = self.find_compartment(&cell.text);
                self.compartments.insert(cell.text.clone(), found.clone());
                found
            }
        };
        if found.is_none() {
            let (message, help) = if cell.text.parse::<f64>().is_ok() {
                (
                    format!(
                        "row {number}: CMT {} is a number, and the body's states have no numbers",
                        cell.text
                    ),
                    "the name of a product or of a dose state".to_owned(),
                )
            } else {
                let library = &self.body.library;
                let known = library
                    .names(Shelf::Supplement)
                    .chain(library.names(Shelf::Drug))
                    .chain(self.body.vocabulary.with_role("dose"));
                (
                    format!(
                        "row {number}: neither a product nor a dose state is called `{}`",
                        cell.text
                    ),
                    advice(&cell.text, known, "osteon list library"),
                )
            };
            self.fault("table-event", message, row.span("CMT"), &help);
        }
        Some((amount, found?))
    }

    fn find_compartment(&self, name: &str) -> Option<Compartment> {
        let library = &self.body.library;
        let product = [Shelf::Supplement, Shelf::Drug]
            .into_iter()
            .find_map(|s| library.entry(s, name))
            .and_then(|e| e.product.as_ref());
        if let Some(product) = product.filter(|p| !p.into.is_empty()) {
            return Some(Compartment {
                name: name.to_owned(),
                into: product.into.clone(),
                size_into: product.size_into.clone(),
                sets: product.sets.clone(),
                substance: product.substance.clone(),
                state: None,
            });
        }
        let word = self.body.vocabulary.get(name)?;
        let free_state = word.species && !word.ruled;
        if !free_state && word.role.as_deref() != Some("dose") {
            return None;
        }
        let nutrient = library
            .nutrients
            .iter()
            .find(|n| n.meal.as_deref() == Some(name));
        Some(Compartment {
            name: name.to_owned(),
            into: vec![(name.to_owned(), 1.0)],
            size_into: Vec::new(),
            sets: Vec::new(),
            substance: nutrient.map_or_else(Substance::default, |n| n.substance.clone()),
            state: Some(name.to_owned()),
        })
    }

    /// Amounts in the units of their states.
    fn deposits(
        &mut self,
        row: &Row<'_>,
        amount: f64,
        unit: &Unit,
        compartment: &Compartment,
        targets: &[(String, f64)],
    ) -> Option<Vec<Deposit>> {
        let mut deposits = Vec::new();
        for (symbol, share) in targets {
            let target = self
                .body
                .vocabulary
                .get(symbol)
                .and_then(|w| w.unit)
                .unwrap_or(Unit::DIMENSIONLESS);
            match compartment.substance.factor(unit, &target) {
                Ok(factor) => deposits.push(Deposit {
                    symbol: symbol.clone(),
                    amount: amount * factor * share,
                }),
                Err(why) => {
                    let message = format!(
                        "row {}: {unit} cannot be turned into {target} of `{symbol}`: {why}",
                        row.number
                    );
                    let help = "give the amount in the unit of the state, or name a product of the library under CMT";
                    self.fault("table-unit", message, row.span("AMT"), help);
                    return None;
                }
            }
        }
        Some(deposits)
    }

    /// Unit of the amount of a row: AMTU, else the header.
    fn amount_unit(&mut self, row: &Row<'_>) -> Option<Unit> {
        let number = row.number;
        let unit = match row.cell("AMTU").map(|cell| Unit::parse(&cell.text)) {
            Some(Ok(unit)) => return Some(unit),
            Some(Err(error)) => {
                let message = format!("row {number}: unknown unit `{}`", error.part);
                self.fault(
                    "table-unit",
                    message,
                    row.span("AMTU"),
                    "AMTU holds a unit such as mmol or mg",
                );
                return None;
            }
            None => row.columns.unit.get("AMT").copied(),
        };
        if unit.is_none() {
            let help = "AMT[mmol] in the header, or a unit under AMTU";
            self.fault(
                "table-unit",
                format!("row {number}: the amount has no unit"),
                row.span("AMT"),
                help,
            );
        }
        unit
    }

    /// Length of an infusion in days: DUR, or AMT / RATE; 0 without either.
    fn duration(
        &mut self,
        row: &Row<'_>,
        amount: f64,
        unit: &Unit,
        substance: &Substance,
    ) -> Option<f64> {
        let number = row.number;
        let rate = row.number("RATE").filter(|r| *r != 0.0);
        let over = row.days("DUR").filter(|d| *d != 0.0);
        let (id, message, column, help) = match (rate, over) {
            (None, None) => return Some(0.0),
            (None, Some(over)) if over > 0.0 => return Some(over),
            (None, Some(over)) => (
                "table-value",
                format!("row {number}: DUR cannot be {over}"),
                "DUR",
                "the length of the infusion",
            ),
            (Some(rate), _) if rate < 0.0 => (
                "table-event",
                format!(
                    "row {number}: RATE {rate} (a rate or duration from the model) has no meaning here"
                ),
                "RATE",
                "give the length under DUR[h], or the rate as a number",
            ),
            (Some(_), Some(_)) => (
                "table-event",
                format!("row {number}: both RATE and DUR are given"),
                "RATE",
                "one of them is enough",
            ),
            (Some(rate), None) => {
                // Without a unit of its own a rate is amount per unit of time, by the convention of these tables.
                let units = &row.columns.unit;
                let said = units
                    .get("RATE")
                    .copied()
                    .or_else(|| Some(unit.over(units.get("TIME")?)));
                let day = Unit::parse("d").expect("the day is a unit");
                if let Some(Ok(per_day)) = said.map(|r| substance.factor(&r, &unit.over(&day))) {
                    return Some(amount / (rate * per_day));
                }
                (
                    "table-unit",
                    format!("row {number}: the unit of RATE is no amount of it per time"),
                    "RATE",
                    "RATE[mmol/h]",
                )
            }
        };
        self.fault(id, message, row.span(column), help);
        None
    }

    /// Interval, additional doses and kind of steady state.
    fn series(&mut self, row: &Row<'_>, over_d: f64) -> Option<(f64, f64, f64)> {
        let number = row.number;
        let every_d = row.days("II").unwrap_or(0.0);
        let (more, steady) = (
            row.number("ADDL").unwrap_or(0.0),
            row.number("SS").unwrap_or(0.0),
        );
        let meals = self.scenario.record.clock == Clock::Meals;
        let (id, message, column, help) = if more < 0.0 || more.fract() != 0.0 || more > MOST_DOSES
        {
            (
                "table-value",
                format!("row {number}: ADDL cannot be {more}"),
                "ADDL",
                "a whole number: how many doses follow the first",
            )
        } else if !matches!(steady, 0.0 | 1.0 | 2.0) {
            let help = "0, 1 (steady state first) or 2 (steady state added to what is there)";
            (
                "table-event",
                format!("row {number}: SS cannot be {steady}"),
                "SS",
                help,
            )
        } else if (more > 0.0 || steady > 0.0) && every_d <= 0.0 {
            (
                "table-missing",
                format!("row {number}: ADDL and SS need the interval II"),
                "II",
                "II is the time from dose to dose",
            )
        } else if every_d != 0.0 && !(SHORTEST_D..=LONGEST_D).contains(&every_d)
            || !(0.0..=LONGEST_D).contains(&over_d)
        {
            let message =
                format!("row {number}: an interval of {every_d} d, or a length of {over_d} d");
            (
                "table-value",
                message,
                "II",
                "doses follow each other by a minute or more, and nothing lasts longer than 150 years",
            )
        } else if steady > 0.0 && meals && period(every_d).is_none() {
            let message = format!(
                "row {number}: no steady state of doses every {every_d} d with meals by the clock"
            );
            (
                "table-event",
                message,
                "II",
                "a day must be a multiple of II, or II one of a day; or clock = \"averaged\"",
            )
        } else {
            return Some((every_d, more, steady));
        };
        self.fault(id, message, row.span(column), help);
        None
    }
}

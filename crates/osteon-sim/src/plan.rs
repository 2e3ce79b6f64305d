//! From a person and an arm to what happens when: start values, and changes of inputs and dose states in order of time.
//!
//! One input may be moved by the diet, by averaged supplements, by effects and by direct writing; the plan works out its value
//! between any two edges and says only what changes. Nothing is integrated here.

use std::collections::BTreeMap;

use osteon_model::Unit;
use osteon_vm::SymbolIndex;

use crate::body::Body;
use crate::drive::{Action, Timed};
use crate::measure::show_days;
use crate::run::{Met, MetKind};
use crate::scenario::{
    Arm, Change, Clock, Deposit, DietPart, Dose, Effect, Exposure, InputValue, Person, Phase,
    Record, Regimen,
};

/// Age in years at which the lived life begins: grown, every pool near its peak, nothing of later life yet. (the body's contract)
pub(crate) const ADULT_A: f64 = 25.0;

/// Years lived before the scenario by people who are not yet `ADULT_A` plus this old. (assumed: long enough for every pool but the slowest)
pub(crate) const SHORTEST_LIFE_A: f64 = 5.0;

/// Days by the clock before the scenario starts, so that the ripple of meals has settled. (assumed; a week of identical days)
pub(crate) const RUN_IN_D: f64 = 7.0;

/// Days in a year.
pub(crate) const DAYS_PER_YEAR: f64 = 365.25;

/// What is done to one person in one arm, in order of time; equal times in the order of the list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) actions: Vec<Timed>,
    pub(crate) met: Vec<Met>,
}

/// Beginning of the lived life in days, negative.
pub(crate) fn life_begins_d(person: &Person) -> f64 {
    -(person.age_a - ADULT_A).max(SHORTEST_LIFE_A.min(person.age_a)) * DAYS_PER_YEAR
}

/// End of the lived life of an arm in days: a week before time zero, or before the earliest thing that it says or records.
/// From there on everything goes by the scenario's clock.
pub(crate) fn life_ends_d(arm: &Arm, record: &Record) -> f64 {
    let mut earliest = -RUN_IN_D;
    let said = arm
        .phases
        .iter()
        .map(|p| p.from_d)
        .chain(arm.doses.iter().map(|d| d.at_d))
        .chain([record.from_d])
        .chain(record.also_d.iter().copied());
    for time_d in said.filter(|t| *t < -RUN_IN_D) {
        earliest = earliest.min(time_d - RUN_IN_D);
    }
    earliest.max(life_begins_d(&arm.person))
}

/// Start values: everything computed from them follows.
pub(crate) fn start_values(body: &Body, person: &Person) -> Vec<(SymbolIndex, f64)> {
    person
        .inputs
        .iter()
        .filter_map(|v| Some((body.find(&v.input)?, v.value)))
        .collect()
}

/// Works out plans for one person. `base` gives the start value of any symbol for this person.
pub(crate) struct Planner<'b> {
    pub(crate) body: &'b Body,
    pub(crate) person: &'b Person,
    pub(crate) base: BTreeMap<String, f64>,
}

impl Planner<'_> {
    /// Names of every input that a person or arm moves, so that their start values can be looked up.
    pub(crate) fn moved(body: &Body, person: &Person, arm: Option<&Arm>) -> Vec<String> {
        let mut names: Vec<String> = body
            .library
            .nutrients
            .iter()
            .map(|n| n.averaged.clone())
            .collect();
        let mut effects = |list: &[Effect]| names.extend(list.iter().map(|e| e.input.clone()));
        let phases = arm.map_or(&[][..], |a| &a.phases);
        person
            .exposures
            .iter()
            .chain(phases.iter().flat_map(|p| &p.exposures))
            .for_each(|e| effects(&e.effects));
        // What a rule may begin on the way moves inputs, too.
        let begun: Vec<&(Vec<Regimen>, Vec<Exposure>)> = arm
            .iter()
            .flat_map(|a| &a.titrations)
            .filter_map(|t| t.begin.as_deref())
            .collect();
        begun
            .iter()
            .flat_map(|b| &b.1)
            .for_each(|e| effects(&e.effects));
        let regimens: Vec<&Regimen> = person
            .regimens
            .iter()
            .chain(phases.iter().flat_map(|p| &p.regimens))
            .chain(begun.iter().flat_map(|b| &b.0))
            .collect();
        regimens.iter().for_each(|r| effects(&r.effects));
        names.extend(
            regimens
                .iter()
                .flat_map(|r| r.averaged.iter().flatten())
                .map(|d| d.symbol.clone()),
        );
        names.extend(
            regimens
                .iter()
                .filter_map(|r| r.portions.as_ref())
                .map(|p| p.input.clone()),
        );
        names.extend(
            body.library
                .nutrients
                .iter()
                .filter_map(|n| n.portions.clone()),
        );
        names.extend(
            phases
                .iter()
                .flat_map(|p| &p.inputs)
                .map(|v| v.input.clone()),
        );
        names.sort();
        names.dedup();
        names
    }

    /// The life before the scenario: averaged clock from `life_begins_d` to `until_d`.
    pub(crate) fn life(&self, until_d: f64) -> Plan {
        let mut plan = Plan::default();
        let from_d = life_begins_d(self.person);
        self.inputs(
            &mut plan,
            None,
            Clock::Averaged,
            from_d,
            until_d,
            &BTreeMap::new(),
        );
        plan.sort();
        plan
    }

    /// Run-in and scenario: the chosen clock from `from_d` (the end of the life) to `until_d`.
    pub(crate) fn scenario(
        &self,
        arm: &Arm,
        clock: Clock,
        from_d: f64,
        until_d: f64,
        in_force: &BTreeMap<String, f64>,
    ) -> Plan {
        let mut plan = Plan::default();
        self.inputs(&mut plan, Some(arm), clock, from_d, until_d, in_force);
        if clock == Clock::Meals {
            self.meals(&mut plan, arm, from_d, until_d);
            for regimen in self.regimens(Some(arm)) {
                self.take(&mut plan, regimen, from_d, until_d);
            }
        }
        for dose in &arm.doses {
            self.give(&mut plan, dose, until_d);
        }
        for phase in &arm.phases {
            for (time_d, word) in [(phase.from_d, "begins"), (phase.until_d, "ends")] {
                if (from_d..until_d).contains(&time_d) {
                    plan.met.push(Met {
                        time_d,
                        kind: MetKind::Phase,
                        what: format!("{} {word}", phase_words(phase)),
                    });
                }
            }
        }
        plan.sort();
        plan
    }

    /// What is eaten and taken by the clock between two times, nothing else.
    pub(crate) fn by_the_clock(&self, arm: &Arm, clock: Clock, from_d: f64, until_d: f64) -> Plan {
        let mut plan = Plan::default();
        if clock == Clock::Meals {
            self.meals(&mut plan, arm, from_d, until_d);
            for regimen in self.regimens(Some(arm)) {
                self.take(&mut plan, regimen, from_d, until_d);
            }
        }
        plan.sort();
        plan
    }

    /// Value of every moved input at the end of the life, to know what still has to be said.
    pub(crate) fn in_force(&self, clock: Clock, time_d: f64) -> BTreeMap<String, f64> {
        self.base
            .keys()
            .map(|name| (name.clone(), self.value(name, None, clock, time_d)))
            .collect()
    }

    fn phases<'a>(&self, arm: Option<&'a Arm>) -> &'a [Phase] {
        arm.map_or(&[], |a| &a.phases)
    }

    fn regimens<'a>(&'a self, arm: Option<&'a Arm>) -> impl Iterator<Item = &'a Regimen> {
        self.person
            .regimens
            .iter()
            .chain(self.phases(arm).iter().flat_map(|p| &p.regimens))
    }

    /// Sets inputs at every edge where their value changes.
    fn inputs(
        &self,
        plan: &mut Plan,
        arm: Option<&Arm>,
        clock: Clock,
        from_d: f64,
        until_d: f64,
        in_force: &BTreeMap<String, f64>,
    ) {
        let mut edges = vec![from_d];
        let mut edge = |a: f64, b: f64| {
            edges.extend([a, b].into_iter().filter(|t| *t > from_d && *t < until_d))
        };
        let phases = self.phases(arm);
        phases.iter().for_each(|p| edge(p.from_d, p.until_d));
        self.person
            .exposures
            .iter()
            .chain(phases.iter().flat_map(|p| &p.exposures))
            .for_each(|e| edge(e.from_d, e.until_d));
        self.regimens(arm)
            .for_each(|r| edge(r.from_d, taken_until(r)));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        for (name, base) in &self.base {
            let Some(symbol) = self.body.find(name) else {
                continue;
            };
            let mut present = in_force.get(name).copied().unwrap_or(*base);
            for time_d in &edges {
                let value = self.value(name, arm, clock, *time_d);
                if value != present {
                    plan.actions.push(Timed {
                        time: *time_d,
                        action: Action::Set { symbol, value },
                    });
                    present = value;
                }
            }
        }
    }

    /// Value of an input just after a time.
    fn value(&self, name: &str, arm: Option<&Arm>, clock: Clock, time_d: f64) -> f64 {
        let nutrient = self
            .body
            .library
            .nutrients
            .iter()
            .find(|n| n.averaged == name);
        if clock == Clock::Meals && nutrient.is_some_and(|n| n.meal.is_some()) {
            return 0.0;
        }
        let mut value = match nutrient {
            None if self.counts_portions(name) => {
                self.affected(name, self.portions(name, arm, time_d), arm, time_d)
            }
            Some(nutrient) => self.eaten(&nutrient.name, name, arm, time_d),
            None => self.affected(
                name,
                self.base.get(name).copied().unwrap_or(f64::NAN),
                arm,
                time_d,
            ),
        };
        for regimen in self
            .regimens(arm)
            .filter(|r| r.from_d <= time_d && time_d < taken_until(r))
        {
            // On the meals clock such a product is taken by the clock instead.
            let rates = regimen
                .averaged
                .iter()
                .flatten()
                .filter(|_| clock == Clock::Averaged);
            let taken = regimen.adherence.map_or(1.0, |a| a.share);
            value += rates
                .filter(|d| d.symbol == name)
                .map(|d| d.amount * taken)
                .sum::<f64>();
        }
        value
    }

    /// True for inputs that count meals or doses a day and that the person has not set themself.
    fn counts_portions(&self, name: &str) -> bool {
        !self.person.inputs.iter().any(|v| v.input == name)
    }

    /// Meals or doses a day, for inputs that count them; else the start value.
    fn portions(&self, name: &str, arm: Option<&Arm>, time_d: f64) -> f64 {
        let nutrient = self
            .body
            .library
            .nutrients
            .iter()
            .find(|n| n.portions.as_deref() == Some(name));
        if let Some(nutrient) = nutrient {
            // The number of equal meals in which an average bite is eaten in company of as much as in the real ones: 1 / Σ share².
            // Where a diet says what is eaten when, its first nutrient of those that share this input speaks for all.
            let served = match self.part(&nutrient.name, arm, time_d) {
                Some(part) if !part.at.is_empty() => &part.at,
                _ => &self.person.meals,
            };
            return 1.0 / served.iter().map(|m| m.share * m.share).sum::<f64>();
        }
        let taken = self
            .regimens(arm)
            .filter(|r| r.from_d <= time_d && time_d < taken_until(r));
        // Products of different nutrients do not add to each other's doses, so the most frequent one counts.
        let most = taken
            .filter_map(|r| Some((r.portions.as_ref()?, r.adherence)))
            .filter(|(p, _)| p.input == name)
            .map(|(p, adherence)| p.value * adherence.map_or(1.0, |a| a.share))
            .fold(f64::NAN, f64::max);
        if most.is_nan() {
            self.base.get(name).copied().unwrap_or(f64::NAN)
        } else {
            most
        }
    }

    /// What the diet in force says about a nutrient, if it says anything.
    fn part<'a>(
        &'a self,
        nutrient: &str,
        arm: Option<&'a Arm>,
        time_d: f64,
    ) -> Option<&'a DietPart> {
        let of = |diet: &'a [DietPart]| diet.iter().find(|d| d.nutrient == nutrient);
        self.phases(arm)
            .iter()
            .rev()
            .filter(|p| p.from_d <= time_d && time_d < p.until_d)
            .find_map(|p| of(&p.diet))
            .or_else(|| of(&self.person.diet))
    }

    /// Every hour of the day, in days, at which something of a nutrient may be eaten in this arm.
    fn hours(&self, nutrient: &str, arm: &Arm) -> Vec<f64> {
        let diets = arm
            .phases
            .iter()
            .map(|p| &p.diet)
            .chain(std::iter::once(&self.person.diet));
        let own = diets
            .flatten()
            .filter(|d| d.nutrient == nutrient)
            .flat_map(|d| &d.at);
        let mut hours: Vec<f64> = self
            .person
            .meals
            .iter()
            .chain(own)
            .map(|m| m.at_d)
            .collect();
        hours.sort_by(f64::total_cmp);
        hours.dedup();
        hours
    }

    /// What the diet brings per day of a nutrient, with the effects that act on its input.
    fn eaten(&self, nutrient: &str, input: &str, arm: Option<&Arm>, time_d: f64) -> f64 {
        let said = self.part(nutrient, arm, time_d).map(|d| d.per_day);
        let per_day = said.or_else(|| self.base.get(input).copied());
        self.affected(input, per_day.unwrap_or(f64::NAN), arm, time_d)
    }

    /// base × factors + additions; `set` and direct writing replace the base.
    fn affected(&self, name: &str, base: f64, arm: Option<&Arm>, time_d: f64) -> f64 {
        let (mut base, mut factor, mut sum) = (base, 1.0, 0.0);
        let phases = self.phases(arm);
        for InputValue { input, value, .. } in phases
            .iter()
            .filter(|p| p.from_d <= time_d && time_d < p.until_d)
            .flat_map(|p| &p.inputs)
        {
            if input == name {
                base = *value;
            }
        }
        let exposures = self
            .person
            .exposures
            .iter()
            .chain(phases.iter().flat_map(|p| &p.exposures));
        let lasting = exposures
            .filter(|e| e.from_d <= time_d && time_d < e.until_d)
            .flat_map(|e| e.effects.iter().map(move |x| (x, e.adherence)));
        let taken = self
            .regimens(arm)
            .filter(|r| r.from_d <= time_d && time_d < taken_until(r))
            .flat_map(|r| r.effects.iter().map(move |x| (x, r.adherence)));
        for (effect, adherence) in lasting.chain(taken).filter(|e| e.0.input == name) {
            // What is forgotten on some days acts on the others: the mean of both.
            let share = adherence.map_or(1.0, |a| a.share);
            match effect.change {
                Change::Factor(f) => factor *= 1.0 + (f - 1.0) * share,
                Change::Add(a) => sum += a * share,
                Change::Set(v) => base = v,
            }
        }
        base * factor + sum
    }

    /// Every meal of every day: its size is remembered, then its contents are added.
    fn meals(&self, plan: &mut Plan, arm: &Arm, from_d: f64, until_d: f64) {
        for nutrient in &self.body.library.nutrients {
            let meal = nutrient.meal.as_deref().and_then(|m| self.body.find(m));
            let unit = |name: &str| {
                self.body
                    .vocabulary
                    .get(name)
                    .and_then(|w| w.unit)
                    .unwrap_or(Unit::DIMENSIONLESS)
            };
            let day = Unit::parse("d").expect("the day is a unit");
            let amount_unit = unit(&nutrient.averaged).times(&day);
            // The library reader has made sure that these conversions exist.
            let factor = |target: &str| {
                nutrient
                    .substance
                    .factor(&amount_unit, &unit(target))
                    .unwrap_or(f64::NAN)
            };
            let to_meal = nutrient.meal.as_deref().map_or(f64::NAN, factor);
            let size = nutrient
                .meal_size
                .as_deref()
                .and_then(|s| Some((self.body.find(s)?, factor(s))));
            if meal.is_none() && size.is_none() {
                continue;
            }
            let mut day_number = from_d.floor();
            let hours = self.hours(&nutrient.name, arm);
            while day_number < until_d {
                for at_d in &hours {
                    let time_d = day_number + at_d;
                    if time_d < from_d || time_d >= until_d {
                        continue;
                    }
                    // A diet that says what is eaten at which meal keeps its own hours.
                    let served = match self.part(&nutrient.name, Some(arm), time_d) {
                        Some(part) if !part.at.is_empty() => &part.at,
                        _ => &self.person.meals,
                    };
                    let Some(part) = served.iter().find(|m| m.at_d == *at_d) else {
                        continue;
                    };
                    let eaten = self.eaten(&nutrient.name, &nutrient.averaged, Some(arm), time_d)
                        * part.share;
                    if let Some((symbol, to_size)) = size {
                        plan.actions.push(Timed {
                            time: time_d,
                            action: Action::Set {
                                symbol,
                                value: eaten * to_size,
                            },
                        });
                    }
                    if let Some(symbol) = meal.filter(|_| eaten > 0.0) {
                        plan.actions.push(Timed {
                            time: time_d,
                            action: Action::Add {
                                symbol,
                                amount: eaten * to_meal,
                            },
                        });
                    }
                }
                day_number += 1.0;
            }
        }
    }

    /// A product by the clock.
    fn take(&self, plan: &mut Plan, regimen: &Regimen, from_d: f64, until_d: f64) {
        // A phase counts its dosing days from its own beginning; what has always been taken counts from day 0.
        let origin = if regimen.from_d.is_finite() {
            regimen.from_d.floor()
        } else {
            0.0
        };
        let end = regimen.until_d.min(until_d);
        let mut given = 0;
        let mut day =
            if regimen.count.is_some() || !regimen.from_d.is_finite() || regimen.from_d > from_d {
                if regimen.from_d.is_finite() {
                    origin
                } else {
                    (from_d / regimen.every_d).floor() * regimen.every_d
                }
            } else {
                origin + ((from_d - origin) / regimen.every_d).floor() * regimen.every_d
            };
        while day < end {
            for at in &regimen.at_d {
                let time_d = day + at;
                if time_d < regimen.from_d
                    || time_d >= end
                    || regimen.count.is_some_and(|most| given >= most)
                {
                    continue;
                }
                given += 1;
                // Doses are numbered by their time, so that a draw does not depend on where a run begins.
                let forgotten = regimen
                    .adherence
                    .is_some_and(|a| !a.takes((time_d * 1440.0).round() as i64 as u64));
                if time_d >= from_d && !forgotten {
                    self.deposit(
                        plan,
                        time_d,
                        &regimen.into,
                        &regimen.size_into,
                        regimen.over_d,
                    );
                    plan.met.push(Met {
                        time_d,
                        kind: MetKind::Dose,
                        what: regimen.said.clone(),
                    });
                }
            }
            day += regimen.every_d;
        }
    }

    fn give(&self, plan: &mut Plan, dose: &Dose, until_d: f64) {
        for number in 0..dose.count {
            let time_d = dose.at_d + number as f64 * dose.every_d;
            if time_d >= until_d {
                break;
            }
            self.deposit(plan, time_d, &dose.into, &dose.size_into, dose.over_d);
            let over = if dose.over_d > 0.0 {
                format!(" over {:.3} h", dose.over_d * 24.0)
            } else {
                String::new()
            };
            plan.met.push(Met {
                time_d,
                kind: MetKind::Dose,
                what: format!("{}{over}", dose.said),
            });
        }
    }

    pub(crate) fn deposit(
        &self,
        plan: &mut Plan,
        time_d: f64,
        into: &[Deposit],
        sizes: &[InputValue],
        over_d: f64,
    ) {
        for InputValue { input, value, .. } in sizes {
            if let Some(symbol) = self.body.find(input) {
                plan.actions.push(Timed {
                    time: time_d,
                    action: Action::Set {
                        symbol,
                        value: *value,
                    },
                });
            }
        }
        for Deposit { symbol, amount } in into {
            let Some(symbol) = self.body.find(symbol) else {
                continue;
            };
            if over_d > 0.0 {
                let rate = amount / over_d;
                plan.actions.push(Timed {
                    time: time_d,
                    action: Action::Infuse {
                        symbol,
                        rate_change: rate,
                    },
                });
                plan.actions.push(Timed {
                    time: time_d + over_d,
                    action: Action::Infuse {
                        symbol,
                        rate_change: -rate,
                    },
                });
            } else {
                plan.actions.push(Timed {
                    time: time_d,
                    action: Action::Add {
                        symbol,
                        amount: *amount,
                    },
                });
            }
        }
    }
}

impl Plan {
    /// By time; equal times keep the order in which they were written (memories before what they are memories of).
    pub(crate) fn sort(&mut self) {
        self.actions.sort_by(|a, b| a.time.total_cmp(&b.time));
        self.met.sort_by(|a, b| a.time_d.total_cmp(&b.time_d));
    }
}

/// End of a regimen, its count of doses considered.
pub(crate) fn taken_until(regimen: &Regimen) -> f64 {
    match regimen.count {
        Some(count) if regimen.from_d.is_finite() => {
            let days = (count as f64 / regimen.at_d.len().max(1) as f64).ceil() * regimen.every_d;
            regimen.until_d.min(regimen.from_d + days)
        }
        _ => regimen.until_d,
    }
}

fn phase_words(phase: &Phase) -> String {
    let mut parts: Vec<String> = phase.diet_words();
    parts.extend(phase.regimens.iter().map(|r| r.said.clone()));
    parts.extend(phase.exposures.iter().map(|e| e.said.clone()));
    parts.extend(
        phase
            .inputs
            .iter()
            .map(|v| format!("{} = {}", v.input, v.said)),
    );
    if parts.is_empty() {
        return format!("phase from {}", show_days(phase.from_d));
    }
    parts.join(", ")
}

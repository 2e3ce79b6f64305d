//! Reads a scenario file: the outer shape, arms and record. What a person or a phase holds is read by `person_read` and
//! `exposure_read`. All faults are collected; a scenario comes out only if there is none.

use std::cell::Cell;

use osteon_model::{Diagnostic, SourceMap};

use crate::body::Body;
use crate::cautions::cautions;
use crate::diagnostics::Diagnostics;
use crate::measure::read_days;
use crate::near_name::advice;
use crate::person_read::PersonTables;
use crate::plan::{DAYS_PER_YEAR, life_begins_d};
use crate::quantities::meant;
use crate::scenario::{Arm, Change, Clock, Dose, Effect, Phase, Record, Scenario, Start};
use crate::skipping::refused;
use crate::toml_text::{Item, Reading, SCENARIO, Table};

/// Horizon in days up to which `clock = "auto"` resolves meals. Above it the ripple of single meals is far below the changes
/// that are looked for, and days are many. (assumed; docs/scenario.md says the rule)
const MEALS_HORIZON_D: f64 = 90.0;

/// Time of day, in days, at which blood is drawn when rows are whole days apart: 07:30, fasting. (assumed)
const SAMPLE_AT_D: f64 = 7.5 / 24.0;

/// Days between rows when the scenario does not say: a day, or a month beyond two years.
const EVERY_D: (f64, f64, f64) = (1.0, 730.5, 30.4375);

/// Longest time in days that anything may last or lie back: more than any life. Keeps schedules finite, whatever is asked for.
pub(crate) const LONGEST_D: f64 = 150.0 * 365.25;

/// What every reader of a scenario needs.
pub(crate) struct Context<'b> {
    pub(crate) body: &'b Body,
    pub(crate) reading: Reading,
    /// Words of `[person]` that a table of people brings, so that the scenario need not say them.
    pub(crate) brought: Vec<&'static str>,
    /// Whether the person now read is a woman; `None` where nobody's sex is known, or it differs between arms.
    pub(crate) sex: Cell<Option<bool>>,
}

/// Reads a scenario against a body. `name` is what messages call the file.
///
/// # Errors
/// All faults of the text at once, with their places.
pub fn read_scenario(text: &str, name: &str, body: &Body) -> Result<Scenario, Diagnostics> {
    read_scenario_for(text, name, body, &[])
}

/// Reads a scenario for a table of people that brings these words of `[person]` (`age`, `weight`, `sex`): the scenario may leave them
/// out. The person that comes out of it is nobody until a row of the table is put in ([`crate::People::scenario`]).
///
/// # Errors
/// As [`read_scenario`].
pub fn read_scenario_for(
    text: &str,
    name: &str,
    body: &Body,
    brought: &[&'static str],
) -> Result<Scenario, Diagnostics> {
    let mut sources = SourceMap::new();
    let file = sources.add(name, text);
    let context = Context {
        body,
        reading: Reading::new(&SCENARIO, file),
        brought: brought.to_vec(),
        sex: Cell::new(None),
    };
    let document = context.reading.parse(text);
    let range = document.span();
    let top = Table::new(&context.reading, document.get_ref(), range, "the scenario");
    let scenario = context.scenario(&top, text, name);
    top.finish();
    let list = context.reading.into_faults();
    match scenario {
        Some(scenario) if !list.iter().any(Diagnostic::is_error) => Ok(scenario),
        _ => Err(Diagnostics { list, sources }),
    }
}

/// Whether a person's table says that she is a woman; faults of the word are told when the person is read.
fn sex_said(table: &Table<'_, '_>) -> Option<bool> {
    match table.get("sex").filter(Item::is_text)?.text()? {
        "female" => Some(true),
        "male" => Some(false),
        _ => None,
    }
}

/// One dose of a product, as a `[[dose]]` table would say it; for tests that give something on the way.
///
/// # Errors
/// As for a scenario: unknown product, amount in a unit that does not fit.
pub fn single_dose(
    body: &Body,
    product: &str,
    amount: &str,
    over: &str,
    at_d: f64,
) -> Result<Dose, Diagnostics> {
    let text = format!("use = {product:?}\namount = {amount:?}\nover = {over:?}\nat = \"0 d\"\n");
    let mut sources = SourceMap::new();
    let file = sources.add("a dose", text.as_str());
    let context = Context {
        body,
        reading: Reading::new(&SCENARIO, file),
        brought: Vec::new(),
        sex: Cell::new(None),
    };
    let document = context.reading.parse(&text);
    let range = document.span();
    let table = Table::new(&context.reading, document.get_ref(), range, "the dose");
    let dose = context.dose(&table);
    table.finish();
    let list = context.reading.into_faults();
    match dose {
        Some(dose) if list.is_empty() => Ok(Dose { at_d, ..dose }),
        _ => Err(Diagnostics { list, sources }),
    }
}

impl Context<'_> {
    pub(crate) fn push(&self, fault: Diagnostic) {
        self.reading.push(fault);
    }

    fn scenario(&self, top: &Table<'_, '_>, text: &str, name: &str) -> Option<Scenario> {
        let title = top
            .get("title")
            .and_then(|i| i.text().map(str::to_owned))
            .unwrap_or_else(|| name.to_owned());
        let says = top.get("says").and_then(|i| i.text().map(str::to_owned));
        let _notes = top.get("notes").and_then(|i| i.text());
        let start = match top.get("start") {
            Some(item) => self.start(&item),
            None => Some(Start::Lived),
        };
        let record_item = top.need(
            "record",
            "[record] says until when and what: until = \"49 d\", quantities = [\"…\"]",
        );
        let person_item = top.need("person", "[person] says sex, age and weight");
        let person_table = person_item.as_ref().and_then(|i| i.table("[person]"));
        self.sex.set(self.shared_sex(top, person_table.as_ref()));
        let shared_phases = self.phases(top);
        let shared_doses = self.doses(top);
        let mut arms = Vec::new();
        let mut complete = true;
        let arm_items = top.get("arm").and_then(|i| i.list());
        match arm_items {
            None => {
                let person = person_table.as_ref().and_then(|t| {
                    self.person(
                        &PersonTables {
                            own: None,
                            shared: Some(t),
                        },
                        t.span(),
                    )
                });
                match person {
                    Some(person) => arms.push(Arm {
                        name: String::new(),
                        person,
                        phases: Vec::new(),
                        doses: Vec::new(),
                        titrations: Vec::new(),
                        interventions: Vec::new(),
                    }),
                    None => complete = false,
                }
            }
            Some(items) => {
                let mut shared_person = None;
                for item in items {
                    let Some(table) = item.table("[[arm]]") else {
                        complete = false;
                        continue;
                    };
                    let arm_name = table
                        .need("name", "every arm has a name")
                        .and_then(|i| i.text().map(str::to_owned));
                    let own = table
                        .get("person")
                        .and_then(|i| i.table("the arm's person"));
                    let said = own.as_ref().and_then(sex_said);
                    self.sex
                        .set(said.or_else(|| person_table.as_ref().and_then(sex_said)));
                    let phases = self.phases(&table);
                    let doses = self.doses(&table);
                    table.claim("titrate");
                    let person = if own.is_none() && shared_person.is_some() {
                        shared_person.clone()
                    } else {
                        let span = own
                            .as_ref()
                            .or(person_table.as_ref())
                            .map_or(item.span, Table::span);
                        let read = self.person(
                            &PersonTables {
                                own: own.as_ref(),
                                shared: person_table.as_ref(),
                            },
                            span,
                        );
                        if own.is_none() {
                            shared_person.clone_from(&read);
                        }
                        read
                    };
                    if let Some(own) = &own {
                        own.finish();
                    }
                    table.finish();
                    match (arm_name, person) {
                        (Some(name), Some(person)) => {
                            if arms.iter().any(|a: &Arm| a.name == name) {
                                self.push(
                                    item.fault(
                                        "scenario-impossible-value",
                                        format!("two arms are called `{name}`"),
                                    )
                                    .help("give each arm its own name"),
                                );
                            }
                            arms.push(Arm {
                                name,
                                person,
                                phases,
                                doses,
                                titrations: Vec::new(),
                                interventions: Vec::new(),
                            });
                        }
                        _ => complete = false,
                    }
                }
            }
        }
        if let Some(table) = &person_table {
            table.finish();
        }
        for arm in &mut arms {
            // What all arms share comes first, so that an arm's own phases take precedence.
            let own_phases = std::mem::replace(&mut arm.phases, shared_phases.clone());
            arm.phases.extend(own_phases);
            arm.doses.splice(0..0, shared_doses.iter().cloned());
        }
        let ends_d = record_item
            .as_ref()
            .filter(|i| i.is_table())
            .and_then(|i| i.table("[record]"))
            .and_then(|t| t.get("until"))
            .filter(Item::is_text)
            .and_then(|i| read_days(i.text()?).ok());
        // Without an end nothing can be said about when rules are asked; the missing end is told elsewhere.
        if let Some(ends_d) = ends_d {
            let shared = self.titrations(top, ends_d);
            let own: Vec<_> = top
                .get("arm")
                .filter(Item::is_list)
                .and_then(|i| i.list())
                .into_iter()
                .flatten()
                .filter(Item::is_table)
                .filter_map(|i| Some(self.titrations(&i.table("[[arm]]")?, ends_d)))
                .collect();
            if complete {
                for (number, arm) in arms.iter_mut().enumerate() {
                    arm.titrations.clone_from(&shared);
                    arm.titrations
                        .extend(own.get(number).into_iter().flatten().cloned());
                }
            }
        } else {
            top.claim("titrate");
        }
        let record = record_item.and_then(|i| i.table("[record]")).and_then(|t| {
            let record = self.record(&t, &arms);
            t.finish();
            record
        });
        if complete {
            self.check_clashes(&arms, top);
            self.check_titrations(&arms, top);
            self.check_beginnings(&arms, record.as_ref(), top);
            // Blood for a rule is drawn at the hour of the rows.
            if let Some(record) = record.as_ref().filter(|r| r.clock == Clock::Meals) {
                for time in arms
                    .iter_mut()
                    .flat_map(|a| &mut a.titrations)
                    .flat_map(|t| &mut t.times_d)
                    .filter(|t| (**t - t.round()).abs() < 1e-9)
                {
                    *time += record.sample_at_d;
                }
            }
            self.check_doses(&arms, record.as_ref(), top);
        }
        let (Some(start), Some(record), true) = (start, record, complete) else {
            return None;
        };
        if arms.is_empty() {
            return None;
        }
        Some(Scenario {
            cautions: cautions(&self.body.library, &arms),
            name: name.to_owned(),
            title,
            says,
            text: text.to_owned(),
            start,
            arms,
            record,
        })
    }

    /// The sex that all arms share, for phases that they share.
    fn shared_sex(&self, top: &Table<'_, '_>, person: Option<&Table<'_, '_>>) -> Option<bool> {
        let shared = person.and_then(sex_said);
        let arms = top.get("arm").filter(Item::is_list).and_then(|i| i.list());
        let mut sexes = arms.into_iter().flatten().filter_map(|arm| {
            if !arm.is_table() {
                return Some(shared);
            }
            let table = arm.table("[[arm]]")?;
            let own = table.get("person").filter(Item::is_table);
            Some(own.and_then(|i| sex_said(&i.table("person")?)).or(shared))
        });
        let first = sexes.next().unwrap_or(shared);
        sexes.all(|s| s == first).then_some(first).flatten()
    }

    fn start(&self, item: &Item<'_, '_>) -> Option<Start> {
        match item.text()? {
            "lived" | "day 0" => Some(Start::Lived),
            "steady" => Some(Start::Steady),
            other => {
                self.push(
                    item.fault("scenario-wrong-kind", format!("`start` cannot be `{other}`"))
                        .help("\"day 0\" (from a lived life) or \"steady\" (the steady state of the usual diet)"),
                );
                None
            }
        }
    }

    fn phases(&self, table: &Table<'_, '_>) -> Vec<Phase> {
        let items = table
            .get("phase")
            .and_then(|i| i.list())
            .into_iter()
            .flatten();
        items
            .filter_map(|item| {
                let table = item.table("[[phase]]")?;
                let phase = self.phase(&table);
                table.finish();
                phase
            })
            .collect()
    }

    /// `from` and `until` of a table, checked against each other.
    pub(crate) fn window(
        &self,
        table: &Table<'_, '_>,
        from_key: &'static str,
        from_default: f64,
    ) -> Option<(f64, f64)> {
        let from_item = table.get(from_key);
        let until_item = table.get("until");
        let from = match from_item {
            Some(item) => item.days("21 d")?,
            None => from_default,
        };
        let until = match &until_item {
            Some(item) => item.days("49 d")?,
            None => f64::INFINITY,
        };
        if from.is_finite() && from.abs() > LONGEST_D
            || until.is_finite() && until.abs() > LONGEST_D
        {
            self.push(
                Diagnostic::error(
                    "scenario-impossible-value",
                    "times lie within 150 years of the start",
                    table.span(),
                )
                .help("write years with `a`: \"-3 a\""),
            );
            return None;
        }
        if let Some(item) = until_item
            && until <= from
        {
            self.push(
                item.fault("scenario-time-order", format!("ends at {until} d, which is not after its beginning at {from} d"))
                    .help(format!("`until` is a time from the start of the scenario and must come after `{from_key}`")),
            );
            return None;
        }
        Some((from, until))
    }

    fn phase(&self, table: &Table<'_, '_>) -> Option<Phase> {
        let window = self.window(table, "from", 0.0);
        let (from_d, until_d) = window.unwrap_or((0.0, f64::INFINITY));
        let _label = table.get("name").and_then(|i| i.text());
        let diet = table.get("diet").map_or_else(Vec::new, |i| self.diet(&i));
        let mut regimens = Vec::new();
        let mut exposures = Vec::new();
        self.takings(
            &|key| table.get(key),
            (from_d, until_d),
            false,
            &mut exposures,
            &mut regimens,
        );
        let inputs = table
            .get("inputs")
            .map_or_else(Vec::new, |i| self.inputs(&i, true));
        window.map(|_| Phase {
            from_d,
            until_d,
            diet,
            exposures,
            regimens,
            inputs,
        })
    }

    fn doses(&self, table: &Table<'_, '_>) -> Vec<Dose> {
        let items = table
            .get("dose")
            .and_then(|i| i.list())
            .into_iter()
            .flatten();
        items
            .filter_map(|item| {
                let table = item.table("[[dose]]")?;
                let dose = self.dose(&table);
                table.finish();
                dose
            })
            .collect()
    }

    fn record(&self, table: &Table<'_, '_>, arms: &[Arm]) -> Option<Record> {
        let until_item = table.need("until", "until = \"49 d\"");
        let from_item = table.get("from");
        let every_item = table.get("every");
        let sample_item = table.get("sample_at");
        let also = table.get("also");
        let quantities_item = table.get("quantities");
        let clock_item = table.get("clock");
        let skip_item = table.get("skip_days");
        let from_d = match from_item {
            Some(i) => i.days("0 d")?,
            None => 0.0,
        };
        let until_item = until_item?;
        let until_d = until_item.days("49 d")?;
        if until_d <= from_d || until_d <= 0.0 {
            self.push(
                until_item
                    .fault(
                        "scenario-time-order",
                        format!(
                            "the record ends at {until_d} d, which is not after its beginning at {} d",
                            from_d.max(0.0)
                        ),
                    )
                    .help("until = \"49 d\", a time after the start; `from` may be negative"),
            );
            return None;
        }
        if until_d > LONGEST_D || from_d < -LONGEST_D {
            self.push(
                until_item
                    .fault(
                        "scenario-impossible-value",
                        format!("a record from {from_d} d to {until_d} d"),
                    )
                    .help("it lies within 150 years of the start"),
            );
            return None;
        }
        let every_d = match &every_item {
            Some(i) => i.days("1 d")?,
            None if until_d - from_d > EVERY_D.1 => EVERY_D.2,
            None => EVERY_D.0.min(until_d - from_d),
        };
        if every_d <= 0.0 || (until_d - from_d) / every_d > 2e6 {
            let fault = format!(
                "rows every {every_d} d over {} d are impossible",
                until_d - from_d
            );
            self.push(
                every_item
                    .unwrap_or(until_item)
                    .fault("scenario-impossible-value", fault)
                    .help("every = \"1 d\""),
            );
            return None;
        }
        let sample_at_d = match sample_item {
            Some(i) => i.days("07:30")?.rem_euclid(1.0),
            None => SAMPLE_AT_D,
        };
        let mut also_d = Vec::new();
        for item in also.iter().flat_map(Item::one_or_more) {
            match item.days("21 d") {
                Some(time) if (-LONGEST_D..=until_d).contains(&time) => also_d.push(time),
                Some(time) => self.push(
                    item.fault(
                        "scenario-time-order",
                        format!("{time} d lies outside the run, which ends at {until_d} d"),
                    )
                    .help("times of `also` lie within the record"),
                ),
                None => {}
            }
        }
        let mut quantities = Vec::new();
        if let Some(item) = quantities_item {
            for item in item.list()? {
                let Some(name) = item.text() else { continue };
                if self.body.library.quantity(name).is_some()
                    || self.body.vocabulary.get(name).is_some()
                {
                    quantities.push(name.to_owned());
                } else {
                    self.push(
                        item.fault(
                            "scenario-unknown-name",
                            format!("no quantity is called `{name}`"),
                        )
                        .help(format!(
                            "{} (any symbol of the body will do, too)",
                            meant(&self.body.library, name)
                        )),
                    );
                }
            }
        } else {
            quantities = self
                .body
                .library
                .quantities
                .iter()
                .filter(|q| q.panel)
                .map(|q| q.name.clone())
                .collect();
        }
        if quantities.is_empty() {
            self.push(
                Diagnostic::error(
                    "scenario-missing",
                    "[record] names no quantities and the library has no panel",
                    table.span(),
                )
                .help("quantities = [\"…\"]"),
            );
        }
        let skip_days = match &skip_item {
            Some(item) => item.boolean()?,
            None => false,
        };
        let (clock, clock_why) = match self.clock(clock_item.as_ref(), until_d, every_d, arms)? {
            (Clock::Averaged, Some(_)) if skip_days => {
                (Clock::Meals, Some("days are skipped".to_owned()))
            }
            chosen => chosen,
        };
        if let Some(item) = skip_item.filter(|_| skip_days) {
            for (what, help) in arms.iter().filter_map(|arm| refused(arm, clock)) {
                self.push(item.fault("skip-days", what).help(help));
            }
        }
        Some(Record {
            from_d,
            until_d,
            every_d,
            sample_at_d,
            also_d,
            quantities,
            clock,
            clock_why,
            skip_days,
        })
    }

    fn clock(
        &self,
        item: Option<&Item<'_, '_>>,
        until_d: f64,
        every_d: f64,
        arms: &[Arm],
    ) -> Option<(Clock, Option<String>)> {
        let unaveraged = arms
            .iter()
            .flat_map(|a| &a.phases)
            .flat_map(|p| &p.regimens)
            .find(|r| r.averaged.is_none());
        match item.map_or(Some("auto"), Item::text)? {
            "meals" => Some((Clock::Meals, None)),
            "averaged" => {
                if let (Some(regimen), Some(item)) = (unaveraged, item) {
                    self.push(
                        item.fault("scenario-clock", format!("`{}` can be taken only by the clock: its library entry has no averaged input", regimen.entry))
                            .help("clock = \"meals\" or \"auto\""),
                    );
                }
                Some((Clock::Averaged, None))
            }
            "auto" => Some(if let Some(regimen) = unaveraged {
                (
                    Clock::Meals,
                    Some(format!("{} is taken by the clock", regimen.entry)),
                )
            } else if until_d <= MEALS_HORIZON_D {
                (
                    Clock::Meals,
                    Some(format!("{MEALS_HORIZON_D} days or less")),
                )
            } else if every_d < 1.0 {
                (Clock::Meals, Some("rows within the day".to_owned()))
            } else {
                (
                    Clock::Averaged,
                    Some(format!(
                        "more than {MEALS_HORIZON_D} days, rows a day or more apart"
                    )),
                )
            }),
            other => {
                let item = item?;
                self.push(
                    item.fault(
                        "scenario-wrong-kind",
                        format!("`clock` cannot be `{other}`"),
                    )
                    .help(advice(
                        other,
                        ["auto", "averaged", "meals"],
                        "docs/scenario.md",
                    )),
                );
                None
            }
        }
    }

    /// What begins before time zero must lie within the life of the person.
    fn check_beginnings(&self, arms: &[Arm], record: Option<&Record>, top: &Table<'_, '_>) {
        for arm in arms {
            let begins_d = life_begins_d(&arm.person);
            let phases = arm.phases.iter().map(|p| (p.from_d, "a phase begins"));
            let doses = arm.doses.iter().map(|d| (d.at_d, "a dose is given"));
            let rows = record.iter().map(|r| (r.from_d, "the record begins"));
            for (time_d, what) in phases.chain(doses).chain(rows) {
                if time_d < begins_d {
                    self.push(
                        Diagnostic::error(
                            "scenario-time-order",
                            format!(
                                "{what} {:.1} years before the scenario; the life of a person of {} years is lived from {:.1} years before it",
                                -time_d / DAYS_PER_YEAR,
                                arm.person.age_a,
                                -begins_d / DAYS_PER_YEAR
                            ),
                            top.span(),
                        )
                        .help("lives are lived from the age of 25, or for the last five years"),
                    );
                    return;
                }
            }
        }
    }

    /// Two different `set` effects on one input at the same time have no meaning.
    fn check_clashes(&self, arms: &[Arm], top: &Table<'_, '_>) {
        for arm in arms {
            let mut sets: Vec<(&str, &str, f64, f64, f64)> = Vec::new();
            let exposures = arm
                .person
                .exposures
                .iter()
                .chain(arm.phases.iter().flat_map(|p| &p.exposures));
            for exposure in exposures {
                for Effect { input, change } in &exposure.effects {
                    let Change::Set(value) = *change else {
                        continue;
                    };
                    let clash = sets.iter().find(|s| {
                        s.0 == input
                            && s.2 != value
                            && s.3 < exposure.until_d
                            && exposure.from_d < s.4
                    });
                    if let Some(other) = clash {
                        self.push(
                            Diagnostic::error("scenario-clash", format!("`{}` and `{}` both set `{input}`, to {} and {value}, at the same time", other.1, exposure.entry, other.2), top.span())
                                .help("let one end before the other begins (`until`), or drop one"),
                        );
                    }
                    sets.push((
                        input,
                        &exposure.entry,
                        value,
                        exposure.from_d,
                        exposure.until_d,
                    ));
                }
            }
        }
    }

    /// Doses after the end of the record would silently do nothing.
    fn check_doses(&self, arms: &[Arm], record: Option<&Record>, top: &Table<'_, '_>) {
        let Some(record) = record else { return };
        for dose in arms.iter().flat_map(|a| &a.doses) {
            if dose.at_d >= record.until_d {
                self.push(
                    Diagnostic::error(
                        "scenario-time-order",
                        format!(
                            "the dose of `{}` at {} d comes after the end of the record at {} d",
                            dose.entry, dose.at_d, record.until_d
                        ),
                        top.span(),
                    )
                    .help("let the record go on (`until`), or give the dose earlier"),
                );
            }
        }
    }
}

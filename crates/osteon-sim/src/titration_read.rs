//! Reads `[[titrate]]`: a dose that is raised, lowered, begun or stopped by what is measured on the way.

use osteon_model::{Diagnostic, Unit};

use crate::exposure_read::{Asked, Timing, Unscalable, scaled};
use crate::library::{Entry, Response, Shelf};
use crate::measure::{Measure, read_measure, read_time_of_day};
use crate::near_name::{advice, same_name};
use crate::scenario::{Arm, DoseChange, Titration};
use crate::scenario_read::Context;
use crate::substance::Substance;
use crate::toml_text::{Item, Table};

/// Most times at which one rule may be asked. (keeps schedules finite)
const MOST_TIMES: f64 = 10_000.0;

/// What decides: symbol, factor, trailing days, direction, threshold, its unit.
struct Condition {
    quantity: String,
    symbol: String,
    factor: f64,
    over_d: Option<f64>,
    below: bool,
    threshold: f64,
    unit: String,
}

impl Context<'_> {
    /// All rules of a table that stands for everybody or for one arm. `until_d` is the end of the record, if that could be read.
    pub(crate) fn titrations(&self, table: &Table<'_, '_>, until_d: f64) -> Vec<Titration> {
        let items = table.get("titrate").and_then(|i| i.list());
        items
            .into_iter()
            .flatten()
            .filter_map(|item| {
                let table = item.table("[[titrate]]")?;
                let rule = self.titration(&item, &table, until_d);
                table.finish();
                rule
            })
            .collect()
    }

    fn titration(
        &self,
        item: &Item<'_, '_>,
        table: &Table<'_, '_>,
        until_d: f64,
    ) -> Option<Titration> {
        let used = table.need("use", "use = \"a supplement or drug that is taken\"");
        let when = table.need("when", "when = \"serum.X < 0.75 mmol/L\"");
        let (to, by, stop) = (table.get("to"), table.get("by"), table.get("stop"));
        let (most, least) = (table.get("most"), table.get("least"));
        let taken_at = table.get("taken_at");
        let times = self.review_times(table, item, until_d);
        let condition = when.as_ref().and_then(|w| self.condition(w));
        let used = used?;
        let name = used.text()?;
        let library = &self.body.library;
        let found = [Shelf::Supplement, Shelf::Drug]
            .into_iter()
            .find_map(|shelf| library.entry(shelf, name));
        let Some(entry) = found else {
            self.push(
                used.fault(
                    "scenario-unknown-name",
                    format!("no supplement or drug is called `{name}`"),
                )
                .help(library.help(None, name, "osteon list library")),
            );
            return None;
        };
        let (times_d, condition) = (times?, condition?);
        let change = match (&to, &by, &stop) {
            (Some(to), None, None) => DoseChange::To(self.daily_dose(entry, to)?),
            (None, Some(by), None) => {
                let step = self.daily_dose(entry, by)?;
                let limit = match (step.value > 0.0, most, least) {
                    (true, Some(limit), None) | (false, None, Some(limit)) => {
                        self.daily_dose(entry, &limit)?
                    }
                    (raised, _, _) => {
                        let key = if raised { "most" } else { "least" };
                        self.push(
                            by.fault(
                                "scenario-missing",
                                format!("a dose that is changed by steps needs a limit: `{key}`"),
                            )
                            .help(format!("{key} = \"400 mg/d\"")),
                        );
                        return None;
                    }
                };
                DoseChange::By { step, limit }
            }
            (None, None, Some(stop)) => {
                if !stop.boolean()? {
                    self.push(
                        stop.fault("scenario-impossible-value", "`stop` is true or is left out")
                            .help("stop = true"),
                    );
                    return None;
                }
                DoseChange::Stop
            }
            _ => {
                self.push(
                    item.fault("scenario-missing", "a rule says one of `to`, `by` and `stop`")
                        .help("to = \"400 mg/d\", or by = \"100 mg/d\" with most = \"400 mg/d\", or stop = true"),
                );
                return None;
            }
        };
        if let DoseChange::To(dose) | DoseChange::By { limit: dose, .. } = &change
            && dose.value > 0.0
            && let Err(why) = scaled(entry, dose)
        {
            let message = match why {
                Unscalable::Unit(why) => why,
                Unscalable::Negative(input) => format!(
                    "at {} {} `{input}` would become negative: the library's entry does not reach so far",
                    dose.value, dose.unit_text
                ),
            };
            self.push(
                item.fault(
                    "scenario-impossible-value",
                    format!("`{}`: {message}", entry.name),
                )
                .help(format!("osteon explain \"{}\"", entry.name)),
            );
            return None;
        }
        let mut begin = None;
        if let (DoseChange::To(dose), Some(to)) = (&change, &to)
            && dose.value > 0.0
        {
            let mut at_d = Vec::new();
            for time in taken_at.iter().flat_map(Item::one_or_more) {
                let Some(hour) = time.text().and_then(read_time_of_day) else {
                    self.push(
                        time.fault(
                            "scenario-wrong-kind",
                            "`taken_at` is a list of times of day",
                        )
                        .help("taken_at = [\"08:00\", \"20:00\"]"),
                    );
                    return None;
                };
                at_d.push(hour);
            }
            let asked = Asked {
                item,
                entry,
                name,
                dose: Some(to.clone()),
                timing: Timing::daily(at_d),
                of: None,
                adherence: None,
                window: (0.0, f64::INFINITY),
                of_person: false,
            };
            let (mut exposures, mut regimens) = (Vec::new(), Vec::new());
            self.taken(&asked, &mut exposures, &mut regimens);
            if exposures.is_empty() && regimens.is_empty() {
                return None;
            }
            begin = Some(Box::new((regimens, exposures)));
        } else if let Some(taken_at) = taken_at {
            self.push(
                taken_at
                    .fault(
                        "scenario-clash",
                        "`taken_at` belongs to `to`, which may begin a product",
                    )
                    .help("drop `taken_at`"),
            );
            return None;
        }
        let asked = when.as_ref().and_then(Item::text).unwrap_or("");
        let done = match (&to, &by) {
            (Some(to), _) => format!("to {}", to.text().unwrap_or("")),
            (_, Some(by)) => format!("by {}", by.text().unwrap_or("")),
            _ => "stop".to_owned(),
        };
        Some(Titration {
            entry: entry.name.clone(),
            quantity: condition.quantity,
            symbol: condition.symbol,
            factor: condition.factor,
            over_d: condition.over_d,
            below: condition.below,
            threshold: condition.threshold,
            unit: condition.unit,
            times_d,
            change,
            begin,
            said: format!("{}: {done} when {asked}", entry.name),
        })
    }

    /// `at = ["8 wk"]`, or `every = "4 wk"` with `from` and `until`.
    fn review_times(
        &self,
        table: &Table<'_, '_>,
        item: &Item<'_, '_>,
        until_d: f64,
    ) -> Option<Vec<f64>> {
        let at = table.get("at");
        let every = table.get("every");
        let (from, until) = (table.get("from"), table.get("until"));
        let mut times = Vec::new();
        match (at, every) {
            (Some(at), None) => {
                if let Some(extra) = from.or(until) {
                    self.push(
                        extra
                            .fault(
                                "scenario-clash",
                                format!("`{}` belongs to `every`", extra.key),
                            )
                            .help("list the times in `at`, or write every = \"4 wk\""),
                    );
                    return None;
                }
                for time in at.one_or_more() {
                    times.push((time.days("8 wk")?, time));
                }
            }
            (None, Some(every)) => {
                let step = every.days("4 wk")?;
                let first = match &from {
                    Some(from) => from.days("4 wk")?,
                    None => step,
                };
                let last = match &until {
                    Some(until) => until.days("1 a")?.min(until_d),
                    None => until_d,
                };
                if step <= 0.0 || (last - first) / step > MOST_TIMES {
                    self.push(
                        every
                            .fault(
                                "scenario-impossible-value",
                                "the rule would be asked without end",
                            )
                            .help("every = \"4 wk\""),
                    );
                    return None;
                }
                let mut time = first;
                while time < last || (time == last && until.is_some()) {
                    times.push((time, every.clone()));
                    time += step;
                }
            }
            _ => {
                self.push(
                    item.fault(
                        "scenario-missing",
                        "a rule says when it is asked: `at` or `every`, one of them",
                    )
                    .help("at = [\"8 wk\"], or every = \"4 wk\""),
                );
                return None;
            }
        }
        for (time, item) in &times {
            if *time < 0.0 || *time > until_d {
                self.push(
                    item.fault("scenario-time-order", format!("the rule is asked at {time} d, outside the scenario, which lasts from 0 d to {until_d} d"))
                        .help("at = [\"8 wk\"]"),
                );
                return None;
            }
        }
        let mut times: Vec<f64> = times.into_iter().map(|t| t.0).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        Some(times)
    }

    /// `serum.X < 0.75 mmol/L`
    fn condition(&self, item: &Item<'_, '_>) -> Option<Condition> {
        let text = item.text()?;
        let wrong = || {
            self.push(
                item.fault(
                    "scenario-wrong-kind",
                    format!("\"{text}\" compares nothing"),
                )
                .help("when = \"serum.X < 0.75 mmol/L\", with < or >"),
            );
        };
        let Some(place) = text.find(['<', '>']) else {
            wrong();
            return None;
        };
        let below = text.as_bytes()[place] == b'<';
        let name = text[..place].trim();
        let limit = text[place + 1..].trim_start_matches('=').trim();
        if name.is_empty() || limit.is_empty() {
            wrong();
            return None;
        }
        let measure = match read_measure(limit) {
            Ok(measure) => measure,
            Err(_) => {
                self.push(
                    item.fault(
                        "scenario-wrong-kind",
                        format!("`{limit}` is no number with a unit"),
                    )
                    .help("when = \"serum.X < 0.75 mmol/L\""),
                );
                return None;
            }
        };
        let (symbol, substance, body_factor, over_d, unit_text) =
            match self.body.library.quantity(name) {
                Some(q) if q.since_start => {
                    self.push(
                        item.fault(
                            "scenario-impossible-value",
                            format!("`{name}` counts from the start and cannot decide on a dose"),
                        )
                        .help("name a value, not a sum"),
                    );
                    return None;
                }
                Some(q) => (
                    q.symbol.clone(),
                    q.substance.clone(),
                    q.factor,
                    q.over_d,
                    q.unit.clone(),
                ),
                None => match self.body.vocabulary.get(name) {
                    Some(word) => (
                        name.to_owned(),
                        Substance::default(),
                        1.0,
                        None,
                        word.unit.map_or_else(|| "1".to_owned(), |u| u.to_string()),
                    ),
                    None => {
                        let known = self.body.library.quantities.iter().map(|q| q.name.as_str());
                        self.push(
                            item.fault(
                                "scenario-unknown-name",
                                format!("no quantity is called `{name}`"),
                            )
                            .help(advice(
                                name,
                                known,
                                "osteon list quantities",
                            )),
                        );
                        return None;
                    }
                },
            };
        let unit = Unit::parse(&unit_text).unwrap_or(Unit::DIMENSIONLESS);
        match substance.factor(&measure.unit, &unit) {
            Ok(factor) => Some(Condition {
                quantity: name.to_owned(),
                symbol,
                factor: body_factor,
                over_d,
                below,
                threshold: measure.value * factor,
                unit: unit_text,
            }),
            Err(why) => {
                self.push(
                    item.fault(
                        "scenario-wrong-dimension",
                        format!("`{name}` is in {unit_text}, and \"{limit}\" is not: {why}"),
                    )
                    .help(format!("for example when = \"{name} < 1 {unit_text}\"")),
                );
                None
            }
        }
    }

    /// A dose per day of an entry, in a unit that its dose can be turned into.
    fn daily_dose(&self, entry: &Entry, item: &Item<'_, '_>) -> Option<Measure> {
        let measure = item.measure("400 mg/d")?;
        let a_day = Unit::parse("1/d").expect("per day is a unit");
        let (substance, unit) = match (&entry.product, &entry.response) {
            (Some(product), _) => {
                let kinds = ["g/d", "mol/d", "[IU]/d", "eq/d"];
                let fits = kinds
                    .iter()
                    .filter_map(|u| Unit::parse(u).ok())
                    .find(|u| product.substance.factor(&measure.unit, u).is_ok());
                (product.substance.clone(), fits)
            }
            (None, Response::Linear { reference, .. } | Response::Emax { reference, .. }) => {
                (Substance::default(), Some(reference.1))
            }
            (None, Response::Fixed) => {
                self.push(
                    item.fault("scenario-dose", format!("`{}` takes no dose: the library does not say how its effects depend on one", entry.name))
                        .help("stop = true ends it"),
                );
                return None;
            }
        };
        let fits = unit.is_some_and(|u| {
            substance.factor(&measure.unit, &u).is_ok() && !u.same_dimension(&a_day)
        });
        if !fits {
            self.push(
                item.fault(
                    "scenario-wrong-dimension",
                    format!(
                        "`{}` of a rule is a dose per day, and is \"{}\"",
                        item.key,
                        item.text().unwrap_or("")
                    ),
                )
                .help(format!("{} = \"400 mg/d\"", item.key)),
            );
            return None;
        }
        if measure.value < 0.0 && item.key != "by" || measure.value == 0.0 {
            self.push(
                item.fault(
                    "scenario-impossible-value",
                    format!("`{}` must be above zero", item.key),
                )
                .help("stop = true ends a product"),
            );
            return None;
        }
        Some(measure)
    }

    /// Rules about something that nobody takes, or that is taken a counted number of times, would silently do nothing.
    pub(crate) fn check_titrations(&self, arms: &[Arm], top: &Table<'_, '_>) {
        for arm in arms {
            for rule in &arm.titrations {
                let regimens = || {
                    arm.person
                        .regimens
                        .iter()
                        .chain(arm.phases.iter().flat_map(|p| &p.regimens))
                        .filter(|r| same_name(&r.entry, &rule.entry))
                };
                let exposed = arm
                    .person
                    .exposures
                    .iter()
                    .chain(arm.phases.iter().flat_map(|p| &p.exposures))
                    .any(|e| e.entry == rule.entry);
                let begun = arm
                    .titrations
                    .iter()
                    .any(|t| t.entry == rule.entry && t.begin.is_some());
                if regimens().next().is_none() && !exposed && !begun {
                    self.push(
                        Diagnostic::error(
                            "scenario-missing",
                            format!(
                                "a rule changes the dose of `{}`, which nobody takes",
                                rule.entry
                            ),
                            top.span(),
                        )
                        .help(
                            "take it in a [[phase]] or in [person], or begin it with to = \"…/d\"",
                        ),
                    );
                }
                if regimens().any(|r| r.count.is_some()) {
                    self.push(
                        Diagnostic::error(
                            "scenario-clash",
                            format!("`{}` is taken a counted number of times, and a rule changes its dose", rule.entry),
                            top.span(),
                        )
                        .help("end it with `until` instead of `count`"),
                    );
                }
            }
        }
    }
}

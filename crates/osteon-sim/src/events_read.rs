//! Reads a table of events as pharmacometrics writes them (NONMEM, mrgsolve, rxode2): one row an event. Nothing is guessed: units
//! stand in the header, compartments have names, covariates say how they carry.

use std::collections::{BTreeMap, HashMap, HashSet};

use osteon_model::{Diagnostic, FileId, SourceMap, Span, Unit};

use crate::body::Body;
use crate::diagnostics::Diagnostics;
use crate::events::{Events, Intervention, InterventionKind, PersonEvents};
use crate::library::Shelf;
use crate::near_name::advice;
use crate::people::People;
use crate::people_read::MOST_FAULTS;
use crate::plan::RUN_IN_D;
use crate::scenario::{Clock, Deposit, DietPart, Dose, InputValue, Phase, Scenario};
use crate::scenario_read::LONGEST_D;
use crate::substance::Substance;
use crate::table_text::{Field, Records, name_and_unit};

/// Columns that the format knows. Those of clinical data standards that carry no event are accepted and left alone.
const KNOWN: [&str; 16] = [
    "ID", "USUBJID", "TIME", "EVID", "AMT", "AMTU", "RATE", "DUR", "TINF", "II", "ADDL", "SS",
    "CMT", "DV", "MDV", "STUDYID",
];

/// Most doses of one row.
const MOST_DOSES: f64 = 1e5;

/// Shortest interval between the doses of a series, in days: a minute. Keeps schedules finite, whatever is asked for.
const SHORTEST_D: f64 = 1.0 / 1440.0;

/// Reads a table of events for these people in this scenario.
///
/// # Errors
/// All faults of the table at once (at most 50 are listed), with their places.
pub fn read_events(
    text: &str,
    name: &str,
    body: &Body,
    people: &People,
    scenario: &Scenario,
) -> Result<Events, Diagnostics> {
    let mut sources = SourceMap::new();
    let file = sources.add(name, text);
    let mut reader = Reader {
        body,
        file,
        scenario,
        faults: Vec::new(),
        more: 0,
        compartments: HashMap::new(),
    };
    let events = reader.table(text, people);
    if reader.more > 0 {
        let more = reader.more;
        let fault = Diagnostic::error(
            "table-value",
            format!("{more} more faults"),
            Span::new(file, 0, 0),
        );
        reader
            .faults
            .push(fault.help("mend the first ones, then read again"));
    }
    match events {
        Some(events) if reader.faults.is_empty() => Ok(events),
        _ => Err(Diagnostics {
            list: reader.faults,
            sources,
        }),
    }
}

/// How a covariate's value carries from row to row.
#[derive(Clone, Copy, PartialEq)]
enum Carry {
    /// Last observation carried forward.
    Forward,
    /// Next observation carried backward, as NONMEM does.
    Backward,
}

/// A covariate column: where, what, factor to its unit.
struct Covariate {
    place: usize,
    says: Says,
    factor: f64,
}

enum Says {
    Input(String),
    Diet(String),
}

/// Places of the known columns, and their units.
#[derive(Default)]
struct Columns {
    place: BTreeMap<&'static str, usize>,
    unit: BTreeMap<&'static str, Unit>,
    covariates: Vec<Covariate>,
    /// Factors to days.
    days: BTreeMap<&'static str, f64>,
}

/// A place where doses go: a product of the library or a state of the body.
#[derive(Clone)]
struct Compartment {
    into: Vec<(String, f64)>,
    size_into: Vec<String>,
    sets: Vec<(String, f64)>,
    substance: Substance,
    /// The single state, for EVID 5 and 6.
    state: Option<String>,
}

struct Reader<'b> {
    body: &'b Body,
    file: FileId,
    scenario: &'b Scenario,
    faults: Vec<Diagnostic>,
    more: usize,
    compartments: HashMap<String, Option<Compartment>>,
}

/// Covariate values of a person: time and value of every row that says one, for each covariate.
type Course = Vec<Vec<(f64, f64)>>;

impl Reader<'_> {
    fn fault(&mut self, id: &'static str, message: String, span: Span, help: &str) {
        if self.faults.len() < MOST_FAULTS {
            let fault = match id {
                "table-missing" => Diagnostic::error("table-missing", message, span),
                "table-unit" => Diagnostic::error("table-unit", message, span),
                "table-shape" => Diagnostic::error("table-shape", message, span),
                "table-unknown-column" => Diagnostic::error("table-unknown-column", message, span),
                "table-event" => Diagnostic::error("table-event", message, span),
                _ => Diagnostic::error("table-value", message, span),
            };
            self.faults.push(fault.help(help.to_owned()));
        } else {
            self.more += 1;
        }
    }

    fn table(&mut self, text: &str, people: &People) -> Option<Events> {
        let mut records = Records::new(text);
        let Some(header) = records.next() else {
            self.fault(
                "table-shape",
                "the table of events is empty".to_owned(),
                Span::new(self.file, 0, 0),
                "ID,TIME[h],EVID,AMT[mmol],CMT",
            );
            return None;
        };
        let columns = self.columns(&header);
        for needed in ["ID", "TIME", "EVID"] {
            if !columns.place.contains_key(needed) {
                self.fault(
                    "table-missing",
                    format!("the table of events has no column `{needed}`"),
                    header[0].span(self.file),
                    "ID,TIME[h],EVID,AMT[mmol],CMT",
                );
            }
        }
        if !self.faults.is_empty() {
            return None;
        }
        let known: HashSet<&str> = (0..people.len()).map(|p| people.key(p)).collect();
        let mut events = Events::default();
        let mut courses: HashMap<String, Course> = HashMap::new();
        let mut number = 0;
        while let Some(record) = records.next() {
            number += 1;
            if record.len() != header.len() {
                let message = format!(
                    "row {number} has {} fields, the header has {}",
                    record.len(),
                    header.len()
                );
                self.fault(
                    "table-shape",
                    message,
                    record[0].span(self.file),
                    "a text that holds a comma stands in double quotes",
                );
                continue;
            }
            let id = &record[columns.place["ID"]];
            if !known.contains(id.text.as_str()) {
                let message = format!(
                    "row {number}: nobody in the table of people has the ID `{}`",
                    id.text
                );
                self.fault(
                    "table-value",
                    message,
                    id.span(self.file),
                    "events belong to people: add the person, or take the row out",
                );
                continue;
            }
            let person = events.of.entry(id.text.clone()).or_default();
            let course = courses
                .entry(id.text.clone())
                .or_insert_with(|| columns.covariates.iter().map(|_| Vec::new()).collect());
            self.row(&record, &columns, number, person, course);
        }
        let carry = self.carry(&records, &columns, &header);
        if let Some(carry) = carry {
            for (id, course) in courses {
                let phases = self.phases(course, &columns, carry);
                events.of.entry(id).or_default().phases = phases;
            }
            let rule = if carry == Carry::Forward {
                "last observation carried forward"
            } else {
                "next observation carried backward"
            };
            events
                .remarks
                .push(format!("covariates of the table of events: {rule}"));
        }
        for person in events.of.values_mut() {
            person
                .interventions
                .sort_by(|a, b| a.at_d.total_cmp(&b.at_d));
        }
        Some(events)
    }

    fn columns(&mut self, header: &[Field]) -> Columns {
        let mut columns = Columns::default();
        let mut cases = (false, false);
        for (place, cell) in header.iter().enumerate() {
            let (name, unit_text) = name_and_unit(&cell.text);
            let span = cell.span(self.file);
            if name.starts_with('_') {
                continue;
            }
            let upper = name.to_uppercase();
            let Some(known) = KNOWN.into_iter().find(|k| *k == upper) else {
                self.covariate(place, name, unit_text, span, &mut columns);
                continue;
            };
            if name == known {
                cases.0 = true;
            } else if name == known.to_lowercase() {
                cases.1 = true;
            } else {
                cases = (true, true);
            }
            let known = if known == "TINF" { "DUR" } else { known };
            if columns.place.insert(known, place).is_some() {
                self.fault(
                    "table-shape",
                    format!("the column `{known}` stands twice"),
                    span,
                    "keep one",
                );
            }
            if let Some(text) = unit_text {
                match Unit::parse(text) {
                    Ok(unit) => {
                        columns.unit.insert(known, unit);
                    }
                    Err(error) => self.fault(
                        "table-unit",
                        format!("the column `{name}`: unknown unit `{}`", error.part),
                        span,
                        "TIME[h], AMT[mmol], RATE[mmol/h], DUR[h]",
                    ),
                }
            }
        }
        if cases == (true, true) {
            self.fault(
                "table-shape",
                "column names are in upper and lower case".to_owned(),
                header[0].span(self.file),
                "write all of ID, TIME, EVID … in upper case, or all in lower case",
            );
        }
        let day = Unit::parse("d").expect("the day is a unit");
        for name in ["TIME", "DUR", "II"] {
            // By the convention of these tables, intervals are in the unit of time.
            let Some(place) = columns.place.get(name) else {
                continue;
            };
            let span = header[*place].span(self.file);
            match columns
                .unit
                .get(name)
                .or(columns.unit.get("TIME"))
                .map(|u| u.conversion_to(&day))
            {
                Some(Some(factor)) => {
                    columns.days.insert(name, factor);
                }
                Some(None) => self.fault(
                    "table-unit",
                    format!("the unit of `{name}` is no unit of time"),
                    span,
                    "TIME[h] or TIME[d]",
                ),
                None => self.fault(
                    "table-unit",
                    format!("the column `{name}` has no unit"),
                    span,
                    "write it into the header: TIME[h] or TIME[d]",
                ),
            }
        }
        if let Some(place) = columns.place.get("AMT")
            && !columns.unit.contains_key("AMT")
            && !columns.place.contains_key("AMTU")
        {
            self.fault(
                "table-unit",
                "the column `AMT` has no unit".to_owned(),
                header[*place].span(self.file),
                "AMT[mmol] in the header, or a unit in each row under AMTU",
            );
        }
        columns
    }

    fn covariate(
        &mut self,
        place: usize,
        name: &str,
        unit_text: Option<&str>,
        span: Span,
        columns: &mut Columns,
    ) {
        let vocabulary = &self.body.vocabulary;
        let word = vocabulary
            .get(name)
            .filter(|w| w.role.as_deref() == Some("input"));
        let nutrient = self.body.library.nutrient(name);
        let (target, says, substance) = match (word, nutrient) {
            (Some(word), _) => (
                word.unit,
                Says::Input(name.to_owned()),
                self.body
                    .library
                    .nutrients
                    .iter()
                    .find(|n| n.averaged == name),
            ),
            (None, Some(n)) => (
                vocabulary.get(&n.averaged).and_then(|w| w.unit),
                Says::Diet(n.name.clone()),
                Some(n),
            ),
            (None, None) => {
                let known = KNOWN
                    .into_iter()
                    .chain(self.body.library.nutrients.iter().map(|n| n.name.as_str()))
                    .chain(vocabulary.with_role("input"));
                let help = format!(
                    "{} (a column that is not for the run begins with `_`)",
                    advice(name, known, "docs/people.md and docs/body-inputs.md")
                );
                let what = match vocabulary.get(name) {
                    Some(_) => {
                        format!("`{name}` is no input of the body and cannot change during a run")
                    }
                    None => format!(
                        "neither a column of event tables nor an input or nutrient is called `{name}`"
                    ),
                };
                return self.fault("table-unknown-column", what, span, &help);
            }
        };
        let target = target.unwrap_or(Unit::DIMENSIONLESS);
        let unit = match unit_text.map(Unit::parse) {
            Some(Ok(unit)) => unit,
            Some(Err(error)) => {
                return self.fault(
                    "table-unit",
                    format!("the column `{name}`: unknown unit `{}`", error.part),
                    span,
                    &format!("`{name}[{target}]`"),
                );
            }
            None => {
                return self.fault(
                    "table-unit",
                    format!("the column `{name}` has no unit"),
                    span,
                    &format!("write it into the header: `{name}[{target}]`"),
                );
            }
        };
        let factor = match substance {
            Some(n) => n.substance.factor(&unit, &target),
            None => unit
                .conversion_to(&target)
                .ok_or_else(|| format!("{unit} cannot be turned into {target}")),
        };
        match factor {
            Ok(factor) => columns.covariates.push(Covariate {
                place,
                says,
                factor,
            }),
            Err(why) => self.fault(
                "table-unit",
                format!("the column `{name}`: {why}"),
                span,
                &format!("`{name}[{target}]`"),
            ),
        }
    }

    /// The rule by which covariates carry: `# carry: LOCF` or `# carry: NOCB`.
    fn carry(
        &mut self,
        records: &Records<'_>,
        columns: &Columns,
        header: &[Field],
    ) -> Option<Carry> {
        if columns.covariates.is_empty() {
            return None;
        }
        let said = records.remarks.iter().find_map(|(r, at)| {
            Some((
                r.strip_prefix("carry")?
                    .trim_start_matches([':', '=', ' '])
                    .trim(),
                *at,
            ))
        });
        match said {
            Some(("LOCF" | "locf", _)) => Some(Carry::Forward),
            Some(("NOCB" | "nocb", _)) => Some(Carry::Backward),
            Some((other, at)) => {
                let span = Span::new(self.file, at, at + 1);
                self.fault("table-event", format!("covariates cannot carry by `{other}`"), span, "# carry: LOCF (last observation forward) or # carry: NOCB (next observation backward)");
                None
            }
            None => {
                let span = header[columns.covariates[0].place].span(self.file);
                self.fault("table-event", "the table does not say how covariates carry from row to row".to_owned(), span, "a line `# carry: LOCF` (last observation forward) or `# carry: NOCB` (next observation backward)");
                None
            }
        }
    }

    fn row(
        &mut self,
        record: &[Field],
        columns: &Columns,
        number: usize,
        person: &mut PersonEvents,
        course: &mut Course,
    ) {
        let cell = |name: &str| {
            columns
                .place
                .get(name)
                .map(|p| &record[*p])
                .filter(|c| !c.is_blank())
        };
        let file = self.file;
        let span_of = |name: &str| {
            columns
                .place
                .get(name)
                .map_or(record[0].span(file), |p| record[*p].span(file))
        };
        let mut numbers: BTreeMap<&str, f64> = BTreeMap::new();
        for name in ["TIME", "EVID", "AMT", "RATE", "DUR", "II", "ADDL", "SS"] {
            let Some(cell) = cell(name) else { continue };
            match cell.text.parse::<f64>().ok().filter(|v| v.is_finite()) {
                Some(value) => {
                    numbers.insert(name, value);
                }
                None => {
                    return self.fault(
                        "table-value",
                        format!("row {number}: `{name}` is no number: `{}`", cell.text),
                        cell.span(self.file),
                        "numbers with a point; an empty cell or `.` says nothing",
                    );
                }
            }
        }
        let number_of = |name: &str| numbers.get(name).copied().unwrap_or(0.0);
        let (Some(time), Some(evid)) = (numbers.get("TIME"), numbers.get("EVID")) else {
            return self.fault(
                "table-missing",
                format!("row {number} has no TIME or no EVID"),
                span_of("EVID"),
                "every row says when, and what: EVID 0 sample, 1 dose, 2 other",
            );
        };
        let at_d = time * columns.days["TIME"];
        let until_d = self.scenario.record.until_d;
        if !(-RUN_IN_D..=until_d).contains(&at_d) {
            let message = format!("row {number}: {at_d} d lies outside the run");
            return self.fault(
                "table-event",
                message,
                span_of("TIME"),
                &format!(
                    "events lie between -{RUN_IN_D} d and the end of the record at {until_d} d"
                ),
            );
        }
        for (covariate, values) in columns.covariates.iter().zip(course.iter_mut()) {
            let cell = &record[covariate.place];
            if cell.is_blank() {
                continue;
            }
            match cell.text.parse::<f64>().ok().filter(|v| v.is_finite()) {
                Some(value) => values.push((at_d, value * covariate.factor)),
                None => {
                    return self.fault(
                        "table-value",
                        format!("row {number}: `{}` is no number", cell.text),
                        cell.span(self.file),
                        "numbers with a point; an empty cell or `.` says nothing",
                    );
                }
            }
        }
        let kind =
            match *evid {
                0.0 => {
                    person.samples_d.push(at_d);
                    return;
                }
                2.0 => return,
                1.0 | 3.0 | 4.0 | 5.0 | 6.0 => *evid as u8,
                7.0 => {
                    return self.fault(
                        "table-event",
                        format!("row {number}: EVID 7 (phantom event) has no meaning here"),
                        span_of("EVID"),
                        "take the row out; a time at which something is to be recorded is EVID 0",
                    );
                }
                other => return self.fault(
                    "table-event",
                    format!("row {number}: EVID cannot be {other}"),
                    span_of("EVID"),
                    "0 sample, 1 dose, 2 other, 3 reset, 4 reset and dose, 5 replace, 6 multiply",
                ),
            };
        if kind == 3 || kind == 4 {
            person.interventions.push(Intervention {
                at_d,
                kind: InterventionKind::Reset,
            });
        }
        if kind == 3 {
            return;
        }
        let Some(amount) = numbers.get("AMT") else {
            return self.fault(
                "table-missing",
                format!("row {number}: an event with EVID {kind} has an amount"),
                span_of("AMT"),
                "AMT[mmol]",
            );
        };
        let Some(name) = cell("CMT") else {
            return self.fault(
                "table-missing",
                format!("row {number}: it is not said where the dose goes"),
                span_of("CMT"),
                "CMT names a product of the library or a dose state of the body",
            );
        };
        let Some(compartment) = self.compartment(name, number) else {
            return;
        };
        if kind >= 5 {
            return self.change_state(
                kind,
                *amount,
                at_d,
                &compartment,
                record,
                columns,
                number,
                person,
            );
        }
        let unit = match self.amount_unit(record, columns, number) {
            Some(unit) => unit,
            None => return,
        };
        if *amount <= 0.0 {
            return self.fault(
                "table-value",
                format!("row {number}: a dose must be above zero, and is {amount}"),
                span_of("AMT"),
                "a row that gives nothing is no dose",
            );
        }
        let deposit = |targets: &[(String, f64)]| -> Result<Vec<Deposit>, String> {
            let vocabulary = &self.body.vocabulary;
            let one = |(symbol, share): &(String, f64)| {
                let target = vocabulary
                    .get(symbol)
                    .and_then(|w| w.unit)
                    .unwrap_or(Unit::DIMENSIONLESS);
                let factor = compartment
                    .substance
                    .factor(&unit, &target)
                    .map_err(|why| {
                        format!("{unit} cannot be turned into {target} of `{symbol}`: {why}")
                    })?;
                Ok(Deposit {
                    symbol: symbol.clone(),
                    amount: amount * factor * share,
                })
            };
            targets.iter().map(one).collect()
        };
        // The memory holds what goes to the first state: of a pill, the part that dissolves.
        let first = compartment.into.first().map_or(1.0, |i| i.1);
        let sizes: Vec<(String, f64)> = compartment
            .size_into
            .iter()
            .map(|s| (s.clone(), first))
            .collect();
        let (into, sizes) = match deposit(&compartment.into).and_then(|into| Ok((into, deposit(&sizes)?))) {
            Ok(found) => found,
            Err(why) => return self.fault("table-unit", format!("row {number}: {why}"), span_of("AMT"), "give the amount in the unit of the state, or name a product of the library under CMT"),
        };
        let value = |input: &String, value: f64| InputValue {
            input: input.clone(),
            value,
            said: String::new(),
        };
        let size_into: Vec<InputValue> = sizes
            .iter()
            .map(|d| value(&d.symbol, d.amount))
            .chain(compartment.sets.iter().map(|(s, v)| value(s, *v)))
            .collect();
        let over_d = match self.duration(
            record,
            columns,
            number,
            &numbers,
            *amount,
            &unit,
            &compartment.substance,
        ) {
            Some(over_d) => over_d,
            None => return,
        };
        let every_d = numbers.get("II").map_or(0.0, |ii| ii * columns.days["II"]);
        let (more, steady) = (number_of("ADDL"), number_of("SS"));
        if more < 0.0 || more.fract() != 0.0 || more > MOST_DOSES {
            return self.fault(
                "table-value",
                format!("row {number}: ADDL cannot be {more}"),
                span_of("ADDL"),
                "a whole number: how many doses follow the first",
            );
        }
        if !matches!(steady, 0.0 | 1.0 | 2.0) {
            return self.fault(
                "table-event",
                format!("row {number}: SS cannot be {steady}"),
                span_of("SS"),
                "0, 1 (steady state first) or 2 (steady state added to what is there)",
            );
        }
        if (more > 0.0 || steady > 0.0) && every_d <= 0.0 {
            return self.fault(
                "table-missing",
                format!("row {number}: ADDL and SS need the interval II"),
                span_of("II"),
                "II is the time from dose to dose",
            );
        }
        if every_d != 0.0 && !(SHORTEST_D..=LONGEST_D).contains(&every_d)
            || !(0.0..=LONGEST_D).contains(&over_d)
        {
            return self.fault("table-value", format!("row {number}: an interval of {every_d} d, or a length of {over_d} d"), span_of("II"), "doses follow each other by a minute or more, and nothing lasts longer than 150 years");
        }
        if steady > 0.0 {
            if self.scenario.record.clock == Clock::Meals && period(every_d).is_none() {
                return self.fault("table-event", format!("row {number}: no steady state of doses every {every_d} d with meals by the clock"), span_of("II"), "a day must be a multiple of II, or II one of a day; or clock = \"averaged\"");
            }
            person.interventions.push(Intervention {
                at_d,
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
            entry: name.text.clone(),
            said: format!("{} {amount} {unit}", name.text),
            at_d,
            over_d,
            every_d,
            count: 1 + more as u64,
            into,
            size_into,
        });
    }

    /// EVID 5 and 6.
    #[allow(clippy::too_many_arguments)]
    fn change_state(
        &mut self,
        kind: u8,
        amount: f64,
        at_d: f64,
        compartment: &Compartment,
        record: &[Field],
        columns: &Columns,
        number: usize,
        person: &mut PersonEvents,
    ) {
        let span = columns
            .place
            .get("CMT")
            .map_or(record[0].span(self.file), |p| record[*p].span(self.file));
        let Some(symbol) = compartment.state.clone() else {
            return self.fault(
                "table-event",
                format!(
                    "row {number}: EVID {kind} changes a state of the body, and a product is none"
                ),
                span,
                "CMT names the state",
            );
        };
        if kind == 6 {
            let kind = InterventionKind::Multiply(Deposit { symbol, amount });
            person.interventions.push(Intervention { at_d, kind });
            return;
        }
        let Some(unit) = self.amount_unit(record, columns, number) else {
            return;
        };
        let target = self
            .body
            .vocabulary
            .get(&symbol)
            .and_then(|w| w.unit)
            .unwrap_or(Unit::DIMENSIONLESS);
        match compartment.substance.factor(&unit, &target) {
            Ok(factor) => person.interventions.push(Intervention {
                at_d,
                kind: InterventionKind::Replace(Deposit {
                    symbol,
                    amount: amount * factor,
                }),
            }),
            Err(why) => self.fault(
                "table-unit",
                format!("row {number}: {unit} cannot be turned into {target}: {why}"),
                span,
                "give the amount in the unit of the state",
            ),
        }
    }

    /// Unit of the amount of a row: AMTU, else the header.
    fn amount_unit(&mut self, record: &[Field], columns: &Columns, number: usize) -> Option<Unit> {
        let said = columns
            .place
            .get("AMTU")
            .map(|p| &record[*p])
            .filter(|c| !c.is_blank());
        match said {
            Some(cell) => match Unit::parse(&cell.text) {
                Ok(unit) => Some(unit),
                Err(error) => {
                    self.fault(
                        "table-unit",
                        format!("row {number}: unknown unit `{}`", error.part),
                        cell.span(self.file),
                        "AMTU holds a unit such as mmol or mg",
                    );
                    None
                }
            },
            None => {
                let unit = columns.unit.get("AMT").copied();
                if unit.is_none() {
                    self.fault(
                        "table-unit",
                        format!("row {number}: the amount has no unit"),
                        record[0].span(self.file),
                        "AMT[mmol] in the header, or a unit under AMTU",
                    );
                }
                unit
            }
        }
    }

    /// Length of an infusion in days: DUR, or AMT / RATE.
    #[allow(clippy::too_many_arguments)]
    fn duration(
        &mut self,
        record: &[Field],
        columns: &Columns,
        number: usize,
        numbers: &BTreeMap<&str, f64>,
        amount: f64,
        unit: &Unit,
        substance: &Substance,
    ) -> Option<f64> {
        let span = |name: &str| {
            columns
                .place
                .get(name)
                .map_or(record[0].span(self.file), |p| record[*p].span(self.file))
        };
        let rate = numbers.get("RATE").copied().filter(|r| *r != 0.0);
        let over = numbers.get("DUR").copied().filter(|d| *d != 0.0);
        match (rate, over) {
            (None, None) => Some(0.0),
            (Some(rate), _) if rate < 0.0 => {
                let message = format!(
                    "row {number}: RATE {rate} (a rate or duration from the model) has no meaning here"
                );
                self.fault(
                    "table-event",
                    message,
                    span("RATE"),
                    "give the length under DUR[h], or the rate as a number",
                );
                None
            }
            (Some(_), Some(_)) => {
                self.fault(
                    "table-event",
                    format!("row {number}: both RATE and DUR are given"),
                    span("RATE"),
                    "one of them is enough",
                );
                None
            }
            (None, Some(over)) if over > 0.0 => Some(over * columns.days["DUR"]),
            (None, Some(over)) => {
                self.fault(
                    "table-value",
                    format!("row {number}: DUR cannot be {over}"),
                    span("DUR"),
                    "the length of the infusion",
                );
                None
            }
            (Some(rate), None) => {
                // Without a unit of its own a rate is amount per unit of time, by the convention of these tables.
                let rate_unit = columns
                    .unit
                    .get("RATE")
                    .copied()
                    .or_else(|| Some(unit.over(columns.unit.get("TIME")?)));
                let day = Unit::parse("d").expect("the day is a unit");
                let factor = rate_unit.map(|r| substance.factor(&r, &unit.over(&day)));
                match factor {
                    Some(Ok(per_day)) => Some(amount / (rate * per_day)),
                    _ => {
                        self.fault(
                            "table-unit",
                            format!("row {number}: the unit of RATE is no amount of it per time"),
                            span("RATE"),
                            "RATE[mmol/h]",
                        );
                        None
                    }
                }
            }
        }
    }

    fn compartment(&mut self, cell: &Field, number: usize) -> Option<Compartment> {
        if let Some(known) = self.compartments.get(&cell.text) {
            return known.clone();
        }
        let found = self.find_compartment(&cell.text);
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
            self.fault("table-event", message, cell.span(self.file), &help);
        }
        self.compartments.insert(cell.text.clone(), found.clone());
        found
    }

    fn find_compartment(&self, name: &str) -> Option<Compartment> {
        let library = &self.body.library;
        let product = [Shelf::Supplement, Shelf::Drug]
            .into_iter()
            .find_map(|s| library.entry(s, name))
            .and_then(|e| e.product.as_ref());
        if let Some(product) = product.filter(|p| !p.into.is_empty()) {
            return Some(Compartment {
                into: product.into.clone(),
                size_into: product.size_into.clone(),
                sets: product.sets.clone(),
                substance: product.substance.clone(),
                state: None,
            });
        }
        let word = self.body.vocabulary.get(name)?;
        if word.role.as_deref() != Some("dose") && !(word.species && !word.ruled) {
            return None;
        }
        let substance = library
            .nutrients
            .iter()
            .find(|n| n.meal.as_deref() == Some(name))
            .map(|n| n.substance.clone());
        Some(Compartment {
            into: vec![(name.to_owned(), 1.0)],
            size_into: Vec::new(),
            sets: Vec::new(),
            substance: substance.unwrap_or_default(),
            state: Some(name.to_owned()),
        })
    }

    /// The courses of covariates as phases.
    fn phases(&self, course: Course, columns: &Columns, carry: Carry) -> Vec<Phase> {
        let mut phases: Vec<Phase> = Vec::new();
        for (mut values, covariate) in course.into_iter().zip(&columns.covariates) {
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            let last = values.len().saturating_sub(1);
            let mut spans: Vec<(f64, f64, f64)> = Vec::new();
            for (k, (time, value)) in values.iter().enumerate() {
                let (from, until) = match carry {
                    Carry::Forward => (*time, values.get(k + 1).map_or(f64::INFINITY, |n| n.0)),
                    Carry::Backward => {
                        let from = k
                            .checked_sub(1)
                            .map_or(-RUN_IN_D, |before| values[before].0);
                        (from, if k == last { f64::INFINITY } else { *time })
                    }
                };
                match spans.last_mut() {
                    Some(before) if before.2 == *value && before.1 >= from => before.1 = until,
                    _ if until > from => spans.push((from, until, *value)),
                    _ => {}
                }
            }
            for (from_d, until_d, value) in spans {
                let mut phase = Phase {
                    from_d,
                    until_d,
                    diet: Vec::new(),
                    exposures: Vec::new(),
                    regimens: Vec::new(),
                    inputs: Vec::new(),
                };
                match &covariate.says {
                    Says::Input(input) => phase.inputs.push(InputValue {
                        input: input.clone(),
                        value,
                        said: format!("{value}"),
                    }),
                    Says::Diet(nutrient) => phase.diet.push(DietPart {
                        nutrient: nutrient.clone(),
                        per_day: value,
                        said: format!("{value}"),
                    }),
                }
                phases.push(phase);
            }
        }
        phases
    }
}

/// Days after which doses every so many days and the meals of the day repeat together; `None` if they never do.
pub(crate) fn period(every_d: f64) -> Option<f64> {
    let whole = |x: f64| (x - x.round()).abs() < 1e-9 && x > 0.5;
    if whole(every_d) {
        Some(every_d.round())
    } else if whole(1.0 / every_d) {
        Some(1.0)
    } else {
        None
    }
}

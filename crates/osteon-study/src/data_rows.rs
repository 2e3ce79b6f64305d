//! The rows of `data.csv`, checked: known quantity and arm, readable numbers, a unit that converts, a time inside the run.

use osteon_model::{Diagnostic, FileId, Span, Unit};
use osteon_sim::{Quantity, read_days};

use crate::data_csv::{Field, Record, records};
use crate::near_names::near_name;
use crate::study::{Kind, Row, Spread};

const COLUMNS: [&str; 11] = [
    "quantity", "arm", "at", "as", "unit", "value", "lower", "upper", "spread", "n", "note",
];
/// Columns without which a row means nothing.
const NEEDED: [&str; 5] = ["quantity", "at", "as", "unit", "value"];
/// A spread is a length: converted by the factor, never shifted.
const YEAR: &str = "a";

/// Ids of what may be wrong with a row; each has a page in `docs/diagnostics/`.
pub const DIAGNOSTIC_IDS: [&str; 8] = [
    "study-csv",
    "study-unknown-quantity",
    "study-unknown-arm",
    "study-number",
    "study-unit",
    "study-time",
    "study-kind",
    "study-interval",
];

/// What rows are checked against.
pub(crate) struct Context<'a> {
    pub(crate) quantities: &'a [Quantity],
    pub(crate) arms: &'a [String],
    pub(crate) arms_known: bool,
    pub(crate) until_d: Option<f64>,
    pub(crate) used_to_fit: &'a [String],
}

/// Reads all rows; faults are collected and rows with faults are left out.
pub(crate) fn read_rows(
    text: &str,
    file: FileId,
    context: &Context<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let all = records(text);
    let Some((header, body)) = all.split_first() else {
        faults.push(
            Diagnostic::error("study-csv", "data.csv is empty", Span::new(file, 0, 0))
                .help(format!("the first line is {}", COLUMNS.join(","))),
        );
        return Vec::new();
    };
    let Some(places) = read_header(header, file, faults) else {
        return Vec::new();
    };
    if body.is_empty() {
        faults.push(
            Diagnostic::error("study-csv", "data.csv has no rows", Span::new(file, 0, 0))
                .help("one measured value a row"),
        );
    }
    let mut rows: Vec<Row> = Vec::new();
    for record in body {
        let reader = RowReader {
            record: &joined_name(record, header.fields.len(), context),
            places: &places,
            file,
            context,
        };
        let before = faults.len();
        let row = reader.read(faults);
        if let (Some(row), true) = (row, faults.len() == before) {
            if rows.iter().any(|r| r.key() == row.key()) {
                let span = Span::new(file, record.fields[0].start, record.fields[0].end);
                faults.push(
                    Diagnostic::error(
                        "study-csv",
                        format!(
                            "`{}` at {} as {} is given twice",
                            row.quantity,
                            row.at,
                            row.kind.as_str()
                        ),
                        span,
                    )
                    .help("one row for each quantity, arm, time and kind"),
                );
            }
            rows.push(row);
        }
    }
    rows
}

fn read_header(
    header: &Record,
    file: FileId,
    faults: &mut Vec<Diagnostic>,
) -> Option<Vec<Option<usize>>> {
    let before = faults.len();
    for field in &header.fields {
        if !COLUMNS.contains(&field.text.as_str()) {
            let help = near_name(&field.text, COLUMNS).map_or_else(
                || format!("columns are {}", COLUMNS.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            faults.push(
                Diagnostic::error(
                    "study-csv",
                    format!("data.csv has no column `{}`", field.text),
                    span(file, field),
                )
                .help(help),
            );
        }
    }
    let places: Vec<Option<usize>> = COLUMNS
        .iter()
        .map(|c| header.fields.iter().position(|f| f.text == *c))
        .collect();
    for (name, place) in COLUMNS.iter().zip(&places) {
        if place.is_none() && NEEDED.contains(name) {
            let all = Span::new(
                file,
                header.fields[0].start,
                header.fields.last().map_or(0, |f| f.end),
            );
            faults.push(
                Diagnostic::error(
                    "study-csv",
                    format!("data.csv lacks the column `{name}`"),
                    all,
                )
                .help(format!("the first line is {}", COLUMNS.join(","))),
            );
        }
    }
    (faults.len() == before).then_some(places)
}

/// A quantity whose name holds a comma and stands without quotes is put together again.
fn joined_name(record: &Record, columns: usize, context: &Context<'_>) -> Record {
    let mut record = record.clone();
    if record.fields.len() == columns + 1 {
        let name = format!("{},{}", record.fields[0].text, record.fields[1].text);
        if context.quantities.iter().any(|q| q.name == name) {
            let second = record.fields.remove(1);
            record.fields[0].text = name;
            record.fields[0].end = second.end;
        }
    }
    record
}

fn span(file: FileId, field: &Field) -> Span {
    Span::new(file, field.start, field.end)
}

struct RowReader<'a> {
    record: &'a Record,
    places: &'a [Option<usize>],
    file: FileId,
    context: &'a Context<'a>,
}

impl RowReader<'_> {
    fn field(&self, column: &str) -> Option<&Field> {
        let place = COLUMNS
            .iter()
            .position(|c| *c == column)
            .and_then(|c| self.places[c])?;
        self.record.fields.get(place)
    }

    fn text(&self, column: &str) -> &str {
        self.field(column).map_or("", |f| f.text.as_str())
    }

    fn fault(&self, column: &str, id: &'static str, message: String, help: &str) -> Diagnostic {
        let whole = Span::new(
            self.file,
            self.record.fields[0].start,
            self.record.fields.last().map_or(0, |f| f.end),
        );
        debug_assert!(DIAGNOSTIC_IDS.contains(&id), "{id}");
        let place = self
            .field(column)
            .filter(|f| f.end > f.start)
            .map_or(whole, |f| span(self.file, f));
        Diagnostic {
            labels: vec![osteon_model::Label {
                span: place,
                text: String::new(),
            }],
            ..Diagnostic::error(id, message, place).help(help)
        }
    }

    fn number(&self, column: &str, faults: &mut Vec<Diagnostic>) -> Option<f64> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<f64>().ok().filter(|v| v.is_finite());
        if number.is_none() {
            faults.push(self.fault(
                column,
                "study-number",
                format!("`{column}` is not a number: `{text}`"),
                "write a plain number such as 0.61 or -12",
            ));
        }
        number
    }

    fn read(&self, faults: &mut Vec<Diagnostic>) -> Option<Row> {
        let header = self.places.iter().flatten().count();
        if self.record.fields.len() > header {
            faults.push(self.fault(
                "note",
                "study-csv",
                format!(
                    "the row has {} fields, the header {header}",
                    self.record.fields.len()
                ),
                "put a text that holds a comma in double quotes",
            ));
            return None;
        }
        let quantity = self.quantity(faults)?;
        let kind = self.kind(faults)?;
        let (arm, versus) = self.arms(kind, faults)?;
        let at_d = self.time(faults)?;
        let value = match self.number("value", faults) {
            Some(value) => value,
            None => {
                if self.text("value").is_empty() {
                    faults.push(self.fault(
                        "value",
                        "study-number",
                        format!("`{}` has no `value`", quantity.name),
                        "a row without a measured value judges nothing",
                    ));
                }
                return None;
            }
        };
        let (unit, factor) = self.unit(kind, quantity, faults)?;
        if kind == Kind::Sign && ![-1.0, 0.0, 1.0].contains(&value) {
            faults.push(self.fault(
                "value",
                "study-number",
                format!("a sign is -1, 0 or 1, and this is {value}"),
                "use `change` for the size of a change",
            ));
        }
        let bounds = self.bounds(value, kind, faults);
        let n = self.number("n", faults);
        if n.is_some_and(|n| n <= 0.0) {
            faults.push(self.fault(
                "n",
                "study-number",
                "`n` is the number of individuals and must be positive".to_owned(),
                "leave it empty if it is not known",
            ));
        }
        let spread = self.spread(faults).map(|s| match s {
            Spread::Sd(v) => Spread::Sd(v * factor),
            Spread::Se(v) => Spread::Se(v * factor),
        });
        Some(Row {
            line: self.record.line,
            quantity: quantity.name.clone(),
            arm,
            versus,
            at_d,
            at: self.text("at").to_owned(),
            from_d: 0.0,
            kind,
            unit,
            value: value * factor,
            bounds: bounds.map(|(l, u)| (l * factor, u * factor)),
            spread,
            n,
            note: self.text("note").to_owned(),
            used_to_fit: self.context.used_to_fit.contains(&quantity.name),
        })
    }

    fn quantity(&self, faults: &mut Vec<Diagnostic>) -> Option<&Quantity> {
        let name = self.text("quantity");
        let found = self.context.quantities.iter().find(|q| q.name == name);
        if found.is_none() {
            let help = near_name(
                name,
                self.context.quantities.iter().map(|q| q.name.as_str()),
            )
            .map_or_else(
                || "`osteon list quantities` shows all".to_owned(),
                |n| format!("did you mean `{n}`?"),
            );
            faults.push(self.fault(
                "quantity",
                "study-unknown-quantity",
                format!("unknown quantity `{name}`"),
                &help,
            ));
        }
        found
    }

    fn kind(&self, faults: &mut Vec<Diagnostic>) -> Option<Kind> {
        let word = self.text("as");
        let kind = Kind::ALL.into_iter().find(|k| k.as_str() == word);
        if kind.is_none() {
            let all: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
            let help = near_name(word, all.iter().copied()).map_or_else(
                || format!("one of {}", all.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            faults.push(self.fault(
                "as",
                "study-kind",
                format!("`{word}` says not what the value is"),
                &help,
            ));
        }
        kind
    }

    /// The arm measured and, for comparisons, the control arm: `treated vs control`; with one name the control is the arm
    /// called control or placebo, else the scenario's first arm.
    fn arms(&self, kind: Kind, faults: &mut Vec<Diagnostic>) -> Option<(String, Option<String>)> {
        let words = self.text("arm");
        let known = self.context.arms;
        let (arm, versus) = match words.split_once(" vs ") {
            Some((arm, control)) => (arm.trim(), Some(control.trim())),
            None => (words, None),
        };
        if !self.context.arms_known {
            return Some((arm.to_owned(), versus.map(str::to_owned)));
        }
        for name in [Some(arm), versus].into_iter().flatten() {
            let named: Vec<&str> = known
                .iter()
                .map(String::as_str)
                .filter(|a| !a.is_empty())
                .collect();
            if name.is_empty() && named.len() > 1 {
                faults.push(self.fault(
                    "arm",
                    "study-unknown-arm",
                    "the row does not say its arm".to_owned(),
                    &format!("the scenario has the arms {}", named.join(", ")),
                ));
                return None;
            }
            if !name.is_empty() && !named.contains(&name) {
                let help = near_name(name, named.iter().copied()).map_or_else(
                    || {
                        if named.is_empty() {
                            "the scenario has no arms; leave the field empty".to_owned()
                        } else {
                            format!("the scenario has the arms {}", named.join(", "))
                        }
                    },
                    |n| format!("did you mean `{n}`?"),
                );
                faults.push(self.fault(
                    "arm",
                    "study-unknown-arm",
                    format!("the scenario has no arm `{name}`"),
                    &help,
                ));
                return None;
            }
        }
        let versus = match versus {
            None if kind.between_arms() => {
                let control = known
                    .iter()
                    .find(|a| ["control", "placebo"].contains(&a.as_str()))
                    .or_else(|| known.first());
                control.map(String::as_str)
            }
            other => other,
        };
        if kind.between_arms() && versus.is_none_or(|v| v == arm) {
            faults.push(self.fault(
                "arm",
                "study-unknown-arm",
                format!("`{}` needs two different arms", kind.as_str()),
                "write `treated vs control`",
            ));
            return None;
        }
        if versus.is_some() && !kind.between_arms() && kind != Kind::Sign {
            faults.push(self.fault(
                "arm",
                "study-unknown-arm",
                format!("`{}` is about one arm", kind.as_str()),
                "use difference_between_arms or ratio_between_arms to compare arms",
            ));
            return None;
        }
        Some((arm.to_owned(), versus.map(str::to_owned)))
    }

    fn time(&self, faults: &mut Vec<Diagnostic>) -> Option<f64> {
        let text = self.text("at");
        let Ok(at_d) = read_days(text) else {
            faults.push(self.fault(
                "at",
                "study-time",
                format!("`at` is not a time: `{text}`"),
                "a number with its unit such as `21 d`, `8 wk`, `45 min`, or `3 d 08:00`",
            ));
            return None;
        };
        if self
            .context
            .until_d
            .is_some_and(|until| at_d > until + 1e-9)
        {
            faults.push(self.fault(
                "at",
                "study-time",
                format!("the scenario ends before {text}"),
                "set `until` under [record] of scenario.toml to the last row or later",
            ));
            return None;
        }
        Some(at_d)
    }

    /// The unit in which the row is kept, and the factor from the written unit to it.
    fn unit(
        &self,
        kind: Kind,
        quantity: &Quantity,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<(String, f64)> {
        let text = self.text("unit");
        let mut wrong = |message: String, help: String| {
            faults.push(self.fault("unit", "study-unit", message, &help));
            None
        };
        match kind {
            Kind::Sign if text.is_empty() || text == "1" => return Some((String::new(), 1.0)),
            Kind::Sign => {
                return wrong(
                    format!("a sign has no unit, and this says `{text}`"),
                    "leave the field empty".to_owned(),
                );
            }
            Kind::PercentChange if text == "%" => return Some(("%".to_owned(), 1.0)),
            Kind::PercentChange => {
                return wrong(
                    format!("a change in per cent has the unit %, and this says `{text}`"),
                    "write %".to_owned(),
                );
            }
            Kind::RatioToBaseline | Kind::RatioBetweenArms if text == "1" => {
                return Some(("1".to_owned(), 1.0));
            }
            Kind::RatioToBaseline | Kind::RatioBetweenArms if text == "%" => {
                return Some(("1".to_owned(), 0.01));
            }
            Kind::RatioToBaseline | Kind::RatioBetweenArms => {
                return wrong(
                    format!("a ratio has the unit 1 or %, and this says `{text}`"),
                    "write 1".to_owned(),
                );
            }
            Kind::RatePerYear if matches!(text, "%" | "%/a") => {
                return Some(("%/a".to_owned(), 1.0));
            }
            _ => {}
        }
        if text.is_empty() {
            return wrong(
                format!("`{}` has no unit", quantity.name),
                format!("for example {}", quantity.unit),
            );
        }
        let Ok(written) = Unit::parse(text) else {
            return wrong(
                format!("unknown unit `{text}`"),
                format!("for example {}", quantity.unit),
            );
        };
        let per_year = Unit::parse(YEAR).map_or(Unit::DIMENSIONLESS, |u| u);
        let to = |target: &str| {
            Unit::parse(target).ok().map(|u| {
                if kind == Kind::RatePerYear {
                    u.over(&per_year)
                } else {
                    u
                }
            })
        };
        let direct = to(&quantity.unit).and_then(|u| quantity.substance.factor(&written, &u).ok());
        let by_us = quantity
            .us_unit
            .as_ref()
            .and_then(|(us, factor)| Some(written.conversion_to(&to(us)?)? / factor));
        let kept = if kind == Kind::RatePerYear {
            format!("{}/a", quantity.unit)
        } else {
            quantity.unit.clone()
        };
        match direct.or(by_us) {
            Some(factor) => Some((kept, factor)),
            None => {
                let other = quantity
                    .us_unit
                    .as_ref()
                    .map_or(String::new(), |(us, _)| format!(" or {us}"));
                wrong(
                    format!(
                        "`{text}` cannot be turned into {kept}, the unit of `{}`",
                        quantity.name
                    ),
                    format!("give it in {}{other}", quantity.unit),
                )
            }
        }
    }

    fn bounds(&self, value: f64, kind: Kind, faults: &mut Vec<Diagnostic>) -> Option<(f64, f64)> {
        let lower = self.number("lower", faults);
        let upper = self.number("upper", faults);
        if kind == Kind::Sign {
            if lower.or(upper).is_some() {
                faults.push(self.fault(
                    "lower",
                    "study-interval",
                    "a sign is judged by the sign and has no interval".to_owned(),
                    "leave lower and upper empty",
                ));
            }
            return None;
        }
        match (lower, upper) {
            (Some(l), Some(u)) if l <= value && value <= u => Some((l, u)),
            (Some(l), Some(u)) => {
                faults.push(self.fault(
                    "lower",
                    "study-interval",
                    format!("the value {value} lies outside its interval {l} to {u}"),
                    "lower ≤ value ≤ upper; mind the signs of decreases",
                ));
                None
            }
            (None, None) => None,
            _ => {
                let (given, lacking) = if lower.is_some() {
                    ("lower", "upper")
                } else {
                    ("upper", "lower")
                };
                faults.push(self.fault(
                    given,
                    "study-interval",
                    format!("the row gives `{given}` and not `{lacking}`"),
                    "give both, or neither and a spread",
                ));
                None
            }
        }
    }

    fn spread(&self, faults: &mut Vec<Diagnostic>) -> Option<Spread> {
        let text = self.text("spread");
        if text.is_empty() {
            return None;
        }
        let mut words = text.split_whitespace();
        let kind = words.next().unwrap_or("").to_lowercase();
        let number = words
            .next()
            .and_then(|w| w.parse::<f64>().ok())
            .filter(|v| v.is_finite() && *v >= 0.0);
        match (kind.as_str(), number, words.next()) {
            ("sd", Some(v), None) => Some(Spread::Sd(v)),
            ("se" | "sem", Some(v), None) => Some(Spread::Se(v)),
            _ => {
                faults.push(self.fault("spread", "study-interval", format!("`spread` cannot be read: `{text}`"), "write `sd 0.05` or `se 0.01`, in the unit of the value; an interval goes to lower and upper"));
                None
            }
        }
    }
}

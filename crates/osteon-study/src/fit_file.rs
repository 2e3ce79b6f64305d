//! The file of a fit: which parameters, which studies, from where. Parameters bring their ranges from the body.

use osteon_model::{Diagnostic, Span};
use osteon_sim::{Body, Diagnostics};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::near_names::near_name;

/// A fit as asked for.
#[derive(Debug, Clone)]
pub struct FitFile {
    /// Name of the stage.
    pub stage: String,
    /// What it does, in a sentence.
    pub says: String,
    /// Parameters, in the order of the file.
    pub parameters: Vec<FitParameter>,
    /// Studies whose used-to-fit rows are fitted.
    pub studies: Vec<String>,
    /// Only these quantities; all used-to-fit ones if empty.
    pub quantities: Vec<String>,
    /// Relative difference allowed by `--check`.
    pub tolerance: f64,
}

/// A parameter to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitParameter {
    /// Body symbol.
    pub name: String,
    /// Unit as the body writes it.
    pub unit: String,
    /// Value in the body.
    pub shipped: f64,
    /// Range from the body: bounds, and the 95 % of the prior.
    pub range: (f64, f64),
    /// Where the search begins; the middle of the range unless the file says otherwise.
    pub start: f64,
}

const KEYS: [&str; 7] = [
    "stage",
    "says",
    "parameters",
    "studies",
    "quantities",
    "start",
    "tolerance",
];
/// Relative difference between fitted and shipped values that `--check` forgives unless the file says otherwise.
const TOLERANCE: f64 = 0.01;

/// Reads the file of a fit against a body.
///
/// # Errors
/// All faults with their places.
pub fn read_fit(text: &str, name: &str, body: &Body) -> Result<FitFile, Diagnostics> {
    let mut faults = Diagnostics::default();
    let file = faults.sources.add(name, text);
    let place = |range: std::ops::Range<usize>| Span::new(file, range.start, range.end);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = place(error.span().unwrap_or(0..0));
        faults.list.push(
            Diagnostic::error(
                "fit-syntax",
                format!("not valid TOML: {}", error.message()),
                span,
            )
            .help("texts stand in quotes, lists in [ ]"),
        );
    }
    let table = document.get_ref();
    for (key, _) in table {
        if !KEYS.contains(&key.get_ref().as_ref()) {
            let help = near_name(key.get_ref(), KEYS).map_or_else(
                || format!("known keys: {}", KEYS.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            faults.list.push(
                Diagnostic::error(
                    "fit-syntax",
                    format!("a fit has no key `{}`", key.get_ref()),
                    place(key.span()),
                )
                .help(help),
            );
        }
    }
    let item = |key: &str| {
        table
            .iter()
            .find(|(k, _)| k.get_ref() == key)
            .map(|(_, v)| v)
    };
    let mut texts = |key: &str, needed: bool| -> Vec<(String, Span)> {
        let Some(value) = item(key) else {
            if needed {
                faults.list.push(
                    Diagnostic::error(
                        "fit-missing",
                        format!("the fit does not say `{key}`"),
                        place(0..0),
                    )
                    .help(format!("{key} = [\"…\"]")),
                );
            }
            return Vec::new();
        };
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        let mut out = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(words) => out.push((words.to_string(), place(item.span()))),
                _ => faults.list.push(
                    Diagnostic::error(
                        "fit-syntax",
                        format!("`{key}` should hold texts in quotes"),
                        place(item.span()),
                    )
                    .help(format!("{key} = [\"…\"]")),
                ),
            }
        }
        out
    };
    let first =
        |list: Vec<(String, Span)>| list.into_iter().next().map_or_else(String::new, |t| t.0);
    let stage = first(texts("stage", true));
    let says = first(texts("says", false));
    let names = texts("parameters", true);
    let studies = texts("studies", true);
    let quantities = texts("quantities", false);
    for (quantity, span) in &quantities {
        if body.library.quantity(quantity).is_none() {
            let help = near_name(
                quantity,
                body.library.quantities.iter().map(|q| q.name.as_str()),
            )
            .map_or_else(
                || "`osteon list quantities` shows all".to_owned(),
                |n| format!("did you mean `{n}`?"),
            );
            faults.list.push(
                Diagnostic::error(
                    "fit-unknown",
                    format!("unknown quantity `{quantity}`"),
                    *span,
                )
                .help(help),
            );
        }
    }
    let mut starts: Vec<(String, f64, Span)> = Vec::new();
    match item("start").map(|v| (v.get_ref(), v.span())) {
        Some((DeValue::Table(table), _)) => {
            for (key, value) in table {
                match number(value.get_ref()) {
                    Some(v) => starts.push((key.get_ref().to_string(), v, place(value.span()))),
                    None => faults.list.push(
                        Diagnostic::error(
                            "fit-syntax",
                            format!("the start of `{}` is not a number", key.get_ref()),
                            place(value.span()),
                        )
                        .help("a number in the parameter's unit"),
                    ),
                }
            }
        }
        Some((_, span)) => faults.list.push(
            Diagnostic::error("fit-syntax", "`start` should be a table", place(span))
                .help("[start]\nname = 0.3"),
        ),
        None => {}
    }
    let tolerance = match item("tolerance").map(|v| (number(v.get_ref()), v.span())) {
        Some((Some(v), _)) if v > 0.0 => v,
        Some((_, span)) => {
            faults.list.push(
                Diagnostic::error(
                    "fit-syntax",
                    "`tolerance` is not a positive number",
                    place(span),
                )
                .help("tolerance = 0.01"),
            );
            TOLERANCE
        }
        None => TOLERANCE,
    };
    let mut parameters = Vec::new();
    for (name, span) in names {
        match parameter(&name, span, &starts, body) {
            Ok(parameter) => parameters.push(parameter),
            Err(fault) => faults.list.push(fault),
        }
    }
    for (name, _, span) in &starts {
        if !parameters.iter().any(|p| p.name == *name) && !faults.has_errors() {
            faults.list.push(
                Diagnostic::error(
                    "fit-unknown",
                    format!("`{name}` has a start and is not fitted"),
                    *span,
                )
                .help("list it under `parameters`, or remove the start"),
            );
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    let only = |list: Vec<(String, Span)>| list.into_iter().map(|t| t.0).collect();
    Ok(FitFile {
        stage,
        says,
        parameters,
        studies: only(studies),
        quantities: only(quantities),
        tolerance,
    })
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Integer(i) => i.as_str().parse::<f64>().ok(),
        DeValue::Float(f) => f.as_str().parse::<f64>().ok(),
        _ => None,
    };
    number.filter(|v| v.is_finite())
}

fn parameter(
    name: &str,
    span: Span,
    starts: &[(String, f64, Span)],
    body: &Body,
) -> Result<FitParameter, Diagnostic> {
    let found = body.model.find(name).zip(body.vocabulary.get(name));
    let Some((id, word)) = found else {
        let help = near_name(name, body.vocabulary.names()).map_or_else(
            || "a parameter of the body, with its dots".to_owned(),
            |n| format!("did you mean `{n}`?"),
        );
        return Err(
            Diagnostic::error("fit-unknown", format!("the body has no `{name}`"), span).help(help),
        );
    };
    let (Some(shipped), true) = (word.number, word.parameter && !word.ruled) else {
        return Err(Diagnostic::error(
            "fit-unknown",
            format!("`{name}` is not a parameter with a plain number"),
            span,
        )
        .help("fit the parameters that it is computed from"));
    };
    let Some(range) = body.model.symbol(id).annotation.range else {
        return Err(Diagnostic::error(
            "fit-missing",
            format!("`{name}` has no range in the body"),
            span,
        )
        .help(format!(
            "{name}.range = {{lower, upper}}: it bounds the fit and is its prior"
        )));
    };
    if range.lower.partial_cmp(&range.upper) != Some(std::cmp::Ordering::Less) {
        return Err(Diagnostic::error(
            "fit-missing",
            format!("the range of `{name}` is empty"),
            span,
        )
        .help("lower < upper"));
    }
    let given = starts.iter().find(|s| s.0 == name);
    if let Some((_, value, place)) = given
        && !(range.lower..=range.upper).contains(value)
    {
        return Err(Diagnostic::error(
            "fit-unknown",
            format!(
                "the start of `{name}` lies outside its range {} to {}",
                range.lower, range.upper
            ),
            *place,
        )
        .help("start inside the range, or widen it in the body with its source"));
    }
    let scale = Scale::of((range.lower, range.upper));
    let start = given.map_or_else(|| scale.value(scale.middle()), |s| s.1);
    Ok(FitParameter {
        name: name.to_owned(),
        unit: word.unit_text.clone(),
        shipped,
        range: (range.lower, range.upper),
        start,
    })
}

/// How a parameter is searched: by its logarithm where its range is positive, else as it is. The range is the 95 % of the prior.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    log: bool,
    lower: f64,
    upper: f64,
}

impl Scale {
    pub(crate) fn of(range: (f64, f64)) -> Self {
        let log = range.0 > 0.0;
        let on = |v: f64| if log { v.ln() } else { v };
        Scale {
            log,
            lower: on(range.0),
            upper: on(range.1),
        }
    }

    fn middle(&self) -> f64 {
        f64::midpoint(self.lower, self.upper)
    }

    fn half(&self) -> f64 {
        (self.upper - self.lower) / 2.0
    }

    /// Value from the search coordinate, in which the prior has mean 0 and standard deviation 1.
    #[allow(clippy::wrong_self_convention)] // "from the standard coordinate", on this scale
    pub(crate) fn from_standard(self, z: f64) -> f64 {
        self.value(self.middle() + z * self.half() / Z_95)
    }

    /// Search coordinate of a value.
    pub(crate) fn to_standard(self, value: f64) -> f64 {
        let on = if self.log { value.ln() } else { value };
        (on - self.middle()) * Z_95 / self.half()
    }

    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    fn value(&self, on_scale: f64) -> f64 {
        if self.log { on_scale.exp() } else { on_scale }
    }
}

/// Standard deviations from the middle to the edge of a range.
pub(crate) const Z_95: f64 = 1.96;

//! How people differ: the parameters that vary between healthy people, with their spread, from `library/individuals.toml`; and what was
//! measured in one of them, from a small table. Reads text; runs nothing.

use osteon_model::{Sources, Unit};
use osteon_sim::{Body, LaboratoryTest, TestMethod, read_measure};

use crate::data_csv::records;
use crate::near_names::near_name;

/// Where the spreads are.
pub const INDIVIDUALS: &str = "library/individuals.toml";

/// A parameter that varies between people.
#[derive(Debug, Clone, PartialEq)]
pub struct Individual {
    /// Body symbol.
    pub name: String,
    /// Words for it.
    pub label: String,
    /// Value in the body.
    pub value: f64,
    /// Standard deviation of its logarithm between people.
    pub spread: f64,
}

/// Reads the spreads.
///
/// # Errors
/// In words, when the file is missing or an entry names no parameter, no spread or no source.
pub fn read_individuals(sources: &dyn Sources, body: &Body) -> Result<Vec<Individual>, String> {
    let text = sources.text(INDIVIDUALS).map_err(|e| e.to_string())?;
    let table: toml::Table = text.parse().map_err(|e| format!("{INDIVIDUALS}: {e}"))?;
    let mut found = Vec::new();
    for (name, entry) in &table {
        let fault = |what: &str| format!("{INDIVIDUALS}: `{name}` {what}");
        let word = body
            .vocabulary
            .get(name)
            .filter(|w| w.parameter && !w.ruled)
            .ok_or_else(|| fault("is no parameter of the body that can be set"))?;
        let value = word
            .number
            .filter(|v| *v > 0.0)
            .ok_or_else(|| fault("has no positive number in the body"))?;
        let number = |key: &str| {
            let part = entry.get(key)?;
            part.as_float()
                .or_else(|| part.as_integer().map(|i| i as f64))
        };
        let words = |key: &str| entry.get(key).and_then(toml::Value::as_str);
        let cv = number("cv")
            .filter(|v| *v > 0.0 && v.is_finite())
            .ok_or_else(|| fault("needs `cv`, a coefficient of variation in %"))?;
        let origin = words("origin").ok_or_else(|| fault("does not say its `origin`"))?;
        if words("why").is_none() || (origin != "assumed" && words("source").is_none()) {
            return Err(fault("needs `why`, and `source` unless it is assumed"));
        }
        let label = words("label").ok_or_else(|| fault("needs a `label`"))?;
        found.push(Individual {
            name: name.clone(),
            label: label.to_owned(),
            value,
            // Of a lognormal spread with this coefficient of variation.
            spread: (cv / 100.0).powi(2).ln_1p().sqrt(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Dotted name of the quantity.
    pub quantity: String,
    /// Value in the unit of the quantity.
    pub value: f64,
    /// Unit of the quantity.
    pub unit: String,
    /// Standard deviation of one measurement, method and days together, relative to the value.
    pub error: f64,
}

/// Standard deviation of one measurement of a test relative to its value: √(method² + from day to day²).
fn known_error(test: &LaboratoryTest) -> Option<f64> {
    let part = |f: &Option<osteon_sim::Fact>| f.as_ref().map(|f| f.value / 100.0);
    let (method, days) = (part(&test.analytical), part(&test.biological));
    match (method, days) {
        (Some(m), Some(d)) => Some(m.hypot(d)),
        _ => None,
    }
}

/// One measurement in words: quantity, `0.68 mmol/L`, and its error in % if the library does not know it.
///
/// # Errors
/// In words what is unknown, of the wrong dimension, or missing.
pub fn read_measured(
    body: &Body,
    quantity: &str,
    said: &str,
    error: Option<f64>,
) -> Result<Measured, String> {
    let library = &body.library;
    let Some(known) = library.quantity(quantity) else {
        let names = library.quantities.iter().map(|q| q.name.as_str());
        let near = near_name(quantity, names).map_or_else(
            || "see `osteon list quantities`".to_owned(),
            |n| format!("did you mean `{n}`?"),
        );
        return Err(format!("there is no quantity `{quantity}`; {near}"));
    };
    let measure = read_measure(said).map_err(|_| {
        format!(
            "{quantity}: `{said}` is no value with a unit, such as \"1 {}\"",
            known.unit
        )
    })?;
    let unit =
        Unit::parse(&known.unit).map_err(|_| format!("{quantity}: unit `{}`", known.unit))?;
    if measure.unit_text.is_empty() && unit != Unit::DIMENSIONLESS {
        return Err(format!(
            "{quantity}: `{said}` has no unit; write \"{said} {}\"",
            known.unit
        ));
    }
    let factor = known
        .substance
        .factor(&measure.unit, &unit)
        .map_err(|why| {
            format!(
                "{quantity}: {} is no {}: {why}",
                measure.unit_text, known.unit
            )
        })?;
    let value = measure.value * factor;
    if value.is_nan() || value <= 0.0 {
        return Err(format!(
            "{quantity}: a measured value is positive, not `{said}`"
        ));
    }
    let of_test = library
        .tests
        .iter()
        .find(|t| matches!(&t.method, TestMethod::Quantity(q) if q == quantity))
        .and_then(known_error);
    let error = error.map(|e| e / 100.0).or(of_test).ok_or_else(|| {
        format!("{quantity}: how well it is measured is not known; give a coefficient of variation, % (column `cv`)")
    })?;
    if !(error > 0.0 && error < 2.0) {
        return Err(format!(
            "{quantity}: a coefficient of variation of {} % cannot be",
            100.0 * error
        ));
    }
    Ok(Measured {
        quantity: quantity.to_owned(),
        value,
        unit: known.unit.clone(),
        error,
    })
}

/// A table `quantity,value,unit` with, where the library does not know it, `cv`: the coefficient of variation of one measurement, %.
///
/// # Errors
/// Every fault with its line.
pub fn read_labs(body: &Body, text: &str) -> Result<Vec<Measured>, Vec<String>> {
    let mut rows = records(text).into_iter();
    let Some(head) = rows.next() else {
        return Err(vec![
            "the table is empty; it begins with `quantity,value,unit,cv`".to_owned(),
        ]);
    };
    let place = |name: &str| head.fields.iter().position(|f| f.text.trim() == name);
    let (Some(quantity), Some(value), Some(unit)) =
        (place("quantity"), place("value"), place("unit"))
    else {
        return Err(vec![
            "line 1: the columns are quantity, value, unit and, where needed, cv".to_owned(),
        ]);
    };
    let cv = place("cv");
    let (mut found, mut faults): (Vec<Measured>, Vec<String>) = (Vec::new(), Vec::new());
    for row in rows {
        let cell = |column: usize| row.fields.get(column).map_or("", |f| f.text.trim());
        let error = match cv.map(cell).filter(|c| !c.is_empty()) {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| format!("`{text}` is no coefficient of variation in %")),
        };
        let said = format!("{} {}", cell(value), cell(unit));
        let one = error.and_then(|e| read_measured(body, cell(quantity), said.trim(), e));
        match one {
            Ok(one) if found.iter().any(|f| f.quantity == one.quantity) => faults.push(format!(
                "line {}: `{}` is given twice",
                row.line, one.quantity
            )),
            Ok(one) => found.push(one),
            Err(what) => faults.push(format!("line {}: {what}", row.line)),
        }
    }
    if found.is_empty() && faults.is_empty() {
        faults.push("nothing was measured".to_owned());
    }
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(faults)
    }
}

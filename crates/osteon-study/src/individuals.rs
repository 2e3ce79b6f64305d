//! How people differ: the parameters that vary between healthy people, with their spread, from `library/individuals.toml`; and what was
//! measured in one of them, from a small table. Reads text; runs nothing.

use osteon_model::Sources;
use osteon_sim::{Body, Measured, read_measured};

use crate::data_csv::records;

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
    /// Quantities for which alone it is looked for: it counts where one of them is measured. Empty: always.
    pub only_for: Vec<String>,
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
        let mut only_for = Vec::new();
        for quantity in entry
            .get("only_for")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let name = quantity
                .as_str()
                .filter(|q| body.library.quantity(q).is_some());
            let name = name.ok_or_else(|| fault("names an unknown quantity in `only_for`"))?;
            only_for.push(name.to_owned());
        }
        found.push(Individual {
            name: name.clone(),
            label: label.to_owned(),
            only_for,
            value,
            // Of a lognormal spread with this coefficient of variation.
            spread: (cv / 100.0).powi(2).ln_1p().sqrt(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Those of the parameters that are looked for when these quantities are measured.
pub(crate) fn looked_for(individuals: &[Individual], quantities: &[String]) -> Vec<Individual> {
    let asked = |i: &&Individual| {
        i.only_for.is_empty() || i.only_for.iter().any(|q| quantities.contains(q))
    };
    individuals.iter().filter(asked).cloned().collect()
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
        let one = error.and_then(|e| read_measured(&body.library, cell(quantity), said.trim(), e));
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

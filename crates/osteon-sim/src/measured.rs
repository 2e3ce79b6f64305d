//! What was measured in a person: a quantity of the library, its value, and how far one measurement may be off.
//!
//! Reads words and looks nothing up but the library. Whom the values fit is worked out elsewhere; a person with measured values
//! does not run before that ([`crate::run`] refuses).

use osteon_model::Unit;

use crate::laboratory::{LaboratoryTest, TestMethod};
use crate::library::Library;
use crate::measure::read_measure;
use crate::quantities::meant;
use crate::scenario_read::Context;
use crate::toml_text::Item;

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
    /// As it was written, without its error.
    pub said: String,
}

impl LaboratoryTest {
    /// Standard deviation of one measurement relative to its value: √(method² + from day to day²); `None` where one of the two is
    /// not known.
    pub fn relative_error(&self) -> Option<f64> {
        let part = |f: &Option<crate::library::Fact>| f.as_ref().map(|f| f.value / 100.0);
        Some(part(&self.analytical)?.hypot(part(&self.biological)?))
    }
}

impl Library {
    /// Standard deviation of one measurement of a quantity relative to its value, if a test of the library reads it and knows.
    pub fn relative_error_of(&self, quantity: &str) -> Option<f64> {
        let reads =
            |t: &&LaboratoryTest| matches!(&t.method, TestMethod::Quantity(q) if q == quantity);
        self.tests.iter().find(reads)?.relative_error()
    }
}

/// One measurement in words: quantity, and `0.68 mmol/L` or `70 ng/L ± 20 %`. The error, a coefficient of variation in %, may also
/// be given beside it; without either it is that of the library's test.
///
/// # Errors
/// In words what is unknown, of the wrong dimension, or missing.
pub fn read_measured(
    library: &Library,
    quantity: &str,
    said: &str,
    error: Option<f64>,
) -> Result<Measured, String> {
    let Some(known) = library.quantity(quantity) else {
        let help = meant(library, quantity);
        return Err(format!("there is no quantity `{quantity}`; {help}"));
    };
    // ± is not on every keyboard.
    let said = &said.replace("+/-", "±").replace("+-", "±");
    let (said, error) = match said.split_once('±') {
        None => (said.trim(), error),
        Some((said, spread)) => {
            let number = spread.trim().trim_end_matches('%').trim().parse();
            let number = number.map_err(|_| {
                format!("{quantity}: `±{spread}` is no coefficient of variation in %")
            })?;
            (said.trim(), Some(number))
        }
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
    let of_test = library.relative_error_of(quantity);
    let error = error.map(|e| e / 100.0).or(of_test).ok_or_else(|| {
        format!(
            "{quantity}: how well it is measured is not known; give the coefficient of variation of one measurement: \"{said} ± 10 %\" (in a table, column `cv`)"
        )
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
        said: said.to_owned(),
    })
}

impl Measured {
    /// If the number, read in the other laboratory unit (SI or that of the United States), lies in the reference interval and as it
    /// was written does not: the value that was perhaps meant, in words.
    pub fn slipped(&self, library: &Library) -> Option<String> {
        let known = library.quantity(&self.quantity)?;
        let (us, factor) = known.us_unit.as_ref()?;
        let reference = known.reference.as_ref()?;
        let inside = |v: f64| {
            reference.lower.is_none_or(|l| v >= l) && reference.upper.is_none_or(|u| v <= u)
        };
        let number = read_measure(&self.said).ok()?.value;
        if inside(self.value) {
            return None;
        }
        [
            (number, known.unit.as_str()),
            (number / factor, us.as_str()),
        ]
        .into_iter()
        .find(|(value, _)| inside(*value))
        .map(|(_, unit)| format!("{number} {unit}"))
    }
}

impl Context<'_> {
    /// `measured = { "serum.X" = "0.68 mmol/L", … }`; a name may also be written in parts (`serum.X = "…"` in a table of its own).
    pub(crate) fn measured(&self, item: &Item<'_, '_>) -> Vec<Measured> {
        let Some(table) = item.table("measured") else {
            return Vec::new();
        };
        let mut found: Vec<Measured> = Vec::new();
        for part in table.items() {
            let inner = part.is_table().then(|| part.table("measured")).flatten();
            let named = match inner {
                None => vec![(part.key.clone(), part)],
                Some(inner) => inner
                    .items()
                    .into_iter()
                    .map(|i| (format!("{}.{}", part.key, i.key), i))
                    .collect(),
            };
            for (quantity, item) in named {
                let Some(said) = item.text() else { continue };
                match read_measured(&self.body.library, &quantity, said, None) {
                    Ok(one) if found.iter().any(|f| f.quantity == one.quantity) => self.push(
                        item.fault(
                            "scenario-impossible-value",
                            format!("`{quantity}` is measured twice"),
                        )
                        .help("give the mean, and its own error after ±"),
                    ),
                    Ok(one) => found.push(one),
                    Err(what) => {
                        let id = if self.body.library.quantity(&quantity).is_none() {
                            "scenario-unknown-name"
                        } else {
                            "scenario-impossible-value"
                        };
                        self.push(item.fault(id, what).help(
                            "measured = { \"quantity\" = \"value unit\", … } (docs/match.md)",
                        ));
                    }
                }
            }
        }
        if found.is_empty() && table.items().is_empty() {
            self.push(
                item.fault("scenario-missing", "`measured` holds no value")
                    .help("measured = { \"quantity\" = \"value unit\", … } (docs/match.md)"),
            );
        }
        found
    }
}

//! Measurements that nobody has made and that could be made: in whose protocol, what, when, in how many people. Their error is that of the
//! laboratory and of the people; what they would teach is worked out from the sensitivities.

use osteon_sim::{Body, TestMethod, read_days};
use toml::{Table, Value};

use crate::fit_file::Z_95;
use crate::study::{Kind, Row, Study};

/// Where they stand.
pub const MEASUREMENTS: &str = "evidence/measurements.toml";

/// People differ in how they respond: standard deviation between them as a share of the mean response. (assumed)
const RESPONSES_DIFFER: f64 = 0.5;

/// A measurement that could be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMeasurement {
    /// Study whose protocol it uses.
    pub study: String,
    /// What would be measured, without a value.
    pub row: Row,
    /// People, in each group where groups are compared.
    pub people: f64,
    /// Coefficient of variation of one measurement in one person, method and day together.
    variation: f64,
    /// Standard deviation between people, for values.
    between: Option<f64>,
    /// Why it could be made and by whom, one line.
    pub says: String,
}

impl NewMeasurement {
    /// Standard error of the mean of the group where the body predicts `predicted`, in the unit of the row.
    ///
    /// A ratio to the same person's baseline has the error of two measurements, a comparison of two groups that of four; responses differ
    /// between people by half of the mean response besides.
    pub fn error(&self, predicted: f64) -> f64 {
        let of_ratio = |ratio: f64, measurements: f64, groups: f64| {
            let method = measurements * (self.variation * ratio).powi(2);
            let response = groups * (RESPONSES_DIFFER * (ratio - 1.0)).powi(2);
            ((method + response) / self.people).sqrt()
        };
        match self.row.kind {
            Kind::RatioToBaseline => of_ratio(predicted, 2.0, 1.0),
            Kind::PercentChange => 100.0 * of_ratio(1.0 + predicted / 100.0, 2.0, 1.0),
            Kind::RatioBetweenArms => of_ratio(predicted, 4.0, 2.0),
            Kind::Value => {
                let method = (self.variation * predicted).powi(2);
                let between = self.between.unwrap_or(f64::NAN).powi(2);
                ((method + between) / self.people).sqrt()
            }
            _ => f64::NAN,
        }
    }
}

/// Reads the file; the studies it names must be among `studies`.
///
/// # Errors
/// A sentence that tells which measurement is at fault, and why.
pub fn read_measurements(
    text: &str,
    body: &Body,
    studies: &[Study],
) -> Result<Vec<NewMeasurement>, String> {
    let table: Table = text
        .parse()
        .map_err(|e: toml::de::Error| e.message().to_owned())?;
    let list = table.get("measurement").and_then(Value::as_array);
    let mut found = Vec::new();
    for (number, item) in list.into_iter().flatten().enumerate() {
        let one = item.as_table().ok_or("a measurement is a table")?;
        let read = one_measurement(one, body, studies);
        found.extend(read.map_err(|why| format!("measurement {}: {why}", number + 1))?);
    }
    Ok(found)
}

fn one_measurement(
    one: &Table,
    body: &Body,
    studies: &[Study],
) -> Result<Vec<NewMeasurement>, String> {
    let text = |key: &str| one.get(key).and_then(Value::as_str);
    let need = |key: &str| text(key).ok_or(format!("`{key}` is missing"));
    let number = |key: &str| {
        let value = one.get(key)?;
        value
            .as_float()
            .or_else(|| value.as_integer().map(|i| i as f64))
    };
    let name = need("study")?;
    let study = studies
        .iter()
        .find(|s| s.name == name)
        .ok_or(format!("there is no study `{name}`"))?;
    let arm = text("arm").unwrap_or("");
    let versus = text("versus");
    let has = |arm: &str| study.scenario.arms.iter().any(|a| a.name == arm);
    for arm in [Some(arm).filter(|a| !a.is_empty()), versus]
        .into_iter()
        .flatten()
    {
        if !has(arm) {
            return Err(format!("study `{name}` has no arm `{arm}`"));
        }
    }
    let at = need("at")?;
    let at_d = read_days(at).map_err(|_| format!("\"{at}\" is not a time"))?;
    let word = need("as")?;
    let kind = [
        Kind::Value,
        Kind::RatioToBaseline,
        Kind::PercentChange,
        Kind::RatioBetweenArms,
    ]
    .into_iter()
    .find(|k| k.as_str() == word)
    .ok_or(format!(
        "`as` is `{word}`: value, ratio_to_baseline, percent_change or ratio_between_arms"
    ))?;
    if kind.between_arms() != versus.is_some() {
        return Err("`versus` goes with ratio_between_arms".to_owned());
    }
    let people = number("people")
        .filter(|n| *n >= 1.0)
        .ok_or("`people` is missing")?;
    let says = need("says")?;
    let quantities = one
        .get("quantities")
        .and_then(Value::as_array)
        .ok_or("`quantities` is missing")?;
    let mut found = Vec::new();
    for quantity in quantities.iter().filter_map(Value::as_str) {
        let known = body
            .library
            .quantity(quantity)
            .ok_or(format!("no quantity is called `{quantity}`"))?;
        let test = body
            .library
            .tests
            .iter()
            .find(|t| matches!(&t.method, TestMethod::Quantity(of) if of == quantity));
        let share =
            |fact: &Option<osteon_sim::Fact>| fact.as_ref().map_or(0.0, |f| f.value / 100.0);
        let variation = match (number("variation"), test) {
            (Some(percent), _) => percent / 100.0,
            (None, Some(test)) => share(&test.analytical).hypot(share(&test.biological)),
            (None, None) => {
                return Err(format!(
                    "`{quantity}` is no test of the laboratory: give `variation` of one measurement, %"
                ));
            }
        };
        let limits = known
            .reference
            .as_ref()
            .and_then(|r| Some((r.lower?, r.upper?)));
        let between = number("between").or(limits.map(|(l, u)| (u - l) / (2.0 * Z_95)));
        if kind == Kind::Value && between.is_none() {
            return Err(format!(
                "`{quantity}` has no reference interval: give `between`, the standard deviation between people"
            ));
        }
        found.push(NewMeasurement {
            study: name.to_owned(),
            row: Row {
                line: 0,
                quantity: quantity.to_owned(),
                arm: arm.to_owned(),
                versus: versus.map(str::to_owned),
                at_d,
                at: at.to_owned(),
                from_d: 0.0,
                kind,
                unit: match kind {
                    Kind::Value => known.unit.clone(),
                    Kind::PercentChange => "%".to_owned(),
                    _ => "1".to_owned(),
                },
                value: f64::NAN,
                bounds: None,
                spread: None,
                n: Some(people),
                note: String::new(),
                used_to_fit: false,
            },
            people,
            variation,
            between,
            says: says.to_owned(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::row;

    #[test]
    fn errors_are_those_of_method_and_people() {
        let of = |kind: Kind| NewMeasurement {
            study: "s".into(),
            row: Row {
                kind,
                ..row(f64::NAN)
            },
            people: 16.0,
            variation: 0.1,
            between: Some(3.0),
            says: String::new(),
        };
        // No response: two measurements of 10 % each, sixteen people.
        assert!((of(Kind::RatioToBaseline).error(1.0) - 0.1 * 2.0_f64.sqrt() / 4.0).abs() < 1e-12);
        assert!((of(Kind::PercentChange).error(0.0) - 10.0 * 2.0_f64.sqrt() / 4.0).abs() < 1e-12);
        assert!((of(Kind::RatioBetweenArms).error(1.0) - 0.2 / 4.0).abs() < 1e-12);
        assert!((of(Kind::Value).error(40.0) - 5.0 / 4.0).abs() < 1e-12);
        // A response of 2 that differs by half of itself between people.
        let both = (2.0_f64 * 0.3 * 0.3 + 1.0).sqrt() / 4.0;
        assert!((of(Kind::RatioToBaseline).error(3.0) - both).abs() < 1e-12);
    }
}

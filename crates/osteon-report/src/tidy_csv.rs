//! The long table of a run: one row a time and quantity, with unit and status in every row, so that nothing has to be guessed.

use std::fmt::Write as _;

use osteon_sim::Run;

/// Columns of the table.
pub const TIDY_COLUMNS: [&str; 9] = [
    "run",
    "arm",
    "id",
    "time",
    "time_unit",
    "quantity",
    "value",
    "unit",
    "status",
];

/// The run as CSV: times in days, values in the unit of their row, `NaN` where a run failed. Every digit is kept.
pub fn tidy_csv(run: &Run) -> String {
    let mut out = TIDY_COLUMNS.join(",") + "\n";
    for arm in &run.arms {
        let id = arm.id.as_deref().unwrap_or("");
        for column in &arm.columns {
            let head = format!(
                "{},{},{}",
                field(&run.scenario),
                field(&arm.name),
                field(id)
            );
            let tail = field(&column.unit);
            let quantity = field(&column.quantity);
            for ((time, value), status) in arm.times.iter().zip(&column.values).zip(&arm.status) {
                let _ = writeln!(
                    out,
                    "{head},{},d,{quantity},{},{tail},{}",
                    exact(*time),
                    exact(*value),
                    status.as_str()
                );
            }
        }
    }
    out
}

/// The shortest text that reads back to the same number.
fn exact(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0")
        .map_or_else(|| text.clone(), str::to_owned)
}

/// A CSV field, quoted where it must be.
pub(crate) fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_survive() {
        assert_eq!(exact(21.0), "21");
        assert_eq!(exact(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(exact(f64::NAN), "NaN");
        assert_eq!(field("serum.1,25D"), "\"serum.1,25D\"");
        assert_eq!(field("say \"no\""), "\"say \"\"no\"\"\"");
    }
}

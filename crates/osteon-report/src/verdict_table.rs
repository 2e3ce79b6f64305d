//! Verdicts as a table for the terminal and as JSON.

use osteon_study::{Kind, RowVerdict, Share, Totals};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;

/// The table of verdicts, one line a row.
pub fn verdict_table(rows: &[RowVerdict]) -> String {
    let mut table = Aligned::new(&[
        "study",
        "quantity",
        "arm",
        "at",
        "as",
        "unit",
        ">observed",
        ">lower",
        ">upper",
        ">predicted",
        "verdict",
        "used_to_fit",
        "link",
    ]);
    for r in rows {
        table.row(vec![
            r.study.clone(),
            r.row.quantity.clone(),
            arm_words(r),
            r.row.at.clone(),
            r.row.kind.as_str().to_owned(),
            r.row.unit.clone(),
            number(r, r.row.value),
            number(r, r.lower),
            number(r, r.upper),
            number(r, r.predicted),
            r.verdict.as_str().to_owned(),
            r.row.used_to_fit.to_string(),
            r.link.as_str().to_owned(),
        ]);
    }
    table.text("")
}

/// Signs are written as signs, everything else with three digits.
fn number(r: &RowVerdict, value: f64) -> String {
    if r.row.kind == Kind::Sign && value.is_finite() {
        format!("{value:+.0}").replace("+0", "0").replace("-0", "0")
    } else {
        quantity(value)
    }
}

fn arm_words(r: &RowVerdict) -> String {
    match &r.row.versus {
        Some(versus) => format!("{} vs {versus}", r.row.arm),
        None => r.row.arm.clone(),
    }
}

/// The shares within, in two lines: used to fit, and not.
pub fn totals_text(totals: &Totals) -> String {
    let line = |name: &str, s: Share| {
        let share = s
            .share()
            .map_or("–".to_owned(), |v| format!("{:.0} %", 100.0 * v));
        format!(
            "{name:<16} {:>3} of {:>3} within ({share}), {} outside, {} wrong sign, {} failed\n",
            s.within, s.counted, s.outside, s.wrong_sign, s.failed
        )
    };
    let shown = match totals.not_counted {
        0 => String::new(),
        n => format!("{n} association rows shown, not counted\n"),
    };
    line("used to fit", totals.used_to_fit) + &line("verification", totals.verification) + &shown
}

/// The rows as JSON objects. Numbers that are not there are null.
pub fn verdicts_json(rows: &[RowVerdict]) -> Value {
    rows.iter()
        .map(|r| {
            json!({
                "study": r.study,
                "quantity": r.row.quantity,
                "arm": arm_words(r),
                "at": r.row.at,
                "at_d": r.row.at_d,
                "as": r.row.kind.as_str(),
                "unit": r.row.unit,
                "observed": r.row.value,
                "lower": r.lower,
                "upper": r.upper,
                "predicted": r.predicted,
                "verdict": r.verdict.as_str(),
                "used_to_fit": r.row.used_to_fit,
                "link": r.link.as_str(),
                "counted": r.counted(),
                "line": r.row.line,
            })
        })
        .collect()
}

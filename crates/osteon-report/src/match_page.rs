//! A matched person in words and as JSON, and how well matching finds people who are known.

use std::fmt::Write as _;

use osteon_sim::Run;
use osteon_study::{Bands, Matched, Recovery, cautions};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;

/// What was found, for the terminal.
pub fn match_text(found: &Matched) -> String {
    let mut labs = Aligned::new(&[
        "measured",
        ">value",
        "unit",
        ">± 1 SD",
        ">before matching",
        ">matched",
    ]);
    for (m, before, after) in &found.rows {
        labs.row(vec![
            m.quantity.clone(),
            quantity(m.value),
            m.unit.clone(),
            format!("{:.1} %", 100.0 * m.error),
            quantity(*before),
            quantity(*after),
        ]);
    }
    let mut table = Aligned::new(&[
        "varies between people",
        "parameter",
        ">usual",
        ">most likely",
        ">90 % from",
        ">to",
        ">SD from usual",
        ">determined",
    ]);
    for p in &found.parameters {
        table.row(vec![
            p.individual.label.clone(),
            p.individual.name.clone(),
            quantity(p.prior),
            quantity(p.value),
            quantity(p.interval.0),
            quantity(p.interval.1),
            format!("{:+.1}", p.deviation).replace('-', "−"),
            format!("{:.0} %", 100.0 * p.determined),
        ]);
    }
    let mut out = labs.text("  ") + "\n" + &table.text("  ");
    let _ = writeln!(
        out,
        "\n{} Gauss–Newton steps{}; determined: share of the spread between people that the measurements took away",
        found.rounds,
        if found.converged {
            ""
        } else {
            ", not converged"
        }
    );
    out
}

/// What was found, as JSON.
pub fn match_json(found: &Matched) -> Value {
    let rows: Vec<Value> = found
        .rows
        .iter()
        .map(|(m, before, after)| {
            json!({"quantity": m.quantity, "value": m.value, "unit": m.unit, "relative_error": m.error, "before": before, "matched": after})
        })
        .collect();
    let parameters: Vec<Value> = found
        .parameters
        .iter()
        .map(|p| {
            json!({
                "parameter": p.individual.name,
                "label": p.individual.label,
                "usual": p.prior,
                "value": p.value,
                "interval_90": [p.interval.0, p.interval.1],
                "deviation_sd": p.deviation,
                "determined": p.determined,
            })
        })
        .collect();
    json!({
        "measured": rows,
        "parameters": parameters,
        "rounds": found.rounds,
        "converged": found.converged,
        "misfit": found.misfit,
        "chance": found.chance,
        "cautions": cautions(found),
    })
}

/// Where the quantities of a run end, with quantiles over the people whom the measurements allow.
pub fn allowed_text(run: &Run, bands: &Bands) -> String {
    let mut table = Aligned::new(&[
        "at the end",
        "",
        "unit",
        ">most likely",
        ">5 %",
        ">50 %",
        ">95 %",
    ]);
    for (number, arm) in run.arms.iter().enumerate() {
        for (place, column) in arm.columns.iter().enumerate() {
            let spread = bands.quantiles(|arms| {
                let column = arms.get(number).and_then(|a| a.columns.get(place));
                column.map_or_else(Vec::new, |c| c.values.last().copied().into_iter().collect())
            });
            let at = |q: usize| spread[q].first().map_or_else(String::new, |v| quantity(*v));
            table.row(vec![
                column.quantity.clone(),
                arm.name.clone(),
                column.unit.clone(),
                column
                    .values
                    .last()
                    .map_or_else(String::new, |v| quantity(*v)),
                at(0),
                at(1),
                at(2),
            ]);
        }
    }
    let mut out = format!("{}\n", table.text("  "));
    let _ = writeln!(
        out,
        "5, 50 and 95 % of {} people whom the measurements allow (seed {})",
        bands.samples.len(),
        bands.seed
    );
    if bands.failed.0 > 0 {
        let _ = writeln!(
            out,
            "{} of them failed, the last one: {}",
            bands.failed.0, bands.failed.1
        );
    }
    out
}

/// How well matching finds people who are known, for the terminal.
pub fn recovery_text(found: &Recovery) -> String {
    let mut table = Aligned::new(&[
        "varies between people",
        "parameter",
        ">in the stated 90 %",
        ">determined",
    ]);
    for (individual, inside, determined) in &found.parameters {
        table.row(vec![
            individual.label.clone(),
            individual.name.clone(),
            format!("{:.1} %", 100.0 * inside),
            format!("{:.0} %", 100.0 * determined),
        ]);
    }
    format!(
        "{} people drawn, {} measured with error in each, matched\n\n{}\nall parameters of all people: {:.1} % inside the stated 90 % intervals; {} searches not converged\n",
        found.people,
        found.quantities.join(", "),
        table.text("  "),
        100.0 * found.covered,
        found.unconverged
    )
}

/// The same as JSON.
pub fn recovery_json(found: &Recovery) -> Value {
    let parameters: Vec<Value> = found
        .parameters
        .iter()
        .map(|(i, inside, determined)| json!({"parameter": i.name, "covered": inside, "determined": determined}))
        .collect();
    json!({
        "people": found.people,
        "quantities": found.quantities,
        "covered": found.covered,
        "parameters": parameters,
        "unconverged": found.unconverged,
    })
}

//! What a fit gave: for the terminal, and as TOML to keep beside its file.

use std::fmt::Write as _;

use osteon_study::{FitFile, FitResult};

use crate::aligned::Aligned;
use crate::ticks::quantity;

/// Old and new values, misfits, and what the data leave open.
pub fn fit_text(file: &FitFile, result: &FitResult) -> String {
    let mut out = format!("{}: {}\n\n", file.stage, file.says);
    let mut table = Aligned::new(&[
        "parameter",
        "unit",
        ">in the body",
        ">fitted",
        ">95 % interval",
        ">range",
        ">determined",
        "",
    ]);
    for p in &result.parameters {
        table.row(vec![
            p.parameter.name.clone(),
            p.parameter.unit.clone(),
            quantity(p.parameter.shipped),
            quantity(p.value),
            format!("{} to {}", quantity(p.interval.0), quantity(p.interval.1)),
            format!(
                "{} to {}",
                quantity(p.parameter.range.0),
                quantity(p.parameter.range.1)
            ),
            format!("{:.0} %", 100.0 * p.determined),
            if p.on_bound {
                "on its bound".to_owned()
            } else {
                String::new()
            },
        ]);
    }
    out += &table.text("");
    let mut rows = Aligned::new(&[
        "study",
        "quantity",
        "arm",
        "at",
        "as",
        ">observed",
        ">predicted",
        "unit",
        ">misfit before",
        ">misfit",
    ]);
    for r in &result.rows {
        rows.row(vec![
            r.study.clone(),
            r.row.quantity.clone(),
            r.row.arm.clone(),
            r.row.at.clone(),
            r.row.kind.as_str().to_owned(),
            quantity(r.row.value),
            quantity(r.predicted),
            r.row.unit.clone(),
            format!("{:.2}", r.misfit_shipped),
            format!("{:.2}", r.misfit),
        ]);
    }
    let _ = write!(out, "\n{}", rows.text(""));
    out += "\nmisfit: (predicted − observed) / standard error of the row's interval\n";
    for (direction, parts) in result.undetermined() {
        let _ = writeln!(
            out,
            "not determined by these rows (sensitivity {direction:.2} of the prior): {}",
            direction_words(parts)
        );
    }
    for (a, b, r) in &result.correlated {
        let _ = writeln!(
            out,
            "these rows cannot tell apart: {a} and {b} (correlation {r:.2})"
        );
    }
    out
}

fn direction_words(parts: &[(String, f64)]) -> String {
    parts
        .iter()
        .map(|(name, weight)| {
            format!(
                "{name} {}{:.2}",
                if *weight < 0.0 { "−" } else { "+" },
                weight.abs()
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// The result as TOML.
pub fn fit_toml(file: &FitFile, result: &FitResult) -> String {
    let text = |t: &str| format!("{t:?}");
    let mut out = format!(
        "stage = {}\nrounds = {}\nconverged = {}\n",
        text(&file.stage),
        result.rounds,
        result.converged
    );
    for p in &result.parameters {
        let _ = write!(
            out,
            "\n[[parameter]]\nname = {}\nunit = {}\nvalue = {:?}\nin_body = {:?}\ninterval = [{:?}, {:?}]\nrange = [{:?}, {:?}]\ndetermined = {:.3}\n",
            text(&p.parameter.name),
            text(&p.parameter.unit),
            p.value,
            p.parameter.shipped,
            p.interval.0,
            p.interval.1,
            p.parameter.range.0,
            p.parameter.range.1,
            p.determined
        );
    }
    let names: Vec<String> = result
        .parameters
        .iter()
        .map(|p| text(&p.parameter.name))
        .collect();
    let rows: Vec<String> = result
        .covariance
        .iter()
        .map(|row| format!("  {row:?},\n"))
        .collect();
    // In standard units of the prior: what uncertainty bands draw from.
    let _ = write!(
        out,
        "\n[posterior]\nparameters = [{}]\ncovariance = [\n{}]\n",
        names.join(", "),
        rows.concat()
    );
    for r in &result.rows {
        let _ = write!(
            out,
            "\n[[row]]\nstudy = {}\nquantity = {}\narm = {}\nat = {}\nas = {}\nunit = {}\nobserved = {:?}\npredicted = {:?}\nmisfit = {:.3}\n",
            text(&r.study),
            text(&r.row.quantity),
            text(&r.row.arm),
            text(&r.row.at),
            text(r.row.kind.as_str()),
            text(&r.row.unit),
            r.row.value,
            r.predicted,
            r.misfit
        );
    }
    out
}

//! Sensitivities in words: for the terminal, as a page (Markdown) over all studies, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use osteon_study::{Lesson, Sensitivity, Teachers, Uncertain};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;
use crate::tornado_figure::ranked;

/// Parameters named for an output on the page.
const NAMED: usize = 4;

/// One study or scenario for the terminal: for each output the `top` parameters.
pub fn sensitivity_text(found: &Sensitivity, parameters: &[Uncertain], top: usize) -> String {
    let mut out = format!("{}: {}\n", found.name, found.title);
    for (o, output) in found.outputs.iter().enumerate() {
        let _ = write!(
            out,
            "\n{}: {} {}\n",
            output.name,
            quantity(output.base),
            output.unit
        );
        let shares = found.shares(o);
        let mut table = Aligned::new(&[
            "",
            ">value",
            ">lower end",
            ">upper end",
            "unit",
            "origin",
            ">output at lower",
            ">at upper",
            ">share of variance",
        ]);
        for p in ranked(found, o).into_iter().take(top) {
            let (parameter, e) = (&parameters[p], found.effects[o][p]);
            table.row(vec![
                parameter.name.clone(),
                quantity(parameter.value),
                quantity(parameter.range.0),
                quantity(parameter.range.1),
                parameter.unit.clone(),
                parameter.origin.as_str().to_owned(),
                quantity(e.low),
                quantity(e.high),
                format!("{:.0} %", 100.0 * shares[p]),
            ]);
        }
        if table.is_empty() {
            out += "  no parameter moves it\n";
        } else {
            out += &table.text("  ");
        }
    }
    for (p, upper, why) in &found.failed {
        let _ = writeln!(
            out,
            "failed with {} at its {} end: {why}",
            parameters[*p].name,
            if *upper { "upper" } else { "lower" }
        );
    }
    out
}

/// The page over all studies. `made_by` says with which body and engine.
pub fn sensitivity_page(
    all: &[Sensitivity],
    parameters: &[Uncertain],
    learn: &Teachers,
    top: usize,
    made_by: &str,
) -> String {
    let mut out = format!(
        "# What matters: sensitivity of every study's rows to every parameter\n\n\
         Computed by `osteon sensitivity --all --write docs/sensitivity.md` with {made_by}. Do not edit: run it again.\n\n\
         Each of the {} uncertain parameters of the body (not the inputs) goes alone to the lower and to the upper end of its range, in every study, \
         whole lives included. *Share of variance* is first order and linear: the squared slope between the ends over the sum of the squared slopes, \
         parameters taken as independent, the range of each as its 95 %. Rows that tell only a direction have no size and are left out.\n",
        parameters.len()
    );
    let row = |place: (usize, usize)| -> String {
        format!(
            "`{}`: {}",
            all[place.0].name, all[place.0].outputs[place.1].name
        )
    };
    let _ = write!(
        out,
        "\n## What would teach the body most\n\n\
         Sum over {} counted rows of the variance of the prediction, in units of the squared standard error of the row's interval, given the {} of them \
         that shaped the body: {}. Shares of this sum that one more piece of knowledge is expected to take away; each line stands on the lines above it.\n\n\
         | | parameter known exactly | | takes away |\n|--:|---|---|--:|\n",
        learn.n_rows,
        learn.n_fitted,
        quantity(learn.variance)
    );
    for (i, Lesson { place, share }) in learn.parameters.iter().enumerate() {
        let p = &parameters[place.0];
        let _ = writeln!(
            out,
            "| {} | `{}` | {} ({}, {} to {} {}) | {:.0} % |",
            i + 1,
            p.name,
            p.label,
            p.origin.as_str(),
            quantity(p.range.0),
            quantity(p.range.1),
            p.unit,
            100.0 * share
        );
    }
    out += "\n| | row measured anew with half its interval | takes away |\n|--:|---|--:|\n";
    for (i, Lesson { place, share }) in learn.rows.iter().enumerate() {
        let _ = writeln!(
            out,
            "| {} | {} | {:.0} % |",
            i + 1,
            row(*place),
            100.0 * share
        );
    }
    out += "\nLimits: linear, one parameter at a time, ranges as they stand in the body, ranges of assumed parameters taken as if they were measured ones.\n";
    out += &parameter_table(all, parameters, top);
    out += "\n## By study\n\nThe parameters that move each row most, with their share of its variance. ";
    out += "*Spread* is the standard deviation that all parameters together give the prediction; *interval* is the half-width of the interval that judges.\n";
    for study in all {
        if study.outputs.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "\n### {}\n\n| row | predicted | spread | interval | what moves it |\n|---|--:|--:|--:|---|\n",
            study.name
        );
        for (o, output) in study.outputs.iter().enumerate() {
            let shares = study.shares(o);
            let spread = (0..parameters.len())
                .map(|p| study.slope(o, p).powi(2))
                .sum::<f64>()
                .sqrt();
            let mut order: Vec<usize> = (0..shares.len()).filter(|p| shares[*p] >= 0.005).collect();
            order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
            let named: Vec<String> = order
                .iter()
                .take(NAMED)
                .map(|p| format!("`{}` {:.0} %", parameters[*p].name, 100.0 * shares[*p]))
                .collect();
            let half = output
                .interval
                .map_or("–".to_owned(), |(l, u)| quantity((u - l) / 2.0));
            let unit = if output.unit == "1" {
                ""
            } else {
                output.unit.as_str()
            };
            let _ = writeln!(
                out,
                "| {}{} | {} {unit} | {} | {half} | {} |",
                output.name.replace('|', "/"),
                if output.counted { "" } else { " (association)" },
                quantity(output.base),
                quantity(spread),
                if named.is_empty() {
                    "nothing".to_owned()
                } else {
                    named.join(", ")
                }
            );
        }
        let failed: Vec<String> = study
            .failed
            .iter()
            .map(|(p, upper, _)| {
                format!(
                    "`{}` ({})",
                    parameters[*p].name,
                    if *upper { "upper" } else { "lower" }
                )
            })
            .collect();
        if !failed.is_empty() {
            let _ = write!(out, "\nFailed with: {}.\n", failed.join(", "));
        }
    }
    out
}

/// Sum of shares and number of rows for each quantity.
type ByQuantity<'a> = BTreeMap<&'a str, (f64, usize)>;

/// The parameters that matter most over all studies, and for which quantities.
fn parameter_table(all: &[Sensitivity], parameters: &[Uncertain], top: usize) -> String {
    let mut worth: Vec<(f64, ByQuantity<'_>)> = vec![(0.0, BTreeMap::new()); parameters.len()];
    let mut rows = 0_usize;
    for study in all {
        for (o, output) in study
            .outputs
            .iter()
            .enumerate()
            .filter(|(_, x)| x.counted && x.base.is_finite())
        {
            rows += 1;
            for (p, share) in study.shares(o).into_iter().enumerate() {
                worth[p].0 += share;
                let one = worth[p].1.entry(&output.quantity).or_insert((0.0, 0));
                one.0 += share;
                one.1 += 1;
            }
        }
    }
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.sort_by(|a, b| worth[*b].0.total_cmp(&worth[*a].0).then(a.cmp(b)));
    let nowhere: Vec<String> = order
        .iter()
        .filter(|p| worth[**p].0 < 1e-9)
        .map(|p| format!("`{}`", parameters[*p].name))
        .collect();
    let mut out = format!(
        "\n## Which parameters matter for what\n\nMean share of variance over {rows} counted rows; for the quantities where it is largest, the mean share over their rows.\n\n\
         | parameter | what it is | origin | value | range | mean share | matters for |\n|---|---|---|--:|---|--:|---|\n"
    );
    for p in order.iter().take(2 * top) {
        let x = &parameters[*p];
        let mut by: Vec<(&str, f64)> = worth[*p]
            .1
            .iter()
            .map(|(q, (sum, n))| (*q, sum / *n as f64))
            .collect();
        by.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let by: Vec<String> = by
            .iter()
            .take(3)
            .filter(|b| b.1 >= 0.01)
            .map(|(q, s)| format!("{q} {:.0} %", 100.0 * s))
            .collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} {} | {} to {} | {:.1} % | {} |",
            x.name,
            x.label.replace('|', "/"),
            x.origin.as_str(),
            quantity(x.value),
            x.unit,
            quantity(x.range.0),
            quantity(x.range.1),
            100.0 * worth[*p].0 / rows.max(1) as f64,
            by.join(", ")
        );
    }
    if !nowhere.is_empty() {
        let _ = write!(
            out,
            "\nNo row is moved by {} of them: {}.\n",
            nowhere.len(),
            nowhere.join(", ")
        );
    }
    out
}

/// All numbers, for machines.
pub fn sensitivity_json(all: &[Sensitivity], parameters: &[Uncertain]) -> Value {
    json!(
        all.iter()
            .map(|study| json!({
                "name": study.name,
                "title": study.title,
                "outputs": study.outputs.iter().enumerate().map(|(o, output)| {
                    let shares = study.shares(o);
                    json!({
                        "name": output.name,
                        "quantity": output.quantity,
                        "unit": output.unit,
                        "value": output.base,
                        "interval": output.interval.map(|(l, u)| [l, u]),
                        "parameters": ranked(study, o).into_iter().map(|p| json!({
                            "name": parameters[p].name,
                            "unit": parameters[p].unit,
                            "value": parameters[p].value,
                            "range": [parameters[p].range.0, parameters[p].range.1],
                            "origin": parameters[p].origin.as_str(),
                            "at_lower": study.effects[o][p].low,
                            "at_upper": study.effects[o][p].high,
                            "share_of_variance": shares[p],
                        })).collect::<Vec<_>>(),
                    })
                }).collect::<Vec<_>>(),
            }))
            .collect::<Vec<_>>()
    )
}

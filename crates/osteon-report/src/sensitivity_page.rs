//! Sensitivities in words: for the terminal, as a page (Markdown) over all studies, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use osteon_study::{Lesson, SMALL, Sensitivity, Teachers, Told, Uncertain};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;
use crate::tornado_figure::ranked;

/// Parameters named for an output on the page.
const NAMED: usize = 3;

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

/// What a page over all studies tells besides the sensitivities.
#[derive(Debug, Clone, Copy)]
pub struct SensitivityPage<'a> {
    /// Uncertain parameters of the body.
    pub parameters: &'a [Uncertain],
    /// What would teach the body most.
    pub learn: &'a Teachers,
    /// What the rows that shaped the body determine, and from how many of them.
    pub told: Option<(&'a Told, usize)>,
    /// Why each new measurement could be made: study, quantity and the words.
    pub says: &'a [(String, String, String)],
    /// Parameters shown for each output.
    pub top: usize,
    /// Body and engine.
    pub made_by: &'a str,
}

/// The page over all studies.
pub fn sensitivity_page(all: &[Sensitivity], page: &SensitivityPage<'_>) -> String {
    let SensitivityPage {
        parameters,
        told,
        top,
        ..
    } = *page;
    let lived: usize = all.iter().map(|s| s.lived).sum();
    let whole: usize = all.iter().map(|s| s.whole).sum();
    let mut out = format!(
        "# What matters: sensitivity of every study's rows to every parameter\n\n\
         Computed by `osteon sensitivity --all --write docs/sensitivity.md` with {}. Do not edit: run it again.\n\n\
         Each of the {} uncertain parameters of the body (not the inputs) goes alone to the lower and to the upper end of its range, in every study, \
         whole lives included. *Share of variance* is first order and linear: the squared slope between the ends over the sum of the squared slopes, \
         parameters taken as independent, the range of each as its 95 %. Rows that tell only a direction have no size and are left out.\n\n\
         Lived is only what can matter ({lived} arms with their lives, where every arm at both ends of every parameter would be {whole}): a parameter that the equations of the wanted quantities \
         do not read is left out (numbers that nothing varies are folded first, so that the parameters of a drug that is not given fall out), and the nearer \
         end of a range is lived only where the farther one moves an output by more than {:.0} % of its spread or where the two ends lie off one line by a tenth of the spread at rest.\n",
        page.made_by,
        parameters.len(),
        100.0 * SMALL
    );
    out += &lessons(all, page);
    if let Some((told, rows)) = told {
        out += &determined(parameters, told, rows);
    }
    out += &parameter_table(all, parameters, top);
    out += "\n## By study\n\nThe parameters that move each row most: what the prediction becomes at the lower and at the upper end of the range, and the share of its variance. ";
    out += "*Spread* is the standard deviation that all parameters together give the prediction before any study has spoken; *interval* is the half-width of the interval that judges.\n";
    for study in all.iter().filter(|s| !s.outputs.is_empty()) {
        out += &study_part(study, parameters);
    }
    out
}

/// What would teach the body most.
fn lessons(all: &[Sensitivity], page: &SensitivityPage<'_>) -> String {
    let (learn, parameters) = (page.learn, page.parameters);
    let output = |place: (usize, usize)| &all[place.0].outputs[place.1];
    let narrows = |lesson: &Lesson| {
        let words: Vec<String> = lesson
            .narrows
            .iter()
            .filter(|n| n.1 >= 0.005)
            .map(|(quantity, share)| format!("{quantity} {:.0} %", 100.0 * share))
            .collect();
        words.join(", ")
    };
    let mut out = format!(
        "\n## What would teach the body most\n\n\
         For each of {} quantities the mean variance of its counted rows ({} in all) in units of the squared standard error of the row's interval, at most 1 a row, \
         given the {} rows and values at rest that have shaped the body: {:.2} in the mean over quantities. Shares of this that one more piece of knowledge is expected to take away; \
         each line stands on the lines above it. *Bits* is the expected information about the parameters.\n\n\
         **Measurements that could be made**, the best of {}:\n\n\
         | | measured | in | standard error | takes away | bits | narrows most (share of its variance) |\n|--:|---|---|--:|--:|--:|---|\n",
        learn.n_quantities, learn.n_rows, learn.n_shaped, learn.uncertain, learn.n_new
    );
    for (i, lesson) in learn.new.iter().enumerate() {
        let measured = output(lesson.place);
        let study = &all[lesson.place.0].name;
        let says = page
            .says
            .iter()
            .find(|s| s.0 == *study && s.1 == measured.quantity);
        let unit = if measured.unit == "1" {
            ""
        } else {
            &measured.unit
        };
        let _ = writeln!(
            out,
            "| {} | {} | the protocol of `{study}`: {} | {} {unit} | {:.1} % | {:.1} | {} |",
            i + 1,
            measured.name,
            says.map_or("", |s| &s.2),
            quantity(measured.new.unwrap_or(f64::NAN)),
            100.0 * lesson.share,
            lesson.bits,
            narrows(lesson)
        );
    }
    out += "\n**Parameters known exactly:**\n\n| | parameter | | takes away | narrows most |\n|--:|---|---|--:|---|\n";
    for (i, lesson) in learn.parameters.iter().enumerate() {
        let p = &parameters[lesson.place.0];
        let _ = writeln!(
            out,
            "| {} | `{}` | {} ({}, {} to {} {}) | {:.1} % | {} |",
            i + 1,
            p.name,
            p.label,
            p.origin.as_str(),
            quantity(p.range.0),
            quantity(p.range.1),
            p.unit,
            100.0 * lesson.share,
            narrows(lesson)
        );
    }
    out += "\n**Published rows measured anew with half their interval:**\n\n| | row | takes away | narrows most |\n|--:|---|--:|---|\n";
    for (i, lesson) in learn.rows.iter().enumerate() {
        let _ = writeln!(
            out,
            "| {} | `{}`: {} | {:.1} % | {} |",
            i + 1,
            all[lesson.place.0].name,
            output(lesson.place).name,
            100.0 * lesson.share,
            narrows(lesson)
        );
    }
    out += "\nAssumptions: predictions are linear in the parameters between the ends of their ranges; parameters are independent before any row has spoken; errors are Gaussian and independent from row to row, \
            that of a row the half-width of its interval over 1.96, with the body's miss added where it misses; values at rest of a reference adult are taken to lie within one standard deviation between people \
            (95 %) of the body's own. The error of a new measurement is that of the laboratory (`library/laboratory.toml`: method and day together) in so many people (`evidence/measurements.toml`), \
            people differing in their response by half of the mean response; what a wrong equation would teach is not in it.\n";
    out
}

/// What the rows that shaped the body determine, over all fits at once.
fn determined(parameters: &[Uncertain], told: &Told, rows: usize) -> String {
    const SHOWN: usize = 25;
    let share = |least: f64| told.determined.iter().filter(|d| **d >= least).count();
    let mut out = format!(
        "\n## What the studies determine\n\nOf {} uncertain parameters, {rows} rows used to fit and values at rest take away at least half of the spread of {}, at least a tenth of {}, and less than a hundredth of {}: \
         these keep their ranges. Linearised at the body's values, all rows at once; what each stage of fitting determined stands in `body/fits/*.result.toml`.\n\n| parameter | origin | spread taken away |\n|---|---|--:|\n",
        parameters.len(),
        share(0.5),
        share(0.1),
        parameters.len() - share(0.01)
    );
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.sort_by(|a, b| {
        told.determined[*b]
            .total_cmp(&told.determined[*a])
            .then(a.cmp(b))
    });
    for p in order.into_iter().take(SHOWN) {
        let _ = writeln!(
            out,
            "| `{}` | {} | {:.0} % |",
            parameters[p].name,
            parameters[p].origin.as_str(),
            100.0 * told.determined[p]
        );
    }
    if told.alike.is_empty() {
        out += "\nNo two parameters hang together by more than 0.9.\n";
    } else {
        out += "\nNo study can tell these apart (correlation beyond 0.9):\n\n";
        for (a, b, r) in &told.alike {
            let _ = writeln!(
                out,
                "- `{}` and `{}` ({r:.2})",
                parameters[*a].name, parameters[*b].name
            );
        }
    }
    out
}

/// The rows of one study.
fn study_part(study: &Sensitivity, parameters: &[Uncertain]) -> String {
    let mut out = format!(
        "\n### {}\n\n| row | predicted | spread | interval | what moves it |\n|---|--:|--:|--:|---|\n",
        study.name
    );
    for (o, output) in study
        .outputs
        .iter()
        .enumerate()
        .filter(|x| x.1.new.is_none())
    {
        let shares = study.shares(o);
        let spread = (0..parameters.len())
            .map(|p| study.slope(o, p).powi(2))
            .sum::<f64>()
            .sqrt();
        let mut order: Vec<usize> = (0..shares.len()).filter(|p| shares[*p] >= 0.005).collect();
        order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
        let end = |v: f64| {
            if v.is_finite() {
                quantity(v)
            } else {
                "nobody lives".to_owned()
            }
        };
        let named: Vec<String> = order
            .iter()
            .take(NAMED)
            .map(|p| {
                let e = study.effects[o][*p];
                format!(
                    "`{}` {} … {} ({:.0} %)",
                    parameters[*p].name,
                    end(e.low),
                    end(e.high),
                    100.0 * shares[*p]
                )
            })
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
            if output.counted { "" } else { " (not counted)" },
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
            let end = if *upper { "upper" } else { "lower" };
            format!("`{}` ({end})", parameters[*p].name)
        })
        .collect();
    if !failed.is_empty() {
        let _ = write!(out, "\nNobody lives with: {}.\n", failed.join(", "));
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

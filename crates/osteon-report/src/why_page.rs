//! Why something changed, in words for the terminal and as JSON: each pathway with its share, where it acts and what it rests on.

use std::fmt::Write as _;

use osteon_study::{Method, ORIGINS, Pathway, Why};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;
use crate::time_axis::time_text;

/// A number with its sign always shown.
pub(crate) fn change_text(value: f64) -> String {
    let text = quantity(value);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// `from the start to 5 a` or `untreated to treated, at 5 a`.
pub(crate) fn compared(found: &Why) -> String {
    let at = time_text(found.question.at_d);
    let arm = match found.question.arm.as_str() {
        "" => String::new(),
        name => format!("{name}: "),
    };
    match &found.question.against {
        Some(other) => format!("{arm}compared with {other}, at {at}"),
        None => format!("{arm}from the start to {at}"),
    }
}

fn method_text(found: &Why) -> String {
    match found.method {
        Method::AllSets => format!(
            "Shapley values over all {} sets of {} pathways; {} runs",
            1_u64 << found.parts.len(),
            found.parts.len(),
            found.runs
        ),
        Method::DrawnOrders { orders, seed } => format!(
            "Shapley values from {orders} drawn orders of {} pathways (seed {seed}), ± their standard error; {} runs",
            found.parts.len(),
            found.runs
        ),
    }
}

/// The decomposition for the terminal.
pub fn why_text(found: &Why) -> String {
    let mut out = format!(
        "{}\n{}, {}: {} to {} {}, a change of {}\n\n",
        found.title,
        found.label,
        compared(found),
        quantity(found.from),
        quantity(found.to),
        found.unit,
        change_text(found.change()),
    );
    let share = |value: f64| {
        let of = 100.0 * value / found.change();
        if of.is_finite() {
            format!("{of:.0} %").replace('-', "−")
        } else {
            String::new()
        }
    };
    let drawn = found.method != Method::AllSets;
    let mut headings = vec!["through", ">share", ">of change"];
    if drawn {
        headings.push(">±");
    }
    headings.extend([">lost without it", ">alone", "acts in"]);
    let mut table = Aligned::new(&headings);
    for part in &found.parts {
        let mut row = vec![
            part.pathway.label.clone(),
            change_text(part.share),
            share(part.share),
        ];
        if drawn {
            row.push(quantity(part.error));
        }
        row.extend([
            change_text(part.without),
            change_text(part.alone),
            part.pathway.files.join(", "),
        ]);
        table.row(row);
    }
    table.row(vec![
        "not through any switch".to_owned(),
        change_text(found.remainder),
        share(found.remainder),
    ]);
    table.row(vec![
        "sum".to_owned(),
        change_text(found.change() - found.gap()),
        share(found.change() - found.gap()),
    ]);
    out += &table.text("  ");
    let _ = writeln!(out, "\n{}", method_text(found));
    if !found.idle.is_empty() {
        let names: Vec<&str> = found.idle.iter().map(|p| p.label.as_str()).collect();
        let _ = writeln!(
            out,
            "without effect here (neither frozen alone nor left alone): {}",
            names.join("; ")
        );
    }
    for part in &found.parts {
        out += &pathway_text(&part.pathway);
    }
    out
}

fn pathway_text(pathway: &Pathway) -> String {
    let mut out = format!("\n{} ({} = 0 freezes it)\n", pathway.label, pathway.switch);
    for e in &pathway.equations {
        let label = if e.label.is_empty() || e.label == e.symbol {
            String::new()
        } else {
            format!(", {}", e.label)
        };
        let _ = writeln!(out, "  {}:{}  {}{label}", e.file, e.line, e.symbol);
    }
    let origins: Vec<String> = ORIGINS
        .iter()
        .zip(pathway.origins)
        .filter(|(_, n)| *n > 0)
        .map(|(o, n)| format!("{n} {}", o.as_str()))
        .collect();
    if !origins.is_empty() {
        let _ = writeln!(out, "  numbers: {}", origins.join(", "));
    }
    if !pathway.sources.is_empty() {
        let _ = writeln!(out, "  sources: {}", pathway.sources.join(", "));
    }
    out
}

fn pathway_json(pathway: &Pathway) -> Value {
    let equations: Vec<Value> = pathway
        .equations
        .iter()
        .map(|e| json!({"symbol": e.symbol, "label": e.label, "file": e.file, "line": e.line}))
        .collect();
    let origins: serde_json::Map<String, Value> = ORIGINS
        .iter()
        .zip(pathway.origins)
        .map(|(o, n)| (o.as_str().to_owned(), json!(n)))
        .collect();
    json!({
        "pathway": pathway.name,
        "switch": pathway.switch,
        "label": pathway.label,
        "files": pathway.files,
        "equations": equations,
        "sources": pathway.sources,
        "origins": origins,
    })
}

/// The decomposition as JSON; shares and remainder add up to `change`.
pub fn why_json(found: &Why) -> Value {
    let parts: Vec<Value> = found
        .parts
        .iter()
        .map(|p| {
            let mut part = pathway_json(&p.pathway);
            part["share"] = json!(p.share);
            part["standard_error"] = json!(p.error);
            part["lost_without"] = json!(p.without);
            part["alone"] = json!(p.alone);
            part
        })
        .collect();
    let (method, seed) = match found.method {
        Method::AllSets => ("all sets", Value::Null),
        Method::DrawnOrders { seed, .. } => ("drawn orders", json!(seed)),
    };
    json!({
        "title": found.title,
        "quantity": found.question.quantity,
        "label": found.label,
        "unit": found.unit,
        "at_d": found.question.at_d,
        "arm": found.question.arm,
        "against": found.question.against.as_deref().unwrap_or("start"),
        "from": found.from,
        "to": found.to,
        "change": found.change(),
        "parts": parts,
        "not_through_any_switch": found.remainder,
        "gap": found.gap(),
        "idle": found.idle.iter().map(pathway_json).collect::<Vec<_>>(),
        "method": method,
        "seed": seed,
        "runs": found.runs,
    })
}

//! The traffic of an element in words for the terminal and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use osteon_study::{DayFlux, Flux, PlaceKind};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;
use crate::time_axis::time_text;
use crate::why_page::change_text;

/// What flows between two places once both directions are set against each other.
pub(crate) struct NetFlow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) net: f64,
}

pub(crate) fn net_flows(day: &DayFlux) -> Vec<NetFlow> {
    let mut pairs: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for f in &day.flows {
        let forward = f.from < f.to;
        let pair = if forward {
            (f.from, f.to)
        } else {
            (f.to, f.from)
        };
        *pairs.entry(pair).or_insert(0.0) += if forward { f.amount } else { -f.amount };
    }
    pairs
        .into_iter()
        .filter(|(_, net)| *net != 0.0)
        .map(|((a, b), net)| {
            let (from, to) = if net > 0.0 { (a, b) } else { (b, a) };
            NetFlow {
                from,
                to,
                net: net.abs(),
            }
        })
        .collect()
}

/// The largest flow of a day.
pub(crate) fn traffic(day: &DayFlux) -> f64 {
    day.flows.iter().map(|f| f.amount).fold(0.0, f64::max)
}

/// A number in words; what is less than a millionth of the traffic is 0.
pub(crate) fn near_zero(value: f64, traffic: f64) -> String {
    if value.abs() < 1e-6 * traffic {
        "0".to_owned()
    } else {
        quantity(value)
    }
}

pub(crate) fn day_words(day: &DayFlux) -> String {
    if day.until_d == 0.0 {
        "The last day before the start".to_owned()
    } else {
        format!("The day that ends at {}", time_text(day.until_d))
    }
}

/// Both days for the terminal.
pub fn flux_text(found: &Flux) -> String {
    let arm = if found.arm.is_empty() {
        String::new()
    } else {
        format!(", {}", found.arm)
    };
    let mut out = format!("{}{arm}\n{}, {} a day", found.title, found.word, found.unit);
    if let Some(molar) = found.molar_mass {
        let _ = write!(out, " (1 mmol = {} mg)", quantity(molar));
    }
    out += "\n";
    let amount = |day: &DayFlux, from: usize, to: usize| {
        day.flows
            .iter()
            .find(|f| f.from == from && f.to == to)
            .map_or_else(|| "0".to_owned(), |f| near_zero(f.amount, traffic(day)))
    };
    let mut pairs: Vec<(usize, usize)> = found
        .before
        .flows
        .iter()
        .chain(&found.after.flows)
        .map(|f| (f.from, f.to))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let after = format!(">day to {}", time_text(found.after.until_d));
    let mut table = Aligned::new(&["from", "to", ">day before start", after.as_str()]);
    for (from, to) in pairs {
        table.row(vec![
            found.places[from].name.clone(),
            found.places[to].name.clone(),
            amount(&found.before, from, to),
            amount(&found.after, from, to),
        ]);
    }
    out += "\n";
    out += &table.text("  ");
    let gain = |day: &DayFlux, p: usize| match near_zero(day.gained[p], traffic(day)).as_str() {
        "0" => "0".to_owned(),
        _ => change_text(day.gained[p]),
    };
    let mut pools = Aligned::new(&["stays in", ">holds", ">gains, before", ">gains, after"]);
    for (p, place) in found.places.iter().enumerate() {
        if place.kind == PlaceKind::Pool {
            pools.row(vec![
                place.name.clone(),
                quantity(found.after.held[p]),
                gain(&found.before, p),
                gain(&found.after, p),
            ]);
        }
    }
    out += "\n";
    out += &pools.text("  ");
    let _ = writeln!(
        out,
        "\nin − out = what stays, for every place; missing at most {:.0e} before and {:.0e} after of what passes",
        found.before.closes_to, found.after.closes_to
    );
    out
}

/// Both days as JSON.
pub fn flux_json(found: &Flux) -> Value {
    let kind = |k: PlaceKind| match k {
        PlaceKind::Source => "source",
        PlaceKind::Pool => "pool",
        PlaceKind::Sink => "sink",
    };
    let day = |d: &DayFlux| {
        let flows: Vec<Value> = d
            .flows
            .iter()
            .map(|f| {
                json!({
                    "from": found.places[f.from].name,
                    "to": found.places[f.to].name,
                    "amount": f.amount,
                    "reactions": f.reactions,
                })
            })
            .collect();
        let places: Vec<Value> = found
            .places
            .iter()
            .enumerate()
            .map(|(p, place)| {
                let held = Some(d.held[p]).filter(|h| h.is_finite());
                json!({"place": place.name, "held": held, "gained": d.gained[p]})
            })
            .collect();
        json!({"until_d": d.until_d, "flows": flows, "places": places, "closes_to": d.closes_to})
    };
    let places: Vec<Value> = found
        .places
        .iter()
        .map(|p| json!({"place": p.name, "kind": kind(p.kind), "file": p.file, "species": p.species}))
        .collect();
    json!({
        "title": found.title,
        "arm": found.arm,
        "element": found.element,
        "unit": found.unit,
        "molar_mass": found.molar_mass,
        "places": places,
        "before": day(&found.before),
        "after": day(&found.after),
    })
}

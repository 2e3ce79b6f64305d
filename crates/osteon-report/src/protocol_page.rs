//! A protocol in words and as JSON: the least that does it, what else would, what happens after, and how sure that is.

use std::fmt::Write as _;

use osteon_study::{Combination, Protocol};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;
use crate::time_axis::time_text;

fn words(c: &Combination) -> String {
    if c.words.is_empty() {
        "nothing".to_owned()
    } else {
        c.words.join("; ")
    }
}

/// What was found, for the terminal.
pub fn protocol_text(found: &Protocol) -> String {
    let mut out = format!("{}\n\n", found.title);
    let mut goals = Aligned::new(&[
        "goal",
        "unit",
        ">at the start",
        ">doing nothing",
        ">protocol",
        ">after stopping",
    ]);
    for (i, goal) in found.goals.iter().enumerate() {
        let best = found
            .best
            .as_ref()
            .map_or_else(String::new, |b| quantity(b.values[i]));
        let after = found
            .stopped
            .as_ref()
            .map_or_else(String::new, |s| quantity(s.values[i]));
        goals.row(vec![
            goal.said.clone(),
            goal.unit.clone(),
            quantity(found.start[i]),
            quantity(found.nothing.values[i]),
            best,
            after,
        ]);
    }
    out += &goals.text("  ");
    out += "\n";
    let within = time_text(found.within_d);
    match (&found.refused, &found.best) {
        (Some(why), _) => {
            let _ = writeln!(out, "refused: {why}");
        }
        (None, None) => {
            let _ = writeln!(
                out,
                "nothing is needed: the goals hold from the start to {within} by themselves"
            );
        }
        (None, Some(best)) => {
            let _ = writeln!(
                out,
                "the least that reaches and holds this ({within}): {}",
                words(best)
            );
            let reached = best.reached_d.map_or_else(String::new, time_text);
            let _ = writeln!(out, "  effort {}, from {reached} on", quantity(best.effort));
            for line in &found.advice {
                let _ = writeln!(out, "  note: {line}");
            }
            if let Some(stopped) = &found.stopped {
                let after = stopped.lost_after_d.map_or_else(
                    || format!("the goals still hold {within} later"),
                    |d| format!("a goal is missed {} later", time_text(d)),
                );
                let _ = writeln!(out, "when stopped: {after}");
            }
            if let Some((with, without, lived)) = found.share {
                let _ = writeln!(
                    out,
                    "reached in {:.0} % of {lived} plausible bodies, by doing nothing in {:.0} %",
                    100.0 * with,
                    100.0 * without
                );
            }
        }
    }
    if !found.front.is_empty() {
        let mut front = Aligned::new(&[
            "effort and what it gives",
            ">effort",
            ">gap",
            ">holds from",
            ">values at the end",
        ]);
        for c in &found.front {
            let values: Vec<String> = c.values.iter().map(|v| quantity(*v)).collect();
            front.row(vec![
                words(c),
                quantity(c.effort),
                quantity(c.gap),
                c.reached_d.map_or_else(String::new, time_text),
                values.join(", "),
            ]);
        }
        out += "\n";
        out += &front.text("  ");
        out += "  gap: how far outside the goals, in widths of the goals\n";
    }
    if !found.left_out.is_empty() {
        out += "\nleft out\n";
        for (why, n) in &found.left_out {
            let count = if *n > 0 {
                format!(" ({n} combinations)")
            } else {
                String::new()
            };
            let _ = writeln!(out, "  {why}{count}");
        }
    }
    let _ = writeln!(
        out,
        "\n{} combinations run; for research and teaching, not medical advice",
        found.tried
    );
    out
}

fn combination_json(c: &Combination) -> Value {
    json!({"choices": c.words, "effort": c.effort, "gap": c.gap, "reached_d": c.reached_d, "values": c.values})
}

/// What was found, as JSON.
pub fn protocol_json(found: &Protocol) -> Value {
    let goals: Vec<Value> = found
        .goals
        .iter()
        .map(|g| {
            let open = |v: f64| Some(v).filter(|v| v.is_finite());
            json!({"quantity": g.quantity, "unit": g.unit, "lower": open(g.lower), "upper": open(g.upper), "said": g.said})
        })
        .collect();
    json!({
        "title": found.title,
        "goals": goals,
        "within_d": found.within_d,
        "start": found.start,
        "nothing": combination_json(&found.nothing),
        "best": found.best.as_ref().map(combination_json),
        "front": found.front.iter().map(combination_json).collect::<Vec<_>>(),
        "stopped": found.stopped.as_ref().map(|s| json!({"lost_after_d": s.lost_after_d, "values": s.values})),
        "plausible_bodies": found.share.map(|(with, without, lived)| json!({"reached": with, "reached_by_nothing": without, "lived": lived})),
        "advice": found.advice,
        "left_out": found.left_out.iter().map(|(why, n)| json!({"why": why, "combinations": n})).collect::<Vec<_>>(),
        "combinations": found.tried,
        "refused": found.refused,
    })
}

//! A protocol in words and as JSON: the least that does it, what else would, what happens after, and how sure that is.

use std::fmt::Write as _;

use osteon_study::{Combination, InOthers, Protocol};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::svg::Svg;
use crate::ticks::quantity;
use crate::time_axis::time_text;
use crate::xy_figure::{XyCurve, XyFigure, XyPanel, XyPoint, draw_xy};

fn words(c: &Combination) -> String {
    if c.words.is_empty() {
        "nothing".to_owned()
    } else {
        c.words.join("; ")
    }
}

/// How the best does in others, in words.
fn spread_words(spread: &InOthers) -> String {
    let whom = if spread.matched {
        "people whom the measurements allow"
    } else {
        "plausible bodies"
    };
    let when = spread
        .reached_d
        .map_or_else(String::new, |[low, middle, high]| {
            format!(
                ", from {} on (5 to 95 %: {} to {})",
                time_text(middle),
                time_text(low),
                time_text(high)
            )
        });
    format!(
        "reached in {:.0} % of {} {whom}{when}; by doing nothing in {:.0} %",
        100.0 * spread.with,
        spread.lived,
        100.0 * spread.without
    )
}

/// The trade-off front, and the course of each goal's quantity: with the protocol, after stopping it, and doing nothing.
pub fn protocol_figure(found: &Protocol, source: &str) -> Svg {
    const FRONT: usize = 0;
    const PROTOCOL: usize = 1;
    const NOTHING: usize = 2;
    const GOAL: usize = 3;
    const OTHERS: usize = 4;
    let mut figure = XyFigure {
        title: format!("The least that restores and holds: {}", found.title),
        subtitle: found.refused.clone().map_or_else(
            || match &found.best {
                Some(best) => format!("{} (effort {})", words(best), quantity(best.effort)),
                None => "nothing is needed".to_owned(),
            },
            |why| format!("refused: {why}"),
        ),
        source: source.to_owned(),
        series: vec!["the front: none does more with as little".to_owned()],
        ..XyFigure::default()
    };
    let mut others: Vec<(i64, i64)> = Vec::new();
    let widest = found.all.iter().map(|a| a.1).fold(0.0, f64::max).max(1e-9);
    let grid = |(effort, gap): (f64, f64)| ((effort * 20.0) as i64, (gap / widest * 200.0) as i64);
    let mut front = XyPanel {
        title: "What more effort gives".to_owned(),
        x_title: "effort (1 = one pill a day for good)".to_owned(),
        y_title: "gap to the goals, widths of the goals".to_owned(),
        ..XyPanel::default()
    };
    for one in &found.all {
        // Points that would lie on one another are drawn once.
        if others.contains(&grid(*one)) {
            continue;
        }
        others.push(grid(*one));
        front.points.push(XyPoint {
            series: Some(OTHERS),
            x: one.0,
            x_interval: None,
            y: one.1,
            y_interval: None,
            label: "other safe combinations".to_owned(),
        });
    }
    front.curves.push(XyCurve {
        series: FRONT,
        x: found.front.iter().map(|c| c.effort).collect(),
        y: found.front.iter().map(|c| c.gap).collect(),
        marked: true,
        ..XyCurve::default()
    });
    figure.panels.push(front);
    if let Some(courses) = &found.courses {
        figure.series.extend([
            format!("the protocol, stopped after {}", time_text(found.within_d)),
            "doing nothing".to_owned(),
            "goal".to_owned(),
        ]);
        let last = courses.times.last().copied().unwrap_or(1.0);
        let (scale, unit) = if last > 730.5 {
            (365.25, "years")
        } else {
            (1.0, "days")
        };
        let x: Vec<f64> = courses.times.iter().map(|t| t / scale).collect();
        for (number, goal) in found.goals.iter().enumerate() {
            let curve = |series: usize, y: Vec<f64>| XyCurve {
                series,
                x: x.clone(),
                y,
                ..XyCurve::default()
            };
            let mut panel = XyPanel {
                title: goal.quantity.clone(),
                x_title: unit.to_owned(),
                y_title: goal.unit.clone(),
                curves: vec![
                    curve(PROTOCOL, courses.best[number].clone()),
                    curve(NOTHING, courses.nothing[number].clone()),
                ],
                ..XyPanel::default()
            };
            let ends = [goal.lower, goal.upper];
            for end in ends.into_iter().filter(|e| e.is_finite()) {
                panel.curves.push(curve(GOAL, vec![end; x.len()]));
            }
            figure.panels.push(panel);
        }
    }
    draw_xy(&figure)
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
            if let Some(spread) = &found.share {
                let _ = writeln!(out, "{}", spread_words(spread));
            }
            if let Some(share) = found.least_in {
                let _ = writeln!(
                    out,
                    "it stays the least in {:.0} % of draws of the efforts inside their ranges; --weight changes them",
                    100.0 * share
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
        let named = |words: &str| {
            found
                .front
                .iter()
                .any(|c| c.words.iter().any(|w| w == words))
        };
        let mut efforts = Aligned::new(&["what is asked of a person", ">effort", "range", "from"]);
        for (words, effort, range, why) in found.efforts.iter().filter(|e| named(&e.0)) {
            efforts.row(vec![
                words.clone(),
                quantity(*effort),
                format!("{} to {}", quantity(range.0), quantity(range.1)),
                why.clone(),
            ]);
        }
        if found.front.iter().any(|c| !c.words.is_empty()) {
            out += "\n";
            out += &efforts.text("  ");
        }
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
        "others": found.share.as_ref().map(|s| json!({
            "who": if s.matched { "people whom the measurements allow" } else { "plausible bodies" },
            "reached": s.with, "reached_by_nothing": s.without, "lived": s.lived, "reached_d_5_50_95": s.reached_d,
        })),
        "all": found.all.iter().map(|(effort, gap)| json!([effort, gap])).collect::<Vec<_>>(),
        "courses": found.courses.as_ref().map(|c| json!({"times_d": c.times, "nothing": c.nothing, "protocol": c.best})),
        "least_in": found.least_in,
        "efforts": found.efforts.iter().map(|(words, effort, range, why)| json!({"choice": words, "effort": effort, "range": [range.0, range.1], "why": why})).collect::<Vec<_>>(),
        "advice": found.advice,
        "left_out": found.left_out.iter().map(|(why, n)| json!({"why": why, "combinations": n})).collect::<Vec<_>>(),
        "combinations": found.tried,
        "refused": found.refused,
    })
}

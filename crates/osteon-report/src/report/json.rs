//! The report as JSON: the run, and everything that the page adds to it.

use osteon_sim::{ArmRun, Column, Person};
use serde_json::{Value, json};

use super::{ReportInput, assumptions, laboratory, outlook, sources};
use crate::flux_page::flux_json;
use crate::match_page::match_json;
use crate::protocol_page::protocol_json;
use crate::run_figure::{course_words, dose_label, phase_label};
use crate::run_json::run_json;
use crate::verdict_table::verdicts_json;
use crate::why_page::why_json;

/// The report as a JSON value. Times are days; numbers that are not there are null.
///
/// # Errors
/// When the bibliography cannot be read.
pub fn report_json(input: &ReportInput<'_>) -> Result<Value, String> {
    let cited = sources::cited(input)?;
    let arms: Vec<Value> = input
        .run
        .arms
        .iter()
        .enumerate()
        .map(|(number, arm)| arm_json(input, number, arm))
        .collect();
    Ok(json!({
        "run": run_json(input.run),
        "arms": arms,
        "matched": input.matched.iter().map(|p| {
            let mut found = match_json(&p.found);
            found["arms"] = p.arms.iter().filter_map(|a| Some(input.scenario.arms.get(*a)?.name.clone())).collect();
            found
        }).collect::<Vec<_>>(),
        "why": input.whys.iter().map(why_json).collect::<Vec<_>>(),
        "flows": input.fluxes.iter().map(flux_json).collect::<Vec<_>>(),
        "goals": input.goals.map(protocol_json),
        "assumptions": assumptions_json(input),
        "studies": input.studies.iter().map(|s| json!({"study": s.name, "says": s.says, "cites": s.cites, "rows": verdicts_json(&s.rows)})).collect::<Vec<_>>(),
        "bands": input.bands.map(|b| json!({"meaning": b.meaning(), "seed": b.seed, "samples": b.samples.len()})),
        "sources": cited.iter().map(|c| json!({
            "key": c.key, "behind": c.behind, "title": c.source.as_ref().map(|s| &s.title), "authors": c.source.as_ref().map(|s| &s.authors),
            "year": c.source.as_ref().map(|s| &s.year), "link": c.source.as_ref().and_then(|s| s.link.as_ref()),
        })).collect::<Vec<_>>(),
    }))
}

fn arm_json(input: &ReportInput<'_>, number: usize, run: &ArmRun) -> Value {
    let arm = input.scenario.arms.iter().find(|a| a.name == run.name);
    let rows = laboratory::rows_shown(input, number);
    let at_rows = |column: &Column| {
        let values: Vec<Option<f64>> = rows
            .iter()
            .map(|r| column.values.get(*r).copied().filter(|v| v.is_finite()))
            .collect();
        json!({
            "quantity": column.quantity, "label": column.label, "unit": column.unit, "values": values,
            "flags": rows.iter().map(|r| laboratory::flag(column.values.get(*r).copied().unwrap_or(f64::NAN), column.reference.as_ref())).collect::<Vec<_>>(),
        })
    };
    let laboratory: Vec<Value> = laboratory::columns(input, run)
        .into_iter()
        .map(|(c, tells, cannot)| {
            let mut row = at_rows(c);
            row["tells"] = json!(tells);
            row["cannot_tell"] = json!(cannot);
            row
        })
        .collect();
    let outlook: Vec<Value> = outlook::columns(input, run)
        .into_iter()
        .map(|c| {
            let mut row = at_rows(c);
            let links = outlook::links(input, run, &c.quantity);
            row["links"] = links
                .iter()
                .map(|l| json!({"input": l.symbol, "label": l.label, "value": l.value}))
                .collect();
            row
        })
        .collect();
    json!({
        "arm": run.name,
        "person": arm.map(|a| person_json(&a.person)),
        "phases": arm.map(|a| a.phases.iter().map(|p| json!({
            "from": p.from_d, "until": p.until_d.is_finite().then_some(p.until_d), "what": phase_label(p),
        })).collect::<Vec<_>>()),
        "doses": arm.map(|a| a.doses.iter().map(|d| json!({
            "at": d.at_d, "over": d.over_d, "count": d.count, "every": d.every_d, "what": dose_label(&d.entry, &d.said),
        })).collect::<Vec<_>>()),
        "schedule": input.schedules.get(number).map(|lines| lines.iter().filter(|l| l.what != "row").map(|l| json!({
            "time": l.time_d, "what": l.what, "target": l.target, "value": l.value.is_finite().then_some(l.value), "unit": l.unit,
        })).collect::<Vec<_>>()),
        "in_words": run.columns.iter().filter(|c| input.scenario.record.quantities.contains(&c.quantity)).filter_map(|c| course_words(run, c)).collect::<Vec<_>>(),
        "times_shown": rows.iter().filter_map(|r| run.times.get(*r)).collect::<Vec<_>>(),
        "laboratory": laboratory,
        "outlook": outlook,
    })
}

fn person_json(person: &Person) -> Value {
    json!({
        "age_a": person.age_a,
        "inputs": person.inputs.iter().map(|i| json!({"input": i.input, "value": i.value, "said": i.said})).collect::<Vec<_>>(),
        "diet": person.diet.iter().map(|d| json!({"nutrient": d.nutrient, "per_day": d.per_day, "said": d.said})).collect::<Vec<_>>(),
        "exposures": person.exposures.iter().map(|e| json!({"entry": e.entry, "said": e.said})).collect::<Vec<_>>(),
        "regimens": person.regimens.iter().map(|r| json!({"entry": r.entry, "said": r.said})).collect::<Vec<_>>(),
    })
}

fn assumptions_json(input: &ReportInput<'_>) -> Value {
    let Some((found, parameters)) = input.assumptions else {
        return Value::Null;
    };
    assumptions::ranked(input)
        .iter()
        .map(|a| {
            let (p, output) = (&parameters[a.parameter], &found.outputs[a.output]);
            let effect = found.effects[a.output][a.parameter];
            let finite = |v: f64| v.is_finite().then_some(v);
            json!({
                "parameter": p.name, "label": p.label, "value": p.value, "range": [p.range.0, p.range.1], "unit": p.unit, "share": a.share,
                "moves_most": output.name, "as_it_is": finite(output.base), "at_lower_end": finite(effect.low), "at_upper_end": finite(effect.high),
            })
        })
        .collect()
}

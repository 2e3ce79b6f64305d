//! The body itself: its lived life, and scenarios by the clock or day-averaged.

use std::path::Path;

use cpu_time::ProcessTime;
use osteon_sim::{Body, Clock, RunOptions, Silent, read_scenario};
use serde_json::{Value, json};

use crate::Words;
use crate::disk::Folder;





fn load(words: &Words) -> Result<(Body, RunOptions), String> {
    let body = Body::load(&Folder(Path::new(words.text("project")?).to_owned())).map_err(|d| d.render())?;
    if body.faults.has_errors() {
        return Err(body.faults.render());
    }
    let standing = RunOptions::default();
    Ok((body, RunOptions { rtol: words.number("rtol", standing.rtol)?, ..standing }))
}

/// The life before a scenario, timed.
pub fn life(words: &Words) -> Result<Value, String> {
    let (body, options) = load(words)?;
    let text = std::fs::read_to_string(words.text("scenario")?).map_err(|e| e.to_string())?;
    let scenario = read_scenario(&text, "scenario", &body).map_err(|d| d.render())?;
    let person = &scenario.arms[0].person;
    let mut times = Vec::new();
    let mut end = Vec::new();
    for _ in 0..words.number("repeat", 5.0)? as usize {
        let clock = ProcessTime::now();
        let lived = osteon_sim::live(&body, person, &options, &mut Silent).map_err(|d| d.render())?;
        times.push(clock.elapsed().as_secs_f64());
        end = lived.states().to_vec();
    }
    times.sort_by(f64::total_cmp);
    Ok(json!({ "cpu_s": times[times.len() / 2], "best_s": times[0], "age_a": person.age_a, "states": end, "names": body.program.states() }))
}

/// A scenario from its text to its table, timed, the lived life included.
pub fn scenario(words: &Words) -> Result<Value, String> {
    let (body, options) = load(words)?;
    let text = std::fs::read_to_string(words.text("scenario")?).map_err(|e| e.to_string())?;
    let mut scenario = read_scenario(&text, "scenario", &body).map_err(|d| d.render())?;
    match words.text("clock") {
        Ok("meals") => scenario.record.clock = Clock::Meals,
        Ok("averaged") => scenario.record.clock = Clock::Averaged,
        _ => {}
    }
    scenario.record.skip_days = words.number("skip", 0.0)? != 0.0;
    scenario.record.until_d = words.number("until", scenario.record.until_d)?;
    scenario.record.every_d = words.number("every", scenario.record.every_d)?;
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..words.number("repeat", 3.0)? as usize {
        let clock = ProcessTime::now();
        let run = osteon_sim::run(&body, &scenario, &options, &mut Silent).map_err(|d| d.render())?;
        times.push(clock.elapsed().as_secs_f64());
        last = Some(run);
    }
    let run = last.ok_or("nothing was run")?;
    if let Some(failure) = run.arms.iter().find_map(|a| a.failure.as_ref()) {
        return Err(failure.message.clone());
    }
    times.sort_by(f64::total_cmp);
    let columns: Vec<Value> = run.arms.iter().flat_map(|a| &a.columns).map(|c| json!({ "quantity": c.quantity, "values": c.values })).collect();
    let work: Vec<Value> = run.arms.iter().map(|a| json!({ "steps": a.work.steps, "rejected": a.work.rejected, "rhs": a.work.rhs })).collect();
    let skipped: Vec<Value> = run
        .arms
        .iter()
        .map(|a| json!({ "days": a.skipped.days(), "leaps": a.skipped.spans.len(), "simulated": a.skipped.simulated, "error": a.skipped.error }))
        .collect();
    Ok(json!({ "cpu_s": times[times.len() / 2], "best_s": times[0], "columns": columns, "skipped": skipped, "work": work, "states": body.program.n_states() }))
}

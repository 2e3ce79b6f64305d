//! Plain time courses of a model file: one person, or many with varied parameters.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cpu_time::ProcessTime;
use osteon_model::{Model, SourceError, Sources};
use osteon_sim::drive::{Atol, DriveOptions, LaneSetup, Observer, drive};
use osteon_vm::{InstructionSet, Lanes, Program, SymbolIndex};
use serde_json::{Value, json};

use crate::Words;
use crate::disk::Folder;

/// A model file, with further statements at the end of its main model.
pub fn read(file: &str, more: &str) -> Result<Model, String> {
    let path = Path::new(file);
    let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().ok_or("no file")?.to_string_lossy());
    let sources = Extended { folder: Folder(folder.to_owned()), name: name.to_string(), more: more.to_owned() };
    if name.ends_with(".xml") {
        osteon_sbml::read(&sources, &name).map_err(|e| e.to_string())
    } else {
        let parsed = osteon_lang::load(&sources, &name);
        parsed.model.ok_or_else(|| parsed.sources.render_all(&parsed.diagnostics))
    }
}

/// A folder in which one model has grown by some statements: doses and diets as events, so that every tool does the same.
struct Extended {
    folder: Folder,
    name: String,
    more: String,
}

impl Sources for Extended {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        let text = self.folder.text(id)?;
        match text.trim_end().strip_suffix("end") {
            Some(open) if id == self.name && !self.more.is_empty() => Ok(format!("{open}{}\nend\n", self.more)),
            _ => Ok(text),
        }
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        self.folder.list(dir)
    }
}

pub fn compiled(words: &Words) -> Result<Program, String> {
    let model = read(words.text("model")?, words.text("more").unwrap_or(""))?;
    osteon_compile::compile(&model).map_err(|d| format!("{d:?}"))
}

/// Writes a model as SBML; with `--keep`, cut down to one experiment on a person with these `--start` values.
pub fn export(words: &Words) -> Result<Value, String> {
    let mut model = read(words.text("model")?, words.text("more").unwrap_or(""))?;
    if let Ok(keep) = words.text("keep") {
        let keep: Vec<String> = keep.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect();
        let mut start = Vec::new();
        for pair in words.text("start").unwrap_or("").split(',').filter(|n| !n.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is no name=value"))?;
            start.push((name.to_owned(), value.parse().map_err(|_| format!("`{value}` is no number"))?));
        }
        model = osteon_sim::lean(&model, &keep, &start).map_err(|d| format!("{d:?}"))?;
    }
    let options = osteon_sbml::WriteOptions {
        switches_as_events: words.number("switches", 1.0)? != 0.0,
        read_once: words.number("read-once", 1.0)? != 0.0,
    };
    std::fs::write(words.text("output")?, osteon_sbml::write_with(&model, &options)).map_err(|e| e.to_string())?;
    Ok(json!({ "symbols": model.symbols.len() }))
}

/// From a file to the first derivative.
pub fn ready(words: &Words) -> Result<Value, String> {
    let mut times = Vec::new();
    let mut states = 0;
    for _ in 0..words.number("repeat", 5.0)? as usize {
        let clock = (ProcessTime::now(), Instant::now());
        let program = Arc::new(compiled(words)?);
        let mut lanes = Lanes::new(Arc::clone(&program), 1);
        states = program.n_states();
        let (t, mut y, mut f) = ([program.start_time()], vec![0.0; states], vec![0.0; states]);
        lanes.initialise(&t, &mut y);
        lanes.rhs(&t, &y, &mut f);
        times.push([clock.0.elapsed().as_secs_f64(), clock.1.elapsed().as_secs_f64()]);
    }
    times.sort_by(|a, b| a[0].total_cmp(&b[0]));
    Ok(json!({ "cpu_s": times[times.len() / 2][0], "wall_s": times[times.len() / 2][1], "states": states }))
}

struct Rows {
    values: Vec<Vec<Vec<f64>>>,
}

impl Observer for Rows {
    fn sample(&mut self, person: usize, _row: usize, _time: f64, values: &[f64]) {
        if let Some(rows) = self.values.get_mut(person) {
            rows.push(values.to_vec());
        }
    }
}

/// A number in [0, 1) from a place: the same people whoever asks (SplitMix64).
fn drawn(person: u64, place: u64) -> f64 {
    let mut z = (person * 1_000 + place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1u64 << 53) as f64
}

fn instruction_set(name: &str) -> Result<InstructionSet, String> {
    let found = InstructionSet::ALL.into_iter().find(|set| format!("{set:?}").eq_ignore_ascii_case(name));
    found.ok_or_else(|| format!("`{name}` is none of {:?}", InstructionSet::ALL))
}

/// A time course, timed.
pub fn course(words: &Words) -> Result<Value, String> {
    let program = Arc::new(compiled(words)?);
    let symbol = |name: &str| program.find(name).ok_or_else(|| format!("the model has no `{name}`"));
    let list = |name: &str| -> Result<Vec<SymbolIndex>, String> {
        words.text(name).unwrap_or("").split(',').filter(|n| !n.is_empty()).map(&symbol).collect()
    };
    let record = list("record")?;
    let record: Vec<SymbolIndex> = record.iter().map(|s| program.amount_of(*s).filter(|_| words.text("amounts").is_ok()).unwrap_or(*s)).collect();
    let vary = list("vary")?;
    let (until, every) = (words.number("until", f64::NAN)?, words.number("every", f64::NAN)?);
    let people = words.number("people", 1.0)? as usize;
    let options = DriveOptions {
        rtol: words.number("rtol", 1e-6)?,
        atol: match words.number("atol", -1.0)? {
            atol if atol >= 0.0 => Atol::Uniform(atol),
            _ => DriveOptions::default().atol,
        },
        lanes: words.number("lanes", 8.0)? as usize,
        instruction_set: match words.text("instructions") {
            Ok(name) => Some(instruction_set(name)?),
            Err(_) => None,
        },
        max_attempts: 100_000_000,
        ..DriveOptions::default()
    };
    let t0 = program.start_time();
    let start = words.text("start").unwrap_or("").split(',').filter(|n| !n.is_empty());
    let mut common = Vec::new();
    for pair in start {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is no name=value"))?;
        common.push((symbol(name)?, value.parse().map_err(|_| format!("`{value}` is no number"))?));
    }
    let rows = ((until - t0) / every * (1.0 + 1e-12)).floor() as usize;
    let outputs: Vec<f64> = (0..=rows).map(|i| t0 + i as f64 * every).collect();
    // Everybody's own values lie within 10 % of the model's.
    let model_values = {
        let mut lanes = Lanes::new(Arc::clone(&program), 1);
        let (t, mut y, mut out) = ([t0], vec![0.0; program.n_states()], vec![0.0; vary.len()]);
        lanes.initialise(&t, &mut y);
        lanes.value(&vary, &t, &y, &mut out);
        out
    };
    let setups: Vec<LaneSetup> = (0..people)
        .map(|person| {
            let own = vary.iter().enumerate().map(|(place, s)| (*s, model_values[place] * (0.9 + 0.2 * drawn(person as u64, place as u64))));
            LaneSetup { start: common.iter().copied().chain(own).collect(), t0, until, outputs: outputs.clone(), ..LaneSetup::default() }
        })
        .collect();
    let mut times = Vec::new();
    let mut rows = Rows { values: Vec::new() };
    let mut outcomes = Vec::new();
    for _ in 0..words.number("repeat", 1.0)? as usize {
        rows.values = vec![Vec::new(); words.number("show", 1.0)? as usize];
        let clock = ProcessTime::now();
        outcomes = drive(&program, &setups, &record, &options, &mut rows).map_err(|e| e.to_string())?;
        times.push(clock.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    if let Some(bad) = outcomes.iter().find_map(|o| o.failure.as_ref()) {
        return Err(format!("{bad:?}"));
    }
    let sum = |part: fn(&osteon_sim::drive::LaneOutcome) -> u64| outcomes.iter().map(part).sum::<u64>();
    Ok(json!({
        "cpu_s": times[times.len() / 2], "best_s": times[0], "steps": sum(|o| o.work.steps), "rejected": sum(|o| o.work.rejected), "rhs": sum(|o| o.work.rhs),
        "landings": sum(|o| o.work.landings), "margins": sum(|o| o.work.margins), "events": sum(|o| o.events), "times": outputs, "rows": rows.values,
    }))
}

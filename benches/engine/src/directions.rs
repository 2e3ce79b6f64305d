//! Forward sensitivities beside the same numbers from people with each parameter a little higher and lower, who run as lanes.

use std::sync::Arc;

use cpu_time::ProcessTime;
use osteon_compile::{Directions, compile, compile_with_tangents};
use osteon_sim::drive::{Atol, DriveOptions, LaneSetup, Observer, drive};
use osteon_vm::{Program, SymbolIndex};
use serde_json::{Value, json};

use crate::Words;

struct Rows(Vec<Vec<Vec<f64>>>);

impl Observer for Rows {
    fn sample(&mut self, person: usize, _: usize, _: f64, values: &[f64]) {
        self.0[person].push(values.to_vec());
    }
}

fn run(program: &Arc<Program>, setups: &[LaneSetup], record: &[SymbolIndex], rtol: f64) -> Result<(Vec<Vec<Vec<f64>>>, f64), String> {
    let options = DriveOptions { rtol, atol: Atol::Relative { fraction: 1e-3, floor: 1e-6 }, max_attempts: 100_000_000, ..DriveOptions::default() };
    let mut rows = Rows(vec![Vec::new(); setups.len()]);
    let clock = ProcessTime::now();
    let outcomes = drive(program, setups, record, &options, &mut rows).map_err(|e| e.to_string())?;
    let cpu = clock.elapsed().as_secs_f64();
    match outcomes.into_iter().find_map(|o| o.failure) {
        Some(bad) => Err(format!("{bad:?}")),
        None => Ok((rows.0, cpu)),
    }
}

/// CPU seconds of both ways, and each way's largest error against central differences at a far tighter tolerance.
pub fn directions(words: &Words) -> Result<Value, String> {
    let model = crate::model::read(words.text("model")?, words.text("more").unwrap_or(""))?;
    let names = |option: &str| -> Result<Vec<String>, String> { Ok(words.text(option)?.split(',').map(str::to_owned).collect()) };
    let (parameters, outputs) = (names("vary")?, names("record")?);
    let id = |name: &String| model.find(name).ok_or_else(|| format!("the model has no `{name}`"));
    let asked = Directions {
        parameters: parameters.iter().map(id).collect::<Result<_, _>>()?,
        outputs: outputs.iter().map(id).collect::<Result<_, _>>()?,
    };
    let plain = Arc::new(compile(&model).map_err(|d| format!("{d:?}"))?);
    let clock = ProcessTime::now();
    let with = Arc::new(compile_with_tangents(&model, &asked).map_err(|e| e.to_string())?);
    let ready = clock.elapsed().as_secs_f64();
    let symbol = |p: &Program, name: &String| p.find(name).ok_or_else(|| format!("no `{name}`"));
    let (until, every, rtol) = (words.number("until", f64::NAN)?, words.number("every", f64::NAN)?, words.number("rtol", 1e-5)?);
    let times: Vec<f64> = (0..=(until / every) as usize).map(|i| i as f64 * every).collect();
    let setup = |start: Vec<(SymbolIndex, f64)>| LaneSetup { start, until, outputs: times.clone(), ..LaneSetup::default() };
    let own: Vec<SymbolIndex> = parameters.iter().map(|n| symbol(&plain, n)).collect::<Result<_, _>>()?;
    let record: Vec<SymbolIndex> = outputs.iter().map(|n| symbol(&plain, n)).collect::<Result<_, _>>()?;
    let first = LaneSetup { until: times[0], outputs: vec![times[0]], ..LaneSetup::default() };
    let values = run(&plain, &[first], &own, rtol)?.0.remove(0).remove(0);
    let around = |step: f64| -> Vec<LaneSetup> {
        let changed = |k: usize, sign: f64| setup(vec![(own[k], values[k] * (1.0 + sign * step))]);
        (0..own.len()).flat_map(|k| [changed(k, 1.0), changed(k, -1.0)]).collect()
    };
    let by_lanes = |step: f64, rtol: f64| -> Result<(Vec<f64>, f64), String> {
        let (rows, cpu) = run(&plain, &around(step), &record, rtol)?;
        let slopes = rows.chunks(2).flat_map(|pair| {
            let (high, low) = (pair[0].iter().flatten(), pair[1].iter().flatten());
            high.zip(low).map(|(h, l)| (h - l) / (2.0 * step)).collect::<Vec<f64>>()
        });
        Ok((slopes.collect(), cpu))
    };
    let followed: Vec<SymbolIndex> = own
        .iter()
        .flat_map(|p| record.iter().map(|q| with.direction_of(*q, *p)))
        .collect::<Option<_>>()
        .ok_or("an output has no direction")?;
    let (rows, cpu) = run(&with, &[setup(Vec::new())], &followed, rtol)?;
    let columns = outputs.len();
    let got: Vec<f64> = (0..own.len())
        .flat_map(|k| rows[0].iter().flat_map(move |row| row[k * columns..(k + 1) * columns].to_vec()))
        .collect();
    let (lanes, lanes_cpu) = by_lanes(1e-2, rtol)?;
    let (want, _) = by_lanes(words.number("step", 1e-4)?, 1e-10)?;
    let error = |got: &[f64]| -> Vec<f64> {
        (0..own.len()).map(|k| {
            let mut most = 0.0f64;
            for c in 0..columns {
                let column = |list: &[f64]| -> Vec<f64> { (0..times.len()).map(|r| list[(k * times.len() + r) * columns + c]).collect() };
                let (a, b) = (column(got), column(&want));
                let size = b.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                if size > 0.0 {
                    most = a.iter().zip(&b).fold(most, |m, (a, b)| m.max((a - b).abs() / size));
                }
            }
            most
        }).collect()
    };
    Ok(json!({
        "states": with.n_states(), "ready_s": ready, "directions_cpu_s": cpu, "directions_error": error(&got),
        "lanes_cpu_s": lanes_cpu, "lanes_error": error(&lanes), "people": 2 * own.len(),
    }))
}

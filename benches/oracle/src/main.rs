//! Compares final states of Rodas5P and CVODE on the same equations. Usage in README.md.

mod cvode;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use osteon_model::MemorySources;
use osteon_ode::problems::{Dense, Equations, Hires, Orego, Robertson, VanDerPol};
use osteon_ode::{Integrator, Options, System};
use osteon_vm::Lanes;

/// Largest relative difference that passes.
const BAR: f64 = 1e-6;

fn main() -> ExitCode {
    let mut good = true;
    good &= problem("robertson", || Robertson, &Robertson::START, 1e7, 1e-10, 1e-22);
    good &= problem("hires", || Hires, &Hires::START, Hires::END, 1e-10, 1e-14);
    good &= problem("orego", || Orego, &Orego::START, 360.0, 1e-10, 1e-12);
    good &= problem("van der pol", || VanDerPol { eps: 1e-6 }, &VanDerPol::START, 2.0, 1e-10, 1e-10);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for pair in arguments.chunks(2) {
        let [file, end] = pair else {
            eprintln!("a model file and an end time, please");
            return ExitCode::from(2);
        };
        match end.parse().map_err(|_| format!("`{end}` is no time")).and_then(|end| model(Path::new(file), end)) {
            Ok(passed) => good &= passed,
            Err(message) => {
                eprintln!("{file}: {message}");
                good = false;
            }
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn problem<E: Equations>(name: &str, equations: impl Fn() -> E, start: &[f64], end: f64, rtol: f64, atol: f64) -> bool {
    compare(name, Dense::new(equations(), 1), Dense::new(equations(), 1), 0.0, start, end, rtol, atol)
}

fn model(file: &Path, end: f64) -> Result<bool, String> {
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let mut sources = MemorySources::new();
    sources.insert("model", text);
    let model = if file.extension().is_some_and(|e| e == "xml") {
        osteon_sbml::read(&sources, "model").map_err(|e| e.to_string())?
    } else {
        let parsed = osteon_lang::load(&sources, "model");
        parsed.model.ok_or_else(|| format!("{:?}", parsed.diagnostics))?
    };
    let program = Arc::new(osteon_compile::compile(&model).map_err(|d| format!("{d:?}"))?);
    let t0 = program.start_time();
    let lanes = || {
        let mut lanes = Lanes::new(Arc::clone(&program), 1);
        let mut y = vec![0.0; program.n_states()];
        lanes.initialise(&[t0], &mut y);
        (lanes, y)
    };
    let ((ours, start), (theirs, _)) = (lanes(), lanes());
    Ok(compare(&file.display().to_string(), ours, theirs, t0, &start, end, 1e-9, 1e-12))
}

#[allow(clippy::too_many_arguments)]
fn compare<S: System>(name: &str, ours: S, mut theirs: S, t0: f64, start: &[f64], end: f64, rtol: f64, atol: f64) -> bool {
    let mut integrator = Integrator::new(ours, Options { rtol, atol: vec![atol], ..Options::default() });
    integrator.start(0, t0, start);
    integrator.set_stop(0, end);
    while integrator.step() && !integrator.progress(0).stopped {}
    if let Some(failure) = integrator.failure(0) {
        println!("{name}: {failure}");
        return false;
    }
    let switches = theirs.n_switches();
    let mut margins = vec![0.0; switches];
    let mut f = |t: f64, y: &[f64], out: &mut [f64]| {
        // CVODE knows no frozen branches: every comparison as it stands.
        theirs.switch_margins(&[t], y, &mut margins);
        (0..switches).for_each(|s| theirs.set_branch(0, s, margins[s] > 0.0));
        theirs.rhs(&[t], y, out);
    };
    match cvode::integrate(&mut f, t0, start, end, rtol, &vec![atol; start.len()]) {
        Err(flag) => {
            println!("{name}: CVODE gave up with flag {flag}");
            false
        }
        Ok(want) => {
            let part = |(g, w): (&f64, &f64)| (g - w).abs() / (w.abs() + atol / rtol);
            let worst = integrator.states().iter().zip(&want).map(part).fold(0.0, f64::max);
            println!("{name}: largest relative difference {worst:.1e}, {} steps", integrator.work(0).steps);
            worst <= BAR
        }
    }
}

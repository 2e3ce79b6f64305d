//! The project's own body, library and scenarios, as they lie in the repository: everything reads, and every scenario that is shipped runs.

use std::path::{Path, PathBuf};

use osteon_model::{SourceError, Sources};
use osteon_sim::{ArmRun, Body, RunOptions, Silent, read_scenario, run};

struct Repository(PathBuf);

impl Sources for Repository {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        std::fs::read_to_string(self.0.join(id)).map_err(|e| SourceError {
            id: id.to_owned(),
            reason: e.to_string(),
        })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let fail = |e: std::io::Error| SourceError {
            id: dir.to_owned(),
            reason: e.to_string(),
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.0.join(dir)).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let slash = if entry.path().is_dir() { "/" } else { "" };
            names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
        }
        names.sort();
        Ok(names)
    }
}

fn repository() -> Repository {
    Repository(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

fn body() -> Body {
    Body::load(&repository()).unwrap_or_else(|f| panic!("{}", f.render()))
}

#[test]
fn the_library_fits_the_body() {
    let body = body();
    let errors: Vec<_> = body.faults.list.iter().filter(|f| f.is_error()).collect();
    assert!(errors.is_empty(), "{}", body.faults.render());
    assert!(body.library.nutrients.len() >= 4 && body.library.quantities.iter().any(|q| q.panel));
}

#[test]
fn every_scenario_of_the_project_reads() {
    let body = body();
    let repository = repository();
    let mut names: Vec<String> = repository
        .list("scenarios")
        .expect("scenarios")
        .iter()
        .map(|n| format!("scenarios/{n}"))
        .collect();
    for study in repository.list("studies").expect("studies") {
        if study.ends_with('/') {
            names.push(format!("studies/{study}scenario.toml"));
        }
    }
    let mut faults = String::new();
    for name in names.iter().filter(|n| n.ends_with(".toml")) {
        let text = repository.text(name).unwrap_or_else(|e| panic!("{e}"));
        if let Err(f) = read_scenario(&text, name, &body) {
            faults += &f.render();
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// An arm that came to its end with a closed ledger.
fn whole(name: &str, arm: &ArmRun, closes_to: f64) {
    assert!(
        arm.failure.is_none(),
        "{name} {}: {:?}",
        arm.name,
        arm.failure
    );
    for line in &arm.ledger {
        assert!(
            line.relative_error < closes_to,
            "{name} {}: {line:?}",
            arm.name
        );
    }
}

#[test]
fn every_shipped_scenario_runs_and_its_ledger_closes() {
    let body = body();
    let repository = repository();
    for name in repository
        .list("scenarios")
        .expect("scenarios")
        .iter()
        .filter(|n| n.ends_with(".toml"))
    {
        let text = repository
            .text(&format!("scenarios/{name}"))
            .unwrap_or_else(|e| panic!("{e}"));
        let scenario =
            read_scenario(&text, name, &body).unwrap_or_else(|f| panic!("{}", f.render()));
        let run = run(&body, &scenario, &RunOptions::default(), &mut Silent)
            .unwrap_or_else(|f| panic!("{}", f.render()));
        for arm in &run.arms {
            whole(name, arm, 1e-6);
            for column in &arm.columns {
                assert!(
                    column.values.iter().all(|v| v.is_finite()),
                    "{name}: {} {:?}",
                    column.quantity,
                    column.values
                );
            }
        }
    }
}

/// A run without failure, with finite values, nothing below zero that is an amount, and a closed ledger.
fn sound(body: &Body, name: &str, text: &str, closes_to: f64) {
    let scenario = read_scenario(text, name, body).unwrap_or_else(|f| panic!("{}", f.render()));
    let run = run(body, &scenario, &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    // Scores, balances and what is told as a change from rest lie on both sides of zero.
    let signed = [".T", ".Z", ".Z_body", "balance.", "bone.cytokines"];
    for arm in &run.arms {
        whole(name, arm, closes_to);
        for column in &arm.columns {
            let q = &column.quantity;
            let least = if signed.iter().any(|s| q.ends_with(s) || q.starts_with(s)) {
                f64::NEG_INFINITY
            } else {
                -1e-6
            };
            let good = |v: &f64| v.is_finite() && *v >= least;
            assert!(
                column.values.iter().all(good),
                "{name} {}: {q} {:?}",
                arm.name,
                column.values
            );
        }
        let told: Vec<&str> = arm.ledger.iter().map(|l| l.element.as_str()).collect();
        assert!(
            ["Mg", "Ca", "P"].iter().all(|e| told.contains(e)),
            "{told:?}"
        );
    }
}

/// The text of a scenario with another list of quantities: everything that the library can measure at any moment.
fn measuring_everything(body: &Body, text: &str) -> String {
    let names: Vec<String> = body
        .library
        .quantities
        .iter()
        .filter(|q| !q.name.starts_with("tracer."))
        .map(|q| format!("\"{}\"", q.name))
        .collect();
    text.lines()
        .map(|line| {
            if line.starts_with("quantities = ") {
                format!("quantities = [{}]\n", names.join(", "))
            } else {
                format!("{line}\n")
            }
        })
        .collect()
}

#[test]
fn sixty_years_and_a_year_by_the_clock_keep_the_ledger_closed() {
    let body = body();
    for sex in ["female", "male"] {
        for (until, every, clock) in [("60 a", "1 a", "averaged"), ("1 a", "10 d", "meals")] {
            let text = format!(
                "title = \"long\"\n[person]\nsex = \"{sex}\"\nage = \"30 a\"\nweight = \"68 kg\"\nheight = \"170 cm\"\nusual_diet = \"typical Western\"\n[record]\nuntil = \"{until}\"\nevery = \"{every}\"\nquantities = []\nclock = \"{clock}\"\n"
            );
            let name = format!("{sex}, {until}, {clock}");
            sound(&body, &name, &measuring_everything(&body, &text), 1e-10);
        }
    }
}

#[test]
fn extremes_stay_physical() {
    let body = body();
    let repository = repository();
    for sign in [
        "28-glands-removed",
        "44-magnesium-free-year",
        "45-ten-grams-of-magnesium",
        "46-GFR-of-5",
        "47-age-of-95",
        "91-bone-at-the-extremes",
    ] {
        let text = repository
            .text(&format!("signs/{sign}/scenario.toml"))
            .unwrap_or_else(|e| panic!("{e}"));
        sound(&body, sign, &measuring_everything(&body, &text), 1e-9);
    }
}

/// A healthy man by both clocks, after thirty days: daily means of serum and daily absorbed and excreted amounts within 2 %.
#[test]
fn both_clocks_agree() {
    let body = body();
    let scenario = |clock: &str, every: &str| {
        format!(
            "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"75 kg\"\nheight = \"178 cm\"\n\
             usual_diet = {{ magnesium = \"330 mg/d\", calcium = \"1000 mg/d\", phosphorus = \"1400 mg/d\", vitamin_D = \"5 ug/d\" }}\n\
             [record]\nfrom = \"30 d\"\nuntil = \"31 d\"\nevery = \"{every}\"\nclock = \"{clock}\"\n\
             quantities = [\"serum.Mg\", \"serum.Ca\", \"serum.P\", \"serum.PTH\", \"urine.Mg\", \"urine.Ca\", \"urine.P\", \"Mg_absorbed_total\", \"Ca_absorbed_total\", \"P_absorbed_total\"]\n"
        )
    };
    let simulate = |text: &str| {
        let scenario =
            read_scenario(text, "clocks", &body).unwrap_or_else(|f| panic!("{}", f.render()));
        run(&body, &scenario, &RunOptions::default(), &mut Silent)
            .unwrap_or_else(|f| panic!("{}", f.render()))
    };
    let averaged = simulate(&scenario("averaged", "1 d"));
    let meals = simulate(&scenario("meals", "15 min"));
    let mut worst = String::new();
    for (a, m) in averaged.arms[0].columns.iter().zip(&meals.arms[0].columns) {
        let last = m.values.len() - 1;
        let (a, b) = if a.quantity.ends_with("_total") {
            (a.values[1] - a.values[0], m.values[last] - m.values[0])
        } else if a.quantity.starts_with("urine") {
            (a.values[1], m.values[last])
        } else {
            (a.values[1], m.values[1..].iter().sum::<f64>() / last as f64)
        };
        if (a / b - 1.0).abs() > 0.02 {
            worst += &format!("{}: averaged {a}, by the clock {b}\n", m.quantity);
        }
    }
    assert!(worst.is_empty(), "{worst}");
}

/// The steady state of the usual diet with ageing off: no pool moves by more than a millionth of itself in twenty years.
#[test]
fn at_rest_nothing_drifts_in_twenty_years() {
    let body = body();
    let repository = repository();
    let pools: Vec<String> = body.program.states().to_vec();
    let counters = |name: &str| {
        body.vocabulary
            .get(name)
            .is_none_or(|word| word.role.as_deref() == Some("counter"))
            || name.ends_with("_total")
    };
    let listed: Vec<String> = pools
        .iter()
        .filter(|n| !counters(n))
        .map(|n| format!("{n:?}"))
        .collect();
    let text = repository
        .text("scenarios/rest.toml")
        .unwrap_or_else(|e| panic!("{e}"));
    let text = text.replace(
        "clock = \"averaged\"",
        &format!("clock = \"averaged\"\nquantities = [{}]", listed.join(", ")),
    );
    let scenario = read_scenario(&text, "rest", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let run = run(&body, &scenario, &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(run.arms[0].failure.is_none() && run.arms[0].columns.len() > 30);
    for column in &run.arms[0].columns {
        let first = column.values[0];
        for value in &column.values {
            assert!(
                (value - first).abs() <= 1e-6 * first.abs() + 1e-9,
                "{}: {:?}",
                column.quantity,
                column.values
            );
        }
    }
}

//! The project's own body, library and scenarios, as they lie in the repository: everything reads, and every scenario that is shipped runs.

use std::path::{Path, PathBuf};

use osteon_model::{SourceError, Sources};
use osteon_sim::{Body, RunOptions, Silent, read_scenario, run};

struct Repository(PathBuf);

impl Sources for Repository {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        std::fs::read_to_string(self.0.join(id)).map_err(|e| SourceError { id: id.to_owned(), reason: e.to_string() })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let fail = |e: std::io::Error| SourceError { id: dir.to_owned(), reason: e.to_string() };
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
    let mut names: Vec<String> = repository.list("scenarios").expect("scenarios").iter().map(|n| format!("scenarios/{n}")).collect();
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

#[test]
fn every_shipped_scenario_runs_and_its_ledger_closes() {
    let body = body();
    let repository = repository();
    for name in repository.list("scenarios").expect("scenarios").iter().filter(|n| n.ends_with(".toml")) {
        let text = repository.text(&format!("scenarios/{name}")).unwrap_or_else(|e| panic!("{e}"));
        let scenario = read_scenario(&text, name, &body).unwrap_or_else(|f| panic!("{}", f.render()));
        let run = run(&body, &scenario, &RunOptions::default(), &mut Silent).unwrap_or_else(|f| panic!("{}", f.render()));
        for arm in &run.arms {
            assert!(arm.failure.is_none(), "{name} {}: {:?}", arm.name, arm.failure);
            for column in &arm.columns {
                assert!(column.values.iter().all(|v| v.is_finite()), "{name}: {} {:?}", column.quantity, column.values);
            }
            for line in &arm.ledger {
                assert!(line.relative_error < 1e-6, "{name} {}: {line:?}", arm.name);
            }
        }
    }
}

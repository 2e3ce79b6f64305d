//! Which crate may depend on which: read from the manifests, so that a forbidden arrow cannot slip in.

use std::path::Path;

use crate::{Faults, read};

/// Our crates and those of ours each may use, tests aside.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("osteon-model", &[]),
    ("osteon-vm", &[]),
    ("osteon-ode", &["osteon-vm"]),
    ("osteon-lang", &["osteon-model"]),
    ("osteon-sbml", &["osteon-model"]),
    ("osteon-compile", &["osteon-model", "osteon-vm"]),
    (
        "osteon-sim",
        &[
            "osteon-model",
            "osteon-lang",
            "osteon-sbml",
            "osteon-compile",
            "osteon-vm",
            "osteon-ode",
        ],
    ),
    (
        "osteon-study",
        &["osteon-model", "osteon-vm", "osteon-ode", "osteon-sim"],
    ),
    (
        "osteon-report",
        &["osteon-model", "osteon-sim", "osteon-study"],
    ),
    (
        "osteon",
        &[
            "osteon-model",
            "osteon-lang",
            "osteon-sbml",
            "osteon-compile",
            "osteon-sim",
            "osteon-study",
            "osteon-report",
        ],
    ),
];

/// Families of crates that only clients may use.
const CLIENT_ONLY: [&str; 12] = [
    "clap",
    "lexopt",
    "pico-args",
    "indicatif",
    "anyhow",
    "pyo3",
    "wasm-bindgen",
    "reqwest",
    "hyper",
    "axum",
    "tokio",
    "include_dir",
];

pub(crate) fn check(root: &Path) -> Faults {
    let mut faults = Faults::new();
    let crates = root.join("crates");
    let mut names: Vec<String> = std::fs::read_dir(&crates)
        .map(|dir| {
            dir.flatten()
                .map(|e| e.file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_else(|_| Vec::new());
    names.sort();
    for name in &names {
        let manifest = crates.join(name).join("Cargo.toml");
        let Ok(table) = read(&manifest).parse::<toml::Table>() else {
            faults.push(format!("crates/{name}/Cargo.toml cannot be read"));
            continue;
        };
        let Some((_, allowed)) = ALLOWED.iter().find(|(n, _)| n == name) else {
            faults.push(format!(
                "crate `{name}` is not in the list of allowed arrows (xtask/src/arrows.rs)"
            ));
            continue;
        };
        let Some(dependencies) = table.get("dependencies").and_then(toml::Value::as_table) else {
            continue;
        };
        for dependency in dependencies.keys() {
            if dependency.starts_with("osteon") && !allowed.contains(&dependency.as_str()) {
                faults.push(format!("crates/{name} may not depend on {dependency}"));
            }
            if name != "osteon" && CLIENT_ONLY.contains(&dependency.as_str()) {
                faults.push(format!(
                    "crates/{name} may not depend on {dependency}: only clients may"
                ));
            }
        }
    }
    for (name, _) in ALLOWED {
        if !names.iter().any(|n| n == name) {
            faults.push(format!(
                "crate `{name}` is in the list of arrows and does not exist"
            ));
        }
    }
    for name in names.iter().filter(|n| *n != "osteon") {
        for path in crate::files(&crates.join(name).join("src"), &["rs"]) {
            for (number, line) in read(&path).lines().enumerate() {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                for word in [
                    "std::fs",
                    "std::env::",
                    "std::time::",
                    "SystemTime",
                    "Instant::now",
                    "std::net",
                    "println!",
                    "eprintln!",
                ] {
                    if line.contains(word) {
                        faults.push(format!(
                            "{}:{}: `{word}` belongs to clients",
                            crate::relative(root, &path),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    faults
}

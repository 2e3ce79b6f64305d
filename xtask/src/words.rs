//! Words that must not stand in certain rooms, and files that must not stand in the project at all.

use std::path::Path;
use std::process::Command;

use crate::{Faults, files, read, relative};

const ENGINE: [&str; 7] = [
    "osteon-model",
    "osteon-lang",
    "osteon-sbml",
    "osteon-compile",
    "osteon-vm",
    "osteon-ode",
    "osteon-sim",
];
const PHYSIOLOGY: [&str; 12] = [
    "magnesium",
    "calcium",
    "phosphate",
    "calcitriol",
    "osteoblast",
    "osteoclast",
    "parathyroid",
    "kidney",
    "pth",
    "bone",
    "oestrogen",
    "estrogen",
];
const UNFINISHED: [&str; 5] = [
    "#[ignore",
    "unwrap_or_default()",
    "todo!(",
    "unimplemented!(",
    "FIXME",
];
const BANNED_NAMES: [&str; 9] = [
    "utils", "helpers", "misc", "common", "types", "structs", "traits", "manager", "impl2",
];
const BANNED_EXTENSIONS: [&str; 9] = [
    "so", "pyc", "pickle", "pkl", "o", "a", "dll", "dylib", "exe",
];
const LARGEST_FILE: u64 = 600_000;

pub(crate) fn check(root: &Path) -> Faults {
    let mut faults = Faults::new();
    for room in ENGINE {
        for path in files(&root.join("crates").join(room).join("src"), &["rs"]) {
            let text = read(&path);
            let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
            for (number, line) in code.lines().enumerate() {
                let lower = line.to_lowercase();
                for word in lower.split(|c: char| !c.is_alphanumeric()) {
                    if PHYSIOLOGY.contains(&word) {
                        faults.push(format!(
                            "{}:{}: `{word}` is the body's word, not the engine's",
                            relative(root, &path),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    for path in files(&root.join("crates"), &["rs"]) {
        let text = read(&path);
        for (number, line) in text.lines().enumerate() {
            for word in UNFINISHED {
                if line.contains(word) && !line.trim_start().starts_with("//") {
                    faults.push(format!(
                        "{}:{}: `{word}`",
                        relative(root, &path),
                        number + 1
                    ));
                }
            }
        }
        if let Some(stem) = path.file_stem().map(|s| s.to_string_lossy().into_owned())
            && BANNED_NAMES.contains(&stem.as_str())
        {
            faults.push(format!(
                "{}: the file name says nothing about what is in it",
                relative(root, &path)
            ));
        }
    }
    let listed = Command::new("git")
        .args(["ls-files"])
        .current_dir(root)
        .output();
    if let Ok(listed) = listed {
        for name in String::from_utf8_lossy(&listed.stdout).lines() {
            let path = root.join(name);
            let size = std::fs::metadata(&path).map_or(0, |m| m.len());
            if size > LARGEST_FILE && !name.ends_with("Cargo.lock") {
                faults.push(format!(
                    "{name}: {size} bytes; files above {LARGEST_FILE} do not belong here"
                ));
            }
            if path
                .extension()
                .is_some_and(|e| BANNED_EXTENSIONS.iter().any(|b| e == *b))
            {
                faults.push(format!("{name}: build product"));
            }
        }
    }
    faults
}

//! Chores of the project, run as `cargo xtask VERB`.
//!
//! Every verb exits 0 when all is well and 1 with one line per fault when it is not.

mod arrows;
mod citations;
mod instructions;
mod map;
mod pages;
mod sbml_case;
mod sbml_suite;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Faults found by a check, one line each.
type Faults = Vec<String>;

/// A named check of the project.
type Check = (&'static str, fn(&Path) -> Faults);

const CHECKS: [Check; 5] = [
    ("arrows", arrows::check),
    ("citations", citations::check),
    ("map", map::check),
    ("pages", pages::check),
    ("words", words::check),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let verb = args.next().unwrap_or_else(|| "help".to_owned());
    let root = project_root();
    match verb.as_str() {
        "checks" => run(&root, &CHECKS),
        "sbml-suite" => sbml_suite::run(&root, args),
        "instructions" => instructions::run(&root, args),
        name if CHECKS.iter().any(|(n, _)| *n == name) => {
            let chosen: Vec<_> = CHECKS.iter().copied().filter(|(n, _)| *n == name).collect();
            run(&root, &chosen)
        }
        _ => {
            eprintln!("usage: cargo xtask VERB");
            eprintln!("  checks              all of the following");
            eprintln!("  arrows              which crate may depend on which");
            eprintln!(
                "  citations           every cited key is in a bibliography, every entry is cited"
            );
            eprintln!(
                "  map                 every path that the maps name exists, every crate is named"
            );
            eprintln!(
                "  instructions        counts instructions of small runs under valgrind; --record takes them over"
            );
            eprintln!("  pages               every diagnostic id has a page and every page an id");
            eprintln!(
                "  sbml-suite PATH     runs a folder of SBML test cases against the recorded outcomes"
            );
            eprintln!(
                "  words               no physiology in the engine, no silent defaults, no oversized files"
            );
            ExitCode::from(2)
        }
    }
}

fn run(root: &Path, checks: &[Check]) -> ExitCode {
    let mut failed = 0;
    for (name, check) in checks {
        let faults = check(root);
        failed += usize::from(!faults.is_empty());
        for fault in &faults {
            println!("{name}: {fault}");
        }
    }
    println!("{} passed, {failed} failed", checks.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}

fn project_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .map_or_else(|| here.to_owned(), Path::to_owned)
}

/// Every file below `dir` with one of the extensions, sorted; build output and hidden folders left out.
fn files(dir: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else {
            continue;
        };
        for path in entries.flatten().map(|e| e.path()) {
            let name = path
                .file_name()
                .map_or(String::new(), |n| n.to_string_lossy().into_owned());
            if path.is_dir() {
                if name != "target"
                    && name != "out"
                    && !name.starts_with('.')
                    && name != "__pycache__"
                {
                    open.push(path);
                }
            } else if extensions.is_empty()
                || path
                    .extension()
                    .is_some_and(|e| extensions.iter().any(|x| e == *x))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Path relative to the project, with `/`.
fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| format!("<unreadable: {error}>"))
}

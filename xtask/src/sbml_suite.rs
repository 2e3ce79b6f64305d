//! `cargo xtask sbml-suite PATH`: runs a folder of cases in the layout of the SBML semantic test suite and holds the recorded
//! table of outcomes to account, both ways: a case that got worse and a case that got better both have to be recorded.
//!
//! The suite itself is not part of the project (its licence is LGPL).

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sbml_case::{Case, Verdict};

const TABLE: &str = "tests/sbml-suite/status.tsv";
const USAGE: &str =
    "usage: cargo xtask sbml-suite PATH [--json] [--only CASE]... [--record] [--verbose]
  PATH       folder with cases (or one that holds `cases/` or `cases/semantic/`)
  --json     an array of {case, status, tags} instead of lines
  --only     just this case; may be repeated
  --record   rewrite the table of outcomes
  --verbose  say on stderr why a case failed";

struct Line {
    case: String,
    status: String,
    detail: String,
    tags: Vec<String>,
}

pub(crate) fn run(root: &Path, args: impl Iterator<Item = String>) -> ExitCode {
    let (mut path, mut json, mut record, mut verbose, mut only) =
        (None, false, false, false, BTreeSet::new());
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => json = true,
            "--record" => record = true,
            "--verbose" => verbose = true,
            "--check" => {}
            "--only" => match args.next() {
                Some(case) => drop(only.insert(case)),
                None => return usage(),
            },
            _ if path.is_none() && !arg.starts_with('-') => path = Some(PathBuf::from(arg)),
            _ => return usage(),
        }
    }
    let Some(path) = path else { return usage() };
    let mut cases = find_cases(&path);
    cases.retain(|c| only.is_empty() || only.contains(&c.name));
    if cases.is_empty() {
        eprintln!("no cases in {}", path.display());
        return ExitCode::from(2);
    }
    let known_tags = tags_beside(&path);
    let lines = judge_all(&cases, &known_tags);
    if json {
        print_json(&lines);
    } else {
        for line in &lines {
            println!("{} {} {}", line.case, line.status, line.tags.join(","));
        }
    }
    if verbose {
        for line in lines.iter().filter(|l| !l.detail.is_empty()) {
            eprintln!("{} {}: {}", line.case, line.status, line.detail);
        }
    }
    summarise(&lines);
    let file = root.join(TABLE);
    let mut table = read_table(&file);
    if record {
        if only.is_empty() {
            table.clear();
        }
        table.extend(lines.iter().map(|l| (l.case.clone(), l.status.clone())));
        return write_table(&file, &table);
    }
    compare(&lines, &table, only.is_empty())
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn find_cases(path: &Path) -> Vec<Case> {
    if let Some(case) = Case::find(path) {
        return vec![case];
    }
    for folder in [
        path.join("cases/semantic"),
        path.join("semantic"),
        path.join("cases"),
        path.to_owned(),
    ] {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let mut cases: Vec<Case> = entries
            .flatten()
            .filter_map(|e| Case::find(&e.path()))
            .collect();
        if !cases.is_empty() {
            cases.sort_by(|a, b| a.name.cmp(&b.name));
            return cases;
        }
    }
    Vec::new()
}

/// Tags from a `cases.tsv` in the folder or above it, by its columns `case`, `component_tags` and `test_tags`.
fn tags_beside(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let Some(text) = path
        .ancestors()
        .take(4)
        .find_map(|p| std::fs::read_to_string(p.join("cases.tsv")).ok())
    else {
        return found;
    };
    let mut rows = text.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let Some(header) = rows.next() else {
        return found;
    };
    let place = |name: &str| header.iter().position(|h| *h == name);
    let Some(case) = place("case") else {
        return found;
    };
    let tags = [place("component_tags"), place("test_tags")];
    for row in rows {
        if let Some(name) = row.get(case) {
            let words = tags
                .iter()
                .flatten()
                .filter_map(|p| row.get(*p))
                .flat_map(|t| t.split_whitespace());
            found.insert((*name).to_owned(), words.map(str::to_owned).collect());
        }
    }
    found
}

fn judge_all(cases: &[Case], tags: &BTreeMap<String, Vec<String>>) -> Vec<Line> {
    let next = AtomicUsize::new(0);
    let lines = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get().min(cases.len()));
    // A panic is an outcome like any other; its words go into the line instead of on the screen.
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict =
                        catch_unwind(AssertUnwindSafe(|| case.judge())).unwrap_or_else(|panic| {
                            let words = panic
                                .downcast_ref::<String>()
                                .cloned()
                                .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                            Verdict {
                                status: "error:panic".to_owned(),
                                detail: words.unwrap_or_else(String::new),
                            }
                        });
                    let tags = tags.get(&case.name).cloned().unwrap_or_else(|| case.tags());
                    let line = Line {
                        case: case.name.clone(),
                        status: verdict.status,
                        detail: verdict.detail,
                        tags,
                    };
                    if let Ok(mut lines) = lines.lock() {
                        lines.push(line);
                    }
                }
            });
        }
    });
    drop(std::panic::take_hook());
    let mut lines = lines
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    lines.sort_by(|a, b| a.case.cmp(&b.case));
    lines
}

fn print_json(lines: &[Line]) {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    println!("[");
    for (i, line) in lines.iter().enumerate() {
        let tags: Vec<String> = line.tags.iter().map(|t| quote(t)).collect();
        let comma = if i + 1 < lines.len() { "," } else { "" };
        let (case, status) = (quote(&line.case), quote(&line.status));
        println!(
            "  {{\"case\": {case}, \"status\": {status}, \"tags\": [{}]}}{comma}",
            tags.join(", ")
        );
    }
    println!("]");
}

/// Counts by tag, worst first, to stderr.
fn summarise(lines: &[Line]) {
    let kind = |l: &Line| match l.status.as_str() {
        "pass" => 0,
        s if s.starts_with("unsupported:") => 1,
        "fail" => 2,
        _ => 3,
    };
    let mut by_tag: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut by_status: BTreeMap<&str, usize> = BTreeMap::new();
    let refused_by_design = |l: &Line| {
        l.tags.iter().any(|t| {
            t == "AlgebraicRule"
                || t == "CSymbolDelay"
                || t == "FastReaction"
                || t.starts_with("fbc:")
        })
    };
    for line in lines {
        by_tag.entry(" all").or_insert([0; 4])[kind(line)] += 1;
        if !refused_by_design(line) {
            by_tag
                .entry(" core: no algebraic rule, delay, fast reaction, flux balance")
                .or_insert([0; 4])[kind(line)] += 1;
            if line.tags.iter().any(|t| t.starts_with("comp:")) {
                by_tag.entry(" core with submodels").or_insert([0; 4])[kind(line)] += 1;
            }
        }
        for tag in &line.tags {
            by_tag.entry(tag).or_insert([0; 4])[kind(line)] += 1;
        }
        *by_status.entry(&line.status).or_insert(0) += 1;
    }
    eprintln!(
        "{:>6} {:>11} {:>5} {:>6}  tag",
        "pass", "unsupported", "fail", "error"
    );
    for (tag, [pass, refused, fail, error]) in by_tag {
        eprintln!(
            "{pass:>6} {refused:>11} {fail:>5} {error:>6}  {}",
            tag.trim()
        );
    }
    for (status, count) in by_status {
        eprintln!("{count:>6} {status}");
    }
}

fn read_table(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|_| String::new());
    text.lines()
        .skip(1)
        .filter_map(|l| l.split_once('\t'))
        .map(|(c, s)| (c.to_owned(), s.to_owned()))
        .collect()
}

fn write_table(file: &Path, table: &BTreeMap<String, String>) -> ExitCode {
    let mut text = String::from("case\tstatus\n");
    for (case, status) in table {
        text.push_str(&format!("{case}\t{status}\n"));
    }
    let written = file
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(file, text));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::from(1)
        }
    }
}

/// Exit 1 if an outcome differs from the table, or a recorded case is no longer there. Cases the table does not know (another
/// collection) are judged by themselves: they must not fail.
fn compare(lines: &[Line], table: &BTreeMap<String, String>, whole: bool) -> ExitCode {
    let mut differences = 0;
    let mut told = |case: &str, before: &str, now: &str| {
        eprintln!("{case}: recorded {before}, now {now}");
        differences += 1;
    };
    for line in lines {
        match table.get(&line.case) {
            Some(recorded) if *recorded != line.status => told(&line.case, recorded, &line.status),
            None if line.status == "fail" || line.status.starts_with("error:") => {
                told(&line.case, "nothing", &line.status)
            }
            _ => {}
        }
    }
    let here: BTreeSet<&str> = lines.iter().map(|l| l.case.as_str()).collect();
    if whole && table.keys().any(|c| here.contains(c.as_str())) {
        for (case, recorded) in table.iter().filter(|(c, _)| !here.contains(c.as_str())) {
            told(case, recorded, "absent");
        }
    }
    if differences > 0 {
        eprintln!("{differences} outcomes differ from {TABLE}; `--record` writes them down");
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

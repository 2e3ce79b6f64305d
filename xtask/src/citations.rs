//! Citation keys against the bibliography, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{Faults, files, read, relative};

/// Keys in `@type{key,` lines of a BibTeX file.
fn entries(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix('@'))
        .filter_map(|rest| rest.split_once('{'))
        .map(|(_, rest)| {
            rest.trim_end_matches(',')
                .trim()
                .trim_end_matches(',')
                .to_owned()
        })
        .collect()
}

/// Keys after `key:` in model notes, or in `source = "…"`, `cites = "…"`, `key = "…"` and CSV `source` fields.
fn cited(path: &Path, text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let model = path.extension().is_some_and(|e| e == "ant");
    for line in text.lines() {
        if model {
            for part in line.split(['"', ';']) {
                if let Some(value) = part.trim().strip_prefix("key:") {
                    keys.extend(value.split(',').map(|k| k.trim().to_owned()));
                }
            }
            continue;
        }
        for field in ["source", "cites", "key", "sources"] {
            for (at, _) in line.match_indices(field) {
                let before = line[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let rest = line[at + field.len()..].trim_start();
                let Some(rest) = rest.strip_prefix('=') else {
                    continue;
                };
                let rest = rest.trim_start().trim_start_matches('[').trim_start();
                if let Some(inner) = rest.strip_prefix('"').and_then(|r| r.split_once('"')) {
                    keys.extend(inner.0.split(',').map(|k| k.trim().to_owned()));
                }
            }
        }
    }
    keys.retain(|k| !k.is_empty());
    keys
}

pub(crate) fn check(root: &Path) -> Faults {
    let mut faults = Faults::new();
    let bibliography = root.join("body/sources.bib");
    let mut known = BTreeSet::new();
    for key in entries(&read(&bibliography)) {
        if !known.insert(key.clone()) {
            faults.push(format!("body/sources.bib: key `{key}` stands twice"));
        }
    }
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for folder in ["body", "library", "studies", "signs", "scenarios"] {
        for path in files(&root.join(folder), &["ant", "toml"]) {
            for key in cited(&path, &read(&path)) {
                used.entry(key).or_insert_with(|| relative(root, &path));
            }
        }
    }
    for (key, place) in &used {
        if !known.contains(key) {
            faults.push(format!("{place}: key `{key}` is not in body/sources.bib"));
        }
    }
    // Prose, comments, notes and tables cite by naming the key; that what they name is known is a test of the model book.
    let mut prose = BTreeSet::new();
    for folder in ["body", "library", "docs", "studies", "signs", "evidence"] {
        for path in files(&root.join(folder), &["ant", "toml", "md", "csv"]) {
            let text = read(&path);
            prose.extend(known.iter().filter(|k| text.contains(k.as_str())).cloned());
        }
    }
    for key in &known {
        if !used.contains_key(key) && !prose.contains(key) {
            faults.push(format!("body/sources.bib: nothing cites `{key}`"));
        }
    }
    faults
}

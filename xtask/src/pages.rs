//! Every diagnostic id that the code can give has a page in `docs/diagnostics/`, and every page an id.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{Faults, files, read, relative};

/// Ids written in the code: the first string after `Diagnostic::error(`, `::warning(` or `::note(`, and constants
/// declared as `pub const NAME: &str = "id"; // diagnostic` are found through their literal in a list of ids.
fn ids_in(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for call in [
        "Diagnostic::error(",
        "Diagnostic::warning(",
        "Diagnostic::note(",
        ".fault(",
    ] {
        for (at, _) in text.match_indices(call) {
            let rest = text[at + call.len()..].trim_start();
            if let Some((id, _)) = rest.strip_prefix('"').and_then(|r| r.split_once('"')) {
                // `.fault("column")` of other rooms names a place, not an id: ids given that way have two words.
                if call != ".fault(" || id.contains('-') {
                    ids.push(id.to_owned());
                }
            }
        }
    }
    // A block of named constants: `diagnostic_ids! { NAME = "id"; … }`.
    if let Some((_, block)) = text.split_once("\ndiagnostic_ids! {") {
        let block = block.split("\n}").next().unwrap_or(block);
        ids.extend(
            block
                .lines()
                .filter_map(|l| l.split_once(" = \""))
                .map(|(_, r)| r.trim_end_matches("\";").to_owned()),
        );
    }
    // Lists and constants of ids: `DIAGNOSTIC_IDS: … = [ "a", "b" ]`.
    for (at, _) in text.match_indices("DIAGNOSTIC_IDS") {
        let Some(list) = text[at..]
            .split_once('=')
            .map(|(_, r)| r)
            .and_then(|r| r.split_once(';'))
            .map(|(l, _)| l)
        else {
            continue;
        };
        ids.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    ids.retain(|id| {
        id.contains(|c: char| c.is_ascii_lowercase())
            && id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    });
    ids
}

pub(crate) fn check(root: &Path) -> Faults {
    let mut faults = Faults::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for path in files(&root.join("crates"), &["rs"]) {
        let place = relative(root, &path);
        if place.starts_with("crates/osteon-model/") || place.contains("/tests/") {
            continue;
        }
        let text = read(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
        for id in ids_in(code) {
            ids.entry(id).or_insert_with(|| place.clone());
        }
    }
    let pages: BTreeSet<String> = files(&root.join("docs/diagnostics"), &["md"])
        .iter()
        .filter_map(|p| p.file_stem().map(|s| s.to_string_lossy().into_owned()))
        .filter(|stem| stem != "README")
        .collect();
    for (id, place) in &ids {
        if !pages.contains(id) {
            faults.push(format!(
                "{place}: diagnostic `{id}` has no page docs/diagnostics/{id}.md"
            ));
        }
    }
    for page in &pages {
        if !ids.contains_key(page) {
            faults.push(format!("docs/diagnostics/{page}.md: no code gives this id"));
        }
    }
    faults
}

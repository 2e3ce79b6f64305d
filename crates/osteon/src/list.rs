//! `osteon list`: what there is, one a line, the name first.

use osteon_model::Sources as _;
use osteon_sim::{Body, Library, Shelf as LibraryShelf};
use toml::de::{DeTable, DeValue};

use crate::arguments::Shelf;
use crate::outcome::{Fault, Outcome};
use crate::output::say;
use crate::project::Project;

/// Writes the list to stdout.
pub(crate) fn list(project: &Project, what: Shelf) -> Outcome {
    let lines = match what {
        Shelf::Scenarios => titled(
            project,
            project.scenarios(),
            |n| format!("scenarios/{n}.toml"),
            "title",
        ),
        Shelf::Studies => titled(
            project,
            project.studies(),
            |n| format!("studies/{n}/study.toml"),
            "says",
        ),
        Shelf::Quantities => quantities(&load(project)?.library),
        Shelf::Library => entries(&load(project)?.library, None),
        part => entries(&load(project)?.library, Some(part)),
    };
    say(&(two_columns(&lines)))?;
    Ok(true)
}

fn load(project: &Project) -> Result<Body, Fault> {
    Body::load(project).map_err(|faults| Fault::Failed(faults.render()))
}

/// Names with the text of one key of their file. A file that cannot be read is still listed; `osteon check` tells why.
fn titled(
    project: &Project,
    names: Vec<String>,
    file: impl Fn(&str) -> String,
    key: &str,
) -> Vec<(String, String)> {
    let title = |name: &str| -> Option<String> {
        let text = project.text(&file(name)).ok()?;
        let (table, _) = DeTable::parse_recoverable(&text);
        let found = table.get_ref().iter().find(|(k, _)| k.get_ref() == key)?;
        match found.1.get_ref() {
            DeValue::String(words) => Some(words.to_string()),
            _ => None,
        }
    };
    names
        .into_iter()
        .map(|n| {
            (
                n.clone(),
                title(&n).unwrap_or_else(|| "(not readable; see osteon check)".to_owned()),
            )
        })
        .collect()
}

fn quantities(library: &Library) -> Vec<(String, String)> {
    library
        .quantities
        .iter()
        .map(|q| {
            let us = q
                .us_unit
                .as_ref()
                .map_or(String::new(), |(unit, _)| format!(" ({unit})"));
            (q.name.clone(), format!("{}, {}{us}", q.label, q.unit))
        })
        .collect()
}

/// Entries of these kinds; all of them for the whole library.
fn entries(library: &Library, only: Option<Shelf>) -> Vec<(String, String)> {
    let wanted = |kind: Shelf| only.is_none_or(|o| o == kind);
    let mut lines: Vec<(String, String)> = Vec::new();
    if only.is_none() {
        lines.extend(
            library
                .nutrients
                .iter()
                .map(|n| (n.name.clone(), format!("nutrient: {}", n.label))),
        );
    }
    for (shelf, kind) in LibraryShelf::ALL.into_iter().zip([
        Shelf::Supplements,
        Shelf::Drugs,
        Shelf::Conditions,
        Shelf::Activities,
    ]) {
        let on_it = library
            .entries
            .iter()
            .filter(|e| wanted(kind) && e.shelf == shelf);
        lines.extend(on_it.map(|e| {
            let unsupported = match e.grade.as_deref() {
                Some("D") => " [unsupported: evidence grade D]",
                _ => "",
            };
            (
                e.name.clone(),
                format!("{}: {}{unsupported}", shelf.word(), e.label),
            )
        }));
    }
    if wanted(Shelf::Diets) {
        lines.extend(
            library
                .diets
                .iter()
                .map(|d| (d.name.clone(), format!("diet: {}", d.label))),
        );
    }
    if wanted(Shelf::Foods) {
        lines.extend(
            library
                .preparations
                .iter()
                .map(|p| (p.name.clone(), format!("preparation of food: {}", p.label))),
        );
        lines.extend(library.foods.values().map(|f| {
            let serving = f.serving_g.map_or_else(
                || "food".to_owned(),
                |g| format!("food, a serving is {g} g"),
            );
            (f.name.clone(), serving)
        }));
    }
    if wanted(Shelf::Tests) {
        lines.extend(
            library
                .tests
                .iter()
                .map(|t| (t.name.clone(), format!("laboratory test: {}", t.label))),
        );
    }
    lines
}

fn two_columns(lines: &[(String, String)]) -> String {
    let width = lines
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|(name, words)| format!("{name:<width$}  {words}\n"))
        .collect()
}

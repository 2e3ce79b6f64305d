//! The sources behind what the page shows: references of quantities, library entries in use, studies in the plots, pathways.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::ReportInput;
use crate::book::{Bibliography, Source};

/// A source and what it stands behind here.
pub(super) struct Cited {
    pub(super) key: String,
    pub(super) source: Option<Source>,
    pub(super) behind: Vec<String>,
}

/// Everything cited, by key.
///
/// # Errors
/// When the bibliography cannot be read.
pub(super) fn cited(input: &ReportInput<'_>) -> Result<Vec<Cited>, String> {
    let bibliography = Bibliography::read(input.bibliography)?;
    let mut behind: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |keys: &str, what: String| {
        for key in keys.split(',').map(str::trim).filter(|k| !k.is_empty()) {
            let list = behind.entry(key.to_owned()).or_default();
            if !list.contains(&what) {
                list.push(what.clone());
            }
        }
    };
    for column in input.run.arms.iter().flat_map(|a| &a.columns) {
        if let Some(reference) = &column.reference {
            add(
                &reference.source,
                format!("reference range of {}", column.quantity),
            );
        }
    }
    let mut entries: Vec<&str> = Vec::new();
    for arm in &input.scenario.arms {
        let person = &arm.person;
        let exposures = person
            .exposures
            .iter()
            .chain(arm.phases.iter().flat_map(|p| &p.exposures));
        entries.extend(exposures.map(|e| e.entry.as_str()));
        let regimens = person
            .regimens
            .iter()
            .chain(arm.phases.iter().flat_map(|p| &p.regimens));
        entries.extend(regimens.map(|r| r.entry.as_str()));
        entries.extend(arm.doses.iter().map(|d| d.entry.as_str()));
    }
    for entry in input
        .library
        .entries
        .iter()
        .filter(|e| entries.contains(&e.name.as_str()))
    {
        for key in &entry.sources {
            add(key, entry.name.clone());
        }
        for fact in entry
            .effects
            .iter()
            .map(|e| &e.fact)
            .chain(entry.product.iter().flat_map(|p| &p.facts))
        {
            add(&fact.source, entry.name.clone());
        }
    }
    for study in &input.studies {
        add(&study.cites, format!("measured points of {}", study.name));
    }
    for part in input.whys.iter().flat_map(|w| &w.parts) {
        for key in &part.pathway.sources {
            add(key, part.pathway.label.clone());
        }
    }
    Ok(behind
        .into_iter()
        .map(|(key, behind)| Cited {
            source: bibliography.find(&key).cloned(),
            key,
            behind,
        })
        .collect())
}

/// The list.
pub(super) fn list(cited: &[Cited]) -> Option<Markup> {
    (!cited.is_empty()).then(|| {
        html! {
            p { "Behind what this page shows. The numbers of the body itself have their sources in the model book (" code { "osteon doc" } ")." }
            ul class="sources" {
                @for c in cited {
                    li id={ "source-" (c.key) } {
                        @match &c.source {
                            Some(s) => {
                                @if !s.authors.is_empty() { (s.authors.trim_end_matches('.')) ". " }
                                b { (s.title) } ". " (s.place)
                                @if !s.year.is_empty() { " (" (s.year) ")" }
                                @if let Some(link) = &s.link { ". " a href=(link) rel="noreferrer" { (link.trim_start_matches("https://doi.org/")) } }
                                @if !s.note.is_empty() { " [" (s.note) "]" }
                            }
                            None => { (c.key) }
                        }
                        div class="behind" { (c.key) ": " (c.behind.join("; ")) }
                    }
                }
            }
        }
    })
}

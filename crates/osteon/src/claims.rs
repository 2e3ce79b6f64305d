//! `osteon claims`: every claim of the evidence, answered by the rows it names as they come out now.

use std::collections::BTreeMap;

use osteon_model::Sources as _;
use osteon_report::{claims_json, claims_table};
use osteon_sim::{Body, Diagnostics, RunOptions};
use osteon_study::{
    Answer, CLAIMS_FILE, Claim, RowVerdict, Study, answer, check_names, claimed_folders, is_study,
    judge_all, read_claims, read_study,
};

use crate::arguments::ClaimsArguments;
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json};
use crate::progress_bar::Bar;
use crate::project::Project;
use crate::run::standing_body;

/// Reads the table, runs what it names, answers.
pub(crate) fn claims(project: &Project, words: &ClaimsArguments) -> Outcome {
    let body = standing_body(project)?;
    let (claims, studies) = read(project, &body, &words.row)?;
    if words.check {
        if !words.quiet {
            let rows: usize = claims.iter().map(|c| c.tested_by.len()).sum();
            eprintln!(
                "{} claims name {rows} rows of {} studies and signs; all of them exist",
                claims.len(),
                studies.len()
            );
        }
        return Ok(true);
    }
    let mut bar = Bar::new(words.quiet || words.json);
    let answers = answered(&body, &claims, studies, &mut bar);
    bar.finish();
    if words.json {
        say_json(&claims_json(&answers))?;
    } else {
        say(&claims_table(&answers))?;
    }
    Ok(true)
}

/// Claims, and the studies and signs that they name, each by its folder.
type ClaimsAndStudies = (Vec<Claim>, Vec<(String, Study)>);

/// The claims of these rows (all if none is named) and what they name; everything named exists.
fn read(project: &Project, body: &Body, rows: &[u32]) -> Result<ClaimsAndStudies, Fault> {
    let text = project
        .text(CLAIMS_FILE)
        .map_err(|e| Fault::Failed(format!("error: {e}")))?;
    let (claims, mut faults) =
        read_claims(&text, CLAIMS_FILE).map_err(|wrong| Fault::Failed(wrong.render()))?;
    let claims = chosen(claims, rows)?;
    let mut studies: Vec<(String, Study)> = Vec::new();
    for folder in claimed_folders(&claims) {
        if !is_study(project, &folder) {
            continue;
        }
        match read_study(project, &folder, body) {
            Ok(study) => studies.push((folder, study)),
            Err(wrong) => add(&mut faults, wrong),
        }
    }
    check_names(&claims, project, &studies, &mut faults);
    if faults.has_errors() {
        return Err(Fault::Failed(faults.render()));
    }
    Ok((claims, studies))
}

/// Every claim with what the rows that it names come to now.
fn answered(
    body: &Body,
    claims: &[Claim],
    studies: Vec<(String, Study)>,
    bar: &mut Bar,
) -> Vec<Answer> {
    let (folders, read): (Vec<String>, Vec<Study>) = studies.into_iter().unzip();
    let judged = judge_all(body, &read, &RunOptions::default(), bar);
    for j in judged.iter().filter(|j| !j.trouble.is_empty()) {
        eprintln!("{}: {}", j.study.name, j.trouble.trim_end());
    }
    let rows: BTreeMap<String, Vec<RowVerdict>> = folders
        .into_iter()
        .zip(judged.into_iter().map(|j| j.rows))
        .collect();
    answer(claims, |folder| {
        rows.get(folder).map_or(&[][..], Vec::as_slice)
    })
}

/// Every claim of a project answered; none if it has no table of claims.
pub(crate) fn all_answered(
    project: &Project,
    body: &Body,
    bar: &mut Bar,
) -> Result<Vec<Answer>, Fault> {
    if project.text(CLAIMS_FILE).is_err() {
        return Ok(Vec::new());
    }
    let (claims, studies) = read(project, body, &[])?;
    Ok(answered(body, &claims, studies, bar))
}

fn chosen(claims: Vec<Claim>, asked: &[u32]) -> Result<Vec<Claim>, Fault> {
    if let Some(stranger) = asked.iter().find(|r| !claims.iter().any(|c| c.row == **r)) {
        let last = claims.iter().map(|c| c.row).max().unwrap_or(0);
        return Err(Fault::Use(format!(
            "error: no claim has the row {stranger}\n   = help: rows go from 1 to {last}"
        )));
    }
    let wanted = |c: &Claim| asked.is_empty() || asked.contains(&c.row);
    Ok(claims.into_iter().filter(wanted).collect())
}

fn add(all: &mut Diagnostics, mut more: Diagnostics) {
    all.sources.absorb(&more.sources, &mut more.list);
    all.list.append(&mut more.list);
}

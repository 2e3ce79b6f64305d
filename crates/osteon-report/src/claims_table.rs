//! Answered claims as a table for the terminal and as JSON.

use std::fmt::Write as _;

use osteon_study::{Answer, NamedRows, RowVerdict, Standing, Verdict};
use serde_json::{Value, json};

use crate::aligned::Aligned;
use crate::ticks::quantity;

/// Longest claim shown in the terminal.
const CLAIM_WIDTH: usize = 78;

/// The table, one line a claim, then the rows on which body and evidence part, then the sums.
pub fn claims_table(answers: &[Answer]) -> String {
    let mut table = Aligned::new(&[
        ">row",
        "result",
        "grade",
        "link",
        ">tests",
        "claim",
        "answered_by",
    ]);
    for a in answers {
        table.row(vec![
            a.claim.row.to_string(),
            a.result.as_str().to_owned(),
            a.claim.grade.clone(),
            a.claim.link.clone(),
            tests(a),
            cut(&a.claim.claim, CLAIM_WIDTH),
            a.claim.answered_by.clone(),
        ]);
    }
    let mut out = table.text("");
    let parted: Vec<&Answer> = answers
        .iter()
        .filter(|a| a.agrees() == Some(false))
        .collect();
    if !parted.is_empty() {
        out += "\nwhere the body does not do what the evidence says:\n";
    }
    for a in parted {
        for row in a.rows.iter().filter(|r| r.verdict != Verdict::Within) {
            let _ = writeln!(
                out,
                "  {:>3}  {}: {} {}, wanted {} to {} {}, found {}",
                a.claim.row,
                row.verdict.as_str().replace('_', " "),
                row.study,
                row_words(row),
                quantity(row.lower),
                quantity(row.upper),
                row.row.unit,
                quantity(row.predicted)
            );
        }
    }
    let count = |s: Standing| answers.iter().filter(|a| a.result == s).count();
    let agree = answers.iter().filter(|a| a.agrees() == Some(true)).count();
    let asked = answers.iter().filter(|a| a.agrees().is_some()).count();
    let _ = writeln!(
        out,
        "\n{} claims: {} supported, {} contradicted, {} not modelled; of {asked} tested claims the body agrees with the evidence in {agree}",
        answers.len(),
        count(Standing::Supported),
        count(Standing::Contradicted),
        count(Standing::NotModelled),
    );
    out
}

fn tests(answer: &Answer) -> String {
    if answer.rows.is_empty() {
        String::new()
    } else {
        format!("{}/{}", answer.passed(), answer.rows.len())
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).collect::<String>() + "…"
}

fn row_words(judged: &RowVerdict) -> String {
    let row = &judged.row;
    let parts = [
        row.quantity.as_str(),
        &row.arm_words(),
        &row.at,
        row.kind.as_str(),
    ];
    let said: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    said.join(", ")
}

/// The answers as JSON objects.
pub fn claims_json(answers: &[Answer]) -> Value {
    Value::Array(answers.iter().map(claim_json).collect())
}

fn claim_json(answer: &Answer) -> Value {
    let claim = &answer.claim;
    let finite = |v: f64| v.is_finite().then_some(v);
    let rows: Vec<Value> = answer
        .rows
        .iter()
        .map(|r| {
            json!({
                "study": r.study, "quantity": r.row.quantity, "arm": r.row.arm_words(), "at": r.row.at,
                "as": r.row.kind.as_str(), "unit": r.row.unit, "lower": finite(r.lower),
                "upper": finite(r.upper), "predicted": finite(r.predicted), "verdict": r.verdict.as_str(),
            })
        })
        .collect();
    let tested_by: Vec<Value> = claim.tested_by.iter().map(named_json).collect();
    json!({
        "row": claim.row,
        "claim": claim.claim,
        "article": claim.articles,
        "evidence_grade": claim.grade,
        "link": claim.link,
        "answered_by": claim.answered_by,
        "tested_by": tested_by,
        "result": answer.result.as_str(),
        "verdict_if_shown": claim.if_shown.as_str(),
        "tests": rows.len(),
        "passed": answer.passed(),
        "agrees_with_evidence": answer.agrees(),
        "rows": rows,
        "not_modelled": (!claim.not_modelled.is_empty()).then_some(&claim.not_modelled),
        "note": claim.note,
    })
}

fn named_json(named: &NamedRows) -> Value {
    let (shelf, name) = named.folder.split_once('/').unwrap_or(("", &named.folder));
    let kind = if shelf == "signs" { "sign" } else { "study" };
    let mut out = serde_json::Map::new();
    out.insert(kind.to_owned(), json!(name));
    for (key, value) in [
        ("quantity", &named.quantity),
        ("arm", &named.arm),
        ("at", &named.at),
        ("as", &named.kind),
    ] {
        if let Some(value) = value {
            out.insert(key.to_owned(), json!(value));
        }
    }
    Value::Object(out)
}

//! The table of claims: whole, nothing typed in, answered by verdicts alone, and honest about names that lead nowhere.

mod support;

use std::fs;
use std::path::Path;

use support::{copy_small_project, fresh_folder, osteon, put, put_study};

const HEAD: &str = "[[claim]]\nrow = 1\nclaim = \"Little magnesium lowers serum magnesium.\"\ngrade = \"A\"\nlink = \"mechanistic\"\nanswered_by = \"kidney\"\n";

/// A small project with one study, of whose four rows three come within, and this table of claims.
fn project(name: &str, claims: &str) -> std::path::PathBuf {
    let folder = fresh_folder(name);
    copy_small_project(&folder);
    put_study(&folder.join("studies/author-1999-depletion"));
    put(&folder.join("evidence/claims.toml"), claims);
    folder
}

fn claim(if_shown: &str, tests: &str) -> String {
    format!("{HEAD}verdict_if_shown = \"{if_shown}\"\ntested_by = [{tests}]\n")
}

fn result_of(name: &str, claims: &str) -> serde_json::Value {
    let folder = project(name, claims);
    let told = osteon(&folder, &["claims", "--json"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let answers: Vec<serde_json::Value> = serde_json::from_str(&told.stdout).expect("JSON");
    answers[0].clone()
}

#[test]
fn rows_that_come_within_make_the_answer_and_rows_that_do_not_turn_it_round() {
    let sign =
        r#"{ study = "author-1999-depletion", quantity = "serum.Mg", at = "3 wk", as = "sign" }"#;
    let wrong =
        r#"{ study = "author-1999-depletion", quantity = "serum.Mg", as = "percent_change" }"#;
    let shown = result_of("claims-shown", &claim("supported", sign));
    assert_eq!(shown["result"], "supported");
    assert_eq!((&shown["passed"], &shown["tests"]), (&1.into(), &1.into()));
    assert_eq!(shown["evidence_grade"], "A");
    let refuted = result_of("claims-refuted", &claim("contradicted", sign));
    assert_eq!(refuted["result"], "contradicted");
    let missed = result_of(
        "claims-missed",
        &claim("supported", &format!("{sign}, {wrong}")),
    );
    assert_eq!(missed["result"], "contradicted");
    assert_eq!(missed["agrees_with_evidence"], false);
    assert_eq!(
        (&missed["passed"], &missed["tests"]),
        (&1.into(), &2.into())
    );
    let does_it = result_of("claims-does-it", &claim("contradicted", wrong));
    assert_eq!(does_it["result"], "supported");
    let silent = result_of(
        "claims-silent",
        &format!("{HEAD}verdict_if_shown = \"supported\"\nnot_modelled = \"no such organ\"\n"),
    );
    assert_eq!(silent["result"], "not_modelled");
}

#[test]
fn the_book_shows_every_claim_with_the_rows_that_decide_it() {
    let sign = r#"{ study = "author-1999-depletion", quantity = "serum.Mg", as = "sign" }"#;
    let wrong =
        r#"{ study = "author-1999-depletion", quantity = "serum.Mg", as = "percent_change" }"#;
    let folder = project(
        "claims-page",
        &claim("supported", &format!("{sign}, {wrong}")),
    );
    let told = osteon(&folder, &["doc", "-o", "book"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let page = fs::read_to_string(folder.join("book/claims.html")).expect("the page");
    for wanted in [
        "of 1 claims that rows decide, the body does what the evidence says in 0.",
        "<a href=\"#claim-1\">1</a>",
        "<td>contradicted</td><td>1 of 2</td>",
        "<b>contradicted</b>; evidence A; mechanistic; answered by kidney",
        // The quantity leads to its equation.
        "serum.Mg (<a class=\"sym\" href=\"small_body.html#s.serum_Mg\">serum_Mg</a>)",
        "<td>within</td>",
        "<td>wrong sign</td>",
    ] {
        assert!(page.contains(wanted), "{wanted} is missing in\n{page}");
    }
    let home = fs::read_to_string(folder.join("book/index.html")).expect("the first page");
    assert!(home.contains("claims.html"));
}

#[test]
fn a_broken_reference_fails_with_its_line() {
    for (name, test, line, help) in [
        (
            "claims-no-study",
            r#"{ study = "author-1999-depletoin", quantity = "serum.Mg" }"#,
            "evidence/claims.toml:8:",
            "did you mean `author-1999-depletion`?",
        ),
        (
            "claims-no-row",
            r#"{ study = "author-1999-depletion", quantity = "serum.Mg", at = "22 d" }"#,
            "evidence/claims.toml:8:",
            "its rows are: serum.Mg, 21 d, value",
        ),
        (
            "claims-no-sign",
            r#"{ sign = "author-1999-depletion", quantity = "serum.Mg" }"#,
            "evidence/claims.toml:8:",
            "name a folder of signs/",
        ),
    ] {
        let folder = project(name, &claim("supported", test));
        for words in [&["claims"][..], &["claims", "--check"]] {
            let told = osteon(&folder, words);
            assert_eq!(told.code, 1, "{name}: {}", told.stdout);
            assert!(told.stderr.contains("claims-unknown"), "{}", told.stderr);
            assert!(told.stderr.contains(line), "{}", told.stderr);
            assert!(told.stderr.contains(help), "{}", told.stderr);
            assert!(told.stdout.is_empty(), "{}", told.stdout);
        }
    }
}

#[test]
fn a_result_cannot_be_typed_in() {
    let folder = project(
        "claims-typed",
        &format!("{HEAD}result = \"supported\"\nnot_modelled = \"because\"\n"),
    );
    let told = osteon(&folder, &["claims"]);
    assert_eq!(told.code, 1);
    assert!(
        told.stderr.contains("worked out from the named rows"),
        "{}",
        told.stderr
    );
}

#[test]
fn the_projects_own_table_is_whole_and_names_rows_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let told = osteon(&root, &["claims", "--check"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let text = fs::read_to_string(root.join("evidence/claims.toml")).expect("the claims");
    let table: toml::Table = text.parse().expect("TOML");
    let rows: Vec<i64> = table["claim"]
        .as_array()
        .expect("claims")
        .iter()
        .map(|c| c["row"].as_integer().expect("a row"))
        .collect();
    assert_eq!(rows, (1..=60).collect::<Vec<i64>>());
}

#[test]
fn a_reference_broken_in_the_projects_own_table_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = fresh_folder("claims-own-broken");
    let text = fs::read_to_string(root.join("evidence/claims.toml")).expect("the claims");
    let name = text
        .split("{ sign = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a claim that names a sign");
    put(
        &folder.join("evidence/claims.toml"),
        &text.replacen(name, "00-no-such-sign", 1),
    );
    let project = folder.display().to_string();
    let told = osteon(&root, &["--project", &project, "claims", "--check"]);
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(told.stderr.contains("00-no-such-sign"), "{}", told.stderr);
}

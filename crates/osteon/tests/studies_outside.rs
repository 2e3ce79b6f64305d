//! Studies that lie anywhere on disk: judged, recorded, and held to their record.

mod support;

use std::fs;

use support::{DATA, STUDY, fresh_folder, on_small_body, put, put_study};

#[test]
fn an_outside_study_is_judged_row_by_row() {
    let folder = fresh_folder("study-outside");
    put_study(&folder.join("author-1999-depletion"));
    let told = on_small_body(
        &folder,
        &[
            "studies",
            "author-1999-depletion",
            "--json",
            "--figures",
            "figures",
        ],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&told.stdout).expect("JSON");
    let verdicts: Vec<&str> = rows
        .iter()
        .map(|r| r["verdict"].as_str().expect("a verdict"))
        .collect();
    assert_eq!(
        verdicts,
        ["within", "within", "within", "wrong_sign"],
        "{}",
        told.stdout
    );
    for row in &rows {
        for field in [
            "study",
            "quantity",
            "unit",
            "observed",
            "lower",
            "upper",
            "predicted",
            "verdict",
            "used_to_fit",
            "link",
        ] {
            assert!(!row[field].is_null(), "{field} in {row}");
        }
    }
    // 1.2 mg/dL of magnesium is 0.4937 mmol/L.
    assert!((rows[0]["observed"].as_f64().expect("a number") - 0.49373).abs() < 1e-4);
    assert_eq!(
        (
            rows[0]["used_to_fit"].as_bool(),
            rows[2]["used_to_fit"].as_bool()
        ),
        (Some(false), Some(true))
    );
    for file in [
        "author-1999-depletion.svg",
        "author-1999-depletion.png",
        "overview.svg",
        "overview.png",
    ] {
        assert!(folder.join("figures").join(file).is_file(), "{file}");
    }
}

#[test]
fn totals_are_given_twice_and_associations_are_not_counted() {
    let folder = fresh_folder("study-totals");
    put_study(&folder.join("all/a-1999"));
    put_study(&folder.join("all/b-1999"));
    put(
        &folder.join("all/b-1999/study.toml"),
        &STUDY.replace("mechanistic", "association"),
    );
    let told = on_small_body(&folder, &["studies", "all"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stdout.contains("used to fit        1 of   1 within"),
        "{}",
        told.stdout
    );
    assert!(
        told.stdout
            .contains("verification       2 of   3 within (67 %), 0 outside, 1 wrong sign"),
        "{}",
        told.stdout
    );
    assert!(
        told.stdout
            .contains("4 association rows shown, not counted"),
        "{}",
        told.stdout
    );
}

#[test]
fn only_a_changed_recorded_verdict_fails() {
    let folder = fresh_folder("study-record");
    put_study(&folder.join("all/a-1999"));
    assert_eq!(
        on_small_body(&folder, &["studies", "all", "-q"]).code,
        0,
        "nothing recorded is no failure"
    );
    assert_eq!(
        on_small_body(&folder, &["studies", "all", "--record", "-q"]).code,
        0
    );
    let record = fs::read_to_string(folder.join("all/verdicts.tsv")).expect("the record");
    assert!(
        record.contains("a-1999\tserum.Mg\t\t21 d\tpercent_change\twrong_sign"),
        "{record}"
    );
    assert_eq!(
        on_small_body(&folder, &["studies", "all", "-q"]).code,
        0,
        "a recorded wrong verdict is no failure"
    );

    put(
        &folder.join("all/a-1999/data.csv"),
        &DATA.replace("percent_change,%,50", "percent_change,%,-50"),
    );
    let told = on_small_body(&folder, &["studies", "all", "-q"]);
    assert_eq!(told.code, 1, "a better verdict is a change too");
    assert!(
        told.stderr.contains("wrong_sign -> within")
            || told.stderr.contains("wrong_sign -> outside"),
        "{}",
        told.stderr
    );
    put(
        &folder.join("all/a-1999/data.csv"),
        DATA.trim_end().rsplit_once('\n').expect("lines").0,
    );
    let told = on_small_body(&folder, &["studies", "all"]);
    assert_eq!(told.code, 1);
    assert!(
        told.stderr.contains("wrong_sign -> gone"),
        "{}",
        told.stderr
    );
}

#[test]
fn a_study_that_cannot_be_read_fails_and_the_others_are_judged() {
    let folder = fresh_folder("study-broken");
    put_study(&folder.join("all/a-1999"));
    put_study(&folder.join("all/b-1999"));
    put(
        &folder.join("all/b-1999/data.csv"),
        &DATA.replace("serum.Mg,,21 d,sign", "serum.Mq,,21 d,sign"),
    );
    let told = on_small_body(&folder, &["studies", "all"]);
    assert_eq!(told.code, 1);
    assert!(
        told.stderr.contains("all/b-1999/data.csv:3:1")
            || told.stderr.contains("b-1999/data.csv:3:1"),
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains("did you mean `serum.Mg`?"),
        "{}",
        told.stderr
    );
    assert!(told.stdout.contains("a-1999"), "{}", told.stdout);
}

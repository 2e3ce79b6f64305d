//! The laboratory panel and the pages of the library, as their users call them, on the body of the project.

mod support;

use support::{fresh_folder, osteon};

fn panels(told: &support::Told) -> serde_json::Value {
    assert_eq!(told.code, 0, "{}", told.stderr);
    serde_json::from_str(&told.stdout).expect("JSON")
}

fn result<'j>(panel: &'j serde_json::Value, test: &str) -> &'j serde_json::Value {
    panel["results"]
        .as_array()
        .expect("results")
        .iter()
        .find(|r| r["test"] == test)
        .unwrap_or_else(|| panic!("{test}"))
}

#[test]
fn stores_that_are_hungry_keep_the_load() {
    let folder = fresh_folder("labs");
    let told = osteon(
        &folder,
        &["labs", "depletion", "--at", "0 d", "--at", "20 d", "--json"],
    );
    let json = panels(&told);
    let panels = json["panels"].as_array().expect("panels");
    assert_eq!(panels.len(), 2);
    let value = |panel: usize, test: &str| {
        result(&panels[panel], test)["value"]
            .as_f64()
            .expect("a number")
    };
    let kept = "magnesium load retention";
    assert!(
        value(1, kept) > value(0, kept) + 10.0,
        "{} {}",
        value(0, kept),
        value(1, kept)
    );
    assert!(value(1, "serum.Mg") < 0.9 * value(0, "serum.Mg"));
    for panel in panels {
        for one in panel["results"].as_array().expect("results") {
            assert!(one["value"].is_number(), "{one}");
            assert!(
                one["tells"].as_str().is_some_and(|t| !t.is_empty()),
                "{one}"
            );
            assert!(
                one["cannot"].as_str().is_some_and(|t| !t.is_empty()),
                "{one}"
            );
            let error = &one["standard_error_of_measurement"];
            assert!(error.as_f64().is_some_and(|e| e > 0.0), "{one}");
        }
        // One serum magnesium in the units of the United States: 1 mmol/L is 2.4305 mg/dL.
        let mg = result(panel, "serum.Mg");
        let ratio = mg["us_value"].as_f64().expect("US") / mg["value"].as_f64().expect("SI");
        assert!((ratio - 2.4305).abs() < 1e-9, "{ratio}");
    }
}

#[test]
fn the_panel_is_a_table_with_flags() {
    let folder = fresh_folder("labs-table");
    let told = osteon(
        &folder,
        &["labs", "severe-deficiency", "--arm", "not treated", "-q"],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let line = |words: &str| {
        told.stdout
            .lines()
            .find(|l| l.trim_start().starts_with(words))
            .unwrap_or_else(|| panic!("{words}:\n{}", told.stdout))
            .to_owned()
    };
    assert!(
        line("Serum magnesium ").contains(" low "),
        "{}",
        told.stdout
    );
    assert!(line("Serum magnesium ").contains("mg/dL"));
    assert!(told.stdout.contains("Cannot exclude deficiency"));
    let told = osteon(&folder, &["labs", "depletion", "--at", "9 a"]);
    assert_eq!(told.code, 2, "{}", told.stderr);
    assert!(told.stderr.contains("help:"), "{}", told.stderr);
    let told = osteon(&folder, &["labs", "severe-deficiency", "--arm", "treated"]);
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("not treated"), "{}", told.stderr);
}

#[test]
fn names_are_explained_with_their_conversions() {
    let folder = fresh_folder("explain");
    for (name, words) in [
        (
            "Magnesium-Citrate",
            &[
                "100 mg",
                "4.11438 mmol",
                "8.22876 mEq",
                "162 mg",
                "kappeler-2017",
            ][..],
        ),
        ("vitamin D3", &["0.025 mg = 25 ug = 1000 IU"]),
        ("oats, dry", &["138 mg", "1 serving = 81 g", "phytate"]),
        (
            "typical Western",
            &["women 237 mg/d, men 326 mg/d", "ford-2003"],
        ),
        ("magnesium, transdermal", &["evidence: D (unsupported"]),
        ("hydrochlorothiazide", &["k_DCT_NCC", "range 0.3 to 0.7"]),
        ("refined", &["share of magnesium left: 0.29"]),
        ("load test", &["30 mmol of magnesium sulfate iv over 8 h"]),
        ("serum.Mg", &["1 mmol/L = 2.4305 mg/dL"]),
        ("k_DCT_NCC", &["symbol of the body"]),
    ] {
        let told = osteon(&folder, &["explain", name]);
        assert_eq!(told.code, 0, "{name}: {}", told.stderr);
        for word in words {
            assert!(
                told.stdout.contains(word),
                "{name} lacks {word}:\n{}",
                told.stdout
            );
        }
    }
    for (name, help) in [
        ("mag citrate", "did you mean"),
        ("Vit D", "vitamin D3"),
        ("thiazide", "hydrochlorothiazide"),
        ("zinc", "knows magnesium"),
        ("magnesium citrat", "magnesium citrate"),
    ] {
        let told = osteon(&folder, &["explain", name]);
        assert_eq!(told.code, 2, "{name}");
        assert!(told.stderr.contains(help), "{name}: {}", told.stderr);
    }
}

#[test]
fn every_number_of_the_library_has_a_source_or_says_that_it_is_assumed() {
    let folder = fresh_folder("library");
    let told = osteon(&folder, &["list", "library"]);
    assert_eq!(told.code, 0);
    assert!(told.stdout.lines().count() > 200, "{}", told.stdout);
    assert!(told.stdout.contains("[unsupported: evidence grade D]"));
}

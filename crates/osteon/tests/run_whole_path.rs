//! From a scenario file to table and picture, on the small body.

mod support;

use std::fs;

use support::{DEPLETION, fresh_folder, on_small_body, put};

#[test]
fn a_run_leaves_table_figure_and_summary() {
    let folder = fresh_folder("run-leaves");
    put(&folder.join("depletion.toml"), DEPLETION);
    let told = on_small_body(&folder, &["run", "depletion.toml", "-o", "here"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stdout.contains("Serum magnesium")
            && told.stdout.contains("mmol/L")
            && told.stdout.contains("closes to"),
        "{}",
        told.stdout
    );

    let table = fs::read_to_string(folder.join("here/depletion.csv")).expect("the table");
    let mut lines = table.lines();
    assert_eq!(
        lines.next(),
        Some("run,arm,id,time,time_unit,quantity,value,unit,status")
    );
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    assert_eq!(rows.len(), 2 * 36);
    for row in &rows {
        assert_eq!(row.len(), 9);
        assert_eq!((row[0], row[4], row[8]), ("depletion", "d", "ok"));
        assert!(row[6].parse::<f64>().expect("a number").is_finite());
        assert_eq!(
            row[7],
            if row[5] == "serum.Mg" {
                "mmol/L"
            } else {
                "mmol/d"
            }
        );
    }
    let figure = fs::read_to_string(folder.join("here/depletion.svg")).expect("the figure");
    assert!(
        figure.starts_with("<svg ")
            && figure.contains("Serum magnesium")
            && figure.contains("<desc"),
        "{}",
        &figure[..200]
    );
    let picture = fs::read(folder.join("here/depletion.png")).expect("the picture");
    assert_eq!(&picture[1..4], b"PNG");
    assert_eq!(
        fs::read_to_string(folder.join("here/depletion.toml")).expect("the scenario"),
        DEPLETION
    );
}

#[test]
fn the_same_scenario_gives_the_same_bytes() {
    let folder = fresh_folder("run-same-bytes");
    put(&folder.join("depletion.toml"), DEPLETION);
    for name in ["one", "two"] {
        assert_eq!(
            on_small_body(&folder, &["run", "depletion.toml", "-o", name, "-q"]).code,
            0
        );
    }
    for file in [
        "depletion.csv",
        "depletion.svg",
        "depletion.png",
        "depletion.txt",
    ] {
        let read = |name: &str| fs::read(folder.join(name).join(file)).expect("a file");
        assert!(read("one") == read("two"), "{file} differs");
    }
}

#[test]
fn quiet_says_nothing_and_json_says_everything() {
    let folder = fresh_folder("run-json");
    put(&folder.join("depletion.toml"), DEPLETION);
    let quiet = on_small_body(&folder, &["run", "depletion.toml", "-o", "out", "--quiet"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));

    let told = on_small_body(&folder, &["run", "depletion.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let ledger = json["arms"][0]["ledger"].as_array().expect("a ledger");
    assert!(!ledger.is_empty());
    for line in ledger {
        assert!(
            line["relative_error"].as_f64().expect("a number") < 1e-9,
            "{line}"
        );
    }
    let values = json["arms"][0]["quantities"][0]["values"]
        .as_array()
        .expect("values");
    assert_eq!(
        values.len(),
        json["arms"][0]["times"].as_array().expect("times").len()
    );
    assert!(!folder.join("out/depletion.json").exists());
}

#[test]
fn the_record_can_be_changed_from_the_command_line() {
    let folder = fresh_folder("run-record");
    put(&folder.join("depletion.toml"), DEPLETION);
    let value = |words: &[&str]| -> (f64, String, usize) {
        let mut all = vec![
            "run",
            "depletion.toml",
            "--json",
            "--quantities",
            "serum.Mg",
        ];
        all.extend(words);
        let told = on_small_body(&folder, &all);
        let json: serde_json::Value =
            serde_json::from_str(&told.stdout).unwrap_or_else(|e| panic!("{e}: {}", told.stderr));
        let quantities = json["arms"][0]["quantities"]
            .as_array()
            .expect("quantities");
        assert_eq!(quantities.len(), 1);
        let values = quantities[0]["values"].as_array().expect("values");
        (
            values[0].as_f64().expect("a number"),
            quantities[0]["unit"].as_str().expect("a unit").to_owned(),
            values.len(),
        )
    };
    let (si, si_unit, daily) = value(&[]);
    let (us, us_unit, weekly) = value(&["--us", "--every", "7 d"]);
    assert_eq!((si_unit.as_str(), us_unit.as_str()), ("mmol/L", "mg/dL"));
    assert!((us / si - 2.4305).abs() < 1e-9, "{us} {si}");
    assert_eq!((daily, weekly), (36, 6));
    let (averaged, _, _) = value(&["--clock", "averaged"]);
    assert!((averaged / si - 1.0).abs() < 0.2 && averaged != si);
}

#[test]
fn unknown_scenarios_are_wrong_use() {
    let folder = fresh_folder("run-unknown");
    let told = on_small_body(&folder, &["run", "no-such-scenario"]);
    assert_eq!((told.code, told.stdout.as_str()), (2, ""));
    assert!(
        told.stderr
            .contains("no scenario of that name: no-such-scenario"),
        "{}",
        told.stderr
    );
    let told = on_small_body(&folder, &["run", "missing/file.toml"]);
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("no such file"), "{}", told.stderr);
}

#[test]
fn an_embedded_scenario_runs_anywhere() {
    let folder = fresh_folder("run-embedded");
    let told = support::osteon(&folder, &["run", "depletion", "--json", "-o", "out"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let json: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    for arm in json["arms"].as_array().expect("arms") {
        for quantity in arm["quantities"].as_array().expect("quantities") {
            assert!(
                quantity["values"]
                    .as_array()
                    .expect("values")
                    .iter()
                    .all(serde_json::Value::is_f64),
                "{}",
                quantity["quantity"]
            );
        }
        for line in arm["ledger"].as_array().expect("a ledger") {
            assert!(
                line["relative_error"].as_f64().expect("a number") < 1e-6,
                "{line}"
            );
        }
    }
    let table = fs::read_to_string(folder.join("out/depletion.csv")).expect("the table");
    assert!(table.lines().count() > 49 && !table.contains("NaN"));
    let list = support::osteon(&folder, &["list", "scenarios"]);
    assert!(
        list.stdout
            .lines()
            .any(|l| l.split_whitespace().next() == Some("depletion")),
        "{}",
        list.stdout
    );
}

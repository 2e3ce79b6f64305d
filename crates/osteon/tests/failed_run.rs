//! A run that the solver cannot finish: its finished part is kept, and the message says where it stopped and why.

mod support;

use std::fs;

use support::{DEPLETION, copy_small_project, fresh_folder, osteon, put};

#[test]
fn a_failed_run_keeps_its_finished_part() {
    let folder = fresh_folder("failed-run");
    copy_small_project(&folder);
    let body = fs::read_to_string(folder.join("body/body.ant")).expect("the body");
    // Grows beyond all bounds ten days after the diet falls below 8 mmol a day.
    let growth = "  boom = 0.1 per_d\n  boom_on := piecewise(1, intake_Mg < 8, 0)\n  boom' = boom_on * boom * boom\n  k_filter.range";
    put(
        &folder.join("body/body.ant"),
        &body.replacen("  k_filter.range", growth, 1),
    );
    put(&folder.join("depletion.toml"), &DEPLETION.replace("[record]", "[record]\nclock = \"averaged\"").replace("[[dose]]\nat = \"21 d 08:00\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nover = \"4 h\"\n", ""));

    let told = osteon(&folder, &["run", "depletion.toml", "-o", "out"]);
    assert_eq!(told.code, 1, "{}{}", told.stdout, told.stderr);
    assert!(
        told.stderr.contains("stopped at 9 d") || told.stderr.contains("stopped at 10 d"),
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains("boom") && told.stderr.contains("help:"),
        "{}",
        told.stderr
    );

    let table = fs::read_to_string(folder.join("out/depletion.csv")).expect("the table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 2 * 36, "every row is there");
    for row in rows {
        let (day, value): (f64, f64) = (
            row[3].parse().expect("a time"),
            row[6].parse().expect("a value"),
        );
        let (finite, status) = if day < 10.5 {
            (true, "ok")
        } else {
            (false, "failed")
        };
        assert_eq!((value.is_finite(), row[8]), (finite, status), "{row:?}");
    }
    assert!(folder.join("out/depletion.png").is_file());
}

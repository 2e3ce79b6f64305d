//! Plausible bodies and sensitivities on the small body: what is written, and that it is the same on any number of threads.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{DEPLETION, fresh_folder, on_small_body, put, small_project};

fn bands_with_threads(folder: &Path, threads: &str, seed: &str, out: &str) -> String {
    let status = Command::new(env!("CARGO_BIN_EXE_osteon"))
        .args([
            "--project",
            &small_project(),
            "run",
            "depletion.toml",
            "-q",
            "--bands",
            "20",
            "--seed",
            seed,
            "-o",
            out,
        ])
        .env("RAYON_NUM_THREADS", threads)
        .current_dir(folder)
        .status()
        .expect("the program starts");
    assert!(status.success());
    fs::read_to_string(folder.join(out).join("depletion.bands.csv")).expect("the table of bands")
}

#[test]
fn bands_are_the_same_on_any_number_of_threads_and_enclose_their_median() {
    let folder = fresh_folder("bands");
    put(&folder.join("depletion.toml"), DEPLETION);
    let one = bands_with_threads(&folder, "1", "1", "one");
    assert_eq!(one, bands_with_threads(&folder, "5", "1", "five"));
    assert_ne!(one, bands_with_threads(&folder, "1", "2", "other"));
    let rows: Vec<Vec<&str>> = one
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert!(!rows.is_empty());
    let mut wide = false;
    for three in rows.chunks(3) {
        let value = |i: usize| three[i][6].parse::<f64>().expect("a number");
        assert_eq!(
            (three[0][5], three[1][5], three[2][5]),
            ("0.05", "0.5", "0.95")
        );
        assert!(value(0) <= value(1) && value(1) <= value(2), "{three:?}");
        assert_eq!(three[0][8], "20");
        wide |= value(2) > 1.01 * value(0);
    }
    assert!(wide, "no quantity has a band of any width");
}

#[test]
fn the_summary_says_how_many_bodies_and_what_they_left() {
    let folder = fresh_folder("bands-summary");
    put(&folder.join("depletion.toml"), DEPLETION);
    let told = on_small_body(
        &folder,
        &["run", "depletion.toml", "--bands", "10", "-o", "here"],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stdout.contains("5–95 % of 10 plausible bodies"),
        "{}",
        told.stdout
    );
    assert!(
        told.stdout.contains("leave a reference interval"),
        "{}",
        told.stdout
    );
    let figure = fs::read_to_string(folder.join("here/depletion.svg")).expect("the figure");
    assert!(figure.contains("5–95 % of 10 plausible bodies") && figure.contains("<polygon"));
    // Without bands nothing of them is written.
    let plain = on_small_body(&folder, &["run", "depletion.toml", "-o", "plain"]);
    assert!(
        !plain.stdout.contains("plausible") && !folder.join("plain/depletion.bands.csv").exists()
    );
}

#[test]
fn a_sensitivity_ranks_what_moves_and_draws_it() {
    let folder = fresh_folder("sensitivity");
    put(&folder.join("depletion.toml"), DEPLETION);
    let told = on_small_body(
        &folder,
        &[
            "sensitivity",
            "depletion.toml",
            "--json",
            "--figures",
            "here",
        ],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let all: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let outputs = all[0]["outputs"].as_array().expect("outputs");
    let serum = outputs
        .iter()
        .find(|o| o["quantity"] == "serum.Mg")
        .expect("serum.Mg");
    let ranked = serum["parameters"].as_array().expect("parameters");
    let filter = ranked
        .iter()
        .find(|p| p["name"] == "k_filter")
        .expect("filtration moves it");
    // More filtration, less magnesium.
    assert!(filter["at_upper"].as_f64() < filter["at_lower"].as_f64());
    let sum: f64 = ranked
        .iter()
        .filter_map(|p| p["share_of_variance"].as_f64())
        .sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    assert!(folder.join("here/depletion.tornado.png").exists());
    let asked_nothing = on_small_body(&folder, &["sensitivity"]);
    assert_eq!(asked_nothing.code, 2);
    assert!(
        asked_nothing.stderr.contains("--all"),
        "{}",
        asked_nothing.stderr
    );
}

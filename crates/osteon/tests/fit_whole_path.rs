//! A fit from its file to its result, and the check that the body holds what the fit gave.

mod support;

use std::fs;

use support::{copy_small_project, fresh_folder, osteon, put};

const SCENARIO: &str = r#"start = "steady"
[person]
sex = "male"
age = "30 a"
weight = "75 kg"
height = "178 cm"
usual_diet = { magnesium = "320 mg/d", vitamin_D = "5 ug/d" }
[record]
until = "2 d"
every = "1 d"
clock = "averaged"
"#;

#[test]
fn a_fit_is_written_and_its_check_holds_the_body_to_it() {
    let folder = fresh_folder("fit");
    copy_small_project(&folder);
    put(&folder.join("studies/level-1999/scenario.toml"), SCENARIO);
    put(
        &folder.join("studies/level-1999/study.toml"),
        "cites = \"a\"\nsays = \"x\"\npopulation = \"x\"\nlink = \"trial\"\nused_to_fit = [\"serum.Mg\"]\n",
    );
    put(
        &folder.join("studies/level-1999/data.csv"),
        "quantity,at,as,unit,value,lower,upper\nserum.Mg,1 d,value,mmol/L,0.6,0.59,0.61\n",
    );
    put(
        &folder.join("fits/level.toml"),
        "stage = \"level\"\nsays = \"x\"\nparameters = [\"k_filter\"]\nstudies = [\"level-1999\"]\n",
    );

    let told = osteon(&folder, &["fit", "fits/level.toml"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stdout.contains("k_filter") && told.stdout.contains("determined"),
        "{}",
        told.stdout
    );
    let result: toml::Table = fs::read_to_string(folder.join("fits/level.result.toml"))
        .expect("the result")
        .parse()
        .expect("TOML");
    let value = result["parameter"][0]["value"].as_float().expect("a value");
    // At rest intake × absorbed share = k_filter × level × volume.
    let expected = 320.0 / 24.305 * (4.0 / 12.0) / (0.6 * 15.0);
    assert!((value / expected - 1.0).abs() < 0.02, "{value} {expected}");

    let told = osteon(&folder, &["fit", "fits/level.toml", "--check"]);
    assert_eq!(told.code, 1, "the body still holds the old value");
    assert!(told.stderr.contains("k_filter"), "{}", told.stderr);
    let body = fs::read_to_string(folder.join("body/body.ant")).expect("the body");
    put(
        &folder.join("body/body.ant"),
        &body.replace("k_filter = 0.35", &format!("k_filter = {value:.4}")),
    );
    let told = osteon(&folder, &["fit", "fits/level.toml", "--check"]);
    assert_eq!(told.code, 0, "{}", told.stderr);

    // The same by --accept, from the old body.
    put(&folder.join("body/body.ant"), &body);
    let told = osteon(&folder, &["fit", "fits/level.toml", "--accept"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let after = fs::read_to_string(folder.join("body/body.ant")).expect("the body");
    let written = format!("k_filter = {}", format_args!("{value:.4}"));
    assert!(
        after.contains(written.trim_end_matches('0')),
        "{written}: {after}"
    );
    assert_eq!(after.lines().count(), body.lines().count());
    let told = osteon(&folder, &["fit", "fits/level.toml", "--check"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
}

#[test]
fn a_sign_that_names_what_it_fits_can_be_fitted() {
    let folder = fresh_folder("fit-sign");
    copy_small_project(&folder);
    put(&folder.join("signs/level/scenario.toml"), SCENARIO);
    put(
        &folder.join("signs/level/study.toml"),
        "cites = \"a\"\nsays = \"x\"\npopulation = \"x\"\nlink = \"mechanistic\"\nused_to_fit = [\"serum.Mg\"]\n",
    );
    put(
        &folder.join("signs/level/data.csv"),
        "quantity,at,as,unit,value,lower,upper\nserum.Mg,1 d,value,mmol/L,0.6,0.59,0.61\n",
    );
    put(
        &folder.join("fits/level.toml"),
        "stage = \"level\"\nsays = \"x\"\nparameters = [\"k_filter\"]\nstudies = [\"signs/level\"]\n",
    );
    let told = osteon(&folder, &["fit", "fits/level.toml"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.contains("serum.Mg"), "{}", told.stdout);
}

#[test]
fn faults_of_fits_name_their_place() {
    let folder = fresh_folder("fit-bad");
    copy_small_project(&folder);
    for (text, words) in [
        (
            "stage = \"x\"\nparameters = [\"k_filtre\"]\nstudies = []\n",
            "did you mean `k_filter`?",
        ),
        (
            "stage = \"x\"\nparameters = [\"k_bone\"]\nstudies = []\n",
            "no range",
        ),
        (
            "stage = \"x\"\nparameters = [\"k_filter\"]\nstudies = [\"nowhere\"]\n",
            "nowhere",
        ),
        (
            "stage = \"x\"\nparameters = [\"k_filter\"]\nstudies = []\n[start]\nk_filter = 7\n",
            "outside its range",
        ),
    ] {
        put(&folder.join("fit.toml"), text);
        let told = osteon(&folder, &["fit", "fit.toml"]);
        assert_eq!(told.code, 1, "{text}");
        assert!(
            told.stderr.contains(words) && told.stderr.contains("fit.toml"),
            "{text}: {}",
            told.stderr
        );
    }
}

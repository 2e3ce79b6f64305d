//! What a user may get wrong, and the message each fault gets: file, line, quantity, remedy; exit code 1.

mod support;

use support::{DATA, DEPLETION, STUDY, fresh_folder, on_small_body, osteon, put, put_study};

/// (what, text to replace, replacement, line where it is told, words of the message).
const SCENARIOS: [(&str, &str, &str, usize, &[&str]); 16] = [
    (
        "unknown unit",
        "\"320 mg/d\"",
        "\"320 mgg/d\"",
        9,
        &["mgg", "magnesium"],
    ),
    ("bare number", "\"75 kg\"", "75", 7, &["weight", "unit"]),
    (
        "wrong dimension",
        "\"75 kg\"",
        "\"75 cm\"",
        7,
        &["weight", "cm"],
    ),
    ("missing age", "age = \"30 a\"\n", "", 4, &["age"]),
    ("zero weight", "\"75 kg\"", "\"0 kg\"", 7, &["weight"]),
    ("negative weight", "\"75 kg\"", "\"-75 kg\"", 7, &["weight"]),
    ("negative dose", "\"300 mg\"", "\"-300 mg\"", 18, &["dose"]),
    (
        "unknown supplement",
        "magnesium citrate",
        "magnesium citrat",
        18,
        &["magnesium citrat", "did you mean `magnesium citrate`?"],
    ),
    (
        "unknown product",
        "magnesium sulfate iv",
        "magnesium sulfte iv",
        22,
        &["magnesium sulfte iv", "did you mean"],
    ),
    (
        "unknown nutrient",
        "{ magnesium = \"160 mg/d\" }",
        "{ magnesum = \"160 mg/d\" }",
        14,
        &["magnesum", "did you mean `magnesium`?"],
    ),
    (
        "unknown quantity",
        "\"urine.Mg\"]",
        "\"urin.Mg\"]",
        29,
        &["urin.Mg", "did you mean `urine.Mg`?"],
    ),
    (
        "unknown key",
        "[record]\nuntil",
        "[record]\nuntill",
        27,
        &["untill", "until"],
    ),
    (
        "phase ends before it begins",
        "until = \"21 d\"",
        "until = \"-3 d\"",
        13,
        &["until"],
    ),
    ("unknown sex", "\"male\"", "\"man\"", 5, &["sex"]),
    ("not TOML", "[record]", "[record", 26, &["TOML"]),
    (
        "record never ends",
        "until = \"35 d\"\n",
        "",
        26,
        &["until"],
    ),
];

/// What a message lacks, if anything.
fn lacking(told: &support::Told, place: &str, words: &[&str]) -> Option<String> {
    let mut wanted = vec![place, "help:"];
    wanted.extend(words);
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|w| !told.stderr.contains(w))
        .collect();
    (told.code != 1 || !missing.is_empty()).then(|| {
        format!(
            "exit {}, lacks {missing:?}:\n{}{}",
            told.code, told.stdout, told.stderr
        )
    })
}

#[test]
fn faults_of_scenarios() {
    let folder = fresh_folder("bad-scenarios");
    put(&folder.join("good.toml"), DEPLETION);
    assert_eq!(on_small_body(&folder, &["check", "good.toml"]).code, 0);
    let mut poor = Vec::new();
    for (what, from, to, line, words) in SCENARIOS {
        assert!(DEPLETION.contains(from), "{what}");
        put(&folder.join("bad.toml"), &DEPLETION.replacen(from, to, 1));
        for command in ["check", "run"] {
            let told = on_small_body(&folder, &[command, "bad.toml"]);
            poor.extend(
                lacking(&told, &format!("bad.toml:{line}:"), words)
                    .map(|l| format!("{what}, {command}: {l}")),
            );
        }
    }
    assert!(poor.is_empty(), "{}", poor.join("\n"));
}

/// (what, file, text to replace, replacement, line, words).
type BadStudy = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    usize,
    &'static [&'static str],
);
const STUDIES: [BadStudy; 21] = [
    (
        "unknown quantity",
        "data.csv",
        "serum.Mg,,21 d,sign",
        "serum.mg,,21 d,sign",
        3,
        &["serum.mg", "did you mean `serum.Mg`?"],
    ),
    (
        "no arms",
        "data.csv",
        "serum.Mg,,21 d,sign",
        "serum.Mg,treated,21 d,sign",
        3,
        &["no arm `treated`"],
    ),
    (
        "unit of another kind",
        "data.csv",
        "mg/dL",
        "mg/d",
        2,
        &["mg/d", "mmol/L or mg/dL"],
    ),
    (
        "unknown unit",
        "data.csv",
        "mg/dL",
        "mgdl",
        2,
        &["unknown unit `mgdl`", "for example mmol/L"],
    ),
    (
        "no unit",
        "data.csv",
        "value,mg/dL",
        "value,",
        2,
        &["has no unit"],
    ),
    (
        "not a number",
        "data.csv",
        "1.2,0.5",
        "1.2x,0.5",
        2,
        &["`value` is not a number: `1.2x`"],
    ),
    (
        "no value",
        "data.csv",
        "1.2,0.5",
        ",0.5",
        2,
        &["has no `value`"],
    ),
    (
        "NaN",
        "data.csv",
        "1.2,0.5",
        "NaN,0.5",
        2,
        &["not a number"],
    ),
    (
        "value outside its interval",
        "data.csv",
        "1.2,0.5,2.4",
        "1.2,2.4,0.5",
        2,
        &["outside its interval"],
    ),
    (
        "half an interval",
        "data.csv",
        "1.2,0.5,2.4",
        "1.2,0.5,",
        2,
        &["gives `lower` and not `upper`"],
    ),
    (
        "time without unit",
        "data.csv",
        ",21 d,sign",
        ",21,sign",
        3,
        &["not a time: `21`"],
    ),
    (
        "time after the end",
        "data.csv",
        ",21 d,sign",
        ",99 d,sign",
        3,
        &["ends before 99 d"],
    ),
    (
        "unknown kind",
        "data.csv",
        "percent_change",
        "percent_chang",
        5,
        &["did you mean `percent_change`?"],
    ),
    (
        "sign that is none",
        "data.csv",
        "sign,,-1",
        "sign,,-3",
        3,
        &["a sign is -1, 0 or 1"],
    ),
    (
        "ratio with a unit",
        "data.csv",
        "ratio_to_baseline,1,",
        "ratio_to_baseline,mmol/L,",
        4,
        &["a ratio has the unit 1"],
    ),
    (
        "one arm compared",
        "data.csv",
        "ratio_to_baseline",
        "ratio_between_arms",
        4,
        &["two different arms"],
    ),
    (
        "too many fields",
        "data.csv",
        "26,fell",
        "26,fell, or not",
        3,
        &["fields", "double quotes"],
    ),
    (
        "unknown column",
        "data.csv",
        "spread,n",
        "spred,n",
        1,
        &["no column `spred`", "did you mean `spread`?"],
    ),
    (
        "missing key",
        "study.toml",
        "cites = \"author-1999\"\n",
        "",
        1,
        &["does not say `cites`"],
    ),
    (
        "unknown link",
        "study.toml",
        "mechanistic",
        "mechanical",
        5,
        &["mechanistic, trial, association"],
    ),
    (
        "misspelt key",
        "study.toml",
        "population",
        "poplation",
        3,
        &["did you mean `population`?"],
    ),
];

#[test]
fn faults_of_studies() {
    let folder = fresh_folder("bad-studies");
    put_study(&folder.join("good-1999"));
    let told = on_small_body(&folder, &["check", "good-1999"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let mut poor = Vec::new();
    for (what, file, from, to, line, words) in STUDIES {
        let study = folder.join("bad-1999");
        put_study(&study);
        let sound = if file == "data.csv" { DATA } else { STUDY };
        assert!(sound.contains(from), "{what}");
        put(&study.join(file), &sound.replacen(from, to, 1));
        for command in ["check", "studies"] {
            let told = on_small_body(&folder, &[command, "bad-1999"]);
            poor.extend(
                lacking(&told, &format!("bad-1999/{file}:{line}:"), words)
                    .map(|l| format!("{what}, {command}: {l}")),
            );
        }
    }
    assert!(poor.is_empty(), "{}", poor.join("\n"));
}

#[test]
fn a_missing_file_of_a_study() {
    let folder = fresh_folder("bad-missing");
    put(&folder.join("a-1999/study.toml"), STUDY);
    let told = on_small_body(&folder, &["studies", "a-1999"]);
    assert_eq!(told.code, 1);
    assert!(
        told.stderr.contains("a-1999/scenario.toml") && told.stderr.contains("a-1999/data.csv"),
        "all missing files are named: {}",
        told.stderr
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let folder = fresh_folder("bad-many");
    put(
        &folder.join("bad.toml"),
        &DEPLETION
            .replace("\"75 kg\"", "75")
            .replace("magnesium citrate", "magnesium citrat")
            .replace("serum.Mg", "serun.Mg"),
    );
    let told = on_small_body(&folder, &["check", "bad.toml"]);
    assert_eq!(told.stderr.matches("error[").count(), 3, "{}", told.stderr);
    let told = on_small_body(&folder, &["check", "bad.toml", "--json"]);
    assert_eq!(told.code, 1);
    let json: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let found = json["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 3);
    for one in found {
        assert!(
            one["id"].is_string()
                && one["line"].is_number()
                && one["file"] == "bad.toml"
                && one["severity"] == "error",
            "{one}"
        );
    }
}

#[test]
fn faults_of_models() {
    let folder = fresh_folder("bad-models");
    let cases: [(&str, &str); 3] = [
        ("model a()\n  x := y\n  y := x\nend\n", "x"),
        ("model a()\n  x = 1\n  y := x + z\nend\n", "z"),
        ("model a()\n  x = = 3\nend\n", "model.ant:2:"),
    ];
    for (text, word) in cases {
        put(&folder.join("model.ant"), text);
        let told = osteon(&folder, &["check", "model.ant"]);
        assert_eq!(told.code, 1, "{text}: {}", told.stderr);
        assert!(
            told.stderr.contains("error[")
                && told.stderr.contains(word)
                && told.stderr.contains("model.ant:"),
            "{text}: {}",
            told.stderr
        );
    }
}

#[test]
fn wrong_use_is_two() {
    let folder = fresh_folder("bad-use");
    for words in [
        &["fly"][..],
        &["run"],
        &["run", "x", "--us", "--si"],
        &["list", "nonsense"],
        &["check", "nowhere.toml"],
        &["studies", "nowhere"],
        &["--project", "nowhere", "list"],
    ] {
        let told = on_small_body(&folder, words);
        assert_eq!(told.code, 2, "{words:?}: {}", told.stderr);
        assert!(
            !told.stderr.is_empty() && told.stdout.is_empty(),
            "{words:?}"
        );
    }
    put(&folder.join("s.toml"), DEPLETION);
    let told = on_small_body(&folder, &["run", "s.toml", "--every", "1"]);
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("--every"), "{}", told.stderr);
    let told = on_small_body(&folder, &["run", "s.toml", "--quantities", "serum.Mq"]);
    assert_eq!(told.code, 2);
    assert!(
        told.stderr.contains("did you mean `serum.Mg`?"),
        "{}",
        told.stderr
    );
}

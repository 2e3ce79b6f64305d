//! A table of bad scenarios of people's lives, each with the diagnostic it gets: place, words of the message, remedy.

mod support;

use serde::Deserialize;
use support::{fresh_folder, osteon, put};

#[derive(Deserialize)]
struct Cases {
    base: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    what: String,
    from: String,
    to: String,
    line: usize,
    id: String,
    words: Vec<String>,
}

fn cases() -> Cases {
    toml::from_str(include_str!("bad_lives.toml")).expect("the table is TOML")
}

#[test]
fn the_base_is_sound() {
    let folder = fresh_folder("bad-lives-base");
    put(&folder.join("life.toml"), &cases().base);
    let told = osteon(&folder, &["check", "life.toml"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
}

#[test]
fn every_bad_life_gets_its_message() {
    let folder = fresh_folder("bad-lives");
    let cases = cases();
    assert!(cases.case.len() >= 60, "{} cases", cases.case.len());
    let mut poor = Vec::new();
    for case in &cases.case {
        assert!(cases.base.contains(&case.from), "{}", case.what);
        let text = cases.base.replacen(&case.from, &case.to, 1);
        put(&folder.join("life.toml"), &text);
        let told = osteon(&folder, &["check", "life.toml"]);
        let mut wanted = vec![
            format!("error[{}]", case.id),
            format!("life.toml:{}:", case.line),
        ];
        // A remedy belongs to every message; syntax is told by the reader of TOML, whose help we add.
        wanted.push("help:".to_owned());
        wanted.extend(case.words.iter().cloned());
        let missing: Vec<&String> = wanted
            .iter()
            .filter(|w| !told.stderr.contains(w.as_str()))
            .collect();
        if told.code != 1 || !missing.is_empty() {
            poor.push(format!(
                "{}: exit {}, lacks {missing:?}:\n{}",
                case.what, told.code, told.stderr
            ));
        }
    }
    assert!(poor.is_empty(), "{} poor:\n{}", poor.len(), poor.join("\n"));
}

/// What is unsafe runs, for that is what a simulator is for, and is told before.
#[test]
fn unsafe_lives_are_cautioned() {
    let folder = fresh_folder("unsafe-lives");
    let base = cases().base;
    let told_of = |from: &str, to: &str| {
        assert!(base.contains(from), "{from}");
        put(&folder.join("life.toml"), &base.replacen(from, to, 1));
        let told = osteon(&folder, &["check", "life.toml"]);
        assert_eq!(told.code, 0, "{}", told.stderr);
        told.stderr
    };
    assert!(!told_of("CKD 3a", "CKD 3a").contains("caution:"));
    let told = told_of("\"300 mg\"", "\"500 mg\"");
    assert!(
        told.contains("caution:") && told.contains("350 mg/d") && told.contains("[iom-1997]"),
        "{told}"
    );
    let told = told_of("CKD 3a", "CKD 4");
    assert!(
        told.contains("`CKD 4` and magnesium") && told.contains("accumulates"),
        "{told}"
    );
}

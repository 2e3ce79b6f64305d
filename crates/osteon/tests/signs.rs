//! The signs that any faithful body must show, judged by the program as its users judge studies.
//!
//! Every row of every folder of `signs/` is within its bounds, except those that `signs/open.txt` lists with a reason.
//! A listed row that has come within fails the test too: its line must go, so that it cannot be lost again unseen.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use support::{fresh_folder, osteon};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Lines `sign | quantity | arm | at | as | reason` → the row and its reason.
fn open_rows(text: &str) -> BTreeMap<[String; 5], String> {
    let mut rows = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [sign, quantity, arm, at, how, reason] = parts[..] else {
            panic!("signs/open.txt:{}: six fields wanted: {line}", number + 1);
        };
        assert!(
            reason.len() > 15,
            "signs/open.txt:{}: a reason is wanted: {line}",
            number + 1
        );
        let row = [sign, quantity, arm, at, how].map(str::to_owned);
        assert!(
            rows.insert(row, reason.to_owned()).is_none(),
            "signs/open.txt:{}: stands twice: {line}",
            number + 1
        );
    }
    rows
}

#[test]
fn every_sign_holds_but_those_that_are_listed_as_open() {
    let root = repository();
    let folders: BTreeSet<String> = fs::read_dir(root.join("signs"))
        .expect("the signs")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let open = open_rows(&fs::read_to_string(root.join("signs/open.txt")).expect("signs/open.txt"));

    let (root, signs) = (
        root.display().to_string(),
        root.join("signs").display().to_string(),
    );
    let told = osteon(
        &fresh_folder("signs"),
        &["--project", &root, "studies", &signs, "--json"],
    );
    let rows: Vec<serde_json::Value> = serde_json::from_str(&told.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", told.stdout, told.stderr));

    let word = |row: &serde_json::Value, name: &str| {
        row[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {row}"))
            .to_owned()
    };
    let (mut judged, mut seen, mut wrong) = (BTreeSet::new(), BTreeSet::new(), String::new());
    for row in &rows {
        let name = ["study", "quantity", "arm", "at", "as"].map(|n| word(row, n));
        judged.insert(name[0].clone());
        let line = name.join(" | ");
        let within = word(row, "verdict") == "within";
        let listed = open.contains_key(&name);
        if !within && !listed {
            wrong += &format!(
                "{}: {line}: {} is not within {} and {}\n",
                word(row, "verdict"),
                row["predicted"],
                row["lower"],
                row["upper"]
            );
        }
        if within && listed {
            wrong += &format!("now within, take it out of signs/open.txt: {line}\n");
        }
        assert!(seen.insert(name), "a row stands twice: {line}");
    }
    for name in open.keys().filter(|name| !seen.contains(*name)) {
        wrong += &format!(
            "no such row, listed in signs/open.txt: {}\n",
            name.join(" | ")
        );
    }
    assert_eq!(judged, folders, "folders that were judged; {}", told.stderr);
    assert!(wrong.is_empty(), "{wrong}");
}

//! The pages of `docs/diagnostics/` about studies and fits are their tests: every example does what its last line says.

mod small_project;

use std::fs;
use std::path::{Path, PathBuf};

use osteon_model::MemorySources;
use osteon_sim::{Body, Diagnostics};
use osteon_study::{check_names, read_claims, read_fit, read_study};
use small_project::small_body;

const SCENARIO: &str = r#"
[person]
sex = "male"
age = "30 a"
weight = "75 kg"
height = "178 cm"
usual_diet = { magnesium = "320 mg/d", vitamin_D = "5 ug/d" }

[record]
until = "21 d"
every = "1 d"
"#;
const STUDY: &str =
    "cites = \"a-1999\"\nsays = \"x\"\npopulation = \"x\"\nlink = \"trial\"\nused_to_fit = []\n";
const DATA: &str = "quantity,at,as,unit,value\nserum.Mg,21 d,value,mmol/L,0.61\n";
/// Tested by the command line's tests: a page cannot show a file that is not there, nor one that is not ours.
const WITHOUT_EXAMPLES: [&str; 1] = ["study-missing-file"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(id: &str, language: &str, block: &str, body: &Body) -> Result<(), Diagnostics> {
    if id.starts_with("fit-") {
        return read_fit(block, "fit.toml", body).map(|_| ());
    }
    if id.starts_with("claims-") {
        return read_claims_against(block, body);
    }
    let mut sources = MemorySources::new();
    sources.insert(
        "a/study.toml",
        if language == "toml" { block } else { STUDY },
    );
    sources.insert("a/scenario.toml", SCENARIO);
    sources.insert("a/data.csv", if language == "csv" { block } else { DATA });
    read_study(&sources, "a", body).map(|_| ())
}

/// The table of claims, beside one study called `a`.
fn read_claims_against(block: &str, body: &Body) -> Result<(), Diagnostics> {
    let (claims, mut faults) = read_claims(block, "evidence/claims.toml")?;
    let mut sources = MemorySources::new();
    sources.insert("studies/a/study.toml", STUDY);
    sources.insert("studies/a/scenario.toml", SCENARIO);
    sources.insert("studies/a/data.csv", DATA);
    let study = read_study(&sources, "studies/a", body)?;
    check_names(
        &claims,
        &sources,
        &[("studies/a".to_owned(), study)],
        &mut faults,
    );
    if faults.has_errors() {
        Err(faults)
    } else {
        Ok(())
    }
}

#[test]
fn every_example_does_what_it_says() {
    let body = small_body();
    let mut pages = 0;
    for entry in fs::read_dir(root().join("docs/diagnostics"))
        .expect("the pages")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = name.trim_end_matches(".md");
        let ours = ["study-", "fit-", "claims-"];
        if !ours.iter().any(|o| id.starts_with(o)) || WITHOUT_EXAMPLES.contains(&id) {
            continue;
        }
        pages += 1;
        let text = fs::read_to_string(entry.path()).expect("a page");
        let (mut failing, mut sound) = (0, 0);
        for part in text.split("```").skip(1).step_by(2) {
            let (language, block) = part.split_once('\n').expect("a block");
            let verdict = block.trim_end().lines().last().expect("a last line").trim();
            let found = read(id, language, block, &body);
            if verdict == "# ok" {
                sound += 1;
                assert!(
                    found.is_ok(),
                    "{name}: {}",
                    found.expect_err("a fault").render()
                );
            } else {
                failing += 1;
                assert_eq!(verdict, format!("# error: [{id}]"), "{name}");
                let faults = found.expect_err("the example should fail");
                assert!(
                    faults
                        .list
                        .iter()
                        .any(|d| d.id == id && d.help.is_some() && !d.labels.is_empty()),
                    "{name}: {}",
                    faults.render()
                );
            }
        }
        assert!(
            failing > 0 && sound > 0,
            "{name} shows no fault or no remedy"
        );
    }
    assert!(pages >= 15, "{pages} pages");
}

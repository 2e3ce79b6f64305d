//! Runs the program as its users do.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a call of the program gave.
pub struct Told {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A folder on disk as a source of texts.
pub struct OnDisk(pub PathBuf);

impl osteon_model::Sources for OnDisk {
    fn text(&self, id: &str) -> Result<String, osteon_model::SourceError> {
        fs::read_to_string(self.0.join(id)).map_err(|e| osteon_model::SourceError {
            id: id.to_owned(),
            reason: e.to_string(),
        })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, osteon_model::SourceError> {
        let entries = fs::read_dir(self.0.join(dir)).map_err(|e| osteon_model::SourceError {
            id: dir.to_owned(),
            reason: e.to_string(),
        })?;
        let mut names: Vec<String> = entries
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        Ok(names)
    }
}

/// A fresh folder of this name for one test.
pub fn fresh_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

/// Writes a file and the folders above it.
pub fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, text).expect("a file");
}

/// Calls `osteon` with these words in a folder.
pub fn osteon(folder: &Path, words: &[&str]) -> Told {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_osteon"))
        .args(words)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    Told {
        code: status.code().expect("an exit code"),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8(stderr).expect("UTF-8"),
    }
}

/// A project around a small body: one nutrient, a handful of library entries.
pub fn small_project() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../osteon-study/tests/small_project")
        .display()
        .to_string()
}

/// Calls `osteon` on the small body.
pub fn on_small_body(folder: &Path, words: &[&str]) -> Told {
    let project = small_project();
    let mut all = vec!["--project", &project];
    all.extend(words);
    osteon(folder, &all)
}

/// A sound scenario for the small body, which tests bend.
pub const DEPLETION: &str = r#"title = "Three weeks on a low magnesium diet, then repletion"
start = "day 0"

[person]
sex = "male"
age = "30 a"
weight = "75 kg"
height = "178 cm"
usual_diet = { magnesium = "320 mg/d", vitamin_D = "5 ug/d" }

[[phase]]
from = "0 d"
until = "21 d"
diet = { magnesium = "160 mg/d" }

[[phase]]
from = "21 d"
supplement = { use = "magnesium citrate", dose = "300 mg", at = ["08:00"], every = "1 d" }

[[dose]]
at = "21 d 08:00"
use = "magnesium sulfate iv"
amount = "8 mmol"
over = "4 h"

[record]
until = "35 d"
every = "1 d"
quantities = ["serum.Mg", "urine.Mg"]
"#;

/// A sound study around [`DEPLETION`].
pub const STUDY: &str = r#"cites = "author-1999"
says = "Three weeks of depletion lower serum magnesium."
population = "26 healthy adults"
domain = "depletion"
link = "mechanistic"
used_to_fit = ["urine.Mg"]
notes = "made up for a test"
"#;

/// Sound data of [`STUDY`].
pub const DATA: &str = "quantity,arm,at,as,unit,value,lower,upper,spread,n,note
serum.Mg,,21 d,value,mg/dL,1.2,0.5,2.4,,26,
serum.Mg,,21 d,sign,,-1,,,,26,fell
urine.Mg,,21 d,ratio_to_baseline,1,0.45,0.3,0.6,,26,
serum.Mg,,21 d,percent_change,%,50,,,,26,made up to be of the wrong sign
";

/// Puts the study into a folder.
pub fn put_study(folder: &Path) {
    put(&folder.join("study.toml"), STUDY);
    put(&folder.join("scenario.toml"), DEPLETION);
    put(&folder.join("data.csv"), DATA);
}

/// Copies the small project to a folder of its own, so that it can be bent.
pub fn copy_small_project(to: &Path) {
    for part in ["body", "library"] {
        for entry in fs::read_dir(Path::new(&small_project()).join(part))
            .expect("the small project")
            .flatten()
        {
            let text = fs::read_to_string(entry.path()).expect("a text");
            put(&to.join(part).join(entry.file_name()), &text);
        }
    }
}

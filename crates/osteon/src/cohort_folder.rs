//! The folder of a cohort: part-files, `manifest.json` that says what they are, and a journal of finished parts while work goes on.
//! A part is written beside its place and moved there, so that a file with the name of a part is always whole.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::outcome::{Fault, outside};

const MANIFEST: &str = "manifest.json";
const JOURNAL: &str = "finished.jsonl";
const FORM: &str = "osteon cohort 1";

/// Hash of a file's bytes, as `sha256sum` prints it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// What a folder holds.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// Everything that decides about the bytes: versions, hashes, tolerances. Equal for all shards of one cohort.
    pub(crate) identity: Map<String, Value>,
    /// `k/N`.
    pub(crate) shard: String,
    /// Number of parts of the whole cohort.
    pub(crate) parts_of_whole: usize,
    /// All parts of the shard are there.
    pub(crate) complete: bool,
    /// Finished parts by number.
    pub(crate) parts: BTreeMap<usize, Value>,
}

impl Manifest {
    fn text(&self) -> String {
        let parts: Vec<&Value> = self.parts.values().collect();
        let whole = json!({
            "form": FORM,
            "identity": self.identity,
            "shard": self.shard,
            "parts_of_whole": self.parts_of_whole,
            "complete": self.complete,
            "parts": parts,
        });
        format!("{whole:#}\n")
    }

    /// Runs that failed in all finished parts.
    pub(crate) fn failed(&self) -> usize {
        let parts = self.parts.values();
        parts
            .filter_map(|part| part["failed"].as_array())
            .map(Vec::len)
            .sum()
    }

    /// Reads the manifest of a folder.
    pub(crate) fn read(folder: &Path) -> Result<Option<Manifest>, Fault> {
        let path = folder.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(outside("read", &path, error)),
        };
        let strange = || {
            outside(
                "read",
                &path,
                "it is no manifest of a cohort of this version",
            )
        };
        let value: Value = serde_json::from_str(&text).map_err(|_| strange())?;
        if value["form"] != FORM {
            return Err(strange());
        }
        let parts = value["parts"].as_array().ok_or_else(strange)?;
        Ok(Some(Manifest {
            identity: value["identity"].as_object().cloned().ok_or_else(strange)?,
            shard: value["shard"].as_str().ok_or_else(strange)?.to_owned(),
            parts_of_whole: value["parts_of_whole"].as_u64().ok_or_else(strange)? as usize,
            complete: value["complete"] == true,
            parts: parts.iter().filter_map(numbered).collect(),
        }))
    }

    /// The first thing in which two cohorts differ, in words.
    pub(crate) fn difference(&self, other: &Map<String, Value>) -> Option<String> {
        let keys = self.identity.keys().chain(other.keys());
        let different = keys
            .into_iter()
            .find(|k| self.identity.get(*k) != other.get(*k))?;
        let show = |value: Option<&Value>| match value {
            Some(Value::String(text)) if text.len() > 70 => "a longer text".to_owned(),
            Some(value) => value.to_string(),
            None => "nothing".to_owned(),
        };
        let (here, there) = (
            show(self.identity.get(different)),
            show(other.get(different)),
        );
        Some(format!(
            "`{different}` is {here} in one and {there} in the other"
        ))
    }
}

fn numbered(part: &Value) -> Option<(usize, Value)> {
    Some((part["part"].as_u64()? as usize, part.clone()))
}

/// True if the file that a manifest's or journal's entry speaks of is there, unchanged.
pub(crate) fn stands(folder: &Path, part: &Value) -> bool {
    let Some(file) = part["file"].as_str().filter(|f| !f.contains(['/', '\\'])) else {
        return false;
    };
    fs::read(folder.join(file)).is_ok_and(|bytes| part["sha256"] == sha256(&bytes))
}

/// A folder into which a shard is being written.
pub(crate) struct CohortFolder {
    root: PathBuf,
    pub(crate) manifest: Manifest,
    journal: File,
}

impl CohortFolder {
    /// Opens a new folder, or one in which the same shard of the same cohort was begun: its finished parts are kept.
    pub(crate) fn open(root: &Path, fresh: Manifest) -> Result<CohortFolder, Fault> {
        fs::create_dir_all(root).map_err(|e| outside("make the folder", root, e))?;
        let mut manifest = fresh;
        if let Some(old) = Manifest::read(root)? {
            let other = old.difference(&manifest.identity).or_else(|| {
                (old.shard != manifest.shard).then(|| {
                    format!(
                        "it holds shard {}, and this is shard {}",
                        old.shard, manifest.shard
                    )
                })
            });
            if let Some(other) = other {
                return Err(Fault::Failed(format!(
                    "error: {} holds another run: {other}\n   = help: choose another folder with -o, or remove this one",
                    root.display()
                )));
            }
            manifest.parts = old.parts;
        }
        let path = root.join(JOURNAL);
        for line in fs::read_to_string(&path)
            .unwrap_or_else(|_| String::new())
            .lines()
        {
            // The last line may have been cut off.
            if let Some((number, part)) =
                serde_json::from_str(line).ok().as_ref().and_then(numbered)
            {
                manifest.parts.insert(number, part);
            }
        }
        manifest.parts.retain(|_, part| stands(root, part));
        manifest.complete = false;
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| outside("write", &path, e))?;
        let mut folder = CohortFolder {
            root: root.to_owned(),
            manifest,
            journal,
        };
        folder.write_manifest()?;
        // A line that was cut off must not swallow the next one.
        writeln!(folder.journal).map_err(|e| outside("write", &path, e))?;
        Ok(folder)
    }

    /// Keeps a part: its bytes, and what is to be known about them (`file`, `bytes` and `sha256` are added).
    pub(crate) fn keep(
        &mut self,
        number: usize,
        ending: &str,
        bytes: &[u8],
        mut about: Map<String, Value>,
    ) -> Result<(), String> {
        let file = format!("part-{number:05}.{ending}");
        let (place, beside) = (
            self.root.join(&file),
            self.root.join(format!("{file}.unfinished")),
        );
        let fault = |e: std::io::Error| format!("cannot write {}: {e}", place.display());
        fs::write(&beside, bytes)
            .and_then(|()| fs::rename(&beside, &place))
            .map_err(fault)?;
        about.insert("part".to_owned(), json!(number));
        about.insert("file".to_owned(), json!(file));
        about.insert("bytes".to_owned(), json!(bytes.len()));
        about.insert("sha256".to_owned(), json!(sha256(bytes)));
        let part = Value::Object(about);
        writeln!(self.journal, "{part}")
            .and_then(|()| self.journal.flush())
            .map_err(fault)?;
        self.manifest.parts.insert(number, part);
        Ok(())
    }

    /// All parts are there: the manifest says so and the journal is not needed any more.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        self.manifest.complete = true;
        self.write_manifest()?;
        let path = self.root.join(JOURNAL);
        fs::remove_file(&path).map_err(|e| outside("remove", &path, e))
    }

    fn write_manifest(&mut self) -> Result<(), Fault> {
        let (place, beside) = (
            self.root.join(MANIFEST),
            self.root.join("manifest.json.unfinished"),
        );
        fs::write(&beside, self.manifest.text())
            .and_then(|()| fs::rename(&beside, &place))
            .map_err(|e| outside("write", &place, e))
    }
}

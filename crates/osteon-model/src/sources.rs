//! The outside world as the engine sees it: texts by name. Disk, embedded and in-memory versions live with the clients.

use std::collections::BTreeMap;

/// Why a source could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// What was asked for.
    pub id: String,
    /// Why it failed, in words for a person.
    pub reason: String,
}

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.id, self.reason)
    }
}

impl std::error::Error for SourceError {}

/// Texts and bytes by name. Names are `/`-separated paths such as `body/body.ant`.
pub trait Sources {
    /// The text called `id`.
    ///
    /// # Errors
    /// When there is none or it cannot be read.
    fn text(&self, id: &str) -> Result<String, SourceError>;

    /// The bytes called `id`.
    ///
    /// # Errors
    /// When there are none or they cannot be read.
    fn bytes(&self, id: &str) -> Result<Vec<u8>, SourceError> {
        self.text(id).map(String::into_bytes)
    }

    /// Names directly inside a folder, sorted; folders end in `/`.
    ///
    /// # Errors
    /// When the folder does not exist.
    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError>;
}

/// Sources held in memory, for tests, the browser and embedded files.
#[derive(Debug, Clone, Default)]
pub struct MemorySources {
    files: BTreeMap<String, String>,
}

impl MemorySources {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn insert(&mut self, id: impl Into<String>, text: impl Into<String>) {
        self.files.insert(id.into(), text.into());
    }
}

impl Sources for MemorySources {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        self.files.get(id).cloned().ok_or_else(|| SourceError {
            id: id.to_owned(),
            reason: "no such file".to_owned(),
        })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let prefix = if dir.is_empty() || dir.ends_with('/') {
            dir.to_owned()
        } else {
            format!("{dir}/")
        };
        let mut names: Vec<String> = Vec::new();
        for key in self.files.keys() {
            if let Some(rest) = key.strip_prefix(&prefix) {
                let name = rest
                    .split_once('/')
                    .map_or(rest.to_owned(), |(folder, _)| format!("{folder}/"));
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            return Err(SourceError {
                id: dir.to_owned(),
                reason: "no such folder".to_owned(),
            });
        }
        Ok(names)
    }
}

//! Texts below a folder.

use std::path::PathBuf;

use osteon_model::{SourceError, Sources};

/// A folder on disk.
pub struct Folder(pub PathBuf);

impl Sources for Folder {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        std::fs::read_to_string(self.0.join(id)).map_err(|e| SourceError { id: id.to_owned(), reason: e.to_string() })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let entries = std::fs::read_dir(self.0.join(dir)).map_err(|e| SourceError { id: dir.to_owned(), reason: e.to_string() })?;
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .map(|e| e.file_name().to_string_lossy().into_owned() + if e.path().is_dir() { "/" } else { "" })
            .collect();
        names.sort();
        Ok(names)
    }
}

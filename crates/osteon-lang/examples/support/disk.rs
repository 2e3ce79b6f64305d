//! Files of the disk for the examples; the library itself touches none.

use osteon_model::{SourceError, Sources};

/// Texts by path from the working directory.
pub struct Disk;

impl Sources for Disk {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        std::fs::read_to_string(id).map_err(|e| SourceError {
            id: id.to_owned(),
            reason: e.to_string(),
        })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        Err(SourceError {
            id: dir.to_owned(),
            reason: "the examples list no folders".to_owned(),
        })
    }
}

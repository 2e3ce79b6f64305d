//! What the fuzz targets share: the project as sources, its body, and an input cut into several files.

use std::path::PathBuf;
use std::sync::LazyLock;

use osteon_model::{MemorySources, SourceError, Sources};
use osteon_sim::Body;

/// The project's folder: `OSTEON_PROJECT`, or the one that this crate was built in.
pub fn project() -> PathBuf {
    std::env::var_os("OSTEON_PROJECT")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), PathBuf::from)
}

struct Folder(PathBuf);

impl Sources for Folder {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        std::fs::read_to_string(self.0.join(id)).map_err(|e| SourceError { id: id.to_owned(), reason: e.to_string() })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let failed = |e: std::io::Error| SourceError { id: dir.to_owned(), reason: e.to_string() };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.0.join(dir)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            names.push(if entry.path().is_dir() { name + "/" } else { name });
        }
        names.sort();
        Ok(names)
    }
}

/// The body and library of the project, loaded once.
pub static BODY: LazyLock<Body> = LazyLock::new(|| Body::load(&Folder(project())).expect("the project's body loads"));

/// An input cut into files at lines that hold only `%%%%`: the first is `names[0]`, and so on; what is missing is empty.
pub fn files(text: &str, names: &[&str]) -> MemorySources {
    let mut sources = MemorySources::new();
    let mut parts = text.split("\n%%%%\n");
    for name in names {
        sources.insert(*name, parts.next().unwrap_or("").to_owned());
    }
    sources
}

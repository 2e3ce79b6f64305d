//! The small project as sources in memory.
#![allow(dead_code)]

use std::fs;
use std::path::Path;

use osteon_model::MemorySources;
use osteon_sim::Body;

/// All its texts.
pub fn sources() -> MemorySources {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small_project");
    let mut sources = MemorySources::new();
    for part in ["body", "library"] {
        for entry in fs::read_dir(folder.join(part))
            .expect("the small project")
            .flatten()
        {
            let name = format!("{part}/{}", entry.file_name().to_string_lossy());
            sources.insert(name, fs::read_to_string(entry.path()).expect("a text"));
        }
    }
    sources
}

/// Its body.
pub fn small_body() -> Body {
    let body = Body::load(&sources()).unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(!body.faults.has_errors(), "{}", body.faults.render());
    body
}

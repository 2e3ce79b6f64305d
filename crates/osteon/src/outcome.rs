//! How a command ends: exit codes, and faults on their way to stderr.

use std::fmt::Display;
use std::path::Path;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The run or check failed: exit code 1.
    Failed(String),
    /// Wrong use: exit code 2.
    Use(String),
}

/// What a command gives: `true` if all is well, `false` if it did its work and found a failure (already told).
pub(crate) type Outcome = Result<bool, Fault>;

impl Fault {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Fault::Failed(_) => 1,
            Fault::Use(_) => 2,
        }
    }

    pub(crate) fn message(&self) -> &str {
        let (Fault::Failed(text) | Fault::Use(text)) = self;
        text
    }
}

/// A fault of the outside world, with its path.
pub(crate) fn outside(doing: &str, path: &Path, error: impl Display) -> Fault {
    Fault::Failed(format!("error: cannot {doing} {}: {error}", path.display()))
}

/// `[id]` behind the word error, or nothing where there is no page to read.
pub(crate) fn in_brackets(id: &str) -> String {
    if id.is_empty() {
        String::new()
    } else {
        format!("[{id}]")
    }
}

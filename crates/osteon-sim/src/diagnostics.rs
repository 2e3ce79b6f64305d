//! Diagnostics together with the texts they point into, so that whoever receives them can show line and column.

use osteon_model::{Diagnostic, SourceMap};

/// Faults of the user's texts, all of them at once, with the texts.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// What was found, in the order of reading.
    pub list: Vec<Diagnostic>,
    /// The texts that the spans point into.
    pub sources: SourceMap,
}

impl Diagnostics {
    /// True if any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// All of them as text in the manner of rustc.
    pub fn render(&self) -> String {
        self.sources.render_all(&self.list)
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Diagnostics {}

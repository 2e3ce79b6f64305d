//! Why a document was not read.

use std::fmt;

use osteon_model::SourceError;

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SbmlError {
    /// The text, or one it refers to, cannot be had.
    Source(SourceError),
    /// Not XML, not SBML, or against the specification in a way that leaves the meaning open.
    Malformed {
        /// Which document.
        file: String,
        /// Line, from 1; 0 where no line is to blame.
        line: u32,
        /// What is wrong, in a sentence.
        message: String,
    },
    /// Sound SBML that needs what this reader does not offer.
    Unsupported {
        /// Stable id: `unsupported:delay`, `unsupported:algebraic-rule`, `unsupported:fast-reaction`, `unsupported:fbc`,
        /// `unsupported:level-1`, `unsupported:package-<name>`, …
        feature: String,
        /// Which document.
        file: String,
        /// Line, from 1; 0 where no line is to blame.
        line: u32,
    },
}

impl fmt::Display for SbmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SbmlError::Source(error) => write!(f, "{error}"),
            SbmlError::Malformed {
                file,
                line: 0,
                message,
            } => write!(f, "{file}: {message}"),
            SbmlError::Malformed {
                file,
                line,
                message,
            } => write!(f, "{file}:{line}: {message}"),
            SbmlError::Unsupported {
                feature,
                file,
                line,
            } => write!(f, "{file}:{line}: {feature}"),
        }
    }
}

impl std::error::Error for SbmlError {}

impl From<SourceError> for SbmlError {
    fn from(error: SourceError) -> Self {
        SbmlError::Source(error)
    }
}

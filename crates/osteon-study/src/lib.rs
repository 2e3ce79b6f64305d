//! osteon-study

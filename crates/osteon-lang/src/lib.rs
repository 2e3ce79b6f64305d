//! osteon-lang

//! osteon-compile

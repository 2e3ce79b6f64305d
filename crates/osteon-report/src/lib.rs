//! osteon-report

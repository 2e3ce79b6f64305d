//! osteon-sim

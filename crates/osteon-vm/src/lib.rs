//! osteon-vm

//! osteon-sbml

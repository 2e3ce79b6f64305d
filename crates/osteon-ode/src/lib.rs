//! osteon-ode

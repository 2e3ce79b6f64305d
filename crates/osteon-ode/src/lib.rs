//! Integration of stiff ordinary differential equations over a block of lanes (independent individuals).
//!
//! Knows numbers and time; must not know models, names or files. Every lane has its own time, step, stop time and status, and
//! its result never depends, to the last bit, on who sits in the neighbouring lanes.
//! One call: `Integrator::step` tries one step for every active lane; the caller acts at stops and triggers.

mod control;
mod crossing;
mod dense_output;
mod failure;
mod integrator;
mod passes;
pub mod problems;
mod rodas5p;
mod start;
mod steady;
mod system;
mod tapes;
mod work;

pub use failure::{Cause, Failure};
pub use integrator::{Integrator, Options, Progress};
pub use steady::{Steady, SteadyOptions, Unsteady, steady, zero_modes};
pub use system::System;
pub use work::Work;

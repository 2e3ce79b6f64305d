//! Compiler from a checked model to tapes: order, simplification, derivatives, sparsity, static factorisation.
//!
//! No solving and no `unsafe`. Every number in a program comes from the model; a symbol without value is a diagnostic.

mod assemble;
mod differentiate;
mod factorise;
mod graph;
mod jacobian;
mod lower;
mod order;
mod quantities;
mod schedule;
mod tangents;
mod trigger;

pub use assemble::{compile, compile_with_tangents};
pub use tangents::{Directions, TangentError};

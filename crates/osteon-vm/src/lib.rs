//! Straight tapes over lanes of individuals, and their evaluation.
//!
//! A [`Program`] is immutable and shared; [`Lanes`] is the workspace of one block of individuals. Every matrix is a structure of
//! arrays: row `i` is `[i * lanes .. (i + 1) * lanes]`. A lane's result never depends on its neighbours, and is the same bits for any
//! number of lanes on one instruction set. Knows nothing of models; the only room that may hold `unsafe`.

#[cfg(all(target_arch = "x86_64", any(unix, windows)))]
mod called;
#[cfg(all(target_arch = "x86_64", any(unix, windows)))]
mod code_order;
mod dense;
mod events;
mod executable;
mod execute;
mod lanes;
#[cfg(all(target_arch = "x86_64", any(unix, windows)))]
mod machine_code;
pub mod math;
mod op;
mod pass;
mod program;
mod rows;
mod slots;
mod symbols;
mod tangents;
mod tape;

pub use execute::InstructionSet;
pub use lanes::Lanes;
pub use op::Op;
pub use pass::{Pass, Passes};
pub use program::{
    EventCode, Layout, Nonzero, Place, Program, ProgramParts, Roots, SetError, StartPlace,
    SwitchCode, SymbolCode, SymbolIndex, TangentSwitch, Tangents, Tapes, TriggerCode, TriggerKind,
};
pub use tape::{Instruction, Tape};

//! The checked model as plain data, shared by every room of the house.
//!
//! Holds symbols, expressions, units, source spans, diagnostics and the `Sources` trait.
//! No parsing of model text, no solving, no input or output. Nothing here knows an organ or an ion.

mod diagnostic;
mod expr;
mod held;
mod model;
mod moving;
mod sources;
mod unit;

pub use diagnostic::{Diagnostic, FileId, Label, Severity, SourceMap, Span};
pub use expr::{Expr, ExprKind, Op};
pub use held::{HeldSignal, held_signals};
pub use model::{
    Annotation, Assignment, Event, ExtentOf, Initial, InitialForm, Model, Origin, Participant,
    Range, Reaction, Role, Rule, SpeciesInfo, Symbol, SymbolId,
};
pub use moving::{moves, moving};
pub use sources::{MemorySources, SourceError, Sources};
pub use unit::{Rational, Unit, UnitError};

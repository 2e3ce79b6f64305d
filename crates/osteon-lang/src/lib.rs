//! Antimony text to the flat model and back: lexer, parser, submodels, units, checks, printer.
//!
//! Three doors: [`load`] reads, [`check`] tells everything that is wrong, [`print()`] writes ([`formula`] a single expression). Texts come through
//! [`osteon_model::Sources`] alone. The meaning of the language is that of libAntimony 3; the places where this crate says more
//! (units in submodels, annotations that survive flattening, errors where libAntimony guesses) are named in `tests/lang`.
//! Knows no numerics: whoever wants values of expressions asks the compiler.

mod builtin;
mod check;
mod cursor;
mod draft;
mod expand;
mod files;
mod formula;
pub mod ids;
mod lexer;
mod load;
mod lower;
mod meaning;
mod parser;
mod print;
mod print_expr;
mod reaction;
mod statement;
mod suggest;
mod syntax;
mod unit_formula;
mod unit_words;

pub use check::check;
pub use ids::DIAGNOSTIC_IDS;
pub use load::{Parsed, load};
pub use print::print;
pub use print_expr::formula;

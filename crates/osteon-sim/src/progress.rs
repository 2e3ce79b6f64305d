//! How a client hears about long work. The engine never prints.

/// Receives word about progress. All methods do nothing unless overridden.
pub trait Progress {
    /// A part of the work begins, for example `lived life`.
    fn stage(&mut self, _name: &str) {}

    /// How much of the present part is done, 0 to 1.
    fn fraction(&mut self, _done: f64) {}

    /// Asked now and then; `true` stops the work, and what is finished is kept.
    fn cancelled(&mut self) -> bool {
        false
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}

//! Memory of a slot file, aligned to cache lines so that no vector of eight lanes straddles two of them.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line.
const LINE: usize = 64;

/// Numbers that begin at a cache line and never move.
#[derive(Debug)]
pub(crate) struct Slots {
    memory: Vec<f64>,
    first: usize,
    len: usize,
}

impl Slots {
    /// `len` zeros.
    pub fn new(len: usize) -> Slots {
        let spare = LINE / size_of::<f64>();
        let memory = vec![0.0; len + spare];
        // A promise of speed only: where the platform cannot tell, the start is as good as any.
        let first = Some(memory.as_ptr().align_offset(LINE))
            .filter(|o| *o < spare)
            .unwrap_or(0);
        Slots { memory, first, len }
    }
}

impl Deref for Slots {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.memory[self.first..self.first + self.len]
    }
}

impl DerefMut for Slots {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.memory[self.first..self.first + self.len]
    }
}

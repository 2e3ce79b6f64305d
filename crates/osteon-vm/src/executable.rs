//! Machine code of tapes: made when a tape is first run over one lane, kept beside it, run in place of the interpreter.
//!
//! One of four files with `unsafe`. What makes it sound: code is made from a tape by `machine_code.rs`, touches only rows that the tape
//! mentions, is never changed after it became executable, and exists only for an instruction set that the machine said it has. Where the
//! system gives no executable memory, or the processor is another one, there is no code and the interpreter runs.
#![allow(unsafe_code)]

use std::fmt;
use std::sync::OnceLock;

use crate::{InstructionSet, Tape};

/// The code of one tape for each instruction set, as far as it has been asked for.
#[derive(Default)]
pub(crate) struct Compiled {
    avx2: OnceLock<Option<Code>>,
    avx512: OnceLock<Option<Code>>,
}

impl Compiled {
    /// The code of `tape` for one lane; made now if it was not there. `None` if there can be none.
    pub fn get(&self, tape: &Tape, set: InstructionSet) -> Option<&Code> {
        let cell = match set {
            InstructionSet::Baseline => return None,
            InstructionSet::Avx2 => &self.avx2,
            InstructionSet::Avx512 => &self.avx512,
        };
        cell.get_or_init(|| Code::new(tape, set)).as_ref()
    }
}

/// Code belongs to one tape; a copy of the tape makes its own.
impl Clone for Compiled {
    fn clone(&self) -> Compiled {
        Compiled::default()
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compiled")
    }
}

pub(crate) use machine::Code;

#[cfg(all(target_arch = "x86_64", any(unix, windows)))]
mod machine {
    use memmap2::{Mmap, MmapMut};

    use crate::called::Called;
    use crate::machine_code::{ENTRY, Entry, assemble};
    use crate::{InstructionSet, Tape};

    /// Executable memory with the code of one tape.
    pub(crate) struct Code {
        memory: Mmap,
        entry: Entry,
    }

    impl Code {
        /// `None` if the machine lacks the set or the system gives no memory that may be run.
        pub fn new(tape: &Tape, set: InstructionSet) -> Option<Code> {
            if !set.is_available() {
                return None;
            }
            let bytes = assemble(tape, &Called::on(set)?)?;
            let mut memory = MmapMut::map_anon(bytes.len()).ok()?;
            memory.copy_from_slice(&bytes);
            let memory = memory.make_exec().ok()?;
            // SAFETY: a function of this signature begins at `ENTRY`, and the memory lives and stays unchanged as long as `self`.
            let entry =
                unsafe { std::mem::transmute::<*const u8, Entry>(memory.as_ptr().add(ENTRY)) };
            Some(Code { memory, entry })
        }

        /// Runs the code.
        ///
        /// SAFETY: `tape` is the one the code was made from, and `slots` holds every row of it.
        pub unsafe fn run(&self, tape: &Tape, slots: *mut f64) {
            debug_assert!(!self.memory.is_empty());
            // SAFETY: passed on from the caller.
            unsafe { (self.entry)(slots, tape) }
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", any(unix, windows))))]
mod machine {
    use crate::{InstructionSet, Tape};

    /// There is none on this machine.
    pub(crate) enum Code {}

    impl Code {
        pub fn new(_: &Tape, _: InstructionSet) -> Option<Code> {
            None
        }

        /// SAFETY: cannot be called.
        pub unsafe fn run(&self, _: &Tape, _: *mut f64) {
            match *self {}
        }
    }
}

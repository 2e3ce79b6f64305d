//! Loops over rows of numbers outside tapes, compiled once for each instruction set and chosen when the program runs.
//!
//! One of four files with `unsafe`. What makes it sound: a [`Passes`] exists only for an instruction set that the machine said it has.
#![allow(unsafe_code)]

use crate::InstructionSet;
use crate::math::{Arith, Fused, Plain};

/// A loop over rows. Its `run` must be `#[inline(always)]` and use no closures, else it is compiled for the baseline.
pub trait Pass {
    /// What the loop finds out.
    type Out;
    /// The loop; `A` tells how to multiply and add.
    fn run<A: Arith>(self) -> Self::Out;
}

/// Runs passes on one instruction set of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Passes(InstructionSet);

impl Passes {
    /// `None` if this machine lacks the set.
    pub fn new(set: InstructionSet) -> Option<Passes> {
        set.is_available().then_some(Passes(set))
    }

    /// On the richest set of this machine.
    pub fn best() -> Passes {
        Passes(InstructionSet::best())
    }

    /// The instruction set.
    pub fn set(self) -> InstructionSet {
        self.0
    }

    /// Runs a pass.
    #[inline]
    pub fn run<P: Pass>(self, pass: P) -> P::Out {
        match self.0 {
            InstructionSet::Baseline => pass.run::<Plain>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` and `best` found the set on this machine.
            InstructionSet::Avx2 => unsafe { avx2(pass) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            InstructionSet::Avx512 => unsafe { avx512(pass) },
            #[cfg(not(target_arch = "x86_64"))]
            _ => pass.run::<Plain>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<P: Pass>(pass: P) -> P::Out {
    pass.run::<Fused>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")]
unsafe fn avx512<P: Pass>(pass: P) -> P::Out {
    pass.run::<Fused>()
}

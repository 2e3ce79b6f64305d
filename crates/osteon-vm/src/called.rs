//! What machine code calls: the interpreter for runs of rare operations, and costly functions on vectors in registers.
//!
//! One of four files with `unsafe`. What makes it sound: these functions are called only by code that `executable.rs` made for an
//! instruction set of this machine, with the tape it was made from and a slot file that holds every row of the tape.
#![allow(unsafe_code)]
#![allow(improper_ctypes_definitions)] // vectors travel in registers, as the calling convention says
#![allow(clippy::needless_range_loop)] // see `execute.rs`: no closures in code for an instruction set

use std::arch::x86_64::{__m256d, __m512d};
use std::mem::transmute;

use crate::execute::{avx2, avx512};
use crate::math::{self, Fused};
use crate::{InstructionSet, Tape};

/// Addresses of everything that code for an instruction set may call.
#[derive(Clone, Copy)]
pub(crate) struct Called {
    /// `extern "sysv64" fn(*const Tape, run: u64, *mut f64)`: the interpreter, for one run.
    pub run: usize,
    /// `fn(x) -> e^x` on four numbers, then, where the set has such registers, on eight.
    pub exp: [Option<usize>; 2],
    /// `fn(x) -> ln x`.
    pub ln: [Option<usize>; 2],
    /// `fn(x, y, ln x) -> x^y`.
    pub pow: [Option<usize>; 2],
}

type Run = unsafe extern "sysv64" fn(*const Tape, u64, *mut f64);
type One4 = unsafe extern "sysv64" fn(__m256d) -> __m256d;
type One8 = unsafe extern "sysv64" fn(__m512d) -> __m512d;
type Three4 = unsafe extern "sysv64" fn(__m256d, __m256d, __m256d) -> __m256d;
type Three8 = unsafe extern "sysv64" fn(__m512d, __m512d, __m512d) -> __m512d;

impl Called {
    /// `None` for the set whose tapes are not compiled.
    pub fn on(set: InstructionSet) -> Option<Called> {
        let (run, wide): (Run, bool) = match set {
            InstructionSet::Baseline => return None,
            InstructionSet::Avx2 => (run_avx2, false),
            InstructionSet::Avx512 => (run_avx512, true),
        };
        let eight = |address: usize| wide.then_some(address);
        Some(Called {
            run: run as usize,
            exp: [Some(exp4 as One4 as usize), eight(exp8 as One8 as usize)],
            ln: [Some(ln4 as One4 as usize), eight(ln8 as One8 as usize)],
            pow: [
                Some(pow4 as Three4 as usize),
                eight(pow8 as Three8 as usize),
            ],
        })
    }
}

unsafe extern "sysv64" fn run_avx2(tape: *const Tape, run: u64, slots: *mut f64) {
    // SAFETY: see the beginning of the file.
    unsafe {
        let tape = &*tape;
        let run = std::slice::from_ref(&tape.runs[run as usize]);
        avx2::<1>(run, &tape.operands, slots);
    }
}

unsafe extern "sysv64" fn run_avx512(tape: *const Tape, run: u64, slots: *mut f64) {
    // SAFETY: see the beginning of the file.
    unsafe {
        let tape = &*tape;
        let run = std::slice::from_ref(&tape.runs[run as usize]);
        avx512::<1>(run, &tape.operands, slots);
    }
}

/// The functions for one kind of register.
macro_rules! on_vectors {
    ($vector:ty, $n:literal, $features:literal, $exp:ident, $ln:ident, $pow:ident, $special:ident) => {
        #[target_feature(enable = $features)]
        unsafe extern "sysv64" fn $exp(x: $vector) -> $vector {
            // SAFETY: as many numbers of the same size.
            let x = unsafe { transmute::<$vector, [f64; $n]>(x) };
            let mut out = [0.0; $n];
            for i in 0..$n {
                out[i] = math::exp_with::<Fused>(x[i], 0.0);
            }
            // SAFETY: as above.
            unsafe { transmute::<[f64; $n], $vector>(out) }
        }

        #[target_feature(enable = $features)]
        unsafe extern "sysv64" fn $ln(x: $vector) -> $vector {
            // SAFETY: as above.
            let x = unsafe { transmute::<$vector, [f64; $n]>(x) };
            let mut out = [0.0; $n];
            for i in 0..$n {
                out[i] = math::ln_with::<Fused>(x[i]);
            }
            // SAFETY: as above.
            unsafe { transmute::<[f64; $n], $vector>(out) }
        }

        #[target_feature(enable = $features)]
        unsafe extern "sysv64" fn $pow(x: $vector, y: $vector, log: $vector) -> $vector {
            // SAFETY: as above.
            let (x, y, log) = unsafe {
                (
                    transmute::<$vector, [f64; $n]>(x),
                    transmute::<$vector, [f64; $n]>(y),
                    transmute::<$vector, [f64; $n]>(log),
                )
            };
            let mut out = [0.0; $n];
            for i in 0..$n {
                out[i] = math::pow_from_ln::<Fused>(y[i], log[i]);
            }
            let mut special = 0_u64;
            for i in 0..$n {
                special |= u64::from(math::pow_is_special(x[i], y[i]));
            }
            if special != 0 {
                out = $special(x, y, out);
            }
            // SAFETY: as above.
            unsafe { transmute::<[f64; $n], $vector>(out) }
        }

        /// Rarely needed, so kept out of the way.
        #[cold]
        #[inline(never)]
        fn $special(x: [f64; $n], y: [f64; $n], mut out: [f64; $n]) -> [f64; $n] {
            for i in 0..$n {
                if math::pow_is_special(x[i], y[i]) {
                    out[i] = math::pow(x[i], y[i]);
                }
            }
            out
        }
    };
}

on_vectors!(__m256d, 4, "avx2,fma", exp4, ln4, pow4, special4);
on_vectors!(
    __m512d,
    8,
    "avx2,fma,avx512f,avx512dq,avx512vl,avx512bw",
    exp8,
    ln8,
    pow8,
    special8
);

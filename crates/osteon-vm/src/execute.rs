//! The interpreter: one dispatch per run of operations, inner loops of a fixed number of lanes, compiled for each instruction set.
//!
//! The only file of the project with `unsafe`. What makes it sound: [`Tape`] records the largest row it mentions, and
//! [`Executor::run`] refuses slot files that are shorter; instruction sets are used only after the machine said it has them.
#![allow(unsafe_code)]

use crate::math::{self, Arith, Fused, Plain};
use crate::tape::Run;
use crate::{Op, Tape};

/// An instruction set that tapes can run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// What every machine of the target has; multiplication and addition are rounded apart.
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 (F, DQ, VL, BW).
    Avx512,
}

impl InstructionSet {
    /// All, poorest first.
    pub const ALL: [InstructionSet; 3] = [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512];

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            InstructionSet::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => {
                InstructionSet::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The richest one of this machine.
    pub fn best() -> InstructionSet {
        let available = InstructionSet::ALL.into_iter().rev().find(|set| set.is_available());
        available.unwrap_or(InstructionSet::Baseline)
    }
}

type Kernel = unsafe fn(&[Run], &[[u32; 4]], *mut f64);

/// Runs tapes over a fixed number of lanes on a fixed instruction set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Executor {
    kernel: Kernel,
    width: usize,
}

impl Executor {
    /// `width` must be 1, 2, 4, 8, 16 or 32. `None` if the machine lacks the set.
    pub fn new(set: InstructionSet, width: usize) -> Option<Executor> {
        if !set.is_available() {
            return None;
        }
        let kernel = match set {
            InstructionSet::Baseline => by_width!(width, baseline),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => by_width!(width, avx2),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => by_width!(width, avx512),
            #[cfg(not(target_arch = "x86_64"))]
            _ => return None,
        };
        Some(Executor { kernel, width })
    }

    /// Runs a tape over the slot file.
    pub fn run(&self, tape: &Tape, slots: &mut [f64]) {
        assert!(tape.n_rows() * self.width <= slots.len(), "the slot file holds every row of the tape");
        // SAFETY: every operand is below `n_rows`, so every row lies inside `slots`; the set was found on this machine by `new`.
        unsafe { (self.kernel)(&tape.runs, &tape.operands, slots.as_mut_ptr()) }
    }
}

macro_rules! by_width {
    ($width:expr, $kernel:ident) => {
        match $width {
            1 => $kernel::<1> as Kernel,
            2 => $kernel::<2> as Kernel,
            4 => $kernel::<4> as Kernel,
            8 => $kernel::<8> as Kernel,
            16 => $kernel::<16> as Kernel,
            32 => $kernel::<32> as Kernel,
            _ => return None,
        }
    };
}
use by_width;

unsafe fn baseline<const L: usize>(runs: &[Run], operands: &[[u32; 4]], slots: *mut f64) {
    // SAFETY: passed on from the caller.
    unsafe { interpret::<Plain, L>(runs, operands, slots) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const L: usize>(runs: &[Run], operands: &[[u32; 4]], slots: *mut f64) {
    // SAFETY: passed on from the caller.
    unsafe { interpret::<Fused, L>(runs, operands, slots) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")]
unsafe fn avx512<const L: usize>(runs: &[Run], operands: &[[u32; 4]], slots: *mut f64) {
    // SAFETY: passed on from the caller.
    unsafe { interpret::<Fused, L>(runs, operands, slots) }
}

/// Values worked on at once by costly operations: lanes of one operation, or several operations of few lanes.
const CHUNK: usize = 8;

/// SAFETY of everything below: `slots` holds every row the operands mention, `L` numbers each.
#[inline(always)]
unsafe fn interpret<A: Arith, const L: usize>(runs: &[Run], operands: &[[u32; 4]], slots: *mut f64) {
    let bit = |x: bool| if x { 1.0 } else { 0.0 };
    for run in runs {
        let ops = &operands[run.start as usize..run.end as usize];
        // SAFETY: see above.
        unsafe {
            match run.op {
                Op::Copy => one::<L>(slots, ops, |a| a),
                Op::Neg => one::<L>(slots, ops, |a| -a),
                Op::Abs => one::<L>(slots, ops, f64::abs),
                Op::Recip => one::<L>(slots, ops, |a| 1.0 / a),
                Op::Add => two::<L>(slots, ops, |a, b| a + b),
                Op::Sub => two::<L>(slots, ops, |a, b| a - b),
                Op::Mul => two::<L>(slots, ops, |a, b| a * b),
                Op::Div => two::<L>(slots, ops, |a, b| a / b),
                Op::Fma => three::<L>(slots, ops, |a, b, c| A::mul_add(a, b, c)),
                Op::Fms => three::<L>(slots, ops, |a, b, c| A::mul_add(a, b, -c)),
                Op::Fnma => three::<L>(slots, ops, |a, b, c| A::mul_add(-a, b, c)),
                Op::Min => two::<L>(slots, ops, math::min),
                Op::Max => two::<L>(slots, ops, math::max),
                Op::Gt => two::<L>(slots, ops, |a, b| bit(a > b)),
                Op::Ge => two::<L>(slots, ops, |a, b| bit(a >= b)),
                Op::Eq => two::<L>(slots, ops, |a, b| bit(a == b)),
                Op::Ne => two::<L>(slots, ops, |a, b| bit(a != b)),
                Op::And => two::<L>(slots, ops, |a, b| bit((a != 0.0) & (b != 0.0))),
                Op::Or => two::<L>(slots, ops, |a, b| bit((a != 0.0) | (b != 0.0))),
                Op::Not => one::<L>(slots, ops, |a| bit(a == 0.0)),
                Op::Select => three::<L>(slots, ops, |a, b, c| if a != 0.0 { b } else { c }),
                Op::Floor => one::<L>(slots, ops, f64::floor),
                Op::Round => one::<L>(slots, ops, math::round),
                Op::Sqrt => one::<L>(slots, ops, f64::sqrt),
                Op::Exp => costly::<L>(slots, ops, |a, _, _| each(|i| math::exp_with::<A>(a[i], 0.0))),
                Op::Ln => costly::<L>(slots, ops, |a, _, _| each(|i| math::ln_with::<A>(a[i]))),
                Op::PowLn => costly::<L>(slots, ops, |a, b, c| {
                    let mut power = each(|i| math::pow_from_ln::<A>(b[i], c[i]));
                    let special = (0..CHUNK).fold(false, |any, i| any | math::pow_is_special(a[i], b[i]));
                    if special {
                        for i in 0..CHUNK {
                            if math::pow_is_special(a[i], b[i]) {
                                power[i] = math::pow(a[i], b[i]);
                            }
                        }
                    }
                    power
                }),
                Op::Pow => two::<L>(slots, ops, math::pow),
                Op::Sin => one::<L>(slots, ops, math::sin),
                Op::Cos => one::<L>(slots, ops, math::cos),
                Op::Tan => one::<L>(slots, ops, math::tan),
                Op::Sinh => one::<L>(slots, ops, math::sinh),
                Op::Cosh => one::<L>(slots, ops, math::cosh),
                Op::Tanh => one::<L>(slots, ops, math::tanh),
                Op::Asin => one::<L>(slots, ops, math::asin),
                Op::Acos => one::<L>(slots, ops, math::acos),
                Op::Atan => one::<L>(slots, ops, math::atan),
                Op::Asinh => one::<L>(slots, ops, math::asinh),
                Op::Acosh => one::<L>(slots, ops, math::acosh),
                Op::Atanh => one::<L>(slots, ops, math::atanh),
                Op::Factorial => one::<L>(slots, ops, math::factorial),
            }
        }
    }
}

#[inline(always)]
fn each(f: impl Fn(usize) -> f64) -> [f64; CHUNK] {
    let mut out = [0.0; CHUNK];
    for i in 0..CHUNK {
        out[i] = f(i);
    }
    out
}

#[inline(always)]
unsafe fn load<const L: usize>(slots: *const f64, row: u32) -> [f64; L] {
    // SAFETY: the row lies inside the slot file.
    unsafe { slots.add(row as usize * L).cast::<[f64; L]>().read() }
}

#[inline(always)]
unsafe fn store<const L: usize>(slots: *mut f64, row: u32, value: [f64; L]) {
    // SAFETY: the row lies inside the slot file.
    unsafe { slots.add(row as usize * L).cast::<[f64; L]>().write(value) }
}

#[inline(always)]
unsafe fn one<const L: usize>(slots: *mut f64, ops: &[[u32; 4]], f: impl Fn(f64) -> f64) {
    for [d, a, ..] in ops {
        // SAFETY: rows lie inside the slot file.
        unsafe {
            let a = load::<L>(slots, *a);
            let mut out = [0.0; L];
            for i in 0..L {
                out[i] = f(a[i]);
            }
            store(slots, *d, out);
        }
    }
}

#[inline(always)]
unsafe fn two<const L: usize>(slots: *mut f64, ops: &[[u32; 4]], f: impl Fn(f64, f64) -> f64) {
    for [d, a, b, _] in ops {
        // SAFETY: rows lie inside the slot file.
        unsafe {
            let (a, b) = (load::<L>(slots, *a), load::<L>(slots, *b));
            let mut out = [0.0; L];
            for i in 0..L {
                out[i] = f(a[i], b[i]);
            }
            store(slots, *d, out);
        }
    }
}

#[inline(always)]
unsafe fn three<const L: usize>(slots: *mut f64, ops: &[[u32; 4]], f: impl Fn(f64, f64, f64) -> f64) {
    for [d, a, b, c] in ops {
        // SAFETY: rows lie inside the slot file.
        unsafe {
            let (a, b, c) = (load::<L>(slots, *a), load::<L>(slots, *b), load::<L>(slots, *c));
            let mut out = [0.0; L];
            for i in 0..L {
                out[i] = f(a[i], b[i], c[i]);
            }
            store(slots, *d, out);
        }
    }
}

/// Feeds `f` with full chunks: parts of one operation's lanes, or several operations of few lanes side by side, so that one
/// individual uses vector units too. A chunk's unused places hold 1.
#[inline(always)]
unsafe fn costly<const L: usize>(
    slots: *mut f64,
    ops: &[[u32; 4]],
    f: impl Fn(&[f64; CHUNK], &[f64; CHUNK], &[f64; CHUNK]) -> [f64; CHUNK],
) {
    // SAFETY: rows lie inside the slot file.
    unsafe {
        if L >= CHUNK {
            for [d, a, b, c] in ops {
                for part in 0..(L / CHUNK) as u32 {
                    let at = |row: u32| row * (L / CHUNK) as u32 + part;
                    let (a, b, c) = (load::<CHUNK>(slots, at(*a)), load::<CHUNK>(slots, at(*b)), load::<CHUNK>(slots, at(*c)));
                    store(slots, at(*d), f(&a, &b, &c));
                }
            }
        } else {
            for group in ops.chunks(CHUNK / L) {
                let mut args = [[1.0; CHUNK]; 3];
                for (k, [_, a, b, c]) in group.iter().enumerate() {
                    for i in 0..L {
                        args[0][k * L + i] = *slots.add(*a as usize * L + i);
                        args[1][k * L + i] = *slots.add(*b as usize * L + i);
                        args[2][k * L + i] = *slots.add(*c as usize * L + i);
                    }
                }
                let out = f(&args[0], &args[1], &args[2]);
                for (k, [d, ..]) in group.iter().enumerate() {
                    for i in 0..L {
                        *slots.add(*d as usize * L + i) = out[k * L + i];
                    }
                }
            }
        }
    }
}

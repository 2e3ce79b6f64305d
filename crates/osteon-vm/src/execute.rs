//! The interpreter: one dispatch per run of operations, inner loops of a fixed number of lanes, compiled for each instruction set.
//!
//! One of four files of the project with `unsafe`; the others are `pass.rs`, `executable.rs` and `called.rs`. What makes it sound: [`Tape`] records the largest row it mentions, and
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
    pub const ALL: [InstructionSet; 3] = [
        InstructionSet::Baseline,
        InstructionSet::Avx2,
        InstructionSet::Avx512,
    ];

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            InstructionSet::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => {
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
            }
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

    /// Whether blocks of one lane run as machine code on it.
    pub fn is_compiled(self) -> bool {
        self != InstructionSet::Baseline
            && cfg!(all(target_arch = "x86_64", any(unix, windows)))
            && self.is_available()
    }

    /// The richest one of this machine.
    pub fn best() -> InstructionSet {
        let available = InstructionSet::ALL
            .into_iter()
            .rev()
            .find(|set| set.is_available());
        available.unwrap_or(InstructionSet::Baseline)
    }
}

type Kernel = unsafe fn(&[Run], &[[u32; 4]], *mut f64);

/// Runs tapes over a fixed number of lanes on a fixed instruction set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Executor {
    kernel: Kernel,
    width: usize,
    set: InstructionSet,
    /// Whether tapes may run as machine code where that is made for them.
    compiled: bool,
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
        Some(Executor {
            kernel,
            width,
            set,
            compiled: true,
        })
    }

    /// The same without machine code.
    pub fn interpreting(self) -> Executor {
        Executor {
            compiled: false,
            ..self
        }
    }

    /// Runs a tape over the slot file.
    pub fn run(&self, tape: &Tape, slots: &mut [f64]) {
        assert!(
            tape.n_rows() * self.width <= slots.len(),
            "the slot file holds every row of the tape"
        );
        if self.compiled
            && self.width == 1
            && let Some(code) = tape.compiled.get(tape, self.set)
        {
            // SAFETY: the same as of the interpreter below: the code touches the rows of its tape only.
            return unsafe { code.run(tape, slots.as_mut_ptr()) };
        }
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
pub(crate) unsafe fn avx2<const L: usize>(runs: &[Run], operands: &[[u32; 4]], slots: *mut f64) {
    // SAFETY: passed on from the caller.
    unsafe { interpret::<Fused, L>(runs, operands, slots) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")]
pub(crate) unsafe fn avx512<const L: usize>(runs: &[Run], operands: &[[u32; 4]], slots: *mut f64) {
    // SAFETY: passed on from the caller.
    unsafe { interpret::<Fused, L>(runs, operands, slots) }
}

/// Values worked on at once by costly operations: lanes of one operation, or several operations of few lanes.
const CHUNK: usize = 8;

type Chunk = [f64; CHUNK];

// Macros and traits instead of closures: a closure is compiled for the baseline unless it happens to be inlined, and a fused
// multiplication is then a call into the system's library.

/// Applies an expression to every lane of every operation of a run.
macro_rules! rows {
    ($L:ident, $slots:ident, $ops:ident, |$($x:ident),+| $result:expr) => {
        for [d, operands @ ..] in $ops {
            let mut operands = operands.iter();
            $(let $x = load::<$L>($slots, *operands.next().unwrap_or(&0));)+
            let mut out = [0.0; $L];
            for i in 0..$L {
                $(let $x = $x[i];)+
                out[i] = $result;
            }
            store($slots, *d, out);
        }
    };
}

/// SAFETY of everything below: `slots` holds every row the operands mention, `L` numbers each.
#[inline(always)]
unsafe fn interpret<A: Arith, const L: usize>(
    runs: &[Run],
    operands: &[[u32; 4]],
    slots: *mut f64,
) {
    for run in runs {
        let ops = &operands[run.start as usize..run.end as usize];
        // SAFETY: see above.
        unsafe {
            match run.op {
                Op::Copy => rows!(L, slots, ops, |a| a),
                Op::Neg => rows!(L, slots, ops, |a| -a),
                Op::Abs => rows!(L, slots, ops, |a| a.abs()),
                Op::Recip => rows!(L, slots, ops, |a| 1.0 / a),
                Op::Add => rows!(L, slots, ops, |a, b| a + b),
                Op::Sub => rows!(L, slots, ops, |a, b| a - b),
                Op::Mul => rows!(L, slots, ops, |a, b| a * b),
                Op::Div => rows!(L, slots, ops, |a, b| a / b),
                Op::Fma => rows!(L, slots, ops, |a, b, c| A::mul_add(a, b, c)),
                Op::Fms => rows!(L, slots, ops, |a, b, c| A::mul_add(a, b, -c)),
                Op::Fnma => rows!(L, slots, ops, |a, b, c| A::mul_add(-a, b, c)),
                Op::Min => rows!(L, slots, ops, |a, b| math::min(a, b)),
                Op::Max => rows!(L, slots, ops, |a, b| math::max(a, b)),
                Op::Gt => rows!(L, slots, ops, |a, b| bit(a > b)),
                Op::Ge => rows!(L, slots, ops, |a, b| bit(a >= b)),
                Op::Eq => rows!(L, slots, ops, |a, b| bit(a == b)),
                Op::Ne => rows!(L, slots, ops, |a, b| bit(a != b)),
                Op::And => rows!(L, slots, ops, |a, b| bit((a != 0.0) & (b != 0.0))),
                Op::Or => rows!(L, slots, ops, |a, b| bit((a != 0.0) | (b != 0.0))),
                Op::Not => rows!(L, slots, ops, |a| bit(a == 0.0)),
                Op::Select => rows!(L, slots, ops, |a, b, c| if a != 0.0 { b } else { c }),
                Op::Floor => rows!(L, slots, ops, |a| a.floor()),
                Op::Round => rows!(L, slots, ops, |a| math::round(a)),
                Op::Sqrt => rows!(L, slots, ops, |a| a.sqrt()),
                Op::Exp => costly::<Exponential, A, L>(slots, ops),
                Op::Ln => costly::<Logarithm, A, L>(slots, ops),
                Op::PowLn => costly::<Power, A, L>(slots, ops),
                Op::Pow => rows!(L, slots, ops, |a, b| math::pow(a, b)),
                Op::Sin => rows!(L, slots, ops, |a| math::sin(a)),
                Op::Cos => rows!(L, slots, ops, |a| math::cos(a)),
                Op::Tan => rows!(L, slots, ops, |a| math::tan(a)),
                Op::Sinh => rows!(L, slots, ops, |a| math::sinh(a)),
                Op::Cosh => rows!(L, slots, ops, |a| math::cosh(a)),
                Op::Tanh => rows!(L, slots, ops, |a| math::tanh(a)),
                Op::Asin => rows!(L, slots, ops, |a| math::asin(a)),
                Op::Acos => rows!(L, slots, ops, |a| math::acos(a)),
                Op::Atan => rows!(L, slots, ops, |a| math::atan(a)),
                Op::Asinh => rows!(L, slots, ops, |a| math::asinh(a)),
                Op::Acosh => rows!(L, slots, ops, |a| math::acosh(a)),
                Op::Atanh => rows!(L, slots, ops, |a| math::atanh(a)),
                Op::Factorial => rows!(L, slots, ops, |a| math::factorial(a)),
            }
        }
    }
}

#[inline(always)]
fn bit(x: bool) -> f64 {
    if x { 1.0 } else { 0.0 }
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

/// A costly function on a chunk of values.
trait Costly {
    /// How many of its arguments it reads.
    const ARITY: usize;
    fn of<A: Arith>(args: &[Chunk; 3]) -> Chunk;
}

struct Exponential;
struct Logarithm;
struct Power;

impl Costly for Exponential {
    const ARITY: usize = 1;
    #[inline(always)]
    fn of<A: Arith>(args: &[Chunk; 3]) -> Chunk {
        let mut out = [0.0; CHUNK];
        for i in 0..CHUNK {
            out[i] = math::exp_with::<A>(args[0][i], 0.0);
        }
        out
    }
}

impl Costly for Logarithm {
    const ARITY: usize = 1;
    #[inline(always)]
    fn of<A: Arith>(args: &[Chunk; 3]) -> Chunk {
        let mut out = [0.0; CHUNK];
        for i in 0..CHUNK {
            out[i] = math::ln_with::<A>(args[0][i]);
        }
        out
    }
}

impl Costly for Power {
    const ARITY: usize = 3;
    #[inline(always)]
    fn of<A: Arith>(args: &[Chunk; 3]) -> Chunk {
        let [x, y, log] = args;
        let mut out = [0.0; CHUNK];
        for i in 0..CHUNK {
            out[i] = math::pow_from_ln::<A>(y[i], log[i]);
        }
        let mut special = 0_u64;
        for i in 0..CHUNK {
            special |= u64::from(math::pow_is_special(x[i], y[i]));
        }
        if special != 0 {
            special_powers(x, y, &mut out);
        }
        out
    }
}

/// Rarely needed, so kept out of the way.
#[cold]
#[inline(never)]
fn special_powers(x: &Chunk, y: &Chunk, out: &mut Chunk) {
    for i in 0..CHUNK {
        if math::pow_is_special(x[i], y[i]) {
            out[i] = math::pow(x[i], y[i]);
        }
    }
}

/// Feeds a costly function with full chunks: parts of one operation's lanes, or several operations of few lanes side by side, so that
/// one individual uses vector units too. A chunk's unused places hold 2, which is special to none.
#[inline(always)]
unsafe fn costly<F: Costly, A: Arith, const L: usize>(slots: *mut f64, ops: &[[u32; 4]]) {
    // SAFETY: rows lie inside the slot file.
    unsafe {
        if L >= CHUNK {
            for [d, a, b, c] in ops {
                for part in 0..(L / CHUNK) {
                    let at = |row: u32| (row as usize * L + part * CHUNK) as u32 / CHUNK as u32;
                    let mut args = [load::<CHUNK>(slots, at(*a)), [2.0; CHUNK], [2.0; CHUNK]];
                    if F::ARITY > 1 {
                        args[1] = load(slots, at(*b));
                        args[2] = load(slots, at(*c));
                    }
                    store(slots, at(*d), F::of::<A>(&args));
                }
            }
        } else {
            for group in ops.chunks(CHUNK / L) {
                let mut args = [[2.0; CHUNK]; 3];
                for (k, operands) in group.iter().enumerate() {
                    for (arg, row) in args.iter_mut().zip(&operands[1..]).take(F::ARITY) {
                        for i in 0..L {
                            arg[k * L + i] = *slots.add(*row as usize * L + i);
                        }
                    }
                }
                let out = F::of::<A>(&args);
                for (k, [d, ..]) in group.iter().enumerate() {
                    for i in 0..L {
                        *slots.add(*d as usize * L + i) = out[k * L + i];
                    }
                }
            }
        }
    }
}

//! A tape as machine code for x86-64: the same operations on the same rows in the same order as the interpreter, so the same bits,
//! without what a dispatch and a loop cost. Made for blocks of one lane, where that cost is most of the time.
//!
//! Only bytes are made here, nothing is run. Costly and rare operations stay with the interpreter: the code calls it for their runs.
//! Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2 (VEX prefix, section 2.3).

use crate::called::Called;
use crate::tape::Run;
use crate::{Op, Tape};

/// Numbers that code reads, each twice, in front of it.
const CONSTANTS: [u64; 6] = [
    0x3ff0_0000_0000_0000, // 1
    0x3ff0_0000_0000_0000,
    0x8000_0000_0000_0000, // the sign
    0x8000_0000_0000_0000,
    0x7fff_ffff_ffff_ffff, // everything but the sign
    0x7fff_ffff_ffff_ffff,
];
const ONE: u32 = 0;
const SIGN: u32 = 16;
const SIZE: u32 = 32;

/// Where the code begins in the bytes of [`assemble`].
pub(crate) const ENTRY: usize = 8 * CONSTANTS.len();

/// Registers that hold recent results; 0 and 1 are for operands.
const FIRST_KEPT: u8 = 2;
const REGISTERS: u8 = 16;

/// Signature of the code: the slot file, and what is handed on to `call` unread.
pub(crate) type Entry = unsafe extern "sysv64" fn(*mut f64, *const Tape);

/// Second or third source of an instruction.
#[derive(Clone, Copy)]
enum Source {
    Register(u8),
    Row(u32),
    Constant(u32),
}

/// Groups of instructions by their leading bytes.
#[derive(Clone, Copy)]
enum Map {
    Plain = 1,
    Fused = 2,
    Blend = 3,
}

/// Compulsory prefixes.
#[derive(Clone, Copy)]
enum Prefix {
    Packed = 1,
    Scalar = 3,
}

struct Assembler {
    bytes: Vec<u8>,
    /// Row whose value each register holds.
    kept: [Option<u32>; REGISTERS as usize],
    next: u8,
}

/// Rows that a displacement of 32 bits reaches.
const MOST_ROWS: usize = (i32::MAX / 8) as usize;

/// The bytes for a tape over one lane; `None` if it has too many rows.
pub(crate) fn assemble(tape: &Tape, called: &Called) -> Option<Vec<u8>> {
    if tape.n_rows() > MOST_ROWS {
        return None;
    }
    let mut a = Assembler {
        bytes: CONSTANTS.iter().flat_map(|c| c.to_le_bytes()).collect(),
        kept: [None; REGISTERS as usize],
        next: FIRST_KEPT,
    };
    a.bytes.extend([0x53]); // push rbx
    a.bytes.extend([0x41, 0x54]); // push r12
    a.bytes.extend([0x48, 0x83, 0xec, 0x08]); // sub rsp, 8: calls want it aligned
    a.bytes.extend([0x48, 0x89, 0xfb]); // mov rbx, rdi: the slot file
    a.bytes.extend([0x49, 0x89, 0xf4]); // mov r12, rsi: the tape
    for (number, run) in tape.runs.iter().enumerate() {
        a.run(run, number, tape, called);
    }
    a.bytes.extend([0xc5, 0xf8, 0x77]); // vzeroupper
    a.bytes.extend([0x48, 0x83, 0xc4, 0x08]); // add rsp, 8
    a.bytes.extend([0x41, 0x5c]); // pop r12
    a.bytes.extend([0x5b]); // pop rbx
    a.bytes.extend([0xc3]); // ret
    Some(a.bytes)
}

impl Assembler {
    fn run(&mut self, run: &Run, number: usize, tape: &Tape, called: &Called) {
        let operations = &tape.operands[run.start as usize..run.end as usize];
        let costly = match run.op {
            Op::Exp => Some((&called.exp, 1)),
            Op::Ln => Some((&called.ln, 1)),
            Op::PowLn => Some((&called.pow, 3)),
            _ => None,
        };
        if let Some((functions, arity)) = costly {
            return self.costly(functions, arity, operations);
        }
        for operands in operations {
            if !self.operation(run.op, operands) {
                return self.interpret(number, called.run);
            }
        }
    }

    /// Calls a costly function for several operations at a time; their arguments travel in registers. Unused places repeat the last
    /// operation, which is special to none.
    fn costly(
        &mut self,
        [four, eight]: &[Option<usize>; 2],
        arity: usize,
        mut operations: &[[u32; 4]],
    ) {
        while !operations.is_empty() {
            let (places, function) = match (four, eight) {
                (_, Some(eight)) if operations.len() > 4 => (8, *eight),
                (Some(four), _) => (4, *four),
                _ => return,
            };
            let (group, rest) = operations.split_at(operations.len().min(places));
            for argument in 0..arity {
                let rows: Vec<u32> = (0..places)
                    .map(|i| group[i.min(group.len() - 1)][1 + argument])
                    .collect();
                self.gather(argument as u8, &rows);
            }
            self.call(function);
            let rows: Vec<u32> = group.iter().map(|operands| operands[0]).collect();
            self.scatter(&rows);
            operations = rest;
        }
    }

    /// Numbers from rows side by side into a vector register; 3 to 5 are for parts.
    fn gather(&mut self, to: u8, rows: &[u32]) {
        for (half, rows) in rows.chunks(4).enumerate() {
            let low = if half == 0 { to } else { 4 };
            self.pair(low, rows[0], rows[1]);
            self.pair(3, rows[2], rows[3]);
            // vinsertf128 low, low, 3, 1
            self.vector(Map::Blend, false, 0x18, low, low, Source::Register(3));
            self.bytes.push(1);
        }
        if rows.len() == 8 {
            self.whole(0x1a, to, to, 4); // vinsertf64x4 to, to, 4, 1
        }
    }

    fn pair(&mut self, to: u8, first: u32, second: u32) {
        self.plain(Prefix::Scalar, 0x10, to, 0, Source::Row(first)); // movsd
        self.plain(Prefix::Packed, 0x16, to, to, Source::Row(second)); // movhpd
    }

    /// Numbers of register 0 to rows.
    fn scatter(&mut self, rows: &[u32]) {
        if rows.len() > 4 {
            self.whole(0x1b, 0, 0, 2); // vextractf64x4 2, 0, 1
        }
        for (half, rows) in rows.chunks(4).enumerate() {
            let low = if half == 0 { 0 } else { 2 };
            if rows.len() > 2 {
                // vextractf128 1, low, 1
                self.vector(Map::Blend, false, 0x19, low, 0, Source::Register(1));
                self.bytes.push(1);
            }
            for (register, rows) in [low, 1].into_iter().zip(rows.chunks(2)) {
                self.plain(Prefix::Scalar, 0x11, register, 0, Source::Row(rows[0]));
                if let Some(second) = rows.get(1) {
                    self.plain(Prefix::Packed, 0x17, register, 0, Source::Row(*second));
                }
            }
        }
    }

    /// An instruction on whole registers of eight numbers whose last byte, 1, means the upper half; registers below 8.
    fn whole(&mut self, code: u8, field: u8, first: u8, second: u8) {
        let rest = 0x80 | (!first & 0xf) << 3 | 0x05;
        self.bytes.extend([0x62, 0xf3, rest, 0x48, code]);
        self.bytes.push(0xc0 | field << 3 | second);
        self.bytes.push(1);
    }

    /// One operation; false if it is left to the interpreter.
    fn operation(&mut self, op: Op, [d, a, b, c]: &[u32; 4]) -> bool {
        match op {
            Op::Add => self.commutative(0x58, *d, *a, *b),
            Op::Mul => self.commutative(0x59, *d, *a, *b),
            Op::Sub => self.binary(0x5c, *d, *a, *b),
            Op::Min => self.binary(0x5d, *d, *a, *b),
            Op::Div => self.binary(0x5e, *d, *a, *b),
            Op::Max => self.binary(0x5f, *d, *a, *b),
            Op::Fma => self.fused(0xb9, *d, *a, *b, *c),
            Op::Fms => self.fused(0xbb, *d, *a, *b, *c),
            Op::Fnma => self.fused(0xbd, *d, *a, *b, *c),
            Op::Recip => {
                let (by, to) = (self.source(*a), self.result());
                self.load(0, Source::Constant(ONE));
                self.plain(Prefix::Scalar, 0x5e, to, 0, by);
                self.store(*d, to);
            }
            Op::Sqrt => {
                let (of, to) = (self.source(*a), self.result());
                self.load(0, of);
                self.plain(Prefix::Scalar, 0x51, to, 0, Source::Register(0));
                self.store(*d, to);
            }
            Op::Copy => {
                let (of, to) = (self.source(*a), self.result());
                self.load(to, of);
                self.store(*d, to);
            }
            Op::Select => self.select(*d, *a, *b, *c),
            Op::Neg => self.masked(0x57, SIGN, *d, *a),
            Op::Abs => self.masked(0x54, SIZE, *d, *a),
            Op::Gt => self.comparison(0x1e, *d, *a, *b),
            Op::Ge => self.comparison(0x1d, *d, *a, *b),
            Op::Eq => self.comparison(0x00, *d, *a, *b),
            Op::Ne => self.comparison(0x04, *d, *a, *b),
            _ => return false,
        }
        true
    }

    fn commutative(&mut self, code: u8, d: u32, a: u32, b: u32) {
        // The operand that a register holds goes first, the other may come from memory.
        match (self.source(a), self.source(b)) {
            (Source::Row(_), Source::Register(_)) => self.binary(code, d, b, a),
            _ => self.binary(code, d, a, b),
        }
    }

    fn binary(&mut self, code: u8, d: u32, a: u32, b: u32) {
        let (a, b) = (self.in_register(0, a), self.source(b));
        let to = self.result();
        self.plain(Prefix::Scalar, code, to, a, b);
        self.store(d, to);
    }

    fn fused(&mut self, code: u8, d: u32, a: u32, b: u32, c: u32) {
        let (a, b) = match (self.source(a), self.source(b)) {
            (Source::Row(_), Source::Register(_)) => (b, a),
            _ => (a, b),
        };
        let (a, b, c) = (self.in_register(0, a), self.source(b), self.source(c));
        let to = self.result();
        // The sum begins as `c`, which must not push out `a` or `b`.
        let sum = if a == to || matches!(b, Source::Register(r) if r == to) {
            1
        } else {
            to
        };
        self.load(sum, c);
        self.vex(Map::Fused, true, Prefix::Packed, code, sum, a, b);
        self.load(to, Source::Register(sum));
        self.store(d, to);
    }

    fn select(&mut self, d: u32, a: u32, b: u32, c: u32) {
        self.plain(Prefix::Packed, 0x57, 1, 1, Source::Register(1)); // zero
        let a = self.source(a);
        self.plain(Prefix::Scalar, 0xc2, 0, 1, a);
        self.bytes.push(0x04); // differs from zero
        let (b, c) = (self.source(b), self.source(c));
        self.load(1, b);
        let to = self.result();
        self.load(to, c);
        let b = Source::Register(1);
        self.vex(Map::Blend, false, Prefix::Packed, 0x4b, to, to, b);
        self.bytes.push(0); // by register 0
        self.store(d, to);
    }

    fn masked(&mut self, code: u8, mask: u32, d: u32, a: u32) {
        let a = self.in_register(0, a);
        let to = self.result();
        self.plain(Prefix::Packed, code, to, a, Source::Constant(mask));
        self.store(d, to);
    }

    fn comparison(&mut self, predicate: u8, d: u32, a: u32, b: u32) {
        let (a, b) = (self.in_register(0, a), self.source(b));
        let to = self.result();
        self.plain(Prefix::Scalar, 0xc2, to, a, b);
        self.bytes.push(predicate);
        self.plain(Prefix::Packed, 0x54, to, to, Source::Constant(ONE));
        self.store(d, to);
    }

    /// Register for a result: the one whose value is oldest.
    fn result(&mut self) -> u8 {
        let to = self.next;
        self.next = if to + 1 == REGISTERS {
            FIRST_KEPT
        } else {
            to + 1
        };
        self.kept[to as usize] = None;
        to
    }

    /// Where the value of a row is to be had.
    fn source(&self, row: u32) -> Source {
        match self.kept.iter().position(|k| *k == Some(row)) {
            Some(register) => Source::Register(register as u8),
            None => Source::Row(row),
        }
    }

    /// A register with the value of a row: where it is, or `free` after loading.
    fn in_register(&mut self, free: u8, row: u32) -> u8 {
        match self.source(row) {
            Source::Register(register) => register,
            other => {
                self.load(free, other);
                free
            }
        }
    }

    fn load(&mut self, to: u8, from: Source) {
        match from {
            Source::Register(from) if from == to => {}
            // movapd
            Source::Register(_) => self.vex(Map::Plain, false, Prefix::Packed, 0x28, to, 0, from),
            _ => self.plain(Prefix::Scalar, 0x10, to, 0, from), // movsd
        }
    }

    fn store(&mut self, row: u32, from: u8) {
        self.plain(Prefix::Scalar, 0x11, from, 0, Source::Row(row));
        for kept in &mut self.kept {
            if *kept == Some(row) {
                *kept = None;
            }
        }
        self.kept[from as usize] = Some(row);
    }

    fn plain(&mut self, prefix: Prefix, code: u8, to: u8, first: u8, second: Source) {
        self.vex(Map::Plain, false, prefix, code, to, first, second);
    }

    /// The same on four numbers.
    fn vector(&mut self, map: Map, wide: bool, code: u8, to: u8, first: u8, second: Source) {
        let at = self.bytes.len();
        self.vex(map, wide, Prefix::Packed, code, to, first, second);
        self.bytes[at + 2] |= 1 << 2; // the third byte of a long prefix holds the length
    }

    /// One instruction with a VEX prefix: `to`, first and second source.
    #[allow(clippy::too_many_arguments)] // the fields of the encoding
    fn vex(
        &mut self,
        map: Map,
        wide: bool,
        prefix: Prefix,
        code: u8,
        to: u8,
        first: u8,
        second: Source,
    ) {
        let high = |register: u8| u8::from(register < 8); // extension bits are inverted
        let rest = (!first & 0xf) << 3 | prefix as u8;
        let base = match second {
            Source::Register(r) => high(r),
            _ => 1,
        };
        if matches!(map, Map::Plain) && !wide && base == 1 {
            self.bytes.extend([0xc5, high(to) << 7 | rest, code]);
        } else {
            let start = high(to) << 7 | 1 << 6 | base << 5 | map as u8;
            let rest = u8::from(wide) << 7 | rest;
            self.bytes.extend([0xc4, start, rest, code]);
        }
        let field = (to & 7) << 3;
        match second {
            Source::Register(r) => self.bytes.push(0xc0 | field | r & 7),
            Source::Row(row) => {
                self.bytes.push(0x80 | field | 3); // [rbx + displacement]
                self.bytes.extend((row * 8).to_le_bytes());
            }
            Source::Constant(at) => {
                self.bytes.push(field | 5); // [rip + displacement], from the end of the instruction
                let end = self.bytes.len() as u32 + 4;
                self.bytes.extend(at.wrapping_sub(end).to_le_bytes());
            }
        }
    }

    /// Calls the interpreter for one run.
    fn interpret(&mut self, number: usize, run: usize) {
        self.bytes.extend([0x4c, 0x89, 0xe7]); // mov rdi, r12
        self.bytes.push(0xbe); // mov esi, number
        self.bytes.extend((number as u32).to_le_bytes());
        self.bytes.extend([0x48, 0x89, 0xda]); // mov rdx, rbx
        self.call(run);
    }

    /// Calls a function. No vector register outlives a call.
    fn call(&mut self, function: usize) {
        self.bytes.extend([0x48, 0xb8]); // mov rax, function
        self.bytes.extend((function as u64).to_le_bytes());
        self.bytes.extend([0xff, 0xd0]); // call rax
        self.kept = [None; REGISTERS as usize];
    }
}

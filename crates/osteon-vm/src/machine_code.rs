//! A tape as machine code for x86-64: the same operations on the same rows as the interpreter, so the same bits, without what a
//! dispatch and a loop cost. Made for blocks of one lane, where that cost is most of the time. Results stay in registers while there is
//! room, the one needed last giving way (Belady 1966, doi:10.1147/sj.52.0078), and go to their rows only if something reads them there.
//!
//! Only bytes are made here, nothing is run. Costly and rare operations stay with the interpreter: the code calls it for their runs.
//! Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2 (VEX prefix, section 2.3).

use crate::called::Called;
use crate::code_order::{NONE, Piece, Writers, order};
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

/// Registers that hold results; 0 and 1 are for operands.
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

/// Whether code does an operation by its own instructions.
fn is_single(op: Op) -> bool {
    matches!(
        op,
        Op::Copy
            | Op::Neg
            | Op::Abs
            | Op::Recip
            | Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Fma
            | Op::Fms
            | Op::Fnma
            | Op::Min
            | Op::Max
            | Op::Gt
            | Op::Ge
            | Op::Eq
            | Op::Ne
            | Op::Select
            | Op::Sqrt
    )
}

/// Functions to call for an operation, for four and for eight at a time, and how many arguments they take.
fn function(op: Op, called: &Called) -> Option<([Option<usize>; 2], usize)> {
    match op {
        Op::Exp => Some((called.exp, 1)),
        Op::Ln => Some((called.ln, 1)),
        Op::PowLn => Some((called.pow, 3)),
        _ => None,
    }
}

/// When something is read from a register again.
const NEVER: u32 = u32::MAX;

struct Assembler<'t> {
    tape: &'t Tape,
    called: &'t Called,
    writers: &'t Writers,
    bytes: Vec<u8>,
    /// Operation whose result each register holds.
    kept: [Option<u32>; REGISTERS as usize],
    /// Register that holds each operation's result.
    place: Vec<Option<u8>>,
    /// Pieces that read each result by their own instructions, and how many of them are behind.
    uses: Vec<Vec<u32>>,
    behind: Vec<u32>,
    /// Calls before each piece: no register outlives one.
    stretch: Vec<u32>,
    /// Piece at hand.
    now: u32,
    /// Results read from their rows.
    reloaded: Vec<bool>,
    /// Results that have to stand in their rows.
    stored: Vec<bool>,
}

/// Rows that a displacement of 32 bits reaches.
const MOST_ROWS: usize = (i32::MAX / 8) as usize;

/// The bytes for a tape over one lane; `None` if it has too many rows, or reuses them.
pub(crate) fn assemble(tape: &Tape, called: &Called) -> Option<Vec<u8>> {
    if tape.n_rows() > MOST_ROWS {
        return None;
    }
    let at_a_time = |op: Op| match function(op, called) {
        Some(([_, Some(_)], _)) => 8,
        Some(([Some(_), None], _)) => 4,
        _ => 0,
    };
    let (pieces, writers) = order(tape, is_single, &at_a_time)?;
    let ops: Vec<Op> = tape.instructions().map(|i| i.op).collect();
    let mut uses = vec![Vec::new(); ops.len()];
    let mut stretch = Vec::with_capacity(pieces.len());
    let mut calls = 0;
    for (number, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Single(at) => {
                for by in writers.read(ops[*at as usize], &tape.operands[*at as usize]) {
                    uses[by as usize].push(number as u32);
                }
            }
            _ => calls += 1,
        }
        stretch.push(calls);
    }
    let mut assembler = Assembler {
        tape,
        called,
        writers: &writers,
        bytes: Vec::new(),
        kept: [None; REGISTERS as usize],
        place: vec![None; ops.len()],
        uses,
        behind: vec![0; ops.len()],
        stretch,
        now: 0,
        reloaded: vec![false; ops.len()],
        stored: vec![true; ops.len()],
    };
    // The first time tells what is read from rows; where things stand does not depend on what is stored.
    assembler.all(&pieces, &ops);
    let needed = tape.operands.iter().zip(&assembler.reloaded);
    assembler.stored = needed
        .map(|([row, ..], reloaded)| *reloaded || tape.is_read_elsewhere(*row))
        .collect();
    assembler.all(&pieces, &ops);
    Some(assembler.bytes)
}

impl Assembler<'_> {
    fn all(&mut self, pieces: &[Piece], ops: &[Op]) {
        self.bytes.clear();
        self.kept = [None; REGISTERS as usize];
        self.place.fill(None);
        self.behind.fill(0);
        self.bytes
            .extend(CONSTANTS.iter().flat_map(|c| c.to_le_bytes()));
        self.bytes.extend([0x53]); // push rbx
        self.bytes.extend([0x41, 0x54]); // push r12
        self.bytes.extend([0x48, 0x83, 0xec, 0x08]); // sub rsp, 8: calls want it aligned
        self.bytes.extend([0x48, 0x89, 0xfb]); // mov rbx, rdi: the slot file
        self.bytes.extend([0x49, 0x89, 0xf4]); // mov r12, rsi: the tape
        for (number, piece) in pieces.iter().enumerate() {
            self.now = number as u32;
            match piece {
                Piece::Single(at) => self.operation(ops[*at as usize], *at),
                Piece::Together(group) => self.costly(ops[group[0] as usize], group),
                Piece::Interpreted(run) => self.interpret(*run),
            }
        }
        self.bytes.extend([0xc5, 0xf8, 0x77]); // vzeroupper
        self.bytes.extend([0x48, 0x83, 0xc4, 0x08]); // add rsp, 8
        self.bytes.extend([0x41, 0x5c]); // pop r12
        self.bytes.extend([0x5b]); // pop rbx
        self.bytes.extend([0xc3]); // ret
    }

    /// Calls a costly function for several operations; their arguments travel in registers. Unused places repeat the last operation,
    /// which is special to none.
    fn costly(&mut self, op: Op, group: &[u32]) {
        let Some((functions, arity)) = function(op, self.called) else {
            return;
        };
        let (places, function) = match functions {
            [_, Some(eight)] if group.len() > 4 => (8, eight),
            [Some(four), _] => (4, four),
            _ => return,
        };
        for argument in 0..arity {
            let rows: Vec<u32> = (0..places)
                .map(|i| group[i.min(group.len() - 1)])
                .map(|at| self.tape.operands[at as usize][1 + argument])
                .collect();
            rows.iter().for_each(|row| self.note_reload(*row));
            self.gather(argument as u8, &rows);
        }
        self.call(function);
        let rows: Vec<u32> = group
            .iter()
            .map(|at| self.tape.operands[*at as usize][0])
            .collect();
        self.scatter(&rows);
        for at in group {
            self.reloaded[*at as usize] = true;
        }
    }

    /// Notes that a row is read where it stands.
    fn note_reload(&mut self, row: u32) {
        let by = self.writers.of_row(row);
        if by != NONE {
            self.reloaded[by as usize] = true;
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

    /// One operation by its own instructions.
    fn operation(&mut self, op: Op, at: u32) {
        let [_, a, b, c] = self.tape.operands[at as usize];
        match op {
            Op::Add => self.commutative(0x58, at, a, b),
            Op::Mul => self.commutative(0x59, at, a, b),
            Op::Sub => self.binary(0x5c, at, a, b),
            Op::Min => self.binary(0x5d, at, a, b),
            Op::Div => self.binary(0x5e, at, a, b),
            Op::Max => self.binary(0x5f, at, a, b),
            Op::Fma => self.fused(0, at, a, b, c),
            Op::Fms => self.fused(2, at, a, b, c),
            Op::Fnma => self.fused(4, at, a, b, c),
            Op::Recip => {
                let by = self.source(a);
                let to = self.result(at, &[]);
                self.load(0, Source::Constant(ONE));
                self.plain(Prefix::Scalar, 0x5e, to, 0, by);
                self.store(at, to);
            }
            Op::Sqrt => {
                let of = self.source(a);
                let to = self.result(at, &[]);
                self.load(0, of);
                self.plain(Prefix::Scalar, 0x51, to, 0, Source::Register(0));
                self.store(at, to);
            }
            Op::Copy => {
                let of = self.source(a);
                let to = self.result(at, &[]);
                self.load(to, of);
                self.store(at, to);
            }
            Op::Select => self.select(at, a, b, c),
            Op::Neg => self.masked(0x57, SIGN, at, a),
            Op::Abs => self.masked(0x54, SIZE, at, a),
            Op::Gt => self.comparison(0x1e, at, a, b),
            Op::Ge => self.comparison(0x1d, at, a, b),
            Op::Eq => self.comparison(0x00, at, a, b),
            Op::Ne => self.comparison(0x04, at, a, b),
            _ => unreachable!("everything else is called for"),
        }
    }

    fn commutative(&mut self, code: u8, at: u32, a: u32, b: u32) {
        // The operand that a register holds goes first, the other may come from memory.
        match (self.source(a), self.source(b)) {
            (Source::Row(_), Source::Register(_)) => self.binary(code, at, b, a),
            _ => self.binary(code, at, a, b),
        }
    }

    fn binary(&mut self, code: u8, at: u32, a: u32, b: u32) {
        let (a, b) = (self.in_register(0, a), self.source(b));
        let to = self.result(at, &[]);
        self.plain(Prefix::Scalar, code, to, a, b);
        self.store(at, to);
    }

    /// `a * b + c` or its relatives: in the register of an operand that nothing else needs, if there is one.
    fn fused(&mut self, kind: u8, at: u32, a: u32, b: u32, c: u32) {
        let (a, b) = match (self.source(a), self.source(b)) {
            (Source::Row(_), Source::Register(_)) => (b, a),
            _ => (a, b),
        };
        let (from_a, from_b, from_c) = (self.source(a), self.source(b), self.source(c));
        let used = [from_a, from_b, from_c];
        let to = self.result(at, &[]);
        let is = |source: Source| matches!(source, Source::Register(r) if r == to);
        let others = |x: Source, y: Source| !is(x) && !is(y);
        // The last digit of the code tells which of its three operands are multiplied; the first is the result.
        let (code, first, second, third) = match () {
            () if is(from_c) && others(from_a, from_b) => (0xb9, from_c, from_a, from_b),
            () if is(from_a) && others(from_b, from_c) => match from_b {
                Source::Register(_) => (0xa9, from_a, from_b, from_c),
                _ => (0x99, from_a, from_c, from_b),
            },
            () if is(from_b) && others(from_a, from_c) => (0xa9, from_b, from_a, from_c),
            () => (0xb9, from_c, from_a, from_b),
        };
        let to = match first {
            first if is(first) => to,
            first => {
                let to = if used.into_iter().any(is) {
                    self.result(at, &used)
                } else {
                    to
                };
                self.load(to, first);
                to
            }
        };
        let second = match second {
            Source::Register(register) => register,
            other => {
                self.load(0, other);
                0
            }
        };
        self.vex(
            Map::Fused,
            true,
            Prefix::Packed,
            code + kind,
            to,
            second,
            third,
        );
        self.store(at, to);
    }

    fn select(&mut self, at: u32, a: u32, b: u32, c: u32) {
        self.plain(Prefix::Packed, 0x57, 1, 1, Source::Register(1)); // zero
        let (a, b, c) = (self.source(a), self.source(b), self.source(c));
        self.plain(Prefix::Scalar, 0xc2, 0, 1, a);
        self.bytes.push(0x04); // differs from zero
        let to = self.result(at, &[b, c]);
        let to = if to < FIRST_KEPT { FIRST_KEPT } else { to };
        self.load(1, b);
        self.load(to, c);
        let b = Source::Register(1);
        self.vex(Map::Blend, false, Prefix::Packed, 0x4b, to, to, b);
        self.bytes.push(0); // by register 0
        self.store(at, to);
    }

    fn masked(&mut self, code: u8, mask: u32, at: u32, a: u32) {
        let a = self.in_register(0, a);
        let to = self.result(at, &[]);
        self.plain(Prefix::Packed, code, to, a, Source::Constant(mask));
        self.store(at, to);
    }

    fn comparison(&mut self, predicate: u8, at: u32, a: u32, b: u32) {
        let (a, b) = (self.in_register(0, a), self.source(b));
        let to = self.result(at, &[]);
        self.plain(Prefix::Scalar, 0xc2, to, a, b);
        self.bytes.push(predicate);
        self.plain(Prefix::Packed, 0x54, to, to, Source::Constant(ONE));
        self.store(at, to);
    }

    /// Next piece that reads a result from a register.
    fn next_use(&mut self, at: u32) -> u32 {
        let (uses, behind) = (&self.uses[at as usize], &mut self.behind[at as usize]);
        while uses
            .get(*behind as usize)
            .is_some_and(|piece| *piece <= self.now)
        {
            *behind += 1;
        }
        match uses.get(*behind as usize) {
            Some(piece) if self.stretch[*piece as usize] == self.stretch[self.now as usize] => {
                *piece
            }
            _ => NEVER,
        }
    }

    /// Register for the result of an operation: one that nothing needs, else the one needed last, else 1, which is not kept. Not one of
    /// those in `not`.
    fn result(&mut self, at: u32, not: &[Source]) -> u8 {
        let own = self.next_use(at);
        let (mut best, mut last) = (1, own);
        for register in FIRST_KEPT..REGISTERS {
            if not
                .iter()
                .any(|s| matches!(s, Source::Register(r) if *r == register))
            {
                continue;
            }
            let next = match self.kept[register as usize] {
                Some(held) => self.next_use(held),
                None => NEVER,
            };
            if next == NEVER {
                return register;
            }
            if next > last {
                (best, last) = (register, next);
            }
        }
        best
    }

    /// Where the value of a row is to be had.
    fn source(&mut self, row: u32) -> Source {
        let by = self.writers.of_row(row);
        if by != NONE
            && let Some(register) = self.place[by as usize]
        {
            return Source::Register(register);
        }
        self.note_reload(row);
        Source::Row(row)
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

    /// Ends an operation whose result stands in a register.
    fn store(&mut self, at: u32, from: u8) {
        if self.stored[at as usize] {
            let [row, ..] = self.tape.operands[at as usize];
            self.plain(Prefix::Scalar, 0x11, from, 0, Source::Row(row));
        }
        if from >= FIRST_KEPT {
            if let Some(held) = self.kept[from as usize].replace(at) {
                self.place[held as usize] = None;
            }
            self.place[at as usize] = Some(from);
        }
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
    fn interpret(&mut self, number: u32) {
        let run = self.tape.runs[number as usize];
        for at in run.start..run.end {
            let operands = self.tape.operands[at as usize];
            operands[1..=run.op.arity()]
                .iter()
                .for_each(|row| self.note_reload(*row));
            self.reloaded[at as usize] = true;
        }
        self.bytes.extend([0x4c, 0x89, 0xe7]); // mov rdi, r12
        self.bytes.push(0xbe); // mov esi, number
        self.bytes.extend(number.to_le_bytes());
        self.bytes.extend([0x48, 0x89, 0xda]); // mov rdx, rbx
        self.call(self.called.run);
    }

    /// Calls a function. No vector register outlives a call.
    fn call(&mut self, function: usize) {
        self.bytes.extend([0x48, 0xb8]); // mov rax, function
        self.bytes.extend((function as u64).to_le_bytes());
        self.bytes.extend([0xff, 0xd0]); // call rax
        for held in &mut self.kept {
            if let Some(held) = held.take() {
                self.place[held as usize] = None;
            }
        }
    }
}

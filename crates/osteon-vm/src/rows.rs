//! Rows in and out of the slot file, as passes.

#![allow(clippy::needless_range_loop)] // see `execute.rs`: no closures inside passes

use crate::math::Arith;
use crate::pass::Pass;

/// Copies numbers and tells whether every bit was already so.
pub(crate) struct CopyAndCompare<'a> {
    pub to: &'a mut [f64],
    pub from: &'a [f64],
}

impl Pass for CopyAndCompare<'_> {
    type Out = bool;
    #[inline(always)]
    fn run<A: Arith>(self) -> bool {
        let mut differs = 0;
        for (a, b) in self.to.iter_mut().zip(self.from) {
            differs |= a.to_bits() ^ b.to_bits();
            *a = *b;
        }
        differs == 0
    }
}

/// Calls `of_width` for the width of the slot file: a known number of lanes becomes vector code.
macro_rules! by_width {
    ($pass:ident) => {
        match $pass.width {
            1 => $pass.of_width::<1>(),
            2 => $pass.of_width::<2>(),
            4 => $pass.of_width::<4>(),
            8 => $pass.of_width::<8>(),
            16 => $pass.of_width::<16>(),
            _ => $pass.of_width::<32>(),
        }
    };
}

/// Copies rows of the slot file, wherever they are, to consecutive rows of as many numbers.
pub(crate) struct ReadRows<'a> {
    pub slots: &'a [f64],
    pub rows: &'a [u32],
    pub width: usize,
    pub out: &'a mut [f64],
}

impl ReadRows<'_> {
    #[inline(always)]
    fn of_width<const W: usize>(self) {
        let (slots, _) = self.slots.as_chunks::<W>();
        let (out, _) = self.out.as_chunks_mut::<W>();
        for (out, row) in out.iter_mut().zip(self.rows) {
            *out = slots[*row as usize];
        }
    }
}

impl Pass for ReadRows<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        by_width!(self)
    }
}

/// `to[i] = slot row rows[i] + add[i]`, where `to` are consecutive rows of the slot file.
pub(crate) struct AddRows<'a> {
    pub slots: &'a mut [f64],
    pub rows: &'a [u32],
    pub width: usize,
    pub add: &'a [f64],
    pub to: u32,
}

impl AddRows<'_> {
    #[inline(always)]
    fn of_width<const W: usize>(self) {
        let (slots, _) = self.slots.as_chunks_mut::<W>();
        let (add, _) = self.add.as_chunks::<W>();
        for (i, (row, add)) in self.rows.iter().zip(add).enumerate() {
            let mut sum = slots[*row as usize];
            for lane in 0..W {
                sum[lane] += add[lane];
            }
            slots[self.to as usize + i] = sum;
        }
    }
}

impl Pass for AddRows<'_> {
    type Out = ();
    #[inline(always)]
    fn run<A: Arith>(self) {
        by_width!(self)
    }
}

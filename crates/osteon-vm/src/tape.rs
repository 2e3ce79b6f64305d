//! Tapes: operations in execution order, gathered into runs of the same operation so that one dispatch serves many.

use crate::Op;
use crate::executable::Compiled;

/// One operation: `slots[dst] = op(slots[args…])`. Unused arguments are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub op: Op,
    /// Row written.
    pub dst: u32,
    /// Rows read.
    pub args: [u32; 3],
}

/// Consecutive operations of one kind, none of which reads what another of them writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub op: Op,
    pub start: u32,
    pub end: u32,
}

/// A straight tape: no jumps, every row written at most once.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    pub(crate) runs: Vec<Run>,
    /// `[dst, a, b, c]`
    pub(crate) operands: Vec<[u32; 4]>,
    /// One past the largest row mentioned.
    rows: u32,
    /// Rows whose new values somebody reads after this tape; all if none are named.
    read_elsewhere: Option<Vec<bool>>,
    /// Machine code, once somebody has run it over one lane.
    pub(crate) compiled: Compiled,
}

impl Tape {
    /// Builds a tape from instructions in execution order. Neighbours of one kind become a run.
    pub fn new(instructions: &[Instruction]) -> Tape {
        let rows = instructions
            .iter()
            .map(|i| i.args.iter().copied().fold(i.dst, u32::max) + 1)
            .max()
            .unwrap_or(0);
        // Run in which a row was written last, to split where a run would read its own result.
        let mut written = vec![u32::MAX; rows as usize];
        let mut tape = Tape {
            runs: Vec::new(),
            operands: Vec::with_capacity(instructions.len()),
            rows,
            read_elsewhere: None,
            compiled: Compiled::default(),
        };
        for i in instructions {
            let here = tape.runs.len() as u32;
            let at = tape.operands.len() as u32;
            let used = &i.args[..i.op.arity()];
            match tape.runs.last_mut() {
                Some(run)
                    if run.op == i.op
                        && used.iter().all(|a| written[*a as usize] != here - 1)
                        && written[i.dst as usize] != here - 1 =>
                {
                    run.end += 1;
                }
                _ => tape.runs.push(Run {
                    op: i.op,
                    start: at,
                    end: at + 1,
                }),
            }
            written[i.dst as usize] = tape.runs.len() as u32 - 1;
            let [a, b, c] = i.args;
            tape.operands.push([i.dst, a, b, c]);
        }
        tape
    }

    /// The same tape for somebody who reads only these rows afterwards; the others may be left as they were.
    pub(crate) fn for_readers(mut self, rows: impl Iterator<Item = u32>) -> Tape {
        let mut read = vec![false; self.n_rows()];
        for row in rows {
            if let Some(read) = read.get_mut(row as usize) {
                *read = true;
            }
        }
        self.read_elsewhere = Some(read);
        self.compiled = Compiled::default();
        self
    }

    /// Whether the new value of a row has to stand in it.
    pub(crate) fn is_read_elsewhere(&self, row: u32) -> bool {
        self.read_elsewhere
            .as_ref()
            .is_none_or(|read| read[row as usize])
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.operands.len()
    }

    /// True if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operands.is_empty()
    }

    /// Number of runs, that is of dispatches.
    pub fn n_runs(&self) -> usize {
        self.runs.len()
    }

    /// One past the largest row mentioned.
    pub fn n_rows(&self) -> usize {
        self.rows as usize
    }

    /// The operations in order.
    pub fn instructions(&self) -> impl Iterator<Item = Instruction> + '_ {
        self.runs.iter().flat_map(|run| {
            self.operands[run.start as usize..run.end as usize]
                .iter()
                .map(|[dst, a, b, c]| Instruction {
                    op: run.op,
                    dst: *dst,
                    args: [*a, *b, *c],
                })
        })
    }
}

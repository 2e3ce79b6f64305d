//! In which order machine code does the operations of a tape. Any order in which arguments come first gives the same bits; this one
//! fills the calls of costly functions, and does every other operation shortly before what reads it, so that results stay in registers.

use crate::tape::Run;
use crate::{Op, Tape};

/// One thing that code does.
#[derive(Debug)]
pub(crate) enum Piece {
    /// One operation by its own instructions.
    Single(u32),
    /// Operations of one costly kind by one call.
    Together(Vec<u32>),
    /// A run that is left to the interpreter.
    Interpreted(u32),
}

/// The operation that writes each row; [`NONE`] for rows that come from outside.
pub(crate) struct Writers(Vec<u32>);

pub(crate) const NONE: u32 = u32::MAX;

impl Writers {
    /// `None` if a row is written twice, or before its new value is there.
    fn of(tape: &Tape) -> Option<Writers> {
        let mut writers = vec![NONE; tape.n_rows()];
        for (at, [row, ..]) in tape.operands.iter().enumerate() {
            if writers[*row as usize] != NONE {
                return None;
            }
            writers[*row as usize] = at as u32;
        }
        let writers = Writers(writers);
        let in_order = tape.runs.iter().all(|run| {
            (run.start..run.end).all(|at| {
                let mut read = writers.read(run.op, &tape.operands[at as usize]);
                read.all(|by| by < run.start)
            })
        });
        in_order.then_some(writers)
    }

    pub fn of_row(&self, row: u32) -> u32 {
        self.0[row as usize]
    }

    /// The operations of the tape whose results an operation reads.
    pub fn read<'a>(&'a self, op: Op, operands: &'a [u32; 4]) -> impl Iterator<Item = u32> + 'a {
        let rows = &operands[1..=op.arity()];
        rows.iter()
            .map(|row| self.of_row(*row))
            .filter(|by| *by != NONE)
    }
}

/// What is known of one operation.
#[derive(Clone, Copy)]
struct Task {
    op: Op,
    /// Run it stands in.
    run: u32,
    /// Calls on the longest way from here to the end.
    height: u32,
    /// Arguments not computed yet.
    waits: u32,
    done: bool,
}

struct Planner<'t> {
    tape: &'t Tape,
    writers: Writers,
    tasks: Vec<Task>,
    readers: Vec<Vec<u32>>,
    pieces: Vec<Piece>,
}

/// The order, and who writes which row. `single` tells which operations code does itself, `costly` which it calls for and how many at
/// a time at most; everything else is left to the interpreter, whole runs at a time. `None` for a tape whose rows are reused.
pub(crate) fn order(
    tape: &Tape,
    single: fn(Op) -> bool,
    costly: &dyn Fn(Op) -> usize,
) -> Option<(Vec<Piece>, Writers)> {
    let writers = Writers::of(tape)?;
    let mut tasks = Vec::with_capacity(tape.len());
    for (number, run) in tape.runs.iter().enumerate() {
        let task = Task {
            op: run.op,
            run: number as u32,
            height: 0,
            waits: 0,
            done: false,
        };
        tasks.resize(run.end as usize, task);
    }
    let mut readers = vec![Vec::new(); tasks.len()];
    for (at, (task, operands)) in tasks.iter_mut().zip(&tape.operands).enumerate() {
        for by in writers.read(task.op, operands) {
            readers[by as usize].push(at as u32);
            task.waits += 1;
        }
    }
    for at in (0..tasks.len()).rev() {
        let above = readers[at]
            .iter()
            .map(|reader| tasks[*reader as usize].height)
            .max();
        tasks[at].height = above.unwrap_or(0) + u32::from(!single(tasks[at].op));
    }
    let mut planner = Planner {
        tape,
        writers,
        tasks,
        readers,
        pieces: Vec::with_capacity(tape.len()),
    };
    planner.calls(single, costly);
    planner.ends();
    Some((planner.pieces, planner.writers))
}

impl Planner<'_> {
    /// The calls, fullest first where that delays nothing, each after what it needs.
    fn calls(&mut self, single: fn(Op) -> bool, costly: &dyn Fn(Op) -> usize) {
        let mut waits: Vec<u32> = self.tasks.iter().map(|task| task.waits).collect();
        let mut left: Vec<u32> = self
            .tape
            .runs
            .iter()
            .map(|run| run.end - run.start)
            .collect();
        let mut free: Vec<u32> = (0..waits.len() as u32)
            .filter(|at| waits[*at as usize] == 0)
            .collect();
        // Costly operations that could be done, and runs of rare ones.
        let mut ready: Vec<u32> = Vec::new();
        let mut runs: Vec<u32> = Vec::new();
        loop {
            while let Some(at) = free.pop() {
                let task = self.tasks[at as usize];
                if single(task.op) {
                    self.release(at, &mut waits, &mut free);
                } else if costly(task.op) > 0 {
                    ready.push(at);
                } else {
                    left[task.run as usize] -= 1;
                    if left[task.run as usize] == 0 {
                        runs.push(task.run);
                    }
                }
            }
            if let Some(number) = runs.pop() {
                let Run { start, end, .. } = self.tape.runs[number as usize];
                (start..end).for_each(|at| self.arguments(at));
                self.pieces.push(Piece::Interpreted(number));
                for at in start..end {
                    self.tasks[at as usize].done = true;
                    self.release(at, &mut waits, &mut free);
                }
                continue;
            }
            let Some(group) = self.next_group(&mut ready, costly) else {
                return;
            };
            group.iter().for_each(|at| self.arguments(*at));
            for at in &group {
                self.tasks[*at as usize].done = true;
                self.release(*at, &mut waits, &mut free);
            }
            self.pieces.push(Piece::Together(group));
        }
    }

    fn release(&self, at: u32, waits: &mut [u32], free: &mut Vec<u32>) {
        for reader in &self.readers[at as usize] {
            waits[*reader as usize] -= 1;
            if waits[*reader as usize] == 0 {
                free.push(*reader);
            }
        }
    }

    /// Of the kinds that fill a call, or if none does of all kinds, the one on which most calls wait.
    fn next_group(&self, ready: &mut Vec<u32>, costly: &dyn Fn(Op) -> usize) -> Option<Vec<u32>> {
        let task = |at: &u32| self.tasks[*at as usize];
        ready.sort_unstable_by_key(|at| (std::cmp::Reverse(task(at).height), *at));
        let of_kind = |op: Op| ready.iter().filter(move |at| task(at).op == op);
        let full = |op: Op| of_kind(op).count() >= costly(op);
        let op = ready
            .iter()
            .map(|at| task(at).op)
            .find(|op| full(*op))
            .or_else(|| ready.first().map(|at| task(at).op))?;
        let group: Vec<u32> = of_kind(op).copied().take(costly(op)).collect();
        ready.retain(|at| !group.contains(at));
        Some(group)
    }

    /// What an operation reads and is not computed yet; nothing of it needs a call.
    fn arguments(&mut self, at: u32) {
        let mut stack: Vec<u32> = Vec::new();
        self.push_arguments(at, &mut stack);
        while let Some(at) = stack.last().copied() {
            if self.tasks[at as usize].done {
                stack.pop();
                continue;
            }
            let before = stack.len();
            self.push_arguments(at, &mut stack);
            if stack.len() == before {
                self.tasks[at as usize].done = true;
                self.pieces.push(Piece::Single(at));
                stack.pop();
            }
        }
    }

    fn push_arguments(&self, at: u32, stack: &mut Vec<u32>) {
        let op = self.tasks[at as usize].op;
        let read = self.writers.read(op, &self.tape.operands[at as usize]);
        stack.extend(read.filter(|by| !self.tasks[*by as usize].done));
    }

    /// What no call waits for.
    fn ends(&mut self) {
        for at in 0..self.tasks.len() as u32 {
            if !self.tasks[at as usize].done && self.readers[at as usize].is_empty() {
                self.arguments(at);
                self.tasks[at as usize].done = true;
                self.pieces.push(Piece::Single(at));
            }
        }
    }
}

//! Many people through one scenario: blocks of people are shared out among threads, chunks of a fixed size are handed on as soon as
//! they are complete. What comes out depends neither on the number of threads nor on who was run before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use osteon_sim::{
    ArmRun, Body, Diagnostics, Events, Member, People, RunOptions, Scenario, Silent, run_many,
};

/// People in a chunk: one part-file. Seconds of work, and the same number on every machine, so that parts are, too.
pub const CHUNK: usize = 128;

/// People that one thread takes at a time. Has no influence on any number.
const BLOCK: usize = 32;

/// The runs of the people of one chunk, in the order of the table.
#[derive(Debug)]
pub struct ChunkRun {
    /// Number of the chunk in the whole table.
    pub chunk: usize,
    /// Places of its people in the table.
    pub people: Range<usize>,
    /// One run for every person and arm: person by person, arms in the order of the scenario.
    pub runs: Vec<ArmRun>,
}

/// Receives what a cohort brings. Called from many threads.
pub trait CohortObserver: Sync {
    /// A chunk is complete. Chunks come in any order.
    ///
    /// # Errors
    /// In words why it could not be kept; the cohort stops.
    fn chunk(&self, done: ChunkRun) -> Result<(), String>;

    /// So many more people have been run.
    fn people(&self, _more: usize) {}

    /// Asked between blocks; `true` stops the work, complete chunks are kept.
    fn cancelled(&self) -> bool {
        false
    }
}

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Cohort<'a> {
    /// The body.
    pub body: &'a Body,
    /// The scenario that applies to everybody.
    pub scenario: &'a Scenario,
    /// The people.
    pub people: &'a People,
    /// What happens to single ones of them.
    pub events: Option<&'a Events>,
    /// Accuracy.
    pub options: &'a RunOptions,
}

/// How a cohort ended early.
#[derive(Debug)]
pub enum CohortError {
    /// The scenario or a row does not fit the body.
    Unfit(Diagnostics),
    /// The observer could not keep a chunk.
    NotKept(String),
}

/// Number of chunks of a table.
pub fn chunks_of(people: usize) -> usize {
    people.div_ceil(CHUNK)
}

/// Chunks of shard `k` of `n` (counted from 1): contiguous ranges, as equal as whole chunks can be.
pub fn shard_chunks(people: usize, k: usize, n: usize) -> Range<usize> {
    let chunks = chunks_of(people);
    let edge = |k: usize| chunks * k / n.max(1);
    edge(k.saturating_sub(1))..edge(k)
}

/// Places of the people of a chunk.
pub fn chunk_people(people: usize, chunk: usize) -> Range<usize> {
    (chunk * CHUNK).min(people)..((chunk + 1) * CHUNK).min(people)
}

/// Runs these chunks of a table of people on so many threads.
///
/// # Errors
/// See [`CohortError`]. People whose run fails are no error: their rows say so.
pub fn run_cohort(
    cohort: &Cohort<'_>,
    chunks: &[usize],
    threads: usize,
    observer: &dyn CohortObserver,
) -> Result<(), CohortError> {
    let everybody = cohort.people.len();
    // Blocks in the order of the table: threads stay close together, so that few chunks are under way at a time.
    let blocks: Vec<(usize, usize, Range<usize>)> = chunks
        .iter()
        .flat_map(|chunk| {
            let people = chunk_people(everybody, *chunk);
            let starts = people.clone().step_by(BLOCK).enumerate();
            starts.map(move |(number, from)| (*chunk, number, from..(from + BLOCK).min(people.end)))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let under_way: Mutex<BTreeMap<usize, BTreeMap<usize, Vec<ArmRun>>>> =
        Mutex::new(BTreeMap::new());
    let fault: Mutex<Option<CohortError>> = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) && !observer.cancelled() {
            let Some((chunk, number, people)) = blocks.get(next.fetch_add(1, Ordering::Relaxed))
            else {
                return;
            };
            let done = run_block(cohort, people.clone())
                .map_err(CohortError::Unfit)
                .map(|runs| put_together(&under_way, everybody, *chunk, *number, runs));
            observer.people(people.len());
            let kept = match done {
                Ok(Some(complete)) => observer.chunk(complete).map_err(CohortError::NotKept),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                stop.store(true, Ordering::Relaxed);
                if let Ok(mut fault) = fault.lock() {
                    fault.get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    match fault.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Everybody of one block in every arm, side by side.
fn run_block(cohort: &Cohort<'_>, people: Range<usize>) -> Result<Vec<ArmRun>, Diagnostics> {
    let scenarios: Vec<(usize, Scenario)> = people
        .map(|person| {
            let mut scenario = cohort.people.scenario(person, cohort.scenario);
            if let Some(events) = cohort.events {
                events.put(cohort.people.key(person), &mut scenario);
            }
            (person, scenario)
        })
        .collect();
    let members: Vec<Member<'_>> = scenarios
        .iter()
        .flat_map(|(person, scenario)| {
            (0..scenario.arms.len()).map(|arm| Member {
                scenario,
                arm,
                id: Some(cohort.people.id(*person).to_owned()),
                start: Vec::new(),
            })
        })
        .collect();
    run_many(cohort.body, &members, cohort.options, &mut Silent)
}

/// Puts a block beside the others of its chunk; the chunk, once it is complete.
fn put_together(
    under_way: &Mutex<BTreeMap<usize, BTreeMap<usize, Vec<ArmRun>>>>,
    everybody: usize,
    chunk: usize,
    number: usize,
    runs: Vec<ArmRun>,
) -> Option<ChunkRun> {
    let people = chunk_people(everybody, chunk);
    let mut under_way = under_way.lock().ok()?;
    let parts = under_way.entry(chunk).or_default();
    parts.insert(number, runs);
    if parts.len() < people.len().div_ceil(BLOCK) {
        return None;
    }
    let runs = under_way.remove(&chunk)?.into_values().flatten().collect();
    Some(ChunkRun {
        chunk,
        people,
        runs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_chunks_once() {
        for people in [1, 127, 128, 129, 10_000] {
            for n in [1, 2, 5, 7] {
                let all: Vec<usize> = (1..=n).flat_map(|k| shard_chunks(people, k, n)).collect();
                assert_eq!(
                    all,
                    (0..chunks_of(people)).collect::<Vec<_>>(),
                    "{people} {n}"
                );
            }
            let places: usize = (0..chunks_of(people))
                .map(|c| chunk_people(people, c).len())
                .sum();
            assert_eq!(places, people);
        }
    }
}

//! One place where many variants of a body are run: for each list of start values the arms that are asked for, on all threads.
//!
//! Variants with the same start values stay together, so that they share a life. Nobody's result depends on who sits beside them.

use osteon_sim::{ArmRun, Body, Diagnostics, Member, RunOptions, Scenario, Silent, run_many};
use rayon::prelude::*;

/// About as many individuals are driven together by one thread: enough to fill the lanes of a block again and again.
const TOGETHER: usize = 64;

/// One list of start values and the arms to be lived with it, each as a scenario and the number of its arm.
#[derive(Debug, Clone)]
pub(crate) struct LaneSet<'s> {
    pub(crate) start: Vec<(String, f64)>,
    pub(crate) arms: Vec<(&'s Scenario, usize)>,
}

/// Runs all sets; for each set its arms in their order.
///
/// # Errors
/// When a start value names no parameter that can be set.
pub(crate) fn run_sets(
    body: &Body,
    sets: &[LaneSet<'_>],
    options: &RunOptions,
) -> Result<Vec<Vec<ArmRun>>, Diagnostics> {
    let part = |sets: &[LaneSet<'_>]| -> Result<Vec<Vec<ArmRun>>, Diagnostics> {
        let members: Vec<Member<'_>> = sets
            .iter()
            .flat_map(|set| {
                set.arms.iter().map(|(scenario, arm)| Member {
                    scenario,
                    arm: *arm,
                    id: None,
                    start: set.start.clone(),
                })
            })
            .collect();
        let mut runs = run_many(body, &members, options, &mut Silent)?.into_iter();
        Ok(sets
            .iter()
            .map(|set| runs.by_ref().take(set.arms.len()).collect())
            .collect())
    };
    let widest = sets.iter().map(|s| s.arms.len()).max().unwrap_or(1).max(1);
    // Enough chunks for every thread, none larger than it needs to be.
    let evenly = sets.len().div_ceil(rayon::current_num_threads());
    let chunk = (TOGETHER / widest).clamp(1, evenly.max(1));
    let parts: Vec<_> = sets.par_chunks(chunk).map(part).collect();
    let mut all = Vec::with_capacity(sets.len());
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}

/// All arms of a scenario for each list of start values.
///
/// # Errors
/// As [`run_sets`].
pub(crate) fn run_starts(
    body: &Body,
    scenario: &Scenario,
    starts: &[Vec<(String, f64)>],
    options: &RunOptions,
) -> Result<Vec<Vec<ArmRun>>, Diagnostics> {
    let set = |start: &Vec<(String, f64)>| LaneSet {
        start: start.clone(),
        arms: (0..scenario.arms.len())
            .map(|arm| (scenario, arm))
            .collect(),
    };
    run_sets(body, &starts.iter().map(set).collect::<Vec<_>>(), options)
}

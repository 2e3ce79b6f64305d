//! Steady starts: from a setup or from the end of a life to the steady state of the inputs in force, with time held.

use std::sync::Arc;

use osteon_ode::{Steady, SteadyOptions, steady, zero_modes};
use osteon_vm::{Lanes, Program};

use super::setup::{LaneEnd, LaneSetup, SetupError};
use super::{DriveOptions, LaneOutcome, Observer, drive};

/// A steady state and how good it is.
#[derive(Debug, Clone)]
pub struct SteadyStart {
    /// The condition to begin from.
    pub end: LaneEnd,
    /// Drift and error estimate.
    pub quality: Steady,
    /// States that take part in totals the equations conserve, or that only count: their values are those of the start.
    pub conserved: Vec<String>,
}

/// The steady state of a person's start values, from the model's initial states; actions before `setup.until` are lived first.
///
/// # Errors
/// A setup that cannot be driven, a failure on the way, or no steady state; in words, with the name of the state to blame.
pub fn steady_start(
    program: &Arc<Program>,
    setup: &LaneSetup,
    options: &DriveOptions,
    search: &SteadyOptions,
) -> Result<SteadyStart, String> {
    struct Nobody;
    impl Observer for Nobody {
        fn sample(&mut self, _: usize, _: usize, _: f64, _: &[f64]) {}
    }
    let driven = drive(
        program,
        std::slice::from_ref(setup),
        &[],
        options,
        &mut Nobody,
    )
    .map_err(|e: SetupError| e.message)?;
    let Some(LaneOutcome { end, failure, .. }) = driven.into_iter().next() else {
        return Err("nobody was driven".to_owned());
    };
    if let Some(failure) = failure {
        return Err(format!("{failure}; {}", failure.hint()));
    }
    polish(program, &end, search)
}

/// The steady state nearest to the end of a life, its inputs and its time held.
///
/// # Errors
/// In words why there is none, with the name of the state that keeps moving.
pub fn polish(
    program: &Arc<Program>,
    from: &LaneEnd,
    search: &SteadyOptions,
) -> Result<SteadyStart, String> {
    if from.infusions.iter().any(|rate| *rate != 0.0) {
        return Err(
            "an infusion is running; a steady state needs inputs that are part of the model"
                .to_owned(),
        );
    }
    let mut vm = Lanes::new(Arc::clone(program), 1);
    vm.load_lane(0, &from.individual);
    let mut y = from.states.clone();
    let t = [from.time];
    vm.refresh_branches(0, &t, &y);
    let name = |state: usize| program.states().get(state).map_or("?", String::as_str);
    match steady(&mut vm, &t, &mut y, search).remove(0) {
        Err(lost) => Err(format!(
            "`{}` still changes by {:.2e} of itself in {} units of time after {} iterations",
            name(lost.worst),
            lost.drift,
            search.horizon,
            lost.iterations
        )),
        Ok(quality) => {
            let (_, idle) = zero_modes(&mut vm, &t, &y, 1e-3 / search.horizon).remove(0);
            let conserved = idle.into_iter().map(|i| name(i).to_owned()).collect();
            vm.refresh_branches(0, &t, &y);
            let end = LaneEnd {
                states: y,
                individual: vm.save_lane(0),
                ..from.clone()
            };
            Ok(SteadyStart {
                end,
                quality,
                conserved,
            })
        }
    }
}

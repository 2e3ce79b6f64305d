//! What answers cost, apart from the answers. A change here is no error; it has to be seen and meant.

use osteon_ode::problems::{
    Dense, Equations, Forced, Hires, Orego, Robertson, Switched, VanDerPol,
};
use osteon_ode::{Integrator, Options, Work};

fn cost<E: Equations>(equations: E, start: &[f64], end: f64, rtol: f64, atol: f64) -> Work {
    let mut i = Integrator::new(
        Dense::new(equations, 1),
        Options {
            rtol,
            atol: vec![atol],
            ..Options::default()
        },
    );
    i.start(0, 0.0, start);
    i.set_stop(0, end);
    while i.step() && !i.progress(0).stopped {}
    *i.work(0)
}

/// Steps, rejections and right-hand sides at 1e-6, within a tenth, so that another libm does not raise an alarm.
#[test]
fn stiff_set() {
    for (name, work, steps, rejected, rhs) in [
        (
            "robertson",
            cost(Robertson, &Robertson::START, 1e11, 1e-6, 1e-20),
            314,
            2,
            2528,
        ),
        (
            "hires",
            cost(Hires, &Hires::START, Hires::END, 1e-6, 1e-10),
            281,
            3,
            2271,
        ),
        (
            "orego",
            cost(Orego, &Orego::START, 360.0, 1e-6, 1e-9),
            1049,
            9,
            8457,
        ),
        (
            "van der pol",
            cost(VanDerPol { eps: 1e-6 }, &VanDerPol::START, 2.0, 1e-6, 1e-6),
            671,
            13,
            5461,
        ),
        (
            "switched",
            cost(
                Switched { w: vec![1.7] },
                &Switched::START,
                40.0,
                1e-5,
                1e-5,
            ),
            132,
            21,
            1403,
        ),
    ] {
        let near = |got: u64, want: u64| got.abs_diff(want) <= want / 10 + 2;
        assert!(
            near(work.steps, steps) && near(work.rejected, rejected) && near(work.rhs, rhs),
            "{name}: {work:?}"
        );
    }
}

/// After a transient the steps grow without bound: a hundred times the horizon costs a handful of steps more.
#[test]
fn long_horizons_are_cheap() {
    let near = cost(Robertson, &Robertson::START, 1e9, 1e-6, 1e-20).steps;
    let far = cost(Robertson, &Robertson::START, 1e11, 1e-6, 1e-20).steps;
    assert!(far - near < 60, "{near} {far}");
}

/// Daily kicks: each restart begins with the step that earlier kicks have taught, without a search from tiny steps.
#[test]
fn kicks_are_remembered() {
    let mut i = Integrator::new(
        Dense::new(Forced { rate: 24.0 }, 1),
        Options {
            rtol: 1e-3,
            atol: vec![1e-6],
            ..Options::default()
        },
    );
    i.start(0, 0.0, &[1.0]);
    let days = 100;
    for day in 1..=days {
        i.set_stop(0, f64::from(day));
        while i.step() && !i.progress(0).stopped {}
        i.set_state(0, 0, i.state(0, 0) + 1.0);
        i.restart(0);
    }
    let work = i.work(0);
    let a_day = work.steps as f64 / f64::from(days);
    assert!(a_day < 12.0, "{work:?}");
    assert!(work.rejected as f64 / (work.steps as f64) < 0.1, "{work:?}");
}

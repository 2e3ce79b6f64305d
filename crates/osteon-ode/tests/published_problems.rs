//! Answers on problems with known or published solutions; effort is asserted elsewhere.

use osteon_ode::problems::{
    Ball, Dense, Equations, Forced, Hires, Orego, Robertson, RootOfNegative, Sliding, Switched,
    VanDerPol,
};
use osteon_ode::{Cause, Integrator, Options};

fn run<E: Equations>(
    equations: E,
    start: &[f64],
    end: f64,
    rtol: f64,
    atol: f64,
) -> Integrator<Dense<E>> {
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
    while i.step() && !i.progress(0).stopped && !i.progress(0).failed {}
    i
}

fn worst(got: &[f64], want: &[f64]) -> f64 {
    got.iter()
        .zip(want)
        .map(|(g, w)| ((g - w) / w).abs())
        .fold(0.0, f64::max)
}

#[test]
fn robertson() {
    for (rtol, bar) in [(1e-4, 2e-3), (1e-6, 1e-5), (1e-8, 1e-7)] {
        let i = run(Robertson, &Robertson::START, 1e11, rtol, rtol * 1e-14);
        println!(
            "robertson {rtol:e} {:e} {:?}",
            worst(i.states(), &Robertson::AT_1E11),
            i.work(0)
        );
        assert!(worst(i.states(), &Robertson::AT_1E11) < bar);
    }
}

#[test]
fn hires() {
    for (rtol, bar) in [(1e-4, 2e-3), (1e-6, 1e-5), (1e-8, 1e-7)] {
        let i = run(Hires, &Hires::START, Hires::END, rtol, rtol * 1e-4);
        println!(
            "hires {rtol:e} {:e} {:?}",
            worst(i.states(), &Hires::AT_END),
            i.work(0)
        );
        assert!(worst(i.states(), &Hires::AT_END) < bar);
    }
}

#[test]
fn orego() {
    for (rtol, bar) in [(1e-4, 2e-3), (1e-6, 1e-5), (1e-8, 1e-7)] {
        let i = run(Orego, &Orego::START, 360.0, rtol, rtol * 1e-3);
        println!(
            "orego {rtol:e} {:e} {:?}",
            worst(i.states(), &Orego::AT_360),
            i.work(0)
        );
        assert!(worst(i.states(), &Orego::AT_360) < bar);
    }
}

#[test]
fn van_der_pol() {
    for (rtol, bar) in [(1e-4, 2e-3), (1e-6, 1e-5), (1e-8, 1e-7)] {
        let i = run(VanDerPol { eps: 1e-6 }, &VanDerPol::START, 2.0, rtol, rtol);
        println!(
            "vdpol {rtol:e} {:e} {:?}",
            worst(i.states(), &VanDerPol::AT_2),
            i.work(0)
        );
        assert!(worst(i.states(), &VanDerPol::AT_2) < bar);
    }
}

/// A non-stiff non-autonomous problem with steps of fixed size: the error falls with the fifth power.
#[test]
fn measured_order_is_five() {
    let mut errors = Vec::new();
    for steps in [10, 20, 40] {
        let options = Options {
            rtol: 1e6,
            atol: vec![1e6],
            max_step: 2.0 / f64::from(steps),
            ..Options::default()
        };
        let mut i = Integrator::new(Dense::new(Forced { rate: 1.0 }, 1), options);
        i.start(0, 0.0, &[1.0]);
        for step in 1..=steps {
            i.set_stop(0, 2.0 * f64::from(step) / f64::from(steps));
            while i.step() && !i.progress(0).stopped {}
        }
        assert_eq!(i.work(0).rejected, 0);
        errors.push((i.state(0, 0) - 2.0f64.cos()).abs());
    }
    let orders: Vec<f64> = errors.windows(2).map(|w| (w[0] / w[1]).log2()).collect();
    println!("{errors:?} {orders:?}");
    assert!(orders.iter().all(|o| (4.6..5.6).contains(o)), "{orders:?}");
}

/// The interpolant is of order 4: its largest error inside a step falls with the fifth power of the step.
#[test]
fn interpolant_order() {
    let mut errors = Vec::new();
    for h in [0.4, 0.2, 0.1] {
        let options = Options {
            rtol: 1e6,
            atol: vec![1e6],
            max_step: h,
            ..Options::default()
        };
        let mut i = Integrator::new(Dense::new(Forced { rate: 1.0 }, 1), options);
        i.start(0, 0.0, &[1.0]);
        i.set_stop(0, 4.0);
        let mut worst = 0.0f64;
        while i.step() && !i.progress(0).stopped {
            let (from, to) = i.last_step(0);
            let end = i.state(0, 0) - to.cos();
            for s in 0..=20 {
                let t = from + (to - from) * f64::from(s) / 20.0;
                let mut out = [0.0];
                i.interpolate(&[t], &mut out);
                if t > 2.0 {
                    worst = worst.max((out[0] - t.cos() - end).abs());
                }
            }
        }
        errors.push(worst);
    }
    let orders: Vec<f64> = errors.windows(2).map(|w| (w[0] / w[1]).log2()).collect();
    println!("{errors:?} {orders:?}");
    assert!(orders.iter().all(|o| (4.5..6.5).contains(o)), "{orders:?}");
}

#[test]
fn stiff_forcing_is_followed() {
    let i = run(Forced { rate: 1e6 }, &[1.0], 10.0, 1e-6, 1e-9);
    println!("{:e} {:?}", i.state(0, 0) - 10.0f64.cos(), i.work(0));
    assert!((i.state(0, 0) - 10.0f64.cos()).abs() < 1e-6);
    assert!(i.work(0).steps < 100);
}

/// Located and frozen, a jump does not spoil the answer: the error keeps falling with the tolerance.
#[test]
fn switches_are_located() {
    for (rtol, bar) in [(1e-3, 1e-3), (1e-5, 1e-5), (1e-7, 1e-7), (1e-9, 1e-9)] {
        let i = run(
            Switched { w: vec![1.7] },
            &Switched::START,
            40.0,
            rtol,
            rtol,
        );
        let error = (i.state(0, 0) / Switched::exact(1.7, 40.0) - 1.0).abs();
        println!("switched {rtol:e} {error:e} {:?}", i.work(0));
        assert_eq!(i.work(0).flips, 22);
        assert!(error < bar);
    }
}

/// Rebounds come at known times; each is found to about the last digit the height allows.
#[test]
fn a_ball_bounces_on_time() {
    let (g, keep) = (9.81, 0.8);
    let mut i = Integrator::new(
        Dense::new(Ball { g }, 1),
        Options {
            rtol: 1e-6,
            atol: vec![1e-9],
            ..Options::default()
        },
    );
    i.start(0, 0.0, &[1.0, 0.0]);
    i.set_stop(0, 3.0);
    let mut bounces = Vec::new();
    while i.step() && !i.progress(0).failed {
        if i.progress(0).triggered && i.trigger(0, 0) {
            bounces.push(i.times()[0]);
            let speed = i.state(0, 1);
            i.set_state(0, 0, 0.0);
            i.set_state(0, 1, -keep * speed);
            i.restart(0);
        }
        if i.progress(0).stopped {
            break;
        }
    }
    let first = (2.0f64 / g).sqrt();
    let mut want = first;
    let mut gap = 2.0 * first;
    println!("{bounces:?} {:?}", i.work(0));
    assert!(bounces.len() >= 6);
    for b in bounces {
        assert!((b - want).abs() < 1e-9, "{b} {want}");
        gap *= keep;
        want += gap;
    }
}

#[test]
fn sliding_is_a_clear_failure() {
    let i = run(Sliding, &[1.0], 3.0, 1e-6, 1e-9);
    let f = i.failure(0).expect("a sliding lane fails");
    assert_eq!((f.cause, f.worst), (Cause::Chattering, Some(0)));
    assert!((f.last_good - 1.0).abs() < 1e-6, "{f}");
}

#[test]
fn a_wall_is_a_clear_failure() {
    let i = run(RootOfNegative, &[1.0], 3.0, 1e-6, 1e-9);
    let f = i.failure(0).expect("there is no solution beyond 2/3");
    println!("{f}");
    assert!(matches!(f.cause, Cause::NotFinite | Cause::StepTooSmall));
    assert_eq!(f.worst, Some(0));
    assert!((f.last_good - 2.0 / 3.0).abs() < 1e-5, "{f}");
}

#[test]
fn not_a_number_at_the_start_is_named() {
    let i = run(Robertson, &[1.0, f64::NAN, 0.0], 3.0, 1e-6, 1e-9);
    let f = i.failure(0).expect("nothing to start from");
    assert_eq!(f.cause, Cause::NotFinite);
    assert!(f.worst.is_some());
}

//! Stepping takes no memory once the integrator is made: smooth, switched, kicked, sampled.

use osteon_ode::problems::{Dense, Hires, Switched};
use osteon_ode::{Integrator, Options};

#[test]
fn stepping_allocates_nothing() {
    let mut i = Integrator::new(Dense::new(Hires, 4), Options::default());
    let mut s = Integrator::new(
        Dense::new(Switched { w: vec![1.0, 2.0] }, 2),
        Options::default(),
    );
    for lane in 0..4 {
        i.start(lane, 0.0, &Hires::START);
        i.set_stop(lane, 100.0);
    }
    for lane in 0..2 {
        s.start(lane, 0.0, &Switched::START);
        s.set_stop(lane, 20.0);
    }
    let (mut out, mut steps) = (vec![0.0; 6], 0);
    let info = allocation_counter::measure(|| {
        while i.step() {
            steps += 1;
        }
        while s.step() {
            steps += 1;
            let t = [s.times()[0], s.times()[1]];
            s.interpolate(&t, &mut out);
            if s.progress(0).stopped && t[0] < 40.0 {
                s.set_state(0, 0, 3.0);
                s.restart(0);
                s.settle();
                s.set_stop(0, t[0] + 20.0);
            }
        }
    });
    assert!(steps > 100);
    assert_eq!(info.count_total, 0);
}

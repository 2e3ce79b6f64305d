//! A lane's result is the same to the last bit whoever sits beside it, whenever they came, and whatever becomes of them.

use osteon_ode::problems::{Dense, Equations, Switched};
use osteon_ode::{Integrator, Options, Work};

const W: [f64; 8] = [1.7, 0.3, 5.1, 2.2, 0.9, 3.3, 1.1, 0.05];

/// Follows the switched problem with a kick of the first state at every whole time; one output inside steps at each half.
fn follow(members: &[usize], end: u32) -> Vec<(Vec<u64>, Work)> {
    let lanes = members.len();
    let equations = Switched {
        w: members.iter().map(|m| W[*m]).collect(),
    };
    let mut i = Integrator::new(
        Dense::new(equations, lanes),
        Options {
            rtol: 1e-6,
            atol: vec![1e-9],
            ..Options::default()
        },
    );
    let mut out = vec![Vec::new(); lanes];
    for lane in 0..lanes {
        i.start(lane, 0.0, &Switched::START);
        i.set_stop(lane, 1.0);
    }
    let (mut t, mut y) = (vec![0.0; lanes], vec![0.0; 3 * lanes]);
    while i.step() {
        let mut wanted = vec![false; lanes];
        for lane in 0..lanes {
            let (from, to) = i.last_step(lane);
            t[lane] = from.floor() + 0.5;
            wanted[lane] = i.progress(lane).moved && t[lane] > from && t[lane] <= to;
        }
        if wanted.contains(&true) {
            i.interpolate(&t, &mut y);
        }
        for lane in 0..lanes {
            if wanted[lane] {
                out[lane].push(y[lane].to_bits());
            }
            if i.progress(lane).stopped {
                let value = i.state(lane, 0) + 0.25;
                out[lane].push(value.to_bits());
                i.set_state(lane, 0, value);
                i.restart(lane);
                let next = i.times()[lane] + 1.0;
                if next <= f64::from(end) {
                    i.set_stop(lane, next);
                }
            }
        }
    }
    (0..lanes)
        .map(|lane| (out[lane].clone(), *i.work(lane)))
        .collect()
}

#[test]
fn alone_or_in_company() {
    let alone: Vec<_> = (0..8).map(|m| follow(&[m], 30).remove(0)).collect();
    assert_eq!(alone[0].0.len(), 60);
    for company in [
        vec![0, 1, 2, 3, 4, 5, 6, 7],
        vec![7, 6, 5],
        vec![2, 2, 0],
        vec![1, 3, 5, 7, 0],
    ] {
        for (result, member) in follow(&company, 30).into_iter().zip(&company) {
            assert_eq!(result, alone[*member], "member {member} of {company:?}");
        }
    }
}

/// Right-hand sides that turn into not-a-number at different times, beside a harmless lane.
struct Mortal {
    dies: Vec<f64>,
}

impl Equations for Mortal {
    fn n(&self) -> usize {
        1
    }
    fn rhs(&self, lane: usize, t: f64, y: &[f64], _: &[bool], d: &mut [f64]) {
        d[0] = (self.dies[lane] - t).sqrt() - y[0];
    }
    fn jacobian(&self, _: usize, _: f64, _: &[f64], _: &[bool], j: &mut [f64]) {
        j[0] = -1.0;
    }
    fn dfdt(&self, lane: usize, t: f64, _: &[f64], out: &mut [f64]) {
        out[0] = -0.5 / (self.dies[lane] - t).sqrt();
    }
}

#[test]
fn a_failing_neighbour_changes_nothing() {
    let run = |dies: Vec<f64>| {
        let lanes = dies.len();
        let mut i = Integrator::new(Dense::new(Mortal { dies }, lanes), Options::default());
        for lane in 0..lanes {
            i.start(lane, 0.0, &[1.0]);
            i.set_stop(lane, 5.0);
        }
        while i.step() {}
        (
            i.state(0, 0).to_bits(),
            *i.work(0),
            i.failure(0).is_none(),
            (1..lanes).all(|l| i.failure(l).is_some()),
        )
    };
    let alone = run(vec![100.0]);
    let beside = run(vec![100.0, 2.0, -1.0, f64::NAN]);
    assert_eq!((alone.0, alone.1, alone.2), (beside.0, beside.1, beside.2));
    assert!(beside.3);
}

//! What a model means comes out of its tapes: start values, species, compartments, rules, events, diagnostics.

mod written;

use std::sync::Arc;

use osteon_compile::compile;
use osteon_vm::{Lanes, Program, TriggerKind};
use written::model;

fn program(text: &str) -> Arc<Program> {
    Arc::new(compile(&model(text)).unwrap_or_else(|d| panic!("{d:#?}")))
}

struct One {
    lanes: Lanes,
    t: [f64; 1],
    y: Vec<f64>,
}

impl One {
    fn new(text: &str) -> One {
        let p = program(text);
        let mut one = One {
            y: vec![0.0; p.n_states()],
            lanes: Lanes::new(p, 1),
            t: [0.0],
        };
        one.initialise();
        one
    }
    fn initialise(&mut self) {
        self.lanes.initialise(&self.t, &mut self.y);
    }
    fn get(&mut self, name: &str) -> f64 {
        let symbol = self.lanes.program().find(name).expect(name);
        let mut out = [0.0];
        self.lanes.value(&[symbol], &self.t, &self.y, &mut out);
        out[0]
    }
    fn set_start(&mut self, name: &str, value: f64) {
        let symbol = self.lanes.program().find(name).expect(name);
        self.lanes.set_start(0, symbol, value).expect("settable");
        self.initialise();
    }
    fn set_now(&mut self, name: &str, value: f64) {
        let symbol = self.lanes.program().find(name).expect(name);
        self.lanes
            .set_now(0, symbol, value, &self.t, &mut self.y)
            .expect("settable");
        self.lanes.refresh_branches(0, &self.t, &self.y);
    }
    fn rhs(&mut self) -> Vec<f64> {
        let mut out = vec![0.0; self.y.len()];
        self.lanes.rhs(&self.t, &self.y, &mut out);
        out
    }
}

#[test]
fn start_values_are_derived_again_and_changes_during_a_run_are_not() {
    let text = "
        a = 2
        b = 3 * a
        c = b + 1
        d := b * a
        x = c
        x' = -a * x";
    let mut m = One::new(text);
    assert_eq!(
        [m.get("b"), m.get("c"), m.get("x"), m.get("d")],
        [6.0, 7.0, 7.0, 12.0]
    );
    m.set_start("a", 10.0);
    assert_eq!(
        [m.get("b"), m.get("c"), m.get("x"), m.get("d")],
        [30.0, 31.0, 31.0, 300.0]
    );
    assert_eq!(m.rhs(), [-310.0]);
    // An overridden derived constant: what hangs on it follows, what it hung on stays.
    m.set_start("b", 1.0);
    assert_eq!(
        [m.get("a"), m.get("c"), m.get("x"), m.get("d")],
        [10.0, 2.0, 2.0, 10.0]
    );
    // During the run only rules follow.
    m.set_now("a", 5.0);
    assert_eq!(
        [m.get("b"), m.get("c"), m.get("x"), m.get("d")],
        [1.0, 2.0, 2.0, 5.0]
    );
    m.set_now("x", 4.0);
    assert_eq!(m.rhs(), [-20.0]);
    m.lanes.reset_start(0);
    m.initialise();
    assert_eq!([m.get("a"), m.get("b"), m.get("x")], [2.0, 6.0, 7.0]);
    // What is computed cannot be set, and says so.
    let d = m.lanes.program().find("d").expect("d");
    assert!(m.lanes.set_start(0, d, 1.0).is_err());
    assert!(
        m.lanes
            .set_now(0, d, 1.0, &[0.0], &mut [0.0])
            .expect_err("computed")
            .to_string()
            .contains("`d`")
    );
}

#[test]
fn concentrations_are_amounts_over_size() {
    let text = "
        comp V = 4
        A in V = 3
        B# in V = 5
        k = 0.5
        J: A + 2 B -> ; k * A * B";
    let mut m = One::new(text);
    // States are amounts; the rate reads a concentration and an amount.
    assert_eq!(m.y, [12.0, 5.0]);
    assert_eq!(m.get("J"), 7.5);
    assert_eq!(m.rhs(), [-7.5, -15.0]);
    let p = Arc::clone(m.lanes.program());
    let (a, b) = (p.find("A").expect("A"), p.find("B").expect("B"));
    let mut out = [0.0; 4];
    let symbols = [
        p.amount_of(a),
        p.concentration_of(a),
        p.amount_of(b),
        p.concentration_of(b),
    ]
    .map(|s| s.expect("species"));
    m.lanes.value(&symbols, &m.t, &m.y, &mut out);
    assert_eq!(out, [12.0, 3.0, 5.0, 1.25]);
    // A concentration set is a concentration; a changed size keeps the amount.
    m.set_now("A", 1.0);
    assert_eq!(m.y[0], 4.0);
    m.set_now("V", 8.0);
    assert_eq!([m.get("A"), m.y[0]], [0.5, 4.0]);
    m.set_start("V", 2.0);
    assert_eq!(m.y, [6.0, 5.0]);
    m.set_start("A", 7.0);
    assert_eq!(m.y, [14.0, 5.0]);
}

#[test]
fn a_growing_compartment_dilutes() {
    // Rate rule on a concentration: the concentration obeys it, whatever the size does.
    let text = "
        comp V = 2
        V' = 0.5
        A in V = 3
        A' = 1
        B in V = 3
        r := rateOf(B)
        J: B -> ; 0.25 * B";
    let mut m = One::new(text);
    // V, A and B as amounts: dA = 1·V + conc·dV, dB = −J.
    assert_eq!(m.rhs(), [0.5, 1.0 * 2.0 + 3.0 * 0.5, -0.75]);
    // d[B]/dt = (−0.75 − 3·0.5) / 2
    assert_eq!(m.get("r"), (-0.75 - 1.5) / 2.0);
    // In a compartment that follows a rule the concentration itself is the state.
    let mut n = One::new("comp V = 1\nV := 2 + time\nA in V = 3\nA' = -A");
    assert_eq!((n.y.clone(), n.rhs()), (vec![3.0], vec![-3.0]));
    n.t = [2.0];
    assert_eq!((n.get("A"), n.get("V")), (3.0, 4.0));
}

#[test]
fn rate_of_a_rule_is_its_total_derivative() {
    let mut m = One::new("x = 2\nx' = 3 * x\ny := x ^ 2 + time ^ 2\nr := rateOf(y)\nz = 0\nz' = r");
    m.t = [5.0];
    assert_eq!(m.get("r"), 2.0 * 2.0 * 6.0 + 10.0);
}

#[test]
fn switches_freeze_their_branch() {
    let mut m = One::new("x = 1\nx' = piecewise(5, x > 2, -x)\ny := max(x, 3) + abs(x - 10)");
    assert_eq!(m.lanes.n_switches(), 3);
    assert_eq!((m.rhs(), m.get("y")), (vec![-1.0], 12.0));
    // Beyond the threshold the frozen branch still rules …
    m.y[0] = 4.0;
    assert_eq!((m.rhs(), m.get("y")), (vec![-4.0], 3.0 + 6.0));
    let mut margins = [0.0; 3];
    m.lanes.switch_margins(&m.t, &m.y, &mut margins);
    // x > 2 holds by 2, 3 > x fails by 1, x - 10 > 0 fails by 6.
    margins.sort_by(f64::total_cmp);
    assert_eq!(margins, [-6.0, -1.0, 2.0]);
    // … until it is refreshed.
    assert!(m.lanes.refresh_branches(0, &m.t, &m.y));
    assert_eq!((m.rhs(), m.get("y")), (vec![5.0], 4.0 + 6.0));
    assert!(!m.lanes.refresh_branches(0, &m.t, &m.y));
    // Conditions of steady things need no switch.
    let n = One::new("p = 1\nx = 0\nx' = piecewise(1, p > 0, 2) + min(p, 3)");
    assert_eq!(n.lanes.n_switches(), 0);
    // One comparison, its opposite and its complement in disguise are one switch.
    let n = One::new(
        "x = 0\nx' = piecewise(1, x > 2, 0) + piecewise(1, 2 < x, 0) + piecewise(1, x <= 2, 0)",
    );
    assert_eq!(n.lanes.n_switches(), 1);
}

#[test]
fn floor_is_steady_inside_a_branch() {
    let mut m = One::new(
        "x = 3.5\nx' = 1\nf := floor(x)\nc := ceil(x)\nq := quotient(x, 2)\nr := rem(x, 2)\nn := floor(-x)",
    );
    for (x, expect) in [
        (3.5, [3.0, 4.0, 1.0, 1.5, -4.0]),
        (4.0, [4.0, 4.0, 2.0, 0.0, -4.0]),
        (-0.25, [-1.0, 0.0, 0.0, -0.25, 0.0]),
        (7.999, [7.0, 8.0, 3.0, 1.999, -8.0]),
    ] {
        m.y[0] = x;
        m.lanes.refresh_branches(0, &m.t, &m.y);
        let found = ["f", "c", "q", "r", "n"].map(|s| m.get(s));
        for (a, b) in found.iter().zip(expect) {
            assert!((a - b).abs() < 1e-12, "at {x}: {found:?} and {expect:?}");
        }
    }
    // A step that looks a little beyond the integer sees the same value.
    m.y[0] = 3.9;
    m.lanes.refresh_branches(0, &m.t, &m.y);
    m.y[0] = 4.2;
    assert_eq!(m.get("f"), 3.0);
}

#[test]
fn events_have_margins_truth_and_values() {
    let text = "
        comp V = 2
        A in V = 1
        p = 1
        x = 0
        x' = 1
        at x > 3 && time >= 2 delay p + 1: V = 4, A = x
        at time == 5: p = p * 2
        at !(x < 1) || p == 3: p = 0";
    let mut m = One::new(text);
    let p = Arc::clone(m.lanes.program());
    let kinds: Vec<_> = p.triggers().iter().map(|t| (t.event, t.kind)).collect();
    use TriggerKind::{Equality, Part, Truth};
    assert_eq!(
        kinds,
        [
            (0, Truth),
            (0, Part),
            (0, Part),
            (1, Truth),
            (1, Equality),
            (2, Truth),
            (2, Part)
        ]
    );
    let mut margins = [0.0; 7];
    m.t = [2.5];
    m.y[0] = 2.5;
    m.lanes.trigger_margins(&m.t, &m.y, &mut margins);
    assert_eq!(margins, [-0.5, -0.5, 0.5, -1.0, -2.5, 1.5, 1.5]);
    let truth = |m: &mut One, e: usize| {
        let mut out = [false];
        m.lanes.event_truth(e, &m.t, &m.y, &mut out);
        out[0]
    };
    assert_eq!(
        [truth(&mut m, 0), truth(&mut m, 1), truth(&mut m, 2)],
        [false, false, true]
    );
    m.lanes.assume_equal(0, 4, true);
    assert!(truth(&mut m, 1));
    m.lanes.assume_equal(0, 4, false);
    m.y[0] = 3.5;
    assert!(truth(&mut m, 0));
    assert_eq!(m.lanes.event_delay(0, 0, &m.t, &m.y), 2.0);
    assert_eq!(m.lanes.event_priority(0, 0, &m.t, &m.y), None);
    let mut values = [0.0; 2];
    m.lanes.event_values(0, 0, &m.t, &m.y, &mut values);
    assert_eq!(values, [4.0, 3.5]);
    m.lanes.event_apply(0, 0, &values, &m.t, &mut m.y);
    // The assigned concentration counts in the size before the event: 3.5 · 2, then diluted in 4.
    assert_eq!([m.get("V"), m.get("A")], [4.0, 1.75]);
    let a = p.find("A").expect("A");
    let mut out = [0.0];
    m.lanes
        .value(&[p.amount_of(a).expect("species")], &m.t, &m.y, &mut out);
    assert_eq!(out, [7.0]);
}

#[test]
fn faults_are_told() {
    let told = |text: &str| {
        compile(&model(text))
            .expect_err("a faulty model")
            .iter()
            .map(|d| format!("{}: {}", d.id, d.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("a := b + 1\nb := c\nc := 2 * a"),
        ["circular: these values need each other in a circle: a → b → c → a"]
    );
    assert_eq!(
        told("a = b\nb = a + 1\nx' = a\nx = 0"),
        ["circular: these start values need each other in a circle: a → b → a"]
    );
    assert_eq!(
        told("k' = 0\nx = 1\nx' = k * q\nq := 2 * x"),
        ["missing-value: `k` has no value, and others are computed from it"]
    );
    // A value nobody reads may be missing.
    assert!(compile(&model("comp V = 1\nk := 1\nx = 0\nx' = 1")).is_ok());
    assert_eq!(told("x = 0\nx' = 1\ny := x\nat x > 1: y = 3").len(), 1);
}

#[test]
fn a_lane_does_not_know_its_neighbours() {
    let text = "a = 2\nx = a\nx' = piecewise(a, x > 3, exp(-x) * x ^ a)";
    let p = program(text);
    let (a, n) = (p.find("a").expect("a"), 11);
    let mut block = Lanes::new(Arc::clone(&p), n);
    let mut y = vec![0.0; n];
    let t = vec![0.0; n];
    for lane in 0..n {
        block
            .set_start(lane, a, lane as f64 * 0.5)
            .expect("settable");
    }
    block.initialise(&t, &mut y);
    let mut f = vec![0.0; n];
    block.rhs(&t, &y, &mut f);
    let mut alone = Lanes::new(Arc::clone(&p), 1);
    for lane in 0..n {
        alone.set_start(0, a, lane as f64 * 0.5).expect("settable");
        let (mut y1, mut f1) = ([0.0], [0.0]);
        alone.initialise(&[0.0], &mut y1);
        alone.rhs(&[0.0], &y1, &mut f1);
        assert_eq!(
            [y[lane].to_bits(), f[lane].to_bits()],
            [y1[0].to_bits(), f1[0].to_bits()]
        );
        assert_eq!(block.branch(lane, 0), alone.branch(0, 0));
    }
    // One lane begins anew, the others stay.
    block.set_start(3, a, 9.0).expect("settable");
    block.set_now(4, a, 7.0, &t, &mut y).expect("settable");
    let before = y.clone();
    block.initialise_lane(3, &t, &mut y);
    assert_eq!(y[3], 9.0);
    assert!((0..n).filter(|l| *l != 3).all(|l| y[l] == before[l]));
    let mut values = vec![0.0; n];
    block.value(&[a], &t, &y, &mut values);
    assert_eq!((values[3], values[4]), (9.0, 7.0));
    // An individual moves with everything that is theirs.
    let mut other = Lanes::new(Arc::clone(&p), 2);
    other.initialise(&[0.0; 2], &mut [0.0; 2]);
    other.copy_lane_from(&block, 4, 1);
    other.value(&[a], &[0.0; 2], &[0.0; 2], &mut values[..2]);
    assert_eq!(values[..2], [2.0, 7.0]);
}

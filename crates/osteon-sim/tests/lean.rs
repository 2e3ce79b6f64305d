//! A model cut down to one experiment runs the same and holds less.

use osteon_model::{MemorySources, Model};
use osteon_sim::{Course, CourseOptions, lean, time_course};

const TEXT: &str = "model m
  compartment C; C = 2
  species S in C, P in C; S = 10; P := 3*total
  substanceOnly species A in C; A = a0; a0 = 4*k
  k = 0.3; scale := k*2; half := scale/2 + 0.1
  use: S => ; half*S*C; grow: => A; scale*C
  seen := S*100; unseen := seen + A; total := S + A
  flag = 0; at (time > 2): flag = 1
  slow := piecewise(half, flag > 0.5, scale)
  x = 0; x' = slow*S
end";

fn model() -> Model {
    let mut sources = MemorySources::new();
    sources.insert("m.ant", TEXT);
    let parsed = osteon_lang::load(&sources, "m.ant");
    parsed
        .model
        .unwrap_or_else(|| panic!("{}", parsed.sources.render_all(&parsed.diagnostics)))
}

fn run(model: &Model, record: &[&str], set: &[(String, f64)]) -> Course {
    let asked = CourseOptions {
        until: 5.0,
        every: 0.5,
        rtol: 1e-9,
        atol: 1e-12,
        record: record.iter().map(ToString::to_string).collect(),
        set: set.to_vec(),
    };
    time_course(model, &asked).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[test]
fn the_same_course_from_less() {
    let whole = model();
    for start in [vec![], vec![("k".to_owned(), 0.5), ("C".to_owned(), 3.0)]] {
        let cut = lean(&whole, &["seen".to_owned()], &start).expect("a sound model");
        let names = ["S", "A", "P", "x", "seen", "flag"];
        let (want, got) = (run(&whole, &names, &start), run(&cut, &names, &[]));
        assert!(want.failure.is_none() && got.failure.is_none());
        for (a, b) in want.rows.iter().flatten().zip(got.rows.iter().flatten()) {
            assert!((a - b).abs() <= 1e-8 * a.abs().max(1e-3), "{a} {b}");
        }
        for gone in ["unseen", "a0", "k"] {
            assert!(cut.find(gone).is_none(), "{gone} is read by nothing");
        }
        let half = cut.find("half").expect("a rate reads it");
        assert!(cut.symbol(half).constant && cut.symbol(half).rule.is_none());
        let slow = cut.find("slow").expect("a rate reads it");
        assert!(cut.symbol(slow).rule.is_some(), "an event moves it");
    }
    assert!(lean(&whole, &["nothing".to_owned()], &[]).is_err());
    assert!(lean(&whole, &[], &[("half".to_owned(), 1.0)]).is_err());
}

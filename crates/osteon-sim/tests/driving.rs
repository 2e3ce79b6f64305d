//! The time loop through real tapes: doses, infusions, events, reviews, samples, failures; alone and in company, bit for bit.

use std::sync::Arc;

use osteon_model::MemorySources;
use osteon_sim::drive::{
    Action, Atol, Begin, BreakdownCause, DriveOptions, LaneOutcome, LaneSetup, Observer, Timed,
    drive, polish,
};
use osteon_vm::{Program, SymbolIndex};

fn program(text: &str) -> Arc<Program> {
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text);
    let parsed = osteon_lang::load(&sources, "m.ant");
    let model = parsed
        .model
        .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    Arc::new(osteon_compile::compile(&model).unwrap_or_else(|d| panic!("{d:?}")))
}

#[derive(Default)]
struct Table {
    rows: Vec<(usize, f64, Vec<f64>)>,
    events: Vec<(usize, f64, usize)>,
    titrate: Option<(SymbolIndex, SymbolIndex, f64)>,
}

impl Observer for Table {
    fn sample(&mut self, person: usize, _: usize, time: f64, values: &[f64]) {
        self.rows.push((person, time, values.to_vec()));
    }
    fn met(&mut self, person: usize, time: f64, event: usize) {
        self.events.push((person, time, event));
    }
    fn review(
        &mut self,
        _: usize,
        time: f64,
        value: &mut dyn FnMut(SymbolIndex) -> f64,
    ) -> Vec<Timed> {
        match self.titrate {
            Some((watched, dosed, amount)) if value(watched) < 1.0 => {
                vec![Timed {
                    time,
                    action: Action::Add {
                        symbol: dosed,
                        amount,
                    },
                }]
            }
            _ => Vec::new(),
        }
    }
}

impl Table {
    fn of(&self, person: usize) -> Vec<(f64, f64)> {
        self.rows
            .iter()
            .filter(|r| r.0 == person)
            .map(|r| (r.1, r.2[0]))
            .collect()
    }
}

fn go(
    text: &str,
    record: &[&str],
    setups: impl Fn(&Program) -> Vec<LaneSetup>,
    options: DriveOptions,
) -> (Table, Vec<LaneOutcome>) {
    let program = program(text);
    let record: Vec<SymbolIndex> = record
        .iter()
        .map(|n| program.find(n).expect("a symbol of the model"))
        .collect();
    let mut table = Table::default();
    let outcomes = drive(&program, &setups(&program), &record, &options, &mut table)
        .unwrap_or_else(|e| panic!("{e}"));
    (table, outcomes)
}

fn tight() -> DriveOptions {
    DriveOptions {
        rtol: 1e-8,
        atol: Atol::Uniform(1e-10),
        ..DriveOptions::default()
    }
}

/// Bolus and infusion into one compartment with first-order loss, against the closed form.
#[test]
fn doses_and_infusions() {
    let text = "model m\n k = 0.5; x = 0; x' = -k*x;\nend";
    let setups = |p: &Program| {
        let x = p.find("x").expect("x");
        let act = |time, action| Timed { time, action };
        vec![LaneSetup {
            until: 10.0,
            outputs: vec![0.0, 1.0, 2.0, 5.0, 10.0],
            actions: vec![
                act(
                    1.0,
                    Action::Add {
                        symbol: x,
                        amount: 4.0,
                    },
                ),
                act(
                    2.0,
                    Action::Infuse {
                        symbol: x,
                        rate_change: 3.0,
                    },
                ),
                act(
                    5.0,
                    Action::Infuse {
                        symbol: x,
                        rate_change: -3.0,
                    },
                ),
            ],
            ..LaneSetup::default()
        }]
    };
    let (table, outcomes) = go(text, &["x"], setups, tight());
    let at2 = 4.0 * (-0.5f64).exp();
    let at5 = at2 * (-1.5f64).exp() + 6.0 * (1.0 - (-1.5f64).exp());
    let want = [0.0, 4.0, at2, at5, at5 * (-2.5f64).exp()];
    for ((_, got), want) in table.of(0).into_iter().zip(want) {
        assert!((got - want).abs() < 1e-7, "{got} {want}");
    }
    assert!(outcomes[0].failure.is_none());
    // The same with samples taken before what happens at their time.
    let (table, _) = go(
        text,
        &["x"],
        setups,
        DriveOptions {
            samples_before: true,
            ..tight()
        },
    );
    assert_eq!(table.of(0)[1], (1.0, 0.0));
}

const CYCLES: &str = "model m
  k = 0.7; n = 4; x = 1; x' = piecewise(3, y > level, 1) - k*x^n/(1 + x^n);
  level = 0.3; y = 0; z = 1; y' = w*z; z' = -w*y; w = 2;
  high: at (x > 2): x = 1.5;
end";

fn crowd(p: &Program, members: &[usize]) -> Vec<LaneSetup> {
    let of = |name: &str| p.find(name).expect("a symbol of the model");
    let person = |m: usize| {
        let m = m as f64;
        LaneSetup {
            start: vec![(of("w"), 0.5 + 0.37 * m), (of("k"), 0.5 + 0.11 * m)],
            until: 12.0 + m,
            outputs: (0..=24).map(|i| 0.5 * f64::from(i)).collect(),
            actions: (1..10)
                .map(|d| Timed {
                    time: f64::from(d),
                    action: Action::Add {
                        symbol: of("x"),
                        amount: 0.05 * m,
                    },
                })
                .collect(),
            ..LaneSetup::default()
        }
    };
    members.iter().map(|m| person(*m)).collect()
}

/// Eleven people in blocks of 1, 3 and 8 lanes with refilling, and one alone: the same bits, switches, events and doses included.
#[test]
fn company_changes_no_bit() {
    let all: Vec<usize> = (0..11).collect();
    let run = |members: Vec<usize>, lanes: usize| {
        let options = DriveOptions {
            lanes,
            rtol: 1e-6,
            ..DriveOptions::default()
        };
        let (table, outcomes) = go(CYCLES, &["x", "y"], |p| crowd(p, &members), options);
        let bits = |person: usize| -> Vec<u64> {
            table
                .rows
                .iter()
                .filter(|r| r.0 == person)
                .flat_map(|r| r.2.iter().map(|v| v.to_bits()))
                .collect()
        };
        let met = |person: usize| -> Vec<u64> {
            table
                .events
                .iter()
                .filter(|e| e.0 == person)
                .map(|e| e.1.to_bits())
                .collect()
        };
        let ends: Vec<_> = outcomes
            .iter()
            .map(|o| (o.end.clone(), o.work, o.events))
            .collect();
        ends.into_iter()
            .enumerate()
            .map(|(i, end)| (bits(i), met(i), end))
            .collect::<Vec<_>>()
    };
    let one = run(all.clone(), 1);
    assert!(one.iter().all(|p| p.0.len() == 50) && one.iter().any(|p| !p.1.is_empty()));
    for lanes in [3, 8, 16] {
        assert_eq!(one, run(all.clone(), lanes), "{lanes} lanes");
    }
    assert_eq!(one[7], run(vec![7], 8).remove(0));
}

/// A delayed event, an event set off by another at the same instant, a cancelled one, and priorities.
#[test]
fn events_have_their_meaning() {
    let text = "model m
  a = 0; b = 0; c = 0; d = 0; order = 0; s = 0; s' = 1;
  first: at 2 after (s > 1): a = s;
  chain: at (a > 0): b = b + 1;
  kept_out: at 3 after (s > 1 && s < 2), persistent=false: c = 1;
  low: at (s >= 4), priority=1, fromTrigger=false: order = order*10 + 1;
  high: at (s >= 4), priority=5, fromTrigger=false: order = order*10 + 2;
  start: at (s >= 0), t0=false: d = d + 1;
end";
    let setups = |_: &Program| {
        vec![LaneSetup {
            until: 6.0,
            outputs: vec![0.0, 2.9, 3.0, 6.0],
            ..LaneSetup::default()
        }]
    };
    let (table, outcomes) = go(text, &["a", "b", "c", "d", "order"], setups, tight());
    let row = |i: usize| table.rows[i].2.clone();
    assert_eq!(row(0), [0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(row(1), [0.0, 0.0, 0.0, 1.0, 0.0]);
    let a = row(2)[0];
    assert!((a - 1.0).abs() < 1e-9, "value of trigger time: {a}");
    assert_eq!(row(2)[1..], [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(row(3)[1..], [1.0, 0.0, 1.0, 21.0]);
    assert_eq!(outcomes[0].events, 5);
}

#[test]
fn reviews_titrate() {
    let program = program("model m\n x = 2; x' = -0.5*x;\nend");
    let x = program.find("x").expect("x");
    let mut table = Table {
        titrate: Some((x, x, 2.0)),
        ..Table::default()
    };
    let reviews: Vec<f64> = (1..=20).map(f64::from).collect();
    let setup = LaneSetup {
        until: 20.0,
        outputs: reviews.clone(),
        reviews,
        ..LaneSetup::default()
    };
    drive(&program, &[setup], &[x], &tight(), &mut table).expect("a sound setup");
    assert!(
        table.of(0).iter().all(|(_, v)| *v >= 1.0 && *v < 3.0),
        "{:?}",
        table.of(0)
    );
}

/// One person fails; the finished part stays, the name is told, and the neighbours arrive.
#[test]
fn a_failure_names_the_state_and_spares_the_others() {
    let text = "model m\n p = 1; u = 1; u' = -p/sqrt(u); v = 0; v' = 1;\nend";
    let setups = |p: &Program| {
        let symbol = p.find("p").expect("p");
        [1.0, 0.0, -1.0]
            .map(|value| LaneSetup {
                start: vec![(symbol, value)],
                until: 2.0,
                outputs: vec![0.5, 1.0, 2.0],
                ..LaneSetup::default()
            })
            .to_vec()
    };
    let (table, outcomes) = go(text, &["v"], setups, tight());
    let failure = outcomes[0]
        .failure
        .as_ref()
        .expect("no solution beyond 2/3");
    assert!(matches!(
        failure.cause,
        BreakdownCause::NotFinite | BreakdownCause::StepTooSmall
    ));
    assert_eq!(failure.state.as_deref(), Some("u"));
    assert!(
        failure.to_string().contains("`u`") && (failure.time - 2.0 / 3.0).abs() < 1e-4,
        "{failure}"
    );
    assert_eq!([0, 1, 2].map(|i| table.of(i).len()), [1, 3, 3]);
    assert!(outcomes[1].failure.is_none() && outcomes[2].failure.is_none());
}

/// Twenty years after a transient cost a handful of steps; stopping and going on gives the same as going through.
#[test]
fn long_lives_are_cheap_and_can_be_continued() {
    let text = "model m\n a = 0; a' = 3 - 2*a; b = 5; b' = 1e-3*(a - b); seen = 0; seen' = a;\nend";
    let program = program(text);
    let b = program.find("b").expect("b");
    let run = |setup: LaneSetup| {
        let options = DriveOptions {
            rtol: 1e-6,
            atol: Atol::Uniform(1e-9),
            ..DriveOptions::default()
        };
        drive(&program, &[setup], &[b], &options, &mut Table::default())
            .expect("a sound setup")
            .remove(0)
    };
    let whole = run(LaneSetup {
        until: 7305.0,
        ..LaneSetup::default()
    });
    assert!(whole.work.steps < 60, "{:?}", whole.work);
    let half = run(LaneSetup {
        until: 3000.0,
        ..LaneSetup::default()
    });
    let rest = run(LaneSetup {
        t0: 3000.0,
        until: 7305.0,
        begin: Begin::Continued(half.end),
        ..LaneSetup::default()
    });
    for (x, y) in whole.end.states.iter().zip(&rest.end.states) {
        assert!((x / y - 1.0).abs() < 1e-6);
    }
    let steady =
        polish(&program, &whole.end, &osteon_ode::SteadyOptions::default()).expect("there is one");
    assert!(
        (steady.end.states[1] - 1.5).abs() < 1e-12,
        "{:?}",
        steady.end.states
    );
    assert_eq!(steady.end.states[2], whole.end.states[2]);
    assert_eq!(steady.conserved, ["seen"]);
}

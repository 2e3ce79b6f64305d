//! Forward sensitivities against central differences of whole runs: doses, events, jumps in equations, derived start values.

use std::sync::Arc;

use osteon_compile::{Directions, TangentError, compile, compile_with_tangents};
use osteon_model::{MemorySources, Model, SymbolId};
use osteon_sim::drive::{Action, Atol, DriveOptions, LaneSetup, Observer, Timed, drive};
use osteon_vm::{Program, SymbolIndex};

fn model(text: &str) -> Model {
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text);
    let parsed = osteon_lang::load(&sources, "m.ant");
    parsed
        .model
        .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics))
}

fn id(model: &Model, name: &str) -> SymbolId {
    model.find(name).unwrap_or_else(|| panic!("{name}"))
}

#[derive(Default)]
struct Rows(Vec<Vec<f64>>);

impl Observer for Rows {
    fn sample(&mut self, _: usize, _: usize, _: f64, values: &[f64]) {
        self.0.push(values.to_vec());
    }
}

struct Case {
    model: Model,
    until: f64,
    actions: Vec<(f64, &'static str, Deed)>,
}

#[derive(Clone, Copy)]
enum Deed {
    Add(f64),
    Set(f64),
    Infuse(f64),
}

impl Case {
    fn run(
        &self,
        program: &Arc<Program>,
        record: &[SymbolIndex],
        start: &[(&str, f64)],
    ) -> Vec<Vec<f64>> {
        let find = |name: &str| program.find(name).unwrap_or_else(|| panic!("{name}"));
        let actions = self.actions.iter().map(|(time, name, deed)| {
            let symbol = find(name);
            let action = match *deed {
                Deed::Add(amount) => Action::Add { symbol, amount },
                Deed::Set(value) => Action::Set { symbol, value },
                Deed::Infuse(rate_change) => Action::Infuse {
                    symbol,
                    rate_change,
                },
            };
            Timed {
                time: *time,
                action,
            }
        });
        let setup = LaneSetup {
            start: start.iter().map(|(n, v)| (find(n), *v)).collect(),
            until: self.until,
            outputs: (0..=20).map(|i| self.until * f64::from(i) / 20.0).collect(),
            actions: actions.collect(),
            ..LaneSetup::default()
        };
        let options = DriveOptions {
            rtol: 1e-11,
            atol: Atol::Uniform(1e-13),
            ..DriveOptions::default()
        };
        let mut rows = Rows::default();
        let outcomes =
            drive(program, &[setup], record, &options, &mut rows).unwrap_or_else(|e| panic!("{e}"));
        assert!(outcomes[0].failure.is_none(), "{:?}", outcomes[0].failure);
        rows.0
    }

    /// Largest difference between directions and central differences, relative to the largest value of each column.
    fn agrees(&self, parameters: &[&str], outputs: &[&str]) {
        let directions = Directions {
            parameters: parameters.iter().map(|n| id(&self.model, n)).collect(),
            outputs: outputs.iter().map(|n| id(&self.model, n)).collect(),
        };
        let plain = Arc::new(compile(&self.model).unwrap_or_else(|d| panic!("{d:?}")));
        let with = Arc::new(
            compile_with_tangents(&self.model, &directions).unwrap_or_else(|e| panic!("{e}")),
        );
        let find = |p: &Program, n: &str| p.find(n).expect("a symbol of the model");
        for parameter in parameters {
            let value = self.run(&plain, &[find(&plain, parameter)], &[])[0][0];
            let step = 1e-5 * if value == 0.0 { 1.0 } else { value };
            let record: Vec<SymbolIndex> = outputs.iter().map(|n| find(&plain, n)).collect();
            let high = self.run(&plain, &record, &[(parameter, value + step)]);
            let low = self.run(&plain, &record, &[(parameter, value - step)]);
            let followed: Vec<SymbolIndex> = outputs
                .iter()
                .map(|n| {
                    let (quantity, by) = (find(&with, n), find(&with, parameter));
                    with.direction_of(quantity, by).expect("it was asked for")
                })
                .collect();
            let got = self.run(&with, &followed, &[]);
            for (column, output) in outputs.iter().enumerate() {
                let scale = if value == 0.0 { 1.0 } else { value };
                let want: Vec<f64> = high
                    .iter()
                    .zip(&low)
                    .map(|(h, l)| scale * (h[column] - l[column]) / (2.0 * step))
                    .collect();
                let size = want.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                assert!(size > 1e-3, "{output} does not move with {parameter}");
                for (row, want) in want.iter().enumerate() {
                    let got = got[row][column];
                    assert!(
                        (got - want).abs() <= 1e-6 * size,
                        "d {output} / d {parameter}, row {row}: {got}, differences say {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn doses_infusions_and_derived_starts() {
    let case = Case {
        model: model(
            "model m\n Vmax = 2; Km = 1.5; k = 0.3; V := 2 + 0.1*y; x0 = 3*k; x = x0; y = Vmax*Km;
             x' = -Vmax*x/(Km + x) + k*y; y' = x/V - k*y + exp(-k*time); c := x/V;\nend",
        ),
        until: 10.0,
        actions: vec![
            (2.0, "x", Deed::Add(4.0)),
            (3.0, "y", Deed::Infuse(0.5)),
            (6.0, "y", Deed::Infuse(-0.5)),
        ],
    };
    case.agrees(&["Vmax", "Km", "k"], &["x", "y", "c"]);
}

#[test]
fn a_value_that_is_set_forgets_where_it_came_from() {
    let case = Case {
        model: model("model m\n k = 0.5; q = 2; x = 5; x' = q - k*x; z = k; z' = -z;\nend"),
        until: 8.0,
        actions: vec![
            (3.0, "k", Deed::Set(0.8)),
            (4.0, "z", Deed::Set(1.0)),
            (5.0, "z", Deed::Add(1.0)),
        ],
    };
    case.agrees(&["k"], &["x", "z"]);
    case.agrees(&["q"], &["x"]);
}

/// The equations jump when a state passes a level that itself is a parameter, and kink at another; the instants move.
#[test]
fn jumps_and_kinks_move() {
    let case = Case {
        model: model(
            "model m\n k = 0.7; level = 2; low = 0.2; x = 5; y = 0; w = 0;
             x' = -k*x + piecewise(3, time > 4, 0); y' = piecewise(1, x > level, 0.1) - 0.2*y; w' = max(x - low*y, 0.5) - w;\nend",
        ),
        until: 9.0,
        actions: vec![],
    };
    case.agrees(&["k", "level"], &["y", "w"]);
    case.agrees(&["low"], &["w"]);
}

/// A dose every so often by an event on the clock, which sets a state from states and a parameter, and a held value.
#[test]
fn events_on_the_clock_hand_directions_on() {
    let case = Case {
        model: model(
            "model m\n k = 0.4; share = 0.6; dose = 2; last = 0; g = 1; x = 1; y = 0;
             x' = -k*x*g; y' = k*x - 0.1*y;
             at (time >= last + 1.3): x = x*share + dose, g = 1 + 0.1*x*share, last = last + 1.3;\nend",
        ),
        until: 9.0,
        actions: vec![],
    };
    case.agrees(&["k", "share", "dose"], &["x", "y", "g"]);
}

/// A species in a compartment whose size a parameter sets.
#[test]
fn concentrations_and_sizes() {
    let case = Case {
        model: model(
            "model m\n compartment C = 2.5; species S in C = 3, P in C = 0; k = 0.4; S -> P; k*C*S; vol := C; sum := S + P;\nend",
        ),
        until: 5.0,
        actions: vec![(2.0, "S", Deed::Add(3.0))],
    };
    case.agrees(&["k", "S"], &["S", "P"]);
    case.agrees(&["C"], &["S"]);
}

#[test]
fn what_cannot_be_followed_is_refused_by_name() {
    let refuse = |text: &str, parameter: &str| {
        let model = model(text);
        let directions = Directions {
            parameters: vec![id(&model, parameter)],
            outputs: vec![],
        };
        match compile_with_tangents(&model, &directions) {
            Err(error) => error,
            Ok(_) => panic!("{parameter} was followed"),
        }
    };
    let full = "model m\n k = 0.5; c := 2*k; x = 0; x' = 1 - k*x; full: at (x > 1): x = 0;\nend";
    let error = refuse(full, "k");
    assert!(matches!(error, TangentError::EventMoves { .. }));
    let text = error.to_string();
    assert!(text.contains("`full`") && text.contains("`k`"), "{text}");
    let error = refuse(full, "c");
    assert!(matches!(error, TangentError::Computed { .. }), "{error}");
    let often = "model m\n n = 0; every = 2; last = 0; n' = 0; at (time >= last + every): n = n + 1, last = last + every;\nend";
    assert!(matches!(
        refuse(often, "every"),
        TangentError::EventMoves { .. }
    ));
}

//! Held signals on a tiny body: a parameter takes over what another symbol is where the scenario begins.

use osteon_model::MemorySources;
use osteon_sim::{ArmRun, Body, RunOptions, Silent, read_people, read_scenario, run, run_many};

/// A level that food fills and that leaks away; a signal that follows it; a response that reads the signal through a switch.
const BODY: &str = r#"
model tiny()
  unit d = 86400 second
  unit a = 31557600 second
  unit mmol = 1e-3 mole
  unit mmol_per_d = 1e-3 mole/(86400 second)
  unit per_d = 1/(86400 second)
  unit time_unit = 86400 second
  unit substance = 1e-3 mole
  unit extent = 1e-3 mole
  compartment one = 1 litre
  age = 40 a
  body_weight = 70000 gram
  female = 0 dimensionless
  height = 1.75 metre
  intake = 10 mmol_per_d
  leak = 0.5 per_d
  on_signal = 1 dimensionless
  signal_held = 7 dimensionless
  response_held = 1 dimensionless
  unit_level = 1 mmol
  substanceOnly species level in one = 3 mmol, meal in one = 0 mmol
  J_eat: -> level; intake
  J_absorb: meal -> level; 4*leak*meal
  J_leak: level -> ; leak*level
  signal := level/unit_level
  response := on_signal*signal + (1 - on_signal)*signal_held
  ratio := response/response_held
  age notes "role: input"; body_weight notes "role: input"; female notes "role: input"; height notes "role: input"
  intake notes "role: input"
  meal notes "role: dose"
  on_signal notes "role: switch; pathway: signal; label: The signal"
  signal_held notes "role: held; of: signal"
  response_held notes "role: held; of: response"
end
"#;

const QUANTITIES: &str = r#"
["the.signal"]
symbol = "signal"
unit = "dimensionless"
label = "Signal"
panel = true
["the.response"]
symbol = "response"
unit = "dimensionless"
label = "Response"
panel = true
["the.ratio"]
symbol = "ratio"
unit = "dimensionless"
label = "Response relative to the beginning"
panel = true
"#;

const NUTRIENTS: &str = r#"
[salt]
molar_mass = "50 g/mol"
averaged = "intake"
meal = "meal"
source = "test-2000"
"#;

fn sources(body: &str) -> MemorySources {
    let mut sources = MemorySources::new();
    sources.insert("body/body.ant", body);
    sources.insert("library/nutrients.toml", NUTRIENTS);
    sources.insert("library/quantities.toml", QUANTITIES);
    sources
}

fn load(text: &str) -> Body {
    let body = Body::load(&sources(text)).unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(!body.faults.has_errors(), "{}", body.faults.render());
    body
}

fn simulate(body: &Body, more: &str) -> Vec<ArmRun> {
    let text = format!(
        "[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\nusual_diet = {{ salt = \"5 mmol/d\" }}\n{more}"
    );
    let scenario =
        read_scenario(&text, "test.toml", body).unwrap_or_else(|f| panic!("{}", f.render()));
    run(body, &scenario, &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()))
        .arms
}

fn values(arm: &ArmRun, quantity: &str) -> Vec<f64> {
    assert!(arm.failure.is_none(), "{:?}", arm.failure);
    arm.column(quantity).expect(quantity).values.clone()
}

fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * a.abs().max(b.abs()), "{a} {b}");
}

const DOUBLED: &str = "[[phase]]\nfrom = \"0 d\"\ndiet = { salt = \"10 mmol/d\" }\n[record]\nuntil = \"10 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n";

#[test]
fn a_ratio_to_the_own_baseline_begins_at_one() {
    // 5 mmol/d in, half leaves a day: the lived life ends at 10.
    let arms = simulate(&load(BODY), DOUBLED);
    let (signal, ratio) = (
        values(&arms[0], "the.signal"),
        values(&arms[0], "the.ratio"),
    );
    close(signal[0], 10.0, 1e-4);
    // The row of time zero is read after holding, although what begins at zero comes after that row.
    close(ratio[0], 1.0, 1e-12);
    for (signal_now, ratio) in signal.iter().zip(&ratio) {
        close(*ratio, signal_now / signal[0], 1e-9);
    }
    assert!(ratio[10] > 1.9, "{ratio:?}");
}

#[test]
fn a_pathway_switched_off_stays_at_the_persons_own_baseline() {
    let arms = simulate(
        &load(BODY),
        "[[arm]]\nname = \"on\"\n[[arm.phase]]\nfrom = \"0 d\"\ndiet = { salt = \"10 mmol/d\" }\n[[arm]]\nname = \"off\"\n[[arm.phase]]\nfrom = \"0 d\"\ndiet = { salt = \"10 mmol/d\" }\ninputs = { on_signal = \"0\" }\n[record]\nuntil = \"10 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n",
    );
    let response = values(&arms[1], "the.response");
    assert!(
        response.iter().all(|r| (r - response[0]).abs() < 1e-9),
        "{response:?}"
    );
    // Frozen at 10, the person's own, not at 7, the number in the model.
    close(response[5], 10.0, 1e-4);
    assert!(values(&arms[0], "the.response")[10] > 19.0);
}

#[test]
fn by_the_clock_the_mean_of_the_last_day_is_held() {
    let text = "[[arm]]\nname = \"off\"\n[[arm.phase]]\nfrom = \"0 d\"\ninputs = { on_signal = \"0\" }\n[record]\nfrom = \"-1 d\"\nuntil = \"1 d\"\nevery = \"10 min\"\nclock = \"meals\"\n";
    let arms = simulate(&load(BODY), text);
    let (signal, response) = (
        values(&arms[0], "the.signal"),
        values(&arms[0], "the.response"),
    );
    // The level ripples with the meals; what is held does not.
    let mean = signal[..144].iter().sum::<f64>() / 144.0;
    let ripple = signal[..144]
        .iter()
        .fold(0.0f64, |m, s| m.max((s - mean).abs()));
    assert!(ripple > 0.2, "{ripple}");
    close(response[150], mean, 1e-3);
    assert!(
        response[145..].iter().all(|r| *r == response[145]),
        "{response:?}"
    );
}

#[test]
fn everybody_is_held_at_their_own() {
    let body = load(BODY);
    let text = "[person]\nusual_diet = { salt = \"5 mmol/d\" }\n[[phase]]\nfrom = \"0 d\"\ninputs = { on_signal = \"0\" }\n[record]\nuntil = \"5 d\"\nclock = \"averaged\"\n";
    let table = "ID,age[a],sex,weight[kg],leak[1/d]\n1,40,male,70,0.5\n2,40,male,70,0.25\n";
    let people =
        read_people(table, "people.csv", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let shared = osteon_sim::read_scenario_for(text, "test.toml", &body, &people.brings())
        .unwrap_or_else(|f| panic!("{}", f.render()));
    let scenarios: Vec<_> = (0..2).map(|p| people.scenario(p, &shared)).collect();
    let members: Vec<_> = scenarios
        .iter()
        .map(|scenario| osteon_sim::Member {
            scenario,
            arm: 0,
            id: None,
            start: Vec::new(),
        })
        .collect();
    let runs = run_many(&body, &members, &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    close(values(&runs[0], "the.response")[5], 10.0, 1e-4);
    close(values(&runs[1], "the.response")[5], 20.0, 1e-4);
}

#[test]
fn rows_and_doses_around_the_beginning_are_kept() {
    let arms = simulate(
        &load(BODY),
        "[[dose]]\nat = \"0 d\"\ninto = \"meal\"\namount = \"4 mmol\"\n[record]\nfrom = \"-2 d\"\nuntil = \"2 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n",
    );
    assert_eq!(arms[0].times, [-2.0, -1.0, 0.0, 1.0, 2.0]);
    let ratio = values(&arms[0], "the.ratio");
    // Before the beginning the number of the model stands.
    close(ratio[0], 10.0, 1e-3);
    close(ratio[2], 1.0, 1e-12);
    assert!(ratio[3] > 1.1, "{ratio:?}");
    assert_eq!(arms[0].ledger.len(), 0);
}

#[test]
fn a_signal_that_does_not_exist_is_an_error() {
    for (from, to, says) in [
        ("of: signal\"", "of: sygnal\"", "names nothing"),
        (
            "role: held; of: signal\"",
            "role: held\"",
            "does not say of what",
        ),
        ("of: response\"", "of: response_held\"", "of itself"),
        ("of: response\"", "of: signal_held\"", "held itself"),
        (
            "signal_held = 7 dimensionless",
            "signal_held := 7",
            "cannot be set",
        ),
    ] {
        assert!(BODY.contains(from));
        let body = Body::load(&sources(&BODY.replacen(from, to, 1)))
            .unwrap_or_else(|f| panic!("{}", f.render()));
        let told = body.faults.render();
        assert!(
            body.faults.has_errors() && told.contains("[held-signal]") && told.contains(says),
            "{to}: {told}"
        );
    }
}

#[test]
fn a_signal_that_is_no_number_stops_the_run() {
    let text = BODY.replace(
        "signal := level/unit_level",
        "signal := ln(level/unit_level - 1000)",
    );
    let arms = simulate(&load(&text), DOUBLED);
    let failure = arms[0].failure.as_ref().expect("nothing to hold");
    assert!(
        failure.message.contains("`signal_held` cannot be held"),
        "{failure:?}"
    );
}

#[test]
fn a_signal_of_a_submodel_is_found_from_the_inside_out() {
    let text = BODY
        .replace("model tiny()", "model Part(signal)\n  x := 2*signal\n  x_held = 1 dimensionless\n  y_held = 1 dimensionless\n  x_held notes \"role: held; of: x\"\n  y_held notes \"role: held; of: response\"\nend\n\nmodel *tiny()")
        .replace("  age notes", "  part: Part(signal)\n  age notes");
    let body = load(&text);
    let pairs: Vec<(&str, &str)> = body
        .held
        .iter()
        .map(|(p, of)| (body.program.name(*p), body.program.name(*of)))
        .collect();
    assert!(pairs.contains(&("part.x_held", "part.x")), "{pairs:?}");
    assert!(pairs.contains(&("part.y_held", "response")), "{pairs:?}");
}

//! Why something changed, on a tiny body whose answer is known by hand: two pathways that multiply, one that is idle.

use osteon_model::MemorySources;
use osteon_sim::{Body, RunOptions, Scenario, Silent, read_scenario};
use osteon_study::{Method, Why, WhyError, WhyQuestion, why};

/// Output = speed × push + direct; both signals are the level over its reference, 1 at 5 mmol/d and 2 at 10.
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
  intake = 5 mmol_per_d
  leak = 5 per_d
  on_speed = 1 dimensionless
  on_push = 1 dimensionless
  on_nothing = 1 dimensionless
  speed_gain = 1 dimensionless
  speed_held = 0.3 dimensionless
  push_held = 0.3 dimensionless
  unit_level = 1 mmol
  substanceOnly species level in one = 1 mmol, meal in one = 0 mmol
  J_eat: -> level; intake
  J_absorb: meal -> level; leak*meal
  J_leak: level -> ; leak*level
  speed := speed_gain*level/unit_level
  push := level/unit_level
  speed_used := on_speed*speed + (1 - on_speed)*speed_held
  push_used := on_push*push + (1 - on_push)*push_held
  spare := on_nothing*level
  output := speed_used*push_used + level/unit_level
  output is "Output"
  age notes "role: input"; body_weight notes "role: input"; female notes "role: input"; height notes "role: input"
  intake notes "role: input"
  meal notes "role: dose"
  speed_gain notes "origin: measured; key: test-2000"
  on_speed notes "role: switch; pathway: speed; label: The speed; files: tiny.ant"
  on_push notes "role: switch; pathway: push; label: The push"
  on_nothing notes "role: input"
  speed_held notes "role: held; of: speed"
  push_held notes "role: held; of: push"
end
"#;

fn body() -> Body {
    let mut sources = MemorySources::new();
    sources.insert("body/body.ant", BODY);
    sources.insert(
        "library/nutrients.toml",
        "[salt]\nmolar_mass = \"50 g/mol\"\naveraged = \"intake\"\nmeal = \"meal\"\nsource = \"test-2000\"\n",
    );
    sources.insert(
        "library/quantities.toml",
        "[\"the.output\"]\nsymbol = \"output\"\nunit = \"dimensionless\"\nlabel = \"Output\"\npanel = true\n",
    );
    let body = Body::load(&sources).unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(!body.faults.has_errors(), "{}", body.faults.render());
    body
}

fn scenario(body: &Body, clock: &str) -> Scenario {
    let text = format!(
        "[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\nusual_diet = {{ salt = \"5 mmol/d\" }}\n[[arm]]\nname = \"more\"\n[[arm.phase]]\nfrom = \"0 d\"\ndiet = {{ salt = \"10 mmol/d\" }}\n[[arm]]\nname = \"less\"\n[[arm.phase]]\nfrom = \"0 d\"\ndiet = {{ salt = \"2.5 mmol/d\" }}\n[record]\nuntil = \"20 d\"\nevery = \"1 d\"\nclock = \"{clock}\"\n"
    );
    read_scenario(&text, "test.toml", body).unwrap_or_else(|f| panic!("{}", f.render()))
}

fn ask(clock: &str, question: WhyQuestion) -> Result<Why, WhyError> {
    let body = body();
    let options = RunOptions {
        rtol: 1e-9,
        ..RunOptions::default()
    };
    let question = WhyQuestion {
        quantity: "the.output".to_owned(),
        at_d: 20.0,
        ..question
    };
    why(
        &body,
        &scenario(&body, clock),
        &question,
        &options,
        &mut Silent,
    )
}

fn explained(clock: &str, question: WhyQuestion) -> Why {
    let found = ask(clock, question).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(
        found.gap().abs() <= 1e-12 * found.change().abs(),
        "{}",
        found.gap()
    );
    found
}

fn share(found: &Why, pathway: &str) -> f64 {
    let part = found.parts.iter().find(|p| p.pathway.name == pathway);
    part.unwrap_or_else(|| panic!("{pathway}")).share
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-5, "{a} {b}");
}

#[test]
fn a_change_from_the_start_is_taken_apart() {
    let found = explained("averaged", WhyQuestion::default());
    // From 1 + 1 to 4 + 2; each pathway alone gives 2 + 2, none 1 + 2.
    close(found.from, 2.0);
    close(found.to, 6.0);
    close(found.remainder, 1.0);
    close(share(&found, "speed"), 1.5);
    close(share(&found, "push"), 1.5);
    assert_eq!(found.method, Method::AllSets);
    let part = &found.parts[0];
    close(part.alone, 1.0);
    close(part.without, 2.0);
    // A pathway that does nothing for the output is told as such, and an input called on_… counts as a pathway.
    let idle: Vec<&str> = found.idle.iter().map(|p| p.switch.as_str()).collect();
    assert_eq!(idle, ["on_nothing"]);
}

#[test]
fn a_difference_between_arms_is_taken_apart() {
    let found = explained(
        "averaged",
        WhyQuestion {
            against: Some("less".to_owned()),
            ..WhyQuestion::default()
        },
    );
    // 4 + 2 against 1/4 + 1/2; frozen 1 + 2 against 1 + 1/2.
    close(found.from, 0.75);
    close(found.change(), 5.25);
    close(found.remainder, 1.5);
    close(share(&found, "speed"), 1.875);
}

#[test]
fn drawn_orders_add_up_too() {
    let found = explained(
        "averaged",
        WhyQuestion {
            most_exact: 1,
            ..WhyQuestion::default()
        },
    );
    assert!(matches!(found.method, Method::DrawnOrders { seed: 1, .. }));
    // Two players and every order with its reverse: the mean is exact.
    close(share(&found, "speed"), 1.5);
}

#[test]
fn by_the_clock_values_are_means_of_a_day() {
    let found = explained("meals", WhyQuestion::default());
    // The squared level ripples, so its mean lies above the square of the mean.
    assert!(found.from > 2.01 && found.to > 6.05, "{found:?}");
    close(share(&found, "speed"), share(&found, "push"));
}

#[test]
fn a_pathway_tells_where_it_acts() {
    let found = explained("averaged", WhyQuestion::default());
    let speed = &found.parts.iter().find(|p| p.pathway.name == "speed");
    let speed = &speed.expect("speed matters").pathway;
    assert_eq!(speed.label, "The speed");
    // What reads the chosen signal, not the choice itself.
    let symbols: Vec<&str> = speed.equations.iter().map(|e| e.symbol.as_str()).collect();
    assert_eq!(symbols, ["output"]);
    let line = BODY.lines().position(|l| l.contains("output :="));
    assert_eq!(Some(speed.equations[0].line - 1), line);
    assert_eq!(speed.files, ["tiny.ant", "body.ant"]);
}

#[test]
fn questions_that_do_not_fit_are_told() {
    let told = |question: WhyQuestion| match ask("averaged", question) {
        Err(WhyError::Question(text)) => text,
        other => panic!("{other:?}"),
    };
    let arm = told(WhyQuestion {
        arm: "mora".to_owned(),
        ..WhyQuestion::default()
    });
    assert!(arm.contains("did you mean `more`"), "{arm}");
    let itself = told(WhyQuestion {
        against: Some("more".to_owned()),
        ..WhyQuestion::default()
    });
    assert!(itself.contains("itself"), "{itself}");
    let body = body();
    for (quantity, at_d, says) in [
        ("the.outputt", 5.0, "did you mean `the.output`"),
        ("the.output", 0.0, "after the start"),
    ] {
        let question = WhyQuestion {
            quantity: quantity.to_owned(),
            at_d,
            ..WhyQuestion::default()
        };
        let scenario = scenario(&body, "averaged");
        let found = why(
            &body,
            &scenario,
            &question,
            &RunOptions::default(),
            &mut Silent,
        );
        assert!(
            matches!(&found, Err(WhyError::Question(text)) if text.contains(says)),
            "{found:?}"
        );
    }
}

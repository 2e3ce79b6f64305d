//! Matching on a tiny body whose answer is known by hand: one test is the product of two parameters, another is one of them.

use osteon_model::MemorySources;
use osteon_sim::{Body, RunOptions, Scenario, Silent, read_measured, read_scenario};
use osteon_study::{
    Individual, MatchError, MatchOptions, Matched, MatchedScenario, allowed, match_person,
    match_scenario, read_individuals, read_labs, recovery,
};

const BODY: &str = r#"
model tiny()
  unit d = 86400 second
  unit a = 31557600 second
  unit mmol_per_d = 1e-3 mole/(86400 second)
  unit time_unit = 86400 second
  unit substance = 1e-3 mole
  compartment one = 1 litre
  age = 40 a
  body_weight = 70000 gram
  female = 0 dimensionless
  height = 1.75 metre
  intake = 5 mmol_per_d
  day = 1 d
  unit_rate = 1 mmol_per_d
  a_factor = 2 dimensionless
  b_factor = 3 dimensionless
  level = 1 dimensionless
  level' = (intake/unit_rate - level)/day
  product := a_factor*b_factor
  single := a_factor*level/5
  age notes "role: input"; body_weight notes "role: input"; female notes "role: input"; height notes "role: input"
  intake notes "role: input"; a_factor notes "role: input"; b_factor notes "role: input"
end
"#;

const INDIVIDUALS: &str = "[a_factor]\nlabel = \"A\"\ncv = 20\norigin = \"assumed\"\nwhy = \"test\"\n[b_factor]\nlabel = \"B\"\ncv = 20\norigin = \"assumed\"\nwhy = \"test\"\n";

fn sources(individuals: &str) -> MemorySources {
    let mut sources = MemorySources::new();
    sources.insert("body/body.ant", BODY);
    sources.insert(
        "library/nutrients.toml",
        "[salt]\nmolar_mass = \"50 g/mol\"\naveraged = \"intake\"\nsource = \"test-2000\"\n",
    );
    sources.insert(
        "library/quantities.toml",
        "[\"the.product\"]\nsymbol = \"product\"\nunit = \"dimensionless\"\nlabel = \"Product\"\npanel = true\n[\"the.single\"]\nsymbol = \"single\"\nunit = \"dimensionless\"\nlabel = \"Single\"\npanel = true\n",
    );
    sources.insert(
        "library/laboratory.toml",
        "[\"the.single\"]\nanalytical = { value = 3, range = [1, 5], origin = \"assumed\", why = \"test\" }\nbiological = { value = 4, range = [1, 5], origin = \"assumed\", why = \"test\" }\ntells = \"A.\"\ncannot = \"B.\"\n",
    );
    sources.insert("library/individuals.toml", individuals);
    sources
}

fn setting() -> (Body, Scenario, Vec<Individual>) {
    let sources = sources(INDIVIDUALS);
    let body = Body::load(&sources).unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(!body.faults.has_errors(), "{}", body.faults.render());
    let text = "[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\n[record]\nuntil = \"1 d\"\nclock = \"averaged\"\n";
    let scenario =
        read_scenario(text, "test.toml", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let individuals = read_individuals(&sources, &body).unwrap_or_else(|e| panic!("{e}"));
    (body, scenario, individuals)
}

fn matched(table: &str) -> Matched {
    let (body, scenario, individuals) = setting();
    let measured = read_labs(&body, table).unwrap_or_else(|e| panic!("{e:?}"));
    match_person(
        &body,
        &scenario,
        &individuals,
        &measured,
        &MatchOptions::default(),
        &RunOptions::default(),
    )
    .unwrap_or_else(|e| panic!("{e:?}"))
}

fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * a.abs().max(b.abs()), "{a} {b}");
}

#[test]
fn a_log_linear_person_is_found_as_by_hand() {
    // The product is 20 % too large and known to 10 %; both parameters share it alike.
    let found = matched("quantity,value,unit,cv\nthe.product,7.2,dimensionless,10\n");
    let s = (0.04_f64.ln_1p()).sqrt();
    let expected = 1.2_f64.ln() * s / (2.0 * s * s + 0.01);
    assert!(found.converged, "{found:?}");
    for (p, prior) in found.parameters.iter().zip([2.0, 3.0]) {
        close(p.deviation, expected, 2e-3);
        close(p.value, prior * (expected * s).exp(), 1e-3);
        // 1 + JᵀJ has the inverse (1 + g²)/(1 + 2 g²) on its diagonal, g = s/0.1.
        let g2 = s * s / 0.01;
        let sd = ((1.0 + g2) / (1.0 + 2.0 * g2)).sqrt();
        close(p.determined, 1.0 - sd, 1e-2);
        close((p.interval.1 / p.value).ln(), 1.644_854 * sd * s, 1e-2);
    }
    let (_, before, after) = &found.rows[0];
    close(*before, 6.0, 1e-6);
    assert!(*after > 6.9 && *after < 7.2, "{after}");
}

#[test]
fn draws_have_the_spread_that_is_stated() {
    let found = matched("quantity,value,unit,cv\nthe.product,7.2,dimensionless,10\n");
    let people: Vec<Vec<(String, f64)>> = (0..2000).map(|k| found.draw(5, k)).collect();
    assert_eq!(found.draw(5, 3), people[3]);
    for (i, p) in found.parameters.iter().enumerate() {
        let inside = people
            .iter()
            .filter(|d| p.interval.0 <= d[i].1 && d[i].1 <= p.interval.1)
            .count();
        assert!((1760..1840).contains(&inside), "{inside}");
    }
    // The product is known better than either: the draws are correlated.
    let products: Vec<f64> = people.iter().map(|d| (d[0].1 * d[1].1).ln()).collect();
    let mean = products.iter().sum::<f64>() / 2000.0;
    let sd = (products.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
    close(sd, 0.0942, 0.06);
}

#[test]
fn known_people_are_found_within_the_stated_intervals() {
    let (body, scenario, individuals) = setting();
    let tests = [
        ("the.product".to_owned(), 0.1),
        ("the.single".to_owned(), 0.05),
    ];
    let found = recovery(
        &body,
        &scenario,
        &individuals,
        &tests,
        200,
        1,
        &RunOptions::default(),
    )
    .unwrap_or_else(|e| panic!("{e:?}"));
    assert!((0.85..=0.95).contains(&found.covered), "{found:?}");
    assert_eq!(found.unconverged, 0);
    // A is measured twice, B through the product alone.
    assert!(found.parameters[0].2 > found.parameters[1].2 && found.parameters[1].2 > 0.3);
}

#[test]
fn the_library_knows_how_well_a_test_measures() {
    let (body, _, _) = setting();
    let one =
        read_measured(&body.library, "the.single", "2.5", None).unwrap_or_else(|e| panic!("{e}"));
    close(one.error, 0.05, 1e-9);
}

#[test]
fn bad_tables_are_told_line_by_line() {
    let (body, _, _) = setting();
    for (table, says) in [
        ("", "empty"),
        ("test,value\nx,1\n", "the columns are"),
        (
            "quantity,value,unit\nthe.prodct,6,\n",
            "did you mean `the.product`",
        ),
        (
            "quantity,value,unit\nthe.product,6,\n",
            "line 2: the.product: how well",
        ),
        ("quantity,value,unit\nthe.single,2,mmol/L\n", "the.single"),
        ("quantity,value,unit\nthe.single,-2,\n", "positive"),
        (
            "quantity,value,unit,cv\nthe.single,2,,much\n",
            "coefficient",
        ),
        ("quantity,value,unit,cv\nthe.single,2,,900\n", "cannot be"),
        (
            "quantity,value,unit\nthe.single,2,\nthe.single,2,\n",
            "line 3: `the.single` is given twice",
        ),
        ("quantity,value,unit\n", "nothing was measured"),
    ] {
        let told = read_labs(&body, table).expect_err(table).join("\n");
        assert!(told.contains(says), "{table}: {told}");
    }
}

#[test]
fn spreads_without_a_source_are_refused() {
    for (text, says) in [
        (INDIVIDUALS.replace("a_factor", "nobody"), "no parameter"),
        (INDIVIDUALS.replacen("cv = 20\n", "", 1), "`cv`"),
        (INDIVIDUALS.replacen("assumed", "measured", 1), "source"),
        (INDIVIDUALS.replacen("why = \"test\"\n", "", 1), "`why`"),
    ] {
        let sources = sources(&text);
        let body = Body::load(&sources).unwrap_or_else(|f| panic!("{}", f.render()));
        let told = read_individuals(&sources, &body).expect_err(&text);
        assert!(told.contains(says), "{told}");
    }
}

/// A scenario whose person brings measured values, matched.
fn of_scenario(measured: &str) -> Result<(Body, MatchedScenario), MatchError> {
    let (body, _, individuals) = setting();
    let text = format!(
        "[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\nmeasured = {measured}\n[record]\nuntil = \"1 d\"\nclock = \"averaged\"\nquantities = [\"the.product\"]\n"
    );
    let scenario =
        read_scenario(&text, "test.toml", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let search = MatchOptions::default();
    let found = match_scenario(
        &body,
        scenario,
        &individuals,
        &search,
        &RunOptions::default(),
    )?;
    Ok((body, found))
}

#[test]
fn a_person_with_measured_values_is_matched_before_running() {
    let (body, matched) = of_scenario("{ \"the.product\" = \"7.2 ± 10 %\", the.single = \"2.1\" }")
        .unwrap_or_else(|e| panic!("{e:?}"));
    assert!(matched.scenario.arms[0].person.measured.is_empty());
    let found = matched.of_arm(0).expect("was matched");
    assert_eq!(found.rows.len(), 2);
    let options = RunOptions::default();
    let run = osteon_sim::run(&body, &matched.scenario, &options, &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    let first = run.arms[0].columns[0].values[0];
    close(first, found.rows[0].2, 1e-4);
    // The bands are of people whom the values allow: around the match, narrower than between people.
    let bands = allowed(&body, &matched, 200, 1, &options, &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    let [low, middle, high] = bands.quantiles(|arms| vec![arms[0].columns[0].values[0]]);
    close(middle[0], first, 0.03);
    let spread = (high[0] / low[0]).ln() / (2.0 * 1.644_854);
    assert!((0.06..0.1).contains(&spread), "{spread}");
    assert!(bands.matched && bands.meaning().contains("measurements allow"));
}

#[test]
fn values_that_nobody_has_are_refused_with_the_value() {
    let told = |measured: &str| match of_scenario(measured) {
        Err(MatchError::Nobody(why)) => why,
        other => panic!("{measured}: {other:?}"),
    };
    let why = told("{ \"the.product\" = \"60 ± 5 %\" }");
    assert!(
        why.contains("nobody near the usual") && why.contains("the.product"),
        "{why}"
    );
    // Two values that contradict each other.
    let why = told("{ \"the.single\" = \"4.4 ± 2 %\", \"the.product\" = \"4.4 ± 2 %\" }");
    assert!(why.contains("one in 10000"), "{why}");
}

#[test]
fn a_person_who_was_not_matched_does_not_run() {
    let (body, _, _) = setting();
    let text = "[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\nmeasured = { \"the.single\" = \"2\" }\n[record]\nuntil = \"1 d\"\nclock = \"averaged\"\n";
    let scenario =
        read_scenario(text, "test.toml", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let told = osteon_sim::run(&body, &scenario, &RunOptions::default(), &mut Silent);
    let told = told.expect_err("refused").render();
    assert!(told.contains("has not been matched"), "{told}");
}

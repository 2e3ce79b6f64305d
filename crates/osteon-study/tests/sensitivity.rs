//! Sensitivities of a body whose steady state is known by heart: serum is what is absorbed over filtration and volume.

mod small_project;

use osteon_sim::{RunOptions, read_scenario};
use osteon_study::{Probe, uncertain_parameters};

const STEADY: &str = "title = \"steady\"\nstart = \"steady\"\n[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"70 kg\"\n[record]\nuntil = \"1 d\"\nevery = \"1 d\"\nquantities = [\"serum.Mg\", \"urine.Mg\"]\nclock = \"averaged\"\n";

#[test]
fn ends_of_ranges_give_the_steady_states_of_the_formula() {
    let body = small_project::small_body();
    let parameters = uncertain_parameters(&body);
    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["k_absorb", "k_back", "k_filter"]);
    let options = RunOptions {
        rtol: 1e-8,
        ..RunOptions::default()
    };
    let scenario = read_scenario(STEADY, "steady.toml", &body).unwrap();
    let found = Probe::new(&body, &parameters, &options)
        .and_then(|probe| probe.last_values(&scenario))
        .unwrap_or_else(|f| panic!("{}", f.render()));
    // 13 mmol/d eaten, k_absorb/(k_absorb + 8) of it absorbed; 15 L of plasma; bone gives back what it takes.
    let absorbed = |k_absorb: f64| 13.0 * k_absorb / (k_absorb + 8.0);
    let serum = |k_absorb: f64, k_filter: f64| absorbed(k_absorb) / k_filter / 15.0;
    let near = |is: f64, should: f64| {
        assert!((is / should - 1.0).abs() < 2e-3, "{is} {should}");
    };
    near(found.outputs[0].base, serum(4.0, 0.35));
    near(found.effects[0][0].low, serum(1.0, 0.35));
    near(found.effects[0][0].high, serum(16.0, 0.35));
    near(found.effects[0][2].low, serum(4.0, 0.1));
    near(found.effects[0][2].high, serum(4.0, 0.9));
    // Urine is what is absorbed, whatever the filtration; the store's speed moves nothing at rest.
    near(found.outputs[1].base, absorbed(4.0));
    near(found.effects[1][0].high, absorbed(16.0));
    near(found.effects[1][2].low, absorbed(4.0));
    near(found.effects[0][1].high, serum(4.0, 0.35));
    // Shares are those of the slopes between the ends.
    let slope = |low: f64, high: f64| (high - low).powi(2);
    let by_absorb = slope(serum(1.0, 0.35), serum(16.0, 0.35));
    let by_filter = slope(serum(4.0, 0.1), serum(4.0, 0.9));
    let shares = found.shares(0);
    assert!((shares[0] - by_absorb / (by_absorb + by_filter)).abs() < 2e-3);
    assert!(shares[1] < 1e-4);
    assert!(found.failed.is_empty() && found.behind.iter().all(|b| *b));
}

//! A fit finds the parameters that made its data, says what the data cannot tell, and gives the same values again.

mod small_project;

use osteon_model::Sources as _;
use osteon_sim::{Body, RunOptions, Silent, read_scenario, run};
use osteon_study::{FitError, FitResult, Study, fit, read_fit, read_study, reproduces};

const SCENARIO: &str = r#"
start = "steady"

[person]
sex = "male"
age = "30 a"
weight = "75 kg"
height = "178 cm"
usual_diet = { magnesium = "320 mg/d", vitamin_D = "5 ug/d" }

[[phase]]
from = "0 d"
diet = { magnesium = "32 mg/d" }

[record]
until = "28 d"
every = "1 d"
quantities = ["serum.Mg", "urine.Mg"]
clock = "averaged"
"#;

/// The small body with another filtration and absorption: the truth to be found.
fn true_body() -> Body {
    let mut sources = small_project::sources();
    let text = sources.text("body/body.ant").expect("the body");
    sources.insert(
        "body/body.ant",
        text.replace("k_filter = 0.35", "k_filter = 0.5")
            .replace("k_absorb = 4 ", "k_absorb = 6 "),
    );
    Body::load(&sources).unwrap_or_else(|f| panic!("{}", f.render()))
}

/// A study whose numbers are the truth's own, with small errors.
fn study(body: &Body) -> Study {
    let truth = true_body();
    let scenario = read_scenario(SCENARIO, "scenario.toml", &truth)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    let made = run(&truth, &scenario, &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()));
    let mut data = "quantity,at,as,unit,value,lower,upper\n".to_owned();
    for (quantity, unit, days) in [
        ("serum.Mg", "mmol/L", [0.0, 2.0, 7.0, 28.0]),
        ("urine.Mg", "mmol/d", [1.0, 3.0, 7.0, 28.0]),
    ] {
        for day in days {
            let value = made.arms[0].value_at(quantity, day).expect("a value");
            data += &format!(
                "{quantity},{day} d,value,{unit},{value},{},{}\n",
                0.98 * value,
                1.02 * value
            );
        }
    }
    let mut sources = small_project::sources();
    sources.insert("studies/truth/scenario.toml", SCENARIO);
    sources.insert("studies/truth/data.csv", data);
    sources.insert(
        "studies/truth/study.toml",
        "cites = \"a\"\nsays = \"x\"\npopulation = \"x\"\nlink = \"trial\"\nused_to_fit = [\"serum.Mg\", \"urine.Mg\"]\n",
    );
    read_study(&sources, "studies/truth", body).unwrap_or_else(|f| panic!("{}", f.render()))
}

fn fitted(text: &str, body: &Body, study: Study) -> FitResult {
    let file = read_fit(text, "fit.toml", body).unwrap_or_else(|f| panic!("{}", f.render()));
    let options = RunOptions {
        rtol: 1e-8,
        ..RunOptions::default()
    };
    fit(body, &file, &[study], &options, &mut Silent).unwrap_or_else(|e| panic!("{e:?}"))
}

#[test]
fn the_truth_is_found_from_anywhere() {
    let body = small_project::small_body();
    let fit = |start: &str| {
        let text = format!(
            "stage = \"x\"\nparameters = [\"k_filter\", \"k_absorb\"]\nstudies = [\"truth\"]\n{start}"
        );
        fitted(&text, &body, study(&body))
    };
    let found = fit("");
    assert!(found.converged);
    for (parameter, truth) in found.parameters.iter().zip([0.5, 6.0]) {
        // The prior pulls a little towards the middle of its range.
        assert!(
            (parameter.value / truth - 1.0).abs() < 0.01,
            "{parameter:?}"
        );
        assert!(
            parameter.interval.0 < truth
                && truth < parameter.interval.1
                && parameter.determined > 0.8,
            "{parameter:?}"
        );
        assert!(!reproduces(parameter, 0.01), "the body holds other values");
    }
    for row in &found.rows {
        assert!(
            row.misfit.abs() < 0.5 && row.misfit.abs() < row.misfit_shipped.abs(),
            "{row:?}"
        );
    }
    let again = fit("[start]\nk_filter = 0.15\nk_absorb = 14\n");
    for (a, b) in found.parameters.iter().zip(&again.parameters) {
        assert!((a.value / b.value - 1.0).abs() < 1e-3, "{a:?} {b:?}");
    }
}

#[test]
fn what_the_data_cannot_tell_is_told() {
    let body = small_project::small_body();
    let text = "stage = \"x\"\nparameters = [\"k_filter\", \"k_absorb\", \"k_back\"]\nstudies = [\"truth\"]\nquantities = [\"urine.Mg\"]\n";
    let found = fitted(text, &body, study(&body));
    assert_eq!(found.rows.len(), 4, "only the urine");
    let weakest = found.directions.last().expect("directions");
    assert!(
        weakest.0 < found.directions[0].0 / 5.0,
        "{:?}",
        found.directions
    );
}

#[test]
fn nothing_to_fit_to_is_an_error() {
    let body = small_project::small_body();
    let mut study = study(&body);
    study.rows.iter_mut().for_each(|r| r.used_to_fit = false);
    let file = read_fit(
        "stage = \"x\"\nparameters = [\"k_filter\"]\nstudies = [\"truth\"]\n",
        "fit.toml",
        &body,
    )
    .expect("sound");
    let told = fit(&body, &file, &[study], &RunOptions::default(), &mut Silent);
    assert!(matches!(told, Err(FitError::NoRows(_))));
}

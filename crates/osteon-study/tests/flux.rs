//! The traffic of an element on a tiny body whose answer is known by hand.

use osteon_model::MemorySources;
use osteon_sim::{Body, RunOptions, Scenario, Silent, read_scenario};
use osteon_study::{Flux, FluxError, PlaceKind, flux};

/// Half of what is eaten is taken up; the store exchanges with blood; what is lost leaves with urine. The mineral holds two atoms.
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
  k = 0.5 per_d
  substanceOnly species $diet in one = 0 mmol, blood in one = 5 mmol, mineral in one = 10 mmol, urine in one = 0 mmol, faeces in one = 0 mmol, iv in one = 0 mmol
  J_eat: $diet -> blood; 0.5*intake
  J_lost: $diet -> faeces; 0.5*intake
  J_urine: blood -> urine; k*blood
  J_in: 2 blood -> mineral; 0.1*k*blood
  J_out: mineral -> 2 blood; 0.05*k*mineral
  J_iv: iv -> blood; 10*k*iv
  diet is "Food"
  urine is "Urine"
  age notes "role: input"; body_weight notes "role: input"; female notes "role: input"; height notes "role: input"
  intake notes "role: input"
  iv notes "role: dose; elements: Na"
  diet notes "elements: Na"; blood notes "elements: Na"; mineral notes "elements: Na 2"
  urine notes "elements: Na; ledger: out"; faeces notes "elements: Na; ledger: out"
end
"#;

fn body(text: &str) -> Body {
    let mut sources = MemorySources::new();
    sources.insert("body/body.ant", text);
    sources.insert(
        "library/nutrients.toml",
        "[salt]\naliases = [\"Na\"]\nmolar_mass = \"23 g/mol\"\naveraged = \"intake\"\nsource = \"test-2000\"\n",
    );
    sources.insert(
        "library/quantities.toml",
        "[\"the.blood\"]\nsymbol = \"blood\"\nunit = \"mmol\"\nlabel = \"Blood\"\npanel = true\n",
    );
    let body = Body::load(&sources).unwrap_or_else(|f| panic!("{}", f.render()));
    assert!(!body.faults.has_errors(), "{}", body.faults.render());
    body
}

fn scenario(body: &Body) -> Scenario {
    let text = "[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\nusual_diet = { salt = \"5 mmol/d\" }\n[[phase]]\nfrom = \"0 d\"\ndiet = { salt = \"10 mmol/d\" }\n[[dose]]\nat = \"9 d 06:00\"\ninto = \"iv\"\namount = \"3 mmol\"\nover = \"6 h\"\n[record]\nuntil = \"10 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n";
    read_scenario(text, "test.toml", body).unwrap_or_else(|f| panic!("{}", f.render()))
}

fn ask(body: &Body, word: &str, at_d: f64) -> Result<Flux, FluxError> {
    let (scenario, options) = (scenario(body), RunOptions::default());
    flux(body, &scenario, word, 0, at_d, &options, &mut Silent)
}

fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * a.abs().max(b.abs()), "{a} {b}");
}

#[test]
fn what_flows_in_a_day_is_known_and_closes() {
    let found = ask(&body(BODY), "salt", 10.0).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(
        (found.element.as_str(), found.molar_mass),
        ("Na", Some(23.0))
    );
    let place = |name: &str| {
        found
            .places
            .iter()
            .position(|p| p.name == name)
            .unwrap_or_else(|| panic!("{name} in {:?}", found.places))
    };
    // Blood, the drip and the mineral are one place: they live in one file.
    let (food, pool, urine, doses) = (place("Food"), place("body"), place("Urine"), place("doses"));
    assert_eq!(found.places[pool].species, ["blood", "mineral", "iv"]);
    assert_eq!(found.places[urine].kind, PlaceKind::Sink);
    let amount = |day: &osteon_study::DayFlux, from: usize, to: usize| {
        day.flows
            .iter()
            .find(|f| f.from == from && f.to == to)
            .map_or(0.0, |f| f.amount)
    };
    // At rest what is taken up leaves with urine, and half of the food does not get in.
    close(amount(&found.before, food, pool), 2.5, 1e-9);
    close(amount(&found.before, food, place("faeces")), 2.5, 1e-9);
    close(amount(&found.before, pool, urine), 2.5, 1e-4);
    assert_eq!(amount(&found.before, doses, pool), 0.0);
    close(amount(&found.after, food, pool), 5.0, 1e-9);
    close(amount(&found.after, doses, pool), 3.0, 1e-9);
    let in_less_out = 8.0 - amount(&found.after, pool, urine);
    close(found.after.gained[pool], in_less_out, 1e-6);
    assert!(found.before.closes_to < 1e-10 && found.after.closes_to < 1e-10);
    close(found.before.held[pool], 5.0 + 2.0 * 10.0, 1e-3);
}

#[test]
fn questions_that_do_not_fit_are_told() {
    for (text, word, at_d, says) in [
        (BODY.to_owned(), "gold", 10.0, "elements it follows: Na"),
        (BODY.to_owned(), "salt", 0.5, "at least one day"),
        (
            BODY.replace("elements: Na 2", "elements: Na 3"),
            "salt",
            10.0,
            "does not keep Na",
        ),
    ] {
        match ask(&body(&text), word, at_d) {
            Err(FluxError::Question(told)) => assert!(told.contains(says), "{told}"),
            other => panic!("{other:?}"),
        }
    }
}

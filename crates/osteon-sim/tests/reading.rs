//! Tests of the readers on a small body: what is understood, and how each fault is told. Every page of `docs/diagnostics/` with one of
//! our ids is run: the failing block must give that id, the repaired one nothing.

use osteon_model::MemorySources;

use osteon_sim::{Body, Change, Clock, Scenario, read_scenario};

mod small_body;
use small_body::{body, sources};

const PERSON: &str = "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"75 kg\"\n";
const RECORD: &str = "[record]\nuntil = \"49 d\"\n";

fn read(text: &str) -> Scenario {
    read_scenario(text, "test.toml", &body()).unwrap_or_else(|faults| panic!("{}", faults.render()))
}

fn ids(text: &str) -> Vec<&'static str> {
    match read_scenario(text, "test.toml", &body()) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            for fault in &faults.list {
                assert!(!fault.labels.is_empty(), "{}: no place", fault.message);
            }
            faults.list.iter().map(|f| f.id).collect()
        }
    }
}

#[test]
fn quantities_arrive_in_the_units_of_the_body() {
    let text = format!(
        "{PERSON}usual_diet = {{ magnesium = \"24.305 mEq/d\", vitamin_D = \"400 IU/d\" }}\nk_kidney = \"0.9\"\ndrugs = [{{ use = \"thiazide\", dose = \"50 mg/d\", since = \"-3 a\" }}]\n\
         [[phase]]\nfrom = \"21 d\"\nuntil = \"49 d\"\ndiet = {{ Mg = \"243.05 mg/d\" }}\nsupplement = {{ use = \"magnesium citrate\", dose = \"243.05 mg\", at = [\"08:00\", \"20:00\"] }}\n\
         [[dose]]\nat = \"21 d 08:00\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nover = \"4 h\"\n{RECORD}"
    );
    let scenario = read(&text);
    let arm = &scenario.arms[0];
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b.abs(), "{a} {b}");
    close(
        arm.person
            .diet
            .iter()
            .find(|d| d.nutrient == "magnesium")
            .expect("Mg")
            .per_day,
        12.1525,
    );
    close(
        arm.person
            .diet
            .iter()
            .find(|d| d.nutrient == "vitamin_D")
            .expect("D")
            .per_day,
        10.0 / 384.64,
    );
    assert!(
        arm.person
            .inputs
            .iter()
            .any(|i| i.input == "k_kidney" && i.value == 0.9)
    );
    assert!(
        arm.person
            .inputs
            .iter()
            .any(|i| i.input == "female" && i.value == 0.0)
    );
    close(arm.person.exposures[0].from_d, -3.0 * 365.25);
    assert_eq!(
        arm.person.exposures[0].effects[0].change,
        Change::Factor(1.4)
    );
    close(arm.phases[0].diet[0].per_day, 10.0);
    let regimen = &arm.phases[0].regimens[0];
    close(regimen.into[0].amount, 10.0);
    close(regimen.averaged.as_ref().expect("averaged")[0].amount, 20.0);
    assert!(
        regimen
            .size_into
            .iter()
            .any(|v| v.input == "Mg_pill_size" && (v.value - 10.0).abs() < 1e-9)
    );
    assert!(
        regimen
            .size_into
            .iter()
            .any(|v| v.input == "k_release" && v.value == 12.0)
    );
    close(arm.doses[0].into[0].amount, 8.0);
    close(arm.doses[0].over_d, 4.0 / 24.0);
    assert_eq!(scenario.record.clock, Clock::Meals);
    assert_eq!(scenario.record.quantities, ["serum.Mg", "urine.Mg"]);
}

#[test]
fn doses_per_day_compounds_and_saturating_effects() {
    let text = format!(
        "{PERSON}drugs = [{{ use = \"loop diuretic\", dose = \"80 mg/d\" }}]\n[[phase]]\nfrom = \"0 d\"\nsupplements = [{{ use = \"magnesium citrate\", dose = \"1000 mg/d\", of = \"compound\", at = [\"08:00\", \"20:00\"] }}]\n{RECORD}"
    );
    let scenario = read(&text);
    let regimen = &scenario.arms[0].phases[0].regimens[0];
    assert!((regimen.into[0].amount - 162.0 / 24.305 / 2.0).abs() < 1e-9);
    // E(80)/E(40) with half effect at 40: (80/120)/(40/80) = 4/3.
    let Change::Factor(factor) = scenario.arms[0].person.exposures[0].effects[0].change else {
        panic!("factor")
    };
    assert!((factor - (1.0 - 0.5 * 4.0 / 3.0)).abs() < 1e-12);
}

#[test]
fn arms_with_a_person_of_their_own_keep_the_shared_inputs() {
    let text = format!(
        "{PERSON}k_kidney = \"0.8\"\n[[arm]]\nname = \"a\"\n[arm.person]\nage = \"40 a\"\n[[arm]]\nname = \"b\"\n[arm.person]\nage = \"50 a\"\n[[arm]]\nname = \"c\"\n[arm.person]\nk_kidney = \"0.7\"\n{RECORD}"
    );
    let scenario = read(&text);
    let kidney = |arm: usize| -> Vec<f64> {
        let inputs = &scenario.arms[arm].person.inputs;
        let own = inputs.iter().filter(|i| i.input == "k_kidney");
        own.map(|i| i.value).collect()
    };
    assert_eq!(kidney(0), [0.8]);
    assert_eq!(kidney(1), [0.8], "the second arm keeps it too");
    assert_eq!(kidney(2), [0.7], "and may replace it");
}

#[test]
fn arms_share_and_override() {
    let text = format!(
        "{PERSON}[[phase]]\nfrom = \"0 d\"\ndiet = {{ magnesium = \"12 mg/d\" }}\n[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\n[arm.person]\nconditions = [\"CKD 3a\"]\n[[arm.phase]]\nfrom = \"7 d\"\ndiet = {{ magnesium = \"300 mg/d\" }}\n{RECORD}"
    );
    let scenario = read(&text);
    assert_eq!(scenario.arms.len(), 2);
    assert_eq!(
        (scenario.arms[0].phases.len(), scenario.arms[1].phases.len()),
        (1, 2)
    );
    assert!(scenario.arms[0].person.exposures.is_empty());
    assert_eq!(scenario.arms[1].person.exposures[0].entry, "CKD 3a");
    assert_eq!(scenario.arms[1].person.age_a, 30.0);
}

#[test]
fn diets_by_food() {
    let diet = |foods: &str| format!("{PERSON}usual_diet = {{ {foods} }}\n{RECORD}");
    let scenario = read(&diet(
        "foods = { almonds = \"2 servings/d\", bread = \"100 g/d\" }",
    ));
    let magnesium = scenario.arms[0]
        .person
        .diet
        .iter()
        .find(|d| d.nutrient == "magnesium")
        .expect("Mg");
    assert!((magnesium.per_day - (2.0 * 0.28 * 270.0 + 24.0) / 24.305).abs() < 1e-9);
    assert_eq!(
        ids(&diet(
            "foods = { \"milk, whole\" = \"1 serving/d\", bread = \"100 g/d\" }"
        )),
        ["scenario-missing"]
    );
    assert!(ids(&diet("vitamin_D = \"1 ug/d\", foods = { \"milk, whole\" = \"1 serving/d\", bread = \"100 g/d\" }")).is_empty());
    assert_eq!(
        ids(&diet("foods = { bread = \"1 serving/d\" }")),
        ["scenario-unknown-unit"]
    );
    assert_eq!(
        ids(&diet("foods = { almond = \"1 serving/d\" }")),
        ["scenario-unknown-name"]
    );
}

/// A bad input and the id it must get. `P` stands for a sound person, `R` for a sound record.
const BAD: [(&str, &str); 52] = [
    (
        "P\n[record]\nuntil = \"1e300 d\"",
        "scenario-impossible-value",
    ),
    (
        "P\n[record]\nuntil = \"49 d\"\nevery = \"1e-9 s\"",
        "scenario-impossible-value",
    ),
    (
        "P\n[record]\nuntil = \"49 d\"\nfrom = \"-30 a\"",
        "scenario-time-order",
    ),
    (
        "P\n[record]\nuntil = \"49 d\"\nalso = [\"50 d\"]",
        "scenario-time-order",
    ),
    (
        "P\nsupplements = [{ use = \"magnesium citrate\", dose = \"1 mg\", since = \"-1e300 a\", count = 3 }]\nR",
        "scenario-impossible-value",
    ),
    (
        "P\n[[dose]]\nat = \"1 d\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nevery = \"1 s\"\nuntil = \"40 d\"\nR",
        "scenario-impossible-value",
    ),
    ("P R = ", "scenario-syntax"),
    (
        "P\n[record]\nuntil = \"49 d\"\nevry = \"1 d\"",
        "scenario-unknown-key",
    ),
    ("P\nwieght = \"70 kg\"\nR", "scenario-unknown-key"),
    ("R", "scenario-missing"),
    ("P", "scenario-missing"),
    ("P\n[record]\nevery = \"1 d\"", "scenario-missing"),
    (
        "[person]\nsex = \"male\"\nweight = \"75 kg\"\nR",
        "scenario-missing",
    ),
    (
        "[person]\nage = \"30 a\"\nweight = \"75 kg\"\nR",
        "scenario-missing",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"30 a\"\nR",
        "scenario-missing",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"0 kg\"\nR",
        "scenario-impossible-value",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"-75 kg\"\nR",
        "scenario-impossible-value",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"300 a\"\nweight = \"75 kg\"\nR",
        "scenario-impossible-value",
    ),
    (
        "[person]\nsex = \"man\"\nage = \"30 a\"\nweight = \"75 kg\"\nR",
        "scenario-wrong-kind",
    ),
    (
        "[person]\nsex = \"male\"\nage = 30\nweight = \"75 kg\"\nR",
        "scenario-bare-number",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"30\"\nweight = \"75 kg\"\nR",
        "scenario-bare-number",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"30 kg\"\nweight = \"75 kg\"\nR",
        "scenario-wrong-dimension",
    ),
    (
        "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"75 kgs\"\nR",
        "scenario-unknown-unit",
    ),
    (
        "P\nusual_diet = { magnesium = \"320 mg\" }\nR",
        "scenario-wrong-dimension",
    ),
    (
        "P\nusual_diet = { magnesium = \"320 L/d\" }\nR",
        "scenario-wrong-dimension",
    ),
    (
        "P\nusual_diet = { magnesium = \"400 IU/d\" }\nR",
        "scenario-wrong-dimension",
    ),
    (
        "P\nusual_diet = { magnesium = 320 }\nR",
        "scenario-bare-number",
    ),
    (
        "P\nusual_diet = { magnesium = \"-320 mg/d\" }\nR",
        "scenario-impossible-value",
    ),
    (
        "P\nusual_diet = { magnesum = \"320 mg/d\" }\nR",
        "scenario-unknown-name",
    ),
    ("P\nusual_diet = \"western\"\nR", "scenario-unknown-name"),
    ("P\nconditions = [\"CKD 9\"]\nR", "scenario-unknown-name"),
    ("P\nconditions = [\"thiazide\"]\nR", "scenario-unknown-name"),
    ("P\ndrugs = [\"thiazide\"]\nR", "scenario-dose"),
    (
        "P\ndrugs = [{ use = \"thiazide\", dose = \"0 mg/d\" }]\nR",
        "scenario-impossible-value",
    ),
    (
        "P\ndrugs = [{ use = \"thiazide\", dose = \"25 mL/d\" }]\nR",
        "scenario-wrong-dimension",
    ),
    (
        "P\ndrugs = [{ use = \"thiazide\", dose = \"25 mg/d\", since = \"0 d\", until = \"-1 a\" }]\nR",
        "scenario-time-order",
    ),
    (
        "P\ndrugs = [{ use = \"loop diuretic\", dose = \"25 mg/d\", at = [\"08:00\"] }]\nR",
        "scenario-dose",
    ),
    (
        "P\nconditions = [{ use = \"CKD 3a\", dose = \"1 mg/d\" }]\nR",
        "scenario-dose",
    ),
    (
        "P\nconditions = [\"CKD 3a\", \"CKD 4\"]\nR",
        "scenario-clash",
    ),
    (
        "P\ninputs = { k_kidny = \"0.5\" }\nR",
        "scenario-unknown-name",
    ),
    (
        "P\ninputs = { serum_Mg = \"0.5 mmol/L\" }\nR",
        "scenario-unknown-name",
    ),
    (
        "P\nmeals = [{ at = \"08:00\", share = 0.5 }]\nR",
        "scenario-impossible-value",
    ),
    (
        "P\n[[phase]]\nfrom = \"21 d\"\nuntil = \"7 d\"\nR",
        "scenario-time-order",
    ),
    ("P\n[[phase]]\nfrom = \"-21 a\"\nR", "scenario-time-order"),
    (
        "P\n[[phase]]\nsupplement = { use = \"magnesium citrate\" }\nR",
        "scenario-dose",
    ),
    (
        "P\n[[phase]]\nsupplement = { use = \"magnesium citrate\", dose = \"300 mg\", at = [\"8 am\"] }\nR",
        "scenario-wrong-kind",
    ),
    (
        "P\n[[phase]]\nsupplement = { use = \"magnesium sulfate iv\", dose = \"300 mg\" }\n[record]\nuntil = \"49 d\"\nclock = \"averaged\"",
        "scenario-clock",
    ),
    (
        "P\n[[dose]]\nat = \"1 d\"\nuse = \"magnesium sulfate iv\"\namount = \"-8 mmol\"\nR",
        "scenario-impossible-value",
    ),
    (
        "P\n[[dose]]\nat = \"1 d\"\ninto = \"Mg_bone\"\namount = \"8 mmol\"\nR",
        "scenario-unknown-name",
    ),
    (
        "P\n[[dose]]\nat = \"1 d\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nevery = \"1 d\"\nR",
        "scenario-missing",
    ),
    (
        "P\n[[dose]]\nat = \"60 d\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nR",
        "scenario-time-order",
    ),
    (
        "P\n[record]\nuntil = \"49 d\"\nquantities = [\"serum.Mq\"]",
        "scenario-unknown-name",
    ),
];

#[test]
fn every_bad_input_gets_its_message() {
    for (text, id) in BAD {
        let full = text
            .replace('P', "\u{1}")
            .replace("\u{1}", PERSON)
            .replace("\nR", &format!("\n{RECORD}"));
        let full = if text == "R" { RECORD.to_owned() } else { full };
        let found = ids(&full);
        assert!(found.contains(&id), "{full}\nwanted {id}, found {found:?}");
    }
}

#[test]
fn all_faults_at_once() {
    let found = ids(
        "[person]\nsex = \"man\"\nage = 3\nweight = \"0 kg\"\nusual_diet = { zinc = \"1 mg/d\" }\n[record]\nuntil = \"x\"\n",
    );
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn messages_name_file_line_and_remedy() {
    let faults = read_scenario("[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"0 kg\"\n\n[record]\nuntil = \"1 d\"\n", "test.toml", &body()).expect_err("no weight");
    let text = faults.render();
    assert!(
        text.contains("test.toml:4:") && text.contains("help: weight = \"75 kg\""),
        "{text}"
    );
}

/// Blocks of a page: language line, text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    page.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|b| b.split_once('\n'))
        .collect()
}

#[test]
fn pages_of_our_diagnostics_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnostics");
    let mut tried = 0;
    for entry in std::fs::read_dir(folder)
        .expect("docs/diagnostics")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = name
            .strip_suffix(".md")
            .filter(|n| n.starts_with("scenario-") || n.starts_with("library-"))
        else {
            continue;
        };
        let page = std::fs::read_to_string(entry.path()).expect("page");
        let mut verdicts = Vec::new();
        for (language, text) in blocks(&page) {
            if language != "toml" && language != "csv" {
                continue;
            }
            let found: Vec<&str> =
                match text.lines().next().and_then(|l| l.strip_prefix("# file: ")) {
                    Some(file) => {
                        let mut sources = sources();
                        if text.contains("# absent") {
                            let mut rest = MemorySources::new();
                            rest.insert("body/body.ant", include_str!("small_body/body.ant"));
                            sources = rest;
                        } else {
                            sources.insert(file.trim(), text);
                        }
                        Body::load(&sources)
                            .expect("the model is sound")
                            .faults
                            .list
                            .iter()
                            .map(|f| f.id)
                            .collect()
                    }
                    None => ids(text),
                };
            let last = text.trim_end().lines().last().unwrap_or("");
            if last == "# ok" {
                assert!(found.is_empty(), "{name}: {found:?}\n{text}");
                verdicts.push(true);
            } else {
                assert_eq!(
                    last,
                    format!("# error: [{id}]"),
                    "{name}: the last line of a block"
                );
                assert!(found.contains(&id), "{name}: found {found:?}\n{text}");
                verdicts.push(false);
            }
        }
        assert!(
            verdicts.contains(&true) && verdicts.contains(&false),
            "{name}: a failing and a repaired block"
        );
        tried += 1;
    }
    assert!(tried >= 22, "{tried} pages");
}

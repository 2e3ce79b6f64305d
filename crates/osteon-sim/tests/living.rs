//! Scenarios in everyday words: named diets, foods and water, adherence, rules that change doses, and what begins before time zero.

use osteon_sim::{
    ArmRun, MetKind, Run, RunOptions, Scenario, Silent, read_people, read_scenario,
    read_scenario_for, run,
};

mod small_body;
use small_body::body;

const PERSON: &str = "[person]\nsex = \"female\"\nage = \"40 a\"\nweight = \"70 kg\"\n";
const DIET: &str = "usual_diet = { magnesium = \"13 mmol/d\", vitamin_D = \"5 ug/d\" }\n";

fn read(text: &str) -> Scenario {
    read_scenario(text, "test.toml", &body()).unwrap_or_else(|f| panic!("{}", f.render()))
}

fn faults(text: &str) -> String {
    read_scenario(text, "test.toml", &body())
        .err()
        .map_or_else(String::new, |f| f.render())
}

fn simulate(text: &str) -> Run {
    run(&body(), &read(text), &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()))
}

fn values<'r>(arm: &'r ArmRun, quantity: &str) -> &'r [f64] {
    &arm.column(quantity)
        .unwrap_or_else(|| panic!("{quantity}"))
        .values
}

fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * a.abs().max(b.abs()), "{a} {b}");
}

/// Magnesium a day in mg of the usual diet.
fn eaten(diet: &str) -> f64 {
    let text = format!("{PERSON}usual_diet = {diet}\n[record]\nuntil = \"1 d\"\n");
    let scenario = read(&text);
    let part = scenario.arms[0]
        .person
        .diet
        .iter()
        .find(|d| d.nutrient == "magnesium")
        .expect("magnesium");
    part.per_day * 24.305
}

#[test]
fn diets_by_name_food_and_water() {
    close(eaten("\"green\""), 300.0, 1e-12);
    close(eaten("\"Leafy\""), 300.0, 1e-12);
    close(
        eaten("{ use = \"green\", magnesium = \"10 mmol/d\" }"),
        243.05,
        1e-12,
    );
    // 300 g of bread with 24 mg in 100 g; two servings of 28 g of almonds with 270 mg in 100 g, of which half is left.
    close(
        eaten("\"bread and nuts\""),
        72.0 + 0.56 * 270.0 * 0.5,
        1e-12,
    );
    close(
        eaten("{ use = \"green\", foods = [{ use = \"Almonds\", amount = \"100 g\" }] }"),
        570.0,
        1e-12,
    );
    close(
        eaten(
            "{ foods = { almonds = \"7 servings/wk\", bread = \"0.1 kg\" }, water = { magnesium = \"20 mg/L\", drink = \"1.5 L/d\" } }",
        ),
        75.6 + 24.0 + 30.0,
        1e-12,
    );
    let told = faults(&format!(
        "{PERSON}usual_diet = {{ water = {{ magnesium = \"20 mg/L\", drink = \"1 L/d\" }} }}\n[record]\nuntil = \"1 d\"\n"
    ));
    assert!(told.contains("how much food brings"), "{told}");
    let told = faults(&format!(
        "{PERSON}usual_diet = \"gren\"\n[record]\nuntil = \"1 d\"\n"
    ));
    assert!(told.contains("did you mean `green`?"), "{told}");
}

#[test]
fn a_diet_by_sex_needs_to_know_it() {
    let arms = "[[arm]]\nname = \"she\"\n[[arm]]\nname = \"he\"\n[arm.person]\nsex = \"male\"\n";
    let own = arms.replace(
        "name = \"he\"\n",
        "name = \"he\"\n[[arm.phase]]\ndiet = \"green\"\n",
    );
    let scenario = read(&format!("{PERSON}{DIET}{own}[record]\nuntil = \"1 d\"\n"));
    close(
        scenario.arms[1].phases[0].diet[0].per_day * 24.305,
        400.0,
        1e-12,
    );
    let told = faults(&format!(
        "{PERSON}{DIET}[[phase]]\ndiet = \"green\"\n{arms}[record]\nuntil = \"1 d\"\n"
    ));
    assert!(told.contains("differs between women and men"), "{told}");
}

#[test]
fn a_diet_meal_by_meal_is_eaten_at_its_hours() {
    let text = format!(
        "{PERSON}usual_diet = {{ vitamin_D = \"5 ug/d\", meals = [{{ at = \"12:00\", foods = {{ almonds = \"100 g\" }} }}, {{ at = \"18:00\", foods = {{ bread = \"125 g\" }} }}] }}\n[record]\nuntil = \"1 d\"\nevery = \"30 min\"\nclock = \"meals\"\nquantities = [\"Mg_meal_size\"]\n"
    );
    let run = simulate(&text);
    let sizes = values(&run.arms[0], "Mg_meal_size");
    // Rows stand before what happens at their time: the size set at 12:00 is seen at 12:30.
    close(sizes[25], 270.0 / 24.305, 1e-12);
    close(sizes[37], 30.0 / 24.305, 1e-12);
    close(run.arms[0].ledger[0].dosed, 300.0 / 24.305, 1e-9);
}

#[test]
fn forgotten_doses_are_a_share_on_both_clocks() {
    let text = |clock: &str, days: u32| {
        format!(
            "{PERSON}{DIET}[[phase]]\nsupplement = {{ use = \"magnesium citrate\", dose = \"10 mmol\", adherence = {{ share = 0.7, seed = 3 }} }}\n[record]\nuntil = \"{days} d\"\nclock = \"{clock}\"\n"
        )
    };
    let averaged = simulate(&text("averaged", 50));
    close(
        averaged.arms[0].ledger[0].entered,
        50.0 * (13.0 + 7.0),
        1e-6,
    );
    let meals = simulate(&text("meals", 50));
    let taken = meals.arms[0]
        .events
        .iter()
        .filter(|e| e.kind == MetKind::Dose)
        .count();
    assert!((26..=44).contains(&taken), "{taken} of 50 doses");
    close(
        meals.arms[0].ledger[0].dosed,
        50.0 * 13.0 + 10.0 * taken as f64,
        1e-9,
    );
    let again = simulate(&text("meals", 50));
    assert_eq!(
        values(&meals.arms[0], "serum.Mg"),
        values(&again.arms[0], "serum.Mg"),
        "the draw is the same every time"
    );
    // Every dose is drawn by its own time, so a longer record does not change the first days.
    let longer = simulate(&text("meals", 60));
    assert_eq!(
        values(&meals.arms[0], "serum.Mg")[..40],
        values(&longer.arms[0], "serum.Mg")[..40]
    );
}

/// Doses that are forgotten go with the name of a person, not with the place in the table.
#[test]
fn nobody_forgets_the_doses_of_their_neighbour() {
    let text = "[person]\nusual_diet = { magnesium = \"13 mmol/d\", vitamin_D = \"5 ug/d\" }\n[[phase]]\nsupplement = { use = \"magnesium citrate\", dose = \"10 mmol\", adherence = 0.5 }\n[record]\nuntil = \"40 d\"\nclock = \"meals\"\n";
    let taken = |table: &str| -> Vec<Vec<f64>> {
        let body = body();
        let people =
            read_people(table, "people.csv", &body).unwrap_or_else(|f| panic!("{}", f.render()));
        let shared = read_scenario_for(text, "test.toml", &body, &people.brings())
            .unwrap_or_else(|f| panic!("{}", f.render()));
        (0..people.len())
            .map(|person| {
                let own = people.scenario(person, &shared);
                let run = run(&body, &own, &RunOptions::default(), &mut Silent)
                    .unwrap_or_else(|f| panic!("{}", f.render()));
                let doses = run.arms[0]
                    .events
                    .iter()
                    .filter(|e| e.kind == MetKind::Dose);
                doses.map(|e| e.time_d).collect()
            })
            .collect()
    };
    let row = |name: &str| format!("{name},40,female,70\n");
    let head = "ID,age[a],sex,weight[kg]\n";
    let both = taken(&format!("{head}{}{}", row("anna"), row("berta")));
    for days in &both {
        assert!((10..=30).contains(&days.len()), "{} of 40", days.len());
    }
    assert_ne!(both[0], both[1]);
    let turned = taken(&format!("{head}{}{}", row("berta"), row("anna")));
    assert_eq!((&turned[1], &turned[0]), (&both[0], &both[1]));
}

#[test]
fn a_rule_raises_the_dose_until_the_goal_is_met() {
    let text = |clock: &str| {
        format!(
            "{PERSON}usual_diet = {{ magnesium = \"11 mmol/d\", vitamin_D = \"5 ug/d\" }}\n[[phase]]\nsupplement = {{ use = \"magnesium citrate\", dose = \"2 mmol\" }}\n\
             [[titrate]]\nuse = \"magnesium citrate\"\nwhen = \"serum.Mg < 1.0 mmol/L\"\nevery = \"2 wk\"\nby = \"3 mmol/d\"\nmost = \"14 mmol/d\"\n\
             [record]\nuntil = \"12 wk\"\nevery = \"1 d\"\nclock = \"{clock}\"\n"
        )
    };
    for clock in ["averaged", "meals"] {
        let run = simulate(&text(clock));
        let arm = &run.arms[0];
        assert!(arm.failure.is_none(), "{:?}", arm.failure);
        let asked: Vec<&str> = arm
            .events
            .iter()
            .filter(|e| e.kind == MetKind::Review)
            .map(|e| e.what.as_str())
            .collect();
        assert_eq!(asked.len(), 5, "{clock}: {asked:?}");
        assert!(asked[0].contains("from 2 to 5 mmol/d"), "{asked:?}");
        assert!(asked[1].contains("from 5 to 8 mmol/d"), "{asked:?}");
        let serum = values(arm, "serum.Mg");
        assert!(serum[84] > serum[13] + 0.1, "{serum:?}");
        let line = &arm.ledger[0];
        assert!(line.relative_error < 1e-6, "{clock}: {line:?}");
        // What came in is what the rule has given, told by its own words.
        let doses: Vec<f64> = {
            let mut now = 2.0;
            let mut list = Vec::new();
            for fortnight in 0..6 {
                list.push(now);
                if let Some(to) = asked
                    .get(fortnight)
                    .and_then(|a| a.split(" to ").nth(1))
                    .and_then(|a| a.split(' ').next()?.parse().ok())
                {
                    now = to;
                }
            }
            list
        };
        let given: f64 = doses.iter().map(|d| d * 14.0).sum();
        close(line.entered + line.dosed, given + 84.0 * 11.0, 1e-6);
    }
}

#[test]
fn rules_begin_lower_and_stop_products() {
    let text = format!(
        "{PERSON}usual_diet = {{ magnesium = \"4 mmol/d\", vitamin_D = \"5 ug/d\" }}\ndrugs = [{{ use = \"thiazide\", dose = \"25 mg/d\" }}]\n\
         [[titrate]]\nuse = \"magnesium citrate\"\nwhen = \"serum.Mg < 2 mg/dL\"\nat = [\"1 wk\"]\nto = \"10 mmol/d\"\ntaken_at = [\"08:00\", \"20:00\"]\n\
         [[titrate]]\nuse = \"thiazide\"\nwhen = \"serum.Mg < 2 mg/dL\"\nat = [\"2 wk\"]\nby = \"-20 mg/d\"\nleast = \"12.5 mg/d\"\n\
         [[titrate]]\nuse = \"thiazide\"\nwhen = \"urine.Mg > 0.1 mmol/d\"\nat = [\"3 wk\"]\nstop = true\n\
         [record]\nuntil = \"4 wk\"\nevery = \"1 wk\"\nclock = \"averaged\"\nquantities = [\"serum.Mg\", \"k_kidney\", \"intake_Mg_pill\"]\n"
    );
    let run = simulate(&text);
    let arm = &run.arms[0];
    assert!(arm.failure.is_none(), "{:?}", arm.failure);
    let pills = values(arm, "intake_Mg_pill");
    assert_eq!((pills[1], pills[2]), (0.0, 10.0), "{:?}", arm.events);
    let kidney = values(arm, "k_kidney");
    close(kidney[2], 1.2, 1e-12);
    close(kidney[3], 1.1, 1e-12);
    close(kidney[4], 1.0, 1e-12);
}

#[test]
fn what_begins_before_zero_has_acted_by_then() {
    let text = |from: &str, record: &str| {
        format!(
            "{PERSON}{DIET}[[phase]]\nfrom = \"{from}\"\ndiet = {{ magnesium = \"2 mmol/d\" }}\n[record]\n{record}until = \"7 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n"
        )
    };
    let late = simulate(&text("0 d", ""));
    let early = simulate(&text("-60 d", "from = \"-60 d\"\n"));
    let (late, early) = (&late.arms[0], &early.arms[0]);
    assert_eq!(early.times[0], -60.0);
    // The same fall, sixty days earlier; ageing between them is small.
    let (a, b) = (values(early, "serum.Mg"), values(late, "serum.Mg"));
    close(a[0], b[0], 1e-3);
    close(a[7], b[7], 1e-3);
    assert!(a[60] < 0.8 * b[0], "{} {}", a[60], b[0]);
    assert!(values(early, "urine.Mg").iter().all(|v| v.is_finite()));
    let told = faults(&text("-20 a", ""));
    assert!(told.contains("20.0 years before the scenario"), "{told}");
}

#[test]
fn the_library_has_its_diets_preparations_and_tests() {
    let body = body();
    assert_eq!(body.library.diets.len(), 2);
    assert!(body.library.diets[0].by_sex() && !body.library.diets[1].by_sex());
    assert_eq!(body.library.tests.len(), 2);
    assert_eq!(body.library.tests[0].label, "Serum magnesium");
    close(
        body.library.tests[0]
            .biological
            .as_ref()
            .expect("given")
            .value,
        3.0,
        1e-12,
    );
}

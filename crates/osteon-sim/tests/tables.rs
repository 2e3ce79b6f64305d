//! Tables of people and of events: what is understood, and how each fault is told. The pages of `docs/diagnostics/` about tables are run.

use osteon_sim::{
    Body, Diagnostics, Events, InterventionKind, People, Scenario, read_events, read_people,
    read_scenario_for,
};

mod small_body;
use small_body::body;

const SCENARIO: &str = "[person]\nusual_diet = { magnesium = \"300 mg/d\" }\nk_kidney = \"0.9\"\n[record]\nuntil = \"10 d\"\n";
const THREE: &str = "ID,sex,age[a],weight[kg]\n1,female,68,62\n2,male,71,80\n3,male,35,90\n";

fn people(text: &str, body: &Body) -> People {
    read_people(text, "people.csv", body).unwrap_or_else(|faults| panic!("{}", faults.render()))
}

fn scenario(people: &People, body: &Body) -> Scenario {
    read_scenario_for(SCENARIO, "test.toml", body, &people.brings())
        .unwrap_or_else(|faults| panic!("{}", faults.render()))
}

fn events(text: &str, body: &Body) -> Result<Events, Diagnostics> {
    let people = people(THREE, body);
    read_events(text, "events.csv", body, &people, &scenario(&people, body))
}

#[test]
fn a_row_becomes_a_person() {
    let body = body();
    let table = "\u{feff}USUBJID,ID,SEXF,AGE,WT,height[m],magnesium[mg/d],k_kidney[1],_note\r\nx-1,1,1,68,62,1.6,243.05,,\"a, b\"\r\nx-2,2,0,71,80,,,0.5,\r\n";
    let people = people(table, &body);
    assert_eq!((people.len(), people.key(0), people.id(0)), (2, "1", "x-1"));
    let shared = scenario(&people, &body);
    let first = people.scenario(0, &shared).arms.remove(0).person;
    let input = |person: &osteon_sim::Person, name: &str| {
        person
            .inputs
            .iter()
            .find(|v| v.input == name)
            .map(|v| v.value)
    };
    assert_eq!(
        (
            first.age_a,
            input(&first, "female"),
            input(&first, "body_weight")
        ),
        (68.0, Some(1.0), Some(62.0))
    );
    assert_eq!(input(&first, "height"), Some(160.0));
    assert!(
        (first.diet[0].per_day - 10.0).abs() < 1e-9,
        "{:?}",
        first.diet
    );
    assert_eq!(
        input(&first, "k_kidney"),
        Some(0.9),
        "an empty cell leaves what the scenario says"
    );
    let second = people.scenario(1, &shared).arms.remove(0).person;
    assert_eq!(
        (input(&second, "k_kidney"), input(&second, "height")),
        (Some(0.5), None)
    );
    assert!((second.diet[0].per_day - 300.0 / 24.305).abs() < 1e-9);
}

#[test]
fn an_intake_stands_for_the_diet_of_the_scenario() {
    let body = body();
    let people = people(
        "ID,sex,age[a],weight[kg],intake_Mg[mmol/d]\n1,male,40,70,5\n",
        &body,
    );
    let person = people
        .scenario(0, &scenario(&people, &body))
        .arms
        .remove(0)
        .person;
    assert!(person.diet.is_empty(), "{:?}", person.diet);
    assert!(
        person
            .inputs
            .iter()
            .any(|v| v.input == "intake_Mg" && v.value == 5.0)
    );
}

#[test]
fn doses_series_and_infusions() {
    let body = body();
    let events = events(
        "ID,TIME[h],EVID,AMT,AMTU,RATE[mg/h],II,ADDL,SS,CMT\n\
         2,24,1,243.05,mg,.,12,3,2,magnesium citrate\n\
         1,-24,1,8,mmol,48.61,.,.,.,magnesium sulfate iv\n\
         1,30,0,.,.,.,.,.,.,.\n",
        &body,
    )
    .unwrap_or_else(|faults| panic!("{}", faults.render()));
    let second = events.of("2").expect("2");
    let dose = &second.doses[0];
    assert_eq!((dose.at_d, dose.every_d, dose.count), (1.0, 0.5, 4));
    assert!((dose.into[0].amount - 10.0).abs() < 1e-9 && !dose.size_into.is_empty());
    assert!(matches!(
        second.interventions[0].kind,
        InterventionKind::Steady { added: true, .. }
    ));
    let first = events.of("1").expect("1");
    assert_eq!(
        (first.doses[0].at_d, first.samples_d.as_slice()),
        (-1.0, &[1.25][..])
    );
    assert!((first.doses[0].over_d - 8.0 * 24.305 / 48.61 / 24.0).abs() < 1e-9);
    assert!(events.of("3").is_none());
}

#[test]
fn covariates_carry_as_the_table_says() {
    let body = body();
    let table = |rule: &str| {
        format!("# carry: {rule}\nID,TIME[d],EVID,k_kidney[1]\n1,4,2,0.5\n1,1,2,0.8\n1,6,0,\n")
    };
    let spans = |rule: &str| -> Vec<(f64, f64, f64)> {
        let events =
            events(&table(rule), &body).unwrap_or_else(|faults| panic!("{}", faults.render()));
        events
            .of("1")
            .expect("1")
            .phases
            .iter()
            .map(|p| (p.from_d, p.until_d, p.inputs[0].value))
            .collect()
    };
    assert_eq!(spans("LOCF"), [(1.0, 4.0, 0.8), (4.0, f64::INFINITY, 0.5)]);
    assert_eq!(spans("NOCB"), [(-7.0, 1.0, 0.8), (1.0, f64::INFINITY, 0.5)]);
}

#[test]
fn what_has_no_meaning_is_refused() {
    let body = body();
    let one = |row: &str| format!("ID,TIME[h],EVID,AMT[mmol],RATE,II,ADDL,SS,CMT\n{row}\n");
    for (row, id) in [
        ("1,0,7,8,.,.,.,.,Mg_plasma", "table-event"),
        ("1,0,1,8,-1,.,.,.,Mg_plasma", "table-event"),
        ("1,0,1,8,.,.,.,.,2", "table-event"),
        ("1,0,1,8,.,.,.,.,Mg_plasm", "table-event"),
        ("1,0,1,8,.,.,.,1,Mg_plasma", "table-missing"),
        ("1,0,1,8,.,24,1.5,.,Mg_plasma", "table-value"),
        ("1,0,1,8,.,24,.,3,Mg_plasma", "table-event"),
        ("1,999,1,8,.,.,.,.,Mg_plasma", "table-event"),
        ("1,0,1,.,.,.,.,.,Mg_plasma", "table-missing"),
        ("1,0,1,-8,.,.,.,.,Mg_plasma", "table-value"),
        ("1,0,6,2,.,.,.,.,magnesium citrate", "table-event"),
        ("9,0,1,8,.,.,.,.,Mg_plasma", "table-value"),
        ("1,noon,1,8,.,.,.,.,Mg_plasma", "table-value"),
        ("1,0", "table-shape"),
    ] {
        let faults = events(&one(row), &body).expect_err(row);
        assert!(
            faults.list.iter().any(|f| f.id == id && f.help.is_some()),
            "{row}: {}",
            faults.render()
        );
    }
    let near = events(&one("1,0,1,8,.,.,.,.,Mg_plasm"), &body).expect_err("a near name");
    assert!(
        near.render().contains("did you mean `Mg_plasma`"),
        "{}",
        near.render()
    );
    let mixed = events("ID,time[h],evid\n1,0,0\n", &body).expect_err("mixed case");
    assert!(
        mixed.list.iter().any(|f| f.id == "table-shape"),
        "{}",
        mixed.render()
    );
}

#[test]
fn pages_about_tables_hold() {
    let body = body();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnostics");
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).expect("the pages").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = name.strip_suffix(".md").filter(|n| n.starts_with("table-")) else {
            continue;
        };
        let page = std::fs::read_to_string(entry.path()).expect("a page");
        let (mut failing, mut sound) = (0, 0);
        for block in page
            .split("```")
            .skip(1)
            .step_by(2)
            .filter_map(|b| b.strip_prefix("csv\n"))
        {
            let found = if block.contains("EVID") {
                events(block, &body).map(|_| ())
            } else {
                read_people(block, "people.csv", &body).map(|_| ())
            };
            match (block.trim_end().lines().last().unwrap_or(""), found) {
                ("# ok", Ok(())) => sound += 1,
                (last, Err(faults)) if last == format!("# error: [{id}]") => {
                    assert!(
                        faults
                            .list
                            .iter()
                            .any(|f| f.id == id && f.help.is_some() && !f.labels.is_empty()),
                        "{name}: {}",
                        faults.render()
                    );
                    failing += 1;
                }
                (last, found) => panic!(
                    "{name}: {last} and {}",
                    found.map_or_else(|f| f.render(), |()| "no fault".to_owned())
                ),
            }
        }
        assert!(failing > 0 && sound > 0, "{name}");
        tried += 1;
    }
    assert_eq!(tried, 6, "pages about tables");
}

#[test]
fn hostile_tables_come_back_with_faults() {
    let body = body();
    for text in [
        "",
        "\"",
        ",,,,",
        "ID",
        "ID\n",
        "ID,ID\n1,1",
        "ID,age[a\n1,2",
        "ID,[],x[]\n",
        "\u{feff}",
        "#",
        "ID,sex,age[a],weight[kg]\n1,female,1e999,1",
        "ID,sex,age[[[[[[a],weight[kg]\n1,female,3,4",
        "ID,TIME[h],EVID,AMT[mmol],II,ADDL,CMT\n1,0,1,1,1e-300,99999,Mg_plasma",
        "# carry\nID,TIME[h],EVID,k_kidney[1]\n1,0,0,1",
        "ID,TIME[h],EVID,AMT[mmol],RATE,CMT\n1,0,1,1e308,1e-308,Mg_plasma",
        "ID,\u{0}\n\u{1},\u{2}\n",
    ] {
        let _ = read_people(text, "p", &body);
        let _ = events(text, &body);
    }
    let wide = format!("ID{}\n{}", ",x".repeat(100_000), "1,".repeat(100_000));
    assert!(read_people(&wide, "p", &body).is_err_and(|f| f.list.len() <= 51));
}

//! Verdicts on made-up runs: every kind of row, every verdict, and what the run is asked to record.

mod small_project;

use osteon_model::MemorySources;
use osteon_sim::{ArmRun, Column, Meta, RowStatus, Run, Work};
use small_project::small_body;

use osteon_study::{Study, Verdict, judge, read_study, totals};

const SCENARIO: &str = r#"
[person]
sex = "male"
age = "30 a"
weight = "75 kg"
height = "178 cm"
usual_diet = { magnesium = "320 mg/d", vitamin_D = "5 ug/d" }

[[arm]]
name = "control"

[[arm]]
name = "treated"

[record]
until = "2 a"
every = "73.05 d"
clock = "averaged"
quantities = ["urine.Mg"]
"#;

fn study(rows: &str) -> Study {
    let mut sources = MemorySources::new();
    sources.insert("s/study.toml", "cites = \"a\"\nsays = \"x\"\npopulation = \"x\"\nlink = \"trial\"\nused_to_fit = [\"serum.Mg\"]\n");
    sources.insert("s/scenario.toml", SCENARIO);
    sources.insert(
        "s/data.csv",
        format!("quantity,arm,at,as,unit,value,lower,upper,spread,n,note\n{rows}"),
    );
    read_study(&sources, "s", &small_body()).unwrap_or_else(|f| panic!("{}", f.render()))
}

/// Two arms over two years: the control stays at 1.0, the treated one rises by 0.2 a year.
fn run() -> Run {
    let times: Vec<f64> = (0..=10).map(|i| 73.05 * f64::from(i)).collect();
    let arm = |name: &str, slope: f64| ArmRun {
        name: name.to_owned(),
        id: None,
        columns: vec![Column {
            quantity: "serum.Mg".to_owned(),
            label: String::new(),
            unit: "mmol/L".to_owned(),
            us_unit: None,
            reference: None,
            values: times.iter().map(|t| 1.0 + slope * t / 365.25).collect(),
        }],
        status: vec![RowStatus::Ok; times.len()],
        skipped: osteon_sim::Skipped::default(),
        times: times.clone(),
        events: Vec::new(),
        ledger: Vec::new(),
        work: Work::default(),
        failure: None,
    };
    let meta = Meta {
        engine: String::new(),
        body: String::new(),
        body_hash: String::new(),
        rtol: 1e-6,
        atol: String::new(),
        states: 0,
        clock: String::new(),
        scenario_hash: String::new(),
    };
    Run {
        title: String::new(),
        scenario: String::new(),
        arms: vec![arm("control", 0.0), arm("treated", 0.2)],
        meta,
    }
}

#[test]
fn every_kind_is_computed_from_the_run() {
    let rows = [
        ("treated,2 a,value,mmol/L,1.4", 1.4),
        ("treated,2 a,value,mg/dL,3.4", 1.4),
        ("treated,1 a,change,mmol/L,0.2", 0.2),
        ("treated,1 a,percent_change,%,20", 20.0),
        ("treated,2 a,ratio_to_baseline,1,1.4", 1.4),
        ("treated,2 a,rate_per_year,mmol/L/a,0.2", 0.2),
        ("treated,1 a,rate_per_year,%/a,20", 20.0),
        ("treated,1 a,sign,,1", 1.0),
        ("control,1 a,sign,,0", 0.0),
        ("treated,1 a,difference_between_arms,mmol/L,0.2", 0.2),
        ("treated vs control,2 a,ratio_between_arms,1,1.4", 1.4),
        ("treated vs control,2 a,sign,,1", 1.0),
    ];
    for (row, expected) in rows {
        let verdicts = judge(&study(&format!("serum.Mg,{row},,,,,\n")), &run());
        assert!(
            (verdicts[0].predicted - expected).abs() < 1e-9,
            "{row}: {}",
            verdicts[0].predicted
        );
        assert_eq!(verdicts[0].verdict, Verdict::Within, "{row}");
        assert!(verdicts[0].row.used_to_fit);
    }
}

#[test]
fn verdicts_tell_size_from_direction() {
    let verdict = |row: &str| judge(&study(&format!("serum.Mg,{row}\n")), &run())[0].verdict;
    assert_eq!(
        verdict("treated,1 a,change,mmol/L,0.3,0.25,0.35,,,"),
        Verdict::Outside
    );
    assert_eq!(
        verdict("treated,1 a,change,mmol/L,-0.1,-0.15,-0.05,,,"),
        Verdict::WrongSign
    );
    assert_eq!(
        verdict("treated,1 a,change,mmol/L,-0.1,-0.5,0.3,,,"),
        Verdict::Within
    );
    assert_eq!(
        verdict("treated,1 a,ratio_to_baseline,1,0.9,0.8,1.0,,,"),
        Verdict::WrongSign
    );
    assert_eq!(
        verdict("treated,1 a,value,mmol/L,0.6,0.5,0.7,,,"),
        Verdict::Outside
    );
    assert_eq!(verdict("treated,1 a,sign,,-1,,,,,"), Verdict::WrongSign);
    assert_eq!(verdict("control,1 a,sign,,-1,,,,,"), Verdict::Outside);
    assert_eq!(verdict("treated,1 a,sign,,0,,,,,"), Verdict::Outside);
    let mut broken = run();
    broken.arms[1].columns[0].values[5] = f64::NAN;
    let rows = judge(
        &study("serum.Mg,treated,1 a,value,mmol/L,1.2,,,,,\n"),
        &broken,
    );
    assert_eq!(rows[0].verdict, Verdict::Failed);
    assert_eq!(
        (
            totals(&rows).used_to_fit.failed,
            totals(&rows).verification.counted
        ),
        (1, 0)
    );
}

#[test]
fn the_scenario_records_what_the_rows_need() {
    let study = study("serum.Mg,treated,100 d,value,mmol/L,1,,,,,\n");
    assert_eq!(study.scenario.record.quantities, ["urine.Mg", "serum.Mg"]);
    assert!(
        study.scenario.record.also_d.contains(&100.0)
            && study.scenario.record.also_d.contains(&0.0)
    );
}

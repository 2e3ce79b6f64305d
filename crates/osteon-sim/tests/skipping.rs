//! Days skipped: what a full run shows is shown, rows say so, matter is kept, and what does not repeat is refused.

use osteon_sim::{ArmRun, RowStatus, Run, RunOptions, Silent, read_scenario, run};

mod small_body;
use small_body::body;

const PERSON: &str = "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"70 kg\"\nusual_diet = { magnesium = \"13 mmol/d\" }\n";

fn simulate(text: &str) -> Result<Run, String> {
    let body = body();
    let scenario = read_scenario(text, "test.toml", &body).map_err(|f| f.render())?;
    run(&body, &scenario, &RunOptions::default(), &mut Silent).map_err(|f| f.render())
}

fn both(middle: &str, record: &str) -> (Run, Run) {
    let text = |skip: &str| format!("{PERSON}{middle}[record]\nclock = \"meals\"\n{record}{skip}");
    let full = simulate(&text("")).unwrap_or_else(|f| panic!("{f}"));
    let skipped = simulate(&text("skip_days = true\n")).unwrap_or_else(|f| panic!("{f}"));
    (full, skipped)
}

/// Largest difference of any row, relative to the largest value of its column.
fn apart(full: &ArmRun, other: &ArmRun) -> f64 {
    assert_eq!(full.times, other.times);
    let mut most = 0.0_f64;
    for (a, b) in full.columns.iter().zip(&other.columns) {
        let size = a.values.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        for (x, y) in a.values.iter().zip(&b.values) {
            assert!(y.is_finite(), "{}", b.quantity);
            most = most.max((x - y).abs() / size);
        }
    }
    most
}

const PILL: &str = "[[phase]]\nfrom = \"0 d\"\nsupplement = { use = \"magnesium citrate\", dose = \"10 mmol\", at = [\"08:00\"], every = \"1 d\" }\n";
const TWO_YEARS: &str = "until = \"730 d\"\nevery = \"1 d\"\nquantities = [\"serum.Mg\", \"urine.Mg\", \"Mg_bone\", \"Mg_urine_total\"]\n";

#[test]
fn a_daily_pill_for_two_years_is_told_by_a_fraction_of_its_days() {
    let (full, skipped) = both(PILL, TWO_YEARS);
    assert!(
        full.arms[0].skipped.spans.is_empty(),
        "off unless asked for"
    );
    let arm = &skipped.arms[0];
    assert!(arm.skipped.days() > 500.0, "{:?}", arm.skipped);
    assert!(
        arm.skipped.error > 0.0 && arm.skipped.error <= 1e-4,
        "{:?}",
        arm.skipped
    );
    assert!(
        arm.work.steps * 2 < full.arms[0].work.steps,
        "{:?}",
        arm.work
    );
    // The drift itself is large, so that keeping the last day would fail.
    let bone = &arm.column("Mg_bone").expect("asked for").values;
    assert!(bone[700] > 1.2 * bone[0], "{} {}", bone[0], bone[700]);
    let most = apart(&full.arms[0], arm);
    assert!(most < 2e-4, "{most:e}");
}

#[test]
fn rows_say_whether_their_day_was_skipped() {
    let (_, skipped) = both(PILL, TWO_YEARS);
    let arm = &skipped.arms[0];
    let mut marked = 0;
    for (time, status) in arm.times.iter().zip(&arm.status) {
        let inside = arm.skipped.spans.iter().any(|(a, b)| a < time && time < b);
        assert_eq!(*status == RowStatus::Skipped, inside, "{time}");
        marked += usize::from(inside);
    }
    assert!(marked > 400, "{marked}");
    assert_eq!(
        arm.status.last(),
        Some(&RowStatus::Ok),
        "the end is integrated"
    );
    for pair in arm.skipped.spans.windows(2) {
        assert!(pair[0].1 < pair[1].0, "leaps in order: {pair:?}");
    }
}

#[test]
fn matter_is_kept_over_skipped_days() {
    let (full, skipped) = both(PILL, TWO_YEARS);
    for (a, b) in full.arms[0].ledger.iter().zip(&skipped.arms[0].ledger) {
        assert!(b.relative_error < 1e-9, "{b:?}");
        assert!(
            (a.dosed - b.dosed).abs() <= 1e-9 * a.dosed && a.dosed > 1e3,
            "{a:?} {b:?}"
        );
    }
    assert_eq!(skipped.arms[0].ledger.len(), 1);
}

#[test]
fn phases_and_single_doses_are_never_skipped_over() {
    let middle = "[[phase]]\nfrom = \"100 d\"\nuntil = \"300 d\"\ndiet = { magnesium = \"2 mmol/d\" }\n\
                  [[dose]]\nat = \"200 d 10:00\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nover = \"4 h\"\n";
    let (full, skipped) = both(
        middle,
        "until = \"500 d\"\nevery = \"1 d\"\nquantities = [\"serum.Mg\", \"Mg_bone\"]\n",
    );
    let arm = &skipped.arms[0];
    assert!(arm.skipped.days() > 150.0, "{:?}", arm.skipped);
    for edge in [100.0, 200.4, 200.4 + 4.0 / 24.0, 300.0] {
        assert!(
            !arm.skipped.covers(edge),
            "{edge} in {:?}",
            arm.skipped.spans
        );
    }
    let most = apart(&full.arms[0], arm);
    assert!(most < 3e-4, "{most:e}");
}

#[test]
fn a_dose_every_third_day_repeats_every_third_day() {
    let middle = PILL.replace("every = \"1 d\"", "every = \"3 d\"");
    let (full, skipped) = both(&middle, TWO_YEARS);
    let arm = &skipped.arms[0];
    assert_eq!(arm.skipped.period_d, 3.0);
    assert!(arm.skipped.days() > 300.0, "{:?}", arm.skipped);
    assert!(
        arm.skipped
            .spans
            .iter()
            .all(|(a, b)| ((b - a) / 3.0 - ((b - a) / 3.0).round()).abs() < 1e-6)
    );
    let most = apart(&full.arms[0], arm);
    assert!(most < 3e-4, "{most:e}");
}

#[test]
fn what_does_not_repeat_is_refused_with_its_reason() {
    let asked = |middle: &str, record: &str| {
        simulate(&format!(
            "{PERSON}{middle}[record]\n{record}skip_days = true\n"
        ))
        .expect_err("refused")
    };
    let missed = PILL.replace("dose = \"10 mmol\"", "dose = \"10 mmol\", adherence = 0.7");
    let rule = "[[titrate]]\nuse = \"magnesium citrate\"\nwhen = \"serum.Mg < 1.0 mmol/L\"\nevery = \"2 wk\"\nby = \"3 mmol/d\"\nmost = \"14 mmol/d\"\n";
    let every_third = PILL.replace("every = \"1 d\"", "every = \"3 d\"");
    for (middle, record, words) in [
        (
            "",
            "until = \"400 d\"\nclock = \"averaged\"\n",
            "averaged clock",
        ),
        (
            missed.as_str(),
            "until = \"400 d\"\nclock = \"meals\"\n",
            "missed by lot",
        ),
        (
            &(PILL.to_owned() + rule),
            "until = \"400 d\"\nclock = \"meals\"\n",
            "dosed by a rule",
        ),
        (
            every_third.as_str(),
            "until = \"25 d\"\nclock = \"meals\"\n",
            "`Mg_pill",
        ),
        ("", "until = \"2 d\"\nclock = \"meals\"\n", "too short"),
    ] {
        let told = asked(middle, record);
        assert!(
            told.contains("error[skip-days]") && told.contains(words),
            "{words}: {told}"
        );
    }
}

#[test]
fn asking_for_it_takes_the_clock_of_meals_where_the_clock_is_chosen() {
    let run = simulate(&format!(
        "{PERSON}{PILL}[record]\nuntil = \"400 d\"\nskip_days = true\n"
    ))
    .unwrap_or_else(|f| panic!("{f}"));
    assert!(run.meta.clock.starts_with("meals"), "{}", run.meta.clock);
    assert!(run.arms[0].skipped.days() > 200.0);
}

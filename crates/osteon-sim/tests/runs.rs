//! Tests of whole runs on the small body: lived life, clocks, doses, ledger, failure, steady start.

use osteon_sim::{
    ArmRun, Member, MetKind, RowStatus, Run, RunOptions, Silent, live, read_scenario, run, run_many,
};

use osteon_vm::InstructionSet;

mod small_body;
use small_body::body;

fn simulate(text: &str) -> Run {
    let body = body();
    let scenario =
        read_scenario(text, "test.toml", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    run(&body, &scenario, &RunOptions::default(), &mut Silent)
        .unwrap_or_else(|f| panic!("{}", f.render()))
}

fn person(more: &str) -> String {
    format!(
        "[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"70 kg\"\nusual_diet = {{ magnesium = \"13 mmol/d\" }}\n{more}\n"
    )
}

fn values<'r>(arm: &'r ArmRun, quantity: &str) -> &'r [f64] {
    &arm.column(quantity)
        .unwrap_or_else(|| panic!("{quantity}"))
        .values
}

fn last(arm: &ArmRun, quantity: &str) -> f64 {
    *values(arm, quantity).last().expect("rows")
}

fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * a.abs().max(b.abs()), "{a} {b}");
}

#[test]
fn a_lived_life_settles_and_depletion_shows() {
    let run = simulate(
        &(person("")
            + "[[phase]]\nfrom = \"0 d\"\ndiet = { magnesium = \"12 mg/d\" }\n[record]\nuntil = \"21 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n"),
    );
    let arm = &run.arms[0];
    assert_eq!(arm.times.len(), 22);
    assert!(arm.failure.is_none() && arm.status.iter().all(|s| *s == RowStatus::Ok));
    let serum = values(arm, "serum.Mg");
    // At rest one third of 13 mmol/d is absorbed and the same leaves with urine.
    let urine = values(arm, "urine.Mg");
    close(urine[0], 13.0 / 3.0, 2e-3);
    assert!(
        serum[21] < 0.8 * serum[0] && urine[21] < 0.5 * urine[0],
        "{serum:?} {urine:?}"
    );
    for line in &arm.ledger {
        assert!(line.relative_error < 1e-7, "{line:?}");
        assert!(
            line.entered > 10.0 && line.left > 10.0 && line.gained < 0.0,
            "{line:?}"
        );
    }
    assert_eq!(arm.ledger.len(), 1);
}

#[test]
fn the_person_is_their_weight_age_and_inputs() {
    let rest = "[record]\nuntil = \"1 d\"\nclock = \"averaged\"\nquantities = [\"V_plasma\", \"present_age\", \"k_kidney\", \"serum.Mg\"]\n";
    let run = simulate(&("[person]\nsex = \"female\"\nage = \"50 a\"\nweight = \"140 kg\"\nk_kidney = \"0.8\"\ndrugs = [{ use = \"thiazide\", dose = \"25 mg/d\", since = \"-1 a\" }]\n".to_owned() + rest));
    let arm = &run.arms[0];
    close(values(arm, "V_plasma")[0], 30.0, 1e-6);
    close(values(arm, "present_age")[0], 50.0, 1e-9);
    close(values(arm, "present_age")[1], 50.0 + 1.0 / 365.25, 1e-9);
    close(values(arm, "k_kidney")[0], 0.96, 1e-12);
}

#[test]
fn both_clocks_agree_on_daily_means() {
    let scenario = |clock: &str, every: &str| {
        person("")
            + &format!(
                "[record]\nfrom = \"29 d\"\nuntil = \"30 d\"\nevery = \"{every}\"\nclock = \"{clock}\"\n"
            )
    };
    let averaged = simulate(&scenario("averaged", "1 d"));
    let meals = simulate(&scenario("meals", "15 min"));
    let mean = values(&meals.arms[0], "serum.Mg")
        .iter()
        .skip(1)
        .sum::<f64>()
        / 96.0;
    close(mean, values(&averaged.arms[0], "serum.Mg")[1], 5e-3);
    close(
        last(&meals.arms[0], "urine.Mg"),
        last(&averaged.arms[0], "urine.Mg"),
        5e-3,
    );
    let serum = values(&meals.arms[0], "serum.Mg");
    let (low, high) = serum
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    assert!(high - low > 0.01, "meals should be seen: {low} {high}");
    let line = &meals.arms[0].ledger[0];
    close(line.dosed, 13.0 * 30.0, 1e-9);
    assert!(line.relative_error < 1e-6, "{line:?}");
}

#[test]
fn doses_infusions_and_pills_are_counted() {
    let text = person("")
        + "[[phase]]\nfrom = \"1 d\"\nuntil = \"3 d\"\nsupplement = { use = \"magnesium citrate\", dose = \"5 mmol\", at = [\"08:00\", \"20:00\"] }\n\
           [[dose]]\nat = \"1 d 08:00\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nover = \"4 h\"\n\
           [[dose]]\nat = \"2 d\"\ninto = \"Mg_plasma\"\namount = \"2 mmol\"\nevery = \"12 h\"\ncount = 3\n\
           [record]\nuntil = \"5 d\"\nevery = \"4 h\"\nclock = \"meals\"\nquantities = [\"serum.Mg\", \"Mg_pill_size\", \"Mg_meal_size\"]\n";
    let run = simulate(&text);
    let arm = &run.arms[0];
    assert!(arm.failure.is_none(), "{:?}", arm.failure);
    let line = &arm.ledger[0];
    close(line.dosed, 13.0 * 5.0 + 4.0 * 5.0 + 8.0 + 6.0, 1e-9);
    assert!(line.relative_error < 1e-6, "{line:?}");
    assert_eq!(
        arm.events
            .iter()
            .filter(|e| e.kind == MetKind::Dose)
            .count(),
        4 + 1 + 3
    );
    close(last(arm, "Mg_pill_size"), 5.0, 1e-9);
    // Dinner, 40 % of the day.
    close(last(arm, "Mg_meal_size"), 5.2, 1e-9);
    // A row at the beginning of the infusion is read before it.
    let at = |t: f64| arm.value_at("serum.Mg", t).expect("row");
    assert!(at(1.0 + 12.0 / 24.0) > at(1.0 + 8.0 / 24.0) + 0.2);
}

#[test]
fn averaged_pills_are_averaged() {
    let phase = "[[phase]]\nfrom = \"0 d\"\nsupplement = { use = \"magnesium citrate\", dose = \"300 mg/d\", every = \"2 d\" }\n";
    let run = simulate(
        &(person("")
            + phase
            + "[record]\nuntil = \"200 d\"\nquantities = [\"intake_Mg_pill\", \"intake_Mg\"]\n"),
    );
    // 300 mg for every day, taken as 600 mg every other day.
    close(last(&run.arms[0], "intake_Mg_pill"), 300.0 / 24.305, 1e-9);
    close(last(&run.arms[0], "intake_Mg"), 13.0, 1e-12);
    assert!(run.meta.clock.starts_with("averaged"));
}

#[test]
fn a_person_at_rest_stays_at_rest() {
    let text = "start = \"steady\"\n".to_owned()
        + &person("inputs = { on_ageing = \"0\" }")
        + "[record]\nuntil = \"20 a\"\nevery = \"1 a\"\nquantities = [\"Mg_plasma\", \"Mg_bone\", \"Mg_meal\"]\n";
    let run = simulate(&text);
    let arm = &run.arms[0];
    assert!(arm.failure.is_none(), "{:?}", arm.failure);
    for column in &arm.columns {
        for value in &column.values {
            assert!(
                (value / column.values[0] - 1.0).abs() < 1e-6,
                "{} {:?}",
                column.quantity,
                column.values
            );
        }
    }
    close(values(arm, "Mg_plasma")[0], 13.0 / 3.0 / 0.35, 1e-9);
}

#[test]
fn a_failure_keeps_what_was_finished() {
    let text = person("")
        + "[[phase]]\nfrom = \"3 d\"\ninputs = { k_kidney = \"-1e6\" }\n[record]\nuntil = \"7 d\"\nevery = \"1 d\"\nclock = \"averaged\"\n";
    let run = simulate(&text);
    let arm = &run.arms[0];
    let failure = arm.failure.as_ref().expect("an unstable body fails");
    assert!(failure.time_d >= 3.0 && failure.time_d < 4.0, "{failure:?}");
    assert!(!failure.states.is_empty() && !failure.hint.is_empty());
    // Who, when and after what, which state with its value, why.
    let told = arm.stopped().expect("a failed run says so");
    let state = format!("`{}` (", failure.states[0]);
    for part in [
        "the run stopped at 3 d 00:0",
        "(before it: k_kidney = -1e6 begins, 3 d)",
        &state,
        "; likely cause: ",
    ] {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
    assert!(failure.id.starts_with("run-"), "{}", failure.id);
    assert_eq!(&arm.status[..4], &[RowStatus::Ok; 4]);
    assert_eq!(&arm.status[4..], &[RowStatus::Failed; 4]);
    assert!(values(arm, "serum.Mg")[3].is_finite() && values(arm, "serum.Mg")[4].is_nan());
}

#[test]
fn many_are_the_same_as_one() {
    let body = body();
    let text = person("")
        + "[[phase]]\nfrom = \"0 d\"\ndiet = { magnesium = \"12 mg/d\" }\n[record]\nuntil = \"14 d\"\nclock = \"meals\"\n";
    let scenario =
        read_scenario(&text, "test.toml", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let member = |k: f64| Member {
        scenario: &scenario,
        arm: 0,
        id: Some(format!("{k}")),
        start: vec![("k_filter".to_owned(), k)],
    };
    let members: Vec<Member<'_>> = (0..11).map(|i| member(0.3 + 0.01 * f64::from(i))).collect();
    let options = RunOptions::default();
    let together = run_many(&body, &members, &options, &mut Silent).expect("runs");
    for (member, many) in members.iter().zip(&together) {
        let alone =
            run_many(&body, std::slice::from_ref(member), &options, &mut Silent).expect("runs");
        assert_eq!(alone[0].id, many.id);
        for (a, b) in alone[0].columns.iter().zip(&many.columns) {
            assert_eq!(a.values, b.values);
        }
    }
    assert!(last(&together[0], "serum.Mg") > last(&together[10], "serum.Mg"));
    let unknown = Member {
        start: vec![("k_nothing".to_owned(), 1.0)],
        ..members[0].clone()
    };
    assert!(run_many(&body, &[unknown], &options, &mut Silent).is_err());
    let lived = live(&body, &scenario.arms[0].person, &options, &mut Silent).expect("lives");
    assert!(lived.state(&body, "Mg_plasma").expect("state") > 3.0 && lived.time_d() < 0.0);
}

#[test]
fn the_run_in_can_be_seen_and_the_morning_after_the_end_is_drawn() {
    let run = simulate(
        &(person("")
            + "[record]\nfrom = \"-7 d\"\nuntil = \"2 d\"\nevery = \"1 d\"\nclock = \"meals\"\n"),
    );
    let arm = &run.arms[0];
    assert!(arm.failure.is_none(), "{:?}", arm.failure);
    assert_eq!(arm.times.len(), 10);
    close(arm.times[9], 2.0 + 7.5 / 24.0, 1e-12);
    // A 24-h collection that would have begun before the run is not known.
    assert!(values(arm, "urine.Mg")[0].is_nan() && values(arm, "urine.Mg")[1].is_finite());
    assert!(values(arm, "serum.Mg").iter().all(|v| v.is_finite()));
    close(
        arm.value_at("serum.Mg", 1.0).expect("the morning of day 1"),
        values(arm, "serum.Mg")[8],
        1e-15,
    );
}

/// A life, meals, pills and titrated samples on every instruction set that this machine has: the same numbers but for rounding.
#[test]
fn instruction_sets_agree_over_a_whole_run() {
    let body = body();
    let text = person("")
        + "[[phase]]\nfrom = \"0 d\"\ndiet = { magnesium = \"100 mg/d\" }\n[record]\nuntil = \"40 d\"\nevery = \"1 d\"\nclock = \"meals\"\n";
    let scenario =
        read_scenario(&text, "test.toml", &body).unwrap_or_else(|f| panic!("{}", f.render()));
    let available: Vec<InstructionSet> = InstructionSet::ALL
        .into_iter()
        .filter(|set| set.is_available())
        .collect();
    let runs: Vec<Run> = available
        .iter()
        .map(|set| {
            let options = RunOptions {
                instruction_set: Some(*set),
                ..RunOptions::default()
            };
            run(&body, &scenario, &options, &mut Silent)
                .unwrap_or_else(|f| panic!("{}", f.render()))
        })
        .collect();
    let first = &runs[0].arms[0];
    for (set, run) in available.iter().zip(&runs).skip(1) {
        let arm = &run.arms[0];
        assert_eq!(arm.work.steps, first.work.steps, "{set:?}");
        for (a, b) in arm.columns.iter().zip(&first.columns) {
            let size = b.values.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            for (x, y) in a.values.iter().zip(&b.values) {
                assert!(
                    (x - y).abs() <= 1e-9 * size,
                    "{set:?} {}: {x} {y}",
                    a.quantity
                );
            }
        }
    }
}

//! Tables of people and events from file to result: the same bytes from any number of threads, from shards and after a kill;
//! failed people; events against the same thing said by a scenario.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{fresh_folder, on_small_body, put, small_project};

const SCENARIO: &str = r#"title = "A year on a low magnesium diet"
[person]
usual_diet = { vitamin_D = "5 ug/d" }
[[phase]]
from = "0 d"
diet = { magnesium = "160 mg/d" }
[[arm]]
name = "diet"
[[arm]]
name = "diet and citrate"
[[arm.phase]]
from = "0 d"
supplement = { use = "magnesium citrate", dose = "300 mg/d" }
[record]
until = "1 a"
every = "1 mo"
quantities = ["serum.Mg", "urine.Mg"]
"#;

/// People who differ in everything that a table can say.
fn people(count: usize) -> String {
    let mut text = "ID,sex,age[a],weight[kg],magnesium[mg/d],k_filter[1/d],_visit\n".to_owned();
    for person in 0..count {
        let sex = if person % 2 == 0 { "female" } else { "male" };
        let (age, weight) = (30 + person % 50, 55 + person % 40);
        let (diet, filter) = (200 + person, 0.2 + (person % 60) as f64 / 100.0);
        text += &format!("P{person},{sex},{age},{weight},{diet},{filter},spring\n");
    }
    text
}

/// Names and bytes of all files in a folder, in order.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|e| {
            (
                e.file_name().to_string_lossy().into_owned(),
                fs::read(e.path()).expect("a file"),
            )
        })
        .collect();
    all.sort();
    all
}

fn run(folder: &Path, more: &[&str]) -> support::Told {
    let mut words = vec!["run", "year.toml", "--people", "people.csv"];
    words.extend(more);
    on_small_body(folder, &words)
}

fn well(told: &support::Told) {
    assert_eq!(told.code, 0, "{}", told.stderr);
}

#[test]
fn the_same_bytes_however_the_work_is_shared_out() {
    let folder = fresh_folder("people_shared_out");
    put(&folder.join("year.toml"), SCENARIO);
    put(&folder.join("people.csv"), &people(700));
    for format in ["parquet", "csv"] {
        let name = |part: &str| format!("{format}-{part}");
        let whole = name("one");
        well(&run(
            &folder,
            &["--threads", "1", "--format", format, "-o", &whole],
        ));
        well(&run(
            &folder,
            &["--threads", "2", "--format", format, "-o", &name("two")],
        ));
        assert_eq!(
            files(&folder.join(&whole)),
            files(&folder.join(name("two"))),
            "one thread and two"
        );
        assert_eq!(
            files(&folder.join(&whole)).len(),
            7,
            "six parts and the manifest, nothing else"
        );

        let mut shards = Vec::new();
        for k in 1..=5 {
            let (shard, to) = (format!("{k}/5"), name(&format!("shard-{k}")));
            well(&run(
                &folder,
                &["--shard", &shard, "--format", format, "-o", &to, "-q"],
            ));
            shards.push(to);
        }
        let merge = |from: &[&str], to: &str| {
            let mut words = vec!["merge"];
            words.extend(from);
            words.extend(["-o", to]);
            on_small_body(&folder, &words)
        };
        let (all, joined) = (format!("all.{format}"), format!("joined.{format}"));
        well(&merge(&[&whole], &all));
        // The order in which shards are named does not matter.
        let named: Vec<&str> = shards.iter().rev().map(String::as_str).collect();
        well(&merge(&named, &joined));
        let (all, joined) = (
            fs::read(folder.join(all)).expect("all"),
            fs::read(folder.join(joined)).expect("joined"),
        );
        assert!(
            !all.is_empty() && all == joined,
            "one folder and five shards"
        );

        let lacking = merge(&named[1..], &format!("lacking.{format}"));
        assert!(
            lacking.code == 1 && lacking.stderr.contains("missing"),
            "{}",
            lacking.stderr
        );
        if format == "csv" {
            let text = String::from_utf8(all).expect("text");
            assert_eq!(text.lines().count(), 1 + 700 * 2 * 2 * 13);
            assert_eq!(
                text.lines().filter(|l| l.starts_with("run,arm,id")).count(),
                1
            );
            // People come in the order of the table.
            let mut ids: Vec<&str> = text
                .lines()
                .skip(1)
                .filter_map(|l| l.split(',').nth(2))
                .collect();
            ids.dedup();
            assert_eq!(ids.len(), 700);
            assert_eq!((ids[0], ids[699]), ("P0", "P699"));
        }
    }
}

#[test]
fn work_goes_on_where_a_kill_stopped_it() {
    let folder = fresh_folder("people_killed");
    put(&folder.join("year.toml"), SCENARIO);
    put(&folder.join("people.csv"), &people(1500));
    well(&run(&folder, &["--threads", "1", "-o", "whole", "-q"]));
    let mut child = Command::new(env!("CARGO_BIN_EXE_osteon"))
        .args([
            "--project",
            &small_project(),
            "run",
            "year.toml",
            "--people",
            "people.csv",
            "--threads",
            "1",
            "-o",
            "killed",
        ])
        .current_dir(&folder)
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let first = folder.join("killed/part-00000.parquet");
    // When the second part stands, the first is in the journal.
    let second = folder.join("killed/part-00001.parquet");
    for _ in 0..6000 {
        if second.is_file() || child.try_wait().expect("a child").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    // Whatever the kill left: a part that is not finished, a journal line cut off, a part that was damaged later.
    fs::write(folder.join("killed/part-00003.parquet"), b"PAR1 not a part").expect("written");
    let written = fs::metadata(&first)
        .and_then(|m| m.modified())
        .expect("the first part");
    let again = run(&folder, &["--threads", "2", "-o", "killed"]);
    well(&again);
    assert!(
        again.stderr.contains("finished before and are kept"),
        "{}",
        again.stderr
    );
    assert_eq!(files(&folder.join("whole")), files(&folder.join("killed")));
    assert_eq!(
        fs::metadata(&first)
            .and_then(|m| m.modified())
            .expect("still there"),
        written,
        "it was not done again"
    );

    // Another cohort does not mix with this one, neither in a folder nor in a file.
    put(&folder.join("people.csv"), &people(1501));
    let mixed = run(&folder, &["-o", "killed"]);
    assert!(
        mixed.code == 1 && mixed.stderr.contains("holds another run"),
        "{}",
        mixed.stderr
    );
    well(&run(&folder, &["-o", "other", "-q"]));
    let merged = on_small_body(&folder, &["merge", "whole", "other", "-o", "mixed.parquet"]);
    assert!(
        merged.code == 1 && merged.stderr.contains("not parts of one run"),
        "{}",
        merged.stderr
    );
    assert!(!folder.join("mixed.parquet").exists());
}

/// Value of a quantity in a CSV table.
fn value(text: &str, arm: &str, id: &str, time: &str, quantity: &str) -> f64 {
    let wanted: f64 = time.parse().expect("a time");
    let near = |t: &str| t.parse::<f64>().is_ok_and(|t| (t - wanted).abs() < 1e-9);
    let row = text
        .lines()
        .map(|l| l.split(',').collect::<Vec<_>>())
        .find(|f| f[1] == arm && f[2] == id && near(f[3]) && f[5] == quantity)
        .unwrap_or_else(|| panic!("no row {arm} {id} {time} {quantity}"));
    row[6].parse().expect("a number")
}

#[test]
fn one_who_fails_does_not_stop_the_others() {
    let folder = fresh_folder("people_failing");
    put(&folder.join("year.toml"), SCENARIO);
    // Filtration below nothing: the plasma of P1 grows without end.
    put(
        &folder.join("people.csv"),
        "ID,sex,age[a],weight[kg],k_filter[1/d]\nP0,male,40,70,0.3\nP1,male,40,70,-1e9\nP2,male,40,70,0.3\n",
    );
    let told = run(&folder, &["--format", "csv", "-o", "out"]);
    assert_eq!(told.code, 1, "{}", told.stderr);
    assert!(
        told.stderr.contains("person `P1`") && told.stderr.contains("= help:"),
        "{}",
        told.stderr
    );
    let text = fs::read_to_string(folder.join("out/part-00000.csv")).expect("the part");
    let of = |id: &str, status: &str| {
        text.lines()
            .filter(|l| l.contains(&format!(",{id},")) && l.ends_with(status))
            .count()
    };
    assert_eq!((of("P0", ",ok"), of("P2", ",ok")), (52, 52));
    assert_eq!(of("P1", ",failed"), 52);
    assert!(value(&text, "diet", "P1", "0", "serum.Mg").is_nan());
    assert_eq!(
        value(&text, "diet", "P0", "0", "serum.Mg"),
        value(&text, "diet", "P2", "0", "serum.Mg")
    );
    let manifest = fs::read_to_string(folder.join("out/manifest.json")).expect("the manifest");
    assert!(
        manifest.contains("\"id\": \"P1\"") && manifest.contains("\"hint\""),
        "{manifest}"
    );
}

#[test]
fn events_do_what_a_scenario_would_do() {
    let folder = fresh_folder("people_events");
    let plain = "title = \"x\"\n[person]\nsex = \"male\"\nage = \"40 a\"\nweight = \"70 kg\"\nusual_diet = { magnesium = \"320 mg/d\", vitamin_D = \"5 ug/d\" }\n";
    let record = "[record]\nuntil = \"10 d\"\nevery = \"1 d\"\nclock = \"averaged\"\nquantities = [\"serum.Mg\", \"urine.Mg\"]\n";
    put(&folder.join("plain.toml"), &format!("{plain}{record}"));
    put(
        &folder.join("said.toml"),
        &format!(
            "{plain}[[dose]]\nat = \"2 d\"\nuse = \"magnesium sulfate iv\"\namount = \"8 mmol\"\nover = \"4 h\"\nevery = \"1 d\"\ncount = 3\n\
             [[phase]]\nfrom = \"5 d\"\nuntil = \"8 d\"\ninputs = {{ k_kidney = \"0.5\" }}\n{record}also = [\"50 h\"]\n"
        ),
    );
    put(
        &folder.join("people.csv"),
        "id,sex,age[a],weight[kg]\na,male,40,70\nb,male,40,70\nc,male,40,70\nd,male,40,70\ne,male,40,70\n",
    );
    put(
        &folder.join("events.csv"),
        "# carry: LOCF\n\
         id,time[h],evid,amt[mmol],rate[mmol/h],ii,addl,ss,cmt,k_kidney[1]\n\
         a,192,2,.,.,.,.,.,.,1\n\
         a,48,1,8,2,24,2,.,magnesium sulfate iv,.\n\
         a,50,0,.,.,.,.,.,.,.\n\
         a,120,2,.,.,.,.,.,.,0.5\n\
         c,24,4,6,.,.,.,.,Mg_plasma,.\n\
         c,24.001,0,.,.,.,.,.,.,.\n\
         d,24,6,0.5,.,.,.,.,Mg_plasma,.\n\
         d,48,5,9,.,.,.,.,Mg_plasma,.\n\
         d,48.001,0,.,.,.,.,.,.,.\n\
         e,0,1,5,.,24,9,1,Mg_pill,.\n",
    );
    let people = |name: &str, more: &[&str]| {
        let mut words = vec![
            "run",
            name,
            "--people",
            "people.csv",
            "--format",
            "csv",
            "-o",
        ];
        words.extend(more);
        on_small_body(&folder, &words)
    };
    well(&people("plain.toml", &["events", "--events", "events.csv"]));
    well(&people("said.toml", &["said"]));
    well(&people("plain.toml", &["plain"]));
    let read =
        |of: &str| fs::read_to_string(folder.join(of).join("part-00000.csv")).expect("a part");
    let (events, said, plain) = (read("events"), read("said"), read("plain"));
    for time in ["0", "2", "2.0833333333333335", "3", "6", "8", "9", "10"] {
        for quantity in ["serum.Mg", "urine.Mg"] {
            let (a, b) = (
                value(&events, "", "a", time, quantity),
                value(&said, "", "a", time, quantity),
            );
            assert!((a / b - 1.0).abs() < 1e-9, "{time} {quantity}: {a} {b}");
        }
    }
    assert_eq!(
        value(&events, "", "b", "9", "serum.Mg"),
        value(&plain, "", "b", "9", "serum.Mg"),
        "b has no events"
    );
    let rest = value(&plain, "", "b", "1", "serum.Mg");
    let volume = 15.0;
    // A reset goes back to the lived state, then comes the dose; rows at that instant are from before.
    assert!((value(&events, "", "c", "1", "serum.Mg") / rest - 1.0).abs() < 1e-3);
    let soon = value(&events, "", "c", "1.0000416666666667", "serum.Mg");
    assert!(
        (soon - rest - 6.0 / volume).abs() < 2e-3 * soon,
        "{soon} {rest}"
    );
    // Replace and multiply.
    let replaced = value(&events, "", "d", "2.0000416666666667", "serum.Mg");
    assert!(
        (replaced - 9.0 / volume).abs() < 1e-3 * replaced,
        "{replaced}"
    );
    assert!(
        value(&events, "", "d", "2", "serum.Mg") < rest,
        "halved the day before"
    );
    // Steady: nothing changes from day to day, and the trough is above rest.
    let (first, last) = (
        value(&events, "", "e", "0", "serum.Mg"),
        value(&events, "", "e", "9", "serum.Mg"),
    );
    assert!(value(&events, "", "e", "1", "serum.Mg") > rest);
    assert!(
        (value(&events, "", "e", "1", "serum.Mg") / last - 1.0).abs() < 0.01,
        "{first} {last}"
    );

    let explained = on_small_body(
        &folder,
        &[
            "explain",
            "plain.toml",
            "--people",
            "people.csv",
            "--events",
            "events.csv",
            "--person",
            "a",
        ],
    );
    well(&explained);
    for line in [
        "2\t2 d\trate\tMg_plasma\t48\t",
        "5\t5 d\tset\tk_kidney\t0.5\t",
        "8\t8 d\tset\tk_kidney\t1\t",
    ] {
        assert!(
            explained.stdout.contains(line),
            "{line} in\n{}",
            explained.stdout
        );
    }
    assert_eq!(
        explained.stdout.matches("\trate\tMg_").count(),
        6,
        "three infusions begin and end"
    );
}

#[test]
fn wrong_use_is_told() {
    let folder = fresh_folder("people_wrong_use");
    put(&folder.join("year.toml"), SCENARIO);
    put(&folder.join("people.csv"), &people(3));
    for (words, said) in [
        (vec!["--shard", "6/5"], "--shard 3/64"),
        (vec!["--threads", "0"], "counts from 1"),
        (vec!["--json"], "do not go with --people"),
    ] {
        let told = run(&folder, &words);
        assert!(
            told.code == 2 && told.stderr.contains(said),
            "{words:?}: {}",
            told.stderr
        );
    }
    let told = on_small_body(&folder, &["run", "year.toml"]);
    assert!(
        told.code == 1 && told.stderr.contains("does not say `age`"),
        "{}",
        told.stderr
    );
}

//! Model files from text to table, and from one form to the other.

mod support;

use std::fs;

use support::{fresh_folder, osteon, put};

/// A drug that leaves by first order, dosed by an event every six hours from hour 6 on.
const DOSED: &str = "model dosed
  species A in V; A = 0; V = 2; k = 0.3; dose = 10; kept := k*dose;
  J: A -> ; k*A*V;
  last = 0; given = 0;
  at (time >= last + 6): A = A + dose/V, last = last + 6, given = given + 1;
  hot := piecewise(1, A > 4, 0);
  B' = hot - 0.1*B; B = 1;
end
";

fn columns(csv: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let mut lines = csv.lines();
    let head = lines
        .next()
        .expect("a head")
        .split(',')
        .map(str::to_owned)
        .collect();
    (
        head,
        lines
            .map(|l| l.split(',').map(|x| x.parse().expect("a number")).collect())
            .collect(),
    )
}

#[test]
fn a_model_runs_with_its_events_and_set_values() {
    let folder = fresh_folder("model-runs");
    put(&folder.join("dosed.ant"), DOSED);
    let told = osteon(
        &folder,
        &[
            "run",
            "dosed.ant",
            "--until",
            "24",
            "--every",
            "2",
            "--record",
            "A,given,kept",
            "--set",
            "k=0.5,dose=8",
            "--rtol",
            "1e-9",
            "--atol",
            "1e-12",
        ],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let (head, rows) = columns(&told.stdout);
    assert_eq!(head, ["time", "A", "given", "kept"]);
    assert_eq!(rows.len(), 13);
    for row in &rows {
        // A row at the time of a dose shows the value after it.
        let doses = (row[0] / 6.0).floor();
        let want: f64 = (1..=doses as u32)
            .map(|d| 4.0 * (-0.5 * (row[0] - 6.0 * f64::from(d))).exp())
            .sum();
        assert!((row[1] - want).abs() < 1e-7, "{row:?}: {want}");
        assert_eq!((row[2], row[3]), (doses, 4.0), "{row:?}");
    }
}

#[test]
fn sbml_and_antimony_tell_the_same() {
    let folder = fresh_folder("model-converts");
    put(&folder.join("dosed.ant"), DOSED);
    let course = |file: &str| {
        let told = osteon(
            &folder,
            &[
                "run",
                file,
                "--until",
                "30",
                "--every",
                "1",
                "--record",
                "A,B,given",
                "--rtol",
                "1e-9",
                "--atol",
                "1e-12",
            ],
        );
        assert_eq!(told.code, 0, "{file}: {}", told.stderr);
        columns(&told.stdout).1
    };
    let want = course("dosed.ant");
    for (to, extra) in [
        ("plain.xml", None),
        ("switched.xml", Some("--switches-as-events")),
        ("functions.xml", Some("--read-once")),
        ("back.ant", None),
    ] {
        let from = if to == "back.ant" {
            "plain.xml"
        } else {
            "dosed.ant"
        };
        let mut words = vec!["convert", from, "-o", to];
        words.extend(extra);
        let told = osteon(&folder, &words);
        assert_eq!(told.code, 0, "{to}: {}", told.stderr);
        for (got, want) in course(to).iter().flatten().zip(want.iter().flatten()) {
            assert!((got - want).abs() < 1e-7, "{to}: {got} {want}");
        }
    }
    let written = |name: &str| fs::read_to_string(folder.join(name)).expect("a converted model");
    assert!(
        written("plain.xml").contains("<piecewise>") && !written("plain.xml").contains("switch_1")
    );
    assert!(written("switched.xml").contains("switch_1"));
}

#[test]
fn tables_go_where_they_are_sent() {
    let folder = fresh_folder("model-output");
    put(&folder.join("dosed.ant"), DOSED);
    let words = [
        "run",
        "dosed.ant",
        "--until",
        "12",
        "--every",
        "6",
        "--record",
        "given",
        "-q",
    ];
    let to = |more: &[&str]| osteon(&folder, &[&words[..], more].concat());
    let value: serde_json::Value = serde_json::from_str(&to(&["--json"]).stdout).expect("JSON");
    assert_eq!(
        value["columns"]["given"],
        serde_json::json!([0.0, 1.0, 2.0])
    );
    assert_eq!(value["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(to(&["-o", "here/t.csv"]).stdout, "");
    assert_eq!(
        fs::read_to_string(folder.join("here/t.csv")).expect("a table"),
        to(&[]).stdout
    );
    assert_eq!(to(&["-o", "here/t.json"]).code, 0);
    let written: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("here/t.json")).expect("JSON"))
            .expect("JSON");
    assert_eq!(written, value);
}

#[test]
fn wrong_words_are_told() {
    let folder = fresh_folder("model-wrong");
    put(&folder.join("dosed.ant"), DOSED);
    put(&folder.join("infinite.ant"), "x' = x^2; x = 1\n");
    put(
        &folder.join("broken.xml"),
        "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" level=\"3\" version=\"2\"><model><listOfRules><algebraicRule><math xmlns=\"http://www.w3.org/1998/Math/MathML\"><cn>1</cn></math></algebraicRule></listOfRules></model></sbml>",
    );
    for (words, code, word) in [
        (vec!["run", "dosed.ant"], 2, "--until"),
        (vec!["run", "none.xml", "--until", "3"], 2, "no such file"),
        (
            vec!["run", "dosed.ant", "--until", "3", "--record", "dosee"],
            1,
            "did you mean `dose`",
        ),
        (
            vec!["run", "dosed.ant", "--until", "3", "--set", "hot=1"],
            1,
            "hot",
        ),
        (
            vec!["run", "dosed.ant", "--until", "3", "--set", "k"],
            2,
            "no value",
        ),
        (
            vec!["run", "dosed.ant", "--until", "3", "--every", "1 d"],
            2,
            "not a number",
        ),
        (vec!["run", "dosed.ant", "--until=-3"], 1, "no time course"),
        (vec!["run", "rest", "--until", "3"], 2, "model files"),
        (
            vec!["run", "broken.xml", "--until", "3"],
            1,
            "unsupported:algebraic-rule",
        ),
        (vec!["convert", "dosed.ant", "-o", "x.m"], 2, "ending"),
        (
            vec![
                "convert",
                "dosed.ant",
                "-o",
                "x.ant",
                "--switches-as-events",
            ],
            2,
            "SBML",
        ),
        (
            vec!["convert", "dosed.ant", "-o", "x.ant", "--read-once"],
            2,
            "SBML",
        ),
    ] {
        let told = osteon(&folder, &words);
        assert_eq!(told.code, code, "{words:?}: {}", told.stderr);
        assert!(told.stderr.contains(word), "{words:?}: {}", told.stderr);
        assert_eq!(told.stdout, "", "{words:?}");
    }
    // A run that breaks keeps what it has.
    let told = osteon(
        &folder,
        &["run", "infinite.ant", "--until", "2", "--every", "0.4"],
    );
    assert_eq!(told.code, 1);
    assert!(
        told.stderr.contains("`x`") && told.stderr.contains("help"),
        "{}",
        told.stderr
    );
    assert_eq!(columns(&told.stdout).1.len(), 3, "{}", told.stdout);
}

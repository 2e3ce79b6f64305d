//! Runs that must fail, and what is said about it: the examples of `docs/diagnostics/run-*.md`.
//!
//! A block ```` ```model until=10 ```` is run. If a block ```` ```message ```` follows, the run must fail with that message and that
//! advice; else it must reach its end. Digits of long numbers may differ between machines and are not compared.

use osteon_model::MemorySources;
use osteon_sim::drive::DIAGNOSTIC_IDS;
use osteon_sim::{Course, CourseOptions, time_course};

fn run(text: &str, options: &str) -> Course {
    let option = |key: &str, other: f64| {
        let found = options.split_whitespace().filter_map(|o| o.split_once('='));
        found
            .filter(|(k, _)| *k == key)
            .map(|(_, v)| v.parse().expect("a number"))
            .next()
            .unwrap_or(other)
    };
    let mut sources = MemorySources::new();
    sources.insert("model.ant", text);
    let parsed = osteon_lang::load(&sources, "model.ant");
    let model = parsed
        .model
        .unwrap_or_else(|| panic!("{}", parsed.sources.render_all(&parsed.diagnostics)));
    let asked = CourseOptions {
        until: option("until", 10.0),
        every: 1.0,
        rtol: option("rtol", 1e-6),
        atol: option("atol", 1e-9),
        record: Vec::new(),
        set: Vec::new(),
    };
    time_course(&model, &asked).expect("the model can be set up")
}

/// Numbers with an exponent or more than three digits become `#`.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut number = String::new();
    let end = |number: &mut String, out: &mut String| {
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let long = digits > 3 || (digits > 1 && number.contains('e'));
        out.push_str(if long { "#" } else { number });
        number.clear();
    };
    for c in text.chars() {
        let begins =
            c.is_ascii_digit() && !out.ends_with(|b: char| b.is_alphanumeric() || b == '_');
        let goes_on = !number.is_empty() && (c.is_ascii_digit() || matches!(c, '.' | 'e'))
            || number.ends_with('e') && c == '-';
        if begins || goes_on {
            number.push(c);
        } else {
            end(&mut number, &mut out);
            out.push(c);
        }
    }
    end(&mut number, &mut out);
    out
}

/// Blocks of a page: what follows the fence, and the lines inside.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = page.split("```").collect();
    assert!(parts.len() % 2 == 1, "a fence is never closed");
    let inside = parts.iter().skip(1).step_by(2);
    inside.filter_map(|b| b.split_once('\n')).collect()
}

fn message(course: &Course) -> Option<String> {
    let failure = course.failure.as_ref()?;
    Some(format!(
        "error[{}]: the run stopped {failure}\n   = help: {}",
        failure.cause.id(),
        failure.hint()
    ))
}

#[test]
fn failed_runs_say_what_their_pages_say() {
    let mut tried = 0;
    for id in DIAGNOSTIC_IDS {
        let path = format!(
            "{}/../../docs/diagnostics/{id}.md",
            env!("CARGO_MANIFEST_DIR")
        );
        let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let blocks = blocks(&page);
        for (number, (fence, text)) in blocks.iter().enumerate() {
            let Some(options) = fence.strip_prefix("model") else {
                continue;
            };
            let said = message(&run(text, options));
            let wanted = blocks.get(number + 1).filter(|b| b.0 == "message");
            match (&said, wanted) {
                (Some(said), Some((_, wanted))) => {
                    assert_eq!(
                        plain(said),
                        plain(wanted.trim_end()),
                        "{id}:\n{text}\n{said}"
                    );
                    assert!(said.starts_with(&format!("error[{id}]")), "{id}: {said}");
                }
                (None, None) => {}
                _ => panic!("{id}: said {said:?}, wanted {wanted:?}\n{text}"),
            }
            tried += 1;
        }
    }
    assert!(tried > 15, "only {tried} examples were run");
}

/// The part before the failure is kept, and it is right.
#[test]
fn rows_before_a_failure_are_kept() {
    let course = run("model m\n x = 0; x' = 1/(3.5 - time)\nend", "until=10");
    assert!(course.failure.is_some());
    assert_eq!(course.times, [0.0, 1.0, 2.0, 3.0]);
    for (time, row) in course.times.iter().zip(&course.rows) {
        let exact = (3.5f64 / (3.5 - time)).ln();
        assert!((row[0] - exact).abs() < 1e-5, "{time}: {} {exact}", row[0]);
    }
}

/// What is beyond the model's equations is not looked into, but still told.
#[test]
fn a_negative_state_is_no_fault_by_itself() {
    let course = run("model m\n x = 1; x' = -1; y = 0; y' = x^2\nend", "until=10");
    assert!(course.failure.is_none(), "{:?}", course.failure);
}

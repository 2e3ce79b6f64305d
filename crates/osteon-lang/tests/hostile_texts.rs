//! Texts made to break a reader: they end, in bounded time and memory, with a message that says what is wrong.

use osteon_lang::load;
use osteon_model::MemorySources;

/// The diagnostic ids of a text, and whether a model came of it.
fn read(text: &str) -> (Vec<String>, bool) {
    let mut sources = MemorySources::new();
    sources.insert("x.ant", text.to_owned());
    let parsed = load(&sources, "x.ant");
    let errors = parsed.diagnostics.iter().filter(|d| d.is_error());
    (
        errors.map(|d| d.id.to_string()).collect(),
        parsed.model.is_some(),
    )
}

#[test]
fn a_sum_of_very_many_terms_is_read() {
    let text = format!("model x()\n y = {}1\nend\n", "1 + ".repeat(300_000));
    assert_eq!(read(&text), (vec![], true));
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("(", ")"), ("exp(", ")"), ("2^", ""), ("!", "")] {
        let n = 200_000;
        let text = format!(
            "model x()\n y = {}1{}\nend\n",
            open.repeat(n),
            close.repeat(n)
        );
        let (errors, _) = read(&text);
        assert!(
            errors.contains(&"too-deep".to_owned()),
            "{open}: {errors:?}"
        );
    }
}

#[test]
fn instances_that_double_at_every_level_stop_with_one_error() {
    let mut text = "model m0()\n x = 1; x' = -x\nend\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        text += &format!("model m{level}()\n a: m{below}();\n b: m{below}();\nend\n");
    }
    assert_eq!(read(&text), (vec!["too-deep".to_owned()], false));
}

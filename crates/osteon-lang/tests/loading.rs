//! Reading whole texts: what becomes of them in the flat model.

use osteon_lang::load;
use osteon_model::{MemorySources, Model, Rule};

fn model(text: &str) -> Model {
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text);
    let parsed = load(&sources, "m.ant");
    let errors = parsed
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .cloned()
        .collect::<Vec<_>>();
    assert!(errors.is_empty(), "{}", parsed.sources.render_all(&errors));
    parsed.model.expect("a model")
}

#[test]
fn instances_become_dotted_names() {
    let model = model(
        "model kidney(load)\n Vmax = 2; J := Vmax*load\nend\nmodel *body()\n L = 3; K: kidney(L); K.Vmax = 5\nend",
    );
    let names: Vec<&str> = model.symbols.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(names, ["L", "K.Vmax", "K.J"]);
    assert!(matches!(model.symbols[2].rule, Some(Rule::Assignment(_))));
}

#[test]
fn any_text_is_survived() {
    let texts = [
        "",
        "model",
        "model m",
        "model m(",
        "end",
        "model m\nx=\nend",
        "model m\nx:=(((\nend",
        "model m\nA: m()\nend",
        "model m\nJ: A ->\nend",
        "function f",
        "function f(x) f(x) end\nmodel m\ny := f(2)\nend",
        "x = y.z.w",
        "model m\nat (x>1): \nend",
        "import",
        "import \"m.ant\"",
        "model m\nx.range = {1\nend",
        "model m\ndelete x\ny:=x\nend",
        "unit a = b; unit b = a",
        "model m\nx is\nend",
        "model m\nx = 1 %% 2\nend",
        "model m\nx is y; y is x; x is x\nend",
        "model m\n 2 A\nend",
        "model m\nspecies\nend",
        "model m\n$\nend",
    ];
    let deep = format!(
        "model m\nx := {}1{}\nend",
        "(".repeat(50_000),
        ")".repeat(50_000)
    );
    let long = format!("model m\nx := {}1\nend", "1 - ".repeat(50_000));
    let power = format!("model m\nx := {}1\nend", "2^".repeat(50_000));
    let minus = format!("model m\nx := {}1\nend", "!".repeat(50_000));
    for text in texts
        .iter()
        .map(|t| (*t).to_owned())
        .chain([deep, long, power, minus])
    {
        let mut sources = MemorySources::new();
        sources.insert("m.ant", text.as_str());
        let parsed = load(&sources, "m.ant");
        assert!(parsed.has_errors(), "{:.80}", text);
        parsed.sources.render_all(&parsed.diagnostics);
    }
}

#[test]
fn long_sums_are_read() {
    let text = format!("model m\nx := {}1\nend", "1 + ".repeat(20_000));
    assert_eq!(model(&text).symbols.len(), 1);
}

#[test]
fn functions_that_double_do_not_explode() {
    let mut text = "function f0(x)\n x + x\nend\n".to_owned();
    for i in 1..30 {
        text += &format!("function f{i}(x)\n f{}(f{}(x))\nend\n", i - 1, i - 1);
    }
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text + "model m\ny := f29(2)\nend");
    assert!(load(&sources, "m.ant").has_errors());
}

#[test]
fn a_thousand_symbols_are_checked_in_a_moment() {
    let mut text = "model *m()\n".to_owned();
    for i in 0..1000 {
        text += &format!(
            "  k{i} = 2 dimensionless\n  x{i} := k{i} * x{} + 1\n",
            i + 1
        );
    }
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text + "  x1000 = 1 dimensionless\nend\n");
    let parsed = load(&sources, "m.ant");
    // The fastest of a few, as other work may share the processor; far above what it takes.
    let fastest = (0..5)
        .map(|_| {
            let start = std::time::Instant::now();
            osteon_lang::check(&parsed, true);
            start.elapsed()
        })
        .min();
    assert!(fastest.is_some_and(|t| t.as_millis() < 50), "{fastest:?}");
}

#[test]
fn long_chains_of_assignments_are_survived() {
    let mut text = "model *m()\n".to_owned();
    for i in 0..40_000 {
        text += &format!("  x{i} := 2 * x{}\n", i + 1);
    }
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text + "  x40000 = 1\nend\n");
    let parsed = load(&sources, "m.ant");
    assert!(
        !osteon_lang::check(&parsed, false)
            .iter()
            .any(osteon_model::Diagnostic::is_error)
    );
}

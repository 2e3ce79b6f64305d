//! What `print` writes reads back to the same model: for expressions of every shape, and for whole models.

#[path = "support/same_model.rs"]
mod same_model;

use osteon_lang::{load, print};
use osteon_model::{Expr, ExprKind, MemorySources, Model, Op, Unit};
use proptest::prelude::*;
use same_model::differences;

fn read(text: &str) -> Model {
    let mut sources = MemorySources::new();
    sources.insert("m.ant", text);
    let parsed = load(&sources, "m.ant");
    let errors = parsed
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .cloned()
        .collect::<Vec<_>>();
    assert!(
        errors.is_empty(),
        "{}\n{text}",
        parsed.sources.render_all(&errors)
    );
    parsed.model.expect("a model")
}

fn assert_reads_back(model: &Model) {
    let text = print(model);
    let differences = differences(model, &read(&text));
    assert!(differences.is_empty(), "{}\n{text}", differences.join("\n"));
}

#[test]
fn whole_models_read_back() {
    for text in [
        include_str!("corpus/everything.ant"),
        include_str!("corpus/submodels.ant"),
        "model *m()\n x = -3; y := -(3); z := -x^2; w := (-x)^2; v := 2^-x; u := x - (y - z) - w; t := x/(y/z)/w; s := x*(y*z)\nend",
        "model *m()\n x = 1; y := (x < 1) == (x > 2); z := (x && y) || x; w := x && (y || z); v := !(x < y); u := 1 < x < 2\nend",
    ] {
        assert_reads_back(&read(text));
    }
}

#[test]
fn reserved_and_foreign_names_are_made_legal() {
    let mut model = read("model *m()\n a = 1; b = 2; c := a + b\nend");
    model.symbols[0].id = "species".to_owned();
    model.symbols[1].id = "a-b é".to_owned();
    let text = print(&model);
    assert!(text.contains("species_ + a_b__"), "{text}");
    read(&text);
}

/// Operators of every kind with numbers of arguments that they take.
fn applications() -> Vec<(Op, usize)> {
    use Op::*;
    let mut all: Vec<(Op, usize)> = vec![
        (Min, 3),
        (Max, 2),
        (Sub, 2),
        (Div, 2),
        (Pow, 2),
        (Root, 2),
        (Log, 2),
        (Rem, 2),
        (Quotient, 2),
        (Implies, 2),
    ];
    for op in [Add, Mul, And, Or] {
        all.extend([(op, 2), (op, 3), (op, 1), (op, 0)]);
    }
    all.extend(
        [Eq, Lt, Le, Gt, Ge]
            .into_iter()
            .flat_map(|op| [(op, 2), (op, 3)]),
    );
    all.extend([(Ne, 2), (Xor, 2)]);
    let unary = [
        Neg, Not, Abs, Exp, Ln, Log10, Sqrt, Floor, Ceil, Factorial, Sin, Cos, Tan, Sec, Csc, Cot,
        Sinh, Cosh, Tanh, Sech, Csch, Coth, Asin, Acos, Atan, Asec, Acsc, Acot, Asinh, Acosh,
        Atanh, Asech, Acsch, Acoth,
    ];
    all.extend(unary.into_iter().map(|op| (op, 1)));
    all
}

fn expression() -> impl Strategy<Value = Expr> {
    let number = prop_oneof![
        any::<f64>().prop_filter("numbers that are equal to themselves", |v| !v.is_nan()),
        (-20..20_i32).prop_map(f64::from),
        Just(0.1),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY)
    ];
    let unit = prop_oneof![3 => Just(None), 1 => Just(Unit::parse("mmol/L").ok()), 1 => Just(Unit::parse("s").ok()), 1 => Just(Unit::parse("mol2.d-1").ok())];
    let leaf = prop_oneof![
        4 => (0..3_u32).prop_map(|i| ExprKind::Symbol(osteon_model::SymbolId(i))),
        4 => (number, unit).prop_map(|(v, u): (f64, Option<Unit>)| ExprKind::Number(v, u.filter(|_| v.is_finite()))),
        1 => any::<bool>().prop_map(ExprKind::Bool),
        1 => Just(ExprKind::Time),
        1 => Just(ExprKind::RateOf(osteon_model::SymbolId(1))),
    ]
    .prop_map(|kind| Expr::new(kind, osteon_model::Span::NONE));
    leaf.prop_recursive(5, 60, 4, |inner| {
        let apply = (
            proptest::sample::select(applications()),
            proptest::collection::vec(inner.clone(), 3),
        )
            .prop_map(|((op, count), mut args)| {
                args.truncate(count);
                ExprKind::Apply(op, args)
            });
        let pieces = (
            proptest::collection::vec((inner.clone(), inner.clone()), 1..3),
            proptest::option::of(inner),
        )
            .prop_map(|(pieces, otherwise)| ExprKind::Piecewise(pieces, otherwise.map(Box::new)));
        prop_oneof![5 => apply, 1 => pieces]
            .prop_map(|kind| Expr::new(kind, osteon_model::Span::NONE))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_expression_reads_back(expr in expression()) {
        let mut model = read("model *m()\n a = 1; b' = 2; b = 1; c = 3; d := a + b + c\nend");
        model.symbols[3].rule = Some(osteon_model::Rule::Assignment(expr));
        let text = print(&model);
        let differences = differences(&model, &read(&text));
        prop_assert!(differences.is_empty(), "{}\n{}", differences.join("\n"), text);
    }

    #[test]
    fn any_text_is_survived(text in "(model m|x|y|=|:=|'=|->|;|\n| |\\(|\\)|at|:|,|end|\\{|\\}|\"|species|in|unit|3|\\.|\\*|-|\\^|delete|is|function f|import|has|notes|µ|\\\\){0,40}") {
        let mut sources = MemorySources::new();
        sources.insert("m.ant", text.as_str());
        let parsed = load(&sources, "m.ant");
        let found = osteon_lang::check(&parsed, true);
        parsed.sources.render_all(&found);
        if let Some(model) = &parsed.model {
            print(model);
        }
    }
}

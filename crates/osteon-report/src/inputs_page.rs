//! The tables of `docs/body-inputs.md`: everything the outside may move, as the body declares it.

use std::fmt::Write as _;

use osteon_sim::{Vocabulary, Word};

/// Between these lines of the page stand the tables.
const BEGIN: &str = "<!-- tables: written by `osteon inputs --write`, not by hand -->\n";
const END: &str = "<!-- end of the tables -->\n";

/// Heading of a table, and whether a name of a role stands in it.
type Table = (&'static str, fn(&str, &str) -> bool);

const TABLES: [Table; 5] = [
    ("Person, food and habits", |role, name| {
        role == "input" && !name.starts_with("k_") && !name.starts_with("link_")
    }),
    ("Multipliers of mechanisms (1: untouched)", |role, name| {
        role == "input" && name.starts_with("k_")
    }),
    ("Links of evidence", |role, name| {
        role == "input" && name.starts_with("link_")
    }),
    (
        "Switches of pathways (1: on; 0: frozen at the person's own normal level)",
        |role, _| role == "switch",
    ),
    ("Dose states", |role, _| role == "dose"),
];

/// All inputs, switches and dose states of a body as Markdown tables.
pub fn inputs_tables(vocabulary: &Vocabulary) -> String {
    let mut out = String::new();
    for (heading, belongs) in TABLES {
        let _ = write!(
            out,
            "## {heading}\n\n| name | unit | untouched | meaning |\n|---|---|---|---|\n"
        );
        for (name, word) in vocabulary.words() {
            if word.role.as_deref().is_some_and(|role| belongs(role, name)) {
                out += &row(name, word);
            }
        }
        out.push('\n');
    }
    out
}

/// A page with its tables as the body has them now; `None` if it has no place for tables.
pub fn with_inputs(page: &str, vocabulary: &Vocabulary) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    let tables = inputs_tables(vocabulary);
    Some(format!("{before}{BEGIN}\n{tables}{END}{after}"))
}

fn row(name: &str, word: &Word) -> String {
    // A unit that has no name of its own is told in the author's word.
    let named = |unit: &String| !unit.starts_with(|c: char| c.is_ascii_digit());
    let unit = match word.unit {
        Some(unit) if unit.is_dimensionless() => "–".to_owned(),
        Some(unit) => Some(unit.to_string())
            .filter(named)
            .unwrap_or_else(|| word.unit_text.clone()),
        None => word.unit_text.clone(),
    };
    let untouched = word
        .number
        .map_or_else(|| "computed".to_owned(), |number| number.to_string());
    let mut meaning = word.name.as_deref().unwrap_or("").to_owned();
    if let Some(word) = &word.word {
        let _ = write!(meaning, "; `{word}`");
    }
    format!("| `{name}` | {unit} | {untouched} | {meaning} |\n")
}

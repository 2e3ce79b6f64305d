//! Times the engine and prints one JSON object a call. Called by `benches/run.py`; the words are in README.md.

mod body;
mod directions;
mod disk;
mod model;
mod tapes;

use std::collections::BTreeMap;
use std::process::ExitCode;

/// Words of the command line: `--name value`.
pub struct Words(BTreeMap<String, String>);

impl Words {
    fn read(words: impl Iterator<Item = String>) -> Result<Words, String> {
        let mut found = BTreeMap::new();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| format!("`{word}` is no option"))?;
            found.insert(name.to_owned(), words.next().ok_or_else(|| format!("--{name} lacks a value"))?);
        }
        Ok(Words(found))
    }

    /// The text of an option that must be there.
    pub fn text(&self, name: &str) -> Result<&str, String> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("--{name} is missing"))
    }

    /// The number of an option, or `other` if it is not given.
    pub fn number(&self, name: &str, other: f64) -> Result<f64, String> {
        self.0.get(name).map_or(Ok(other), |v| v.parse().map_err(|_| format!("--{name} {v} is no number")))
    }
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let verb = words.next().unwrap_or_default();
    let done = Words::read(words).and_then(|words| match verb.as_str() {
        "course" => model::course(&words),
        "ready" => model::ready(&words),
        "export" => model::export(&words),
        "tapes" => tapes::tapes(&words),
        "directions" => directions::directions(&words),
        "life" => body::life(&words),
        "scenario" => body::scenario(&words),
        _ => Err(format!("unknown verb `{verb}`: course, ready, tapes, directions, export, life or scenario")),
    });
    match done {
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(1)
        }
    }
}

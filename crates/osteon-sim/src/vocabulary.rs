//! The body's symbols as the library and scenarios see them: name, unit, and what the outside may do with them.

use std::collections::BTreeMap;

use osteon_model::{ExprKind, Model, Range, Role, Unit};

/// What is known about a symbol from the outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Unit of its value, if declared.
    pub unit: Option<Unit>,
    /// The unit as its author wrote it.
    pub unit_text: String,
    /// The field `role` of its notes: `input`, `dose`, `counter`, …
    pub role: Option<String>,
    /// The field `word` of its notes: how a table of a person calls it (`sun.latitude`).
    pub word: Option<String>,
    /// True for parameters, which may be set at the start.
    pub parameter: bool,
    /// True for species, which may receive doses.
    pub species: bool,
    /// True if a rule governs it, so that nothing else may set it.
    pub ruled: bool,
    /// Its value at the start, if that is a plain number.
    pub number: Option<f64>,
    /// Words for it, if the model has any.
    pub name: Option<String>,
    /// The range it may lie in, in its own unit, if the model gives one.
    pub range: Option<Range>,
}

impl Word {
    /// True for what scenarios may write to during a run: inputs, and switches of pathways.
    pub fn is_input(&self) -> bool {
        matches!(self.role.as_deref(), Some("input" | "switch"))
    }
}

/// All symbols of a body by name.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: BTreeMap<String, Word>,
}

impl Vocabulary {
    /// Of a flat model.
    pub fn of(model: &Model) -> Self {
        let words = model
            .symbols
            .iter()
            .map(|s| {
                let number = s.initial.as_ref().and_then(|i| match &i.expr.kind {
                    ExprKind::Number(value, _) => Some(*value),
                    _ => None,
                });
                let word = Word {
                    unit: s.unit,
                    unit_text: s
                        .unit_text
                        .clone()
                        .or_else(|| s.unit.map(|u| u.to_string()))
                        .unwrap_or_else(|| "dimensionless".to_owned()),
                    role: s.annotation.field("role").map(str::to_owned),
                    word: s.annotation.field("word").map(str::to_owned),
                    parameter: matches!(s.role, Role::Parameter | Role::Compartment { .. }),
                    species: matches!(s.role, Role::Species(_)),
                    ruled: s.rule.is_some(),
                    number,
                    name: s.name.clone(),
                    range: s.annotation.range,
                };
                (s.id.clone(), word)
            })
            .collect();
        Vocabulary { words }
    }

    /// The symbol of that name.
    pub fn get(&self, name: &str) -> Option<&Word> {
        self.words.get(name)
    }

    /// All symbols with their names, in order of names.
    pub fn words(&self) -> impl Iterator<Item = (&str, &Word)> {
        self.words.iter().map(|(n, w)| (n.as_str(), w))
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.words.keys().map(String::as_str)
    }

    /// Names of everything that scenarios may write to during a run.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.words
            .iter()
            .filter(|(_, w)| w.is_input())
            .map(|(n, _)| n.as_str())
    }

    /// Names whose notes give them that role.
    pub fn with_role<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a str> {
        self.words
            .iter()
            .filter(move |(_, w)| w.role.as_deref() == Some(role))
            .map(|(n, _)| n.as_str())
    }
}

//! Identifiers that SBML allows: dots of submodels become `__`, anything else that is not allowed `_`, collisions get a number.

use std::collections::HashSet;

use osteon_model::{Model, SymbolId};

/// Identifiers of everything in a model, unique among themselves.
pub(crate) struct LegalIds {
    symbols: Vec<String>,
    taken: HashSet<String>,
}

impl LegalIds {
    /// Identifiers for all symbols. Those that are legal already keep their name.
    pub fn of(model: &Model) -> Self {
        let mut ids = LegalIds {
            symbols: vec![String::new(); model.symbols.len()],
            taken: HashSet::new(),
        };
        let legal = |id: &str| sid(id) == id;
        // Names that need no change go first, so that a changed one never pushes them aside.
        for unchanged in [true, false] {
            for (index, symbol) in model
                .symbols
                .iter()
                .enumerate()
                .filter(|(_, s)| legal(&s.id) == unchanged)
            {
                ids.symbols[index] = ids.fresh(&symbol.id);
            }
        }
        ids
    }

    /// Identifier of a symbol.
    pub fn symbol(&self, id: SymbolId) -> &str {
        &self.symbols[id.0 as usize]
    }

    /// A new identifier close to `wish`.
    pub fn fresh(&mut self, wish: &str) -> String {
        let stem = sid(wish);
        let mut id = stem.clone();
        let mut number = 2;
        while !self.taken.insert(id.clone()) {
            id = format!("{stem}_{number}");
            number += 1;
        }
        id
    }
}

/// The nearest legal SId.
pub(crate) fn sid(text: &str) -> String {
    let mut id = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '.' => id.push_str("__"),
            c if c.is_ascii_alphanumeric() || c == '_' => id.push(c),
            _ => id.push('_'),
        }
    }
    if id.is_empty() || id.starts_with(|c: char| c.is_ascii_digit()) {
        id.insert(0, '_');
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_legal() {
        assert_eq!(sid("pump.V_max"), "pump__V_max");
        assert_eq!(sid("25OHD"), "_25OHD");
        assert_eq!(sid("a b"), "a_b");
    }
}

//! Reads the tables of a person whose words the body itself declares: `sun = { latitude = "52 deg" }`.
//!
//! An input whose notes say `word: T.k` is set by the key `k` of a person's table `T`; an input with `word: T` is set to 1 when the table is
//! there at all. A key without such an input may name a condition of the library: `sun = { skin = "IV" }` is the condition `skin IV`.

use osteon_model::Diagnostic;

use crate::library::Shelf;
use crate::near_name::advice;
use crate::scenario::{Exposure, InputValue};
use crate::scenario_read::Context;
use crate::toml_text::Item;

impl Context<'_> {
    /// True if the body has a table of that name for persons.
    pub(crate) fn is_worded(&self, table: &str) -> bool {
        let inner = format!("{table}.");
        self.body
            .vocabulary
            .words()
            .any(|(_, w)| w.word.as_deref().is_some_and(|t| t.starts_with(&inner)))
    }

    /// Reads one such table into inputs and, for words of the library, exposures that hold all adult life.
    pub(crate) fn worded(
        &self,
        item: &Item<'_, '_>,
        inputs: &mut Vec<InputValue>,
        exposures: &mut Vec<Exposure>,
    ) {
        let Some(table) = item.table(format!("`{}`", item.key)) else {
            return;
        };
        for (name, word) in self.body.vocabulary.words() {
            if word.word.as_deref() == Some(item.key.as_str()) {
                inputs.push(InputValue {
                    input: name.to_owned(),
                    value: 1.0,
                    said: format!("a table `{}`", item.key),
                });
            }
        }
        let inner = format!("{}.", item.key);
        for entry in table.items() {
            let wanted = format!("{inner}{}", entry.key);
            let found = self
                .body
                .vocabulary
                .words()
                .find(|(_, w)| w.word.as_deref() == Some(wanted.as_str()));
            if let Some((name, word)) = found {
                let example = format!("1 {}", word.unit_text);
                inputs.extend(self.input_value(&entry, name, &example));
                continue;
            }
            let known = self
                .body
                .vocabulary
                .words()
                .filter_map(|(_, w)| w.word.as_deref()?.strip_prefix(&inner));
            let condition = entry
                .is_text()
                .then(|| entry.text())
                .flatten()
                .and_then(|said| {
                    self.body
                        .library
                        .entry(Shelf::Condition, &format!("{} {said}", entry.key))
                });
            let Some(condition) = condition else {
                self.push(
                    Diagnostic::error(
                        "scenario-unknown-name",
                        format!(
                            "`{}` has no word `{}`, and the library no such condition",
                            item.key, entry.key
                        ),
                        entry.key_span,
                    )
                    .help(advice(&entry.key, known, "docs/body-inputs.md")),
                );
                continue;
            };
            if let Some(effects) = self.effects(condition, None, &entry) {
                exposures.push(Exposure {
                    entry: condition.name.clone(),
                    said: condition.name.clone(),
                    from_d: f64::NEG_INFINITY,
                    until_d: f64::INFINITY,
                    effects,
                    dose: None,
                    adherence: None,
                });
            }
        }
    }
}

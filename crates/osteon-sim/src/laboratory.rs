//! Laboratory tests as data: what is measured, how well, what it tells and what it cannot. Read from `library/laboratory.toml`.

use osteon_model::{Diagnostic, Span};

use crate::library::Fact;
use crate::library_read::{LibraryReader, read_fact};
use crate::near_name::advice;
use crate::quantities::Reference;
use crate::toml_text::{Item, Reading, Table};

/// A test of the panel.
#[derive(Debug, Clone)]
pub struct LaboratoryTest {
    /// Name of the test.
    pub name: String,
    /// Words for it.
    pub label: String,
    /// What it is read from.
    pub method: TestMethod,
    /// Reference interval, if it is not that of the quantity.
    pub reference: Option<Reference>,
    /// Analytical coefficient of variation, %.
    pub analytical: Option<Fact>,
    /// Coefficient of variation from day to day within a healthy person, %.
    pub biological: Option<Fact>,
    /// Standard deviation of repeats in the unit of the result, for tests whose error is no share of it.
    pub repeat: Option<Fact>,
    /// What the test tells, one line.
    pub tells: String,
    /// What it cannot tell, one line.
    pub cannot: String,
    /// Words a person may call it by.
    pub aliases: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// How a test is made.
#[derive(Debug, Clone)]
pub enum TestMethod {
    /// A quantity is read.
    Quantity(String),
    /// A load is given and the share of it that is kept is reckoned from collections before and after.
    Load {
        /// Product that is given.
        product: String,
        /// Amount, as written.
        amount: String,
        /// Length of the infusion, as written.
        over: String,
        /// Quantity that counts what leaves in a day.
        collected: String,
    },
}

impl LibraryReader<'_> {
    /// `laboratory.toml`
    pub(crate) fn laboratory(&mut self, reading: &Reading, text: &str) {
        let document = reading.parse(text);
        let range = document.span();
        for item in Table::new(reading, document.get_ref(), range, "the file").items() {
            let Some(table) = item.table(format!("[\"{}\"]", item.key)) else {
                continue;
            };
            if let Some(test) = self.test(reading, &item, &table) {
                self.library.tests.push(test);
                table.finish();
            }
        }
    }

    fn quantity_named(&self, reading: &Reading, item: &Item<'_, '_>, name: &str) -> Option<()> {
        if self.library.quantity(name).is_some() {
            return Some(());
        }
        let known = self.library.quantities.iter().map(|q| q.name.as_str());
        reading.push(
            item.fault(
                "library-unknown-symbol",
                format!("no quantity is called `{name}`"),
            )
            .help(advice(name, known, "library/quantities.toml")),
        );
        None
    }

    fn test(
        &self,
        reading: &Reading,
        item: &Item<'_, '_>,
        table: &Table<'_, '_>,
    ) -> Option<LaboratoryTest> {
        let variation = |key: &'static str| match table.get(key) {
            None => Some(None),
            Some(part) => {
                let part = part.table(key)?;
                let mut fact = read_fact(reading, &part)?;
                part.finish();
                if !(fact.value >= 0.0 && fact.value.is_finite()) {
                    reading.push(Diagnostic::error(
                        "library-wrong-kind",
                        format!("`{key}` needs `value`, a number of at least 0"),
                        part.span(),
                    ));
                    return None;
                }
                fact.what = key.to_owned();
                Some(Some(fact))
            }
        };
        let analytical = variation("analytical")?;
        let biological = variation("biological")?;
        let repeat = variation("repeat")?;
        let tells = table
            .need("tells", "what the test tells, one line")?
            .text()?
            .to_owned();
        let cannot = table
            .need("cannot", "what the test cannot tell, one line")?
            .text()?
            .to_owned();
        let aliases = table.get("aliases").map_or_else(Vec::new, |i| i.texts());
        let reference = match table.get("reference") {
            None => None,
            Some(part) => {
                let part = part.table("reference")?;
                let lower = part.get("lower").and_then(|i| i.number());
                let upper = part.get("upper").and_then(|i| i.number());
                let source = part.need("source", "the citation key of the interval")?;
                let source = source.text()?.to_owned();
                part.finish();
                Some(Reference {
                    lower,
                    upper,
                    source,
                })
            }
        };
        let (method, label) = match table.get("load") {
            None => {
                let name = match table.get("quantity") {
                    Some(named) => {
                        let name = named.text()?;
                        self.quantity_named(reading, &named, name)?;
                        name.to_owned()
                    }
                    None => {
                        self.quantity_named(reading, item, &item.key)?;
                        item.key.clone()
                    }
                };
                let label = self.library.quantity(&name).map(|q| q.label.clone());
                (TestMethod::Quantity(name), label)
            }
            Some(load) => {
                let part = load.table("load")?;
                let word = |key, help: &str| Some(part.need(key, help)?.text()?.to_owned());
                let product = word("use", "use = \"a product of library/supplements.toml\"")?;
                let amount = word("amount", "amount = \"30 mmol\"")?;
                let over = word("over", "over = \"8 h\"")?;
                let collected = part.need("collected", "collected = \"urine.X\"")?;
                let name = collected.text()?.to_owned();
                self.quantity_named(reading, &collected, &name)?;
                part.finish();
                if self
                    .library
                    .entry(crate::library::Shelf::Supplement, &product)
                    .is_none()
                {
                    reading.push(load.fault(
                        "library-unknown-symbol",
                        format!("no supplement is called `{product}`"),
                    ));
                    return None;
                }
                (
                    TestMethod::Load {
                        product,
                        amount,
                        over,
                        collected: name,
                    },
                    None,
                )
            }
        };
        let label = match table.get("label") {
            Some(words) => words.text()?.to_owned(),
            None => label.unwrap_or_else(|| item.key.clone()),
        };
        Some(LaboratoryTest {
            name: item.key.clone(),
            label,
            method,
            reference,
            analytical,
            biological,
            repeat,
            tells,
            cannot,
            aliases,
            span: item.key_span,
        })
    }
}

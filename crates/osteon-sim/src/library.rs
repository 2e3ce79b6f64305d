//! The library as plain data: what can be done to a body, with sources. Read by `library_read` from `library/*.toml` and `foods.csv`.

use std::collections::BTreeMap;

use osteon_model::{Span, Unit};

use crate::laboratory::LaboratoryTest;
use crate::near_name::{advice, same_name};
use crate::quantities::Quantity;
use crate::substance::Substance;

/// Everything in the library folder.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Nutrients by name, in the order of the file.
    pub nutrients: Vec<Nutrient>,
    /// Quantities by dotted name, in the order of the file.
    pub quantities: Vec<Quantity>,
    /// Supplements, drugs, conditions and activities.
    pub entries: Vec<Entry>,
    /// Foods by name.
    pub foods: BTreeMap<String, Food>,
    /// Ways of preparing food.
    pub preparations: Vec<Preparation>,
    /// Diets that scenarios may name.
    pub diets: Vec<Diet>,
    /// Laboratory tests, in the order of the file.
    pub tests: Vec<LaboratoryTest>,
    /// Words that people use for what is written in another way.
    pub words: Vec<Elsewhere>,
}

/// A word that is no entry, and how to say it instead.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The word and its variants.
    pub names: Vec<String>,
    /// What to write instead, or why it cannot be said.
    pub say: String,
}

impl Library {
    /// The nutrient of that name or alias.
    pub fn nutrient(&self, name: &str) -> Option<&Nutrient> {
        self.nutrients
            .iter()
            .find(|n| n.name == name || n.aliases.iter().any(|a| a == name))
            .or_else(|| {
                let same = |a: &str| same_name(a, name);
                self.nutrients
                    .iter()
                    .find(|n| same(&n.name) || n.aliases.iter().any(|a| same(a)))
            })
    }

    /// The quantity of that dotted name.
    pub fn quantity(&self, name: &str) -> Option<&Quantity> {
        self.quantities.iter().find(|q| q.name == name)
    }

    /// The entry of that shelf with that name or alias; letter case, hyphens and British or American spelling do not matter.
    pub fn entry(&self, shelf: Shelf, name: &str) -> Option<&Entry> {
        let same = |a: &str| same_name(a, name);
        self.entries
            .iter()
            .find(|e| e.shelf == shelf && (same(&e.name) || e.aliases.iter().any(|a| same(a))))
    }

    /// Names and aliases on a shelf, for "did you mean".
    pub fn names(&self, shelf: Shelf) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(move |e| e.shelf == shelf)
            .flat_map(|e| {
                std::iter::once(e.name.as_str()).chain(e.aliases.iter().map(String::as_str))
            })
    }

    /// Help for a name that is not on a shelf (on none for `None`): where it is, what it is a class of, how it is said, or near names.
    pub fn help(&self, shelf: Option<Shelf>, name: &str, where_listed: &str) -> String {
        let elsewhere = Shelf::ALL
            .into_iter()
            .filter(|s| Some(*s) != shelf)
            .find(|s| self.entry(*s, name).is_some());
        if let Some(other) = elsewhere {
            return format!(
                "`{name}` is {}: write {} = …",
                other.with_article(),
                other.word()
            );
        }
        if let Some(word) = self
            .words
            .iter()
            .find(|w| w.names.iter().any(|n| same_name(n, name)))
        {
            return word.say.clone();
        }
        let members: Vec<String> = self
            .entries
            .iter()
            .filter(|e| shelf.is_none_or(|s| s == e.shelf))
            .filter(|e| {
                e.class
                    .as_ref()
                    .is_some_and(|c| same_name(c, name) || same_name(&format!("{c}s"), name))
            })
            .map(|e| format!("`{}`", e.name))
            .collect();
        if !members.is_empty() {
            return format!(
                "`{name}` is a class; its entries are {}",
                members.join(", ")
            );
        }
        let known: Vec<&str> = match shelf {
            Some(shelf) => self.names(shelf).collect(),
            None => Shelf::ALL.into_iter().flat_map(|s| self.names(s)).collect(),
        };
        advice(name, known, where_listed)
    }

    /// The food of that name.
    pub fn food(&self, name: &str) -> Option<&Food> {
        self.foods
            .get(name)
            .or_else(|| self.foods.values().find(|f| same_name(&f.name, name)))
    }

    /// The diet of that name or alias.
    pub fn diet(&self, name: &str) -> Option<&Diet> {
        let same = |a: &str| same_name(a, name);
        self.diets
            .iter()
            .find(|d| same(&d.name) || d.aliases.iter().any(|a| same(a)))
    }

    /// The way of preparing food of that name or alias.
    pub fn preparation(&self, name: &str) -> Option<&Preparation> {
        let same = |a: &str| same_name(a, name);
        self.preparations
            .iter()
            .find(|p| same(&p.name) || p.aliases.iter().any(|a| same(a)))
    }
}

/// What diets speak of: a nutrient and where it enters the body.
#[derive(Debug, Clone)]
pub struct Nutrient {
    /// Word used in diets.
    pub name: String,
    /// Words for a plot or table.
    pub label: String,
    /// Other words for it.
    pub aliases: Vec<String>,
    /// What is needed to convert between mass, moles, equivalents and international units.
    pub substance: Substance,
    /// More than anyone takes in a day, in the unit of the averaged input, and as written: above it a unit has slipped.
    pub largest: Option<(f64, String)>,
    /// Upper level of intake, above which scenarios are cautioned.
    pub upper: Option<UpperLevel>,
    /// Averaged input of the body, per day.
    pub averaged: String,
    /// Dose state that a meal adds to; `None`: the nutrient is averaged on both clocks.
    pub meal: Option<String>,
    /// Memory that a meal sets to its amount.
    pub meal_size: Option<String>,
    /// Input that counts the meals of a day, for the averaged clock.
    pub portions: Option<String>,
    /// Citation key.
    pub source: String,
    /// Where it stands.
    pub span: Span,
}

/// An upper level of intake.
#[derive(Debug, Clone)]
pub struct UpperLevel {
    /// In the unit of the averaged input.
    pub per_day: f64,
    /// As written.
    pub said: String,
    /// True if food counts, too.
    pub with_food: bool,
    /// What is feared above it.
    pub says: String,
    /// Citation key.
    pub source: String,
}

/// What should be thought of before a nutrient is given in a condition.
#[derive(Debug, Clone)]
pub struct Caution {
    /// The nutrient.
    pub nutrient: String,
    /// What is feared.
    pub says: String,
    /// Citation key.
    pub source: String,
}

/// The four shelves of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// `supplements.toml`
    Supplement,
    /// `drugs.toml`
    Drug,
    /// `conditions.toml`
    Condition,
    /// `activities.toml`
    Activity,
}

impl Shelf {
    /// All of them.
    pub const ALL: [Shelf; 4] = [
        Shelf::Supplement,
        Shelf::Drug,
        Shelf::Condition,
        Shelf::Activity,
    ];

    /// The word for one of its entries.
    pub fn word(self) -> &'static str {
        match self {
            Shelf::Supplement => "supplement",
            Shelf::Drug => "drug",
            Shelf::Condition => "condition",
            Shelf::Activity => "activity",
        }
    }

    /// The word with its article.
    pub fn with_article(self) -> &'static str {
        match self {
            Shelf::Supplement => "a supplement",
            Shelf::Drug => "a drug",
            Shelf::Condition => "a condition",
            Shelf::Activity => "an activity",
        }
    }

    /// The file it is read from.
    pub fn file(self) -> &'static str {
        match self {
            Shelf::Supplement => "library/supplements.toml",
            Shelf::Drug => "library/drugs.toml",
            Shelf::Condition => "library/conditions.toml",
            Shelf::Activity => "library/activities.toml",
        }
    }
}

/// One thing that can be done to a body.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Name, as written in scenarios.
    pub name: String,
    /// Where it belongs.
    pub shelf: Shelf,
    /// Words for a plot or table.
    pub label: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Class of drugs it belongs to, if said.
    pub class: Option<String>,
    /// What reaches the body as matter, for things that are swallowed or injected.
    pub product: Option<Product>,
    /// What it does to inputs of the body.
    pub effects: Vec<EntryEffect>,
    /// What to think of before a nutrient is supplemented in it.
    pub caution: Option<Caution>,
    /// How effects grow with the dose.
    pub response: Response,
    /// Evidence grade A to D, if said.
    pub grade: Option<String>,
    /// Citation keys.
    pub sources: Vec<String>,
    /// Free words: what is known and what is not.
    pub note: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// The matter in a product and where it goes.
#[derive(Debug, Clone)]
pub struct Product {
    /// Route in words: `oral`, `iv`, `sc`, `skin`, …
    pub route: String,
    /// Nutrient it supplies, if it is one.
    pub nutrient: Option<String>,
    /// Conversion facts of what is dosed (the nutrient's, or the drug's own).
    pub substance: Substance,
    /// Mass of the nutrient in a mass of the compound, for doses given as compound.
    pub elemental_fraction: Option<f64>,
    /// Dose states and the share of a dose that goes to each; the shares add up to 1.
    pub into: Vec<(String, f64)>,
    /// Averaged inputs and shares; empty if the product cannot be averaged.
    pub averaged: Vec<(String, f64)>,
    /// Memories that dosing sets to the size of the part that goes to the first state of `into`.
    pub size_into: Vec<String>,
    /// Input that counts the doses of a day, for the averaged clock.
    pub portions: Option<String>,
    /// Memories that dosing sets to a fixed value (for example a release rate).
    pub sets: Vec<(String, f64)>,
    /// Numbers of this product with origin and range, for bands and for *explain*.
    pub facts: Vec<Fact>,
}

/// A number with its pedigree.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is.
    pub what: String,
    /// Its value.
    pub value: f64,
    /// Range it may lie in.
    pub range: Option<(f64, f64)>,
    /// measured | derived | scaled | fitted | assumed.
    pub origin: String,
    /// Citation key, or empty for assumed numbers.
    pub source: String,
    /// How it was read or why it was assumed.
    pub why: String,
}

/// What an entry does to one input.
#[derive(Debug, Clone)]
pub struct EntryEffect {
    /// Body symbol.
    pub input: String,
    /// The change at the reference dose (or altogether, for entries without dose), in the input's unit.
    pub change: crate::scenario::Change,
    /// Where the number comes from.
    pub fact: Fact,
    /// Where it stands.
    pub span: Span,
}

/// How the effects of an entry grow with its dose. `x` is 1 at the reference dose and scales factor − 1 and additions.
#[derive(Debug, Clone)]
pub enum Response {
    /// No dose: the effects are as written.
    Fixed,
    /// x = dose / reference.
    Linear {
        /// Reference dose, in its own unit.
        reference: (f64, Unit),
        /// As written.
        said: String,
    },
    /// x = E(dose) / E(reference), E(d) = d / (d + half-effect dose).
    Emax {
        /// Reference dose, in its own unit.
        reference: (f64, Unit),
        /// Dose of half effect, in the unit of the reference dose.
        half: f64,
        /// Reference dose as written.
        said: String,
    },
}

/// A food: amounts of nutrients in 100 g.
#[derive(Debug, Clone)]
pub struct Food {
    /// Name.
    pub name: String,
    /// Mass of a serving in g, if the table gives one.
    pub serving_g: Option<f64>,
    /// Nutrient and amount in 100 g, in the unit of the nutrient's averaged input times a day.
    pub per_100_g: Vec<(String, f64)>,
    /// Citation key.
    pub source: String,
    /// Citation keys of nutrients whose source is another.
    pub own_sources: Vec<(String, String)>,
}

/// A way of preparing food: what is left of each nutrient.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// Name, as written in scenarios.
    pub name: String,
    /// Words for it.
    pub label: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Nutrient and the share that is left; a nutrient that is not named keeps all of itself.
    pub keeps: Vec<(String, Fact)>,
    /// Evidence grade A to D, if said.
    pub grade: Option<String>,
    /// Citation keys.
    pub sources: Vec<String>,
    /// Free words.
    pub note: Option<String>,
}

/// A diet that scenarios may name.
#[derive(Debug, Clone)]
pub struct Diet {
    /// Name, as written in scenarios.
    pub name: String,
    /// Words for it.
    pub label: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Nutrients whose day's total is given.
    pub parts: Vec<DietNutrient>,
    /// Foods and grams a day, as eaten.
    pub foods: Vec<DietFood>,
    /// Evidence grade A to D, if said.
    pub grade: Option<String>,
    /// Citation keys.
    pub sources: Vec<String>,
    /// Free words.
    pub note: Option<String>,
}

impl Diet {
    /// True if what is eaten depends on the person's sex.
    pub fn by_sex(&self) -> bool {
        self.parts.iter().any(|p| p.women != p.men)
    }
}

/// A nutrient of a named diet.
#[derive(Debug, Clone)]
pub struct DietNutrient {
    /// Nutrient of the library.
    pub nutrient: String,
    /// Amount per day of women, in the unit of the nutrient's averaged input.
    pub women: f64,
    /// The same of men.
    pub men: f64,
    /// As written, women and men.
    pub said: (String, String),
    /// Where it comes from; `value` is that of women.
    pub fact: Fact,
}

/// A food of a named diet.
#[derive(Debug, Clone)]
pub struct DietFood {
    /// Food of the library.
    pub food: String,
    /// Grams a day.
    pub grams: f64,
    /// As written.
    pub said: String,
    /// Way of preparing it.
    pub prepared: Option<String>,
}

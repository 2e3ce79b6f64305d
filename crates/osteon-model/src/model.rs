//! The flat, checked model. Submodels are already expanded, functions inlined, names resolved.

use std::collections::BTreeMap;

use crate::{Expr, Span, Unit};

/// Index into [`Model::symbols`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// A flat model. Every quantity that has a value is a [`Symbol`]; reactions and events act on symbols.
///
/// Invariants promised by the front ends: every `SymbolId` is in range; ids are unique; a symbol has at most one rule;
/// a symbol with an assignment rule is changed by nothing else.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Identifier.
    pub id: String,
    /// Human name.
    pub name: Option<String>,
    /// Free text of the model itself.
    pub notes: Option<String>,
    /// Unit of time, if declared.
    pub time_unit: Option<Unit>,
    /// Unit of species amounts, if declared model-wide.
    pub substance_unit: Option<Unit>,
    /// Unit of reaction extent, if declared model-wide.
    pub extent_unit: Option<Unit>,
    /// Unit of compartment sizes, if declared model-wide.
    pub volume_unit: Option<Unit>,
    /// Named units declared by the model.
    pub unit_definitions: BTreeMap<String, Unit>,
    /// All quantities.
    pub symbols: Vec<Symbol>,
    /// All reactions. Their rate is the symbol `Reaction::symbol`.
    pub reactions: Vec<Reaction>,
    /// All events.
    pub events: Vec<Event>,
    /// Initial value of time (SBML always 0).
    pub start_time: f64,
}

/// A named quantity.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// Identifier. Names from submodels are dotted: `organ.Vmax`.
    pub id: String,
    /// Human name (`x is "…"`).
    pub name: Option<String>,
    /// What sort of quantity it is.
    pub role: Role,
    /// True if nothing may change it during a run.
    pub constant: bool,
    /// Declared unit of the symbol's value as it is used in mathematics, if declared.
    pub unit: Option<Unit>,
    /// The unit as the author wrote it, for printing.
    pub unit_text: Option<String>,
    /// Value at the start, if any is given.
    pub initial: Option<Initial>,
    /// Rule that governs it, if any.
    pub rule: Option<Rule>,
    /// Sources, notes and range.
    pub annotation: Annotation,
    /// Where it was declared.
    pub span: Span,
}

/// What sort of quantity a symbol is.
#[derive(Debug, Clone, PartialEq)]
pub enum Role {
    /// A compartment with its spatial dimensions (3 for volumes).
    Compartment {
        /// Spatial dimensions.
        dimensions: f64,
    },
    /// A species.
    Species(SpeciesInfo),
    /// A parameter.
    Parameter,
    /// The rate of `Model::reactions[i]`.
    Reaction(usize),
    /// The stoichiometry of a participant, when it has an id of its own.
    SpeciesReference,
}

/// What is particular to a species.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeciesInfo {
    /// Its compartment.
    pub compartment: SymbolId,
    /// True if its symbol means an amount, false if it means amount / compartment size.
    pub amount_only: bool,
    /// True if reactions do not change it.
    pub boundary: bool,
    /// Factor from reaction extent to this species' amount.
    pub conversion_factor: Option<SymbolId>,
}

/// How an initial value is meant for a species.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialForm {
    /// As the symbol's own value in mathematics (initial assignments; everything that is not a species).
    Value,
    /// An amount.
    Amount,
    /// A concentration.
    Concentration,
}

/// A value at the start: a number or an expression over other start values.
#[derive(Debug, Clone, PartialEq)]
pub struct Initial {
    /// The expression; a plain `Number` for a value given as such.
    pub expr: Expr,
    /// Amount, concentration or plain value.
    pub form: InitialForm,
}

/// A rule that governs a symbol.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// The symbol always equals the expression.
    Assignment(Expr),
    /// The symbol's time derivative equals the expression (of the value as used in mathematics).
    Rate(Expr),
}

/// A participant of a reaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    /// The species.
    pub species: SymbolId,
    /// Stoichiometric coefficient, positive on both sides.
    pub stoichiometry: Expr,
    /// Where it was written.
    pub span: Span,
}

/// In what unit a reaction's rate is expressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtentOf {
    /// Amount per time, the SBML rule.
    AmountPerTime,
}

/// A reaction: participants and a rate.
#[derive(Debug, Clone)]
pub struct Reaction {
    /// The symbol that stands for its rate.
    pub symbol: SymbolId,
    /// Consumed species.
    pub reactants: Vec<Participant>,
    /// Produced species.
    pub products: Vec<Participant>,
    /// Species the rate may read besides.
    pub modifiers: Vec<SymbolId>,
    /// Rate; `None` where none was given.
    pub rate: Option<Expr>,
    /// Declared reversible.
    pub reversible: bool,
    /// Unit convention of the rate.
    pub extent: ExtentOf,
    /// Where it was written.
    pub span: Span,
}

/// An assignment made by an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The symbol that is set.
    pub target: SymbolId,
    /// Its new value.
    pub value: Expr,
}

/// An event, with SBML Level 3 meaning.
#[derive(Debug, Clone)]
pub struct Event {
    /// Identifier; may be empty.
    pub id: String,
    /// Fires when this goes from false to true.
    pub trigger: Expr,
    /// Value the trigger is taken to have had before the start.
    pub initial_value: bool,
    /// If false, the trigger must stay true until execution.
    pub persistent: bool,
    /// Time between firing and execution.
    pub delay: Option<Expr>,
    /// Order among simultaneous executions, higher first.
    pub priority: Option<Expr>,
    /// True: right-hand sides are evaluated when it fires; false: when it executes.
    pub values_from_trigger_time: bool,
    /// What is set.
    pub assignments: Vec<Assignment>,
    /// Where it was written.
    pub span: Span,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Origin {
    Measured,
    Derived,
    Scaled,
    Fitted,
    Assumed,
}

impl Origin {
    /// Reads `measured`, `derived`, `scaled`, `fitted` or `assumed`.
    pub fn parse(text: &str) -> Option<Origin> {
        Some(match text.trim() {
            "measured" => Origin::Measured,
            "derived" => Origin::Derived,
            "scaled" => Origin::Scaled,
            "fitted" => Origin::Fitted,
            "assumed" => Origin::Assumed,
            _ => return None,
        })
    }

    /// The word used in notes.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Measured => "measured",
            Origin::Derived => "derived",
            Origin::Scaled => "scaled",
            Origin::Fitted => "fitted",
            Origin::Assumed => "assumed",
        }
    }
}

/// The range a number may lie in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// What is said about a symbol besides its mathematics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotation {
    /// Identifiers from `is` / `identity` qualifiers with a URI.
    pub identity: Vec<String>,
    /// URIs from `isDescribedBy`.
    pub described_by: Vec<String>,
    /// The whole text of `notes`.
    pub notes: Option<String>,
    /// Fields of `notes` of the form `key: value; key: value`, in order. A key is one word; a part without one goes on with the field
    /// before it.
    pub fields: Vec<(String, String)>,
    /// Origin, from the field `origin`.
    pub origin: Option<Origin>,
    /// `.range`, or confidence interval.
    pub range: Option<Range>,
    /// Other uncertainty statements, such as (`standardDeviation`, 0.2).
    pub uncertainty: Vec<(String, f64)>,
    /// Chemical elements carried per unit amount, from the field `elements`: `Mg`, or `Ca 10, P 6`.
    pub elements: Vec<(String, f64)>,
}

impl Annotation {
    /// Value of a field of the notes.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }

    /// Sets the notes and everything that is read out of them. Unknown origins and bad element lists are left unset;
    /// the checker reports them.
    pub fn set_notes(&mut self, notes: &str) {
        self.notes = Some(notes.to_owned());
        // A part that does not begin with one word and a colon goes on with what was said before it.
        self.fields = Vec::new();
        for part in notes.split(';').map(str::trim).filter(|p| !p.is_empty()) {
            let word =
                |k: &str| !k.is_empty() && k.chars().all(|c| c.is_alphanumeric() || c == '_');
            match (part.split_once(':'), self.fields.last_mut()) {
                (Some((key, value)), _) if word(key.trim()) => {
                    self.fields
                        .push((key.trim().to_owned(), value.trim().to_owned()));
                }
                (_, Some((key, before)))
                    if !matches!(key.as_str(), "origin" | "role" | "elements") =>
                {
                    before.push_str("; ");
                    before.push_str(part);
                }
                _ => {}
            }
        }
        self.origin = self.field("origin").and_then(Origin::parse);
        let list = self.field("elements").unwrap_or("");
        let elements = list
            .split(',')
            .filter_map(|item| {
                let mut words = item.split_whitespace();
                let element = words.next()?.to_owned();
                let count = words.next().map_or(Some(1.0), |n| n.parse().ok())?;
                Some((element, count))
            })
            .collect();
        self.elements = elements;
    }
}

impl Model {
    /// The symbol behind an id.
    pub fn symbol(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.0 as usize]
    }

    /// Finds a symbol by its name. Linear; build an index for many look-ups.
    pub fn find(&self, id: &str) -> Option<SymbolId> {
        self.symbols
            .iter()
            .position(|s| s.id == id)
            .map(|i| SymbolId(i as u32))
    }

    /// All ids in order.
    pub fn ids(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.symbols.len() as u32).map(SymbolId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_keep_all_that_is_said() {
        let mut said = Annotation::default();
        said.set_notes("origin: assumed; key: a-1999, b-2001; why: one to six weeks; moved by hand to the spine; less than the hip: a third; files: x.ant; y.ant");
        assert_eq!(said.origin, Some(Origin::Assumed));
        assert_eq!(said.field("key"), Some("a-1999, b-2001"));
        let why = "one to six weeks; moved by hand to the spine; less than the hip: a third";
        assert_eq!(said.field("why"), Some(why));
        assert_eq!(said.field("files"), Some("x.ant; y.ant"));
        said.set_notes("origin: derived; since it is so");
        assert_eq!(said.origin, Some(Origin::Derived));
    }
}

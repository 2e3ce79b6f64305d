//! A flat model to Antimony that reads back to the same model, here and in libAntimony.
//!
//! Dots of names become `__`, names that the language keeps for itself get a `_` at their end, stoichiometries that are expressions
//! become parameters with an assignment, and units get names. What the language cannot say is written as a comment.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use osteon_model::{
    Event, Expr, ExprKind, Initial, InitialForm, Model, Op, Participant, Reaction, Role, Rule,
    Symbol, SymbolId, Unit,
};

use crate::lower::DEFAULT_COMPARTMENT;
use crate::print_expr::{Names, expression};
use crate::{builtin, unit_formula, unit_words};

/// Writes the model as Antimony text, one statement a line.
pub fn print(model: &Model) -> String {
    let names = NameTable::new(model);
    let mut printer = Printer {
        model,
        names,
        body: String::new(),
    };
    printer.symbols();
    printer.reactions();
    printer.rules();
    printer.events();
    printer.annotations();
    printer.whole()
}

/// Names of the model made fit for the language.
struct NameTable {
    symbols: Vec<String>,
    taken: BTreeSet<String>,
    units: RefCell<BTreeMap<String, Unit>>,
}

impl NameTable {
    fn new(model: &Model) -> Self {
        let mut table = NameTable {
            symbols: Vec::new(),
            taken: BTreeSet::new(),
            units: RefCell::default(),
        };
        for symbol in &model.symbols {
            let name = table.fresh(&symbol.id);
            table.symbols.push(name);
        }
        let wide = [
            ("time_unit", model.time_unit),
            ("substance", model.substance_unit),
            ("extent", model.extent_unit),
            ("volume", model.volume_unit),
        ];
        let mut units: BTreeMap<String, Unit> = BTreeMap::new();
        for (name, unit) in &model.unit_definitions {
            let legal = if unit_formula::MODEL_WIDE.contains(&name.as_str()) {
                name.clone()
            } else {
                table.fresh(name)
            };
            // A base unit by its own name needs no definition.
            if Unit::sbml_kind(name).is_none_or(|b| !b.same_unit(unit)) || legal != *name {
                units.insert(legal, *unit);
            }
        }
        for (name, unit) in wide {
            if let Some(unit) = unit {
                units.insert(name.to_owned(), unit);
            }
        }
        table.units = RefCell::new(units);
        table
    }

    /// A legal name like `id` that nothing has yet.
    fn fresh(&mut self, id: &str) -> String {
        let mut name: String = id
            .replace('.', "__")
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() {
            name.insert(0, '_');
        }
        while builtin::is_reserved(&name)
            || unit_formula::MODEL_WIDE.contains(&name.as_str())
            || self.taken.contains(&name)
        {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }
}

impl Names for NameTable {
    fn symbol(&self, id: SymbolId) -> String {
        self.symbols
            .get(id.0 as usize)
            .cloned()
            .unwrap_or_else(|| "unknown".to_owned())
    }

    fn unit(&self, unit: &Unit) -> String {
        let known = {
            let units = self.units.borrow();
            let own = units
                .iter()
                .find(|(n, u)| u.same_unit(unit) && !unit_formula::MODEL_WIDE.contains(&n.as_str()))
                .map(|(n, _)| n.clone());
            own.or_else(|| {
                let bases = Unit::SBML_KINDS
                    .iter()
                    .filter(|n| !self.taken.contains(**n) && !units.contains_key(**n));
                bases
                    .into_iter()
                    .find(|n| Unit::sbml_kind(n).is_some_and(|b| b.same_unit(unit)))
                    .map(|n| (*n).to_owned())
            })
        };
        known.unwrap_or_else(|| {
            let mut name = unit_words::name(unit);
            while self.taken.contains(&name)
                || self.units.borrow().contains_key(&name)
                || builtin::is_reserved(&name)
                || Unit::sbml_kind(&name).is_some()
            {
                name.push('_');
            }
            self.units.borrow_mut().insert(name.clone(), *unit);
            name
        })
    }
}

struct Printer<'a> {
    model: &'a Model,
    names: NameTable,
    body: String,
}

impl Printer<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.body, "  {text}");
    }

    fn text(&self, expr: &Expr) -> String {
        expression(expr, &self.names)
    }

    fn id(&self, id: SymbolId) -> String {
        self.names.symbol(id)
    }

    fn symbols(&mut self) {
        for id in self.model.ids() {
            let symbol = self.model.symbol(id);
            let name = self.id(id);
            let value = if matches!(symbol.rule, Some(Rule::Assignment(_))) {
                None
            } else {
                symbol.initial.as_ref().map(|i| self.initial(symbol, i))
            };
            let set = value.map_or_else(String::new, |v| format!(" = {v}"));
            let var = if symbol.constant || self.changes(id) {
                ""
            } else {
                "var "
            };
            match &symbol.role {
                Role::Compartment { dimensions } => {
                    if symbol.id == DEFAULT_COMPARTMENT && set == " = 1" && symbol.constant {
                        continue;
                    }
                    if *dimensions != 3.0 {
                        self.line(&format!(
                            "// {name} has {dimensions} dimensions, which Antimony cannot say"
                        ));
                    }
                    self.line(&format!("{var}compartment {name}{set}"));
                }
                Role::Species(info) => {
                    let only = if info.amount_only {
                        "substanceOnly "
                    } else {
                        ""
                    };
                    let fixed = if info.boundary { "$" } else { "" };
                    let place = self.model.symbol(info.compartment);
                    let place = if place.id == DEFAULT_COMPARTMENT {
                        String::new()
                    } else {
                        format!(" in {}", self.id(info.compartment))
                    };
                    if let Some(factor) = info.conversion_factor {
                        self.line(&format!(
                            "// {name} has the conversion factor {}, which Antimony cannot say",
                            self.id(factor)
                        ));
                    }
                    self.line(&format!("{only}species {fixed}{name}{place}{set}"));
                }
                Role::Reaction(_) => {}
                Role::Parameter | Role::SpeciesReference => {
                    if !set.is_empty() || symbol.rule.is_none() || symbol.unit.is_some() {
                        let word = if set.is_empty() && var.is_empty() && symbol.constant {
                            "const "
                        } else {
                            var
                        };
                        if !(word.is_empty() && set.is_empty()) {
                            self.line(&format!("{word}{name}{set}"));
                        }
                    }
                }
            }
            self.unit_of(symbol, &name);
        }
    }

    fn unit_of(&mut self, symbol: &Symbol, name: &str) {
        let Some(unit) = symbol.unit else { return };
        let derived = crate::lower::derived_unit(self.model, symbol);
        if symbol.unit_text.is_some() || !derived.is_some_and(|d| d.same_unit(&unit)) {
            let unit = self.names.unit(&unit);
            self.line(&format!("{name} has {unit}"));
        }
    }

    /// True if a rule, an event or a reaction changes the symbol.
    fn changes(&self, id: SymbolId) -> bool {
        let by_event = self
            .model
            .events
            .iter()
            .any(|e| e.assignments.iter().any(|a| a.target == id));
        by_event
            || self.model.symbol(id).rule.is_some()
            || matches!(
                self.model.symbol(id).role,
                Role::Species(_) | Role::Reaction(_)
            )
    }

    /// The initial value as `=` takes it: what the symbol means in mathematics.
    fn initial(&self, symbol: &Symbol, initial: &Initial) -> String {
        let Role::Species(info) = &symbol.role else {
            return self.text(&initial.expr);
        };
        let size = || Expr::symbol(info.compartment);
        match (initial.form, info.amount_only) {
            (InitialForm::Amount, false) => {
                self.text(&Expr::apply(Op::Div, vec![initial.expr.clone(), size()]))
            }
            (InitialForm::Concentration, true) => {
                self.text(&Expr::apply(Op::Mul, vec![initial.expr.clone(), size()]))
            }
            _ => self.text(&initial.expr),
        }
    }

    fn reactions(&mut self) {
        for reaction in &self.model.reactions {
            let name = self.id(reaction.symbol);
            let left = self.side(&name, &reaction.reactants);
            let right = self.side(&name, &reaction.products);
            let arrow = if reaction.reversible { "->" } else { "=>" };
            let rate = reaction
                .rate
                .as_ref()
                .map_or_else(String::new, |r| format!(" {}", self.text(r)));
            self.line(
                format!("{name}: {left} {arrow} {right};{rate}")
                    .replace(":  ", ": ")
                    .replace(" ;", ";")
                    .as_str(),
            );
            let symbol = self.model.symbol(reaction.symbol);
            self.unit_of(symbol, &name);
            self.modifiers(reaction, &name);
        }
    }

    fn side(&mut self, reaction: &str, list: &[Participant]) -> String {
        let mut parts = Vec::new();
        for (index, participant) in list.iter().enumerate() {
            let species = self.id(participant.species);
            parts.push(match &participant.stoichiometry.kind {
                ExprKind::Number(value, _) if *value == 1.0 => species,
                ExprKind::Number(value, _) if *value >= 0.0 && value.is_finite() => {
                    format!("{} {species}", unit_words::number(*value))
                }
                ExprKind::Symbol(id) => format!("{} {species}", self.id(*id)),
                _ => {
                    let name = self
                        .names
                        .fresh(&format!("{reaction}_{species}_stoichiometry{index}"));
                    let text = self.text(&participant.stoichiometry);
                    self.line(&format!("{name} := {text}"));
                    format!("{name} {species}")
                }
            });
        }
        parts.join(" + ")
    }

    /// Modifiers that the rate does not name anyhow.
    fn modifiers(&mut self, reaction: &Reaction, name: &str) {
        let read: Vec<SymbolId> = reaction.rate.iter().flat_map(Expr::symbols).collect();
        for modifier in reaction.modifiers.iter().filter(|m| !read.contains(m)) {
            let label = self.names.fresh(&format!("{name}_modifier"));
            let text = format!("{label}: {} -o {name};", self.id(*modifier));
            self.line(&text);
        }
    }

    fn rules(&mut self) {
        for id in self.model.ids() {
            let text = match &self.model.symbol(id).rule {
                Some(Rule::Assignment(expr)) => format!("{} := {}", self.id(id), self.text(expr)),
                Some(Rule::Rate(expr)) => format!("{}' = {}", self.id(id), self.text(expr)),
                None => continue,
            };
            self.line(&text);
        }
    }

    fn events(&mut self) {
        for event in &self.model.events {
            let text = self.event(event);
            self.line(&text);
        }
    }

    fn event(&mut self, event: &Event) -> String {
        let mut text = String::new();
        if !event.id.is_empty() {
            let _ = write!(text, "{}: ", self.names.fresh(&event.id));
        }
        let delay = event
            .delay
            .as_ref()
            .map_or_else(String::new, |d| format!("{} after ", self.text(d)));
        let _ = write!(text, "at {delay}({})", self.text(&event.trigger));
        let _ = write!(
            text,
            ", t0={}, persistent={}, fromTrigger={}",
            event.initial_value, event.persistent, event.values_from_trigger_time
        );
        if let Some(priority) = &event.priority {
            let _ = write!(text, ", priority={}", self.text(priority));
        }
        let sets: Vec<String> = event
            .assignments
            .iter()
            .map(|a| format!("{} = {}", self.id(a.target), self.text(&a.value)))
            .collect();
        if sets.is_empty() {
            return format!("// an event without assignments is left out: {text}");
        }
        let _ = write!(text, ": {}", sets.join(", "));
        text
    }

    fn annotations(&mut self) {
        for id in self.model.ids() {
            let symbol = self.model.symbol(id);
            let name = self.id(id);
            let annotation = &symbol.annotation;
            if let Some(display) = &symbol.name {
                self.line(&format!("{name} is {}", quoted(display)));
            }
            for (word, uris) in [
                ("identity", &annotation.identity),
                ("isDescribedBy", &annotation.described_by),
            ] {
                if !uris.is_empty() {
                    let list: Vec<String> = uris.iter().map(|u| quoted(u)).collect();
                    self.line(&format!("{name} {word} {}", list.join(", ")));
                }
            }
            if let Some(notes) = &annotation.notes {
                self.line(&format!("{name} notes {}", note(notes)));
            }
            let number = unit_words::number;
            let find = |key: &str| {
                annotation
                    .uncertainty
                    .iter()
                    .find(|(k, _)| k == key)
                    .map(|(_, v)| *v)
            };
            let confidence = find("confidenceInterval.lower").zip(find("confidenceInterval.upper"));
            if let Some(range) = annotation
                .range
                .filter(|r| confidence != Some((r.lower, r.upper)))
            {
                self.line(&format!(
                    "{name}.range = {{{}, {}}}",
                    number(range.lower),
                    number(range.upper)
                ));
            }
            for (key, value) in &annotation.uncertainty {
                match key.rsplit_once('.') {
                    Some((interval, "lower")) => {
                        let upper = find(&format!("{interval}.upper")).unwrap_or(*value);
                        self.line(&format!(
                            "{name}.{interval} = {{{}, {}}}",
                            number(*value),
                            number(upper)
                        ));
                    }
                    Some(_) => {}
                    None => self.line(&format!("{name}.{key} = {}", number(*value))),
                }
            }
        }
    }

    fn whole(mut self) -> String {
        let id = if self.model.id.is_empty() || self.model.id == "__main" {
            "main".to_owned()
        } else {
            self.model.id.clone()
        };
        let id = self.names.fresh(&id);
        let mut out = format!("model *{id}()\n");
        for (name, unit) in self.names.units.borrow().iter() {
            let _ = writeln!(out, "  {}", unit_words::definition(name, unit));
        }
        out.push_str(&self.body);
        out.push_str("end\n");
        if let Some(name) = &self.model.name {
            let _ = writeln!(out, "{id} is {}", quoted(name));
        }
        if let Some(notes) = &self.model.notes {
            let _ = writeln!(out, "{id} notes {}", note(notes));
        }
        out
    }
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('"', "\\\"").replace(['\n', '\r'], " ")
    )
}

fn note(text: &str) -> String {
    if text.contains(['"', '\n', '\r']) {
        format!("```{}```", text.replace("```", "'''"))
    } else {
        format!("\"{text}\"")
    }
}

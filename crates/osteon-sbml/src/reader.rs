//! From documents to a flat model: declares every quantity, then reads what acts on them.

use std::collections::{HashMap, HashSet};

use osteon_model::{
    Assignment, Event, Expr, ExtentOf, Initial, InitialForm, Model, Op, Participant, Reaction,
    Role, Rule, SourceMap, Sources, SpeciesInfo, Symbol, SymbolId, Unit,
};
use roxmltree::Node;

use crate::SbmlError;
use crate::annotation::{notes_text, read_annotation};
use crate::document::{Sbml, attribute, child, gather_texts, items, math};
use crate::hierarchy::{Hierarchy, Key};
use crate::mathml::{MathReader, Scope};
use crate::unit_definition::{defined_unit, find_unit};
use crate::xml_text::float;

/// A model with the texts its spans point into.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The flat model.
    pub model: Model,
    /// The documents it was read from.
    pub sources: SourceMap,
}

/// Reads like [`crate::read`] and also gives the texts, so that diagnostics about the model can show lines.
///
/// # Errors
/// As [`crate::read`].
pub fn load(sources: &dyn Sources, id: &str) -> Result<Loaded, SbmlError> {
    let texts = gather_texts(sources, id)?;
    let mut map = SourceMap::new();
    let mut documents = Vec::new();
    for (name, text) in &texts {
        let file = map.add(name.clone(), text.clone());
        documents.push(Sbml::parse(name, file, text)?);
    }
    let hierarchy = Hierarchy::expand(&documents)?;
    let mut reader = Reader {
        all: &hierarchy,
        model: Model::default(),
        symbols: HashMap::new(),
        locals: HashMap::new(),
    };
    reader.header();
    reader.declare()?;
    reader.dynamics()?;
    Ok(Loaded {
        model: reader.model,
        sources: map,
    })
}

struct Reader<'r, 'a> {
    all: &'r Hierarchy<'a>,
    model: Model,
    symbols: HashMap<Key, SymbolId>,
    /// Local parameters by reaction.
    locals: HashMap<Key, HashMap<String, Node<'a, 'a>>>,
}

impl<'r, 'a> Reader<'r, 'a> {
    fn sbml(&self, instance: usize) -> &'a Sbml<'a> {
        self.all.instances[instance].sbml
    }

    /// Living elements of one kind, over all instances, outermost first.
    fn elements(&self, list: &'static str, item: &'static str) -> Vec<(usize, Node<'a, 'a>)> {
        let all = self.all;
        all.living()
            .flat_map(|i| items(all.instances[i].model, list, item).map(move |n| (i, n)))
            .filter(|(i, n)| all.stands(*i, *n))
            .collect()
    }

    fn required<'n>(
        &self,
        instance: usize,
        node: Node<'n, '_>,
        name: &str,
    ) -> Result<&'n str, SbmlError> {
        attribute(node, name)
            .filter(|v| !v.is_empty())
            .ok_or_else(|| {
                self.sbml(instance)
                    .malformed(node, format!("<{}> needs `{name}`", node.tag_name().name()))
            })
    }

    fn number(
        &self,
        instance: usize,
        node: Node<'_, '_>,
        name: &str,
    ) -> Result<Option<f64>, SbmlError> {
        attribute(node, name)
            .map(|text| {
                float(text).ok_or_else(|| {
                    self.sbml(instance).malformed(
                        node,
                        format!("`{name}=\"{text}\"` is no number that can be held"),
                    )
                })
            })
            .transpose()
    }

    /// A truth value; `level_2` is the default that Level 2 grants, Level 3 has none.
    fn flag(
        &self,
        instance: usize,
        node: Node<'_, '_>,
        name: &str,
        level_2: bool,
    ) -> Result<bool, SbmlError> {
        match attribute(node, name) {
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            None if self.sbml(instance).level == 2 => Ok(level_2),
            None => Err(self
                .sbml(instance)
                .malformed(node, format!("<{}> needs `{name}`", node.tag_name().name()))),
            Some(other) => Err(self.sbml(instance).malformed(
                node,
                format!("`{name}=\"{other}\"` is neither true nor false"),
            )),
        }
    }

    fn header(&mut self) {
        let top = self.all.instances[0].model;
        let text = |key: &str| attribute(top, key).map(str::to_owned);
        self.model.id = text("id").unwrap_or_else(String::new);
        self.model.name = text("name");
        self.model.notes = notes_text(top);
        self.model.time_unit = self.model_unit(0, "timeUnits", "time");
        self.model.substance_unit = self.model_unit(0, "substanceUnits", "substance");
        self.model.extent_unit = self.model_unit(0, "extentUnits", "substance");
        self.model.volume_unit = self.model_unit(0, "volumeUnits", "volume");
        for definition in items(top, "listOfUnitDefinitions", "unitDefinition") {
            if let (Some(id), Some(unit)) = (attribute(definition, "id"), defined_unit(definition))
            {
                self.model.unit_definitions.insert(id.to_owned(), unit);
            }
        }
    }

    /// A model-wide unit: the attribute in Level 3, the predefined unit in Level 2.
    fn model_unit(&self, instance: usize, level_3: &str, level_2: &str) -> Option<Unit> {
        if self.sbml(instance).level == 2 {
            return find_unit(self.all, instance, level_2);
        }
        attribute(self.all.instances[instance].model, level_3)
            .and_then(|name| find_unit(self.all, instance, name))
    }

    fn add(
        &mut self,
        key: Key,
        node: Node<'a, 'a>,
        id: String,
        role: Role,
        constant: bool,
        unit: Option<Unit>,
    ) -> SymbolId {
        let symbol = SymbolId(self.model.symbols.len() as u32);
        let outermost = key.0 == 0 && unit.is_some();
        self.model.symbols.push(Symbol {
            id,
            name: attribute(node, "name").map(str::to_owned),
            role,
            constant,
            unit,
            unit_text: attribute(node, "units")
                .filter(|_| outermost)
                .map(str::to_owned),
            initial: None,
            rule: None,
            annotation: read_annotation(node),
            span: self.sbml(key.0).span(node),
        });
        self.symbols.insert(key, symbol);
        symbol
    }

    fn flat_name(&self, instance: usize, node: Node<'a, 'a>) -> Result<String, SbmlError> {
        self.required(instance, node, "id")?;
        Ok(self
            .all
            .flat_name(instance, node)
            .expect("an element with an id has a flat name"))
    }

    fn set_number(&mut self, symbol: SymbolId, value: Option<f64>, form: InitialForm) {
        if let Some(value) = value {
            self.model.symbols[symbol.0 as usize].initial = Some(Initial {
                expr: Expr::number(value),
                form,
            });
        }
    }

    fn declare(&mut self) -> Result<(), SbmlError> {
        for (instance, node) in self.elements("listOfCompartments", "compartment") {
            self.declare_compartment(instance, node)?;
        }
        for (instance, node) in self.elements("listOfParameters", "parameter") {
            let constant = self.flag(instance, node, "constant", true)?;
            let unit = attribute(node, "units").and_then(|u| find_unit(self.all, instance, u));
            let id = self.flat_name(instance, node)?;
            let symbol = self.add(
                (instance, node.id()),
                node,
                id,
                Role::Parameter,
                constant,
                unit,
            );
            let value = self.number(instance, node, "value")?;
            self.set_number(symbol, value, InitialForm::Value);
        }
        for (instance, node) in self.elements("listOfSpecies", "species") {
            self.declare_species(instance, node)?;
        }
        for (instance, node) in self.elements("listOfReactions", "reaction") {
            self.declare_reaction(instance, node)?;
        }
        let mut seen = HashSet::new();
        match self
            .model
            .symbols
            .iter()
            .find(|s| !seen.insert(s.id.as_str()))
        {
            Some(twice) => {
                let sbml = self.sbml(0);
                Err(sbml.malformed(
                    sbml.root(),
                    format!(
                        "the flattened model would hold two quantities called `{}`",
                        twice.id
                    ),
                ))
            }
            None => Ok(()),
        }
    }

    fn declare_compartment(
        &mut self,
        instance: usize,
        node: Node<'a, 'a>,
    ) -> Result<(), SbmlError> {
        // Level 2 grants three dimensions; Level 3 leaves units, and nothing else, undetermined without them.
        let dimensions = self
            .number(instance, node, "spatialDimensions")?
            .unwrap_or(3.0);
        let constant = self.flag(instance, node, "constant", true)?;
        let unit = match attribute(node, "units") {
            Some(name) => find_unit(self.all, instance, name),
            None if dimensions == 3.0 => self.model_unit(instance, "volumeUnits", "volume"),
            None if dimensions == 2.0 => self.model_unit(instance, "areaUnits", "area"),
            None if dimensions == 1.0 => self.model_unit(instance, "lengthUnits", "length"),
            None if dimensions == 0.0 => Some(Unit::DIMENSIONLESS),
            None => None,
        };
        let id = self.flat_name(instance, node)?;
        let symbol = self.add(
            (instance, node.id()),
            node,
            id,
            Role::Compartment { dimensions },
            constant,
            unit,
        );
        let size = self.number(instance, node, "size")?;
        self.set_number(symbol, size, InitialForm::Value);
        Ok(())
    }

    fn declare_species(&mut self, instance: usize, node: Node<'a, 'a>) -> Result<(), SbmlError> {
        let compartment = self.named(
            instance,
            node,
            self.required(instance, node, "compartment")?,
        )?;
        let (dimensions, size_unit) = match self.model.symbol(compartment) {
            Symbol {
                role: Role::Compartment { dimensions },
                unit,
                ..
            } => (*dimensions, *unit),
            _ => {
                return Err(self
                    .sbml(instance)
                    .malformed(node, "`compartment` names something that is none"));
            }
        };
        // A point has no size to divide by: its species are amounts (Level 2 Version 4, section 4.8.5; Level 3, section 4.6.5).
        let amount_only =
            self.flag(instance, node, "hasOnlySubstanceUnits", false)? || dimensions == 0.0;
        let boundary = self.flag(instance, node, "boundaryCondition", false)?;
        let constant = self.flag(instance, node, "constant", false)?;
        let factor = match attribute(node, "conversionFactor") {
            Some(name) => Some(self.named(instance, node, name)?),
            None => match attribute(self.all.instances[instance].model, "conversionFactor") {
                Some(name) => Some(self.named(instance, node, name)?),
                None => None,
            },
        };
        let substance = match attribute(node, "substanceUnits").or_else(|| attribute(node, "units"))
        {
            Some(name) => find_unit(self.all, instance, name),
            None => self.model_unit(instance, "substanceUnits", "substance"),
        };
        let unit = if amount_only {
            substance
        } else {
            substance.zip(size_unit).map(|(s, v)| s.over(&v))
        };
        let role = Role::Species(SpeciesInfo {
            compartment,
            amount_only,
            boundary,
            conversion_factor: factor,
        });
        let id = self.flat_name(instance, node)?;
        let symbol = self.add((instance, node.id()), node, id, role, constant, unit);
        let amount = self.number(instance, node, "initialAmount")?;
        let concentration = self.number(instance, node, "initialConcentration")?;
        if amount.is_some() && concentration.is_some() {
            return Err(self.sbml(instance).malformed(
                node,
                "both `initialAmount` and `initialConcentration` are given",
            ));
        }
        self.set_number(symbol, amount, InitialForm::Amount);
        self.set_number(symbol, concentration, InitialForm::Concentration);
        Ok(())
    }

    /// Declares the rate, the local parameters and the named stoichiometries of a reaction.
    fn declare_reaction(&mut self, instance: usize, node: Node<'a, 'a>) -> Result<(), SbmlError> {
        let key = (instance, node.id());
        let id = self.flat_name(instance, node)?;
        // Removed in Level 3 Version 2, where it can only be false.
        if matches!(attribute(node, "fast"), Some("true" | "1")) {
            return Err(self.sbml(instance).unsupported(node, "fast-reaction"));
        }
        let unit = self
            .model_unit(instance, "extentUnits", "substance")
            .zip(self.model_unit(instance, "timeUnits", "time"))
            .map(|(extent, time)| extent.over(&time));
        let index = self.model.reactions.len();
        let symbol = self.add(key, node, id.clone(), Role::Reaction(index), false, unit);
        self.model.reactions.push(Reaction {
            symbol,
            reactants: Vec::new(),
            products: Vec::new(),
            modifiers: Vec::new(),
            rate: None,
            reversible: self.flag(instance, node, "reversible", true)?,
            extent: ExtentOf::AmountPerTime,
            span: self.sbml(instance).span(node),
        });
        if let Some(law) = child(node, "kineticLaw").filter(|l| self.all.stands(instance, *l)) {
            let mut locals = HashMap::new();
            let here = items(law, "listOfLocalParameters", "localParameter")
                .chain(items(law, "listOfParameters", "parameter"))
                .collect::<Vec<_>>();
            for local in here {
                let name = self.required(instance, local, "id")?;
                if !self.all.stands(instance, local) {
                    if self.all.follow(instance, local).1 != local {
                        locals.insert(name.to_owned(), local);
                    }
                    continue;
                }
                let unit = attribute(local, "units").and_then(|u| find_unit(self.all, instance, u));
                let symbol = self.add(
                    (instance, local.id()),
                    local,
                    format!("{id}.{name}"),
                    Role::Parameter,
                    true,
                    unit,
                );
                let value = self.number(instance, local, "value")?;
                self.set_number(symbol, value, InitialForm::Value);
                locals.insert(name.to_owned(), local);
            }
            self.locals.insert(key, locals);
        }
        if self.sbml(instance).level == 3 {
            for reference in ["listOfReactants", "listOfProducts"]
                .into_iter()
                .flat_map(|l| items(node, l, "speciesReference"))
            {
                if attribute(reference, "id").is_some() && self.all.stands(instance, reference) {
                    let constant = self.flag(instance, reference, "constant", true)?;
                    let id = self.flat_name(instance, reference)?;
                    let unit = Some(Unit::DIMENSIONLESS);
                    let symbol = self.add(
                        (instance, reference.id()),
                        reference,
                        id,
                        Role::SpeciesReference,
                        constant,
                        unit,
                    );
                    let value = self.number(instance, reference, "stoichiometry")?;
                    self.set_number(symbol, value, InitialForm::Value);
                }
            }
        }
        Ok(())
    }

    /// The symbol an attribute of an element refers to.
    fn named(
        &self,
        instance: usize,
        node: Node<'a, 'a>,
        name: &str,
    ) -> Result<SymbolId, SbmlError> {
        let found = self
            .all
            .find(instance, name)
            .and_then(|(key, _, _)| self.symbols.get(&key));
        found.copied().ok_or_else(|| {
            self.sbml(instance)
                .malformed(node, format!("`{name}` is not declared"))
        })
    }

    fn dynamics(&mut self) -> Result<(), SbmlError> {
        let symbols = std::mem::take(&mut self.symbols);
        let maths = MathReader::new(self.all, &symbols);
        let outcome = self
            .initial_assignments(&maths)
            .and_then(|()| self.rules(&maths));
        let outcome = outcome
            .and_then(|()| self.reactions(&maths))
            .and_then(|()| self.events(&maths));
        self.symbols = symbols;
        outcome
    }

    fn initial_assignments(&mut self, maths: &MathReader<'_, 'a>) -> Result<(), SbmlError> {
        let mut seen = HashSet::new();
        for (instance, node) in self.elements("listOfInitialAssignments", "initialAssignment") {
            let (target, factors) =
                maths.target(instance, node, self.required(instance, node, "symbol")?)?;
            // Without mathematics it says nothing (Level 3 Version 2, section 4.8).
            let Some(expr) = maths.math_of(&Scope::of(instance), node)? else {
                continue;
            };
            if !seen.insert(target) {
                return Err(self
                    .sbml(instance)
                    .malformed(node, "a second initial assignment to the same quantity"));
            }
            let expr = multiply(maths, expr, factors);
            self.model.symbols[target.0 as usize].initial = Some(Initial {
                expr,
                form: InitialForm::Value,
            });
        }
        Ok(())
    }

    fn rules(&mut self, maths: &MathReader<'_, 'a>) -> Result<(), SbmlError> {
        for (instance, node) in self.elements("listOfRules", "algebraicRule") {
            if math(node).is_some() {
                return Err(self.sbml(instance).unsupported(node, "algebraic-rule"));
            }
        }
        for (kind, is_rate) in [("assignmentRule", false), ("rateRule", true)] {
            for (instance, node) in self.elements("listOfRules", kind) {
                let (target, factors) =
                    maths.target(instance, node, self.required(instance, node, "variable")?)?;
                let Some(expr) = maths.math_of(&Scope::of(instance), node)? else {
                    continue;
                };
                let mut expr = multiply(maths, expr, factors);
                if is_rate {
                    expr = maths.scale(expr, Op::Div, maths.time_factor(instance, node, 0)?);
                }
                let sbml = self.sbml(instance);
                let symbol = &mut self.model.symbols[target.0 as usize];
                if symbol.rule.is_some() {
                    return Err(sbml.malformed(node, format!("a second rule for `{}`", symbol.id)));
                }
                if matches!(symbol.role, Role::Reaction(_)) {
                    return Err(sbml.malformed(
                        node,
                        format!("a rule cannot set the rate of reaction `{}`", symbol.id),
                    ));
                }
                symbol.constant = false;
                symbol.rule = Some(if is_rate {
                    Rule::Rate(expr)
                } else {
                    Rule::Assignment(expr)
                });
            }
        }
        Ok(())
    }

    fn reactions(&mut self, maths: &MathReader<'_, 'a>) -> Result<(), SbmlError> {
        for (index, (instance, node)) in self
            .elements("listOfReactions", "reaction")
            .into_iter()
            .enumerate()
        {
            let reactants = self.participants(maths, instance, node, "listOfReactants")?;
            let products = self.participants(maths, instance, node, "listOfProducts")?;
            let mut modifiers = Vec::new();
            for reference in items(node, "listOfModifiers", "modifierSpeciesReference") {
                if self.all.stands(instance, reference) {
                    modifiers.push(
                        maths
                            .target(
                                instance,
                                reference,
                                self.required(instance, reference, "species")?,
                            )?
                            .0,
                    );
                }
            }
            let mut rate = None;
            if let Some(law) = child(node, "kineticLaw").filter(|l| self.all.stands(instance, *l)) {
                let scope = Scope {
                    locals: self.locals.get(&(instance, node.id())),
                    ..Scope::of(instance)
                };
                if let Some(expr) = maths.math_of(&scope, law)? {
                    let expr = maths.scale(expr, Op::Mul, maths.extent_factor(instance, node, 0)?);
                    rate = Some(maths.scale(expr, Op::Div, maths.time_factor(instance, node, 0)?));
                }
            }
            let reaction = &mut self.model.reactions[index];
            (
                reaction.reactants,
                reaction.products,
                reaction.modifiers,
                reaction.rate,
            ) = (reactants, products, modifiers, rate);
        }
        Ok(())
    }

    fn participants(
        &self,
        maths: &MathReader<'_, 'a>,
        instance: usize,
        reaction: Node<'a, 'a>,
        list: &'static str,
    ) -> Result<Vec<Participant>, SbmlError> {
        let sbml = self.sbml(instance);
        let mut found = Vec::new();
        for node in items(reaction, list, "speciesReference") {
            if attribute(node, "id").is_none() && !self.all.stands(instance, node) {
                continue;
            }
            let species = maths
                .target(instance, node, self.required(instance, node, "species")?)?
                .0;
            if !matches!(self.model.symbol(species).role, Role::Species(_)) {
                return Err(sbml.malformed(node, "`species` names something that is none"));
            }
            // A named stoichiometry may have been replaced: the name leads to what took its place.
            let named = attribute(node, "id").filter(|_| sbml.level == 3);
            let stoichiometry = if let Some(id) = named {
                match self.all.find(instance, id) {
                    Some((key, _, _)) if maths.symbols.contains_key(&key) => {
                        maths.value_of(instance, node, id, 0)?
                    }
                    _ => continue,
                }
            } else if let Some(holder) = child(node, "stoichiometryMath") {
                match maths.math_of(&Scope::of(instance), holder)? {
                    Some(expr) => expr,
                    None => return Err(sbml.malformed(holder, "<stoichiometryMath> is empty")),
                }
            } else {
                match self.number(instance, node, "stoichiometry")? {
                    Some(value) => Expr::number(value),
                    // The default that Level 2 grants.
                    None if sbml.level == 2 => Expr::number(1.0),
                    None => {
                        return Err(sbml.malformed(
                            node,
                            "a species reference without `stoichiometry` and without `id`",
                        ));
                    }
                }
            };
            found.push(Participant {
                species,
                stoichiometry,
                span: sbml.span(node),
            });
        }
        Ok(found)
    }

    fn events(&mut self, maths: &MathReader<'_, 'a>) -> Result<(), SbmlError> {
        for (instance, node) in self.elements("listOfEvents", "event") {
            let scope = Scope::of(instance);
            let part = |name: &str| child(node, name).filter(|n| self.all.stands(instance, *n));
            let Some(holder) = part("trigger") else {
                continue;
            };
            // Without a trigger's mathematics an event never fires (Level 3 Version 2, section 4.12.2).
            let Some(trigger) = maths.math_of(&scope, holder)? else {
                continue;
            };
            let mut delay = None;
            if let Some(expr) = part("delay")
                .map(|d| maths.math_of(&scope, d))
                .transpose()?
                .flatten()
            {
                delay = Some(maths.scale(expr, Op::Mul, maths.time_factor(instance, node, 0)?));
            }
            let priority = part("priority")
                .map(|p| maths.math_of(&scope, p))
                .transpose()?
                .flatten();
            let mut assignments: Vec<Assignment> = Vec::new();
            for set in items(node, "listOfEventAssignments", "eventAssignment")
                .filter(|n| self.all.stands(instance, *n))
            {
                let (target, factors) =
                    maths.target(instance, set, self.required(instance, set, "variable")?)?;
                let Some(value) = maths.math_of(&scope, set)? else {
                    continue;
                };
                let symbol = &self.model.symbols[target.0 as usize];
                if matches!(symbol.rule, Some(Rule::Assignment(_)))
                    || matches!(symbol.role, Role::Reaction(_))
                {
                    return Err(self.sbml(instance).malformed(
                        set,
                        format!("`{}` is given by a rule and cannot be set", symbol.id),
                    ));
                }
                if assignments.iter().any(|a| a.target == target) {
                    return Err(self
                        .sbml(instance)
                        .malformed(set, format!("`{}` is set twice by one event", symbol.id)));
                }
                assignments.push(Assignment {
                    target,
                    value: multiply(maths, value, factors),
                });
            }
            for set in &assignments {
                self.model.symbols[set.target.0 as usize].constant = false;
            }
            // Events may go unnamed.
            let id: String = self.all.flat_name(instance, node).into_iter().collect();
            self.model.events.push(Event {
                id,
                trigger,
                // Level 2 events do not fire at the start and persist (Level 3 Version 1, appendix on Level 2 equivalents).
                initial_value: self.flag(instance, holder, "initialValue", true)?,
                persistent: self.flag(instance, holder, "persistent", true)?,
                delay,
                priority,
                values_from_trigger_time: self.flag(
                    instance,
                    node,
                    "useValuesFromTriggerTime",
                    true,
                )?,
                assignments,
                span: self.sbml(instance).span(node),
            });
        }
        Ok(())
    }
}

fn multiply(maths: &MathReader<'_, '_>, expr: Expr, factors: Vec<Expr>) -> Expr {
    factors
        .into_iter()
        .fold(expr, |e, f| maths.scale(e, Op::Mul, Some(f)))
}

//! From a draft to the model: symbols that became one get one number, deleted ones go, defaults of the language are written in.

use osteon_model::{
    Diagnostic, Event, Expr, ExprKind, ExtentOf, Initial, InitialForm, Model, Participant, Range,
    Reaction, Role, Rule, Span, SpeciesInfo, Symbol, SymbolId, Unit,
};

use crate::draft::{Draft, DraftParticipant, Var, VarKind};
use crate::expand::hole;
use crate::ids;
use crate::suggest::nearest;

/// Name of the compartment of species that are put nowhere, as in libAntimony: of size 1, constant.
pub(crate) const DEFAULT_COMPARTMENT: &str = "default_compartment";

/// Makes the model. Faults go to the draft's diagnostics; the model is whole in any case.
pub(crate) fn lower(mut draft: Draft, diagnostics: &mut Vec<Diagnostic>) -> Model {
    add_default_compartment(&mut draft);
    let mut lowering = Lowering {
        numbers: vec![None; draft.vars.len()],
        draft,
        out: Model::default(),
    };
    lowering.number();
    lowering.report_unknown_names();
    lowering.model_wide_units();
    lowering.symbols();
    lowering.reactions();
    lowering.events();
    lowering.coefficients();
    diagnostics.append(&mut lowering.draft.diagnostics);
    lowering.out
}

/// The clause: a species without compartment lies in `default_compartment`, of size 1.
fn add_default_compartment(draft: &mut Draft) {
    let roots: Vec<SymbolId> = (0..draft.vars.len() as u32)
        .map(SymbolId)
        .filter(|v| draft.root(*v) == *v)
        .collect();
    for id in roots {
        let var = draft.var(id);
        if var.kind == VarKind::Species && var.compartment.is_none() && var.deleted.is_none() {
            let new = draft.find(DEFAULT_COMPARTMENT).is_none();
            let default = draft.find_or_add(DEFAULT_COMPARTMENT, Span::NONE);
            draft.set_kind(default, VarKind::Compartment, Span::NONE);
            if new {
                draft.var_mut(default).initial = Some(Expr::number(1.0));
                draft.var_mut(default).constness = Some(true);
            }
            draft.var_mut(id).compartment = Some(default);
        }
    }
}

struct Lowering {
    draft: Draft,
    /// Number in the model of each variable of the draft.
    numbers: Vec<Option<SymbolId>>,
    out: Model,
}

impl Lowering {
    fn is_quantity(var: &Var) -> bool {
        var.deleted.is_none() && !matches!(var.kind, VarKind::Event | VarKind::Instance)
    }

    fn roots(&self) -> Vec<SymbolId> {
        (0..self.draft.vars.len() as u32)
            .map(SymbolId)
            .filter(|v| self.draft.root(*v) == *v)
            .collect()
    }

    fn number(&mut self) {
        let mut next = 0;
        for id in self.roots() {
            if Self::is_quantity(self.draft.var(id)) {
                self.numbers[id.0 as usize] = Some(SymbolId(next));
                next += 1;
            }
        }
        for i in 0..self.numbers.len() {
            let root = self.draft.root(SymbolId(i as u32));
            self.numbers[i] = self.numbers[root.0 as usize];
        }
    }

    fn report_unknown_names(&mut self) {
        let mut found = Vec::new();
        for id in self.roots() {
            let var = self.draft.var(id);
            if var.declared || var.deleted.is_some() {
                continue;
            }
            let (prefix, last) = match var.id.rfind('.') {
                Some(at) => (&var.id[..=at], &var.id[at + 1..]),
                None => ("", var.id.as_str()),
            };
            let known = self
                .draft
                .names()
                .filter_map(|n| n.strip_prefix(prefix))
                .filter(|n| !n.contains('.'));
            let mut diagnostic = Diagnostic::error(
                ids::UNKNOWN_NAME,
                format!("`{last}` is not defined"),
                var.span,
            );
            diagnostic.help = Some(match nearest(last, known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!(
                    "give it a value or a rule, or add it to the interface of the model: `{last} = …`"
                ),
            });
            found.push(diagnostic);
        }
        self.draft.diagnostics.extend(found);
    }

    fn model_wide_units(&mut self) {
        let model = std::mem::take(&mut self.draft.model);
        let units = std::mem::take(&mut self.draft.unit_definitions);
        let find = |name: &str| units.get(name).copied();
        self.out = Model {
            time_unit: find("time_unit"),
            substance_unit: find("substance"),
            extent_unit: find("extent").or_else(|| find("substance")),
            volume_unit: find("volume"),
            unit_definitions: units,
            ..model
        };
    }

    fn symbols(&mut self) {
        let changed = self.changed_by_events();
        for id in self.roots() {
            if self.numbers[id.0 as usize].is_none() {
                continue;
            }
            let var = self.draft.var(id).clone();
            let role = match var.kind {
                VarKind::Compartment => Role::Compartment { dimensions: 3.0 },
                VarKind::Species => self.species(&var),
                // The index is set when reactions are made.
                VarKind::Reaction => Role::Reaction(usize::MAX),
                VarKind::Open | VarKind::Event | VarKind::Instance => Role::Parameter,
            };
            let rule = match &var.rule {
                Some(Rule::Assignment(e)) => Some(Rule::Assignment(self.sound(e))),
                Some(Rule::Rate(e)) => Some(Rule::Rate(self.sound(e))),
                None => None,
            };
            let event = changed.iter().find(|(root, _)| *root == id);
            let varies = rule.is_some() || event.is_some();
            if var.constness == Some(true) && varies && var.kind != VarKind::Species {
                self.constant_changed(&var, event.map(|(_, span)| *span));
            }
            let constant = match var.kind {
                VarKind::Species | VarKind::Reaction => false,
                _ => var.constness != Some(false) && !varies,
            };
            let initial = var
                .initial
                .as_ref()
                .map(|e| self.sound(e))
                .map(|expr| Initial {
                    form: form(&var, &expr),
                    expr,
                });
            let mut annotation = var.annotation.clone();
            if annotation.range.is_none() {
                let bound = |key: &str| {
                    annotation
                        .uncertainty
                        .iter()
                        .find(|(k, _)| k == key)
                        .map(|(_, v)| *v)
                };
                if let (Some(lower), Some(upper)) = (
                    bound("confidenceInterval.lower"),
                    bound("confidenceInterval.upper"),
                ) {
                    annotation.range = Some(Range { lower, upper });
                }
            }
            self.out.symbols.push(Symbol {
                id: var.id.clone(),
                name: var.name.clone(),
                role,
                constant,
                unit: var.unit.as_ref().map(|u| u.unit),
                unit_text: var.unit.as_ref().map(|u| u.text.clone()),
                initial,
                rule,
                annotation,
                span: var.span,
            });
        }
    }

    fn constant_changed(&mut self, var: &Var, by_event: Option<Span>) {
        let what = if by_event.is_some() {
            "an event sets it"
        } else {
            "it has a rule"
        };
        self.draft.diagnostics.push(
            Diagnostic::error(
                ids::CONSTANT_CHANGED,
                format!("`{}` is declared `const`, and {what}", var.id),
                var.span,
            )
            .label(by_event.unwrap_or(Span::NONE), "set here")
            .help("write `var` in place of `const`, or remove what changes it"),
        );
    }

    fn changed_by_events(&self) -> Vec<(SymbolId, Span)> {
        let living = |v: SymbolId| self.draft.var(v).deleted.is_none();
        let events = self.draft.events.iter().filter(|e| living(e.var));
        events
            .flat_map(|e| {
                e.event
                    .assignments
                    .iter()
                    .map(|a| (self.draft.root(a.target), e.event.span))
            })
            .collect()
    }

    fn species(&mut self, var: &Var) -> Role {
        let compartment = var
            .compartment
            .and_then(|c| self.symbol(c, var.span))
            .unwrap_or(SymbolId(0));
        Role::Species(SpeciesInfo {
            compartment,
            amount_only: var.amount_only,
            boundary: var.boundary,
            conversion_factor: None,
        })
    }

    /// The number of a symbol that is used; a fault where it was deleted or is no quantity.
    fn symbol(&mut self, id: SymbolId, at: Span) -> Option<SymbolId> {
        if let Some(number) = self.numbers[id.0 as usize] {
            return Some(number);
        }
        let var = self.draft.var(id);
        let diagnostic = match var.deleted {
            Some(deleted) => Diagnostic::error(
                ids::DELETED_IN_USE,
                format!("`{}` is deleted and still used", var.id),
                at,
            )
            .label(deleted, "deleted here")
            .help("delete also what uses it, or set it to a value in place of deleting it"),
            None => Diagnostic::error(
                ids::KIND_MISMATCH,
                format!("`{}` is an {} and has no value", var.id, var.kind.words()),
                at,
            ),
        };
        if !self.draft.diagnostics.contains(&diagnostic) {
            self.draft.diagnostics.push(diagnostic);
        }
        None
    }

    fn expr(&mut self, expr: &Expr) -> Option<Expr> {
        let kind = match &expr.kind {
            ExprKind::Symbol(id) => ExprKind::Symbol(self.symbol(*id, expr.span)?),
            ExprKind::RateOf(id) => ExprKind::RateOf(self.symbol(*id, expr.span)?),
            ExprKind::Apply(op, args) => {
                let args: Vec<Option<Expr>> = args.iter().map(|a| self.expr(a)).collect();
                ExprKind::Apply(*op, args.into_iter().collect::<Option<Vec<_>>>()?)
            }
            ExprKind::Piecewise(pieces, otherwise) => {
                let pieces: Vec<Option<(Expr, Expr)>> = pieces
                    .iter()
                    .map(|(v, c)| self.expr(v).zip(self.expr(c)))
                    .collect();
                let otherwise = match otherwise {
                    Some(e) => Some(Box::new(self.expr(e)?)),
                    None => None,
                };
                ExprKind::Piecewise(pieces.into_iter().collect::<Option<Vec<_>>>()?, otherwise)
            }
            kind => kind.clone(),
        };
        Some(Expr::new(kind, expr.span))
    }

    /// The expression, or a hole where it is at fault.
    fn sound(&mut self, expr: &Expr) -> Expr {
        self.expr(expr).unwrap_or_else(|| hole(expr.span))
    }

    fn participants(&mut self, list: &[DraftParticipant]) -> Vec<Participant> {
        list.iter()
            .filter_map(|p| {
                let species = self.symbol(p.species, p.span)?;
                Some(Participant {
                    species,
                    stoichiometry: self.expr(&p.stoichiometry)?,
                    span: p.span,
                })
            })
            .collect()
    }

    fn reactions(&mut self) {
        for reaction in std::mem::take(&mut self.draft.reactions) {
            if self.draft.var(reaction.var).deleted.is_some() {
                continue;
            }
            let Some(symbol) = self.symbol(reaction.var, reaction.span) else {
                continue;
            };
            let (reactants, products) = (
                self.participants(&reaction.reactants),
                self.participants(&reaction.products),
            );
            let rate = reaction.rate.as_ref().map(|r| self.sound(r));
            let takes_part =
                |s: &SymbolId| reactants.iter().chain(&products).any(|p| p.species == *s);
            let mut modifiers: Vec<SymbolId> = reaction
                .modifiers
                .iter()
                .filter_map(|m| self.numbers[m.0 as usize])
                .collect();
            for read in rate.iter().flat_map(Expr::symbols) {
                if matches!(self.out.symbol(read).role, Role::Species(_))
                    && !takes_part(&read)
                    && !modifiers.contains(&read)
                {
                    modifiers.push(read);
                }
            }
            self.out.symbols[symbol.0 as usize].role = Role::Reaction(self.out.reactions.len());
            self.out.reactions.push(Reaction {
                symbol,
                reactants,
                products,
                modifiers,
                rate,
                reversible: reaction.reversible,
                extent: ExtentOf::AmountPerTime,
                span: reaction.span,
            });
        }
        // `reaction J` alone, or a reaction whose own text is at fault: nothing stands behind the name.
        for symbol in &mut self.out.symbols {
            if symbol.role == Role::Reaction(usize::MAX) {
                symbol.role = Role::Parameter;
            }
        }
    }

    fn events(&mut self) {
        for draft in std::mem::take(&mut self.draft.events) {
            let var = self.draft.var(draft.var);
            if var.deleted.is_some() {
                continue;
            }
            let id = var.id.clone();
            let event = draft.event;
            let Some(trigger) = self.expr(&event.trigger) else {
                continue;
            };
            let assignments = event
                .assignments
                .iter()
                .filter_map(|a| {
                    let target = self.symbol(a.target, a.value.span)?;
                    Some(osteon_model::Assignment {
                        target,
                        value: self.expr(&a.value)?,
                    })
                })
                .collect();
            let (delay, priority) = (
                event.delay.as_ref().and_then(|d| self.expr(d)),
                event.priority.as_ref().and_then(|p| self.expr(p)),
            );
            self.out.events.push(Event {
                id,
                trigger,
                delay,
                priority,
                assignments,
                ..event
            });
        }
    }

    /// A parameter that is the coefficient of exactly one participant is the stoichiometry itself, as in SBML.
    fn coefficients(&mut self) {
        let mut uses = vec![0_usize; self.out.symbols.len()];
        for reaction in &self.out.reactions {
            for participant in reaction.reactants.iter().chain(&reaction.products) {
                if let ExprKind::Symbol(id) = participant.stoichiometry.kind {
                    uses[id.0 as usize] += 1;
                }
            }
        }
        for (symbol, uses) in self.out.symbols.iter_mut().zip(uses) {
            if uses == 1 && symbol.role == Role::Parameter {
                symbol.role = Role::SpeciesReference;
            }
        }
        derive_units(&mut self.out);
    }
}

fn form(var: &Var, expr: &Expr) -> InitialForm {
    match (var.kind, &expr.kind) {
        (VarKind::Species, ExprKind::Number(..)) if var.amount_only => InitialForm::Amount,
        (VarKind::Species, ExprKind::Number(..)) => InitialForm::Concentration,
        _ => InitialForm::Value,
    }
}

/// Units that follow from the model-wide ones, where nothing was said of the symbol itself.
fn derive_units(model: &mut Model) {
    let derived: Vec<Option<Unit>> = model
        .symbols
        .iter()
        .map(|s| derived_unit(model, s))
        .collect();
    for (symbol, unit) in model.symbols.iter_mut().zip(derived) {
        symbol.unit = symbol.unit.or(unit);
    }
}

/// The unit that the model-wide units give a symbol of its kind: amount, amount in a volume, volume, extent in a time.
pub(crate) fn derived_unit(model: &Model, symbol: &Symbol) -> Option<Unit> {
    match &symbol.role {
        Role::Compartment { .. } if symbol.id != DEFAULT_COMPARTMENT => model.volume_unit,
        Role::Species(info) if info.amount_only => model.substance_unit,
        Role::Species(info) => {
            let volume = model.symbol(info.compartment).unit.or(model.volume_unit);
            model.substance_unit.zip(volume).map(|(n, v)| n.over(&v))
        }
        Role::Reaction(index) => {
            // A rate moves amounts of its participants; where none says a unit, the model-wide extent does.
            let reaction = model.reactions.get(*index)?;
            let mut amounts = reaction
                .reactants
                .iter()
                .chain(&reaction.products)
                .filter_map(|p| amount_unit(model, p.species));
            amounts
                .next()
                .or(model.extent_unit)
                .zip(model.time_unit)
                .map(|(n, t)| n.over(&t))
        }
        _ => None,
    }
}

/// Unit of the amount of a species: that of its symbol, times that of its compartment if the symbol is a concentration.
pub(crate) fn amount_unit(model: &Model, species: SymbolId) -> Option<Unit> {
    let symbol = model.symbol(species);
    match &symbol.role {
        Role::Species(info) if info.amount_only => symbol.unit.or(model.substance_unit),
        Role::Species(info) => match symbol.unit {
            Some(unit) => model
                .symbol(info.compartment)
                .unit
                .or(model.volume_unit)
                .map(|v| unit.times(&v)),
            None => model.substance_unit,
        },
        _ => None,
    }
}

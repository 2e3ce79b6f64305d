//! What every symbol is to the program: a state, a held value, or computed.
//!
//! Species are carried as amounts, whatever their symbol means, so that matter is what moves and a changing compartment dilutes. The one
//! exception: a species whose *concentration* has a rate rule inside a compartment whose size is itself computed by a rule is carried as
//! concentration, because its amount would need the derivative of that rule.

use osteon_model::{Expr, InitialForm, Model, Role, Rule, SpeciesInfo, SymbolId};

/// How a symbol gets its value during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Integrated; index of the state.
    State(usize),
    /// Constant between stops; index of the held row.
    Held(usize),
    /// Assignment rule.
    Assigned,
    /// Rate of a reaction.
    Rate(usize),
}

/// One participation of a species in a reaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub reaction: usize,
    /// Index into products, or into reactants.
    pub participant: usize,
    pub gains: bool,
}

impl Change {
    pub fn stoichiometry<'m>(&self, model: &'m Model) -> &'m Expr {
        let reaction = &model.reactions[self.reaction];
        let side = if self.gains {
            &reaction.products
        } else {
            &reaction.reactants
        };
        &side[self.participant].stoichiometry
    }
}

/// Kinds of all symbols.
#[derive(Debug)]
pub(crate) struct Quantities {
    kinds: Vec<Kind>,
    /// `Some(compartment)`: the symbol is a concentration and what is stored an amount.
    sizes: Vec<Option<SymbolId>>,
    /// Species stored as concentrations.
    as_concentration: Vec<bool>,
    changes: Vec<Vec<Change>>,
    pub states: Vec<SymbolId>,
    pub held: Vec<SymbolId>,
}

/// The species part of a symbol.
pub(crate) fn species(model: &Model, id: SymbolId) -> Option<&SpeciesInfo> {
    match &model.symbol(id).role {
        Role::Species(info) => Some(info),
        _ => None,
    }
}

/// True if the symbol's value is amount / size. In a compartment of no dimensions only amounts exist.
pub(crate) fn means_concentration(model: &Model, id: SymbolId) -> bool {
    species(model, id).is_some_and(|info| {
        let flat = matches!(model.symbol(info.compartment).role, Role::Compartment { dimensions } if dimensions == 0.0);
        !info.amount_only && !flat
    })
}

impl Quantities {
    pub fn of(model: &Model) -> Quantities {
        let n = model.symbols.len();
        let mut changes: Vec<Vec<Change>> = vec![Vec::new(); n];
        for (reaction, r) in model.reactions.iter().enumerate() {
            for (gains, side) in [(false, &r.reactants), (true, &r.products)] {
                for (participant, p) in side.iter().enumerate() {
                    let symbol = model.symbol(p.species);
                    let free = species(model, p.species).is_some_and(|info| !info.boundary);
                    if free && !symbol.constant && symbol.rule.is_none() {
                        changes[p.species.0 as usize].push(Change {
                            reaction,
                            participant,
                            gains,
                        });
                    }
                }
            }
        }
        let mut q = Quantities {
            kinds: Vec::with_capacity(n),
            sizes: vec![None; n],
            as_concentration: vec![false; n],
            changes,
            states: Vec::new(),
            held: Vec::new(),
        };
        for id in model.ids() {
            let symbol = model.symbol(id);
            let kind = match (&symbol.role, &symbol.rule) {
                (Role::Reaction(i), _) => Kind::Rate(*i),
                (_, Some(Rule::Assignment(_))) => Kind::Assigned,
                (_, Some(Rule::Rate(_))) => q.state(id),
                _ if !q.changes[id.0 as usize].is_empty() => q.state(id),
                _ => {
                    q.held.push(id);
                    Kind::Held(q.held.len() - 1)
                }
            };
            q.kinds.push(kind);
            if means_concentration(model, id) && matches!(kind, Kind::State(_) | Kind::Held(_)) {
                let compartment = species(model, id).map(|info| info.compartment);
                let moving_size = compartment
                    .is_some_and(|c| matches!(model.symbol(c).rule, Some(Rule::Assignment(_))));
                if matches!(symbol.rule, Some(Rule::Rate(_))) && moving_size {
                    q.as_concentration[id.0 as usize] = true;
                } else {
                    q.sizes[id.0 as usize] = compartment;
                }
            }
        }
        q
    }

    fn state(&mut self, id: SymbolId) -> Kind {
        self.states.push(id);
        Kind::State(self.states.len() - 1)
    }

    pub fn kind(&self, id: SymbolId) -> Kind {
        self.kinds[id.0 as usize]
    }

    /// The compartment by whose size what is stored must be divided to give the symbol's value.
    pub fn size(&self, id: SymbolId) -> Option<SymbolId> {
        self.sizes[id.0 as usize]
    }

    /// The compartment whose size the start value needs, given the form it is written in.
    pub fn start_size(&self, model: &Model, id: SymbolId) -> Option<SymbolId> {
        let info = species(model, id)?;
        let form = model
            .symbol(id)
            .initial
            .as_ref()
            .map_or(InitialForm::Value, |i| i.form);
        let given_as_concentration = match form {
            InitialForm::Value => means_concentration(model, id),
            InitialForm::Amount => false,
            InitialForm::Concentration => true,
        };
        let wanted = means_concentration(model, id) || given_as_concentration;
        wanted.then_some(info.compartment)
    }

    /// True if the species is stored as concentration.
    pub fn stored_as_concentration(&self, id: SymbolId) -> bool {
        self.as_concentration[id.0 as usize]
    }

    /// Reactions that change a species.
    pub fn changes(&self, id: SymbolId) -> &[Change] {
        &self.changes[id.0 as usize]
    }

    /// Factor from extent to amount, if the species has one and reactions change it.
    pub fn conversion_factor(&self, model: &Model, id: SymbolId) -> Option<SymbolId> {
        if self.changes(id).is_empty() {
            return None;
        }
        species(model, id)?.conversion_factor
    }
}

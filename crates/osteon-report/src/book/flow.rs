//! What reads what: between symbols, and from that between mechanisms. A state is read through the flows that change it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use osteon_model::{Expr, Model, Role, Rule, SymbolId};

use super::mechanisms::Mechanisms;

/// The graph of a model.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// What a symbol is computed from at the same moment.
    reads: Vec<Vec<SymbolId>>,
    /// What changes a state: its flows and its rate rule.
    changed_by: Vec<Vec<SymbolId>>,
    /// Symbols that read a symbol, either way.
    read_by: Vec<Vec<SymbolId>>,
    /// From one mechanism to another: the symbols of the first that the second reads.
    between: BTreeMap<(usize, usize), Vec<SymbolId>>,
}

impl Flow {
    pub(crate) fn of(model: &Model, mechanisms: &Mechanisms) -> Flow {
        let n = model.symbols.len();
        let (mut reads, mut changed_by) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        for id in model.ids() {
            let symbol = model.symbol(id);
            let own = &mut reads[id.0 as usize];
            if let Some(Rule::Assignment(expr)) = &symbol.rule {
                *own = distinct(expr);
            } else if let Role::Reaction(i) = symbol.role {
                *own = model.reactions[i]
                    .rate
                    .as_ref()
                    .map_or_else(Vec::new, distinct);
            } else if let Some(initial) = &symbol.initial {
                *own = distinct(&initial.expr);
            }
            if let Some(Rule::Rate(expr)) = &symbol.rule {
                changed_by[id.0 as usize].extend(distinct(expr));
            }
        }
        for reaction in &model.reactions {
            for part in reaction.reactants.iter().chain(&reaction.products) {
                let list: &mut Vec<SymbolId> = &mut changed_by[part.species.0 as usize];
                if !list.contains(&reaction.symbol) {
                    list.push(reaction.symbol);
                }
            }
        }
        let mut read_by: Vec<Vec<SymbolId>> = vec![Vec::new(); n];
        let mut between: BTreeMap<(usize, usize), BTreeSet<SymbolId>> = BTreeMap::new();
        for id in model.ids() {
            let to = mechanisms.owner(id);
            for read in reads[id.0 as usize]
                .iter()
                .chain(&changed_by[id.0 as usize])
            {
                if !read_by[read.0 as usize].contains(&id) {
                    read_by[read.0 as usize].push(id);
                }
                let from = mechanisms.owner(*read);
                if from != to {
                    between.entry((from, to)).or_default().insert(*read);
                }
            }
        }
        Flow {
            reads,
            changed_by,
            read_by,
            between: between
                .into_iter()
                .map(|(k, v)| (k, v.into_iter().collect()))
                .collect(),
        }
    }

    /// What a symbol is computed from at the same moment.
    pub(super) fn reads(&self, id: SymbolId) -> &[SymbolId] {
        &self.reads[id.0 as usize]
    }

    /// Who reads a symbol.
    pub(super) fn read_by(&self, id: SymbolId) -> &[SymbolId] {
        &self.read_by[id.0 as usize]
    }

    /// The symbols by which one mechanism feeds another.
    pub(super) fn signals(&self, from: usize, to: usize) -> &[SymbolId] {
        self.between.get(&(from, to)).map_or(&[], Vec::as_slice)
    }

    /// All pairs of mechanisms of which the first feeds the second, with what it feeds.
    pub(super) fn edges(&self) -> impl Iterator<Item = (usize, usize, &[SymbolId])> {
        self.between
            .iter()
            .map(|((a, b), s)| (*a, *b, s.as_slice()))
    }

    /// How many states lie between a symbol and each of the others; `None` for those that it does not hang on.
    fn far(&self, of: SymbolId) -> Vec<Option<usize>> {
        let mut far: Vec<Option<usize>> = vec![None; self.reads.len()];
        let mut queue = VecDeque::from([(of, 0)]);
        while let Some((id, distance)) = queue.pop_front() {
            if far[id.0 as usize].is_some() {
                continue;
            }
            far[id.0 as usize] = Some(distance);
            for next in &self.reads[id.0 as usize] {
                queue.push_front((*next, distance));
            }
            for next in &self.changed_by[id.0 as usize] {
                queue.push_back((*next, distance + 1));
            }
        }
        far
    }

    /// The symbols that a symbol hangs on with at most so many states between.
    pub(crate) fn near(&self, of: SymbolId, most: usize) -> Vec<SymbolId> {
        let far = self.far(of);
        (0..far.len())
            .filter(|i| far[*i].is_some_and(|d| d <= most))
            .map(|i| SymbolId(i as u32))
            .collect()
    }

    /// For every mechanism, how many states lie between it and a symbol: 0 if the symbol is computed from it at the same moment,
    /// 1 if it is through what changes one state, and so on; `None` if it cannot be reached.
    pub(super) fn distances(&self, of: SymbolId, mechanisms: &Mechanisms) -> Vec<Option<usize>> {
        let far = self.far(of);
        let mut nearest = vec![None; mechanisms.list.len()];
        for (number, distance) in far.iter().enumerate() {
            let Some(distance) = distance else { continue };
            let place: &mut Option<usize> = &mut nearest[mechanisms.owner(SymbolId(number as u32))];
            *place = Some(place.map_or(*distance, |p: usize| p.min(*distance)));
        }
        nearest
    }
}

fn distinct(expr: &Expr) -> Vec<SymbolId> {
    let mut seen = Vec::new();
    for id in expr.symbols() {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}

//! Which symbols of a model a wanted quantity can depend on, given what nothing moves in a run: read from the equations alone.
//!
//! Numbers that nothing varies are folded into the equations. A product with 0, a power of 1, a branch whose condition is decided and a
//! state that starts at 0 and has no rate (a drug that is not given) fall out, and with them the parameters that only they read.
//! The answer errs on one side: what is named may turn out not to matter, what is not named cannot matter.

use std::collections::{BTreeMap, BTreeSet};

use osteon_model::{Expr, ExprKind, Model, Op, Role, Rule, SymbolId};
use osteon_sim::{Body, Diagnostics, Scenario, schedule};

use crate::uncertainty::Uncertain;

/// Names of the parameters among `parameters` that the quantities of an arm, or the rules that change its doses, can depend on.
///
/// # Errors
/// When the arm cannot be set up.
pub(crate) fn parameters_behind(
    body: &Body,
    scenario: &Scenario,
    arm: usize,
    quantities: &[String],
    parameters: &[Uncertain],
) -> Result<BTreeSet<String>, Diagnostics> {
    let model = &*body.model;
    let index: BTreeMap<&str, SymbolId> = model
        .ids()
        .map(|id| (model.symbol(id).id.as_str(), id))
        .collect();
    let find = |name: &str| index.get(name).copied();
    let mut given = Given::default();
    given
        .varied
        .extend(parameters.iter().filter_map(|p| find(&p.name)));
    let positive = parameters.iter().filter(|p| p.range.0 > 0.0);
    given
        .positive
        .extend(positive.filter_map(|p| find(&p.name)));
    for line in schedule(body, scenario, arm)? {
        let Some(target) = find(&line.target) else {
            continue;
        };
        if line.what == "start" {
            given.start.insert(target, line.value);
        } else {
            given.moved.insert(target);
        }
    }
    let arm = &scenario.arms[arm];
    if !arm.interventions.is_empty() || !arm.titrations.is_empty() {
        // What rules and tables of events may begin on the way is not in the schedule: anything open to the outside may move.
        let open = |id: &SymbolId| model.symbol(*id).annotation.field("role").is_some();
        given.moved.extend(model.ids().filter(open));
    }
    for (parameter, of) in &body.held {
        let (Some(parameter), Some(of)) = (
            find(body.program.name(*parameter)),
            find(body.program.name(*of)),
        ) else {
            continue;
        };
        given.held.insert(parameter, of);
    }
    let symbol_of = |name: &String| {
        let symbol = body.library.quantity(name).map_or(name, |q| &q.symbol);
        find(symbol)
    };
    let asked = arm.titrations.iter().map(|t| &t.symbol);
    let wanted: Vec<SymbolId> = quantities
        .iter()
        .filter_map(symbol_of)
        .chain(asked.filter_map(|s| find(s)))
        .collect();
    let reached = behind(model, &given, &wanted);
    Ok(parameters
        .iter()
        .filter(|p| find(&p.name).is_some_and(|id| reached[id.0 as usize]))
        .map(|p| p.name.clone())
        .collect())
}

/// What is known of a run besides the model.
#[derive(Debug, Default)]
struct Given {
    /// Parameters that are varied: never folded.
    varied: BTreeSet<SymbolId>,
    /// Of these, those whose range is positive.
    positive: BTreeSet<SymbolId>,
    /// Symbols that something changes on the way.
    moved: BTreeSet<SymbolId>,
    /// Start values other than the model's own.
    start: BTreeMap<SymbolId, f64>,
    /// Parameters that take over the value of a symbol where the scenario begins.
    held: BTreeMap<SymbolId, SymbolId>,
}

/// For each symbol whether the wanted ones can depend on it.
fn behind(model: &Model, given: &Given, wanted: &[SymbolId]) -> Vec<bool> {
    let folding = Folding::new(model, given);
    let mut reached = vec![false; model.symbols.len()];
    let mut open: Vec<SymbolId> = wanted.to_vec();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut reached[id.0 as usize], true) {
            folding.reads(id, &mut open);
        }
    }
    reached
}

/// The model with everything folded that nothing varies.
struct Folding<'m> {
    model: &'m Model,
    given: &'m Given,
    /// For each symbol the reactions in which it takes part.
    reactions_of: Vec<Vec<usize>>,
    /// Targets of events.
    set_by_events: BTreeSet<SymbolId>,
    /// What every symbol is throughout the run; `None` where it is not one number that is known.
    known: Vec<Option<f64>>,
}

impl<'m> Folding<'m> {
    fn new(model: &'m Model, given: &'m Given) -> Self {
        let n = model.symbols.len();
        let mut reactions_of = vec![Vec::new(); n];
        for (number, reaction) in model.reactions.iter().enumerate() {
            for part in reaction.reactants.iter().chain(&reaction.products) {
                reactions_of[part.species.0 as usize].push(number);
            }
        }
        let targets = model.events.iter().flat_map(|e| &e.assignments);
        let mut folding = Folding {
            model,
            given,
            reactions_of,
            set_by_events: targets.map(|a| a.target).collect(),
            known: vec![None; n],
        };
        // States that may stand still: all at first; those with a rate drop out until none does.
        let mut still: Vec<bool> = model.ids().map(|id| folding.may_stand(id)).collect();
        loop {
            folding.fold(&still);
            let falls = |id: &SymbolId| still[id.0 as usize] && !folding.stands(*id);
            let fallen: Vec<SymbolId> = model.ids().filter(falls).collect();
            if fallen.is_empty() {
                return folding;
            }
            for id in fallen {
                still[id.0 as usize] = false;
            }
        }
    }

    fn is_state(&self, id: SymbolId) -> bool {
        let symbol = self.model.symbol(id);
        match (&symbol.role, &symbol.rule) {
            (_, Some(Rule::Rate(_))) => true,
            (_, Some(Rule::Assignment(_))) | (Role::Reaction(_), None) => false,
            (Role::Species(info), None) => {
                !info.boundary && !self.reactions_of[id.0 as usize].is_empty()
            }
            (_, None) => false,
        }
    }

    fn may_stand(&self, id: SymbolId) -> bool {
        let touched = self.given.moved.contains(&id)
            || self.given.varied.contains(&id)
            || self.given.held.contains_key(&id)
            || self.set_by_events.contains(&id);
        self.is_state(id) && !touched
    }

    /// True if nothing changes a state under the present folding.
    fn stands(&self, id: SymbolId) -> bool {
        if let Some(Rule::Rate(rate)) = &self.model.symbol(id).rule {
            return self.value(rate) == Some(0.0);
        }
        let mut rates = self.reactions_of[id.0 as usize]
            .iter()
            .map(|r| self.model.reactions[*r].symbol);
        rates.all(|r| self.known[r.0 as usize] == Some(0.0))
    }

    /// Works out every symbol, repeatedly until nothing new is known: rules may stand in any order.
    fn fold(&mut self, still: &[bool]) {
        self.known = vec![None; self.model.symbols.len()];
        loop {
            let mut news = false;
            for id in self.model.ids() {
                if self.known[id.0 as usize].is_some() {
                    continue;
                }
                if let Some(value) = self.symbol(id, still[id.0 as usize]) {
                    self.known[id.0 as usize] = Some(value);
                    news = true;
                }
            }
            if !news {
                return;
            }
        }
    }

    fn symbol(&self, id: SymbolId, still: bool) -> Option<f64> {
        let given = self.given;
        if given.varied.contains(&id) || given.moved.contains(&id) || given.held.contains_key(&id) {
            return None;
        }
        let symbol = self.model.symbol(id);
        if let Some(Rule::Assignment(expr)) = &symbol.rule {
            return self.value(expr);
        }
        if let Role::Reaction(number) = symbol.role {
            return self.value(self.model.reactions[number].rate.as_ref()?);
        }
        if self.set_by_events.contains(&id) || (self.is_state(id) && !still) {
            return None;
        }
        let start = match given.start.get(&id) {
            Some(value) => Some(*value),
            None => self.value(&symbol.initial.as_ref()?.expr),
        };
        // An amount of 0 is a concentration of 0; other amounts would need the volume.
        match symbol.role {
            Role::Species(_) => start.filter(|v| *v == 0.0),
            _ => start,
        }
    }

    /// The value of an expression, if what nothing varies decides it.
    fn value(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Number(value, _) => Some(*value),
            ExprKind::Bool(value) => Some(f64::from(u8::from(*value))),
            ExprKind::Symbol(id) => self.known[id.0 as usize],
            ExprKind::Time | ExprKind::RateOf(_) => None,
            ExprKind::Apply(op, args) => {
                let values: Vec<Option<f64>> = args.iter().map(|a| self.value(a)).collect();
                // Nothing, raised to a power that is above 0 whatever it is, is nothing.
                if let (Op::Pow, Some(0.0), [_, power]) = (*op, values[0], args.as_slice())
                    && let ExprKind::Symbol(id) = power.kind
                    && self.given.positive.contains(&id)
                {
                    return Some(0.0);
                }
                apply(*op, &values)
            }
            ExprKind::Piecewise(pieces, otherwise) => {
                for (value, condition) in pieces {
                    if self.value(condition)? != 0.0 {
                        return self.value(value);
                    }
                }
                self.value(otherwise.as_deref()?)
            }
        }
    }

    /// Symbols that an expression really reads.
    fn reads_of(&self, expr: &Expr, out: &mut Vec<SymbolId>) {
        if self.value(expr).is_some() {
            return;
        }
        match &expr.kind {
            ExprKind::Symbol(id) => out.push(*id),
            // The rate of a state reads what the state reads.
            ExprKind::RateOf(id) => out.push(*id),
            ExprKind::Apply(_, args) => args.iter().for_each(|a| self.reads_of(a, out)),
            ExprKind::Piecewise(pieces, otherwise) => {
                for (value, condition) in pieces {
                    match self.value(condition) {
                        Some(0.0) => continue,
                        Some(_) => return self.reads_of(value, out),
                        None => {
                            self.reads_of(condition, out);
                            self.reads_of(value, out);
                        }
                    }
                }
                if let Some(otherwise) = otherwise {
                    self.reads_of(otherwise, out);
                }
            }
            ExprKind::Number(..) | ExprKind::Bool(_) | ExprKind::Time => {}
        }
    }

    /// Everything that a symbol is made of.
    fn reads(&self, id: SymbolId, out: &mut Vec<SymbolId>) {
        if self.known[id.0 as usize].is_some() {
            return;
        }
        let symbol = self.model.symbol(id);
        let initial = symbol.initial.as_ref();
        if let Some(initial) = initial.filter(|_| !self.given.start.contains_key(&id)) {
            self.reads_of(&initial.expr, out);
        }
        match &symbol.rule {
            Some(Rule::Assignment(expr) | Rule::Rate(expr)) => self.reads_of(expr, out),
            None => {}
        }
        if let Role::Reaction(number) = symbol.role
            && let Some(rate) = &self.model.reactions[number].rate
        {
            self.reads_of(rate, out);
        }
        if let Role::Species(info) = &symbol.role {
            out.push(info.compartment);
            out.extend(info.conversion_factor);
            for number in &self.reactions_of[id.0 as usize] {
                let reaction = &self.model.reactions[*number];
                if info.boundary || self.known[reaction.symbol.0 as usize] == Some(0.0) {
                    continue;
                }
                out.push(reaction.symbol);
                let parts = reaction.reactants.iter().chain(&reaction.products);
                for part in parts.filter(|p| p.species == id) {
                    self.reads_of(&part.stoichiometry, out);
                }
            }
        }
        out.extend(self.given.held.get(&id));
        for event in &self.model.events {
            for assignment in event.assignments.iter().filter(|a| a.target == id) {
                let parts = [
                    Some(&event.trigger),
                    event.delay.as_ref(),
                    event.priority.as_ref(),
                ];
                parts
                    .into_iter()
                    .flatten()
                    .for_each(|e| self.reads_of(e, out));
                self.reads_of(&assignment.value, out);
            }
        }
    }
}

/// An operator on arguments of which some are unknown: known where these cannot change the result.
fn apply(op: Op, args: &[Option<f64>]) -> Option<f64> {
    let has = |v: f64| args.contains(&Some(v));
    match op {
        Op::Mul if has(0.0) => return Some(0.0),
        Op::Div if args.first() == Some(&Some(0.0)) => return Some(0.0),
        Op::Pow if args.first() == Some(&Some(1.0)) || args.get(1) == Some(&Some(0.0)) => {
            return Some(1.0);
        }
        Op::And if has(0.0) => return Some(0.0),
        Op::Or if args.iter().flatten().any(|v| *v != 0.0) => return Some(1.0),
        _ => {}
    }
    let known: Vec<f64> = args.iter().copied().collect::<Option<_>>()?;
    let truth = |b: bool| Some(f64::from(u8::from(b)));
    let chain =
        |holds: fn(&f64, &f64) -> bool| truth(known.windows(2).all(|w| holds(&w[0], &w[1])));
    match (op, known.as_slice()) {
        (Op::Add, all) => Some(all.iter().sum()),
        (Op::Mul, all) => Some(all.iter().product()),
        (Op::Sub, [a, b]) => Some(a - b),
        (Op::Div, [a, b]) => Some(a / b),
        (Op::Pow, [a, b]) => Some(a.powf(*b)),
        (Op::Neg, [a]) => Some(-a),
        (Op::Abs, [a]) => Some(a.abs()),
        (Op::Exp, [a]) => Some(a.exp()),
        (Op::Ln, [a]) => Some(a.ln()),
        (Op::Sqrt, [a]) => Some(a.sqrt()),
        (Op::Min, all) => all.iter().copied().reduce(f64::min),
        (Op::Max, all) => all.iter().copied().reduce(f64::max),
        (Op::And, all) => truth(all.iter().all(|v| *v != 0.0)),
        (Op::Or, _) => truth(false),
        (Op::Not, [a]) => truth(*a == 0.0),
        (Op::Lt, _) => chain(f64::lt),
        (Op::Le, _) => chain(f64::le),
        (Op::Gt, _) => chain(f64::gt),
        (Op::Ge, _) => chain(f64::ge),
        (Op::Eq, _) => chain(f64::eq),
        // Rare in rules: left unknown.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use osteon_model::MemorySources;

    /// Model text, what is varied (all of it positive), moved, and wanted; which of the varied ones are behind it.
    fn found(text: &str, varied: &[&str], moved: &[&str], wanted: &str) -> Vec<String> {
        let mut sources = MemorySources::new();
        sources.insert("m.ant", text);
        let model = osteon_lang_load(&sources);
        let ids = |names: &[&str]| names.iter().filter_map(|n| model.find(n)).collect();
        let given = Given {
            varied: ids(varied),
            positive: ids(varied),
            moved: ids(moved),
            ..Given::default()
        };
        let reached = behind(&model, &given, &[model.find(wanted).expect("a symbol")]);
        let is = |name: &&&str| model.find(name).is_some_and(|id| reached[id.0 as usize]);
        varied.iter().filter(is).map(|n| (*n).to_owned()).collect()
    }

    fn osteon_lang_load(sources: &MemorySources) -> Model {
        let parsed = osteon_lang::load(sources, "m.ant");
        parsed
            .model
            .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics))
    }

    const DRUG: &str = "model m()\n  drug = 0; drug' = -k_out*drug\n  effect := drug^n/(half^n + drug^n)\n  x = 1; x' = k_in*(1 + gain*effect) - k*x\n  y = 2; y' = a - b*y\n  k_out = 1; n = 2; half = 3; k_in = 1; gain = 5; k = 1; a = 1; b = 1\nend\n";
    const ALL: [&str; 8] = ["k_out", "n", "half", "k_in", "gain", "k", "a", "b"];

    #[test]
    fn what_only_an_absent_drug_reads_does_not_matter() {
        // Two terms of x: the drug stands at 0, so its effect is 0/(half^n + 0).
        assert_eq!(found(DRUG, &ALL, &[], "x"), ["k_in", "k"]);
        assert_eq!(
            found(DRUG, &ALL, &["drug"], "x"),
            ["k_out", "n", "half", "k_in", "gain", "k"]
        );
        assert_eq!(found(DRUG, &ALL, &["drug"], "y"), ["a", "b"]);
    }

    #[test]
    fn switches_and_powers_of_one_fall_out_and_start_values_count() {
        let text = "model m()\n  on = 1; lift = 1; s0 = 4; p = 2; held = 7; q = 3\n  s = s0; s' = -0.1*s\n  out := s*(on*1 + (1 - on)*held)*lift^p + piecewise(0, on > 0.5, q)\nend\n";
        let varied = ["s0", "p", "held", "q"];
        assert_eq!(found(text, &varied, &[], "out"), ["s0"]);
        assert_eq!(found(text, &varied, &["on"], "out"), ["s0", "held", "q"]);
        assert_eq!(found(text, &varied, &["lift"], "out"), ["s0", "p"]);
    }

    #[test]
    fn matter_moves_by_reactions() {
        let text = "model m()\n  compartment c = 1\n  species A in c, B in c\n  A = 1; B = 0\n  r: A -> B; k*A\n  r2: B -> ; k2*B\n  k = 1; k2 = 1; k3 = 1\nend\n";
        assert_eq!(found(text, &["k", "k2", "k3"], &[], "A"), ["k"]);
        assert_eq!(found(text, &["k", "k2", "k3"], &[], "B"), ["k", "k2"]);
    }
}

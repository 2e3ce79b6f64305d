//! A model cut down to one experiment: what nothing integrated and nothing asked for reads is left out, and what cannot change during a run
//! becomes a number.
//!
//! Trajectories stay the same. What is lost: values that became numbers no longer follow the parameters they were computed from. Meant for
//! tools that write assignments into each other, whose time and code grow with every rule.

use std::sync::Arc;

use osteon_model::{
    Diagnostic, Expr, ExprKind, Initial, InitialForm, Model, Participant, Role, Rule, Span, Symbol,
    SymbolId, moving,
};
use osteon_vm::{Lanes, SymbolIndex};

/// The model for one experiment: with these start values, and with everything that `keep` names.
///
/// # Errors
/// When the model cannot be compiled, or a name is unknown or cannot be set.
pub fn lean(
    model: &Model,
    keep: &[String],
    start: &[(String, f64)],
) -> Result<Model, Vec<Diagnostic>> {
    let values = start_values(model, start)?;
    let named = |name: &String| {
        model.find(name).ok_or_else(|| {
            let fault = format!("the model has no `{name}`");
            vec![Diagnostic::error("run-setup", fault, Span::NONE)]
        })
    };
    let kept = keep.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let mut made = Model::clone(model);
    let moves = moving(model);
    for id in model.ids() {
        let at = id.0 as usize;
        let symbol = &mut made.symbols[at];
        if matches!(symbol.role, Role::Reaction(_)) {
            continue;
        }
        if !moves[at] && matches!(symbol.rule, Some(Rule::Assignment(_))) {
            symbol.rule = None;
            symbol.constant = true;
        }
        let governed = matches!(symbol.rule, Some(Rule::Assignment(_)));
        if !governed && (symbol.initial.is_some() || values[at].is_finite()) {
            symbol.initial = Some(Initial {
                expr: Expr::number(values[at]),
                form: InitialForm::Value,
            });
        }
    }
    let needed = needed(&made, &kept);
    Ok(without(made, &needed))
}

/// Value of every symbol at the start.
fn start_values(model: &Model, start: &[(String, f64)]) -> Result<Vec<f64>, Vec<Diagnostic>> {
    let program = Arc::new(osteon_compile::compile(model)?);
    let mut vm = Lanes::new(Arc::clone(&program), 1);
    for (name, value) in start {
        let fault = |what: String| vec![Diagnostic::error("run-setup", what, Span::NONE)];
        let symbol = program
            .find(name)
            .ok_or_else(|| fault(format!("the model has no `{name}`")))?;
        vm.set_start(0, symbol, *value)
            .map_err(|e| fault(e.to_string()))?;
    }
    let (time, mut states) = ([program.start_time()], vec![0.0; program.n_states()]);
    vm.initialise(&time, &mut states);
    let symbols: Vec<SymbolIndex> = (0..model.symbols.len() as u32).map(SymbolIndex).collect();
    let mut values = vec![0.0; symbols.len()];
    vm.value(&symbols, &time, &states, &mut values);
    Ok(values)
}

/// States, reactions, what they, the events and the asked for read, and what these read in turn.
fn needed(model: &Model, keep: &[SymbolId]) -> Vec<bool> {
    let mut queue: Vec<SymbolId> = keep.to_vec();
    let integrated = |s: &Symbol| {
        matches!(
            s.role,
            Role::Species(_) | Role::Reaction(_) | Role::Compartment { .. }
        ) || matches!(s.rule, Some(Rule::Rate(_)))
    };
    queue.extend(model.ids().filter(|id| integrated(model.symbol(*id))));
    for event in &model.events {
        let parts = [
            Some(&event.trigger),
            event.delay.as_ref(),
            event.priority.as_ref(),
        ];
        for expr in parts.into_iter().flatten() {
            queue.extend(expr.symbols());
        }
        for assignment in &event.assignments {
            queue.push(assignment.target);
            queue.extend(assignment.value.symbols());
        }
    }
    for reaction in &model.reactions {
        queue.extend(&reaction.modifiers);
        queue.extend(reaction.rate.iter().flat_map(Expr::symbols));
        for participant in reaction.reactants.iter().chain(&reaction.products) {
            queue.extend(participant.stoichiometry.symbols());
        }
    }
    let mut found = vec![false; model.symbols.len()];
    while let Some(id) = queue.pop() {
        if std::mem::replace(&mut found[id.0 as usize], true) {
            continue;
        }
        let symbol = model.symbol(id);
        if let Some(Rule::Assignment(expr) | Rule::Rate(expr)) = &symbol.rule {
            queue.extend(expr.symbols());
        }
        if let Role::Species(info) = &symbol.role {
            queue.push(info.compartment);
            queue.extend(info.conversion_factor);
        }
    }
    found
}

/// Leaves out what is not needed and numbers the rest anew.
fn without(mut model: Model, needed: &[bool]) -> Model {
    let mut next = 0;
    let new: Vec<SymbolId> = needed
        .iter()
        .map(|kept| {
            let id = SymbolId(next);
            next += u32::from(*kept);
            id
        })
        .collect();
    let moved = |id: SymbolId| new[id.0 as usize];
    let mut at = 0;
    model.symbols.retain(|_| {
        at += 1;
        needed[at - 1]
    });
    for symbol in &mut model.symbols {
        if let Some(Rule::Assignment(expr) | Rule::Rate(expr)) = &mut symbol.rule {
            renumber(expr, &moved);
        }
        if let Some(initial) = &mut symbol.initial {
            renumber(&mut initial.expr, &moved);
        }
        if let Role::Species(info) = &mut symbol.role {
            info.compartment = moved(info.compartment);
            info.conversion_factor = info.conversion_factor.map(&moved);
        }
    }
    for reaction in &mut model.reactions {
        reaction.symbol = moved(reaction.symbol);
        reaction.modifiers.iter_mut().for_each(|m| *m = moved(*m));
        if let Some(rate) = &mut reaction.rate {
            renumber(rate, &moved);
        }
        for Participant {
            species,
            stoichiometry,
            ..
        } in reaction.reactants.iter_mut().chain(&mut reaction.products)
        {
            *species = moved(*species);
            renumber(stoichiometry, &moved);
        }
    }
    for event in &mut model.events {
        renumber(&mut event.trigger, &moved);
        for expr in event.delay.iter_mut().chain(&mut event.priority) {
            renumber(expr, &moved);
        }
        for assignment in &mut event.assignments {
            assignment.target = moved(assignment.target);
            renumber(&mut assignment.value, &moved);
        }
    }
    model
}

fn renumber(expr: &mut Expr, moved: &dyn Fn(SymbolId) -> SymbolId) {
    match &mut expr.kind {
        ExprKind::Symbol(id) | ExprKind::RateOf(id) => *id = moved(*id),
        ExprKind::Apply(_, args) => args.iter_mut().for_each(|a| renumber(a, moved)),
        ExprKind::Piecewise(pieces, otherwise) => {
            for (value, condition) in pieces {
                renumber(value, moved);
                renumber(condition, moved);
            }
            if let Some(otherwise) = otherwise {
                renumber(otherwise, moved);
            }
        }
        ExprKind::Number(..) | ExprKind::Bool(_) | ExprKind::Time => {}
    }
}

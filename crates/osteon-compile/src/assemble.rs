//! The whole path from a model to a program.

use osteon_model::{Diagnostic, ExprKind, Model, Rule, SymbolId};
use osteon_vm::{
    EventCode, Layout, Nonzero, Place, Program, ProgramParts, Roots, SwitchCode, SymbolCode,
    SymbolIndex, Tapes, TriggerCode,
};

use crate::differentiate::TIME;
use crate::factorise::factorise;
use crate::graph::{FastMap, Graph, Input, Node, NodeId, deps};
use crate::lower::Lowering;
use crate::order::{Moment, Wanted, order};
use crate::quantities::{Kind, Quantities, means_concentration, species};
use crate::schedule::{Scheduler, reachable};
use crate::tangents::{self, Directions, TangentError, TangentNodes};
use crate::trigger::lower_events;

/// Compiles a model.
///
/// # Errors
/// All faults found, each naming its symbols: `circular`, `missing-value`, `missing-rate`, `rule-conflict`, `wrong-argument-count`, `rate-of-rule`.
pub fn compile(model: &Model) -> Result<Program, Vec<Diagnostic>> {
    whole(model, None).map_err(|error| match error {
        TangentError::Model(diagnostics) => diagnostics,
        TangentError::Computed { .. } | TangentError::EventMoves { .. } => Vec::new(),
    })
}

/// Compiles a model together with the sensitivities of its states to some parameters, see [`osteon_vm::Tangents`].
///
/// # Errors
/// See [`TangentError`].
pub fn compile_with_tangents(
    model: &Model,
    directions: &Directions,
) -> Result<Program, TangentError> {
    whole(model, Some(directions))
}

fn whole(model: &Model, directions: Option<&Directions>) -> Result<Program, TangentError> {
    let quantities = Quantities::of(model);
    let mut diagnostics = Vec::new();
    let mut run_roots: Vec<Wanted> = model.ids().map(Wanted::Value).collect();
    run_roots.extend(quantities.states.iter().map(|id| Wanted::Rate(*id)));
    // Events may ask for rates that no equation asks for.
    for event in &model.events {
        let parts = [
            Some(&event.trigger),
            event.delay.as_ref(),
            event.priority.as_ref(),
        ]
        .into_iter()
        .flatten();
        for expr in parts.chain(event.assignments.iter().map(|a| &a.value)) {
            expr.walk(&mut |e| {
                if let ExprKind::RateOf(id) = e.kind {
                    run_roots.push(Wanted::Rate(id));
                }
            });
        }
    }
    let start_roots: Vec<Wanted> = quantities
        .states
        .iter()
        .chain(&quantities.held)
        .map(|id| Wanted::Value(*id))
        .collect();
    let run_order = order(
        model,
        &quantities,
        &run_roots,
        Moment::Run,
        &mut diagnostics,
    );
    // A circle of rules is one at the start too: say it once.
    let mut at_start = Vec::new();
    let start_order = order(
        model,
        &quantities,
        &start_roots,
        Moment::Start,
        &mut at_start,
    );
    if diagnostics.is_empty() {
        diagnostics = at_start;
    }
    if !diagnostics.is_empty() {
        return Err(TangentError::Model(diagnostics));
    }

    let mut lowering = Lowering::new(model, &quantities);
    for wanted in start_order {
        lowering.compute(wanted, Moment::Start);
    }
    for wanted in run_order {
        lowering.compute(wanted, Moment::Run);
    }
    let (events, margins) = lower_events(&mut lowering);

    // Amounts and concentrations of species, whatever their symbols mean.
    let mut extra: Vec<(String, NodeId, Option<Kind>)> = Vec::new();
    let mut other_form: FastMap<u32, u32> = FastMap::default();
    for id in model.ids() {
        if let Some(info) = species(model, id) {
            let (value, size) = (
                lowering.value(id, Moment::Run),
                lowering.value(info.compartment, Moment::Run),
            );
            let name = &model.symbol(id).id;
            let concentration = means_concentration(model, id);
            let node = match (concentration, quantities.size(id), quantities.kind(id)) {
                (true, Some(_), Kind::State(i)) => lowering.graph.input(Input::State(i as u32)),
                (true, Some(_), Kind::Held(i)) => lowering.graph.input(Input::Held(i as u32)),
                (true, ..) => lowering.graph.mul(value, size),
                (false, ..) => lowering.graph.div(value, size),
            };
            other_form.insert(id.0, (model.symbols.len() + extra.len()) as u32);
            extra.push((
                format!(
                    "{} of {name}",
                    if concentration {
                        "amount"
                    } else {
                        "concentration"
                    }
                ),
                node,
                None,
            ));
        }
    }

    let mut rhs: Vec<NodeId> = quantities
        .states
        .iter()
        .map(|id| lowering.stored_rate(*id))
        .collect();
    let mut tangents = match directions {
        Some(directions) => tangents::build(
            &mut lowering,
            &quantities,
            &rhs,
            &events,
            &margins,
            model.symbols.len() + extra.len(),
            directions,
        )?,
        None => TangentNodes::default(),
    };
    let first_tangent = model.symbols.len() + extra.len();
    rhs.append(&mut tangents.rates);
    extra.append(&mut tangents.symbols);
    let n = rhs.len();
    let mut jacobian: Vec<(u32, u32, NodeId)> = Vec::new();
    let mut dfdt = vec![Graph::ZERO; n];
    for (i, gradient) in crate::jacobian::jacobian(&mut lowering.graph, &rhs)
        .into_iter()
        .enumerate()
    {
        for (variable, slope) in gradient.iter() {
            if *variable == TIME {
                dfdt[i] = *slope;
            } else {
                jacobian.push((i as u32, *variable, *slope));
            }
        }
    }
    let in_stages: FastMap<NodeId, ()> = reachable(&lowering.graph, &rhs)
        .into_iter()
        .filter(|id| !lowering.graph.is_steady(*id))
        .map(|id| (id, ()))
        .collect();
    let lu = factorise(&mut lowering.graph, n, &jacobian, &|id| {
        in_stages.contains_key(&id)
    });

    let start_of = |ids: &[SymbolId]| -> Vec<NodeId> {
        ids.iter()
            .map(|id| {
                lowering.start_stored[id.0 as usize]
                    .expect("start values of all states and held values are computed")
            })
            .collect()
    };
    let (mut start_states, mut start_held) =
        (start_of(&quantities.states), start_of(&quantities.held));
    let values: Vec<NodeId> = model
        .ids()
        .map(|id| lowering.value(id, Moment::Run))
        .collect();

    let mut event_roots: Vec<NodeId> = Vec::new();
    for e in &events {
        event_roots.push(e.truth);
        event_roots.extend(e.delay.iter().chain(&e.priority).chain(&e.values));
    }
    event_roots.extend(tangents.events.iter().flatten().map(|(_, node)| *node));
    let switch_roots: Vec<NodeId> = lowering.switches.iter().map(|s| s.margin).collect();
    let trigger_roots: Vec<NodeId> = margins.iter().map(|m| m.node).collect();

    // Whatever moves, fires or follows from a rule must have a value; what is only carried along need not.
    let ruled = model
        .ids()
        .filter(|id| matches!(model.symbol(*id).rule, Some(Rule::Assignment(_))));
    let mut needed: Vec<NodeId> = ruled.map(|id| values[id.0 as usize]).collect();
    needed.extend(
        rhs.iter()
            .chain(&switch_roots)
            .chain(&trigger_roots)
            .chain(&event_roots),
    );
    let mut diagnostics = std::mem::take(&mut lowering.diagnostics);
    diagnostics.extend(missing(
        model,
        &lowering.graph,
        &needed,
        &start_states,
        &start_held,
    ));
    if !diagnostics.is_empty() {
        return Err(TangentError::Model(diagnostics));
    }
    start_states.append(&mut tangents.start_states);
    start_held.append(&mut tangents.start_held);

    let layout = Layout {
        n_states: n,
        n_held: start_held.len(),
        n_switches: lowering.switches.len(),
        n_triggers: margins.len(),
        start_defaults: lowering.start_defaults.clone(),
        n_overrides: lowering.n_overrides,
        constants: Vec::new(),
    };
    let graph = &lowering.graph;
    let unsigned = |id: NodeId| graph.negated(id).map_or((id, false), |inner| (inner, true));
    let j_roots: Vec<NodeId> = jacobian.iter().map(|x| unsigned(x.2).0).collect();
    let outputs: Vec<NodeId> = values
        .iter()
        .copied()
        .chain(extra.iter().map(|e| e.1))
        .collect();
    let start_roots: Vec<NodeId> = start_states.iter().chain(&start_held).copied().collect();
    let (solution, guard) = match &lu {
        Some(lu) => (lu.solution.clone(), Some(lu.guard)),
        None => (Vec::new(), None),
    };
    let dynamic: Vec<NodeId> = [
        &rhs,
        &j_roots,
        &dfdt,
        &switch_roots,
        &trigger_roots,
        &outputs,
        &event_roots,
        &solution,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(guard)
    .collect();
    let all: Vec<NodeId> = dynamic.iter().chain(&start_roots).copied().collect();
    let mut s = Scheduler::new(graph, &all, layout);

    // Steady nodes that anything else reads.
    let steady = |id: NodeId| graph.is_steady(id);
    let hoist_roots: Vec<NodeId> = reachable(graph, &dynamic)
        .into_iter()
        .filter(|id| steady(*id))
        .collect();
    let none = |_: NodeId| false;
    let hoist_set: Vec<NodeId> = s
        .set(&hoist_roots, &none)
        .into_iter()
        .filter(|id| steady(*id))
        .collect();
    let in_start = s.set(&start_roots, &none);
    let mut tapes = Tapes {
        start: s.tape(&in_start),
        hoist: s.tape(&hoist_set),
        ..Tapes::default()
    };
    let rhs_set = s.set(&rhs, &steady);
    tapes.rhs = s.tape(&rhs_set);
    let in_rhs: FastMap<NodeId, ()> = rhs_set.iter().map(|id| (*id, ())).collect();
    let beside_rhs = |id: NodeId| steady(id) || in_rhs.contains_key(&id);
    let beside = |s: &mut Scheduler, roots: &[NodeId]| {
        let set = s.set(roots, &beside_rhs);
        s.tape(&set)
    };
    let j_set = s.set(&j_roots, &beside_rhs);
    tapes.jacobian = s.tape(&j_set);
    let in_j: FastMap<NodeId, ()> = j_set.iter().map(|id| (*id, ())).collect();
    let beside_j = |id: NodeId| beside_rhs(id) || in_j.contains_key(&id);
    let dfdt_set = s.set(&dfdt, &beside_j);
    tapes.dfdt = s.tape(&dfdt_set);
    tapes.switches = beside(&mut s, &switch_roots);
    tapes.triggers = beside(&mut s, &trigger_roots);
    tapes.outputs = beside(&mut s, &outputs);
    tapes.events = beside(&mut s, &event_roots);
    for (roots, tape) in [
        (&switch_roots, &mut tapes.switches_alone),
        (&trigger_roots, &mut tapes.triggers_alone),
        (&event_roots, &mut tapes.events_alone),
    ] {
        let set = s.set(roots, &steady);
        *tape = s.tape(&set);
    }
    if lu.is_some() {
        // What does not change with the right-hand side is computed once for many solves.
        let solve_set = s.set(&solution, &|id| graph.deps(id) & deps::RIGHT_HAND == 0);
        let roots: Vec<NodeId> = s.read_by(&solve_set).into_iter().chain(guard).collect();
        let set = s.set(&roots, &beside_j);
        tapes.factor = s.tape(&set);
        tapes.solve = s.tape(&solve_set);
    }

    let rows = |list: &[NodeId]| -> Vec<u32> { list.iter().map(|id| s.row(*id)).collect() };
    let roots = Roots {
        start_states: rows(&start_states),
        start_held: rows(&start_held),
        rhs: rows(&rhs),
        jacobian: jacobian
            .iter()
            .map(|(row, column, node)| {
                let (node, negative) = unsigned(*node);
                Nonzero {
                    row: *row,
                    column: *column,
                    slot: s.row(node),
                    negative,
                }
            })
            .collect(),
        dfdt: rows(&dfdt),
        solve: rows(&solution),
        guard: guard.map_or(0, |g| s.row(g)),
    };
    let place = |id: SymbolId| match quantities.kind(id) {
        Kind::State(i) => Place::State(i),
        Kind::Held(i) => Place::Held(i),
        Kind::Assigned | Kind::Rate(_) => Place::Computed,
    };
    let mut symbols: Vec<SymbolCode> = Vec::with_capacity(outputs.len());
    for id in model.ids() {
        let own = SymbolIndex(id.0);
        let other = other_form.get(&id.0).copied().map(SymbolIndex);
        let (amount, concentration) = match other {
            Some(other) if means_concentration(model, id) => (Some(other), Some(own)),
            Some(other) => (Some(own), Some(other)),
            None => (None, None),
        };
        symbols.push(SymbolCode {
            name: model.symbol(id).id.clone(),
            slot: s.row(values[id.0 as usize]),
            place: place(id),
            per: quantities.size(id).map(|c| SymbolIndex(c.0)),
            start: lowering.start_place[id.0 as usize],
            amount,
            concentration,
        });
    }
    let n_named = symbols.len();
    for (name, node, kind) in &extra {
        symbols.push(SymbolCode {
            name: name.clone(),
            slot: s.row(*node),
            place: match kind {
                Some(Kind::State(i)) => Place::State(*i),
                Some(Kind::Held(i)) => Place::Held(*i),
                _ => Place::Computed,
            },
            per: None,
            start: osteon_vm::StartPlace::None,
            amount: None,
            concentration: None,
        });
    }
    let event_codes = events
        .iter()
        .zip(&model.events)
        .enumerate()
        .map(|(number, (nodes, event))| EventCode {
            id: event.id.clone(),
            triggers: nodes.margins.clone(),
            initial_value: event.initial_value,
            persistent: event.persistent,
            values_from_trigger_time: event.values_from_trigger_time,
            truth: s.row(nodes.truth),
            delay: nodes.delay.map(|x| s.row(x)),
            priority: nodes.priority.map(|x| s.row(x)),
            assignments: event
                .assignments
                .iter()
                .zip(&nodes.values)
                .map(|(a, v)| (SymbolIndex(a.target.0), s.row(*v)))
                .chain(
                    tangents
                        .events
                        .get(number)
                        .into_iter()
                        .flatten()
                        .map(|(at, v)| (SymbolIndex((first_tangent + at) as u32), s.row(*v))),
                )
                .collect(),
        })
        .collect();
    let triggers = margins
        .iter()
        .map(|m| TriggerCode {
            event: m.event,
            kind: m.kind,
            slot: s.row(m.node),
        })
        .collect();
    let switches = lowering
        .switches
        .iter()
        .map(|x| SwitchCode {
            slot: s.row(x.margin),
            inclusive: false,
            text: x.text.clone(),
            within: x.within.clone(),
        })
        .collect();
    Ok(Program::new(ProgramParts {
        n_slots: s.n_rows(),
        layout: s.layout.clone(),
        states: quantities
            .states
            .iter()
            .map(|id| model.symbol(*id).id.clone())
            .chain(tangents.state_names)
            .collect(),
        symbols,
        n_named,
        switches,
        triggers,
        events: event_codes,
        tapes,
        roots,
        tangents: tangents.tangents,
        start_time: model.start_time,
    }))
}

/// Symbols without value that something depends on.
fn missing(
    model: &Model,
    graph: &Graph,
    needed: &[NodeId],
    start_states: &[NodeId],
    start_held: &[NodeId],
) -> Vec<Diagnostic> {
    let mut roots: Vec<NodeId> = needed.to_vec();
    let mut found: Vec<SymbolId> = Vec::new();
    for id in reachable(graph, needed) {
        if let Node::Input(Input::Held(i)) = graph.node(id) {
            // Directions follow from values that are asked about themselves.
            roots.extend(start_held.get(i as usize));
        }
    }
    roots.extend(start_states);
    if roots.iter().all(|r| graph.deps(*r) & deps::MISSING == 0) {
        return Vec::new();
    }
    for id in reachable(graph, &roots) {
        if let Node::Input(Input::Missing(symbol)) = graph.node(id) {
            found.push(SymbolId(symbol));
        }
    }
    found.sort_unstable();
    found
        .into_iter()
        .map(|id| {
            let symbol = model.symbol(id);
            if let osteon_model::Role::Reaction(_) = symbol.role {
                let text = format!(
                    "the reaction `{}` has no rate, and others are computed from it",
                    symbol.id
                );
                return Diagnostic::error("missing-rate", text, symbol.span)
                    .help("write its rate after the reaction");
            }
            let text = format!(
                "`{}` has no value, and others are computed from it",
                symbol.id
            );
            Diagnostic::error("missing-value", text, symbol.span)
                .help("give it a value, a start expression or a rule")
        })
        .collect()
}

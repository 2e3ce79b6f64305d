//! Forward sensitivities: how every state moves when a parameter moves, as further states of the same program.
//!
//! For a parameter p, the direction of a quantity x is p·dx/dp (dx/dp where p is 0): the unit of x, so that tolerances of x serve it.
//! States and held values that p reaches get a direction of their own, which starts from the derivative of their start value, obeys
//! s' = (∂f/∂y)·s + (∂f/∂held)·s_held, and is set by events beside what they set. At a switch the evaluator adds what comes from the moved
//! instant of crossing. Events whose own instant moves with p are refused.

use osteon_model::{Diagnostic, Model, SymbolId};
use osteon_vm::{SymbolIndex, TangentSwitch, Tangents};

use crate::differentiate::{Gradients, TIME};
use crate::graph::{FastMap, Graph, Input, Node, NodeId};
use crate::lower::Lowering;
use crate::order::Moment;
use crate::quantities::{Kind, Quantities};
use crate::schedule::reachable;
use crate::trigger::{EventNodes, Margin};

/// What to follow.
#[derive(Debug, Clone, Default)]
pub struct Directions {
    /// Parameters, or states whose start value is meant.
    pub parameters: Vec<SymbolId>,
    /// Quantities whose change is asked for.
    pub outputs: Vec<SymbolId>,
}

/// Why a program with sensitivities cannot be made.
#[derive(Debug, Clone)]
pub enum TangentError {
    /// The model itself does not compile.
    Model(Vec<Diagnostic>),
    /// The parameter follows from a rule or is a reaction.
    Computed {
        /// Its name.
        parameter: String,
    },
    /// The instant of an event moves with the parameter, and what that does to the rest of the run is not followed.
    EventMoves {
        /// The event.
        event: String,
        /// The parameter.
        parameter: String,
    },
}

impl std::fmt::Display for TangentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TangentError::Model(diagnostics) => {
                let first = diagnostics.first().map_or("", |d| d.message.as_str());
                write!(f, "the model does not compile: {first}")
            }
            TangentError::Computed { parameter } => write!(
                f,
                "`{parameter}` is computed by a rule or a reaction; ask for the sensitivity to what it is computed from"
            ),
            TangentError::EventMoves { event, parameter } => write!(
                f,
                "the instant of the event `{event}` moves with `{parameter}`, which sensitivities do not follow; compare runs with the parameter changed a little instead"
            ),
        }
    }
}

impl std::error::Error for TangentError {}

/// The further rows of a program.
#[derive(Debug, Default)]
pub(crate) struct TangentNodes {
    pub rates: Vec<NodeId>,
    pub start_states: Vec<NodeId>,
    pub start_held: Vec<NodeId>,
    pub state_names: Vec<String>,
    /// Symbols to add: name, node, and the state or held value it is.
    pub symbols: Vec<(String, NodeId, Option<Kind>)>,
    /// For each event what else it sets: place among `symbols`, value.
    pub events: Vec<Vec<(usize, NodeId)>>,
    pub tangents: Tangents,
}

/// Variables of gradients beyond the states: held values.
const HELD: u32 = 1 << 30;

struct Reach {
    /// For every parameter which states and held values it moves.
    states: Vec<Vec<bool>>,
    held: Vec<Vec<bool>>,
}

impl Reach {
    fn touches(&self, k: usize, gradient: &[(u32, NodeId)]) -> bool {
        gradient.iter().any(|(v, _)| match *v {
            TIME => false,
            v if v >= HELD => self.held[k][(v - HELD) as usize],
            v => self.states[k][v as usize],
        })
    }
}

/// Builds the further rows. `first_symbol` is the index that the first added symbol will have.
pub(crate) fn build(
    lowering: &mut Lowering,
    quantities: &Quantities,
    rhs: &[NodeId],
    events: &[EventNodes],
    margins: &[Margin],
    first_symbol: usize,
    wanted: &Directions,
) -> Result<TangentNodes, TangentError> {
    let model = lowering.model;
    let (n, n_held) = (rhs.len(), quantities.held.len());
    let count = wanted.parameters.len();
    let name = |id: SymbolId| model.symbol(id).id.clone();
    let mut start_state = vec![vec![Graph::ZERO; n]; count];
    let mut start_held = vec![vec![Graph::ZERO; n_held]; count];
    for (k, p) in wanted.parameters.iter().enumerate() {
        if matches!(quantities.kind(*p), Kind::Assigned | Kind::Rate(_)) {
            return Err(TangentError::Computed {
                parameter: name(*p),
            });
        }
        let value = lowering.value(*p, Moment::Start);
        let g = &mut lowering.graph;
        let none = g.compare(osteon_vm::Op::Eq, value, Graph::ZERO);
        let scale = g.select(none, Graph::ONE, value);
        // The parameter's own start value is the one thing that moves.
        let mut gradients = Gradients::from_start(value);
        for (list, out) in [
            (&quantities.states, &mut start_state[k]),
            (&quantities.held, &mut start_held[k]),
        ] {
            for (place, id) in list.iter().enumerate() {
                let stored = lowering.start_stored[id.0 as usize]
                    .expect("start values of all states and held values are computed");
                let g = &mut lowering.graph;
                let slope = if id == p {
                    match quantities.size(*id) {
                        Some(size) => lowering.value(size, Moment::Start),
                        None => Graph::ONE,
                    }
                } else {
                    gradients.of(g, stored).first().map_or(Graph::ZERO, |x| x.1)
                };
                out[place] = lowering.graph.mul(slope, scale);
            }
        }
    }

    // What a parameter moves, until nothing more is reached.
    let mut reach = Reach {
        states: start_state
            .iter()
            .map(|s| s.iter().map(|x| *x != Graph::ZERO).collect())
            .collect(),
        held: start_held
            .iter()
            .map(|s| s.iter().map(|x| *x != Graph::ZERO).collect())
            .collect(),
    };
    let assigned: Vec<(usize, usize, SymbolId, NodeId)> = model
        .events
        .iter()
        .zip(events)
        .enumerate()
        .flat_map(|(e, (event, nodes))| {
            let pairs = event.assignments.iter().zip(&nodes.values);
            pairs
                .enumerate()
                .map(move |(a, (target, value))| (e, a, target.target, *value))
        })
        .collect();
    // Through a switch a parameter reaches every derivative that the branch decides about.
    let branches: Vec<Vec<usize>> = rhs
        .iter()
        .map(|f| {
            let inputs = reachable(&lowering.graph, &[*f]).into_iter();
            inputs
                .filter_map(|id| match lowering.graph.node(id) {
                    Node::Input(Input::Branch(switch)) => Some(switch as usize),
                    _ => None,
                })
                .collect()
        })
        .collect();
    let mut gradients;
    loop {
        let active: Vec<bool> = (0..n_held)
            .map(|h| reach.held.iter().any(|k| k[h]))
            .collect();
        gradients = Gradients::with_held(active);
        let mut changed = false;
        for k in 0..count {
            loop {
                let mut again = false;
                let moved: Vec<bool> = (0..lowering.switches.len())
                    .map(|switch| {
                        let margin = lowering.switches[switch].margin;
                        let gradient = gradients.of(&mut lowering.graph, margin);
                        reach.touches(k, &gradient)
                    })
                    .collect();
                for (i, f) in rhs.iter().enumerate() {
                    let gradient = gradients.of(&mut lowering.graph, *f);
                    let touched =
                        reach.touches(k, &gradient) || branches[i].iter().any(|b| moved[*b]);
                    if !reach.states[k][i] && touched {
                        reach.states[k][i] = true;
                        again = true;
                    }
                }
                for (_, _, target, value) in &assigned {
                    let stored = stored_value(lowering, quantities, *target, *value);
                    let gradient = gradients.of(&mut lowering.graph, stored);
                    let known = match quantities.kind(*target) {
                        Kind::State(i) => &mut reach.states[k][i],
                        Kind::Held(h) => &mut reach.held[k][h],
                        Kind::Assigned | Kind::Rate(_) => continue,
                    };
                    if *known {
                        continue;
                    }
                    if reach.touches(k, &gradient) {
                        again = true;
                        match quantities.kind(*target) {
                            Kind::State(i) => reach.states[k][i] = true,
                            Kind::Held(h) => {
                                reach.held[k][h] = true;
                                changed = true;
                            }
                            Kind::Assigned | Kind::Rate(_) => {}
                        }
                    }
                }
                if !again {
                    break;
                }
            }
        }
        if !changed {
            break;
        }
    }

    let mut out = TangentNodes {
        events: vec![Vec::new(); events.len()],
        ..TangentNodes::default()
    };
    // Rows of directions, by parameter and what they are the direction of.
    let mut state_of = vec![FastMap::<usize, usize>::default(); count];
    let mut held_of = vec![FastMap::<usize, usize>::default(); count];
    out.tangents.parameters = wanted.parameters.iter().map(|p| SymbolIndex(p.0)).collect();
    out.tangents.own_states = n;
    for (k, p) in wanted.parameters.iter().enumerate() {
        for i in (0..n).filter(|i| reach.states[k][*i]) {
            let row = n + out.start_states.len();
            state_of[k].insert(i, row);
            out.start_states.push(start_state[k][i]);
            out.tangents.states.push((i, k));
            let text = format!("d {} / d {}", name(quantities.states[i]), name(*p));
            out.state_names.push(text.clone());
            let node = lowering.graph.input(Input::State(row as u32));
            out.symbols.push((text, node, Some(Kind::State(row))));
        }
        for h in (0..n_held).filter(|h| reach.held[k][*h]) {
            let row = n_held + out.start_held.len();
            held_of[k].insert(h, row);
            out.start_held.push(start_held[k][h]);
            out.tangents.held.push((h, k));
            let text = format!("d {} / d {}", name(quantities.held[h]), name(*p));
            let node = lowering.graph.input(Input::Held(row as u32));
            out.symbols.push((text, node, Some(Kind::Held(row))));
        }
    }
    let symbol_of: FastMap<(bool, usize), usize> = out
        .symbols
        .iter()
        .enumerate()
        .filter_map(|(at, s)| match s.2 {
            Some(Kind::State(row)) => Some(((true, row), at)),
            Some(Kind::Held(row)) => Some(((false, row), at)),
            _ => None,
        })
        .collect();
    let along = |graph: &mut Graph, gradient: &[(u32, NodeId)], k: usize| {
        let mut sum = Graph::ZERO;
        for (variable, slope) in gradient {
            let row = match *variable {
                TIME => None,
                v if v >= HELD => held_of[k]
                    .get(&((v - HELD) as usize))
                    .map(|row| graph.input(Input::Held(*row as u32))),
                v => state_of[k]
                    .get(&(v as usize))
                    .map(|row| graph.input(Input::State(*row as u32))),
            };
            if let Some(row) = row {
                let term = graph.mul(*slope, row);
                sum = graph.add(sum, term);
            }
        }
        sum
    };
    for (i, k) in out.tangents.states.clone() {
        let gradient = gradients.of(&mut lowering.graph, rhs[i]);
        out.rates.push(along(&mut lowering.graph, &gradient, k));
    }
    for (e, nodes) in events.iter().enumerate() {
        let parts = margins.iter().filter(|m| m.event == e).map(|m| m.node);
        for node in parts.chain(nodes.delay).collect::<Vec<_>>() {
            let gradient = gradients.of(&mut lowering.graph, node);
            if let Some(k) = (0..count).find(|k| reach.touches(*k, &gradient)) {
                return Err(TangentError::EventMoves {
                    event: event_name(model, e),
                    parameter: name(wanted.parameters[k]),
                });
            }
        }
    }
    for (e, _, target, value) in &assigned {
        let stored = stored_value(lowering, quantities, *target, *value);
        let gradient = gradients.of(&mut lowering.graph, stored);
        for k in 0..count {
            let key = match quantities.kind(*target) {
                Kind::State(i) => state_of[k].get(&i).map(|row| (true, *row)),
                Kind::Held(h) => held_of[k].get(&h).map(|row| (false, *row)),
                Kind::Assigned | Kind::Rate(_) => None,
            };
            if let Some(key) = key {
                let node = along(&mut lowering.graph, &gradient, k);
                out.events[*e].push((symbol_of[&key], node));
            }
        }
    }
    for id in &wanted.outputs {
        let value = lowering.value(*id, Moment::Run);
        let gradient = gradients.of(&mut lowering.graph, value);
        for (k, p) in wanted.parameters.iter().enumerate() {
            let node = along(&mut lowering.graph, &gradient, k);
            let symbol = SymbolIndex((first_symbol + out.symbols.len()) as u32);
            out.tangents.outputs.push((SymbolIndex(id.0), k, symbol));
            let text = format!("change of {} by {}", name(*id), name(*p));
            out.symbols.push((text, node, None));
        }
    }
    for switch in 0..lowering.switches.len() {
        let margin = lowering.switches[switch].margin;
        let gradient = gradients.of(&mut lowering.graph, margin);
        let g = &mut lowering.graph;
        let mut speed = Graph::ZERO;
        for (variable, slope) in gradient.iter() {
            let rate = match *variable {
                TIME => Graph::ONE,
                v if v >= HELD => continue,
                v => rhs[v as usize],
            };
            let term = g.mul(*slope, rate);
            speed = g.add(speed, term);
        }
        let mut add = |node: NodeId, text: String| {
            let symbol = SymbolIndex((first_symbol + out.symbols.len()) as u32);
            out.symbols.push((text, node, None));
            symbol
        };
        let speed = add(speed, format!("speed of switch {switch}"));
        let by = (0..count)
            .map(|k| {
                let node = along(&mut lowering.graph, &gradient, k);
                add(
                    node,
                    format!(
                        "change of switch {switch} by {}",
                        name(wanted.parameters[k])
                    ),
                )
            })
            .collect();
        out.tangents.switches.push(TangentSwitch { speed, by });
    }
    Ok(out)
}

/// What is stored when a symbol is given a value.
fn stored_value(
    lowering: &mut Lowering,
    quantities: &Quantities,
    target: SymbolId,
    value: NodeId,
) -> NodeId {
    match quantities.size(target) {
        Some(size) => {
            let size = lowering.value(size, Moment::Run);
            lowering.graph.mul(value, size)
        }
        None => value,
    }
}

fn event_name(model: &Model, event: usize) -> String {
    let id = &model.events[event].id;
    if id.is_empty() {
        format!("event {}", event + 1)
    } else {
        id.clone()
    }
}

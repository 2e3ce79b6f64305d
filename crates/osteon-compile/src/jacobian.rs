//! The Jacobian by elimination of vertices: operations between states and derivatives are taken out of the graph one by one, each
//! joining the slopes before and behind it, the one that costs fewest products first (Griewank & Walther, Evaluating Derivatives, 2008,
//! chapters 9 and 10). Carrying gradients along operation by operation takes some three times as many products.
//!
//! A choice between two branches is never taken out: what its other branch has for a slope, infinite perhaps, must not come near.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::differentiate::{Gradient, Slopes, TIME, slopes};
use crate::graph::{FastMap, Graph, Input, Node, NodeId};
use crate::schedule::reachable;

/// What is left of the graph: slopes from each vertex to what it reads, and who reads it.
#[derive(Default)]
struct Linear {
    slopes: BTreeMap<NodeId, BTreeMap<NodeId, NodeId>>,
    readers: BTreeMap<NodeId, BTreeSet<NodeId>>,
    /// How many slopes of a vertex and to a vertex are neither 1 nor −1. Kept beside, as thousands may read one vertex.
    costly: BTreeMap<NodeId, [usize; 2]>,
}

/// A choice by a condition, and the vertices that stand for its branches.
struct Choice {
    node: NodeId,
    condition: NodeId,
    branches: [NodeId; 2],
}

/// Gradients of all roots with respect to states and time, branches frozen.
pub(crate) fn jacobian(graph: &mut Graph, roots: &[NodeId]) -> Vec<Gradient> {
    let mut linear = Linear::default();
    let mut choices = Vec::new();
    let mut inner = Vec::new();
    // Vertices beyond the nodes stand for roots and for branches of choices.
    let nodes = reachable(graph, roots);
    let mut next = u32::MAX / 2;
    let mut end = |linear: &mut Linear, graph: &Graph, of: NodeId| {
        next += 1;
        if graph.varies(of) {
            linear.add(graph, NodeId(next), of, Graph::ONE);
        }
        NodeId(next)
    };
    let ends: Vec<NodeId> = roots
        .iter()
        .map(|root| end(&mut linear, graph, *root))
        .collect();
    for id in nodes {
        if !graph.varies(id) || !matches!(graph.node(id), Node::Apply(..)) {
            continue;
        }
        let varies: Vec<bool> = {
            let (args, n) = graph.args(id);
            args[..n].iter().map(|a| graph.varies(*a)).collect()
        };
        match slopes(graph, id, &|place| varies[place]) {
            Slopes::Chosen(condition, yes, no) => {
                let branches = [yes, no].map(|branch| end(&mut linear, graph, branch));
                choices.push(Choice {
                    node: id,
                    condition,
                    branches,
                });
            }
            Slopes::By(list) => {
                for (by, slope) in list {
                    if !graph.varies(by) {
                        continue;
                    }
                    let sum = match linear.slopes.get(&id).and_then(|own| own.get(&by)) {
                        Some(before) => graph.add(*before, slope),
                        None => slope,
                    };
                    linear.add(graph, id, by, sum);
                }
                inner.push(id);
            }
        }
    }
    linear.eliminate(graph, &inner);
    let mut chosen: FastMap<NodeId, BTreeMap<u32, NodeId>> = FastMap::default();
    for choice in choices {
        let [yes, no] = choice.branches.map(|end| linear.whole(graph, &chosen, end));
        let mut both = BTreeMap::new();
        for variable in yes.keys().chain(no.keys()) {
            let slope =
                |of: &BTreeMap<u32, NodeId>| of.get(variable).copied().unwrap_or(Graph::ZERO);
            both.insert(
                *variable,
                graph.select(choice.condition, slope(&yes), slope(&no)),
            );
        }
        chosen.insert(choice.node, both);
    }
    ends.into_iter()
        .map(|end| {
            let whole = linear.whole(graph, &chosen, end);
            whole.into_iter().filter(|x| x.1 != Graph::ZERO).collect()
        })
        .collect()
}

fn is_costly(graph: &Graph, slope: NodeId) -> bool {
    !matches!(graph.constant(slope), Some(1.0 | -1.0))
}

impl Linear {
    fn add(&mut self, graph: &Graph, from: NodeId, by: NodeId, slope: NodeId) {
        debug_assert!(graph.varies(by));
        let before = self.slopes.entry(from).or_default().insert(by, slope);
        self.readers.entry(by).or_default().insert(from);
        if let Some(before) = before {
            self.uncount(graph, from, by, before);
        }
        if is_costly(graph, slope) {
            self.costly.entry(from).or_default()[0] += 1;
            self.costly.entry(by).or_default()[1] += 1;
        }
    }

    /// A slope is gone.
    fn uncount(&mut self, graph: &Graph, from: NodeId, by: NodeId, slope: NodeId) {
        if is_costly(graph, slope) {
            self.costly.entry(from).or_default()[0] -= 1;
            self.costly.entry(by).or_default()[1] -= 1;
        }
    }

    /// Products that taking out a vertex costs: slopes of 1 and −1 cost none.
    fn cost(&self, vertex: NodeId) -> usize {
        let counts = self.costly.get(&vertex);
        counts.map_or(0, |[behind, before]| behind * before)
    }

    fn eliminate(&mut self, graph: &mut Graph, inner: &[NodeId]) {
        let mut waiting: BTreeMap<NodeId, usize> = inner
            .iter()
            .map(|vertex| (*vertex, self.cost(*vertex)))
            .collect();
        let mut cheapest: BinaryHeap<Reverse<(usize, NodeId)>> = waiting
            .iter()
            .map(|(vertex, cost)| Reverse((*cost, *vertex)))
            .collect();
        while let Some(Reverse((cost, vertex))) = cheapest.pop() {
            if waiting.get(&vertex) != Some(&cost) {
                continue;
            }
            waiting.remove(&vertex);
            let behind = std::mem::take(self.slopes.entry(vertex).or_default());
            let before = std::mem::take(self.readers.entry(vertex).or_default());
            for (by, slope) in &behind {
                self.readers.entry(*by).or_default().remove(&vertex);
                self.uncount(graph, vertex, *by, *slope);
            }
            for reader in &before {
                let own = self.slopes.entry(*reader).or_default();
                let Some(outer) = own.remove(&vertex) else {
                    continue;
                };
                self.uncount(graph, *reader, vertex, outer);
                for (by, slope) in &behind {
                    let product = graph.mul(outer, *slope);
                    let own = self.slopes.entry(*reader).or_default();
                    let before = own.get(by).copied().unwrap_or(Graph::ZERO);
                    let sum = graph.add(before, product);
                    self.add(graph, *reader, *by, sum);
                }
            }
            for changed in before.iter().chain(behind.keys()) {
                if let Some(known) = waiting.get_mut(changed) {
                    let cost = self.cost(*changed);
                    if cost != *known {
                        *known = cost;
                        cheapest.push(Reverse((cost, *changed)));
                    }
                }
            }
        }
    }

    /// Slopes of a vertex by variables, those of the choices it reads put in.
    fn whole(
        &self,
        graph: &mut Graph,
        chosen: &FastMap<NodeId, BTreeMap<u32, NodeId>>,
        end: NodeId,
    ) -> BTreeMap<u32, NodeId> {
        let mut whole: BTreeMap<u32, NodeId> = BTreeMap::new();
        let mut add = |graph: &mut Graph, variable: u32, slope: NodeId| {
            let before = whole.get(&variable).copied().unwrap_or(Graph::ZERO);
            whole.insert(variable, graph.add(before, slope));
        };
        for (by, slope) in self.slopes.get(&end).into_iter().flatten() {
            match graph.node(*by) {
                Node::Input(Input::State(i)) => add(graph, i, *slope),
                Node::Input(Input::Time) => add(graph, TIME, *slope),
                _ => {
                    for (variable, inner) in chosen.get(by).into_iter().flatten() {
                        let product = graph.mul(*slope, *inner);
                        add(graph, *variable, product);
                    }
                }
            }
        }
        whole
    }
}

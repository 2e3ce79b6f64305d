//! Static sparse LU of diagonal·I − J: pivots chosen once by Markowitz' rule on the diagonal, every step written out as nodes.
//!
//! The diagonal is positive and usually large, so diagonal pivots are good ones; a probe solve measures the backward error so that a lane
//! for which they are not is caught.

use std::collections::{BTreeMap, BTreeSet};

use osteon_vm::Op;

use crate::graph::{Graph, Input, NodeId};

/// More multiplications than this and the matrix is left to the dense code.
const LARGEST: usize = 200_000;

/// Added to the probe's weights so that states at rest at 0 count too. Any small number will do.
const PROBE_FLOOR: f64 = 1e-9;

/// A factorisation in the graph.
#[derive(Debug)]
pub(crate) struct Factorisation {
    /// Everything the solve reads.
    pub factors: Vec<NodeId>,
    pub solution: Vec<NodeId>,
    /// Sum of the componentwise backward errors of the probe solve.
    pub guard: NodeId,
}

struct Lu {
    order: Vec<usize>,
    /// Row, then earlier pivots that are subtracted.
    lower: Vec<Vec<(usize, NodeId)>>,
    upper: Vec<Vec<(usize, NodeId)>>,
    inverse: Vec<NodeId>,
}

/// Writes out the factorisation for a Jacobian of `n` rows; `None` if it would be too long.
pub(crate) fn factorise(graph: &mut Graph, n: usize, jacobian: &[(u32, u32, NodeId)]) -> Option<Factorisation> {
    let diagonal = graph.input(Input::Diagonal);
    let mut matrix: Vec<BTreeMap<usize, NodeId>> = vec![BTreeMap::new(); n];
    for (i, row) in matrix.iter_mut().enumerate() {
        row.insert(i, diagonal);
    }
    for (i, j, node) in jacobian {
        let (i, j) = (*i as usize, *j as usize);
        let entry = if i == j { graph.sub(diagonal, *node) } else { graph.neg(*node) };
        matrix[i].insert(j, entry);
    }
    let lu = eliminate(graph, matrix.clone())?;
    let right: Vec<NodeId> = (0..n).map(|i| graph.input(Input::RightHand(i as u32))).collect();
    let solution = solve(graph, &lu, &right);
    let guard = probe(graph, &matrix, &lu);
    let mut factors: Vec<NodeId> = lu.inverse.clone();
    factors.extend(lu.lower.iter().chain(&lu.upper).flatten().map(|x| x.1));
    Some(Factorisation { factors, solution, guard })
}

fn eliminate(graph: &mut Graph, mut matrix: Vec<BTreeMap<usize, NodeId>>) -> Option<Lu> {
    let n = matrix.len();
    let mut columns: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); n];
    for (i, row) in matrix.iter().enumerate() {
        for j in row.keys() {
            columns[*j].insert(i);
        }
    }
    let mut left: BTreeSet<usize> = (0..n).collect();
    let mut lu = Lu { order: Vec::with_capacity(n), lower: vec![Vec::new(); n], upper: vec![Vec::new(); n], inverse: vec![Graph::ZERO; n] };
    let mut work = 0;
    while !left.is_empty() {
        // `matrix` and `columns` hold only what is left, so their sizes are the counts Markowitz asks for.
        let pivot = left.iter().copied().min_by_key(|p| (matrix[*p].len() - 1) * (columns[*p].len() - 1)).expect("something is left");
        left.remove(&pivot);
        let mut row = std::mem::take(&mut matrix[pivot]);
        let diagonal = row.remove(&pivot).expect("the diagonal is never empty");
        let inverse = graph.recip(diagonal);
        let mut rows = std::mem::take(&mut columns[pivot]);
        rows.remove(&pivot);
        for j in row.keys() {
            columns[*j].remove(&pivot);
        }
        for i in rows {
            let entry = matrix[i].remove(&pivot).expect("columns and rows agree");
            let factor = graph.mul(entry, inverse);
            lu.lower[i].push((pivot, factor));
            for (j, u) in &row {
                let product = graph.mul(factor, *u);
                let before = matrix[i].get(j).copied().unwrap_or(Graph::ZERO);
                let after = graph.sub(before, product);
                matrix[i].insert(*j, after);
                columns[*j].insert(i);
                work += 1;
            }
        }
        if work > LARGEST {
            return None;
        }
        lu.inverse[pivot] = inverse;
        lu.upper[pivot] = row.into_iter().collect();
        lu.order.push(pivot);
    }
    Some(lu)
}

fn solve(graph: &mut Graph, lu: &Lu, right: &[NodeId]) -> Vec<NodeId> {
    let mut x = right.to_vec();
    for i in &lu.order {
        for (j, factor) in &lu.lower[*i] {
            let product = graph.mul(*factor, x[*j]);
            x[*i] = graph.sub(x[*i], product);
        }
    }
    for i in lu.order.iter().rev() {
        for (j, u) in &lu.upper[*i] {
            let product = graph.mul(*u, x[*j]);
            x[*i] = graph.sub(x[*i], product);
        }
        x[*i] = graph.mul(x[*i], lu.inverse[*i]);
    }
    x
}

/// Solves M x = M w for weights w of the states' own size and gives Σ |M (w − x)| / (|M| (|w| + |x|)) over rows, which no scaling of equations or
/// states changes.
fn probe(graph: &mut Graph, matrix: &[BTreeMap<usize, NodeId>], lu: &Lu) -> NodeId {
    let floor = graph.number(PROBE_FLOOR);
    let weights: Vec<NodeId> = (0..matrix.len())
        .map(|i| {
            let state = graph.input(Input::State(i as u32));
            let size = graph.function(Op::Abs, state);
            graph.add(size, floor)
        })
        .collect();
    let times = |graph: &mut Graph, vector: &[NodeId], absolute: bool| -> Vec<NodeId> {
        matrix
            .iter()
            .map(|row| {
                row.iter().fold(Graph::ZERO, |sum, (j, entry)| {
                    let entry = if absolute { graph.function(Op::Abs, *entry) } else { *entry };
                    let product = graph.mul(entry, vector[*j]);
                    graph.add(sum, product)
                })
            })
            .collect()
    };
    let right = times(graph, &weights, false);
    let x = solve(graph, lu, &right);
    let difference: Vec<NodeId> = weights.iter().zip(&x).map(|(w, x)| graph.sub(*w, *x)).collect();
    let both: Vec<NodeId> = weights
        .iter()
        .zip(&x)
        .map(|(w, x)| {
            let size = graph.function(Op::Abs, *x);
            graph.add(*w, size)
        })
        .collect();
    let (residual, scale) = (times(graph, &difference, false), times(graph, &both, true));
    // A sum, not a maximum: NaN in any row stays visible.
    let mut worst = Graph::ZERO;
    for (r, s) in residual.iter().zip(&scale) {
        let size = graph.function(Op::Abs, *r);
        let error = graph.div(size, *s);
        worst = graph.add(worst, error);
    }
    worst
}

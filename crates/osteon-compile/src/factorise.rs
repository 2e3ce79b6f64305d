//! Static sparse LU of diagonal·I − J: pivots chosen once by Markowitz' rule on the diagonal, every step written out as nodes.
//!
//! The diagonal is positive and usually large, so diagonal pivots are good ones. A guard says where they are not: for every pivot u that
//! began as m and took up products lᵢuᵢ it adds s/|m| + s/|u| with s = |m| + Σ|lᵢuᵢ|, that is growth and cancellation. Both are ratios that
//! no scaling of equations or states changes; each is about the factor by which rounding errors are enlarged.

use std::collections::{BTreeMap, BTreeSet};

use osteon_vm::Op;

use crate::graph::{Graph, Input, NodeId};

/// More multiplications than this and the matrix is left to the dense code.
const LARGEST: usize = 200_000;

/// Brings infinite and undefined pivots into the guard and lets ordinary ones vanish in it.
const PIVOT_SHARE: f64 = 1e-300;

/// A factorisation in the graph.
#[derive(Debug)]
pub(crate) struct Factorisation {
    pub solution: Vec<NodeId>,
    /// Growth and cancellation of all pivots, see above.
    pub guard: NodeId,
}

struct Lu {
    order: Vec<usize>,
    /// Row, then earlier pivots that are subtracted.
    lower: Vec<Vec<(usize, NodeId)>>,
    upper: Vec<Vec<(usize, NodeId)>>,
    inverse: Vec<NodeId>,
    guard: NodeId,
}

/// Writes out the factorisation for a Jacobian of `n` rows; `None` if it would be too long.
///
/// `moves` tells which nodes get new values at the stages of a step, between factorisation and solve; of those a copy is kept.
pub(crate) fn factorise(
    graph: &mut Graph,
    n: usize,
    jacobian: &[(u32, u32, NodeId)],
    moves: &dyn Fn(NodeId) -> bool,
) -> Option<Factorisation> {
    let diagonal = graph.input(Input::Diagonal);
    let mut matrix: Vec<BTreeMap<usize, NodeId>> = vec![BTreeMap::new(); n];
    for (i, row) in matrix.iter_mut().enumerate() {
        row.insert(i, diagonal);
    }
    for (i, j, node) in jacobian {
        let (i, j) = (*i as usize, *j as usize);
        let entry = if i == j {
            graph.sub(diagonal, *node)
        } else {
            graph.neg(*node)
        };
        matrix[i].insert(j, entry);
    }
    let mut lu = eliminate(graph, matrix)?;
    for (_, u) in lu.upper.iter_mut().flatten() {
        // Products take signs out, so what stands behind a sign is read itself.
        *u = match graph.negated(*u) {
            Some(inner) if moves(inner) => {
                let kept = graph.copy(inner);
                graph.neg(kept)
            }
            None if moves(*u) => graph.copy(*u),
            _ => *u,
        };
    }
    let right: Vec<NodeId> = (0..n)
        .map(|i| graph.input(Input::RightHand(i as u32)))
        .collect();
    let solution = solve(graph, &lu, &right);
    Some(Factorisation {
        solution,
        guard: lu.guard,
    })
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
    let mut lu = Lu {
        order: Vec::with_capacity(n),
        lower: vec![Vec::new(); n],
        upper: vec![Vec::new(); n],
        inverse: vec![Graph::ZERO; n],
        guard: Graph::ZERO,
    };
    let original: Vec<NodeId> = matrix.iter().enumerate().map(|(i, row)| row[&i]).collect();
    // Σ|lᵢuᵢ| of every diagonal element so far.
    let mut taken = vec![Graph::ZERO; n];
    let share = graph.number(PIVOT_SHARE);
    let mut guard = Vec::new();
    let mut work = 0;
    while !left.is_empty() {
        // `matrix` and `columns` hold only what is left, so their sizes are the counts Markowitz asks for.
        let pivot = left
            .iter()
            .copied()
            .min_by_key(|p| (matrix[*p].len() - 1) * (columns[*p].len() - 1))
            .expect("something is left");
        left.remove(&pivot);
        let mut row = std::mem::take(&mut matrix[pivot]);
        let diagonal = row.remove(&pivot).expect("the diagonal is never empty");
        let inverse = graph.recip(diagonal);
        let seen = graph.mul(inverse, share);
        guard.push(seen);
        if taken[pivot] != Graph::ZERO {
            let (before, size) = (
                graph.function(Op::Abs, original[pivot]),
                graph.function(Op::Abs, inverse),
            );
            let sum = graph.add(before, taken[pivot]);
            let (growth, cancellation) = (graph.div(sum, before), graph.mul(sum, size));
            guard.extend([growth, cancellation]);
        }
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
                if *j == i {
                    let size = graph.function(Op::Abs, product);
                    taken[i] = graph.add(taken[i], size);
                }
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
    lu.guard = sum_in_pairs(graph, guard);
    Some(lu)
}

/// Sums by pairs, pairs of pairs …: independent additions run side by side.
fn sum_in_pairs(graph: &mut Graph, mut terms: Vec<NodeId>) -> NodeId {
    while terms.len() > 1 {
        terms = terms
            .chunks(2)
            .map(|pair| {
                pair.iter()
                    .copied()
                    .reduce(|a, b| graph.add(a, b))
                    .unwrap_or(Graph::ZERO)
            })
            .collect();
    }
    terms.first().copied().unwrap_or(Graph::ZERO)
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

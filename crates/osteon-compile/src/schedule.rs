//! From nodes to tapes: which tape computes what, fused multiplications, rows, and an order that makes long runs of one operation.

use std::collections::{BTreeMap, VecDeque};

use osteon_vm::{Instruction, Layout, Op, Tape};

use crate::graph::{FastMap, Graph, Input, Node, NodeId, deps};

/// A node as it will be executed: after fusing.
#[derive(Debug, Clone, Copy)]
struct Step {
    op: Op,
    args: [NodeId; 3],
}

/// Lays nodes out into rows and tapes.
pub(crate) struct Scheduler<'g> {
    graph: &'g Graph,
    fused: FastMap<NodeId, Step>,
    rows: Vec<u32>,
    pub layout: Layout,
    next: u32,
}

const NO_ROW: u32 = u32::MAX;

impl<'g> Scheduler<'g> {
    /// `roots` are all nodes whose values anyone asks for; `layout` lacks only its constants.
    pub fn new(graph: &'g Graph, roots: &[NodeId], mut layout: Layout) -> Self {
        let reachable = reachable(graph, roots);
        let mut uses = vec![0_u32; graph.len()];
        for root in roots {
            uses[root.0 as usize] += 2;
        }
        for id in &reachable {
            let (args, n) = graph.args(*id);
            for a in &args[..n] {
                uses[a.0 as usize] += 1;
            }
        }
        let mut fused = FastMap::default();
        for id in &reachable {
            if let Some(step) = fuse(graph, &uses, *id) {
                fused.insert(*id, step);
            }
        }
        let mut rows = vec![NO_ROW; graph.len()];
        layout.constants.clear();
        let mut constants = Vec::new();
        for id in &reachable {
            let value = match graph.node(*id) {
                Node::Constant(bits) => f64::from_bits(bits),
                Node::Input(Input::Missing(_)) => f64::NAN,
                _ => continue,
            };
            constants.push(*id);
            layout.constants.push(value);
        }
        for (i, id) in constants.iter().enumerate() {
            rows[id.0 as usize] = layout.constant(i);
        }
        for id in &reachable {
            if let Node::Input(input) = graph.node(*id) {
                rows[id.0 as usize] = match input {
                    Input::Time => layout.time(),
                    Input::Diagonal => layout.diagonal(),
                    Input::State(i) => layout.state(i as usize),
                    Input::Held(i) => layout.held(i as usize),
                    Input::Branch(i) => layout.branch(i as usize),
                    Input::Equality(i) => layout.equality(i as usize),
                    Input::Start(i) => layout.start(i as usize),
                    Input::OverrideFlag(i) => layout.override_flag(i as usize),
                    Input::OverrideValue(i) => layout.override_value(i as usize),
                    Input::RightHand(i) => layout.right_hand(i as usize),
                    Input::Missing(_) => continue,
                };
            }
        }
        let next = layout.first_computed();
        Scheduler {
            graph,
            fused,
            rows,
            layout,
            next,
        }
    }

    /// Row of a node that some tape computes, or an input or constant.
    pub fn row(&self, id: NodeId) -> u32 {
        let row = self.rows[id.0 as usize];
        assert!(
            row != NO_ROW,
            "every root was scheduled by the tape that owns it"
        );
        row
    }

    /// Number of rows so far.
    pub fn n_rows(&self) -> usize {
        self.next as usize
    }

    fn step(&self, id: NodeId) -> Option<Step> {
        if let Some(step) = self.fused.get(&id) {
            return Some(*step);
        }
        match self.graph.node(id) {
            Node::Apply(op, args) => Some(Step { op, args }),
            _ => None,
        }
    }

    /// What must run for `roots` when `given` is already computed.
    pub fn set(&self, roots: &[NodeId], given: &dyn Fn(NodeId) -> bool) -> Vec<NodeId> {
        let mut seen = FastMap::default();
        let mut stack: Vec<NodeId> = roots.to_vec();
        let mut out = Vec::new();
        while let Some(id) = stack.pop() {
            if given(id) || seen.insert(id, ()).is_some() {
                continue;
            }
            if let Some(step) = self.step(id) {
                out.push(id);
                stack.extend(&step.args[..step.op.arity()]);
            }
        }
        out.sort_unstable();
        out
    }

    /// What the steps of a set read and are not themselves.
    pub fn read_by(&self, set: &[NodeId]) -> Vec<NodeId> {
        let own: FastMap<NodeId, ()> = set.iter().map(|id| (*id, ())).collect();
        let mut out = Vec::new();
        for step in set.iter().filter_map(|id| self.step(*id)) {
            out.extend(
                step.args[..step.op.arity()]
                    .iter()
                    .filter(|a| !own.contains_key(*a)),
            );
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Orders nodes into a tape and gives rows to those that have none. A kind of operation waits until all of its operations that do
    /// not need another of the same kind can run, so that runs are few and long: each costs a dispatch, and costly operations run
    /// side by side.
    pub fn tape(&mut self, nodes: &[NodeId]) -> Tape {
        let position: FastMap<NodeId, usize> =
            nodes.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let steps: Vec<Step> = nodes
            .iter()
            .map(|id| self.step(*id).expect("sets hold operations only"))
            .collect();
        let mut waiting = vec![0_u32; nodes.len()];
        let mut users: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
        for (i, step) in steps.iter().enumerate() {
            for a in &step.args[..step.op.arity()] {
                if let Some(p) = position.get(a) {
                    users[*p].push(i as u32);
                    waiting[i] += 1;
                }
            }
        }
        let levels = own_kind_levels(&steps, &users);
        // Operations still to come, by kind and level.
        let mut to_come: BTreeMap<(Op, u32), usize> = BTreeMap::new();
        for (step, level) in steps.iter().zip(&levels) {
            *to_come.entry((step.op, *level)).or_default() += 1;
        }
        let mut ready: BTreeMap<Op, VecDeque<usize>> = BTreeMap::new();
        for (i, step) in steps.iter().enumerate() {
            if waiting[i] == 0 {
                ready.entry(step.op).or_default().push_back(i);
            }
        }
        let mut instructions = Vec::with_capacity(nodes.len());
        loop {
            // The kind whose lowest level is most nearly complete; among complete ones the cheap first, then the longest.
            let rank = |op: Op, list: &VecDeque<usize>| {
                let ((_, lowest), all) = to_come
                    .range((op, 0)..)
                    .next()
                    .expect("what is ready is to come");
                let here = list.iter().filter(|i| levels[**i] == *lowest).count();
                let share = here * 1_000 / all;
                (share, !op.is_costly(), list.len())
            };
            let open = ready.iter().filter(|(_, list)| !list.is_empty());
            let Some((op, _)) = open
                .map(|(op, list)| (*op, rank(*op, list)))
                .max_by_key(|(_, rank)| *rank)
            else {
                break;
            };
            let batch = std::mem::take(ready.get_mut(&op).expect("chosen among those ready"));
            for i in batch {
                let step = steps[i];
                match to_come.get_mut(&(step.op, levels[i])) {
                    Some(left) if *left > 1 => *left -= 1,
                    _ => {
                        to_come.remove(&(step.op, levels[i]));
                    }
                }
                let mut args = [0; 3];
                for (row, a) in args.iter_mut().zip(&step.args[..step.op.arity()]) {
                    *row = self.row(*a);
                }
                let slot = &mut self.rows[nodes[i].0 as usize];
                if *slot == NO_ROW {
                    *slot = self.next;
                    self.next += 1;
                }
                instructions.push(Instruction {
                    op: step.op,
                    dst: *slot,
                    args,
                });
                for user in &users[i] {
                    waiting[*user as usize] -= 1;
                    if waiting[*user as usize] == 0 {
                        ready
                            .entry(steps[*user as usize].op)
                            .or_default()
                            .push_back(*user as usize);
                    }
                }
            }
        }
        assert_eq!(
            instructions.len(),
            nodes.len(),
            "arguments come before their users, so everything gets its turn"
        );
        Tape::new(&instructions)
    }
}

/// For every step how many operations of its own kind lie on the longest way to it.
fn own_kind_levels(steps: &[Step], users: &[Vec<u32>]) -> Vec<u32> {
    let mut kinds: BTreeMap<Op, usize> = BTreeMap::new();
    for step in steps {
        let next = kinds.len();
        kinds.entry(step.op).or_insert(next);
    }
    // Steps are in order of their ids, and arguments have smaller ids than their users.
    let mut above = vec![0_u32; steps.len() * kinds.len()];
    let mut levels = vec![0; steps.len()];
    for (i, step) in steps.iter().enumerate() {
        let kind = kinds[&step.op];
        levels[i] = above[i * kinds.len() + kind];
        above[i * kinds.len() + kind] += 1;
        for user in &users[i] {
            for k in 0..kinds.len() {
                let own = above[i * kinds.len() + k];
                let theirs = &mut above[*user as usize * kinds.len() + k];
                *theirs = own.max(*theirs);
            }
        }
    }
    levels
}

/// All nodes below the roots, in increasing id.
pub(crate) fn reachable(graph: &Graph, roots: &[NodeId]) -> Vec<NodeId> {
    let mut seen = vec![false; graph.len()];
    let mut stack = roots.to_vec();
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut seen[id.0 as usize], true) {
            let (args, n) = graph.args(id);
            stack.extend(&args[..n]);
        }
    }
    (0..graph.len() as u32)
        .map(NodeId)
        .filter(|id| seen[id.0 as usize])
        .collect()
}

/// How late a node can be computed: steady ones are hoisted, then those of the point, of the factorisation, of the solve.
fn tier(graph: &Graph, id: NodeId) -> u8 {
    let d = graph.deps(id);
    [deps::RIGHT_HAND, deps::DIAGONAL, deps::START, deps::POINT]
        .iter()
        .position(|bit| d & bit != 0)
        .map_or(9, |p| p as u8)
}

/// Turns a sum or difference with a product that nobody else wants into one operation.
fn fuse(graph: &Graph, uses: &[u32], id: NodeId) -> Option<Step> {
    let Node::Apply(op @ (Op::Add | Op::Sub), [a, b, _]) = graph.node(id) else {
        return None;
    };
    let product = |x: NodeId| match graph.node(x) {
        // A product of an earlier tier stays where it is computed less often.
        Node::Apply(Op::Mul, [p, q, _])
            if uses[x.0 as usize] == 1 && tier(graph, x) == tier(graph, id) =>
        {
            Some((p, q))
        }
        _ => None,
    };
    match (op, product(a), product(b)) {
        (Op::Add, Some((p, q)), _) => Some(Step {
            op: Op::Fma,
            args: [p, q, b],
        }),
        (Op::Add, None, Some((p, q))) => Some(Step {
            op: Op::Fma,
            args: [p, q, a],
        }),
        (Op::Sub, _, Some((p, q))) => Some(Step {
            op: Op::Fnma,
            args: [p, q, a],
        }),
        (Op::Sub, Some((p, q)), None) => Some(Step {
            op: Op::Fms,
            args: [p, q, b],
        }),
        _ => None,
    }
}

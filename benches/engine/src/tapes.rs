//! What a model costs per evaluation: operations of each tape by kind, and the time of each tape in one block of lanes.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use cpu_time::ProcessTime;
use osteon_vm::{Lanes, Tape};
use serde_json::{Value, json};

use crate::Words;

/// Operations and dispatches of every tape; nanoseconds per lane of derivative, factorisation (Jacobian included) and solve.
pub fn tapes(words: &Words) -> Result<Value, String> {
    let program = Arc::new(crate::model::compiled(words)?);
    let lanes = words.number("lanes", 16.0)? as usize;
    let repeat = words.number("repeat", 20_000.0)? as usize;
    let tapes = program.tapes();
    let listed = [
        ("hoist", &tapes.hoist),
        ("rhs", &tapes.rhs),
        ("jacobian", &tapes.jacobian),
        ("factor", &tapes.factor),
        ("solve", &tapes.solve),
        ("dfdt", &tapes.dfdt),
        ("switches_alone", &tapes.switches_alone),
        ("triggers_alone", &tapes.triggers_alone),
        ("outputs", &tapes.outputs),
    ];
    let counted: BTreeMap<&str, Value> = listed.into_iter().map(|(name, tape)| (name, count(tape))).collect();
    let mut vm = Lanes::new(Arc::clone(&program), lanes);
    if words.number("interpreted", 0.0)? != 0.0 {
        vm = vm.interpreted();
    }
    let n = program.n_states();
    let (t, mut y) = (vec![program.start_time(); lanes], vec![0.0; n * lanes]);
    vm.initialise(&t, &mut y);
    let mut other = y.clone();
    other.iter_mut().for_each(|x| *x *= 1.0 + 1e-9);
    let mut out = vec![0.0; n * lanes];
    let mut ok = vec![true; lanes];
    let diagonal = vec![10.0; lanes];
    let each = |clock: ProcessTime| clock.elapsed().as_secs_f64() * 1e9 / (repeat * lanes) as f64;
    let clock = ProcessTime::now();
    for i in 0..repeat {
        vm.rhs(&t, if i % 2 == 0 { &y } else { &other }, &mut out);
        black_box(&out);
    }
    let rhs = each(clock);
    let clock = ProcessTime::now();
    for i in 0..repeat {
        vm.factor(&t, if i % 2 == 0 { &y } else { &other }, &diagonal, &mut ok);
        black_box(&ok);
    }
    let factor = each(clock) - rhs;
    let clock = ProcessTime::now();
    for _ in 0..repeat {
        out.fill(1.0);
        vm.solve(&mut out);
        black_box(&out);
    }
    let solve = each(clock);
    let set = format!("{:?}", osteon_vm::InstructionSet::best());
    Ok(json!({
        "states": n, "lanes": lanes, "instruction_set": set, "rows": program.n_rows(), "operations": counted,
        "ns_per_lane": { "rhs": rhs, "jacobian_and_factor": factor, "solve": solve },
    }))
}

fn count(tape: &Tape) -> Value {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for instruction in tape.instructions() {
        *kinds.entry(format!("{:?}", instruction.op)).or_default() += 1;
    }
    json!({ "operations": tape.len(), "dispatches": tape.n_runs(), "kinds": kinds })
}

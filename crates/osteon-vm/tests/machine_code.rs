//! Machine code against the interpreter: the same bits for tapes of all operations in any order, also where numbers are special.

use std::sync::Arc;

use osteon_vm::{
    Instruction, InstructionSet, Lanes, Layout, Op, Place, Program, ProgramParts, Roots,
    StartPlace, SymbolCode, SymbolIndex, Tape, Tapes,
};
use proptest::prelude::*;

const STATES: usize = 6;

const OPS: [Op; 31] = [
    Op::Copy,
    Op::Neg,
    Op::Abs,
    Op::Recip,
    Op::Add,
    Op::Sub,
    Op::Mul,
    Op::Div,
    Op::Fma,
    Op::Fms,
    Op::Fnma,
    Op::Min,
    Op::Max,
    Op::Gt,
    Op::Ge,
    Op::Eq,
    Op::Ne,
    Op::And,
    Op::Or,
    Op::Not,
    Op::Select,
    Op::Floor,
    Op::Round,
    Op::Sqrt,
    Op::Exp,
    Op::Ln,
    Op::Pow,
    Op::PowLn,
    Op::Sin,
    Op::Tanh,
    Op::Factorial,
];

/// Operations and which earlier results they read, both still to be cut to what there is.
type Draft = Vec<(usize, usize, [u32; 3])>;

/// A tape of runs: the first number tells the operation, the second how often it is repeated on other arguments.
fn instructions(layout: &Layout, draft: &Draft) -> Vec<Instruction> {
    let first = layout.first_computed();
    let mut out: Vec<Instruction> = Vec::new();
    for (op, repeated, args) in draft {
        let known = out.len() as u32;
        for again in 0..*repeated as u32 {
            // States, then results from before the run, the latest most often.
            let place = |at: u32| {
                let at = (at + 7 * again) % (known + STATES as u32);
                match known.checked_sub(at + 1) {
                    Some(earlier) => first + earlier,
                    None => layout.state((at - known) as usize),
                }
            };
            out.push(Instruction {
                op: OPS[*op],
                dst: first + out.len() as u32,
                args: args.map(place),
            });
        }
    }
    out
}

/// A program that shows the results of some instructions; the last ones are its derivatives.
fn program(draft: &Draft, shown: &[bool]) -> Arc<Program> {
    let layout = Layout {
        n_states: STATES,
        ..Layout::default()
    };
    let instructions = instructions(&layout, draft);
    let symbols: Vec<SymbolCode> = instructions
        .iter()
        .zip(shown.iter().cycle())
        .filter(|(_, shown)| **shown)
        .map(|(i, _)| SymbolCode {
            name: format!("r{}", i.dst),
            slot: i.dst,
            place: Place::Computed,
            per: None,
            start: StartPlace::None,
            amount: None,
            concentration: None,
        })
        .collect();
    let last = instructions.iter().rev().cycle().take(STATES);
    let roots = Roots {
        rhs: last.map(|i| i.dst).collect(),
        // What is to be solved is its own solution.
        solve: (0..STATES).map(|i| layout.right_hand(i)).collect(),
        ..Roots::default()
    };
    Arc::new(Program::new(ProgramParts {
        n_slots: layout.first_computed() as usize + instructions.len(),
        layout,
        states: (0..STATES).map(|i| format!("s{i}")).collect(),
        n_named: symbols.len(),
        symbols,
        tapes: Tapes {
            rhs: Tape::new(&instructions),
            ..Tapes::default()
        },
        roots,
        ..ProgramParts::default()
    }))
}

fn results(mut lanes: Lanes, y: &[f64]) -> Vec<u64> {
    let symbols: Vec<SymbolIndex> = (0..lanes.program().symbols().len() as u32)
        .map(SymbolIndex)
        .collect();
    let mut out = vec![0.0; symbols.len()];
    let mut derivatives = [vec![0.0; STATES], vec![0.0; STATES]];
    // First where nothing else is read, then beside everything.
    lanes.increment(&[0.0], y, &[0.0; STATES], &mut derivatives[0]);
    lanes.value(&symbols, &[0.0], y, &mut out);
    lanes.rhs(&[0.0], y, &mut derivatives[1]);
    out.extend(derivatives.into_iter().flatten());
    // Which of several things that are no numbers comes out is nobody's business.
    out.iter()
        .map(|x| if x.is_nan() { 0 } else { x.to_bits() })
        .collect()
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 0.01..4.0,
        2 => -3.0..3.0,
        1 => prop_oneof![
            Just(0.0), Just(-0.0), Just(1.0), Just(2.0), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(f64::NAN),
            Just(1e-310), Just(1e300),
        ],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn code_and_interpreter_agree_to_the_bit(
        draft in proptest::collection::vec((0..OPS.len(), 1_usize..20, [0_u32..40, 0_u32..40, 0_u32..40]), 1..60),
        shown in proptest::collection::vec(any::<bool>(), 1..9),
        y in proptest::collection::vec(number(), STATES),
    ) {
        let program = program(&draft, &shown);
        for set in InstructionSet::ALL.into_iter().filter(|s| s.is_available()) {
            let lanes = || Lanes::with_instruction_set(Arc::clone(&program), 1, set).expect("available");
            let (compiled, interpreted) = (results(lanes(), &y), results(lanes().interpreted(), &y));
            for (i, (a, b)) in compiled.iter().zip(&interpreted).enumerate() {
                prop_assert_eq!(a, b, "result {} on {:?}: {:e} and {:e}", i, set, f64::from_bits(*a), f64::from_bits(*b));
            }
        }
    }
}

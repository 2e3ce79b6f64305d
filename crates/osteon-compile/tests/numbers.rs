//! Numbers out of tapes: against a naive interpreter, differences, residuals, other lane counts and other instruction sets.

mod written;

use std::sync::Arc;

use osteon_compile::compile;
use osteon_model::{Expr, ExprKind, Model, Op, Rule, Span, SymbolId};
use osteon_vm::{InstructionSet, Lanes, Program};
use proptest::prelude::*;
use written::{interpret, model};

/// Two states, two parameters, and a rule `out` under test.
fn frame() -> Model {
    model("p = 1\nq = 2\nx = 1\nx' = p * y\ny = 2\ny' = -q * x\nout := 0")
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        (0_u32..4).prop_map(|i| Expr::symbol(SymbolId(i))),
        Just(Expr::new(ExprKind::Time, Span::NONE)),
        prop_oneof![
            Just(0.0),
            Just(1.0),
            Just(2.0),
            Just(-1.0),
            Just(0.5),
            Just(3.0),
            -5.0..5.0
        ]
        .prop_map(Expr::number),
    ]
}

fn expression() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 40, 3, |inner| {
        let unary = prop_oneof![
            Just(Op::Neg),
            Just(Op::Abs),
            Just(Op::Exp),
            Just(Op::Ln),
            Just(Op::Sqrt),
            Just(Op::Sin),
            Just(Op::Tanh),
            Just(Op::Floor),
            Just(Op::Ceil),
            Just(Op::Not),
        ];
        let binary = prop_oneof![
            Just(Op::Sub),
            Just(Op::Div),
            Just(Op::Pow),
            Just(Op::Add),
            Just(Op::Mul),
            Just(Op::Min),
            Just(Op::Max),
            Just(Op::Lt),
            Just(Op::Ge),
            Just(Op::And),
            Just(Op::Or),
            Just(Op::Xor),
        ];
        prop_oneof![
            2 => (unary, inner.clone()).prop_map(|(op, a)| Expr::apply(op, vec![a])),
            5 => (binary, inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::apply(op, vec![a, b])),
            2 => proptest::collection::vec(inner.clone(), 3).prop_map(|a| Expr::apply(Op::Mul, a)),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(v, c, o)| Expr::new(ExprKind::Piecewise(vec![(v, c)], Some(Box::new(o))), Span::NONE)),
        ]
    })
}

/// Whether the interpreter meets a number on the way for which rounding decides, or that overflows.
fn delicate(e: &Expr, value: &dyn Fn(SymbolId) -> f64, time: f64) -> bool {
    let mut found = false;
    e.walk(&mut |part| {
        let v = interpret(part, value, time);
        found |= !v.is_finite() || v.abs() > 1e100 || (v != 0.0 && v.abs() < 1e-100);
        if let ExprKind::Apply(op, args) = &part.kind {
            let a: Vec<f64> = args.iter().map(|x| interpret(x, value, time)).collect();
            // A jump nearby, or the loss of digits by cancellation.
            found |= match op {
                Op::Lt | Op::Ge | Op::Min | Op::Max => {
                    (a[0] - a[1]).abs() < 1e-6 * (a[0].abs() + a[1].abs())
                }
                Op::Sub => v.abs() < 1e-4 * (a[0].abs() + a[1].abs()),
                Op::Add => v.abs() < 1e-4 * a.iter().map(|x| x.abs()).sum::<f64>(),
                Op::Floor | Op::Ceil => (a[0] - a[0].round()).abs() < 1e-6,
                Op::And | Op::Or | Op::Xor | Op::Not => {
                    a.iter().any(|x| x.abs() < 1e-9 && *x != 0.0)
                }
                Op::Sin | Op::Exp => a[0].abs() > 1e2,
                Op::Ln => (a[0] - 1.0).abs() < 1e-4,
                Op::Pow => a[0] < 0.0 || a[1].abs() > 50.0,
                _ => false,
            };
        }
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn tapes_mean_what_the_interpreter_means(e in expression(), p in -3.0..3.0, q in 0.1..3.0, x in -4.0..4.0, y in 0.01..5.0, t in 0.0..9.0) {
        let mut m = frame();
        let value = |id: SymbolId| [p, q, x, y][id.0 as usize];
        // Symbols 2 and 3 are the states.
        prop_assume!(!delicate(&e, &value, t));
        m.symbols[4].rule = Some(Rule::Assignment(e.clone()));
        let program = Arc::new(compile(&m).expect("compiles"));
        let mut lanes = Lanes::new(Arc::clone(&program), 1);
        for (i, v) in [p, q, x, y].iter().enumerate() {
            lanes.set_start(0, program.find(["p", "q", "x", "y"][i]).expect("there"), *v).expect("settable");
        }
        let mut state = [0.0; 2];
        lanes.initialise(&[t], &mut state);
        let mut out = [0.0];
        lanes.value(&[program.find("out").expect("there")], &[t], &state, &mut out);
        let expected = interpret(&e, &value, t);
        prop_assert!((out[0] - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{} instead of {expected} from {e:?}", out[0]);
    }
}

/// Models that use all that is differentiated: rules, powers, switches, time, changing compartments.
const MODELS: [&str; 4] = [
    "comp V = 2
     comp W = 3
     W' = 0.1 * W
     A in V = 3
     B in W = 0.7
     C# in V = 0.2
     k = 0.3
     n = 2.7
     K = 1.5
     h := A ^ n / (K ^ n + A ^ n)
     i := K ^ 3 / (K ^ 3 + B ^ 3)
     J1: A -> B; k * h * V
     J2: 2 B -> C; k * B ^ 2 * i * exp(-C / 5) * (1 + 0.3 * sin(time))
     J3: C -> ; sqrt(C) * ln(1 + A) / (1 + B)",
    "x = 0.4
     y = 1.3
     z = 2.2
     a := max(x, y) * abs(z - 3) + floor(4 * z)
     b := piecewise(x ^ y, z > 1, y ^ x) + tanh(x * y) + atan(z)
     x' = a - b * x
     y' = min(x, z) * cos(time * y) / (x + z)
     z' = -z ^ 1.5 + asinh(x) * sinh(y) - z ^ (-3) + sech(x) + acot(z)",
    "s0 = 1\ns1 = 2\ns2 = 3\ns3 = 4\ns4 = 5
     t := s0 + s1 + s2 + s3 + s4
     s0' = -s0 * t\ns1' = s0 * t - s1 / t\ns2' = s1 / t - s2 ^ 2\ns3' = s2 ^ 2 - exp(-s3)\ns4' = exp(-s3) - s4 * log10(t)",
    "comp V = 1
     V := 2 + sin(time) + x
     x = 0.5
     x' = -0.2 * x
     A in V = 3
     A' = -A / V
     B in V = 1
     r := rateOf(V)
     J: B -> ; B * V * (1 + r)",
];

fn start(program: &Arc<Program>, lanes: usize, set: InstructionSet) -> (Lanes, Vec<f64>, Vec<f64>) {
    let mut block =
        Lanes::with_instruction_set(Arc::clone(program), lanes, set).expect("available");
    let t: Vec<f64> = (0..lanes).map(|l| 0.8 + 0.01 * l as f64).collect();
    let mut y = vec![0.0; program.n_states() * lanes];
    block.initialise(&t, &mut y);
    // Every lane elsewhere, branches as at the start.
    for (i, v) in y.iter_mut().enumerate() {
        *v *= 1.0 + 0.01 * (i % lanes) as f64;
    }
    (block, t, y)
}

/// Derivative by differences of eighth order.
fn difference(h: f64, f: &mut dyn FnMut(f64) -> Vec<f64>) -> Vec<f64> {
    let weights = [4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0];
    let mut sum: Vec<f64> = Vec::new();
    for (k, w) in weights.iter().enumerate() {
        let step = h * (k + 1) as f64;
        let (up, down) = (f(step), f(-step));
        sum.resize(up.len(), 0.0);
        for ((s, u), d) in sum.iter_mut().zip(up).zip(down) {
            *s += w * (u - d) / h;
        }
    }
    sum
}

#[test]
fn derivatives_agree_with_differences() {
    for text in MODELS {
        let program = Arc::new(compile(&model(text)).expect(text));
        let n = program.n_states();
        let (mut lanes, t, y) = start(&program, 1, InstructionSet::best());
        let pattern: Vec<_> = program.jacobian_pattern().collect();
        let (mut nonzeros, mut by_time) = (vec![0.0; pattern.len()], vec![0.0; n]);
        lanes.jacobian(&t, &y, &mut nonzeros);
        lanes.dfdt(&t, &y, &mut by_time);
        let mut dense = vec![0.0; n * n];
        for ((i, j), v) in pattern.iter().zip(&nonzeros) {
            dense[i * n + j] = *v;
        }
        let mut rhs = |t: f64, y: &[f64]| {
            let mut out = vec![0.0; n];
            lanes.rhs(&[t], y, &mut out);
            out
        };
        for j in 0..n {
            let column = difference(1e-2 * y[j], &mut |h| {
                let mut moved = y.clone();
                moved[j] += h;
                rhs(t[0], &moved)
            });
            for i in 0..n {
                let (a, b) = (dense[i * n + j], column[i]);
                assert!(
                    (a - b).abs() < 1e-8 * (1.0 + b.abs()),
                    "J[{i},{j}]: {a} and {b} in {text}"
                );
            }
        }
        let slope = difference(1e-2, &mut |h| rhs(t[0] + h, &y));
        for (a, b) in by_time.iter().zip(slope) {
            assert!(
                (a - b).abs() < 1e-9 * (1.0 + b.abs()),
                "df/dt: {a} and {b} in {text}"
            );
        }
    }
}

/// Largest |M x − b| / (|M| |x| + |b|) over rows, for one lane.
fn residual(
    program: &Program,
    j: &[f64],
    lanes: usize,
    lane: usize,
    d: f64,
    x: &[f64],
    b: &[f64],
) -> f64 {
    let n = program.n_states();
    (0..n)
        .map(|i| {
            let (mut r, mut s) = (
                d * x[i * lanes + lane] - b[i * lanes + lane],
                (d * x[i * lanes + lane]).abs() + b[i * lanes + lane].abs(),
            );
            for ((row, column), v) in program.jacobian_pattern().zip(j.chunks(lanes)) {
                if row == i {
                    r -= v[lane] * x[column * lanes + lane];
                    s += (v[lane] * x[column * lanes + lane]).abs();
                }
            }
            r.abs() / s
        })
        .fold(0.0, f64::max)
}

#[test]
fn solves_leave_no_residual() {
    for text in MODELS {
        let program = Arc::new(compile(&model(text)).expect(text));
        let (n, lanes) = (program.n_states(), 5);
        let (mut block, t, y) = start(&program, lanes, InstructionSet::best());
        let mut j = vec![0.0; program.jacobian_pattern().len() * lanes];
        block.jacobian(&t, &y, &mut j);
        for d in [1e-6, 0.3, 10.0, 1e6] {
            let diagonal: Vec<f64> = (0..lanes).map(|l| d * (1.0 + l as f64)).collect();
            let mut ok = [false; 5];
            block.factor(&t, &y, &diagonal, &mut ok);
            assert_eq!(ok, [true; 5]);
            let b: Vec<f64> = (0..n * lanes)
                .map(|i| ((i * 7919) % 13) as f64 - 6.0)
                .collect();
            let mut x = b.clone();
            block.solve(&mut x);
            for (lane, d) in diagonal.iter().enumerate() {
                let r = residual(&program, &j, lanes, lane, *d, &x, &b);
                assert!(r < 1e-12, "{r} for diagonal {d} in {text}");
            }
        }
    }
}

#[test]
fn a_bad_static_pivot_falls_back_to_pivoting() {
    // At k = 0 the diagonal of d·I − J is d alone beside couplings of size 1: tiny d ruins diagonal pivots, for that lane only.
    let text = "k = 0\na = 1\nb = 2\nc = 3\na' = -k * a + b + c\nb' = -a - k * b - 2 * c\nc' = a + 3 * b - k * c";
    let program = Arc::new(compile(&model(text)).expect(text));
    let lanes = 3;
    let mut block = Lanes::new(Arc::clone(&program), lanes);
    block
        .set_start(1, program.find("k").expect("k"), 50.0)
        .expect("settable");
    let (t, mut y) = (vec![0.0; lanes], vec![0.0; 3 * lanes]);
    block.initialise(&t, &mut y);
    let mut j = vec![0.0; program.jacobian_pattern().len() * lanes];
    block.jacobian(&t, &y, &mut j);
    let diagonal = [1e-13, 1e-13, 1e-15];
    let mut ok = [false; 3];
    block.factor(&t, &y, &diagonal, &mut ok);
    assert_eq!(ok, [true; 3]);
    assert_eq!(block.n_dense(), 2);
    let b = vec![1.0, 1.0, 1.0, 2.0, 2.0, 2.0, -3.0, -3.0, -3.0];
    let mut x = b.clone();
    block.solve(&mut x);
    for (lane, d) in diagonal.iter().enumerate() {
        let r = residual(&program, &j, lanes, lane, *d, &x, &b);
        assert!(r < 1e-13, "{r} in lane {lane}");
    }
    // Singular: told, for that lane only.
    let singular = Arc::new(compile(&model("k = 0\na = 1\na' = k * a")).expect("compiles"));
    let mut block = Lanes::new(Arc::clone(&singular), 2);
    block
        .set_start(0, singular.find("k").expect("k"), 2.0)
        .expect("settable");
    block.initialise(&[0.0; 2], &mut [0.0; 2]);
    let mut ok = [true; 2];
    block.factor(&[0.0; 2], &[1.0; 2], &[2.0, 2.0], &mut ok);
    assert_eq!(ok, [false, true]);
}

/// A derivative that is also a trigger's margin: looking ahead writes its row, a stage at the present point must not read that.
#[test]
fn a_probe_changes_no_stage() {
    let text = "x = 1\nv := 2 - exp(x) / 3\nx' = v\ny = 1\ny' = -x * y\nat v > 0.5: y = 2";
    let program = Arc::new(compile(&model(text)).expect(text));
    for lanes in [1, 2, 3] {
        let (mut block, t, y) = start(&program, lanes, InstructionSet::best());
        let mut ok = vec![false; lanes];
        block.factor(&t, &y, &vec![10.0; lanes], &mut ok);
        let mut increments = [vec![0.0; y.len()], vec![0.0; y.len()]];
        block.rhs(&t, &y, &mut vec![0.0; y.len()]);
        block.increment(&t, &y, &vec![0.0; y.len()], &mut increments[0]);
        let mut margins = vec![0.0; program.n_triggers() * lanes];
        let ahead: Vec<f64> = y.iter().map(|y| 0.5 * y).collect();
        block.probe(&t, &ahead, &mut [], &mut margins);
        block.increment(&t, &y, &vec![0.0; y.len()], &mut increments[1]);
        assert_eq!(increments[0], increments[1], "{lanes} lanes");
    }
}

/// Everything a block computes, as bits of one lane.
fn bits_of_lane(
    program: &Arc<Program>,
    lanes: usize,
    lane: usize,
    set: InstructionSet,
) -> Vec<f64> {
    let mut block =
        Lanes::with_instruction_set(Arc::clone(program), lanes, set).expect("available");
    let n = program.n_states();
    let mut y = vec![0.0; n * lanes];
    let t = vec![0.8; lanes];
    block.initialise(&t, &mut y);
    for l in 0..lanes {
        // The lane under test is the same everywhere, its neighbours differ.
        let factor = if l == lane {
            1.1
        } else {
            0.7 + 0.05 * l as f64
        };
        (0..n).for_each(|i| y[i * lanes + l] *= factor);
    }
    let (mut f, mut ok) = (vec![0.0; n * lanes], vec![false; lanes]);
    let mut out = Vec::new();
    block.rhs(&t, &y, &mut f);
    out.extend(f.iter().skip(lane).step_by(lanes));
    block.dfdt(&t, &y, &mut f);
    out.extend(f.iter().skip(lane).step_by(lanes));
    block.factor(&t, &y, &vec![3.0; lanes], &mut ok);
    let mut x = f.clone();
    block.solve(&mut x);
    out.extend(x.iter().skip(lane).step_by(lanes));
    let mut margins = vec![0.0; program.n_switches() * lanes];
    block.switch_margins(&t, &y, &mut margins);
    out.extend(margins.iter().skip(lane).step_by(lanes));
    out
}

#[test]
fn any_number_of_lanes_gives_the_same_bits() {
    for text in MODELS {
        let program = Arc::new(compile(&model(text)).expect(text));
        for set in InstructionSet::ALL.into_iter().filter(|s| s.is_available()) {
            let alone: Vec<u64> = bits_of_lane(&program, 1, 0, set)
                .iter()
                .map(|x| x.to_bits())
                .collect();
            for (lanes, lane) in [(2, 1), (3, 2), (4, 0), (8, 7), (13, 12), (16, 5), (32, 31)] {
                let many: Vec<u64> = bits_of_lane(&program, lanes, lane, set)
                    .iter()
                    .map(|x| x.to_bits())
                    .collect();
                assert_eq!(alone, many, "lane {lane} of {lanes} on {set:?}");
            }
        }
    }
}

#[test]
fn instruction_sets_agree() {
    for text in MODELS {
        let program = Arc::new(compile(&model(text)).expect(text));
        let base = bits_of_lane(&program, 1, 0, InstructionSet::Baseline);
        for set in InstructionSet::ALL.into_iter().filter(|s| s.is_available()) {
            for (a, b) in base.iter().zip(bits_of_lane(&program, 8, 3, set)) {
                assert!(
                    (a - b).abs() <= 1e-9 * a.abs().max(1e-6),
                    "{a} and {b} on {set:?}"
                );
            }
        }
    }
}

/// Between factorisation and solve lie the stages of a step, which fill the rows of states and derivatives with other values.
#[test]
fn solves_do_not_read_what_stages_overwrite() {
    let text = "
        k = 3
        x = 1
        x' = -k * x * y * z
        y = 2
        y' = x * z - y * exp(x)
        z = 1
        z' = k * x * y - z * x";
    let program = Arc::new(compile(&model(text)).expect("compiles"));
    let tapes = program.tapes();
    let mut moved: Vec<u32> = tapes.rhs.instructions().map(|i| i.dst).collect();
    moved.push(0);
    moved.extend(2..2 + program.n_states() as u32);
    let read = tapes
        .solve
        .instructions()
        .flat_map(|i| i.args.into_iter().take(i.op.arity()));
    let wrong: Vec<u32> = read.filter(|row| moved.contains(row)).collect();
    assert!(wrong.is_empty(), "rows {wrong:?}");
    // The same in numbers: solve after the derivative somewhere else.
    for lanes in [1, 4] {
        let mut vm = Lanes::new(Arc::clone(&program), lanes);
        let t = vec![0.0; lanes];
        let mut y = vec![0.0; 3 * lanes];
        vm.initialise(&t, &mut y);
        let (mut ok, mut f) = (vec![false; lanes], vec![0.0; 3 * lanes]);
        vm.factor(&t, &y, &vec![5.0; lanes], &mut ok);
        let mut at_once = vec![1.0; 3 * lanes];
        vm.solve(&mut at_once);
        let elsewhere: Vec<f64> = y.iter().map(|y| 7.0 * y + 1.0).collect();
        vm.rhs(&t, &elsewhere, &mut f);
        let mut later = vec![1.0; 3 * lanes];
        vm.solve(&mut later);
        assert_eq!(at_once, later, "{lanes} lanes");
    }
}

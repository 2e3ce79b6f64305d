//! Elementary functions against correctly rounded references and the special cases of C99, on every instruction set.

use std::sync::Arc;

use osteon_vm::{
    Instruction, InstructionSet, Lanes, Layout, Op, Place, Program, ProgramParts, Roots,
    StartPlace, SymbolCode, SymbolIndex, Tape, Tapes, math,
};

/// A program that computes `op` of its states.
fn program(op: Op) -> Arc<Program> {
    let layout = Layout {
        n_states: 3,
        ..Layout::default()
    };
    let (log, result) = (layout.first_computed(), layout.first_computed() + 1);
    let ln = Instruction {
        op: Op::Ln,
        dst: log,
        args: [layout.state(0), 0, 0],
    };
    let third = if op == Op::PowLn {
        log
    } else {
        layout.state(2)
    };
    let then = Instruction {
        op,
        dst: result,
        args: [layout.state(0), layout.state(1), third],
    };
    let symbol = SymbolCode {
        name: "f".into(),
        slot: result,
        place: Place::Computed,
        per: None,
        start: StartPlace::None,
        amount: None,
        concentration: None,
    };
    Arc::new(Program::new(ProgramParts {
        layout,
        n_slots: result as usize + 1,
        states: ["a", "b", "c"].map(String::from).to_vec(),
        symbols: vec![symbol],
        n_named: 1,
        tapes: Tapes {
            rhs: Tape::new(&[ln, then]),
            ..Tapes::default()
        },
        roots: Roots::default(),
        ..ProgramParts::default()
    }))
}

/// `op` on every instruction set and several lane counts; all of one set must agree to the bit.
fn each_set(op: Op, a: &[f64], b: &[f64], check: impl Fn(usize, f64)) {
    let program = program(op);
    for set in InstructionSet::ALL.into_iter().filter(|s| s.is_available()) {
        let mut first: Vec<u64> = Vec::new();
        for lanes in [1, 8, 16] {
            let mut block =
                Lanes::with_instruction_set(Arc::clone(&program), lanes, set).expect("available");
            let mut all = Vec::new();
            for chunk in (0..a.len()).collect::<Vec<_>>().chunks(lanes) {
                let at = |v: &[f64], l: usize| chunk.get(l).map_or(1.0, |i| v[*i]);
                let y: Vec<f64> = (0..lanes)
                    .map(|l| at(a, l))
                    .chain((0..lanes).map(|l| at(b, l)))
                    .chain((0..lanes).map(|_| 0.0))
                    .collect();
                let mut out = vec![0.0; lanes];
                block.value(&[SymbolIndex(0)], &vec![0.0; lanes], &y, &mut out);
                all.extend(out.into_iter().take(chunk.len()));
            }
            all.iter().enumerate().for_each(|(i, x)| check(i, *x));
            let bits: Vec<u64> = all
                .iter()
                .map(|x| if x.is_nan() { 0 } else { x.to_bits() })
                .collect();
            if first.is_empty() {
                first = bits;
            } else {
                assert_eq!(first, bits, "{op:?} on {set:?} with {lanes} lanes");
            }
        }
    }
}

/// Distance in units in the last place of the reference.
fn ulps(found: f64, reference: f64) -> f64 {
    if found == reference || (found.is_nan() && reference.is_nan()) {
        return 0.0;
    }
    let ulp = f64::from_bits(reference.abs().to_bits() + 1) - reference.abs();
    (found - reference).abs() / ulp
}

fn spread(n: usize, low: f64, high: f64) -> Vec<f64> {
    // Steps by the golden ratio: even, and never in phase with powers of 2.
    (0..n)
        .map(|i| low + (high - low) * ((i as f64 * 0.618_033_988_749_894_8) % 1.0))
        .collect()
}

// The system's exp and ln are within 1 ulp, so 2 ulp against them is within 2 ulp of the truth, nearly.

#[test]
fn exp_is_accurate_and_special() {
    let mut x = spread(20_000, -708.0, 709.0);
    x.extend(spread(10_000, -1.0, 1.0));
    x.extend(spread(2_000, -745.0, -708.0));
    x.extend([
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e-320,
        709.78,
        709.79,
        1e300,
        -1e300,
        -745.2,
        -750.0,
    ]);
    each_set(Op::Exp, &x, &x, |i, found| {
        let reference = x[i].exp();
        assert!(
            ulps(found, reference) <= 1.5,
            "exp({:e}) = {found:e}, not {reference:e}",
            x[i]
        );
    });
}

#[test]
fn ln_is_accurate_and_special() {
    let mut x: Vec<f64> = spread(20_000, -700.0, 700.0)
        .into_iter()
        .map(f64::exp)
        .collect();
    x.extend(spread(10_000, 0.5, 2.0));
    x.extend([
        0.0,
        -0.0,
        1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -1.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        f64::MAX,
    ]);
    each_set(Op::Ln, &x, &x, |i, found| {
        let reference = x[i].ln();
        assert!(
            ulps(found, reference) <= 1.5,
            "ln({:e}) = {found:e}, not {reference:e}",
            x[i]
        );
    });
}

#[test]
fn pow_is_accurate_and_special() {
    // Through a shared logarithm the error grows with |y ln x|: half an ulp of the logarithm for each.
    let x: Vec<f64> = spread(20_000, -20.0, 20.0)
        .into_iter()
        .map(f64::exp)
        .collect();
    let y = spread(20_000, -7.0, 9.0);
    each_set(Op::PowLn, &x, &y, |i, found| {
        let (reference, size) = (x[i].powf(y[i]), (y[i] * x[i].ln()).abs());
        assert!(
            ulps(found, reference) <= 2.0 + 2.0 * size,
            "{:e}^{} = {found:e}, not {reference:e}",
            x[i],
            y[i]
        );
    });
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        3.0,
        -3.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e-310,
        -1e-18,
        1.8,
        1e300,
    ];
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for a in special {
        for b in special {
            x.push(a);
            y.push(b);
        }
    }
    for op in [Op::Pow, Op::PowLn] {
        each_set(op, &x, &y, |i, found| {
            let reference = x[i].powf(y[i]);
            let same = ulps(found, reference) <= 2000.0
                && (found.is_nan() || found.is_sign_positive() == reference.is_sign_positive());
            assert!(
                same,
                "{op:?}: {:e}^{:e} = {found:e}, not {reference:e}",
                x[i], y[i]
            );
        });
    }
}

#[test]
fn folding_and_tapes_share_their_mathematics() {
    let x = spread(500, 0.1, 9.0);
    let ops = [
        Op::Exp,
        Op::Ln,
        Op::Sqrt,
        Op::Sin,
        Op::Cos,
        Op::Tan,
        Op::Sinh,
        Op::Cosh,
        Op::Tanh,
        Op::Atan,
        Op::Asinh,
        Op::Floor,
        Op::Round,
        Op::Recip,
        Op::Abs,
        Op::Neg,
    ];
    for op in ops {
        each_set(op, &x, &x, |i, found| {
            assert!(
                ulps(found, op.apply(x[i], 0.0, 0.0)) <= 1.0,
                "{op:?}({}) = {found}",
                x[i]
            )
        });
    }
    assert_eq!((math::factorial(5.0), math::factorial(0.0)), (120.0, 1.0));
    assert_eq!(math::round(2.5), 2.0);
}

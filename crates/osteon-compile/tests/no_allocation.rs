//! Evaluation takes no memory once a block has been used.

mod written;

use std::sync::Arc;

use osteon_compile::compile;
use osteon_vm::{Lanes, SymbolIndex};

#[test]
fn calls_allocate_nothing() {
    let text = "
        a = 2
        x = a
        x' = piecewise(a, x > 3, exp(-x) * x ^ a) - y
        y = 1
        y' = x - sin(time) * y
        at x > 5: a = 1, y = 0";
    let program = Arc::new(compile(&written::model(text)).expect("compiles"));
    for lanes in [1, 3, 8] {
        let mut block = Lanes::new(Arc::clone(&program), lanes);
        let (mut t, mut y) = (vec![0.0; lanes], vec![0.0; 2 * lanes]);
        let (mut f, mut margins, mut ok) = (
            vec![0.0; 2 * lanes],
            vec![0.0; 2 * lanes],
            vec![false; lanes],
        );
        let diagonal = vec![4.0; lanes];
        let mut values = [0.0; 2];
        let mut pass = || {
            t.iter_mut().for_each(|t| *t += 0.125);
            block.set_start(0, SymbolIndex(0), 2.5).expect("settable");
            block.initialise(&t, &mut y);
            block.rhs(&t, &y, &mut f);
            block.dfdt(&t, &y, &mut f);
            block.factor(&t, &y, &diagonal, &mut ok);
            block.solve(&mut f);
            block.switch_margins(&t, &y, &mut margins[..program.n_switches() * lanes]);
            block.trigger_margins(&t, &y, &mut margins[..program.n_triggers() * lanes]);
            block.value(&[SymbolIndex(1)], &t, &y, &mut margins[..lanes]);
            block.event_truth(0, &t, &y, &mut ok);
            block.event_values(0, 0, &t, &y, &mut values);
            block.event_apply(0, 0, &values, &t, &mut y);
        };
        pass();
        let info = allocation_counter::measure(|| (0..10).for_each(|_| pass()));
        assert_eq!(info.count_total, 0, "{lanes} lanes");
    }
}

//! What may change during a run, and what stays as it is from the start.

use crate::{Expr, ExprKind, Model, Role, Rule};

/// Which symbols may change during a run, by their number.
pub fn moving(model: &Model) -> Vec<bool> {
    let mut moving: Vec<bool> = model
        .symbols
        .iter()
        .map(|s| {
            matches!(s.role, Role::Species(_) | Role::Reaction(_)) && !s.constant
                || matches!(s.rule, Some(Rule::Rate(_)))
        })
        .collect();
    for assignment in model.events.iter().flat_map(|e| &e.assignments) {
        moving[assignment.target.0 as usize] = true;
    }
    // Assignment rules move with what they read; each pass reaches one rule further.
    loop {
        let mut changed = false;
        for (at, symbol) in model.symbols.iter().enumerate() {
            if let (false, Some(Rule::Assignment(expr))) = (moving[at], &symbol.rule)
                && moves(expr, &moving)
            {
                moving[at] = true;
                changed = true;
            }
        }
        if !changed {
            return moving;
        }
    }
}

/// Whether an expression may change during a run, given which symbols may.
pub fn moves(expr: &Expr, moving: &[bool]) -> bool {
    let mut found = false;
    expr.walk(&mut |e| {
        found |= match e.kind {
            ExprKind::Time | ExprKind::RateOf(_) => true,
            ExprKind::Symbol(id) => moving[id.0 as usize],
            _ => false,
        }
    });
    found
}

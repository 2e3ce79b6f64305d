//! Laboratory units of the United States instead of the body's own, for those columns that have one.

use osteon_sim::{Reference, Run};

/// The same run with every column that has one in its US laboratory unit.
#[must_use]
pub fn in_us_units(mut run: Run) -> Run {
    for column in run.arms.iter_mut().flat_map(|a| &mut a.columns) {
        let Some((unit, factor)) = column.us_unit.take() else {
            continue;
        };
        column.values.iter_mut().for_each(|v| *v *= factor);
        column.reference = column.reference.take().map(|r| Reference {
            lower: r.lower.map(|v| v * factor),
            upper: r.upper.map(|v| v * factor),
            ..r
        });
        column.unit = unit;
    }
    run
}

//! Rows and parameters of which a test says only what matters to it.

use osteon_model::Origin;

use crate::study::{Kind, Row};
use crate::uncertainty::Uncertain;

/// The value of a quantity after three weeks, published without bounds or spread.
pub(crate) fn row(value: f64) -> Row {
    Row {
        line: 2,
        quantity: "serum.X".into(),
        arm: String::new(),
        versus: None,
        at_d: 21.0,
        at: "21 d".into(),
        from_d: 0.0,
        kind: Kind::Value,
        unit: "mmol/L".into(),
        value,
        bounds: None,
        spread: None,
        n: None,
        note: String::new(),
        used_to_fit: false,
    }
}

/// A parameter that is 0 and may lie within 1 of it.
pub(crate) fn uncertain(name: &str, origin: Origin) -> Uncertain {
    Uncertain {
        name: name.into(),
        label: name.into(),
        unit: "1".into(),
        value: 0.0,
        range: (-1.0, 1.0),
        origin,
    }
}

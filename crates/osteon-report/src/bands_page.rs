//! Bands of plausible bodies: laid into a figure, as a table (CSV), and in words for the terminal.

use std::fmt::Write as _;

use osteon_sim::{ArmRun, Run};
use osteon_study::{Bands, QUANTILES};

use crate::aligned::Aligned;
use crate::figure::{Band, Figure};
use crate::ticks::quantity;
use crate::tidy_csv::field;

/// Columns of the table of bands.
pub const BAND_COLUMNS: [&str; 9] = [
    "run",
    "arm",
    "time",
    "time_unit",
    "quantity",
    "quantile",
    "value",
    "unit",
    "n",
];

/// The figure with bands around every course that the samples have, comparisons of arms included.
#[must_use]
pub fn with_bands(mut figure: Figure, run: &Run, bands: &Bands) -> Figure {
    let meaning = bands.meaning();
    for panel in &mut figure.panels {
        for curve in &mut panel.curves {
            let of_arm =
                |arms: &[ArmRun], number: usize| values(arms, run, number, &panel.quantity);
            let versus = panel.versus.iter().find(|v| v.0 == curve.arm);
            let [lower, _, upper] = bands.quantiles(|arms| match versus {
                Some((arm, control, ratio)) => {
                    let pairs = of_arm(arms, *arm).into_iter().zip(of_arm(arms, *control));
                    pairs
                        .map(|(a, b)| if *ratio { a / b } else { a - b })
                        .collect()
                }
                None => of_arm(arms, curve.arm),
            });
            if lower.len() == curve.days.len() && lower.iter().any(|v| v.is_finite()) {
                curve.band = Some(Band {
                    lower,
                    upper,
                    meaning: meaning.clone(),
                });
            }
        }
    }
    figure
}

/// Values of one sample in the unit that the run is shown in.
fn values(arms: &[ArmRun], run: &Run, number: usize, name: &str) -> Vec<f64> {
    let column = arms.get(number).and_then(|a| a.column(name));
    let shown = run.arms.get(number).and_then(|a| a.column(name));
    let (Some(column), Some(shown)) = (column, shown) else {
        return Vec::new();
    };
    let factor = match &column.us_unit {
        Some((unit, factor)) if column.unit != shown.unit && *unit == shown.unit => *factor,
        _ => 1.0,
    };
    column.values.iter().map(|v| v * factor).collect()
}

/// The bands as CSV: one row a time, quantity and quantile; times in days, values in the unit of their row.
pub fn band_csv(run: &Run, bands: &Bands) -> String {
    let mut out = BAND_COLUMNS.join(",") + "\n";
    for (number, arm) in run.arms.iter().enumerate() {
        for column in &arm.columns {
            let found = bands.quantiles(|arms| values(arms, run, number, &column.quantity));
            for (i, time) in arm.times.iter().enumerate() {
                for (q, values) in QUANTILES.iter().zip(&found) {
                    let Some(value) = values.get(i) else { continue };
                    let _ = writeln!(
                        out,
                        "{},{},{time:?},d,{},{q},{value:?},{},{}",
                        field(&run.scenario),
                        field(&arm.name),
                        field(&column.quantity),
                        field(&column.unit),
                        bands.samples.len()
                    );
                }
            }
        }
    }
    out
}

/// What the bands come to: how they were made, what failed, and the spread of every quantity at the end.
pub fn band_text(run: &Run, bands: &Bands) -> String {
    let mut out = format!("\nuncertainty: {}\n", bands.meaning());
    let together = match bands.told_by {
        Some((rows, same)) => format!(
            "; {} of them drawn together from what {rows} rows used to fit and values at rest leave open (linear-Gaussian around the body's values{}), the others from their ranges alone",
            bands.correlated,
            if same {
                ""
            } else {
                "; slopes of an earlier body: `osteon sensitivity --all` renews them"
            }
        ),
        None if bands.correlated > 0 => {
            format!(", {} of them together as fits left them", bands.correlated)
        }
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "  quantiles 5, 50 and 95 %; {} parameters of the body varied inside their ranges{together}; seed {}",
        bands.parameters, bands.seed
    );
    if bands.failed.0 > 0 {
        let _ = writeln!(
            out,
            "  {} more failed and are left out; the first: {}",
            bands.failed.0, bands.failed.1
        );
    }
    let left: Vec<String> = bands
        .left
        .iter()
        .take(4)
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    let fate = if bands.healthy_only {
        ", and were left out"
    } else {
        ""
    };
    let which = if left.is_empty() {
        String::new()
    } else {
        format!(" ({})", left.join(", "))
    };
    if bands.impossible > 0 {
        let _ = writeln!(
            out,
            "  {} of {} draws contradict themselves, so that nobody lives with them; others were drawn",
            bands.impossible, bands.drawn
        );
    }
    let _ = writeln!(
        out,
        "  at rest {} of {} leave a reference interval{which}{fate}",
        bands.unhealthy,
        bands.drawn - bands.impossible
    );
    let named = run.arms.iter().any(|a| !a.name.is_empty());
    let mut table = Aligned::new(&[
        if named { "arm" } else { "" },
        "at the end",
        "",
        ">body as it is",
        ">5 %",
        ">median",
        ">95 %",
    ]);
    for (number, arm) in run.arms.iter().enumerate() {
        for column in &arm.columns {
            let found = bands.quantiles(|arms| values(arms, run, number, &column.quantity));
            let last = |v: &[f64]| v.last().map_or("–".to_owned(), |v| quantity(*v));
            table.row(vec![
                arm.name.clone(),
                column.label.clone(),
                column.unit.clone(),
                last(&column.values),
                last(&found[0]),
                last(&found[1]),
                last(&found[2]),
            ]);
        }
    }
    out + "\n" + &table.text("  ")
}

//! How sure the body may be: measured numbers among the predictions of plausible bodies, as text, page and figure.

use std::fmt::Write as _;

use osteon_study::{Coverage, CoveredRow, PlausibleBodies};

use crate::svg::Svg;
use crate::ticks::quantity;
use crate::xy_figure::{XyCurve, XyFigure, XyPanel, draw_xy};

/// Rows named as those farthest outside.
const FARTHEST: usize = 25;
/// Shares for which the page tells how many rows they hold.
const SHARES: [f64; 3] = [0.5, 0.8, 0.9];

/// The counts, for the terminal and the page. `seed` is that of the draws.
pub fn coverage_text(found: &Coverage, of: &PlausibleBodies, seed: u64) -> String {
    let (drawn, impossible, unhealthy) = of.seen();
    let told = of.told_by().map_or_else(
        || "parameters of one fit are drawn together, the others in their ranges".to_owned(),
        |rows| format!("parameters are drawn together from what {rows} rows used to fit and values at rest leave open (linear-Gaussian around the body's values), the others in their ranges"),
    );
    let mut out = format!(
        "{} plausible bodies, seed {seed}: {told}. Of {} drawn, {impossible} contradict themselves; {unhealthy} of {} leave a reference interval at rest. Between {} and {} of them lived each study; {} rows were reached by fewer than half of them and are left out.\n\n",
        of.len(),
        drawn,
        drawn - impossible,
        found.bodies.0.min(found.bodies.1),
        found.bodies.1,
        found.unreached
    );
    out += "| counted rows | rows | middle part of the predictions | measured number inside, bodies alone | inside, with the error of the measurement |\n|---|--:|--:|--:|--:|\n";
    for (fitted, words) in [(true, "used to fit"), (false, "verification")] {
        for share in SHARES {
            let cell = |with_error: bool| {
                let x = found.inside(fitted, share, with_error);
                format!(
                    "{} ({:.0} %)",
                    x.inside,
                    100.0 * x.inside as f64 / x.of.max(1) as f64
                )
            };
            let _ = writeln!(
                out,
                "| {words} | {} | {:.0} % | {} | {} |",
                found.inside(fitted, share, true).of,
                100.0 * share,
                cell(false),
                cell(true)
            );
        }
    }
    let _ = write!(
        out,
        "\nTo hold nine of ten rows, bands of 5 to 95 % with the error of the measurement have to be stretched from their medians by {:.2} (used to fit) and {:.2} (verification); 1 means that the uncertainty is stated rightly, more that the body is too sure.\n",
        found.stretch(true),
        found.stretch(false)
    );
    out
}

/// The page (Markdown). `made_by` says with which body and engine.
pub fn coverage_page(found: &Coverage, of: &PlausibleBodies, seed: u64, made_by: &str) -> String {
    let mut out = format!(
        "# How sure may it be? Measured numbers in the body's bands\n\nComputed by `osteon studies --bands {} --seed {seed} --write docs/calibration.md` with {made_by}. Do not edit: run it again.\n\n",
        of.len()
    );
    out += &coverage_text(found, of, seed);
    out += "\n![Share of measured numbers in the middle part of the predictions](gallery/calibration.png)\n";
    out += "\nThe error of a row is the half-width of the interval that judges it over 1.96 ([study.md](study.md)). How bodies are drawn: [uncertainty.md](uncertainty.md).\n";
    let mut far: Vec<&CoveredRow> = found
        .rows
        .iter()
        .filter(|r| r.counted && !r.inside(0.9, true))
        .collect();
    far.sort_by(|a, b| b.distance().abs().total_cmp(&a.distance().abs()));
    let _ = write!(
        out,
        "\n## Rows farthest outside\n\n{} counted rows lie outside the middle nine tenths, error included; the {} farthest, in half-widths of that band from its median:\n\n| study | row | used to fit | measured | body | 5 % | 95 % | distance |\n|---|---|---|--:|--:|--:|--:|--:|\n",
        far.len(),
        far.len().min(FARTHEST)
    );
    for r in far.into_iter().take(FARTHEST) {
        let _ = writeln!(
            out,
            "| {} | {} {}, {}, {} | {} | {} {} | {} | {} | {} | {:.1} |",
            r.study,
            r.row.quantity,
            r.row.arm_words(),
            r.row.at,
            r.row.kind.as_str().replace('_', " "),
            if r.row.used_to_fit { "yes" } else { "no" },
            quantity(r.row.value),
            if r.row.unit == "1" { "" } else { &r.row.unit },
            quantity(r.predicted),
            quantity(r.wide[0]),
            quantity(r.wide[2]),
            r.distance()
        );
    }
    out
}

/// Share of measured numbers inside against the share that should be. `source` is the small print.
pub fn coverage_figure(found: &Coverage, of: &PlausibleBodies, source: &str) -> Svg {
    let stated: Vec<f64> = (1..20).map(|i| 5.0 * f64::from(i)).collect();
    let curve = |series: usize, fitted: bool, with_error: bool| {
        let share = |s: &f64| {
            let x = found.inside(fitted, s / 100.0, with_error);
            100.0 * x.inside as f64 / x.of.max(1) as f64
        };
        XyCurve {
            series,
            x: stated.clone(),
            y: stated.iter().map(share).collect(),
            ..XyCurve::default()
        }
    };
    let panel = |title: &str, with_error: bool| XyPanel {
        title: title.to_owned(),
        x_title: "Middle part of the predictions, %".to_owned(),
        y_title: "Measured numbers inside, %".to_owned(),
        curves: vec![
            XyCurve {
                series: 0,
                x: vec![0.0, 100.0],
                y: vec![0.0, 100.0],
                ..XyCurve::default()
            },
            curve(1, true, with_error),
            curve(2, false, with_error),
        ],
        ..XyPanel::default()
    };
    draw_xy(&XyFigure {
        title: "How sure may the body be?".to_owned(),
        subtitle: format!(
            "Share of measured numbers that fall into the middle part of what {} plausible bodies say; on the diagonal uncertainty is stated rightly, below it the body is too sure",
            of.len()
        ),
        source: source.to_owned(),
        series: vec![
            "as it should be".to_owned(),
            format!("used to fit, {} rows", found.counted(true).count()),
            format!("verification, {} rows", found.counted(false).count()),
        ],
        panels: vec![
            panel("Predictions with the error of the measurement", true),
            panel("Predictions of the bodies alone", false),
        ],
        ..XyFigure::default()
    })
}

//! How sure may the body be? Plausible bodies live every study; for each measured number it is asked where it falls among what they say.
//!
//! Where uncertainty is stated rightly, nine of ten measured numbers fall into the middle nine tenths of the predictions, half into the
//! middle half. A measured number has an error of its own: the same is asked with a draw of the row's error added to every prediction.

use osteon_sim::{Body, Diagnostics, Progress, RunOptions, Silent, run};

use crate::fit_file::Z_95;
use crate::interval::judging_interval;
use crate::sensitivity::{COARSE, MANY_STEPS, row_prediction};
use crate::study::{Kind, Link, Row, Study};
use crate::uncertainty::{normal, uniforms};
use crate::uncertainty_bands::{PlausibleBodies, bands, quantile};

/// A measured number among the predictions.
#[derive(Debug, Clone)]
pub struct CoveredRow {
    /// Study.
    pub study: String,
    /// The row.
    pub row: Row,
    /// False for associations.
    pub counted: bool,
    /// What the body as it is predicts.
    pub predicted: f64,
    /// 5, 50 and 95 % of the predictions.
    pub band: [f64; 3],
    /// The same with the error of the measurement.
    pub wide: [f64; 3],
    /// Share of the predictions below the measured number: of the bodies alone, and with the error of the measurement.
    pub below: (f64, f64),
    /// Standard error that belongs to the interval that judges the row.
    pub sigma: f64,
}

impl CoveredRow {
    /// True if the measured number lies in the middle `share` of the predictions.
    pub fn inside(&self, share: f64, with_error: bool) -> bool {
        let below = if with_error {
            self.below.1
        } else {
            self.below.0
        };
        (below - 0.5).abs() <= 0.5 * share
    }

    /// Distance of the measured number from the median, in half-widths of the band with the error.
    pub fn distance(&self) -> f64 {
        let [low, median, high] = self.wide;
        let off = self.row.value - median;
        let half = if off < 0.0 {
            median - low
        } else {
            high - median
        };
        off / half
    }
}

/// All rows of all studies.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Rows that have a size and that at least half of the bodies reach.
    pub rows: Vec<CoveredRow>,
    /// Rows that fewer bodies reach.
    pub unreached: usize,
    /// Bodies that lived each study, the fewest and the most.
    pub bodies: (usize, usize),
}

/// A share of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// Rows inside.
    pub inside: usize,
    /// Rows asked.
    pub of: usize,
}

impl Coverage {
    /// Counted rows that shaped the body, or those that did not.
    pub fn counted(&self, used_to_fit: bool) -> impl Iterator<Item = &CoveredRow> {
        let wanted = move |r: &&CoveredRow| r.counted && r.row.used_to_fit == used_to_fit;
        self.rows.iter().filter(wanted)
    }

    /// How many of them lie in the middle `share` of the predictions.
    pub fn inside(&self, used_to_fit: bool, share: f64, with_error: bool) -> Inside {
        let rows = || self.counted(used_to_fit);
        Inside {
            inside: rows().filter(|r| r.inside(share, with_error)).count(),
            of: rows().count(),
        }
    }

    /// By how much bands, error included, have to be stretched from their medians so that they hold nine of ten of these rows.
    pub fn stretch(&self, used_to_fit: bool) -> f64 {
        let mut far: Vec<f64> = self
            .counted(used_to_fit)
            .map(|r| r.distance().abs())
            .collect();
        far.retain(|d| !d.is_nan());
        far.sort_by(f64::total_cmp);
        quantile(&far, 0.9)
    }
}

/// Lives every study in plausible bodies.
///
/// # Errors
/// When a run cannot be set up. Bodies that fail in a study are left out of it.
pub fn coverage(
    body: &Body,
    studies: &[Study],
    of: &PlausibleBodies,
    seed: u64,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Coverage, Diagnostics> {
    let mut found = Coverage {
        bodies: (usize::MAX, 0),
        ..Coverage::default()
    };
    progress.stage("studies");
    for (number, study) in studies.iter().enumerate() {
        let sized: Vec<&Row> = study.rows.iter().filter(|r| r.kind != Kind::Sign).collect();
        if sized.is_empty() {
            continue;
        }
        let base = run(body, &study.scenario, options, &mut Silent)?.arms;
        let long = base.iter().any(|a| a.work.steps > MANY_STEPS);
        let options = RunOptions {
            rtol: if long {
                options.rtol.max(COARSE)
            } else {
                options.rtol
            },
            ..options.clone()
        };
        let lived = bands(body, &study.scenario, of, &options, &mut Silent)?;
        let n = lived.samples.len();
        found.bodies = (found.bodies.0.min(n), found.bodies.1.max(n));
        for row in sized {
            let sigma = judging_interval(row);
            let sigma = (sigma.1 - sigma.0) / (2.0 * Z_95);
            let mut alone: Vec<f64> = lived
                .samples
                .iter()
                .map(|s| row_prediction(row, s))
                .collect();
            let key = format!("{}|{}", study.name, row.key());
            let error = |sample: usize| {
                let (first, second) = uniforms(seed, sample as u64, &key);
                sigma * normal(first, second)
            };
            let mut wide: Vec<f64> = alone
                .iter()
                .enumerate()
                .map(|(i, v)| v + error(i))
                .collect();
            for values in [&mut alone, &mut wide] {
                values.retain(|v| v.is_finite());
                values.sort_by(f64::total_cmp);
            }
            if 2 * alone.len() < of.len() || alone.is_empty() {
                found.unreached += 1;
                continue;
            }
            let spread = |v: &[f64]| [0.05, 0.5, 0.95].map(|q| quantile(v, q));
            found.rows.push(CoveredRow {
                study: study.name.clone(),
                row: row.clone(),
                counted: study.link != Link::Association,
                predicted: row_prediction(row, &base),
                band: spread(&alone),
                wide: spread(&wide),
                below: (
                    share_below(&alone, row.value),
                    share_below(&wide, row.value),
                ),
                sigma,
            });
        }
        progress.fraction((number + 1) as f64 / studies.len() as f64);
    }
    Ok(found)
}

/// Share of sorted values below one; values equal to it count half.
fn share_below(sorted: &[f64], value: f64) -> f64 {
    let under = sorted.partition_point(|v| *v < value) as f64;
    let upto = sorted.partition_point(|v| *v <= value) as f64;
    0.5 * (under + upto) / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::row;

    fn covered(value: f64, predictions: &[f64], used_to_fit: bool) -> CoveredRow {
        let band = [0.05, 0.5, 0.95].map(|q| quantile(predictions, q));
        let below = share_below(predictions, value);
        CoveredRow {
            study: "s".into(),
            row: Row {
                used_to_fit,
                ..row(value)
            },
            counted: true,
            predicted: band[1],
            band,
            wide: band,
            below: (below, below),
            sigma: 1.0,
        }
    }

    #[test]
    fn what_is_stated_rightly_is_covered_and_what_is_too_sure_is_not() {
        // Predictions 0.00 … 1.00 and measured numbers of the same distribution: every share holds itself.
        let predictions: Vec<f64> = (0..=100).map(|i| f64::from(i) / 100.0).collect();
        let rows = (0..100).map(|i| covered((f64::from(i) + 0.5) / 100.0, &predictions, false));
        let right = Coverage {
            rows: rows.collect(),
            unreached: 0,
            bodies: (101, 101),
        };
        for share in [0.5, 0.9] {
            let inside = right.inside(false, share, true);
            assert!(
                (inside.inside as f64 / inside.of as f64 - share).abs() < 0.03,
                "{share} {inside:?}"
            );
        }
        assert!(
            (right.stretch(false) - 1.0).abs() < 0.03,
            "{}",
            right.stretch(false)
        );
        assert_eq!(right.inside(true, 0.9, true).of, 0);
        // Measured numbers spread three times as wide: three times the band holds nine of ten.
        let wide = (0..100).map(|i| {
            covered(
                0.5 + 3.0 * ((f64::from(i) + 0.5) / 100.0 - 0.5),
                &predictions,
                true,
            )
        });
        let sure = Coverage {
            rows: wide.collect(),
            unreached: 0,
            bodies: (101, 101),
        };
        assert!(
            (sure.stretch(true) - 3.0).abs() < 0.1,
            "{}",
            sure.stretch(true)
        );
        let inside = sure.inside(true, 0.9, false);
        assert!((inside.inside as f64 - 30.0).abs() <= 2.0, "{inside:?}");
    }
}

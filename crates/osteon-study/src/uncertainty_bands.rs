//! Bands: many plausible bodies live the same scenario, and quantiles over them say how far a prediction can be trusted.
//!
//! Every sample lives its whole life with its own numbers. Samples that fail are counted and left out with all their arms, so that
//! arms stay comparable. Whether a plausible body is a healthy one at rest is asked of a reference adult and told; samples that are
//! not may be left out (history matching against the reference intervals).

use osteon_sim::{ArmRun, Body, Diagnostics, Progress, RunOptions, Scenario, read_scenario};

use crate::lane_sets::run_starts;
use crate::uncertainty::{Uncertain, draw_all, uncertain_parameters};
use crate::uncertainty_posterior::Knowledge;

/// The quantiles that bands show.
pub const QUANTILES: [f64; 3] = [0.05, 0.5, 0.95];
/// Draws allowed for each sample that is wanted when unhealthy ones are left out.
const MOST_DRAWS: u64 = 20;
/// The reference adult at rest: what is not said is the body's own default.
const AT_REST: &str = "title = \"at rest\"\n[person]\nsex = \"male\"\nage = \"30 a\"\nweight = \"70 kg\"\n[record]\nuntil = \"14 d\"\nevery = \"7 d\"\nclock = \"averaged\"\n";

/// What is asked for.
#[derive(Debug, Clone)]
pub struct BandOptions {
    /// Individuals wanted.
    pub samples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Leave out bodies whose healthy adult lies outside a reference interval at rest.
    pub healthy_only: bool,
    /// What is known of the numbers besides their ranges.
    pub known: Knowledge,
}

/// Many plausible bodies in one scenario.
#[derive(Debug, Clone)]
pub struct Bands {
    /// One list of arms for each sample that came through, in order of the draws.
    pub samples: Vec<Vec<ArmRun>>,
    /// Samples that failed, with why the first of them did.
    pub failed: (usize, String),
    /// Bodies looked at at rest.
    pub drawn: usize,
    /// Of these, how many cannot be: their numbers contradict one another, so that nobody lives. They are always left out.
    pub impossible: usize,
    /// Of these, how many leave a reference interval at rest.
    pub unhealthy: usize,
    /// Quantities they leave, most often first.
    pub left: Vec<(String, usize)>,
    /// True if unhealthy ones were left out.
    pub healthy_only: bool,
    /// True if these are people whom measured values allow, not plausible bodies.
    pub matched: bool,
    /// Number of parameters varied.
    pub parameters: usize,
    /// Of these, how many are drawn together as rows of studies left them.
    pub correlated: usize,
    /// Number of rows that all speak at once, and whether their slopes are of this very body; `None` where fits speak stage by stage.
    pub told_by: Option<(usize, bool)>,
    /// Seed.
    pub seed: u64,
}

/// Plausible bodies, drawn and looked at at rest, ready to live any scenario.
#[derive(Debug, Clone)]
pub struct PlausibleBodies {
    /// Start values of each.
    starts: Vec<Vec<(String, f64)>>,
    drawn: usize,
    impossible: usize,
    unhealthy: usize,
    left: Vec<(String, usize)>,
    parameters: usize,
    correlated: usize,
    told_by: Option<(usize, bool)>,
    seed: u64,
    healthy_only: bool,
}

impl PlausibleBodies {
    /// Number of bodies.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Bodies looked at, of these how many cannot be, and how many leave a reference interval at rest.
    pub fn seen(&self) -> (usize, usize, usize) {
        (self.drawn, self.impossible, self.unhealthy)
    }

    /// Number of rows that spoke together in the draws; `None` where fits spoke stage by stage.
    pub fn told_by(&self) -> Option<usize> {
        self.told_by.map(|t| t.0)
    }
}

/// Draws plausible bodies and looks at them at rest.
///
/// # Errors
/// When a start value cannot be set.
pub fn plausible_bodies(
    body: &Body,
    asked: &BandOptions,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<PlausibleBodies, Diagnostics> {
    let parameters = uncertain_parameters(body);
    let rest = rest_scenario(body)?;
    let normal = references(&run_one(body, &rest, &[], options)?);
    progress.stage("plausible bodies");
    let in_a_stage = |p: &&Uncertain| {
        asked
            .known
            .stages
            .iter()
            .any(|q| q.names().contains(&p.name))
    };
    let (correlated, told_by) = match &asked.known.joint {
        Some(joint) => (
            joint.reached(),
            Some((joint.rows(), joint.body == body.hash)),
        ),
        None => (parameters.iter().filter(in_a_stage).count(), None),
    };
    let mut found = PlausibleBodies {
        starts: Vec::new(),
        drawn: 0,
        impossible: 0,
        unhealthy: 0,
        left: normal.iter().map(|n| (n.clone(), 0)).collect(),
        parameters: parameters.len(),
        correlated,
        told_by,
        seed: asked.seed,
        healthy_only: asked.healthy_only,
    };
    let mut next = 0_u64;
    while found.starts.len() < asked.samples && next < MOST_DRAWS * asked.samples as u64 {
        let batch: Vec<Vec<(String, f64)>> = (0..asked.samples as u64)
            .map(|i| draw_all(&parameters, &asked.known, asked.seed, next + i))
            .collect();
        next += asked.samples as u64;
        let outside: Vec<Option<Vec<String>>> = run_starts(body, &rest, &batch, options)?
            .into_iter()
            .map(|arms| left_by(&arms, &normal))
            .collect();
        for (start, outside) in batch.into_iter().zip(outside) {
            if found.starts.len() == asked.samples {
                break;
            }
            found.drawn += 1;
            let Some(outside) = outside else {
                found.impossible += 1;
                continue;
            };
            found.unhealthy += usize::from(!outside.is_empty());
            for name in &outside {
                found
                    .left
                    .iter_mut()
                    .filter(|l| l.0 == *name)
                    .for_each(|l| l.1 += 1);
            }
            if outside.is_empty() || !asked.healthy_only {
                found.starts.push(start);
            }
        }
        progress.fraction(found.starts.len() as f64 / asked.samples as f64);
    }
    found.left.retain(|l| l.1 > 0);
    found.left.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(found)
}

/// Runs the scenario in plausible bodies.
///
/// # Errors
/// When a start value cannot be set. Failures of single samples are counted in the result.
pub fn bands(
    body: &Body,
    scenario: &Scenario,
    of: &PlausibleBodies,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Bands, Diagnostics> {
    progress.stage("bands");
    let mut failed = (0, String::new());
    let mut samples = Vec::new();
    for arms in run_starts(body, scenario, &of.starts, options)? {
        match arms.iter().find_map(ArmRun::stopped) {
            Some(stopped) => {
                if failed.0 == 0 {
                    failed.1 = stopped;
                }
                failed.0 += 1;
            }
            None => samples.push(arms),
        }
    }
    progress.fraction(1.0);
    Ok(Bands {
        samples,
        failed,
        drawn: of.drawn,
        impossible: of.impossible,
        unhealthy: of.unhealthy,
        left: of.left.clone(),
        healthy_only: of.healthy_only,
        matched: false,
        parameters: of.parameters,
        correlated: of.correlated,
        told_by: of.told_by,
        seed: of.seed,
    })
}

impl Bands {
    /// Quantiles over the samples of whatever `of` reads in one: one list for each of [`QUANTILES`], each as long as `of` gives.
    pub fn quantiles(&self, of: impl Fn(&[ArmRun]) -> Vec<f64>) -> [Vec<f64>; 3] {
        let read: Vec<Vec<f64>> = self.samples.iter().map(|s| of(s)).collect();
        let rows = read.iter().map(Vec::len).min().unwrap_or(0);
        let column = |row: usize| {
            let mut values: Vec<f64> = read
                .iter()
                .map(|r| r[row])
                .filter(|v| v.is_finite())
                .collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let sorted: Vec<Vec<f64>> = (0..rows).map(column).collect();
        QUANTILES.map(|q| sorted.iter().map(|values| quantile(values, q)).collect())
    }

    /// What the band is, for legends: `5–95 % of 100 plausible bodies`.
    pub fn meaning(&self) -> String {
        let which = if self.matched {
            "people whom the measurements allow"
        } else if self.healthy_only {
            "plausible bodies, healthy at rest"
        } else {
            "plausible bodies"
        };
        format!("5–95 % of {} {which}", self.samples.len())
    }
}

/// The quantile of sorted values, linear between neighbours; NaN of none.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = q * last as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * share
}

/// A reference adult at rest, recording everything that has a reference interval.
pub(crate) fn rest_scenario(body: &Body) -> Result<Scenario, Diagnostics> {
    let mut scenario = read_scenario(AT_REST, "at rest", body)?;
    let with = body.library.quantities.iter().filter(|q| {
        q.reference
            .as_ref()
            .is_some_and(|r| r.lower.is_some() || r.upper.is_some())
    });
    scenario.record.quantities = with.map(|q| q.name.clone()).collect();
    Ok(scenario)
}

/// Quantities that the body as it stands keeps inside their reference intervals: only these can be left.
fn references(arms: &[ArmRun]) -> Vec<String> {
    let columns = arms.first().map_or(&[][..], |a| &a.columns);
    columns
        .iter()
        .filter(|c| inside(c))
        .map(|c| c.quantity.clone())
        .collect()
}

fn inside(column: &osteon_sim::Column) -> bool {
    let (Some(last), Some(reference)) = (column.values.last(), &column.reference) else {
        return true;
    };
    reference.lower.is_none_or(|l| *last >= l) && reference.upper.is_none_or(|u| *last <= u)
}

/// Quantities outside their reference interval; `None` for a body in which nobody lives.
fn left_by(arms: &[ArmRun], normal: &[String]) -> Option<Vec<String>> {
    let arm = arms.first().filter(|a| a.failure.is_none())?;
    let left = arm
        .columns
        .iter()
        .filter(|c| normal.contains(&c.quantity) && !inside(c));
    Some(left.map(|c| c.quantity.clone()).collect())
}

fn run_one(
    body: &Body,
    scenario: &Scenario,
    start: &[(String, f64)],
    options: &RunOptions,
) -> Result<Vec<ArmRun>, Diagnostics> {
    Ok(run_starts(
        body,
        scenario,
        std::slice::from_ref(&start.to_vec()),
        options,
    )?
    .remove(0))
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 0.5), 2.0);
        assert!((quantile(&[0.0, 10.0], 0.05) - 0.5).abs() < 1e-12);
        assert_eq!(quantile(&[4.0], 0.95), 4.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}

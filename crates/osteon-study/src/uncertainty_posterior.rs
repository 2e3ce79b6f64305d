//! What fits of the body left open: covariances of parameters that were fitted together, read from the results of `osteon fit`.

use osteon_model::{SourceError, Sources};
use toml::Table;

use crate::fit_file::{Scale, Z_95};
use crate::symmetric::Square;
use crate::uncertainty::{Uncertain, normal, uniforms};
use crate::uncertainty_joint::JointSpread;

/// Where the results of the body's fits lie.
pub const FITS: &str = "body/fits";
const ENDING: &str = ".result.toml";

/// Parameters that a fit moved together, with their covariance in standard units of the prior.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Name of the stage.
    pub stage: String,
    names: Vec<String>,
    /// Lower factor of the covariance.
    factor: Square,
}

/// What is known of a body's numbers besides their ranges.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Knowledge {
    /// Covariances of the stages of fitting.
    pub stages: Vec<Posterior>,
    /// What all rows that shaped the body say of all parameters; where it is known it stands for the stages.
    pub joint: Option<JointSpread>,
}

impl Knowledge {
    /// Of the project's body.
    ///
    /// # Errors
    /// When a file is there and cannot be read: a sentence with its name.
    pub fn read(sources: &dyn Sources) -> Result<Knowledge, String> {
        Ok(Knowledge {
            stages: read_posteriors(sources)?,
            joint: JointSpread::find(sources)?,
        })
    }
}

/// Reads the covariances of all fit results of a body. A body without fits has none; results without a covariance have none to give.
///
/// # Errors
/// When a result cannot be read or its covariance is none: a sentence with the file's name.
fn read_posteriors(sources: &dyn Sources) -> Result<Vec<Posterior>, String> {
    let Ok(files) = sources.list(FITS) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Posterior> = Vec::new();
    for file in files.iter().filter(|f| f.ends_with(ENDING)) {
        let id = format!("{FITS}/{file}");
        let text = sources.text(&id).map_err(|e: SourceError| e.to_string())?;
        if let Some(posterior) =
            read_posterior(&text, &found).map_err(|why| format!("{id}: {why}"))?
        {
            found.push(posterior);
        }
    }
    Ok(found)
}

/// One result. Parameters that an earlier result has already given are left out: of these the rest's covariance remains.
fn read_posterior(text: &str, earlier: &[Posterior]) -> Result<Option<Posterior>, String> {
    let table: Table = text
        .parse()
        .map_err(|e: toml::de::Error| e.message().to_owned())?;
    let Some(part) = table.get("posterior") else {
        return Ok(None);
    };
    let list = |key: &str| {
        part.get(key)
            .and_then(|v| v.as_array())
            .ok_or(format!("[posterior] does not say `{key}`"))
    };
    let names: Vec<String> = list("parameters")?
        .iter()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    let rows: Vec<Vec<f64>> = list("covariance")?
        .iter()
        .filter_map(|row| {
            row.as_array()
                .map(|r| r.iter().filter_map(toml::Value::as_float).collect())
        })
        .collect();
    if rows.len() != names.len() || rows.iter().any(|r| r.len() != names.len()) {
        return Err("the covariance is not one number for each pair of parameters".to_owned());
    }
    let kept: Vec<usize> = (0..names.len())
        .filter(|i| !earlier.iter().any(|p| p.names.contains(&names[*i])))
        .collect();
    let mut covariance = Square::zero(kept.len());
    for (a, i) in kept.iter().enumerate() {
        for (b, j) in kept.iter().enumerate() {
            covariance.add(a, b, 0.5 * (rows[*i][*j] + rows[*j][*i]));
        }
    }
    let factor = covariance
        .cholesky()
        .ok_or("the covariance is not positive definite")?;
    let stage = table
        .get("stage")
        .and_then(|v| v.as_str())
        .map_or_else(String::new, str::to_owned);
    Ok(Some(Posterior {
        stage,
        names: kept.iter().map(|i| names[*i].clone()).collect(),
        factor,
    }))
}

impl Posterior {
    /// Names of the parameters that are drawn together.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A draw around the values in the body, cut at the ends of the ranges.
    pub(crate) fn draw(
        &self,
        parameters: &[Uncertain],
        seed: u64,
        sample: u64,
    ) -> Vec<(String, f64)> {
        let steps: Vec<f64> = self
            .names
            .iter()
            .map(|name| {
                let (first, second) = uniforms(seed, sample, name);
                normal(first, second)
            })
            .collect();
        let moved = |i: usize| {
            (0..=i)
                .map(|j| self.factor.at(i, j) * steps[j])
                .sum::<f64>()
        };
        let one = |(i, name): (usize, &String)| {
            let p = parameters.iter().find(|p| p.name == *name)?;
            let scale = Scale::of(p.range);
            let z = (scale.to_standard(p.value) + moved(i)).clamp(-Z_95, Z_95);
            Some((
                name.clone(),
                scale.from_standard(z).clamp(p.range.0, p.range.1),
            ))
        };
        self.names.iter().enumerate().filter_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::uncertain;
    use osteon_model::Origin;

    const RESULT: &str = "stage = \"s\"\n[posterior]\nparameters = [\"a\", \"b\"]\ncovariance = [[0.25, -0.2], [-0.2, 0.25]]\n";

    #[test]
    fn draws_keep_the_correlation() {
        let posterior = read_posterior(RESULT, &[]).unwrap().unwrap();
        let parameters = ["a", "b"].map(|name| uncertain(name, Origin::Fitted));
        let draws: Vec<(f64, f64)> = (0..4000)
            .map(|i| posterior.draw(&parameters, 3, i))
            .map(|d| (d[0].1, d[1].1))
            .collect();
        let mean =
            |f: &dyn Fn(&(f64, f64)) -> f64| draws.iter().map(f).sum::<f64>() / draws.len() as f64;
        let (va, vb, ab) = (
            mean(&|d| d.0 * d.0),
            mean(&|d| d.1 * d.1),
            mean(&|d| d.0 * d.1),
        );
        assert!(
            (ab / (va * vb).sqrt() + 0.8).abs() < 0.05,
            "{}",
            ab / (va * vb).sqrt()
        );
        // Half a prior's standard deviation, which is 1/1.96 of half the range.
        assert!((va.sqrt() - 0.5 / Z_95).abs() < 0.02);
    }

    #[test]
    fn faults_are_told_and_repeats_left_out() {
        assert!(
            read_posterior(
                "[posterior]\nparameters = [\"a\"]\ncovariance = [[0.1, 0.2]]\n",
                &[]
            )
            .is_err()
        );
        assert!(
            read_posterior(
                "[posterior]\nparameters = [\"a\", \"b\"]\ncovariance = [[1.0, 2.0], [2.0, 1.0]]\n",
                &[]
            )
            .is_err()
        );
        assert!(read_posterior("stage = \"s\"\n", &[]).unwrap().is_none());
        let first = read_posterior(RESULT, &[]).unwrap().unwrap();
        let second = read_posterior(RESULT, std::slice::from_ref(&first))
            .unwrap()
            .unwrap();
        assert!(second.names().is_empty());
    }
}

//! A scenario whose people bring measured values: each person is matched to them, the most likely one lives the scenario, and draws of
//! those whom the values allow give its bands. People who bring none are left as they are.

use osteon_sim::{
    ArmRun, Body, Diagnostics, InputValue, Measured, Member, Progress, RunOptions, Scenario,
    run_many,
};
use rayon::prelude::*;

use crate::individuals::Individual;
use crate::matching::{MatchError, MatchOptions, Matched, match_person};
use crate::uncertainty_bands::Bands;

/// Values that fewer people than this share of those of the same age, sex, diet, drugs and conditions would show are refused.
/// (assumed: one in ten thousand is rather a condition that was not said, or a slip)
const TOO_RARE: f64 = 1e-4;
/// Values that fewer than this share would show are told. (assumed)
const RARE: f64 = 0.01;
/// A prediction that stays this many errors of measurement from its value is told.
const FAR: f64 = 2.0;
/// Relative move of a prediction below which nothing that varies between people moves it.
const STILL: f64 = 1e-9;
/// Samples that one thread drives together.
const TOGETHER: usize = 8;

/// A person who was matched, and the arms whose person they are.
#[derive(Debug, Clone)]
pub struct MatchedArms {
    /// Numbers of the arms.
    pub arms: Vec<usize>,
    /// What was found.
    pub found: Matched,
}

/// A scenario ready to run, and who was matched for it.
#[derive(Debug, Clone)]
pub struct MatchedScenario {
    /// The scenario with the most likely people; it brings no measured values any more.
    pub scenario: Scenario,
    /// People who were matched; empty if nobody brought measured values.
    pub people: Vec<MatchedArms>,
}

impl MatchedScenario {
    /// A scenario in which nobody was matched.
    pub fn unmatched(scenario: Scenario) -> Self {
        MatchedScenario {
            scenario,
            people: Vec::new(),
        }
    }

    /// Drops every arm but the one of that name.
    pub fn keep_arm(&mut self, name: &str) {
        let place = self.scenario.arms.iter().position(|a| a.name == name);
        self.scenario.arms.retain(|a| a.name == name);
        self.people
            .retain(|p| place.is_some_and(|place| p.arms.contains(&place)));
        for person in &mut self.people {
            person.arms = vec![0];
        }
    }

    /// The person of an arm, if they were matched.
    pub fn of_arm(&self, arm: usize) -> Option<&Matched> {
        let own = self.people.iter().find(|p| p.arms.contains(&arm));
        own.map(|p| &p.found)
    }

    /// Start values of person number `sample` among those whom the values of an arm's person allow; none for people not matched.
    pub fn draw(&self, arm: usize, seed: u64, sample: u64) -> Vec<(String, f64)> {
        self.of_arm(arm)
            .map_or_else(Vec::new, |m| m.draw(seed, sample))
    }
}

/// Matches the people of a scenario to what was measured in them.
///
/// # Errors
/// When a run cannot be set up or fails, and when nobody near the usual has such values.
pub fn match_scenario(
    body: &Body,
    scenario: Scenario,
    individuals: &[Individual],
    search: &MatchOptions,
    options: &RunOptions,
) -> Result<MatchedScenario, MatchError> {
    let mut ready = MatchedScenario::unmatched(scenario);
    let mut known: Vec<osteon_sim::Person> = Vec::new();
    for number in 0..ready.scenario.arms.len() {
        let person = ready.scenario.arms[number].person.clone();
        if person.measured.is_empty() {
            continue;
        }
        if let Some(place) = known.iter().position(|k| *k == person) {
            ready.people[place].arms.push(number);
            continue;
        }
        let mut alone = ready.scenario.clone();
        alone.arms = vec![ready.scenario.arms[number].clone()];
        let found = match_person(body, &alone, individuals, &person.measured, search, options)
            .map_err(|error| where_it_ended(error, &person.measured, body))?;
        if let Some(why) = refusal(&found, body) {
            return Err(MatchError::Nobody(why));
        }
        ready.scenario.cautions.extend(cautions(&found));
        known.push(person);
        ready.people.push(MatchedArms {
            arms: vec![number],
            found,
        });
    }
    for MatchedArms { arms, found } in &ready.people {
        for number in arms {
            let person = &mut ready.scenario.arms[*number].person;
            person.measured = Vec::new();
            for (input, value) in found.start() {
                person.inputs.retain(|i| i.input != input);
                person.inputs.push(InputValue {
                    input,
                    value,
                    said: format!("{value:.4}, matched to what was measured"),
                });
            }
        }
    }
    Ok(ready)
}

/// Rows whose prediction stays far from what was measured, in errors of measurement.
fn off(found: &Matched) -> impl Iterator<Item = (&Measured, f64, f64)> {
    found.rows.iter().filter_map(|(m, _, after)| {
        let errors = (after.ln() - m.value.ln()) / m.error;
        (errors.abs() > FAR).then_some((m, *after, errors))
    })
}

/// Quantities that nothing that varies between people moves: their values tell nothing about the person.
fn still(found: &Matched) -> Vec<&str> {
    let rows = found.rows.iter().zip(&found.moved);
    rows.filter(|(_, moved)| **moved < STILL)
        .map(|((m, _, _), _)| m.quantity.as_str())
        .collect()
}

/// A run that failed on the way to the values: told with the values, which are the likely cause.
fn where_it_ended(error: MatchError, measured: &[Measured], body: &Body) -> MatchError {
    let MatchError::Run(why) = error else {
        return error;
    };
    let values: Vec<String> = measured
        .iter()
        .map(|m| {
            let slip = m
                .slipped(&body.library)
                .map_or_else(String::new, |meant| format!(" (was {meant} meant?)"));
            format!("{} {}{slip}", m.quantity, m.said)
        })
        .collect();
    MatchError::Nobody(format!(
        "nobody lives who is near {}: {why}\n   = help: check values and units; or say the condition or drug that explains them ([person] conditions, drugs, usual_diet)",
        values.join(", ")
    ))
}

/// Why the values cannot be those of such a person, if they cannot.
pub fn refusal(found: &Matched, body: &Body) -> Option<String> {
    if found.chance >= TOO_RARE {
        return None;
    }
    let mut said: Vec<String> = off(found)
        .map(|(m, after, errors)| {
            let slip = m
                .slipped(&body.library)
                .map_or_else(String::new, |meant| format!(" (was {meant} meant?)"));
            format!(
                "{} was measured as {}{slip}, and the nearest such person has {after:.3} {}, {:.1} errors of measurement away",
                m.quantity, m.said, m.unit, errors.abs()
            )
        })
        .collect();
    if said.is_empty() {
        let far = found.parameters.iter().filter(|p| p.deviation.abs() > FAR);
        said = far
            .map(|p| {
                format!(
                    "{} would lie {:.1} standard deviations from the usual",
                    p.individual.label.to_lowercase(),
                    p.deviation.abs()
                )
            })
            .collect();
    }
    Some(format!(
        "nobody near the usual has these values (fewer than one in {:.0} of such people): {}\n   = help: check values and units; or say the condition or drug that explains them ([person] conditions, drugs, usual_diet)",
        1.0 / TOO_RARE,
        said.join("; ")
    ))
}

/// What should be known of a match that stands.
pub fn cautions(found: &Matched) -> Vec<String> {
    let mut told: Vec<String> = off(found)
        .map(|(m, after, errors)| {
            format!(
                "{} stays {:.1} errors of measurement from what was measured ({after:.3} for {:.3} {}): look for a condition, a drug or a wrong value",
                m.quantity, errors.abs(), m.value, m.unit
            )
        })
        .collect();
    for name in still(found) {
        told.push(format!(
            "{name} was measured, and none of the parameters that vary between people here moves it: it tells nothing about this person"
        ));
    }
    if found.chance < RARE && found.chance >= TOO_RARE {
        told.push(format!(
            "one in {:.0} such people has values like these: a condition or drug that was not said may explain them better",
            1.0 / found.chance
        ));
    }
    if !found.converged {
        told.push("the search for the most likely person did not settle".to_owned());
    }
    told
}

/// The scenario in people whom the measured values allow: `samples` draws.
///
/// # Errors
/// When a start value cannot be set. Failures of single samples are counted in the result.
pub fn allowed(
    body: &Body,
    matched: &MatchedScenario,
    samples: usize,
    seed: u64,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Bands, Diagnostics> {
    progress.stage("people whom the measurements allow");
    let arms = matched.scenario.arms.len();
    let numbers: Vec<u64> = (0..samples as u64).collect();
    let part = |part: &[u64]| -> Result<Vec<ArmRun>, Diagnostics> {
        let members: Vec<Member<'_>> = part
            .iter()
            .flat_map(|sample| {
                (0..arms).map(|arm| Member {
                    scenario: &matched.scenario,
                    arm,
                    id: None,
                    start: matched.draw(arm, seed, *sample),
                })
            })
            .collect();
        run_many(body, &members, options, &mut osteon_sim::Silent)
    };
    let parts: Vec<Result<Vec<ArmRun>, Diagnostics>> =
        numbers.par_chunks(TOGETHER).map(part).collect();
    let mut all = Vec::new();
    for part in parts {
        all.extend(part?);
    }
    let (mut kept, mut failed) = (Vec::new(), (0, String::new()));
    for one in all.chunks(arms.max(1)) {
        match one.iter().find_map(ArmRun::stopped) {
            Some(stopped) => {
                if failed.0 == 0 {
                    failed.1 = stopped;
                }
                failed.0 += 1;
            }
            None => kept.push(one.to_vec()),
        }
    }
    progress.fraction(1.0);
    let varied = matched
        .people
        .first()
        .map_or(0, |p| p.found.parameters.len());
    Ok(Bands {
        samples: kept,
        failed,
        drawn: samples,
        impossible: 0,
        unhealthy: 0,
        left: Vec::new(),
        healthy_only: false,
        matched: true,
        parameters: varied,
        correlated: varied,
        told_by: None,
        seed,
    })
}

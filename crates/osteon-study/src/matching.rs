//! A person matched to laboratory values: the most likely parameters that vary between people, and how well they are known after it.
//!
//! Each parameter is lognormal around its value, x its deviation in standard deviations. Minimised is ½ Σ x² + ½ Σ ((ln predicted − ln measured)/error)²
//! by Gauss–Newton steps; what is left of the spread is the inverse of 1 + JᵀJ there (Laplace). Values are those of the beginning of the scenario, after the lived
//! life on the averaged clock. Many people are matched side by side.

use osteon_sim::{
    ArmRun, Body, Clock, Diagnostics, Measured, Member, Person, RunOptions, Scenario, Silent,
    run_many,
};
use rayon::prelude::*;

use crate::chance::chi_square_above;
use crate::individuals::{Individual, looked_for};
use crate::symmetric::Square;
use crate::uncertainty::{normal, uniforms};

/// Half-width of a 90 % interval of a normal distribution, in standard deviations.
const Z_90: f64 = 1.644_854;
/// Step of the finite differences, standard deviations.
const STEP: f64 = 0.05;
/// Nobody is looked for further out than this, standard deviations.
const FURTHEST: f64 = 4.0;
/// Individuals that one thread drives together.
const TOGETHER: usize = 16;

/// How long is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchOptions {
    /// Most Gauss–Newton steps.
    pub rounds: usize,
    /// Steps shorter than this end the search, standard deviations.
    pub least_move: f64,
}

impl Default for MatchOptions {
    fn default() -> Self {
        MatchOptions {
            rounds: 12,
            least_move: 0.01,
        }
    }
}

/// A parameter after matching.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchedParameter {
    /// The parameter and its spread between people.
    pub individual: Individual,
    /// Value without any measurement.
    pub prior: f64,
    /// Most likely value.
    pub value: f64,
    /// Interval that holds it with 90 % probability.
    pub interval: (f64, f64),
    /// Deviation from the prior in standard deviations between people.
    pub deviation: f64,
    /// Share of the spread between people that the measurements have taken away.
    pub determined: f64,
}

/// A matched person.
#[derive(Debug, Clone)]
pub struct Matched {
    /// Parameters.
    pub parameters: Vec<MatchedParameter>,
    /// What was measured, with the prediction before and after matching.
    pub rows: Vec<(Measured, f64, f64)>,
    /// Half the sum of squares that is left.
    pub misfit: f64,
    /// Share of such people who would show values as unusual as these or more so: that of χ² with as many degrees of freedom as values.
    pub chance: f64,
    /// For each row how far a standard deviation between people moves the prediction at most, logarithm.
    pub moved: Vec<f64>,
    /// Steps made.
    pub rounds: usize,
    /// True if the last step was short.
    pub converged: bool,
    x: Vec<f64>,
    /// Lower factor of the covariance of x.
    factor: Square,
}

impl Matched {
    /// Start values of the most likely person.
    pub fn start(&self) -> Vec<(String, f64)> {
        self.parameters
            .iter()
            .map(|p| (p.individual.name.clone(), p.value))
            .collect()
    }

    /// Start values of person number `sample` among those whom the measurements allow.
    pub fn draw(&self, seed: u64, sample: u64) -> Vec<(String, f64)> {
        let steps: Vec<f64> = self
            .parameters
            .iter()
            .map(|p| {
                let (first, second) = uniforms(seed, sample, &p.individual.name);
                normal(first, second)
            })
            .collect();
        self.parameters
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let moved: f64 = (0..=i).map(|j| self.factor.at(i, j) * steps[j]).sum();
                let x = (self.x[i] + moved).clamp(-FURTHEST, FURTHEST);
                let value = p.prior * (x * p.individual.spread).exp();
                (p.individual.name.clone(), value)
            })
            .collect()
    }
}

/// Why nobody could be matched.
#[derive(Debug)]
pub enum MatchError {
    /// A run cannot be set up.
    Setup(Diagnostics),
    /// A run failed, or gives no positive value of a quantity.
    Run(String),
    /// Nobody near the usual has these values; in words why.
    Nobody(String),
}

/// Matches the person of a scenario's first arm.
///
/// # Errors
/// When a run cannot be set up or fails.
pub fn match_person(
    body: &Body,
    scenario: &Scenario,
    individuals: &[Individual],
    measured: &[Measured],
    search: &MatchOptions,
    options: &RunOptions,
) -> Result<Matched, MatchError> {
    let people = [measured.to_vec()];
    let names: Vec<String> = measured.iter().map(|m| m.quantity.clone()).collect();
    let individuals = looked_for(individuals, &names);
    let mut found = match_many(body, scenario, &individuals, &people, search, options)?;
    found
        .pop()
        .ok_or_else(|| MatchError::Run("nobody was matched".to_owned()))
}

/// Matches many people who are alike but for what was measured; all have the same quantities measured.
pub(crate) fn match_many(
    body: &Body,
    scenario: &Scenario,
    individuals: &[Individual],
    people: &[Vec<Measured>],
    search: &MatchOptions,
    options: &RunOptions,
) -> Result<Vec<Matched>, MatchError> {
    let n = individuals.len();
    let quantities: Vec<String> = people
        .first()
        .map_or_else(Vec::new, |p| p.iter().map(|m| m.quantity.clone()).collect());
    let rest = Resting::new(body, scenario, individuals, &quantities, options);
    let mut states: Vec<State> = people.iter().map(|_| State::new(n)).collect();
    let before = rest.logarithms(&[vec![0.0; n]])?;
    let Some(before) = before.into_iter().next() else {
        return Err(MatchError::Run("nobody was run".to_owned()));
    };
    for round in 0..=search.rounds {
        let active: Vec<usize> = (0..states.len()).filter(|p| !states[*p].done).collect();
        if active.is_empty() {
            break;
        }
        let mut points = Vec::with_capacity(active.len() * (n + 1));
        for p in &active {
            let x = &states[*p].x;
            points.push(x.clone());
            for j in 0..n {
                let mut near = x.clone();
                near[j] += if near[j] > 0.0 { -STEP } else { STEP };
                points.push(near);
            }
        }
        let values = rest.logarithms(&points)?;
        for (p, values) in active.iter().zip(values.chunks(n + 1)) {
            states[*p].step(&people[*p], values, search, round == search.rounds);
        }
    }
    states
        .into_iter()
        .zip(people)
        .map(|(state, measured)| state.finish(&rest, individuals, measured, &before))
        .collect()
}

/// The search for one person.
struct State {
    x: Vec<f64>,
    /// Predictions at x, logarithms.
    at: Vec<f64>,
    /// 1 + JᵀJ at x.
    precision: Square,
    misfit: f64,
    /// Largest slope of each prediction, logarithm per standard deviation between people.
    moved: Vec<f64>,
    /// Where the last step began, its cost, and the share of the full step that was gone.
    from: Option<(Vec<f64>, f64, f64)>,
    rounds: usize,
    done: bool,
    converged: bool,
}

impl State {
    fn new(n: usize) -> Self {
        State {
            x: vec![0.0; n],
            at: Vec::new(),
            precision: Square::zero(n),
            misfit: f64::INFINITY,
            moved: Vec::new(),
            from: None,
            rounds: 0,
            done: false,
            converged: false,
        }
    }

    fn step(
        &mut self,
        measured: &[Measured],
        values: &[Vec<f64>],
        search: &MatchOptions,
        last: bool,
    ) {
        let n = self.x.len();
        let (at, near) = (&values[0], &values[1..]);
        let residual = |i: usize| (at[i] - measured[i].value.ln()) / measured[i].error;
        let squares: f64 = (0..at.len()).map(|i| residual(i).powi(2)).sum();
        let cost = 0.5 * (squares + self.x.iter().map(|x| x * x).sum::<f64>());
        // A step that made it worse is halved.
        if let Some((from, before, share)) = self.from.take()
            && !last
            && cost > before + 1e-9
            && share > 0.05
        {
            for (x, f) in self.x.iter_mut().zip(&from) {
                *x = f + 0.5 * (*x - f);
            }
            self.from = Some((from, before, 0.5 * share));
            self.rounds += 1;
            return;
        }
        self.misfit = cost;
        self.at.clone_from(at);
        let slope = |i: usize, j: usize| {
            let step = if self.x[j] > 0.0 { -STEP } else { STEP };
            (near[j][i] - at[i]) / step / measured[i].error
        };
        let widest = |i: usize| {
            (0..n)
                .map(|j| (slope(i, j) * measured[i].error).abs())
                .fold(0.0, f64::max)
        };
        self.moved = (0..at.len()).map(widest).collect();
        let mut precision = Square::zero(n);
        let mut down = vec![0.0; n];
        for (a, down_a) in down.iter_mut().enumerate() {
            precision.add(a, a, 1.0);
            *down_a -= self.x[a];
            for i in 0..at.len() {
                *down_a -= slope(i, a) * residual(i);
                for b in 0..n {
                    precision.add(a, b, slope(i, a) * slope(i, b));
                }
            }
        }
        let move_by = precision.solve(&down).unwrap_or_else(|| vec![0.0; n]);
        self.precision = precision;
        let longest = move_by.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
        if longest < search.least_move || last {
            self.done = true;
            self.converged = longest < search.least_move;
            return;
        }
        self.from = Some((self.x.clone(), cost, 1.0));
        for (x, d) in self.x.iter_mut().zip(&move_by) {
            *x = (*x + d).clamp(-FURTHEST, FURTHEST);
        }
        self.rounds += 1;
    }

    fn finish(
        self,
        rest: &Resting<'_>,
        individuals: &[Individual],
        measured: &[Measured],
        before: &[f64],
    ) -> Result<Matched, MatchError> {
        let broken = || MatchError::Run("the spread after matching cannot be computed".to_owned());
        let covariance = self.precision.inverse().ok_or_else(broken)?;
        let factor = covariance.cholesky().ok_or_else(broken)?;
        let parameters = individuals
            .iter()
            .zip(&rest.priors)
            .enumerate()
            .map(|(i, (individual, prior))| {
                let sd = covariance.at(i, i).sqrt();
                let value = |x: f64| prior * (x * individual.spread).exp();
                MatchedParameter {
                    individual: individual.clone(),
                    prior: *prior,
                    value: value(self.x[i]),
                    interval: (value(self.x[i] - Z_90 * sd), value(self.x[i] + Z_90 * sd)),
                    deviation: self.x[i],
                    determined: 1.0 - sd,
                }
            })
            .collect();
        let rows = measured
            .iter()
            .enumerate()
            .map(|(i, m)| (m.clone(), before[i].exp(), self.at[i].exp()))
            .collect();
        Ok(Matched {
            parameters,
            rows,
            misfit: self.misfit,
            chance: chi_square_above(2.0 * self.misfit, measured.len()),
            moved: self.moved,
            rounds: self.rounds,
            converged: self.converged,
            x: self.x,
            factor,
        })
    }
}

/// The person at the beginning of the scenario.
struct Resting<'a> {
    body: &'a Body,
    scenario: Scenario,
    individuals: &'a [Individual],
    /// Value of each parameter for this person before anything is measured.
    priors: Vec<f64>,
    options: &'a RunOptions,
}

impl<'a> Resting<'a> {
    fn new(
        body: &'a Body,
        scenario: &Scenario,
        individuals: &'a [Individual],
        quantities: &[String],
        options: &'a RunOptions,
    ) -> Self {
        let mut scenario = Scenario {
            text: String::new(),
            ..scenario.clone()
        };
        scenario.arms.truncate(1);
        for arm in &mut scenario.arms {
            arm.person.measured = Vec::new();
        }
        let record = &mut scenario.record;
        (record.from_d, record.until_d, record.every_d) = (0.0, 0.0, 1.0);
        record.also_d = Vec::new();
        record.quantities = quantities.to_vec();
        record.clock = Clock::Averaged;
        let own = |person: &Person, name: &str| {
            person
                .inputs
                .iter()
                .find(|i| i.input == name)
                .map(|i| i.value)
        };
        let priors = individuals
            .iter()
            .map(|i| own(&scenario.arms[0].person, &i.name).unwrap_or(i.value))
            .collect();
        Resting {
            body,
            scenario,
            individuals,
            priors,
            options,
        }
    }

    fn start(&self, x: &[f64]) -> Vec<(String, f64)> {
        self.individuals
            .iter()
            .zip(&self.priors)
            .zip(x)
            .map(|((i, prior), x)| (i.name.clone(), prior * (x * i.spread).exp()))
            .collect()
    }

    /// Logarithms of the quantities at each point.
    fn logarithms(&self, points: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, MatchError> {
        let run = |part: &[Vec<f64>]| {
            let members: Vec<Member<'_>> = part
                .iter()
                .map(|x| Member {
                    scenario: &self.scenario,
                    arm: 0,
                    id: None,
                    start: self.start(x),
                })
                .collect();
            run_many(self.body, &members, self.options, &mut Silent)
        };
        let parts: Vec<Result<Vec<ArmRun>, Diagnostics>> =
            points.par_chunks(TOGETHER).map(run).collect();
        let mut all = Vec::with_capacity(points.len());
        for part in parts {
            for arm in part.map_err(MatchError::Setup)? {
                if let Some(stopped) = arm.stopped() {
                    return Err(MatchError::Run(stopped));
                }
                let row = arm.columns.iter().map(|c| {
                    let value = c.values.last().copied().unwrap_or(f64::NAN);
                    if value > 0.0 {
                        Ok(value.ln())
                    } else {
                        Err(MatchError::Run(format!(
                            "`{}` is {value} at rest and cannot be matched",
                            c.quantity
                        )))
                    }
                });
                all.push(row.collect::<Result<Vec<f64>, MatchError>>()?);
            }
        }
        Ok(all)
    }
}

/// How well matching finds people who are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// People.
    pub people: usize,
    /// Quantities measured in each.
    pub quantities: Vec<String>,
    /// For each parameter: words, share of people whose true value lies in the stated 90 % interval, mean share of the spread taken away.
    pub parameters: Vec<(Individual, f64, f64)>,
    /// Share over all parameters and people.
    pub covered: f64,
    /// Searches that did not converge.
    pub unconverged: usize,
}

/// Draws people from the spread between people, measures them with error, matches them, and counts whose true parameters lie in the stated
/// 90 % intervals.
///
/// # Errors
/// As [`match_person`].
pub fn recovery(
    body: &Body,
    scenario: &Scenario,
    individuals: &[Individual],
    tests: &[(String, f64)],
    people: usize,
    seed: u64,
    options: &RunOptions,
) -> Result<Recovery, MatchError> {
    let names: Vec<String> = tests.iter().map(|t| t.0.clone()).collect();
    let individuals = &looked_for(individuals, &names);
    let rest = Resting::new(body, scenario, individuals, &names, options);
    let gauss = |person: usize, name: &str| {
        let (first, second) = uniforms(seed, person as u64, name);
        normal(first, second)
    };
    let truths: Vec<Vec<f64>> = (0..people)
        .map(|p| individuals.iter().map(|i| gauss(p, &i.name)).collect())
        .collect();
    let values = rest.logarithms(&truths)?;
    let measured: Vec<Vec<Measured>> = values
        .iter()
        .enumerate()
        .map(|(p, values)| {
            tests
                .iter()
                .zip(values)
                .map(|((quantity, error), value)| Measured {
                    quantity: quantity.clone(),
                    value: (value + error * gauss(p, quantity)).exp(),
                    said: String::new(),
                    unit: body
                        .library
                        .quantity(quantity)
                        .map_or_else(String::new, |q| q.unit.clone()),
                    error: *error,
                })
                .collect()
        })
        .collect();
    let search = MatchOptions {
        rounds: 4,
        least_move: 0.03,
    };
    let found = match_many(body, scenario, individuals, &measured, &search, options)?;
    let mut parameters = Vec::new();
    let mut inside_all = 0;
    for (i, individual) in individuals.iter().enumerate() {
        let (mut inside, mut determined) = (0, 0.0);
        for (matched, truth) in found.iter().zip(&truths) {
            let parameter = &matched.parameters[i];
            let value = rest.priors[i] * (truth[i] * individual.spread).exp();
            let (lower, upper) = parameter.interval;
            inside += usize::from(lower <= value && value <= upper);
            determined += parameter.determined;
        }
        inside_all += inside;
        parameters.push((
            individual.clone(),
            inside as f64 / people as f64,
            determined / people as f64,
        ));
    }
    Ok(Recovery {
        people,
        quantities: names,
        covered: inside_all as f64 / (people * individuals.len()) as f64,
        parameters,
        unconverged: found.iter().filter(|m| !m.converged).count(),
    })
}

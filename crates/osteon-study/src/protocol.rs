//! The least that restores and holds goals: every safe combination of the levers is tried on one person, from the same life.
//!
//! A combination is safe if it keeps to the upper levels and brings about nothing beyond the bounds. Levers that move no goal are left out first.
//! Intake is averaged over the day. What is found is run on after stopping, and in plausible bodies.

use osteon_sim::{
    ArmRun, Body, Clock, Diagnostics, Member, Progress, RunOptions, Scenario, Silent, run_many,
};
use rayon::prelude::*;

use crate::lane_sets::run_starts;
use crate::near_names::near_name;
use crate::protocol_file::{
    Amounts, Bound, Choice, Lever, Limit, Safety, brought, in_unit_of, usual_food,
};
use crate::uncertainty::{draw_all, uncertain_parameters};
use crate::uncertainty_posterior::Knowledge;

/// Rows of a run, over which reaching and holding are judged.
const ROWS: f64 = 52.0;
/// A choice that moves no goal by more than this share of the goal's scale is left out.
const MOVES: f64 = 0.05;

/// What is wanted of one quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// Dotted name.
    pub quantity: String,
    /// Unit of the quantity.
    pub unit: String,
    /// From; minus infinity if open.
    pub lower: f64,
    /// To; infinity if open.
    pub upper: f64,
    /// As written.
    pub said: String,
}

impl Goal {
    /// How far a value lies outside, relative to the width of the goal (or its finite end).
    pub fn gap(&self, value: f64) -> f64 {
        let outside = (self.lower - value).max(value - self.upper).max(0.0);
        if value.is_nan() {
            f64::INFINITY
        } else {
            outside / self.scale()
        }
    }

    fn scale(&self) -> f64 {
        let width = self.upper - self.lower;
        let end = if self.lower.is_finite() {
            self.lower
        } else {
            self.upper
        };
        if width.is_finite() && width > 0.0 {
            width
        } else {
            end.abs()
        }
        .max(f64::MIN_POSITIVE)
    }
}

/// Reads `serum.X 0.85..0.95 mmol/L`; one of the two ends may be left open.
///
/// # Errors
/// In words.
pub fn read_goal(body: &Body, said: &str) -> Result<Goal, String> {
    let help =
        "write it as \"serum.X 0.85..0.95 mmol/L\", with one end open if wanted (\"0.85..\")";
    let (name, rest) = said
        .trim()
        .split_once(' ')
        .ok_or_else(|| format!("goal `{said}`: {help}"))?;
    let Some(known) = body.library.quantity(name) else {
        let names = body.library.quantities.iter().map(|q| q.name.as_str());
        let near = near_name(name, names).map_or_else(
            || "see `osteon list quantities`".to_owned(),
            |n| format!("did you mean `{n}`?"),
        );
        return Err(format!(
            "goal `{said}`: there is no quantity `{name}`; {near}"
        ));
    };
    let (interval, unit) = match rest.trim().split_once(' ') {
        Some((interval, unit)) => (interval, unit.trim()),
        None => (rest.trim(), ""),
    };
    let (low, high) = interval
        .split_once("..")
        .ok_or_else(|| format!("goal `{said}`: {help}"))?;
    let end = |text: &str, open: f64| match text.trim() {
        "" => Ok(open),
        number => in_unit_of(body, name, &format!("{number} {unit}"))
            .map_err(|e| format!("goal `{said}`: {e}")),
    };
    let (lower, upper) = (end(low, f64::NEG_INFINITY)?, end(high, f64::INFINITY)?);
    if lower.is_infinite() && upper.is_infinite() {
        return Err(format!("goal `{said}`: both ends are open"));
    }
    if lower >= upper {
        return Err(format!("goal `{said}`: it ends before it begins"));
    }
    Ok(Goal {
        quantity: name.to_owned(),
        unit: known.unit.clone(),
        lower,
        upper,
        said: said.trim().to_owned(),
    })
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct ProtocolQuestion {
    /// Goals, all of them wanted together.
    pub goals: Vec<Goal>,
    /// Days within which they are to be reached, and until which they are to be held.
    pub within_d: f64,
    /// Plausible bodies drawn for the uncertainty.
    pub samples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What is known of the body's numbers besides their ranges.
    pub known: Knowledge,
}

/// A combination of choices and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// Choices, in words.
    pub words: Vec<String>,
    /// Sum of their efforts.
    pub effort: f64,
    /// Sum of the gaps of the goals at the end; 0 if all are reached.
    pub gap: f64,
    /// From when on all goals hold to the end, days; `None` if they do not.
    pub reached_d: Option<f64>,
    /// Value of each goal's quantity at the end.
    pub values: Vec<f64>,
    choices: Vec<(usize, usize)>,
}

/// What happens when the protocol ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    /// Days after the end at which a goal is first missed; `None` if none is within as long again.
    pub lost_after_d: Option<f64>,
    /// Value of each goal's quantity after as long again.
    pub values: Vec<f64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocol {
    /// Title of the scenario.
    pub title: String,
    /// Goals.
    pub goals: Vec<Goal>,
    /// Days.
    pub within_d: f64,
    /// Doing nothing: values at the start and at the end.
    pub start: Vec<f64>,
    /// Doing nothing.
    pub nothing: Combination,
    /// The least that reaches and holds the goals; `None` if nothing safe does, or nothing is needed.
    pub best: Option<Combination>,
    /// Combinations than which none does more with as little, in order of effort.
    pub front: Vec<Combination>,
    /// After stopping the best.
    pub stopped: Option<Stopped>,
    /// Share of plausible bodies in which the best reaches the goals, and in which doing nothing does; how many lived.
    pub share: Option<(f64, f64, usize)>,
    /// What is told of the best though it is allowed.
    pub advice: Vec<String>,
    /// Why combinations were left out, with how many.
    pub left_out: Vec<(String, usize)>,
    /// Combinations run.
    pub tried: usize,
    /// Why the asked is refused, if it is: unsafe, or out of reach.
    pub refused: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ProtocolError {
    /// The question does not fit.
    Question(String),
    /// A run cannot be set up.
    Setup(Diagnostics),
    /// A run failed.
    Run(String),
}

struct Search<'a> {
    body: &'a Body,
    scenario: Scenario,
    levers: &'a [Lever],
    question: &'a ProtocolQuestion,
    safety: &'a Safety,
    options: &'a RunOptions,
    /// Food and supplements of the person.
    usual: (Amounts, Amounts),
}

/// Searches the least safe protocol.
///
/// # Errors
/// When a run cannot be set up or the person's own run fails. That an asked is unsafe or out of reach is a result, not an error.
pub fn protocol(
    body: &Body,
    scenario: &Scenario,
    levers: &[Lever],
    safety: &Safety,
    question: &ProtocolQuestion,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Protocol, ProtocolError> {
    if question.goals.is_empty() || question.within_d.is_nan() || question.within_d <= 1.0 {
        return Err(ProtocolError::Question(
            "a protocol needs a goal and a time of more than a day to reach it in".to_owned(),
        ));
    }
    let search = Search::new(body, scenario, levers, safety, question, options);
    progress.stage("the person as they are");
    let alone = search.run(&[Vec::new()], 1.0)?;
    let Some(first) = alone.first() else {
        return Err(ProtocolError::Run("nobody was run".to_owned()));
    };
    if let Some(failure) = &first.failure {
        return Err(ProtocolError::Run(failure.message.clone()));
    }
    let nothing = search.judge(&[], first);
    let mut found = Protocol {
        title: scenario.title.clone(),
        goals: question.goals.clone(),
        within_d: question.within_d,
        start: question
            .goals
            .iter()
            .map(|g| value(first, &g.quantity, false))
            .collect(),
        nothing: nothing.clone(),
        best: None,
        front: Vec::new(),
        stopped: None,
        share: None,
        advice: Vec::new(),
        left_out: Vec::new(),
        tried: 1,
        refused: None,
    };
    if let Some(why) = search.unsafe_goal() {
        found.refused = Some(why);
        return Ok(found);
    }
    if nothing.reached_d == Some(0.0) {
        return Ok(found);
    }
    let barred = search.barred(first);
    progress.stage("combinations");
    let (combinations, left_out) = search.combinations(first, &barred)?;
    let runs = search.run(&combinations, 1.0)?;
    let mut judged = vec![nothing];
    let mut beyond = Vec::new();
    for (choices, run) in combinations.iter().zip(&runs) {
        match search.beyond(run, first) {
            _ if run.failure.is_some() => count(&mut beyond, "the run failed".to_owned()),
            Some(why) => count(&mut beyond, why),
            None => judged.push(search.judge(choices, run)),
        }
    }
    found.tried += combinations.len();
    found.left_out = barred.iter().map(|(_, why)| (why.clone(), 0)).collect();
    found.left_out.extend(left_out);
    found.left_out.extend(beyond);
    judged.sort_by(|a, b| {
        let time = |c: &Combination| c.reached_d.unwrap_or(f64::INFINITY);
        (a.effort.total_cmp(&b.effort))
            .then(a.gap.total_cmp(&b.gap))
            .then(time(a).total_cmp(&time(b)))
            .then(a.words.cmp(&b.words))
    });
    let mut least = f64::INFINITY;
    for c in &judged {
        if c.gap < least - 1e-9 {
            least = c.gap;
            found.front.push(c.clone());
        }
    }
    found.best = judged.iter().find(|c| c.reached_d.is_some()).cloned();
    progress.fraction(1.0);
    match &found.best {
        None => found.refused = Some(search.out_of_reach(&found)),
        Some(best) => {
            let best = best.clone();
            found.advice = search.advice(&best);
            progress.stage("after stopping");
            found.stopped = Some(search.stopped(&best)?);
            progress.stage("plausible bodies");
            found.share = search.share(&best)?;
        }
    }
    Ok(found)
}

fn count(list: &mut Vec<(String, usize)>, why: String) {
    match list.iter_mut().find(|l| l.0 == why) {
        Some(known) => known.1 += 1,
        None => list.push((why, 1)),
    }
}

/// The first or last value of a quantity.
fn value(arm: &ArmRun, quantity: &str, last: bool) -> f64 {
    let column = arm.column(quantity);
    let found = column.and_then(|c| {
        if last {
            c.values.last()
        } else {
            c.values.first()
        }
    });
    found.copied().unwrap_or(f64::NAN)
}

impl<'a> Search<'a> {
    fn new(
        body: &'a Body,
        scenario: &Scenario,
        levers: &'a [Lever],
        safety: &'a Safety,
        question: &'a ProtocolQuestion,
        options: &'a RunOptions,
    ) -> Self {
        let mut scenario = Scenario {
            text: String::new(),
            ..scenario.clone()
        };
        scenario.arms.truncate(1);
        let person = &scenario.arms[0].person;
        let usual = (
            usual_food(body, &person.diet),
            brought(body, &person.regimens),
        );
        let record = &mut scenario.record;
        (record.from_d, record.until_d) = (0.0, question.within_d);
        record.every_d = question.within_d / ROWS;
        record.also_d = Vec::new();
        record.clock = Clock::Averaged;
        let goals = question.goals.iter().map(|g| &g.quantity);
        let bounds = safety.bounds.iter().map(|b| &b.quantity);
        let kept = safety.contraindications.iter().map(|c| &c.bound.quantity);
        let mut names: Vec<String> = goals.chain(bounds).chain(kept).cloned().collect();
        names.sort();
        names.dedup();
        record.quantities = names;
        Search {
            body,
            scenario,
            levers,
            question,
            safety,
            options,
            usual,
        }
    }

    fn choice(&self, place: &(usize, usize)) -> &Choice {
        &self.levers[place.0].choices[place.1]
    }

    /// The scenario with these choices from its beginning until `until_d`.
    fn with(&self, choices: &[(usize, usize)], until_d: f64) -> Scenario {
        let mut scenario = self.scenario.clone();
        for place in choices {
            let mut phase = self.choice(place).phase.clone();
            phase.until_d = until_d;
            for regimen in &mut phase.regimens {
                regimen.until_d = regimen.until_d.min(until_d);
            }
            for exposure in &mut phase.exposures {
                exposure.until_d = exposure.until_d.min(until_d);
            }
            scenario.arms[0].phases.push(phase);
        }
        scenario
    }

    /// Runs combinations over `long` times the asked time; they share one life a thread.
    fn run(&self, all: &[Vec<(usize, usize)>], long: f64) -> Result<Vec<ArmRun>, ProtocolError> {
        let scenarios: Vec<Scenario> = all
            .iter()
            .map(|choices| {
                let until = if long > 1.0 {
                    self.question.within_d
                } else {
                    f64::INFINITY
                };
                let mut scenario = self.with(choices, until);
                scenario.record.until_d *= long;
                scenario
            })
            .collect();
        let size = scenarios
            .len()
            .div_ceil(rayon::current_num_threads())
            .max(1);
        let part = |part: &[Scenario]| {
            let members: Vec<Member<'_>> = part
                .iter()
                .map(|scenario| Member {
                    scenario,
                    arm: 0,
                    id: None,
                    start: Vec::new(),
                })
                .collect();
            run_many(self.body, &members, self.options, &mut Silent)
        };
        let parts: Vec<Result<Vec<ArmRun>, Diagnostics>> =
            scenarios.par_chunks(size).map(part).collect();
        let mut runs = Vec::with_capacity(all.len());
        for part in parts {
            runs.extend(part.map_err(ProtocolError::Setup)?);
        }
        Ok(runs)
    }

    fn gap_at(&self, run: &ArmRun, row: usize) -> f64 {
        self.question
            .goals
            .iter()
            .map(|g| {
                let column = run.column(&g.quantity);
                g.gap(
                    column
                        .and_then(|c| c.values.get(row))
                        .copied()
                        .unwrap_or(f64::NAN),
                )
            })
            .sum()
    }

    fn judge(&self, choices: &[(usize, usize)], run: &ArmRun) -> Combination {
        let rows = run.times.len();
        let holds = (0..rows)
            .rev()
            .take_while(|row| self.gap_at(run, *row) == 0.0)
            .count();
        let reached_d = run.times.get(rows - holds).copied();
        Combination {
            words: choices
                .iter()
                .map(|c| self.choice(c).words.clone())
                .collect(),
            effort: choices.iter().map(|c| self.choice(c).effort).sum(),
            gap: self.gap_at(run, rows.saturating_sub(1)),
            reached_d,
            values: self
                .question
                .goals
                .iter()
                .map(|g| value(run, &g.quantity, true))
                .collect(),
            choices: choices.to_vec(),
        }
    }

    /// A goal that lies wholly beyond a bound.
    fn unsafe_goal(&self) -> Option<String> {
        for goal in &self.question.goals {
            let bound = self
                .safety
                .bounds
                .iter()
                .find(|b| b.quantity == goal.quantity && goal.lower >= b.value);
            if let Some(Bound { said, why, .. }) = bound {
                return Some(format!(
                    "unsafe: the goal `{}` lies beyond {said}: {why}",
                    goal.said
                ));
            }
        }
        None
    }

    /// Nutrients that this person gets no supplements of, and why.
    fn barred(&self, run: &ArmRun) -> Vec<(String, String)> {
        self.safety
            .contraindications
            .iter()
            .filter_map(|c| {
                let now = value(run, &c.bound.quantity, false);
                (now < c.bound.value).then(|| {
                    let why = format!(
                        "no {} supplements: {} is {now:.3}, below {}: {}",
                        c.nutrient, c.bound.quantity, c.bound.said, c.bound.why
                    );
                    (c.nutrient.clone(), why)
                })
            })
            .collect()
    }

    /// What these choices bring a day of a nutrient, as a limit counts it.
    fn amount(&self, choices: &[(usize, usize)], limit: &Limit) -> f64 {
        let of = |amounts: &Amounts| amounts.get(&limit.nutrient).copied().unwrap_or(0.0);
        let more = |c: &(usize, usize)| {
            let choice = self.choice(c);
            of(&choice.supplements)
                + if limit.supplements_only {
                    0.0
                } else {
                    of(&choice.food)
                }
        };
        let food = if limit.supplements_only {
            0.0
        } else {
            of(&self.usual.0)
        };
        food + of(&self.usual.1) + choices.iter().map(more).sum::<f64>()
    }

    /// The limit that these choices go beyond, if they add to what it counts.
    fn limit(&self, choices: &[(usize, usize)]) -> Option<&Limit> {
        self.safety.limits.iter().find(|limit| {
            let (with, without) = (self.amount(choices, limit), self.amount(&[], limit));
            with > limit.upper * (1.0 + 1e-9) && with > without
        })
    }

    /// Every safe combination of the choices that move a goal; and why others were left out.
    #[allow(clippy::type_complexity)]
    fn combinations(
        &self,
        alone: &ArmRun,
        barred: &[(String, String)],
    ) -> Result<(Vec<Vec<(usize, usize)>>, Vec<(String, usize)>), ProtocolError> {
        let mut left_out = Vec::new();
        let mut single = Vec::new();
        for (l, lever) in self.levers.iter().enumerate() {
            for (c, choice) in lever.choices.iter().enumerate() {
                let is_barred = barred
                    .iter()
                    .any(|(nutrient, _)| choice.supplements.contains_key(nutrient));
                if is_barred {
                    continue;
                }
                match self.limit(&[(l, c)]) {
                    Some(limit) => count(&mut left_out, beyond_words(limit)),
                    None => single.push(vec![(l, c)]),
                }
            }
        }
        let runs = self.run(&single, 1.0)?;
        let moves = |run: &ArmRun| {
            self.question.goals.iter().any(|g| {
                let moved = value(run, &g.quantity, true) - value(alone, &g.quantity, true);
                // NaN does not move anything.
                moved.abs() > MOVES * g.scale()
            })
        };
        let useful: Vec<(usize, usize)> = single
            .iter()
            .zip(&runs)
            .filter(|(_, run)| moves(run))
            .map(|(c, _)| c[0])
            .collect();
        let mut all: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
        for lever in 0..self.levers.len() {
            let choices: Vec<(usize, usize)> =
                useful.iter().copied().filter(|c| c.0 == lever).collect();
            let mut more = Vec::new();
            for before in &all {
                for choice in &choices {
                    let mut with = before.clone();
                    with.push(*choice);
                    match self.limit(&with) {
                        Some(limit) => count(&mut left_out, beyond_words(limit)),
                        None => more.push(with),
                    }
                }
            }
            all.extend(more);
        }
        all.retain(|c| !c.is_empty());
        Ok((all, left_out))
    }

    /// A bound that a run goes beyond, further than the person is anyway.
    fn beyond(&self, run: &ArmRun, alone: &ArmRun) -> Option<String> {
        let highest = |arm: &ArmRun, quantity: &str| {
            arm.column(quantity).map_or(f64::NAN, |c| {
                c.values.iter().copied().fold(f64::NAN, f64::max)
            })
        };
        self.safety.bounds.iter().find_map(|b| {
            let (with, without) = (highest(run, &b.quantity), highest(alone, &b.quantity));
            (with > b.value && with > without * (1.0 + 1e-6))
                .then(|| format!("{} would pass {}: {}", b.quantity, b.said, b.why))
        })
    }

    fn out_of_reach(&self, found: &Protocol) -> String {
        let Some(nearest) = found.front.last() else {
            return "out of reach: nothing safe moves the goals".to_owned();
        };
        let missed: Vec<String> = found
            .goals
            .iter()
            .zip(&nearest.values)
            .filter(|(g, v)| g.gap(**v) > 0.0)
            .map(|(g, v)| {
                format!(
                    "{} comes to {v:.3} {}, wanted {}",
                    g.quantity, g.unit, g.said
                )
            })
            .collect();
        let doing = if nearest.words.is_empty() {
            "doing nothing is as near as anything safe".to_owned()
        } else {
            format!("the nearest safe protocol is {}", nearest.words.join(", "))
        };
        let missed = if missed.is_empty() {
            "the goals are reached and not held together".to_owned()
        } else {
            missed.join("; ")
        };
        format!("out of reach within the limits: {missed}; {doing}")
    }

    fn advice(&self, best: &Combination) -> Vec<String> {
        self.safety
            .advice
            .iter()
            .filter(|a| self.amount(&best.choices, a) > a.upper * (1.0 + 1e-9))
            .map(|a| format!("more than {} of {} a day: {}", a.said, a.nutrient, a.why))
            .collect()
    }

    fn stopped(&self, best: &Combination) -> Result<Stopped, ProtocolError> {
        let runs = self.run(std::slice::from_ref(&best.choices), 2.0)?;
        let run = runs
            .first()
            .filter(|r| r.failure.is_none())
            .ok_or_else(|| ProtocolError::Run("the run after stopping failed".to_owned()))?;
        let end = self.question.within_d;
        let lost = (0..run.times.len())
            .find(|row| run.times[*row] > end + 1e-6 && self.gap_at(run, *row) > 0.0);
        let goals = self.question.goals.iter();
        Ok(Stopped {
            lost_after_d: lost.map(|row| run.times[row] - end),
            values: goals.map(|g| value(run, &g.quantity, true)).collect(),
        })
    }

    /// Shares of plausible bodies that reach the goals, with the best and with nothing.
    fn share(&self, best: &Combination) -> Result<Option<(f64, f64, usize)>, ProtocolError> {
        if self.question.samples == 0 {
            return Ok(None);
        }
        let parameters = uncertain_parameters(self.body);
        let starts: Vec<Vec<(String, f64)>> = (0..self.question.samples as u64)
            .map(|k| draw_all(&parameters, &self.question.known, self.question.seed, k))
            .collect();
        let mut both = self.with(&best.choices, f64::INFINITY);
        both.arms.push(self.scenario.arms[0].clone());
        let runs =
            run_starts(self.body, &both, &starts, self.options).map_err(ProtocolError::Setup)?;
        let lived: Vec<&Vec<ArmRun>> = runs
            .iter()
            .filter(|arms| arms.iter().all(|a| a.failure.is_none()))
            .collect();
        let reach = |arm: usize| {
            lived
                .iter()
                .filter(|arms| {
                    let run = &arms[arm];
                    self.gap_at(run, run.times.len().saturating_sub(1)) == 0.0
                })
                .count() as f64
                / lived.len().max(1) as f64
        };
        Ok(Some((reach(0), reach(1), lived.len())))
    }
}

fn beyond_words(limit: &Limit) -> String {
    let of = if limit.supplements_only {
        " from supplements"
    } else {
        " from all sources"
    };
    format!(
        "more than {} of {}{of}: {}",
        limit.said, limit.nutrient, limit.why
    )
}

//! The least that restores and holds goals: every safe combination of the levers is tried on one person, from the same life.
//!
//! A combination is safe if it keeps to the upper levels and brings about nothing beyond the bounds. Levers that move no goal are left out first.
//! Intake is averaged over the day. What is found is run on after stopping, and in plausible bodies.

use osteon_sim::{
    ArmRun, Body, Clock, Diagnostics, Member, Phase, Progress, RunOptions, Scenario, Silent,
    run_many,
};
use rayon::prelude::*;

use crate::lane_sets::run_starts;
use crate::matched_scenario::MatchedScenario;
use crate::near_names::near_name;
use crate::protocol_file::{
    Amounts, Bound, Choice, Lever, Limit, Safety, in_unit_of, taken, usual_food,
};
use crate::uncertainty::{draw_all, uncertain_parameters, uniforms};
use crate::uncertainty_bands::{QUANTILES, quantile};
use crate::uncertainty_posterior::Knowledge;

/// Rows of a run, over which reaching and holding are judged.
const ROWS: f64 = 52.0;
/// A choice that moves no goal by more than this share of the goal's scale is left out.
const MOVES: f64 = 0.05;
/// A bound beyond which the person is anyway counts as passed only if they go further by this share. (assumed: less cannot be measured)
const FURTHER: f64 = 0.01;
/// Draws of the efforts that say how much the least depends on them.
const EFFORT_DRAWS: u32 = 400;

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

/// How the best does in others: plausible bodies, or people whom measured values allow.
#[derive(Debug, Clone, PartialEq)]
pub struct InOthers {
    /// Share that is inside every goal at the end with the best.
    pub with: f64,
    /// The same by doing nothing.
    pub without: f64,
    /// How many came through.
    pub lived: usize,
    /// 5, 50 and 95 % of the time from when on the goals hold, days, over those in whom they do.
    pub reached_d: Option<[f64; 3]>,
    /// True if these are people whom measured values allow, not plausible bodies.
    pub matched: bool,
}

/// Values of the goals' quantities over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Courses {
    /// Times, days; the protocol is stopped in the middle.
    pub times: Vec<f64>,
    /// For each goal the values of doing nothing.
    pub nothing: Vec<Vec<f64>>,
    /// For each goal the values of the best, then stopped.
    pub best: Vec<Vec<f64>>,
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
    /// In how many others the best does it, too.
    pub share: Option<InOthers>,
    /// Effort and gap of every safe combination that was run.
    pub all: Vec<(f64, f64)>,
    /// Courses of doing nothing and of the best until it is stopped, and as long again.
    pub courses: Option<Courses>,
    /// Share of draws of the efforts inside their ranges in which the best stays the least.
    pub least_in: Option<f64>,
    /// Every choice with its effort, the range of it and where it comes from.
    pub efforts: Vec<(String, f64, (f64, f64), String)>,
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
    matched: &'a MatchedScenario,
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
    matched: &MatchedScenario,
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
    let search = Search::new(body, matched, levers, safety, question, options);
    progress.stage("the person as they are");
    let alone = search.run(&[Vec::new()], 1.0)?;
    let Some(first) = alone.first() else {
        return Err(ProtocolError::Run("nobody was run".to_owned()));
    };
    if let Some(stopped) = first.stopped() {
        return Err(ProtocolError::Run(stopped));
    }
    let nothing = search.judge(&[], first);
    let mut found = Protocol {
        title: matched.scenario.title.clone(),
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
        all: Vec::new(),
        courses: None,
        least_in: None,
        efforts: levers
            .iter()
            .flat_map(|l| &l.choices)
            .map(|c| {
                (
                    c.words.clone(),
                    c.effort,
                    c.effort_range,
                    c.effort_why.clone(),
                )
            })
            .collect(),
        advice: Vec::new(),
        left_out: Vec::new(),
        tried: 1,
        refused: None,
    };
    if let Some(why) = search.unsafe_goal() {
        found.refused = Some(why);
        return Ok(found);
    }
    let barred = search.barred(first);
    if let Some(why) = search.asked_and_barred(&barred) {
        found.refused = Some(why);
        return Ok(found);
    }
    if nothing.reached_d == Some(0.0) {
        return Ok(found);
    }
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
    found.all = judged.iter().map(|c| (c.effort, c.gap)).collect();
    found.best = judged.iter().find(|c| c.reached_d.is_some()).cloned();
    progress.fraction(1.0);
    match &found.best {
        None => found.refused = Some(search.out_of_reach(&found)),
        Some(best) => {
            let best = best.clone();
            found.advice = search.advice(&best);
            progress.stage("after stopping");
            let (stopped, courses) = search.stopped(&best)?;
            (found.stopped, found.courses) = (Some(stopped), Some(courses));
            found.least_in = search.least_in(&best, &judged);
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
        matched: &'a MatchedScenario,
        levers: &'a [Lever],
        safety: &'a Safety,
        question: &'a ProtocolQuestion,
        options: &'a RunOptions,
    ) -> Self {
        let mut scenario = Scenario {
            text: String::new(),
            ..matched.scenario.clone()
        };
        scenario.arms.truncate(1);
        let person = &scenario.arms[0].person;
        let usual = (
            usual_food(body, &person.diet),
            taken(body, &scenario.arms[0]),
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
            matched,
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
            let arm = &mut scenario.arms[0];
            let food = &self.choice(place).food;
            if food.is_empty() {
                arm.phases.push(phase);
            } else {
                // More food comes on top of whatever is eaten: of the usual diet, and of that of each phase.
                arm.phases = more_food(std::mem::take(&mut arm.phases), food, until_d);
                arm.phases.insert(0, phase);
            }
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

    /// What was asked for by name and is kept from this person.
    fn asked_and_barred(&self, barred: &[(String, String)]) -> Option<String> {
        let asked = self.levers.iter().filter(|l| l.name.starts_with("asked: "));
        for choice in asked.flat_map(|l| &l.choices) {
            let why = barred
                .iter()
                .find(|(nutrient, _)| choice.supplements.contains_key(nutrient));
            if let Some((_, why)) = why {
                return Some(format!("unsafe: {} was asked for, and {why}", choice.words));
            }
        }
        None
    }

    /// A goal that lies wholly beyond a bound.
    fn unsafe_goal(&self) -> Option<String> {
        for goal in &self.question.goals {
            let beyond = |b: &&Bound| {
                if b.is_lower {
                    goal.upper <= b.value
                } else {
                    goal.lower >= b.value
                }
            };
            let bound = self
                .safety
                .bounds
                .iter()
                .filter(|b| b.quantity == goal.quantity)
                .find(beyond);
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
        let extreme = |arm: &ArmRun, b: &Bound| {
            let of = |f: fn(f64, f64) -> f64| {
                arm.column(&b.quantity)
                    .map_or(f64::NAN, |c| c.values.iter().copied().fold(f64::NAN, f))
            };
            if b.is_lower {
                of(f64::min)
            } else {
                of(f64::max)
            }
        };
        self.safety.bounds.iter().find_map(|b| {
            let (with, without) = (extreme(run, b), extreme(alone, b));
            let is_beyond = if b.is_lower {
                with < b.value && with < without * (1.0 - FURTHER)
            } else {
                with > b.value && with > without * (1.0 + FURTHER)
            };
            let way = if b.is_lower { "fall below" } else { "pass" };
            is_beyond.then(|| format!("{} would {way} {}: {}", b.quantity, b.said, b.why))
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
            .map(|a| format!("more than {} of {}: {}", a.said, a.nutrient, a.why))
            .collect()
    }

    fn stopped(&self, best: &Combination) -> Result<(Stopped, Courses), ProtocolError> {
        let runs = self.run(&[best.choices.clone(), Vec::new()], 2.0)?;
        let [run, nothing] = runs.as_slice() else {
            return Err(ProtocolError::Run(
                "the run after stopping is missing".to_owned(),
            ));
        };
        if let Some(stopped) = run.stopped().or_else(|| nothing.stopped()) {
            return Err(ProtocolError::Run(format!("after stopping: {stopped}")));
        }
        let end = self.question.within_d;
        let lost = (0..run.times.len())
            .find(|row| run.times[*row] > end + 1e-6 && self.gap_at(run, *row) > 0.0);
        let goals = &self.question.goals;
        let course = |arm: &ArmRun| -> Vec<Vec<f64>> {
            let of = |g: &Goal| {
                arm.column(&g.quantity)
                    .map_or_else(Vec::new, |c| c.values.clone())
            };
            goals.iter().map(of).collect()
        };
        let stopped = Stopped {
            lost_after_d: lost.map(|row| run.times[row] - end),
            values: goals
                .iter()
                .map(|g| value(run, &g.quantity, true))
                .collect(),
        };
        let courses = Courses {
            times: run.times.clone(),
            nothing: course(nothing),
            best: course(run),
        };
        Ok((stopped, courses))
    }

    /// In how many draws of the efforts, each log-uniform inside its range, the best stays the least of those that reach the goals.
    fn least_in(&self, best: &Combination, judged: &[Combination]) -> Option<f64> {
        let reaching: Vec<&Combination> = judged.iter().filter(|c| c.reached_d.is_some()).collect();
        let places: Vec<(usize, usize)> = self
            .levers
            .iter()
            .enumerate()
            .flat_map(|(l, lever)| (0..lever.choices.len()).map(move |c| (l, c)))
            .collect();
        let mut stays = 0_u32;
        for draw in 0..u64::from(EFFORT_DRAWS) {
            let effort_of: std::collections::BTreeMap<(usize, usize), f64> = places
                .iter()
                .map(|place| {
                    let choice = self.choice(place);
                    let (least, greatest) = choice.effort_range;
                    let share = uniforms(self.question.seed, draw, &choice.words).0;
                    let effort = if least > 0.0 {
                        least * (greatest / least).powf(share)
                    } else {
                        least + share * (greatest - least)
                    };
                    (*place, effort)
                })
                .collect();
            let total = |c: &Combination| -> f64 { c.choices.iter().map(|p| effort_of[p]).sum() };
            let own = total(best);
            stays += u32::from(reaching.iter().all(|c| total(c) >= own * (1.0 - 1e-12)));
        }
        Some(f64::from(stays) / f64::from(EFFORT_DRAWS))
    }

    /// How the best does in others: in plausible bodies, or in those whom measured values allow if the person was matched.
    fn share(&self, best: &Combination) -> Result<Option<InOthers>, ProtocolError> {
        if self.question.samples == 0 {
            return Ok(None);
        }
        let matched = self.matched.of_arm(0).is_some();
        let parameters = if matched {
            Vec::new()
        } else {
            uncertain_parameters(self.body)
        };
        let (known, seed) = (&self.question.known, self.question.seed);
        let starts: Vec<Vec<(String, f64)>> = (0..self.question.samples as u64)
            .map(|k| {
                if matched {
                    self.matched.draw(0, seed, k)
                } else {
                    draw_all(&parameters, known, seed, k)
                }
            })
            .collect();
        let mut both = self.with(&best.choices, f64::INFINITY);
        both.arms.push(self.scenario.arms[0].clone());
        let runs =
            run_starts(self.body, &both, &starts, self.options).map_err(ProtocolError::Setup)?;
        let lived: Vec<&Vec<ArmRun>> = runs
            .iter()
            .filter(|arms| arms.iter().all(|a| a.failure.is_none()))
            .collect();
        let from = |arms: &[ArmRun], arm: usize| self.judge(&[], &arms[arm]).reached_d;
        let mut reached: Vec<f64> = lived.iter().filter_map(|arms| from(arms, 0)).collect();
        reached.sort_by(f64::total_cmp);
        let without = lived.iter().filter(|arms| from(arms, 1).is_some()).count();
        let of = |n: usize| n as f64 / lived.len().max(1) as f64;
        Ok(Some(InOthers {
            with: of(reached.len()),
            without: of(without),
            lived: lived.len(),
            reached_d: (!reached.is_empty()).then(|| QUANTILES.map(|q| quantile(&reached, q))),
            matched,
        }))
    }
}

/// The phases with more of some nutrients until a time; a phase that goes on after it is cut in two there.
fn more_food(phases: Vec<Phase>, food: &Amounts, until_d: f64) -> Vec<Phase> {
    let mut all = Vec::with_capacity(phases.len());
    for phase in phases {
        let eats = phase.diet.iter().any(|d| food.contains_key(&d.nutrient));
        if !eats || phase.from_d >= until_d {
            all.push(phase);
            continue;
        }
        let mut more = phase.clone();
        for part in &mut more.diet {
            part.per_day += food.get(&part.nutrient).copied().unwrap_or(0.0);
        }
        if phase.until_d > until_d {
            // What else the phase does goes on in the first piece; the second is its diet alone.
            let after = Phase {
                from_d: until_d,
                until_d: phase.until_d,
                diet: phase.diet.clone(),
                exposures: Vec::new(),
                regimens: Vec::new(),
                inputs: Vec::new(),
            };
            all.push(more);
            all.push(after);
        } else {
            all.push(more);
        }
    }
    all
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

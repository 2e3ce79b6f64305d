//! Why something changed: a change of an output taken apart over the pathways of the body, by runs in which pathways are frozen.
//!
//! A set of pathways is a run in which all others are switched off from the beginning of the scenario, after the same life. What a pathway
//! gets is its Shapley value in that game; what is left with every pathway frozen is no pathway's. Together they are the change, exactly,
//! because all shares are differences of the same runs. On the meals clock a value is the mean of the day that ends at its time.

use std::collections::BTreeMap;

use osteon_sim::{
    ArmRun, Body, Clock, Diagnostics, InputValue, Member, Phase, Progress, RunOptions, Scenario,
    Silent, run_many,
};
use rayon::prelude::*;

use crate::near_names::near_name;
use crate::pathways::{Pathway, pathways};
use crate::shapley::{draw_orders, drawn_shares, exact_shares, sets_of};

/// Readings of a day by the clock.
const READINGS: usize = 48;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyQuestion {
    /// Dotted name of the quantity, or a symbol of the body.
    pub quantity: String,
    /// When, days from the start of the scenario.
    pub at_d: f64,
    /// Name of the arm; empty for the first.
    pub arm: String,
    /// Name of the arm it is compared with; `None` compares with its own start.
    pub against: Option<String>,
    /// Up to this many pathways all sets are run; beyond, orders are drawn.
    pub most_exact: usize,
    /// Orders drawn beyond that.
    pub orders: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Pathways whose removal and whose lone presence move the output by less than this share of the change are taken as idle.
    pub idle_below: f64,
}

impl Default for WhyQuestion {
    fn default() -> Self {
        WhyQuestion {
            quantity: String::new(),
            at_d: f64::NAN,
            arm: String::new(),
            against: None,
            most_exact: 10,
            orders: 48,
            seed: 1,
            idle_below: 1e-3,
        }
    }
}

/// What one pathway did.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The pathway.
    pub pathway: Pathway,
    /// Its share of the change, in the unit of the quantity.
    pub share: f64,
    /// Standard error of the share; 0 if all sets were run.
    pub error: f64,
    /// How much of the change goes away when it alone is frozen.
    pub without: f64,
    /// How much it does when all others are frozen.
    pub alone: f64,
}

/// How the shares were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All sets of the pathways that matter.
    AllSets,
    /// Orders of arrival drawn with a seed.
    DrawnOrders {
        /// How many.
        orders: usize,
        /// The seed.
        seed: u64,
    },
}

/// A change taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// Title of the scenario.
    pub title: String,
    /// What was asked, with names filled in.
    pub question: WhyQuestion,
    /// Words for the quantity.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// Value that the change is measured from.
    pub from: f64,
    /// Value at the time asked.
    pub to: f64,
    /// Shares of the pathways that matter, largest first.
    pub parts: Vec<Part>,
    /// What is left of the change with every one of these frozen: the direct work of intake, doses, drugs, time.
    pub remainder: f64,
    /// Pathways that were looked at and do not matter here; they were left on.
    pub idle: Vec<Pathway>,
    /// How.
    pub method: Method,
    /// Runs made.
    pub runs: usize,
}

impl Why {
    /// The change.
    pub fn change(&self) -> f64 {
        self.to - self.from
    }

    /// What parts and remainder miss of the change; rounding alone.
    pub fn gap(&self) -> f64 {
        self.change() - self.remainder - self.parts.iter().map(|p| p.share).sum::<f64>()
    }
}

/// Why a change cannot be explained.
#[derive(Debug)]
pub enum WhyError {
    /// The question does not fit the scenario or the body.
    Question(String),
    /// A run cannot be set up.
    Setup(Diagnostics),
    /// A run failed.
    Run(String),
}

/// Takes the change of one output apart.
///
/// # Errors
/// When the quantity or an arm does not exist, the time is not after the start, or a run fails.
pub fn why(
    body: &Body,
    scenario: &Scenario,
    question: &WhyQuestion,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Why, WhyError> {
    let game = Game::new(body, scenario, question, options)?;
    let all = pathways(body);
    if all.len() > 60 {
        return Err(WhyError::Question(format!(
            "the body has {} pathways; at most 60 can be looked at together",
            all.len()
        )));
    }
    progress.stage("which pathways matter");
    let whole = (1_u64 << all.len()) - 1;
    let mut first = vec![whole, 0];
    for i in 0..all.len() {
        first.extend([whole & !(1 << i), 1 << i]);
    }
    let switches: Vec<&str> = all.iter().map(|p| p.switch.as_str()).collect();
    let values = game.values(&first, &switches, progress)?;
    let (full, none) = (values[0].change(), values[1].change());
    let least = question.idle_below * full.abs().max((full - none).abs());
    // The solver's own error moves every run a little.
    let noise = 10.0 * options.rtol * values[0].to.abs();
    let (mut matter, mut idle) = (Vec::new(), Vec::new());
    for (i, pathway) in all.iter().enumerate() {
        let without = full - values[2 + 2 * i].change();
        let alone = values[3 + 2 * i].change() - none;
        if without.abs().max(alone.abs()) > least.max(noise) {
            matter.push((pathway.clone(), without, alone));
        } else {
            idle.push(pathway.clone());
        }
    }
    progress.stage("pathways together");
    let switches: Vec<&str> = matter.iter().map(|m| m.0.switch.as_str()).collect();
    let n = matter.len();
    let (method, orders, sets) = if n <= question.most_exact {
        (Method::AllSets, Vec::new(), (0..1_u64 << n).collect())
    } else {
        let orders = draw_orders(n, question.orders, question.seed);
        let sets = sets_of(&orders);
        let method = Method::DrawnOrders {
            orders: orders.len(),
            seed: question.seed,
        };
        (method, orders, sets)
    };
    let read = game.values(&sets, &switches, progress)?;
    let table: BTreeMap<u64, f64> = sets
        .iter()
        .zip(&read)
        .map(|(s, r)| (*s, r.change()))
        .collect();
    let shares = match method {
        Method::AllSets => {
            let values: Vec<f64> = table.values().copied().collect();
            exact_shares(n, &values)
        }
        Method::DrawnOrders { .. } => drawn_shares(n, &orders, &table),
    };
    let mut parts: Vec<Part> = matter
        .into_iter()
        .zip(shares)
        .map(|((pathway, without, alone), share)| Part {
            pathway,
            share: share.value,
            error: share.error,
            without,
            alone,
        })
        .collect();
    parts.sort_by(|a, b| b.share.abs().total_cmp(&a.share.abs()));
    let last = (1_u64 << n) - 1;
    let whole = sets
        .iter()
        .position(|s| *s == last)
        .map_or(values[0], |place| read[place]);
    let (label, unit) = game.words();
    Ok(Why {
        title: scenario.title.clone(),
        question: WhyQuestion {
            arm: scenario.arms[game.arm].name.clone(),
            ..question.clone()
        },
        label,
        unit,
        from: whole.from,
        to: whole.to,
        remainder: table.get(&0).copied().unwrap_or(f64::NAN),
        parts,
        idle,
        method,
        runs: first.len() + sets.len(),
    })
}

/// The two values of which a change is made.
#[derive(Debug, Clone, Copy)]
struct Pair {
    from: f64,
    to: f64,
}

impl Pair {
    fn change(&self) -> f64 {
        self.to - self.from
    }
}

/// Everything that a set of pathways needs to be given a value.
struct Game<'a> {
    body: &'a Body,
    scenario: Scenario,
    question: &'a WhyQuestion,
    options: &'a RunOptions,
    arm: usize,
    against: Option<usize>,
    /// Values are means of the day before.
    daily_mean: bool,
}

impl<'a> Game<'a> {
    fn new(
        body: &'a Body,
        scenario: &Scenario,
        question: &'a WhyQuestion,
        options: &'a RunOptions,
    ) -> Result<Self, WhyError> {
        let fault = |text: String| Err(WhyError::Question(text));
        let known = body.library.quantity(&question.quantity);
        if known.is_none() && body.find(&question.quantity).is_none() {
            let names = body.library.quantities.iter().map(|q| q.name.as_str());
            let near = near_name(&question.quantity, names)
                .map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            return fault(format!(
                "there is no quantity `{}`{near}",
                question.quantity
            ));
        }
        if !(question.at_d > 0.0 && question.at_d.is_finite()) {
            return fault("a change is asked for at a time after the start".to_owned());
        }
        let arm = arm_of(scenario, &question.arm)?;
        let against = question
            .against
            .as_ref()
            .map(|name| arm_of(scenario, name))
            .transpose()?;
        if against == Some(arm) {
            return fault(format!(
                "the arm `{}` is compared with itself",
                scenario.arms[arm].name
            ));
        }
        let mut scenario = Scenario {
            text: String::new(),
            ..scenario.clone()
        };
        let at_d = question.at_d;
        let collected = known.is_some_and(|q| q.over_d.is_some() || q.since_start);
        let daily_mean = scenario.record.clock == Clock::Meals && !collected;
        let record = &mut scenario.record;
        (record.from_d, record.until_d, record.every_d) = (0.0, at_d, at_d);
        record.sample_at_d = 0.0;
        record.quantities = vec![question.quantity.clone()];
        record.also_d = if daily_mean {
            [0.0, at_d]
                .iter()
                .flat_map(|end| {
                    (0..READINGS).map(move |k| end - 1.0 + (k as f64 + 0.5) / READINGS as f64)
                })
                .collect()
        } else {
            Vec::new()
        };
        Ok(Game {
            body,
            scenario,
            question,
            options,
            arm,
            against,
            daily_mean,
        })
    }

    fn words(&self) -> (String, String) {
        let name = &self.question.quantity;
        match (
            self.body.library.quantity(name),
            self.body.vocabulary.get(name),
        ) {
            (Some(q), _) => (q.label.clone(), q.unit.clone()),
            (None, Some(word)) => (
                word.name.clone().unwrap_or_else(|| name.clone()),
                word.unit_text.clone(),
            ),
            (None, None) => (name.clone(), String::new()),
        }
    }

    /// The value of each set: pathways whose bit is not set are frozen from the beginning of the scenario.
    fn values(
        &self,
        sets: &[u64],
        switches: &[&str],
        progress: &mut dyn Progress,
    ) -> Result<Vec<Pair>, WhyError> {
        let arms: Vec<usize> = [Some(self.arm), self.against]
            .into_iter()
            .flatten()
            .collect();
        let frozen: Vec<Scenario> = sets
            .iter()
            .map(|set| {
                let off = |i: usize| set & (1 << i) == 0;
                let inputs: Vec<InputValue> = (0..switches.len())
                    .filter(|i| off(*i))
                    .map(|i| InputValue {
                        input: switches[i].to_owned(),
                        value: 0.0,
                        said: "0".to_owned(),
                    })
                    .collect();
                let mut scenario = self.scenario.clone();
                for arm in &mut scenario.arms {
                    arm.phases.push(Phase {
                        from_d: 0.0,
                        until_d: f64::INFINITY,
                        diet: Vec::new(),
                        exposures: Vec::new(),
                        regimens: Vec::new(),
                        inputs: inputs.clone(),
                    });
                }
                scenario
            })
            .collect();
        // One chunk a thread: the people of a chunk share one life.
        let size = frozen.len().div_ceil(rayon::current_num_threads()).max(1);
        let run = |part: &[Scenario]| {
            let members: Vec<Member<'_>> = part
                .iter()
                .flat_map(|scenario| {
                    arms.iter().map(move |arm| Member {
                        scenario,
                        arm: *arm,
                        id: None,
                        start: Vec::new(),
                    })
                })
                .collect();
            run_many(self.body, &members, self.options, &mut Silent)
        };
        let parts: Vec<Result<Vec<ArmRun>, Diagnostics>> =
            frozen.par_chunks(size).map(run).collect();
        let mut runs = Vec::with_capacity(sets.len() * arms.len());
        for part in parts {
            runs.extend(part.map_err(WhyError::Setup)?);
        }
        progress.fraction(1.0);
        runs.chunks(arms.len())
            .zip(sets)
            .map(|(of_set, set)| self.pair(of_set, *set, switches))
            .collect()
    }

    fn pair(&self, arms: &[ArmRun], set: u64, switches: &[&str]) -> Result<Pair, WhyError> {
        for arm in arms {
            if let Some(stopped) = arm.stopped() {
                let off: Vec<&str> = (0..switches.len())
                    .filter(|i| set & (1 << i) == 0)
                    .map(|i| switches[i])
                    .collect();
                return Err(WhyError::Run(format!(
                    "with {} frozen, {}",
                    if off.is_empty() {
                        "nothing".to_owned()
                    } else {
                        off.join(", ")
                    },
                    stopped
                )));
            }
        }
        let at = |arm: &ArmRun, time_d: f64| self.read(arm, time_d);
        let to = at(&arms[0], self.question.at_d);
        let from = match arms.get(1) {
            Some(other) => at(other, self.question.at_d),
            None => at(&arms[0], 0.0),
        };
        if to.is_finite() && from.is_finite() {
            Ok(Pair { from, to })
        } else {
            Err(WhyError::Run(format!(
                "`{}` is no number at one of the two times",
                self.question.quantity
            )))
        }
    }

    fn read(&self, arm: &ArmRun, time_d: f64) -> f64 {
        let Some(column) = arm.columns.first() else {
            return f64::NAN;
        };
        if self.daily_mean {
            let day: Vec<f64> = arm
                .times
                .iter()
                .zip(&column.values)
                .filter(|(t, _)| time_d - 1.0 < **t && **t < time_d - 1e-6)
                .map(|(_, v)| *v)
                .collect();
            return day.iter().sum::<f64>() / day.len() as f64;
        }
        arm.times
            .iter()
            .position(|t| (t - time_d).abs() < 1e-6)
            .and_then(|row| column.values.get(row))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

fn arm_of(scenario: &Scenario, name: &str) -> Result<usize, WhyError> {
    if name.is_empty() {
        return Ok(0);
    }
    scenario
        .arms
        .iter()
        .position(|a| a.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = scenario.arms.iter().map(|a| a.name.as_str()).collect();
            let near = near_name(name, names.iter().copied()).map_or_else(
                || format!("the arms are: {}", names.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            WhyError::Question(format!("the scenario has no arm `{name}`; {near}"))
        })
}

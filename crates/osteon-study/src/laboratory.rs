//! The laboratory panel on any state of a scenario: what each test would show, how far it may be off, and what it means.
//!
//! A load test is made virtually: the same body is run on with and without the load, and what leaves in the day from its beginning is
//! compared. Nothing here knows what is measured.

use std::fmt;

use osteon_sim::{
    Body, Clock, Diagnostics, LaboratoryTest, Progress, Reference, Run, RunOptions, Scenario,
    TestMethod, run, single_dose,
};

use crate::matched_scenario::{MatchedScenario, allowed};

/// Two standard deviations of a normal error hold 95 % of results: 1.96.
const TWO_SIDED_95: f64 = 1.96;

/// The panel of one arm at one time.
#[derive(Debug, Clone)]
pub struct LaboratoryPanel {
    /// Name of the arm; empty if the scenario has none.
    pub arm: String,
    /// Time the blood is drawn, days.
    pub time_d: f64,
    /// One result a test, in the order of the library.
    pub results: Vec<TestResult>,
}

/// What a test shows.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// Name of the test.
    pub test: String,
    /// Words for it.
    pub label: String,
    /// Value in `unit`; NaN if the run did not reach the time.
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
    /// Laboratory unit of the United States and the factor to it.
    pub us_unit: Option<(String, f64)>,
    /// Reference interval in `unit`.
    pub reference: Option<Reference>,
    /// Standard deviation of one measurement in `unit`: method and person together; `None` if nothing is known.
    pub error: Option<f64>,
    /// Where the value stands.
    pub flag: Flag,
    /// Values between which 90 % of the people lie whom measured values allow, in `unit`; `None` where nobody was matched.
    pub allowed: Option<(f64, f64)>,
    /// What the test tells.
    pub tells: String,
    /// What it cannot tell.
    pub cannot: String,
}

/// Where a value stands in its reference interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Inside, farther from the limits than the error of a measurement.
    Inside,
    /// Below.
    Low,
    /// Above.
    High,
    /// Inside or outside, but one measurement may fall on the other side of the lower limit.
    NearLower,
    /// The same at the upper limit.
    NearUpper,
    /// There is no interval, or no value.
    Unknown,
}

impl Flag {
    /// The word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Flag::Inside => "",
            Flag::Low => "low",
            Flag::High => "high",
            Flag::NearLower => "low?",
            Flag::NearUpper => "high?",
            Flag::Unknown => "-",
        }
    }

    /// Of a value, its interval and the standard deviation of one measurement.
    pub fn of(value: f64, reference: Option<&Reference>, error: Option<f64>) -> Flag {
        let Some(reference) = reference.filter(|_| value.is_finite()) else {
            return Flag::Unknown;
        };
        let reach = TWO_SIDED_95 * error.unwrap_or(0.0);
        let near = |limit: f64| (value - limit).abs() < reach;
        match (reference.lower, reference.upper) {
            (Some(lower), _) if near(lower) => Flag::NearLower,
            (_, Some(upper)) if near(upper) => Flag::NearUpper,
            (Some(lower), _) if value < lower => Flag::Low,
            (_, Some(upper)) if value > upper => Flag::High,
            _ => Flag::Inside,
        }
    }
}

/// Why there is no panel.
#[derive(Debug)]
pub enum LaboratoryError {
    /// The library has no tests.
    NoTests,
    /// A time lies outside the scenario.
    Time {
        /// The time asked for, days.
        asked_d: f64,
        /// The end of the record, days.
        until_d: f64,
    },
    /// The body or the library said no.
    Refused(Diagnostics),
}

impl fmt::Display for LaboratoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LaboratoryError::NoTests => write!(
                f,
                "error: the library has no laboratory tests\n   = help: they stand in library/laboratory.toml"
            ),
            LaboratoryError::Time { asked_d, until_d } => write!(
                f,
                "error: {} lies outside the scenario, which ends at {}\n   = help: a time up to the end of [record]",
                osteon_sim::show_days(*asked_d),
                osteon_sim::show_days(*until_d)
            ),
            LaboratoryError::Refused(faults) => write!(f, "{}", faults.render()),
        }
    }
}

impl std::error::Error for LaboratoryError {}

/// Draws blood at these times in every arm of a scenario (its end if there are none) and makes every test of the library.
///
/// # Errors
/// When a time lies outside the scenario, or the library has no tests. An arm that fails gives NaN from then on.
pub fn laboratory(
    body: &Body,
    scenario: &Scenario,
    times_d: &[f64],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<LaboratoryPanel>, LaboratoryError> {
    let tests = &body.library.tests;
    if tests.is_empty() {
        return Err(LaboratoryError::NoTests);
    }
    let end = [scenario.record.until_d];
    let asked = if times_d.is_empty() {
        &end[..]
    } else {
        times_d
    };
    for time_d in asked {
        if !(0.0..=scenario.record.until_d).contains(time_d) {
            return Err(LaboratoryError::Time {
                asked_d: *time_d,
                until_d: scenario.record.until_d,
            });
        }
    }
    let times: Vec<f64> = asked.iter().map(|t| drawn(scenario, *t)).collect();
    let plain = go(body, &asking(body, scenario, &times), options, progress)?;
    let mut panels: Vec<LaboratoryPanel> = Vec::new();
    for (arm, ran) in plain.arms.iter().enumerate() {
        for (asked_d, time_d) in asked.iter().zip(&times) {
            let results = tests
                .iter()
                .map(|test| direct(body, test, ran, *time_d))
                .collect();
            panels.push(LaboratoryPanel {
                arm: scenario.arms[arm].name.clone(),
                time_d: *asked_d,
                results,
            });
        }
    }
    for (place, test) in tests.iter().enumerate() {
        let TestMethod::Load {
            product,
            amount,
            over,
            collected,
        } = &test.method
        else {
            continue;
        };
        for (nth, time_d) in times.iter().enumerate() {
            let dose = single_dose(body, product, amount, over, *time_d)
                .map_err(LaboratoryError::Refused)?;
            let given = given_in(body, collected, &dose).unwrap_or(f64::NAN);
            let mut loaded = asking(body, scenario, &[*time_d]);
            for arm in &mut loaded.arms {
                arm.doses.push(dose.clone());
            }
            let loaded = go(body, &loaded, options, progress)?;
            for (arm, (with, without)) in loaded.arms.iter().zip(&plain.arms).enumerate() {
                let day_later = time_d + 1.0;
                let left = read(with, collected, day_later) - read(without, collected, day_later);
                let panel = &mut panels[arm * times.len() + nth];
                let result = &mut panel.results[place];
                result.value = 100.0 * (1.0 - left / given);
                result.flag = Flag::of(result.value, result.reference.as_ref(), result.error);
            }
        }
    }
    Ok(panels)
}

/// When blood is drawn: at the hour of the rows when meals go by the clock.
fn drawn(scenario: &Scenario, time_d: f64) -> f64 {
    let record = &scenario.record;
    let whole = (time_d - time_d.round()).abs() < 1e-9;
    if record.clock == Clock::Meals && whole {
        time_d + record.sample_at_d
    } else {
        time_d
    }
}

/// Lays into the panels between which values 90 % of the people lie whom the measured values allow; load tests are left out.
///
/// # Errors
/// When a draw cannot be set up.
pub fn spread_panels(
    body: &Body,
    matched: &MatchedScenario,
    panels: &mut [LaboratoryPanel],
    samples: usize,
    seed: u64,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<(), LaboratoryError> {
    if matched.people.is_empty() {
        return Ok(());
    }
    let at = |panel: &LaboratoryPanel| drawn(&matched.scenario, panel.time_d);
    let times: Vec<f64> = panels.iter().map(at).collect();
    let asked = MatchedScenario {
        scenario: asking(body, &matched.scenario, &times),
        people: matched.people.clone(),
    };
    let bands = allowed(body, &asked, samples, seed, options, progress)
        .map_err(LaboratoryError::Refused)?;
    for (panel, time_d) in panels.iter_mut().zip(times) {
        let arms = &asked.scenario.arms;
        let Some(arm) = arms.iter().position(|a| a.name == panel.arm) else {
            continue;
        };
        if matched.of_arm(arm).is_none() {
            continue;
        }
        for (test, result) in body.library.tests.iter().zip(&mut panel.results) {
            let TestMethod::Quantity(name) = &test.method else {
                continue;
            };
            let [low, _, high] = bands.quantiles(|arms| vec![read(&arms[arm], name, time_d)]);
            result.allowed = low.first().copied().zip(high.first().copied());
        }
    }
    Ok(())
}

/// The scenario, asked for every quantity of the panel at these times and a day later, and no longer than that.
fn asking(body: &Body, scenario: &Scenario, times: &[f64]) -> Scenario {
    let mut asking = scenario.clone();
    let mut quantities: Vec<String> = Vec::new();
    for test in &body.library.tests {
        let (TestMethod::Quantity(name)
        | TestMethod::Load {
            collected: name, ..
        }) = &test.method;
        if !quantities.contains(name) {
            quantities.push(name.clone());
        }
    }
    let until_d = times.iter().copied().fold(0.0, f64::max) + 1.0;
    let record = &mut asking.record;
    record.quantities = quantities;
    record.from_d = 0.0;
    record.until_d = until_d;
    // A row at the end is enough besides the times asked for; one that is no whole number of days away keeps its hour.
    record.every_d = until_d;
    record.sample_at_d = 0.0;
    record.also_d = times.iter().flat_map(|t| [*t, t + 1.0]).collect();
    asking
}

fn go(
    body: &Body,
    scenario: &Scenario,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Run, LaboratoryError> {
    run(body, scenario, options, progress).map_err(LaboratoryError::Refused)
}

/// The row at exactly this time; NaN if it was not reached.
fn read(arm: &osteon_sim::ArmRun, quantity: &str, time_d: f64) -> f64 {
    arm.times
        .iter()
        .position(|t| (t - time_d).abs() < 1e-6)
        .and_then(|row| arm.column(quantity)?.values.get(row).copied())
        .unwrap_or(f64::NAN)
}

/// Amount of a dose in the unit in which a collection is reported, per day of collection.
fn given_in(body: &Body, collected: &str, dose: &osteon_sim::Dose) -> Option<f64> {
    let quantity = body.library.quantity(collected)?;
    // The counter and the dose state are amounts in the same unit of the body, so one factor turns both.
    let unit = |symbol: &str| body.vocabulary.get(symbol).and_then(|w| w.unit);
    let counter = unit(&quantity.symbol)?;
    let mut total = 0.0;
    for deposit in &dose.into {
        let factor = unit(&deposit.symbol)?.conversion_to(&counter)?;
        total += deposit.amount * factor;
    }
    Some(total * quantity.factor)
}

fn direct(body: &Body, test: &LaboratoryTest, ran: &osteon_sim::ArmRun, time_d: f64) -> TestResult {
    let quantity = match &test.method {
        TestMethod::Quantity(name) => body.library.quantity(name),
        TestMethod::Load { .. } => None,
    };
    let value = quantity.map_or(f64::NAN, |q| read(ran, &q.name, time_d));
    let reference = test
        .reference
        .clone()
        .or_else(|| quantity.and_then(|q| q.reference.clone()));
    let share = |fact: &Option<osteon_sim::Fact>| fact.as_ref().map(|f| f.value / 100.0);
    let error = match (
        share(&test.analytical),
        share(&test.biological),
        &test.repeat,
    ) {
        (_, _, Some(repeat)) => Some(repeat.value),
        (None, None, None) => None,
        (a, b, None) => Some(value.abs() * (a.unwrap_or(0.0).hypot(b.unwrap_or(0.0)))),
    };
    TestResult {
        test: test.name.clone(),
        label: test.label.clone(),
        value,
        unit: quantity.map_or_else(|| "%".to_owned(), |q| q.unit.clone()),
        us_unit: quantity.and_then(|q| q.us_unit.clone()),
        flag: Flag::of(value, reference.as_ref(), error),
        reference,
        error,
        allowed: None,
        tells: test.tells.clone(),
        cannot: test.cannot.clone(),
    }
}

#[cfg(test)]
mod tests {
    use osteon_sim::Reference;

    use super::Flag;

    #[test]
    fn flags_know_the_error_of_a_measurement() {
        let reference = Reference {
            lower: Some(0.7),
            upper: Some(1.0),
            source: "test-2000".to_owned(),
        };
        let flag = |value, error| Flag::of(value, Some(&reference), error);
        assert_eq!(flag(0.85, Some(0.03)), Flag::Inside);
        assert_eq!(flag(0.73, Some(0.03)), Flag::NearLower);
        assert_eq!(flag(0.73, None), Flag::Inside);
        assert_eq!(flag(0.5, Some(0.03)), Flag::Low);
        assert_eq!(flag(1.2, Some(0.03)), Flag::High);
        assert_eq!(flag(f64::NAN, None), Flag::Unknown);
        assert_eq!(Flag::of(1.0, None, None), Flag::Unknown);
    }
}

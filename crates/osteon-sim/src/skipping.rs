//! Skipping days: where what is done repeats exactly, some periods are integrated and those between are taken from the drift of the states
//! from one period to the next.
//!
//! The states at one quiet hour of every period form a sequence whose differences g change slowly: fast states have settled into their
//! daily rhythm and follow the slow ones. From the last periods g is carried on as g + λh + λ²h + … with h its last change and one λ for
//! all states, so that whatever the equations conserve stays conserved. After the jump two periods are integrated from the state
//! foretold. What they differ from the foretelling is the error of the jump: too much of it and the jump is taken back and shortened.
//! (Multirevolution methods with error control: Petzold 1981, doi:10.1137/0718032; Calvo, Jay, Montijano & Rández 2004,
//! doi:10.1007/s00211-003-0513-7.)

use std::collections::{BTreeMap, VecDeque};

use osteon_vm::SymbolIndex;

use crate::body::Body;
use crate::drive::{Begin, Breakdown, BreakdownCause, LaneEnd, LaneSetup, Timed};
use crate::gathering::{Driven, drive_all};
use crate::progress::{Progress, Silent};
use crate::repeating::{Repeating, quiet_hour, repeating, unlike_the_day_before, within};
use crate::run::Skipped;
use crate::scenario::{Adherence, Arm, Clock};
use crate::simulate::RunOptions;
use crate::staged::Staged;

/// Fewest periods that are worth it.
pub(crate) const LEAST_PERIODS: usize = 10;

/// States at the ends of so many periods decide a jump.
const HISTORY: usize = 6;

/// Modes of the drift that are told apart at most.
const MODES: usize = 3;
const DECIDING: usize = 6;

/// A change foretold may be so many times any of the last ones.
const LARGEST_SHARE: f64 = 3.0;

/// Periods integrated after a jump to judge it.
const JUDGED: usize = 2;

/// First jump tried, and the shortest worth trying, in periods.
const FIRST_JUMP: f64 = 4.0;
const SHORTEST_JUMP: f64 = 2.0;

/// A jump may err by so many relative tolerances of the integrator.
const TOLERANCES: f64 = 10.0;

/// Sizes below which a state's error does not count: a share of its value where the stretch began, and in its own unit.
const SHARE: f64 = 1e-3;
const SMALLEST: f64 = 1e-6;

/// Drives one person and skips days where it can.
pub(crate) fn drive_skipping(
    body: &Body,
    setup: &LaneSetup,
    record: &[SymbolIndex],
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Driven {
    let mut walk = Walk {
        body,
        setup,
        record,
        options,
        progress,
        begin: setup.begin.clone(),
        now: setup.t0,
        gathered: Driven {
            values: vec![f64::NAN; setup.outputs.len() * record.len()],
            end: LaneEnd {
                time: setup.t0,
                ..LaneEnd::default()
            },
            events: Vec::new(),
            work: osteon_ode::Work::default(),
            failure: None,
            replanned: None,
            skipped: Skipped::default(),
        },
    };
    walk.run();
    walk.gathered
}

/// First time at which somebody's actions begin to repeat often enough, and how; and the hour at which periods are cut.
pub(crate) fn first_stretch(setup: &LaneSetup, from_d: f64) -> Option<(f64, Repeating)> {
    let hour = quiet_hour(
        setup
            .actions
            .iter()
            .map(|a| a.time)
            .chain(setup.outputs.iter().copied()),
    );
    let mut at = (from_d - hour).ceil() + hour;
    while at + LEAST_PERIODS as f64 <= setup.until {
        if let Some(found) = repeating(&setup.actions, at, setup.until, LEAST_PERIODS) {
            return Some((at, found));
        }
        at += 1.0;
    }
    None
}

/// Why days of an arm can never be skipped, and what to do instead.
pub(crate) fn refused(arm: &Arm, clock: Clock) -> Option<(String, &'static str)> {
    let missed = |a: Option<Adherence>| a.is_some_and(|a| a.share < 1.0);
    let regimens = arm
        .person
        .regimens
        .iter()
        .chain(arm.phases.iter().flat_map(|p| &p.regimens));
    if clock == Clock::Averaged {
        return Some((
            "on the averaged clock there are no days to skip".to_owned(),
            "clock = \"meals\" or \"auto\", or drop `skip_days`: the averaged clock is the quicker one anyway",
        ));
    }
    if let Some(rule) = arm.titrations.first() {
        return Some((
            format!(
                "`{}` is dosed by a rule, so its days need not repeat, and none can be skipped",
                rule.entry
            ),
            "drop [[titrate]] or `skip_days`",
        ));
    }
    if !arm.interventions.is_empty() {
        return Some((
            "a table of events that resets or replaces states leaves no strictly periodic regimen to skip days of".to_owned(),
            "drop `skip_days`, or the rows with EVID 3 to 6 and SS",
        ));
    }
    for regimen in regimens {
        if missed(regimen.adherence) {
            return Some((
                format!(
                    "doses of `{}` are missed by lot, so its days do not repeat, and none can be skipped",
                    regimen.entry
                ),
                "drop `adherence` or `skip_days`",
            ));
        }
    }
    None
}

/// Why no days of a plan can be skipped, and what to do instead; `None` if some can, or if nobody has asked.
pub(crate) fn nothing_to_skip(body: &Body, staged: &Staged<'_>) -> Option<(String, String)> {
    let setup = &staged.setup;
    if !staged.skip_days || first_stretch(setup, setup.t0.max(0.0)).is_some() {
        return None;
    }
    let help = "drop `skip_days`".to_owned();
    if setup.until < LEAST_PERIODS as f64 {
        let what = format!("a run of {:.0} days is too short to skip any", setup.until);
        return Some((what, help));
    }
    let example = unlike_the_day_before(&setup.actions, setup.t0.max(0.0)).map_or_else(
        String::new,
        |(day, symbol)| {
            format!(
                ": what goes to `{}` on day {day:.0} differs from the day before",
                body.program.name(symbol)
            )
        },
    );
    Some((
        format!(
            "days cannot be skipped, for the regimen is not periodic: nowhere does it repeat {LEAST_PERIODS} times{example}"
        ),
        help,
    ))
}

struct Walk<'a> {
    body: &'a Body,
    setup: &'a LaneSetup,
    record: &'a [SymbolIndex],
    options: &'a RunOptions,
    progress: &'a mut dyn Progress,
    begin: Begin,
    now: f64,
    gathered: Driven,
}

/// A stretch under way.
struct Stretch {
    from_d: f64,
    period_d: f64,
    times: usize,
    /// Actions of the first period.
    actions: Vec<Timed>,
    /// Times after the beginning of a period at which rows are read.
    phases: Vec<f64>,
    /// Values at these times in every period that counts, by number of the period.
    read: BTreeMap<usize, Vec<f64>>,
    /// Sums of every leap, by number of the first period that was leapt over.
    leaps: BTreeMap<usize, Sums>,
    /// States at the ends of the last periods.
    history: VecDeque<Vec<f64>>,
    /// Sizes of the states where the stretch began.
    sizes: Vec<f64>,
}

/// One period integrated.
struct Period {
    end: LaneEnd,
    values: Vec<f64>,
}

/// Why a period was not integrated to its end as it should.
enum Stopped {
    /// The solver failed.
    Failed(Box<Driven>),
    /// An event of the model happened in it.
    Event(Box<Period>, Vec<(f64, usize)>),
}

impl Walk<'_> {
    fn run(&mut self) {
        while self.gathered.failure.is_none() && self.now < self.setup.until {
            match first_stretch(self.setup, self.now.max(0.0)) {
                None => self.plainly(self.setup.until),
                Some((at, found)) => {
                    self.plainly(at);
                    if self.gathered.failure.is_none() {
                        self.stretch(at, found);
                    }
                }
            }
        }
        if self.setup.t0 >= self.setup.until {
            self.plainly(self.setup.until);
        }
    }

    /// Everything as it is, up to a time.
    fn plainly(&mut self, until: f64) {
        if until <= self.now && self.now > self.setup.t0 {
            return;
        }
        let last = until >= self.setup.until;
        let first = self.now <= self.setup.t0;
        let outputs = &self.setup.outputs;
        let from_row = outputs.partition_point(|t| !first && *t < self.now);
        let to_row = outputs.partition_point(|t| last || *t < until);
        let actions = &self.setup.actions;
        let due = actions.partition_point(|a| !first && a.time < self.now);
        let later = actions.partition_point(|a| last || a.time < until);
        let setup = LaneSetup {
            begin: self.begin.clone(),
            t0: self.now,
            until,
            actions: actions[due..later].to_vec(),
            outputs: outputs[from_row..to_row].to_vec(),
            ..self.setup.clone()
        };
        let Some(driven) =
            drive_all(self.body, &[setup], self.record, self.options, &mut Silent).pop()
        else {
            return;
        };
        let width = self.record.len();
        self.gathered.values[from_row * width..to_row * width].copy_from_slice(&driven.values);
        self.gathered.events.extend(&driven.events);
        self.gathered.work.add(&driven.work);
        self.gathered.failure = driven.failure;
        self.arrive(driven.end);
    }

    fn arrive(&mut self, end: LaneEnd) {
        self.now = end.time;
        self.begin = Begin::Continued(end.clone());
        self.gathered.end = end;
        let span = self.setup.until - self.setup.t0;
        self.progress
            .fraction(((self.now - self.setup.t0) / span).clamp(0.0, 1.0));
    }

    fn stretch(&mut self, at: f64, found: Repeating) {
        let until = at + found.period_d * found.times as f64;
        let outputs = &self.setup.outputs;
        let from_row = outputs.partition_point(|t| *t < at);
        let to_row = outputs.partition_point(|t| *t < until);
        let mut phases: Vec<f64> = outputs[from_row..to_row]
            .iter()
            .map(|t| (t - at).rem_euclid(found.period_d))
            .collect();
        phases.sort_by(f64::total_cmp);
        phases.dedup_by(|a, b| (*a - *b).abs() < 1e-7);
        let start = self.gathered.end.states.clone();
        let mut stretch = Stretch {
            from_d: at,
            period_d: found.period_d,
            times: found.times,
            actions: within(&self.setup.actions, at, at + found.period_d).to_vec(),
            phases,
            read: BTreeMap::new(),
            leaps: BTreeMap::new(),
            history: VecDeque::from([start.clone()]),
            sizes: start
                .iter()
                .map(|y| (SHARE * y.abs()).max(SMALLEST))
                .collect(),
        };
        self.gathered.skipped.period_d = found.period_d;
        let mut number = 0;
        let mut wish = FIRST_JUMP;
        while number < stretch.times {
            if self.progress.cancelled() {
                self.gathered.failure = Some(Breakdown::at(self.now, BreakdownCause::Cancelled));
                break;
            }
            let left = stretch.times - number;
            if stretch.history.len() >= DECIDING && left > JUDGED + SHORTEST_JUMP as usize {
                let jump = (wish as usize).min(left - JUDGED);
                match self.jump(&mut stretch, number, jump) {
                    Ok(Some(error)) if error <= 1.0 => {
                        number += jump + JUDGED;
                        let growth = (0.8 / error.max(1e-6).cbrt()).clamp(0.5, 3.0);
                        wish = (jump as f64 * growth).max(SHORTEST_JUMP);
                        self.gathered.skipped.error =
                            self.gathered.skipped.error.max(error * self.tolerance());
                        continue;
                    }
                    Ok(error) => {
                        let error = error.filter(|e| e.is_finite()).unwrap_or(1e3);
                        wish = jump as f64 * (0.8 / error.cbrt()).clamp(0.1, 0.7);
                        if wish >= SHORTEST_JUMP {
                            continue;
                        }
                        wish = SHORTEST_JUMP;
                    }
                    Err(stopped) => {
                        self.stop(stopped, &mut stretch, &mut number);
                        continue;
                    }
                }
            }
            match self.period(&stretch, &self.gathered.end.clone()) {
                Ok(period) => {
                    self.keep(&mut stretch, number, period);
                    number += 1;
                }
                Err(stopped) => {
                    self.stop(stopped, &mut stretch, &mut number);
                    if self.gathered.failure.is_some() {
                        break;
                    }
                }
            }
        }
        self.rows(&stretch, from_row, to_row);
    }
}

impl Walk<'_> {
    /// Relative error that a jump may make.
    fn tolerance(&self) -> f64 {
        TOLERANCES * self.options.rtol
    }

    /// One period from a condition, actions and rows of the first period moved to it.
    fn period(&mut self, stretch: &Stretch, from: &LaneEnd) -> Result<Period, Stopped> {
        // Periods are counted from the beginning of the stretch, so that times carry no sum of roundings.
        let number = ((from.time - stretch.from_d) / stretch.period_d).round();
        let shift = number * stretch.period_d;
        let until = stretch.from_d + shift + stretch.period_d;
        let actions = stretch.actions.iter().map(|a| Timed {
            time: a.time + shift,
            action: a.action,
        });
        let phases = stretch.phases.iter().map(|p| stretch.from_d + shift + p);
        let setup = LaneSetup {
            begin: Begin::Continued(from.clone()),
            t0: from.time,
            until,
            actions: actions.collect(),
            outputs: phases.collect(),
            ..self.setup.clone()
        };
        let Some(driven) =
            drive_all(self.body, &[setup], self.record, self.options, &mut Silent).pop()
        else {
            return Err(Stopped::Event(
                Box::new(Period {
                    end: from.clone(),
                    values: Vec::new(),
                }),
                Vec::new(),
            ));
        };
        self.gathered.work.add(&driven.work);
        if driven.failure.is_some() {
            return Err(Stopped::Failed(Box::new(driven)));
        }
        let period = Period {
            end: driven.end,
            values: driven.values,
        };
        if driven.events.is_empty() {
            Ok(period)
        } else {
            Err(Stopped::Event(Box::new(period), driven.events))
        }
    }

    /// Takes over a period that counts.
    fn keep(&mut self, stretch: &mut Stretch, number: usize, period: Period) {
        stretch.read.insert(number, period.values);
        stretch.history.push_back(period.end.states.clone());
        if stretch.history.len() > HISTORY {
            stretch.history.pop_front();
        }
        self.gathered.skipped.simulated += 1;
        self.arrive(period.end);
    }

    /// After an event of the model nothing is known about the drift; after a failure the run is over.
    fn stop(&mut self, stopped: Stopped, stretch: &mut Stretch, number: &mut usize) {
        match stopped {
            Stopped::Event(period, events) => {
                self.keep(stretch, *number, *period);
                stretch.history.clear();
                stretch.history.push_back(self.gathered.end.states.clone());
                self.gathered.events.extend(events);
                *number += 1;
            }
            Stopped::Failed(driven) => {
                self.gathered.failure = driven.failure;
                self.arrive(driven.end);
            }
        }
    }

    /// Leaps over `jump` periods from the present one and integrates two more; keeps all that, and says how large the error is in
    /// tolerances, or leaves everything as it was if that is above 1 or nothing can be foretold.
    fn jump(
        &mut self,
        stretch: &mut Stretch,
        number: usize,
        jump: usize,
    ) -> Result<Option<f64>, Stopped> {
        let Some((sums, foretold)) = foretell(&stretch.history, &stretch.sizes, jump) else {
            return Ok(None);
        };
        let leap = number + jump;
        let from = LaneEnd {
            time: stretch.from_d + leap as f64 * stretch.period_d,
            states: foretold[0].clone(),
            ..self.gathered.end.clone()
        };
        let mut periods: Vec<Period> = Vec::with_capacity(JUDGED);
        let mut at = from.clone();
        for _ in 0..JUDGED {
            match self.period(stretch, &at) {
                Ok(period) => {
                    at = period.end.clone();
                    periods.push(period);
                }
                // The state foretold may be none that the equations can go on from, and what happens there need not happen.
                Err(_) => return Ok(None),
            }
        }
        let [first, second] = [&periods[0].end.states, &periods[1].end.states];
        let mut error = 0.0_f64;
        for i in 0..from.states.len() {
            let size = stretch
                .history
                .iter()
                .fold(stretch.sizes[i].max(second[i].abs()), |most, y| {
                    most.max(y[i].abs())
                });
            // What is off at once settles by itself; what goes on growing has grown during the jump, from nothing.
            let (one, two) = (first[i] - foretold[1][i], second[i] - foretold[2][i]);
            let grown = 0.5 * jump as f64 * (two - one);
            let this = one.abs().max(grown.abs()) / (self.tolerance() * size);
            error = if this.is_finite() {
                error.max(this)
            } else {
                f64::INFINITY
            };
        }
        if error > 1.0 {
            return Ok(Some(error));
        }
        let span = (self.now, from.time);
        self.gathered.skipped.spans.push(span);
        stretch.leaps.insert(number, sums);
        stretch.history.clear();
        stretch.history.push_back(from.states);
        for (i, period) in periods.into_iter().enumerate() {
            self.keep(stretch, leap + i, period);
        }
        Ok(Some(error))
    }

    /// Values at the times that were asked for, in periods that were leapt over as the states were carried on.
    fn rows(&mut self, stretch: &Stretch, from_row: usize, to_row: usize) {
        let width = self.record.len();
        for row in from_row..to_row {
            let since = self.setup.outputs[row] - stretch.from_d;
            let mut number = (since / stretch.period_d + 1e-9).floor();
            let mut phase = since - number * stretch.period_d;
            if phase < 0.0 {
                phase += stretch.period_d;
                number -= 1.0;
            }
            let place = stretch.phases.iter().position(|p| (p - phase).abs() < 1e-6);
            let Some(place) = place else { continue };
            let at = |period: usize| -> Option<&[f64]> {
                stretch
                    .read
                    .get(&period)?
                    .get(place * width..(place + 1) * width)
            };
            let number = number as usize;
            let into = row * width..(row + 1) * width;
            if let Some(values) = at(number) {
                self.gathered.values[into].copy_from_slice(values);
                continue;
            }
            // As the states were carried on, and what that misses at the first period after the leap is shared out over the leap.
            let Some((first, sums)) = stretch.leaps.range(..=number).next_back() else {
                continue;
            };
            let mut recent: Vec<&[f64]> = (0..*first).rev().map_while(at).take(HISTORY).collect();
            recent.reverse();
            let Some(next) = at(first + sums.len() - JUDGED) else {
                continue;
            };
            let (steps, all) = (number + 1 - first, sums.len() + 1 - JUDGED);
            for (i, value) in self.gathered.values[into].iter_mut().enumerate() {
                let missed = next[i] - carried(&recent, i, all, &sums[all - 1]);
                *value = carried(&recent, i, steps, &sums[steps - 1])
                    + missed * steps as f64 / all as f64;
            }
        }
    }
}

/// States after `jump` more periods, and after one and two more than that, with the sums they were made by. `None` if there is no drift
/// yet to carry on.
fn foretell(
    history: &VecDeque<Vec<f64>>,
    sizes: &[f64],
    jump: usize,
) -> Option<(Sums, [Vec<f64>; 3])> {
    let last = history.back()?;
    let drifts: Vec<Vec<f64>> = differences(history.iter());
    let changes: Vec<Vec<f64>> = differences(drifts.iter());
    let sizes: Vec<f64> = sizes
        .iter()
        .zip(last)
        .map(|(s, y)| s.max(y.abs()))
        .collect();
    let most = MODES.min(changes.len().checked_sub(1)?);
    for modes in (0..=most).rev() {
        let Some(law) = law_of(&changes, &sizes, modes) else {
            continue;
        };
        let Some(sums) = carried_on(&law, jump) else {
            continue;
        };
        let recent: Vec<&[f64]> = history.iter().map(Vec::as_slice).collect();
        let after = std::array::from_fn(|more| {
            let steps = jump + more;
            (0..last.len())
                .map(|i| carried(&recent, i, steps, &sums[steps - 1]))
                .collect()
        });
        return Some((sums, after));
    }
    None
}

/// For every number of periods the double sums of a law's coming changes, as numbers of the last changes, latest first.
type Sums = Vec<Vec<f64>>;

/// One number of rows that follow each other, `steps` rows after the last.
fn carried(rows: &[&[f64]], i: usize, steps: usize, sums: &[f64]) -> f64 {
    let y = |back: usize| rows[rows.len() - 1 - back][i];
    let changes = sums
        .iter()
        .enumerate()
        .map(|(j, sum)| sum * (y(j) - 2.0 * y(j + 1) + y(j + 2)));
    y(0) + steps as f64 * (y(0) - y(1)) + changes.sum::<f64>()
}

fn differences<'a>(list: impl Iterator<Item = &'a Vec<f64>> + Clone) -> Vec<Vec<f64>> {
    let later = list.clone().skip(1);
    list.zip(later)
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| b - a).collect())
        .collect()
}

/// Numbers c of h' = c₁h + c₂h₋₁ + …, the least squares over all states in units of their sizes. `None` where they are not determined.
fn law_of(changes: &[Vec<f64>], sizes: &[f64], modes: usize) -> Option<Vec<f64>> {
    let mut matrix = [[0.0; MODES]; MODES];
    let mut right = [0.0; MODES];
    for now in modes..changes.len() {
        for (i, size) in sizes.iter().enumerate() {
            let h = |back: usize| changes[now - back][i] / size;
            for a in 0..modes {
                right[a] += h(a + 1) * h(0);
                for (b, entry) in matrix[a].iter_mut().enumerate().take(modes) {
                    *entry += h(a + 1) * h(b + 1);
                }
            }
        }
    }
    // Gauss elimination; what hardly differs from what was eliminated before says nothing.
    let before: Vec<f64> = (0..modes).map(|a| matrix[a][a]).collect();
    for k in 0..modes {
        if matrix[k][k].is_nan() || matrix[k][k] <= 1e-10 * before[k] {
            return None;
        }
        for i in k + 1..modes {
            let (pivot, factor) = (matrix[k], matrix[i][k] / matrix[k][k]);
            for (entry, above) in matrix[i][k..modes].iter_mut().zip(&pivot[k..modes]) {
                *entry -= factor * above;
            }
            right[i] -= factor * right[k];
        }
    }
    let mut law = vec![0.0; modes];
    for k in (0..modes).rev() {
        let known: f64 = (k + 1..modes).map(|j| matrix[k][j] * law[j]).sum();
        law[k] = (right[k] - known) / matrix[k][k];
    }
    law.iter().all(|c| c.is_finite()).then_some(law)
}

/// The sums of a law for all periods of a leap and those after it that judge it. `None` if the law makes changes grow: then it has mistaken
/// noise for a mode.
fn carried_on(law: &[f64], jump: usize) -> Option<Sums> {
    let modes = law.len();
    // Row j: the change j periods ago, as numbers of the last changes.
    let mut known: VecDeque<Vec<f64>> = (0..modes)
        .map(|j| (0..modes).map(|i| f64::from(u8::from(i == j))).collect())
        .collect();
    let mut drift = vec![0.0; modes];
    let mut sum = vec![0.0; modes];
    let mut out = Vec::with_capacity(jump + JUDGED);
    for _ in 0..jump + JUDGED {
        let next: Vec<f64> = (0..modes)
            .map(|i| known.iter().zip(law).map(|(h, c)| c * h[i]).sum())
            .collect();
        if next.iter().any(|x: &f64| x.abs() > LARGEST_SHARE) {
            return None;
        }
        for i in 0..modes {
            drift[i] += next[i];
            sum[i] += drift[i];
        }
        known.push_front(next);
        known.pop_back();
        out.push(sum.clone());
    }
    Some(out)
}

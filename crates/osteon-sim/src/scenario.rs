//! A scenario as plain data: a person, what is done to them and when, and what is recorded.
//!
//! Everything is already checked against a body and its library and expressed in the body's units:
//! times in days from the start of the scenario, values in the unit of the body symbol they go to.
//! Nothing here reads text (`scenario_read`) or schedules (`plan`).

use crate::measure::Measure;
use crate::measured::Measured;

/// A checked scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Name it was asked for by, usually the file name.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Longer words about it, if given.
    pub says: Option<String>,
    /// The text as written, kept for outputs that embed it.
    pub text: String,
    /// How the start state is made.
    pub start: Start,
    /// The arms, each with the shared phases and doses; a scenario without `[[arm]]` has one arm with an empty name.
    pub arms: Vec<Arm>,
    /// What is recorded, and until when.
    pub record: Record,
    /// What should be thought of before anybody does this, in words; a simulation may go on.
    pub cautions: Vec<String>,
}

/// How the state at time zero is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From a lived life on the usual diet up to today's age.
    Lived,
    /// A lived life followed by Newton's method to the steady state of the usual diet (averaged clock).
    Steady,
}

/// The person before the scenario touches them.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Age today in years.
    pub age_a: f64,
    /// Start values of body inputs, age, sex and weight among them. Everything computed from them follows.
    pub inputs: Vec<InputValue>,
    /// Usual diet: nutrient and amount per day, in the unit of the nutrient's averaged input.
    pub diet: Vec<DietPart>,
    /// Conditions, drugs, activities that hold before and during the scenario (with `since`, perhaps `until`).
    pub exposures: Vec<Exposure>,
    /// Supplements taken before and during the scenario.
    pub regimens: Vec<Regimen>,
    /// Times of the meals and their shares of the day's food.
    pub meals: Vec<Meal>,
    /// What was measured in them at time zero. A person with measured values is matched to them before they run.
    pub measured: Vec<Measured>,
}

/// A value for a body input.
#[derive(Debug, Clone, PartialEq)]
pub struct InputValue {
    /// Body symbol.
    pub input: String,
    /// Value in the symbol's unit.
    pub value: f64,
    /// As the user wrote it.
    pub said: String,
}

/// A nutrient of a diet.
#[derive(Debug, Clone, PartialEq)]
pub struct DietPart {
    /// Key of the nutrient in the library.
    pub nutrient: String,
    /// Amount per day in the unit of the nutrient's averaged input.
    pub per_day: f64,
    /// When it is eaten, if the diet says so meal by meal; empty: with the person's meals.
    pub at: Vec<Meal>,
    /// As the user wrote it.
    pub said: String,
}

/// A meal of every day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meal {
    /// Time of day, in days (0.5 is noon).
    pub at_d: f64,
    /// Share of the day's food, 0 to 1; the shares of a day add up to 1.
    pub share: f64,
}

/// One arm: everything that happens in it, with the shared phases and doses already merged in.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Name; empty if the scenario has no arms.
    pub name: String,
    /// The person of this arm: the shared one, unless the arm says otherwise.
    pub person: Person,
    /// Phases in order of precedence: where two diets overlap, the later one in the list holds.
    pub phases: Vec<Phase>,
    /// Single doses and infusions.
    pub doses: Vec<Dose>,
    /// Rules that change a dose by what is measured on the way.
    pub titrations: Vec<Titration>,
    /// What a table of events does to states, in order of time; a scenario file asks for none.
    pub interventions: Vec<crate::events::Intervention>,
}

impl Arm {
    /// Everything that is taken with less than full adherence, in the life before, in phases, and by rules that may begin it.
    pub(crate) fn adherences(&mut self) -> impl Iterator<Item = &mut Adherence> {
        let (mut regimens, mut exposures) = (Vec::new(), Vec::new());
        regimens.extend(&mut self.person.regimens);
        exposures.extend(&mut self.person.exposures);
        for phase in &mut self.phases {
            regimens.extend(&mut phase.regimens);
            exposures.extend(&mut phase.exposures);
        }
        for begin in self.titrations.iter_mut().filter_map(|t| t.begin.as_mut()) {
            regimens.extend(&mut begin.0);
            exposures.extend(&mut begin.1);
        }
        let taken = regimens.into_iter().filter_map(|r| r.adherence.as_mut());
        taken.chain(exposures.into_iter().filter_map(|e| e.adherence.as_mut()))
    }
}

/// A stretch of time with something changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Beginning, days.
    pub from_d: f64,
    /// End, days; infinite if it lasts to the end of the record.
    pub until_d: f64,
    /// Nutrients that differ from the usual diet.
    pub diet: Vec<DietPart>,
    /// Conditions, drugs and activities during the phase.
    pub exposures: Vec<Exposure>,
    /// Supplements and drugs taken by the clock during the phase.
    pub regimens: Vec<Regimen>,
    /// Body inputs written directly.
    pub inputs: Vec<InputValue>,
}

impl Phase {
    /// What differs in the diet, in words: a diet of the library once by its name, else nutrient by nutrient.
    pub fn diet_words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for part in &self.diet {
            let alike = self.diet.iter().filter(|d| d.said == part.said).count();
            let word = if alike > 1 && !part.said.starts_with(|c: char| c.is_ascii_digit()) {
                format!("diet {}", part.said)
            } else {
                format!("{} {}", part.nutrient.replace('_', " "), part.said)
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }
}

/// Something from the library that changes body inputs for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// Library entry.
    pub entry: String,
    /// As the user wrote it (with the dose).
    pub said: String,
    /// Beginning in days; minus infinity for "all adult life".
    pub from_d: f64,
    /// End in days; infinite if it goes on.
    pub until_d: f64,
    /// What it does at this dose.
    pub effects: Vec<Effect>,
    /// The dose, for entries whose effects depend on one.
    pub dose: Option<Measure>,
    /// Which doses are really taken; all without it.
    pub adherence: Option<Adherence>,
}

/// Which doses are really taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adherence {
    /// Share of the doses that are taken, above 0 and up to 1.
    pub share: f64,
    /// Seed of the draw of each dose by the clock.
    pub seed: u64,
}

impl Adherence {
    /// The same share for a person of that name, who forgets other doses than their neighbour. Only the name counts, not the place in a
    /// table, so that threads and shards do not matter.
    #[must_use]
    pub fn of(self, who: &str) -> Adherence {
        // FNV-1a (Fowler, Noll & Vo; RFC 9923), 64 bits, over the seed and the name.
        let bytes = self.seed.to_le_bytes();
        let seed = bytes
            .iter()
            .chain(who.as_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Adherence { seed, ..self }
    }

    /// Whether dose number `number` is taken. The same seed and number give the same answer in every run.
    pub fn takes(self, number: u64) -> bool {
        // SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195), the top 53 bits as a number from 0 to 1.
        let mut z = self
            .seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(number.wrapping_mul(0xd1b5_4a32_d192_ed03))
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) as f64) / ((1_u64 << 53) as f64) < self.share
    }
}

/// A rule that changes a dose by what is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Titration {
    /// Library entry whose dose is changed.
    pub entry: String,
    /// Quantity that decides, as written.
    pub quantity: String,
    /// Body symbol behind it and the factor to the unit of the quantity.
    pub symbol: String,
    /// What a value of the symbol is multiplied by to be in the unit of `threshold`.
    pub factor: f64,
    /// Days over which the gain of a counter is taken, for collections.
    pub over_d: Option<f64>,
    /// True: acts when the quantity lies below the threshold; false: above.
    pub below: bool,
    /// In `unit`.
    pub threshold: f64,
    /// Unit of the threshold.
    pub unit: String,
    /// Times at which blood is drawn and the rule is asked, days, in order.
    pub times_d: Vec<f64>,
    /// What is done.
    pub change: DoseChange,
    /// What is begun if the entry is not being taken.
    pub begin: Option<Box<(Vec<Regimen>, Vec<Exposure>)>>,
    /// The rule in the user's words.
    pub said: String,
}

/// What a rule does to a dose per day.
#[derive(Debug, Clone, PartialEq)]
pub enum DoseChange {
    /// To this dose per day.
    To(Measure),
    /// By this much per day (down with a negative value), not beyond the limit.
    By {
        /// The step.
        step: Measure,
        /// Highest or lowest dose.
        limit: Measure,
    },
    /// It is taken no more.
    Stop,
}

/// A change of one body input.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Body symbol.
    pub input: String,
    /// How it is changed.
    pub change: Change,
}

/// How an input is changed. Several changes of one input combine as `set`, else base × factors + additions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Multiplied by.
    Factor(f64),
    /// Increased by, in the input's unit.
    Add(f64),
    /// Made equal to, in the input's unit.
    Set(f64),
}

/// A product taken again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Regimen {
    /// Library entry.
    pub entry: String,
    /// As the user wrote it.
    pub said: String,
    /// First possible time in days; minus infinity for "all adult life".
    pub from_d: f64,
    /// End in days, not included.
    pub until_d: f64,
    /// Days from one dosing day to the next.
    pub every_d: f64,
    /// Times of day in days at which one dose is taken on a dosing day; empty if the product needs no clock.
    pub at_d: Vec<f64>,
    /// How many doses at most.
    pub count: Option<u64>,
    /// Length of each dose in days, 0 for at once.
    pub over_d: f64,
    /// Where one dose goes, by the clock.
    pub into: Vec<Deposit>,
    /// Where the same goes when averaged over the day; `None` if the product has no averaged input.
    pub averaged: Option<Vec<Deposit>>,
    /// Memories that are set to a value at dosing.
    pub size_into: Vec<InputValue>,
    /// Input that counts doses a day on the averaged clock, and how many this regimen makes.
    pub portions: Option<InputValue>,
    /// Changes of inputs that hold as long as the product is taken.
    pub effects: Vec<Effect>,
    /// Dose per day.
    pub daily: Measure,
    /// How many of `size_into` are sizes of the dose; the rest are fixed values.
    pub sizes: usize,
    /// Which doses are really taken; all without it.
    pub adherence: Option<Adherence>,
}

/// An amount that goes to a dose state, or (averaged) a rate that is added to an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Deposit {
    /// Body symbol.
    pub symbol: String,
    /// Amount in the symbol's unit; for averaged inputs the amount per day.
    pub amount: f64,
}

/// One dose or a counted series of doses.
#[derive(Debug, Clone, PartialEq)]
pub struct Dose {
    /// Library entry or body symbol.
    pub entry: String,
    /// As the user wrote it.
    pub said: String,
    /// Time of the first, days.
    pub at_d: f64,
    /// Length in days, 0 for at once.
    pub over_d: f64,
    /// Days between doses of the series; 0 for a single one.
    pub every_d: f64,
    /// How many doses.
    pub count: u64,
    /// Where one dose goes.
    pub into: Vec<Deposit>,
    /// Memories that are set to a value at dosing.
    pub size_into: Vec<InputValue>,
}

/// How intake is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Day-averaged intake.
    Averaged,
    /// Meals and supplements by the clock.
    Meals,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// First row, days (0 unless said otherwise).
    pub from_d: f64,
    /// End of the run, days.
    pub until_d: f64,
    /// Days between rows.
    pub every_d: f64,
    /// Time of day of the rows when they are a whole number of days apart and meals go by the clock.
    pub sample_at_d: f64,
    /// Further times, days.
    pub also_d: Vec<f64>,
    /// Dotted names of quantities.
    pub quantities: Vec<String>,
    /// The clock that was asked for or, with `auto`, chosen.
    pub clock: Clock,
    /// Why that clock, for the summary; `None` if the user chose.
    pub clock_why: Option<String>,
    /// Days that repeat may be skipped (docs/skipping.md).
    pub skip_days: bool,
}

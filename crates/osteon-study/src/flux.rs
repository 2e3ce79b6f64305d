//! Where an element comes from and where it goes in a day: every reaction that moves it, added up over two days and over the places that the
//! files of the body are. What flows in, what flows out and what stays must agree; it is an error if they do not.

use std::collections::{BTreeMap, BTreeSet};

use osteon_model::{ExprKind, Model, Participant, Role, SymbolId};
use osteon_sim::{
    ArmRun, Body, Clock, Diagnostics, Member, Progress, RunOptions, Scenario, run_many, schedule,
};

/// Largest share of what passes a place that may be missing there.
const CLOSES: f64 = 1e-9;

/// What a place in the picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaceKind {
    /// Where the element comes from: food, doses.
    Source,
    /// Where it stays for a while: an organ, a tissue.
    Pool,
    /// Where it leaves to.
    Sink,
}

/// A place where an element is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Words for it.
    pub name: String,
    /// What it is.
    pub kind: PlaceKind,
    /// File of the body that it is, if it is one.
    pub file: Option<String>,
    /// Species in it.
    pub species: Vec<String>,
}

/// What went from one place to another in a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Number of the place that it left.
    pub from: usize,
    /// Number of the place that it reached.
    pub to: usize,
    /// Amount in the day.
    pub amount: f64,
    /// Reactions that moved it; empty for doses.
    pub reactions: Vec<String>,
}

/// One day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayFlux {
    /// End of the day, days from the start of the scenario.
    pub until_d: f64,
    /// All flows between places, in both directions where there are both.
    pub flows: Vec<Flow>,
    /// What each place held at the end; NaN for sources and sinks.
    pub held: Vec<f64>,
    /// What each place gained over the day.
    pub gained: Vec<f64>,
    /// Largest |in − out − gained| of any place, relative to what passed it.
    pub closes_to: f64,
}

/// The traffic of an element on two days.
#[derive(Debug, Clone, PartialEq)]
pub struct Flux {
    /// Title of the scenario.
    pub title: String,
    /// Arm; empty if there is but one.
    pub arm: String,
    /// Word for the element.
    pub word: String,
    /// Element symbol.
    pub element: String,
    /// Unit of amounts.
    pub unit: String,
    /// Grams in one mole, if the library knows.
    pub molar_mass: Option<f64>,
    /// Places.
    pub places: Vec<Place>,
    /// The last day before the start.
    pub before: DayFlux,
    /// The day that ends at the time asked.
    pub after: DayFlux,
}

/// Why there is no picture.
#[derive(Debug)]
pub enum FluxError {
    /// The question does not fit the body or the scenario.
    Question(String),
    /// A run cannot be set up.
    Setup(Diagnostics),
    /// A run failed, or the flows do not close.
    Run(String),
}

/// The element that a word of diets or a chemical symbol means, with its molar mass if known.
fn element_of(body: &Body, word: &str) -> Result<(String, Option<f64>), FluxError> {
    let model = &body.model;
    let known: BTreeSet<&str> = model
        .symbols
        .iter()
        .flat_map(|s| s.annotation.elements.iter().map(|e| e.0.as_str()))
        .collect();
    let nutrient = body.library.nutrient(word);
    let names = nutrient
        .iter()
        .flat_map(|n| n.aliases.iter().map(String::as_str))
        .chain([word]);
    let found = names.into_iter().find(|n| known.contains(n));
    match found {
        Some(element) => {
            let molar = nutrient
                .or_else(|| body.library.nutrient(element))
                .and_then(|n| n.substance.molar_mass_g_per_mol);
            Ok((element.to_owned(), molar))
        }
        None => Err(FluxError::Question(format!(
            "no reaction of the body moves `{word}`; elements it follows: {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// The traffic of an element on the day before the start and on the day that ends at `at_d`.
///
/// # Errors
/// When nothing moves the element, the time is not a day after the start or more, a run fails, or the flows do not close.
pub fn flux(
    body: &Body,
    scenario: &Scenario,
    word: &str,
    arm: usize,
    at_d: f64,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Result<Flux, FluxError> {
    let (element, molar_mass) = element_of(body, word)?;
    if !(at_d >= 1.0 && at_d.is_finite()) {
        return Err(FluxError::Question(
            "flows are added up over the day that ends at the time asked: at least one day after the start".to_owned(),
        ));
    }
    let map = Map::new(&body.model, body, &element)?;
    let reactions: Vec<SymbolId> = map.moves.iter().map(|m| m.reaction).collect();
    let (counting, counters) = body.counting(&reactions).map_err(FluxError::Setup)?;
    let mut asked = Scenario {
        text: String::new(),
        ..scenario.clone()
    };
    let record = &mut asked.record;
    (record.from_d, record.until_d, record.every_d) = (0.0, at_d, at_d);
    record.sample_at_d = 0.0;
    record.also_d = vec![-1.0, at_d - 1.0];
    record.quantities = counters;
    record
        .quantities
        .extend(map.carriers.iter().map(|c| c.name.clone()));
    let member = Member {
        scenario: &asked,
        arm,
        id: None,
        start: Vec::new(),
    };
    let runs = run_many(&counting, &[member], options, progress).map_err(FluxError::Setup)?;
    let run = runs
        .first()
        .ok_or_else(|| FluxError::Run("nobody was run".to_owned()))?;
    if let Some(stopped) = run.stopped() {
        return Err(FluxError::Run(stopped));
    }
    let doses = schedule(body, &asked, arm).map_err(FluxError::Setup)?;
    let day = |until_d: f64| {
        let mut dosed = BTreeMap::new();
        for line in &doses {
            let Some(carrier) = map.carriers.iter().position(|c| c.name == line.target) else {
                continue;
            };
            let amount = match line.what {
                "add" if (until_d - 1.0..until_d).contains(&line.time_d) => line.value,
                // A change of rate lasts to the end; the end of an infusion is a change of its own.
                "rate" => line.value * (until_d - line.time_d.max(until_d - 1.0)).max(0.0),
                "replace" | "multiply" | "steady" | "reset"
                    if (until_d - 1.0..until_d).contains(&line.time_d) =>
                {
                    f64::NAN
                }
                _ => 0.0,
            };
            *dosed.entry(carrier).or_insert(0.0) += amount * map.carriers[carrier].atoms;
        }
        map.day(run, until_d, &dosed)
    };
    let (before, after) = (day(0.0)?, day(at_d)?);
    let by_the_clock = scenario.record.clock == Clock::Meals;
    let (places, days) = map.only_used([before, after], by_the_clock);
    let [before, after] = days;
    Ok(Flux {
        title: scenario.title.clone(),
        arm: scenario.arms[arm].name.clone(),
        word: body
            .library
            .nutrient(&element)
            .map_or_else(|| word.to_owned(), |n| n.name.clone()),
        element,
        unit: body
            .model
            .substance_unit
            .map_or_else(|| "amount".to_owned(), |u| u.to_string()),
        molar_mass,
        places,
        before,
        after,
    })
}

/// A species that carries the element.
struct Carrier {
    name: String,
    symbol: SymbolId,
    atoms: f64,
    place: usize,
    /// False for boundary species, whose amount the model does not follow.
    followed: bool,
}

/// What one unit of a reaction moves from one carrier to another.
struct Move {
    reaction: SymbolId,
    /// From, to, atoms of the element per unit.
    steps: Vec<(usize, usize, f64)>,
}

/// Who carries the element, where that is, and what moves it.
struct Map {
    places: Vec<Place>,
    carriers: Vec<Carrier>,
    moves: Vec<Move>,
    names: Vec<String>,
    doses: usize,
}

impl Map {
    fn new(model: &Model, body: &Body, element: &str) -> Result<Map, FluxError> {
        let mut map = Map {
            places: vec![Place {
                name: "doses".to_owned(),
                kind: PlaceKind::Source,
                file: None,
                species: Vec::new(),
            }],
            carriers: Vec::new(),
            moves: Vec::new(),
            names: Vec::new(),
            doses: 0,
        };
        for id in model.ids() {
            let symbol = model.symbol(id);
            let notes = &symbol.annotation;
            let Some((_, atoms)) = notes.elements.iter().find(|e| e.0 == element) else {
                continue;
            };
            let Role::Species(info) = &symbol.role else {
                continue;
            };
            if !info.amount_only && !info.boundary {
                return Err(FluxError::Question(format!(
                    "`{}` is given as a concentration; the picture needs amounts (substanceOnly)",
                    symbol.id
                )));
            }
            let words = symbol
                .name
                .clone()
                .unwrap_or_else(|| symbol.id.replace('_', " "));
            let out = notes.field("ledger") == Some("out");
            let (name, kind, file) = if info.boundary {
                let name = if words == symbol.id.replace('_', " ") {
                    "food".to_owned()
                } else {
                    words
                };
                (name, PlaceKind::Source, None)
            } else if out {
                (words, PlaceKind::Sink, None)
            } else {
                // The file that gives it its first value; it may be declared elsewhere, too.
                let span = symbol
                    .initial
                    .as_ref()
                    .map(|i| i.expr.span)
                    .filter(|s| *s != osteon_model::Span::NONE)
                    .unwrap_or(symbol.span);
                let file = body.faults.sources.name(span.file).to_owned();
                let stem = file.rsplit('/').next().unwrap_or(&file);
                let stem = stem.split('.').next().unwrap_or(stem).replace('_', " ");
                (stem, PlaceKind::Pool, Some(file))
            };
            let place = map.place(name, kind, file);
            map.places[place].species.push(symbol.id.clone());
            map.carriers.push(Carrier {
                name: symbol.id.clone(),
                symbol: id,
                atoms: *atoms,
                place,
                followed: !info.boundary,
            });
        }
        for reaction in &model.reactions {
            let side = |participants: &[Participant]| -> Result<Vec<(usize, f64)>, FluxError> {
                let mut found = Vec::new();
                for p in participants {
                    if let Some(c) = map.carriers.iter().position(|c| c.symbol == p.species) {
                        let count = coefficient(model, p)?;
                        found.push((c, count * map.carriers[c].atoms));
                    }
                }
                Ok(found)
            };
            let (left, right) = (side(&reaction.reactants)?, side(&reaction.products)?);
            if left.is_empty() && right.is_empty() {
                continue;
            }
            let name = model.symbol(reaction.symbol).id.clone();
            let (out, into): (f64, f64) = (
                left.iter().map(|l| l.1).sum(),
                right.iter().map(|r| r.1).sum(),
            );
            if (out - into).abs() > 1e-9 * out.abs().max(into.abs()) {
                return Err(FluxError::Question(format!(
                    "`{name}` does not keep {element}: {out} in, {into} out"
                )));
            }
            let mut steps = Vec::new();
            for (from, atoms) in &left {
                for (to, share) in &right {
                    steps.push((*from, *to, atoms * share / into));
                }
            }
            map.names.push(name);
            map.moves.push(Move {
                reaction: reaction.symbol,
                steps,
            });
        }
        if map.moves.is_empty() {
            return Err(FluxError::Question(format!(
                "no reaction of the body moves {element}"
            )));
        }
        Ok(map)
    }

    fn place(&mut self, name: String, kind: PlaceKind, file: Option<String>) -> usize {
        let same = |p: &Place| p.name == name && p.kind == kind && p.file == file;
        if let Some(found) = self.places.iter().position(same) {
            return found;
        }
        self.places.push(Place {
            name,
            kind,
            file,
            species: Vec::new(),
        });
        self.places.len() - 1
    }

    fn day(
        &self,
        run: &ArmRun,
        until_d: f64,
        dosed: &BTreeMap<usize, f64>,
    ) -> Result<DayFlux, FluxError> {
        let row = |time_d: f64| {
            run.times
                .iter()
                .position(|t| (t - time_d).abs() < 1e-6)
                .ok_or_else(|| FluxError::Run(format!("no row at {time_d} d")))
        };
        let (first, last) = (row(until_d - 1.0)?, row(until_d)?);
        let value = |column: usize, row: usize| {
            run.columns
                .get(column)
                .and_then(|c| c.values.get(row))
                .copied()
                .unwrap_or(f64::NAN)
        };
        let mut pairs: BTreeMap<(usize, usize), (f64, Vec<String>)> = BTreeMap::new();
        let n = self.places.len();
        let (mut gained, mut held, mut passed) = (vec![0.0; n], vec![f64::NAN; n], vec![0.0; n]);
        let mut missing = vec![0.0; n];
        let mut flow = |from: usize, to: usize, amount: f64, name: Option<&String>| {
            // A reversible reaction that ran backwards.
            let (from, to, amount) = if amount < 0.0 {
                (to, from, -amount)
            } else {
                (from, to, amount)
            };
            missing[from] -= amount;
            missing[to] += amount;
            passed[from] += amount;
            passed[to] += amount;
            if from != to && amount != 0.0 {
                let entry = pairs.entry((from, to)).or_insert((0.0, Vec::new()));
                entry.0 += amount;
                entry.1.extend(name.cloned());
            }
        };
        for (number, moves) in self.moves.iter().enumerate() {
            let ran = value(number, last) - value(number, first);
            for (from, to, atoms) in &moves.steps {
                let (from, to) = (self.carriers[*from].place, self.carriers[*to].place);
                flow(from, to, ran * atoms, Some(&self.names[number]));
            }
        }
        for (carrier, amount) in dosed {
            if amount.is_nan() {
                return Err(FluxError::Run(format!(
                    "`{}` is replaced during the day, so that its flows cannot close",
                    self.carriers[*carrier].name
                )));
            }
            flow(self.doses, self.carriers[*carrier].place, *amount, None);
        }
        for (number, carrier) in self.carriers.iter().enumerate() {
            if !carrier.followed {
                continue;
            }
            let column = self.moves.len() + number;
            let gain = (value(column, last) - value(column, first)) * carrier.atoms;
            gained[carrier.place] += gain;
            missing[carrier.place] -= gain;
            if self.places[carrier.place].kind == PlaceKind::Pool {
                let now = value(column, last) * carrier.atoms;
                let before = held[carrier.place];
                held[carrier.place] = if before.is_nan() { now } else { before + now };
            }
        }
        let most = passed.iter().copied().fold(0.0, f64::max);
        let mut closes_to = 0.0_f64;
        for place in 0..n {
            if self.places[place].kind == PlaceKind::Source {
                continue;
            }
            let size = passed[place].max(1e-3 * most).max(f64::MIN_POSITIVE);
            let share = missing[place].abs() / size;
            closes_to = closes_to.max(share);
            if share.is_nan() || share > CLOSES {
                return Err(FluxError::Run(format!(
                    "what flows does not close at {}: {:.3e} of {:.3e} is missing in the day before {until_d} d",
                    self.places[place].name, missing[place], passed[place]
                )));
            }
        }
        let flows = pairs
            .into_iter()
            .map(|((from, to), (amount, reactions))| Flow {
                from,
                to,
                amount,
                reactions,
            })
            .collect();
        Ok(DayFlux {
            until_d,
            flows,
            held,
            gained,
            closes_to,
        })
    }

    /// Leaves out places that nothing passes on either day.
    fn only_used(&self, days: [DayFlux; 2], by_the_clock: bool) -> (Vec<Place>, [DayFlux; 2]) {
        // What is less than the sums can tell is no flow.
        let most = days
            .iter()
            .flat_map(|d| d.flows.iter().map(|f| f.amount))
            .fold(0.0, f64::max);
        let flows = |f: &Flow| f.amount > CLOSES * most;
        let used: BTreeSet<usize> = days
            .iter()
            .flat_map(|d| d.flows.iter().filter(|f| flows(f)))
            .flat_map(|f| [f.from, f.to])
            .collect();
        let order: Vec<usize> = used.into_iter().collect();
        let now = |old: usize| order.iter().position(|o| *o == old).unwrap_or(0);
        let mut places: Vec<Place> = order.iter().map(|p| self.places[*p].clone()).collect();
        if by_the_clock {
            for place in &mut places {
                if place.name == "doses" {
                    "meals and doses".clone_into(&mut place.name);
                }
            }
        }
        let days = days.map(|day| DayFlux {
            flows: day
                .flows
                .into_iter()
                .filter(flows)
                .map(|f| Flow {
                    from: now(f.from),
                    to: now(f.to),
                    ..f
                })
                .collect(),
            held: order.iter().map(|p| day.held[*p]).collect(),
            gained: order.iter().map(|p| day.gained[*p]).collect(),
            ..day
        });
        (places, days)
    }
}

/// A stoichiometric coefficient that is a number, or a parameter with one.
fn coefficient(model: &Model, participant: &Participant) -> Result<f64, FluxError> {
    let number = |kind: &ExprKind| match kind {
        ExprKind::Number(value, _) => Some(*value),
        _ => None,
    };
    let found = match &participant.stoichiometry.kind {
        ExprKind::Symbol(id) => {
            let symbol = model.symbol(*id);
            symbol
                .initial
                .as_ref()
                .filter(|_| symbol.rule.is_none())
                .and_then(|i| number(&i.expr.kind))
        }
        kind => number(kind),
    };
    found.ok_or_else(|| {
        FluxError::Question(format!(
            "how much of `{}` a reaction moves is no plain number",
            model.symbol(participant.species).id
        ))
    })
}

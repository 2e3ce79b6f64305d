//! What is read during a run and how readings become columns: times of rows, trailing gains, units, the ledger of elements.

use osteon_model::{Model, Role};
use osteon_vm::SymbolIndex;

use crate::body::Body;
use crate::drive::{Action, Timed};
use crate::run::{Column, LedgerLine};
use crate::scenario::{Clock, Record, Titration};

/// Times of rows in days, sorted and without repeats. Rows a whole number of days apart are drawn at one hour of the day when meals go
/// by the clock; the last of them is drawn on the morning after the end.
pub(crate) fn row_times(record: &Record) -> Vec<f64> {
    let daily = record.clock == Clock::Meals
        && (record.every_d - record.every_d.round()).abs() < 1e-9
        && record.every_d >= 1.0;
    let offset = if daily { record.sample_at_d } else { 0.0 };
    let count = ((record.until_d - record.from_d) / record.every_d + 1e-9).floor() as u64;
    let mut times: Vec<f64> = (0..=count)
        .map(|k| record.from_d + k as f64 * record.every_d + offset)
        .collect();
    times.extend(&record.also_d);
    times.sort_by(f64::total_cmp);
    times.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    times
}

/// A quantity with the symbol it is read from.
struct Reading {
    symbol: usize,
    factor: f64,
    over_d: Option<f64>,
    since_start: bool,
}

/// Everything that is read: symbols, times, and how they make columns.
pub(crate) struct Recorder {
    /// Symbols to read, without repeats.
    pub(crate) symbols: Vec<SymbolIndex>,
    /// Times to read at: rows, beginnings of trailing periods, and the two ends of the ledger.
    pub(crate) times: Vec<f64>,
    rows: Vec<f64>,
    readings: Vec<Reading>,
    templates: Vec<Column>,
    ledger: Ledger,
    ledger_from_d: f64,
    ledger_until_d: f64,
}

impl Recorder {
    /// For a scenario's record. `begin_d` and `end_d` are the ends of the run; what would be read before it is NaN.
    ///
    /// `asked` are symbols and times that rules look at besides: read, but shown in no row.
    pub(crate) fn new(
        body: &Body,
        record: &Record,
        begin_d: f64,
        end_d: f64,
        asked: &[Titration],
    ) -> Recorder {
        let mut symbols: Vec<SymbolIndex> = Vec::new();
        let mut place = |symbol: SymbolIndex| {
            symbols
                .iter()
                .position(|s| *s == symbol)
                .unwrap_or_else(|| {
                    symbols.push(symbol);
                    symbols.len() - 1
                })
        };
        let rows = row_times(record);
        let mut times = rows.clone();
        let mut readings = Vec::new();
        let mut templates = Vec::new();
        for name in &record.quantities {
            let (reading, template) = match body.library.quantity(name) {
                Some(q) => {
                    let Some(symbol) = body.find(&q.symbol) else {
                        continue;
                    };
                    let template = Column {
                        quantity: q.name.clone(),
                        label: q.label.clone(),
                        unit: q.unit.clone(),
                        us_unit: q.us_unit.clone(),
                        reference: q.reference.clone(),
                        values: Vec::new(),
                    };
                    (
                        Reading {
                            symbol: place(symbol),
                            factor: q.factor,
                            over_d: q.over_d,
                            since_start: q.since_start,
                        },
                        template,
                    )
                }
                None => {
                    let Some(symbol) = body.find(name) else {
                        continue;
                    };
                    let word = body.vocabulary.get(name);
                    let unit = word.map_or_else(
                        || "dimensionless".to_owned(),
                        |w| {
                            w.unit
                                .map_or_else(|| w.unit_text.clone(), |u| u.to_string())
                        },
                    );
                    let label = word
                        .and_then(|w| w.name.clone())
                        .unwrap_or_else(|| name.clone());
                    let template = Column {
                        quantity: name.clone(),
                        label,
                        unit,
                        us_unit: None,
                        reference: None,
                        values: Vec::new(),
                    };
                    (
                        Reading {
                            symbol: place(symbol),
                            factor: 1.0,
                            over_d: None,
                            since_start: false,
                        },
                        template,
                    )
                }
            };
            if let Some(over) = reading.over_d {
                times.extend(rows.iter().map(|t| t - over));
            }
            readings.push(reading);
            templates.push(template);
        }
        for rule in asked {
            if let Some(symbol) = body.find(&rule.symbol) {
                place(symbol);
                let times_of = |t: &f64| [Some(*t), rule.over_d.map(|over| t - over)];
                times.extend(rule.times_d.iter().flat_map(times_of).flatten());
            }
        }
        let ledger = Ledger::new(body, &mut place);
        let ledger_from_d = 0.0;
        times.extend([ledger_from_d, end_d]);
        times.retain(|t| *t >= begin_d && *t <= end_d);
        times.sort_by(f64::total_cmp);
        times.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
        Recorder {
            symbols,
            times,
            rows,
            readings,
            templates,
            ledger,
            ledger_from_d,
            ledger_until_d: end_d,
        }
    }

    /// Times of the rows.
    pub(crate) fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// Moves what was read into columns. `read` holds one row of symbol values for each of `times`, NaN where not reached.
    pub(crate) fn columns(&self, read: &[f64]) -> Vec<Column> {
        let width = self.symbols.len();
        let at = |time_d: f64, symbol: usize| {
            self.place_of(time_d)
                .and_then(|row| read.get(row * width + symbol))
                .copied()
                .unwrap_or(f64::NAN)
        };
        let column = |(reading, template): (&Reading, &Column)| {
            let values = self.rows.iter().map(|t| {
                let now = at(*t, reading.symbol);
                let value = match reading.over_d {
                    Some(over) => now - at(t - over, reading.symbol),
                    // Time zero is always read: the ledger begins there.
                    None if reading.since_start => now - at(0.0, reading.symbol),
                    None => now,
                };
                value * reading.factor
            });
            Column {
                values: values.collect(),
                ..template.clone()
            }
        };
        self.readings
            .iter()
            .zip(&self.templates)
            .map(column)
            .collect()
    }

    fn place_of(&self, time_d: f64) -> Option<usize> {
        let place = self.times.partition_point(|t| *t < time_d - 1e-9);
        self.times
            .get(place)
            .filter(|t| (**t - time_d).abs() < 2e-9)
            .map(|_| place)
    }

    /// The ledger between its two ends.
    pub(crate) fn ledger(&self, body: &Body, read: &[f64], actions: &[Timed]) -> Vec<LedgerLine> {
        let width = self.symbols.len();
        let row = |time_d: f64| {
            self.place_of(time_d)
                .and_then(|r| read.get(r * width..(r + 1) * width))
        };
        match (row(self.ledger_from_d), row(self.ledger_until_d)) {
            (Some(first), Some(last)) => self.ledger.lines(
                body,
                first,
                last,
                actions,
                self.ledger_from_d,
                self.ledger_until_d,
            ),
            _ => Vec::new(),
        }
    }
}

/// What an element-bearing symbol is to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Matter inside the body.
    Pool,
    /// Counter of what came in.
    In,
    /// Counter of what went out.
    Out,
}

/// An element, its unit, and its carriers: place among the symbols read, atoms per unit amount, part.
struct Element {
    name: String,
    unit: String,
    carriers: Vec<(usize, f64, Part)>,
}

/// Which symbols carry which element.
struct Ledger {
    elements: Vec<Element>,
    /// Species with elements, for doses: symbol, element, atoms.
    carriers: Vec<(SymbolIndex, String, f64)>,
}

impl Ledger {
    fn new(body: &Body, place: &mut dyn FnMut(SymbolIndex) -> usize) -> Ledger {
        let mut elements: Vec<Element> = Vec::new();
        let mut carriers = Vec::new();
        let model: &Model = &body.model;
        for symbol in &model.symbols {
            if symbol.annotation.elements.is_empty() {
                continue;
            }
            let part = match symbol.annotation.field("ledger") {
                Some("in") => Part::In,
                Some("out") => Part::Out,
                _ => Part::Pool,
            };
            let boundary = matches!(&symbol.role, Role::Species(info) if info.boundary);
            let species = matches!(symbol.role, Role::Species(_));
            if part == Part::Pool && (boundary || !species) {
                continue;
            }
            let Some(index) = body.find(&symbol.id) else {
                continue;
            };
            let amount = body.program.amount_of(index).unwrap_or(index);
            for (element, atoms) in &symbol.annotation.elements {
                if species && !boundary {
                    carriers.push((index, element.clone(), *atoms));
                }
                let entry = match elements.iter_mut().find(|e| e.name == *element) {
                    Some(entry) => entry,
                    None => {
                        let unit = model.substance_unit.map_or_else(
                            || symbol.unit_text.clone().unwrap_or_else(String::new),
                            |u| u.to_string(),
                        );
                        elements.push(Element {
                            name: element.clone(),
                            unit,
                            carriers: Vec::new(),
                        });
                        let last = elements.len() - 1;
                        &mut elements[last]
                    }
                };
                entry.carriers.push((place(amount), *atoms, part));
            }
        }
        Ledger { elements, carriers }
    }

    fn lines(
        &self,
        body: &Body,
        first: &[f64],
        last: &[f64],
        actions: &[Timed],
        from_d: f64,
        until_d: f64,
    ) -> Vec<LedgerLine> {
        self.elements
            .iter()
            .map(
                |Element {
                     name: element,
                     unit,
                     carriers,
                 }| {
                    let gain = |part: Part| {
                        carriers
                            .iter()
                            .filter(|c| c.2 == part)
                            .map(|(s, atoms, _)| (last[*s] - first[*s]) * atoms)
                            .sum::<f64>()
                    };
                    let pools: f64 = carriers
                        .iter()
                        .filter(|c| c.2 == Part::Pool)
                        .map(|(s, atoms, _)| last[*s].abs() * atoms)
                        .sum();
                    let dosed = actions
                        .iter()
                        .map(|a| self.dosed(body, a, element, from_d, until_d))
                        .fold(0.0, |a, b| a + b);
                    let (entered, left, gained) =
                        (gain(Part::In), gain(Part::Out), gain(Part::Pool));
                    let size = (entered + dosed).abs().max(left.abs()).max(pools);
                    let relative_error = if size > 0.0 {
                        (gained - (entered + dosed - left)).abs() / size
                    } else {
                        0.0
                    };
                    LedgerLine {
                        element: element.clone(),
                        unit: unit.clone(),
                        entered,
                        dosed,
                        left,
                        gained,
                        relative_error,
                    }
                },
            )
            .collect()
    }

    /// Amount of an element that an action brings between two times. An action at the first time counts, one at the last does not,
    /// because rows are read before what happens at their time.
    fn dosed(&self, body: &Body, timed: &Timed, element: &str, from_d: f64, until_d: f64) -> f64 {
        let atoms = |symbol: SymbolIndex| {
            let same = |s: SymbolIndex| s == symbol || body.program.amount_of(s) == Some(symbol);
            self.carriers
                .iter()
                .filter(|c| same(c.0) && c.1 == element)
                .map(|c| c.2)
                .sum::<f64>()
        };
        match timed.action {
            Action::Add { symbol, amount } if (from_d..until_d).contains(&timed.time) => {
                atoms(symbol) * amount
            }
            // A change of rate lasts to the end; the end of an infusion is a change of its own.
            Action::Infuse {
                symbol,
                rate_change,
            } => atoms(symbol) * rate_change * (until_d - timed.time.max(from_d)).max(0.0),
            _ => 0.0,
        }
    }
}

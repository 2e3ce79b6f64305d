//! A compiled model: names, rows and tapes. Immutable; shared between workspaces and threads.

use std::collections::BTreeMap;
use std::fmt;

use crate::Tape;

/// Index of a symbol of a [`Program`]. Symbols of the model come first, in the model's order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolIndex(pub u32);

/// Where rows of inputs lie in the slot file. Computed rows follow from [`Layout::first_computed`].
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Integrated quantities.
    pub n_states: usize,
    /// Present values of everything that can be set and is not integrated.
    pub n_held: usize,
    /// Frozen comparisons.
    pub n_switches: usize,
    /// Trigger margins; each has a bit that declares its equality met.
    pub n_triggers: usize,
    /// Plain numbers given as start values, with their defaults.
    pub start_defaults: Vec<f64>,
    /// Start values that are computed and may be overridden.
    pub n_overrides: usize,
    /// Numbers that appear in tapes.
    pub constants: Vec<f64>,
}

impl Layout {
    /// Row of time.
    pub fn time(&self) -> u32 {
        0
    }
    /// Row of the diagonal in `factor`.
    pub fn diagonal(&self) -> u32 {
        1
    }
    /// Row of state `i`.
    pub fn state(&self, i: usize) -> u32 {
        (2 + i) as u32
    }
    /// Row of held value `i`.
    pub fn held(&self, i: usize) -> u32 {
        self.state(self.n_states) + i as u32
    }
    /// Row of the branch of switch `i`: 1 or 0.
    pub fn branch(&self, i: usize) -> u32 {
        self.held(self.n_held) + i as u32
    }
    /// Row of the bit that declares the equality of trigger margin `i` met.
    pub fn equality(&self, i: usize) -> u32 {
        self.branch(self.n_switches) + i as u32
    }
    /// Row of start value `i`.
    pub fn start(&self, i: usize) -> u32 {
        self.equality(self.n_triggers) + i as u32
    }
    /// Row of the flag that override `i` is in force.
    pub fn override_flag(&self, i: usize) -> u32 {
        self.start(self.start_defaults.len()) + i as u32
    }
    /// Row of the value of override `i`.
    pub fn override_value(&self, i: usize) -> u32 {
        self.override_flag(self.n_overrides) + i as u32
    }
    /// Row of component `i` of the vector that `solve` works on.
    pub fn right_hand(&self, i: usize) -> u32 {
        self.override_value(self.n_overrides) + i as u32
    }
    /// Row of constant `i`.
    pub fn constant(&self, i: usize) -> u32 {
        self.right_hand(self.n_states) + i as u32
    }
    /// First row that tapes may write to.
    pub fn first_computed(&self) -> u32 {
        self.constant(self.constants.len())
    }
}

/// Where a symbol's present value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is a state (as amount, for most species).
    State(usize),
    /// It is held between stops.
    Held(usize),
    /// It follows from others and cannot be set.
    Computed,
}

/// What sets a symbol's value at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartPlace {
    /// Row among the start values: writing it is all there is to do.
    Plain(usize),
    /// Row among the overrides.
    Override(usize),
    /// Cannot be set.
    None,
}

/// A symbol: its name, the row of its value, and how it is set.
#[derive(Debug, Clone)]
pub struct SymbolCode {
    /// Name.
    pub name: String,
    /// Row that holds its value after the tape `outputs`.
    pub slot: u32,
    /// Where its present value is kept.
    pub place: Place,
    /// `Some(size)`: the symbol means a concentration and the place holds an amount; value = place / size.
    pub per: Option<SymbolIndex>,
    /// What sets it at the start.
    pub start: StartPlace,
    /// Symbol that means this species' amount (itself if it is one). `None` for what is not a species.
    pub amount: Option<SymbolIndex>,
    /// Symbol that means this species' concentration.
    pub concentration: Option<SymbolIndex>,
}

/// A comparison inside an equation.
#[derive(Debug, Clone)]
pub struct SwitchCode {
    /// Row of its margin after the tape `switches`. The branch is true where the margin is positive.
    pub slot: u32,
    /// True if the branch is also true where the margin is exactly 0 (`<=`, `>=`).
    pub inclusive: bool,
    /// What is compared, for messages.
    pub text: String,
    /// Symbol in whose equation it stands, for messages.
    pub within: String,
}

/// What a trigger margin stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerKind {
    /// Positive exactly where the event's condition holds (up to the boundary itself).
    Truth,
    /// Difference of two sides of an equality inside the condition: the condition may hold at the very instant at which it passes 0.
    Equality,
    /// A comparison inside a compound condition: the condition may change where it changes.
    Part,
}

/// A trigger margin: a change of its sign is a place to stop.
#[derive(Debug, Clone)]
pub struct TriggerCode {
    /// The event it belongs to.
    pub event: usize,
    /// What it stands for.
    pub kind: TriggerKind,
    /// Row after the tape `triggers`.
    pub slot: u32,
}

/// An event with SBML Level 3 meaning. Values come from [`crate::Lanes`]'s `event_…` methods.
#[derive(Debug, Clone)]
pub struct EventCode {
    /// Identifier; may be empty.
    pub id: String,
    /// Its margins among [`Program::triggers`]. The first is the `Truth` margin.
    pub triggers: Vec<usize>,
    /// Value the condition is taken to have had before the start.
    pub initial_value: bool,
    /// If false, the condition must stay true until execution.
    pub persistent: bool,
    /// True: right-hand sides are evaluated when it fires; false: when it executes.
    pub values_from_trigger_time: bool,
    /// Row of the condition.
    pub truth: u32,
    /// Row of the delay, if it has one.
    pub delay: Option<u32>,
    /// Row of the priority, if it has one.
    pub priority: Option<u32>,
    /// What is set, and the row of the value (as the symbol means it).
    pub assignments: Vec<(SymbolIndex, u32)>,
}

/// All tapes. Each assumes that `hoist` has run; those marked † also that `rhs` has run at the same point, and ‡ also `jacobian`.
#[derive(Debug, Clone, Default)]
pub struct Tapes {
    /// Start values of states and held values from start rows and overrides.
    pub start: Tape,
    /// Everything that depends on held values only.
    pub hoist: Tape,
    /// Derivatives.
    pub rhs: Tape,
    /// Nonzeros of the Jacobian †.
    pub jacobian: Tape,
    /// Explicit time derivative of the right-hand side †‡.
    pub dfdt: Tape,
    /// Switch margins †.
    pub switches: Tape,
    /// Switch margins, complete in itself.
    pub switches_alone: Tape,
    /// Trigger margins †.
    pub triggers: Tape,
    /// Trigger margins, complete in itself.
    pub triggers_alone: Tape,
    /// Values of all symbols †.
    pub outputs: Tape,
    /// Conditions, delays, priorities and assigned values of all events †.
    pub events: Tape,
    /// The same, complete in itself.
    pub events_alone: Tape,
    /// LU of diagonal·I − J, after `jacobian`; empty if the matrix is too dense for a static tape.
    pub factor: Tape,
    /// Triangular solves, after `factor`.
    pub solve: Tape,
}

impl Tapes {
    fn all(&mut self) -> [&mut Tape; 14] {
        [
            &mut self.start,
            &mut self.hoist,
            &mut self.rhs,
            &mut self.jacobian,
            &mut self.dfdt,
            &mut self.switches,
            &mut self.switches_alone,
            &mut self.triggers,
            &mut self.triggers_alone,
            &mut self.outputs,
            &mut self.events,
            &mut self.events_alone,
            &mut self.factor,
            &mut self.solve,
        ]
    }
}

/// A nonzero of the Jacobian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonzero {
    /// Which derivative.
    pub row: u32,
    /// By which state.
    pub column: u32,
    /// Where its value is after the tape `jacobian`.
    pub slot: u32,
    /// True: the nonzero is minus that value. Saves tapes the changes of sign.
    pub negative: bool,
}

impl Nonzero {
    /// The nonzero from what its slot holds.
    pub(crate) fn signed(self, held: f64) -> f64 {
        if self.negative { -held } else { held }
    }
}

/// Rows of results.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// Start value of each state, after `start`.
    pub start_states: Vec<u32>,
    /// Start value of each held value, after `start`.
    pub start_held: Vec<u32>,
    /// Derivative of each state.
    pub rhs: Vec<u32>,
    /// Nonzeros of the Jacobian.
    pub jacobian: Vec<Nonzero>,
    /// Explicit time derivatives.
    pub dfdt: Vec<u32>,
    /// Solution of each component after `solve`; empty if there is no static factorisation.
    pub solve: Vec<u32>,
    /// Row of the pivots' growth and cancellation after `factor`: the pivot guard, small where all is well.
    pub guard: u32,
}

/// Everything a [`Program`] is made of.
#[derive(Debug, Clone, Default)]
pub struct ProgramParts {
    /// Rows of inputs.
    pub layout: Layout,
    /// Total number of rows.
    pub n_slots: usize,
    /// Names of states, in order.
    pub states: Vec<String>,
    /// All symbols; the first `n_named` carry names of the model.
    pub symbols: Vec<SymbolCode>,
    /// How many symbols the model names.
    pub n_named: usize,
    /// Comparisons inside equations.
    pub switches: Vec<SwitchCode>,
    /// Trigger margins.
    pub triggers: Vec<TriggerCode>,
    /// Events.
    pub events: Vec<EventCode>,
    /// Tapes.
    pub tapes: Tapes,
    /// Rows of results.
    pub roots: Roots,
    /// Sensitivities carried along; empty in most programs.
    pub tangents: Tangents,
    /// Initial value of time.
    pub start_time: f64,
}

/// Directions carried as further states and held values: for a parameter p and a quantity x, p·dx/dp (dx/dp where p starts at 0).
#[derive(Debug, Clone, Default)]
pub struct Tangents {
    /// The parameters, in the order that numbers them.
    pub parameters: Vec<SymbolIndex>,
    /// States of the model itself; what follows them are directions.
    pub own_states: usize,
    /// For each direction among the states: state it belongs to, number of the parameter.
    pub states: Vec<(usize, usize)>,
    /// The same for those at the end of the held values.
    pub held: Vec<(usize, usize)>,
    /// Quantity, number of the parameter, symbol of the direction.
    pub outputs: Vec<(SymbolIndex, usize, SymbolIndex)>,
    /// For each switch what its crossing does to directions.
    pub switches: Vec<TangentSwitch>,
}

/// How the instant of a crossing moves: −by/speed.
#[derive(Debug, Clone, Default)]
pub struct TangentSwitch {
    /// Total time derivative of the margin.
    pub speed: SymbolIndex,
    /// Its change in the direction of each parameter.
    pub by: Vec<SymbolIndex>,
}

/// A value that cannot be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetError {
    /// The symbol follows from a rule or is a reaction rate.
    Computed {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::Computed { name } => write!(
                f,
                "`{name}` is computed by a rule or a reaction and cannot be set"
            ),
        }
    }
}

impl std::error::Error for SetError {}

/// A compiled model. Share it in an `Arc`.
#[derive(Debug)]
pub struct Program {
    pub(crate) parts: ProgramParts,
    names: Vec<String>,
    by_name: BTreeMap<String, SymbolIndex>,
    /// Held values that the tape `hoist` reads.
    hoist_reads: Vec<bool>,
    /// The tape `rhs` where nothing but derivatives is read afterwards.
    stage: Tape,
}

impl Program {
    /// Puts the parts together.
    ///
    /// # Panics
    /// When a tape or a result points outside the slot file, which would be a fault of the compiler.
    pub fn new(mut parts: ProgramParts) -> Program {
        let n = parts.n_slots;
        let mut tapes = parts.tapes.all();
        assert!(
            tapes.iter().all(|tape| tape.n_rows() <= n),
            "a tape points outside the slot file"
        );
        assert!(
            parts.layout.first_computed() as usize <= n,
            "the slot file is smaller than its inputs"
        );
        let r = &parts.roots;
        let mut rows = vec![r.guard];
        rows.extend(
            r.start_states
                .iter()
                .chain(&r.start_held)
                .chain(&r.rhs)
                .chain(&r.dfdt)
                .chain(&r.solve),
        );
        rows.extend(r.jacobian.iter().map(|j| j.slot));
        rows.extend(parts.symbols.iter().map(|s| s.slot));
        rows.extend(parts.switches.iter().map(|s| s.slot));
        rows.extend(parts.triggers.iter().map(|s| s.slot));
        for e in &parts.events {
            rows.push(e.truth);
            rows.extend(e.delay.iter().chain(&e.priority));
            rows.extend(e.assignments.iter().map(|a| a.1));
        }
        assert!(
            rows.iter().all(|row| (*row as usize) < n.max(1)),
            "a result points outside the slot file"
        );
        let mut readers = vec![0_u32; n];
        for (number, tape) in tapes.iter().enumerate() {
            for i in tape.instructions() {
                for row in &i.args[..i.op.arity()] {
                    readers[*row as usize] |= 1 << number;
                }
            }
        }
        rows.iter()
            .for_each(|row| readers[*row as usize] = u32::MAX);
        for (number, tape) in tapes.iter_mut().enumerate() {
            let others = (0..n as u32).filter(|row| readers[*row as usize] & !(1 << number) != 0);
            **tape = std::mem::take(*tape).for_readers(others);
        }
        let derivatives = parts.roots.rhs.iter().copied();
        let stage = parts.tapes.rhs.clone().for_readers(derivatives);
        let named = &parts.symbols[..parts.n_named];
        let names = named.iter().map(|s| s.name.clone()).collect();
        let by_name = named
            .iter()
            .enumerate()
            .map(|(i, s)| (s.name.clone(), SymbolIndex(i as u32)))
            .collect();
        let mut hoist_reads = vec![false; parts.layout.n_held];
        let first = parts.layout.held(0);
        for instruction in parts.tapes.hoist.instructions() {
            for row in &instruction.args[..instruction.op.arity()] {
                if let Some(held) = row.checked_sub(first)
                    && let Some(read) = hoist_reads.get_mut(held as usize)
                {
                    *read = true;
                }
            }
        }
        Program {
            parts,
            names,
            by_name,
            hoist_reads,
            stage,
        }
    }

    /// The tape `rhs` where nothing but derivatives is read afterwards.
    pub(crate) fn stage(&self) -> &Tape {
        &self.stage
    }

    /// Names of the states in order.
    pub fn states(&self) -> &[String] {
        &self.parts.states
    }

    /// Number of states.
    pub fn n_states(&self) -> usize {
        self.parts.layout.n_states
    }

    /// Names of all symbols of the model; position is [`SymbolIndex`].
    pub fn symbols(&self) -> &[String] {
        &self.names
    }

    /// Rows of the slot file: what one individual takes in memory, in numbers.
    pub fn n_rows(&self) -> usize {
        self.parts.n_slots
    }

    /// Finds a symbol by name.
    pub fn find(&self, name: &str) -> Option<SymbolIndex> {
        self.by_name.get(name).copied()
    }

    /// Name of a symbol; for derived ones `amount of S` or `concentration of S`.
    pub fn name(&self, symbol: SymbolIndex) -> &str {
        &self.parts.symbols[symbol.0 as usize].name
    }

    /// The symbol that means the amount of a species, whatever its own meaning. `None` for what is not a species.
    pub fn amount_of(&self, species: SymbolIndex) -> Option<SymbolIndex> {
        self.parts.symbols[species.0 as usize].amount
    }

    /// The symbol that means the concentration of a species, whatever its own meaning.
    pub fn concentration_of(&self, species: SymbolIndex) -> Option<SymbolIndex> {
        self.parts.symbols[species.0 as usize].concentration
    }

    /// The state that carries a symbol, if it is integrated. Species are integrated as amounts, see [`Program::means_concentration`].
    pub fn state_of(&self, symbol: SymbolIndex) -> Option<usize> {
        match self.parts.symbols[symbol.0 as usize].place {
            Place::State(i) => Some(i),
            _ => None,
        }
    }

    /// True if the symbol's value is its state or held amount divided by a compartment size.
    pub fn means_concentration(&self, symbol: SymbolIndex) -> bool {
        self.parts.symbols[symbol.0 as usize].per.is_some()
    }

    /// True if [`crate::Lanes::set_start`] accepts the symbol.
    pub fn settable_at_start(&self, symbol: SymbolIndex) -> bool {
        self.parts.symbols[symbol.0 as usize].start != StartPlace::None
    }

    /// True if [`crate::Lanes::set_now`] accepts the symbol.
    pub fn settable_now(&self, symbol: SymbolIndex) -> bool {
        self.parts.symbols[symbol.0 as usize].place != Place::Computed
    }

    /// Number of comparisons inside equations.
    pub fn n_switches(&self) -> usize {
        self.parts.switches.len()
    }

    /// The comparisons inside equations.
    pub fn switches(&self) -> &[SwitchCode] {
        &self.parts.switches
    }

    /// Number of trigger margins.
    pub fn n_triggers(&self) -> usize {
        self.parts.triggers.len()
    }

    /// The trigger margins: which event each belongs to and what its change of sign means.
    pub fn triggers(&self) -> &[TriggerCode] {
        &self.parts.triggers
    }

    /// The events.
    pub fn events(&self) -> &[EventCode] {
        &self.parts.events
    }

    /// Positions (row, column) of the Jacobian's nonzeros, in the order of [`crate::Lanes::jacobian`].
    pub fn jacobian_pattern(&self) -> impl ExactSizeIterator<Item = (usize, usize)> + '_ {
        self.parts
            .roots
            .jacobian
            .iter()
            .map(|x| (x.row as usize, x.column as usize))
    }

    /// Whether anything computed once for held values follows from this one.
    pub(crate) fn hoist_reads(&self, held: usize) -> bool {
        self.hoist_reads[held]
    }

    /// States that a switch or trigger margin reads, ascending.
    pub(crate) fn watched_states(&self) -> Vec<u32> {
        let layout = &self.parts.layout;
        let states = layout.state(0)..layout.state(self.n_states());
        let tapes = [
            &self.parts.tapes.switches_alone,
            &self.parts.tapes.triggers_alone,
        ];
        let mut read: Vec<u32> = tapes
            .into_iter()
            .flat_map(|tape| tape.instructions())
            .flat_map(|i| i.args.into_iter().take(i.op.arity()))
            .chain(self.parts.switches.iter().map(|s| s.slot))
            .chain(self.parts.triggers.iter().map(|t| t.slot))
            .filter(|row| states.contains(row))
            .map(|row| row - states.start)
            .collect();
        read.sort_unstable();
        read.dedup();
        read
    }

    /// Initial value of time.
    pub fn start_time(&self) -> f64 {
        self.parts.start_time
    }

    /// Sensitivities carried along.
    pub fn tangents(&self) -> &Tangents {
        &self.parts.tangents
    }

    /// The state whose size decides about the accuracy of a state: itself, or for a direction the state it belongs to.
    pub fn own_state(&self, state: usize) -> usize {
        let tangents = &self.parts.tangents;
        match state.checked_sub(tangents.own_states) {
            Some(at) if !tangents.states.is_empty() => tangents.states[at].0,
            _ => state,
        }
    }

    /// The symbol that holds the direction of a quantity for a parameter, if it was asked for.
    pub fn direction_of(
        &self,
        quantity: SymbolIndex,
        parameter: SymbolIndex,
    ) -> Option<SymbolIndex> {
        let tangents = &self.parts.tangents;
        let k = tangents.parameters.iter().position(|p| *p == parameter)?;
        let found = tangents
            .outputs
            .iter()
            .find(|o| o.0 == quantity && o.1 == k);
        found.map(|o| o.2)
    }

    /// The tapes, for reports about size and for printing.
    pub fn tapes(&self) -> &Tapes {
        &self.parts.tapes
    }
}

//! What lies behind a breakdown: the model's own equations are looked at in the last good state and a little beyond it, operation by
//! operation, until one is found that gives no number, or the term that drives the worst state away.
//!
//! Runs once for a failed person and never in a run that goes well. Says nothing that it has not computed: without a finding it is silent.

use std::collections::VecDeque;
use std::sync::Arc;

use osteon_lang::formula;
use osteon_model::{Expr, ExprKind, Model, Op, Participant, Role, Rule, SymbolId};
use osteon_vm::Program;

use crate::drive::{Breakdown, BreakdownCause, LaneEnd};
use crate::scene::Scene;

/// How often the distance of the look ahead is multiplied by ten, beginning with the step last tried.
const LOOKS: i32 = 7;
/// A state that would double within this share of the time lived so far runs away.
const RUNAWAY: f64 = 1e-6;
/// Finer relative tolerances meet the rounding of the arithmetic (2e-16) in the error estimate.
const FINEST_RTOL: f64 = 1e-13;
/// Longest formula that is quoted whole.
const QUOTED: usize = 110;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Finding {
    /// The worst state: its name, words for it, value and unit where the model tells them.
    pub state: Option<String>,
    /// The likely cause, a clause that may follow a semicolon.
    pub cause: Option<String>,
    /// One thing to try, better than the general advice.
    pub hint: Option<String>,
}

/// The breakdown with what the equations say about it. `begun` is the time at which the run began, in the model's unit.
pub(crate) fn looked_into(
    model: &Model,
    program: &Arc<Program>,
    end: &LaneEnd,
    breakdown: Breakdown,
    begun: f64,
    rtol: f64,
) -> Breakdown {
    let finding = inquire(model, program, end, &breakdown, begun, rtol);
    Breakdown {
        finding,
        ..breakdown
    }
}

fn inquire(
    model: &Model,
    program: &Arc<Program>,
    end: &LaneEnd,
    breakdown: &Breakdown,
    begun: f64,
    rtol: f64,
) -> Finding {
    // Whoever could not even sit down has no state to look at.
    if end.states.len() != program.n_states() || end.individual.is_empty() {
        return Finding::default();
    }
    let inquest = Inquest { model };
    let here = Scene::new(model, program, end, 0.0);
    let worst = breakdown
        .state
        .as_deref()
        .and_then(|name| model.find(name))
        .filter(|id| here.rate(*id).is_some());
    let state = worst.map(|id| inquest.told(id, &here));
    let (cause, hint) = match &breakdown.cause {
        BreakdownCause::NotFinite | BreakdownCause::StepTooSmall | BreakdownCause::Singular => {
            let fault = inquest.no_number(program, end, &here, breakdown, worst);
            let told = |fault: &NoNumber| (fault.what.clone(), fault.hint.to_owned());
            fault
                .iter()
                .find(|f| !f.overflows)
                .map(told)
                .or_else(|| too_fine(rtol))
                .or_else(|| inquest.runaway(worst?, &here, end.time - begun))
                .or_else(|| fault.as_ref().map(told))
                .or_else(|| inquest.driven(worst?, &here))
                .unzip()
        }
        BreakdownCause::TooManySteps => too_fine(rtol)
            .or_else(|| inquest.runaway(worst?, &here, end.time - begun))
            .or_else(|| inquest.driven(worst?, &here))
            .unzip(),
        BreakdownCause::Chattering { within, .. } => inquest.slides(within, &here).unzip(),
        BreakdownCause::EventLoop(event) | BreakdownCause::EventStorm(event) => {
            inquest.fires(event).unzip()
        }
        _ => (None, None),
    };
    Finding { state, cause, hint }
}

struct Inquest<'m> {
    model: &'m Model,
}

/// An operation that gives no number.
struct NoNumber {
    /// What it is, with the values it meets.
    what: String,
    /// One thing to try.
    hint: &'static str,
    /// Its arguments are in its domain, but the result is too large for a number.
    overflows: bool,
}

/// A tolerance that rounding alone exceeds.
fn too_fine(rtol: f64) -> Option<(String, String)> {
    (rtol < FINEST_RTOL).then(|| {
        (
            format!(
                "the tolerance rtol = {rtol:e} is finer than the arithmetic, which keeps 16 digits of each number"
            ),
            "a looser rtol, for example 1e-9".to_owned(),
        )
    })
}

impl<'m> Inquest<'m> {
    fn name(&self, id: SymbolId) -> &'m str {
        &self.model.symbol(id).id
    }

    /// `x` (words, value unit).
    fn told(&self, id: SymbolId, here: &Scene) -> String {
        let symbol = self.model.symbol(id);
        let mut told = format!("`{}` (", symbol.id);
        if let Some(words) = &symbol.name {
            told += &format!("{words}, ");
        }
        told += &number(here.value(id));
        if let Some(unit) = self.unit(id) {
            told += &format!(" {unit}");
        }
        told + ")"
    }

    fn unit(&self, id: SymbolId) -> Option<String> {
        let symbol = self.model.symbol(id);
        let unit = symbol
            .unit
            .filter(|u| !u.is_dimensionless())
            .map(|u| u.to_string());
        unit.or_else(|| symbol.unit_text.clone().filter(|t| t != "dimensionless"))
    }

    /// The equation of a symbol and what to call it.
    fn equations(&self, id: SymbolId) -> Vec<(String, &'m Expr)> {
        let symbol = self.model.symbol(id);
        let mut found = Vec::new();
        match &symbol.rule {
            Some(Rule::Assignment(expr)) => {
                found.push((format!("the rule of `{}`", symbol.id), expr));
            }
            Some(Rule::Rate(expr)) => {
                found.push((format!("the rate of change of `{}`", symbol.id), expr));
            }
            None => {}
        }
        if let Role::Reaction(number) = symbol.role
            && let Some(rate) = &self.model.reactions[number].rate
        {
            found.push((format!("the rate of the reaction `{}`", symbol.id), rate));
        }
        found
    }

    /// All symbols, those that the worst state depends on first, the nearest before the farther.
    fn by_nearness(&self, worst: Option<SymbolId>) -> Vec<SymbolId> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.model.symbols.len()];
        let mut queue: VecDeque<SymbolId> = worst.into_iter().collect();
        if let Some(worst) = worst {
            for reaction in &self.model.reactions {
                let takes_part = |p: &Participant| p.species == worst;
                if reaction
                    .reactants
                    .iter()
                    .chain(&reaction.products)
                    .any(takes_part)
                {
                    queue.push_back(reaction.symbol);
                }
            }
        }
        while let Some(id) = queue.pop_front() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            order.push(id);
            for (_, expr) in self.equations(id) {
                // What another state is made of does not enter this one's rate.
                let read = expr.symbols().into_iter();
                queue.extend(
                    read.filter(|s| !matches!(self.model.symbol(*s).rule, Some(Rule::Rate(_)))),
                );
            }
        }
        order.extend(self.model.ids().filter(|id| !seen[id.0 as usize]));
        order
    }

    /// The first operation that gives no number here, or a little further on.
    fn no_number(
        &self,
        program: &Arc<Program>,
        end: &LaneEnd,
        here: &Scene,
        breakdown: &Breakdown,
        worst: Option<SymbolId>,
    ) -> Option<NoNumber> {
        let order = self.by_nearness(worst);
        let first = breakdown.step.abs().max(1e-15 * end.time.abs()).max(1e-300);
        for look in -1..LOOKS {
            let ahead = if look < 0 {
                0.0
            } else {
                first * 10f64.powi(look)
            };
            let there = Scene::new(self.model, program, end, ahead);
            for id in &order {
                for (place, expr) in self.equations(*id) {
                    let mut found: Option<NoNumber> = None;
                    there.evaluate(expr, &mut |part, args, result| {
                        if found.is_none() {
                            found = self.judge(part, args, result, here);
                        }
                    });
                    if let Some(found) = found {
                        let what = format!("{} in {place}", found.what);
                        return Some(NoNumber { what, ..found });
                    }
                }
            }
        }
        None
    }

    /// Whether one operation leaves the numbers, or has left the domain since the last good state.
    fn judge(&self, part: &Expr, args: &[f64], result: f64, before: &Scene) -> Option<NoNumber> {
        let ExprKind::Apply(op, parts) = &part.kind else {
            return None;
        };
        // Only where it begins: what follows from it is no news.
        if args.iter().any(|a| !a.is_finite()) {
            return None;
        }
        let text = |e: &Expr| quoted(&formula(self.model, e));
        let reads = |e: &Expr| self.values_in(e, before);
        let value = |e: &Expr| before.evaluate(e, &mut |_, _, _| ());
        match (op, parts.as_slice(), args) {
            (Op::Div, [_, divisor], [_, now]) => {
                let then = value(divisor);
                let passes = then * now < 0.0 && !matches!(divisor.kind, ExprKind::Number(..));
                if *now != 0.0 && !passes && result.is_finite() {
                    return None;
                }
                let how = if then == 0.0 { "is 0" } else { "comes to 0" };
                Some(NoNumber {
                    what: format!(
                        "division by zero: the divisor {} {how}{}",
                        text(divisor),
                        reads(divisor)
                    ),
                    hint: "keep the divisor away from zero, or say with `piecewise` what holds there",
                    overflows: false,
                })
            }
            (Op::Ln | Op::Log10 | Op::Log, _, _) if *args.last()? <= 0.0 => {
                let inner = parts.last()?;
                let how = if *args.last()? < 0.0 {
                    "a negative number"
                } else {
                    "zero"
                };
                Some(NoNumber {
                    what: format!(
                        "logarithm of {how}: {} in {}{}",
                        text(inner),
                        text(part),
                        reads(inner)
                    ),
                    hint: "keep the argument of the logarithm positive",
                    overflows: false,
                })
            }
            (Op::Sqrt | Op::Root, _, _) if result.is_nan() => {
                let inner = parts.last()?;
                Some(NoNumber {
                    what: format!(
                        "root of a negative number: {} in {}{}",
                        text(inner),
                        text(part),
                        reads(inner)
                    ),
                    hint: "keep what stands under the root from falling below zero",
                    overflows: false,
                })
            }
            (Op::Pow, [base, _], [b, e]) if !result.is_finite() => {
                let what = match () {
                    () if *b == 0.0 => "zero to a negative power",
                    () if *b < 0.0 && result.is_nan() => "a broken power of a negative number",
                    () => "a power too large for a number",
                };
                Some(NoNumber {
                    what: format!(
                        "{what}: {} with the exponent {}{}",
                        text(part),
                        number(*e),
                        reads(base)
                    ),
                    hint: "keep the base of the power from falling below zero: an amount that empties needs a flow that ends with it",
                    overflows: false,
                })
            }
            (Op::Exp, [inner], [x]) if !result.is_finite() => Some(NoNumber {
                what: format!(
                    "overflow: {} with {} = {}",
                    text(part),
                    text(inner),
                    number(*x)
                ),
                hint: "bound the exponent",
                overflows: true,
            }),
            _ if !result.is_finite() => Some(NoNumber {
                what: format!("{} gives no number{}", text(part), reads(part)),
                hint: "look at the values it reads",
                overflows: true,
            }),
            _ => None,
        }
    }

    /// `, with a = 1, b = 2` for what an expression reads.
    fn values_in(&self, expr: &Expr, here: &Scene) -> String {
        let mut told: Vec<String> = Vec::new();
        let mut clock = false;
        expr.walk(&mut |e| clock |= e.kind == ExprKind::Time);
        if clock {
            told.push(format!("time = {}", number(here.time)));
        }
        for id in expr.symbols() {
            let one = format!("`{}` = {}", self.name(id), number(here.value(id)));
            if !told.contains(&one) {
                told.push(one);
            }
        }
        told.truncate(4);
        if told.is_empty() {
            String::new()
        } else {
            format!(" (last {})", told.join(", "))
        }
    }

    fn time_unit(&self) -> String {
        self.model
            .time_unit
            .map_or_else(String::new, |u| format!(" {u}"))
    }

    /// A state that grows faster than it is large.
    fn runaway(&self, worst: SymbolId, here: &Scene, lived: f64) -> Option<(String, String)> {
        let (value, rate) = (here.value(worst), here.rate(worst)?);
        let doubles = (value / rate).abs();
        if !(rate != 0.0 && value * rate > 0.0 && doubles < RUNAWAY * lived) {
            return None;
        }
        let unit = self.time_unit();
        Some((
            format!(
                "`{}` grows without bound: at its present rate it doubles within {}{unit}{}",
                self.name(worst),
                number(doubles),
                self.largest(worst, here).map_or_else(String::new, |t| format!(", driven by {t}"))
            ),
            "look for what should hold that term back: a loop that feeds itself, or a saturation that is missing".to_owned(),
        ))
    }

    /// The term that moves a state most.
    fn driven(&self, worst: SymbolId, here: &Scene) -> Option<(String, String)> {
        let term = self.largest(worst, here)?;
        let swings = (here.value(worst) / here.rate(worst)?).abs();
        let unit = self.time_unit();
        Some((
            format!(
                "what moves `{}` most is {term}; it changes by its own size within {}{unit}",
                self.name(worst),
                number(swings)
            ),
            format!(
                "look at that term, or loosen the tolerance of `{}` (a larger atol) if it is far smaller than what matters",
                self.name(worst)
            ),
        ))
    }

    /// The largest term of a state's rate, in words.
    fn largest(&self, state: SymbolId, here: &Scene) -> Option<String> {
        let mut terms: Vec<(f64, String)> = Vec::new();
        let mut add = |value: f64, what: String| {
            if value.is_finite() {
                terms.push((value, what));
            }
        };
        let plain = |e: &Expr| here.evaluate(e, &mut |_, _, _| ());
        for reaction in &self.model.reactions {
            let sides = [(&reaction.reactants, -1.0), (&reaction.products, 1.0)];
            for (side, sign) in sides {
                for part in side.iter().filter(|p| p.species == state) {
                    let value = sign * plain(&part.stoichiometry) * here.value(reaction.symbol);
                    let law = reaction.rate.as_ref().map_or_else(String::new, |r| {
                        format!(" = {}", quoted(&formula(self.model, r)))
                    });
                    add(
                        value,
                        format!("the reaction `{}`{law}", self.name(reaction.symbol)),
                    );
                }
            }
        }
        if let Some(Rule::Rate(expr)) = &self.model.symbol(state).rule {
            for (sign, term) in summands(expr) {
                add(
                    sign * plain(term),
                    format!("the term {}", quoted(&formula(self.model, term))),
                );
            }
        }
        let (value, what) = terms
            .into_iter()
            .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))?;
        let per = self.unit(state).zip(self.model.time_unit);
        let unit = per.map_or_else(String::new, |(unit, time)| format!(" {unit}/{time}"));
        (value != 0.0).then(|| format!("{what} ({}{unit})", number(value)))
    }

    /// The comparison that flips: of those in one equation the one that is nearest to its edge.
    fn slides(&self, within: &str, here: &Scene) -> Option<(String, String)> {
        let id = self.model.find(within)?;
        let mut nearest: Option<(f64, String)> = None;
        for (place, expr) in self.equations(id) {
            here.evaluate(expr, &mut |part, args, _| {
                let ExprKind::Apply(op, _) = &part.kind else {
                    return;
                };
                let compares = matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Min | Op::Max);
                if let ([a, b], true) = (args, compares) {
                    let apart = (a - b).abs() / (a.abs() + b.abs()).max(f64::MIN_POSITIVE);
                    if nearest.as_ref().is_none_or(|n| apart < n.0) {
                        let told = format!(
                            "{} in {place}{}",
                            quoted(&formula(self.model, part)),
                            self.values_in(part, here)
                        );
                        nearest = Some((apart, told));
                    }
                }
            });
        }
        let (_, told) = nearest?;
        Some((
            format!("on both sides of {told} the equations drive the state back across it"),
            "give the comparison hysteresis (two thresholds, switched by events), or make the two branches meet".to_owned(),
        ))
    }

    /// The trigger of an event.
    fn fires(&self, event: &str) -> Option<(String, String)> {
        let event = self.model.events.iter().find(|e| e.id == event)?;
        let sets: Vec<String> = event
            .assignments
            .iter()
            .map(|a| {
                format!(
                    "{} = {}",
                    self.name(a.target),
                    formula(self.model, &a.value)
                )
            })
            .collect();
        Some((
            format!(
                "its trigger {} comes true again and again; it sets {}",
                quoted(&formula(self.model, &event.trigger)),
                quoted(&sets.join(", "))
            ),
            "make what the event sets end its own trigger for good, or give it a delay".to_owned(),
        ))
    }
}

/// The terms of a sum with their signs.
fn summands(expr: &Expr) -> Vec<(f64, &Expr)> {
    let with = |sign: f64, e| summands(e).into_iter().map(move |(s, t)| (sign * s, t));
    match &expr.kind {
        ExprKind::Apply(Op::Add, args) => args.iter().flat_map(|a| with(1.0, a)).collect(),
        ExprKind::Apply(Op::Sub, args) if args.len() == 2 => {
            with(1.0, &args[0]).chain(with(-1.0, &args[1])).collect()
        }
        ExprKind::Apply(Op::Neg, args) if args.len() == 1 => with(-1.0, &args[0]).collect(),
        _ => vec![(1.0, expr)],
    }
}

/// In backticks, cut in the middle of nothing: what is too long ends in dots.
fn quoted(text: &str) -> String {
    if text.chars().count() <= QUOTED {
        return format!("`{text}`");
    }
    let short: String = text.chars().take(QUOTED).collect();
    format!("`{short} …`")
}

/// Four digits are enough to recognise a number.
pub(crate) fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let size = x.abs();
    if !(1e-3..1e6).contains(&size) {
        let text = format!("{x:.3e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{exponent}");
    }
    let places = (3 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{x:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

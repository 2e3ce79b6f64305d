//! Carries out the rules of a titration: reads what was measured, and gives the arm with its doses changed from then on.

use crate::exposure_read::scaled;
use crate::library::{Library, Shelf};
use crate::measure::Measure;
use crate::plan::taken_until;
use crate::scenario::{Arm, Clock, DoseChange, Exposure, Phase, Regimen, Titration};
use crate::substance::Substance;

/// The arm after a rule has acted at a time, and what was done in words; `Err` with words if there was nothing to change.
pub(crate) fn changed(
    library: &Library,
    arm: &Arm,
    rule: &Titration,
    clock: Clock,
    time_d: f64,
) -> Result<(Arm, String), String> {
    let active = |from_d: f64, until_d: f64| from_d <= time_d && time_d < until_d;
    let taken = |r: &Regimen| r.entry == rule.entry && active(r.from_d, taken_until(r));
    let undergone = |e: &Exposure| e.entry == rule.entry && active(e.from_d, e.until_d);
    let doses: Vec<&Measure> = regimens(arm)
        .filter(|r| taken(r))
        .map(|r| &r.daily)
        .chain(
            exposures(arm)
                .filter(|e| undergone(e))
                .filter_map(|e| e.dose.as_ref()),
        )
        .collect();
    let takes = regimens(arm).any(taken) || exposures(arm).any(undergone);
    let mut next = arm.clone();
    if !takes {
        return match &rule.begin {
            None => Err(format!("{} is not being taken", rule.entry)),
            Some(begin) => {
                let (mut regimens, mut exposures) = (**begin).clone();
                regimens.iter_mut().for_each(|r| r.from_d = time_d);
                exposures.iter_mut().for_each(|e| e.from_d = time_d);
                next.phases.push(Phase {
                    from_d: time_d,
                    until_d: f64::INFINITY,
                    diet: Vec::new(),
                    exposures,
                    regimens,
                    inputs: Vec::new(),
                });
                Ok((next, format!("{} begins", rule.entry)))
            }
        };
    }
    let entry = [Shelf::Supplement, Shelf::Drug]
        .into_iter()
        .find_map(|shelf| library.entry(shelf, &rule.entry))
        .ok_or_else(|| format!("the library has no `{}`", rule.entry))?;
    let substance = entry
        .product
        .as_ref()
        .map_or_else(Substance::default, |p| p.substance.clone());
    let unit = match &rule.change {
        DoseChange::To(dose) | DoseChange::By { step: dose, .. } => dose.clone(),
        DoseChange::Stop => {
            split(&mut next, rule, time_d, clock, &mut |_| None, &mut |_| None);
            return Ok((next, format!("{} stops", rule.entry)));
        }
    };
    let mut now = 0.0;
    for dose in doses {
        now += dose.value * substance.factor(&dose.unit, &unit.unit)?;
    }
    let wanted = match &rule.change {
        DoseChange::By { step, limit } => {
            let limit = limit.value * substance.factor(&limit.unit, &unit.unit)?;
            let moved = now + step.value;
            if step.value > 0.0 {
                moved.min(limit.max(now))
            } else {
                moved.max(limit.min(now))
            }
        }
        _ => unit.value,
    };
    if (wanted - now).abs() <= 1e-9 * now.abs() {
        return Err(format!(
            "{} stays at {} {}",
            rule.entry,
            rounded(now),
            unit.unit_text
        ));
    }
    let ratio = wanted / now;
    let mut failed = None;
    let mut effects_at = |dose: &Measure| match scaled(entry, dose) {
        Ok(effects) => Some(effects),
        Err(_) => {
            failed = Some(format!("{}: its effects do not reach so far", rule.entry));
            None
        }
    };
    let scale = |dose: &Measure| Measure {
        value: dose.value * ratio,
        ..dose.clone()
    };
    let words = format!("{} {} {}", rule.entry, rounded(wanted), unit.unit_text);
    let effects_of = std::cell::RefCell::new(&mut effects_at);
    split(
        &mut next,
        rule,
        time_d,
        clock,
        &mut |old| {
            let mut new = old.clone();
            new.daily = scale(&old.daily);
            new.into.iter_mut().for_each(|d| d.amount *= ratio);
            new.averaged
                .iter_mut()
                .flatten()
                .for_each(|d| d.amount *= ratio);
            let sizes = new.sizes;
            new.size_into
                .iter_mut()
                .take(sizes)
                .for_each(|v| v.value *= ratio);
            if !new.effects.is_empty() {
                new.effects = (effects_of.borrow_mut())(&new.daily)?;
            }
            new.said.clone_from(&words);
            Some(new)
        },
        &mut |old| {
            let dose = scale(old.dose.as_ref()?);
            let effects = (effects_of.borrow_mut())(&dose)?;
            Some(Exposure {
                dose: Some(dose),
                effects,
                said: words.clone(),
                ..old.clone()
            })
        },
    );
    match failed {
        Some(why) => Err(why),
        None => Ok((
            next,
            format!(
                "{} from {} to {} {}",
                rule.entry,
                rounded(now),
                rounded(wanted),
                unit.unit_text
            ),
        )),
    }
}

fn regimens(arm: &Arm) -> impl Iterator<Item = &Regimen> {
    arm.person
        .regimens
        .iter()
        .chain(arm.phases.iter().flat_map(|p| &p.regimens))
}

fn exposures(arm: &Arm) -> impl Iterator<Item = &Exposure> {
    arm.person
        .exposures
        .iter()
        .chain(arm.phases.iter().flat_map(|p| &p.exposures))
}

/// Ends what is taken at a time and lets its successor go on from then; no successor: it stops.
fn split(
    arm: &mut Arm,
    rule: &Titration,
    time_d: f64,
    clock: Clock,
    regimen: &mut dyn FnMut(&Regimen) -> Option<Regimen>,
    exposure: &mut dyn FnMut(&Exposure) -> Option<Exposure>,
) {
    let mut regimens_of = |list: &mut Vec<Regimen>| {
        let mut more = Vec::new();
        for old in list.iter_mut() {
            if old.entry != rule.entry || old.from_d > time_d || taken_until(old) <= time_d {
                continue;
            }
            if let Some(mut new) = regimen(old) {
                new.from_d = goes_on(old, time_d, clock);
                if new.from_d < new.until_d {
                    more.push(new);
                }
            }
            old.until_d = time_d;
        }
        list.extend(more);
    };
    regimens_of(&mut arm.person.regimens);
    arm.phases
        .iter_mut()
        .for_each(|p| regimens_of(&mut p.regimens));
    let mut exposures_of = |list: &mut Vec<Exposure>| {
        let mut more = Vec::new();
        for old in list.iter_mut() {
            if old.entry != rule.entry || old.from_d > time_d || old.until_d <= time_d {
                continue;
            }
            if let Some(mut new) = exposure(old) {
                new.from_d = time_d;
                more.push(new);
            }
            old.until_d = time_d;
        }
        list.extend(more);
    };
    exposures_of(&mut arm.person.exposures);
    arm.phases
        .iter_mut()
        .for_each(|p| exposures_of(&mut p.exposures));
}

/// When a regimen goes on with its new dose: at once, or by the clock on its next dosing day, so that its rhythm stays.
fn goes_on(old: &Regimen, time_d: f64, clock: Clock) -> f64 {
    if clock == Clock::Averaged || old.every_d <= 1.0 {
        return time_d;
    }
    let origin = if old.from_d.is_finite() {
        old.from_d.floor()
    } else {
        0.0
    };
    let day = origin + ((time_d - origin) / old.every_d).floor() * old.every_d;
    if day == time_d.floor() {
        time_d
    } else {
        day + old.every_d
    }
}

/// Doses are shown with at most four digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

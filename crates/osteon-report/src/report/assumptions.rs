//! Which assumed numbers move the results of this scenario most.

use maud::{Markup, html};
use osteon_model::Origin;

use super::ReportInput;
use crate::book::unit_words;
use crate::ticks::quantity;

/// Most assumptions shown.
const MOST: usize = 12;

/// An assumed number and the output it moves most.
pub(super) struct Assumption {
    /// Number in the list of uncertain numbers.
    pub(super) parameter: usize,
    /// Number of the output.
    pub(super) output: usize,
    /// Share of all outputs' variance from assumed numbers, mean over the outputs, 0 to 1.
    pub(super) share: f64,
}

/// Assumed numbers by what they do, largest first.
pub(super) fn ranked(input: &ReportInput<'_>) -> Vec<Assumption> {
    let Some((found, parameters)) = input.assumptions else {
        return Vec::new();
    };
    let assumed = |p: usize| parameters[p].origin == Origin::Assumed;
    let shares: Vec<Vec<f64>> = (0..found.outputs.len())
        .map(|o| {
            let all = found.shares(o);
            let sum: f64 = (0..all.len()).filter(|p| assumed(*p)).map(|p| all[p]).sum();
            all.iter()
                .map(|s| if sum > 0.0 { s / sum } else { 0.0 })
                .collect()
        })
        .collect();
    let mut out: Vec<Assumption> = (0..parameters.len())
        .filter(|p| assumed(*p))
        .filter_map(|p| {
            let of = |o: usize| shares[o].get(p).copied().unwrap_or(0.0);
            let output = (0..shares.len()).max_by(|a, b| of(*a).total_cmp(&of(*b)))?;
            let share = (0..shares.len()).map(of).sum::<f64>() / shares.len() as f64;
            (share > 0.0).then_some(Assumption {
                parameter: p,
                output,
                share,
            })
        })
        .collect();
    out.sort_by(|a, b| {
        b.share
            .total_cmp(&a.share)
            .then(a.parameter.cmp(&b.parameter))
    });
    out.truncate(MOST);
    out
}

/// The table.
pub(super) fn table(input: &ReportInput<'_>) -> Option<Markup> {
    let (found, parameters) = input.assumptions?;
    let ranked = ranked(input);
    (!ranked.is_empty()).then(|| {
        html! {
            p { "Every assumed number of the body went to both ends of its range, one at a time. Ranked by the share it has in what assumptions alone leave open in the last values of this scenario; beside each, the value that it moves most." }
            div class="scroll" { table class="assumptions" {
                thead { tr { th scope="col" { "Assumed number" } th scope="col" class="num" { "Value" } th scope="col" { "Range" } th scope="col" { "Unit" } th scope="col" class="num" { "Share" } th scope="col" { "Moves most" } th scope="col" class="num" { "As it is" } th scope="col" class="num" { "At the ends" } } }
                tbody { @for a in &ranked {
                    @let p = &parameters[a.parameter];
                    @let output = &found.outputs[a.output];
                    @let effect = found.effects[a.output][a.parameter];
                    tr {
                        th scope="row" { (p.label) " " code { (p.name) } }
                        td class="num" { (quantity(p.value)) }
                        td { (quantity(p.range.0)) " to " (quantity(p.range.1)) }
                        td { (input.model.symbols.iter().find(|s| s.id == p.name).map_or_else(|| p.unit.clone(), unit_words)) }
                        td class="num" { (format!("{:.0} %", 100.0 * a.share)) }
                        td { (output.name) }
                        td class="num" { (quantity(output.base)) " " (output.unit) }
                        td class="num" { (quantity(effect.low)) " to " (quantity(effect.high)) }
                    }
                } }
            } }
        }
    })
}

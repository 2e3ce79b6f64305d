//! What may come of the state: ratios to the person's own start, scores and risks, each with the links it rests on and whether
//! they act in this scenario.

use std::collections::BTreeSet;

use maud::{Markup, html};
use osteon_model::{ExprKind, Model, SourceMap, SymbolId};
use osteon_sim::{ArmRun, Column};

use super::ReportInput;
use super::laboratory::{is_outlook, rows_shown};
use crate::book::{Flow, Mechanisms};
use crate::ticks::quantity;
use crate::time_axis::time_head;

/// Inputs whose name begins so switch kinds of knowledge on and off.
const LINK: &str = "link_";

/// A switch of a kind of knowledge and its value in an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkSwitch {
    /// Symbol of the body.
    pub symbol: String,
    /// Words for it.
    pub label: String,
    /// Its value in the arm: 1 acts, 0 does not.
    pub value: f64,
}

/// Which switches a quantity hangs on in an arm, with at most one state between.
pub(super) fn links(input: &ReportInput<'_>, arm: &ArmRun, name: &str) -> Vec<LinkSwitch> {
    let model = input.model;
    let Some(symbol) = input
        .library
        .quantity(name)
        .and_then(|q| model.find(&q.symbol))
    else {
        return Vec::new();
    };
    let mechanisms = Mechanisms::of(model, &SourceMap::new());
    let flow = Flow::of(model, &mechanisms);
    let near: BTreeSet<SymbolId> = flow.near(symbol, 1).into_iter().collect();
    near.into_iter()
        .filter(|id| model.symbol(*id).id.starts_with(LINK))
        .filter_map(|id| {
            let symbol = model.symbol(id);
            Some(LinkSwitch {
                symbol: symbol.id.clone(),
                label: symbol.name.clone().unwrap_or_else(|| symbol.id.clone()),
                value: set_value(input, arm, &symbol.id).or_else(|| default(model, id))?,
            })
        })
        .collect()
}

fn set_value(input: &ReportInput<'_>, arm: &ArmRun, symbol: &str) -> Option<f64> {
    let arm = input.scenario.arms.iter().find(|a| a.name == arm.name)?;
    let phases = arm.phases.iter().flat_map(|p| &p.inputs);
    phases
        .chain(&arm.person.inputs)
        .find(|i| i.input == symbol)
        .map(|i| i.value)
}

fn default(model: &Model, id: SymbolId) -> Option<f64> {
    match model.symbol(id).initial.as_ref()?.expr.kind {
        ExprKind::Number(value, _) => Some(value),
        _ => None,
    }
}

/// The columns of an arm that tell what may come.
pub(super) fn columns<'a>(input: &ReportInput<'_>, arm: &'a ArmRun) -> Vec<&'a Column> {
    let columns = arm.columns.iter();
    columns.filter(|c| is_outlook(input, &c.quantity)).collect()
}

/// A table for each arm.
pub(super) fn tables(input: &ReportInput<'_>) -> Option<Markup> {
    let any = input.run.arms.iter().any(|a| !columns(input, a).is_empty());
    any.then(|| {
        html! {
            p { "Ratios compare with the person's own start, so that they say what the scenario does and not who the person is. Under each name stand the kinds of knowledge that the number hangs on besides mechanism, and whether they act here." }
            @for (number, arm) in input.run.arms.iter().enumerate() {
                @if !arm.name.is_empty() { h3 { (arm.name) } }
                @let rows = rows_shown(input, number);
                div class="scroll" { table class="outlook" data-arm=(arm.name) {
                    thead { tr {
                        th scope="col" { "Quantity" } th scope="col" { "Unit" }
                        @for row in &rows { th scope="col" class="num" { (arm.times.get(*row).map_or_else(String::new, |t| time_head(*t, input.figure.days.1 - input.figure.days.0))) } }
                    } }
                    tbody { @for column in columns(input, arm) {
                        tr data-quantity=(column.quantity) {
                            th scope="row" { (column.label) span class="links" { (links_words(input, arm, &column.quantity)) } }
                            td { @if column.unit != "1" { (column.unit) } }
                            @for row in &rows {
                                @let value = column.values.get(*row).copied().unwrap_or(f64::NAN);
                                td class="num" data-row=(row) data-v=[value.is_finite().then_some(value)] { (quantity(value)) }
                            }
                        }
                    } }
                } }
            }
        }
    })
}

fn links_words(input: &ReportInput<'_>, arm: &ArmRun, quantity: &str) -> Markup {
    let found = links(input, arm, quantity);
    html! {
        @if found.is_empty() { "mechanism alone" }
        @for (i, link) in found.iter().enumerate() {
            @if i > 0 { ", " }
            span title=(link.label) { (link.symbol.trim_start_matches(LINK).replace('_', " ")) " " b { (if link.value == 0.0 { "off" } else { "on" }) } }
        }
    }
}

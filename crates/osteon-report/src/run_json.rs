//! A run as JSON, for machines: everything the table and the summary hold, and the scenario's text.

use osteon_sim::{ArmRun, Reference, Run};
use serde_json::{Value, json};

/// The run as a JSON value. NaN becomes null. Times are days.
pub fn run_json(run: &Run) -> Value {
    json!({
        "run": run.scenario,
        "title": run.title,
        "time_unit": "d",
        "failed": run.failed(),
        "made_by": {
            "engine": run.meta.engine,
            "body": run.meta.body,
            "body_hash": run.meta.body_hash,
            "scenario_hash": run.meta.scenario_hash,
            "clock": run.meta.clock,
            "rtol": run.meta.rtol,
            "atol": run.meta.atol,
            "states": run.meta.states,
        },
        "arms": run.arms.iter().map(arm_json).collect::<Vec<_>>(),
    })
}

fn arm_json(arm: &ArmRun) -> Value {
    json!({
        "arm": arm.name,
        "id": arm.id,
        "failure": arm.failure.as_ref().map(|f| json!({"id": f.id, "time": f.time_d, "message": f.message, "states": f.states, "hint": f.hint})),
        "times": arm.times,
        "status": arm.status.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "quantities": arm.columns.iter().map(|c| json!({
            "quantity": c.quantity,
            "label": c.label,
            "unit": c.unit,
            "reference": c.reference.as_ref().map(reference_json),
            "values": c.values,
        })).collect::<Vec<_>>(),
        "events": arm.events.iter().map(|e| json!({"time": e.time_d, "kind": format!("{:?}", e.kind).to_lowercase(), "what": e.what})).collect::<Vec<_>>(),
        "ledger": arm.ledger.iter().map(|l| json!({
            "element": l.element, "unit": l.unit, "entered": l.entered, "dosed": l.dosed, "left": l.left, "gained": l.gained,
            "relative_error": l.relative_error,
        })).collect::<Vec<_>>(),
        "skipped": (!arm.skipped.spans.is_empty()).then(|| json!({
            "days": arm.skipped.days(), "period": arm.skipped.period_d, "periods_simulated": arm.skipped.simulated, "error": arm.skipped.error,
            "spans": arm.skipped.spans,
        })),
        "work": {"steps": arm.work.steps, "rejected": arm.work.rejected, "rhs": arm.work.rhs, "factorisations": arm.work.factorisations},
    })
}

fn reference_json(reference: &Reference) -> Value {
    json!({"lower": reference.lower, "upper": reference.upper, "source": reference.source})
}

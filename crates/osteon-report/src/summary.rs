//! What a run comes to, for the terminal: what changed, when, in which unit, against which reference range; the balance of
//! each element; the effort.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use osteon_sim::{ArmRun, Column, LedgerLine, MetKind, Reference, Run};

use crate::aligned::Aligned;
use crate::ticks::quantity;
use crate::time_axis::time_text;

/// Most lines of events shown.
const MOST_EVENTS: usize = 14;
/// A course that moves by less than this share of its size is said to be steady.
const STEADY: f64 = 0.005;

/// The run in words and tables.
pub fn summary(run: &Run) -> String {
    let mut out = format!("{}\n", run.title);
    for arm in &run.arms {
        if !arm.name.is_empty() || arm.id.is_some() {
            let who = arm
                .id
                .as_deref()
                .map_or(String::new(), |id| format!(" ({id})"));
            let _ = write!(out, "\n{}{who}\n", arm.name);
        }
        if let Some(failure) = &arm.failure {
            let _ = write!(
                out,
                "  stopped {}\n  try: {}\n",
                failure.message, failure.hint
            );
        }
        if !arm.skipped.spans.is_empty() {
            let _ = writeln!(
                out,
                "{:.0} days skipped in {} leaps, {} periods of {} d integrated; largest error found {:.1e}",
                arm.skipped.days(),
                arm.skipped.spans.len(),
                arm.skipped.simulated,
                arm.skipped.period_d,
                arm.skipped.error
            );
        }
        out.push('\n');
        out.push_str(&courses(arm));
        out.push_str(&events(arm));
        out.push_str(&ledger(arm));
    }
    let work = run.arms.iter().fold([0_u64; 3], |w, a| {
        [
            w[0] + a.work.steps,
            w[1] + a.work.rejected,
            w[2] + a.work.factorisations,
        ]
    });
    let _ = write!(
        out,
        "\n{} states, {} steps ({} rejected), {} factorisations, rtol {:e}; intake: {}\nosteon {}, {}\n",
        run.meta.states,
        work[0],
        work[1],
        work[2],
        run.meta.rtol,
        run.meta.clock,
        run.meta.engine,
        run.meta.body
    );
    out
}

fn courses(arm: &ArmRun) -> String {
    let mut table = Aligned::new(&[
        "",
        "",
        ">start  ",
        ">lowest  ",
        "at",
        ">highest  ",
        "at",
        ">end  ",
        ">change",
        "reference",
    ]);
    for column in &arm.columns {
        let Some(course) = Course::of(arm, column) else {
            table.row(vec![column.label.clone(), column.unit.clone(), "–".into()]);
            continue;
        };
        let flagged = |v: f64| format!("{}{}", quantity(v), flag(v, column.reference.as_ref()));
        let change = course.end - course.start;
        let moved =
            course.highest.1 - course.lowest.1 > STEADY * course.start.abs().max(course.end.abs());
        // A share of the start has meaning only where zero is nothing: not for scores and balances, which may be negative.
        let from_nothing = course.lowest.1 >= 0.0
            && column
                .reference
                .as_ref()
                .is_none_or(|r| r.lower.is_none_or(|l| l >= 0.0));
        let change_text = if !moved {
            "steady".to_owned()
        } else if from_nothing
            && course.start.abs() > 1e-9 * course.end.abs()
            && course.start != 0.0
        {
            format!(
                "{}{} %",
                if change > 0.0 { "+" } else { "" },
                percent(100.0 * change / course.start.abs())
            )
        } else {
            format!(
                "{}{}",
                if change > 0.0 { "+" } else { "" },
                quantity(change)
            )
        };
        let extremes = if moved {
            [
                flagged(course.lowest.1),
                time_text(course.lowest.0),
                flagged(course.highest.1),
                time_text(course.highest.0),
            ]
        } else {
            Default::default()
        };
        let [low, low_at, high, high_at] = extremes;
        table.row(vec![
            column.label.clone(),
            column.unit.clone(),
            flagged(course.start),
            low,
            low_at,
            high,
            high_at,
            flagged(course.end),
            change_text,
            column.reference.as_ref().map_or(String::new(), range_text),
        ]);
    }
    if table.is_empty() {
        String::new()
    } else {
        table.text("  ")
    }
}

fn percent(value: f64) -> String {
    let text = if value.abs() < 9.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    };
    text.replace('-', "−")
}

/// First, last, lowest and highest value from time zero on.
struct Course {
    start: f64,
    end: f64,
    lowest: (f64, f64),
    highest: (f64, f64),
}

impl Course {
    fn of(arm: &ArmRun, column: &Column) -> Option<Course> {
        let from_zero = arm.times.iter().any(|t| *t >= 0.0 && t.is_finite());
        let points: Vec<(f64, f64)> = arm
            .times
            .iter()
            .copied()
            .zip(column.values.iter().copied())
            .filter(|(t, v)| v.is_finite() && (*t >= 0.0 || !from_zero))
            .collect();
        let (first, last) = (points.first()?, points.last()?);
        let least = points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let most = points
            .iter()
            .copied()
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.total_cmp(&a.0)))?;
        Some(Course {
            start: first.1,
            end: last.1,
            lowest: least,
            highest: most,
        })
    }
}

/// ` L` below the reference range, ` H` above, two blanks within or without one, so that digits stay in line.
fn flag(value: f64, reference: Option<&Reference>) -> &'static str {
    match reference {
        Some(r) if r.lower.is_some_and(|l| value < l) => " L",
        Some(r) if r.upper.is_some_and(|u| value > u) => " H",
        _ => "  ",
    }
}

/// `0.75–0.95 (source)`, `below 6`, `above 0.7`.
pub(crate) fn range_text(reference: &Reference) -> String {
    let range = match (reference.lower, reference.upper) {
        (Some(l), Some(u)) => format!("{}–{}", quantity(l), quantity(u)),
        (Some(l), None) => format!("above {}", quantity(l)),
        (None, Some(u)) => format!("below {}", quantity(u)),
        (None, None) => return String::new(),
    };
    if reference.source.is_empty() {
        range
    } else {
        format!("{range} ({})", reference.source)
    }
}

fn events(arm: &ArmRun) -> String {
    // Doses that repeat are one line with their number.
    let mut lines: Vec<(f64, f64, usize, &str)> = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for met in &arm.events {
        match (met.kind, seen.get(met.what.as_str())) {
            (MetKind::Dose | MetKind::Event, Some(line)) => {
                lines[*line].1 = met.time_d;
                lines[*line].2 += 1;
            }
            _ => {
                seen.insert(&met.what, lines.len());
                lines.push((met.time_d, met.time_d, 1, &met.what));
            }
        }
    }
    let mut out = String::new();
    if !lines.is_empty() {
        out.push('\n');
    }
    for (first, last, count, what) in lines.iter().take(MOST_EVENTS) {
        let _ = match count {
            1 => writeln!(out, "  {:>9}  {what}", time_text(*first)),
            _ => writeln!(
                out,
                "  {:>9}  {what}; {count} times until {}",
                time_text(*first),
                time_text(*last)
            ),
        };
    }
    if lines.len() > MOST_EVENTS {
        let _ = writeln!(out, "  {:>9}  and {} more", "", lines.len() - MOST_EVENTS);
    }
    out
}

fn ledger(arm: &ArmRun) -> String {
    let mut table = Aligned::new(&[
        "balance",
        "",
        ">day's intake",
        ">meals and doses",
        ">left",
        ">gained",
        ">closes to",
    ]);
    // An element that nothing brings and nothing takes, such as a tracer that is not given, says nothing.
    let moves = |l: &LedgerLine| {
        [l.entered, l.dosed, l.left, l.gained]
            .iter()
            .any(|v| *v != 0.0)
    };
    for line in arm.ledger.iter().filter(|l| moves(l)) {
        table.row(vec![
            line.element.clone(),
            line.unit.clone(),
            quantity(line.entered),
            quantity(line.dosed),
            quantity(line.left),
            quantity(line.gained),
            format!("{:.0e}", line.relative_error),
        ]);
    }
    if table.is_empty() {
        String::new()
    } else {
        format!("\n{}", table.text("  "))
    }
}

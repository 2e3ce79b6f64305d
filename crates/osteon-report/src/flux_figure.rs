//! The traffic of an element as bands from where it comes from to where it goes (Sankey), on two days under each other and on one scale.
//! Two places that exchange show their net flow as a band; what went each way is written beside the place.

use osteon_study::{DayFlux, Flux, PlaceKind};

use crate::flux_page::{NetFlow, day_words, near_zero, net_flows, traffic};
use crate::palette::{GREY, INK};
use crate::svg::{Anchor, Canvas, Svg, TextStyle};
use crate::text_width::{Weight, text_width, wrap};
use crate::ticks::quantity;

const WIDTH: f64 = 980.0;
const MARGIN: f64 = 28.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 330.0;
/// Height of the tallest column of either day, gaps not counted.
const HEIGHT: f64 = 230.0;
const GAP: f64 = 14.0;
const SLOT: f64 = 32.0;
const NODE: f64 = 14.0;
const LINE: f64 = 15.0;
const STEPS: usize = 28;
const SOURCE: &str = "#009e73";
const POOL: &str = "#0072b2";
const SINK: &str = "#d55e00";

fn colour(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Source => SOURCE,
        PlaceKind::Pool => POOL,
        PlaceKind::Sink => SINK,
    }
}

/// Draws both days. `source` is the small print.
pub fn flux_figure(found: &Flux, source: &str) -> Svg {
    let columns = columns(found);
    let mut canvas = Canvas::new();
    let inner = WIDTH - 2.0 * MARGIN;
    let mut y = MARGIN + 16.0;
    let mut letters = found.word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let word: String = first.chain(letters).collect();
    let title = format!("{word}: where it comes from and where it goes");
    canvas.text((MARGIN, y), &title, TextStyle::new(20.0, INK).bold());
    y += 26.0;
    let arm = if found.arm.is_empty() {
        String::new()
    } else {
        format!(", {}", found.arm)
    };
    let subtitle = format!("{}{arm}; {} a day", found.title, found.unit);
    for line in wrap(&subtitle, 13.0, Weight::Regular, inner) {
        canvas.text((MARGIN, y - 2.0), &line, TextStyle::new(13.0, GREY));
        y += 18.0;
    }
    let days = [&found.before, &found.after];
    let last = columns.iter().copied().max().unwrap_or(0);
    let mut tallest = f64::MIN_POSITIVE;
    for day in days {
        let sizes = sizes(found, day, &columns);
        for column in 0..=last {
            let here = (0..sizes.len()).filter(|p| columns[*p] == column);
            tallest = tallest.max(here.map(|p| sizes[p].0.max(sizes[p].1)).sum());
        }
    }
    let scale = HEIGHT / tallest;
    // Labels of neighbouring columns between the ends stand on two heights.
    let head = if last > 2 { 84.0 } else { 52.0 };
    for day in days {
        y += 12.0;
        canvas.text(
            (MARGIN, y + 8.0),
            &day_words(day),
            TextStyle::new(14.0, INK).bold(),
        );
        y = draw_day(&mut canvas, found, day, &columns, scale, y + head);
    }
    y += 8.0;
    let note = "A band is a net flow, as wide as it is large; where two places exchange, what went each way is written beside the place. \
                In − out = what stays, for every place.";
    for words in [note, source] {
        for words in wrap(words, 11.0, Weight::Regular, inner) {
            canvas.text((MARGIN, y + 8.0), &words, TextStyle::new(11.0, GREY));
            y += 15.0;
        }
    }
    canvas.finish(WIDTH, y + 14.0, &title, &describe(found))
}

/// Sources stand first; a pool stands one column after the nearest place that it exchanges with; sinks stand last.
fn columns(found: &Flux) -> Vec<usize> {
    let n = found.places.len();
    let kind = |p: usize| found.places[p].kind;
    let mut at: Vec<Option<usize>> = (0..n)
        .map(|p| (kind(p) == PlaceKind::Source).then_some(0))
        .collect();
    let links: Vec<(usize, usize)> = [&found.before, &found.after]
        .iter()
        .flat_map(|d| {
            d.flows
                .iter()
                .flat_map(|f| [(f.from, f.to), (f.to, f.from)])
        })
        .collect();
    for _ in 0..n {
        for (from, to) in &links {
            if let (Some(column), PlaceKind::Pool) = (at[*from], kind(*to))
                && at[*to].is_none_or(|now| now > column + 1)
            {
                at[*to] = Some(column + 1);
            }
        }
    }
    let last_pool = at.iter().flatten().copied().max().unwrap_or(0);
    let feeds_sink = |p: &usize| {
        links
            .iter()
            .any(|(a, b)| *a == *p && kind(*b) == PlaceKind::Sink)
    };
    let beyond = (0..n)
        .filter(feeds_sink)
        .filter_map(|p| at[p])
        .max()
        .map_or(1, |c| c + 1);
    let last = last_pool.max(beyond);
    at.into_iter().map(|c| c.unwrap_or(last)).collect()
}

/// Net amounts on the left and on the right side of every place.
fn sizes(found: &Flux, day: &DayFlux, columns: &[usize]) -> Vec<(f64, f64)> {
    let mut sizes = vec![(0.0, 0.0); found.places.len()];
    for flow in net_flows(day) {
        for (here, there) in [(flow.from, flow.to), (flow.to, flow.from)] {
            if columns[there] < columns[here] {
                sizes[here].0 += flow.net;
            } else {
                sizes[here].1 += flow.net;
            }
        }
    }
    sizes
}

/// Draws one day below `top`; gives where it ends.
fn draw_day(
    canvas: &mut Canvas,
    found: &Flux,
    day: &DayFlux,
    columns: &[usize],
    scale: f64,
    top: f64,
) -> f64 {
    let n = found.places.len();
    let sides = sizes(found, day, columns);
    let height: Vec<f64> = sides
        .iter()
        .map(|s| (s.0.max(s.1) * scale).max(3.0))
        .collect();
    let last = columns.iter().copied().max().unwrap_or(0);
    let step = (WIDTH - 2.0 * MARGIN - LEFT - RIGHT - NODE) / last.max(1) as f64;
    let x: Vec<f64> = columns
        .iter()
        .map(|c| MARGIN + LEFT + step * *c as f64)
        .collect();
    // Pools above, then sinks; sinks that food reaches directly stand lowest, so that its band passes below.
    let from_source = |p: usize| {
        found
            .before
            .flows
            .iter()
            .chain(&found.after.flows)
            .any(|f| f.to == p && found.places[f.from].kind == PlaceKind::Source)
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|p| {
        let kind = found.places[*p].kind;
        (kind, kind == PlaceKind::Sink && from_source(*p), *p)
    });
    let mut y = vec![0.0; n];
    let mut end = top;
    for column in 0..=last {
        let mut at = top;
        for p in order.iter().filter(|p| columns[**p] == column) {
            y[*p] = at;
            let slot = match column {
                0 => LINE * (name_lines(&found.places[*p].name).len() + 1) as f64,
                c if c == last => SLOT,
                _ => 0.0,
            };
            at += height[*p].max(slot) + GAP;
        }
        end = f64::max(end, at);
    }
    // Ports are filled from the top in the order of the places at the other end.
    let mut flows = net_flows(day);
    let rank = |p: usize| order.iter().position(|o| *o == p).unwrap_or(0);
    flows.sort_by_key(|f| (rank(f.from).min(rank(f.to)), rank(f.from).max(rank(f.to))));
    // Left ports are filled from the top by those nearest first, so that bands from far away pass below.
    let near_far = |f: &NetFlow| {
        if columns[f.from] <= columns[f.to] {
            (f.from, f.to)
        } else {
            (f.to, f.from)
        }
    };
    let mut used = vec![(0.0, 0.0); n];
    let mut begins = Vec::with_capacity(flows.len());
    for flow in &flows {
        let (near, _) = near_far(flow);
        begins.push(y[near] + used[near].1);
        used[near].1 += flow.net * scale;
    }
    let mut ends = vec![0.0; flows.len()];
    let mut by_far: Vec<usize> = (0..flows.len()).collect();
    by_far.sort_by_key(|f| {
        let near = near_far(&flows[*f]).0;
        (std::cmp::Reverse(columns[near]), rank(near))
    });
    for f in by_far {
        let (near, far) = near_far(&flows[f]);
        let side = if columns[far] > columns[near] {
            &mut used[far].0
        } else {
            &mut used[far].1
        };
        ends[f] = y[far] + *side;
        *side += flows[f].net * scale;
    }
    for ((flow, start), stop) in flows.iter().zip(begins).zip(ends) {
        let band = (flow.net * scale).max(0.6);
        let (near, far) = near_far(flow);
        let to_right = columns[far] == columns[near];
        let kinds = (found.places[flow.from].kind, found.places[flow.to].kind);
        let tint = if kinds.0 == PlaceKind::Source {
            colour(kinds.1)
        } else {
            colour(kinds.1.max(kinds.0))
        };
        let (x0, x1) = (
            x[near] + NODE,
            if to_right { x[far] + NODE } else { x[far] },
        );
        ribbon(canvas, (x0, start), (x1, stop), band, tint);
        if band > 5.0 {
            let leftwards = near == flow.to && near != far;
            arrow(
                canvas,
                ((x0 + x1) / 2.0, (start + stop) / 2.0 + band / 2.0),
                leftwards,
            );
        }
    }
    for p in 0..n {
        canvas.rect(
            x[p],
            y[p],
            NODE,
            height[p],
            colour(found.places[p].kind),
            1.0,
        );
        label(
            canvas,
            found,
            day,
            p,
            (x[p], y[p], height[p]),
            columns[p],
            last,
        );
    }
    end
}

fn label(
    canvas: &mut Canvas,
    found: &Flux,
    day: &DayFlux,
    p: usize,
    (x, y, height): (f64, f64, f64),
    column: usize,
    last: usize,
) {
    let place = &found.places[p];
    let total = |out: bool| -> f64 {
        day.flows
            .iter()
            .filter(|f| if out { f.from == p } else { f.to == p })
            .map(|f| f.amount)
            .sum()
    };
    let (into, out) = (total(false), total(true));
    let traffic = traffic(day);
    let shown = |v: f64| near_zero(v, traffic);
    let amount = match place.kind {
        PlaceKind::Source => shown(out),
        PlaceKind::Sink => shown(into),
        PlaceKind::Pool => {
            let stays = shown(day.gained[p]);
            let sign = if day.gained[p] > 0.0 && stays != "0" {
                "+"
            } else {
                ""
            };
            format!("{} in, {} out: {sign}{stays}", shown(into), shown(out))
        }
    };
    let name = TextStyle::new(12.5, INK).bold();
    let small = TextStyle::new(11.5, GREY);
    if column == 0 {
        let lines = name_lines(&place.name);
        let at = y + (height / 2.0).clamp(11.0, 40.0);
        let end = |s: TextStyle| s.anchored(Anchor::End);
        for (row, line) in lines.iter().enumerate() {
            canvas.text((x - 9.0, at + LINE * row as f64), line, end(name));
        }
        let below = at + LINE * lines.len() as f64;
        canvas.text((x - 9.0, below), &amount, end(small));
    } else if column == last {
        let at = y + 12.0;
        canvas.text((x + NODE + 9.0, at), &place.name, name);
        let wide = text_width(&place.name, 12.5, Weight::SemiBold);
        if place.kind == PlaceKind::Pool {
            canvas.text((x + NODE + 9.0, at + LINE), &amount, small);
        } else {
            canvas.text((x + NODE + 19.0 + wide, at), &amount, small);
        }
    } else {
        // Every second column stands higher.
        let up = if column.is_multiple_of(2) {
            2.0 * LINE
        } else {
            0.0
        };
        let middle = |s: TextStyle| s.anchored(Anchor::Middle);
        let at = (x + NODE / 2.0, y - 7.0 - up);
        canvas.text((at.0, at.1 - LINE), &place.name, middle(name));
        canvas.text(at, &amount, middle(small));
    }
}

fn name_lines(name: &str) -> Vec<String> {
    wrap(name, 12.5, Weight::SemiBold, LEFT - 12.0)
}

/// A band of constant height between two points that begins and ends level.
fn ribbon(canvas: &mut Canvas, from: (f64, f64), to: (f64, f64), band: f64, tint: &str) {
    let mut upper = Vec::with_capacity(2 * STEPS + 2);
    let mut lower = Vec::with_capacity(STEPS + 1);
    for k in 0..=STEPS {
        let s = k as f64 / STEPS as f64;
        let bend = s * s * (3.0 - 2.0 * s);
        let (x, y) = (
            from.0 + s * (to.0 - from.0),
            from.1 + bend * (to.1 - from.1),
        );
        upper.push((x, y));
        lower.push((x, y + band));
    }
    upper.extend(lower.into_iter().rev());
    canvas.polygon(&upper, tint, 0.38);
}

fn arrow(canvas: &mut Canvas, at: (f64, f64), leftwards: bool) {
    let d = if leftwards { -5.0 } else { 5.0 };
    let points = [
        (at.0 - d, at.1 - 4.5),
        (at.0 + d, at.1),
        (at.0 - d, at.1 + 4.5),
    ];
    canvas.polygon(&points, INK, 0.55);
}

fn describe(found: &Flux) -> String {
    [&found.before, &found.after]
        .iter()
        .map(|day| {
            let flows: Vec<String> = net_flows(day)
                .iter()
                .map(|f| {
                    format!(
                        "{} to {} {}",
                        found.places[f.from].name,
                        found.places[f.to].name,
                        quantity(f.net)
                    )
                })
                .collect();
            format!(
                "{}, net {} a day: {}.",
                day_words(day),
                found.unit,
                flows.join("; ")
            )
        })
        .collect::<Vec<_>>()
        .join(" ")
}

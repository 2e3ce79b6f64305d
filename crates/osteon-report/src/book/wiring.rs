//! Which mechanism feeds which, as pictures laid out by code: all of them on a ring, and one between its neighbours.

use std::f64::consts::TAU;

use maud::{Markup, html};
use osteon_model::SymbolId;

use super::Book;
use super::page::local;

const WIDTH: f64 = 1100.0;
const HEIGHT: f64 = 790.0;

fn px(v: f64) -> String {
    format!("{}", (v * 10.0).round() / 10.0)
}

/// The names of signals in words, at most `most`.
fn names(book: &Book<'_>, ids: &[SymbolId], most: usize) -> Vec<String> {
    let mut out: Vec<String> = ids
        .iter()
        .take(most)
        .map(|id| local(book.input.model.symbol(*id)).to_owned())
        .collect();
    if ids.len() > most {
        out.push(format!("and {} more", ids.len() - most));
    }
    out
}

/// Two mechanisms and what passes between them.
type Edge<'b> = (usize, usize, &'b [SymbolId]);

/// Who feeds whom with what, and all who do in an order with short ways between them; `None` for fewer than three.
fn ordered<'b>(book: &'b Book<'_>) -> Option<(Vec<Edge<'b>>, Vec<usize>)> {
    let edges: Vec<Edge<'_>> = book.flow.edges().collect();
    let mut members: Vec<usize> = edges.iter().flat_map(|e| [e.0, e.1]).collect();
    members.sort_unstable();
    members.dedup();
    if members.len() < 3 {
        return None;
    }
    let order = short_ring(&members, &edges);
    Some((edges, order))
}

/// The ring of all mechanisms that feed or are fed; `None` for fewer than three.
pub(super) fn ring(book: &Book<'_>) -> Option<Markup> {
    let (edges, order) = ordered(book)?;
    let n = order.len() as f64;
    let (cx, cy, rx, ry) = (
        WIDTH / 2.0,
        HEIGHT / 2.0,
        WIDTH / 2.0 - 270.0,
        HEIGHT / 2.0 - 62.0,
    );
    let place = |member: usize| {
        let at = order.iter().position(|m| *m == member).unwrap_or(0) as f64;
        let angle = TAU * (at + 0.5) / n - TAU / 4.0;
        (angle, cx + rx * angle.cos(), cy + ry * angle.sin())
    };
    let heights = label_heights(&order, &place);
    let title = |m: usize| book.mechanisms.list[m].title.as_str();
    let said: Vec<String> = order
        .iter()
        .map(|m| {
            let fed: Vec<&str> = edges
                .iter()
                .filter(|e| e.0 == *m)
                .map(|e| title(e.1))
                .collect();
            format!(
                "{} feeds {}.",
                title(*m),
                if fed.is_empty() {
                    "nothing".to_owned()
                } else {
                    fed.join(", ")
                }
            )
        })
        .collect();
    Some(html! {
        figure class="wiring" {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby="ring-title ring-desc" {
                title id="ring-title" { "Which mechanism feeds which" }
                desc id="ring-desc" { (said.join(" ")) }
                defs { marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" markerUnits="userSpaceOnUse" orient="auto" { path d="M0,0.5L8,4L0,7.5z" {} } }
                @for (from, to, signals) in &edges {
                    @let (_, x0, y0) = place(*from);
                    @let (_, x1, y1) = place(*to);
                    // Both ways between two mechanisms are two curves: each bends a little to its right.
                    @let (mx, my) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
                    @let (dx, dy) = (x1 - x0, y1 - y0);
                    @let long = (dx * dx + dy * dy).sqrt().max(1.0);
                    @let bend = 10.0;
                    @let (qx, qy) = (cx + (mx - cx) * 0.35 - dy / long * bend, cy + (my - cy) * 0.35 + dx / long * bend);
                    // The tip stops before the dot.
                    @let (ex, ey) = (x1 - qx, y1 - qy);
                    @let end = (ex * ex + ey * ey).sqrt().max(1.0);
                    path class={ "edge from-" (from) " into-" (to) } stroke-width=(px(0.7 + (signals.len() as f64).ln()))
                        d={ "M" (px(x0)) "," (px(y0)) "Q" (px(qx)) "," (px(qy)) " " (px(x1 - ex / end * 7.0)) "," (px(y1 - ey / end * 7.0)) } marker-end="url(#tip)" {
                        title { (title(*from)) " feeds " (title(*to)) ": " (names(book, signals, 12).join(", ")) }
                    }
                }
                @for m in &order {
                    @let (angle, x, y) = place(*m);
                    @let right = angle.cos() >= 0.0;
                    @let lx = x + if right { 11.0 } else { -11.0 };
                    @let ly = heights.iter().find(|h| h.0 == *m).map_or(y, |h| h.1);
                    @if (ly - y).abs() > 5.0 { line class="leader" x1=(px(x)) y1=(px(y)) x2=(px(lx - if right { 2.0 } else { -2.0 })) y2=(px(ly)) {} }
                    a href={ (book.mechanisms.list[*m].page) ".html" } class="node" data-node=(m) {
                        circle cx=(px(x)) cy=(px(y)) r="5.5" {}
                        text x=(px(lx)) y=(px(ly + 4.5)) text-anchor=(if right { "start" } else { "end" }) { (title(*m)) }
                    }
                }
            }
            figcaption { "An arrow means that the second mechanism reads something the first computes; the thicker, the more. Point at a name to see what it reads (orange) and who reads it (blue)." }
        }
    })
}

/// Who reads whom as a grid: a mark in a row says that the row's mechanism reads the column's; the darker, the more.
pub(super) fn grid(book: &Book<'_>) -> Option<Markup> {
    const CELL: f64 = 17.0;
    const LEFT: f64 = 232.0;
    const TOP: f64 = 236.0;
    let (edges, order) = ordered(book)?;
    let at = |member: usize| order.iter().position(|m| *m == member).unwrap_or(0) as f64 * CELL;
    let side = order.len() as f64 * CELL;
    let title = |m: usize| book.mechanisms.list[m].title.as_str();
    let most = edges.iter().map(|e| e.2.len()).max().unwrap_or(1) as f64;
    let ink = |n: usize| 0.25 + 0.75 * (n as f64).ln() / most.max(2.0).ln();
    Some(html! {
        figure class="wiring grid" {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (px(LEFT + side + 12.0)) " " (px(TOP + side + 4.0)) } role="img" aria-labelledby="grid-title grid-desc" {
                title id="grid-title" { "Which mechanism reads which, as a grid" }
                desc id="grid-desc" { "Rows read columns. The table below says the same in words." }
                @for m in &order {
                    @let d = at(*m);
                    line class="rule" x1=(px(LEFT)) x2=(px(LEFT + side)) y1=(px(TOP + d)) y2=(px(TOP + d)) {}
                    line class="rule" y1=(px(TOP)) y2=(px(TOP + side)) x1=(px(LEFT + d)) x2=(px(LEFT + d)) {}
                    rect class="own" x=(px(LEFT + d)) y=(px(TOP + d)) width=(px(CELL)) height=(px(CELL)) {}
                    a href={ (book.mechanisms.list[*m].page) ".html" } { text x=(px(LEFT - 6.0)) y=(px(TOP + d + 12.5)) text-anchor="end" { (title(*m)) } }
                    @let (x, y) = (px(LEFT + d + 12.5), px(TOP - 6.0));
                    text transform={ "translate(" (x) "," (y) ") rotate(-90)" } { (title(*m)) }
                }
                @for (from, to, signals) in &edges {
                    rect class="cell" fill-opacity=(px(ink(signals.len()))) x=(px(LEFT + at(*from) + 1.5)) y=(px(TOP + at(*to) + 1.5)) width=(px(CELL - 3.0)) height=(px(CELL - 3.0)) {
                        title { (title(*to)) " reads of " (title(*from)) ": " (names(book, signals, 12).join(", ")) }
                    }
                }
            }
            figcaption { "The same as a grid: a row's mechanism reads from a column's; the darker, the more signals. Point at a mark to see which." }
        }
    })
}

/// Heights of the names: beside the dot where there is room, else pushed up or down from the middle of their half of the ring.
fn label_heights(order: &[usize], place: &dyn Fn(usize) -> (f64, f64, f64)) -> Vec<(usize, f64)> {
    const APART: f64 = 16.5;
    let mut out = Vec::new();
    for right in [true, false] {
        for upper in [true, false] {
            let mut quarter: Vec<(usize, f64)> = order
                .iter()
                .map(|m| (*m, place(*m)))
                .filter(|(_, (angle, _, y))| {
                    (angle.cos() >= 0.0) == right && (*y < HEIGHT / 2.0) == upper
                })
                .map(|(m, (_, _, y))| (m, y))
                .collect();
            quarter.sort_by(|a, b| a.1.total_cmp(&b.1));
            if upper {
                quarter.reverse();
            }
            let mut last: Option<f64> = None;
            for (m, y) in quarter {
                let at = match last {
                    Some(l) if upper => y.min(l - APART),
                    Some(l) => y.max(l + APART),
                    None => y,
                };
                last = Some(at);
                out.push((m, at));
            }
        }
    }
    out
}

/// An order round the ring in which what feeds each other stands close: neighbours and far pairs are swapped while that helps.
fn short_ring(members: &[usize], edges: &[Edge<'_>]) -> Vec<usize> {
    let mut order = members.to_vec();
    let n = order.len();
    let cost = |order: &[usize]| -> f64 {
        let at = |m: usize| order.iter().position(|o| *o == m).unwrap_or(0) as f64;
        edges
            .iter()
            .map(|(a, b, signals)| {
                let apart = (at(*a) - at(*b)).abs();
                apart.min(n as f64 - apart) * (1.0 + signals.len() as f64).ln()
            })
            .sum()
    };
    let mut best = cost(&order);
    for _ in 0..40 {
        let before = best;
        for i in 0..n {
            for j in i + 1..n {
                order.swap(i, j);
                let now = cost(&order);
                if now < best - 1e-9 {
                    best = now;
                } else {
                    order.swap(i, j);
                }
            }
        }
        if best >= before - 1e-9 {
            break;
        }
    }
    order
}

const BOX: f64 = 310.0;
const LINE: f64 = 15.0;
const GAP: f64 = 12.0;
/// Most signals named in a box.
const MOST: usize = 9;

/// A mechanism between those that feed it (left) and those it feeds (right).
pub(super) fn around(book: &Book<'_>, number: usize) -> Option<Markup> {
    let side = |signals: &dyn Fn(usize) -> Vec<SymbolId>| {
        let mut list: Vec<(usize, Vec<SymbolId>)> = (0..book.mechanisms.list.len())
            .filter(|m| *m != number)
            .map(|m| (m, signals(m)))
            .filter(|(_, s)| !s.is_empty())
            .collect();
        list.sort_by_key(|(m, s)| (std::cmp::Reverse(s.len()), *m));
        list
    };
    let left = side(&|m| book.flow.signals(m, number).to_vec());
    let right = side(&|m| book.flow.signals(number, m).to_vec());
    if left.is_empty() && right.is_empty() {
        return None;
    }
    let lines = |s: &[SymbolId]| wrapped(&names(book, s, MOST).join(", "));
    let height = |list: &[(usize, Vec<SymbolId>)]| {
        list.iter()
            .map(|(_, s)| box_height(lines(s).len()) + GAP)
            .sum::<f64>()
    };
    let total = height(&left).max(height(&right)).max(90.0) + 10.0;
    let middle = total / 2.0;
    let title = |m: usize| book.mechanisms.list[m].title.as_str();
    let placed = |list: &[(usize, Vec<SymbolId>)]| {
        let mut y = (total - height(list) + GAP) / 2.0;
        list.iter()
            .map(|(m, s)| {
                let words = lines(s);
                let at = y;
                y += box_height(words.len()) + GAP;
                (*m, words, at)
            })
            .collect::<Vec<_>>()
    };
    let centre = (WIDTH - 180.0) / 2.0;
    let said = |list: &[(usize, Vec<SymbolId>)]| {
        let parts: Vec<String> = list
            .iter()
            .map(|(m, s)| format!("{} ({})", title(*m), names(book, s, 30).join(", ")))
            .collect();
        if parts.is_empty() {
            "nothing".to_owned()
        } else {
            parts.join("; ")
        }
    };
    Some(html! {
        figure class="wiring" {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (px(total)) } role="img" aria-labelledby="near-title near-desc" {
                title id="near-title" { "The neighbours of " (title(number)) }
                desc id="near-desc" { "Fed by " (said(&left)) ". Feeds " (said(&right)) "." }
                defs { marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto" { path d="M0,0.5L8,4L0,7.5z" {} } }
                @for (m, words, y) in placed(&left) {
                    @let h = box_height(words.len());
                    path class="edge still" stroke-width="1.2" marker-end="url(#tip)" d=(curve(BOX, y + h / 2.0, centre - 2.0, middle)) {}
                    (neighbour(book, m, &words, 1.0, y))
                }
                @for (m, words, y) in placed(&right) {
                    @let h = box_height(words.len());
                    path class="edge still" stroke-width="1.2" marker-end="url(#tip)" d=(curve(centre + 180.0, middle, WIDTH - BOX - 2.0, y + h / 2.0)) {}
                    (neighbour(book, m, &words, WIDTH - BOX - 1.0, y))
                }
                rect class="self" x=(px(centre)) y=(px(middle - 26.0)) width="180" height="52" rx="7" {}
                text class="self-name" x=(px(centre + 90.0)) y=(px(middle + 5.0)) text-anchor="middle" { (title(number)) }
            }
        }
    })
}

fn box_height(lines: usize) -> f64 {
    27.0 + LINE * lines as f64
}

fn curve(x0: f64, y0: f64, x1: f64, y1: f64) -> String {
    let m = f64::midpoint(x0, x1);
    format!(
        "M{},{}C{},{} {},{} {},{}",
        px(x0),
        px(y0),
        px(m),
        px(y0),
        px(m),
        px(y1),
        px(x1),
        px(y1)
    )
}

fn neighbour(book: &Book<'_>, m: usize, words: &[String], x: f64, y: f64) -> Markup {
    let mechanism = &book.mechanisms.list[m];
    html! {
        a href={ (mechanism.page) ".html" } class="near" {
            rect x=(px(x)) y=(px(y)) width=(px(BOX - 1.0)) height=(px(box_height(words.len()))) rx="6" {}
            text class="near-name" x=(px(x + 10.0)) y=(px(y + 17.0)) { (mechanism.title) }
            @for (i, line) in words.iter().enumerate() {
                text class="near-signal" x=(px(x + 10.0)) y=(px(y + 17.0 + LINE * (i as f64 + 1.0))) { (line) }
            }
        }
    }
}

/// Words in lines that fit a box.
fn wrapped(words: &str) -> Vec<String> {
    const LETTERS: usize = 45;
    let mut lines: Vec<String> = vec![String::new()];
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LETTERS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The same as a table: rows feed columns.
pub(super) fn matrix(book: &Book<'_>) -> Markup {
    let list = &book.mechanisms.list;
    html! {
        div class="scroll" { table class="feeds" {
            thead { tr { th scope="col" { "Mechanism" } th scope="col" { "Reads" } th scope="col" { "Is read by" } } }
            tbody {
                @for (i, m) in list.iter().enumerate() {
                    tr {
                        th scope="row" { a href={ (m.page) ".html" } { (m.title) } }
                        @for into in [true, false] {
                            td {
                                @for (j, other) in list.iter().enumerate() {
                                    @let signals = if into { book.flow.signals(j, i) } else { book.flow.signals(i, j) };
                                    @if i != j && !signals.is_empty() {
                                        span class="feed" { a href={ (other.page) ".html" } title=(names(book, signals, 20).join(", ")) { (other.title) } " " span class="count" { (signals.len()) } }
                                        " "
                                    }
                                }
                            }
                        }
                    }
                }
            }
        } }
    }
}

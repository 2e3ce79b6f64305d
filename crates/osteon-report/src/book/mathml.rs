//! Expressions as MathML: fractions, powers, subscripts, cases; long sums and products broken over lines.

use maud::{Markup, html};
use osteon_model::{Expr, ExprKind, Model, Op, SymbolId};

use super::number_text::parts;

/// Longest line, in letters, before a sum or product is broken.
const LINE: usize = 92;

/// `left = expression`, as a display of its own. `text` is what a reader without mathematics hears.
pub(super) fn equation(model: &Model, left: &Markup, expr: &Expr, text: &str) -> Markup {
    let lines = broken(model, expr);
    html! {
        math display="block" alttext=(text) {
            @if let [line] = lines.as_slice() {
                mrow { (left) mo { "=" } (line) }
            } @else {
                mtable class="lines" {
                    @for (number, line) in lines.iter().enumerate() {
                        mtr {
                            mtd style="text-align:right" { @if number == 0 { mrow { (left) mo { "=" } } } }
                            mtd style="text-align:left" { mrow { (line) } }
                        }
                    }
                }
            }
        }
    }
}

/// `dX/dt = + J₁ − J₂ …` from terms that are written already, a handful in each line.
pub(super) fn rate(left: &Markup, terms: &[(bool, Markup)], text: &str) -> Markup {
    const IN_A_LINE: usize = 6;
    let derivative = html! {
        mfrac { mrow { mi mathvariant="normal" { "d" } (left) } mrow { mi mathvariant="normal" { "d" } mi { "t" } } }
        mo { "=" }
    };
    let line = |first: bool, terms: &[(bool, Markup)]| {
        html! {
            @for (number, (plus, term)) in terms.iter().enumerate() {
                @if !*plus { mo { "−" } } @else if number > 0 || !first { mo { "+" } }
                (term)
            }
        }
    };
    html! {
        math display="block" alttext=(text) {
            @if terms.len() <= IN_A_LINE {
                mrow { (derivative) @if terms.is_empty() { mn { "0" } } (line(true, terms)) }
            } @else {
                mtable class="lines" {
                    @for (number, part) in terms.chunks(IN_A_LINE).enumerate() {
                        mtr {
                            mtd style="text-align:right" { @if number == 0 { mrow { (derivative) } } }
                            mtd style="text-align:left" { mrow { (line(number == 0, part)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The expression as a part of a larger formula.
pub(super) fn fragment(model: &Model, expr: &Expr) -> Markup {
    html! { mrow { (Writer { model }.write(expr)) } }
}

/// The expression without a left side.
pub(super) fn inline(model: &Model, expr: &Expr, text: &str) -> Markup {
    html! { math alttext=(text) { mrow { (Writer { model }.write(expr)) } } }
}

/// A name: what follows the first underscore is a subscript.
pub(super) fn name(id: &str) -> Markup {
    let local = id.rsplit('.').next().unwrap_or(id);
    let (base, sub) = match local.split_once('_') {
        Some((base, sub)) if !base.is_empty() && !sub.is_empty() => (base, sub.replace('_', " ")),
        _ => (local, String::new()),
    };
    let base = greek(base);
    html! {
        @if sub.is_empty() { (letter(base)) }
        @else { msub { (letter(base)) mtext { (sub) } } }
    }
}

fn letter(base: &str) -> Markup {
    html! {
        @if base.chars().count() == 1 { mi { (base) } }
        @else { mi mathvariant="normal" { (base) } }
    }
}

fn greek(word: &str) -> &str {
    match word {
        "alpha" => "α",
        "beta" => "β",
        "gamma" => "γ",
        "delta" => "δ",
        "epsilon" => "ε",
        "kappa" => "κ",
        "lambda" => "λ",
        "mu" => "μ",
        "phi" => "φ",
        "psi" => "ψ",
        "rho" => "ρ",
        "sigma" => "σ",
        "tau" => "τ",
        "theta" => "θ",
        "omega" => "ω",
        other => other,
    }
}

/// Splits a long sum, or a long product inside of none, into lines.
fn broken(model: &Model, expr: &Expr) -> Vec<Markup> {
    let writer = Writer { model };
    if length(model, expr) <= LINE {
        return vec![writer.write(expr)];
    }
    if let ExprKind::Apply(Op::Div, args) = &expr.kind
        && let [above, below] = args.as_slice()
    {
        return vec![html! { mfrac { (stacked(model, above)) (stacked(model, below)) } }];
    }
    let mut terms: Vec<(&'static str, &Expr)> = Vec::new();
    match &expr.kind {
        ExprKind::Apply(Op::Add | Op::Sub, _) => sum_terms(expr, true, &mut terms),
        ExprKind::Apply(Op::Mul, args) => {
            terms.extend(
                args.iter()
                    .enumerate()
                    .map(|(i, a)| (if i == 0 { "" } else { "·" }, a)),
            );
        }
        _ => return vec![writer.write(expr)],
    }
    let product = matches!(expr.kind, ExprKind::Apply(Op::Mul, _));
    let mut lines: Vec<(usize, Vec<Markup>)> = vec![(0, Vec::new())];
    for (number, (sign, term)) in terms.into_iter().enumerate() {
        let sign = if number == 0 && sign == "+" { "" } else { sign };
        let begin = html! { @if !sign.is_empty() { mo { (sign) } } };
        let tight = if product { 4 } else { 3 };
        let inner = match &term.kind {
            // A long sum between parentheses goes over lines of its own.
            ExprKind::Apply(Op::Add | Op::Sub | Op::Mul, _) if length(model, term) > LINE => {
                broken(model, term)
            }
            _ => Vec::new(),
        };
        if inner.len() > 1 {
            let bracket = level(term) <= tight;
            let last = inner.len() - 1;
            for (at, line) in inner.into_iter().enumerate() {
                let part = html! {
                    @if at == 0 { (begin) @if bracket { mo stretchy="false" { "(" } } } @else { mspace width="1.2em" {} }
                    (line)
                    @if at == last && bracket { mo stretchy="false" { ")" } }
                };
                match lines.last_mut() {
                    Some((used, parts)) if *used == 0 => {
                        *used = LINE;
                        parts.push(part);
                    }
                    _ => lines.push((LINE, vec![part])),
                }
            }
            // Something short may follow the last of them.
            if let Some((used, _)) = lines.last_mut() {
                *used = LINE * 2 / 3;
            }
            continue;
        }
        let size = length(model, term) + 3;
        if lines
            .last()
            .is_some_and(|(used, _)| *used > 0 && used + size > LINE)
        {
            lines.push((0, Vec::new()));
        }
        let body = if product && number == 0 {
            writer.first_factor(term)
        } else {
            writer.within(term, tight)
        };
        let part = html! { (begin) (body) };
        if let Some((used, parts)) = lines.last_mut() {
            *used += size;
            parts.push(part);
        }
    }
    lines
        .into_iter()
        .map(|(_, parts)| html! { @for part in parts { (part) } })
        .collect()
}

/// A part of a fraction, broken over lines if it is long.
fn stacked(model: &Model, expr: &Expr) -> Markup {
    let lines = broken(model, expr);
    html! {
        @if let [line] = lines.as_slice() { mrow { (line) } }
        @else { mtable { @for line in &lines { mtr { mtd { mrow { (line) } } } } } }
    }
}

fn sum_terms<'a>(expr: &'a Expr, plus: bool, out: &mut Vec<(&'static str, &'a Expr)>) {
    match &expr.kind {
        ExprKind::Apply(Op::Add, args) if plus => args.iter().for_each(|a| sum_terms(a, true, out)),
        ExprKind::Apply(Op::Sub, args) if plus && args.len() == 2 => {
            sum_terms(&args[0], true, out);
            sum_terms(&args[1], false, out);
        }
        _ => out.push((if plus { "+" } else { "−" }, expr)),
    }
}

/// About how many letters wide an expression is.
fn length(model: &Model, expr: &Expr) -> usize {
    let all = |args: &[Expr]| args.iter().map(|a| length(model, a) + 2).sum::<usize>();
    match &expr.kind {
        ExprKind::Number(value, _) => parts(*value).0.len(),
        ExprKind::Symbol(id) | ExprKind::RateOf(id) => {
            let id = &model.symbol(*id).id;
            let local = id.rsplit('.').next().unwrap_or(id);
            // Subscripts are small.
            local
                .split_once('_')
                .map_or(local.len(), |(b, s)| b.len() + s.len() * 3 / 4)
        }
        ExprKind::Bool(_) | ExprKind::Time => 4,
        ExprKind::Apply(Op::Div, args) => args.iter().map(|a| length(model, a)).max().unwrap_or(0),
        ExprKind::Apply(Op::Pow, args) if args.len() == 2 => {
            length(model, &args[0]) + length(model, &args[1]) * 3 / 4
        }
        ExprKind::Apply(_, args) => all(args) + 3,
        ExprKind::Piecewise(pieces, otherwise) => {
            let widest = pieces
                .iter()
                .map(|(v, c)| length(model, v) + length(model, c) + 4);
            widest
                .chain(otherwise.iter().map(|o| length(model, o) + 12))
                .max()
                .unwrap_or(0)
        }
    }
}

/// How tightly an operator binds; higher is tighter.
fn level(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Number(value, _) if *value < 0.0 => 3,
        ExprKind::Number(value, _) if parts(*value).1 != 0 => 4,
        ExprKind::Apply(op, args) => match op {
            Op::Or | Op::Xor | Op::Implies => 0,
            Op::And => 1,
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => 2,
            Op::Add | Op::Sub if args.len() > 1 => 3,
            Op::Neg => 3,
            // What begins with a minus sign goes into parentheses behind another sign.
            Op::Mul if args.len() > 1 && matches!(args[0].kind, ExprKind::Apply(Op::Neg, _)) => 3,
            Op::Mul if args.len() > 1 => 4,
            Op::Pow => 5,
            _ => 9,
        },
        _ => 9,
    }
}

struct Writer<'a> {
    model: &'a Model,
}

impl Writer<'_> {
    fn write(&self, expr: &Expr) -> Markup {
        match &expr.kind {
            ExprKind::Number(value, unit) => {
                let (digits, power) = parts(*value);
                html! {
                    @if power == 0 { mn { (digits) } }
                    @else if digits == "1" { msup { mn { "10" } mn { (power.to_string().replace('-', "−")) } } }
                    @else { mn { (digits) } mo { "·" } msup { mn { "10" } mn { (power.to_string().replace('-', "−")) } } }
                    @if let Some(unit) = unit.filter(|u| !u.is_dimensionless()) { mtext { "\u{2009}" (unit) } }
                }
            }
            ExprKind::Bool(value) => html! { mtext { (value) } },
            ExprKind::Symbol(id) => self.symbol(*id),
            ExprKind::Time => html! { mi { "t" } },
            ExprKind::RateOf(id) => html! {
                mfrac { mrow { mi mathvariant="normal" { "d" } (self.symbol(*id)) } mrow { mi mathvariant="normal" { "d" } mi { "t" } } }
            },
            ExprKind::Piecewise(pieces, otherwise) => html! {
                mrow {
                    mo stretchy="true" { "{" }
                    mtable {
                        @for (value, condition) in pieces {
                            mtr {
                                mtd style="text-align:left" { mrow { (self.write(value)) } }
                                mtd style="text-align:left" { mrow { mtext { "if\u{a0}" } (self.write(condition)) } }
                            }
                        }
                        @if let Some(other) = otherwise {
                            mtr {
                                mtd style="text-align:left" { mrow { (self.write(other)) } }
                                mtd style="text-align:left" { mtext { "otherwise" } }
                            }
                        }
                    }
                }
            },
            ExprKind::Apply(op, args) => self.apply(*op, args),
        }
    }

    fn symbol(&self, id: SymbolId) -> Markup {
        name(&self.model.symbol(id).id)
    }

    /// The expression, in parentheses unless it binds tighter than `than`.
    fn within(&self, expr: &Expr, than: u8) -> Markup {
        if level(expr) > than {
            self.write(expr)
        } else {
            self.parenthesised(expr)
        }
    }

    /// The head of a product: a minus sign before it needs no parentheses.
    fn first_factor(&self, expr: &Expr) -> Markup {
        match &expr.kind {
            ExprKind::Apply(Op::Neg, inner) if inner.len() == 1 => {
                html! { mo { "−" } (self.within(&inner[0], 3)) }
            }
            _ => self.within(expr, 3),
        }
    }

    fn parenthesised(&self, expr: &Expr) -> Markup {
        html! { mrow { mo { "(" } (self.write(expr)) mo { ")" } } }
    }

    fn apply(&self, op: Op, args: &[Expr]) -> Markup {
        match (op, args) {
            (Op::Neg, [inner]) => html! { mo { "−" } (self.within(inner, 3)) },
            (Op::Div, [above, below]) => html! {
                mfrac { mrow { (self.write(above)) } mrow { (self.write(below)) } }
            },
            (Op::Pow, [base, exponent]) => html! {
                msup {
                    mrow {
                        @if level(base) > 5 && !matches!(base.kind, ExprKind::Apply(Op::Div, _)) { (self.write(base)) }
                        @else { (self.parenthesised(base)) }
                    }
                    mrow { (self.write(exponent)) }
                }
            },
            (Op::Sqrt, [inner]) => html! { msqrt { (self.write(inner)) } },
            (Op::Root, [degree, inner]) => {
                html! { mroot { mrow { (self.write(inner)) } mrow { (self.write(degree)) } } }
            }
            (Op::Exp, [inner]) if length(self.model, inner) < 24 => html! {
                msup { mi mathvariant="normal" { "e" } mrow { (self.write(inner)) } }
            },
            (Op::Abs, [inner]) => html! { mrow { mo { "|" } (self.write(inner)) mo { "|" } } },
            (Op::Not, [inner]) => html! { mtext { "not\u{a0}" } (self.within(inner, 2)) },
            (Op::Add, [first, rest @ ..]) => html! {
                (self.within(first, 2))
                @for term in rest { mo { "+" } (self.within(term, 3)) }
            },
            (Op::Sub, [left, right]) => {
                html! { (self.within(left, 2)) mo { "−" } (self.within(right, 3)) }
            }
            (Op::Mul, [first, rest @ ..]) => html! {
                (self.first_factor(first))
                @for factor in rest { mo { "·" } (self.within(factor, 3)) }
            },
            (Op::And, [first, rest @ ..]) => html! {
                (self.within(first, 1))
                @for term in rest { mtext { "\u{a0}and\u{a0}" } (self.within(term, 1)) }
            },
            (Op::Or, [first, rest @ ..]) => html! {
                (self.within(first, 0))
                @for term in rest { mtext { "\u{a0}or\u{a0}" } (self.within(term, 0)) }
            },
            (Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge, [first, rest @ ..]) => {
                let sign = match op {
                    Op::Eq => "=",
                    Op::Ne => "≠",
                    Op::Lt => "<",
                    Op::Le => "≤",
                    Op::Gt => ">",
                    _ => "≥",
                };
                html! {
                    (self.within(first, 2))
                    @for term in rest { mo { (sign) } (self.within(term, 2)) }
                }
            }
            _ => html! {
                mi mathvariant="normal" { (function(op)) }
                mrow {
                    mo { "(" }
                    @for (number, arg) in args.iter().enumerate() {
                        @if number > 0 { mo separator="true" { "," } }
                        (self.write(arg))
                    }
                    mo { ")" }
                }
            },
        }
    }
}

/// Name of a function; inverse functions as words.
fn function(op: Op) -> String {
    match op {
        Op::Rem => "remainder".to_owned(),
        Op::Factorial => "factorial".to_owned(),
        Op::Log10 => "log₁₀".to_owned(),
        other => format!("{other:?}")
            .to_lowercase()
            .replacen("asin", "arcsin", 1)
            .replacen("acos", "arccos", 1)
            .replacen("atan", "arctan", 1),
    }
}

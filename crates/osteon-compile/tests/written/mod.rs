//! Models for tests, written one quantity a line, and a naive interpreter to compare with.
//!
//! ```text
//! comp V = 2            compartment          S in V = 3        species, concentration
//! p = 1 + q             start value          S# in V = 3       species, amount
//! y := p * S            assignment rule      S$ in V = 3       boundary species
//! x' = -k * x           rate rule            J: A + 2 B -> C; k * A * B
//! at x > 3 && time >= 2 delay 1: p = 4, S = x      event
//! ```
#![allow(dead_code)]

use osteon_model::{
    Annotation, Assignment, Event, Expr, ExprKind, ExtentOf, Initial, InitialForm, Model, Op,
    Participant, Reaction, Role, Rule, Span, SpeciesInfo, Symbol, SymbolId,
};

pub fn model(text: &str) -> Model {
    let mut m = Model {
        id: "written".into(),
        ..Model::default()
    };
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect();
    // First pass: names. Second: mathematics.
    for line in &lines {
        if let Some(rest) = line.strip_prefix("comp ") {
            declare(&mut m, head(rest), Role::Compartment { dimensions: 3.0 });
        } else if line.starts_with("at ") {
            continue;
        } else if let Some((name, _)) = line.split_once(": ").filter(|(n, _)| !n.contains('=')) {
            let reaction = m.reactions.len();
            let symbol = declare(&mut m, name, Role::Reaction(reaction));
            m.reactions.push(Reaction {
                symbol,
                reactants: vec![],
                products: vec![],
                modifiers: vec![],
                rate: None,
                reversible: true,
                extent: ExtentOf::AmountPerTime,
                span: Span::NONE,
            });
        } else {
            let name = head(line);
            if let Some((_, after)) = line.split_once(" in ") {
                let compartment = m.find(head(after)).expect("compartments first");
                let info = SpeciesInfo {
                    compartment,
                    amount_only: line.contains("# in"),
                    boundary: line.contains("$ in"),
                    conversion_factor: None,
                };
                declare(&mut m, name, Role::Species(info));
            } else if m.find(name).is_none() {
                declare(&mut m, name, Role::Parameter);
            }
        }
    }
    for line in &lines {
        let line = line.strip_prefix("comp ").unwrap_or(line);
        if let Some(rest) = line.strip_prefix("at ") {
            let (when, sets) = rest.rsplit_once(": ").expect("event");
            let (trigger, delay) = when
                .split_once(" delay ")
                .map_or((when, None), |(a, b)| (a, Some(expr(&m, b))));
            let assignments = sets
                .split(", ")
                .map(|s| s.split_once(" = ").expect("assignment"))
                .map(|(n, e)| Assignment {
                    target: m.find(n.trim()).expect(n),
                    value: expr(&m, e),
                })
                .collect();
            let trigger = expr(&m, trigger);
            m.events.push(Event {
                id: String::new(),
                trigger,
                initial_value: true,
                persistent: true,
                delay,
                priority: None,
                values_from_trigger_time: true,
                assignments,
                span: Span::NONE,
            });
        } else if let Some((name, rest)) = line.split_once(": ").filter(|(n, _)| !n.contains('=')) {
            let Role::Reaction(i) = m.symbol(m.find(name).expect(name)).role else {
                panic!("{name}")
            };
            let (equation, rate) = rest.split_once(';').expect("rate");
            let (left, right) = equation.split_once("->").expect("arrow");
            m.reactions[i].reactants = participants(&m, left);
            m.reactions[i].products = participants(&m, right);
            m.reactions[i].rate = Some(expr(&m, rate));
        } else if let Some((name, e)) = line.split_once(":=") {
            let (id, e) = (m.find(head(name)).expect(name).0, expr(&m, e));
            m.symbols[id as usize].rule = Some(Rule::Assignment(e));
        } else if let Some((name, e)) = line.split_once("' =") {
            let (id, e) = (m.find(head(name)).expect(name).0, expr(&m, e));
            m.symbols[id as usize].rule = Some(Rule::Rate(e));
        } else if let Some((name, e)) = line.split_once(" = ") {
            let (id, e) = (m.find(head(name)).expect(name).0, expr(&m, e));
            m.symbols[id as usize].initial = Some(Initial {
                expr: e,
                form: InitialForm::Value,
            });
        }
    }
    m
}

fn head(text: &str) -> &str {
    text.trim()
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
        .next()
        .expect("a name")
}

fn declare(m: &mut Model, id: &str, role: Role) -> SymbolId {
    m.symbols.push(Symbol {
        id: id.into(),
        name: None,
        role,
        constant: false,
        unit: None,
        unit_text: None,
        initial: None,
        rule: None,
        annotation: Annotation::default(),
        span: Span::NONE,
    });
    SymbolId(m.symbols.len() as u32 - 1)
}

fn participants(m: &Model, side: &str) -> Vec<Participant> {
    side.split('+')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| {
            let (count, name) = p.split_once(' ').unwrap_or(("1", p));
            Participant {
                species: m.find(name.trim()).expect(name),
                stoichiometry: expr(m, count),
                span: Span::NONE,
            }
        })
        .collect()
}

/// Infix expressions with C's operators, `^`, and functions by name.
pub fn expr(m: &Model, text: &str) -> Expr {
    let tokens = tokens(text);
    let mut p = Parser { m, tokens, at: 0 };
    let e = p.level(0);
    assert_eq!(p.at, p.tokens.len(), "rest of {text}");
    e
}

fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let start = i;
        i += 1;
        if c.is_whitespace() {
            continue;
        }
        if c.is_alphabetic() || c == '_' {
            while i < chars.len() && (chars[i].is_alphanumeric() || chars[i] == '_') {
                i += 1;
            }
        } else if c.is_ascii_digit() || c == '.' {
            while i < chars.len()
                && (chars[i].is_ascii_digit()
                    || chars[i] == '.'
                    || chars[i] == 'e'
                    || (chars[i - 1] == 'e' && "+-".contains(chars[i])))
            {
                i += 1;
            }
        } else if i < chars.len()
            && ["&&", "||", "==", "!=", "<=", ">="]
                .contains(&chars[start..=i].iter().collect::<String>().as_str())
        {
            i += 1;
        }
        out.push(chars[start..i].iter().collect());
    }
    out
}

struct Parser<'m> {
    m: &'m Model,
    tokens: Vec<String>,
    at: usize,
}

const LEVELS: [&[(&str, Op)]; 5] = [
    &[("||", Op::Or)],
    &[("&&", Op::And)],
    &[
        ("==", Op::Eq),
        ("!=", Op::Ne),
        ("<", Op::Lt),
        ("<=", Op::Le),
        (">", Op::Gt),
        (">=", Op::Ge),
    ],
    &[("+", Op::Add), ("-", Op::Sub)],
    &[("*", Op::Mul), ("/", Op::Div)],
];

impl Parser<'_> {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn level(&mut self, level: usize) -> Expr {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.level(level + 1);
        while let Some((_, op)) = LEVELS[level].iter().find(|(t, _)| *t == self.peek()) {
            self.at += 1;
            let right = self.level(level + 1);
            left = Expr::apply(*op, vec![left, right]);
        }
        left
    }

    fn unary(&mut self) -> Expr {
        match self.peek() {
            "-" => {
                self.at += 1;
                Expr::apply(Op::Neg, vec![self.unary()])
            }
            "!" => {
                self.at += 1;
                Expr::apply(Op::Not, vec![self.unary()])
            }
            _ => {
                let base = self.atom();
                if self.peek() == "^" {
                    self.at += 1;
                    return Expr::apply(Op::Pow, vec![base, self.unary()]);
                }
                base
            }
        }
    }

    fn atom(&mut self) -> Expr {
        let token = self.next();
        if token == "(" {
            let e = self.level(0);
            assert_eq!(self.next(), ")");
            return e;
        }
        if let Ok(value) = token.parse::<f64>() {
            return Expr::number(value);
        }
        if self.peek() == "(" {
            self.at += 1;
            let mut args = Vec::new();
            while self.peek() != ")" {
                args.push(self.level(0));
                if self.peek() == "," {
                    self.at += 1;
                }
            }
            self.at += 1;
            return self.call(&token, args);
        }
        match token.as_str() {
            "time" => Expr::new(ExprKind::Time, Span::NONE),
            "true" | "false" => Expr::new(ExprKind::Bool(token == "true"), Span::NONE),
            _ => Expr::symbol(
                self.m
                    .find(&token)
                    .unwrap_or_else(|| panic!("unknown {token}")),
            ),
        }
    }

    fn call(&self, name: &str, mut args: Vec<Expr>) -> Expr {
        if name == "piecewise" {
            let otherwise = (args.len() % 2 == 1).then(|| Box::new(args.pop().expect("odd")));
            let mut pieces = Vec::new();
            let mut it = args.into_iter();
            while let (Some(v), Some(c)) = (it.next(), it.next()) {
                pieces.push((v, c));
            }
            return Expr::new(ExprKind::Piecewise(pieces, otherwise), Span::NONE);
        }
        if name == "rateOf" {
            let ExprKind::Symbol(id) = args[0].kind else {
                panic!("rateOf a symbol")
            };
            return Expr::new(ExprKind::RateOf(id), Span::NONE);
        }
        let op = [
            ("min", Op::Min),
            ("max", Op::Max),
            ("xor", Op::Xor),
            ("rem", Op::Rem),
            ("quotient", Op::Quotient),
            ("root", Op::Root),
            ("log", Op::Log),
            ("implies", Op::Implies),
            ("abs", Op::Abs),
            ("exp", Op::Exp),
            ("ln", Op::Ln),
            ("log10", Op::Log10),
            ("sqrt", Op::Sqrt),
            ("floor", Op::Floor),
            ("ceil", Op::Ceil),
            ("factorial", Op::Factorial),
            ("sin", Op::Sin),
            ("cos", Op::Cos),
            ("tan", Op::Tan),
            ("tanh", Op::Tanh),
            ("sinh", Op::Sinh),
            ("cosh", Op::Cosh),
            ("atan", Op::Atan),
            ("asinh", Op::Asinh),
            ("sech", Op::Sech),
            ("acot", Op::Acot),
        ]
        .into_iter()
        .find(|(n, _)| *n == name)
        .unwrap_or_else(|| panic!("unknown function {name}"));
        Expr::apply(op.1, args)
    }
}

/// The naive recursive interpreter: the meaning of an expression straight from the standard library.
pub fn interpret(e: &Expr, value: &dyn Fn(SymbolId) -> f64, time: f64) -> f64 {
    let bit = |x: bool| if x { 1.0 } else { 0.0 };
    match &e.kind {
        ExprKind::Number(v, _) => *v,
        ExprKind::Bool(b) => bit(*b),
        ExprKind::Symbol(id) => value(*id),
        ExprKind::Time => time,
        ExprKind::RateOf(_) => panic!("no rates here"),
        ExprKind::Piecewise(pieces, otherwise) => {
            for (v, c) in pieces {
                if interpret(c, value, time) != 0.0 {
                    return interpret(v, value, time);
                }
            }
            otherwise
                .as_ref()
                .map_or(f64::NAN, |o| interpret(o, value, time))
        }
        ExprKind::Apply(op, args) => {
            let a: Vec<f64> = args.iter().map(|x| interpret(x, value, time)).collect();
            let pairs = |f: &dyn Fn(f64, f64) -> bool| bit(a.windows(2).all(|w| f(w[0], w[1])));
            match op {
                Op::Add => a.iter().sum(),
                Op::Mul => a.iter().product(),
                Op::Min => a.iter().copied().fold(f64::INFINITY, f64::min),
                Op::Max => a.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                Op::And => bit(a.iter().all(|x| *x != 0.0)),
                Op::Or => bit(a.iter().any(|x| *x != 0.0)),
                Op::Xor => bit(a.iter().filter(|x| **x != 0.0).count() % 2 == 1),
                Op::Sub => a[0] - a[1],
                Op::Div => a[0] / a[1],
                Op::Pow => a[0].powf(a[1]),
                Op::Root => a[1].powf(1.0 / a[0]),
                Op::Log => a[1].ln() / a[0].ln(),
                Op::Rem => a[0] - a[1] * (a[0] / a[1]).trunc(),
                Op::Quotient => (a[0] / a[1]).trunc(),
                Op::Neg => -a[0],
                Op::Not => bit(a[0] == 0.0),
                Op::Abs => a[0].abs(),
                Op::Exp => a[0].exp(),
                Op::Ln => a[0].ln(),
                Op::Log10 => a[0].log10(),
                Op::Sqrt => a[0].sqrt(),
                Op::Floor => a[0].floor(),
                Op::Ceil => a[0].ceil(),
                Op::Factorial => (1..=a[0] as u64).map(|k| k as f64).product(),
                Op::Sin => a[0].sin(),
                Op::Cos => a[0].cos(),
                Op::Tan => a[0].tan(),
                Op::Tanh => a[0].tanh(),
                Op::Sinh => a[0].sinh(),
                Op::Cosh => a[0].cosh(),
                Op::Atan => a[0].atan(),
                Op::Asinh => a[0].asinh(),
                Op::Sech => 1.0 / a[0].cosh(),
                Op::Acot => (1.0 / a[0]).atan(),
                Op::Eq => pairs(&|x, y| x == y),
                Op::Ne => pairs(&|x, y| x != y),
                Op::Lt => pairs(&|x, y| x < y),
                Op::Le => pairs(&|x, y| x <= y),
                Op::Gt => pairs(&|x, y| x > y),
                Op::Ge => pairs(&|x, y| x >= y),
                Op::Implies => bit(a[0] == 0.0 || a[1] != 0.0),
                other => panic!("{other:?} is not interpreted here"),
            }
        }
    }
}

//! Makes discontinuities visible to tools that look for them only in events.
//!
//! A solver that does not know where an equation jumps steps over the jump and loses accuracy without noticing. Here every
//! comparison inside an equation becomes a parameter that two events set, so that any tool with event location finds it.

use std::collections::BTreeMap;

use osteon_model::{
    Annotation, Assignment, Event, Expr, ExprKind, Initial, InitialForm, Model, Op, Role, Rule,
    Span, Symbol, SymbolId, Unit, moves, moving,
};

/// Priority above any that a model is likely to state.
const FIRST: f64 = 1e9;

/// The same model with every comparison that can change during a run replaced by a 0/1 parameter set by events. `min`, `max` and
/// `abs` stay, with events where they change sides. Equalities stay: they hold at single instants only.
pub fn switches_as_events(model: &Model) -> Model {
    let mut made = Model::clone(model);
    let mut switches = Switches {
        moving: moving(model),
        next: model.symbols.len() as u32,
        known: BTreeMap::new(),
        found: Vec::new(),
    };
    for symbol in &mut made.symbols {
        if let Some(Rule::Assignment(expr) | Rule::Rate(expr)) = &mut symbol.rule {
            switches.replace(expr);
        }
    }
    for reaction in &mut made.reactions {
        if let Some(rate) = &mut reaction.rate {
            switches.replace(rate);
        }
        for participant in reaction.reactants.iter_mut().chain(&mut reaction.products) {
            switches.replace(&mut participant.stoichiometry);
        }
    }
    for (number, condition) in switches.found.into_iter().enumerate() {
        let target = SymbolId(made.symbols.len() as u32);
        made.symbols.push(switch_symbol(
            unused_name(model, "switch", number + 1),
            &condition,
        ));
        let not = Expr::apply(Op::Not, vec![condition.clone()]);
        for (trigger, word, value) in [(condition, "on", 1.0), (not, "off", 0.0)] {
            made.events.push(Event {
                id: unused_name(model, &format!("switch_{word}"), number + 1),
                trigger,
                // The start is taken care of by the initial value, so nothing fires there.
                initial_value: true,
                persistent: true,
                delay: None,
                // Before whatever else happens at the instant, which may read the equations.
                priority: Some(Expr::number(FIRST)),
                values_from_trigger_time: true,
                assignments: vec![Assignment {
                    target,
                    value: Expr::number(value),
                }],
                span: Span::NONE,
            });
        }
    }
    made
}

fn unused_name(model: &Model, stem: &str, number: usize) -> String {
    let mut name = format!("{stem}_{number}");
    while model.find(&name).is_some() || model.events.iter().any(|e| e.id == name) {
        name.push('_');
    }
    name
}

fn switch_symbol(id: String, condition: &Expr) -> Symbol {
    let piece = (Expr::number(1.0), condition.clone());
    let start = Expr::new(
        ExprKind::Piecewise(vec![piece], Some(Box::new(Expr::number(0.0)))),
        Span::NONE,
    );
    Symbol {
        id,
        name: None,
        role: Role::Parameter,
        constant: false,
        unit: Some(Unit::DIMENSIONLESS),
        unit_text: None,
        initial: Some(Initial {
            expr: start,
            form: InitialForm::Value,
        }),
        rule: None,
        annotation: Annotation::default(),
        span: Span::NONE,
    }
}

struct Switches {
    moving: Vec<bool>,
    next: u32,
    /// Comparisons met so far by their text.
    known: BTreeMap<String, SymbolId>,
    found: Vec<Expr>,
}

impl Switches {
    fn replace(&mut self, expr: &mut Expr) {
        if let ExprKind::Apply(op, args) = &mut expr.kind {
            // These have kinks but no jumps. They stay as they are, right on both sides of the kink: beyond it a frozen branch may leave
            // the domain of a power or a logarithm around it before the solver has found the place. The events make it stop there.
            let pairs: Vec<Expr> = match (&*op, args.len()) {
                (Op::Min | Op::Max, 2..) => (1..args.len())
                    .map(|n| {
                        let before = if n == 1 {
                            args[0].clone()
                        } else {
                            Expr::apply(*op, args[..n].to_vec())
                        };
                        Expr::apply(Op::Ge, vec![before, args[n].clone()])
                    })
                    .collect(),
                (Op::Abs, 1) => {
                    vec![Expr::apply(
                        Op::Ge,
                        vec![args[0].clone(), Expr::number(0.0)],
                    )]
                }
                _ => Vec::new(),
            };
            for mut condition in pairs {
                self.replace(&mut condition);
            }
        }
        match &mut expr.kind {
            ExprKind::Apply(op, args) => {
                args.iter_mut().for_each(|a| self.replace(a));
                if matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge) && moves(expr, &self.moving) {
                    self.switch(expr);
                }
            }
            ExprKind::Piecewise(pieces, otherwise) => {
                for (value, condition) in pieces {
                    self.replace(value);
                    self.replace(condition);
                }
                if let Some(otherwise) = otherwise {
                    self.replace(otherwise);
                }
            }
            _ => {}
        }
    }

    fn switch(&mut self, expr: &mut Expr) {
        let mut text = String::new();
        expr.walk(&mut |e| {
            text.push_str(&match &e.kind {
                ExprKind::Apply(op, args) => format!("{op:?}/{} ", args.len()),
                ExprKind::Piecewise(pieces, otherwise) => {
                    format!("piecewise/{}/{} ", pieces.len(), otherwise.is_some())
                }
                other => format!("{other:?} "),
            });
        });
        let next = SymbolId(self.next + self.found.len() as u32);
        let symbol = *self.known.entry(text).or_insert(next);
        if symbol == next {
            self.found.push(expr.clone());
            // A switch moves too: comparisons around it follow it.
            self.moving.push(true);
        }
        *expr = Expr::apply(Op::Gt, vec![Expr::symbol(symbol), Expr::number(0.5)]);
    }
}

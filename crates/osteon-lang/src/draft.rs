//! The model while its statements are carried out one after the other, as libAntimony does: later statements override earlier ones,
//! `is` and interfaces make one symbol of two.
//!
//! Inside a draft a [`SymbolId`] is an index into [`Draft::vars`]; [`crate::lower`] renumbers.

use std::collections::{BTreeMap, HashMap};

use osteon_model::{Annotation, Diagnostic, Expr, Model, Rule, Span, SymbolId, Unit};

use crate::ids;
use crate::syntax::Setting;

/// What a symbol is known to be so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VarKind {
    /// Nothing said: a parameter in the end.
    Open,
    Species,
    Compartment,
    Reaction,
    Event,
    Instance,
}

impl VarKind {
    pub fn words(self) -> &'static str {
        match self {
            VarKind::Open => "parameter",
            VarKind::Species => "species",
            VarKind::Compartment => "compartment",
            VarKind::Reaction => "reaction",
            VarKind::Event => "event",
            VarKind::Instance => "instance of a model",
        }
    }
}

/// A unit as said about a symbol.
#[derive(Debug, Clone)]
pub(crate) struct UnitSaid {
    pub unit: Unit,
    pub text: String,
    pub span: Span,
    /// Said by `has`, not only by a number's unit.
    pub explicit: bool,
}

/// A name of the flat model.
#[derive(Debug, Clone)]
pub(crate) struct Var {
    pub id: String,
    pub span: Span,
    pub kind: VarKind,
    /// Something was said of it, so that it is no slip of the pen.
    pub declared: bool,
    pub constness: Option<bool>,
    pub boundary: bool,
    pub amount_only: bool,
    pub compartment: Option<SymbolId>,
    pub unit: Option<UnitSaid>,
    pub initial: Option<Expr>,
    pub rule: Option<Rule>,
    pub annotation: Annotation,
    pub name: Option<String>,
    pub deleted: Option<Span>,
    /// In the interface of the outermost model.
    pub open_interface: bool,
    /// Where each kind of setting was last made, and in which instance.
    pub set_at: [Option<(String, Span)>; 3],
    same_as: Option<SymbolId>,
}

/// A reaction of the draft; its symbol carries the name.
#[derive(Debug, Clone)]
pub(crate) struct DraftReaction {
    pub var: SymbolId,
    pub reactants: Vec<DraftParticipant>,
    pub products: Vec<DraftParticipant>,
    pub modifiers: Vec<SymbolId>,
    pub rate: Option<Expr>,
    pub reversible: bool,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct DraftParticipant {
    pub species: SymbolId,
    pub stoichiometry: Expr,
    pub span: Span,
}

/// An event of the draft.
#[derive(Debug, Clone)]
pub(crate) struct DraftEvent {
    pub var: SymbolId,
    pub event: osteon_model::Event,
}

/// The state of the model being built.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub vars: Vec<Var>,
    index: HashMap<String, SymbolId>,
    pub reactions: Vec<DraftReaction>,
    pub events: Vec<DraftEvent>,
    pub unit_definitions: BTreeMap<String, Unit>,
    pub model: Model,
    pub diagnostics: Vec<Diagnostic>,
}

impl Draft {
    /// A symbol by its full name.
    pub fn find(&self, id: &str) -> Option<SymbolId> {
        self.index.get(id).map(|v| self.root(*v))
    }

    /// A symbol by its full name, made if it is new.
    pub fn find_or_add(&mut self, id: &str, span: Span) -> SymbolId {
        if let Some(found) = self.find(id) {
            return found;
        }
        let new = SymbolId(self.vars.len() as u32);
        self.vars.push(Var {
            id: id.to_owned(),
            span,
            kind: VarKind::Open,
            declared: false,
            constness: None,
            boundary: false,
            amount_only: false,
            compartment: None,
            unit: None,
            initial: None,
            rule: None,
            annotation: Annotation::default(),
            name: None,
            deleted: None,
            open_interface: false,
            set_at: [None, None, None],
            same_as: None,
        });
        self.index.insert(id.to_owned(), new);
        new
    }

    /// The symbol that stands for `id` after everything that was made one.
    pub fn root(&self, mut id: SymbolId) -> SymbolId {
        while let Some(next) = self.vars[id.0 as usize].same_as {
            id = next;
        }
        id
    }

    pub fn var(&self, id: SymbolId) -> &Var {
        &self.vars[self.root(id).0 as usize]
    }

    pub fn var_mut(&mut self, id: SymbolId) -> &mut Var {
        let root = self.root(id);
        &mut self.vars[root.0 as usize]
    }

    /// All full names, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.vars
            .iter()
            .filter(|v| v.declared)
            .map(|v| v.id.as_str())
    }

    /// Says what a symbol is.
    pub fn set_kind(&mut self, id: SymbolId, kind: VarKind, span: Span) {
        let var = self.var_mut(id);
        var.declared = true;
        if var.kind == VarKind::Open {
            var.kind = kind;
        } else if var.kind != kind {
            let (name, was, first) = (var.id.clone(), var.kind, var.span);
            self.diagnostics.push(
                Diagnostic::error(
                    ids::KIND_MISMATCH,
                    format!(
                        "`{name}` is used as a {} and as a {}",
                        was.words(),
                        kind.words()
                    ),
                    span,
                )
                .at(format!("a {} here", kind.words()))
                .label(first, format!("a {} since here", was.words())),
            );
        }
    }

    /// Notes a setting and warns where the same instance already made one of the same kind.
    pub fn note_setting(&mut self, id: SymbolId, how: Setting, scope: &str, span: Span) {
        let slot = match how {
            Setting::Initial => 0,
            Setting::Assignment => 1,
            Setting::Rate => 2,
        };
        let var = self.var_mut(id);
        let before = var.set_at[slot].replace((scope.to_owned(), span));
        let name = var.id.clone();
        if let Some((_, first)) = before.filter(|(other, _)| other == scope) {
            self.diagnostics.push(
                Diagnostic::warning(
                    ids::ASSIGNED_TWICE,
                    format!("`{name}` is set twice; the second one counts"),
                    span,
                )
                .label(first, "first here")
                .help("remove one of them"),
            );
        }
    }

    /// Makes one symbol of two. What is said of `outer` wins; the name with fewer dots stays, the outer one on a tie.
    pub fn unify(&mut self, inner: SymbolId, outer: SymbolId, span: Span) {
        let (inner, outer) = (self.root(inner), self.root(outer));
        if inner == outer {
            return;
        }
        self.check_units_agree(inner, outer, span);
        let depth = |v: SymbolId| self.vars[v.0 as usize].id.matches('.').count();
        let (keep, lose) = if depth(inner) < depth(outer) {
            (inner, outer)
        } else {
            (outer, inner)
        };
        let a = self.vars[inner.0 as usize].clone();
        let b = self.vars[outer.0 as usize].clone();
        if a.kind != VarKind::Open && b.kind != VarKind::Open && a.kind != b.kind {
            self.diagnostics.push(
                Diagnostic::error(
                    ids::KIND_MISMATCH,
                    format!(
                        "`{}` is a {} and `{}` is a {}; they cannot be the same",
                        a.id,
                        a.kind.words(),
                        b.id,
                        b.kind.words()
                    ),
                    span,
                )
                .label(a.span, "one")
                .label(b.span, "the other"),
            );
            return;
        }
        // An outer value replaces an inner assignment; an inner rate rule goes on from an outer value.
        let (initial, rule) = match (&b.rule, &b.initial, &a.rule) {
            (Some(rule), _, _) => (b.initial.clone().or(a.initial), Some(rule.clone())),
            (None, Some(initial), Some(Rule::Assignment(_)) | None) => {
                (Some(initial.clone()), None)
            }
            (None, _, rule) => (b.initial.clone().or(a.initial), rule.clone()),
        };
        let annotation = merge_annotations(a.annotation, b.annotation);
        let kept = &mut self.vars[keep.0 as usize];
        kept.kind = if b.kind == VarKind::Open {
            a.kind
        } else {
            b.kind
        };
        kept.declared = a.declared || b.declared;
        kept.constness = b.constness.or(a.constness);
        kept.boundary = a.boundary || b.boundary;
        kept.amount_only = if b.kind == VarKind::Species {
            b.amount_only
        } else {
            a.amount_only
        };
        kept.compartment = b.compartment.or(a.compartment);
        kept.unit = match (b.unit, a.unit) {
            (Some(b), Some(a)) => Some(if a.explicit && !b.explicit { a } else { b }),
            (b, a) => b.or(a),
        };
        kept.initial = initial;
        kept.rule = rule;
        kept.annotation = annotation;
        kept.name = b.name.or(a.name);
        kept.deleted = b.deleted.or(a.deleted);
        kept.open_interface = a.open_interface || b.open_interface;
        kept.span = if b.declared { b.span } else { a.span };
        kept.set_at = if keep == outer { b.set_at } else { a.set_at };
        self.vars[lose.0 as usize].same_as = Some(keep);
    }

    fn check_units_agree(&mut self, inner: SymbolId, outer: SymbolId, span: Span) {
        let (a, b) = (&self.vars[inner.0 as usize], &self.vars[outer.0 as usize]);
        let (Some(x), Some(y)) = (&a.unit, &b.unit) else {
            return;
        };
        if x.unit.same_unit(&y.unit) {
            return;
        }
        let message = format!(
            "`{}` is in {} and `{}` is in {}; they cannot be the same symbol",
            a.id, x.text, b.id, y.text
        );
        let diagnostic = Diagnostic::error(ids::UNIT_MISMATCH, message, span)
            .label(x.span, x.text.clone())
            .label(y.span, y.text.clone())
            .help(match x.unit.conversion_to(&y.unit) {
                Some(factor) => format!(
                    "1 {} = {factor} {}: use one unit on both sides",
                    x.text, y.text
                ),
                None => "they measure different things: connect another symbol".to_owned(),
            });
        self.diagnostics.push(diagnostic);
    }
}

/// What is said outside wins, field by field.
fn merge_annotations(inner: Annotation, outer: Annotation) -> Annotation {
    let pick =
        |outer: Vec<String>, inner: Vec<String>| if outer.is_empty() { inner } else { outer };
    let mut merged = Annotation {
        identity: pick(outer.identity, inner.identity),
        described_by: pick(outer.described_by, inner.described_by),
        range: outer.range.or(inner.range),
        uncertainty: if outer.uncertainty.is_empty() {
            inner.uncertainty
        } else {
            outer.uncertainty
        },
        ..Annotation::default()
    };
    if let Some(notes) = outer.notes.or(inner.notes) {
        merged.set_notes(&notes);
    }
    merged
}

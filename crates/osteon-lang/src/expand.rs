//! Carrying out the statements of a model and, inside it, of its instances.

use std::collections::BTreeMap;
use std::rc::Rc;

use osteon_model::{
    Assignment, Diagnostic, Expr, ExprKind, Range, Rule, SourceMap, Span, SymbolId, Unit,
};

use crate::draft::{Draft, DraftEvent, DraftParticipant, DraftReaction, UnitSaid, VarKind};
use crate::files::Library;
use crate::ids;
use crate::suggest::did_you_mean;
use crate::syntax::{
    Ast, Coefficient, Connection, Declared, EventText, ParticipantText, Path, Setting, Statement,
    StatementKind, Subject,
};
use crate::unit_formula::{self, Fault};

/// Instances inside instances.
const MAX_INSTANCES_DEEP: usize = 64;
/// A model has at most so many symbols.
const MAX_SYMBOLS: usize = 200_000;

/// Where a statement stands: the instance and the units it sees.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// Empty, or `organ.` with the final dot.
    pub prefix: String,
    units: Rc<BTreeMap<String, Unit>>,
}

impl Scope {
    /// The name in the flat model.
    pub fn full(&self, path: &Path) -> String {
        format!("{}{}", self.prefix, path.dotted())
    }
}

/// Stands for an expression that is at fault; fits everywhere and has no value.
pub(crate) fn hole(span: Span) -> Expr {
    Expr::new(ExprKind::Number(f64::NAN, None), span)
}

/// Carries out statements on a draft.
pub(crate) struct Expander<'a> {
    pub library: &'a Library,
    pub sources: &'a SourceMap,
    pub draft: Draft,
    /// Units defined at the top of files.
    global_units: BTreeMap<String, Unit>,
    /// Models being instantiated, outermost first.
    open: Vec<String>,
    /// Expression nodes made so far.
    pub nodes: usize,
    /// That was too many, and is reported.
    pub grown_too_large: bool,
}

impl<'a> Expander<'a> {
    pub fn new(library: &'a Library, sources: &'a SourceMap) -> Self {
        let mut expander = Expander {
            library,
            sources,
            draft: Draft::default(),
            global_units: BTreeMap::new(),
            open: Vec::new(),
            nodes: 0,
            grown_too_large: false,
        };
        expander.global_units = expander.define_units(&library.top);
        expander.draft.unit_definitions = expander.global_units.clone();
        expander
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.draft.diagnostics.push(diagnostic);
    }

    /// Builds the model of this name as the outermost one; `None` stands for the statements outside of models.
    pub fn outermost(&mut self, model: Option<usize>) {
        match model {
            Some(index) => {
                let text = &self.library.models[index];
                self.draft.model.id = text.name.clone();
                let scope = self.body(&text.body, String::new(), &text.name);
                for path in &text.interface {
                    let id = self.draft.find_or_add(&scope.full(path), path.span);
                    let var = self.draft.var_mut(id);
                    var.declared = true;
                    var.open_interface = true;
                }
            }
            None => {
                self.draft.model.id = "__main".to_owned();
                self.body(&self.library.top, String::new(), "__main");
            }
        }
    }

    fn body(&mut self, statements: &[Statement], prefix: String, model: &str) -> Scope {
        self.open.push(model.to_owned());
        let units = self.define_units(statements);
        for (name, unit) in &units {
            // Two instances may name different units alike; the flat model keeps both.
            let known = self.draft.unit_definitions.get(name);
            let name = if known.is_none_or(|k| k.same_unit(unit)) {
                name.clone()
            } else {
                format!("{}{name}", prefix.replace('.', "__"))
            };
            self.draft.unit_definitions.insert(name, *unit);
        }
        let scope = Scope {
            prefix,
            units: Rc::new(units),
        };
        for statement in statements {
            if self.grown_too_large {
                break;
            }
            if self.draft.vars.len() > MAX_SYMBOLS {
                self.grown_too_large = true;
                self.report(
                    Diagnostic::error(
                        ids::TOO_DEEP,
                        format!("this model grows beyond {MAX_SYMBOLS} symbols"),
                        statement.span,
                    )
                    .help("instances inside instances multiply: use fewer levels"),
                );
                break;
            }
            self.statement(statement, &scope);
        }
        self.open.pop();
        scope
    }

    /// The unit definitions among the statements. They may use each other in any order.
    fn define_units(&mut self, statements: &[Statement]) -> BTreeMap<String, Unit> {
        let mut done: BTreeMap<String, Unit> = BTreeMap::new();
        let mut waiting: Vec<(&String, Span, Option<&Ast>)> = statements
            .iter()
            .filter_map(|s| match &s.kind {
                StatementKind::Unit {
                    name,
                    name_span,
                    formula,
                } => Some((name, *name_span, formula.as_ref())),
                _ => None,
            })
            .collect();
        loop {
            let before = waiting.len();
            let mut faults = Vec::new();
            let mut next = Vec::new();
            for (name, span, formula) in std::mem::take(&mut waiting) {
                let result = match formula {
                    Some(formula) => unit_formula::evaluate(
                        formula,
                        &unit_formula::Scope {
                            layers: vec![&done, &self.global_units],
                        },
                    ),
                    // `unit IU` without a formula: a base unit of its own, if there is one of this name.
                    None => Unit::sbml_kind(name)
                        .or_else(|| Unit::atom(name))
                        .ok_or(Fault::Unknown(name.clone(), span)),
                };
                match result {
                    Ok(unit) => {
                        if let Some(before) = done.get(name).filter(|b| !b.same_unit(&unit)) {
                            let message = format!(
                                "the unit `{name}` is defined twice, as {before} and as {unit}"
                            );
                            self.report(Diagnostic::error(ids::DUPLICATE_NAME, message, span));
                        }
                        done.insert(name.clone(), unit);
                    }
                    Err(fault) => {
                        faults.push(fault);
                        next.push((name, span, formula));
                    }
                }
            }
            if next.is_empty() || next.len() == before {
                for fault in faults {
                    self.unit_fault(fault, &done);
                }
                return done;
            }
            waiting = next;
        }
    }

    fn unit_fault(&mut self, fault: Fault, local: &BTreeMap<String, Unit>) {
        let diagnostic = match fault {
            Fault::Shape(why, span) => Diagnostic::error(ids::SYNTAX, why, span),
            Fault::Unknown(name, span) => {
                let known = local
                    .keys()
                    .chain(self.global_units.keys())
                    .map(String::as_str)
                    .chain(Unit::SBML_KINDS);
                let help = did_you_mean(&name, known).unwrap_or_else(|| match Unit::atom(&name) {
                    Some(unit) => format!(
                        "define it, for example `{}`",
                        crate::unit_words::definition(&name, &unit)
                    ),
                    None => format!("define it: `unit {name} = …`"),
                });
                Diagnostic::error(
                    ids::UNKNOWN_UNIT,
                    format!("there is no unit `{name}`"),
                    span,
                )
                .help(help)
            }
        };
        self.report(diagnostic);
    }

    /// A unit by its name; reported if unknown.
    pub(crate) fn named_unit(&mut self, name: &str, span: Span, scope: &Scope) -> Option<Unit> {
        let found = unit_formula::Scope {
            layers: vec![&scope.units, &self.global_units],
        }
        .find(name);
        if found.is_none() {
            self.unit_fault(Fault::Unknown(name.to_owned(), span), &scope.units);
        }
        found
    }

    fn source_text(&self, span: Span) -> String {
        self.sources
            .text(span.file)
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
            .to_owned()
    }

    /// The symbol a statement is about, made if it is new; names with dots must be there.
    fn subject(&mut self, path: &Path, scope: &Scope) -> Option<SymbolId> {
        if path.parts.len() == 1 {
            if crate::builtin::is_reserved(&path.parts[0]) {
                self.report(
                    Diagnostic::error(
                        ids::DUPLICATE_NAME,
                        format!(
                            "`{}` is a name of the language and cannot be defined",
                            path.parts[0]
                        ),
                        path.span,
                    )
                    .help("take another name"),
                );
                return None;
            }
            return Some(self.draft.find_or_add(&scope.full(path), path.span));
        }
        let found = self.draft.find(&scope.full(path));
        if found.is_none() {
            self.unknown_dotted(path, scope);
        }
        let id = found?;
        if let Some(deleted) = self.draft.var(id).deleted {
            self.report(
                Diagnostic::error(
                    ids::DELETED_IN_USE,
                    format!("`{}` was deleted", path.dotted()),
                    path.span,
                )
                .label(deleted, "deleted here"),
            );
            return None;
        }
        Some(id)
    }

    fn subject_in(&mut self, subject: &Subject, scope: &Scope) -> Option<SymbolId> {
        let id = self.subject(&subject.path, scope)?;
        if subject.boundary {
            self.draft.var_mut(id).boundary = true;
        }
        if let Some(place) = &subject.compartment {
            let compartment = self.subject(place, scope)?;
            self.draft
                .set_kind(compartment, VarKind::Compartment, place.span);
            self.draft.var_mut(id).compartment = Some(compartment);
        }
        Some(id)
    }

    fn statement(&mut self, statement: &Statement, scope: &Scope) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Declare {
                what,
                constness,
                amount_only,
                subject,
            } => self.declare(*what, *constness, *amount_only, subject, scope),
            StatementKind::Place(subject) => {
                self.subject_in(subject, scope);
            }
            StatementKind::Set {
                subject,
                how,
                value,
            } => self.set(subject, *how, value, span, scope),
            StatementKind::HasUnit { subject, unit } => self.has_unit(subject, unit, scope),
            StatementKind::DisplayName { path, text } => {
                if let Some(id) = self.annotated(path, scope) {
                    self.draft.var_mut(id).name = Some(text.clone());
                }
            }
            StatementKind::Same { subject, other } => {
                if let (Some(a), Some(b)) =
                    (self.subject_in(subject, scope), self.subject(other, scope))
                {
                    self.draft.unify(a, b, span);
                }
            }
            StatementKind::Says {
                path,
                qualifier,
                texts,
            } => self.says(path, qualifier, texts, span, scope),
            StatementKind::Uncertainty { path, key, values } => {
                self.uncertainty(path, key, values, span, scope)
            }
            StatementKind::Reaction {
                subject,
                reactants,
                products,
                reversible,
                rate,
                compartment,
            } => {
                self.reaction(
                    subject.as_ref(),
                    (reactants, products),
                    *reversible,
                    rate.as_ref(),
                    compartment.as_ref(),
                    span,
                    scope,
                );
            }
            StatementKind::Interaction { sources, targets } => {
                self.interaction(sources, targets, scope)
            }
            StatementKind::Event { subject, event } => {
                self.event(subject.as_ref(), event, span, scope)
            }
            StatementKind::Instance {
                path,
                model,
                connections,
                model_span,
            } => {
                self.instance(path, model, connections, *model_span, span, scope);
            }
            StatementKind::Unit { .. } => {}
            StatementKind::Delete(path) => {
                if let Some(id) = self.subject(path, scope) {
                    self.draft.var_mut(id).deleted = Some(span);
                }
            }
        }
    }

    fn declare(
        &mut self,
        what: Declared,
        constness: Option<bool>,
        amount_only: Option<bool>,
        subject: &Subject,
        scope: &Scope,
    ) {
        let Some(id) = self.subject_in(subject, scope) else {
            return;
        };
        let span = subject.path.span;
        match what {
            Declared::Quantity => {}
            Declared::Species => self.draft.set_kind(id, VarKind::Species, span),
            Declared::Compartment => self.draft.set_kind(id, VarKind::Compartment, span),
            Declared::Reaction => self.draft.set_kind(id, VarKind::Reaction, span),
        }
        let var = self.draft.var_mut(id);
        var.declared = true;
        if var.span.start > span.start || var.initial.is_none() {
            var.span = span;
        }
        if let Some(constant) = constness {
            var.constness = Some(constant);
            if var.kind == VarKind::Species {
                var.boundary = constant;
            }
        }
        if let Some(amount_only) = amount_only {
            var.amount_only = amount_only;
        }
    }

    fn set(&mut self, subject: &Subject, how: Setting, value: &Ast, span: Span, scope: &Scope) {
        let meaning = self.meaning(value, scope);
        let Some(id) = self.subject_in(subject, scope) else {
            return;
        };
        let first = !self.draft.var(id).declared;
        self.draft.var_mut(id).declared = true;
        if first {
            self.draft.var_mut(id).span = subject.path.span;
        }
        // The fault is reported; a hole in place of the value keeps the symbol from being told of again.
        let expr = meaning.unwrap_or_else(|| hole(value.span));
        self.draft.note_setting(id, how, &scope.prefix, span);
        let name = self.draft.var(id).id.clone();
        match (how, &self.draft.var(id).rule) {
            (Setting::Initial, Some(Rule::Assignment(_))) => {
                self.report(
                    Diagnostic::error(
                        ids::RULE_CONFLICT,
                        format!(
                            "`{name}` always follows its `:=` and cannot also start from a value"
                        ),
                        span,
                    )
                    .help("write `:=` to replace the rule, or remove this line"),
                );
            }
            (Setting::Assignment, Some(Rule::Rate(_)))
            | (Setting::Rate, Some(Rule::Assignment(_))) => {
                self.report(
                    Diagnostic::error(
                        ids::RULE_CONFLICT,
                        format!("`{name}` has a rule `:=` and a rule `'=`"),
                        span,
                    )
                    .help("keep one of them; a start value is set with `=`"),
                );
            }
            (Setting::Initial, _) => {
                self.unit_of_number(id, value, scope);
                self.draft.var_mut(id).initial = Some(expr);
            }
            (Setting::Assignment, _) => {
                let var = self.draft.var_mut(id);
                var.rule = Some(Rule::Assignment(expr));
                var.initial = None;
            }
            (Setting::Rate, _) => self.draft.var_mut(id).rule = Some(Rule::Rate(expr)),
        }
    }

    /// `x = 3 mmol` also says the unit of `x`, unless `has` says another.
    fn unit_of_number(&mut self, id: SymbolId, value: &Ast, scope: &Scope) {
        use crate::syntax::AstKind;
        let mut inner = value;
        while let AstKind::Apply(osteon_model::Op::Neg, args) = &inner.kind {
            inner = &args[0];
        }
        let AstKind::Number(_, Some((text, span))) = &inner.kind else {
            return;
        };
        let Some(unit) = (unit_formula::Scope {
            layers: vec![&scope.units, &self.global_units],
        })
        .find(text) else {
            return;
        };
        let var = self.draft.var_mut(id);
        if var.unit.is_none() {
            var.unit = Some(UnitSaid {
                unit,
                text: text.clone(),
                span: *span,
                explicit: false,
            });
        }
    }

    fn has_unit(&mut self, subject: &Subject, formula: &Ast, scope: &Scope) {
        let Some(id) = self.subject_in(subject, scope) else {
            return;
        };
        self.draft.var_mut(id).declared = true;
        let evaluated = unit_formula::evaluate(
            formula,
            &unit_formula::Scope {
                layers: vec![&scope.units, &self.global_units],
            },
        );
        match evaluated {
            Ok(unit) => {
                let said = UnitSaid {
                    unit,
                    text: self.source_text(formula.span),
                    span: formula.span,
                    explicit: true,
                };
                let before = self.draft.var_mut(id).unit.replace(said);
                if let Some(before) = before.filter(|b| b.explicit && !b.unit.same_unit(&unit)) {
                    let name = self.draft.var(id).id.clone();
                    self.report(
                        Diagnostic::error(
                            ids::UNIT_MISMATCH,
                            format!("`{name}` is given two units, {} and {unit}", before.unit),
                            formula.span,
                        )
                        .label(before.span, "first here"),
                    );
                }
            }
            Err(fault) => self.unit_fault(fault, &scope.units),
        }
    }

    /// The symbol an annotation speaks of; annotations of the model itself are taken here.
    fn annotated(&mut self, path: &Path, scope: &Scope) -> Option<SymbolId> {
        if path.parts.len() == 1
            && self.library.model(&path.parts[0]).is_some()
            && self.draft.find(&scope.full(path)).is_none()
        {
            return None;
        }
        self.subject(path, scope)
    }

    fn says(&mut self, path: &Path, qualifier: &str, texts: &[String], span: Span, scope: &Scope) {
        const QUALIFIERS: [&str; 30] = [
            "identity",
            "isDescribedBy",
            "notes",
            "hasPart",
            "part",
            "isPartOf",
            "parthood",
            "isVersionOf",
            "hypernym",
            "hasVersion",
            "version",
            "isHomologTo",
            "homolog",
            "description",
            "isEncodedBy",
            "encoder",
            "encodes",
            "encodement",
            "occursIn",
            "container",
            "hasProperty",
            "property",
            "isPropertyOf",
            "propertyBearer",
            "hasTaxon",
            "taxon",
            "isDerivedFrom",
            "origin",
            "created",
            "creator",
        ];
        if !QUALIFIERS.contains(&qualifier)
            && !matches!(
                qualifier,
                "modified"
                    | "author"
                    | "isInstanceOf"
                    | "hasInstance"
                    | "instance"
                    | "class"
                    | "creator1"
            )
        {
            let mut diagnostic = Diagnostic::error(
                ids::SYNTAX,
                format!("`{qualifier}` is no way to speak of a symbol"),
                span,
            );
            diagnostic.help = did_you_mean(qualifier, QUALIFIERS.into_iter())
                .or_else(|| Some("use `is`, `notes`, `isDescribedBy` or `identity`".to_owned()));
            self.report(diagnostic);
            return;
        }
        let Some(id) = self.annotated(path, scope) else {
            return;
        };
        let annotation = &mut self.draft.var_mut(id).annotation;
        match qualifier {
            "notes" => {
                let mut all: Vec<String> = annotation.notes.take().into_iter().collect();
                all.extend(texts.iter().map(|t| t.trim().to_owned()));
                let joined = all
                    .iter()
                    .map(|t| t.trim_end_matches(';'))
                    .collect::<Vec<_>>()
                    .join("; ");
                annotation.set_notes(&joined);
            }
            "isDescribedBy" | "description" => {
                annotation.described_by.extend(texts.iter().cloned())
            }
            "identity" => annotation.identity.extend(texts.iter().cloned()),
            // Other relations to ontologies say nothing to anything here.
            _ => {}
        }
    }

    fn uncertainty(&mut self, path: &Path, key: &str, values: &[Ast], span: Span, scope: &Scope) {
        let Some(id) = self.subject(path, scope) else {
            return;
        };
        let bad = |why: &str| Diagnostic::error(ids::BAD_RANGE, why, span);
        let numbers: Option<Vec<f64>> = values.iter().map(unit_formula::number).collect();
        let Some(numbers) = numbers else {
            if !matches!(key, "distribution" | "externalParameter") {
                self.report(bad(&format!(
                    "`.{key}` is made of plain numbers, in the unit of the symbol"
                )));
            }
            return;
        };
        let pair = matches!(
            key,
            "range"
                | "confidenceInterval"
                | "credibleInterval"
                | "interquartileRange"
                | "confidence"
                | "credible"
        );
        match (pair, numbers.as_slice()) {
            (true, [lower, upper]) if lower <= upper => {
                let annotation = &mut self.draft.var_mut(id).annotation;
                if key == "range" {
                    annotation.range = Some(Range {
                        lower: *lower,
                        upper: *upper,
                    });
                } else {
                    let key = match key {
                        "confidence" => "confidenceInterval",
                        "credible" => "credibleInterval",
                        other => other,
                    };
                    annotation.uncertainty.retain(|(k, _)| !k.starts_with(key));
                    annotation
                        .uncertainty
                        .push((format!("{key}.lower"), *lower));
                    annotation
                        .uncertainty
                        .push((format!("{key}.upper"), *upper));
                }
            }
            (true, [lower, upper]) => self.report(
                bad(&format!("the bounds {lower} and {upper} are swapped"))
                    .help("write the smaller one first"),
            ),
            (true, _) => self.report(bad(&format!(
                "`.{key}` takes two numbers: `{{lower, upper}}`"
            ))),
            (false, [value]) => {
                let key = if key == "stdev" {
                    "standardDeviation"
                } else {
                    key
                };
                let annotation = &mut self.draft.var_mut(id).annotation;
                annotation.uncertainty.retain(|(k, _)| k != key);
                annotation.uncertainty.push((key.to_owned(), *value));
            }
            (false, _) => self.report(bad(&format!("`.{key}` takes one number"))),
        }
    }

    /// A name of the form `_J0` that is not taken.
    fn free_name(&self, scope: &Scope, letter: &str) -> String {
        let free = |n: &usize| {
            self.draft
                .find(&format!("{}_{letter}{n}", scope.prefix))
                .is_none()
        };
        format!("_{letter}{}", (0..).find(free).unwrap_or(0))
    }

    /// The symbol of a reaction or event, named by the author or not.
    fn act(
        &mut self,
        subject: Option<&Subject>,
        kind: VarKind,
        span: Span,
        scope: &Scope,
    ) -> Option<SymbolId> {
        let id = match subject {
            Some(subject) => self.subject_in(subject, scope)?,
            None => {
                let name = self.free_name(scope, if kind == VarKind::Reaction { "J" } else { "E" });
                self.draft
                    .find_or_add(&format!("{}{name}", scope.prefix), span)
            }
        };
        self.draft.set_kind(id, kind, span);
        let root = self.draft.root(id);
        let taken = match kind {
            VarKind::Reaction => self
                .draft
                .reactions
                .iter()
                .find(|r| self.draft.root(r.var) == root)
                .map(|r| r.span),
            _ => self
                .draft
                .events
                .iter()
                .find(|e| self.draft.root(e.var) == root)
                .map(|e| e.event.span),
        };
        let name = self.draft.var(id).id.clone();
        if let Some(first) = taken {
            self.report(
                Diagnostic::error(
                    ids::DUPLICATE_NAME,
                    format!("there are two {}s `{name}`", kind.words()),
                    span,
                )
                .label(first, "first here")
                .help("give one of them another name"),
            );
            return None;
        }
        self.draft.var_mut(id).span = subject.map_or(span, |s| s.path.span);
        Some(id)
    }

    #[allow(clippy::too_many_arguments)]
    fn reaction(
        &mut self,
        subject: Option<&Subject>,
        (reactants, products): (&[ParticipantText], &[ParticipantText]),
        reversible: bool,
        rate: Option<&Ast>,
        compartment: Option<&Path>,
        span: Span,
        scope: &Scope,
    ) {
        let place = compartment.and_then(|path| {
            let id = self.subject(path, scope)?;
            self.draft.set_kind(id, VarKind::Compartment, path.span);
            Some(id)
        });
        let reactants = self.participants(reactants, place, scope);
        let products = self.participants(products, place, scope);
        let rate = rate.map(|r| self.meaning(r, scope).unwrap_or_else(|| hole(r.span)));
        let Some(var) = self.act(subject, VarKind::Reaction, span, scope) else {
            return;
        };
        self.draft.reactions.push(DraftReaction {
            var,
            reactants,
            products,
            modifiers: Vec::new(),
            rate,
            reversible,
            span,
        });
    }

    fn participants(
        &mut self,
        list: &[ParticipantText],
        place: Option<SymbolId>,
        scope: &Scope,
    ) -> Vec<DraftParticipant> {
        let mut out = Vec::new();
        for text in list {
            let Some(species) = self.subject(&text.path, scope) else {
                continue;
            };
            self.draft
                .set_kind(species, VarKind::Species, text.path.span);
            let var = self.draft.var_mut(species);
            var.boundary |= text.boundary;
            if var.compartment.is_none() {
                var.compartment = place;
            }
            let stoichiometry = match &text.coefficient {
                Coefficient::Number(value) => Expr::new(ExprKind::Number(*value, None), text.span),
                Coefficient::Symbol(path) => match self.reference(path, scope) {
                    Some(id) => Expr::new(ExprKind::Symbol(id), path.span),
                    None => continue,
                },
            };
            out.push(DraftParticipant {
                species,
                stoichiometry,
                span: text.span,
            });
        }
        out
    }

    fn interaction(&mut self, sources: &[Path], targets: &[Path], scope: &Scope) {
        for target in targets {
            let Some(id) = self.reference(target, scope) else {
                continue;
            };
            let root = self.draft.root(id);
            for source in sources {
                let Some(species) = self.subject(source, scope) else {
                    continue;
                };
                self.draft.set_kind(species, VarKind::Species, source.span);
                let roots: Vec<SymbolId> = self
                    .draft
                    .reactions
                    .iter()
                    .map(|r| self.draft.root(r.var))
                    .collect();
                match roots.iter().position(|r| *r == root) {
                    Some(at) => self.draft.reactions[at].modifiers.push(species),
                    None => self.report(
                        Diagnostic::error(
                            ids::UNKNOWN_NAME,
                            format!("`{}` is not a reaction", target.dotted()),
                            target.span,
                        )
                        .help("an interaction stands below the reaction it acts on"),
                    ),
                }
            }
        }
    }

    fn event(&mut self, subject: Option<&Subject>, text: &EventText, span: Span, scope: &Scope) {
        let trigger = self.meaning(&text.trigger, scope);
        let delay = text.delay.as_ref().map(|d| self.meaning(d, scope));
        let mut event = osteon_model::Event {
            id: String::new(),
            trigger: Expr::new(ExprKind::Bool(true), span),
            // Defaults of Antimony, which are those of SBML.
            initial_value: true,
            persistent: true,
            delay: None,
            priority: None,
            values_from_trigger_time: true,
            assignments: Vec::new(),
            span,
        };
        for (name, value, at) in &text.options {
            if name == "priority" {
                event.priority = self.meaning(value, scope);
                continue;
            }
            let truth = match self.meaning(value, scope).map(|e| e.kind) {
                Some(ExprKind::Bool(truth)) => truth,
                Some(ExprKind::Number(number, None)) if number == 0.0 || number == 1.0 => {
                    number == 1.0
                }
                _ => {
                    self.report(Diagnostic::error(
                        ids::SYNTAX,
                        format!("`{name}` is `true` or `false`"),
                        *at,
                    ));
                    continue;
                }
            };
            match name.as_str() {
                "t0" => event.initial_value = truth,
                "persistent" => event.persistent = truth,
                "fromTrigger" => event.values_from_trigger_time = truth,
                _ => {
                    let mut diagnostic = Diagnostic::error(
                        ids::SYNTAX,
                        format!("events have no option `{name}`"),
                        *at,
                    );
                    diagnostic.help = did_you_mean(
                        name,
                        ["t0", "persistent", "fromTrigger", "priority"].into_iter(),
                    )
                    .or_else(|| {
                        Some(
                            "the options are `t0`, `persistent`, `fromTrigger` and `priority`"
                                .to_owned(),
                        )
                    });
                    self.report(diagnostic);
                }
            }
        }
        for (path, value) in &text.assignments {
            let value = self.meaning(value, scope);
            // An event sets what exists: a name that only it knows is a slip.
            let target = self.reference(path, scope);
            if let (Some(target), Some(value)) = (target, value) {
                event.assignments.push(Assignment { target, value });
            }
        }
        let Some(var) = self.act(subject, VarKind::Event, span, scope) else {
            return;
        };
        let (Some(trigger), false) = (trigger, matches!(delay, Some(None))) else {
            return;
        };
        event.trigger = trigger;
        event.delay = delay.flatten();
        self.draft.events.push(DraftEvent { var, event });
    }

    fn instance(
        &mut self,
        path: &Path,
        model: &str,
        connections: &[Connection],
        model_span: Span,
        span: Span,
        scope: &Scope,
    ) {
        let Some(index) = self.library.model(model) else {
            let mut diagnostic = Diagnostic::error(
                ids::UNKNOWN_MODEL,
                format!("there is no model `{model}`"),
                model_span,
            );
            diagnostic.help = did_you_mean(model, self.library.model_names());
            self.report(diagnostic);
            return;
        };
        if self.open.iter().any(|m| m == model) || self.open.len() > MAX_INSTANCES_DEEP {
            let circle = self.open.join(" → ");
            self.report(Diagnostic::error(
                ids::CIRCULAR,
                format!("models contain each other: {circle} → {model}"),
                model_span,
            ));
            return;
        }
        let text = &self.library.models[index];
        self.warn_used_before(text.span, model, model_span);
        let Some(id) = self.subject(path, scope) else {
            return;
        };
        if self.draft.var(id).kind == VarKind::Instance {
            let first = self.draft.var(id).span;
            self.report(
                Diagnostic::error(
                    ids::DUPLICATE_NAME,
                    format!("there are two instances `{}`", path.dotted()),
                    path.span,
                )
                .label(first, "first here"),
            );
            return;
        }
        self.draft.set_kind(id, VarKind::Instance, path.span);
        self.draft.var_mut(id).span = path.span;
        let inner = self.body(&text.body, format!("{}.", scope.full(path)), model);
        if connections.len() > text.interface.len()
            || (connections.len() < text.interface.len() && !connections.is_empty())
        {
            let wanted = text
                .interface
                .iter()
                .map(Path::dotted)
                .collect::<Vec<_>>()
                .join(", ");
            self.report(
                Diagnostic::error(
                    ids::WRONG_ARGUMENT_COUNT,
                    format!(
                        "`{model}` has {} interface symbols, and {} are connected",
                        text.interface.len(),
                        connections.len()
                    ),
                    span,
                )
                .label(text.span, format!("({wanted})")),
            );
        }
        for (name, connection) in text.interface.iter().zip(connections) {
            let own = self.draft.find_or_add(&inner.full(name), name.span);
            self.draft.var_mut(own).declared = true;
            match connection {
                Connection::Symbol(path) => {
                    if let Some(outer) = self.subject(path, scope) {
                        let kind = self.draft.var(outer).kind;
                        if matches!(kind, VarKind::Instance | VarKind::Event) {
                            self.report(
                                Diagnostic::error(
                                    ids::KIND_MISMATCH,
                                    format!(
                                        "`{}` is an {} and cannot be connected to a symbol",
                                        path.dotted(),
                                        kind.words()
                                    ),
                                    path.span,
                                )
                                .help("give the instance and the symbol different names"),
                            );
                        } else {
                            self.draft.unify(own, outer, path.span);
                        }
                    }
                }
                Connection::Number(value, at) => {
                    let var = self.draft.var_mut(own);
                    var.initial = Some(Expr::new(ExprKind::Number(*value, None), *at));
                    if matches!(var.rule, Some(Rule::Assignment(_))) {
                        var.rule = None;
                    }
                }
            }
        }
        if connections.is_empty() {
            for name in &text.interface {
                let own = self.draft.find_or_add(&inner.full(name), name.span);
                self.draft.var_mut(own).declared = true;
            }
        }
    }

    /// Stock readers know only models above the line.
    fn warn_used_before(&mut self, defined: Span, model: &str, used: Span) {
        if defined.file == used.file && defined.start > used.start {
            self.report(
                Diagnostic::warning(ids::USED_BEFORE_DEFINITION, format!("`{model}` is used above its definition, which other readers of Antimony refuse"), used)
                    .label(defined, "defined here")
                    .help("move the definition up"),
            );
        }
    }
}

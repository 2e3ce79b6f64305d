//! A model as SBML Level 3 Version 2 core.
//!
//! Explicit everywhere: units where they are known, sizes, `hasOnlySubstanceUnits`, modifiers of every species a rate reads.

use std::collections::HashSet;
use std::fmt::Write as _;

use osteon_model::{
    Annotation, Event, Expr, ExprKind, Initial, InitialForm, Model, Op, Participant, Reaction,
    Role, Rule, SymbolId,
};

use crate::annotation::NUMBER_NAMESPACE;
use crate::legal_ids::LegalIds;
use crate::switches::switches_as_events;
use crate::unit_registry::UnitRegistry;
use crate::write_math::MathWriter;
use crate::xml_text::{escape, print_float};

/// How to write.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Turn comparisons inside equations into parameters set by events, so that other tools locate them.
    pub switches_as_events: bool,
    /// Turn equations that read an assignment more than once into functions of what they read. Tools that write assignments into each
    /// other then work each out once per equation instead of once per place.
    pub read_once: bool,
}

/// Writes the model as SBML Level 3 Version 2 core.
pub fn write_with(model: &Model, options: &WriteOptions) -> String {
    if options.switches_as_events {
        return Writer::new(&switches_as_events(model), options).document();
    }
    Writer::new(model, options).document()
}

struct Writer<'m> {
    model: &'m Model,
    ids: LegalIds,
    units: UnitRegistry,
    model_id: String,
    read_once: bool,
    functions: String,
    n_functions: usize,
    compartments: String,
    species: String,
    parameters: String,
    assignments: String,
    rules: String,
    reactions: String,
    events: String,
    /// Stoichiometries that a participant has taken as its own.
    attached: HashSet<SymbolId>,
}

impl<'m> Writer<'m> {
    fn new(model: &'m Model, options: &WriteOptions) -> Self {
        let mut ids = LegalIds::of(model);
        let model_id = ids.fresh(if model.id.is_empty() {
            "model"
        } else {
            &model.id
        });
        Writer {
            model,
            ids,
            units: UnitRegistry::default(),
            model_id,
            read_once: options.read_once,
            functions: String::new(),
            n_functions: 0,
            compartments: String::new(),
            species: String::new(),
            parameters: String::new(),
            assignments: String::new(),
            rules: String::new(),
            reactions: String::new(),
            events: String::new(),
            attached: HashSet::new(),
        }
    }

    fn document(mut self) -> String {
        for reaction in &self.model.reactions {
            self.reaction(reaction);
        }
        for id in self.model.ids() {
            self.symbol(id);
        }
        for event in &self.model.events {
            self.event(event);
        }
        let mut head = String::new();
        let _ = write!(head, "  <model id=\"{}\"", self.model_id);
        attribute(&mut head, "name", self.model.name.as_deref());
        let wide = [
            ("substanceUnits", self.model.substance_unit),
            ("timeUnits", self.model.time_unit),
            ("volumeUnits", self.model.volume_unit),
            (
                "extentUnits",
                self.model.extent_unit.or(self.model.substance_unit),
            ),
        ];
        for (key, unit) in wide {
            attribute(&mut head, key, unit.map(|u| self.units.id(&u)).as_deref());
        }
        head.push_str(">\n");
        if let Some(notes) = &self.model.notes {
            head.push_str(&notes_xml(notes));
        }
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.push_str("<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" ");
        out.push_str("xmlns:sbml=\"http://www.sbml.org/sbml/level3/version2/core\" level=\"3\" version=\"2\">\n");
        out.push_str(&head);
        if !self.functions.is_empty() {
            let functions = &self.functions;
            let _ = write!(
                out,
                "    <listOfFunctionDefinitions>\n{functions}    </listOfFunctionDefinitions>\n"
            );
        }
        out.push_str(&self.units.xml());
        for (list, content) in [
            ("listOfCompartments", &self.compartments),
            ("listOfSpecies", &self.species),
            ("listOfParameters", &self.parameters),
            ("listOfInitialAssignments", &self.assignments),
            ("listOfRules", &self.rules),
            ("listOfReactions", &self.reactions),
            ("listOfEvents", &self.events),
        ] {
            if !content.is_empty() {
                let _ = write!(out, "    <{list}>\n{content}    </{list}>\n");
            }
        }
        out.push_str("  </model>\n</sbml>\n");
        out
    }

    fn math(&mut self, expr: &Expr) -> String {
        let arguments = self.arguments(expr);
        if arguments.is_empty() {
            return self.math_writer().math(expr);
        }
        self.n_functions += 1;
        let wish = format!("equation_{}", self.n_functions);
        let function = self.ids.fresh(&wish);
        let lambda = self.math_writer().lambda(&arguments, expr);
        let _ = writeln!(
            self.functions,
            "      <functionDefinition id=\"{function}\">\n        {lambda}\n      </functionDefinition>"
        );
        self.math_writer().call(&function, &arguments)
    }

    fn math_writer(&mut self) -> MathWriter<'_> {
        MathWriter {
            ids: &self.ids,
            units: &mut self.units,
            start_time: self.model.start_time,
        }
    }

    /// What an equation reads, in order, if it is to become a function of that; else nothing. Functions may not ask for the time or a rate.
    fn arguments(&self, expr: &Expr) -> Vec<SymbolId> {
        let (mut arguments, mut twice, mut allowed) = (Vec::new(), false, self.read_once);
        expr.walk(&mut |e| match e.kind {
            ExprKind::Symbol(id) if !arguments.contains(&id) => arguments.push(id),
            ExprKind::Symbol(id) => {
                twice |= matches!(self.model.symbol(id).rule, Some(Rule::Assignment(_)));
            }
            ExprKind::Time | ExprKind::RateOf(_) => allowed = false,
            _ => {}
        });
        if !(allowed && twice) {
            arguments.clear();
        }
        arguments
    }

    fn symbol(&mut self, id: SymbolId) {
        let symbol = self.model.symbol(id);
        let sid = self.ids.symbol(id).to_owned();
        let mut open = format!(" id=\"{sid}\"");
        attribute(&mut open, "name", symbol.name.as_deref());
        let unit = symbol.unit.map(|u| self.units.id(&u));
        let number = symbol
            .initial
            .as_ref()
            .and_then(|i| constant_value(&i.expr));
        let plain = number.map(print_float);
        let constant = symbol.constant && symbol.rule.is_none();
        match &symbol.role {
            Role::Compartment { dimensions } => {
                let _ = write!(open, " spatialDimensions=\"{}\"", print_float(*dimensions));
                attribute(&mut open, "size", plain.as_deref());
                attribute(&mut open, "units", unit.as_deref());
                let _ = write!(open, " constant=\"{constant}\"");
                element(
                    &mut self.compartments,
                    "compartment",
                    &sid,
                    &open,
                    &symbol.annotation,
                );
            }
            Role::Parameter => {
                attribute(&mut open, "value", plain.as_deref());
                attribute(&mut open, "units", unit.as_deref());
                let _ = write!(open, " constant=\"{constant}\"");
                element(
                    &mut self.parameters,
                    "parameter",
                    &sid,
                    &open,
                    &symbol.annotation,
                );
            }
            Role::Species(info) => {
                let _ = write!(
                    open,
                    " compartment=\"{}\"",
                    self.ids.symbol(info.compartment)
                );
                let form = symbol.initial.as_ref().map(|i| i.form);
                let as_amount = form == Some(InitialForm::Amount)
                    || (form == Some(InitialForm::Value) && info.amount_only);
                attribute(
                    &mut open,
                    if as_amount {
                        "initialAmount"
                    } else {
                        "initialConcentration"
                    },
                    plain.as_deref(),
                );
                let substance = match (symbol.unit, info.amount_only) {
                    (Some(unit), false) => self
                        .model
                        .symbol(info.compartment)
                        .unit
                        .map(|size| unit.times(&size)),
                    (unit, _) => unit,
                };
                attribute(
                    &mut open,
                    "substanceUnits",
                    substance.map(|u| self.units.id(&u)).as_deref(),
                );
                let _ = write!(
                    open,
                    " hasOnlySubstanceUnits=\"{}\" boundaryCondition=\"{}\" constant=\"{constant}\"",
                    info.amount_only, info.boundary
                );
                attribute(
                    &mut open,
                    "conversionFactor",
                    info.conversion_factor.map(|f| self.ids.symbol(f)),
                );
                element(
                    &mut self.species,
                    "species",
                    &sid,
                    &open,
                    &symbol.annotation,
                );
            }
            // Written with the reaction; one that no reaction uses is a quantity like any other.
            Role::SpeciesReference if !self.attached.contains(&id) => {
                attribute(&mut open, "value", plain.as_deref());
                let _ = write!(open, " units=\"dimensionless\" constant=\"{constant}\"");
                element(
                    &mut self.parameters,
                    "parameter",
                    &sid,
                    &open,
                    &symbol.annotation,
                );
            }
            Role::SpeciesReference | Role::Reaction(_) => {}
        }
        match &symbol.rule {
            Some(Rule::Assignment(expr)) => self.rule("assignmentRule", &sid, expr),
            Some(Rule::Rate(expr)) => self.rule("rateRule", &sid, expr),
            None => {}
        }
        if let (Some(initial), None) = (&symbol.initial, number) {
            // A rule that always holds leaves nothing to be assigned.
            if !matches!(symbol.rule, Some(Rule::Assignment(_))) {
                let math = self.math(&value_at_start(initial, &symbol.role));
                let _ = writeln!(
                    self.assignments,
                    "      <initialAssignment symbol=\"{sid}\">\n        {math}\n      </initialAssignment>"
                );
            }
        }
    }

    fn rule(&mut self, kind: &str, variable: &str, expr: &Expr) {
        let math = self.math(expr);
        let _ = writeln!(
            self.rules,
            "      <{kind} variable=\"{variable}\">\n        {math}\n      </{kind}>"
        );
    }

    fn reaction(&mut self, reaction: &Reaction) {
        let symbol = self.model.symbol(reaction.symbol);
        let sid = self.ids.symbol(reaction.symbol).to_owned();
        let mut open = format!(" id=\"{sid}\"");
        attribute(&mut open, "name", symbol.name.as_deref());
        let _ = write!(open, " reversible=\"{}\"", reaction.reversible);
        let mut body = String::new();
        for (list, participants) in [
            ("listOfReactants", &reaction.reactants),
            ("listOfProducts", &reaction.products),
        ] {
            if !participants.is_empty() {
                let _ = writeln!(body, "        <{list}>");
                for participant in participants {
                    self.participant(&sid, participant, &mut body);
                }
                let _ = writeln!(body, "        </{list}>");
            }
        }
        let modifiers = self.modifiers(reaction);
        if !modifiers.is_empty() {
            body.push_str("        <listOfModifiers>\n");
            for species in modifiers {
                let _ = writeln!(
                    body,
                    "          <modifierSpeciesReference species=\"{}\"/>",
                    self.ids.symbol(species)
                );
            }
            body.push_str("        </listOfModifiers>\n");
        }
        if let Some(rate) = &reaction.rate {
            let math = self.math(rate);
            let _ = writeln!(
                body,
                "        <kineticLaw>\n          {math}\n        </kineticLaw>"
            );
        }
        let said = annotation_xml(&sid, &symbol.annotation);
        let meta = if said.is_empty() {
            String::new()
        } else {
            format!(" metaid=\"meta_{sid}\"")
        };
        let _ = write!(
            self.reactions,
            "      <reaction{meta}{open}>\n{said}{body}      </reaction>\n"
        );
    }

    /// Modifiers as declared, and every other species that the rate reads: SBML asks for all of them.
    fn modifiers(&self, reaction: &Reaction) -> Vec<SymbolId> {
        let taking_part: HashSet<SymbolId> = reaction
            .reactants
            .iter()
            .chain(&reaction.products)
            .map(|p| p.species)
            .collect();
        let read = reaction
            .rate
            .iter()
            .flat_map(Expr::symbols)
            .filter(|s| matches!(self.model.symbol(*s).role, Role::Species(_)));
        let mut found = Vec::new();
        for species in reaction
            .modifiers
            .iter()
            .copied()
            .chain(read.filter(|s| !taking_part.contains(s)))
        {
            if !found.contains(&species) {
                found.push(species);
            }
        }
        found
    }

    fn participant(&mut self, reaction: &str, participant: &Participant, body: &mut String) {
        let species = self.ids.symbol(participant.species).to_owned();
        let mut open = String::new();
        match &participant.stoichiometry.kind {
            ExprKind::Symbol(id)
                if self.model.symbol(*id).role == Role::SpeciesReference
                    && self.attached.insert(*id) =>
            {
                let symbol = self.model.symbol(*id);
                let number = symbol
                    .initial
                    .as_ref()
                    .and_then(|i| constant_value(&i.expr))
                    .map(print_float);
                let _ = write!(open, " id=\"{}\"", self.ids.symbol(*id));
                attribute(&mut open, "name", symbol.name.as_deref());
                attribute(&mut open, "stoichiometry", number.as_deref());
                let _ = write!(
                    open,
                    " constant=\"{}\"",
                    symbol.constant && symbol.rule.is_none()
                );
            }
            _ => match constant_value(&participant.stoichiometry) {
                Some(value) => {
                    let _ = write!(
                        open,
                        " stoichiometry=\"{}\" constant=\"true\"",
                        print_float(value)
                    );
                }
                None => {
                    let id = self
                        .ids
                        .fresh(&format!("{reaction}_{species}_stoichiometry"));
                    self.rule("assignmentRule", &id, &participant.stoichiometry);
                    let _ = write!(open, " id=\"{id}\" constant=\"false\"");
                }
            },
        }
        let _ = writeln!(
            body,
            "          <speciesReference species=\"{species}\"{open}/>"
        );
    }

    fn event(&mut self, event: &Event) {
        let id = self.ids.fresh(if event.id.is_empty() {
            "event"
        } else {
            &event.id
        });
        let trigger = self.math(&event.trigger);
        let mut body = format!(
            "        <trigger initialValue=\"{}\" persistent=\"{}\">\n          {trigger}\n        </trigger>\n",
            event.initial_value, event.persistent
        );
        for (name, part) in [("priority", &event.priority), ("delay", &event.delay)] {
            if let Some(expr) = part {
                let math = self.math(expr);
                let _ = writeln!(
                    body,
                    "        <{name}>\n          {math}\n        </{name}>"
                );
            }
        }
        if !event.assignments.is_empty() {
            body.push_str("        <listOfEventAssignments>\n");
            for set in &event.assignments {
                let math = self.math(&set.value);
                let target = self.ids.symbol(set.target);
                let _ = writeln!(
                    body,
                    "          <eventAssignment variable=\"{target}\">\n            {math}\n          </eventAssignment>"
                );
            }
            body.push_str("        </listOfEventAssignments>\n");
        }
        let _ = write!(
            self.events,
            "      <event id=\"{id}\" useValuesFromTriggerTime=\"{}\">\n{body}      </event>\n",
            event.values_from_trigger_time
        );
    }
}

/// The value if the expression is a number, possibly negated.
fn constant_value(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(value, _) => Some(*value),
        ExprKind::Apply(Op::Neg, args) => match args.as_slice() {
            [only] => constant_value(only).map(|v| -v),
            _ => None,
        },
        _ => None,
    }
}

/// The start value as the symbol itself means it, which is what an initial assignment sets.
fn value_at_start(initial: &Initial, role: &Role) -> Expr {
    let Role::Species(info) = role else {
        return initial.expr.clone();
    };
    let op = match (initial.form, info.amount_only) {
        (InitialForm::Amount, false) => Op::Div,
        (InitialForm::Concentration, true) => Op::Mul,
        _ => return initial.expr.clone(),
    };
    Expr::apply(
        op,
        vec![initial.expr.clone(), Expr::symbol(info.compartment)],
    )
}

fn attribute(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(out, " {key}=\"{}\"", escape(value));
    }
}

fn element(out: &mut String, tag: &str, sid: &str, open: &str, annotation: &Annotation) {
    let said = annotation_xml(sid, annotation);
    let _ = if said.is_empty() {
        writeln!(out, "      <{tag}{open}/>")
    } else {
        writeln!(
            out,
            "      <{tag} metaid=\"meta_{sid}\"{open}>\n{said}      </{tag}>"
        )
    };
}

fn notes_xml(notes: &str) -> String {
    format!(
        "        <notes><p xmlns=\"http://www.w3.org/1999/xhtml\">{}</p></notes>\n",
        escape(notes)
    )
}

fn annotation_xml(sid: &str, said: &Annotation) -> String {
    let mut out = said.notes.as_deref().map_or_else(String::new, notes_xml);
    let mut inside = String::new();
    let qualified: [(&str, &[String]); 2] = [
        ("is", &said.identity),
        ("isDescribedBy", &said.described_by),
    ];
    if qualified.iter().any(|(_, uris)| !uris.is_empty()) {
        let _ = write!(
            inside,
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
             xmlns:bqbiol=\"http://biomodels.net/biology-qualifiers/\"><rdf:Description rdf:about=\"#meta_{sid}\">"
        );
        for (qualifier, uris) in qualified.iter().filter(|(_, uris)| !uris.is_empty()) {
            let _ = write!(inside, "<bqbiol:{qualifier}><rdf:Bag>");
            for uri in *uris {
                let _ = write!(inside, "<rdf:li rdf:resource=\"{}\"/>", escape(uri));
            }
            let _ = write!(inside, "</rdf:Bag></bqbiol:{qualifier}>");
        }
        inside.push_str("</rdf:Description></rdf:RDF>");
    }
    if let Some(range) = &said.range {
        let (lower, upper) = (print_float(range.lower), print_float(range.upper));
        let _ = write!(
            inside,
            "<range xmlns=\"{NUMBER_NAMESPACE}\" lower=\"{lower}\" upper=\"{upper}\"/>"
        );
    }
    for (kind, value) in &said.uncertainty {
        let (kind, value) = (escape(kind), print_float(*value));
        let _ = write!(
            inside,
            "<uncertainty xmlns=\"{NUMBER_NAMESPACE}\" kind=\"{kind}\" value=\"{value}\"/>"
        );
    }
    if !inside.is_empty() {
        let _ = writeln!(out, "        <annotation>{inside}</annotation>");
    }
    out
}

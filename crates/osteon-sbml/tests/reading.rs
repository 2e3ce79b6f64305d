//! What the reader makes of SBML, one behaviour per test. Models are written for these tests.

use osteon_model::{ExprKind, InitialForm, MemorySources, Model, Op, Role, Rule};
use osteon_sbml::SbmlError;

fn read(text: &str) -> Result<Model, SbmlError> {
    let mut sources = MemorySources::new();
    sources.insert("model.xml", text);
    osteon_sbml::read(&sources, "model.xml")
}

fn level_3(content: &str) -> String {
    format!(
        "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" \
         xmlns:comp=\"http://www.sbml.org/sbml/level3/version1/comp/version1\" level=\"3\" version=\"2\" comp:required=\"true\">\
         {content}</sbml>"
    )
}

fn math(content: &str) -> String {
    format!("<math xmlns=\"http://www.w3.org/1998/Math/MathML\">{content}</math>")
}

fn parameter(id: &str, value: f64) -> String {
    format!("<parameter id=\"{id}\" value=\"{value}\" constant=\"false\"/>")
}

fn refusal(outcome: Result<Model, SbmlError>) -> String {
    match outcome {
        Err(SbmlError::Unsupported { feature, .. }) => feature,
        Err(other) => other.to_string(),
        Ok(_) => "was read".to_owned(),
    }
}

#[test]
fn level_2_defaults_are_granted_and_level_3_has_none() {
    let level_2 = "<sbml xmlns=\"http://www.sbml.org/sbml/level2/version4\" level=\"2\" version=\"4\"><model>\
        <listOfCompartments><compartment id=\"c\" size=\"2\"/></listOfCompartments>\
        <listOfSpecies><species id=\"s\" compartment=\"c\" initialConcentration=\"3\"/></listOfSpecies>\
        <listOfParameters><parameter id=\"p\" value=\"1\"/></listOfParameters></model></sbml>";
    let model = read(level_2).expect("Level 2 reads");
    let s = model.symbol(model.find("s").expect("s"));
    assert!(matches!(&s.role, Role::Species(info) if !info.amount_only && !info.boundary));
    assert_eq!(
        s.initial.as_ref().map(|i| i.form),
        Some(InitialForm::Concentration)
    );
    assert_eq!(s.unit.map(|u| u.to_string()), Some("mol/L".to_owned()));
    assert!(model.symbol(model.find("p").expect("p")).constant);

    let bare = level_3(
        "<model><listOfParameters><parameter id=\"p\" value=\"1\"/></listOfParameters></model>",
    );
    assert!(refusal(read(&bare)).contains("needs `constant`"));
}

#[test]
fn functions_are_inlined_and_local_parameters_shadow() {
    let content = format!(
        "<model><listOfFunctionDefinitions><functionDefinition id=\"f\">{}</functionDefinition></listOfFunctionDefinitions>\
         <listOfCompartments><compartment id=\"c\" size=\"1\" constant=\"true\"/></listOfCompartments>\
         <listOfSpecies><species id=\"s\" compartment=\"c\" initialAmount=\"1\" hasOnlySubstanceUnits=\"true\" \
         boundaryCondition=\"false\" constant=\"false\"/></listOfSpecies>\
         <listOfParameters>{}</listOfParameters>\
         <listOfReactions><reaction id=\"J\" reversible=\"false\"><listOfReactants>\
         <speciesReference species=\"s\" stoichiometry=\"2\" constant=\"true\"/></listOfReactants>\
         <kineticLaw>{}<listOfLocalParameters><localParameter id=\"k\" value=\"7\"/></listOfLocalParameters></kineticLaw>\
         </reaction></listOfReactions></model>",
        math(
            "<lambda><bvar><ci>x</ci></bvar><bvar><ci>y</ci></bvar><apply><times/><ci>x</ci><ci>y</ci></apply></lambda>"
        ),
        parameter("k", 1.0),
        math("<apply><ci>f</ci><ci>k</ci><ci>s</ci></apply>"),
    );
    let model = read(&level_3(&content)).expect("reads");
    let rate = model.reactions[0].rate.as_ref().expect("a rate");
    let ExprKind::Apply(Op::Mul, args) = &rate.kind else {
        panic!("not a product: {rate:?}")
    };
    assert_eq!(
        args[0].kind,
        ExprKind::Symbol(model.find("J.k").expect("the local parameter"))
    );
    assert_eq!(args[1].kind, ExprKind::Symbol(model.find("s").expect("s")));
    assert_eq!(
        model.reactions[0].reactants[0].stoichiometry.kind,
        ExprKind::Number(2.0, None)
    );
}

#[test]
fn submodels_are_flattened_with_replacement_deletion_and_conversion() {
    let inner = format!(
        "<comp:modelDefinition id=\"inner\"><listOfParameters>{}{}{}</listOfParameters><listOfRules>\
         <rateRule variable=\"x\">{}</rateRule><assignmentRule metaid=\"unwanted\" variable=\"z\">{}</assignmentRule>\
         </listOfRules><comp:listOfPorts><comp:port comp:id=\"x_port\" comp:idRef=\"x\"/></comp:listOfPorts></comp:modelDefinition>",
        parameter("x", 1.0),
        parameter("y", 2.0),
        parameter("z", 3.0),
        math("<ci>y</ci>"),
        math("<ci>x</ci>"),
    );
    let outer = "<model id=\"outer\"><listOfParameters><parameter id=\"minutes\" value=\"60\" constant=\"true\"/>\
         <parameter id=\"thousand\" value=\"1000\" constant=\"true\"/><parameter id=\"x\" value=\"5\" constant=\"false\">\
         <comp:listOfReplacedElements><comp:replacedElement comp:submodelRef=\"a\" comp:portRef=\"x_port\" \
         comp:conversionFactor=\"thousand\"/></comp:listOfReplacedElements></parameter></listOfParameters>\
         <comp:listOfSubmodels><comp:submodel comp:id=\"a\" comp:modelRef=\"inner\" comp:timeConversionFactor=\"minutes\">\
         <comp:listOfDeletions><comp:deletion comp:metaIdRef=\"unwanted\"/></comp:listOfDeletions></comp:submodel>\
         <comp:submodel comp:id=\"b\" comp:modelRef=\"inner\"/></comp:listOfSubmodels></model>";
    let content =
        format!("{outer}<comp:listOfModelDefinitions>{inner}</comp:listOfModelDefinitions>");
    let model = read(&level_3(&content)).expect("reads");
    let names: Vec<&str> = model.symbols.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        names,
        [
            "minutes", "thousand", "x", "a.y", "a.z", "b.x", "b.y", "b.z"
        ]
    );
    // x' = thousand · y / minutes
    let Some(Rule::Rate(rate)) = &model.symbols[2].rule else {
        panic!("x has its submodel's rule")
    };
    let ExprKind::Apply(Op::Div, quotient) = &rate.kind else {
        panic!("per outer time: {rate:?}")
    };
    let ExprKind::Apply(Op::Mul, product) = &quotient[0].kind else {
        panic!("in outer units: {rate:?}")
    };
    assert_eq!(
        product[0].kind,
        ExprKind::Symbol(model.find("a.y").expect("a.y"))
    );
    assert!(model.symbols[4].rule.is_none(), "the deleted rule is gone");
    assert!(
        matches!(&model.symbols[7].rule, Some(Rule::Assignment(_))),
        "the other instance keeps its own"
    );
}

#[test]
fn external_definitions_come_through_sources() {
    let part = level_3(&format!(
        "<model id=\"part\"><listOfParameters>{}</listOfParameters></model>",
        parameter("p", 4.0)
    ));
    let whole = level_3(
        "<model id=\"whole\"><comp:listOfSubmodels><comp:submodel comp:id=\"s\" comp:modelRef=\"elsewhere\"/>\
         </comp:listOfSubmodels></model><comp:listOfExternalModelDefinitions><comp:externalModelDefinition \
         comp:id=\"elsewhere\" comp:source=\"parts/part.xml\"/></comp:listOfExternalModelDefinitions>",
    );
    let mut sources = MemorySources::new();
    sources.insert("models/whole.xml", whole);
    let missing = osteon_sbml::read(&sources, "models/whole.xml").expect_err("the part is missing");
    assert!(
        missing.to_string().contains("models/parts/part.xml"),
        "{missing}"
    );
    sources.insert("models/parts/part.xml", part);
    let model = osteon_sbml::read(&sources, "models/whole.xml").expect("reads");
    assert_eq!(model.symbols[0].id, "s.p");
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let rule = |kind: &str, content: &str| {
        let text = format!(
            "<model><listOfParameters>{}</listOfParameters><listOfRules><{kind}>{}</{}></listOfRules></model>",
            parameter("p", 1.0),
            math(content),
            kind.split(' ').next().expect("a name"),
        );
        refusal(read(&level_3(&text)))
    };
    assert_eq!(
        rule("algebraicRule", "<ci>p</ci>"),
        "unsupported:algebraic-rule"
    );
    let delay = "<apply><csymbol encoding=\"text\" definitionURL=\"http://www.sbml.org/sbml/symbols/delay\">delay</csymbol>\
         <ci>p</ci><cn>1</cn></apply>";
    assert_eq!(rule("rateRule variable=\"p\"", delay), "unsupported:delay");
    let fast = "<sbml xmlns=\"http://www.sbml.org/sbml/level2/version4\" level=\"2\" version=\"4\"><model><listOfReactions>\
         <reaction id=\"J\" fast=\"true\"/></listOfReactions></model></sbml>";
    assert_eq!(refusal(read(fast)), "unsupported:fast-reaction");
    assert_eq!(
        refusal(read(
            "<sbml xmlns=\"http://www.sbml.org/sbml/level1\" level=\"1\" version=\"2\"/>"
        )),
        "unsupported:level-1"
    );
    let package = "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version1/core\" level=\"3\" version=\"1\" \
         xmlns:spatial=\"http://www.sbml.org/sbml/level3/version1/spatial/version1\" spatial:required=\"true\"><model/></sbml>";
    assert_eq!(refusal(read(package)), "unsupported:package-spatial");
    let balance = "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version1/core\" level=\"3\" version=\"1\" \
         xmlns:fbc=\"http://www.sbml.org/sbml/level3/version1/fbc/version2\" fbc:required=\"false\"><model>\
         <fbc:listOfObjectives/></model></sbml>";
    assert_eq!(refusal(read(balance)), "unsupported:fbc");
}

#[test]
fn notes_and_identifiers_are_kept() {
    let text = level_3(
        "<model><listOfParameters><parameter id=\"p\" metaid=\"m\" value=\"1\" constant=\"true\">\
         <notes><p xmlns=\"http://www.w3.org/1999/xhtml\">origin: measured; key: smith-2020</p></notes><annotation>\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns:bqbiol=\"http://biomodels.net/biology-qualifiers/\"><rdf:Description rdf:about=\"#m\"><bqbiol:isDescribedBy><rdf:Bag>\
         <rdf:li rdf:resource=\"https://doi.org/10.1000/1\"/></rdf:Bag></bqbiol:isDescribedBy></rdf:Description></rdf:RDF>\
         </annotation></parameter></listOfParameters></model>",
    );
    let model = read(&text).expect("reads");
    let said = &model.symbols[0].annotation;
    assert_eq!(said.field("key"), Some("smith-2020"));
    assert_eq!(said.described_by, ["https://doi.org/10.1000/1"]);
    let again = read(&osteon_sbml::write(&model)).expect("reads back");
    assert_eq!(again.symbols[0].annotation, *said);
}

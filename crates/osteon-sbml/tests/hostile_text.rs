//! Texts made to break the reader must give an error, quickly and without a panic.

use osteon_model::MemorySources;
use osteon_sbml::SbmlError;

fn fault(text: String) -> String {
    let mut sources = MemorySources::new();
    sources.insert("model.xml", text);
    match osteon_sbml::read(&sources, "model.xml") {
        Err(SbmlError::Malformed { message, .. }) => message,
        Err(other) => panic!("another fault was expected: {other}"),
        Ok(_) => panic!("was read"),
    }
}

fn level_3(content: &str) -> String {
    format!(
        "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" level=\"3\" version=\"2\"><model>{content}</model></sbml>"
    )
}

fn rule(content: &str) -> String {
    level_3(&format!(
        "<listOfParameters><parameter id=\"p\" constant=\"false\"/></listOfParameters><listOfRules><rateRule variable=\"p\">\
         <math xmlns=\"http://www.w3.org/1998/Math/MathML\">{content}</math></rateRule></listOfRules>"
    ))
}

#[test]
fn entities_are_forbidden() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><sbml>&b;</sbml>";
    assert!(fault(bomb.to_owned()).contains("DTD"));
}

#[test]
fn deep_nesting_is_bounded() {
    let deep = "<apply><abs/>".repeat(200_000) + "<ci>p</ci>" + &"</apply>".repeat(200_000);
    assert!(fault(rule(&deep)).contains("deep"));
}

#[test]
fn numbers_that_cannot_be_held_are_named() {
    assert!(fault(rule("<cn type=\"e-notation\">1<sep/>999999999999</cn>")).contains("number"));
    assert!(fault(rule("<cn>1e400</cn>")).contains("number"));
    assert!(fault(rule("<cn>ten</cn>")).contains("number"));
}

#[test]
fn units_with_absurd_exponents_do_no_harm() {
    let unit =
        "<unit kind=\"metre\" exponent=\"2147483647\" scale=\"2147483647\" multiplier=\"1e300\"/>"
            .repeat(50);
    let text = level_3(&format!(
        "<listOfUnitDefinitions><unitDefinition id=\"u\"><listOfUnits>{unit}</listOfUnits></unitDefinition></listOfUnitDefinitions>\
         <listOfParameters><parameter id=\"p\" units=\"u\" value=\"1\" constant=\"true\"/></listOfParameters>"
    ));
    let mut sources = MemorySources::new();
    sources.insert("model.xml", text);
    let model =
        osteon_sbml::read(&sources, "model.xml").expect("units never stop a model from being read");
    assert_eq!(model.symbols[0].unit, None);
}

#[test]
fn functions_that_grow_without_bounds_are_stopped() {
    // Each function applies the one before it twice to itself: 2^60 terms.
    let mut functions = String::new();
    for i in 0..60 {
        let body = if i == 0 {
            "<apply><plus/><ci>x</ci><ci>x</ci></apply>".to_owned()
        } else {
            let inner = format!("<apply><ci>f{}</ci><ci>x</ci></apply>", i - 1);
            format!("<apply><plus/>{inner}{inner}</apply>")
        };
        functions.push_str(&format!(
            "<functionDefinition id=\"f{i}\"><math xmlns=\"http://www.w3.org/1998/Math/MathML\"><lambda><bvar><ci>x</ci></bvar>\
             {body}</lambda></math></functionDefinition>"
        ));
    }
    let text = rule("<apply><ci>f59</ci><ci>p</ci></apply>");
    let text = text.replace(
        "<listOfParameters>",
        &format!(
            "<listOfFunctionDefinitions>{functions}</listOfFunctionDefinitions><listOfParameters>"
        ),
    );
    assert!(fault(text).contains("grows beyond all bounds"));

    let own = "<listOfFunctionDefinitions><functionDefinition id=\"f\"><math xmlns=\"http://www.w3.org/1998/Math/MathML\"><lambda>\
         <bvar><ci>x</ci></bvar><apply><ci>f</ci><ci>x</ci></apply></lambda></math></functionDefinition></listOfFunctionDefinitions>";
    let text = rule("<apply><ci>f</ci><ci>p</ci></apply>")
        .replace("<listOfParameters>", &format!("{own}<listOfParameters>"));
    assert!(fault(text).contains("deep"));
}

#[test]
fn models_that_contain_themselves_are_refused() {
    let text = "<sbml xmlns=\"http://www.sbml.org/sbml/level3/version2/core\" level=\"3\" version=\"2\" comp:required=\"true\" \
         xmlns:comp=\"http://www.sbml.org/sbml/level3/version1/comp/version1\"><model id=\"m\"><comp:listOfSubmodels>\
         <comp:submodel comp:id=\"a\" comp:modelRef=\"m\"/></comp:listOfSubmodels></model></sbml>";
    assert!(fault(text.to_owned()).contains("contains itself"));
}

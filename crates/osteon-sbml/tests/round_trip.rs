//! Writing and reading back keeps the model; what is written is complete.

use osteon_model::{MemorySources, Model};

fn read(text: &str) -> Model {
    let mut sources = MemorySources::new();
    sources.insert("model.xml", text);
    osteon_sbml::read(&sources, "model.xml").expect("what was written reads back")
}

/// One model with a bit of everything: compartments of two dimensions, all kinds of rule, variable and named stoichiometry, a
/// conversion factor, an event with delay and priority, units, every group of operators.
const RICH: &str = r#"<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"
  xmlns:s="http://www.sbml.org/sbml/level3/version2/core">
<model id="rich" timeUnits="day" substanceUnits="mmol" extentUnits="mmol" volumeUnits="litre">
 <listOfUnitDefinitions>
  <unitDefinition id="day"><listOfUnits><unit kind="second" exponent="1" scale="0" multiplier="86400"/></listOfUnits></unitDefinition>
  <unitDefinition id="mmol"><listOfUnits><unit kind="mole" exponent="1" scale="-3" multiplier="1"/></listOfUnits></unitDefinition>
  <unitDefinition id="area"><listOfUnits><unit kind="metre" exponent="2" scale="0" multiplier="1"/></listOfUnits></unitDefinition>
 </listOfUnitDefinitions>
 <listOfCompartments>
  <compartment id="v" spatialDimensions="3" size="2" constant="true"/>
  <compartment id="m" spatialDimensions="2" size="1" units="area" constant="false"/>
 </listOfCompartments>
 <listOfSpecies>
  <species id="A" compartment="v" initialConcentration="1.5" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false" conversionFactor="cf"/>
  <species id="B" compartment="m" initialAmount="3" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>
 </listOfSpecies>
 <listOfParameters>
  <parameter id="cf" value="2" units="dimensionless" constant="true"/>
  <parameter id="p" constant="false"/>
  <parameter id="q" value="1e-12" constant="false"/>
  <parameter id="flag" value="0" constant="false"/>
 </listOfParameters>
 <listOfInitialAssignments>
  <initialAssignment symbol="q"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><cn s:units="mmol">2</cn><ci>cf</ci></apply></math></initialAssignment>
 </listOfInitialAssignments>
 <listOfRules>
  <assignmentRule variable="p"><math xmlns="http://www.w3.org/1998/Math/MathML"><piecewise><piece><apply><root/><degree><cn>3</cn></degree><ci>A</ci></apply><apply><and/><apply><gt/><ci>A</ci><cn>1</cn></apply><apply><not/><apply><eq/><ci>flag</ci><cn>1</cn></apply></apply></apply></piece><otherwise><apply><log/><logbase><cn>2</cn></logbase><apply><max/><ci>A</ci><cn>0.5</cn></apply></apply></otherwise></piecewise></math></assignmentRule>
  <rateRule variable="m"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><minus/><apply><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/rateOf">r</csymbol><ci>A</ci></apply></apply></math></rateRule>
  <assignmentRule variable="n"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><plus/><cn>1</cn><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol></apply></math></assignmentRule>
 </listOfRules>
 <listOfReactions>
  <reaction id="J" reversible="false">
   <listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants>
   <listOfProducts><speciesReference id="n" species="B" constant="false"/></listOfProducts>
   <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><cn type="e-notation">3.5<sep/>-7</cn><ci>A</ci><ci>v</ci></apply></math></kineticLaw>
  </reaction>
 </listOfReactions>
 <listOfEvents>
  <event id="e" useValuesFromTriggerTime="false"><trigger initialValue="false" persistent="false"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><geq/><ci>B</ci><cn>4</cn></apply></math></trigger>
   <priority><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>2</cn></math></priority>
   <delay><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>q</ci></math></delay>
   <listOfEventAssignments><eventAssignment variable="flag"><math xmlns="http://www.w3.org/1998/Math/MathML"><true/></math></eventAssignment></listOfEventAssignments>
  </event>
 </listOfEvents>
</model></sbml>"#;

#[test]
fn writing_what_was_read_gives_the_same_text_again() {
    let first = osteon_sbml::write(&read(RICH));
    assert_eq!(osteon_sbml::write(&read(&first)), first);
}

#[test]
fn what_is_written_is_explicit() {
    let text = osteon_sbml::write(&read(RICH));
    for wanted in [
        "<species id=\"A\" compartment=\"v\" initialConcentration=\"1.5\" substanceUnits=\"mmol\" hasOnlySubstanceUnits=\"false\"",
        "conversionFactor=\"cf\"",
        "<speciesReference species=\"B\" id=\"n\" constant=\"false\"/>",
        "<cn type=\"e-notation\">3.5<sep/>-7</cn>",
        "<degree><cn type=\"integer\">3</cn></degree>",
        "<trigger initialValue=\"false\" persistent=\"false\">",
        "<cn type=\"integer\" sbml:units=\"mmol\">2</cn>",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
}

#[test]
fn names_that_sbml_does_not_allow_are_changed_without_collision() {
    let mut model = read(RICH);
    for (symbol, name) in [("p", "a.b"), ("q", "a__b"), ("flag", "25OH")] {
        let id = model.find(symbol).expect("there");
        model.symbols[id.0 as usize].id = name.to_owned();
    }
    let names: Vec<String> = read(&osteon_sbml::write(&model))
        .symbols
        .into_iter()
        .map(|s| s.id)
        .collect();
    for wanted in ["a__b", "a__b_2", "_25OH"] {
        assert!(
            names.iter().any(|n| n == wanted),
            "{wanted} is not among {names:?}"
        );
    }
}

#[test]
fn comparisons_become_switches_that_events_set() {
    let model = read(RICH);
    let made = osteon_sbml::switches_as_events(&model);
    // A > 1, and max(A, 0.5), which stays and gets the events of A >= 0.5; the equality stays.
    assert_eq!(made.symbols.len(), model.symbols.len() + 2);
    assert_eq!(made.events.len(), model.events.len() + 4);
    let text = osteon_sbml::write(&made);
    let rule = text
        .split("<assignmentRule variable=\"p\">")
        .nth(1)
        .and_then(|t| t.split("</assignmentRule>").next())
        .expect("the rule");
    assert!(
        rule.contains("switch_1") && !rule.contains("switch_2") && rule.contains("<max/>"),
        "{rule}"
    );
    assert!(text.contains("variable=\"switch_2\""));
    read(&text);
}

#[test]
fn equations_that_read_an_assignment_twice_become_functions_of_it() {
    let text = RICH.replace(
        "<kineticLaw><math xmlns=\"http://www.w3.org/1998/Math/MathML\"><apply><times/>",
        "<kineticLaw><math xmlns=\"http://www.w3.org/1998/Math/MathML\"><apply><times/><ci>p</ci><apply><exp/><ci>p</ci></apply>",
    );
    let model = read(&text);
    let options = osteon_sbml::WriteOptions {
        read_once: true,
        ..Default::default()
    };
    let made = osteon_sbml::write_with(&model, &options);
    // Only the rate: `p` itself reads the species A more than once, which costs nothing anywhere.
    assert_eq!(made.matches("<functionDefinition ").count(), 1);
    assert!(
        made.contains(
            "<lambda><bvar><ci>p</ci></bvar><bvar><ci>A</ci></bvar><bvar><ci>v</ci></bvar><apply>"
        ),
        "{made}"
    );
    assert!(made.contains("<apply><ci>equation_1</ci><ci>p</ci><ci>A</ci><ci>v</ci></apply>"));
    assert_eq!(osteon_sbml::write(&read(&made)), osteon_sbml::write(&model));
}

#[test]
fn a_function_never_asks_for_the_time() {
    let mut model = read(RICH);
    let (p, n) = (model.find("p").expect("p"), model.find("n").expect("n"));
    let Some(osteon_model::Rule::Assignment(expr)) = model.symbols[n.0 as usize].rule.as_mut()
    else {
        panic!("n is assigned")
    };
    let twice = osteon_model::Expr::apply(
        osteon_model::Op::Mul,
        vec![osteon_model::Expr::symbol(p), osteon_model::Expr::symbol(p)],
    );
    *expr = osteon_model::Expr::apply(osteon_model::Op::Add, vec![expr.clone(), twice]);
    let options = osteon_sbml::WriteOptions {
        read_once: true,
        ..Default::default()
    };
    assert_eq!(
        osteon_sbml::write_with(&model, &options),
        osteon_sbml::write(&model)
    );
}

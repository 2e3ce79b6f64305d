//! Symbols, start values and reactions of an Antimony file as JSON, one symbol a line, for comparison with other readers:
//! `cargo run -p osteon-lang --example dump -- FILE`. Exit code 1 and diagnostics on stderr where the text has errors.

#[path = "support/disk.rs"]
mod disk;
#[path = "../tests/support/start_values.rs"]
mod start_values;

use osteon_model::{Participant, Role, Rule};
use start_values::StartValues;

fn text(words: &str) -> String {
    format!("\"{}\"", words.replace('\\', "\\\\").replace('"', "\\\""))
}

/// JSON knows no infinities; they are written as text.
fn number(value: f64) -> String {
    if value.is_finite() {
        format!("{value:?}")
    } else {
        text(&value.to_string())
    }
}

fn main() {
    let file = std::env::args().nth(1).expect("a file name as argument");
    let parsed = osteon_lang::load(&disk::Disk, &file);
    if parsed.has_errors() {
        eprintln!("{}", parsed.sources.render_all(&parsed.diagnostics));
        std::process::exit(1);
    }
    let model = parsed.model.expect("a text without errors has a model");
    let mut values = StartValues::new(&model);
    let mut lines: Vec<String> = Vec::new();
    for id in model.ids() {
        let symbol = model.symbol(id);
        let (role, more) = match &symbol.role {
            Role::Compartment { .. } => ("compartment", String::new()),
            Role::Species(info) => (
                "species",
                format!(
                    ", \"compartment\": {}, \"amount\": {}, \"boundary\": {}",
                    text(&model.symbol(info.compartment).id),
                    info.amount_only,
                    info.boundary
                ),
            ),
            Role::Parameter => ("parameter", String::new()),
            Role::SpeciesReference => ("stoichiometry", String::new()),
            Role::Reaction(_) => ("reaction", String::new()),
        };
        let rule = match &symbol.rule {
            Some(Rule::Assignment(_)) => "\"assignment\"",
            Some(Rule::Rate(_)) => "\"rate\"",
            None => "null",
        };
        let (value, rate) = (values.symbol(id), values.rate_of(id));
        lines.push(format!(
            "  {{\"id\": {}, \"role\": \"{role}\", \"value\": {}, \"rate\": {}, \"rule\": {rule}, \"constant\": {}{more}}}",
            text(&symbol.id),
            number(value),
            number(rate),
            symbol.constant
        ));
    }
    let mut reactions = Vec::new();
    for reaction in &model.reactions {
        let mut side = |list: &[Participant]| {
            let parts: Vec<String> = list
                .iter()
                .map(|p| {
                    format!(
                        "[{}, {}]",
                        number(values.expr(&p.stoichiometry)),
                        text(&model.symbol(p.species).id)
                    )
                })
                .collect();
            parts.join(", ")
        };
        let (reactants, products) = (side(&reaction.reactants), side(&reaction.products));
        let name = text(&model.symbol(reaction.symbol).id);
        reactions.push(format!(
            "  {{\"id\": {name}, \"reactants\": [{reactants}], \"products\": [{products}]}}"
        ));
    }
    println!("{{\"model\": {},", text(&model.id));
    println!("\"symbols\": [\n{}\n],", lines.join(",\n"));
    println!("\"reactions\": [\n{}\n],", reactions.join(",\n"));
    println!("\"events\": {}}}", model.events.len());
}

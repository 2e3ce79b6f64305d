//! Runs the examples of `tests/lang/*.md`. Each block is read and checked; its last comment lines say what must hold:
//!
//! `# x = 3 at start` · `# rate of x = 2 at start` · `# symbols: a, b` · `# states: a, b` · `# unit of x: mmol/L` · `# range of x: 1 to 3`
//! · `# notes of x: text` · `# source of x: uri` · `# name of x: text` · `# reaction J: 2 A -> B` · `# error: [id]` · `# warning: [id]`.
//! Without an `# error:` line there must be no error.

#[path = "support/fenced.rs"]
mod fenced;
#[path = "support/start_values.rs"]
mod start_values;

use std::path::PathBuf;

use osteon_lang::{check, load};
use osteon_model::{
    ExprKind, MemorySources, Model, Participant, Role, Rule, Severity, SymbolId, Unit,
};
use start_values::StartValues;

fn find(model: &Model, name: &str) -> Result<SymbolId, String> {
    model
        .find(name)
        .ok_or_else(|| format!("there is no `{name}`"))
}

fn list(names: &str) -> Vec<String> {
    let mut names: Vec<String> = names
        .split(',')
        .map(|n| n.trim().to_owned())
        .filter(|n| !n.is_empty())
        .collect();
    names.sort();
    names
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("found {found:?}, wanted {wanted:?}"))
    }
}

fn is_state(model: &Model, id: SymbolId) -> bool {
    let moved = || {
        model.reactions.iter().any(|r| {
            r.reactants
                .iter()
                .chain(&r.products)
                .any(|p| p.species == id)
        })
    };
    let symbol = model.symbol(id);
    matches!(symbol.rule, Some(Rule::Rate(_)))
        || matches!(&symbol.role, Role::Species(info) if !info.boundary && symbol.rule.is_none() && moved())
}

fn side(model: &Model, list: &[Participant]) -> String {
    let part = |p: &Participant| {
        let name = &model.symbol(p.species).id;
        match &p.stoichiometry.kind {
            ExprKind::Number(value, _) if *value == 1.0 => name.clone(),
            ExprKind::Number(value, _) => format!("{value} {name}"),
            ExprKind::Symbol(id) => format!("{} {name}", model.symbol(*id).id),
            _ => format!("? {name}"),
        }
    };
    list.iter().map(part).collect::<Vec<_>>().join(" + ")
}

/// Judges one line; `None` if it is no assertion.
fn judge(line: &str, model: &Model) -> Option<Result<(), String>> {
    let words = line.strip_prefix("# ")?;
    let field = |prefix: &str| {
        words
            .strip_prefix(prefix)
            .and_then(|rest| rest.split_once(": "))
    };
    if let Some(rest) = words.strip_suffix(" at start") {
        let (name, wanted) = rest.split_once(" = ")?;
        let wanted: f64 = wanted.parse().ok()?;
        let (name, rate) = name
            .strip_prefix("rate of ")
            .map_or((name, false), |n| (n, true));
        return Some(find(model, name).and_then(|id| {
            let mut values = StartValues::new(model);
            let found = if rate {
                values.rate_of(id)
            } else {
                values.symbol(id)
            };
            if (found - wanted).abs() <= 1e-12 * wanted.abs().max(1e-300) {
                Ok(())
            } else {
                Err(format!("found {found}"))
            }
        }));
    }
    if let Some(names) = words.strip_prefix("symbols: ") {
        let mut found: Vec<String> = model.symbols.iter().map(|s| s.id.clone()).collect();
        found.sort();
        return Some(same(found, list(names)));
    }
    if let Some(names) = words.strip_prefix("states: ") {
        let mut found: Vec<String> = model
            .ids()
            .filter(|id| is_state(model, *id))
            .map(|id| model.symbol(id).id.clone())
            .collect();
        found.sort();
        return Some(same(found, list(names)));
    }
    if let Some((name, text)) = field("unit of ") {
        return Some(find(model, name).and_then(|id| {
            let wanted = Unit::parse(text).map_err(|e| e.to_string())?;
            let found = model.symbol(id).unit.ok_or("it has no unit")?;
            if found.same_unit(&wanted) {
                Ok(())
            } else {
                Err(format!("found {found}"))
            }
        }));
    }
    if let Some((name, text)) = field("range of ") {
        return Some(find(model, name).and_then(|id| {
            let range = model.symbol(id).annotation.range.ok_or("it has no range")?;
            same(
                format!("{} to {}", range.lower, range.upper),
                text.to_owned(),
            )
        }));
    }
    if let Some((name, text)) = field("notes of ") {
        return Some(find(model, name).and_then(|id| {
            same(
                model.symbol(id).annotation.notes.clone(),
                Some(text.to_owned()),
            )
        }));
    }
    if let Some((name, text)) = field("source of ") {
        return Some(find(model, name).and_then(|id| {
            same(
                model.symbol(id).annotation.described_by.clone(),
                vec![text.to_owned()],
            )
        }));
    }
    if let Some((name, text)) = field("name of ") {
        return Some(
            find(model, name)
                .and_then(|id| same(model.symbol(id).name.clone(), Some(text.to_owned()))),
        );
    }
    if let Some((name, text)) = field("reaction ") {
        let reaction = model
            .reactions
            .iter()
            .find(|r| model.symbol(r.symbol).id == name);
        return Some(
            reaction
                .ok_or_else(|| "there is no such reaction".to_owned())
                .and_then(|r| {
                    let arrow = if r.reversible { "->" } else { "=>" };
                    same(
                        format!(
                            "{} {arrow} {}",
                            side(model, &r.reactants),
                            side(model, &r.products)
                        )
                        .trim()
                        .to_owned(),
                        text.to_owned(),
                    )
                }),
        );
    }
    None
}

#[test]
fn examples_hold() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/lang");
    let (mut problems, mut assertions) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).expect("tests/lang exists") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let page = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let mut sources = MemorySources::new();
        for block in fenced::blocks(&std::fs::read_to_string(&path).expect("a readable page"))
            .iter()
            .filter(|b| b.language == "antimony")
        {
            if let Some(file) = block.option("file") {
                sources.insert(file, block.code.as_str());
                continue;
            }
            sources.insert("model.ant", block.code.as_str());
            let parsed = load(&sources, "model.ant");
            let found = check(&parsed, false);
            let place = format!("{page}: {}", block.heading);
            let mut expects_error = false;
            let before = assertions;
            for line in block.code.lines().filter(|l| l.starts_with("# ")) {
                let id = |mark: &str| {
                    line.strip_prefix(mark)
                        .map(|id| id.trim_end_matches(']').to_owned())
                };
                for (mark, severity) in [
                    ("# error: [", Severity::Error),
                    ("# warning: [", Severity::Warning),
                ] {
                    if let Some(id) = id(mark) {
                        assertions += 1;
                        expects_error |= severity == Severity::Error;
                        if !found.iter().any(|d| d.id == id && d.severity == severity) {
                            problems.push(format!(
                                "{place}: {line}: not reported\n{}",
                                parsed.sources.render_all(&found)
                            ));
                        }
                    }
                }
                if let Some(verdict) = parsed.model.as_ref().and_then(|m| judge(line, m)) {
                    assertions += 1;
                    if let Err(why) = verdict {
                        problems.push(format!("{place}: {line}: {why}"));
                    }
                }
            }
            if before == assertions {
                problems.push(format!("{place}: asserts nothing"));
            }
            let errors: Vec<_> = found.into_iter().filter(|d| d.is_error()).collect();
            if !expects_error && !errors.is_empty() {
                problems.push(format!(
                    "{place}: errors\n{}",
                    parsed.sources.render_all(&errors)
                ));
            }
            sources = MemorySources::new();
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(assertions > 60, "only {assertions} assertions were found");
}

//! Reads a study folder: `study.toml`, `scenario.toml`, `data.csv`. Every fault of all three files at once,
//! each with its place and a remedy.

use osteon_model::{Diagnostic, FileId, Sources, Span};
use osteon_sim::{Body, Clock, Diagnostics, Record, read_scenario};
use toml::de::{DeTable, DeValue};

use crate::data_rows::{Context, read_rows};
use crate::near_names::near_name;
use crate::study::{Link, Study};

/// The three texts of a study.
const FILES: [&str; 3] = ["study.toml", "scenario.toml", "data.csv"];
const TEXT_KEYS: [&str; 6] = ["cites", "says", "population", "domain", "link", "notes"];

/// True if the folder holds a study (its `study.toml`).
pub fn is_study(sources: &dyn Sources, folder: &str) -> bool {
    sources
        .list(folder)
        .is_ok_and(|names| names.iter().any(|n| n == FILES[0]))
}

/// Reads the study in `folder` and checks it against a body. Its scenario records whatever its rows need.
///
/// # Errors
/// Everything that is wrong with the three files.
pub fn read_study(sources: &dyn Sources, folder: &str, body: &Body) -> Result<Study, Diagnostics> {
    let mut faults = Diagnostics::default();
    let folder = folder.trim_end_matches('/');
    let name = folder.rsplit('/').next().unwrap_or(folder).to_owned();
    let mut texts = Vec::new();
    for file in FILES {
        let id = if folder.is_empty() {
            file.to_owned()
        } else {
            format!("{folder}/{file}")
        };
        match sources.text(&id) {
            Ok(text) => texts.push((id, text)),
            Err(error) => {
                let place = faults.sources.add(id.clone(), "");
                faults.list.push(
                    Diagnostic::error("study-missing-file", format!("{error}"), Span::new(place, 0, 0))
                        .help("a study is a folder with study.toml, scenario.toml and data.csv; templates are in docs/study.md"),
                );
            }
        }
    }
    let [
        (head_id, head_text),
        (scenario_id, scenario_text),
        (data_id, data_text),
    ] = &texts[..]
    else {
        return Err(faults);
    };

    let head = read_head(head_id, head_text, &mut faults);
    let scenario = match read_scenario(scenario_text, scenario_id, body) {
        Ok(scenario) => Some(scenario),
        Err(mut wrong) => {
            faults.sources.absorb(&wrong.sources, &mut wrong.list);
            faults.list.append(&mut wrong.list);
            None
        }
    };
    let data_file = faults.sources.add(data_id.clone(), data_text.clone());
    let arms: Vec<String> = scenario
        .iter()
        .flat_map(|s| &s.arms)
        .map(|a| a.name.clone())
        .collect();
    let context = Context {
        quantities: &body.library.quantities,
        arms: &arms,
        arms_known: scenario.is_some(),
        until_d: scenario.as_ref().map(|s| s.record.until_d),
        used_to_fit: &head.used_to_fit,
    };
    let rows = read_rows(data_text, data_file, &context, &mut faults.list);
    for (quantity, span) in &head.used_spans {
        if !rows.iter().any(|r| r.quantity == *quantity) && !faults.has_errors() {
            faults.list.push(
                Diagnostic::error(
                    "study-unknown-quantity",
                    format!("`used_to_fit` names `{quantity}`, which no row of data.csv measures"),
                    *span,
                )
                .help(
                    near_name(quantity, rows.iter().map(|r| r.quantity.as_str())).map_or_else(
                        || "name quantities of data.csv, or leave the list empty".to_owned(),
                        |n| format!("did you mean `{n}`?"),
                    ),
                ),
            );
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    let (Some(mut scenario), Some(link)) = (scenario, head.link) else {
        return Err(faults);
    };
    for row in &rows {
        if !scenario.record.quantities.contains(&row.quantity) {
            scenario.record.quantities.push(row.quantity.clone());
        }
        scenario
            .record
            .also_d
            .extend([row.from_d, row.at_d].map(|t| sample_time(t, &scenario.record)));
    }
    scenario.record.also_d.sort_by(f64::total_cmp);
    scenario.record.also_d.dedup();
    let [cites, says, population, domain, _, notes] = head.texts;
    Ok(Study {
        name,
        cites,
        says,
        population,
        domain,
        link,
        used_to_fit: head.used_to_fit,
        notes,
        scenario,
        rows,
        warnings: faults.list,
    })
}

/// When a row's time is sampled. A run by the clock that is recorded on whole days is sampled at one hour of the morning,
/// so a row "at 21 d" means the morning of that day; everything else is meant to the minute.
fn sample_time(at_d: f64, record: &Record) -> f64 {
    let whole = |v: f64| (v - v.round()).abs() < 1e-9;
    let morning = record.clock == Clock::Meals
        && record.every_d >= 1.0
        && whole(record.every_d)
        && whole(at_d);
    if morning {
        at_d + record.sample_at_d
    } else {
        at_d
    }
}

struct Head {
    texts: [String; 6],
    link: Option<Link>,
    used_to_fit: Vec<String>,
    used_spans: Vec<(String, Span)>,
}

fn read_head(id: &str, text: &str, faults: &mut Diagnostics) -> Head {
    let file = faults.sources.add(id.to_owned(), text.to_owned());
    let mut head = Head {
        texts: Default::default(),
        link: None,
        used_to_fit: Vec::new(),
        used_spans: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        faults.list.push(
            Diagnostic::error(
                "study-syntax",
                format!("not valid TOML: {}", error.message()),
                Span::new(file, range.start, range.end),
            )
            .help("texts stand in quotes, lists in [ ], and each key stands once"),
        );
    }
    let broken = faults.has_errors();
    for (key, value) in table.get_ref() {
        let name: &str = key.get_ref();
        let span = Span::new(file, value.span().start, value.span().end);
        if let Some(slot) = TEXT_KEYS.iter().position(|k| *k == name) {
            match value.get_ref() {
                DeValue::String(words) => words.as_ref().clone_into(&mut head.texts[slot]),
                _ => faults.list.push(
                    Diagnostic::error(
                        "study-wrong-kind",
                        format!("`{name}` should be a text in quotes"),
                        span,
                    )
                    .help(format!("{name} = \"…\"")),
                ),
            }
            if name == "link" {
                head.link = read_link(&head.texts[slot], span, faults);
            }
        } else if name == "used_to_fit" {
            let list = value.get_ref().as_array().into_iter().flatten();
            for item in list {
                let place = Span::new(file, item.span().start, item.span().end);
                match item.get_ref() {
                    DeValue::String(quantity) => {
                        head.used_to_fit.push(quantity.to_string());
                        head.used_spans.push((quantity.to_string(), place));
                    }
                    _ => faults.list.push(
                        Diagnostic::error(
                            "study-wrong-kind",
                            "`used_to_fit` should list quantities in quotes",
                            place,
                        )
                        .help("used_to_fit = [\"serum.X\"], or [] if no row shaped the body"),
                    ),
                }
            }
            if value.get_ref().as_array().is_none() {
                faults.list.push(
                    Diagnostic::error("study-wrong-kind", "`used_to_fit` should be a list", span)
                        .help("used_to_fit = [] if no row shaped the body"),
                );
            }
        } else {
            let help = near_name(name, TEXT_KEYS.into_iter().chain(["used_to_fit"])).map_or_else(
                || format!("known keys: {}, used_to_fit", TEXT_KEYS.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            let place = Span::new(file, key.span().start, key.span().end);
            faults.list.push(
                Diagnostic::error(
                    "study-unknown-key",
                    format!("study.toml has no key `{name}`"),
                    place,
                )
                .help(help),
            );
        }
    }
    if !broken {
        report_missing(&head, table.get_ref(), file, faults);
    }
    head
}

fn report_missing(head: &Head, table: &DeTable<'_>, file: FileId, faults: &mut Diagnostics) {
    let has = |key: &str| table.iter().any(|(k, _)| k.get_ref() == key);
    let start = Span::new(file, 0, 0);
    for (key, why) in [
        (
            "cites",
            "a citation key or an address, so that the numbers can be checked",
        ),
        ("says", "what was found, in a sentence"),
        ("population", "who was studied"),
        ("link", "mechanistic, trial or association"),
    ] {
        let slot = TEXT_KEYS.iter().position(|k| *k == key).unwrap_or(0);
        if !has(key) || head.texts[slot].trim().is_empty() {
            faults.list.push(
                Diagnostic::error(
                    "study-missing",
                    format!("study.toml does not say `{key}`"),
                    start,
                )
                .help(format!("{key} = \"…\": {why}")),
            );
        }
    }
    if !has("used_to_fit") {
        faults.list.push(
            Diagnostic::error(
                "study-missing",
                "study.toml does not say `used_to_fit`",
                start,
            )
            .help("used_to_fit = [] if no row shaped the body, else the quantities that did"),
        );
    }
}

fn read_link(word: &str, span: Span, faults: &mut Diagnostics) -> Option<Link> {
    let link = Link::ALL.into_iter().find(|l| l.as_str() == word);
    if link.is_none() && !word.is_empty() {
        faults.list.push(
            Diagnostic::error("study-wrong-kind", format!("`link` is \"{word}\""), span)
                .help("one of mechanistic, trial, association"),
        );
    }
    link
}

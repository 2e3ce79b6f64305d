//! `osteon doc`: the model book as a folder of HTML pages.

use std::collections::BTreeMap;
use std::path::Path;

use osteon_model::{Diagnostic, Model, SourceMap, Sources as _};
use osteon_report::{BookFit, BookInput, BookQuantity, BookRow, BookStudy, book};
use osteon_sim::{BODY_FILE, Body, Diagnostics};
use osteon_study::{
    FITS, Kind, Recorded, Row, judging_interval, read_fit, read_recorded, read_study,
};

use crate::arguments::DocArguments;
use crate::claims::all_answered;
use crate::outcome::{Fault, Outcome};
use crate::output::write;
use crate::progress_bar::Bar;
use crate::project::{Project, beside};
use crate::run::standing_body;

/// Texts beside the body.
const BIBLIOGRAPHY: &str = "body/sources.bib";
const QUESTIONS: &str = "body/open_questions.md";
const CHANGES: &str = "body/CHANGELOG.md";
const RECORD: &str = "studies/verdicts.tsv";

/// Writes the book of the body, or of the model that is named.
pub(crate) fn doc(project: &Project, words: &DocArguments) -> Outcome {
    let files = match &words.model {
        None => of_body(project, words.quiet)?,
        Some(path) => of_file(path)?,
    };
    for file in &files {
        write(&words.output.join(&file.name), file.text.as_bytes())?;
    }
    if !words.quiet {
        eprintln!(
            "wrote {} files; begin at {}",
            files.len(),
            words.output.join("index.html").display()
        );
    }
    Ok(true)
}

fn made(input: &BookInput<'_>) -> Result<Vec<osteon_report::BookFile>, Fault> {
    book(input).map_err(|why| Fault::Failed(format!("error: {why}")))
}

fn engine() -> String {
    format!("Osteon {}", env!("CARGO_PKG_VERSION"))
}

/// Any model on disk: what its text holds, and a `sources.bib` beside it if there is one.
fn of_file(path: &Path) -> Result<Vec<osteon_report::BookFile>, Fault> {
    let (near, name) = beside(path);
    let sbml = path.extension().is_some_and(|e| e == "xml" || e == "sbml");
    let (model, texts) = if sbml {
        let model = osteon_sbml::read(&near, &name)
            .map_err(|e| Fault::Failed(format!("error: {}: {e}", path.display())))?;
        (model, SourceMap::new())
    } else {
        let parsed = osteon_lang::load(&near, &name);
        let stands = !parsed.has_errors();
        match parsed.model.filter(|_| stands) {
            Some(model) => (model, parsed.sources),
            None => {
                let mut faults = Diagnostics {
                    list: parsed.diagnostics,
                    sources: parsed.sources,
                };
                faults.list.retain(Diagnostic::is_error);
                return Err(Fault::Failed(faults.render()));
            }
        }
    };
    let bibliography = near.text("sources.bib").ok();
    made(&BookInput {
        title: title(&model, &name),
        made_by: format!("{}.", engine()),
        bibliography: bibliography.as_deref(),
        questions: None,
        changes: None,
        quantities: Vec::new(),
        studies: Vec::new(),
        claims: Vec::new(),
        fits: Vec::new(),
        moved_by: BTreeMap::new(),
        model: &model,
        texts: &texts,
    })
}

fn title(model: &Model, file: &str) -> String {
    model.name.clone().unwrap_or_else(|| {
        let id = model.id.trim_start_matches('_');
        if id.is_empty() || id == "main" {
            file.to_owned()
        } else {
            id.replace('_', " ")
        }
    })
}

fn of_body(project: &Project, quiet: bool) -> Result<Vec<osteon_report::BookFile>, Fault> {
    let body = standing_body(project)?;
    let parsed = osteon_lang::load(project, BODY_FILE);
    let Some(model) = parsed.model else {
        return Err(Fault::Failed("error: the body has no model".to_owned()));
    };
    let text = |id: &str| project.text(id).ok();
    let (bibliography, questions, changes) = (text(BIBLIOGRAPHY), text(QUESTIONS), text(CHANGES));
    let quantities = body
        .library
        .quantities
        .iter()
        .map(|q| BookQuantity {
            name: q.name.clone(),
            symbol: q.symbol.clone(),
            label: q.label.clone(),
            unit: q.unit.clone(),
        })
        .collect();
    let mut moved_by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in &body.library.entries {
        for effect in &entry.effects {
            let list = moved_by.entry(effect.input.clone()).or_default();
            if !list.contains(&entry.name) {
                list.push(entry.name.clone());
            }
        }
    }
    let mut bar = Bar::new(quiet);
    let claims = all_answered(project, &body, &mut bar)?;
    bar.finish();
    made(&BookInput {
        title: if body.title == "body" {
            "The human body".to_owned()
        } else {
            body.title.clone()
        },
        made_by: format!("{}, {}, body {}.", engine(), body.title, body.hash),
        bibliography: bibliography.as_deref(),
        questions: questions.as_deref(),
        changes: changes.as_deref(),
        quantities,
        studies: studies(project, &body)?,
        claims,
        fits: fits(project, &body)?,
        moved_by,
        model: &model,
        texts: &parsed.sources,
    })
}

fn studies(project: &Project, body: &Body) -> Result<Vec<BookStudy>, Fault> {
    let record = match project.text(RECORD) {
        Ok(text) => {
            read_recorded(&text).map_err(|e| Fault::Failed(format!("error: {RECORD}: {e}")))?
        }
        Err(_) => Recorded::default(),
    };
    let mut out = Vec::new();
    let folders = project
        .studies()
        .into_iter()
        .map(|n| format!("studies/{n}"));
    for folder in folders.chain(project.signs()) {
        let sign = folder.starts_with("signs/");
        let study = match read_study(project, &folder, body) {
            Ok(study) => study,
            // The embedded signs speak of the body that comes with the program, not of every body.
            Err(_) if sign => continue,
            Err(faults) => return Err(Fault::Failed(faults.render())),
        };
        let mut quantities: Vec<String> = study.rows.iter().map(|r| r.quantity.clone()).collect();
        quantities.sort();
        quantities.dedup();
        let verdicts = record.of(&study.name);
        let within = verdicts.iter().filter(|v| v.as_str() == "within").count();
        let rows = study.rows.iter();
        let rows = rows.map(|row| told(row, record.verdict(&study.name, row).map(|v| v.as_str())));
        out.push(BookStudy {
            rows: rows.collect(),
            sign,
            name: study.name,
            says: study.says,
            population: study.population,
            notes: study.notes,
            cites: study.cites,
            link: study.link.as_str().to_owned(),
            quantities,
            used_to_fit: study.used_to_fit,
            recorded: (!verdicts.is_empty()).then_some((within, verdicts.len())),
        });
    }
    Ok(out)
}

fn told(row: &Row, verdict: Option<&'static str>) -> BookRow {
    BookRow {
        quantity: row.quantity.clone(),
        when: format!("{} {}", row.arm_words(), row.at).trim().to_owned(),
        kind: row.kind.as_str(),
        interval: if row.kind == Kind::Sign {
            (row.value, row.value)
        } else {
            judging_interval(row)
        },
        unit: row.unit.clone(),
        verdict,
    }
}

fn fits(project: &Project, body: &Body) -> Result<Vec<BookFit>, Fault> {
    let names = project.list(FITS).unwrap_or_else(|_| Vec::new());
    let mut out = Vec::new();
    for name in names {
        if !name.ends_with(".toml") || name.ends_with(".result.toml") {
            continue;
        }
        let id = format!("{FITS}/{name}");
        let text = project
            .text(&id)
            .map_err(|e| Fault::Failed(format!("error: {e}")))?;
        let fit = read_fit(&text, &id, body).map_err(|faults| Fault::Failed(faults.render()))?;
        out.push(BookFit {
            stage: fit.stage,
            parameters: fit.parameters.into_iter().map(|p| p.name).collect(),
            studies: fit.studies,
        });
    }
    Ok(out)
}

//! `osteon check`: everything that is wrong with a model, a scenario, a study or the library, at once.

use std::path::Path;

use osteon_model::{Diagnostic, Model, Origin, SourceMap, Sources, Span};
use osteon_sim::{BODY_FILE, Body, Diagnostics, read_scenario};
use osteon_study::{is_study, read_study};
use serde_json::json;

use crate::arguments::CheckArguments;
use crate::findings::{as_json, count_words};
use crate::outcome::{Fault, Outcome};
use crate::output::{say, say_json};
use crate::project::{Folder, Project, beside};
use crate::run::cautioned;

/// What was found in one file or folder.
struct Findings {
    what: String,
    diagnostics: Diagnostics,
    /// Origins of numbers by file, for models.
    origins: Vec<OriginCount>,
}

/// How the numbers of one file were come by.
pub(crate) struct OriginCount {
    pub(crate) file: String,
    pub(crate) counts: [usize; 5],
    pub(crate) without: usize,
}

pub(crate) const ORIGINS: [Origin; 5] = [
    Origin::Measured,
    Origin::Derived,
    Origin::Scaled,
    Origin::Fitted,
    Origin::Assumed,
];

/// Checks and tells.
pub(crate) fn check(project: &Project, words: &CheckArguments) -> Outcome {
    let found = match &words.file {
        None => body(project, words.strict),
        Some(file) => named(project, file, words.strict)?,
    };
    let errors = found.diagnostics.has_errors();
    let list = &found.diagnostics.list;
    if words.json {
        let origins: Vec<_> = found
            .origins
            .iter()
            .map(|o| {
                let counts = ORIGINS.iter().zip(o.counts).map(|(k, n)| (k.as_str().to_owned(), json!(n)));
                json!({"file": o.file, "origins": serde_json::Map::from_iter(counts), "without": o.without})
            })
            .collect();
        say_json(&json!({
            "checked": found.what,
            "ok": !errors,
            "diagnostics": as_json(list, &found.diagnostics.sources),
            "origins": origins,
        }))?;
    } else {
        eprint!("{}", found.diagnostics.render());
        say(&origin_table(&found.origins))?;
        let verdict = count_words(list).unwrap_or_else(|| "no faults".to_owned());
        eprintln!("{}: {verdict}", found.what);
    }
    Ok(!errors)
}

/// The body and its library.
fn body(project: &Project, strict: bool) -> Findings {
    let mut found = model(project, BODY_FILE, strict);
    // Library faults only make sense on a body that stands; those of the model itself are told already.
    if !found.diagnostics.has_errors() {
        let faults = match Body::load(project) {
            Ok(body) => body.faults,
            Err(faults) => faults,
        };
        add(&mut found.diagnostics, faults);
    }
    found.what = "body and library".to_owned();
    found
}

/// Adds findings that are not there yet.
fn add(all: &mut Diagnostics, mut more: Diagnostics) {
    let told: Vec<String> = all.list.iter().map(|d| all.sources.render(d)).collect();
    more.list
        .retain(|d| !told.contains(&more.sources.render(d)));
    all.sources.absorb(&more.sources, &mut more.list);
    all.list.append(&mut more.list);
}

fn model(sources: &dyn Sources, id: &str, strict: bool) -> Findings {
    let parsed = osteon_lang::load(sources, id);
    let list = osteon_lang::check(&parsed, strict);
    let origins = parsed
        .model
        .as_ref()
        .map_or_else(Vec::new, |m| count_origins(m, &parsed.sources));
    Findings {
        what: id.to_owned(),
        diagnostics: Diagnostics {
            list,
            sources: parsed.sources,
        },
        origins,
    }
}

/// A file or folder named by the user: by its ending, and by its place for TOML and CSV.
fn named(project: &Project, file: &str, strict: bool) -> Result<Findings, Fault> {
    let path = Path::new(file);
    if !path.exists() {
        return embedded(project, file, strict);
    }
    if path.is_dir() {
        return folder(project, path);
    }
    let (near, name) = beside(path);
    let ending = path
        .extension()
        .map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    match ending.as_str() {
        "ant" | "txt" => Ok(model(&near, &name, strict)),
        "xml" | "sbml" => Ok(sbml(&near, &name)),
        "toml" | "csv"
            if near.root.file_name().is_some_and(|n| n == "library")
                || near.root.ends_with("library") =>
        {
            library(&near)
        }
        "toml" | "csv" if is_study(&near, "") => folder(project, &near.root),
        "toml" => scenario(project, &near, &name, file),
        _ => Err(Fault::Use(format!(
            "error: {file}: not a kind of file that can be checked\n   = help: .ant and .xml are models, .toml scenarios and libraries, a folder with study.toml is a study"
        ))),
    }
}

/// Something that is not on disk: a file, scenario or study of the project in use.
fn embedded(project: &Project, name: &str, strict: bool) -> Result<Findings, Fault> {
    let scenario_id = format!("scenarios/{name}.toml");
    if name.ends_with(".ant") && project.text(name).is_ok() {
        return Ok(model(project, name, strict));
    }
    if project.text(&scenario_id).is_ok() {
        return scenario(project, project, &scenario_id, name);
    }
    if is_study(project, &format!("studies/{name}")) {
        return study(project, project, &format!("studies/{name}"), name);
    }
    let (scenarios, studies) = (project.scenarios(), project.studies());
    let near = osteon_study::near_name(name, scenarios.iter().chain(&studies).map(String::as_str));
    let help = near.map_or_else(
        || "give a file, a folder, or a name of `osteon list`".to_owned(),
        |n| format!("did you mean `{n}`?"),
    );
    Err(Fault::Use(format!(
        "error: no such file, scenario or study: {name}\n   = help: {help}"
    )))
}

fn folder(project: &Project, path: &Path) -> Result<Findings, Fault> {
    let sources = Folder {
        root: path.to_owned(),
    };
    let shown = path.display().to_string();
    if is_study(&sources, "") {
        let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (near, name) = beside(&full);
        return study(project, &near, &name, &shown);
    }
    if path.join(BODY_FILE).is_file() {
        return Ok(body(&Project::find(Some(path))?, true));
    }
    if path.file_name().is_some_and(|n| n == "library") {
        return library(&sources);
    }
    Err(Fault::Use(format!(
        "error: {shown}: neither a study (study.toml) nor a project (body/body.ant)"
    )))
}

fn standing_body(project: &Project) -> Result<Body, Fault> {
    Body::load(project).map_err(|faults| {
        Fault::Failed(format!(
            "{}error: the body does not stand, so nothing can be checked against it",
            faults.render()
        ))
    })
}

fn scenario(
    project: &Project,
    sources: &dyn Sources,
    id: &str,
    shown: &str,
) -> Result<Findings, Fault> {
    let body = standing_body(project)?;
    let text = sources
        .text(id)
        .map_err(|e| Fault::Failed(format!("error: {e}")))?;
    let diagnostics = match read_scenario(&text, shown, &body) {
        Ok(scenario) => {
            cautioned(&scenario);
            Diagnostics::default()
        }
        Err(faults) => faults,
    };
    Ok(Findings {
        what: shown.to_owned(),
        diagnostics,
        origins: Vec::new(),
    })
}

fn study(
    project: &Project,
    sources: &dyn Sources,
    id: &str,
    shown: &str,
) -> Result<Findings, Fault> {
    let body = standing_body(project)?;
    let diagnostics = match read_study(sources, id, &body) {
        Ok(study) => Diagnostics {
            list: study.warnings,
            sources: SourceMap::new(),
        },
        Err(faults) => faults,
    };
    Ok(Findings {
        what: shown.to_owned(),
        diagnostics,
        origins: Vec::new(),
    })
}

/// A library folder on disk, checked against the body of the project it lies in.
fn library(folder: &Folder) -> Result<Findings, Fault> {
    let full = folder
        .root
        .canonicalize()
        .unwrap_or_else(|_| folder.root.clone());
    let root = full
        .parent()
        .map_or_else(|| full.clone(), Path::to_path_buf);
    let diagnostics = standing_body(&Project::find(Some(&root))?)?.faults;
    Ok(Findings {
        what: folder.root.display().to_string(),
        diagnostics,
        origins: Vec::new(),
    })
}

/// SBML: it can be read, it can be compiled, and (as warnings, because SBML runs without) its units fit together.
fn sbml(sources: &dyn Sources, id: &str) -> Findings {
    let mut diagnostics = Diagnostics::default();
    match osteon_sbml::read(sources, id) {
        Ok(model) => {
            diagnostics.list.extend(osteon_sim::compiles(&model));
            let parsed = osteon_lang::Parsed {
                model: Some(model),
                diagnostics: Vec::new(),
                sources: SourceMap::new(),
                interface: Vec::new(),
            };
            let units = osteon_lang::check(&parsed, false).into_iter();
            let units = units.filter(|d| d.id == "unit-mismatch").map(|found| {
                let mut told = Diagnostic::warning("unit-mismatch", found.message, Span::NONE);
                told.help = found.help;
                told
            });
            diagnostics.list.extend(units);
        }
        Err(error) => diagnostics.list.push(
            Diagnostic::error("sbml-unreadable", format!("{id}: {error}"), Span::NONE)
                .help("what is not supported is refused by name, never imported in part"),
        ),
    }
    Findings {
        what: id.to_owned(),
        diagnostics,
        origins: Vec::new(),
    }
}

/// Numbers with and without an origin, by file: plain start values of parameters, compartments and species.
pub(crate) fn count_origins(model: &Model, sources: &SourceMap) -> Vec<OriginCount> {
    let mut counts: Vec<OriginCount> = Vec::new();
    for symbol in &model.symbols {
        let plain = symbol
            .initial
            .as_ref()
            .is_some_and(|i| matches!(i.expr.kind, osteon_model::ExprKind::Number(..)));
        let Some(origin) = symbol
            .annotation
            .origin
            .map(Some)
            .or_else(|| (plain && symbol.constant).then_some(None))
        else {
            continue;
        };
        let file = sources.name(symbol.span.file);
        let place = counts
            .iter()
            .position(|c| c.file == file)
            .unwrap_or_else(|| {
                counts.push(OriginCount {
                    file: file.to_owned(),
                    counts: [0; 5],
                    without: 0,
                });
                counts.len() - 1
            });
        match origin {
            Some(origin) => {
                counts[place].counts[ORIGINS.iter().position(|o| *o == origin).unwrap_or(0)] += 1
            }
            None => counts[place].without += 1,
        }
    }
    counts.sort_by(|a, b| a.file.cmp(&b.file));
    counts
}

pub(crate) fn origin_table(origins: &[OriginCount]) -> String {
    if origins.is_empty() {
        return String::new();
    }
    let width = origins
        .iter()
        .map(|o| o.file.len())
        .max()
        .unwrap_or(0)
        .max(5);
    let mut out = format!("{:<width$}", "file");
    for origin in ORIGINS {
        out += &format!("  {:>8}", origin.as_str());
    }
    out += "   without\n";
    let mut total = OriginCount {
        file: "total".to_owned(),
        counts: [0; 5],
        without: 0,
    };
    for o in origins {
        out += &origin_line(o, width);
        total
            .counts
            .iter_mut()
            .zip(o.counts)
            .for_each(|(t, n)| *t += n);
        total.without += o.without;
    }
    out + &origin_line(&total, width)
}

fn origin_line(o: &OriginCount, width: usize) -> String {
    let counts: String = o.counts.iter().map(|n| format!("  {n:>8}")).collect();
    format!("{:<width$}{counts}  {:>8}\n", o.file, o.without)
}

//! Model files on disk, Antimony or SBML by their ending: reading, converting, plain time courses.

use std::path::Path;

use clap::Args;
use osteon_model::{Model, SourceMap};
use osteon_sim::{Course, CourseOptions, time_course};
use serde_json::json;

use crate::arguments::RunArguments;
use crate::outcome::{Fault, Outcome, in_brackets};
use crate::output::{say, say_json, write};
use crate::project::beside;

/// What a plain time course of a model file may be told, besides `--every`, `--json` and `-o`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time course of a model file (.ant, .xml)")]
pub(crate) struct CourseArguments {
    /// End, in the model's unit of time
    #[arg(long, value_name = "TIME")]
    until: Option<f64>,
    /// Relative tolerance [default: 1e-6]
    #[arg(long)]
    rtol: Option<f64>,
    /// Absolute tolerance of every state [default: 1e-9]
    #[arg(long)]
    atol: Option<f64>,
    /// Columns [default: all states]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    record: Vec<String>,
    /// Start values; what is computed from them is derived anew
    #[arg(long, value_name = "P=VALUE", value_delimiter = ',')]
    set: Vec<String>,
}

impl CourseArguments {
    /// True if anything was given that only a model file understands.
    pub(crate) fn any(&self) -> bool {
        self.until.is_some()
            || self.rtol.is_some()
            || self.atol.is_some()
            || !self.record.is_empty()
            || !self.set.is_empty()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArguments {
    /// A model: .ant (Antimony) or .xml, .sbml (SBML)
    pub(crate) from: String,
    /// Where it goes; the ending says in which form
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: std::path::PathBuf,
    /// SBML: comparisons inside equations become events, which every tool locates (docs/sbml.md)
    #[arg(long)]
    pub(crate) switches_as_events: bool,
    /// SBML: equations that read an assignment more than once become functions, for tools that write assignments into each other (docs/sbml.md)
    #[arg(long)]
    pub(crate) read_once: bool,
    /// Leave out what neither states nor `--keep` read, and write numbers for what cannot change during a run (docs/sbml.md)
    #[arg(long)]
    pub(crate) lean: bool,
    /// With --lean: quantities that stay
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "lean")]
    pub(crate) keep: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Antimony,
    Sbml,
}

fn form(path: &Path) -> Option<Form> {
    match path.extension()?.to_string_lossy().to_lowercase().as_str() {
        "ant" | "txt" => Some(Form::Antimony),
        "xml" | "sbml" => Some(Form::Sbml),
        _ => None,
    }
}

/// True if what `osteon run` was given is a model rather than a scenario.
pub(crate) fn is_model(name: &str) -> bool {
    form(Path::new(name)).is_some()
}

/// What a scenario is told that was given words for model files.
pub(crate) fn for_models_only() -> Fault {
    Fault::Use(
        "error: --until, --rtol, --atol, --record and --set are for model files (.ant, .xml)\n   = help: a scenario says in its text what is done and recorded".to_owned(),
    )
}

/// Reads a model; the faults of a model that cannot be read are told with their places.
fn read_model(file: &str) -> Result<(Model, SourceMap), Fault> {
    let path = Path::new(file);
    let Some(form) = form(path) else {
        return Err(Fault::Use(format!(
            "error: {file}: not a model\n   = help: .ant and .txt are Antimony, .xml and .sbml are SBML"
        )));
    };
    if !path.is_file() {
        return Err(Fault::Use(format!("error: no such file: {file}")));
    }
    let (near, name) = beside(path);
    match form {
        Form::Sbml => {
            let model = osteon_sbml::read(&near, &name).map_err(|e| {
                Fault::Failed(format!("error: {file}: {e}\n   = help: what is not supported is refused by name, never imported in part"))
            })?;
            Ok((model, SourceMap::new()))
        }
        Form::Antimony => {
            let mut parsed = osteon_lang::load(&near, &name);
            parsed.diagnostics.retain(|d| d.is_error());
            match parsed.model {
                Some(model) if parsed.diagnostics.is_empty() => Ok((model, parsed.sources)),
                _ => Err(Fault::Failed(
                    parsed.sources.render_all(&parsed.diagnostics),
                )),
            }
        }
    }
}

/// `osteon convert`.
pub(crate) fn convert(words: &ConvertArguments) -> Outcome {
    let Some(to) = form(&words.output) else {
        return Err(Fault::Use(format!(
            "error: {}: the ending names no form of a model\n   = help: .ant for Antimony, .xml for SBML",
            words.output.display()
        )));
    };
    if words.switches_as_events && to == Form::Antimony {
        return Err(Fault::Use("error: --switches-as-events is for SBML\n   = help: Antimony keeps the comparisons as they are".to_owned()));
    }
    if words.read_once && to == Form::Antimony {
        return Err(Fault::Use(
            "error: --read-once is for SBML\n   = help: Antimony keeps the equations as they are"
                .to_owned(),
        ));
    }
    let (mut model, sources) = read_model(&words.from)?;
    if words.lean {
        model = osteon_sim::lean(&model, &words.keep, &[])
            .map_err(|faults| Fault::Failed(sources.render_all(&faults)))?;
    }
    let text = match to {
        Form::Antimony => osteon_lang::print(&model),
        Form::Sbml => osteon_sbml::write_with(
            &model,
            &osteon_sbml::WriteOptions {
                switches_as_events: words.switches_as_events,
                read_once: words.read_once,
            },
        ),
    };
    write(&words.output, text.as_bytes())?;
    Ok(true)
}

/// `osteon run model.xml`.
pub(crate) fn run_model(words: &RunArguments) -> Outcome {
    if words.people.is_some() || words.bands.is_some() || words.us || !words.quantities.is_empty() {
        return Err(Fault::Use(
            "error: --people, --bands, --us and --quantities are for scenarios\n   = help: a model file takes --until, --every, --record and --set".to_owned(),
        ));
    }
    let number = |word: &str, text: &str| {
        text.trim().parse::<f64>().map_err(|_| {
            Fault::Use(format!(
                "error: --{word} {text}: not a number\n   = help: a number in the model's own unit"
            ))
        })
    };
    let course = &words.course;
    let Some(until) = course.until else {
        return Err(Fault::Use("error: a model file needs an end\n   = help: for example --until 100, in the model's unit of time".to_owned()));
    };
    let every = words
        .every
        .as_deref()
        .map_or(Ok(until / 100.0), |text| number("every", text))?;
    let mut set = Vec::new();
    for pair in &course.set {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Fault::Use(format!(
                "error: --set {pair}: no value\n   = help: for example --set k1=0.5"
            )));
        };
        set.push((name.trim().to_owned(), number("set", value)?));
    }
    let asked = CourseOptions {
        until,
        every,
        rtol: course.rtol.unwrap_or(1e-6),
        atol: course.atol.unwrap_or(1e-9),
        record: course.record.clone(),
        set,
    };
    let (model, sources) = read_model(&words.scenario)?;
    let course =
        time_course(&model, &asked).map_err(|faults| Fault::Failed(sources.render_all(&faults)))?;
    hand_out(&course, &model, words)?;
    if let Some(failure) = &course.failure {
        eprintln!(
            "error{}: the run stopped {failure}\n   = help: {}",
            in_brackets(failure.cause.id()),
            failure.hint()
        );
    } else if !words.quiet {
        eprintln!(
            "{} rows, {} steps, {} events",
            course.rows.len(),
            course.steps,
            course.events.len()
        );
    }
    Ok(course.failure.is_none())
}

/// To stdout, or to a file whose ending chooses between CSV and JSON.
fn hand_out(course: &Course, model: &Model, words: &RunArguments) -> Result<(), Fault> {
    let as_json = words.json
        || words
            .output
            .as_ref()
            .is_some_and(|o| o.extension().is_some_and(|e| e == "json"));
    let value = || {
        let columns: serde_json::Map<String, serde_json::Value> = course
            .names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.clone(), course.rows.iter().map(|r| r[i]).collect()))
            .collect();
        let events: Vec<_> = course
            .events
            .iter()
            .map(|(t, name)| json!({ "time": t, "event": name }))
            .collect();
        let units: serde_json::Map<String, serde_json::Value> = course
            .names
            .iter()
            .filter_map(|n| {
                let unit = model.symbol(model.find(n)?).unit?;
                Some((n.clone(), unit.to_string().into()))
            })
            .collect();
        let time_unit = model.time_unit.map(|u| u.to_string());
        json!({ "time": course.times, "time_unit": time_unit, "columns": columns, "units": units, "events": events, "steps": course.steps, "failure": course.failure.as_ref().map(|f| json!({ "id": f.cause.id(), "time": f.time, "message": f.to_string(), "state": f.state, "hint": f.hint() })) })
    };
    match (&words.output, as_json) {
        (Some(file), true) => write(file, format!("{:#}\n", value()).as_bytes()),
        (Some(file), false) if file.is_dir() => Err(Fault::Use(format!(
            "error: -o {} is a folder\n   = help: the table of a model file is one file, .csv or .json",
            file.display()
        ))),
        (Some(file), false) => write(file, csv(course).as_bytes()),
        (None, true) => say_json(&value()),
        (None, false) => say(&csv(course)),
    }
}

fn csv(course: &Course) -> String {
    let mut text = String::from("time");
    for name in &course.names {
        text += &format!(",{name}");
    }
    text += "\n";
    for (time, row) in course.times.iter().zip(&course.rows) {
        text += &digits(*time);
        for value in row {
            text.push(',');
            text += &digits(*value);
        }
        text += "\n";
    }
    text
}

/// The shortest digits that read back to the same number, with an exponent where that is shorter.
fn digits(x: f64) -> String {
    if x == 0.0 || (1e-5..1e15).contains(&x.abs()) || !x.is_finite() {
        format!("{x}")
    } else {
        format!("{x:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn digits_read_back() {
        for x in [
            0.0,
            -0.0,
            1.0,
            0.1,
            1e-300,
            -3.3e20,
            f64::MIN_POSITIVE,
            123_456.789,
        ] {
            assert_eq!(
                digits(x).parse::<f64>().expect("a number").to_bits(),
                x.to_bits(),
                "{x}"
            );
        }
        assert_eq!(digits(1e-300), "1e-300");
    }
}

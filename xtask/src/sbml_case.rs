//! One case of the SBML semantic test suite: its files, its settings, the reference, and running it through the engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use osteon_model::{Model, SourceError, Sources};
use osteon_sbml::SbmlError;
use osteon_sim::drive::{Atol, DriveOptions, LaneOutcome, LaneSetup, Observer, drive};
use osteon_vm::{Program, SymbolIndex};

/// Longest that one integration may take. The slowest case needs about a second in a debug build.
const LONGEST: Duration = Duration::from_secs(10);

/// A case found on disk.
pub(crate) struct Case {
    /// Number, such as `00001`.
    pub name: String,
    folder: PathBuf,
}

/// Outcome in the words of the table: `pass`, `fail`, `unsupported:<feature>` or `error:<stage>`.
pub(crate) struct Verdict {
    pub status: String,
    /// For a person: where it went wrong.
    pub detail: String,
}

struct Settings {
    start: f64,
    duration: f64,
    steps: usize,
    variables: Vec<String>,
    amounts: Vec<String>,
    concentrations: Vec<String>,
    absolute: f64,
    relative: f64,
}

/// Files beside a case, by name.
struct Folder<'p>(&'p Path);

impl Sources for Folder<'_> {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        std::fs::read_to_string(self.0.join(id)).map_err(|e| SourceError {
            id: id.to_owned(),
            reason: e.to_string(),
        })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        Err(SourceError {
            id: dir.to_owned(),
            reason: "folders are not listed here".to_owned(),
        })
    }
}

impl Case {
    /// The case in a folder whose name is its number; `None` if the folder holds none.
    pub fn find(folder: &Path) -> Option<Case> {
        let name = folder.file_name()?.to_str()?.to_owned();
        let numbered = name.len() >= 5 && name.bytes().all(|b| b.is_ascii_digit());
        (numbered && folder.join(format!("{name}-settings.txt")).is_file()).then(|| Case {
            name,
            folder: folder.to_owned(),
        })
    }

    /// Tags from the suite's own `-model.m` file, where it is present.
    pub fn tags(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join(format!("{}-model.m", self.name)))
            .unwrap_or_else(|_| String::new());
        text.lines()
            .filter_map(|l| {
                l.strip_prefix("componentTags:")
                    .or_else(|| l.strip_prefix("testTags:"))
            })
            .flat_map(|l| {
                l.split(',')
                    .map(|t| t.trim().to_owned())
                    .filter(|t| !t.is_empty())
            })
            .collect()
    }

    /// The file of the newest level and version.
    fn newest(&self) -> Option<String> {
        let prefix = format!("{}-sbml-l", self.name);
        let names = std::fs::read_dir(&self.folder)
            .ok()?
            .flatten()
            .filter_map(|e| e.file_name().into_string().ok());
        names
            .filter_map(|file| {
                let (level, version) = file
                    .strip_prefix(&prefix)?
                    .strip_suffix(".xml")?
                    .split_once('v')?;
                Some((
                    (level.parse::<u32>().ok()?, version.parse::<u32>().ok()?),
                    file,
                ))
            })
            .max()
            .map(|(_, file)| file)
    }

    /// Reads, compiles, runs and compares.
    pub fn judge(&self) -> Verdict {
        let wrong = |stage: &str, detail: String| Verdict {
            status: format!("error:{stage}"),
            detail,
        };
        let Some(file) = self.newest() else {
            return wrong("files", "no SBML file".to_owned());
        };
        let model = match osteon_sbml::read(&Folder(&self.folder), &file) {
            Ok(model) => model,
            Err(SbmlError::Unsupported { feature, .. }) => {
                return Verdict {
                    status: feature,
                    detail: String::new(),
                };
            }
            Err(error) => return wrong("read", error.to_string()),
        };
        let (settings, reference) = match self
            .settings()
            .and_then(|s| self.reference(&s).map(|r| (s, r)))
        {
            Ok(both) => both,
            Err(why) => return wrong("files", why),
        };
        let program = match osteon_compile::compile(&model) {
            Ok(program) => Arc::new(program),
            Err(faults) => {
                let id = faults.first().map_or("unknown", |d| d.id);
                let messages: Vec<&str> = faults.iter().map(|d| d.message.as_str()).collect();
                return wrong(&format!("compile-{id}"), messages.join("; "));
            }
        };
        self.run(&model, &program, &settings, &reference)
    }

    fn run(
        &self,
        model: &Model,
        program: &Arc<Program>,
        settings: &Settings,
        reference: &[Vec<f64>],
    ) -> Verdict {
        let columns: Result<Vec<SymbolIndex>, String> = settings
            .variables
            .iter()
            .map(|v| column(model, program, settings, v))
            .collect();
        let columns = match columns {
            Ok(columns) => columns,
            Err(missing) => {
                return Verdict {
                    status: "error:variable".to_owned(),
                    detail: missing,
                };
            }
        };
        let mut verdict = Verdict {
            status: String::new(),
            detail: String::new(),
        };
        // The tolerances under which peers were measured, then tighter, then the usual ones.
        let tolerances = [
            (
                f64::min(1e-6, settings.relative / 100.0),
                f64::min(1e-10, settings.absolute * 1e-4),
            ),
            (1e-9, 1e-13),
            (1e-6, 1e-9),
        ];
        for (rtol, atol) in tolerances {
            match time_course(program, settings, &columns, rtol, atol) {
                Err(why) => {
                    verdict = Verdict {
                        status: "error:solve".to_owned(),
                        detail: why,
                    }
                }
                Ok(rows) => match settings.first_difference(&rows, reference) {
                    None => {
                        return Verdict {
                            status: "pass".to_owned(),
                            detail: String::new(),
                        };
                    }
                    Some(difference) => {
                        verdict = Verdict {
                            status: "fail".to_owned(),
                            detail: difference,
                        }
                    }
                },
            }
        }
        verdict
    }

    fn settings(&self) -> Result<Settings, String> {
        let path = self.folder.join(format!("{}-settings.txt", self.name));
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let field = |key: &str| {
            let line = text
                .lines()
                .find_map(|l| l.split_once(':').filter(|(k, _)| k.trim() == key));
            line.map(|(_, v)| v.trim())
                .ok_or_else(|| format!("settings lack `{key}`"))
        };
        let number = |key: &str| {
            field(key).and_then(|v| {
                v.parse::<f64>()
                    .map_err(|_| format!("`{key}: {v}` is no number"))
            })
        };
        let list = |key: &str| {
            field(key).map(|v| {
                v.split(',')
                    .map(|w| w.trim().to_owned())
                    .filter(|w| !w.is_empty())
                    .collect()
            })
        };
        Ok(Settings {
            start: number("start")?,
            duration: number("duration")?,
            steps: field("steps")
                .and_then(|v| v.parse().map_err(|_| format!("`steps: {v}` is no count")))?,
            variables: list("variables")?,
            amounts: list("amount")?,
            concentrations: list("concentration")?,
            absolute: number("absolute")?,
            relative: number("relative")?,
        })
    }

    /// Reference rows, in the order of the settings' variables.
    fn reference(&self, settings: &Settings) -> Result<Vec<Vec<f64>>, String> {
        let path = self.folder.join(format!("{}-results.csv", self.name));
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut lines = text
            .lines()
            .map(|l| l.split(',').map(str::trim).collect::<Vec<_>>())
            .filter(|l| l.len() > 1);
        let header = lines.next().ok_or("the results are empty")?;
        // The first column is time, whatever it is called; a variable may have the same name.
        let places: Result<Vec<usize>, String> = settings
            .variables
            .iter()
            .map(|v| {
                header
                    .iter()
                    .skip(1)
                    .position(|h| h == v)
                    .map(|p| p + 1)
                    .ok_or_else(|| format!("no column for `{v}`"))
            })
            .collect();
        let places = places?;
        let rows: Result<Vec<Vec<f64>>, String> = lines
            .map(|line| {
                let value = |p: &usize| {
                    line.get(*p)
                        .and_then(|v| v.parse::<f64>().ok())
                        .ok_or_else(|| format!("bad row {}", line.join(",")))
                };
                places.iter().map(value).collect()
            })
            .collect();
        let rows = rows?;
        if rows.len() != settings.steps + 1 {
            return Err(format!("{} rows for {} steps", rows.len(), settings.steps));
        }
        Ok(rows)
    }
}

impl Settings {
    fn time(&self, row: usize) -> f64 {
        self.start + self.duration * row as f64 / self.steps.max(1) as f64
    }

    /// The suite's rule: |x − reference| ≤ absolute + relative · |reference|.
    fn first_difference(&self, rows: &[Vec<f64>], reference: &[Vec<f64>]) -> Option<String> {
        for (row, (ours, theirs)) in rows.iter().zip(reference).enumerate() {
            for (column, (x, wanted)) in ours.iter().zip(theirs).enumerate() {
                let near = (x - wanted).abs() <= self.absolute + self.relative * wanted.abs();
                let same = near || x == wanted || (x.is_nan() && wanted.is_nan());
                if !same {
                    let name = &self.variables[column];
                    return Some(format!(
                        "{name} at {}: {x} instead of {wanted}",
                        self.time(row)
                    ));
                }
            }
        }
        (rows.len() != reference.len())
            .then(|| format!("{} rows instead of {}", rows.len(), reference.len()))
    }
}

/// The symbol behind a column. Names of flattened models are joined by `__` in the suite and by dots here.
fn column(
    model: &Model,
    program: &Program,
    settings: &Settings,
    variable: &str,
) -> Result<SymbolIndex, String> {
    let place = model.find(variable).or_else(|| {
        model
            .ids()
            .find(|id| model.symbol(*id).id.replace('.', "__") == variable)
    });
    let symbol = place
        .and_then(|id| program.find(&model.symbol(id).id))
        .ok_or_else(|| format!("the model has no `{variable}`"))?;
    let listed = |list: &[String]| list.iter().any(|v| v == variable);
    let meant = if listed(&settings.amounts) {
        program.amount_of(symbol)
    } else if listed(&settings.concentrations) {
        program.concentration_of(symbol)
    } else {
        None
    };
    Ok(meant.unwrap_or(symbol))
}

struct Table {
    rows: Vec<Vec<f64>>,
    deadline: Instant,
}

impl Observer for Table {
    fn sample(&mut self, _person: usize, row: usize, _time: f64, values: &[f64]) {
        self.rows.resize(row, Vec::new());
        self.rows.push(values.to_vec());
    }

    fn cancelled(&mut self) -> bool {
        Instant::now() > self.deadline
    }
}

fn time_course(
    program: &Arc<Program>,
    settings: &Settings,
    columns: &[SymbolIndex],
    rtol: f64,
    atol: f64,
) -> Result<Vec<Vec<f64>>, String> {
    let outputs: Vec<f64> = (0..=settings.steps).map(|row| settings.time(row)).collect();
    let setup = LaneSetup {
        t0: program.start_time(),
        until: outputs
            .last()
            .copied()
            .unwrap_or(settings.start)
            .max(program.start_time()),
        outputs,
        ..LaneSetup::default()
    };
    let options = DriveOptions {
        rtol,
        atol: Atol::Uniform(atol),
        lanes: 1,
        max_attempts: 2_000_000,
        ..DriveOptions::default()
    };
    let mut table = Table {
        rows: Vec::new(),
        deadline: Instant::now() + LONGEST,
    };
    let mut outcomes =
        drive(program, &[setup], columns, &options, &mut table).map_err(|e| e.to_string())?;
    match outcomes.pop() {
        Some(LaneOutcome {
            failure: Some(breakdown),
            ..
        }) => Err(breakdown.to_string()),
        _ => Ok(table.rows),
    }
}

//! `osteon run --people`: a table of people through one scenario, written part by part; and `osteon merge`, which joins the parts.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use osteon_report::TIDY_COLUMNS;
use osteon_sim::{
    ArmRun, Body, Events, Meta, People, RunOptions, Scenario, meta, read_events, read_people,
    read_scenario_for,
};
use osteon_study::{
    CHUNK, ChunkRun, Cohort, CohortError, CohortObserver, chunk_people, chunks_of, run_cohort,
    shard_chunks,
};
use serde_json::{Map, Value, json};

use crate::arguments::{MergeArguments, RunArguments};
use crate::cohort_folder::{CohortFolder, Manifest, sha256, stands};
use crate::cohort_progress::CohortProgress;
use crate::cohort_table::{Format, Words, csv_bytes, join_csv, join_parquet, parquet_bytes};
use crate::outcome::{Fault, Outcome, outside};
use crate::project::Project;
use crate::run::{change_record, find, standing_body};

/// Failures told one by one on stderr; the manifest holds them all.
const TOLD: usize = 20;

/// Runs a table of people.
pub(crate) fn run_people(project: &Project, words: &RunArguments, table: &Path) -> Outcome {
    if words.us || words.json || words.bands.is_some() {
        return Err(Fault::Use(
            "error: --us, --json and --bands do not go with --people: the table has SI units and its own formats".to_owned(),
        ));
    }
    let body = standing_body(project)?;
    let Tables {
        mut scenario,
        name,
        people,
        events,
        hashes,
    } = read_tables(
        project,
        &body,
        &words.scenario,
        table,
        words.events.as_deref(),
    )?;
    change_record(&mut scenario, words, &body)?;
    if let Some(events) = events.as_ref().filter(|_| !words.quiet) {
        events
            .remarks
            .iter()
            .for_each(|remark| eprintln!("{remark}"));
    }

    let options = RunOptions::default();
    let meta = meta(&body, &scenario, &options);
    let (k, n) = shard(words.shard.as_deref())?;
    let chunks = shard_chunks(people.len(), k, n);
    let threads = match words.threads {
        Some(0) => return Err(Fault::Use("error: --threads counts from 1".to_owned())),
        Some(threads) => threads,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let identity = identity(&scenario, &meta, words.format, people.len(), &hashes);
    let root = words
        .output
        .clone()
        .unwrap_or_else(|| Path::new("out").join(&name));
    let folder = CohortFolder::open(
        &root,
        Manifest {
            identity: identity.clone(),
            shard: format!("{k}/{n}"),
            parts_of_whole: chunks_of(people.len()),
            complete: false,
            parts: Default::default(),
        },
    )?;
    let left: Vec<usize> = chunks
        .clone()
        .filter(|c| !folder.manifest.parts.contains_key(c))
        .collect();
    let kept = chunks.len() - left.len();
    if kept > 0 && !words.quiet {
        eprintln!(
            "{kept} of {} parts were finished before and are kept",
            chunks.len()
        );
    }
    let to_run: usize = left
        .iter()
        .map(|c| chunk_people(people.len(), *c).len())
        .sum();
    let keeper = Keeper {
        title: &scenario.title,
        name: &name,
        meta: &meta,
        words: words_of(&identity),
        format: words.format,
        folder: Mutex::new(folder),
        progress: CohortProgress::new(to_run, words.quiet),
    };
    let cohort = Cohort {
        body: &body,
        scenario: &scenario,
        people: &people,
        events: events.as_ref(),
        options: &options,
    };
    run_cohort(&cohort, &left, threads, &keeper).map_err(|error| match error {
        CohortError::Unfit(faults) => Fault::Failed(faults.render()),
        CohortError::NotKept(why) => Fault::Failed(format!("error: {why}")),
    })?;
    let mut folder = keeper
        .folder
        .into_inner()
        .map_err(|_| Fault::Failed("error: a thread broke down".to_owned()))?;
    folder.finish()?;
    let (done, _, seconds) = keeper.progress.finish();
    let failed = folder.manifest.failed();
    if !words.quiet {
        eprintln!(
            "{done} people in {seconds:.1} s, {:.1} people/s on {threads} thread{}; {} parts in {}",
            done as f64 / seconds.max(1e-3),
            if threads == 1 { "" } else { "s" },
            chunks.len(),
            root.display()
        );
    }
    if failed > 0 {
        eprintln!(
            "warning: {failed} of {} runs failed; their rows say so, and {} says why",
            folder
                .manifest
                .parts
                .values()
                .filter_map(|p| p["runs"].as_u64())
                .sum::<u64>(),
            root.join("manifest.json").display()
        );
    }
    Ok(failed == 0)
}

/// A scenario with its tables of people and events.
pub(crate) struct Tables {
    pub(crate) scenario: Scenario,
    pub(crate) name: String,
    pub(crate) people: People,
    pub(crate) events: Option<Events>,
    hashes: Vec<(&'static str, String)>,
}

/// Reads a scenario and its tables, each against what was read before.
pub(crate) fn read_tables(
    project: &Project,
    body: &Body,
    scenario: &str,
    people: &Path,
    events: Option<&Path>,
) -> Result<Tables, Fault> {
    let rendered = |faults: osteon_sim::Diagnostics| Fault::Failed(faults.render());
    let read = |path: &Path| fs::read_to_string(path).map_err(|e| outside("read", path, e));
    let (text, name, shown) = find(project, scenario)?;
    let people_text = read(people)?;
    let mut hashes = vec![("people_sha256", sha256(people_text.as_bytes()))];
    let people =
        read_people(&people_text, &people.display().to_string(), body).map_err(rendered)?;
    let mut scenario =
        read_scenario_for(&text, &shown, body, &people.brings()).map_err(rendered)?;
    scenario.name.clone_from(&name);
    let events = match events {
        Some(path) => {
            let text = read(path)?;
            hashes.push(("events_sha256", sha256(text.as_bytes())));
            Some(
                read_events(&text, &path.display().to_string(), body, &people, &scenario)
                    .map_err(rendered)?,
            )
        }
        None => None,
    };
    Ok(Tables {
        scenario,
        name,
        people,
        events,
        hashes,
    })
}

/// Everything that decides about the bytes of the table.
fn identity(
    scenario: &Scenario,
    meta: &Meta,
    format: Format,
    people: usize,
    hashes: &[(&str, String)],
) -> Map<String, Value> {
    let mut identity = Map::new();
    let mut put = |key: &str, value: Value| identity.insert(key.to_owned(), value);
    put("engine", json!(meta.engine));
    put("body", json!(meta.body));
    put("body_hash", json!(meta.body_hash));
    put("rtol", json!(meta.rtol));
    put("atol", json!(meta.atol));
    put("clock", json!(meta.clock));
    if scenario.record.skip_days {
        put("skip_days", json!(true));
    }
    put("scenario", json!(scenario.name));
    put("scenario_text", json!(scenario.text));
    put("every_d", json!(scenario.record.every_d));
    put("quantities", json!(scenario.record.quantities));
    put("people", json!(people));
    put("people_in_part", json!(CHUNK));
    for (table, hash) in hashes {
        put(table, json!(hash));
    }
    put("seed", json!("none: nothing is drawn in this run"));
    put("columns", json!(TIDY_COLUMNS));
    put("table", json!(format.ending()));
    identity
}

fn words_of(identity: &Map<String, Value>) -> Words {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    identity
        .iter()
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}

/// `k/N`, from 1/1.
fn shard(asked: Option<&str>) -> Result<(usize, usize), Fault> {
    let Some(text) = asked else { return Ok((1, 1)) };
    let parts = text
        .split_once('/')
        .and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
    match parts {
        Some((k, n)) if k >= 1 && k <= n => Ok((k, n)),
        _ => Err(Fault::Use(format!(
            "error: --shard {text}\n   = help: the third of sixty-four is --shard 3/64"
        ))),
    }
}

/// Writes chunks as they come.
struct Keeper<'a> {
    title: &'a str,
    name: &'a str,
    meta: &'a Meta,
    words: Words,
    format: Format,
    folder: Mutex<CohortFolder>,
    progress: CohortProgress,
}

impl CohortObserver for Keeper<'_> {
    fn chunk(&self, done: ChunkRun) -> Result<(), String> {
        let failures: Vec<Value> = done.runs.iter().filter_map(failure).collect();
        self.progress.failed(failures.len());
        let rows: usize = done
            .runs
            .iter()
            .map(|r| r.times.len() * r.columns.len())
            .sum();
        let mut about = Map::new();
        about.insert("first_row".to_owned(), json!(done.people.start + 1));
        about.insert("people".to_owned(), json!(done.people.len()));
        about.insert("runs".to_owned(), json!(done.runs.len()));
        about.insert("rows".to_owned(), json!(rows));
        let bytes = match self.format {
            Format::Parquet => {
                parquet_bytes(self.name, &self.words, &done.runs).map_err(|e| e.to_string())?
            }
            Format::Csv => csv_bytes(self.title, self.name, self.meta, done.runs),
        };
        let mut folder = self
            .folder
            .lock()
            .map_err(|_| "a thread broke down".to_owned())?;
        let before = folder.manifest.failed();
        for failure in failures.iter().take(TOLD.saturating_sub(before)) {
            self.progress.say(&told(failure));
        }
        about.insert("failed".to_owned(), Value::Array(failures));
        folder.keep(done.chunk, self.format.ending(), &bytes, about)
    }

    fn people(&self, more: usize) {
        self.progress.people(more);
    }
}

/// Who, when, which states, the likely cause, one thing to try.
fn failure(run: &ArmRun) -> Option<Value> {
    let failure = run.failure.as_ref()?;
    Some(json!({
        "id": run.id,
        "arm": run.name,
        "diagnostic": failure.id,
        "time_d": failure.time_d,
        "states": failure.states,
        "message": failure.message,
        "hint": failure.hint,
    }))
}

fn told(failure: &Value) -> String {
    let text = |key: &str| failure[key].as_str().unwrap_or("");
    let arm = match text("arm") {
        "" => String::new(),
        arm => format!(" in arm `{arm}`"),
    };
    format!(
        "warning: person `{}`{arm} stopped {}\n   = help: {}",
        text("id"),
        text("message"),
        text("hint")
    )
}

/// Joins the parts of shards into one file.
pub(crate) fn merge(words: &MergeArguments) -> Outcome {
    let mut first: Option<(PathBuf, Manifest)> = None;
    let mut parts: std::collections::BTreeMap<usize, (PathBuf, Value)> = Default::default();
    for folder in &words.folders {
        let Some(manifest) = Manifest::read(folder)? else {
            return Err(Fault::Failed(format!(
                "error: {} holds no manifest.json: no cohort was run there",
                folder.display()
            )));
        };
        if !manifest.complete {
            return Err(Fault::Failed(format!(
                "error: {} is not finished\n   = help: run the same command again: finished parts are kept",
                folder.display()
            )));
        }
        if let Some((other, known)) = &first
            && let Some(why) = known.difference(&manifest.identity)
        {
            return Err(Fault::Failed(format!(
                "error: {} and {} are not parts of one run: {why}\n   = help: run all shards with one version of program, body, scenario and tables",
                other.display(),
                folder.display()
            )));
        }
        for (number, part) in &manifest.parts {
            let place = folder.join(part["file"].as_str().unwrap_or(""));
            if !stands(folder, part) {
                return Err(Fault::Failed(format!(
                    "error: {} is gone or was changed after it was written",
                    place.display()
                )));
            }
            parts.insert(*number, (place, part.clone()));
        }
        first.get_or_insert((folder.clone(), manifest));
    }
    let Some((_, manifest)) = first else {
        return Err(Fault::Use("error: name the folders to merge".to_owned()));
    };
    let missing: Vec<usize> = (0..manifest.parts_of_whole)
        .filter(|p| !parts.contains_key(p))
        .collect();
    if let Some(one) = missing.first() {
        return Err(Fault::Failed(format!(
            "error: {} of {} parts are missing, part {one} first\n   = help: name the folders of all shards",
            missing.len(),
            manifest.parts_of_whole
        )));
    }
    let ending = manifest
        .identity
        .get("table")
        .and_then(Value::as_str)
        .unwrap_or("");
    let format = [Format::Parquet, Format::Csv]
        .into_iter()
        .find(|f| f.ending() == ending);
    let Some(format) = format.filter(|f| words.output.extension().is_some_and(|e| e == f.ending()))
    else {
        return Err(Fault::Use(format!(
            "error: the parts are {ending}: name the output with that ending, -o all.{ending}"
        )));
    };
    if let Some(above) = words.output.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(above).map_err(|e| outside("make the folder", above, e))?;
    }
    let mut beside = words.output.clone().into_os_string();
    beside.push(".unfinished");
    let beside = PathBuf::from(beside);
    let out = BufWriter::new(File::create(&beside).map_err(|e| outside("write", &beside, e))?);
    let files = parts.values().map(|(place, _)| File::open(place));
    let joined = match format {
        Format::Parquet => {
            join_parquet(out, &words_of(&manifest.identity), files).map_err(|e| e.to_string())
        }
        Format::Csv => join_csv(out, files).map_err(|e| e.to_string()),
    };
    joined.map_err(|e| outside("write", &words.output, e))?;
    fs::rename(&beside, &words.output).map_err(|e| outside("write", &words.output, e))?;
    if !words.quiet {
        let rows: u64 = parts.values().filter_map(|(_, p)| p["rows"].as_u64()).sum();
        eprintln!(
            "{} parts, {rows} rows: wrote {}",
            parts.len(),
            words.output.display()
        );
    }
    Ok(true)
}

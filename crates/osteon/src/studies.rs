//! `osteon studies`: every study is run and judged; recorded verdicts that changed are a failure.

use std::fs;
use std::path::{Path, PathBuf};

use osteon_model::Sources;
use osteon_report::{
    coverage_figure, coverage_page, coverage_text, overview_figure, study_figure, totals_text,
    verdict_table, verdicts_json,
};
use osteon_sim::{Body, RunOptions};
use osteon_study::{
    Change, Judged, Recorded, RowVerdict, Study, Verdict, compare, coverage, is_study, judge_all,
    near_name, read_recorded, read_study, totals, write_recorded,
};

use crate::arguments::StudiesArguments;
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{say, say_json, write, write_drawing, write_figure};
use crate::progress_bar::Bar;
use crate::project::{Folder, Project};
use crate::run::{plausible, standing_body};

const RECORD: &str = "verdicts.tsv";

/// Which studies, from where, and the record they are held to.
struct Chosen {
    sources: Box<dyn Sources>,
    /// Folders in `sources`.
    folders: Vec<String>,
    /// Text of the record, if there is one.
    record: Option<String>,
    /// Where `--record` writes; `None` for embedded studies.
    record_path: Option<PathBuf>,
    /// True if `folders` is all that the record speaks of.
    whole: bool,
}

/// Runs, judges, compares with the record.
pub(crate) fn studies(project: &Project, words: &StudiesArguments) -> Outcome {
    let chosen = choose(project, words.path.as_deref())?;
    if words.record && chosen.record_path.is_none() {
        return Err(Fault::Use("error: --record needs studies on disk\n   = help: run inside the project folder or give the path of the studies".to_owned()));
    }
    let body = standing_body(project)?;
    let (studies, unreadable) = read(&chosen, &body);

    let mut bar = Bar::new(words.quiet || words.json);
    if let Some(n) = words.bands {
        let covered = covered(project, &body, &studies, n as usize, words, &mut bar)?;
        return Ok(covered && !unreadable);
    }
    let judged = judge_all(&body, &studies, &RunOptions::default(), &mut bar);
    bar.finish();
    let rows: Vec<RowVerdict> = judged.iter().flat_map(|j| j.rows.iter().cloned()).collect();
    for j in judged.iter().filter(|j| !j.trouble.is_empty()) {
        eprintln!("{}: {}", j.study.name, j.trouble.trim_end());
    }
    if let Some(folder) = &words.figures {
        figures(folder, &judged, &rows, &body)?;
        if !words.quiet {
            eprintln!("wrote {} figures to {}", judged.len() + 1, folder.display());
        }
    }
    if words.json {
        say_json(&verdicts_json(&rows))?;
    } else {
        say(&verdict_table(&rows))?;
        say(&format!("\n{}", totals_text(&totals(&rows))))?;
    }
    let changes_ok = hold_to_record(&chosen, &rows, words)?;
    Ok(changes_ok && !unreadable)
}

/// How many measured numbers fall into the bands of plausible bodies.
fn covered(
    project: &Project,
    body: &Body,
    studies: &[Study],
    n: usize,
    words: &StudiesArguments,
    bar: &mut Bar,
) -> Outcome {
    let of = plausible(project, body, n, words.seed, false, bar)?;
    let found = coverage(body, studies, &of, words.seed, &RunOptions::default(), bar)
        .map_err(|faults| Fault::Failed(faults.render()))?;
    bar.finish();
    let made_by = format!(
        "Osteon {}, {} ({})",
        env!("CARGO_PKG_VERSION"),
        body.title,
        body.hash
    );
    if let Some(folder) = &words.figures {
        let source =
            format!("Simulated with {made_by}. For research and teaching; not medical advice.");
        write_drawing(
            folder,
            "calibration",
            &coverage_figure(&found, &of, &source),
        )?;
    }
    match &words.write {
        Some(path) => {
            let page = coverage_page(&found, &of, words.seed, &made_by);
            write(path, page.as_bytes())?;
            if !words.quiet {
                eprintln!("wrote {}", path.display());
            }
        }
        None => say(&coverage_text(&found, &of, words.seed))?,
    }
    Ok(true)
}

/// Reads the chosen studies; faults go to stderr. The second value is true if any could not be read.
fn read(chosen: &Chosen, body: &Body) -> (Vec<Study>, bool) {
    let mut studies = Vec::new();
    let mut unreadable = false;
    for folder in &chosen.folders {
        match read_study(chosen.sources.as_ref(), folder, body) {
            Ok(study) => studies.push(study),
            Err(faults) => {
                eprint!("{}", faults.render());
                unreadable = true;
            }
        }
    }
    (studies, unreadable)
}

fn choose(project: &Project, path: Option<&str>) -> Result<Chosen, Fault> {
    let embedded = |names: Vec<String>, whole: bool| Chosen {
        sources: Box::new(project.clone()),
        folders: names.into_iter().map(|n| format!("studies/{n}")).collect(),
        record: project.text(&format!("studies/{RECORD}")).ok(),
        record_path: project
            .root()
            .filter(|r| r.join("studies").is_dir())
            .map(|r| r.join("studies").join(RECORD)),
        whole,
    };
    let Some(path) = path else {
        return Ok(embedded(project.studies(), true));
    };
    if Path::new(path).is_dir() {
        return on_disk(Path::new(path));
    }
    let names = project.studies();
    if names.iter().any(|n| n == path) {
        return Ok(embedded(vec![path.to_owned()], false));
    }
    let help = near_name(path, names.iter().map(String::as_str))
        .map_or_else(|| "give a folder with study.toml, a folder of such folders, or a name of `osteon list studies`".to_owned(), |n| format!("did you mean `{n}`?"));
    Err(Fault::Use(format!(
        "error: no such study or folder: {path}\n   = help: {help}"
    )))
}

fn on_disk(path: &Path) -> Result<Chosen, Fault> {
    let full = path
        .canonicalize()
        .map_err(|e| outside("open the folder", path, e))?;
    let single = is_study(&Folder { root: full.clone() }, "");
    let root = if single {
        full.parent()
            .map_or_else(|| full.clone(), Path::to_path_buf)
    } else {
        full.clone()
    };
    let folder = Folder { root: root.clone() };
    let folders: Vec<String> = if single {
        full.file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .into_iter()
            .collect()
    } else {
        let names = folder
            .list("")
            .map_err(|e| Fault::Failed(format!("error: {e}")))?;
        names
            .into_iter()
            .filter_map(|n| n.strip_suffix('/').map(str::to_owned))
            .filter(|n| is_study(&folder, n))
            .collect()
    };
    if folders.is_empty() {
        return Err(Fault::Use(format!(
            "error: {} holds no study\n   = help: a study is a folder with study.toml, scenario.toml and data.csv (docs/study.md)",
            path.display()
        )));
    }
    let record_path = root.join(RECORD);
    Ok(Chosen {
        sources: Box::new(folder),
        folders,
        record: fs::read_to_string(&record_path).ok(),
        record_path: Some(record_path),
        whole: !single,
    })
}

fn figures(
    folder: &Path,
    judged: &[Judged],
    rows: &[RowVerdict],
    body: &Body,
) -> Result<(), Fault> {
    let mut made_by = body.title.clone();
    for j in judged {
        if let Some(run) = &j.run {
            made_by = format!("Osteon {}, {}", run.meta.engine, run.meta.body);
            let figure = study_figure(
                &j.study,
                run,
                &j.rows,
                &format!("Simulated with {made_by}."),
            );
            write_figure(folder, &j.study.name, &figure)?;
        }
    }
    write_drawing(
        folder,
        "overview",
        &overview_figure(rows, &format!("Simulated with {made_by}.")),
    )
}

/// Compares with the record, or rewrites it. `false` if a recorded verdict is no longer right.
fn hold_to_record(
    chosen: &Chosen,
    rows: &[RowVerdict],
    words: &StudiesArguments,
) -> Result<bool, Fault> {
    if words.record {
        let Some(path) = &chosen.record_path else {
            return Ok(true);
        };
        let old = recorded(chosen)?;
        let text = if chosen.whole {
            write_recorded(rows)
        } else {
            old.clone().with(rows).to_text()
        };
        fs::write(path, text).map_err(|e| outside("write", path, e))?;
        for change in compare(&old, rows, chosen.whole) {
            eprintln!("recorded: {}", change_words(&change));
        }
        return Ok(true);
    }
    if chosen.record.is_none() {
        return Ok(true);
    }
    let changes = compare(&recorded(chosen)?, rows, chosen.whole);
    let broken = changes.iter().filter(|c| c.breaks()).count();
    for change in &changes {
        eprintln!(
            "{}: {}",
            if change.breaks() { "changed" } else { "new" },
            change_words(change)
        );
    }
    if broken > 0 {
        eprintln!(
            "error: {broken} recorded verdicts changed\n   = help: if the change is meant, run `osteon studies --record` and say why in the commit"
        );
    }
    Ok(broken == 0)
}

fn recorded(chosen: &Chosen) -> Result<Recorded, Fault> {
    chosen.record.as_deref().map_or_else(
        || Ok(Recorded::default()),
        |text| read_recorded(text).map_err(|e| Fault::Failed(format!("error: {RECORD}: {e}"))),
    )
}

fn change_words(change: &Change) -> String {
    let word = |v: Option<Verdict>, none: &'static str| v.map_or(none, Verdict::as_str);
    format!(
        "{}, {}: {} -> {}",
        change.study,
        change.row,
        word(change.recorded, "not recorded"),
        word(change.now, "gone")
    )
}

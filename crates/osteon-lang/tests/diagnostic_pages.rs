//! Every diagnostic has a page in `docs/diagnostics` whose examples do what they say, and every Antimony page has a diagnostic.
//!
//! A page holds blocks ```` ```antimony ````. The last line of each says what must come of it: `# error: [id]`, `# warning: [id]`
//! or `# ok`. A block ```` ```antimony file=NAME ```` is a file that the next block may import. Pages of other rooms have blocks in
//! other languages only; they are listed and left to their rooms.

#[path = "support/fenced.rs"]
mod fenced;

use std::collections::BTreeSet;
use std::path::PathBuf;

use fenced::Block;
use osteon_lang::{DIAGNOSTIC_IDS, check, load};
use osteon_model::{Diagnostic, MemorySources, Severity};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics")
}

fn pages() -> Vec<(String, Vec<Block>)> {
    let mut pages: Vec<(String, Vec<Block>)> = std::fs::read_dir(folder())
        .expect("docs/diagnostics exists")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (
                name,
                fenced::blocks(&std::fs::read_to_string(&path).expect("a readable page")),
            )
        })
        .filter(|(name, _)| name != "README" && name != "index")
        .collect();
    pages.sort_by(|a, b| a.0.cmp(&b.0));
    pages
}

/// What an example must give.
enum Verdict {
    Found(Severity, String),
    Ok,
}

fn verdict(code: &str) -> Verdict {
    let last = code.trim_end().lines().last().unwrap_or("");
    for (mark, severity) in [
        ("# error: [", Severity::Error),
        ("# warning: [", Severity::Warning),
    ] {
        if let Some(id) = last.strip_prefix(mark) {
            return Verdict::Found(severity, id.trim_end_matches(']').to_owned());
        }
    }
    assert_eq!(
        last, "# ok",
        "an example ends in `# error: [id]`, `# warning: [id]` or `# ok`"
    );
    Verdict::Ok
}

fn found(sources: &MemorySources) -> (Vec<Diagnostic>, String) {
    let parsed = load(sources, "model.ant");
    let all = check(&parsed, false);
    let text = parsed.sources.render_all(&all);
    (all, text)
}

#[test]
fn examples_do_what_they_say() {
    let mut elsewhere = Vec::new();
    let mut problems = Vec::new();
    for (page, blocks) in pages() {
        if !blocks.iter().any(|b| b.language == "antimony") {
            elsewhere.push(page);
            continue;
        }
        let (mut fails, mut repaired) = (false, false);
        let mut sources = MemorySources::new();
        for block in blocks.iter().filter(|b| b.language == "antimony") {
            if let Some(file) = block.option("file") {
                sources.insert(file, block.code.as_str());
                continue;
            }
            sources.insert("model.ant", block.code.as_str());
            let (all, text) = found(&sources);
            let errors: Vec<&Diagnostic> = all.iter().filter(|d| d.is_error()).collect();
            match verdict(&block.code) {
                Verdict::Found(severity, id) => {
                    if !all.iter().any(|d| d.id == id && d.severity == severity) {
                        problems.push(format!("{page}: no {id} in\n{}\n{text}", block.code));
                    }
                    if !errors.iter().all(|d| d.id == id) {
                        problems.push(format!("{page}: other errors too\n{text}"));
                    }
                    fails |= id == page;
                }
                Verdict::Ok => {
                    if !errors.is_empty() || all.iter().any(|d| d.id == page) {
                        problems.push(format!("{page}: the repaired example fails\n{text}"));
                    }
                    repaired = true;
                }
            }
            sources = MemorySources::new();
        }
        if !(fails && repaired) {
            problems.push(format!(
                "{page}: shows no failing example, or no repaired one"
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    println!("left to other rooms: {elsewhere:?}");
}

#[test]
fn every_id_has_a_page_and_every_page_an_id() {
    let pages = pages();
    let ours: BTreeSet<&str> = pages
        .iter()
        .filter(|(_, b)| b.iter().any(|b| b.language == "antimony"))
        .map(|(name, _)| name.as_str())
        .collect();
    let ids: BTreeSet<&str> = DIAGNOSTIC_IDS.iter().copied().collect();
    assert_eq!(ids.len(), DIAGNOSTIC_IDS.len(), "an id is declared twice");
    let without_page: Vec<&&str> = ids
        .iter()
        .filter(|id| !pages.iter().any(|(name, _)| name == **id))
        .collect();
    assert!(
        without_page.is_empty(),
        "ids without a page in docs/diagnostics: {without_page:?}"
    );
    let without_id: Vec<&&str> = ours.iter().filter(|page| !ids.contains(**page)).collect();
    assert!(
        without_id.is_empty(),
        "pages without an id in osteon_lang::DIAGNOSTIC_IDS: {without_id:?}"
    );
}

#[test]
fn messages_stand_alone() {
    for (page, blocks) in pages() {
        let mut sources = MemorySources::new();
        for block in blocks
            .iter()
            .filter(|b| b.language == "antimony" && b.option("file").is_none())
        {
            sources.insert("model.ant", block.code.as_str());
            for diagnostic in found(&sources).0.iter().filter(|d| d.id == page) {
                assert!(
                    diagnostic.message.len() > 10 && !diagnostic.message.ends_with('.'),
                    "{page}: {}",
                    diagnostic.message
                );
            }
        }
    }
}

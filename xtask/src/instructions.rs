//! Counts machine instructions of small fixed runs under valgrind and compares them with `benches/instructions.tsv`: a measure of speed
//! that no busy neighbour disturbs. Counted on baseline instructions: valgrind knows no AVX-512, and emulates AVX2 inexactly enough to make
//! a run fail that succeeds on the machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Counts may differ by this share before somebody has to say why.
const TOLERANCE: f64 = 0.03;

const DAILY: &str = "benches/models/BIOMD0000000613-daily.xml";
const VARIED: &str = "OBtgfGAM,T16,V1,E0RANKL,TERICL,EmaxPTHRX2x,CaDay,PicOBgam";

/// Name, what a user waits for there, and the words given to `benches/engine`.
fn runs() -> Vec<(&'static str, Vec<&'static str>)> {
    let course = [
        "course",
        "--model",
        DAILY,
        "--record",
        "PTH,P,OC,OBfast,Q",
        "--atol",
        "1e-9",
        "--rtol",
        "3e-3",
        "--every",
        "24",
        "--instructions",
        "baseline",
    ];
    let with = |more: &[&'static str]| course.iter().chain(more).copied().collect();
    vec![
        (
            "613 from file to first derivative",
            vec!["ready", "--model", DAILY, "--repeat", "1"],
        ),
        ("613 one person 30 days", with(&["--until", "720"])),
        (
            "613 sixteen people 10 days",
            with(&[
                "--until", "240", "--people", "16", "--lanes", "16", "--vary", VARIED,
            ]),
        ),
    ]
}

/// `cargo xtask instructions [--record]`.
pub fn run(root: &Path, mut words: impl Iterator<Item = String>) -> ExitCode {
    let record = words.next().as_deref() == Some("--record");
    match compared(root, record) {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err(why) => {
            eprintln!("instructions: {why}");
            ExitCode::from(2)
        }
    }
}

/// True if every count is as recorded.
fn compared(root: &Path, record: bool) -> Result<bool, String> {
    let manifest = root.join("benches/engine/Cargo.toml");
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(&manifest)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if !built.success() {
        return Err(format!("{} does not build", manifest.display()));
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("benches/engine/target"), PathBuf::from);
    let table = root.join("benches/instructions.tsv");
    let known = known(&table)?;
    let mut good = true;
    let mut text = String::from("run\tinstructions\n");
    for (name, words) in runs() {
        let found = count(root, &target.join("release/engine"), &words)?;
        text.push_str(&format!("{name}\t{found}\n"));
        let told = match known.get(name) {
            Some(before) => {
                let change = found as f64 / *before as f64 - 1.0;
                let same = change.abs() <= TOLERANCE;
                good &= same || record;
                let mark = if same { "" } else { "  CHANGED" };
                format!("{:+.1} %{mark}", 100.0 * change)
            }
            None => {
                good &= record;
                "not recorded".to_owned()
            }
        };
        println!("{name:40} {:9.2} million   {told}", found as f64 / 1e6);
    }
    if record {
        std::fs::write(&table, text).map_err(|e| format!("{}: {e}", table.display()))?;
    } else if !good {
        println!(
            "say why in the commit and record the new counts with `cargo xtask instructions --record`"
        );
    }
    Ok(good)
}

/// Counts recorded so far; none where there is no table yet.
fn known(table: &Path) -> Result<BTreeMap<String, u64>, String> {
    let Ok(text) = std::fs::read_to_string(table) else {
        return Ok(BTreeMap::new());
    };
    let numbered = |line: &str| {
        let (name, number) = line.split_once('\t')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    text.lines()
        .skip(1)
        .map(|line| {
            numbered(line)
                .ok_or_else(|| format!("{}: `{line}` is no name and number", table.display()))
        })
        .collect()
}

fn count(root: &Path, program: &Path, words: &[&str]) -> Result<u64, String> {
    let done = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        .arg(program)
        .args(words)
        .current_dir(root)
        .output()
        .map_err(|e| format!("valgrind, which has to be installed: {e}"))?;
    let told = String::from_utf8_lossy(&done.stderr);
    let line = told.lines().find(|l| l.contains("refs:"));
    let digits = line.and_then(|l| l.rsplit(':').next()).unwrap_or_default();
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    match digits.parse() {
        Ok(number) if done.status.success() => Ok(number),
        _ => Err(format!("{words:?}: {told}")),
    }
}

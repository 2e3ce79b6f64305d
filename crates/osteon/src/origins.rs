//! `osteon origins`: how many numbers of the body were measured, derived, scaled, fitted or assumed, and how that changed from body to body.

use std::fs;

use crate::arguments::OriginsArguments;
use crate::check::{ORIGINS, count_origins, origin_table};
use crate::outcome::{Outcome, outside};
use crate::output::{say, write};
use crate::project::Project;
use crate::run::standing_body;

/// Counts, tells, keeps.
pub(crate) fn origins(project: &Project, words: &OriginsArguments) -> Outcome {
    let body = standing_body(project)?;
    let counted = count_origins(&body.model, &body.faults.sources);
    say(&origin_table(&counted))?;
    let mut sums = [0_usize; 5];
    counted
        .iter()
        .for_each(|c| sums.iter_mut().zip(c.counts).for_each(|(s, n)| *s += n));
    let all: usize = sums.iter().sum();
    let assumed = 100.0 * sums[4] as f64 / all.max(1) as f64;
    eprintln!("{assumed:.1} % of {all} numbers are assumed");
    let Some(path) = &words.write else {
        return Ok(true);
    };
    let head = format!(
        "body\tnumbers\t{}\tassumed_percent\n",
        ORIGINS.map(|o| o.as_str()).join("\t")
    );
    let old = if path.exists() {
        fs::read_to_string(path).map_err(|e| outside("read", path, e))?
    } else {
        head
    };
    let counts: Vec<String> = sums.iter().map(usize::to_string).collect();
    let line = format!(
        "{}\t{all}\t{}\t{assumed:.1}\n",
        body.hash,
        counts.join("\t")
    );
    // The same counts of a body that changed otherwise are no news.
    let told = |l: &str| {
        l.split_once('\t')
            .map_or_else(String::new, |(_, rest)| rest.trim_end().to_owned())
    };
    if old.lines().last().map(told) != Some(told(&line)) {
        write(path, (old + &line).as_bytes())?;
    }
    Ok(true)
}

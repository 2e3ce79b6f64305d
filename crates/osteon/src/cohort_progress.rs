//! How far a cohort is: people, people per second, remaining time, failures. A bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Counts people as they are done; shared between threads.
pub(crate) struct CohortProgress {
    began: Instant,
    total: usize,
    quiet: bool,
    bar: Option<ProgressBar>,
    counts: Mutex<Counts>,
}

struct Counts {
    done: usize,
    failed: usize,
    told: Instant,
}

impl CohortProgress {
    pub(crate) fn new(total: usize, quiet: bool) -> Self {
        let began = Instant::now();
        let shown = !quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) =
                ProgressStyle::with_template("{pos} of {len} people [{bar:30}] {msg}")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        let counts = Mutex::new(Counts {
            done: 0,
            failed: 0,
            told: began,
        });
        CohortProgress {
            began,
            total,
            quiet,
            bar,
            counts,
        }
    }

    /// So many more are done.
    pub(crate) fn people(&self, more: usize) {
        let Ok(mut counts) = self.counts.lock() else {
            return;
        };
        counts.done += more;
        let words = self.words(&counts);
        if let Some(bar) = &self.bar {
            bar.set_position(counts.done as u64);
            bar.set_message(words);
        } else if !self.quiet && counts.told.elapsed() > BETWEEN_LINES {
            counts.told = Instant::now();
            eprintln!("{} of {} people, {words}", counts.done, self.total);
        }
    }

    /// So many of them have failed.
    pub(crate) fn failed(&self, more: usize) {
        if let Ok(mut counts) = self.counts.lock() {
            counts.failed += more;
        }
    }

    /// A line of its own while the bar is there.
    pub(crate) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    fn words(&self, counts: &Counts) -> String {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = counts.done as f64 / seconds.max(1e-3);
        let left = (self.total.saturating_sub(counts.done)) as f64 / rate.max(1e-9);
        let failed = match counts.failed {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        format!("{rate:.1} people/s, {left:.0} s to go{failed}")
    }

    /// Takes the bar away; how many were done, how many failed, in how many seconds.
    pub(crate) fn finish(self) -> (usize, usize, f64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.began.elapsed().as_secs_f64();
        self.counts
            .into_inner()
            .map_or((0, 0, seconds), |c| (c.done, c.failed, seconds))
    }
}

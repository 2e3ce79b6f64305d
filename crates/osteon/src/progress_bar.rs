//! A progress bar on stderr: only on a terminal, only when work takes long enough to be noticed.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use osteon_sim::Progress;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);
const STEPS: u64 = 1000;

/// Shows progress of one piece of work.
pub(crate) struct Bar {
    began: Instant,
    stage: String,
    shown: Option<ProgressBar>,
    quiet: bool,
}

impl Bar {
    /// A bar that is never shown if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        use std::io::IsTerminal as _;
        Bar {
            began: Instant::now(),
            stage: String::new(),
            shown: None,
            quiet: quiet || !std::io::stderr().is_terminal(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn stage(&mut self, name: &str) {
        name.clone_into(&mut self.stage);
        if let Some(bar) = &self.shown {
            bar.set_message(self.stage.clone());
        }
    }

    fn fraction(&mut self, done: f64) {
        if self.quiet || (self.shown.is_none() && self.began.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.shown.get_or_insert_with(|| {
            let bar = ProgressBar::new(STEPS);
            if let Ok(style) = ProgressStyle::with_template(
                "{msg:<28} [{bar:40}] {percent:>3} %  {elapsed}, {eta} to go",
            ) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(self.stage.clone());
            bar
        });
        bar.set_position((done.clamp(0.0, 1.0) * STEPS as f64) as u64);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

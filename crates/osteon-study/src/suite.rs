//! Many studies, run and judged one beside another. Their order and results do not depend on the number of threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use osteon_sim::{ArmRun, Body, Progress, Run, RunOptions, run};
use rayon::prelude::*;

use crate::judge::{RowVerdict, all_failed, judge};
use crate::study::Study;

/// A study with its run and verdicts.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The study.
    pub study: Study,
    /// The run; `None` if there was none at all.
    pub run: Option<Run>,
    /// One verdict a row.
    pub rows: Vec<RowVerdict>,
    /// Why the run failed or stopped early; empty if it did not.
    pub trouble: String,
}

/// Hears of single runs only whether the work was cancelled.
struct Part<'a> {
    cancelled: &'a AtomicBool,
}

impl Progress for Part<'_> {
    fn cancelled(&mut self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Runs and judges all studies, in their order.
pub fn judge_all(
    body: &Body,
    studies: &[Study],
    options: &RunOptions,
    progress: &mut (dyn Progress + Send),
) -> Vec<Judged> {
    let (done, cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
    progress.stage("studies");
    let progress = Mutex::new(progress);
    studies
        .par_iter()
        .map(|study| {
            let judged = judge_one(
                body,
                study,
                options,
                &mut Part {
                    cancelled: &cancelled,
                },
            );
            let finished = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Ok(mut progress) = progress.lock() {
                progress.fraction(finished as f64 / studies.len() as f64);
                if progress.cancelled() {
                    cancelled.store(true, Ordering::Relaxed);
                }
            }
            judged
        })
        .collect()
}

fn judge_one(
    body: &Body,
    study: &Study,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Judged {
    match run(body, &study.scenario, options, progress) {
        Ok(run) => {
            let trouble: Vec<String> = run.arms.iter().filter_map(ArmRun::stopped).collect();
            Judged {
                study: study.clone(),
                rows: judge(study, &run),
                run: Some(run),
                trouble: trouble.join("; "),
            }
        }
        Err(faults) => Judged {
            study: study.clone(),
            run: None,
            rows: all_failed(study),
            trouble: faults.render(),
        },
    }
}

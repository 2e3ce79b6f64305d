//! The command line of Osteon: words in, words out. stdout is data, stderr is talk.
//! Exit codes: 0 done, 1 the run or check failed, 2 wrong use.

mod arguments;
mod check;
mod claims;
mod cohort;
mod cohort_folder;
mod cohort_progress;
mod cohort_table;
mod doc;
mod explain;
mod findings;
mod fit;
mod fit_accept;
mod flux;
mod gallery;
mod gallery_file;
mod inputs;
mod labs;
mod list;
mod match_person;
mod matched;
mod model_file;
mod origins;
mod outcome;
mod output;
mod progress_bar;
mod project;
mod protocol;
mod report;
mod run;
mod sensitivity;
mod studies;
mod why;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::project::Project;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done =
        Project::find(arguments.project.as_deref()).and_then(|project| match &arguments.command {
            Command::Run(words) if model_file::is_model(&words.scenario) => {
                model_file::run_model(words)
            }
            Command::Run(words) if words.course.any() => Err(model_file::for_models_only()),
            Command::Convert(words) => model_file::convert(words),
            Command::Run(words) => match &words.people {
                Some(table) => cohort::run_people(&project, words, table),
                None => run::run(&project, words),
            },
            Command::Explain(words) => explain::explain(&project, words),
            Command::Merge(words) => cohort::merge(words),
            Command::Check(words) => check::check(&project, words),
            Command::List { what } => list::list(&project, *what),
            Command::Labs(words) => labs::labs(&project, words),
            Command::Studies(words) => studies::studies(&project, words),
            Command::Claims(words) => claims::claims(&project, words),
            Command::Doc(words) => doc::doc(&project, words),
            Command::Report(words) => report::report(&project, words),
            Command::Fit(words) => fit::fit(&project, words),
            Command::Flux(words) => flux::flux(&project, words),
            Command::Match(words) => match_person::run(&project, words),
            Command::Protocol(words) => protocol::protocol(&project, words),
            Command::Why(words) => why::why(&project, words),
            Command::Sensitivity(words) => sensitivity::sensitivity(&project, words),
            Command::Gallery(words) => gallery::gallery(&project, words),
            Command::Origins(words) => origins::origins(&project, words),
            Command::Inputs(words) => inputs::inputs(&project, words),
        });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(fault) => {
            eprintln!("{}", fault.message().trim_end());
            ExitCode::from(fault.exit_code())
        }
    }
}

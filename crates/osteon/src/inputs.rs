//! `osteon inputs`: everything of the body that the outside may move, as tables on the terminal or in their page.

use std::fs;

use osteon_report::{inputs_tables, with_inputs};

use crate::arguments::InputsArguments;
use crate::outcome::{Fault, Outcome, outside};
use crate::output::{say, write};
use crate::project::Project;
use crate::run::standing_body;

/// Shows the tables, or puts them into their page.
pub(crate) fn inputs(project: &Project, words: &InputsArguments) -> Outcome {
    let body = standing_body(project)?;
    let Some(path) = &words.write else {
        say(&inputs_tables(&body.vocabulary))?;
        return Ok(true);
    };
    let page = fs::read_to_string(path).map_err(|e| outside("read", path, e))?;
    let page = with_inputs(&page, &body.vocabulary).ok_or_else(|| {
        Fault::Use(format!(
            "error: {} has no place for the tables\n   = help: they stand between the two marks of docs/body-inputs.md",
            path.display()
        ))
    })?;
    write(path, page.as_bytes())?;
    Ok(true)
}

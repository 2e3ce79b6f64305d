//! Writes fitted values into the text of the body: the number of each parameter is replaced where it stands, and nothing else.

use std::fs;
use std::path::PathBuf;

use osteon_model::Span;
use osteon_sim::Body;
use osteon_study::Fitted;

use crate::outcome::{Fault, outside};
use crate::output::write;
use crate::project::Project;

/// Digits that are kept of a fitted value.
const DIGITS: usize = 4;

/// Puts the fitted values into the files of the body and gives the files that changed.
pub(crate) fn accept(
    project: &Project,
    body: &Body,
    fitted: &[Fitted],
) -> Result<Vec<PathBuf>, Fault> {
    let Some(root) = project.root().filter(|r| r.join("body").is_dir()) else {
        return Err(Fault::Use(
            "error: --accept needs a body on disk\n   = help: run inside the project folder or name it with --project"
                .to_owned(),
        ));
    };
    let mut places: Vec<(String, Span, String)> = Vec::new();
    for one in fitted {
        let name = &one.parameter.name;
        let span = body
            .model
            .find(name)
            .and_then(|id| body.model.symbol(id).initial.as_ref())
            .map_or(Span::NONE, |initial| initial.expr.span);
        let file = body.faults.sources.name(span.file).to_owned();
        let text = body.faults.sources.text(span.file);
        // The number may stand with its unit: only the number is replaced.
        let written = text
            .get(span.start as usize..span.end as usize)
            .and_then(|w| w.split_whitespace().next())
            .filter(|w| w.parse::<f64>().is_ok());
        let Some(written) = written else {
            return Err(Fault::Failed(format!(
                "error: the number of `{name}` was not found in the text of the body\n   = help: write it as `name = number unit` in its own file, or take the value over by hand"
            )));
        };
        let number = Span::new(
            span.file,
            span.start as usize,
            span.start as usize + written.len(),
        );
        places.push((file, number, rounded(one.value)));
    }
    // From the end of each file to its start, so that earlier places keep their bytes.
    places.sort_by(|a, b| (&a.0, b.1.start).cmp(&(&b.0, a.1.start)));
    let mut changed = Vec::new();
    for same_file in places.chunk_by(|a, b| a.0 == b.0) {
        let path = root.join(&same_file[0].0);
        let mut text = fs::read_to_string(&path).map_err(|e| outside("read", &path, e))?;
        if text != body.faults.sources.text(same_file[0].1.file) {
            return Err(Fault::Failed(format!(
                "error: {} changed while the fit ran\n   = help: run the fit again",
                path.display()
            )));
        }
        for (_, span, value) in same_file {
            text.replace_range(span.start as usize..span.end as usize, value);
        }
        write(&path, text.as_bytes())?;
        changed.push(path);
    }
    Ok(changed)
}

/// A value with four significant digits, without an exponent where that is short.
fn rounded(value: f64) -> String {
    let short: f64 = format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value);
    if short == 0.0 || (1e-5..1e7).contains(&short.abs()) {
        format!("{short}")
    } else {
        format!("{short:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn four_digits_are_kept() {
        assert_eq!(rounded(0.716_449), "0.7164");
        assert_eq!(rounded(-0.002_834_51), "-0.002835");
        assert_eq!(rounded(123_456.0), "123500");
        assert_eq!(rounded(1.234_56e-9), "1.235e-9");
    }
}

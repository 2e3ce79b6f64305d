//! The whole way from a file name to a flat model with everything that is wrong with it.

use osteon_model::{Diagnostic, Model, SourceMap, Sources, Span};

use crate::expand::Expander;
use crate::files::{self, Library};
use crate::ids;
use crate::lower;
use crate::syntax::{Statement, StatementKind};

/// What reading a text gives: a model, everything wrong with it, and the texts that the places of messages refer to.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The flat model. Present whenever the text names one, also beside errors; use it for running only if no diagnostic is an error.
    pub model: Option<Model>,
    /// Faults of syntax and of names. [`crate::check`] says these and many more.
    pub diagnostics: Vec<Diagnostic>,
    /// Texts of all files read.
    pub sources: SourceMap,
    /// Names of the interface of the outermost model.
    pub interface: Vec<String>,
}

impl Parsed {
    /// True if any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads the text called `id` with its imports, chooses the main model, expands its instances and looks all names up.
///
/// The main model is the one marked `*`; else what stands outside of models, if any of it is more than units; else the last model.
/// Never panics and always ends, whatever the text.
pub fn load(sources: &dyn Sources, id: &str) -> Parsed {
    let mut map = SourceMap::new();
    let mut diagnostics = Vec::new();
    let library = files::read(sources, id, &mut map, &mut diagnostics);
    let main = main_model(&library, &mut diagnostics);
    let Some(main) = main else {
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.push(
                Diagnostic::error(
                    ids::NO_MODEL,
                    format!("there is no model in `{id}`"),
                    Span::NONE,
                )
                .help("write `model name … end`"),
            );
        }
        return Parsed {
            model: None,
            diagnostics,
            sources: map,
            interface: Vec::new(),
        };
    };
    let mut expander = Expander::new(&library, &map);
    expander.outermost(main);
    let mut draft = expander.draft;
    if expander.grown_too_large {
        // What was made so far means nothing, and is a lot to look at.
        diagnostics.append(&mut draft.diagnostics);
        return Parsed {
            model: None,
            diagnostics,
            sources: map,
            interface: Vec::new(),
        };
    }
    annotate_model(&library, main, &mut draft.model);
    let interface = draft
        .vars
        .iter()
        .filter(|v| v.open_interface)
        .map(|v| v.id.clone())
        .collect();
    let model = lower::lower(draft, &mut diagnostics);
    Parsed {
        model: Some(model),
        diagnostics,
        sources: map,
        interface,
    }
}

/// `Some(None)` is the text outside of models.
fn main_model(library: &Library, diagnostics: &mut Vec<Diagnostic>) -> Option<Option<usize>> {
    if let Some(marked) = library.models.iter().rposition(|m| m.main) {
        return Some(Some(marked));
    }
    let speaks_of_models = |s: &Statement| match &s.kind {
        StatementKind::Unit { .. } => true,
        StatementKind::Says { path, .. } | StatementKind::DisplayName { path, .. } => {
            path.parts.len() == 1
                && (library.model(&path.parts[0]).is_some()
                    || library.function(&path.parts[0]).is_some())
        }
        _ => false,
    };
    if !library.top.iter().all(speaks_of_models) {
        return Some(None);
    }
    let last = library.models.len().checked_sub(1)?;
    if !library.top.is_empty() {
        let model = &library.models[last];
        diagnostics.push(
            Diagnostic::warning(
                ids::MAIN_UNMARKED,
                format!("`{}` is taken as the main model, but other readers of Antimony take the lines outside of models", model.name),
                model.span,
            )
            .label(library.top[0].span, "outside of models")
            .help(format!("write `model *{}(…)`", model.name)),
        );
    }
    Some(Some(last))
}

/// What is said of the model itself, at the top of a file: `organ is "…"`, `organ notes "…"`.
fn annotate_model(library: &Library, main: Option<usize>, model: &mut Model) {
    let Some(name) = main.map(|i| &library.models[i].name) else {
        return;
    };
    for statement in library
        .top
        .iter()
        .chain(main.iter().flat_map(|i| &library.models[*i].body))
    {
        match &statement.kind {
            StatementKind::DisplayName { path, text } if path.dotted() == *name => {
                model.name = Some(text.clone())
            }
            StatementKind::Says {
                path,
                qualifier,
                texts,
            } if path.dotted() == *name && qualifier == "notes" => {
                model.notes = Some(texts.join("\n"));
            }
            _ => {}
        }
    }
}

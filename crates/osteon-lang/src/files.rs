//! From a file name to everything its text and its imports define, in the order written.

use std::collections::BTreeMap;

use osteon_model::{Diagnostic, SourceMap, Sources, Span};

use crate::ids;
use crate::parser;
use crate::syntax::{FunctionText, Item, ModelText, Statement};

/// All definitions of a text and its imports.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub models: Vec<ModelText>,
    pub functions: Vec<FunctionText>,
    /// Statements outside of models, of all files.
    pub top: Vec<Statement>,
    model_index: BTreeMap<String, usize>,
    function_index: BTreeMap<String, usize>,
}

impl Library {
    pub fn model(&self, name: &str) -> Option<usize> {
        self.model_index.get(name).copied()
    }

    pub fn function(&self, name: &str) -> Option<&FunctionText> {
        self.function_index.get(name).map(|i| &self.functions[*i])
    }

    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        self.model_index.keys().map(String::as_str)
    }

    pub fn function_names(&self) -> impl Iterator<Item = &str> {
        self.function_index.keys().map(String::as_str)
    }
}

/// Reads `id` and everything it imports, each file once.
pub(crate) fn read(
    sources: &dyn Sources,
    id: &str,
    map: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Library {
    let mut reader = Reader {
        sources,
        map,
        diagnostics,
        library: Library::default(),
        open: Vec::new(),
        done: Vec::new(),
    };
    match sources.text(id) {
        Ok(text) => reader.file(id, text),
        Err(error) => reader.diagnostics.push(Diagnostic::error(
            ids::IMPORT_FAILED,
            error.to_string(),
            Span::NONE,
        )),
    }
    reader.library
}

struct Reader<'a> {
    sources: &'a dyn Sources,
    map: &'a mut SourceMap,
    diagnostics: &'a mut Vec<Diagnostic>,
    library: Library,
    /// Files being read, outermost first.
    open: Vec<String>,
    done: Vec<String>,
}

impl Reader<'_> {
    fn file(&mut self, id: &str, text: String) {
        let file = self.map.add(id, text.clone());
        let parsed = parser::parse(&text, file, self.diagnostics);
        self.open.push(id.to_owned());
        for item in parsed.items {
            match item {
                Item::Import(name, span) => self.import(id, &name, span),
                Item::Model(model) => self.model(model),
                Item::Function(function) => self.function(function),
                Item::Statement(statement) => self.library.top.push(statement),
            }
        }
        self.open.pop();
        self.done.push(id.to_owned());
    }

    fn import(&mut self, from: &str, name: &str, span: Span) {
        let candidates = [beside(from, name), name.to_owned()];
        if let Some(open) = candidates.iter().find(|c| self.open.contains(c)) {
            let circle = self
                .open
                .iter()
                .skip_while(|o| *o != open)
                .cloned()
                .chain([open.clone()])
                .collect::<Vec<_>>()
                .join(" → ");
            self.diagnostics.push(
                Diagnostic::error(
                    ids::IMPORT_CYCLE,
                    format!("files import each other in a circle: {circle}"),
                    span,
                )
                .help("move what both need into a third file"),
            );
            return;
        }
        if candidates.iter().any(|c| self.done.contains(c)) {
            return;
        }
        for candidate in &candidates {
            if let Ok(text) = self.sources.text(candidate) {
                self.file(candidate, text);
                return;
            }
        }
        let reason = self
            .sources
            .text(&candidates[0])
            .err()
            .map_or_else(String::new, |e| e.reason);
        self.diagnostics.push(
            Diagnostic::error(
                ids::IMPORT_FAILED,
                format!("cannot import `{name}`: {reason}"),
                span,
            )
            .help(format!(
                "looked for `{}`; names are relative to the importing file",
                candidates[0]
            )),
        );
    }

    fn model(&mut self, model: ModelText) {
        if let Some(other) = self.library.model_index.get(&model.name) {
            let first = self.library.models[*other].span;
            self.diagnostics.push(
                Diagnostic::error(
                    ids::DUPLICATE_NAME,
                    format!("the model `{}` is defined twice", model.name),
                    model.span,
                )
                .label(first, "first here"),
            );
            return;
        }
        self.library
            .model_index
            .insert(model.name.clone(), self.library.models.len());
        self.library.models.push(model);
    }

    fn function(&mut self, function: FunctionText) {
        if let Some(other) = self.library.function_index.get(&function.name) {
            let first = self.library.functions[*other].span;
            self.diagnostics.push(
                Diagnostic::error(
                    ids::DUPLICATE_NAME,
                    format!("the function `{}` is defined twice", function.name),
                    function.span,
                )
                .label(first, "first here"),
            );
            return;
        }
        if crate::builtin::is_reserved(&function.name) {
            self.diagnostics.push(Diagnostic::error(
                ids::DUPLICATE_NAME,
                format!(
                    "`{}` is a name of the language and cannot be defined",
                    function.name
                ),
                function.span,
            ));
            return;
        }
        self.library
            .function_index
            .insert(function.name.clone(), self.library.functions.len());
        self.library.functions.push(function);
    }
}

/// `name` seen from the folder of `from`, with `.` and `..` worked out.
fn beside(from: &str, name: &str) -> String {
    if name.starts_with('/') {
        return name.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn names_are_relative_to_the_importing_file() {
        assert_eq!(beside("body/body.ant", "units.ant"), "body/units.ant");
        assert_eq!(beside("body.ant", "units.ant"), "units.ant");
        assert_eq!(beside("a/b/c.ant", "../d.ant"), "a/d.ant");
        assert_eq!(beside("a/c.ant", "./x/y.ant"), "a/x/y.ant");
    }
}

//! Diagnostics: the one shape in which a fault of the user's text is told, and the map from spans to lines.
//!
//! Collected, never thrown one at a time. `render` is the only place that turns one into text.

use std::fmt::Write as _;

/// Index of a file in a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A byte range in a file. `Span::NONE` marks things that no text stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// File the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of nothing.
    pub const NONE: Span = Span {
        file: FileId(u32::MAX),
        start: 0,
        end: 0,
    };

    /// A range of bytes `start..end` in `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span {
            file,
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that covers both; the other one where one of them is `NONE`.
    pub fn to(self, other: Span) -> Span {
        if self == Span::NONE || self.file != other.file {
            return if self == Span::NONE { other } else { self };
        }
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The text cannot be used.
    Error,
    /// The text can be used and something in it is doubtful.
    Warning,
    /// Something worth knowing.
    Note,
}

/// A marked place with a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// A fault or remark about a user's text, with a stable id that has a page in `docs/diagnostics/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kebab-case id, for example `unit-mismatch`.
    pub id: &'static str,
    /// Error, warning or note.
    pub severity: Severity,
    /// One sentence that stands alone.
    pub message: String,
    /// First label is the primary place.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A new error at `span`.
    pub fn error(id: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Error, id, message, span)
    }

    /// A new warning at `span`.
    pub fn warning(id: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Warning, id, message, span)
    }

    /// A new note at `span`.
    pub fn note(id: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Note, id, message, span)
    }

    fn new(severity: Severity, id: &'static str, message: impl Into<String>, span: Span) -> Self {
        let labels = if span == Span::NONE {
            Vec::new()
        } else {
            vec![Label {
                span,
                text: String::new(),
            }]
        };
        Diagnostic {
            id,
            severity,
            message: message.into(),
            labels,
            help: None,
        }
    }

    /// Sets the words at the primary place.
    #[must_use]
    pub fn at(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// Adds a further marked place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        if span != Span::NONE {
            self.labels.push(Label {
                span,
                text: text.into(),
            });
        }
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// True for errors.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The texts behind spans: a list of named files.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<(String, String)>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and gives its id. The name is what messages print.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push((name.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    /// Takes over the files of another map, and moves the spans of its diagnostics to their new places.
    pub fn absorb(&mut self, other: &SourceMap, diagnostics: &mut [Diagnostic]) {
        let shift = self.files.len() as u32;
        self.files.extend(other.files.iter().cloned());
        for label in diagnostics.iter_mut().flat_map(|d| &mut d.labels) {
            if label.span != Span::NONE {
                label.span.file.0 += shift;
            }
        }
    }

    /// Name of a file; `<unknown>` for an id of another map.
    pub fn name(&self, file: FileId) -> &str {
        self.files
            .get(file.0 as usize)
            .map_or("<unknown>", |f| f.0.as_str())
    }

    /// Text of a file; empty for an id of another map.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |f| f.1.as_str())
    }

    /// Line and column of the span's start, both from 1.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let text = self.text(span.file);
        let start = (span.start as usize).min(text.len());
        let head = &text.as_bytes()[..start];
        let line = head.iter().filter(|b| **b == b'\n').count() + 1;
        let column = start - head.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1) + 1;
        (line, column)
    }

    /// Renders one diagnostic in the manner of rustc, without colour.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let kind = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let mut out = format!("{kind}[{}]: {}\n", diagnostic.id, diagnostic.message);
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let (line, column) = self.line_column(label.span);
            let text = self
                .text(label.span.file)
                .lines()
                .nth(line - 1)
                .unwrap_or("");
            let arrow = if index == 0 { "┌─" } else { "├─" };
            let gutter = line.to_string().len().max(2);
            let _ = writeln!(
                out,
                "{:gutter$} {arrow} {}:{line}:{column}",
                "",
                self.name(label.span.file)
            );
            let _ = writeln!(out, "{line:gutter$}│ {text}");
            let before = text
                .char_indices()
                .take_while(|(at, _)| *at < column - 1)
                .count();
            let bytes = (label.span.end.saturating_sub(label.span.start) as usize)
                .min(text.len().saturating_sub(column - 1));
            let width = text
                .get(column - 1..column - 1 + bytes)
                .map_or(bytes, |t| t.chars().count())
                .max(1);
            let mark = if index == 0 { "^" } else { "-" };
            let _ = writeln!(
                out,
                "{:gutter$}│ {}{} {}",
                "",
                " ".repeat(before),
                mark.repeat(width),
                label.text
            );
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "   = help: {help}");
        }
        out
    }

    /// Renders many diagnostics, errors first, each followed by an empty line.
    pub fn render_all(&self, diagnostics: &[Diagnostic]) -> String {
        let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
        sorted.sort_by_key(|d| (d.severity, d.labels.first().map(|l| l.span)));
        sorted.iter().map(|d| self.render(d) + "\n").collect()
    }
}

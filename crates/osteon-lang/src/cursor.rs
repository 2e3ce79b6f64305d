//! Walking over tokens: looking ahead, expecting, reporting, and skipping to the next statement after a fault.

use osteon_model::{Diagnostic, Span};

use crate::ids;
use crate::lexer::{Keyword, Kind, Token};
use crate::syntax::Path;

/// A fault was met and reported; the statement is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenUp;

/// Result of reading a piece of a statement.
pub(crate) type Read<T> = Result<T, GivenUp>;

/// A position in a list of tokens that ends in `Kind::End`.
pub(crate) struct Cursor<'a> {
    tokens: &'a [Token],
    at: usize,
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// Nesting of parentheses being read.
    pub depth: u32,
}

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [Token], diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Cursor {
            tokens,
            at: 0,
            diagnostics,
            depth: 0,
        }
    }

    /// The kind of the token `ahead` places on; the end token repeats for ever.
    pub fn peek(&self, ahead: usize) -> &'a Kind {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].kind
    }

    pub fn span(&self) -> Span {
        self.tokens[self.at.min(self.tokens.len() - 1)].span
    }

    /// Span of the token just read.
    pub fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1).min(self.tokens.len() - 1)].span
    }

    pub fn advance(&mut self) -> &'a Token {
        let token = &self.tokens[self.at.min(self.tokens.len() - 1)];
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub fn at_mark(&self, mark: &str) -> bool {
        matches!(self.peek(0), Kind::Mark(m) if *m == mark)
    }

    pub fn mark_ahead(&self, ahead: usize, mark: &str) -> bool {
        matches!(self.peek(ahead), Kind::Mark(m) if *m == mark)
    }

    pub fn at_keyword(&self, keyword: Keyword) -> bool {
        *self.peek(0) == Kind::Keyword(keyword)
    }

    pub fn eat_mark(&mut self, mark: &str) -> bool {
        let found = self.at_mark(mark);
        if found {
            self.advance();
        }
        found
    }

    pub fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        let found = self.at_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    pub fn expect_mark(&mut self, mark: &str, doing: &str) -> Read<()> {
        if self.eat_mark(mark) {
            Ok(())
        } else {
            Err(self.expected(&format!("`{mark}`"), doing))
        }
    }

    pub fn skip_newlines(&mut self) {
        while *self.peek(0) == Kind::Newline {
            self.advance();
        }
    }

    /// True at the end of a statement.
    pub fn at_line_end(&self) -> bool {
        matches!(self.peek(0), Kind::Newline | Kind::End) || self.at_mark(";")
    }

    /// Goes to the end of the statement, over whatever stands there.
    pub fn skip_statement(&mut self) {
        while !self.at_line_end() {
            self.advance();
        }
    }

    /// A name without dots. Keywords are reported as such.
    pub fn name(&mut self, doing: &str) -> Read<(String, Span)> {
        match self.peek(0) {
            Kind::Name(name) => {
                let span = self.span();
                self.advance();
                Ok((name.clone(), span))
            }
            _ => Err(self.expected("a name", doing)),
        }
    }

    /// A name with dots.
    pub fn path(&mut self, doing: &str) -> Read<Path> {
        let (first, mut span) = self.name(doing)?;
        let mut parts = vec![first];
        while self.at_mark(".") && matches!(self.peek(1), Kind::Name(_)) {
            self.advance();
            let (part, at) = self.name(doing)?;
            parts.push(part);
            span = span.to(at);
        }
        Ok(Path { parts, span })
    }

    /// Reports that something else was expected here.
    pub fn expected(&mut self, what: &str, doing: &str) -> GivenUp {
        let found = match self.peek(0) {
            Kind::Name(name) => format!("`{name}`"),
            Kind::Keyword(_) => "a reserved word".to_owned(),
            Kind::Number(value) => format!("the number {value}"),
            Kind::Text(_) => "quoted text".to_owned(),
            Kind::Mark(mark) => format!("`{mark}`"),
            Kind::Newline => "the end of the line".to_owned(),
            Kind::Unknown => return GivenUp,
            Kind::End => "the end of the file".to_owned(),
        };
        let mut diagnostic = Diagnostic::error(
            ids::SYNTAX,
            format!("expected {what} {doing}, found {found}"),
            self.span(),
        );
        if *self.peek(0) == Kind::Newline {
            diagnostic = diagnostic.help("a statement ends at the end of its line; `\\` as last character joins it with the next one");
        }
        self.diagnostics.push(diagnostic);
        GivenUp
    }
}

//! Text to tokens. Newlines are tokens, because they end statements; comments and blanks are skipped.
//!
//! Never fails: characters that mean nothing become `Unknown` tokens and a diagnostic.

use osteon_model::{Diagnostic, FileId, Span};

use crate::ids;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A name that is not a keyword.
    Name(String),
    /// A reserved word of the language.
    Keyword(Keyword),
    Number(f64),
    Text(String),
    /// A punctuation mark, as written.
    Mark(&'static str),
    /// End of a line.
    Newline,
    /// A character that means nothing here; already reported.
    Unknown,
    /// End of the file.
    End,
}

/// Reserved words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Keyword {
    Model,
    End,
    Species,
    Formula,
    Reaction,
    Dna,
    Gene,
    Operator,
    Compartment,
    Has,
    In,
    Is,
    Var,
    Const,
    SubstanceOnly,
    Import,
    Event,
    At,
    After,
    Function,
    Unit,
    Delete,
    Constraint,
    Optimise,
}

const KEYWORDS: [(&str, Keyword); 27] = [
    ("model", Keyword::Model),
    ("module", Keyword::Model),
    ("end", Keyword::End),
    ("species", Keyword::Species),
    ("formula", Keyword::Formula),
    ("reaction", Keyword::Reaction),
    ("DNA", Keyword::Dna),
    ("gene", Keyword::Gene),
    ("operator", Keyword::Operator),
    ("compartment", Keyword::Compartment),
    ("has", Keyword::Has),
    ("in", Keyword::In),
    ("is", Keyword::Is),
    ("var", Keyword::Var),
    ("const", Keyword::Const),
    ("ext", Keyword::Const),
    ("substanceOnly", Keyword::SubstanceOnly),
    ("import", Keyword::Import),
    ("event", Keyword::Event),
    ("at", Keyword::At),
    ("after", Keyword::After),
    ("function", Keyword::Function),
    ("unit", Keyword::Unit),
    ("delete", Keyword::Delete),
    ("constraint", Keyword::Constraint),
    ("maximize", Keyword::Optimise),
    ("minimize", Keyword::Optimise),
];

/// True if `word` is reserved.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|(k, _)| *k == word)
}

/// Marks, longest first.
const MARKS: [&str; 34] = [
    "<==>", "...", "->", "=>", "-|", "<=", ">=", "!=", "==", "&&", "||", "--", "+", "-", "*", "/",
    "^", "%", "=", "<", ">", "!", "&", "|", "(", ")", "{", "}", ",", ":", ";", ".", "$", "'",
];

/// Splits `text` into tokens; the last one is always `Kind::End`.
pub(crate) fn tokens(text: &str, file: FileId, diagnostics: &mut Vec<Diagnostic>) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        at: 0,
        file,
        out: Vec::with_capacity(text.len() / 4),
        diagnostics,
    };
    while lexer.at < text.len() {
        lexer.next();
    }
    lexer.push(Kind::End, text.len());
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    file: FileId,
    out: Vec<Token>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Lexer<'_> {
    /// Pushes a token from `self.at` to `end` and moves on.
    fn push(&mut self, kind: Kind, end: usize) {
        self.out.push(Token {
            kind,
            span: Span::new(self.file, self.at, end),
        });
        self.at = end;
    }

    fn next(&mut self) {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return;
        };
        match first {
            ' ' | '\t' | '\u{feff}' | '\u{a0}' => self.at += first.len_utf8(),
            '\n' => self.push(Kind::Newline, self.at + 1),
            '\r' => self.push(
                Kind::Newline,
                self.at + if rest.starts_with("\r\n") { 2 } else { 1 },
            ),
            '\\' => self.continuation(rest),
            '#' => self.at += rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '/' if rest.starts_with("//") => {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len())
            }
            '/' if rest.starts_with("/*") => match rest[2..].find("*/") {
                Some(close) => self.at += close + 4,
                None => {
                    self.report(ids::UNCLOSED, "this comment is never closed", 2, "add `*/`");
                    self.at = self.text.len();
                }
            },
            '"' => self.quoted(rest),
            '`' if rest.starts_with("```") => match rest[3..].find("```") {
                Some(close) => {
                    let text = rest[3..3 + close].to_owned();
                    self.push(Kind::Text(text), self.at + close + 6);
                }
                None => {
                    self.report(
                        ids::UNCLOSED,
                        "this text is never closed",
                        3,
                        "add three backticks at its end",
                    );
                    self.push(Kind::Unknown, self.text.len());
                }
            },
            '@' => self.push(Kind::Keyword(Keyword::At), self.at + 1),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                let kind = match KEYWORDS.iter().find(|(k, _)| *k == word) {
                    Some((_, keyword)) => Kind::Keyword(*keyword),
                    None => Kind::Name(word.to_owned()),
                };
                self.push(kind, self.at + end);
            }
            c if c.is_ascii_digit()
                || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) =>
            {
                let end = number_length(rest.as_bytes());
                // Everything `number_length` admits is read by the standard library.
                let value = rest[..end].parse().unwrap_or(f64::NAN);
                self.push(Kind::Number(value), self.at + end);
            }
            _ => match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
                Some(mark) => self.push(Kind::Mark(mark), self.at + mark.len()),
                None => {
                    self.report(
                        ids::UNKNOWN_CHARACTER,
                        &format!("the character `{first}` has no meaning here"),
                        first.len_utf8(),
                        "names are made of ASCII letters, digits and `_`; other characters may stand in comments and quoted text",
                    );
                    self.push(Kind::Unknown, self.at + first.len_utf8());
                }
            },
        }
    }

    /// A backslash joins lines: blanks, line ends and more blanks after it are skipped.
    fn continuation(&mut self, rest: &str) {
        let after = rest[1..].trim_start_matches([' ', '\t', '\r', '\n']);
        if rest[1..rest.len() - after.len()].contains(['\n', '\r']) {
            self.at += rest.len() - after.len();
        } else {
            self.report(
                ids::UNKNOWN_CHARACTER,
                "`\\` joins lines and must be the last character of its line",
                1,
                "remove it",
            );
            self.push(Kind::Unknown, self.at + 1);
        }
    }

    fn quoted(&mut self, rest: &str) {
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.push(Kind::Text(text), self.at + at + 1);
                    return;
                }
                '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                    text.push('"');
                }
                '\n' | '\r' => break,
                _ => text.push(c),
            }
        }
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.report(
            ids::UNCLOSED,
            "this quoted text is never closed",
            end,
            "add `\"`, or use three backticks for text of many lines",
        );
        self.push(Kind::Text(text), self.at + end);
    }

    fn report(&mut self, id: &'static str, message: &str, length: usize, help: &str) {
        let span = Span::new(self.file, self.at, self.at + length);
        self.diagnostics
            .push(Diagnostic::error(id, message, span).help(help));
    }
}

/// Length of the number at the start: digits, a point with digits, and an exponent only if digits follow the `e`.
fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end += 1;
        end += digits(end);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits((end + 1 + sign).min(bytes.len()));
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text, FileId(0), &mut Vec::new())
            .into_iter()
            .map(|t| t.kind)
            .collect()
    }

    #[test]
    fn numbers_take_an_exponent_only_with_digits() {
        assert_eq!(kinds("2e3 2.5B 5. .5 1e-3"), {
            let mut expected = vec![
                Kind::Number(2000.0),
                Kind::Number(2.5),
                Kind::Name("B".into()),
            ];
            expected.extend([
                Kind::Number(5.0),
                Kind::Number(0.5),
                Kind::Number(0.001),
                Kind::End,
            ]);
            expected
        });
    }

    #[test]
    fn any_text_gives_tokens() {
        for text in [
            "\\", "\"abc", "```x", "/*", "µ", "é\"\n", "1e", "\\ \n x", "'", "\u{0}",
        ] {
            let mut found = Vec::new();
            let tokens = tokens(text, FileId(0), &mut found);
            assert_eq!(
                tokens.last().map(|t| t.kind.clone()),
                Some(Kind::End),
                "{text:?}"
            );
        }
    }
}

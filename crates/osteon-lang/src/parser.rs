//! Tokens to a file of statements. After a fault the rest of the statement is skipped and reading goes on, so that all faults of a
//! text are told at once.

use osteon_model::{Diagnostic, FileId, Span};

use crate::cursor::{Cursor, GivenUp, Read};
use crate::formula::formula;
use crate::ids;
use crate::lexer::{self, Keyword, Kind};
use crate::syntax::{File, FunctionText, Item, ModelText, Path, Statement};

/// Reads a whole file.
pub(crate) fn parse(text: &str, file: FileId, diagnostics: &mut Vec<Diagnostic>) -> File {
    let tokens = lexer::tokens(text, file, diagnostics);
    let mut cursor = Cursor::new(&tokens, diagnostics);
    let mut out = File::default();
    loop {
        match cursor.peek(0) {
            Kind::End => return out,
            Kind::Newline | Kind::Mark(";") => {
                cursor.advance();
            }
            Kind::Keyword(Keyword::Import) => match import(&mut cursor) {
                Ok(item) => out.items.push(item),
                Err(GivenUp) => cursor.skip_statement(),
            },
            // `model notes "…"` and `model m` differ only in what follows.
            Kind::Keyword(Keyword::Model) => out.items.push(model(&mut cursor)),
            Kind::Keyword(Keyword::Function) => match function(&mut cursor) {
                Ok(function) => out.items.push(Item::Function(function)),
                Err(GivenUp) => skip_past_end(&mut cursor),
            },
            Kind::Keyword(Keyword::End) => {
                let span = cursor.span();
                cursor.advance();
                cursor.diagnostics.push(
                    Diagnostic::error(ids::SYNTAX, "this `end` closes nothing", span)
                        .help("remove it, or add the `model` it belongs to"),
                );
            }
            _ => {
                let statement = crate::statement::statement(&mut cursor);
                out.items.extend(statement.into_iter().map(Item::Statement));
            }
        }
    }
}

fn import(cursor: &mut Cursor<'_>) -> Read<Item> {
    cursor.advance();
    let span = cursor.span();
    match cursor.peek(0) {
        Kind::Text(name) => {
            cursor.advance();
            Ok(Item::Import(name.clone(), span))
        }
        _ => Err(cursor.expected("a quoted file name", "after `import`")),
    }
}

fn skip_past_end(cursor: &mut Cursor<'_>) {
    while !matches!(
        cursor.peek(0),
        Kind::End | Kind::Keyword(Keyword::End | Keyword::Model | Keyword::Function)
    ) {
        cursor.advance();
    }
    cursor.eat_keyword(Keyword::End);
}

fn model(cursor: &mut Cursor<'_>) -> Item {
    let start = cursor.span();
    cursor.advance();
    let main = cursor.eat_mark("*");
    let (name, span) = match cursor.name("after `model`") {
        Ok(found) => found,
        Err(GivenUp) => {
            cursor.skip_statement();
            (String::new(), start)
        }
    };
    let interface = if cursor.at_mark("(") {
        interface(cursor).unwrap_or_else(|GivenUp| {
            cursor.skip_statement();
            Vec::new()
        })
    } else {
        Vec::new()
    };
    let mut body: Vec<Statement> = Vec::new();
    loop {
        match cursor.peek(0) {
            Kind::Newline | Kind::Mark(";") => {
                cursor.advance();
            }
            Kind::Keyword(Keyword::End) => {
                cursor.advance();
                break;
            }
            Kind::End | Kind::Keyword(Keyword::Model | Keyword::Function) => {
                cursor.diagnostics.push(
                    Diagnostic::error(
                        ids::UNCLOSED,
                        format!("the model `{name}` has no `end`"),
                        span,
                    )
                    .help("write `end` after its last statement"),
                );
                break;
            }
            Kind::Keyword(Keyword::Import) => {
                let at = cursor.span();
                cursor.diagnostics.push(
                    Diagnostic::error(ids::SYNTAX, "files are imported outside of models", at)
                        .help("move this line above the model"),
                );
                cursor.skip_statement();
            }
            _ => body.extend(crate::statement::statement(cursor)),
        }
    }
    Item::Model(ModelText {
        name,
        span,
        main,
        interface,
        body,
    })
}

/// `(a, $b, c)` after a model's name.
fn interface(cursor: &mut Cursor<'_>) -> Read<Vec<Path>> {
    cursor.expect_mark("(", "before the interface")?;
    let mut names = Vec::new();
    while !cursor.eat_mark(")") {
        cursor.eat_mark("$");
        names.push(cursor.path("in the interface of the model")?);
        if !cursor.eat_mark(",") && !cursor.at_mark(")") {
            return Err(cursor.expected("`,` or `)`", "in the interface of the model"));
        }
    }
    Ok(names)
}

fn function(cursor: &mut Cursor<'_>) -> Read<FunctionText> {
    cursor.advance();
    let (name, span): (String, Span) = cursor.name("after `function`")?;
    let arguments = interface(cursor)?.into_iter().map(|p| p.dotted()).collect();
    let skip = |cursor: &mut Cursor<'_>| {
        while *cursor.peek(0) == Kind::Newline || cursor.at_mark(";") {
            cursor.advance();
        }
    };
    skip(cursor);
    let body = formula(cursor)?;
    skip(cursor);
    if cursor.eat_keyword(Keyword::End) {
        Ok(FunctionText {
            name,
            span,
            arguments,
            body,
        })
    } else {
        Err(cursor.expected("`end`", "after the function"))
    }
}

//! Reactions `J: 2 A + n B -> C; k*A` and interactions `I: A -| J`.

use crate::cursor::{Cursor, Read};
use crate::formula::formula;
use crate::lexer::{Keyword, Kind};
use crate::syntax::{Coefficient, ParticipantText, Path, StatementKind, Subject};

enum Arrow {
    Reversible,
    Irreversible,
    Interaction,
}

/// Reads a reaction. `name` is what stood before `:`; `first` is a first reactant that was read before it was known to be one.
pub(crate) fn reaction(
    cursor: &mut Cursor<'_>,
    name: Option<Subject>,
    first: Option<Subject>,
    out: &mut Vec<(StatementKind, Option<osteon_model::Span>)>,
) -> Read<()> {
    let mut reactants = Vec::new();
    if let Some(first) = first {
        let span = first.path.span;
        reactants.push(ParticipantText {
            coefficient: Coefficient::Number(1.0),
            path: first.path,
            boundary: first.boundary,
            span,
        });
        if cursor.eat_mark("+") {
            participants(cursor, &mut reactants)?;
        }
    } else if !matches!(cursor.peek(0), Kind::Mark("->" | "=>" | "<==>")) {
        participants(cursor, &mut reactants)?;
    }
    let arrow = arrow(cursor)?;
    let mut products = Vec::new();
    if !cursor.at_mark(";") {
        participants(cursor, &mut products)?;
    }
    if matches!(arrow, Arrow::Interaction) {
        if !cursor.at_mark(";") {
            return Err(cursor.expected("`;`", "after the interaction"));
        }
        let paths = |list: Vec<ParticipantText>| -> Vec<Path> {
            list.into_iter().map(|p| p.path).collect()
        };
        out.push((
            StatementKind::Interaction {
                sources: paths(reactants),
                targets: paths(products),
            },
            None,
        ));
        return Ok(());
    }
    cursor.expect_mark(";", "before the rate of the reaction")?;
    let rate = if cursor.at_line_end() {
        None
    } else {
        Some(formula(cursor)?)
    };
    let compartment = if cursor.eat_keyword(Keyword::In) {
        Some(cursor.path("after `in`")?)
    } else {
        None
    };
    let reversible = matches!(arrow, Arrow::Reversible);
    out.push((
        StatementKind::Reaction {
            subject: name,
            reactants,
            products,
            reversible,
            rate,
            compartment,
        },
        None,
    ));
    Ok(())
}

fn arrow(cursor: &mut Cursor<'_>) -> Read<Arrow> {
    match cursor.peek(0) {
        Kind::Mark("->" | "<==>") => {
            cursor.advance();
            Ok(Arrow::Reversible)
        }
        Kind::Mark("=>") => {
            cursor.advance();
            Ok(Arrow::Irreversible)
        }
        Kind::Mark("-|") => {
            cursor.advance();
            Ok(Arrow::Interaction)
        }
        Kind::Mark("-")
            if cursor.mark_ahead(1, "(") || matches!(cursor.peek(1), Kind::Name(o) if o == "o") =>
        {
            cursor.advance();
            cursor.advance();
            Ok(Arrow::Interaction)
        }
        _ => Err(cursor.expected("`->` or `=>`", "in the reaction")),
    }
}

fn participants(cursor: &mut Cursor<'_>, out: &mut Vec<ParticipantText>) -> Read<()> {
    loop {
        let start = cursor.span();
        let mut coefficient = Coefficient::Number(1.0);
        if let Kind::Number(value) = cursor.peek(0) {
            cursor.advance();
            coefficient = Coefficient::Number(*value);
        } else if let (Kind::Name(_), Kind::Name(_)) | (Kind::Name(_), Kind::Mark("$")) =
            (cursor.peek(0), cursor.peek(1))
        {
            coefficient = Coefficient::Symbol(cursor.path("as a coefficient")?);
        }
        let boundary = cursor.eat_mark("$");
        let path = cursor.path("as a species of the reaction")?;
        let span = start.to(path.span);
        out.push(ParticipantText {
            coefficient,
            path,
            boundary,
            span,
        });
        if !cursor.eat_mark("+") {
            return Ok(());
        }
    }
}

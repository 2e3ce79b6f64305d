//! One statement of a model.

use osteon_model::Diagnostic;

use crate::cursor::{Cursor, GivenUp, Read};
use crate::formula::formula;
use crate::ids;
use crate::lexer::{Keyword, Kind};
use crate::reaction;
use crate::syntax::{
    Ast, Connection, Declared, EventText, Path, Setting, Statement, StatementKind, Subject,
};

/// Names after a dot that say how uncertain a value is.
pub(crate) const UNCERTAINTIES: [&str; 22] = [
    "range",
    "confidenceInterval",
    "credibleInterval",
    "interquartileRange",
    "mean",
    "median",
    "mode",
    "standardDeviation",
    "stdev",
    "standardError",
    "variance",
    "coefficientOfVariation",
    "kurtosis",
    "skewness",
    "sampleSize",
    "distribution",
    "externalParameter",
    "sboTerm",
    "sbo",
    "confidence",
    "credible",
    "SBOTerm",
];

/// Reads one statement up to its end; several where a declaration names several things.
pub(crate) fn statement(cursor: &mut Cursor<'_>) -> Vec<Statement> {
    let start = cursor.span();
    let mut out = Vec::new();
    let result = read(cursor, &mut out);
    if result.is_ok() && !cursor.at_line_end() {
        // A model's `end` on the same line is told as such.
        cursor.expected("the end of the line or `;`", "after the statement");
        cursor.skip_statement();
    } else if result.is_err() {
        cursor.skip_statement();
    }
    let span = start.to(cursor.last_span());
    out.into_iter()
        .map(|(kind, own)| Statement {
            kind,
            span: own.unwrap_or(span),
        })
        .collect()
}

type Out = Vec<(StatementKind, Option<osteon_model::Span>)>;

fn read(cursor: &mut Cursor<'_>, out: &mut Out) -> Read<()> {
    match cursor.peek(0) {
        Kind::Keyword(Keyword::At) => event(cursor, None, out),
        Kind::Keyword(Keyword::Unit) => unit(cursor, out),
        Kind::Keyword(Keyword::Delete) => delete(cursor, out),
        Kind::Keyword(
            Keyword::Species
            | Keyword::Compartment
            | Keyword::Reaction
            | Keyword::Formula
            | Keyword::Var
            | Keyword::Const
            | Keyword::SubstanceOnly,
        ) => declaration(cursor, out),
        Kind::Keyword(Keyword::Constraint) => {
            Err(ignored(cursor, "constraints are not checked during a run"))
        }
        Kind::Keyword(Keyword::Optimise) => Err(ignored(
            cursor,
            "flux objectives have no meaning in a model of rates",
        )),
        Kind::Keyword(Keyword::Dna | Keyword::Gene | Keyword::Operator) | Kind::Mark("--") => {
            Err(unsupported(cursor, "DNA strands are not supported"))
        }
        Kind::Keyword(Keyword::Event) => {
            cursor.advance();
            cursor.path("after `event`")?;
            Ok(())
        }
        Kind::Number(_) => number_first(cursor, out),
        Kind::Mark("->" | "=>") => reaction::reaction(cursor, None, None, out),
        Kind::Name(_) | Kind::Mark("$") => name_first(cursor, out),
        _ => Err(cursor.expected("a statement", "here")),
    }
}

fn ignored(cursor: &mut Cursor<'_>, why: &str) -> GivenUp {
    let span = cursor.span();
    cursor
        .diagnostics
        .push(Diagnostic::warning(ids::IGNORED_CONSTRUCT, why, span));
    GivenUp
}

fn unsupported(cursor: &mut Cursor<'_>, why: &str) -> GivenUp {
    let span = cursor.span();
    cursor
        .diagnostics
        .push(Diagnostic::error(ids::UNSUPPORTED_CONSTRUCT, why, span));
    GivenUp
}

/// A statement that starts with a number: `2 A -> B`, `0 = x + y`, `3 < x`.
fn number_first(cursor: &mut Cursor<'_>, out: &mut Out) -> Read<()> {
    match cursor.peek(1) {
        Kind::Mark("=") => Err(unsupported(
            cursor,
            "algebraic rules are not supported; solve the equation for one of its symbols",
        )),
        Kind::Mark("<" | "<=" | ">" | ">=" | "!=") => {
            Err(ignored(cursor, "constraints are not checked during a run"))
        }
        _ => reaction::reaction(cursor, None, None, out),
    }
}

fn subject(cursor: &mut Cursor<'_>) -> Read<Subject> {
    let boundary = cursor.eat_mark("$");
    let path = cursor.path("at the start of the statement")?;
    let compartment = if cursor.eat_keyword(Keyword::In) {
        Some(cursor.path("after `in`")?)
    } else {
        None
    };
    Ok(Subject {
        path,
        boundary,
        compartment,
    })
}

fn name_first(cursor: &mut Cursor<'_>, out: &mut Out) -> Read<()> {
    // `n A -> B`: a name directly followed by another is a coefficient, unless text follows the second.
    if let (Kind::Name(_), Kind::Name(_)) = (cursor.peek(0), cursor.peek(1)) {
        if matches!(cursor.peek(2), Kind::Text(_)) {
            let path = cursor.path("")?;
            return says(cursor, path, out);
        }
        return reaction::reaction(cursor, None, None, out);
    }
    let subject = subject(cursor)?;
    if uncertainty(cursor, &subject, out)? {
        return Ok(());
    }
    match cursor.peek(0) {
        Kind::Mark("=") => {
            cursor.advance();
            set(cursor, subject, Setting::Initial, out)
        }
        Kind::Mark("'") => {
            cursor.advance();
            cursor.expect_mark("=", "after `'`")?;
            set(cursor, subject, Setting::Rate, out)
        }
        Kind::Mark(":") => after_colon(cursor, subject, out),
        Kind::Keyword(Keyword::Has) => has(cursor, subject, out),
        Kind::Keyword(Keyword::Is) => is(cursor, subject, out),
        Kind::Mark("+" | "->" | "=>" | "<==>" | "-" | "-|") => {
            reaction::reaction(cursor, None, Some(subject), out)
        }
        Kind::Mark("*") => Err(unsupported(
            cursor,
            "conversion factors in `is` are not supported; write the product with `:=`",
        )),
        Kind::Mark("<" | "<=" | ">" | ">=" | "!=" | "==") => {
            Err(ignored(cursor, "constraints are not checked during a run"))
        }
        Kind::Mark("--") => Err(unsupported(cursor, "DNA strands are not supported")),
        Kind::Mark("(") => {
            let span = subject.path.span;
            cursor.diagnostics.push(
                Diagnostic::error(ids::SYNTAX, "an instance of a model needs a name", span)
                    .help(format!("write `name: {}(…)`", subject.path.dotted())),
            );
            Err(GivenUp)
        }
        Kind::Name(_) if matches!(cursor.peek(1), Kind::Text(_)) => says(cursor, subject.path, out),
        Kind::Name(_) => {
            cursor.diagnostics.push(Diagnostic::error(
                ids::SYNTAX,
                format!(
                    "`{}` is followed by a name that makes no statement with it",
                    subject.path.dotted()
                ),
                subject.path.span.to(cursor.span()),
            ));
            Err(GivenUp)
        }
        _ if subject.compartment.is_some() && cursor.at_line_end() => {
            out.push((StatementKind::Place(subject), None));
            Ok(())
        }
        _ => Err(cursor.expected(
            "`=`, `:=`, `'=`, `->` or another way to go on",
            &format!("after `{}`", subject.path.dotted()),
        )),
    }
}

fn after_colon(cursor: &mut Cursor<'_>, subject: Subject, out: &mut Out) -> Read<()> {
    cursor.advance();
    match cursor.peek(0) {
        Kind::Mark("=") => {
            cursor.advance();
            set(cursor, subject, Setting::Assignment, out)
        }
        Kind::Keyword(Keyword::At) => event(cursor, Some(subject), out),
        Kind::Keyword(Keyword::Optimise) => Err(ignored(
            cursor,
            "flux objectives have no meaning in a model of rates",
        )),
        Kind::Mark("--") => Err(unsupported(cursor, "DNA strands are not supported")),
        Kind::Name(_) if cursor.mark_ahead(1, "(") => instance(cursor, subject, out),
        _ => reaction::reaction(cursor, Some(subject), None, out),
    }
}

fn set(cursor: &mut Cursor<'_>, subject: Subject, how: Setting, out: &mut Out) -> Read<()> {
    let value = formula(cursor)?;
    out.push((
        StatementKind::Set {
            subject,
            how,
            value,
        },
        None,
    ));
    Ok(())
}

fn has(cursor: &mut Cursor<'_>, subject: Subject, out: &mut Out) -> Read<()> {
    cursor.advance();
    let unit = formula(cursor)?;
    out.push((StatementKind::HasUnit { subject, unit }, None));
    Ok(())
}

fn is(cursor: &mut Cursor<'_>, subject: Subject, out: &mut Out) -> Read<()> {
    cursor.advance();
    if let Kind::Text(text) = cursor.peek(0) {
        cursor.advance();
        out.push((
            StatementKind::DisplayName {
                path: subject.path,
                text: text.clone(),
            },
            None,
        ));
        return Ok(());
    }
    let other = cursor.path("after `is`")?;
    if cursor.at_mark("/") {
        return Err(unsupported(
            cursor,
            "conversion factors in `is` are not supported; write the quotient with `:=`",
        ));
    }
    out.push((StatementKind::Same { subject, other }, None));
    Ok(())
}

fn says(cursor: &mut Cursor<'_>, path: Path, out: &mut Out) -> Read<()> {
    let (qualifier, _) = cursor.name("before the text")?;
    let mut texts = Vec::new();
    loop {
        match cursor.peek(0) {
            Kind::Text(text) => {
                cursor.advance();
                texts.push(text.clone());
            }
            _ => return Err(cursor.expected("quoted text", &format!("after `{qualifier}`"))),
        }
        if !cursor.eat_mark(",") {
            break;
        }
        cursor.skip_newlines();
    }
    out.push((
        StatementKind::Says {
            path,
            qualifier,
            texts,
        },
        None,
    ));
    Ok(())
}

/// `x.range = {a, b}` and its like; false if this is something else.
fn uncertainty(cursor: &mut Cursor<'_>, subject: &Subject, out: &mut Out) -> Read<bool> {
    let key = match subject.path.parts.split_last() {
        Some((key, rest))
            if !rest.is_empty() && UNCERTAINTIES.contains(&key.as_str()) && cursor.at_mark("=") =>
        {
            key.clone()
        }
        _ => return Ok(false),
    };
    cursor.advance();
    let mut path = subject.path.clone();
    path.parts.pop();
    let mut values = Vec::new();
    if matches!(key.as_str(), "sboTerm" | "sbo" | "SBOTerm") {
        // `SBO:0000123` and plain numbers name a term of an ontology that nothing here reads.
        cursor.skip_statement();
        return Ok(true);
    }
    if cursor.eat_mark("{") {
        loop {
            values.push(formula(cursor)?);
            if !cursor.eat_mark(",") {
                break;
            }
        }
        cursor.expect_mark("}", "to close the pair")?;
    } else {
        values.push(formula(cursor)?);
    }
    out.push((StatementKind::Uncertainty { path, key, values }, None));
    Ok(true)
}

fn unit(cursor: &mut Cursor<'_>, out: &mut Out) -> Read<()> {
    cursor.advance();
    let (name, name_span) = cursor.name("after `unit`")?;
    let formula = if cursor.eat_mark("=") {
        Some(formula(cursor)?)
    } else {
        None
    };
    out.push((
        StatementKind::Unit {
            name,
            name_span,
            formula,
        },
        None,
    ));
    Ok(())
}

fn delete(cursor: &mut Cursor<'_>, out: &mut Out) -> Read<()> {
    cursor.advance();
    loop {
        let path = cursor.path("after `delete`")?;
        let span = path.span;
        out.push((StatementKind::Delete(path), Some(span)));
        if !cursor.eat_mark(",") {
            return Ok(());
        }
    }
}

/// `const species A in C = 3, B` and its like.
fn declaration(cursor: &mut Cursor<'_>, out: &mut Out) -> Read<()> {
    let mut constness = None;
    let mut amount_only = None;
    let mut what = Declared::Quantity;
    loop {
        match cursor.peek(0) {
            Kind::Keyword(Keyword::Const) => constness = Some(true),
            Kind::Keyword(Keyword::Var) => constness = Some(false),
            Kind::Keyword(Keyword::SubstanceOnly) => {
                amount_only = Some(true);
                what = Declared::Species;
            }
            Kind::Keyword(Keyword::Species) => what = Declared::Species,
            Kind::Keyword(Keyword::Compartment) => what = Declared::Compartment,
            Kind::Keyword(Keyword::Reaction) => what = Declared::Reaction,
            Kind::Keyword(Keyword::Formula) => {}
            _ => break,
        }
        cursor.advance();
    }
    loop {
        let subject = subject(cursor)?;
        let span = subject.path.span;
        out.push((
            StatementKind::Declare {
                what,
                constness,
                amount_only,
                subject: subject.clone(),
            },
            Some(span),
        ));
        let how = match cursor.peek(0) {
            Kind::Mark("=") => Some(Setting::Initial),
            Kind::Mark(":") if cursor.mark_ahead(1, "=") => {
                cursor.advance();
                Some(Setting::Assignment)
            }
            Kind::Mark("'") if cursor.mark_ahead(1, "=") => {
                cursor.advance();
                Some(Setting::Rate)
            }
            Kind::Keyword(Keyword::Has) => {
                has(cursor, subject.clone(), out)?;
                None
            }
            _ => None,
        };
        if let Some(how) = how {
            cursor.advance();
            set(cursor, subject, how, out)?;
        }
        if !cursor.eat_mark(",") {
            return Ok(());
        }
    }
}

fn instance(cursor: &mut Cursor<'_>, subject: Subject, out: &mut Out) -> Read<()> {
    let (model, model_span) = cursor.name("after `:`")?;
    cursor.expect_mark("(", "after the model's name")?;
    let mut connections = Vec::new();
    while !cursor.eat_mark(")") {
        let negative = cursor.eat_mark("-");
        match cursor.peek(0) {
            Kind::Number(value) => {
                let span = cursor.span();
                cursor.advance();
                connections.push(Connection::Number(
                    if negative { -value } else { *value },
                    span,
                ));
            }
            _ => {
                cursor.eat_mark("$");
                connections.push(Connection::Symbol(
                    cursor.path("to connect with the instance")?,
                ));
            }
        }
        if !cursor.eat_mark(",") && !cursor.at_mark(")") {
            return Err(cursor.expected("`,` or `)`", "in the connections of the instance"));
        }
    }
    if cursor.at_mark(",") {
        return Err(unsupported(
            cursor,
            "time and extent conversion of instances is not supported; use the same units in both models",
        ));
    }
    if cursor.eat_keyword(Keyword::In) {
        cursor.path("after `in`")?;
        let span = cursor.last_span();
        cursor.diagnostics.push(
            Diagnostic::error(
                ids::UNSUPPORTED_CONSTRUCT,
                "an instance cannot be put into a compartment",
                span,
            )
            .help("pass the compartment as an interface symbol"),
        );
        return Err(GivenUp);
    }
    out.push((
        StatementKind::Instance {
            path: subject.path,
            model,
            connections,
            model_span,
        },
        None,
    ));
    Ok(())
}

fn event(cursor: &mut Cursor<'_>, subject: Option<Subject>, out: &mut Out) -> Read<()> {
    cursor.advance();
    let first = formula(cursor)?;
    let (trigger, delay) = if cursor.eat_keyword(Keyword::After) {
        (formula(cursor)?, Some(first))
    } else {
        (first, None)
    };
    let mut options: Vec<(String, Ast, osteon_model::Span)> = Vec::new();
    while cursor.eat_mark(",") {
        let (name, span) = cursor.name("as an option of the event")?;
        cursor.expect_mark("=", "after the option")?;
        options.push((name, formula(cursor)?, span));
    }
    cursor.expect_mark(":", "before what the event sets")?;
    cursor.skip_newlines();
    let mut assignments = Vec::new();
    loop {
        let path = cursor.path("to be set by the event")?;
        cursor.expect_mark("=", "after the name that the event sets")?;
        assignments.push((path, formula(cursor)?));
        if !cursor.eat_mark(",") && !cursor.eat_mark(":") {
            break;
        }
        cursor.skip_newlines();
    }
    out.push((
        StatementKind::Event {
            subject,
            event: EventText {
                trigger,
                delay,
                options,
                assignments,
            },
        },
        None,
    ));
    Ok(())
}

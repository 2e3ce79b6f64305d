//! Expressions: precedence climbing over tokens.
//!
//! The grammar is that of the SBML Level 3 formula language as libAntimony uses it: `^` binds tightest and to the right, then signs
//! and `!`, then `* / %`, then `+ -`, then comparisons, and last `&&` and `||`, which share one level and group to the left.

use osteon_model::{Diagnostic, Op, Span};

use crate::cursor::{Cursor, Read};
use crate::ids;
use crate::lexer::Kind;
use crate::syntax::{Ast, AstKind};

/// No expression tree is higher than this, so that everything that walks one may recurse.
pub(crate) const MAX_HEIGHT: u32 = 256;

impl Ast {
    pub fn new(kind: AstKind, span: Span) -> Ast {
        let height = match &kind {
            AstKind::Apply(_, args) | AstKind::Call(_, args) => {
                1 + args.iter().map(|a| a.height).max().unwrap_or(0)
            }
            _ => 1,
        };
        Ast {
            kind,
            span,
            height,
            grouped: false,
        }
    }
}

const POWER: u8 = 6;
const SIGN: u8 = 5;
const COMPARISON: u8 = 2;

fn infix(kind: &Kind) -> Option<(Op, u8)> {
    let Kind::Mark(mark) = kind else { return None };
    Some(match *mark {
        "&&" => (Op::And, 1),
        "||" => (Op::Or, 1),
        "==" => (Op::Eq, 2),
        "!=" => (Op::Ne, 2),
        "<" => (Op::Lt, 2),
        "<=" => (Op::Le, 2),
        ">" => (Op::Gt, 2),
        ">=" => (Op::Ge, 2),
        "+" => (Op::Add, 3),
        "-" => (Op::Sub, 3),
        "*" => (Op::Mul, 4),
        "/" => (Op::Div, 4),
        "%" => (Op::Rem, 4),
        "^" => (Op::Pow, POWER),
        _ => return None,
    })
}

/// Operators of which a chain is one application of many arguments.
fn chains(op: Op) -> bool {
    matches!(op, Op::Add | Op::Mul | Op::And | Op::Or)
}

/// Reads an expression as far as it goes.
pub(crate) fn formula(cursor: &mut Cursor<'_>) -> Read<Ast> {
    climb(cursor, 0)
}

fn climb(cursor: &mut Cursor<'_>, least: u8) -> Read<Ast> {
    cursor.depth += 1;
    let result = if cursor.depth > MAX_HEIGHT / 2 {
        Err(too_deep(cursor))
    } else {
        climb_within(cursor, least)
    };
    cursor.depth -= 1;
    result
}

fn too_deep(cursor: &mut Cursor<'_>) -> crate::cursor::GivenUp {
    let span = cursor.span();
    cursor.diagnostics.push(
        Diagnostic::error(ids::TOO_DEEP, "this expression is nested too deeply", span)
            .help("give parts of it names of their own with `:=`"),
    );
    crate::cursor::GivenUp
}

fn climb_within(cursor: &mut Cursor<'_>, least: u8) -> Read<Ast> {
    let mut left = operand(cursor)?;
    while let Some((op, level)) = infix(cursor.peek(0)) {
        if level < least {
            break;
        }
        if level == COMPARISON {
            left = comparisons(cursor, left)?;
            continue;
        }
        cursor.advance();
        let right = if op == Op::Pow {
            climb(cursor, SIGN)?
        } else {
            climb(cursor, level + 1)?
        };
        let span = left.span.to(right.span);
        left = match left.kind {
            AstKind::Apply(before, mut args) if before == op && chains(op) && !left.grouped => {
                // Not `Ast::new`, which would walk all terms again for each one more
                let height = left.height.max(right.height + 1);
                args.push(right);
                Ast {
                    kind: AstKind::Apply(op, args),
                    span,
                    height,
                    grouped: false,
                }
            }
            kind => Ast::new(AstKind::Apply(op, vec![Ast { kind, ..left }, right]), span),
        };
        if left.height > MAX_HEIGHT {
            return Err(too_deep(cursor));
        }
    }
    Ok(left)
}

/// `a < b < c` is one comparison of three; `a < b <= c` means `a < b && b <= c`, as in libSBML.
fn comparisons(cursor: &mut Cursor<'_>, first: Ast) -> Read<Ast> {
    let mut args = vec![first];
    let mut ops = Vec::new();
    while let Some((op, COMPARISON)) = infix(cursor.peek(0)) {
        cursor.advance();
        ops.push(op);
        args.push(climb(cursor, COMPARISON + 1)?);
    }
    let span = args[0].span.to(cursor.last_span());
    if ops.len() == 1 || (ops[0] != Op::Ne && ops.iter().all(|op| *op == ops[0])) {
        return Ok(Ast::new(AstKind::Apply(ops[0], args), span));
    }
    let pairs = ops.iter().zip(args.windows(2)).map(|(op, pair)| {
        let span = pair[0].span.to(pair[1].span);
        Ast {
            grouped: true,
            ..Ast::new(AstKind::Apply(*op, pair.to_vec()), span)
        }
    });
    Ok(Ast::new(AstKind::Apply(Op::And, pairs.collect()), span))
}

fn operand(cursor: &mut Cursor<'_>) -> Read<Ast> {
    let start = cursor.span();
    match cursor.peek(0) {
        Kind::Mark(sign @ ("-" | "+" | "!")) => {
            cursor.advance();
            let inner = climb(cursor, POWER)?;
            let span = start.to(inner.span);
            let op = match *sign {
                "-" => Op::Neg,
                "!" => Op::Not,
                _ => return Ok(inner),
            };
            Ok(Ast::new(AstKind::Apply(op, vec![inner]), span))
        }
        Kind::Mark("(") => {
            cursor.advance();
            let mut inner = formula(cursor)?;
            cursor.expect_mark(")", "to close the parenthesis")?;
            inner.grouped = true;
            inner.span = start.to(cursor.last_span());
            Ok(inner)
        }
        Kind::Number(value) => {
            cursor.advance();
            let mut span = start;
            let unit = match cursor.peek(0) {
                Kind::Name(unit) => {
                    let at = cursor.span();
                    cursor.advance();
                    span = span.to(at);
                    Some((unit.clone(), at))
                }
                _ => None,
            };
            Ok(Ast::new(AstKind::Number(*value, unit), span))
        }
        Kind::Name(name) if cursor.mark_ahead(1, "(") => {
            cursor.advance();
            let args = arguments(cursor)?;
            Ok(Ast::new(
                AstKind::Call(name.clone(), args),
                start.to(cursor.last_span()),
            ))
        }
        Kind::Name(_) => {
            let path = cursor.path("in an expression")?;
            let span = path.span;
            Ok(Ast::new(AstKind::Name(path), span))
        }
        _ => Err(cursor.expected("an expression", "here")),
    }
}

/// Arguments in parentheses.
fn arguments(cursor: &mut Cursor<'_>) -> Read<Vec<Ast>> {
    cursor.expect_mark("(", "before the arguments")?;
    let mut args = Vec::new();
    if cursor.eat_mark(")") {
        return Ok(args);
    }
    loop {
        args.push(formula(cursor)?);
        if !cursor.eat_mark(",") {
            cursor.expect_mark(")", "after the arguments")?;
            return Ok(args);
        }
    }
}

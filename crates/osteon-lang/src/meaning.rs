//! Expressions as written to expressions of the model: names looked up, functions inlined, units of numbers resolved.

use std::collections::BTreeMap;

use osteon_model::{Diagnostic, Expr, ExprKind, Op, Span, SymbolId};

use crate::builtin::{self, Builtin, Constant};
use crate::expand::{Expander, Scope};
use crate::ids;
use crate::suggest::did_you_mean;
use crate::syntax::{Ast, AstKind, Path};

/// Expressions of a model together may not grow beyond this many nodes, also by inlining.
const MAX_NODES: usize = 1_000_000;
/// Height of an expression after inlining.
const MAX_HEIGHT: u32 = 512;
/// Functions inside functions inside functions.
const MAX_CALLS: usize = 32;

/// Values of a function's arguments while its body is inlined.
type Arguments = BTreeMap<String, (Expr, u32)>;

impl Expander<'_> {
    /// The expression meant; `None` after a fault, which is reported.
    pub(crate) fn meaning(&mut self, ast: &Ast, scope: &Scope) -> Option<Expr> {
        self.meaning_within(ast, scope, None, &mut Vec::new())
            .map(|(expr, _)| expr)
    }

    fn meaning_within(
        &mut self,
        ast: &Ast,
        scope: &Scope,
        arguments: Option<&Arguments>,
        calls: &mut Vec<String>,
    ) -> Option<(Expr, u32)> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.too_large(ast.span);
        }
        let made = |kind| Some((Expr::new(kind, ast.span), 1));
        match &ast.kind {
            AstKind::Number(value, None) => made(ExprKind::Number(*value, None)),
            AstKind::Number(value, Some((unit, span))) => {
                let unit = self.named_unit(unit, *span, scope);
                made(ExprKind::Number(*value, unit))
            }
            AstKind::Name(path) => self.name(path, scope, arguments),
            AstKind::Apply(op, args) => {
                let negated = *op == Op::Neg && args.len() == 1 && !args[0].grouped;
                let args = self.each(args, scope, arguments, calls)?;
                // `-3` is a number, `-(3)` the negation of one.
                if let (true, ExprKind::Number(value, unit)) = (negated, &args[0].0.kind) {
                    return made(ExprKind::Number(-value, *unit));
                }
                self.apply(*op, args, ast.span)
            }
            AstKind::Call(name, args) => self.call(name, args, ast.span, scope, arguments, calls),
        }
    }

    fn too_large<T>(&mut self, span: Span) -> Option<T> {
        if !std::mem::replace(&mut self.grown_too_large, true) {
            self.report(Diagnostic::error(
                ids::TOO_DEEP,
                "the expressions of this model grow too large",
                span,
            ));
        }
        None
    }

    /// All arguments, so that the faults of each are told.
    fn each(
        &mut self,
        args: &[Ast],
        scope: &Scope,
        arguments: Option<&Arguments>,
        calls: &mut Vec<String>,
    ) -> Option<Vec<(Expr, u32)>> {
        let results: Vec<Option<(Expr, u32)>> = args
            .iter()
            .map(|a| self.meaning_within(a, scope, arguments, calls))
            .collect();
        results.into_iter().collect()
    }

    fn apply(&mut self, op: Op, args: Vec<(Expr, u32)>, span: Span) -> Option<(Expr, u32)> {
        self.node(args, span, |args| ExprKind::Apply(op, args))
    }

    fn node(
        &mut self,
        args: Vec<(Expr, u32)>,
        span: Span,
        make: impl FnOnce(Vec<Expr>) -> ExprKind,
    ) -> Option<(Expr, u32)> {
        let height = 1 + args.iter().map(|(_, h)| *h).max().unwrap_or(0);
        if height > MAX_HEIGHT {
            self.report(Diagnostic::error(
                ids::TOO_DEEP,
                "this expression is nested too deeply once functions are put in",
                span,
            ));
            return None;
        }
        Some((
            Expr::new(make(args.into_iter().map(|(a, _)| a).collect()), span),
            height,
        ))
    }

    fn name(
        &mut self,
        path: &Path,
        scope: &Scope,
        arguments: Option<&Arguments>,
    ) -> Option<(Expr, u32)> {
        let made = |kind| Some((Expr::new(kind, path.span), 1));
        if let [name] = path.parts.as_slice() {
            if let Some((value, height)) = arguments.and_then(|a| a.get(name)) {
                let mut size = 0;
                value.walk(&mut |_| size += 1);
                self.nodes += size;
                if self.nodes > MAX_NODES {
                    return self.too_large(path.span);
                }
                return Some((value.clone(), *height));
            }
            match builtin::constant(name) {
                Some(Constant::Number(value)) => return made(ExprKind::Number(value, None)),
                Some(Constant::Bool(value)) => return made(ExprKind::Bool(value)),
                Some(Constant::Time) => return made(ExprKind::Time),
                None => {}
            }
            if let Some(arguments) = arguments {
                let help =
                    did_you_mean(name, arguments.keys().map(String::as_str)).unwrap_or_else(|| {
                        "functions know only their arguments; add it to them".to_owned()
                    });
                self.report(
                    Diagnostic::error(
                        ids::UNKNOWN_NAME,
                        format!("`{name}` is not an argument of this function"),
                        path.span,
                    )
                    .help(help),
                );
                return None;
            }
        }
        self.reference(path, scope)
            .and_then(|id| made(ExprKind::Symbol(id)))
    }

    /// The symbol of a name that is read. A name without dots may be defined later; one with dots must be there.
    pub(crate) fn reference(&mut self, path: &Path, scope: &Scope) -> Option<SymbolId> {
        let full = scope.full(path);
        if path.parts.len() == 1 {
            if builtin::function(&path.parts[0]).is_some() {
                self.report(
                    Diagnostic::error(
                        ids::UNKNOWN_NAME,
                        format!("`{}` is a function, not a quantity", path.parts[0]),
                        path.span,
                    )
                    .help("put its arguments in parentheses"),
                );
                return None;
            }
            return Some(self.draft.find_or_add(&full, path.span));
        }
        if let Some(found) = self.draft.find(&full) {
            return Some(found);
        }
        self.unknown_dotted(path, scope);
        None
    }

    /// Reports a dotted name that leads nowhere, naming the first part at fault.
    pub(crate) fn unknown_dotted(&mut self, path: &Path, scope: &Scope) {
        let owner = Path {
            parts: path.parts[..path.parts.len() - 1].to_vec(),
            span: path.span,
        };
        let last = path.parts.last().map_or("", String::as_str);
        let prefix = format!("{}.", scope.full(&owner));
        let inside: Vec<&str> = self
            .draft
            .names()
            .filter_map(|n| n.strip_prefix(prefix.as_str()))
            .filter(|n| !n.contains('.'))
            .collect();
        let (message, help) = if inside.is_empty() && self.draft.find(&scope.full(&owner)).is_none()
        {
            let known: Vec<&str> = self
                .draft
                .names()
                .filter_map(|n| n.strip_prefix(scope.prefix.as_str()))
                .collect();
            (
                format!("there is no `{}` here", owner.dotted()),
                did_you_mean(&owner.dotted(), known.into_iter()),
            )
        } else {
            (
                format!("`{}` has no `{last}`", owner.dotted()),
                did_you_mean(last, inside.into_iter()),
            )
        };
        let mut diagnostic = Diagnostic::error(ids::UNKNOWN_NAME, message, path.span);
        diagnostic.help = help.or_else(|| {
            Some(
                "an instance of a model must stand above the lines that use its symbols".to_owned(),
            )
        });
        self.report(diagnostic);
    }

    fn call(
        &mut self,
        name: &str,
        args: &[Ast],
        span: Span,
        scope: &Scope,
        arguments: Option<&Arguments>,
        calls: &mut Vec<String>,
    ) -> Option<(Expr, u32)> {
        if let Some(builtin) = builtin::function(name) {
            return self.builtin(name, builtin, args, span, scope, arguments, calls);
        }
        let Some(function) = self.library.function(name) else {
            let known = builtin::NAMES
                .iter()
                .copied()
                .chain(self.library.function_names());
            let mut diagnostic = Diagnostic::error(
                ids::UNKNOWN_FUNCTION,
                format!("there is no function `{name}`"),
                span,
            );
            diagnostic.help = did_you_mean(name, known);
            self.report(diagnostic);
            return None;
        };
        if function.arguments.len() != args.len() {
            self.wrong_count(
                name,
                &function.arguments.len().to_string(),
                args.len(),
                span,
            );
            return None;
        }
        if calls.len() >= MAX_CALLS || calls.iter().any(|c| c == name) {
            self.report(
                Diagnostic::error(ids::CIRCULAR, format!("the function `{name}` calls itself: {} → {name}", calls.join(" → ")), span)
                    .help("functions are put in where they are called, so that they cannot call themselves"),
            );
            return None;
        }
        let values = self.each(args, scope, arguments, calls)?;
        let inner: Arguments = function.arguments.iter().cloned().zip(values).collect();
        calls.push(name.to_owned());
        let library = self.library;
        let result = library
            .function(name)
            .and_then(|f| self.meaning_within(&f.body, scope, Some(&inner), calls));
        calls.pop();
        // The call is where the author looks for the expression.
        result.map(|(expr, height)| (Expr::new(expr.kind, span), height))
    }

    fn wrong_count(&mut self, name: &str, wanted: &str, found: usize, span: Span) {
        self.report(Diagnostic::error(
            ids::WRONG_ARGUMENT_COUNT,
            format!("`{name}` takes {wanted} arguments, not {found}"),
            span,
        ));
    }

    #[allow(clippy::too_many_arguments)]
    fn builtin(
        &mut self,
        name: &str,
        builtin: Builtin,
        args: &[Ast],
        span: Span,
        scope: &Scope,
        arguments: Option<&Arguments>,
        calls: &mut Vec<String>,
    ) -> Option<(Expr, u32)> {
        if let Builtin::Unsupported(why) = builtin {
            self.report(Diagnostic::error(
                ids::UNSUPPORTED_CONSTRUCT,
                format!("`{name}` {why}"),
                span,
            ));
            return None;
        }
        let (least, most) = match builtin {
            Builtin::Op(_, least, most) => (least, most),
            Builtin::Piecewise => (1, usize::MAX),
            Builtin::RateOf | Builtin::Square => (1, 1),
            Builtin::Log | Builtin::Root | Builtin::Minus => (1, 2),
            Builtin::Unsupported(_) => (0, usize::MAX),
        };
        if args.len() < least || args.len() > most {
            let wanted = if least == most {
                least.to_string()
            } else if most == usize::MAX {
                format!("at least {least}")
            } else {
                format!("{least} or {most}")
            };
            self.wrong_count(name, &wanted, args.len(), span);
            return None;
        }
        if builtin == Builtin::RateOf {
            return match &args[0].kind {
                AstKind::Name(path) => {
                    self.name(path, scope, arguments)
                        .and_then(|(expr, _)| match expr.kind {
                            ExprKind::Symbol(id) => {
                                Some((Expr::new(ExprKind::RateOf(id), span), 1))
                            }
                            _ => None,
                        })
                }
                _ => {
                    self.report(Diagnostic::error(
                        ids::SYNTAX,
                        "`rateOf` takes the name of one symbol",
                        span,
                    ));
                    None
                }
            };
        }
        let mut values = self.each(args, scope, arguments, calls)?;
        let two = values.len() == 2;
        match builtin {
            Builtin::Op(op, _, _) => self.apply(op, values, span),
            Builtin::Log if two => self.apply(Op::Log, values, span),
            Builtin::Log => self.apply(Op::Ln, values, span),
            Builtin::Root if two => self.apply(Op::Root, values, span),
            Builtin::Root => self.apply(Op::Sqrt, values, span),
            Builtin::Minus => self.apply(if two { Op::Sub } else { Op::Neg }, values, span),
            Builtin::Square => {
                values.push((Expr::new(ExprKind::Number(2.0, None), span), 1));
                self.apply(Op::Pow, values, span)
            }
            Builtin::Piecewise => self.node(values, span, |mut args| {
                let otherwise = if args.len() % 2 == 1 {
                    args.pop().map(Box::new)
                } else {
                    None
                };
                let mut pieces = Vec::with_capacity(args.len() / 2);
                let mut args = args.into_iter();
                while let (Some(value), Some(condition)) = (args.next(), args.next()) {
                    pieces.push((value, condition));
                }
                ExprKind::Piecewise(pieces, otherwise)
            }),
            Builtin::RateOf | Builtin::Unsupported(_) => None,
        }
    }
}

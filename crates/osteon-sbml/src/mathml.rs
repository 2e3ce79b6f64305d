//! MathML to expressions: names resolved per instance, user-defined functions inlined, conversion factors applied.

use std::cell::Cell;
use std::collections::HashMap;

use osteon_model::{Expr, ExprKind, Op, Span, SymbolId};
use roxmltree::Node;

use crate::SbmlError;
use crate::document::{Sbml, math};
use crate::hierarchy::{Hierarchy, Key};
use crate::unit_definition::find_unit;
use crate::xml_text::finite;

/// Deepest expression, inlined functions included. Later stages recurse over expressions.
const MAX_DEPTH: usize = 400;
/// Most expression nodes in one model.
const MAX_NODES: usize = 2_000_000;
/// Value of the `avogadro` symbol (SBML Level 3 specification, section 3.4.6; CODATA 2006).
const AVOGADRO: f64 = 6.022_141_79e23;

/// What names mean at one place.
pub(crate) struct Scope<'s, 'a> {
    /// Instance whose names are used.
    pub instance: usize,
    /// Local parameters of a kinetic law.
    pub locals: Option<&'s HashMap<String, Node<'a, 'a>>>,
    /// Arguments of a function being inlined.
    pub bound: Option<&'s HashMap<&'s str, Expr>>,
}

impl Scope<'_, '_> {
    /// The scope of an instance.
    pub fn of(instance: usize) -> Self {
        Scope {
            instance,
            locals: None,
            bound: None,
        }
    }
}

/// Reads mathematics.
pub(crate) struct MathReader<'r, 'a> {
    pub all: &'r Hierarchy<'a>,
    pub symbols: &'r HashMap<Key, SymbolId>,
    nodes: Cell<usize>,
}

/// What a name leads to.
struct Found<'a> {
    symbol: SymbolId,
    /// Instance that holds the reaction, if it is one.
    reaction_in: Option<usize>,
    /// Names, each in an instance, of what the named value is to be multiplied by to give the symbol's.
    factors: Vec<(usize, &'a str)>,
}

impl<'r, 'a> MathReader<'r, 'a> {
    pub fn new(all: &'r Hierarchy<'a>, symbols: &'r HashMap<Key, SymbolId>) -> Self {
        MathReader {
            all,
            symbols,
            nodes: Cell::new(0),
        }
    }

    /// The expression in the `<math>` child of `holder`; `None` where there is none, which Level 3 Version 2 allows.
    pub fn math_of(
        &self,
        scope: &Scope<'_, 'a>,
        holder: Node<'a, 'a>,
    ) -> Result<Option<Expr>, SbmlError> {
        let Some(content) = math(holder).and_then(|m| m.children().find(Node::is_element)) else {
            return Ok(None);
        };
        self.read(scope, content, 0).map(Some)
    }

    fn sbml(&self, scope: &Scope<'_, 'a>) -> &'a Sbml<'a> {
        self.all.instances[scope.instance].sbml
    }

    fn count(&self, sbml: &Sbml<'_>, at: Node<'_, '_>, more: usize) -> Result<(), SbmlError> {
        self.nodes.set(self.nodes.get() + more);
        if self.nodes.get() > MAX_NODES {
            return Err(sbml.malformed(
                at,
                "the mathematics grows beyond all bounds when functions are expanded",
            ));
        }
        Ok(())
    }

    fn read(
        &self,
        scope: &Scope<'_, 'a>,
        node: Node<'a, 'a>,
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        let sbml = self.sbml(scope);
        if depth > MAX_DEPTH {
            return Err(sbml.malformed(
                node,
                format!("mathematics nested more than {MAX_DEPTH} deep"),
            ));
        }
        self.count(sbml, node, 1)?;
        let span = sbml.span(node);
        let kind = match node.tag_name().name() {
            "cn" => self.number(scope, node)?,
            "ci" => return self.name(scope, node, depth),
            "csymbol" => match csymbol(node) {
                "time" => {
                    let factor = self.time_factor(scope.instance, node, depth)?;
                    return Ok(self.scale(Expr::new(ExprKind::Time, span), Op::Div, factor));
                }
                "avogadro" => ExprKind::Number(AVOGADRO, None),
                other => {
                    return Err(
                        sbml.malformed(node, format!("the symbol `{other}` cannot stand alone"))
                    );
                }
            },
            "pi" => ExprKind::Number(std::f64::consts::PI, None),
            "exponentiale" => ExprKind::Number(std::f64::consts::E, None),
            "infinity" => ExprKind::Number(f64::INFINITY, None),
            "notanumber" => ExprKind::Number(f64::NAN, None),
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "piecewise" => self.piecewise(scope, node, depth)?,
            "apply" => return self.apply(scope, node, depth),
            "semantics" => match node.children().find(Node::is_element) {
                Some(content) => return self.read(scope, content, depth + 1),
                None => return Err(sbml.malformed(node, "<semantics> is empty")),
            },
            other => return Err(sbml.malformed(node, format!("<{other}> has no meaning here"))),
        };
        Ok(Expr::new(kind, span))
    }

    fn number(&self, scope: &Scope<'_, 'a>, node: Node<'a, 'a>) -> Result<ExprKind, SbmlError> {
        let parts: Vec<&str> = node
            .children()
            .filter_map(|n| n.text())
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .collect();
        let value = match (
            node.attribute("type").map(str::trim).unwrap_or("real"),
            parts.as_slice(),
        ) {
            ("real" | "integer" | "double", [text]) => finite(text),
            ("e-notation", [mantissa, exponent]) => {
                finite(&format!("{mantissa}e{}", exponent.trim_start_matches('+')))
            }
            ("rational", [top, bottom]) => finite(top).zip(finite(bottom)).map(|(a, b)| a / b),
            _ => None,
        };
        let Some(value) = value else {
            return Err(self.sbml(scope).malformed(
                node,
                format!("`{}` is no number that can be held", parts.join(" ")),
            ));
        };
        let unit = node
            .attributes()
            .find(|a| a.name() == "units")
            .and_then(|a| find_unit(self.all, scope.instance, a.value().trim()));
        Ok(ExprKind::Number(value, unit))
    }

    fn name(
        &self,
        scope: &Scope<'_, 'a>,
        node: Node<'a, 'a>,
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        let name = node.text().map(str::trim).unwrap_or("");
        let span = self.sbml(scope).span(node);
        if let Some(bound) = scope.bound.and_then(|b| b.get(name)) {
            let mut size = 0;
            bound.walk(&mut |_| size += 1);
            self.count(self.sbml(scope), node, size)?;
            return Ok(bound.clone());
        }
        let found = self.lookup(scope, node, name)?;
        let value = Expr::new(ExprKind::Symbol(found.symbol), span);
        self.seen_from(scope, node, value, &found, depth)
    }

    fn lookup(
        &self,
        scope: &Scope<'_, 'a>,
        at: Node<'a, 'a>,
        name: &str,
    ) -> Result<Found<'a>, SbmlError> {
        let fail = |why: &str| self.sbml(scope).malformed(at, format!("`{name}` {why}"));
        let found = match scope.locals.and_then(|l| l.get(name)) {
            Some(local) => Some(self.all.follow(scope.instance, *local)),
            None => self.all.find(scope.instance, name),
        };
        let (key, node, factors) = found.ok_or_else(|| fail("is not declared"))?;
        let symbol = self
            .symbols
            .get(&key)
            .ok_or_else(|| fail("has no value that mathematics could use, or was deleted"))?;
        let reaction_in = (node.tag_name().name() == "reaction").then_some(key.0);
        Ok(Found {
            symbol: *symbol,
            reaction_in,
            factors,
        })
    }

    /// A value of the flat model as an instance sees it: divided by the factors of replacements, reaction rates brought back to
    /// the instance's own extents and time.
    fn seen_from(
        &self,
        scope: &Scope<'_, 'a>,
        at: Node<'a, 'a>,
        mut value: Expr,
        found: &Found<'a>,
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        for (instance, name) in &found.factors {
            let factor = self.value_of(*instance, at, name, depth + 1)?;
            value = Expr::new(
                ExprKind::Apply(Op::Div, vec![value.clone(), factor]),
                value.span,
            );
        }
        if let Some(holder) = found.reaction_in {
            // A rate that replaced one of this instance belongs to a model further out, and so do its extents and time.
            let common = self.all.common_holder(scope.instance, holder);
            value = self.scale(value, Op::Mul, self.time_factor(common, at, depth)?);
            value = self.scale(value, Op::Div, self.extent_factor(common, at, depth)?);
        }
        Ok(value)
    }

    /// Value of a named thing of an instance, such as a conversion factor.
    pub fn value_of(
        &self,
        instance: usize,
        at: Node<'a, 'a>,
        name: &str,
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        let scope = Scope::of(instance);
        if depth > MAX_DEPTH {
            return Err(self
                .sbml(&scope)
                .malformed(at, "conversion factors refer to one another without end"));
        }
        let found = self.lookup(&scope, at, name)?;
        let value = Expr::new(ExprKind::Symbol(found.symbol), Span::NONE);
        self.seen_from(&scope, at, value, &found, depth)
    }

    /// Target of a rule or assignment: the symbol, and the factors the right-hand side must be multiplied by.
    pub fn target(
        &self,
        instance: usize,
        at: Node<'a, 'a>,
        name: &str,
    ) -> Result<(SymbolId, Vec<Expr>), SbmlError> {
        let found = self.lookup(&Scope::of(instance), at, name)?;
        let factors = found
            .factors
            .into_iter()
            .map(|(instance, name)| self.value_of(instance, at, name, 0))
            .collect::<Result<_, _>>()?;
        Ok((found.symbol, factors))
    }

    /// Applies an optional factor.
    pub fn scale(&self, value: Expr, op: Op, factor: Option<Expr>) -> Expr {
        match factor {
            None => value,
            Some(factor) => Expr::new(ExprKind::Apply(op, vec![value.clone(), factor]), value.span),
        }
    }

    /// Factor from an instance's time to the outermost model's.
    pub fn time_factor(
        &self,
        instance: usize,
        at: Node<'a, 'a>,
        depth: usize,
    ) -> Result<Option<Expr>, SbmlError> {
        self.chained(instance, at, depth, |i| self.all.instances[i].time_factor)
    }

    /// Factor from an instance's reaction extents to the outermost model's.
    pub fn extent_factor(
        &self,
        instance: usize,
        at: Node<'a, 'a>,
        depth: usize,
    ) -> Result<Option<Expr>, SbmlError> {
        self.chained(instance, at, depth, |i| self.all.instances[i].extent_factor)
    }

    fn chained(
        &self,
        mut instance: usize,
        at: Node<'a, 'a>,
        depth: usize,
        factor: impl Fn(usize) -> Option<&'a str>,
    ) -> Result<Option<Expr>, SbmlError> {
        let mut product: Option<Expr> = None;
        while let Some(parent) = self.all.instances[instance].parent {
            if let Some(name) = factor(instance) {
                let value = self.value_of(parent, at, name, depth + 1)?;
                product = Some(self.scale(value, Op::Mul, product));
            }
            instance = parent;
        }
        Ok(product)
    }

    fn piecewise(
        &self,
        scope: &Scope<'_, 'a>,
        node: Node<'a, 'a>,
        depth: usize,
    ) -> Result<ExprKind, SbmlError> {
        let mut pieces = Vec::new();
        let mut otherwise = None;
        for part in node.children().filter(Node::is_element) {
            let inside: Vec<Node<'_, '_>> = part.children().filter(Node::is_element).collect();
            match (part.tag_name().name(), inside.as_slice()) {
                ("piece", [value, condition]) => {
                    pieces.push((
                        self.read(scope, *value, depth + 1)?,
                        self.read(scope, *condition, depth + 1)?,
                    ));
                }
                ("otherwise", [value]) if otherwise.is_none() => {
                    otherwise = Some(Box::new(self.read(scope, *value, depth + 1)?))
                }
                (other, _) => {
                    return Err(self
                        .sbml(scope)
                        .malformed(part, format!("<{other}> does not fit into <piecewise>")));
                }
            }
        }
        Ok(ExprKind::Piecewise(pieces, otherwise))
    }

    fn apply(
        &self,
        scope: &Scope<'_, 'a>,
        node: Node<'a, 'a>,
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        let sbml = self.sbml(scope);
        let span = sbml.span(node);
        let mut inside = node.children().filter(Node::is_element);
        let Some(head) = inside.next() else {
            return Err(sbml.malformed(node, "<apply> is empty"));
        };
        let (qualifiers, args): (Vec<_>, Vec<_>) =
            inside.partition(|n| matches!(n.tag_name().name(), "degree" | "logbase"));
        match head.tag_name().name() {
            "csymbol" => return self.apply_symbol(scope, head, &args, span, depth),
            "ci" => return self.call(scope, head, &args, depth),
            _ => {}
        }
        let operator = head.tag_name().name();
        let args = self.operands(scope, operator, args, depth)?;
        let qualifier = match qualifiers.as_slice() {
            [] => None,
            [one] => match one.children().find(Node::is_element) {
                Some(content) => Some(self.read(scope, content, depth + 1)?),
                None => return Err(sbml.malformed(*one, "a qualifier is empty")),
            },
            _ => return Err(sbml.malformed(node, "more than one qualifier")),
        };
        build(operator, args, qualifier)
            .map(|kind| Expr::new(kind, span))
            .ok_or_else(|| {
                sbml.malformed(
                    node,
                    format!("<{operator}> does not take these arguments, or is unknown"),
                )
            })
    }

    /// Arguments; long sums and products that tools write as deep chains to the left are taken apart without recursion.
    fn operands(
        &self,
        scope: &Scope<'_, 'a>,
        operator: &str,
        args: Vec<Node<'a, 'a>>,
        depth: usize,
    ) -> Result<Vec<Expr>, SbmlError> {
        let mut pending = vec![args];
        if matches!(operator, "plus" | "times" | "and" | "or") {
            while let Some(first) = pending
                .last()
                .and_then(|a| a.first())
                .filter(|n| n.tag_name().name() == "apply")
            {
                let mut inner = first.children().filter(Node::is_element);
                if inner.next().is_none_or(|n| n.tag_name().name() != operator) {
                    break;
                }
                pending.push(inner.collect());
            }
        }
        let mut read: Vec<Expr> = Vec::new();
        let mut innermost = true;
        while let Some(level) = pending.pop() {
            // The first argument of an outer level is the level inside it.
            for arg in level.into_iter().skip(usize::from(!innermost)) {
                read.push(self.read(scope, arg, depth + 1)?);
            }
            innermost = false;
        }
        Ok(read)
    }

    fn apply_symbol(
        &self,
        scope: &Scope<'_, 'a>,
        head: Node<'a, 'a>,
        args: &[Node<'a, 'a>],
        span: Span,
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        let sbml = self.sbml(scope);
        match csymbol(head) {
            "delay" => Err(sbml.unsupported(head, "delay")),
            "rateOf" => {
                let [arg] = args else {
                    return Err(sbml.malformed(head, "rateOf takes one argument"));
                };
                let name = arg.text().map(str::trim).unwrap_or("");
                let bound = scope.bound.and_then(|b| b.get(name));
                if let Some(Expr {
                    kind: ExprKind::Symbol(symbol),
                    ..
                }) = bound
                {
                    return Ok(Expr::new(ExprKind::RateOf(*symbol), span));
                }
                if bound.is_some() || arg.tag_name().name() != "ci" {
                    return Err(sbml.unsupported(head, "rate-of-expression"));
                }
                let found = self.lookup(scope, *arg, name)?;
                let rate = Expr::new(ExprKind::RateOf(found.symbol), span);
                let rate = self.seen_from(scope, *arg, rate, &found, depth)?;
                Ok(self.scale(
                    rate,
                    Op::Mul,
                    self.time_factor(scope.instance, *arg, depth)?,
                ))
            }
            other => Err(sbml.unsupported(head, &format!("symbol-{other}"))),
        }
    }

    /// Inlines a user-defined function.
    fn call(
        &self,
        scope: &Scope<'_, 'a>,
        head: Node<'a, 'a>,
        args: &[Node<'a, 'a>],
        depth: usize,
    ) -> Result<Expr, SbmlError> {
        let sbml = self.sbml(scope);
        let name = head.text().map(str::trim).unwrap_or("");
        let found = self
            .all
            .find(scope.instance, name)
            .filter(|f| f.1.tag_name().name() == "functionDefinition");
        let Some((key, definition, _)) = found else {
            return Err(sbml.malformed(head, format!("there is no function `{name}`")));
        };
        let mut lambda = math(definition).and_then(|m| m.children().find(Node::is_element));
        while let Some(wrapped) = lambda.filter(|n| n.tag_name().name() == "semantics") {
            lambda = wrapped.children().find(Node::is_element);
        }
        let Some(lambda) = lambda.filter(|n| n.tag_name().name() == "lambda") else {
            return Err(sbml.malformed(head, format!("the function `{name}` has no mathematics")));
        };
        let (variables, body): (Vec<_>, Vec<_>) = lambda
            .children()
            .filter(Node::is_element)
            .partition(|n| n.tag_name().name() == "bvar");
        if variables.len() != args.len() {
            return Err(sbml.malformed(
                head,
                format!(
                    "`{name}` takes {} arguments, here are {}",
                    variables.len(),
                    args.len()
                ),
            ));
        }
        let mut bound: HashMap<&str, Expr> = HashMap::new();
        for (variable, arg) in variables.iter().zip(args) {
            let variable = variable
                .children()
                .find(|n| n.tag_name().name() == "ci")
                .and_then(|n| n.text())
                .map(str::trim);
            let Some(variable) = variable else {
                return Err(
                    sbml.malformed(head, format!("`{name}` has an argument without a name"))
                );
            };
            bound.insert(variable, self.read(scope, *arg, depth + 1)?);
        }
        let Some(body) = body.first() else {
            return Err(sbml.malformed(head, format!("the function `{name}` has no body")));
        };
        // Arguments may themselves be deep: what they add must stay within the bound too.
        let added = bound.values().map(depth_of).max().unwrap_or(0);
        let inner = Scope {
            instance: key.0,
            locals: None,
            bound: Some(&bound),
        };
        self.read(&inner, *body, depth + added + 1)
    }
}

/// Depth of an expression. Safe to recurse: what is measured was read under the bound.
fn depth_of(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Apply(_, args) => 1 + args.iter().map(depth_of).max().unwrap_or(0),
        ExprKind::Piecewise(pieces, otherwise) => {
            let inside = pieces
                .iter()
                .flat_map(|(v, c)| [v, c])
                .chain(otherwise.as_deref());
            1 + inside.map(depth_of).max().unwrap_or(0)
        }
        _ => 1,
    }
}

fn csymbol<'n>(node: Node<'n, '_>) -> &'n str {
    let url = node.attribute("definitionURL").map(str::trim).unwrap_or("");
    url.strip_prefix("http://www.sbml.org/sbml/symbols/")
        .unwrap_or(url)
}

/// The expression of a MathML operator; `None` if it is unknown or the number of arguments is wrong.
fn build(operator: &str, mut args: Vec<Expr>, qualifier: Option<Expr>) -> Option<ExprKind> {
    let count = args.len();
    if let Some(op) = unary(operator) {
        return (count == 1 && qualifier.is_none()).then_some(ExprKind::Apply(op, args));
    }
    let nary = |op: Op, empty: ExprKind, mut args: Vec<Expr>| match args.len() {
        0 => Some(empty),
        1 => args.pop().map(|a| a.kind),
        _ => Some(ExprKind::Apply(op, args)),
    };
    if !matches!(operator, "root" | "log") && qualifier.is_some() {
        return None;
    }
    match operator {
        "plus" => nary(Op::Add, ExprKind::Number(0.0, None), args),
        "times" => nary(Op::Mul, ExprKind::Number(1.0, None), args),
        // Single arguments of the logical ones stay applied so that numbers become Booleans.
        "and" if count == 0 => Some(ExprKind::Bool(true)),
        "and" => Some(ExprKind::Apply(Op::And, args)),
        "or" if count == 0 => Some(ExprKind::Bool(false)),
        "or" => Some(ExprKind::Apply(Op::Or, args)),
        "xor" if count == 0 => Some(ExprKind::Bool(false)),
        "xor" => Some(ExprKind::Apply(Op::Xor, args)),
        "min" | "max" if count == 1 => args.pop().map(|a| a.kind),
        "min" if count > 1 => Some(ExprKind::Apply(Op::Min, args)),
        "max" if count > 1 => Some(ExprKind::Apply(Op::Max, args)),
        "minus" if count == 1 => Some(ExprKind::Apply(Op::Neg, args)),
        "eq" | "lt" | "leq" | "gt" | "geq" if count < 2 => Some(ExprKind::Bool(true)),
        "eq" => Some(ExprKind::Apply(Op::Eq, args)),
        "lt" => Some(ExprKind::Apply(Op::Lt, args)),
        "leq" => Some(ExprKind::Apply(Op::Le, args)),
        "gt" => Some(ExprKind::Apply(Op::Gt, args)),
        "geq" => Some(ExprKind::Apply(Op::Ge, args)),
        "root" if count == 1 => Some(match qualifier {
            None => ExprKind::Apply(Op::Sqrt, args),
            Some(degree) => ExprKind::Apply(Op::Root, vec![degree, args.pop()?]),
        }),
        "log" if count == 1 => Some(match qualifier {
            None => ExprKind::Apply(Op::Log10, args),
            Some(base) => ExprKind::Apply(Op::Log, vec![base, args.pop()?]),
        }),
        _ if count != 2 => None,
        "minus" => Some(ExprKind::Apply(Op::Sub, args)),
        "divide" => Some(ExprKind::Apply(Op::Div, args)),
        "power" => Some(ExprKind::Apply(Op::Pow, args)),
        "rem" => Some(ExprKind::Apply(Op::Rem, args)),
        "quotient" => Some(ExprKind::Apply(Op::Quotient, args)),
        "neq" => Some(ExprKind::Apply(Op::Ne, args)),
        "implies" => Some(ExprKind::Apply(Op::Implies, args)),
        _ => None,
    }
}

/// Names of the one-argument operators, shared with the writer.
pub(crate) const UNARY: [(&str, Op); 31] = [
    ("not", Op::Not),
    ("abs", Op::Abs),
    ("exp", Op::Exp),
    ("ln", Op::Ln),
    ("floor", Op::Floor),
    ("ceiling", Op::Ceil),
    ("factorial", Op::Factorial),
    ("sin", Op::Sin),
    ("cos", Op::Cos),
    ("tan", Op::Tan),
    ("sec", Op::Sec),
    ("csc", Op::Csc),
    ("cot", Op::Cot),
    ("sinh", Op::Sinh),
    ("cosh", Op::Cosh),
    ("tanh", Op::Tanh),
    ("sech", Op::Sech),
    ("csch", Op::Csch),
    ("coth", Op::Coth),
    ("arcsin", Op::Asin),
    ("arccos", Op::Acos),
    ("arctan", Op::Atan),
    ("arcsec", Op::Asec),
    ("arccsc", Op::Acsc),
    ("arccot", Op::Acot),
    ("arcsinh", Op::Asinh),
    ("arccosh", Op::Acosh),
    ("arctanh", Op::Atanh),
    ("arcsech", Op::Asech),
    ("arccsch", Op::Acsch),
    ("arccoth", Op::Acoth),
];

fn unary(name: &str) -> Option<Op> {
    UNARY.iter().find(|(n, _)| *n == name).map(|(_, op)| *op)
}

//! Expressions to MathML.

use std::fmt::Write as _;

use osteon_model::{Expr, ExprKind, Op, SymbolId};

use crate::legal_ids::LegalIds;
use crate::mathml::UNARY;
use crate::unit_registry::UnitRegistry;
use crate::xml_text::print_float;

/// Writes mathematics with the identifiers and units of one document.
pub(crate) struct MathWriter<'w> {
    pub ids: &'w LegalIds,
    pub units: &'w mut UnitRegistry,
    /// Model time at the start of a run: SBML's own time begins at 0.
    pub start_time: f64,
}

impl MathWriter<'_> {
    /// A whole `<math>` element.
    pub fn math(&mut self, expr: &Expr) -> String {
        let mut out = String::new();
        self.expr(expr, &mut out);
        element(&out)
    }

    /// The definition of a function of these symbols.
    pub fn lambda(&mut self, arguments: &[SymbolId], expr: &Expr) -> String {
        let mut out = String::from("<lambda>");
        for argument in arguments {
            let _ = write!(out, "<bvar><ci>{}</ci></bvar>", self.ids.symbol(*argument));
        }
        self.expr(expr, &mut out);
        out.push_str("</lambda>");
        element(&out)
    }

    /// The value of a function for these symbols.
    pub fn call(&self, function: &str, arguments: &[SymbolId]) -> String {
        let mut out = format!("<apply><ci>{function}</ci>");
        for argument in arguments {
            let _ = write!(out, "<ci>{}</ci>", self.ids.symbol(*argument));
        }
        out.push_str("</apply>");
        element(&out)
    }

    fn expr(&mut self, expr: &Expr, out: &mut String) {
        match &expr.kind {
            ExprKind::Number(value, unit) => {
                let units = unit
                    .map(|u| format!(" sbml:units=\"{}\"", self.units.id(&u)))
                    .unwrap_or_else(String::new);
                number(*value, &units, out);
            }
            ExprKind::Bool(true) => out.push_str("<true/>"),
            ExprKind::Bool(false) => out.push_str("<false/>"),
            ExprKind::Symbol(id) => {
                let _ = write!(out, "<ci>{}</ci>", self.ids.symbol(*id));
            }
            ExprKind::Time if self.start_time == 0.0 => out.push_str(&symbol("time")),
            ExprKind::Time => {
                let _ = write!(out, "<apply><plus/>{}", symbol("time"));
                number(self.start_time, "", out);
                out.push_str("</apply>");
            }
            ExprKind::RateOf(id) => {
                let _ = write!(
                    out,
                    "<apply>{}<ci>{}</ci></apply>",
                    symbol("rateOf"),
                    self.ids.symbol(*id)
                );
            }
            ExprKind::Piecewise(pieces, otherwise) => {
                out.push_str("<piecewise>");
                for (value, condition) in pieces {
                    out.push_str("<piece>");
                    self.expr(value, out);
                    self.expr(condition, out);
                    out.push_str("</piece>");
                }
                if let Some(otherwise) = otherwise {
                    out.push_str("<otherwise>");
                    self.expr(otherwise, out);
                    out.push_str("</otherwise>");
                }
                out.push_str("</piecewise>");
            }
            ExprKind::Apply(op, args) => {
                let _ = write!(out, "<apply><{}/>", operator(*op));
                let mut args = args.as_slice();
                let qualifier = match op {
                    Op::Root => Some("degree"),
                    Op::Log => Some("logbase"),
                    _ => None,
                };
                if let (Some(qualifier), [first, rest @ ..]) = (qualifier, args) {
                    let _ = write!(out, "<{qualifier}>");
                    self.expr(first, out);
                    let _ = write!(out, "</{qualifier}>");
                    args = rest;
                }
                for arg in args {
                    self.expr(arg, out);
                }
                out.push_str("</apply>");
            }
        }
    }
}

fn element(content: &str) -> String {
    format!("<math xmlns=\"http://www.w3.org/1998/Math/MathML\">{content}</math>")
}

fn symbol(name: &str) -> String {
    format!(
        "<csymbol encoding=\"text\" definitionURL=\"http://www.sbml.org/sbml/symbols/{name}\">{name}</csymbol>"
    )
}

fn number(value: f64, units: &str, out: &mut String) {
    if value.is_nan() {
        out.push_str("<notanumber/>");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 {
            "<infinity/>"
        } else {
            "<apply><minus/><infinity/></apply>"
        });
    } else {
        let text = print_float(value);
        let _ = match text.split_once('e') {
            Some((mantissa, exponent)) => write!(
                out,
                "<cn type=\"e-notation\"{units}>{mantissa}<sep/>{exponent}</cn>"
            ),
            None if value.fract() == 0.0 && value.abs() < 1e9 => {
                write!(out, "<cn type=\"integer\"{units}>{text}</cn>")
            }
            None => write!(out, "<cn{units}>{text}</cn>"),
        };
    }
}

fn operator(op: Op) -> &'static str {
    if let Some((name, _)) = UNARY.iter().find(|(_, o)| *o == op) {
        return name;
    }
    match op {
        Op::Add => "plus",
        Op::Mul => "times",
        Op::Min => "min",
        Op::Max => "max",
        Op::And => "and",
        Op::Or => "or",
        Op::Xor => "xor",
        Op::Sub | Op::Neg => "minus",
        Op::Div => "divide",
        Op::Pow => "power",
        Op::Root | Op::Sqrt => "root",
        Op::Log | Op::Log10 => "log",
        Op::Rem => "rem",
        Op::Quotient => "quotient",
        Op::Eq => "eq",
        Op::Ne => "neq",
        Op::Lt => "lt",
        Op::Le => "leq",
        Op::Gt => "gt",
        Op::Ge => "geq",
        _ => "implies",
    }
}

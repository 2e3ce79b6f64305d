//! The tree of a file as written: statements in order, names not yet looked up.

use osteon_model::{Op, Span};

/// A name with dots, such as `organ.Vmax`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub parts: Vec<String>,
    pub span: Span,
}

impl Path {
    /// The name as written.
    pub fn dotted(&self) -> String {
        self.parts.join(".")
    }
}

/// An expression as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ast {
    pub kind: AstKind,
    pub span: Span,
    /// Height of the tree, kept to bound recursion everywhere later.
    pub height: u32,
    /// True if the author put parentheses around it: `(a + b) + c` is not the sum of three.
    pub grouped: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AstKind {
    /// A number and the name of the unit behind it.
    Number(f64, Option<(String, Span)>),
    Name(Path),
    Apply(Op, Vec<Ast>),
    Call(String, Vec<Ast>),
}

/// A file: everything in the order written.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Import(String, Span),
    Model(ModelText),
    Function(FunctionText),
    Statement(Statement),
}

/// A model as written.
#[derive(Debug, Clone)]
pub(crate) struct ModelText {
    pub name: String,
    pub span: Span,
    /// Marked with `*`.
    pub main: bool,
    pub interface: Vec<Path>,
    pub body: Vec<Statement>,
}

/// A function as written.
#[derive(Debug, Clone)]
pub(crate) struct FunctionText {
    pub name: String,
    pub span: Span,
    pub arguments: Vec<String>,
    pub body: Ast,
}

/// One statement and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

/// What a declaration says a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Only `const` or `var` was said.
    Quantity,
    Species,
    Compartment,
    Reaction,
}

/// How a value is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// `=`
    Initial,
    /// `:=`
    Assignment,
    /// `'=`
    Rate,
}

/// A name that is being said something about: `$S in C`.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub path: Path,
    pub boundary: bool,
    pub compartment: Option<Path>,
}

/// A coefficient in a reaction.
#[derive(Debug, Clone)]
pub(crate) enum Coefficient {
    Number(f64),
    Symbol(Path),
}

/// A species in a reaction.
#[derive(Debug, Clone)]
pub(crate) struct ParticipantText {
    pub coefficient: Coefficient,
    pub path: Path,
    pub boundary: bool,
    pub span: Span,
}

/// An event as written.
#[derive(Debug, Clone)]
pub(crate) struct EventText {
    pub trigger: Ast,
    pub delay: Option<Ast>,
    pub options: Vec<(String, Ast, Span)>,
    pub assignments: Vec<(Path, Ast)>,
}

/// What an instance's interface symbol is connected to.
#[derive(Debug, Clone)]
pub(crate) enum Connection {
    Symbol(Path),
    Number(f64, Span),
}

#[derive(Debug, Clone)]
pub(crate) enum StatementKind {
    /// `const species S`: what, constness, substance only, the names.
    Declare {
        what: Declared,
        constness: Option<bool>,
        amount_only: Option<bool>,
        subject: Subject,
    },
    /// `S in C`.
    Place(Subject),
    /// `x = 3`, `x := y`, `x' = z`.
    Set {
        subject: Subject,
        how: Setting,
        value: Ast,
    },
    /// `x has unit`.
    HasUnit {
        subject: Subject,
        unit: Ast,
    },
    /// `x is "name"`.
    DisplayName {
        path: Path,
        text: String,
    },
    /// `x is y`.
    Same {
        subject: Subject,
        other: Path,
    },
    /// `x notes "…"`, `x isDescribedBy "…", "…"`.
    Says {
        path: Path,
        qualifier: String,
        texts: Vec<String>,
    },
    /// `x.range = {a, b}`, `x.mean = 3`.
    Uncertainty {
        path: Path,
        key: String,
        values: Vec<Ast>,
    },
    /// `J: A -> B; k*A`.
    Reaction {
        subject: Option<Subject>,
        reactants: Vec<ParticipantText>,
        products: Vec<ParticipantText>,
        reversible: bool,
        rate: Option<Ast>,
        compartment: Option<Path>,
    },
    /// `I: A -| J`.
    Interaction {
        sources: Vec<Path>,
        targets: Vec<Path>,
    },
    Event {
        subject: Option<Subject>,
        event: EventText,
    },
    /// `A: organ(x, y)`.
    Instance {
        path: Path,
        model: String,
        connections: Vec<Connection>,
        model_span: Span,
    },
    Unit {
        name: String,
        name_span: Span,
        formula: Option<Ast>,
    },
    Delete(Path),
}

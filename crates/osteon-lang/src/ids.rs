//! Every diagnostic id of this crate. Each has a page in `docs/diagnostics/`.

macro_rules! diagnostic_ids {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $id;)*
        /// All ids this crate can report, in alphabetical order of their constants' declaration.
        pub const DIAGNOSTIC_IDS: &[&str] = &[$($id),*];
    };
}

diagnostic_ids! {
    /// A value or rule is given twice in the same model.
    ASSIGNED_TWICE = "assigned-twice";
    /// A bare number other than 0, 1, 2 or a small integer power stands in an equation.
    BARE_CONSTANT = "bare-constant";
    /// The `elements` field of the notes cannot be read.
    BAD_ELEMENTS = "bad-elements";
    /// An uncertainty such as `.range` is not made of numbers, or its bounds are swapped.
    BAD_RANGE = "bad-range";
    /// Assignments or initial values depend on themselves.
    CIRCULAR = "circular";
    /// Something declared constant is given a rule, an event or a reaction.
    CONSTANT_CHANGED = "constant-changed";
    /// A deleted symbol is still used.
    DELETED_IN_USE = "deleted-in-use";
    /// Two models, functions, reactions or events have the same name.
    DUPLICATE_NAME = "duplicate-name";
    /// A species that carries elements is changed by something other than a reaction.
    ELEMENTS_OUTSIDE_REACTION = "elements-outside-reaction";
    /// A parameter is to keep the value of another symbol, and cannot, or the symbol does not exist.
    HELD_SIGNAL = "held-signal";
    /// A Hill exponent is so large that the curve is a switch.
    HILL_STEEPNESS = "hill-steepness";
    /// A construct is read and has no effect here.
    IGNORED_CONSTRUCT = "ignored-construct";
    /// Files import each other in a circle.
    IMPORT_CYCLE = "import-cycle";
    /// A file that is imported cannot be read.
    IMPORT_FAILED = "import-failed";
    /// A symbol is used as two different kinds of thing.
    KIND_MISMATCH = "kind-mismatch";
    /// Statements stand at file top, so that stock readers take them for the main model.
    MAIN_UNMARKED = "main-unmarked";
    /// A parameter has no origin.
    MISSING_ORIGIN = "missing-origin";
    /// A parameter has no range.
    MISSING_RANGE = "missing-range";
    /// A reaction has no rate.
    MISSING_RATE = "missing-rate";
    /// A parameter has no source.
    MISSING_SOURCE = "missing-source";
    /// A symbol has no unit.
    MISSING_UNIT = "missing-unit";
    /// A symbol has no value.
    MISSING_VALUE = "missing-value";
    /// A derived or assumed number does not say why.
    MISSING_WHY = "missing-why";
    /// There is no model in the text.
    NO_MODEL = "no-model";
    /// A value lies outside the range its author gives it.
    OUTSIDE_RANGE = "outside-range";
    /// A symbol has two rules of different kinds, or a rule and a reaction.
    RULE_CONFLICT = "rule-conflict";
    /// The text does not follow the grammar.
    SYNTAX = "syntax";
    /// An expression is nested too deeply or grows too large.
    TOO_DEEP = "too-deep";
    /// A reaction makes or destroys an element.
    UNBALANCED_ELEMENTS = "unbalanced-elements";
    /// A comment or text is never closed.
    UNCLOSED = "unclosed";
    /// An interface symbol of the outermost model has no value yet.
    UNCONNECTED_INTERFACE = "unconnected-interface";
    /// Units do not agree.
    UNIT_MISMATCH = "unit-mismatch";
    /// A character means nothing.
    UNKNOWN_CHARACTER = "unknown-character";
    /// A function is not known.
    UNKNOWN_FUNCTION = "unknown-function";
    /// A model is not known.
    UNKNOWN_MODEL = "unknown-model";
    /// A name is not known.
    UNKNOWN_NAME = "unknown-name";
    /// An origin is not one of the five.
    UNKNOWN_ORIGIN = "unknown-origin";
    /// A unit is not known.
    UNKNOWN_UNIT = "unknown-unit";
    /// A construct of the language is outside what the engine can do.
    UNSUPPORTED_CONSTRUCT = "unsupported-construct";
    /// A symbol is never used.
    UNUSED_SYMBOL = "unused-symbol";
    /// A model is used before its definition.
    USED_BEFORE_DEFINITION = "used-before-definition";
    /// A function or instance gets the wrong number of arguments.
    WRONG_ARGUMENT_COUNT = "wrong-argument-count";
}

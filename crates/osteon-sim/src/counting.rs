//! A body that also counts: for each of some symbols a state that adds up its value over time, so that what flowed in a day is known to the
//! solver's tolerance. The counters change nothing else.

use std::sync::Arc;

use osteon_model::{
    Annotation, Diagnostic, Expr, ExprKind, Initial, InitialForm, Role, Rule, SourceMap, Span,
    Symbol, SymbolId,
};

use crate::body::Body;
use crate::diagnostics::Diagnostics;
use crate::vocabulary::Vocabulary;

impl Body {
    /// The same body with a counter for each of these symbols (rates of reactions, assignments, anything with a value), and the counters'
    /// names in the same order. A counter is 0 where a life begins, and its unit is that of the symbol times the model's time.
    ///
    /// # Errors
    /// When the enlarged model cannot be compiled.
    pub fn counting(&self, symbols: &[SymbolId]) -> Result<(Body, Vec<String>), Diagnostics> {
        let mut model = (*self.model).clone();
        let names: Vec<String> = symbols
            .iter()
            .map(|id| format!("counted:{}", model.symbol(*id).id))
            .collect();
        for (id, name) in symbols.iter().zip(&names) {
            model.symbols.push(Symbol {
                id: name.clone(),
                name: None,
                role: Role::Parameter,
                constant: false,
                unit: None,
                unit_text: None,
                initial: Some(Initial {
                    expr: Expr::new(ExprKind::Number(0.0, None), Span::NONE),
                    form: InitialForm::Value,
                }),
                rule: Some(Rule::Rate(Expr::symbol(*id))),
                annotation: Annotation::default(),
                span: Span::NONE,
            });
        }
        let program =
            osteon_compile::compile(&model).map_err(|list: Vec<Diagnostic>| Diagnostics {
                list,
                sources: SourceMap::new(),
            })?;
        // Places of symbols are those of the new program.
        let place = |old| program.find(self.program.name(old));
        let held = self
            .held
            .iter()
            .filter_map(|(p, of)| Some((place(*p)?, place(*of)?)))
            .collect();
        let vocabulary = Vocabulary::of(&model);
        Ok((
            Body {
                model: Arc::new(model),
                program: Arc::new(program),
                vocabulary,
                held,
                ..self.clone()
            },
            names,
        ))
    }
}

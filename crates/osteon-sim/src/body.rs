//! The body ready to run: its model compiled, its vocabulary, and the library checked against it.

use std::sync::Arc;

use osteon_model::{Diagnostic, Model, SourceMap, Sources, Span, held_signals};
use osteon_vm::{Program, SymbolIndex};

use crate::diagnostics::Diagnostics;
use crate::foods_read::read_foods;
use crate::library::{Library, Shelf};
use crate::library_read::LibraryReader;
use crate::toml_text::{LIBRARY, Reading};
use crate::vocabulary::Vocabulary;

/// Where the body begins, unless another file is named.
pub const BODY_FILE: &str = "body/body.ant";

/// A compiled body with its library. Immutable; shared between runs and threads.
#[derive(Debug, Clone)]
pub struct Body {
    /// The flat model, for units, notes and names.
    pub model: Arc<Model>,
    /// The compiled model.
    pub program: Arc<Program>,
    /// Symbols as the outside sees them.
    pub vocabulary: Vocabulary,
    /// Held signals: each parameter with the symbol whose value it takes over at the start of a scenario.
    pub held: Vec<(SymbolIndex, SymbolIndex)>,
    /// What can be done to it.
    pub library: Library,
    /// Faults of library entries (those entries were left out) and warnings of the model. Empty in a body that is in order.
    pub faults: Diagnostics,
    /// Hash of all texts that made it, hexadecimal.
    pub hash: String,
    /// Name and version for the record.
    pub title: String,
}

impl Body {
    /// Loads `body/body.ant` and the folder `library/`.
    ///
    /// # Errors
    /// When the model cannot be read or compiled. Faults of the library do not stop the loading: see [`Body::faults`].
    pub fn load(sources: &dyn Sources) -> Result<Body, Diagnostics> {
        Body::load_from(sources, BODY_FILE)
    }

    /// Loads a body that begins in another file, with the same library.
    ///
    /// # Errors
    /// As [`Body::load`].
    pub fn load_from(sources: &dyn Sources, file: &str) -> Result<Body, Diagnostics> {
        let parsed = osteon_lang::load(sources, file);
        let mut list = parsed.diagnostics;
        let Some(model) = parsed
            .model
            .filter(|_| !list.iter().any(Diagnostic::is_error))
        else {
            return Err(Diagnostics {
                list,
                sources: parsed.sources,
            });
        };
        match osteon_compile::compile(&model) {
            Ok(program) => Ok(Body::join(sources, model, program, list, parsed.sources)),
            Err(faults) => {
                list.extend(faults);
                Err(Diagnostics {
                    list,
                    sources: parsed.sources,
                })
            }
        }
    }

    /// Joins a model and its program with the library.
    fn join(
        sources: &dyn Sources,
        model: Model,
        program: Program,
        mut list: Vec<Diagnostic>,
        mut texts: SourceMap,
    ) -> Body {
        let mut hash = Hash::new();
        // The flat model is hashed as it was parsed: symbols and reactions with their definitions, in order.
        for symbol in &model.symbols {
            hash.text(&format!(
                "{}|{:?}|{:?}",
                symbol.id,
                symbol.initial.as_ref().map(|i| &i.expr.kind),
                symbol.rule
            ));
        }
        for reaction in &model.reactions {
            hash.text(&format!(
                "{:?}|{:?}|{:?}",
                reaction.reactants, reaction.products, reaction.rate
            ));
        }
        let vocabulary = Vocabulary::of(&model);
        let library = read_library(sources, &vocabulary, &mut texts, &mut list, &mut hash);
        let (signals, faults) = held_signals(&model);
        list.extend(faults);
        let place = |id| program.find(&model.symbol(id).id);
        let held = signals
            .iter()
            .filter_map(|s| Some((place(s.parameter)?, place(s.of)?)))
            .collect();
        let title = model.name.clone().unwrap_or_else(|| model.id.clone());
        Body {
            model: Arc::new(model),
            program: Arc::new(program),
            vocabulary,
            held,
            library,
            faults: Diagnostics {
                list,
                sources: texts,
            },
            hash: hash.finish(),
            title,
        }
    }

    /// Index of a symbol in the compiled program.
    pub fn find(&self, name: &str) -> Option<SymbolIndex> {
        self.program.find(name)
    }
}

/// Reads every file of the library that exists; nutrients first, because the others speak of them.
fn read_library(
    sources: &dyn Sources,
    words: &Vocabulary,
    texts: &mut SourceMap,
    list: &mut Vec<Diagnostic>,
    hash: &mut Hash,
) -> Library {
    let mut reader = LibraryReader {
        words,
        library: Library::default(),
    };
    let mut read =
        |name: &str, needed: bool, with: &mut dyn FnMut(&Reading, &str)| match sources.text(name) {
            Ok(text) => {
                hash.text(&text);
                let reading = Reading::new(&LIBRARY, texts.add(name, text.clone()));
                with(&reading, &text);
                list.extend(reading.into_faults());
            }
            Err(error) if needed => list.push(
                Diagnostic::error("library-unreadable", error.to_string(), Span::NONE)
                    .help("the folder `library/` belongs to the body"),
            ),
            // Shelves may be empty: a body without drugs is a body.
            Err(_) => {}
        };
    read("library/nutrients.toml", true, &mut |reading, text| {
        reader.nutrients(reading, text)
    });
    read("library/safety.toml", false, &mut |reading, text| {
        reader.upper_levels(reading, text)
    });
    read("library/quantities.toml", true, &mut |reading, text| {
        reader.quantities(reading, text)
    });
    for shelf in Shelf::ALL {
        read(shelf.file(), false, &mut |reading, text| {
            reader.shelf(reading, text, shelf)
        });
    }
    read("library/foods.csv", false, &mut |reading, text| {
        read_foods(reading, text, words, &mut reader.library)
    });
    read("library/words.toml", false, &mut |reading, text| {
        reader.words(reading, text)
    });
    read("library/preparations.toml", false, &mut |reading, text| {
        reader.preparations(reading, text)
    });
    read("library/diets.toml", false, &mut |reading, text| {
        reader.diets(reading, text)
    });
    read("library/laboratory.toml", false, &mut |reading, text| {
        reader.laboratory(reading, text)
    });
    reader.library
}

/// FNV-1a, 64 bits: tells texts apart for the record; no protection against intent.
#[derive(Debug)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn finish(&self) -> String {
        format!("{:016x}", self.0)
    }
}

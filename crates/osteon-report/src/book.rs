//! The model book: a model and its annotations as linked HTML pages, from the text of the model alone.
//!
//! Data in, pages out: nothing is read, run or judged here. The pages fetch nothing from outside and work without scripts;
//! scripts add search and sorting. They are well-formed XML.

mod bibliography;
mod claims_page;
mod comments;
mod equations;
mod flow;
mod index_page;
mod markdown;
mod mathml;
mod mechanism_page;
mod mechanisms;
mod number_text;
mod page;
mod parameter_table;
mod studies_page;
mod wiring;

use std::collections::BTreeMap;

use osteon_model::{Model, SourceMap};
use osteon_study::Answer;

pub(crate) use bibliography::{Bibliography, Source};
pub(crate) use flow::Flow;
pub(crate) use mechanisms::Mechanisms;
pub(crate) use page::unit_words;

/// Everything a book is made of. Only the model and its texts are needed; what is left empty is left out.
#[derive(Debug)]
pub struct BookInput<'a> {
    /// The flat model.
    pub model: &'a Model,
    /// The texts that its spans point into.
    pub texts: &'a SourceMap,
    /// Title of the book.
    pub title: String,
    /// What made it: versions and hash.
    pub made_by: String,
    /// A BibTeX file with the sources that notes cite by key.
    pub bibliography: Option<&'a str>,
    /// Open questions, as Markdown.
    pub questions: Option<&'a str>,
    /// History of the model, as Markdown.
    pub changes: Option<&'a str>,
    /// Quantities by which people ask for symbols.
    pub quantities: Vec<BookQuantity>,
    /// Studies that test the model.
    pub studies: Vec<BookStudy>,
    /// Claims of the evidence as the model answers them now.
    pub claims: Vec<Answer>,
    /// Fits that set parameters.
    pub fits: Vec<BookFit>,
    /// Symbol to the library entries that move it.
    pub moved_by: BTreeMap<String, Vec<String>>,
}

/// A quantity and the symbol behind it.
#[derive(Debug, Clone)]
pub struct BookQuantity {
    /// Dotted name.
    pub name: String,
    /// Symbol of the model.
    pub symbol: String,
    /// Words for people.
    pub label: String,
    /// Unit it is told in.
    pub unit: String,
}

/// A study as the book tells it.
#[derive(Debug, Clone)]
pub struct BookStudy {
    /// Name of its folder.
    pub name: String,
    /// True for a sign: what any faithful model must show, with bounds of the project's own.
    pub sign: bool,
    /// What it found.
    pub says: String,
    /// Who was studied.
    pub population: String,
    /// Free words.
    pub notes: String,
    /// Its rows.
    pub rows: Vec<BookRow>,
    /// Citation keys, separated by commas.
    pub cites: String,
    /// `mechanistic`, `trial` or `association`.
    pub link: String,
    /// Quantities of its rows.
    pub quantities: Vec<String>,
    /// Quantities that shaped the model.
    pub used_to_fit: Vec<String>,
    /// Recorded verdicts: rows within, and all rows that have one.
    pub recorded: Option<(usize, usize)>,
}

/// A row of a study as the book tells it.
#[derive(Debug, Clone)]
pub struct BookRow {
    /// Quantity.
    pub quantity: String,
    /// Arm and time.
    pub when: String,
    /// What the number means.
    pub kind: &'static str,
    /// The interval that judges.
    pub interval: (f64, f64),
    /// Unit.
    pub unit: String,
    /// Recorded verdict.
    pub verdict: Option<&'static str>,
}

/// A fit as the book tells it.
#[derive(Debug, Clone)]
pub struct BookFit {
    /// Its name.
    pub stage: String,
    /// Parameters that it sets.
    pub parameters: Vec<String>,
    /// Studies that it uses.
    pub studies: Vec<String>,
}

/// A file of the book.
#[derive(Debug, Clone)]
pub struct BookFile {
    /// Name inside the book's folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What all pages of a book read.
struct Book<'a> {
    input: &'a BookInput<'a>,
    mechanisms: Mechanisms,
    flow: Flow,
    sources: Bibliography,
    /// The species that most numbers are of; said once and not at each of them.
    species: Option<String>,
}

/// The species that the notes of more than half of those numbers name that name one.
fn usual_species(model: &Model) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for symbol in &model.symbols {
        if let Some(species) = symbol.annotation.field("species") {
            *counts.entry(species).or_default() += 1;
        }
    }
    let all: usize = counts.values().sum();
    let most = counts.into_iter().max_by_key(|(_, n)| *n);
    most.filter(|(_, n)| 2 * n > all)
        .map(|(species, _)| species.to_owned())
}

/// Makes the book: `index.html`, a page a mechanism, parameters, sources, and what else there is.
///
/// # Errors
/// When the bibliography cannot be read.
pub fn book(input: &BookInput<'_>) -> Result<Vec<BookFile>, String> {
    let mechanisms = Mechanisms::of(input.model, input.texts);
    let flow = Flow::of(input.model, &mechanisms);
    let sources = Bibliography::read(input.bibliography.unwrap_or(""))?;
    let book = Book {
        input,
        mechanisms,
        flow,
        sources,
        species: usual_species(input.model),
    };
    let mut files = vec![index_page::index(&book)];
    for number in 0..book.mechanisms.list.len() {
        files.push(mechanism_page::mechanism(&book, number));
    }
    files.push(parameter_table::all_parameters(&book));
    if !book.sources.entries.is_empty() {
        files.push(bibliography::sources_page(&book));
    }
    if !input.studies.is_empty() {
        files.push(studies_page::studies_page(&book));
    }
    if !input.claims.is_empty() {
        files.push(claims_page::claims_page(&book));
    }
    for (text, name, title) in [
        (input.questions, "questions", "Open questions"),
        (input.changes, "changes", "History of the model"),
    ] {
        if let Some(text) = text {
            files.push(markdown::markdown_page(&book, text, name, title));
        }
    }
    files.extend(page::shared_files(&book));
    Ok(files)
}

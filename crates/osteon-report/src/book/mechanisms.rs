//! Which part of a model's text a symbol belongs to. A mechanism is a `model … end` of a file; text outside of those, and
//! models without text (from SBML), count as one.

use osteon_model::{FileId, Model, Role, Rule, SourceMap, Span, Symbol, SymbolId};

use super::comments::{Block, blocks};

/// A mechanism: a stretch of text and the symbols it defines.
#[derive(Debug, Clone)]
pub(crate) struct Mechanism {
    /// Name of its page, without `.html`.
    pub(super) page: String,
    /// Name for people.
    pub(super) title: String,
    /// File it stands in; empty if there is none.
    pub(super) file: String,
    /// The stretch of text.
    pub(super) block: Option<Block>,
    /// What the comment above it says, without its name at the head.
    pub(super) words: String,
    /// Symbols defined here, in the order of the text. Of submodels used many times all are here.
    pub(super) symbols: Vec<SymbolId>,
}

/// All mechanisms, and to which a symbol belongs.
#[derive(Debug, Clone)]
pub(crate) struct Mechanisms {
    pub(super) list: Vec<Mechanism>,
    owner: Vec<usize>,
}

/// Where a symbol gets its meaning: its rule, its start value, its reaction, else its declaration.
pub(super) fn defining_span(model: &Model, symbol: &Symbol) -> Span {
    let rule = symbol.rule.as_ref().map(|r| match r {
        Rule::Assignment(e) | Rule::Rate(e) => e.span,
    });
    let reaction = match symbol.role {
        Role::Reaction(i) => model.reactions.get(i).map(|r| r.span),
        _ => None,
    };
    let initial = symbol.initial.as_ref().map(|i| i.expr.span);
    [rule, reaction, initial]
        .into_iter()
        .flatten()
        .find(|s| *s != Span::NONE)
        .unwrap_or(symbol.span)
}

impl Mechanisms {
    pub(crate) fn of(model: &Model, texts: &SourceMap) -> Self {
        let mut list: Vec<Mechanism> = Vec::new();
        let mut owner = Vec::new();
        let mut read: Vec<(FileId, Vec<Block>)> = Vec::new();
        for id in model.ids() {
            let symbol = model.symbol(id);
            let span = defining_span(model, symbol);
            let block = (span != Span::NONE).then(|| {
                if !read.iter().any(|(f, _)| *f == span.file) {
                    read.push((span.file, blocks(span.file, texts.text(span.file))));
                }
                let of_file = read.iter().find(|(f, _)| *f == span.file).map(|(_, b)| b);
                let inside =
                    |b: &&Block| b.start <= span.start as usize && (span.start as usize) < b.end;
                of_file
                    .into_iter()
                    .flatten()
                    .find(inside)
                    .cloned()
                    .unwrap_or_else(|| Block::outside(span.file, texts.text(span.file)))
            });
            let place = list
                .iter()
                .position(|m| m.block == block)
                .unwrap_or_else(|| {
                    list.push(named(model, texts, block.clone()));
                    list.len() - 1
                });
            list[place].symbols.push(id);
            owner.push(place);
        }
        // Pages in the order of the files' names, symbols in the order of the text.
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by_key(|i| {
            let at = list[*i].block.as_ref().map_or(0, |b| b.start);
            (list[*i].file.clone(), at)
        });
        let mut place = vec![0; list.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        let mut sorted: Vec<Mechanism> = order.iter().map(|i| list[*i].clone()).collect();
        for mechanism in &mut sorted {
            mechanism
                .symbols
                .sort_by_key(|id| (defining_span(model, model.symbol(*id)).start, *id));
        }
        unique_pages(&mut sorted);
        unique_titles(&mut sorted);
        owner.iter_mut().for_each(|o| *o = place[*o]);
        Mechanisms {
            list: sorted,
            owner,
        }
    }

    /// Number of the mechanism that defines a symbol.
    pub(super) fn owner(&self, id: SymbolId) -> usize {
        self.owner[id.0 as usize]
    }
}

fn named(model: &Model, texts: &SourceMap, block: Option<Block>) -> Mechanism {
    let file = block
        .as_ref()
        .filter(|b| b.file != osteon_model::Span::NONE.file)
        .map_or_else(String::new, |b| texts.name(b.file).to_owned());
    let stem = file
        .rsplit('/')
        .next()
        .unwrap_or("")
        .rsplit_once('.')
        .map_or("", |(s, _)| s)
        .to_owned();
    let word = block
        .as_ref()
        .map(|b| b.model.clone())
        .filter(|w| !w.is_empty())
        .or_else(|| Some(stem).filter(|s| !s.is_empty()))
        .unwrap_or_else(|| {
            let id = model.id.trim_start_matches('_');
            if id.is_empty() { "model" } else { id }.to_owned()
        });
    let mut title = as_title(&word);
    // `Vitamin D: made in skin …`: the author's own name for it, if it is short.
    const MOST_WORDS: usize = 5;
    let head = block.as_ref().and_then(|b| b.prose.split_once(": "));
    let head = head.map(|(h, _)| h.trim()).filter(|h| {
        !h.contains(['.', '=', ';']) && (1..=MOST_WORDS).contains(&h.split_whitespace().count())
    });
    let mut words = block.as_ref().map_or_else(String::new, |b| b.prose.clone());
    if let Some(head) = head {
        head.clone_into(&mut title);
        words = capital(words[head.len() + 2..].trim_start());
    }
    Mechanism {
        page: word.to_lowercase(),
        title,
        file,
        block,
        words,
        symbols: Vec::new(),
    }
}

/// Where two mechanisms would be called the same, those called by their comment go back to the name of their model.
fn unique_titles(list: &mut [Mechanism]) {
    let titles: Vec<String> = list.iter().map(|m| m.title.clone()).collect();
    for mechanism in list {
        if titles.iter().filter(|t| **t == mechanism.title).count() > 1 {
            mechanism.title = as_title(&mechanism.page);
        }
    }
}

/// A name with spaces and a capital.
fn as_title(word: &str) -> String {
    capital(&word.replace('_', " "))
}

/// The words with a capital at their head.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next();
    first
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

/// Page names that no other page has, and that no file system minds.
fn unique_pages(list: &mut [Mechanism]) {
    const TAKEN: [&str; 7] = [
        "index",
        "parameters",
        "studies",
        "sources",
        "claims",
        "questions",
        "changes",
    ];
    let mut used: Vec<String> = TAKEN.iter().map(|t| (*t).to_owned()).collect();
    for mechanism in list {
        let safe: String = mechanism
            .page
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let mut name = safe.clone();
        let mut count = 2;
        while used.contains(&name) {
            name = format!("{safe}-{count}");
            count += 1;
        }
        used.push(name.clone());
        mechanism.page = name;
    }
}

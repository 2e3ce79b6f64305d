//! The model book: well-formed, whole, linked, and without anything from outside.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use roxmltree::{Document, ParsingOptions};
use support::{fresh_folder, osteon, put};

/// The pages of a folder by name.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .expect("the book")
        .map(|e| e.expect("an entry"))
        .map(|e| {
            let name = e.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(e.path()).expect("a text"))
        })
        .collect()
}

fn parsed<'a>(name: &str, text: &'a str) -> Document<'a> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Every page is XML, ids stand once, links lead somewhere, and nothing but links for readers leaves the folder.
fn sound(book: &BTreeMap<String, String>) {
    let html: Vec<(&String, Document<'_>)> = book
        .iter()
        .filter(|(name, _)| name.ends_with(".html"))
        .map(|(name, text)| (name, parsed(name, text)))
        .collect();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for (name, page) in &html {
        for node in page.descendants() {
            if let Some(id) = node.attribute("id") {
                assert!(ids.insert(format!("{name}#{id}")), "{name}: {id} twice");
            }
        }
        assert_eq!(
            page.descendants()
                .filter(|n| n.has_tag_name("h1") || n.tag_name().name() == "h1")
                .count(),
            1,
            "{name}: one main heading"
        );
    }
    for (name, page) in &html {
        for node in page.descendants() {
            let tag = node.tag_name().name();
            if tag == "svg" {
                let said = |what: &str| node.children().any(|c| c.tag_name().name() == what);
                assert!(
                    said("title") && said("desc"),
                    "{name}: a picture without words"
                );
            }
            if tag == "math" && node.attribute("display").is_some() {
                assert!(
                    node.attribute("alttext").is_some_and(|t| !t.is_empty()),
                    "{name}"
                );
            }
            let Some(address) = node.attribute("href").or(node.attribute("src")) else {
                continue;
            };
            if address.contains("://") {
                assert_eq!(tag, "a", "{name} fetches {address}");
                continue;
            }
            let (file, anchor) = address.split_once('#').unwrap_or((address, ""));
            let file = if file.is_empty() { name.as_str() } else { file };
            assert!(book.contains_key(file), "{name}: no page {address}");
            if !anchor.is_empty() && anchor != "tip" {
                assert!(
                    ids.contains(&format!("{file}#{anchor}")),
                    "{name}: no place {address}"
                );
            }
        }
    }
    for (name, text) in book.iter().filter(|(n, _)| !n.ends_with(".html")) {
        assert!(
            !text.contains("url(") && !text.contains("@import"),
            "{name}"
        );
        assert!(!text.contains("fetch("), "{name}");
    }
}

#[test]
fn the_book_of_the_body_is_whole() {
    let folder = fresh_folder("doc-body");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = folder.display().to_string();
    let told = osteon(&root, &["doc", "-o", &out]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let book = pages(&folder);
    sound(&book);

    // Every number of the body is in the table of all, with its value as written and its origin.
    let table = parsed("parameters.html", &book["parameters.html"]);
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in table.descendants().filter(|n| n.tag_name().name() == "tr") {
        let cells: Vec<String> = row
            .children()
            .filter(|n| n.is_element())
            .map(|c| {
                let words: String = c
                    .descendants()
                    .filter(|n| n.is_text())
                    .filter_map(|n| n.text())
                    .collect();
                c.attribute("data-v").map_or(words, str::to_owned)
            })
            .collect();
        rows.insert(cells[0].clone(), cells);
    }
    let sources = support::OnDisk(root.clone());
    let read = osteon_lang::load(&sources, "body/body.ant");
    let model = read.model.expect("the body");
    let mut numbers = 0;
    for symbol in &model.symbols {
        let given = match (&symbol.role, &symbol.rule, &symbol.initial) {
            (osteon_model::Role::Parameter, None, Some(initial)) => match initial.expr.kind {
                osteon_model::ExprKind::Number(value, _) => value,
                _ => continue,
            },
            _ => continue,
        };
        let row = rows
            .get(&symbol.id)
            .unwrap_or_else(|| panic!("{} is not in the book", symbol.id));
        assert_eq!(row[2].parse::<f64>().ok(), Some(given), "{}", symbol.id);
        if let Some(origin) = symbol.annotation.origin {
            assert_eq!(row[5], origin.as_str(), "{}", symbol.id);
        }
        numbers += 1;
    }
    assert!(numbers > 250, "{numbers}");

    // Mechanisms are told with their comment, their sources and what tests them.
    let kidney = &book["kidney.html"];
    for words in [
        "capacity just above the normal load",
        "sources.html#naderi-2008",
        "What tests it",
        "Fed by",
    ] {
        assert!(kidney.contains(words), "{words}");
    }
    // States with a rate of their own count, what stands behind a second semicolon is told, studies have their rows.
    let cells = &book["osteoblasts.html"];
    assert!(!cells.contains("0 states"), "osteoblasts are states");
    for words in [
        "moved by hand to the spine",
        "References",
        "studies.html#study-",
    ] {
        assert!(cells.contains(words), "{words}");
    }
    let studies = &book["studies.html"];
    for words in [
        "id=\"study-greendale-2012-menopause\"",
        "id=\"study-16-denosumab\"",
    ] {
        assert!(studies.contains(words), "{words}");
    }
}

/// Words of a text as keys of sources are written: letters, a year, perhaps letters: `riggs-1986`, `nhanes-fendo-2026`.
fn keys_named(text: &str) -> BTreeSet<String> {
    let of_a_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let year = |part: &str| {
        part.len() == 4
            && (part.starts_with("19") || part.starts_with("20"))
            && part.chars().all(|c| c.is_ascii_digit())
    };
    let letters = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    text.split(|c| !of_a_key(c))
        .filter(|word| {
            let parts: Vec<&str> = word.split('-').collect();
            let at = parts.iter().position(|p| year(p));
            at.is_some_and(|at| {
                at > 0
                    && parts[..at].iter().all(|p| letters(p))
                    && parts[at + 1..].iter().all(|p| letters(p))
            })
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn sources_that_texts_name_stand_in_the_bibliography() {
    assert_eq!(
        keys_named("as in riggs-1986 and (nhanes-fendo-2026), 0.5 in 1986, A-1990, kidney-failure"),
        ["nhanes-fendo-2026", "riggs-1986"]
            .map(str::to_owned)
            .into()
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &Path| fs::read_to_string(name).expect("a text");
    let bibliography = read(&root.join("body/sources.bib"));
    let known = |key: &str| {
        bibliography.contains(&format!("{{{key},")) || root.join("studies").join(key).is_dir()
    };
    let mut unknown = Vec::new();
    for folder in ["body", "library", "evidence"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if !path
                .extension()
                .is_some_and(|e| e == "ant" || e == "toml" || e == "md")
            {
                continue;
            }
            let keys = keys_named(&read(&path));
            unknown.extend(
                keys.into_iter()
                    .filter(|k| !known(k))
                    .map(|k| format!("{}: {k}", path.display())),
            );
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn any_model_has_a_book_and_strange_words_stay_words() {
    let folder = fresh_folder("doc-model");
    put(
        &folder.join("decay.ant"),
        "# Decay: a <b>first</b> & simple model.\nmodel *decay()\n  compartment c = 1\n  species A in c = 10, B in c = 0\n  k = 0.5\n  k is \"rate < 1 & \\\"quoted\\\"\"\n  # The only flow.\n  J: A -> 2 B; k*A^2/(1 + A)\n  x := piecewise(A, A < 5, sqrt(B))\nend\n",
    );
    let told = osteon(&folder, &["doc", "decay.ant", "-o", "book"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let book = pages(&folder.join("book"));
    sound(&book);
    let page = &book["decay.html"];
    assert!(
        page.contains("&lt;b&gt;first&lt;/b&gt; &amp; simple"),
        "{page}"
    );
    for piece in [
        "<mfrac>",
        "<msup>",
        "<msqrt>",
        "The only flow.",
        "otherwise",
    ] {
        assert!(page.contains(piece), "{piece}");
    }
    assert!(!book.contains_key("sources.html"));
    let broken = osteon(&folder, &["doc", "nothing.ant", "-o", "book2"]);
    assert_eq!(broken.code, 1);
    assert!(!folder.join("book2").exists());
}

/// The page of inputs says what the body declares.
#[test]
fn the_page_of_inputs_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/body-inputs.md")).expect("the page");
    let copy = fresh_folder("inputs").join("body-inputs.md");
    put(&copy, &page);
    let told = osteon(&root, &["inputs", "--write", &copy.to_string_lossy()]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let current = fs::read_to_string(&copy).expect("the page again");
    let news: Vec<&str> = current
        .lines()
        .filter(|line| !page.lines().any(|old| old == *line))
        .collect();
    assert!(
        current == page,
        "`osteon inputs --write docs/body-inputs.md` changes the page; new rows: {news:#?}"
    );
    put(&copy, "no marks");
    let told = osteon(&root, &["inputs", "--write", &copy.to_string_lossy()]);
    assert_eq!(told.code, 2, "{}", told.stderr);
}

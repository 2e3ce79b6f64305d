//! XML documents behind a model: the main one and those it refers to by `externalModelDefinition`.
//!
//! Entities and document types are forbidden, sizes and nesting are bounded. Elements and attributes are found by namespace,
//! so annotations can never pass for content.

use std::collections::BTreeMap;

use osteon_model::{FileId, Sources, Span};
use roxmltree::{Document, Node, ParsingOptions};

use crate::SbmlError;

/// Largest text that is read, in bytes.
const MAX_BYTES: usize = 256 << 20;
/// Most XML nodes in one document.
const MAX_NODES: u32 = 30_000_000;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 400;
/// Most documents behind one model.
const MAX_DOCUMENTS: usize = 256;

/// Text of a document by its name, in order of discovery; the first is the one asked for.
pub(crate) fn gather_texts(
    sources: &dyn Sources,
    id: &str,
) -> Result<Vec<(String, String)>, SbmlError> {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut wanted = vec![id.to_owned()];
    while let Some(id) = wanted.pop() {
        if texts.iter().any(|(known, _)| *known == id) {
            continue;
        }
        if texts.len() == MAX_DOCUMENTS {
            return Err(SbmlError::Malformed {
                file: id,
                line: 0,
                message: "too many external documents".to_owned(),
            });
        }
        let text = sources.text(&id)?;
        if text.len() > MAX_BYTES {
            return Err(SbmlError::Malformed {
                file: id,
                line: 0,
                message: "larger than 256 MiB".to_owned(),
            });
        }
        {
            let parsed = parse_xml(&id, &text)?;
            for node in parsed
                .descendants()
                .filter(|n| n.tag_name().name() == "externalModelDefinition")
            {
                if let Some(source) = comp_attribute(node, "source") {
                    wanted.push(beside(&id, source));
                }
            }
        }
        texts.push((id, text));
    }
    Ok(texts)
}

/// Resolves a relative reference against the name of the document that makes it.
pub(crate) fn beside(id: &str, source: &str) -> String {
    let source = source.trim().trim_start_matches("./");
    match id.rsplit_once('/') {
        Some((folder, _)) if !source.starts_with('/') && !source.contains("://") => {
            let mut parts: Vec<&str> = folder.split('/').collect();
            for part in source.split('/') {
                match part {
                    "." => {}
                    ".." if parts.last().is_some_and(|p| !p.is_empty() && *p != "..") => {
                        parts.pop();
                    }
                    part => parts.push(part),
                }
            }
            parts.join("/")
        }
        _ => source.to_owned(),
    }
}

fn parse_xml<'t>(id: &str, text: &'t str) -> Result<Document<'t>, SbmlError> {
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| SbmlError::Malformed {
        file: id.to_owned(),
        line: error.pos().row,
        message: error.to_string(),
    })
}

/// A parsed SBML document.
pub(crate) struct Sbml<'t> {
    /// Its name.
    pub name: String,
    /// Its place in the source map.
    pub file: FileId,
    /// SBML level, 2 or 3.
    pub level: u32,
    /// SBML version.
    pub version: u32,
    xml: Document<'t>,
}

impl<'t> Sbml<'t> {
    /// Parses and checks level, version, packages and nesting.
    pub fn parse(name: &str, file: FileId, text: &'t str) -> Result<Self, SbmlError> {
        let xml = parse_xml(name, text)?;
        let mut sbml = Sbml {
            name: name.to_owned(),
            file,
            level: 0,
            version: 0,
            xml,
        };
        let root = sbml.xml.root_element();
        if root.tag_name().name() != "sbml" {
            return Err(sbml.malformed(root, "the outermost element is not <sbml>"));
        }
        let number = |key: &str| {
            root.attribute(key)
                .and_then(|v| v.trim().parse::<u32>().ok())
        };
        let (Some(level), Some(version)) = (number("level"), number("version")) else {
            return Err(sbml.malformed(root, "<sbml> needs `level` and `version`"));
        };
        match (level, version) {
            (1, _) => return Err(sbml.unsupported(root, "level-1")),
            (2, 1..=5) | (3, 1..=2) => {}
            _ => return Err(sbml.unsupported(root, &format!("level-{level}-version-{version}"))),
        }
        check_depth(&sbml, root)?;
        check_packages(&sbml, root)?;
        (sbml.level, sbml.version) = (level, version);
        Ok(sbml)
    }

    /// The `<sbml>` element.
    pub fn root(&self) -> Node<'_, 't> {
        self.xml.root_element()
    }

    /// A fault at a node.
    pub fn malformed(&self, node: Node<'_, '_>, message: impl Into<String>) -> SbmlError {
        SbmlError::Malformed {
            file: self.name.clone(),
            line: self.line(node),
            message: message.into(),
        }
    }

    /// A refusal at a node; `feature` without the prefix.
    pub fn unsupported(&self, node: Node<'_, '_>, feature: &str) -> SbmlError {
        SbmlError::Unsupported {
            feature: format!("unsupported:{feature}"),
            file: self.name.clone(),
            line: self.line(node),
        }
    }

    fn line(&self, node: Node<'_, '_>) -> u32 {
        self.xml.text_pos_at(node.range().start).row
    }

    /// The text range of a node.
    pub fn span(&self, node: Node<'_, '_>) -> Span {
        let range = node.range();
        if range.end > u32::MAX as usize {
            return Span::NONE;
        }
        Span::new(self.file, range.start, range.end)
    }
}

/// Recursion further on is safe because nesting is bounded here.
fn check_depth(sbml: &Sbml<'_>, root: Node<'_, '_>) -> Result<(), SbmlError> {
    let mut depth = 0;
    let mut node = root;
    // Walks in document order without recursion, counting the way down and up.
    loop {
        if let Some(child) = node.first_child() {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(sbml.malformed(
                    child,
                    format!("elements are nested more than {MAX_DEPTH} deep"),
                ));
            }
            node = child;
            continue;
        }
        loop {
            if node == root {
                return Ok(());
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return Ok(()),
            }
            depth -= 1;
        }
    }
}

/// Name of the package a namespace belongs to: `comp` of `http://www.sbml.org/sbml/level3/version1/comp/version1`.
fn package_of(namespace: &str) -> Option<&str> {
    let rest = namespace.strip_prefix("http://www.sbml.org/sbml/level3/version")?;
    let name = rest.split('/').nth(1)?;
    (name != "core").then_some(name)
}

fn check_packages(sbml: &Sbml<'_>, root: Node<'_, '_>) -> Result<(), SbmlError> {
    let required: BTreeMap<&str, bool> = root
        .attributes()
        .filter(|a| a.name() == "required")
        .filter_map(|a| {
            Some((
                package_of(a.namespace()?)?,
                matches!(a.value().trim(), "true" | "1"),
            ))
        })
        .collect();
    for (package, needed) in &required {
        // l3v2extendedmath only allows the mathematics of Version 2 in a Version 1 document, which is read anyway.
        if *needed && !matches!(*package, "comp" | "fbc" | "l3v2extendedmath") {
            return Err(sbml.unsupported(root, &format!("package-{package}")));
        }
    }
    // Flux balance declares itself optional although its documents mean nothing without it. Formulas and charges of species
    // belong to the package too and are harmless.
    let balance = |namespace: Option<&str>| namespace.and_then(package_of) == Some("fbc");
    for node in root.descendants().filter(Node::is_element) {
        let bounded =
            is_core(node, "reaction") && node.attributes().any(|a| balance(a.namespace()));
        if bounded || balance(node.tag_name().namespace()) {
            return Err(sbml.unsupported(node, "fbc"));
        }
    }
    Ok(())
}

/// True if the node is an SBML core element of this name.
pub(crate) fn is_core(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element()
        && node.tag_name().name() == name
        && core_namespace(node.tag_name().namespace())
}

fn core_namespace(namespace: Option<&str>) -> bool {
    namespace.is_some_and(|n| {
        n.starts_with("http://www.sbml.org/sbml/level2")
            || (n.starts_with("http://www.sbml.org/sbml/level3/") && n.ends_with("/core"))
    })
}

/// True if the node is an element of the hierarchical package.
pub(crate) fn is_comp(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element()
        && node.tag_name().name() == name
        && node.tag_name().namespace().and_then(package_of) == Some("comp")
}

/// True for elements of the core or of the hierarchical package; everything else is foreign to this reader.
pub(crate) fn is_ours(node: Node<'_, '_>) -> bool {
    let namespace = node.tag_name().namespace();
    node.is_element()
        && (core_namespace(namespace) || namespace.and_then(package_of) == Some("comp"))
}

/// First core child of this name.
pub(crate) fn child<'a, 't>(node: Node<'a, 't>, name: &str) -> Option<Node<'a, 't>> {
    node.children().find(|n| is_core(*n, name))
}

/// Core elements `item` inside every core `list` directly below `node`.
pub(crate) fn items<'a, 't>(
    node: Node<'a, 't>,
    list: &'static str,
    item: &'static str,
) -> impl Iterator<Item = Node<'a, 't>> {
    node.children()
        .filter(move |n| is_core(*n, list))
        .flat_map(move |l| l.children().filter(move |n| is_core(*n, item)))
}

/// Package elements `item` inside every package `list` directly below `node`.
pub(crate) fn comp_items<'a, 't>(
    node: Node<'a, 't>,
    list: &'static str,
    item: &'static str,
) -> impl Iterator<Item = Node<'a, 't>> {
    node.children()
        .filter(move |n| is_comp(*n, list))
        .flat_map(move |l| l.children().filter(move |n| is_comp(*n, item)))
}

/// A core attribute, which carries no prefix.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute(name).map(str::trim)
}

/// An attribute of the hierarchical package, with or without its prefix.
pub(crate) fn comp_attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes()
        .find(|a| a.name() == name && a.namespace().and_then(package_of) == Some("comp"))
        .map(|a| a.value().trim())
        .or_else(|| attribute(node, name))
}

/// The `<math>` child, if it has content.
pub(crate) fn math<'a, 't>(node: Node<'a, 't>) -> Option<Node<'a, 't>> {
    node.children()
        .find(|n| n.is_element() && n.tag_name().name() == "math")
        .filter(|m| m.children().any(|n| n.is_element()))
}

//! Notes and annotations: the text of notes, MIRIAM identifiers, and the range and spread this project writes itself.

use osteon_model::{Annotation, Range};
use roxmltree::Node;

use crate::document::child;
use crate::xml_text::float;

/// Namespace of the statements about numbers that MIRIAM has no place for.
pub(crate) const NUMBER_NAMESPACE: &str = "https://github.com/osteon-sim/osteon/ns/number";

/// Everything said about an element besides its mathematics.
pub(crate) fn read_annotation(node: Node<'_, '_>) -> Annotation {
    let mut said = Annotation::default();
    if let Some(notes) = notes_text(node) {
        said.set_notes(&notes);
    }
    let Some(annotation) = child(node, "annotation") else {
        return said;
    };
    for item in annotation.descendants().filter(Node::is_element) {
        let tag = item.tag_name();
        match (tag.namespace(), tag.name()) {
            (Some(namespace), "is" | "isDescribedBy")
                if namespace.starts_with("http://biomodels.net/") =>
            {
                let uris = item
                    .descendants()
                    .filter(|n| n.tag_name().name() == "li")
                    .filter_map(|n| {
                        n.attributes()
                            .find(|a| a.name() == "resource")
                            .map(|a| a.value().to_owned())
                    });
                if tag.name() == "is" {
                    said.identity.extend(uris)
                } else {
                    said.described_by.extend(uris)
                }
            }
            (Some(NUMBER_NAMESPACE), "range") => {
                let bound = |key: &str| item.attribute(key).and_then(float);
                if let (Some(lower), Some(upper)) = (bound("lower"), bound("upper")) {
                    said.range = Some(Range { lower, upper });
                }
            }
            (Some(NUMBER_NAMESPACE), "uncertainty") => {
                if let (Some(kind), Some(value)) = (
                    item.attribute("kind"),
                    item.attribute("value").and_then(float),
                ) {
                    said.uncertainty.push((kind.to_owned(), value));
                }
            }
            _ => {}
        }
    }
    said
}

/// The words of `<notes>`, white space joined; `None` when there are none.
pub(crate) fn notes_text(node: Node<'_, '_>) -> Option<String> {
    let notes = child(node, "notes")?;
    let words: Vec<&str> = notes
        .descendants()
        .filter(|n| n.is_text())
        .filter_map(|n| n.text())
        .flat_map(str::split_whitespace)
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

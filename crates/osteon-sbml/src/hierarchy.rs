//! The tree of model instances behind a hierarchical model, and what became of each element: kept, deleted or replaced.
//!
//! Every element of every instance is told apart by instance and XML node, so nothing has to be renamed while deletions and
//! replacements are worked out; names are looked up per instance afterwards. A document without submodels is one instance.

use std::collections::{HashMap, HashSet};

use roxmltree::{Node, NodeId};

use crate::SbmlError;
use crate::document::{
    Sbml, attribute, beside, comp_attribute, comp_items, is_comp, is_core, is_ours,
};

/// Most instances of submodels in one model.
const MAX_INSTANCES: usize = 100_000;
/// Deepest nesting of submodels.
const MAX_NESTING: usize = 100;

/// An element of an instance.
pub(crate) type Key = (usize, NodeId);

/// One use of a model definition.
pub(crate) struct Instance<'a> {
    /// Which document it stands in.
    pub sbml: &'a Sbml<'a>,
    /// Its `<model>` or `<modelDefinition>`.
    pub model: Node<'a, 'a>,
    /// Prefix of its names: empty for the outermost model, else `a.b.`.
    pub prefix: String,
    /// The instance that holds it.
    pub parent: Option<usize>,
    /// Name in the parent of the factor from its time to the parent's.
    pub time_factor: Option<&'a str>,
    /// Name in the parent of the factor from its reaction extents to the parent's.
    pub extent_factor: Option<&'a str>,
    names: HashMap<&'a str, Node<'a, 'a>>,
    units: HashMap<&'a str, Node<'a, 'a>>,
    metas: HashMap<&'a str, Node<'a, 'a>>,
    ports: HashMap<&'a str, Node<'a, 'a>>,
    submodels: HashMap<&'a str, usize>,
    alive: bool,
    alias: Option<usize>,
}

struct Replacement<'a> {
    by: Key,
    /// Instance and name of the conversion factor from the replaced value to the replacing one.
    factor: Option<(usize, &'a str)>,
}

/// All instances and the fate of their elements.
pub(crate) struct Hierarchy<'a> {
    pub instances: Vec<Instance<'a>>,
    gone: HashSet<Key>,
    replaced: HashMap<Key, Replacement<'a>>,
    /// Elements that took the name of an element they replace.
    renamed: HashMap<Key, (usize, Node<'a, 'a>)>,
}

/// What a name leads to: an element, and the names, each in an instance, of the factors on the way.
pub(crate) type Followed<'a> = (Key, Node<'a, 'a>, Vec<(usize, &'a str)>);

enum Target<'a> {
    Element(usize, Node<'a, 'a>),
    Submodel(usize),
}

impl<'a> Hierarchy<'a> {
    /// Expands the main model of the first document.
    pub fn expand(documents: &'a [Sbml<'a>]) -> Result<Self, SbmlError> {
        let first = documents
            .first()
            .expect("the caller parses at least the document it was asked for");
        let Some(model) = first.root().children().find(|n| is_core(*n, "model")) else {
            return Err(first.malformed(first.root(), "there is no <model>"));
        };
        let mut all = Hierarchy {
            instances: Vec::new(),
            gone: HashSet::new(),
            replaced: HashMap::new(),
            renamed: HashMap::new(),
        };
        all.instantiate(
            documents,
            first,
            model,
            String::new(),
            None,
            &mut Vec::new(),
        )?;
        // Inner models settle their own replacements before outer ones act on the outcome: children have higher numbers.
        for instance in (0..all.instances.len()).rev() {
            all.delete(instance)?;
            all.replace(instance)?;
        }
        Ok(all)
    }

    fn instantiate(
        &mut self,
        documents: &'a [Sbml<'a>],
        sbml: &'a Sbml<'a>,
        model: Node<'a, 'a>,
        prefix: String,
        parent: Option<(usize, Node<'a, 'a>)>,
        above: &mut Vec<(u32, NodeId)>,
    ) -> Result<usize, SbmlError> {
        let me = (sbml.file.0, model.id());
        if above.contains(&me) {
            return Err(sbml.malformed(model, "a model contains itself"));
        }
        if above.len() >= MAX_NESTING || self.instances.len() >= MAX_INSTANCES {
            return Err(sbml.malformed(model, "too many submodels"));
        }
        let index = self.instances.len();
        let mut instance = Instance {
            sbml,
            model,
            prefix,
            parent: parent.map(|p| p.0),
            time_factor: parent.and_then(|p| comp_attribute(p.1, "timeConversionFactor")),
            extent_factor: parent.and_then(|p| comp_attribute(p.1, "extentConversionFactor")),
            names: HashMap::new(),
            units: HashMap::new(),
            metas: HashMap::new(),
            ports: HashMap::new(),
            submodels: HashMap::new(),
            alive: true,
            alias: None,
        };
        instance.index_names()?;
        self.instances.push(instance);
        above.push(me);
        for submodel in comp_items(model, "listOfSubmodels", "submodel") {
            let (Some(id), Some(wanted)) = (
                comp_attribute(submodel, "id"),
                comp_attribute(submodel, "modelRef"),
            ) else {
                return Err(sbml.malformed(submodel, "a submodel needs `id` and `modelRef`"));
            };
            let (inner_sbml, inner) = find_definition(documents, sbml, submodel, wanted, 0)?;
            let prefix = format!("{}{id}.", self.instances[index].prefix);
            let made = self.instantiate(
                documents,
                inner_sbml,
                inner,
                prefix,
                Some((index, submodel)),
                above,
            )?;
            self.instances[index].submodels.insert(id, made);
        }
        above.pop();
        Ok(index)
    }

    fn delete(&mut self, instance: usize) -> Result<(), SbmlError> {
        let sbml = self.instances[instance].sbml;
        for submodel in comp_items(
            self.instances[instance].model,
            "listOfSubmodels",
            "submodel",
        ) {
            let inner = self.submodel(instance, submodel)?;
            for deletion in comp_items(submodel, "listOfDeletions", "deletion") {
                match self.resolve(inner, sbml, deletion)? {
                    Target::Submodel(dead) => self.kill(dead),
                    Target::Element(at, node) => {
                        let key = self.representative((at, node.id()));
                        self.gone.insert(key);
                        self.gone.insert((at, node.id()));
                    }
                }
            }
        }
        Ok(())
    }

    fn kill(&mut self, dead: usize) {
        self.instances[dead].alive = false;
        let inner: Vec<usize> = self.instances[dead].submodels.values().copied().collect();
        inner.into_iter().for_each(|i| self.kill(i));
    }

    fn replace(&mut self, instance: usize) -> Result<(), SbmlError> {
        let Instance { sbml, model, .. } = self.instances[instance];
        for element in model.descendants().filter(Node::is_element) {
            for replaced in comp_items(element, "listOfReplacedElements", "replacedElement") {
                if comp_attribute(replaced, "deletion").is_some() {
                    continue;
                }
                let inner = self.referred_submodel(instance, replaced)?;
                let factor = comp_attribute(replaced, "conversionFactor").map(|f| (instance, f));
                match self.resolve(inner, sbml, replaced)? {
                    Target::Submodel(old) => {
                        let new = comp_attribute(element, "id")
                            .and_then(|id| self.instances[instance].submodels.get(id).copied());
                        let Some(new) = new else {
                            return Err(
                                sbml.malformed(replaced, "only a submodel can replace a submodel")
                            );
                        };
                        self.kill(old);
                        self.instances[old].alias = Some(new);
                    }
                    Target::Element(at, node) => {
                        let old = self.representative((at, node.id()));
                        let by = self.representative((instance, element.id()));
                        if old != by {
                            self.replaced.insert(old, Replacement { by, factor });
                        }
                    }
                }
            }
            for survivor in element.children().filter(|n| is_comp(*n, "replacedBy")) {
                let inner = self.referred_submodel(instance, survivor)?;
                let Target::Element(at, node) = self.resolve(inner, sbml, survivor)? else {
                    return Err(
                        sbml.malformed(survivor, "an element cannot be replaced by a submodel")
                    );
                };
                let by = self.representative((at, node.id()));
                let old = self.representative((instance, element.id()));
                if old != by {
                    self.replaced.insert(old, Replacement { by, factor: None });
                    self.renamed.insert(by, (instance, element));
                }
            }
        }
        Ok(())
    }

    fn submodel(&self, instance: usize, submodel: Node<'a, 'a>) -> Result<usize, SbmlError> {
        let holder = &self.instances[instance];
        comp_attribute(submodel, "id")
            .and_then(|id| holder.submodels.get(id).copied())
            .ok_or_else(|| holder.sbml.malformed(submodel, "unknown submodel"))
    }

    fn referred_submodel(
        &self,
        instance: usize,
        reference: Node<'a, 'a>,
    ) -> Result<usize, SbmlError> {
        let holder = &self.instances[instance];
        let found = comp_attribute(reference, "submodelRef")
            .and_then(|id| holder.submodels.get(id).copied());
        found.map(|i| self.standing(i)).ok_or_else(|| {
            holder
                .sbml
                .malformed(reference, "`submodelRef` names no submodel")
        })
    }

    fn standing(&self, mut instance: usize) -> usize {
        while let Some(next) = self.instances[instance].alias {
            instance = next;
        }
        instance
    }

    /// What a reference (`idRef`, `metaIdRef`, `unitRef`, `portRef`, and nested `sBaseRef`s) means inside `instance`.
    fn resolve(
        &self,
        instance: usize,
        sbml: &Sbml<'a>,
        reference: Node<'a, 'a>,
    ) -> Result<Target<'a>, SbmlError> {
        let here = &self.instances[instance];
        let found = if let Some(port) = comp_attribute(reference, "portRef") {
            match here.ports.get(port) {
                Some(port) => Some(self.resolve(instance, here.sbml, *port)?),
                None => None,
            }
        } else {
            let node = if let Some(id) = comp_attribute(reference, "idRef") {
                here.names.get(id)
            } else if let Some(id) = comp_attribute(reference, "unitRef") {
                here.units.get(id)
            } else {
                comp_attribute(reference, "metaIdRef").and_then(|id| here.metas.get(id))
            };
            node.map(|node| {
                let submodel = is_comp(*node, "submodel")
                    .then(|| comp_attribute(*node, "id"))
                    .flatten();
                match submodel.and_then(|id| here.submodels.get(id)) {
                    Some(inner) => Target::Submodel(self.standing(*inner)),
                    None => Target::Element(instance, *node),
                }
            })
        };
        let Some(found) = found else {
            return Err(sbml.malformed(reference, "refers to nothing in the submodel"));
        };
        match (
            reference.children().find(|n| is_comp(*n, "sBaseRef")),
            found,
        ) {
            (None, found) => Ok(found),
            (Some(deeper), Target::Submodel(inner)) => self.resolve(inner, sbml, deeper),
            (Some(deeper), Target::Element(..)) => {
                Err(sbml.malformed(deeper, "goes into something that is no submodel"))
            }
        }
    }

    fn representative(&self, mut key: Key) -> Key {
        // A cycle cannot close: a key is only ever replaced by one that stands for itself at that time.
        while let Some(next) = self.replaced.get(&key) {
            key = next.by;
        }
        key
    }

    /// The innermost instance that holds both.
    pub fn common_holder(&self, a: usize, b: usize) -> usize {
        // Inner instances have higher numbers than those that hold them.
        let (mut a, mut b) = (a, b);
        while a != b {
            let outer = if a > b { &mut a } else { &mut b };
            *outer = self.instances[*outer].parent.unwrap_or(0);
        }
        a
    }

    /// True if the element is part of the flattened model: neither it nor anything around it was deleted or replaced.
    pub fn stands(&self, instance: usize, node: Node<'a, 'a>) -> bool {
        self.instances[instance].alive
            && node
                .ancestors()
                .take_while(|n| *n != self.instances[instance].model)
                .all(|n| {
                    let key = (instance, n.id());
                    !self.gone.contains(&key) && !self.replaced.contains_key(&key)
                })
    }

    /// Instances that were not deleted, outermost first.
    pub fn living(&self) -> impl Iterator<Item = usize> + use<'_, 'a> {
        (0..self.instances.len()).filter(|i| self.instances[*i].alive)
    }

    /// The element a name stands for, and the factors its value is multiplied by to give the value of that element.
    pub fn find(&self, instance: usize, name: &str) -> Option<Followed<'a>> {
        let node = *self.instances[instance].names.get(name)?;
        Some(self.follow(instance, node))
    }

    /// The unit definition a name stands for.
    pub fn find_unit(&self, instance: usize, name: &str) -> Option<(usize, Node<'a, 'a>)> {
        let node = *self.instances[instance].units.get(name)?;
        let (key, node, _) = self.follow(instance, node);
        Some((key.0, node))
    }

    /// What took the place of an element, itself if nothing did, with the factors as in [`Hierarchy::find`].
    pub fn follow(&self, instance: usize, node: Node<'a, 'a>) -> Followed<'a> {
        let mut key = (instance, node.id());
        let mut factors = Vec::new();
        while let Some(next) = self.replaced.get(&key) {
            factors.extend(next.factor);
            key = next.by;
        }
        let node = self.instances[key.0]
            .model
            .document()
            .get_node(key.1)
            .unwrap_or(node);
        (key, node, factors)
    }

    /// Name of an element in the flattened model.
    pub fn flat_name(&self, instance: usize, node: Node<'a, 'a>) -> Option<String> {
        let (instance, node) = self
            .renamed
            .get(&(instance, node.id()))
            .copied()
            .unwrap_or((instance, node));
        attribute(node, "id").map(|id| format!("{}{id}", self.instances[instance].prefix))
    }
}

impl<'a> Instance<'a> {
    fn index_names(&mut self) -> Result<(), SbmlError> {
        let mut stack = vec![self.model];
        while let Some(node) = stack.pop() {
            // Annotations and notes hold foreign names.
            let inside = node.children().filter(|n| {
                is_ours(*n)
                    && !matches!(
                        n.tag_name().name(),
                        "annotation" | "notes" | "listOfReplacedElements" | "replacedBy"
                    )
            });
            stack.extend(inside);
            if let Some(meta) = attribute(node, "metaid") {
                self.metas.insert(meta, node);
            }
            let local = is_core(node, "localParameter")
                || (is_core(node, "parameter")
                    && node.ancestors().any(|n| is_core(n, "kineticLaw")));
            let Some(id) = comp_attribute(node, "id").filter(|_| node != self.model && !local)
            else {
                continue;
            };
            let (space, kind) = match node.tag_name().name() {
                "unitDefinition" => (&mut self.units, "unit definitions"),
                "port" => (&mut self.ports, "ports"),
                _ => (&mut self.names, "elements"),
            };
            if space.insert(id, node).is_some() {
                return Err(self
                    .sbml
                    .malformed(node, format!("two {kind} are called `{id}`")));
            }
        }
        Ok(())
    }
}

/// The model that `modelRef` means in a document: a definition in it, its main model, or an external definition.
fn find_definition<'a>(
    documents: &'a [Sbml<'a>],
    sbml: &'a Sbml<'a>,
    at: Node<'a, 'a>,
    wanted: &str,
    depth: usize,
) -> Result<(&'a Sbml<'a>, Node<'a, 'a>), SbmlError> {
    let root = sbml.root();
    let inside = comp_items(root, "listOfModelDefinitions", "modelDefinition")
        .chain(root.children().filter(|n| is_core(*n, "model")))
        .find(|n| comp_attribute(*n, "id") == Some(wanted));
    if let Some(found) = inside {
        return Ok((sbml, found));
    }
    let external = comp_items(
        root,
        "listOfExternalModelDefinitions",
        "externalModelDefinition",
    )
    .find(|n| comp_attribute(*n, "id") == Some(wanted));
    let Some(external) = external else {
        return Err(sbml.malformed(at, format!("there is no model definition `{wanted}`")));
    };
    if depth > MAX_NESTING {
        return Err(sbml.malformed(
            external,
            "external definitions refer to one another without end",
        ));
    }
    let name =
        comp_attribute(external, "source").map_or_else(String::new, |s| beside(&sbml.name, s));
    let Some(other) = documents.iter().find(|d| d.name == name) else {
        return Err(sbml.malformed(external, format!("cannot read `{name}`")));
    };
    match comp_attribute(external, "modelRef") {
        Some(inner) => find_definition(documents, other, external, inner, depth + 1),
        None => match other.root().children().find(|n| is_core(*n, "model")) {
            Some(model) => Ok((other, model)),
            None => Err(other.malformed(other.root(), "there is no <model>")),
        },
    }
}

//! Which values are read together with the object around them, decided when a shape is compiled.

use crate::keys::Below;
use crate::shape::{DOCUMENT_SLOT, Node, ObjectNode, Source};

/// Notes for each key and each field of an object what is read inside of its value.
/// Two fields may read one key as two types: the first one decides, the other one reads again.
pub(crate) fn note_inside(nodes: &mut [Node]) {
    let worth: Vec<bool> = (0..nodes.len()).map(|node| is_worth(nodes, node)).collect();
    for node in nodes {
        let Node::Object(object) = node else { continue };
        let below = below(object, &worth);
        object.keys.note_below(|slot| below[slot]);
        if let Some(table) = &mut object.document {
            table.note_below(|slot| below[slot]);
        }
        for field in &mut object.fields {
            let Source::Slot(slot) = field.source else { continue };
            field.read = below[slot] == Below::Node(field.node);
        }
    }
}

/// What is read below each slot of an object.
fn below(object: &ObjectNode, worth: &[bool]) -> Vec<Below> {
    let mut below = vec![Below::Nothing; object.slots];
    for field in &object.fields {
        if let Source::Slot(slot) = field.source {
            if below[slot] == Below::Nothing && worth[field.node] {
                below[slot] = Below::Node(field.node);
            }
        }
    }
    if object.document.is_some() {
        below[DOCUMENT_SLOT] = Below::Document;
    }
    below
}

/// Objects and lists of objects are; a list of leaves is read faster when it is written.
fn is_worth(nodes: &[Node], node: usize) -> bool {
    match &nodes[node] {
        Node::Object(_) => true,
        Node::List(list) => is_worth(nodes, list.item),
        Node::Abstract(_) | Node::Leaf(_) | Node::Enum(_) | Node::Refused(_) => false,
    }
}

//! Selection of inner values to read together with their object, at compile time.

use crate::keys::Below;
use crate::shape::{DOCUMENT_SLOT, Node, ObjectNode, Source};

/// Sets the inner values to read for each key and field of an object.
/// If two fields read a key as two types, the first decides and the second reads again.
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

/// The inner values to read for each slot of an object.
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

/// True for objects and lists of objects; a list of leaves is faster to read when it is written.
fn is_worth(nodes: &[Node], node: usize) -> bool {
    match &nodes[node] {
        Node::Object(_) => true,
        Node::List(list) => is_worth(nodes, list.item),
        Node::Abstract(_) | Node::Leaf(_) | Node::Enum(_) | Node::Refused(_) => false,
    }
}

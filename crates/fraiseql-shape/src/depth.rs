//! A shape must end: no node may lead back to itself, and no way through it may be very long.

use crate::compile::{Compiled, refuse};
use crate::shape::{Node, Source};

/// How many nodes may lie on one way from the root: rendering goes down one call a node.
pub const MAX_DEPTH: usize = 512;

/// Refuses nodes nested deeper than `MAX_DEPTH`, which a circle of nodes is too.
pub(crate) fn check_depth(nodes: &[Node], root: usize) -> Compiled<()> {
    let mut heights = vec![0; nodes.len()];
    let height = height(nodes, root, 1, &mut heights)?;
    if height > MAX_DEPTH { too_deep() } else { Ok(()) }
}

fn too_deep<T>() -> Compiled<T> {
    refuse(format!("the shape is nested deeper than {MAX_DEPTH} nodes"))
}

/// How many nodes lie on the longest way down from `node`, itself included.
fn height(nodes: &[Node], node: usize, depth: usize, known: &mut [usize]) -> Compiled<usize> {
    if depth > MAX_DEPTH {
        return too_deep();
    }
    if known[node] == 0 {
        let mut below = 0;
        for child in children(&nodes[node]) {
            below = below.max(height(nodes, child, depth + 1, known)?);
        }
        known[node] = below + 1;
    }
    Ok(known[node])
}

fn children(node: &Node) -> Vec<usize> {
    match node {
        Node::Object(object) => {
            let valued = object.fields.iter().filter(|f| !matches!(f.source, Source::Typename));
            valued.map(|field| field.node).collect()
        }
        Node::List(list) => vec![list.item],
        Node::Abstract(node) => node.cases.iter().map(|case| case.1).collect(),
        Node::Leaf(_) | Node::Enum(_) => Vec::new(),
    }
}

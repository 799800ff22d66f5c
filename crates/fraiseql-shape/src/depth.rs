//! Bounded depth: no node leads back to itself, and no way down is very long.

use crate::compile_error::{Compiled, refuse};
use crate::shape::{Node, Source};

/// How many nodes may lie on one way down: rendering goes down one call a node.
pub const MAX_DEPTH: usize = 512;

/// Refuses nodes nested deeper than `MAX_DEPTH`, which a circle of nodes is too.
///
/// Nodes that the root does not reach count as well: later steps of compiling visit every node, and
/// must end on each.
pub(crate) fn check_depth(nodes: &[Node]) -> Compiled<()> {
    let mut heights = vec![0; nodes.len()];
    for node in 0..nodes.len() {
        if height(nodes, node, 1, &mut heights)? > MAX_DEPTH {
            return too_deep();
        }
    }
    Ok(())
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
        Node::Leaf(_) | Node::Enum(_) | Node::Refused(_) => Vec::new(),
    }
}

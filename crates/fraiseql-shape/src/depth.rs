//! The limit of nesting, which also refuses cycles of nodes.

use crate::compile_error::{Compiled, refuse};
use crate::shape::{Node, Source};

/// Maximum nesting of nodes: rendering recurses once for each.
pub const MAX_DEPTH: usize = 512;

/// Refuses nodes nested deeper than `MAX_DEPTH`, and so cycles.
///
/// Includes nodes that the root does not reach: later steps of compiling visit every node.
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

/// The number of nodes on the longest path down from `node`, including it.
fn height(nodes: &[Node], node: usize, depth: usize, heights: &mut [usize]) -> Compiled<usize> {
    if depth > MAX_DEPTH {
        return too_deep();
    }
    if heights[node] == 0 {
        let mut below = 0;
        for child in children(&nodes[node]) {
            below = below.max(height(nodes, child, depth + 1, heights)?);
        }
        heights[node] = below + 1;
    }
    Ok(heights[node])
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

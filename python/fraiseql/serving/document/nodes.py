"""Variables in syntax trees."""

from collections.abc import Iterator

from graphql import Node, VariableNode
from graphql.language import DirectiveNode, FieldNode

from fraiseql.schema.guards import argument_name


def walk(root: Node) -> Iterator[Node]:
    """Yield ``root`` and every node below it, faster than graphql-core's visitor."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        for key in node.keys:
            below = getattr(node, key)
            if isinstance(below, Node):
                stack.append(below)
            elif isinstance(below, list | tuple):
                stack += [item for item in below if isinstance(item, Node)]


def variable_names(node: Node) -> set[str]:
    """Return the names of the variables that are used in ``node``."""
    return set(variables_inside(node))


def variables_inside(node: Node) -> tuple[str, ...]:
    """Return the names of the variables in ``node``, once for each use."""
    return tuple([part.name.value for part in walk(node) if isinstance(part, VariableNode)])


def used_names(root: Node) -> set[str]:
    """Return the names of all fields and arguments in ``root``, as ``Guards.names`` has them."""
    names: set[str] = set()
    for node in walk(root):
        if isinstance(node, FieldNode):
            name = node.name.value
            arguments = node.arguments or ()
            names |= {name, *[argument_name(name, each.name.value) for each in arguments]}
    return names


def deciding_variables(root: Node) -> set[str]:
    """Return the variables whose values decide which fields are selected."""
    text = "" if root.loc is None else root.loc.source.body
    if text and "@" not in text and "__" not in text:
        # Neither a directive nor introspection: most documents.
        return set()
    names: set[str] = set()
    for node in walk(root):
        introspects = isinstance(node, FieldNode) and node.name.value.startswith("__")
        if introspects or isinstance(node, DirectiveNode):
            names |= variable_names(node)
    return names

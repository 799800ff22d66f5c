"""Description of a response's shape, for the native renderer."""

from typing import Any

import orjson
from graphql import GraphQLEnumType, GraphQLNamedType

from fraiseql.schema import shape_form


class ShapeBuilder:
    """Collects the nodes of one shape; equal leaves are one node."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self._leaves: dict[tuple[str, bool], int] = {}

    def add(self, node: dict[str, Any]) -> int:
        """Append ``node`` and return its number."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def bound(self, node: int, max_items: int) -> None:
        """Make a list of more than ``max_items`` items an error of its field."""
        self.nodes[node]["max_items"] = max_items

    def leaf(self, type_: GraphQLNamedType, *, stored: bool = False) -> int:
        """Return the node of a scalar or enum; ``stored`` when read from a ``json`` column."""
        key = (type_.name, stored)
        if key not in self._leaves:
            self._leaves[key] = self.add(_leaf_node(type_, stored=stored))
        return self._leaves[key]

    def any(self) -> int:
        """Return the node that renders JSON unchanged."""
        return self.add({"kind": "leaf", "form": "any", "type": "JSON"})

    def description(self, root: int) -> dict[str, Any]:
        """Return the description of the shape with the node ``root`` as its root."""
        return {"root": root, "nodes": self.nodes}


def _leaf_node(type_: GraphQLNamedType, *, stored: bool) -> dict[str, Any]:
    if isinstance(type_, GraphQLEnumType):
        values = [
            [orjson.dumps(getattr(value.value, "value", value.value)).decode(), name]
            for name, value in type_.values.items()
        ]
        return {"kind": "enum", "type": type_.name, "values": values}
    return {"kind": "leaf", "form": shape_form(type_, stored=stored), "type": type_.name}


def field_node(
    number: int, key: str, source: dict[str, Any], node: int, *, nullable: bool
) -> dict[str, Any]:
    """Return the entry of one field in an object node."""
    return {"id": number, "key": key, "source": source, "node": node, "nullable": nullable}

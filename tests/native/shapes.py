"""Shapes for the tests of the native module.

Every shape here has one root field, ``x``, from stream 0.
"""

import json
from typing import Any

from fraiseql_rs import Shape

Node = dict[str, Any]


def leaf(form: str) -> Node:
    """A leaf of this form, named after it."""
    return {"kind": "leaf", "form": form, "type": form}


def field(number: int, name: str, node: int, *, nullable: bool = True) -> Node:
    """A field that reads the key of its own name."""
    source = {"name": name}
    return {"id": number, "key": name, "source": source, "node": node, "nullable": nullable}


def shape(*nodes: Node, nullable: bool = True) -> Shape:
    """A shape whose ``x`` has the type of the first node, which is node 1."""
    top = {"id": 0, "key": "x", "source": {"stream": 0}, "node": 1, "nullable": nullable}
    root = {"kind": "object", "type": "Query", "fields": [top]}
    return Shape(json.dumps({"root": 0, "nodes": [root, *nodes]}).encode())


def numbers() -> Shape:
    """``x: [Int]``."""
    return shape({"kind": "list", "item": 2, "item_nullable": True}, leaf("Int"))


def people(*, nick: bool = True) -> Shape:
    """``x: [Person]`` with ``name`` from the document and ``nick`` from stream 1."""
    source = {"stream": 1}
    other = {"id": 2, "key": "nick", "source": source, "node": 3, "nullable": nick}
    return shape(
        {"kind": "list", "item": 2, "item_nullable": True},
        {"kind": "object", "type": "Person", "fields": [field(1, "name", 3), other]},
        leaf("String"),
    )

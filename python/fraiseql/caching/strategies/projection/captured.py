"""Captured values: what a changed row queues, written as SQL."""

from fraiseql.caching.strategies.projection.spec import BaseTable
from fraiseql.caching.strategies.projection.tree import Node, Tree
from fraiseql.catalog.picture import quote


def queued_columns(tree: Tree, places: tuple[Node, ...]) -> list[str]:
    """Name the queue's columns that a row of these places fills."""
    below = [name for node in places for name in node.below]
    return below + [name for _, edge in hanging(tree, places) for name in edge.above]


def hanging(tree: Tree, places: tuple[Node, ...]) -> list[tuple[Node, Node]]:
    """Return the edges with locks that hang on places, each with its place."""
    return [(node, edge) for node in places for edge in tree.locked(node)]


def side(tree: Tree, places: tuple[Node, ...], row: str, moved: str) -> list[str]:
    """Write the values that one side of a changed row fills the queue with."""
    values = [
        _given(row, node.inner, name, kind)
        for node in places
        for name, kind in zip(node.inner, node.types, strict=True)
    ]
    for _, edge in hanging(tree, places):
        for name, kind in zip(edge.outer, edge.types, strict=True):
            value = _given(row, edge.outer, name, kind)
            kept = {"true": value, "false": f"NULL::{kind}"}
            values.append(kept.get(moved, f"CASE WHEN {moved} THEN {value} END"))
    return values


def _given(row: str, together: tuple[str, ...], name: str, kind: str) -> str:
    """Write one value of a group's key: null unless all of the key is there."""
    value = f"{row}.{quote(name)}::{kind}"
    others = [f"{row}.{quote(other)} IS NOT NULL" for other in together if other != name]
    return f"CASE WHEN {' AND '.join(others)} THEN {value} END" if others else value


def leads(row: str, places: tuple[Node, ...]) -> str:
    """Write whether a row can stand in a document at all: it has a parent, or is a root."""
    return " OR ".join(
        "(" + " AND ".join(f"{row}.{quote(name)} IS NOT NULL" for name in node.inner) + ")"
        for node in places
    )


def links(tree: Tree, table: BaseTable, places: tuple[Node, ...]) -> list[str]:
    """Name the columns whose change moves a row: its key, and what relates it to other rows."""
    names = [column.name for column in table.key]
    names += [name for node in places for name in node.inner]
    return names + [name for _, edge in hanging(tree, places) for name in edge.outer]


def read_columns(tree: Tree, table: BaseTable, places: tuple[Node, ...]) -> list[str]:
    """Name the columns whose change shows in a document, or in which one the row is shown."""
    return [*links(tree, table, places), *(name for node in places for name in node.columns)]


def differ(names: list[str], old: str, new: str) -> str:
    """Write whether columns differ between two sides of a row.

    Rows are compared by their binary images: ``1.0`` and ``1.00`` are equal, their documents not.
    """
    once = list(dict.fromkeys(names))
    before, after = (", ".join(f"{row}.{quote(name)}" for name in once) for row in (old, new))
    return f"record_image_ne(ROW({before}), ROW({after}))"

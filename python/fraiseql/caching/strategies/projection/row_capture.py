"""Row triggers, and SQL of the keys that a changed row queues.

Row triggers are made on a partitioned table alone: PostgreSQL gives each partition its own, also
one that is attached later. A row that moves to another partition fires as deleted there and
inserted here.
"""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection.spec import BaseTable, Qualified
from fraiseql.caching.strategies.projection.tree import Node, Tree
from fraiseql.catalog.picture import quote


def queued_columns(tree: Tree, places: tuple[Node, ...]) -> list[str]:
    """Name the queue's columns that a row of these places fills."""
    below = [name for node in places for name in node.changed_keys]
    return below + [name for _, edge in hanging(tree, places) for name in edge.new_refs]


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


ROW_TRIGGERS: Final = {"INSERT": "row_ins", "UPDATE": "row_upd", "DELETE": "row_del"}
"""How the names of row triggers end, by their events."""


def row_objects(
    tree: Tree, number: int, table: BaseTable, places: tuple[Node, ...]
) -> Iterator[DatabaseObject]:
    """Yield the function that queues one row's changes, and its triggers."""
    function = tree.own(f"rows_{number}")
    yield _function(tree, function, table, places)
    changed = differ(read_columns(tree, table, places), "OLD", "NEW")
    for event, part in ROW_TRIGGERS.items():
        # Not in the function: its names are found by the path of whoever makes the trigger.
        when = f" WHEN (pg_catalog.{changed})" if event == "UPDATE" else ""
        yield _trigger(tree, function, table.name, (event, part, when))


def _function(
    tree: Tree, function: Qualified, table: BaseTable, places: tuple[Node, ...]
) -> DatabaseObject:
    queue = tree.own("queue").sql
    head = f"INSERT INTO {queue} ({', '.join(queued_columns(tree, places))})"
    moved = differ(links(tree, table, places), "OLD", "NEW")
    inserted, changed, deleted = (
        f"SELECT {', '.join(side(tree, places, row, moves))}\n    WHERE {leads(row, places)}"
        for row, moves in (("NEW", "true"), ("NEW", moved), ("OLD", "false"))
    )
    create = f"""\
CREATE OR REPLACE FUNCTION {function.sql}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  IF TG_OP = 'INSERT' THEN
    {head}
    {inserted};
  ELSIF TG_OP = 'DELETE' THEN
    {head}
    {deleted};
  ELSE
    {head}
    -- [old row]
    {deleted} UNION
    -- [new row]
    {changed};
  END IF;
  RETURN NULL;
END $fraiseql$"""
    return DatabaseObject(
        kind="function",
        name=f"{function.sql}()",
        create=(create, f"REVOKE ALL ON FUNCTION {function.sql}() FROM PUBLIC"),
        drop=(f"DROP FUNCTION IF EXISTS {function.sql}()",),
        owner=tree.spec.owner,
        needs=(queue,),
        replaces=True,
    )


def _trigger(
    tree: Tree, function: Qualified, relation: Qualified, event: tuple[str, str, str]
) -> DatabaseObject:
    operation, part, when = event
    name = quote(tree.trigger(part))
    create = f"""\
CREATE OR REPLACE TRIGGER {name} AFTER {operation} ON {relation.sql}
FOR EACH ROW{when} EXECUTE FUNCTION {function.sql}()"""
    return DatabaseObject(
        kind="trigger",
        name=f"{name} ON {relation.sql}",
        create=(create, f"ALTER TABLE {relation.sql} ENABLE ALWAYS TRIGGER {name}"),
        drop=(f"DROP TRIGGER IF EXISTS {name} ON {relation.sql}",),
        owner=tree.spec.owner,
        needs=(f"{function.sql}()",),
        lock=f"SHARE ROW EXCLUSIVE on {relation.sql} and its partitions until commit;"
        " waits for their writers",
        replaces=True,
    )

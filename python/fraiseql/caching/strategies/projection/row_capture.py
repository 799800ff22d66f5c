"""Row triggers, and SQL of the keys that a changed row queues.

Row triggers are created on the partitioned table only: PostgreSQL copies them to each partition,
also to one attached later. A row that moves to another partition fires the DELETE trigger of the
old partition and the INSERT trigger of the new one.
"""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.caching.strategies.projection.spec import BaseTable, Qualified
from fraiseql.caching.strategies.projection.tree import Node, Tree
from fraiseql.catalog.picture import quote


def queued_columns(tree: Tree, places: tuple[Node, ...]) -> list[str]:
    """Return the queue columns that a row of these nodes fills."""
    changed = [name for node in places for name in node.changed_keys]
    return changed + [name for _, edge in hanging(tree, places) for name in edge.new_refs]


def hanging(tree: Tree, places: tuple[Node, ...]) -> list[tuple[Node, Node]]:
    """Return the edges with locks below the nodes, each with its parent node."""
    return [(node, edge) for node in places for edge in tree.locked(node)]


def side(tree: Tree, places: tuple[Node, ...], row: str, moved: str) -> list[str]:
    """Return the values that one side of a changed row queues, as SQL."""
    values = [
        _key_value(row, node.inner, name, kind)
        for node in places
        for name, kind in zip(node.inner, node.types, strict=True)
    ]
    for _, edge in hanging(tree, places):
        for name, kind in zip(edge.outer, edge.types, strict=True):
            value = _key_value(row, edge.outer, name, kind)
            constant = {"true": value, "false": f"NULL::{kind}"}
            values.append(constant.get(moved, f"CASE WHEN {moved} THEN {value} END"))
    return values


def _key_value(row: str, together: tuple[str, ...], name: str, kind: str) -> str:
    """Return one value of a key, null unless every column of the key has a value."""
    value = f"{row}.{quote(name)}::{kind}"
    others = [f"{row}.{quote(other)} IS NOT NULL" for other in together if other != name]
    return f"CASE WHEN {' AND '.join(others)} THEN {value} END" if others else value


def leads(row: str, places: tuple[Node, ...]) -> str:
    """Return the condition that a row can be part of a document: it has a parent or is a root."""
    return " OR ".join(
        "(" + " AND ".join(f"{row}.{quote(name)} IS NOT NULL" for name in node.inner) + ")"
        for node in places
    )


def links(tree: Tree, table: BaseTable, places: tuple[Node, ...]) -> list[str]:
    """Return the columns whose change moves a row to other documents: its key and join columns."""
    names = [column.name for column in table.key]
    names += [name for node in places for name in node.inner]
    return names + [name for _, edge in hanging(tree, places) for name in edge.outer]


def read_columns(tree: Tree, table: BaseTable, places: tuple[Node, ...]) -> list[str]:
    """Return the columns whose change shows in a document or moves the row."""
    return [*links(tree, table, places), *(name for node in places for name in node.columns)]


def differ(names: list[str], old: str, new: str) -> str:
    """Return the condition that columns differ between two sides of a row.

    Rows are compared by their binary images: ``1.0`` equals ``1.00``, but their documents differ.
    """
    once = list(dict.fromkeys(names))
    before, after = (", ".join(f"{row}.{quote(name)}" for name in once) for row in (old, new))
    return f"record_image_ne(ROW({before}), ROW({after}))"


ROW_TRIGGERS: Final = {"INSERT": "row_ins", "UPDATE": "row_upd", "DELETE": "row_del"}
"""Suffixes of row triggers by event."""


def row_objects(
    tree: Tree, number: int, table: BaseTable, places: tuple[Node, ...]
) -> Iterator[DatabaseObject]:
    """Yield the function that queues the keys of one row, and its triggers."""
    function = tree.own(f"rows_{number}")
    yield _function(tree, function, table, places)
    changed = differ(read_columns(tree, table, places), "OLD", "NEW")
    for event, part in ROW_TRIGGERS.items():
        # In the trigger, not the function: names are looked up when the trigger is created.
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
    return private_function(f"{function.sql}()", create, queue, owner=tree.spec.owner)


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

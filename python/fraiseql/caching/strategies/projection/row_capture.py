"""Row capture: row triggers that queue what each changed row touches.

They are made on a partitioned table alone: PostgreSQL gives each partition its own, also one that
is attached later. A row that moves to another partition fires as deleted there and inserted here.
"""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection.captured import (
    differ,
    leads,
    links,
    queued_columns,
    read_columns,
    side,
)
from fraiseql.caching.strategies.projection.spec import BaseTable, Qualified
from fraiseql.caching.strategies.projection.tree import Node, Tree
from fraiseql.catalog.picture import quote

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

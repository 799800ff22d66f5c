"""Capture: statement triggers that queue which groups and documents a statement touched.

Only keys are queued; what they lead to is asked when the transaction flushes, under its locks.
"""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection.spec import BaseTable, Qualified
from fraiseql.caching.strategies.projection.tree import FLUSH, Node, Tree
from fraiseql.catalog.picture import quote

_EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS newtab",
    "UPDATE": "REFERENCING OLD TABLE AS oldtab NEW TABLE AS newtab",
    "DELETE": "REFERENCING OLD TABLE AS oldtab",
    "TRUNCATE": "",
}

ISOLATION = """\
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'documents of {owner} are kept by triggers, which need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
"""


def capture_objects(tree: Tree) -> tuple[DatabaseObject, ...]:
    """Give each base table its capture function, and it and its partitions their triggers."""
    found: list[DatabaseObject] = []
    for number, table, places in tree.tables():
        function = tree.own(f"capture_{number}")
        found.append(_function(tree, function, table, places))
        for relation in (table.name, *table.partitions):
            found.extend(_trigger(tree, function, relation, event) for event in _EVENTS)
    return tuple(found)


def _function(
    tree: Tree, function: Qualified, table: BaseTable, places: tuple[Node, ...]
) -> DatabaseObject:
    queue = tree.own("queue")
    head = f"INSERT INTO {queue.sql} ({', '.join(_queued(tree, places))})"
    body = f"""\
  IF TG_OP = 'INSERT' THEN
    {head}
{_select(_side(tree, places, "n", "true"), "newtab n", _leads("n", places))};
  ELSIF TG_OP = 'DELETE' THEN
    {head}
{_select(_side(tree, places, "o", "false"), "oldtab o", _leads("o", places))};
  ELSIF TG_OP = 'UPDATE' THEN
    {head}
{_update(tree, table, places)};
  ELSE
    INSERT INTO {queue.sql} (everything) VALUES (true);
  END IF;
  GET DIAGNOSTICS fql_queued = ROW_COUNT;
  IF fql_queued = 0 THEN RETURN NULL; END IF;
{_forward(tree)}  RETURN NULL;"""
    create = f"""\
CREATE OR REPLACE FUNCTION {function.sql}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_queued bigint;
BEGIN
{body}
END $fraiseql$"""
    return DatabaseObject(
        kind="function",
        name=f"{function.sql}()",
        create=(create, f"REVOKE ALL ON FUNCTION {function.sql}() FROM PUBLIC"),
        drop=(f"DROP FUNCTION IF EXISTS {function.sql}()",),
        owner=tree.spec.owner,
        needs=(queue.sql, f"{tree.own('flush').sql}()", FLUSH, f"flush ON {FLUSH}"),
        replaces=True,
    )


def _forward(tree: Tree) -> str:
    if tree.spec.mode == "async":
        return ""
    isolation = ISOLATION.format(owner=message(tree.spec.owner))
    if tree.spec.mode == "statement":
        return f"{isolation}  PERFORM {tree.own('flush').sql}();\n"
    return (
        f"{isolation}"
        f"  INSERT INTO {FLUSH} (projection) VALUES ('{tree.spec.name}') ON CONFLICT DO NOTHING;\n"
    )


def _queued(tree: Tree, places: tuple[Node, ...]) -> list[str]:
    """Name the queue's columns that a row of these places fills."""
    below = [name for node in places for name in node.below]
    return below + [name for _, edge in _hanging(tree, places) for name in edge.above]


def _hanging(tree: Tree, places: tuple[Node, ...]) -> list[tuple[Node, Node]]:
    return [(node, edge) for node in places for edge in tree.locked(node)]


def _side(tree: Tree, places: tuple[Node, ...], row: str, moved: str) -> list[str]:
    """Write the values that one side of a changed row fills the queue with."""
    values = [
        _given(row, node.inner, name, kind)
        for node in places
        for name, kind in zip(node.inner, node.types, strict=True)
    ]
    for _, edge in _hanging(tree, places):
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


def _leads(row: str, places: tuple[Node, ...]) -> str:
    """Write whether a row can stand in a document at all: it has a parent, or is a root."""
    return " OR ".join(
        "(" + " AND ".join(f"{row}.{quote(name)} IS NOT NULL" for name in node.inner) + ")"
        for node in places
    )


def _select(values: list[str], source: str, condition: str) -> str:
    joined = ", ".join(values)
    return f"    SELECT DISTINCT {joined}\n    FROM {source}\n    WHERE {condition}"


def _update(tree: Tree, table: BaseTable, places: tuple[Node, ...]) -> str:
    """Write what an UPDATE queues: both sides of rows in which something that is read changed.

    Rows are compared by their binary images: ``1.0`` and ``1.00`` are equal, their documents not.
    """
    same_row = " AND ".join(f"o.{quote(k.name)} = n.{quote(k.name)}" for k in table.key)
    links = [name for node in places for name in node.inner]
    links += [name for _, edge in _hanging(tree, places) for name in edge.outer]
    keys = [column.name for column in table.key]
    read = keys + links + [name for node in places for name in node.columns]
    names = ", ".join(f"f{number}" for number, _ in enumerate(_queued(tree, places)))
    old = ", ".join(_side(tree, places, "o", "false"))
    new = ", ".join(_side(tree, places, "n", _differ([*keys, *links])))
    return f"""\
    SELECT DISTINCT {names}
    FROM oldtab o FULL JOIN newtab n ON {same_row}
    CROSS JOIN LATERAL (
      -- [old side]
      SELECT {old} WHERE {_leads("o", places)} UNION ALL
      -- [new side]
      SELECT {new} WHERE {_leads("n", places)}
    ) AS side({names})
    WHERE {_differ(read)}"""


def _differ(names: list[str]) -> str:
    once = list(dict.fromkeys(names))
    old, new = (", ".join(f"{row}.{quote(name)}" for name in once) for row in "on")
    return f"record_image_ne(ROW({old}), ROW({new}))"


def _trigger(tree: Tree, function: Qualified, relation: Qualified, event: str) -> DatabaseObject:
    """One event only: PostgreSQL allows no transition tables for several."""
    name = quote(f"fql_{tree.spec.name}_{event.lower()}")
    create = f"""\
CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {relation.sql}
{_EVENTS[event]} FOR EACH STATEMENT EXECUTE FUNCTION {function.sql}()"""
    return DatabaseObject(
        kind="trigger",
        name=f"{name} ON {relation.sql}",
        create=(create, f"ALTER TABLE ONLY {relation.sql} ENABLE ALWAYS TRIGGER {name}"),
        drop=(f"DROP TRIGGER IF EXISTS {name} ON {relation.sql}",),
        owner=tree.spec.owner,
        needs=(f"{function.sql}()",),
        lock=f"SHARE ROW EXCLUSIVE on {relation.sql} until commit; waits for its writers",
        replaces=True,
    )


def message(value: str) -> str:
    """Make a name safe inside a quoted message of RAISE."""
    return value.replace("'", "''").replace("%", "%%")

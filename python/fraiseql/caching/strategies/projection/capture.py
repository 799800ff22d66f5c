"""Triggers that queue the keys of changed rows.

Only keys are queued; a flush finds the documents that they belong to, under its locks. Most tables
have statement triggers with transition tables. Where transition tables may miss rows, row triggers
queue the keys, and a statement trigger starts the flush.
"""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from collections.abc import Iterator

from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.caching.strategies.projection.row_capture import (
    ROW_TRIGGERS,
    differ,
    leads,
    links,
    queued_columns,
    read_columns,
    row_objects,
    side,
)
from fraiseql.caching.strategies.projection.spec import BaseTable, Qualified
from fraiseql.caching.strategies.projection.tree import BY_INDEX, FLUSH, Node, Tree
from fraiseql.catalog.picture import quote

_EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS newtab",
    "UPDATE": "REFERENCING OLD TABLE AS oldtab NEW TABLE AS newtab",
    "DELETE": "REFERENCING OLD TABLE AS oldtab",
    "TRUNCATE": "",
}
_WRITTEN = "written"
"""Suffix of the statement trigger of a table with row triggers."""

ISOLATION = """\
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'triggers maintain the documents of {owner} and need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
"""


def capture_objects(tree: Tree) -> tuple[DatabaseObject, ...]:
    """Return each base table's capture function, and the triggers of it and its partitions."""
    objects: list[DatabaseObject] = []
    for number, table, places in tree.tables():
        function = tree.own(f"capture_{number}")
        if table.by_row:
            objects += row_objects(tree, number, table, places)
            objects.append(_after_rows(tree, function))
        else:
            objects.append(_function(tree, function, table, places))
        for relation in (table.name, *table.partitions):
            objects.extend(_triggers(tree, function, table, relation))
    return tuple(objects)


def trigger_names(tree: Tree) -> Iterator[tuple[Qualified, str]]:
    """Yield each relation with the name of each trigger that it must have."""
    for _, table, _ in tree.tables():
        events = [event.lower() for event in _EVENTS]
        names = [*ROW_TRIGGERS.values(), _WRITTEN] if table.by_row else events
        for relation in (table.name, *table.partitions):
            yield from ((relation, tree.trigger(name)) for name in names)


def _function(
    tree: Tree, function: Qualified, table: BaseTable, places: tuple[Node, ...]
) -> DatabaseObject:
    queue = tree.own("queue")
    head = f"INSERT INTO {queue.sql} ({', '.join(queued_columns(tree, places))})"
    body = f"""\
  IF TG_OP = 'INSERT' THEN
    {head}
{_select(side(tree, places, "n", "true"), "newtab n", leads("n", places))};
  ELSIF TG_OP = 'DELETE' THEN
    {head}
{_select(side(tree, places, "o", "false"), "oldtab o", leads("o", places))};
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
    return _capture(tree, function, create)


def _after_rows(tree: Tree, function: Qualified) -> DatabaseObject:
    """Return the function that starts a flush after the rows of a statement were queued."""
    queue = tree.own("queue").sql
    create = f"""\
CREATE OR REPLACE FUNCTION {function.sql}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp {BY_INDEX} AS $fraiseql$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO {queue} (everything) VALUES (true);
  ELSIF NOT EXISTS (SELECT FROM {queue} q WHERE q.xid = pg_current_xact_id_if_assigned()) THEN
    RETURN NULL;
  END IF;
{_forward(tree)}  RETURN NULL;
END $fraiseql$"""
    return _capture(tree, function, create)


def _capture(tree: Tree, function: Qualified, create: str) -> DatabaseObject:
    return private_function(
        f"{function.sql}()",
        create,
        tree.own("queue").sql,
        f"{tree.own('flush').sql}()",
        FLUSH,
        f"flush ON {FLUSH}",
        owner=tree.spec.owner,
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


def _select(values: list[str], source: str, condition: str) -> str:
    joined = ", ".join(values)
    return f"    SELECT DISTINCT {joined}\n    FROM {source}\n    WHERE {condition}"


def _update(tree: Tree, table: BaseTable, places: tuple[Node, ...]) -> str:
    """Return SQL of what an UPDATE queues: both sides of rows with a change in a read column."""
    same_row = " AND ".join(f"o.{quote(k.name)} = n.{quote(k.name)}" for k in table.key)
    names = ", ".join(f"f{number}" for number, _ in enumerate(queued_columns(tree, places)))
    old = ", ".join(side(tree, places, "o", "false"))
    new = ", ".join(side(tree, places, "n", differ(links(tree, table, places), "o", "n")))
    return f"""\
    SELECT DISTINCT side.*
    FROM oldtab o FULL JOIN newtab n ON {same_row}
    CROSS JOIN LATERAL (
      -- [old side]
      SELECT {old} WHERE {leads("o", places)} UNION ALL
      -- [new side]
      SELECT {new} WHERE {leads("n", places)}
    ) AS side({names})
    WHERE {differ(read_columns(tree, table, places), "o", "n")}"""


def _triggers(
    tree: Tree, function: Qualified, table: BaseTable, relation: Qualified
) -> Iterator[DatabaseObject]:
    """Yield one trigger for each event: transition tables allow only one event."""
    if table.by_row:
        events = "TRUNCATE" if tree.spec.mode == "async" else " OR ".join(_EVENTS)
        yield _trigger(tree, function, relation, _WRITTEN, f"AFTER {events} ON {relation.sql}")
        return
    for event, tables in _EVENTS.items():
        yield _trigger(
            tree, function, relation, event.lower(), f"AFTER {event} ON {relation.sql}\n{tables}"
        )


def _trigger(
    tree: Tree, function: Qualified, relation: Qualified, part: str, when: str
) -> DatabaseObject:
    name = quote(tree.trigger(part))
    create = f"""\
CREATE OR REPLACE TRIGGER {name} {when} FOR EACH STATEMENT EXECUTE FUNCTION {function.sql}()"""
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
    """Escape a name for a quoted message of RAISE."""
    return value.replace("'", "''").replace("%", "%%")

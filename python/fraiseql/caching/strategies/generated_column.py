"""Documents in a generated column of their table."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fraiseql.caching.definition.rows import RowFunction, row_function
from fraiseql.caching.definition.tables import Table
from fraiseql.caching.dependencies.access import load_access
from fraiseql.caching.dependencies.recorded import (
    fingerprint_name,
    fingerprint_object,
    fingerprint_objects,
    must_be_unchanged,
    record,
    recorded_prompt,
)
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType, Violation, live_reads
from fraiseql.caching.strategies.compare import RowComparison, Verified, compare_rows, repair_rows
from fraiseql.caching.strategies.fields import refused_fields
from fraiseql.catalog.picture import quote
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.sources import StoredSource

_KINDS: Final = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
}
# Bytes of a table that are rewritten in a second: a low and a high estimate.
_SLOW: Final = 5_000_000
_FAST: Final = 40_000_000


def column_name(stored_type: StoredType) -> str:
    """Return the qualified and quoted name of the column."""
    return f"{stored_type.table.sql}.{quote(stored_type.stored.column)}"


def function_of(stored_type: StoredType) -> RowFunction:
    """Return the function that computes the document."""
    names = [field.name for field in stored_type.own_fields()]
    return row_function(stored_type.type_name, stored_type.table, names)


# The function's name ends with a digest of the document's definition: a column that depends on it
# contains the documents that are declared now. A child table has an expression of its own.
_APPLIED: Final = """
SELECT FROM pg_namespace n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = $3 AND t.attgenerated = 's'
JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = t.attnum
JOIN pg_depend x ON x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid
  AND x.refclassid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = x.refobjid
JOIN pg_namespace f ON f.oid = p.pronamespace
WHERE n.nspname = $1 AND format('"%s"."%s"', f.nspname, p.proname) = $4
  AND NOT EXISTS (
    WITH RECURSIVE below(oid) AS (
      SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = c.oid
      UNION SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid)
    SELECT FROM below b JOIN pg_class k ON k.oid = b.oid
    LEFT JOIN pg_attribute a ON a.attrelid = b.oid AND a.attname = $3
    LEFT JOIN pg_attrdef e ON e.adrelid = b.oid AND e.adnum = a.attnum
    WHERE k.relkind = 'f'
      OR pg_get_expr(e.adbin, b.oid) IS DISTINCT FROM pg_get_expr(d.adbin, c.oid))
"""


async def inspect(_stored_type: StoredType, _pool: Pool) -> None:
    """Read nothing: documents depend on their own row only."""


def objects(stored_type: StoredType) -> Iterable[DatabaseObject]:
    """Return the function, the column and the live view."""
    function = function_of(stored_type)
    column = quote(stored_type.stored.column)
    table = stored_type.table.sql
    add = f"ADD COLUMN {column} jsonb GENERATED ALWAYS AS ({function.call()}) STORED"
    subject = column_name(stored_type)
    # The view depends on the columns of the document, by their numbers too.
    view = live_view.view_name(stored_type)
    statement = record(subject, (view,), (function.object.name,))
    needs = (function.object.name, view)
    return [
        function.object,
        *live_view.objects(stored_type),
        *fingerprint_objects(),
        fingerprint_object(subject, statement, stored_type.type_name, needs),
        DatabaseObject(
            "column",
            subject,
            (f"ALTER TABLE {table} {add}",),
            (f"ALTER TABLE {table} DROP COLUMN IF EXISTS {column}",),
            stored_type.type_name,
            needs=(function.object.name, fingerprint_name(subject)),
            lock=rewrite_lock(stored_type.table),
        ),
    ]


async def read_source(stored_type: StoredType, pool: Pool) -> StoredSource | None:
    """Return the column as the source to read, if it exists in the declared version."""
    table, column = stored_type.table, str(stored_type.stored.column)
    args: list[Any] = [table.schema, table.name, column, function_of(stored_type).name]
    if not await pool.inspect(_APPLIED, args):
        return None
    prompt = await recorded_prompt(pool, column_name(stored_type))
    if prompt is None:
        return None
    relation = stored_type.context.catalog.relations[stored_type.definition.sql_source or ""]
    unchanged = must_be_unchanged(column_name(stored_type), prompt, (table.sql,))
    access = await load_access(pool.inspect, column_name(stored_type), live_reads(stored_type))
    return StoredSource(relation, column, "row", unchanged=unchanged, access=access)


def readable(_stored_type: StoredType) -> Iterable[str]:
    """Return nothing: the column belongs to the table."""
    return ()


async def verify(stored_type: StoredType, connection: AdminConnection, sample: float) -> Verified:
    """Compare the stored documents with those that the function computes now."""
    return await compare_rows(connection, stored_type.type_name, comparison(stored_type), sample)


async def repair(stored_type: StoredType, connection: AdminConnection) -> int:
    """Update the rows whose stored documents differ."""
    return await repair_rows(connection, comparison(stored_type))


def comparison(stored_type: StoredType) -> RowComparison:
    """Return the comparison of stored documents with those that the function computes."""
    function = function_of(stored_type)
    columns = stored_type.table.columns
    # An update of any column that the function reads recomputes the document.
    touched = next((n for n in function.columns if not columns[n].identity), function.columns[0])
    return RowComparison(
        stored_type.table.sql,
        stored_type.key,
        f"t.{quote(stored_type.stored.column)}",
        function.call("t"),
        f"{quote(touched)} = {quote(touched)}",
    )


def rewrite_lock(table: Table) -> str:
    """Return the lock and cost of adding a stored column, which rewrites the table."""
    size = table.bytes / 1_000_000
    fast, slow = table.bytes / _FAST, table.bytes / _SLOW
    time = "under a second" if slow < 1 else f"about {fast:.0f} to {slow:.0f} s"
    return (
        f"ACCESS EXCLUSIVE on {table.sql} while the table is rewritten"
        f" ({size:,.1f} MB: {time}, estimated from its size): reads and writes wait"
    )


def refusals(stored_type: StoredType) -> Iterator[Violation]:
    """Yield the reasons for refusing the column."""
    yield from _of_table(stored_type)
    for field in stored_type.embedded_fields():
        yield Violation(
            "EMBED_IN_GENERATED_COLUMN",
            f"{stored_type.type_name}.{field.name}",
            "a generated column is computed from its own row alone, and an embed reads other rows.",
            "Leave the type live, or store the documents of the embedded type instead."
            " (Projection stores embeds, in a table of its own.)",
        )
    yield from _of_generated(stored_type)
    column = (stored_type.stored.column,)
    yield from refused_fields(
        stored_type.context.schema, stored_type.type_name, stored_type.table, but=column
    )


def _of_table(stored_type: StoredType) -> Iterator[Violation]:
    table, where = stored_type.table, stored_type.type_name
    if table.kind not in ("r", "p") or table.partition:
        kind = "a partition" if table.partition else _KINDS.get(table.kind, "no table")
        yield Violation(
            "TABLE_NOT_STORABLE",
            where,
            f"{table.sql} is {kind}, which cannot have a generated column of its own.",
            "Declare the type over the table itself (for a partition: over its parent).",
        )
    elif not table.owned:
        yield Violation(
            "TABLE_NOT_STORABLE",
            where,
            f"{table.sql} belongs to a role that the connected role is not a member of.",
            "Apply as the owner of the table, or write the SQL with --sql for the owner to run.",
            create_only=True,
        )
    document = stored_type.definition.jsonb_column
    if document is not None:
        yield Violation(
            "TABLE_NOT_STORABLE",
            where,
            f"it names jsonb_column={document!r}: a document that the application writes.",
            f"Leave jsonb_column out: {stored_type.stored.column!r} is created and read by itself.",
        )


def _of_generated(stored_type: StoredType) -> Iterator[Violation]:
    for field in stored_type.own_fields():
        column = stored_type.table.columns.get(field.name)
        if column is not None and column.generated and field.name != stored_type.stored.column:
            yield Violation(
                "COLUMN_NOT_STORABLE",
                f"{stored_type.type_name}.{field.name}",
                "the column is generated, and a generated column cannot read another.",
                "Fill it from a trigger, or make it a computed field in Python; or leave the type"
                " live.",
            )

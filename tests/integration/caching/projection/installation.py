"""Installation of projections, and their comparison with oracle and view."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import asyncpg

from fraiseql.caching.strategies.projection import ProjectionSpec, projection_objects
from fraiseql.caching.strategies.projection.maintenance_sql import comparison
from fraiseql.caching.strategies.projection.tree import Tree
from tests.integration.caching.projection.schemas import Case

Change = Callable[[str], str]


def as_written(statement: str) -> str:
    return statement


async def install(
    connection: asyncpg.Connection,
    specs: Iterable[ProjectionSpec],
    change: Change = as_written,
    *,
    build: bool = True,
) -> None:
    """Create everything that the specs want; ``change`` may damage each statement first."""
    objects = [object_ for spec in specs for object_ in projection_objects(spec)]
    statements = [change(text) for each in objects if each.kind != "data" for text in each.create]
    await connection.execute(";\n".join(statements))
    for each in objects:
        if build and each.kind == "data":
            await connection.execute(each.create[0])


async def fresh(connection: asyncpg.Connection, case: Case, change: Change = as_written) -> None:
    """Recreate the schema, empty, with its projections."""
    await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
    await connection.execute(case.tables)
    await install(connection, case.specs, change)


async def unlike(
    connection: asyncpg.Connection, spec: ProjectionSpec, change: Change = as_written
) -> list[asyncpg.Record]:
    """Return the first rows in which a projection and its live view differ."""
    rows = await connection.fetch(change(comparison(spec, 100)))
    return [row for row in rows if row["key"] is not None]


def repair(spec: ProjectionSpec) -> str:
    """Write the query that repairs every batch at once; it returns the number of documents."""
    tree = Tree.of(spec)
    function = tree.own("mend").sql
    nulls = ", ".join(f"NULL::{kind}" for kind in tree.root.types)
    last = ", ".join(f"b.fql_last{number}" for number, _ in enumerate(tree.root.types))
    return f"""\
WITH RECURSIVE batches AS (
  SELECT * FROM {function}({nulls}) UNION ALL
  SELECT m.* FROM batches b CROSS JOIN LATERAL {function}({last}) m WHERE b.fql_last0 IS NOT NULL)
SELECT sum(fql_mended)::bigint FROM batches"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many documents were looked at in one snapshot, and which are wrong."""

    documents: int
    wrong: list[str]


async def differences(connection: asyncpg.Connection, case: Case) -> list[str]:
    """List where view or oracle disagree, in one snapshot; empty when right."""
    return (await compared(connection, case)).wrong


# As on the connections of the framework, which `fraiseql db verify` compares on.
_AS_VERIFIED = """
SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'
"""


async def compared(connection: asyncpg.Connection, case: Case) -> Comparison:
    """Compare documents with the live views and with the oracle over base rows."""
    result, documents = [], 0
    bases = ", ".join(f"app.{name}" for name in case.names) or "app.users"
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        # Before the snapshot: one that is older than a TRUNCATE reads the table as empty.
        await connection.execute(f"LOCK TABLE {bases} IN ACCESS SHARE MODE")
        await connection.execute(_AS_VERIFIED)
        rows = {
            name: [dict(row) for row in await connection.fetch(f"SELECT * FROM app.{name}")]
            for name in case.names
        }
        for spec, oracle in zip(case.specs, case.oracles, strict=True):
            result += [f"view {spec.owner}: {row}" for row in await unlike(connection, spec)]
            stored = await connection.fetch(f"SELECT * FROM {spec.table.sql}")
            documents += len(stored)
            keys = [column.name for column in spec.key]
            documents_by_key = {
                tuple(row[key] for key in keys): json.loads(row["data"]) for row in stored
            }
            right = oracle(rows)
            result += [
                f"oracle {spec.owner} {key}: {documents_by_key.get(key)}, not {right.get(key)}"
                for key in documents_by_key.keys() | right.keys()
                if documents_by_key.get(key) != right.get(key)
            ]
    return Comparison(documents, result)

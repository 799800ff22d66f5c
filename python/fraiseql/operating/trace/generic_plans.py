"""Query identifiers and relations of statements, from their generic plans.

``PREPARE`` and ``EXPLAIN EXECUTE`` work on every version; ``EXPLAIN (GENERIC_PLAN)`` refuses
parameters that the driver does not send.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Identity, Pool, Transaction
from fraiseql.errors import FraiseQLError

_NAME: Final = "fraiseql_traced"
_PREPARED: Final = """\
SELECT count(*) FROM pg_catalog.pg_prepared_statements p
WHERE p.name OPERATOR(pg_catalog.=) $1"""
_TYPES: Final = """\
SELECT ARRAY(SELECT pg_catalog.format_type(t.id, NULL)
  FROM pg_catalog.unnest(p.parameter_types::pg_catalog.oid[]) WITH ORDINALITY AS t (id, place)
  ORDER BY t.place) AS types
FROM pg_catalog.pg_prepared_statements p WHERE p.name OPERATOR(pg_catalog.=) $1"""


@dataclass(frozen=True, slots=True)
class StatementPlan:
    """Facts of a statement that PostgreSQL knows before it runs.

    Attributes:
        query_id: ``queryid`` of ``pg_stat_statements``; None without that extension.
        param_types: Types of the parameters.
        relations: Relations that the plan reads, each ``schema.name``.
    """

    query_id: int | None = None
    param_types: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()


UNKNOWN: Final = StatementPlan()


async def statement_plans(pool: Pool, statements: Sequence[str]) -> list[StatementPlan]:
    """Return the plan of each statement; ``UNKNOWN`` where PostgreSQL refuses it.

    No statement runs.

    Args:
        pool: Connections of the role that serves.
        statements: Texts.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    async with _planning(pool) as session:
        return [await _planned(session, sql) for sql in statements]


async def generic_plan(pool: Pool, sql: str) -> str | None:
    """Return the generic plan of a statement as text; None where PostgreSQL refuses it.

    The statement does not run.

    Args:
        pool: Connections of the role that serves.
        sql: Its text.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    async with _planning(pool) as session:
        explained = await _explained(session, sql, "COSTS")
    return None if explained is None else "\n".join(explained[1])


async def generic_plan_tree(pool: Pool, sql: str) -> Mapping[str, Any] | None:
    """Return the root node of the generic plan of a statement; None where PostgreSQL refuses it.

    Args:
        pool: Connections of the role that serves.
        sql: Its text.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    async with _planning(pool) as session:
        explained = await _explained(session, sql, "VERBOSE, FORMAT JSON")
    if explained is None:
        return None
    root: Mapping[str, Any] = json.loads("".join(explained[1]))[0]["Plan"]
    return root


@asynccontextmanager
async def _planning(pool: Pool) -> AsyncIterator[Transaction]:
    """Begin a transaction that plans for any values and writes nothing."""
    async with pool.acquire(Identity.NONE, recorded=True) as connection:
        session = Transaction(connection)
        await session.execute("BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan")
        yield session
        await session.execute("ROLLBACK")


async def _planned(session: Transaction, sql: str) -> StatementPlan:
    explained = await _explained(session, sql, "VERBOSE, FORMAT JSON")
    if explained is None:
        return UNKNOWN
    types, lines = explained
    plan = json.loads("".join(lines))[0]
    relations = tuple(dict.fromkeys(_relations(plan["Plan"])))
    return StatementPlan(plan.get("Query Identifier"), types, relations)


async def _explained(
    session: Transaction, sql: str, options: str
) -> tuple[tuple[str, ...], list[str]] | None:
    """Return the types of the parameters and the lines of EXPLAIN; None for a refusal."""
    await session.execute("SAVEPOINT fraiseql_traced")
    try:
        # Not by ``execute``, which takes several statements: the second one would run.
        await session.fetch(f"PREPARE {_NAME} AS {sql}")
        types = await session.fetchval(_TYPES, _NAME)
        nulls = ", ".join(["NULL"] * len(types))
        rows = await session.fetch(
            f"EXPLAIN ({options}) EXECUTE {_NAME}{f'({nulls})' if nulls else ''}"
        )
        await session.execute(f"DEALLOCATE {_NAME}")
    except FraiseQLError:
        # A role of its own, a command without a plan, or a relation that is gone.
        await session.execute("ROLLBACK TO SAVEPOINT fraiseql_traced")
        # Not ``ALL``: the driver has prepared statements of its own on this connection.
        if await session.fetchval(_PREPARED, _NAME):
            await session.execute(f"DEALLOCATE {_NAME}")
        return None
    return tuple(types), [row[0] for row in rows]


def _relations(node: Mapping[str, Any]) -> Iterator[str]:
    if "Relation Name" in node:
        yield f"{node['Schema']}.{node['Relation Name']}"
    for child in node.get("Plans", ()):
        yield from _relations(child)

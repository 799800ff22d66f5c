"""Generic plans of PostgreSQL, for any values."""

import re
from dataclasses import dataclass
from typing import Final

from fraiseql.database import Database, Identity, Pool
from fraiseql.serving.execution.statements import PreparedQuery

_NAME: Final = "fraiseql_explained"
_INDEX: Final = re.compile(r'Index (?:Only )?Scan (?:Backward )?(?:using|on) ("(?:[^"]|"")+"|\S+)')


@dataclass(frozen=True, slots=True)
class GenericPlan:
    """The plan of a prepared statement for any values.

    Attributes:
        lines: Its text from EXPLAIN.
        indexes: Names of its indexes.
    """

    lines: tuple[str, ...]
    indexes: tuple[str, ...]


async def prove(pool: Pool, query: PreparedQuery, identity: Identity) -> GenericPlan:
    """Return the generic plan of a statement, with the indexes that it can always use.

    A plan for specific values may use a partial index that the prepared statement cannot use.

    Args:
        pool: Connections to the database.
        query: The statement.
        identity: Role and session variables.

    Raises:
        DatabaseError: PostgreSQL refused the statement.
    """
    nulls = ", ".join(["NULL"] * len(query.parameters))
    async with Database(pool, identity).transaction() as transaction:
        await transaction.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await transaction.execute(f"PREPARE {_NAME} AS {query.text}")
        rows = await transaction.fetch(f"EXPLAIN EXECUTE {_NAME}{f'({nulls})' if nulls else ''}")
        await transaction.execute(f"DEALLOCATE {_NAME}")
    lines = tuple([str(row[0]) for row in rows])
    indexes = [match[1].strip('"') for line in lines for match in _INDEX.finditer(line)]
    return GenericPlan(lines, tuple(dict.fromkeys(indexes)))

"""Generic plans: what PostgreSQL does with a statement that it plans once, for any values."""

import re
from dataclasses import dataclass
from typing import Final

from fraiseql.database import Database, Identity, Pool
from fraiseql.serving.execution.statements import PreparedQuery

_NAME: Final = "fraiseql_explained"
_INDEX: Final = re.compile(r'Index (?:Only )?Scan (?:Backward )?(?:using|on) ("(?:[^"]|"")+"|\S+)')


@dataclass(frozen=True, slots=True)
class GenericPlan:
    """The plan of a prepared statement that holds for all values.

    Attributes:
        lines: As PostgreSQL prints it.
        indexes: Names of the indexes that it uses.
    """

    lines: tuple[str, ...]
    indexes: tuple[str, ...]


async def prove(pool: Pool, query: PreparedQuery, identity: Identity) -> GenericPlan:
    """Return the generic plan of a statement, which shows the indexes that it can always use.

    A plan for known values proves nothing: it may use a partial index that the prepared statement
    cannot.

    Args:
        pool: Connections to the database.
        query: The statement.
        identity: Role and session variables to plan under.

    Raises:
        DatabaseError: PostgreSQL refuses the statement.
    """
    nulls = ", ".join(["NULL"] * len(query.parameters))
    async with Database(pool, identity).transaction() as transaction:
        await transaction.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await transaction.execute(f"PREPARE {_NAME} AS {query.text}")
        rows = await transaction.fetch(f"EXPLAIN EXECUTE {_NAME}{f'({nulls})' if nulls else ''}")
        await transaction.execute(f"DEALLOCATE {_NAME}")
    lines = tuple([str(row[0]) for row in rows])
    found = [match[1].strip('"') for line in lines for match in _INDEX.finditer(line)]
    return GenericPlan(lines, tuple(dict.fromkeys(found)))

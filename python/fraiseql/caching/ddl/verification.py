"""Results of the last comparisons of stored documents with live ones."""
# ruff: noqa: S608 - names are constants

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fraiseql.caching.ddl.trace_objects import VERIFICATION
from fraiseql.caching.strategies.compare import Verified
from fraiseql.database.writing import AdminConnection

Fetch = Callable[[str], Awaitable[Sequence[Any]]]

_ALLOWED: Final = f"""\
SELECT coalesce(has_table_privilege(c.oid, 'SELECT'), false) AS reads,
  coalesce(has_table_privilege(c.oid, 'INSERT, UPDATE'), false) AS writes
FROM (SELECT to_regclass('{VERIFICATION}')::oid) AS c (oid)"""
_WRITE: Final = f"""\
INSERT INTO {VERIFICATION} AS v (type_name, at, sample, compared, differing)
VALUES ($1, clock_timestamp(), $2, $3, $4)
ON CONFLICT (type_name) DO UPDATE SET at = excluded.at, sample = excluded.sample,
  compared = excluded.compared, differing = excluded.differing"""
_READ: Final = f"SELECT type_name, at, sample, compared, differing FROM {VERIFICATION}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The last comparison of the documents of one type.

    Attributes:
        type_name: GraphQL name.
        at: Its time.
        sample: Share of the rows that it compared, in per cent.
        compared: Number of compared documents.
        differing: Number of documents that differed.
    """

    type_name: str
    at: datetime
    sample: float
    compared: int
    differing: int


async def record_verified(
    connection: AdminConnection, results: Iterable[Verified], sample: float
) -> bool:
    """Record comparisons for metrics; return False if the table cannot be written.

    Types that were not compared keep their last result.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not (await connection.fetch(_ALLOWED))[0]["writes"]:
        return False
    for result in results:
        if not result.note:
            values = (result.type_name, sample, result.compared, result.differing)
            await connection.execute(_WRITE, *values)
    return True


async def load_verifications(fetch: Fetch) -> dict[str, Verification]:
    """Return the last comparison of each type; none if the role may not read them.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not (await fetch(_ALLOWED))[0]["reads"]:
        return {}
    return {row["type_name"]: Verification(**dict(row)) for row in await fetch(_READ)}

"""Validate an entry from Redis in the reader's own PostgreSQL snapshot.

The statement begins after the frame was read. It rejects frames with unseen writes, frames from
after its snapshot, and frames from before a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from fraiseql.caching.dependencies.privileges import Reader
from fraiseql.caching.results.stores.base import Lookup, LookupResult, Reason
from fraiseql.caching.results.stores.lookup import TABLE_RULES, lookup_sql, reader_arguments
from fraiseql.caching.results.stores.redis.encoding import Frame
from fraiseql.caching.results.stores.redis.epoch import EPOCH_SQL
from fraiseql.database import Origin, Pool
from fraiseql.results import CacheResult

RULES: Final = tuple(name for name in TABLE_RULES if name != "expired")
"""The look-up's rules but for expiry, which the clock of Redis decides."""

# An entry's relation is its epoch; one that ended, or has no name yet, never matches.
_SOURCE: Final = f"""\
SELECT $1::text::pg_snapshot AS snap, $2::text[] AS tags, $3::bigint AS shape,
  pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $4::double precision) AS made,
  $5::text AS home, coalesce({EPOCH_SQL}, '') AS place"""

_COLUMNS: Final = {"epoch": EPOCH_SQL}


@dataclass(frozen=True, slots=True)
class Validation:
    """Validity of a frame in one snapshot.

    Attributes:
        reason: ``hit``, or why the frame may not be used; expiry is checked elsewhere.
        label: Label of the next computed value; None where nothing may be stored.
        fingerprint: Fingerprint of the definitions.
        roles_digest: Digest of the roles that decide access.
        lag_seconds: Age of the oldest committed write that the frame misses.
        source_seconds: Age of a source that may be stale.
        orphaned: Whether an epoch must begin before anything can be stored.
        origin: Connection that validated.
        steady: Whether it still has the settings that it began with.
    """

    reason: Reason
    label: str | None = ""
    fingerprint: int = 0
    roles_digest: int = 0
    lag_seconds: float = 0.0
    source_seconds: float | None = None
    orphaned: bool = False
    origin: Origin | None = None
    steady: bool = True

    def result(self, reason: Reason, hit: CacheResult | None = None) -> LookupResult:
        """Return the result of the look-up."""
        return LookupResult(
            reason,
            self.label,
            self.fingerprint,
            hit=hit,
            source_seconds=self.source_seconds,
            roles_digest=self.roles_digest,
            origin=self.origin,
            steady=self.steady,
        )


async def validate(pool: Pool, lookup: Lookup, frame: Frame | None, age: float) -> Validation:
    """Validate a frame; without one, return the state of the database.

    Args:
        pool: The caches' own connections.
        lookup: What to look up.
        frame: Frame from Redis.
        age: Seconds since it was computed.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    values = _values(lookup, frame, age)
    fetched = await pool.fetch_at(_statement(lookup), values)
    assert fetched is not None  # noqa: S101 - no particular server was requested
    (row,), origin = fetched
    snapshot, epoch = row["snapshot"], row["epoch"]
    return Validation(
        row["reason"],
        None if snapshot is None or epoch is None else f"{epoch} {snapshot}",
        row["shape"],
        row["roles_digest"],
        row["seconds"],
        row["source_seconds"],
        orphaned=epoch is None,
        origin=origin,
        steady=row["loaded"] == origin.loaded,
    )


def _values(lookup: Lookup, frame: Frame | None, age: float) -> Sequence[Any]:
    values: list[Any] = [None, None, None, None, None]
    if frame is not None:
        values = [frame.snapshot, frame.tags, frame.fingerprint, age, frame.epoch]
    return [*values, *reader_arguments(lookup)]


def _statement(lookup: Lookup) -> str:
    # The SQL depends on the reader only in whether the request sets a role.
    role = "" if lookup.reader.role is not None else None
    return _sql(replace(lookup, reader=Reader(role)))


@lru_cache(maxsize=10_000)
def _sql(lookup: Lookup) -> str:
    return lookup_sql(lookup, _SOURCE, _COLUMNS, rules=RULES, first=6)

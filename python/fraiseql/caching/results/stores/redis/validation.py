"""Judging: whether what Redis had is true in the reader's own snapshot, as PostgreSQL tells.

The statement begins after the frame was read. What it cannot see it does not give: not what was
written since the frame was, nor a frame that is ahead of it or from before a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from fraiseql.caching.dependencies.privileges import Reader
from fraiseql.caching.results.stores.base import Lookup, Reason
from fraiseql.caching.results.stores.lookup import TABLE_RULES, lookup_sql, reader_arguments
from fraiseql.caching.results.stores.redis.encoding import Frame
from fraiseql.caching.results.stores.redis.epoch import EPOCH_SQL
from fraiseql.database import Origin, Pool

RULES: Final = tuple(name for name in TABLE_RULES if name != "expired")
"""Those of the look-up, but for the end of an entry: that is told by the clock of Redis."""

# The place of an entry is the epoch: one that has ended, or has no name yet, is nobody's home.
_SOURCE: Final = f"""\
SELECT $1::text::pg_snapshot AS snap, $2::text[] AS tags, $3::bigint AS shape,
  pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $4::double precision) AS made,
  $5::text AS home, coalesce({EPOCH_SQL}, '') AS place"""

_COLUMNS: Final = {"epoch": EPOCH_SQL}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one snapshot says.

    Attributes:
        reason: ``hit`` where the frame may be given, if its time is not over.
        label: What an entry that is computed now is labelled with; None where none may be kept.
        shape: Fingerprint of the definitions.
        rights: Digest of the roles that count.
        seconds: Age of the oldest committed write that the frame lacks.
        source_seconds: Age of a source that may be stale.
        orphaned: Whether an epoch must be begun before anything can be kept.
        origin: Of the connection that judged.
        steady: Whether it still has the settings that it began with.
    """

    reason: Reason
    label: str | None = ""
    shape: int = 0
    rights: int = 0
    seconds: float = 0.0
    source_seconds: float | None = None
    orphaned: bool = False
    origin: Origin | None = None
    steady: bool = True


async def judge(pool: Pool, lookup: Lookup, frame: Frame | None, age: float) -> Verdict:
    """Ask PostgreSQL about a frame, or about its own state where there is none.

    Args:
        pool: The result caches' own.
        lookup: What is asked.
        frame: What Redis had.
        age: Seconds since it was computed.

    Raises:
        DatabaseError: It cannot be asked.
    """
    values = _values(lookup, frame, age)
    fetched = await pool.fetch_at(_statement(lookup), values)
    assert fetched is not None  # noqa: S101 - no server was asked for
    (row,), origin = fetched
    snapshot, epoch = row["snapshot"], row["epoch"]
    return Verdict(
        row["reason"],
        None if snapshot is None or epoch is None else f"{epoch} {snapshot}",
        row["shape"],
        row["rights"],
        row["seconds"],
        row["source_seconds"],
        orphaned=epoch is None,
        origin=origin,
        steady=row["loaded"] == origin.loaded,
    )


def _values(lookup: Lookup, frame: Frame | None, age: float) -> Sequence[Any]:
    values: list[Any] = [None, None, None, None, None]
    if frame is not None:
        values = [frame.snapshot, frame.tags, frame.shape, age, frame.epoch]
    return [*values, *reader_arguments(lookup)]


def _statement(lookup: Lookup) -> str:
    # Readers are told apart by parameters alone, but for whether they set a role.
    named = "" if lookup.reader.role is not None else None
    return _text(replace(lookup, reader=Reader(named)))


@lru_cache(maxsize=10_000)
def _text(lookup: Lookup) -> str:
    return lookup_sql(lookup, _SOURCE, _COLUMNS, rules=RULES, first=6)

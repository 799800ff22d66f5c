"""Validate entries from Redis, all that wait with one statement.

The statement begins after the frames were read, and applies the rules of a look-up to each frame in
one snapshot: its epoch, that its snapshot is not ahead, the low watermark, and unseen writes.
Nothing is remembered between two statements: what follows about a frame follows from the frame and
the snapshot. Definitions, privileges and settings are the same for all frames of a field and role,
so they are checked once for all of those (``Definitions``), in the same snapshot or a later one
than the one that read the frame. Expiry is decided by the clock of Redis.

A frame that violates a rule, and every frame where the statement fails, is left to the ordinary
look-up, which names the reason.
"""
# ruff: noqa: S608 - names are constants

from dataclasses import dataclass
from functools import cache
from typing import Final

from fraiseql.caching.results.backoff import Backoff
from fraiseql.caching.results.group_run import GroupRun
from fraiseql.caching.results.stores.base import Definitions, LookupResult
from fraiseql.caching.results.stores.lookup import RULES as RULES_OF_LOOKUP
from fraiseql.caching.results.stores.redis.encoding import Frame
from fraiseql.caching.results.stores.redis.epoch import EPOCH_SQL
from fraiseql.database import Origin, Pool
from fraiseql.errors import FraiseQLError

RULES: Final = ("wrong_relation", "future_snapshot", "low_watermark", "unseen_write")
"""The look-up's rules that depend on a frame's snapshot; the others are checked elsewhere."""

MOST: Final = 500
"""Frames of one statement."""


@dataclass(slots=True, eq=False)
class _WaitingFrame:
    """A frame that waits for its validation.

    Attributes:
        frame: The frame.
        snapshot: Text of the snapshot in which it is valid; empty where it is not, or not known.
        origin: Connection that validated it.
    """

    frame: Frame
    snapshot: str = ""
    origin: Origin | None = None


class GroupValidation:
    """Validates frames of one process, all that wait with one statement.

    Args:
        pool: The caches' own connections.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._group = GroupRun(self._run)
        self._backoff = Backoff()
        self._waiting: list[_WaitingFrame] = []
        self._snapshot = ""
        self._busy = False

    async def validate(self, frame: Frame, definitions: Definitions) -> LookupResult | None:
        """Return a valid frame's look-up, without its hit; None where a look-up has to decide.

        Args:
            frame: Frame from Redis.
            definitions: Check of the definitions, privileges and settings behind it.
        """
        if not self._takes(frame, definitions):
            return None
        # Where each statement sees a commit, both are needed: they are sent side by side.
        sent = definitions.ask() if self._busy else None
        waiting = _WaitingFrame(frame)
        self._waiting.append(waiting)
        await self._group.join()
        if waiting.origin is None:
            return None
        return await definitions.found(waiting.snapshot, waiting.origin, sent)

    def _takes(self, frame: Frame, definitions: Definitions) -> bool:
        if not (frame.epoch and frame.snapshot) or frame.fingerprint != definitions.fingerprint:
            return False
        return len(self._waiting) < MOST and not self._backoff.active

    async def close(self) -> None:
        """Stop validating."""
        await self._group.close()

    async def _run(self) -> bool:
        # Only those who wait already: their frames were read before the statement begins.
        waiting, self._waiting = self._waiting, []
        frames = [each.frame for each in waiting]
        snapshots = [frame.snapshot for frame in frames]
        arrays = [_array(frame.tags) for frame in frames]
        epochs = [frame.epoch for frame in frames]
        try:
            fetched = await self._pool.fetch_at(statement(RULES), (snapshots, arrays, epochs))
        except FraiseQLError:
            self._backoff.failed()
            return False
        assert fetched is not None  # noqa: S101 - no particular server was requested
        (row,), origin = fetched
        self._backoff.succeeded()
        self._busy = row["snapshot"] != self._snapshot
        self._snapshot = row["snapshot"]
        if row["loaded"] != origin.loaded:
            return False
        for each, valid in zip(waiting, row["valid"], strict=True):
            if valid:
                each.snapshot, each.origin = row["snapshot"], origin
        return True


@cache
def statement(rules: tuple[str, ...]) -> str:
    """Return the statement that applies rules to frames.

    Its parameters are the snapshots, the tags and the epochs of the frames. Its one row has
    ``snapshot``; ``loaded``, when the server read its files; and ``valid``, whether each frame
    violates none of the rules.
    """
    violated = "\n    OR ".join(f"({RULES_OF_LOOKUP[name].violated})" for name in rules)
    # Without OFFSET 0, PostgreSQL computes a subquery once for every mention.
    return f"""\
SELECT n.snapshot, pg_catalog.pg_conf_load_time() AS loaded, ARRAY(
  SELECT NOT ({violated})
  FROM (
    SELECT f.snap::pg_snapshot AS snap, f.tags::text[] AS tags, f.home, n.place, f.number
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS f (snap, tags, home, number)
    OFFSET 0) e
  ORDER BY e.number) AS valid
FROM (SELECT pg_catalog.pg_current_snapshot()::text AS snapshot, coalesce({EPOCH_SQL}, '') AS place
  OFFSET 0) n"""


@cache
def _array(tags: tuple[str, ...]) -> str:
    """Return the text of an array: one parameter cannot have arrays of several lengths."""
    quoted = (tag.replace("\\", "\\\\").replace('"', '\\"') for tag in tags)
    return "{" + ",".join(f'"{tag}"' for tag in quoted) + "}"

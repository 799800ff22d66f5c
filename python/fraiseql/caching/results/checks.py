"""Freshness checks: which tags have changed, asked once for all waiters.

A check has a number. An entry is valid if no check after number ``born`` named one of its tags,
where ``born`` is the last check that had finished before the entry's first statement was sent:
a change that it did not see shows in a later one. See ``docs/concepts/result-caches.md``.
"""
# ruff: noqa: S608 - names are constants

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.backoff import Backoff
from fraiseql.caching.results.group_run import GroupRun
from fraiseql.database import Origin, Pool
from fraiseql.errors import FraiseQLError

EVERYTHING: Final = "fraiseql:memory"
"""Tag of the change log that invalidates every entry in memory."""

MAX_NAMED: Final = 10_000
"""Tags that one check names; where more may have changed, no older entry is valid."""

_MAX_REMEMBERED: Final = 50_000
"""Tags whose last change is remembered."""

LONGEST: Final = 1.0
"""Seconds after which a check is given up."""

# Without OFFSET 0, PostgreSQL computes the snapshot's text once for every mention. The low
# watermark is the latest number of a tag and not the latest commit, so it counts even where the
# previous snapshot sees it.
CHECK: Final = f"""\
SELECT CASE WHEN n.snapshot IS DISTINCT FROM $1 THEN n.snapshot END AS snapshot,
  CASE WHEN n.snapshot IS DISTINCT FROM $1 THEN (SELECT array_agg(x.tag) FROM (
    (SELECT i.tag FROM {LOG} i WHERE i.xid >= pg_catalog.pg_snapshot_xmin($1::pg_snapshot)
       AND NOT pg_catalog.pg_visible_in_snapshot(i.xid, $1::pg_snapshot)
     ORDER BY i.xid LIMIT {MAX_NAMED})
    UNION ALL
    SELECT f.tag FROM {FLOOR} f WHERE f.xid >= pg_catalog.pg_snapshot_xmin($1::pg_snapshot)) x)
  END AS tags,
  pg_catalog.pg_conf_load_time() AS loaded, pg_catalog.pg_backend_pid() AS backend,
  pg_catalog.pg_postmaster_start_time() AS started
FROM (SELECT pg_catalog.pg_current_snapshot()::text AS snapshot OFFSET 0) n"""


class FreshnessChecks:
    """Checks of one process, all on one connection.

    Args:
        open_pool: Opens the pool with that one connection.
        interval: Seconds between two checks.

    Attributes:
        number: Of the last finished check; it only grows.
        snapshot: Snapshot of that check.
        origin: The connection; None where nothing in memory can be valid.
        busy: Whether the last check saw another snapshot than the one before.
        checks: Checks since the process began.
        checked: Requests that waited for them.
    """

    __slots__ = (
        "_backend",
        "_backoff",
        "_changed",
        "_closed",
        "_floor",
        "_group",
        "_interval",
        "_open_pool",
        "_pool",
        "busy",
        "checked",
        "checks",
        "number",
        "origin",
        "snapshot",
    )

    def __init__(self, open_pool: Callable[[], Awaitable[Pool]], interval: float = 0.0) -> None:
        self._open_pool = open_pool
        self._interval = interval
        self._pool: Pool | None = None
        self._closed = False
        self._group = GroupRun(self._check)
        self._backoff = Backoff()
        self._changed: dict[str, int] = {}
        self._floor = 1
        self._backend = 0
        self.number = 0
        self.snapshot: str | None = None
        self.origin: Origin | None = None
        self.busy = False
        self.checks = self.checked = 0

    def join(self, values: int = 1) -> "asyncio.Future[bool]":
        """Return the future of the next check: whether it succeeded.

        Args:
            values: Number of values that wait for it.
        """
        self.checked += values
        return self._group.join()

    def born(self) -> int | None:
        """Return the number of an entry whose first statement is sent from now on.

        None where it cannot be in memory; then a check is started for later ones.
        """
        if self.origin is None:
            if not self._backoff.active:
                self._group.join()
            return None
        return self.number

    def admits(self, tags: Collection[str], born: int) -> bool:
        """Whether no finished check named a change of ``tags`` since ``born``."""
        if born < self._floor or self.origin is None:
            return False
        changed = self._changed
        # A generator takes twice as long.
        for tag in tags:  # noqa: SIM110
            if changed.get(tag, 0) > born:
                return False
        return True

    async def close(self) -> None:
        """Stop checking, and close the connection."""
        self._closed = True
        await self._group.close()
        self._lose()
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _check(self) -> bool:
        """Check once; false where nothing is known."""
        if self._closed or self._backoff.active:
            return False
        if self._interval > 0.0:
            await asyncio.sleep(self._interval)
        sent = self.snapshot
        try:
            if self._pool is None:
                self._pool = await self._open_pool()
            async with asyncio.timeout(LONGEST):
                fetched = await self._pool.fetch_at(CHECK, (sent,))
        except (FraiseQLError, TimeoutError):
            self._lose()
            self._backoff.failed()
            return False
        assert fetched is not None  # noqa: S101 - no particular server was requested
        (row,), origin = fetched
        self.checks += 1
        self.number += 1
        return self._is_usable(self._pool, row, origin) and self._accept(row, origin, sent)

    def _is_usable(self, pool: Pool, row: Any, origin: Origin) -> bool:
        if not origin.writes:
            # A standby's snapshot can omit transactions that were running on the primary.
            self._lose()
            self._backoff.failed()
            return False
        if row["loaded"] != origin.loaded or row["started"] != origin.started:
            self._lose()
            pool.replace_all()
            return False
        return True

    def _accept(self, row: Any, origin: Origin, sent: str | None) -> bool:
        """Record the result of a check; on another connection than the last one, begin again."""
        self._backoff.succeeded()
        self.busy = row["snapshot"] is not None
        if origin is not self.origin or row["backend"] != self._backend:
            # Changes before this check are not known.
            self._lose()
            self.origin, self._backend, self._floor = origin, row["backend"], self.number
            self.snapshot = row["snapshot"] or sent
        elif row["snapshot"] is not None:
            self.snapshot = row["snapshot"]
            self._record(row["tags"] or ())
        return True

    def _lose(self) -> None:
        self.origin = self.snapshot = None
        self._changed.clear()
        self._floor = self.number + 1

    def _record(self, tags: Sequence[str]) -> None:
        changed, number = self._changed, self.number
        if len(tags) >= MAX_NAMED or EVERYTHING in tags:
            self._floor = number
            changed.clear()
            return
        for tag in tags:
            # Tags stay in the order of their last change.
            changed.pop(tag, None)
            changed[tag] = number
        while len(changed) > _MAX_REMEMBERED:
            oldest = next(iter(changed))
            self._floor = max(self._floor, changed.pop(oldest))

"""Freshness checks: changes since the last one, asked once for all waiters.

A check has a number. An entry is valid if no check after number ``born`` named one of its tags,
where ``born`` is the last check that had finished before the entry's first statement was sent:
a change that it did not see shows in a later one. The same holds for the definitions and roles
behind the entries, which a check compares with those of the check before. See
``docs/concepts/result-caches.md``.
"""
# ruff: noqa: S608 - names are constants

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.group_statement import GroupStatement
from fraiseql.caching.results.watched import Watch, Watched, WatchedDefinitions
from fraiseql.database import Origin, Pool, StatementPair, Values, texts

EVERYTHING: Final = "fraiseql:memory"
"""Tag of the change log that invalidates every entry in memory."""

MAX_NAMED: Final = 10_000
"""Tags that one check names; where more may have changed, no older entry is valid."""

_MAX_REMEMBERED: Final = 50_000
"""Tags whose last change is remembered."""

_TRUE: Final = b"\1"
_FIRST_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)

_STEADY: Final = """\
(pg_catalog.pg_conf_load_time() = $3::timestamptz
    AND pg_catalog.pg_postmaster_start_time() = $4::timestamptz)"""

_DEFINITIONS: Final = slice(4, 6)
"""Parameters with the numbers of the definitions that the check before saw."""


def check_sql(watched: Watched) -> StatementPair:
    """Return the statement of a check.

    No row says that nothing has changed: neither the snapshot, nor the server's process, its start,
    the time when it read its configuration, or the number that it computes as it plans. Its
    parameters are the numbers that the check before has returned, and both times.

    Args:
        watched: Definitions and roles to compare.
    """
    # Without OFFSET 0, PostgreSQL computes the snapshot's text once for every mention. The low
    # watermark is the latest number of a tag and not the latest commit, so it counts even where the
    # previous snapshot sees it. The planned number is compared although the snapshot is the same: a
    # server tells its sessions of a change a moment after its commit is visible.
    return StatementPair(
        f"SELECT WHERE {_changed('pg_catalog.pg_current_snapshot()::text', watched.planned_sql)}",
        f"""\
SELECT n.snapshot, CASE WHEN n.snapshot IS DISTINCT FROM $1 THEN ARRAY(
    SELECT i.tag FROM {LOG} i WHERE i.xid >= pg_catalog.pg_snapshot_xmin($1::pg_snapshot)
      AND NOT pg_catalog.pg_visible_in_snapshot(i.xid, $1::pg_snapshot)
    ORDER BY i.xid LIMIT {MAX_NAMED}) || ARRAY(
    SELECT f.tag FROM {FLOOR} f WHERE f.xid >= pg_catalog.pg_snapshot_xmin($1::pg_snapshot))
  END AS tags, pg_catalog.pg_backend_pid() AS backend, {_STEADY} AS steady, n.planned,
  CASE WHEN n.snapshot IS DISTINCT FROM $1 OR $6::int8 IS NULL
    THEN {watched.read_sql} ELSE $6::int8 END AS read
FROM (SELECT pg_catalog.pg_current_snapshot()::text AS snapshot, {watched.planned_sql} AS planned
  WHERE {watched.true_sql}
  OFFSET 0) n
WHERE {_changed("n.snapshot", "n.planned")}""",
    )


def _changed(snapshot: str, planned: str) -> str:
    """Return the condition that something has changed since the check before."""
    return f"""\
{snapshot} IS DISTINCT FROM $1 OR pg_catalog.pg_backend_pid() IS DISTINCT FROM $2::int4
  OR NOT {_STEADY} OR {planned} IS DISTINCT FROM $5::int8 OR $6::int8 IS NULL"""


@dataclass(frozen=True, slots=True)
class CheckSetup:
    """The statement of a freshness check and its server, for checks on another connection.

    Attributes:
        address: Address of the server; None where it has none.
        origin: The server, and when it had read its configuration.
        watch: Number of the definitions and roles that the statement compares.
        pair: The statement.
    """

    address: str | None
    origin: Origin
    watch: int
    pair: StatementPair

    @property
    def times(self) -> tuple[int, int]:
        """When the server had read its configuration, and its start, as PostgreSQL counts."""
        loaded, started = map(_microseconds, (self.origin.loaded, self.origin.started))
        return int.from_bytes(loaded, signed=True), int.from_bytes(started, signed=True)


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
        "_changed",
        "_compared",
        "_floor",
        "_group",
        "_redefined",
        "_setup",
        "_values",
        "_watch",
        "busy",
        "checked",
        "checks",
        "number",
        "origin",
        "snapshot",
    )

    def __init__(self, open_pool: Callable[[], Awaitable[Pool]], interval: float = 0.0) -> None:
        self._watch = Watch()
        pair = check_sql(self._watch.watched)
        self._group = GroupStatement(
            open_pool, pair, self._first, self._accept, self._lost, interval
        )
        self._values: Values = ()
        self._changed: dict[str, int] = {}
        self._floor = self._redefined = 1
        self._compared = 0
        self._backend: bytes | None = None
        self._setup: CheckSetup | None = None
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
            if not self._group.pauses:
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

    def watch(self, definitions: WatchedDefinitions) -> None:
        """Have definitions compared by later checks, if that costs little."""
        self._watch.add(definitions)

    def compares(self, definitions: WatchedDefinitions) -> bool:
        """Whether the last finished check compared these definitions."""
        return definitions.watch == self._compared

    def holds(self, definitions: WatchedDefinitions, born: int) -> bool:
        """Whether every check after number ``born`` found these definitions the same.

        Args:
            definitions: The definitions.
            born: Number of the last check that had finished before the statement that confirmed
                them was sent.
        """
        return born >= self._redefined and definitions.watch == self._compared

    @property
    def setup(self) -> CheckSetup | None:
        """The setup of the last finished check; None where the next one compares others."""
        origin, watch = self.origin, self._watch.number
        if origin is None or watch != self._compared:
            return None
        setup = self._setup
        if setup is None or setup.origin is not origin or setup.watch != watch:
            pair = check_sql(self._watch.watched)
            setup = self._setup = CheckSetup(self._group.address, origin, watch, pair)
        return setup

    async def close(self) -> None:
        """Stop checking, and close the connection."""
        await self._group.close()
        self._lose()

    def _first(self, origin: Origin) -> Values:
        """Return the parameters of the first check on a connection."""
        times = map(_microseconds, (origin.loaded, origin.started))
        self._values = (None, None, *times, None, None)
        return self._values

    def _accept(self, origin: Origin, row: Values | None) -> Values | None:
        """Record the result of a check; return the parameters of the next one."""
        self.checks += 1
        self.number += 1
        if row is None:
            self.busy = False
        else:
            snapshot, tags, backend, steady, *definitions = row
            # A standby's snapshot can omit transactions that were running on the primary.
            if snapshot is None or steady != _TRUE or not origin.writes:
                return None
            self._record_changes(origin, snapshot.decode(), tags, backend)
            self._record_definitions(definitions)
            self._values = (snapshot, backend, *self._values[2:4], *definitions)
        if self._watch.is_due and self._watch.change():
            self._change_statement()
        return self._values

    def _record_definitions(self, definitions: Sequence[bytes | None]) -> None:
        """Record whether definitions have changed; on a new statement, begin again."""
        before = self._values[_DEFINITIONS]
        if tuple(definitions) != tuple(before):
            self._redefined, self._compared = self.number, self._watch.number

    def _change_statement(self) -> None:
        """Compare other definitions from the next check on."""
        self._group.change(check_sql(self._watch.watched))
        self._values = (*self._values[:4], None, None)

    def _record_changes(
        self, origin: Origin, snapshot: str, tags: bytes | None, backend: bytes | None
    ) -> None:
        """Record changes; on another connection than the last one, begin again."""
        self.busy = snapshot != self.snapshot
        if origin is not self.origin or backend != self._backend:
            # Changes before this check are not known.
            self._lose()
            self.origin, self._backend, self._floor = origin, backend, self.number
        elif tags is not None:
            self._record(texts(tags))
        self.snapshot = snapshot

    def _lost(self, running: bool) -> None:
        """Forget everything at the end of the connection, and a statement that may have failed."""
        if running and self._watch.watched.objects and self._compared != self._watch.number:
            self._watch.refuse()
            self._group.change(check_sql(self._watch.watched))
        self._lose()

    def _lose(self) -> None:
        self.origin = self.snapshot = self._backend = None
        self._changed.clear()
        self._floor = self._redefined = self.number + 1

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


def _microseconds(time: datetime) -> bytes:
    """Return the binary form of a time in PostgreSQL."""
    return ((time - _FIRST_INSTANT) // timedelta(microseconds=1)).to_bytes(8, signed=True)

"""Check of the definitions, privileges and settings behind entries in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.group_run import GroupRun
from fraiseql.caching.results.group_statement import LONGEST
from fraiseql.caching.results.namespace import CacheNamespace
from fraiseql.caching.results.stores.base import Lookup, LookupResult
from fraiseql.caching.results.stores.lookup import reader_arguments, reader_lookup
from fraiseql.caching.results.watched import watched_for
from fraiseql.database import Origin, Pool
from fraiseql.errors import FraiseQLError


class DefinitionsCheck:
    """Check of the definitions, privileges and settings behind the entries of a field and role.

    A statement for each field and role confirms them, so that a lock on one table does not stop the
    entries of others. From then on freshness checks compare them (``Watched``); where they do not,
    equal texts of two snapshots mean that nothing was committed in between. Otherwise the statement
    is run again.

    Args:
        lookup: Dependencies and roles, as a look-up has them.
        roles_digest: Digest of those roles when they were loaded.
        namespace: Database, role and settings that keys were built for.
        sessions: Whether values may depend on variables of an application.
        checks: Freshness checks, whose server counts.
        open_pool: Returns the caches' own connections.

    Attributes:
        confirmed: Text of the last snapshot in which everything was the same; empty for none.
        born: Number of the last freshness check that had finished before the last statement that
            confirmed everything was sent; 0 for none.
        fingerprint: Fingerprint of an entry with the same definitions and roles.
        watched, watch, used: As in ``WatchedDefinitions``.
    """

    __slots__ = (
        "__weakref__",
        "_args",
        "_checks",
        "_group",
        "_lookup",
        "_namespace",
        "_open_pool",
        "_roles_digest",
        "_sessions",
        "_sql",
        "born",
        "confirmed",
        "fingerprint",
        "used",
        "watch",
        "watched",
    )

    def __init__(
        self,
        lookup: Lookup,
        roles_digest: int,
        namespace: CacheNamespace,
        checks: FreshnessChecks,
        open_pool: Callable[[], Awaitable[Pool]],
        *,
        sessions: bool,
    ) -> None:
        self._lookup = lookup
        self._roles_digest = roles_digest
        self._namespace = namespace
        self._sessions = sessions
        self._checks = checks
        self._open_pool = open_pool
        self._sql = reader_lookup(lookup)
        self._args = reader_arguments(lookup)
        self._group = GroupRun(self._run)
        self.fingerprint = lookup.dependencies.fingerprint ^ roles_digest
        self.watched = watched_for(lookup.dependencies, lookup.reader.roles.oids)
        self.confirmed = ""
        self.born = self.watch = self.used = 0

    @property
    def holds(self) -> bool:
        """Whether everything was the same in the last finished freshness check."""
        checks = self._checks
        if checks.compares(self):
            return checks.holds(self, self.born)
        return self.confirmed == checks.snapshot

    def ask(self) -> "asyncio.Future[bool]":
        """Return the future of the next freshness check, if that is enough, or of ``join``."""
        checks = self._checks
        return checks.join(0) if checks.holds(self, self.born) else self.join()

    def join(self) -> "asyncio.Future[bool]":
        """Return the future of the next check: whether everything is still the same."""
        return self._group.join()

    def confirm(self, result: LookupResult, born: int) -> bool:
        """Whether a look-up of this field and role has confirmed everything.

        Args:
            result: Its result.
            born: Number of the last check that had finished before it.
        """
        if not self._checks.admits((), born) or not self._is_same(
            result.fingerprint, result.roles_digest, result.origin, steady=result.steady
        ):
            return False
        # A label of Redis begins with its epoch.
        self._confirm((result.snapshot or "").rpartition(" ")[2], born)
        return bool(self.confirmed)

    def _confirm(self, snapshot: str, born: int) -> None:
        self.confirmed, self.born = snapshot, max(self.born, born) if snapshot else 0
        self.used = self._checks.number
        if snapshot:
            self._checks.watch(self)

    async def found(
        self, snapshot: str, origin: Origin, sent: "asyncio.Future[bool] | None"
    ) -> LookupResult | None:
        """Return the look-up of an entry that is valid in a snapshot; see ``Definitions``."""
        if not self._is_same_server(origin):
            return None
        if self.confirmed != snapshot and not await self._is_confirmed(sent or self.ask()):
            return None
        if not self.confirmed:
            # A later check has failed.
            return None
        return LookupResult(
            "hit",
            snapshot,
            self._lookup.dependencies.fingerprint,
            roles_digest=self._roles_digest,
            origin=origin,
        )

    async def _is_confirmed(self, asked: "asyncio.Future[bool]") -> bool:
        """Whether a check of ``ask`` found everything the same."""
        if not await asked:
            return False
        return self.holds or not self._checks.compares(self) or await self.join()

    async def _run(self) -> bool:
        connection, born = self._checks.origin, self._checks.number
        try:
            pool = await self._open_pool()
            async with asyncio.timeout(LONGEST):
                fetched = await pool.fetch_at(self._sql, self._args)
        except (FraiseQLError, TimeoutError):
            self._confirm("", 0)
            return False
        assert fetched is not None  # noqa: S101 - no particular server was requested
        (row,), origin = fetched
        same = connection is self._checks.origin and self._has_same(row, origin)
        self._confirm(row["snapshot"] if same else "", born)
        return same

    def _has_same(self, row: Any, origin: Origin) -> bool:
        steady = row["loaded"] == origin.loaded
        same = self._is_same(row["shape"], row["roles_digest"], origin, steady=steady)
        return same and row["allowed"] and row["snapshot"] is not None

    def _is_same(
        self, fingerprint: int, roles_digest: int, origin: Origin | None, *, steady: bool
    ) -> bool:
        return (
            steady
            and origin is not None
            and fingerprint == self._lookup.dependencies.fingerprint
            and roles_digest == self._roles_digest
            and self._is_same_server(origin)
        )

    def _is_same_server(self, origin: Origin) -> bool:
        """Whether a connection is to the server of the checks, with the same settings."""
        own = self._checks.origin
        return (
            own is not None
            and origin.same_server(own)
            and self._namespace.has_settings(origin, sessions=self._sessions)
        )


def join_all(
    definitions: Iterable[DefinitionsCheck],
) -> Mapping[DefinitionsCheck, "asyncio.Future[bool]"]:
    """Return the futures of the next check of each."""
    return {each: each.join() for each in definitions}


async def are_same(
    definitions: Iterable[DefinitionsCheck],
    sent: Mapping[DefinitionsCheck, "asyncio.Future[bool]"],
) -> bool:
    """Whether the checks succeed; those that are not in ``sent`` are joined, side by side."""
    checks = [sent.get(each) or each.join() for each in definitions]
    return all([await check for check in checks])

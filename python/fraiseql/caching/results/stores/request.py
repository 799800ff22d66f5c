"""One cache request: key, dependencies and freshness limits."""

from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import Final, Protocol

from fraiseql.caching.results.backoff import Backoff
from fraiseql.caching.results.namespace import CacheNamespace
from fraiseql.caching.results.stores.base import Lookup, LookupResult
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.database import Observation
from fraiseql.results import CacheResult
from fraiseql.sources import Freshness

_JITTER: Final = 0.2
"""Expiry is jittered by up to this part of the declared TTL, so that entries do not expire
together."""


# Built for every request: a frozen dataclass takes three times as long to build.
@dataclass(slots=True, eq=False)
class CacheRequest:
    """One key, and the conditions under which its value may be used.

    Attributes:
        key: 32 bytes.
        query: Name for statistics.
        lookup: What to look up.
        tags: Returns the tags of a new entry.
        ttl: Longest TTL of an entry in seconds; None for no limit.
        stale: Seconds that a value may be behind; 0.0 for none.
        timed: Whether only the time since it was computed says how far a value may be behind.
        backoff: Pauses after failures that concern this request only.
        freshness: Freshness of the source, where that may be stale.
        namespace: Database, role and settings that the key was built for.
        sessions: Whether the value may depend on variables of an application.
        roles_digest: Digest of the roles that decide access, when they were loaded.
        definitions: Check of the definitions behind an exact value in memory; None where values may
            not be in memory, or not be exact.
        listener: Called when loaded definitions, roles or settings are out of date.
    """

    key: bytes
    query: str
    lookup: Lookup
    tags: Callable[[], tuple[str, ...]]
    ttl: float | None
    stale: float
    timed: bool
    backoff: Backoff
    freshness: Freshness | None
    namespace: CacheNamespace
    sessions: bool
    roles_digest: int
    definitions: DefinitionsCheck | None
    listener: "ChangeListener"

    def entry_ttl(self) -> float | None:
        """Return the TTL of a new entry in seconds."""
        return None if self.ttl is None else self.ttl * (1.0 - _JITTER * random())  # noqa: S311

    def accepted(self, result: LookupResult) -> CacheResult | None:
        """Return the hit if it may be used for this request."""
        hit = result.hit
        if hit is None or not (self.has_same_roles(result) and self.has_same_settings(result)):
            return None
        if self.timed:
            hit.lag_seconds = hit.age_seconds
        return hit if hit.lag_seconds is not None and hit.lag_seconds <= self.stale else None

    def source_is_fresh(self, result: LookupResult) -> bool:
        """Whether the source is fresh enough to be read in place of the live one."""
        if self.freshness is None or self.freshness.when_stale == "serve":
            return True
        age, bound = result.source_seconds, self.freshness.bound
        return age is not None and (bound is None or age <= bound)

    def may_store(self, result: LookupResult) -> bool:
        """Whether a value that is computed after this look-up may be stored."""
        needed = self.lookup.dependencies
        return (
            result.snapshot is not None
            and needed.traced
            and result.fingerprint == needed.fingerprint
            and self.has_same_roles(result)
            and self.has_same_settings(result)
        )

    def has_same_roles(self, result: LookupResult) -> bool:
        """Whether the roles that decide access have not changed since they were loaded."""
        return result.origin is None or result.roles_digest == self.roles_digest

    def has_same_settings(self, result: LookupResult) -> bool:
        """Whether connections begin with the settings that the key was built for."""
        origin = result.origin
        if origin is None:
            return True
        return result.steady and self.namespace.has_settings(origin, sessions=self.sessions)

    def report_changes(self, result: LookupResult) -> None:
        """Report what changed since it was loaded, so that it is loaded again."""
        if not self.has_same_settings(result):
            self.listener.settings_changed()
        elif not self.has_same_roles(result):
            self.listener.roles_changed(self.lookup.reader.role)
        elif result.fingerprint != self.lookup.dependencies.fingerprint:
            self.listener.definitions_changed()

    def storage_conflict(self, observation: Observation, result: LookupResult) -> str:
        """Return in one word why a computed value may not be stored; empty where it may.

        Args:
            observation: The connections that computed the value.
            result: The look-up before.
        """
        if not observation.steady:
            return "settings"
        own = result.origin
        for origin in observation.origins if own is None else (own, *observation.origins):
            if not origin.writes or (own is not None and not own.same_server(origin)):
                return "server"
            if not self.namespace.has_settings(origin, sessions=self.sessions):
                return "settings"
        return ""


class ChangeListener(Protocol):
    """Holds the definitions, roles and settings that a request was built from."""

    def definitions_changed(self) -> None:
        """Reload the definitions."""

    def roles_changed(self, role: str | None) -> None:
        """Reload the roles that decide the access of requests with ``role``."""

    def settings_changed(self) -> None:
        """Replace connections, and reload the settings that they begin with."""

"""Subject: what one request asks of a store, all told."""

from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import Final, Protocol

from fraiseql.caching.results.backoff import Rest
from fraiseql.caching.results.namespace import Place
from fraiseql.caching.results.stores.base import Found, Lookup
from fraiseql.database import Observation
from fraiseql.sources import Freshness

_SPREAD: Final = 0.2
"""Part of a declared life by which lives differ, so that not all end together; the declared life is
the longest one, and nine tenths of it the usual one."""


# One is made for every request: a frozen one takes three times as long to make.
@dataclass(slots=True, eq=False)
class Subject:
    """One key, and under which conditions its value may be given.

    Attributes:
        key: 32 bytes.
        query: Name for the figures.
        lookup: What a store is asked.
        tags: Returns the tags of an entry.
        ttl: Longest life of an entry in seconds; None for no end.
        stale: Seconds that a value may be behind; 0.0 for none.
        timed: Whether nothing but the time since it was computed tells how far it may be behind.
        rest: Pauses between attempts after failures that concern this question only.
        freshness: Of the source, where that may be stale.
        place: Database, role and settings that the key was made for.
        sessions: Whether the value may depend on variables of an application.
        rights: Digest of the roles that count, when they were loaded.
        known: What is called when something is not any more as it was when it was loaded.
    """

    key: bytes
    query: str
    lookup: Lookup
    tags: Callable[[], tuple[str, ...]]
    ttl: float | None
    stale: float
    timed: bool
    rest: Rest
    freshness: Freshness | None
    place: Place
    sessions: bool
    rights: int
    known: "Known"

    def life(self) -> float | None:
        """Return the seconds that a new entry lives."""
        return None if self.ttl is None else self.ttl * (1.0 - _SPREAD * random())  # noqa: S311

    def behind(self, found: Found) -> float:
        """Return the seconds that a hit may be behind."""
        return found.made if self.timed else found.seconds

    def gives(self, found: Found) -> bool:
        """Whether what was found may be given."""
        current = self.has_rights(found) and self.has_settings(found)
        return found.reason == "hit" and current and self.behind(found) <= self.stale

    def source_serves(self, found: Found) -> bool:
        """Whether the source is fresh enough to be read in place of the live one."""
        if self.freshness is None or self.freshness.when_stale == "serve":
            return True
        age, bound = found.source_seconds, self.freshness.bound
        return age is not None and (bound is None or age <= bound)

    def fills(self, found: Found) -> bool:
        """Whether what is computed after a look-up may be kept."""
        wanted = self.lookup.dependencies
        current = found.shape == wanted.shape and self.has_rights(found)
        return found.snapshot is not None and current and wanted.traced and self.has_settings(found)

    def has_rights(self, found: Found) -> bool:
        """Whether the roles that count are those, and what they were when they were loaded."""
        return found.origin is None or found.rights == self.rights

    def has_settings(self, found: Found) -> bool:
        """Whether connections begin with the settings that the key was made for."""
        origin = found.origin
        if origin is None:
            return True
        return found.steady and self.place.has_settings(origin, sessions=self.sessions)

    def compare(self, found: Found) -> None:
        """Have loaded again what a look-up found to have changed."""
        if not self.has_settings(found):
            self.known.settings_changed()
        elif not self.has_rights(found):
            self.known.rights_changed(self.lookup.reader.role)
        elif found.shape != self.lookup.dependencies.shape:
            self.known.redefined()

    def misfit(self, seen: Observation, found: Found) -> str:
        """Return in one word why what was computed may not be stored; nothing where it may.

        Args:
            seen: The connections that it was computed on.
            found: What the look-up before it found.
        """
        if not seen.steady:
            return "settings"
        own = found.origin
        for origin in seen.origins if own is None else (own, *seen.origins):
            if not origin.writes or (own is not None and not own.same_server(origin)):
                return "server"
            if not self.place.has_settings(origin, sessions=self.sessions):
                return "settings"
        return ""


class Known(Protocol):
    """What a request knows of definitions, rights and settings."""

    def redefined(self) -> None:
        """Load the definitions again."""

    def rights_changed(self, role: str | None) -> None:
        """Load the roles again by which requests with ``role`` are judged."""

    def settings_changed(self) -> None:
        """Replace connections, and load the settings again that they begin with."""

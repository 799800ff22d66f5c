"""Definitions and roles that every freshness check compares.

They are those behind all values in memory together, so that a check costs the same for any number
of fields. Definitions whose changes have PostgreSQL plan again are in the plan of the check, as in
that of a look-up, and cost nothing; the rest is read where the snapshot is another one.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Protocol
from weakref import WeakSet

from fraiseql.caching.dependencies.fingerprint import folded_shape, oids, readable
from fraiseql.caching.dependencies.parts import digest
from fraiseql.caching.dependencies.privileges import DATABASE_OWNER, roles_digest
from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.caching.results.sql.objects import SECRET

_MOST_OBJECTS: Final = 1_000
"""Objects whose numbers are in the plan of a check. PostgreSQL plans again after each ANALYZE of a
table, which takes some milliseconds for so many."""

_MOST_READ: Final = 64
"""Rows that a check reads where the snapshot is another one, about."""

_PAUSE: Final = 0.2
"""Seconds between two changes of the statement: each one has all definitions confirmed again."""

_LONG_PAUSE: Final = 10.0
"""Seconds, where some definitions found no room."""

_REFUSED_PAUSE: Final = 60.0
"""Seconds after a statement that failed."""

_OIDS: Final = re.compile(r"'\{([\d,]+)\}'::pg_catalog\.oid\[\]")
_PLACE: Final = "@objects@"
_UNION: Final = re.compile(r"\s+UNION ALL\s+")


@dataclass(frozen=True, slots=True)
class Watched:
    """Definitions and roles behind the values of one or several fields.

    Attributes:
        objects: Numbers of the objects that values are computed from.
        prompt: Queries for numbers that no new plan follows from, without their objects, each with
            its objects.
        names: Further such queries.
        roles: Numbers of the roles that decide access.
        database_owner: Whether the owner of the database counts.
        salted: Whether the secret of row tags counts.
    """

    objects: frozenset[int] = frozenset()
    prompt: tuple[tuple[str, frozenset[int]], ...] = ()
    names: frozenset[str] = frozenset()
    roles: frozenset[int] = frozenset()
    database_owner: bool = False
    salted: bool = False

    @property
    def fits(self) -> bool:
        """Whether a check that compares them costs little."""
        read = sum(len(numbers) for _, numbers in self.prompt) + len(self.roles)
        return len(self.objects) <= _MOST_OBJECTS and read + 4 * len(self.names) <= _MOST_READ

    def __or__(self, other: "Watched") -> "Watched":
        """Return both together; no row counts twice, which would hide its changes."""
        prompt = dict(self.prompt)
        for query, numbers in other.prompt:
            prompt[query] = prompt.get(query, frozenset()) | numbers
        return Watched(
            self.objects | other.objects,
            tuple(prompt.items()),
            self.names | other.names,
            self.roles | other.roles,
            self.database_owner or other.database_owner,
            self.salted or other.salted,
        )

    @property
    def planned_sql(self) -> str:
        """SQL of the number that PostgreSQL computes as it plans the statement."""
        return folded_shape(sorted(self.objects)) if self.objects else "0::bigint"

    @property
    def read_sql(self) -> str:
        """SQL of the number that is computed in the snapshot of the statement."""
        queries = [
            query.replace(_PLACE, oids(sorted(numbers)))
            for query, numbers in sorted(self.prompt, key=lambda pair: pair[0])
        ]
        numbers = [digest("\n UNION ALL ".join(queries))] if queries else []
        # Rows of several queries for names may be equal, and would cancel each other.
        numbers += [
            f"pg_catalog.hashint8extended({digest(query)}, {seed})"
            for seed, query in enumerate(sorted(self.names), 1)
        ]
        if self.roles:
            numbers.append(roles_digest(oids(sorted(self.roles))))
        if self.database_owner:
            numbers.append(DATABASE_OWNER)
        return " # ".join(numbers) or "0::bigint"

    @property
    def true_sql(self) -> str:
        """SQL condition that is always true: PostgreSQL plans again when the secret is another."""
        return readable([SECRET] if self.salted else [])


NOTHING_WATCHED: Final = Watched()


def watched_for(dependencies: Dependencies, roles: Iterable[int]) -> Watched:
    """Return the definitions and roles behind a field's values.

    Args:
        dependencies: Dependencies of the values.
        roles: Numbers of the roles of a request; the owners of relations come with these.
    """
    prompt: dict[str, frozenset[int]] = {}
    for query in _UNION.split(dependencies.prompt) if dependencies.prompt else ():
        listed = {int(number) for part in _OIDS.findall(query) for number in part.split(",")}
        text = _OIDS.sub(_PLACE, query)
        prompt[text] = prompt.get(text, frozenset()) | listed
    return Watched(
        frozenset(dependencies.objects),
        tuple(prompt.items()),
        frozenset((dependencies.names,) if dependencies.names else ()),
        frozenset((*roles, *dependencies.owners.oids)),
        bool(dependencies.database_owner),
        dependencies.salted,
    )


class WatchedDefinitions(Protocol):
    """Definitions and roles behind values of one field and role.

    Attributes:
        watched: Definitions and roles.
        watch: Number of the statement that compares them; 0 for none.
        used: Number of the last freshness check that needed them.
    """

    watched: Watched
    watch: int
    used: int


@dataclass(slots=True)
class Watch:
    """Chooses the definitions that the next statement compares.

    Attributes:
        number: Of the present statement; 1 compares nothing.
        watched: Definitions and roles that it compares.
        clock: Returns seconds.
    """

    number: int = 1
    watched: Watched = NOTHING_WATCHED
    clock: Callable[[], float] = monotonic
    _definitions: "WeakSet[WatchedDefinitions]" = field(default_factory=WeakSet)
    _is_pending: bool = False
    _not_before: float = 0.0

    def add(self, definitions: WatchedDefinitions) -> None:
        """Have definitions compared by a later statement."""
        if definitions.watch != self.number:
            self._definitions.add(definitions)
            self._is_pending = True

    @property
    def is_due(self) -> bool:
        """Whether another statement is needed now."""
        return self._is_pending and self.clock() >= self._not_before

    def change(self) -> bool:
        """Choose again; whether another statement is needed."""
        self._is_pending = False
        chosen, watched = _fitting(sorted(self._definitions, key=lambda each: -each.used))
        pause = _PAUSE if len(chosen) == len(self._definitions) else _LONG_PAUSE
        self._not_before = self.clock() + pause
        number = self.number if watched == self.watched else self.number + 1
        for definitions in chosen:
            definitions.watch = number
        changed = number != self.number
        self.number, self.watched = number, watched
        return changed

    def refuse(self) -> None:
        """Compare nothing for a while: the statement has failed."""
        self.number, self.watched = self.number + 1, NOTHING_WATCHED
        self._not_before = self.clock() + _REFUSED_PAUSE


def _fitting(
    definitions: Sequence[WatchedDefinitions],
) -> tuple[Sequence[WatchedDefinitions], Watched]:
    """Return those that fit, in this order, and all that they need."""
    chosen, watched = list[WatchedDefinitions](), NOTHING_WATCHED
    for each in definitions:
        more = watched | each.watched
        if more.fits:
            chosen.append(each)
            watched = more
    return chosen, watched

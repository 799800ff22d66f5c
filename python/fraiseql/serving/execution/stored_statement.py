"""Kept statements: rows from what is kept, or word that they are to be read live."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from fraiseql.errors import FraiseQLError, StaleSource, sqlstate_of
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.execution.withheld import StoredReader, WithheldRoles
from fraiseql.serving.planning.plan import KeptQuery
from fraiseql.serving.sql import ROLE
from fraiseql.sources import Freshness

GONE: Final = frozenset({"42P01", "42703", "42883", "55000", "42501"})
"""What PostgreSQL says of something kept that is not there, not filled, or not to be read: no such
relation, column or function, not populated, not allowed. Anything else is the field's error."""

_ABSENT: Final = b"null"
"""A document that is too large to be stored; no document is the JSON ``null``."""

_first: Final = itemgetter(0)

ReportFallback = Callable[[KeptQuery, FraiseQLError | None], None]
"""Told what is kept and could not be read, and why; None: a document is missing."""


@dataclass(frozen=True, slots=True)
class StalenessReport:
    """What a root field was answered from, where that may be stale.

    Attributes:
        key: Response key of the root field.
        type_name: GraphQL name of the type that was read.
        seconds: Age of the oldest committed write that it lacks; None when that is unknown.
        withheld: Why it was read live although it is stored; empty for what was read as stored.
    """

    key: str
    type_name: str
    seconds: float | None
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class LiveFallback:
    """Who is told of stored documents that are not read.

    Attributes:
        report: Called with the query and the reason.
        withheld: Knows the roles that are not given them.
    """

    report: ReportFallback
    withheld: WithheldRoles


class StoredStatement:
    """Reads rows of kept documents.

    Args:
        kept: What is read.
        max_limit: Largest ``limit`` that a request may give.
        fallback: Told when it is not read.

    Attributes:
        query: The prepared statement.
        source: What is read.
    """

    __slots__ = (
        "_fallback",
        "_fetched",
        "_for_roles",
        "_freshness",
        "_max_limit",
        "_sparse",
        "query",
        "source",
    )

    def __init__(self, kept: KeptQuery, max_limit: int, fallback: LiveFallback) -> None:
        self._freshness = kept.source.freshness
        self._fetched = kept.query.read.fetched is not None
        self._sparse = kept.source.place == "beside"
        self.source = kept
        self._fallback = fallback
        self._max_limit = max_limit
        self._for_roles: PreparedQuery | None = None
        self.query = PreparedQuery(
            kept.query, max_limit, self._freshness, condition=kept.source.unchanged
        )

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with the longer statement for roles."""
        return 3 * self.query.weight

    def query_for(self, role: str | None) -> PreparedQuery:
        """Return the statement for requests with a role, or for those without."""
        if role is None:
            return self.query
        if self._for_roles is None:
            source = self.source.source
            self._for_roles = PreparedQuery(
                self.source.query,
                self._max_limit,
                self._freshness,
                condition=source.unchanged,
                access=source.access,
            )
        return self._for_roles

    async def rows(
        self,
        reader: StoredReader,
        values: Mapping[str, Any],
        key: str,
        note: Callable[[StalenessReport], None],
    ) -> list[Any] | None:
        """Return the rows, the document first in each, or None when they are to be read live.

        Args:
            reader: Who reads.
            values: Values of the request.
            key: Response key of the root field.
            note: Told the age of what was read, where it may be stale.

        Raises:
            FraiseQLError: A value cannot be used, the database failed otherwise, or what is kept
                is too stale for its declaration.
        """
        role, source = reader.role, self.source
        if role is not None:
            reason = self._fallback.withheld.known(source.type_name, source.source, role)
            if reason is not None:
                note(StalenessReport(key, source.type_name, 0.0, reason.code))
                return None
            values = {**values, ROLE: role}
        query = self.query_for(role)
        if query.choose is not None:
            query = query.choose(values)
        args = query.bind(values)
        try:
            rows = await reader.read(query.text, args)
        except FraiseQLError as error:
            if sqlstate_of(error) not in GONE:
                raise
            self._fallback.report(source, error)
            return None
        if role is not None and not rows[0]["allowed"]:
            reason = await self._fallback.withheld.ask(source.type_name, source.source, reader)
            if reason is not None:
                note(StalenessReport(key, source.type_name, 0.0, reason.code))
            return None
        return self._given(rows, key, note, bare=role is None and self._freshness is None)

    def _given(
        self, rows: list[Any], key: str, note: Callable[[StalenessReport], None], *, bare: bool
    ) -> list[Any] | None:
        """Return the rows of an answer, or None when they are to be read live."""
        age = None
        if not bare:
            age = rows[0]["age"]
            if self._freshness is not None and self._too_old(self._freshness, age):
                return None
            if rows[0]["doc"] is None:
                rows = []
        if self._lacks_any(rows):
            return None
        if self._freshness is not None:
            note(StalenessReport(key, self.source.type_name, age))
        return rows

    def _lacks_any(self, rows: list[Any]) -> bool:
        """Tell whether the document of any row is not there."""
        if self._sparse and _ABSENT in map(_first, rows):
            return True
        if not self._fetched or b"" not in map(_first, rows):
            return False
        # A row that asynchronous upkeep has not come to is nothing to complain about.
        if self._freshness is None:
            self._fallback.report(self.source, None)
        return True

    def _too_old(self, freshness: Freshness, age: float | None) -> bool:
        """Whether the live answer is wanted.

        Raises:
            StaleSource: An error is wanted.
        """
        if freshness.when_stale == "serve":
            return False
        if age is not None and (freshness.bound is None or age <= freshness.bound):
            return False
        if freshness.when_stale == "live":
            return True
        raise StaleSource(
            _stale_message(self.source.type_name, age, freshness.bound),
            hint="Ask again later, or declare when_stale='live' or 'serve'; fraiseql db status"
            " shows what holds its refresh up.",
        )


def _stale_message(type_name: str, age: float | None, bound: float | None) -> str:
    behind = "is an unknown time" if age is None else f"is {age:.1f} s"
    allowed = "" if bound is None else f"; {bound:g} s are allowed"
    return f"What is kept of {type_name} {behind} behind its tables{allowed}."

"""Statements that read stored documents, with fallback to live rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from fraiseql.errors import FraiseQLError, StaleSource, sqlstate_of
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.execution.withheld import StoredReader, WithheldRoles
from fraiseql.serving.planning.plan import StoredQuery
from fraiseql.serving.sql import ROLE
from fraiseql.sources import Freshness

GONE: Final = frozenset({"42P01", "42703", "42883", "55000", "42501"})
"""SQLSTATEs of stored documents that cannot be read: a relation, column or function that does not
exist, is not populated or may not be read. Any other is the field's error."""

_ABSENT: Final = b"null"
"""Placeholder of a document that is too large to store; no document is JSON ``null``."""

_ABSENT_INSIDE: Final = (b"[null", b", null", b'"node" : null')
"""How a placeholder may look as an item of a page or a node of a connection.

A document may contain the first two itself, as an item of a list: it is then read live, which is
slower, but as right.
"""

_first: Final = itemgetter(0)

ReportFallback = Callable[[StoredQuery, FraiseQLError | None], None]
"""Called with the stored query that was not read and its error; None if a document is missing."""


@dataclass(frozen=True, slots=True)
class StalenessReport:
    """Staleness of a type in a root field.

    Attributes:
        key: Response key of the root field.
        type_name: GraphQL name of the type.
        seconds: Age of the oldest committed write that is missing; None if unknown.
        withheld: Reason for a live read of a stored type; empty for a stored read.
    """

    key: str
    type_name: str
    seconds: float | None
    withheld: str = ""


def ignore_report(_report: StalenessReport) -> None:
    """Drop the report: there is no response to put it in."""


@dataclass(frozen=True, slots=True)
class LiveFallback:
    """Handling of stored documents that are not read.

    Attributes:
        report: Called with the query and the reason.
        withheld: Roles that may not read them.
    """

    report: ReportFallback
    withheld: WithheldRoles


class StoredStatement:
    """Reads rows of stored documents.

    Args:
        stored_query: The query over stored documents.
        max_limit: Maximum ``limit`` of a request.
        fallback: Handles live reads.

    Attributes:
        query: The prepared statement.
        source: The query over stored documents.
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

    def __init__(self, stored_query: StoredQuery, max_limit: int, fallback: LiveFallback) -> None:
        self._freshness = stored_query.source.freshness
        self._fetched = stored_query.query.read.fetched is not None
        self._sparse = stored_query.source.place == "beside"
        self.source = stored_query
        self._fallback = fallback
        self._max_limit = max_limit
        self._for_roles: PreparedQuery | None = None
        self.query = PreparedQuery(
            stored_query.query, max_limit, self._freshness, condition=stored_query.source.unchanged
        )

    @property
    def weight(self) -> int:
        """Approximate bytes of memory, with the longer statement for roles."""
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

    def statements(self) -> Iterator[PreparedQuery]:
        """Yield the statements that it may run, as far as they are compiled."""
        yield from self.query.variants()
        if self._for_roles is not None:
            yield from self._for_roles.variants()

    async def rows(
        self,
        reader: StoredReader,
        values: Mapping[str, Any],
        key: str,
        note: Callable[[StalenessReport], None],
    ) -> list[Any] | None:
        """Return the rows, with the document first, or None if they must be read live.

        Args:
            reader: The reader.
            values: Values of the request.
            key: Response key of the root field.
            note: Called with the staleness, where stored documents may be stale.

        Raises:
            FraiseQLError: A value is invalid, the query failed, or the documents are too stale for
                their declaration.
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
        return self._usable_rows(rows, key, note, bare=role is None and self._freshness is None)

    def _usable_rows(
        self, rows: list[Any], key: str, note: Callable[[StalenessReport], None], *, bare: bool
    ) -> list[Any] | None:
        """Return the rows, or None if they must be read live."""
        age = None
        if not bare:
            age = rows[0]["age"]
            if self._freshness is not None and self._too_old(self._freshness, age):
                return None
            if rows[0]["doc"] is None:
                rows = []
        if self._is_incomplete(rows):
            return None
        if self._freshness is not None:
            note(StalenessReport(key, self.source.type_name, age))
        return rows

    def _is_incomplete(self, rows: list[Any]) -> bool:
        """Return whether the document of any row is missing."""
        if self._sparse and self._has_absent(rows):
            return True
        if not self._fetched or b"" not in map(_first, rows):
            return False
        # Asynchronous maintenance may be behind, which is no error.
        if self._freshness is None:
            self._fallback.report(self.source, None)
        return True

    def _has_absent(self, rows: list[Any]) -> bool:
        """Return whether a document is too large to store; those of a page are in one answer."""
        if not self.source.query.is_object:
            return _ABSENT in map(_first, rows)
        return any(part in _first(row) for row in rows for part in _ABSENT_INSIDE)

    def _too_old(self, freshness: Freshness, age: float | None) -> bool:
        """Return whether stale documents must be read live.

        Raises:
            StaleSource: The declaration asks for an error.
        """
        if freshness.when_stale == "serve":
            return False
        if age is not None and (freshness.bound is None or age <= freshness.bound):
            return False
        if freshness.when_stale == "live":
            return True
        raise StaleSource(
            _stale_message(self.source.type_name, age, freshness.bound),
            hint="Try again later, or declare when_stale='live' or 'serve'; fraiseql db status"
            " shows the state of its refresh.",
        )


def _stale_message(type_name: str, age: float | None, bound: float | None) -> str:
    behind = "are an unknown time" if age is None else f"are {age:.1f} s"
    allowed = "" if bound is None else f"; {bound:g} s are allowed"
    return f"The stored documents of {type_name} {behind} behind their tables{allowed}."

"""Execution of root fields that SQL answers, for one request."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fraiseql.database import UNBOUNDED, Budget, Identity, Pool, Priority, record
from fraiseql.errors import FraiseQLError, InputError
from fraiseql.naming import without_suggestion
from fraiseql.serving.execution.encode import Encoder, Item
from fraiseql.serving.execution.estimate import Estimate
from fraiseql.serving.execution.refused_values import with_refused_value
from fraiseql.serving.execution.resolvers import Call
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.execution.stored_statement import (
    LiveFallback,
    StalenessReport,
    StoredStatement,
)
from fraiseql.serving.execution.withheld import StoredReader
from fraiseql.serving.planning.cursors import blamed
from fraiseql.serving.planning.plan import SqlRoot, StoredQuery


@dataclass(slots=True)
class Run:
    """The execution of one request.

    Attributes:
        pool: Connections.
        identity: Role and session variables of the request.
        values: Coerced variables.
        encoder: Encodes results of Python functions.
        call: Calls Python functions; None if the plan has none.
        noted: Staleness of root fields; None for none.
        failures: Errors of fields; streams refer to them by number.
        hide_suggestions: Whether errors only contain names that the client sent.
        budget: Bytes that the request's statements may still return.
    """

    pool: Pool
    identity: Identity
    values: Mapping[str, Any]
    encoder: Encoder
    call: Call | None = None
    noted: list[StalenessReport] | None = None
    failures: list[Exception] = field(default_factory=list)
    hide_suggestions: bool = False
    budget: Budget = UNBOUNDED

    def fail(self, error: Exception) -> int:
        """Add the error of a field and return its number."""
        if self.hide_suggestions and isinstance(error, InputError):
            error = _without_suggestion(error)
        self.failures.append(error)
        return len(self.failures) - 1

    def note(self, noted: StalenessReport) -> None:
        """Add the staleness of a root field."""
        self.noted = [*(self.noted or ()), noted]

    def read(
        self, sql: str, args: Sequence[Any], usual: Priority = Priority.LIST
    ) -> Awaitable[list[Any]]:
        """Run a statement of the framework under the request's identity."""
        latency = self.pool.latencies.of(sql, usual)
        return self.pool.fetch_bytes(sql, args, self.identity, self.budget, latency)

    def probe(self, sql: str, args: Sequence[Any]) -> Awaitable[list[Any]]:
        """Run a statement about one value, whose rows nothing reads, under the same identity."""
        return self.pool.fetch_bytes(sql, args, self.identity)

    def read_by_key(self, sql: str, args: Sequence[Any]) -> Awaitable[bytes | None]:
        """Return the document of a statement with at most one row."""
        latency = self.pool.latencies.of(sql, Priority.KEY)
        return self.pool.key_reads.fetch(sql, args, self.identity, self.budget, latency)

    def stored_reader(self, usual: Priority = Priority.LIST) -> StoredReader:
        """Return the reader of stored documents, with the privileges of the connection's role."""
        role = self.identity.role
        read = self.read if role is None else self._read_plainly
        return StoredReader(role, partial(read, usual=usual), self._record())

    def stored_key_reader(self) -> StoredReader:
        """Return the reader of a stored document by its key, for requests without a role."""
        return StoredReader(None, self._read_rows_by_key, self._record())

    def _record(self) -> Callable[[str], None]:
        return partial(record, self.pool, self.identity)

    async def _read_rows_by_key(self, sql: str, args: Sequence[Any]) -> list[Any]:
        document = await self.read_by_key(sql, args)
        return [] if document is None else [(document,)]

    def _read_plainly(self, sql: str, args: Sequence[Any], usual: Priority) -> Awaitable[list[Any]]:
        # No document depends on session variables, so they are not set.
        latency = self.pool.latencies.of(sql, usual)
        return self.pool.fetch_bytes(sql, args, Identity.NONE, self.budget, latency)

    def python(self) -> Call:
        """Return the caller of Python functions."""
        assert self.call is not None  # noqa: S101 - the service sets it if the plan has Python functions
        return self.call

    async def item(self, answer: Awaitable[Any], type_name: str) -> Item:
        """Return the stream item of a Python function's result."""
        try:
            value = await answer
        except Exception as error:  # noqa: BLE001 - user code may raise anything: its field's error
            return self.fail(error)
        return self.encoded(value, type_name)

    def encoded(self, value: Any, type_name: str) -> Item:
        """Return the stream item of a value; an exception becomes a failure."""
        if isinstance(value, Exception):
            return self.fail(value)
        try:
            return self.encoder.item(value, type_name)
        except FraiseQLError as error:
            return self.fail(error)


def _without_suggestion(error: InputError) -> InputError:
    plain = InputError(without_suggestion(error.message), code=error.code, path=error.path)
    plain.__cause__, plain.relation = error.__cause__, error.relation
    return plain


class CompiledRoot:
    """A root field that SQL answers, with its statement."""

    __slots__ = ("_usual", "by_key", "estimate", "key", "many", "query", "stream")

    def __init__(self, root: SqlRoot) -> None:
        self.stream = root.stream
        self.key = root.key
        self.many = root.many
        self.by_key = not (root.many or root.query.is_object)
        self._usual = Priority.KEY if self.by_key else Priority.LIST
        self.query = PreparedQuery(root.query, root.max_limit)
        self.estimate = Estimate.of(root.query)

    def statements(self) -> Iterator[PreparedQuery]:
        """Yield the statements that it may run."""
        yield from self.query.variants()

    async def run(self, run: Run) -> Item:
        """Return the stream item: rows, one document, None, or the number of a failure."""
        try:
            query, values = self.query, await self._values(run)
            if query.choose is not None:
                query = query.choose(values)
            args = query.bind(values)
            if self.by_key:
                return await run.read_by_key(query.text, args)
            rows = await run.read(query.text, args)
            return rows if self.many else rows[0][0]
        except FraiseQLError as error:
            return run.fail(await self._blamed(error, run))

    async def _values(self, run: Run) -> Mapping[str, Any]:
        """Return the values of the request, with the estimate that the statement needs."""
        if self.estimate is None:
            return run.values
        return await self.estimate.added(run.values, run.read)

    async def _blamed(self, error: FraiseQLError, run: Run) -> FraiseQLError:
        error = self.query.blamed(error)
        found = await with_refused_value(error, self.query, run.values, run.probe)
        return blamed(error) if found is error and self.query.has_cursor else found


class CompiledStoredRoot(CompiledRoot):
    """A root field with stored documents, which are read live if needed."""

    __slots__ = ("_bare", "stored")

    def __init__(self, root: SqlRoot, stored_query: StoredQuery, fallback: LiveFallback) -> None:
        super().__init__(root)
        # One row of one column.
        self._bare = self.by_key and stored_query.source.freshness is None
        self.stored = StoredStatement(stored_query, root.max_limit, fallback)

    def statements(self) -> Iterator[PreparedQuery]:
        """Yield the statements that it may run."""
        yield from super().statements()
        yield from self.stored.statements()

    async def run(self, run: Run) -> Item:
        """Return the stream item, as ``CompiledRoot.run`` does."""
        try:
            bare = self._bare and run.identity.role is None
            reader = run.stored_key_reader() if bare else run.stored_reader(self._usual)
            values = await self._values(run)
            rows = await self.stored.rows(reader, values, self.key, run.note)
        except FraiseQLError as error:
            return run.fail(await self._blamed(error, run))
        if rows is None:
            return await super().run(run)
        if self.many:
            return rows
        return rows[0][0] if rows else None


def compiled_root(root: SqlRoot, fallback: LiveFallback) -> CompiledRoot:
    """Return the compiled form of a root field that SQL answers."""
    return (
        CompiledRoot(root)
        if root.stored is None
        else CompiledStoredRoot(root, root.stored, fallback)
    )


async def gather(work: Sequence[Awaitable[Any]]) -> list[Any]:
    """Return the results of work that is done concurrently."""
    if len(work) == 1:
        return [await work[0]]
    return list(await asyncio.gather(*work))

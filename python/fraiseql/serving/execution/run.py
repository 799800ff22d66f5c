"""Execution of a compiled plan for one request."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from fraiseql.database import UNBOUNDED, Budget, Identity, Pool, Priority, record
from fraiseql.errors import DocumentError, FraiseQLError, InputError
from fraiseql.naming import without_suggestion
from fraiseql.schema import Schema
from fraiseql.serving.execution.decode import ParentDecoder
from fraiseql.serving.execution.encode import Encoder, Item
from fraiseql.serving.execution.estimate import Estimate
from fraiseql.serving.execution.nodes import joined, places, tagged
from fraiseql.serving.execution.resolvers import Call
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.execution.stored_statement import (
    LiveFallback,
    StalenessReport,
    StoredStatement,
)
from fraiseql.serving.execution.withheld import StoredReader
from fraiseql.serving.planning.cursors import blamed
from fraiseql.serving.planning.nodes import KEY
from fraiseql.serving.planning.plan import (
    ComputedStep,
    ConstantRoot,
    NodeRoot,
    OperationPlan,
    PythonRoot,
    RefusedRoot,
    SqlRoot,
    StoredQuery,
)


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
            return run.fail(self._blamed(error))

    async def _values(self, run: Run) -> Mapping[str, Any]:
        """Return the values of the request, with the estimate that the statement needs."""
        if self.estimate is None:
            return run.values
        return await self.estimate.added(run.values, run.read)

    def _blamed(self, error: FraiseQLError) -> FraiseQLError:
        return blamed(error) if self.query.has_cursor else error


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
            return run.fail(self._blamed(error))
        if rows is None:
            return await super().run(run)
        if self.many:
            return rows
        return rows[0][0] if rows else None


class CompiledNodeRoot:
    """A root field with global ids; the statement of each type is compiled at its first use."""

    __slots__ = ("_compiled", "_fallback", "root", "stream")

    def __init__(self, root: NodeRoot, fallback: LiveFallback) -> None:
        self.root, self.stream = root, root.stream
        self._fallback = fallback
        self._compiled: dict[str, CompiledRoot] = {}

    def compiled(self) -> tuple[CompiledRoot, ...]:
        """Return the statements that are compiled."""
        return tuple(self._compiled.values())

    async def run(self, run: Run) -> Item:
        """Return the stream item: a document, None, or the number of a failure."""
        try:
            work = [self._read(run, *place) for place in places(self.root, run.values)]
            return joined(await _gather(work), many=self.root.many)
        except FraiseQLError as error:
            return run.fail(error)

    async def _read(self, run: Run, type_name: str, key: Mapping[int, Any]) -> Item:
        root = self.root.roots.get(type_name)
        if not isinstance(root, SqlRoot):
            return None if root is None else run.fail(root.error)
        if type_name not in self._compiled:
            self._compiled[type_name] = _compiled(root, self._fallback)
        own = replace(run, values={**run.values, KEY: key}, noted=None)
        item = await self._compiled[type_name].run(own)
        for report in own.noted or ():
            run.note(report)
        return tagged(item, type_name) if isinstance(item, bytes) else item


class CompiledPlan:
    """A plan with prepared statements and constants.

    Args:
        plan: The plan.
        schema: The application's schema.
        fallback: Handles live reads of stored types.

    Attributes:
        plan: The plan.
        sql: Root fields that SQL answers.
        nodes: Root fields that answer objects by their global ids.
        python: Root fields that Python answers.
        needs_python: Whether it calls Python functions.
        refused: Root fields that are errors.
        errors: Errors of fields before execution: in introspection.
    """

    __slots__ = (
        "_decoders",
        "_streams",
        "errors",
        "needs_python",
        "nodes",
        "plan",
        "python",
        "refused",
        "sql",
    )

    def __init__(self, plan: OperationPlan, schema: Schema, fallback: LiveFallback) -> None:
        self.plan = plan
        self.sql = [_compiled(root, fallback) for root in plan.roots if isinstance(root, SqlRoot)]
        nodes = [root for root in plan.roots if isinstance(root, NodeRoot)]
        self.nodes = [CompiledNodeRoot(root, fallback) for root in nodes]
        self.python = [root for root in plan.roots if isinstance(root, PythonRoot)]
        self.needs_python = bool(self.python or plan.computed)
        self.refused = [root for root in plan.roots if isinstance(root, RefusedRoot)]
        self._streams: list[Any] = [None] * plan.streams
        constants = [root for root in plan.roots if isinstance(root, ConstantRoot)]
        for constant in constants:
            self._streams[constant.stream] = (constant.json,)
        self.errors = [error for constant in constants for error in constant.errors]
        self._decoders = {
            stream: ParentDecoder(schema, step.parent, step.needs)
            for stream, step in plan.computed.items()
        }

    async def roots(self, run: Run) -> list[Any]:
        """Run all root fields concurrently and return the streams."""
        streams = self._streams.copy()
        for refused in self.refused:
            streams[refused.stream] = (run.fail(refused.error),)
        if len(self.sql) == 1 and not (self.python or self.nodes):
            root = self.sql[0]
            streams[root.stream] = (await root.run(run),)
            return streams
        read: list[CompiledRoot | CompiledNodeRoot] = [*self.sql, *self.nodes]
        work: list[Awaitable[Item]] = [root.run(run) for root in read]
        work += [run.item(run.python().root(root), root.field.type_name) for root in self.python]
        numbers = [root.stream for root in (*read, *self.python)]
        for stream, item in zip(numbers, await _gather(work), strict=True):
            streams[stream] = (item,)
        return streams

    def failed(self, run: Run, error: Exception) -> list[Any]:
        """Return the streams of root fields that failed before they ran."""
        return self.answered(run.fail(error))

    def answered(self, item: Item) -> list[Any]:
        """Return the streams of root fields with this item."""
        streams = self._streams.copy()
        for root in self.plan.roots:
            streams[root.stream] = (item,)
        return streams

    async def compute(
        self, run: Run, missing: Mapping[int, Sequence[bytes]], streams: list[Any]
    ) -> None:
        """Fill the streams of the computed fields that the last render reported missing."""
        work = [self._items(run, stream, raws) for stream, raws in missing.items()]
        for stream, items in zip(missing, await _gather(work), strict=True):
            streams[stream] = items

    async def _items(self, run: Run, stream: int, raws: Sequence[bytes]) -> Sequence[Item]:
        denial = self.plan.denials.get(stream)
        if denial is not None:
            return [run.fail(denial)] * len(raws)
        return await self._computed(run, self.plan.computed[stream], raws)

    async def _computed(
        self, run: Run, step: ComputedStep, raws: Sequence[bytes]
    ) -> Sequence[Item]:
        decode = self._decoders[step.stream]
        parents = [_decoded(run, decode, raw) for raw in raws]
        computed = step.definition.computed
        if computed is not None and computed.batch:
            return await _batch(run, step, parents)
        return await _each(run, step, parents)


def _compiled(root: SqlRoot, fallback: LiveFallback) -> CompiledRoot:
    return (
        CompiledRoot(root)
        if root.stored is None
        else CompiledStoredRoot(root, root.stored, fallback)
    )


def _decoded(run: Run, decode: ParentDecoder, raw: bytes) -> Any:
    """Return the parent, or the number of its failure."""
    try:
        return decode(raw)
    except DocumentError as error:
        return run.fail(error)


async def _each(run: Run, step: ComputedStep, parents: Sequence[Any]) -> Sequence[Item]:
    """Return the values of a function called for each parent; failures stay failures."""
    decoded = [parent for parent in parents if not isinstance(parent, int)]
    try:
        answers = await run.python().each(step, decoded) if decoded else []
    except FraiseQLError as error:
        number = run.fail(error)
        return [parent if isinstance(parent, int) else number for parent in parents]
    name = step.field.type_name
    items = iter(await _gather([run.item(answer, name) for answer in answers]))
    return [parent if isinstance(parent, int) else next(items) for parent in parents]


async def _batch(run: Run, step: ComputedStep, parents: Sequence[Any]) -> Sequence[Item]:
    """Return the values of a batch function for all parents; failures stay failures."""
    decoded = [parent for parent in parents if not isinstance(parent, int)]
    try:
        values = list(await run.python().batch(step, decoded)) if decoded else []
        if len(values) != len(decoded):
            raise DocumentError(
                f"{step.parent}.{step.definition.name} received {len(decoded)} parents"
                f" and returned {len(values)} values.",
                hint="A batch field returns one value for each parent, in their order.",
            )
    except Exception as error:  # noqa: BLE001 - user code may raise anything: its field's error
        number = run.fail(error)
        return [parent if isinstance(parent, int) else number for parent in parents]
    items = iter([run.encoded(value, step.field.type_name) for value in values])
    return [parent if isinstance(parent, int) else next(items) for parent in parents]


async def _gather(work: Sequence[Awaitable[Any]]) -> list[Any]:
    if len(work) == 1:
        return [await work[0]]
    return list(await asyncio.gather(*work))

"""Run: the steps of one compiled plan for one request, up to the streams that the shape renders."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from fraiseql.database import Identity, Pool
from fraiseql.errors import DocumentError, FraiseQLError
from fraiseql.events import logger
from fraiseql.schema import Schema
from fraiseql.serving.execution.decode import ParentDecoder
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.resolvers import Call
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.planning.plan import ComputedStep, ConstantRoot, Plan, PythonRoot, SqlRoot


class Failures:
    """Errors of one request's fields; a stream refers to each by its number."""

    __slots__ = ("errors",)

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    def add(self, error: Exception) -> int:
        """Keep ``error`` and return its number."""
        if not isinstance(error, FraiseQLError | GraphQLError):
            logger.error("A resolver failed.", exc_info=error)
        self.errors.append(error)
        return len(self.errors) - 1


class CompiledRoot:
    """A root field that SQL answers, ready to run."""

    __slots__ = ("many", "query", "stream")

    def __init__(self, root: SqlRoot) -> None:
        self.stream = root.stream
        self.many = root.many
        self.query = PreparedQuery(root.query, root.max_limit)

    async def run(
        self, pool: Pool, values: Mapping[str, Any], identity: Identity, failures: Failures
    ) -> Any:
        """Return the stream item: rows, one document, None, or the number of a failure."""
        try:
            args = self.query.bind(values)
            rows = await pool.fetch_bytes(self.query.text, args, identity)
        except FraiseQLError as error:
            return failures.add(error)
        if self.many:
            return rows
        return rows[0][0] if rows else None


class CompiledPlan:
    """A plan with its statements prepared and its constants in place.

    Attributes:
        plan: The plan.
        sql: Root fields that SQL answers.
        python: Root fields that Python answers.
    """

    __slots__ = ("_decoders", "_streams", "plan", "python", "sql")

    def __init__(self, plan: Plan, schema: Schema) -> None:
        self.plan = plan
        self.sql = [CompiledRoot(root) for root in plan.roots if isinstance(root, SqlRoot)]
        self.python = [root for root in plan.roots if isinstance(root, PythonRoot)]
        self._streams: list[Any] = [None] * plan.streams
        for root in plan.roots:
            if isinstance(root, ConstantRoot):
                self._streams[root.stream] = (root.json,)
        self._decoders = {
            stream: ParentDecoder(schema, step.parent, step.needs)
            for stream, step in plan.computed.items()
        }

    @property
    def needs_python(self) -> bool:
        """Whether any Python function takes part."""
        return bool(self.python or self.plan.computed)

    async def roots(
        self,
        pool: Pool,
        values: Mapping[str, Any],
        identity: Identity,
        failures: Failures,
        call: Call | None,
        encoder: Encoder,
    ) -> list[Any]:
        """Run every root field, several side by side, and return the streams."""
        streams = self._streams.copy()
        if len(self.sql) == 1 and not self.python:
            root = self.sql[0]
            streams[root.stream] = (await root.run(pool, values, identity, failures),)
            return streams
        work = [root.run(pool, values, identity, failures) for root in self.sql]
        numbers = [root.stream for root in self.sql]
        for resolver in self.python:
            assert call is not None  # noqa: S101 - the service makes one where Python takes part
            work.append(_resolve(resolver, call, failures, encoder))
            numbers.append(resolver.stream)
        for stream, item in zip(numbers, await _side_by_side(work), strict=True):
            streams[stream] = (item,)
        return streams

    async def compute(
        self,
        missing: Mapping[int, Sequence[bytes]],
        streams: list[Any],
        failures: Failures,
        call: Call,
        encoder: Encoder,
    ) -> None:
        """Fill the streams of the computed fields whose parents the last rendering found."""
        work = [
            self._computed(self.plan.computed[stream], raws, failures, call, encoder)
            for stream, raws in missing.items()
        ]
        for stream, items in zip(missing, await _side_by_side(work), strict=True):
            streams[stream] = items

    async def _computed(
        self,
        step: ComputedStep,
        raws: Sequence[bytes],
        failures: Failures,
        call: Call,
        encoder: Encoder,
    ) -> list[Any]:
        decode = self._decoders[step.stream]
        try:
            parents = [decode(raw) for raw in raws]
        except DocumentError as error:
            return [failures.add(error)] * len(raws)
        if step.definition.computed is not None and step.definition.computed.batch:
            return await _batch(step, parents, failures, call, encoder)
        name = step.field.type_name
        work = [_item(call.computed(step, parent), name, failures, encoder) for parent in parents]
        return await _side_by_side(work)


async def _batch(
    step: ComputedStep, parents: list[Any], failures: Failures, call: Call, encoder: Encoder
) -> list[Any]:
    try:
        values = list(await call.computed(step, parents))
        if len(values) != len(parents):
            raise DocumentError(
                f"{step.parent}.{step.definition.name} was given {len(parents)} parents"
                f" and returned {len(values)} values.",
                hint="A batch field returns one value for each parent, in their order.",
            )
    except Exception as error:  # noqa: BLE001 - user code may raise anything; it is this field's error
        return [failures.add(error)] * len(parents)
    return [_encoded(value, step.field.type_name, failures, encoder) for value in values]


async def _resolve(root: PythonRoot, call: Call, failures: Failures, encoder: Encoder) -> Any:
    return await _item(call.root(root), root.field.type_name, failures, encoder)


async def _item(answer: Any, type_name: str, failures: Failures, encoder: Encoder) -> Any:
    try:
        value = await answer
    except Exception as error:  # noqa: BLE001 - user code may raise anything; it is this field's error
        return failures.add(error)
    return _encoded(value, type_name, failures, encoder)


def _encoded(value: Any, type_name: str, failures: Failures, encoder: Encoder) -> Any:
    if isinstance(value, Exception):
        # A batch may give an exception in the place of one value.
        return failures.add(value)
    try:
        return encoder.item(value, type_name)
    except FraiseQLError as error:
        return failures.add(error)


async def _side_by_side(work: Sequence[Any]) -> list[Any]:
    if len(work) == 1:
        return [await work[0]]
    return list(await asyncio.gather(*work))



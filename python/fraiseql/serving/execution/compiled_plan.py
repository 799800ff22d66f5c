"""Execution of a compiled plan for one request."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from fraiseql.errors import DocumentError, FraiseQLError
from fraiseql.schema import Schema
from fraiseql.serving.execution.decode import ParentDecoder
from fraiseql.serving.execution.encode import Item
from fraiseql.serving.execution.nodes import CompiledNodeRoot
from fraiseql.serving.execution.run import CompiledRoot, Run, compiled_root, gather
from fraiseql.serving.execution.stored_statement import LiveFallback
from fraiseql.serving.planning.plan import (
    ComputedStep,
    ConstantRoot,
    NodeRoot,
    OperationPlan,
    PythonRoot,
    RefusedRoot,
    SqlRoot,
)


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
        self.sql = [
            compiled_root(root, fallback) for root in plan.roots if isinstance(root, SqlRoot)
        ]
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
        self._decoders = {stream: _decoder(schema, step) for stream, step in plan.computed.items()}

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
        for stream, item in zip(numbers, await gather(work), strict=True):
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
        for stream, items in zip(missing, await gather(work), strict=True):
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


def _decoder(schema: Schema, step: ComputedStep) -> ParentDecoder:
    computed = step.definition.computed
    all_times = computed is not None and computed.all_times
    return ParentDecoder(schema, step.parent, step.needs, all_times=all_times)


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
    items = iter(await gather([run.item(answer, name) for answer in answers]))
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

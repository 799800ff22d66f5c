"""Calls of Python resolvers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any

from graphql.execution.values import VariableValues

from fraiseql.database import caller
from fraiseql.results import RequestCaches, current
from fraiseql.schema import Info
from fraiseql.schema.defaults import refuse_beyond_python
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.context_reads import ContextReads, TrackingInfo
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.reading import current_field, current_values
from fraiseql.serving.planning.arguments import ArgumentSource, input_error
from fraiseql.serving.planning.plan import ComputedStep, FieldPlan, PythonRoot


class Call:
    """Calls the Python functions of one request.

    Args:
        context: ``info.context``.
        values: Coerced variables.
        full: Returns graphql-core's variable values, for literals that contain variables.
        operation_name: Name of the operation.
        encoder: Makes documents.
        reached: The result caches of the request.
        reads: Tracks reads of the request; None if no result is stored.
    """

    __slots__ = (
        "_context",
        "_encoder",
        "_full",
        "_operation_name",
        "_reached",
        "_reads",
        "_values",
        "_variables",
    )

    def __init__(
        self,
        context: dict[str, Any],
        values: Mapping[str, Any],
        full: Callable[[], VariableValues],
        operation_name: str | None,
        encoder: Encoder,
        *,
        reached: RequestCaches | None = None,
        reads: ContextReads | None = None,
    ) -> None:
        self._context = context if reads is None else reads.context(context)
        self._values = values
        self._variables = values if reads is None else reads.variables(values)
        self._reads = reads
        self._full = full
        self._operation_name = operation_name
        self._encoder = encoder
        self._reached = reached

    async def root(self, root: PythonRoot) -> Any:
        """Return the result of a root field's resolver."""
        definition = root.definition
        assert definition.function is not None  # noqa: S101 - it is a Python root
        arguments = self._arguments(root.field)
        positional = (self._info(root.field),) if definition.takes_info else ()
        return await self._called(root.field, definition.function, positional, arguments)

    async def batch(self, step: ComputedStep, parents: Sequence[Any]) -> Any:
        """Return the result of a batch field for all parents."""
        computed = step.definition.computed
        assert computed is not None  # noqa: S101 - it is a computed step
        arguments = self._arguments(step.field)
        positional = (parents, *self._info_of(step))
        return await self._called(step.field, computed.function, positional, arguments)

    async def each(self, step: ComputedStep, parents: Sequence[Any]) -> Sequence[Awaitable[Any]]:
        """Return an awaitable result of a computed field for each parent."""
        computed = step.definition.computed
        assert computed is not None  # noqa: S101 - it is a computed step
        function = computed.function
        if runs_on_the_loop(function):
            return [self._call_one(step, function, parent) for parent in parents]
        # One thread for all calls: starting one costs more than most such functions.
        calls = [partial(self._outcome, step, function, parent) for parent in parents]
        outcomes = await self._in_context(step.field, lambda: asyncio.to_thread(_all, calls))
        return [self._awaited(step.field, outcome) for outcome in outcomes]

    async def _call_one(self, step: ComputedStep, function: Any, parent: Any) -> Any:
        positional = (parent, *self._info_of(step))
        return await self._called(step.field, function, positional, self._arguments(step.field))

    def _outcome(self, step: ComputedStep, function: Any, parent: Any) -> Any:
        """Return the result of a function, or the error that it raises."""
        try:
            return function(parent, *self._info_of(step), **self._arguments(step.field))
        except Exception as error:  # noqa: BLE001 - user code may raise anything: its field's error
            return _Raised(error)

    async def _awaited(self, field: FieldPlan, outcome: Any) -> Any:
        if isinstance(outcome, _Raised):
            raise outcome.error
        return await self._in_context(field, lambda: outcome) if isawaitable(outcome) else outcome

    def _info_of(self, step: ComputedStep) -> tuple[Info, ...]:
        computed = step.definition.computed
        takes_info = computed is not None and computed.takes_info
        return (self._info(step.field),) if takes_info else ()

    def _arguments(self, field: FieldPlan) -> dict[str, Any]:
        if field.refusal is not None:
            raise input_error(field.refusal)
        return argument_values(field.arguments, self._values, self._full)

    def _info(self, field: FieldPlan) -> Info:
        kind = Info if self._reads is None else TrackingInfo.tracking(self._reads)
        return kind(
            context=self._context,
            field_name=field.selected.name,
            path=(field.selected.key,),
            variables=self._variables,
            operation_name=self._operation_name,
            selection=field.names,
            make_document=self._encoder.document,
        )

    async def _called(
        self, field: FieldPlan, function: Any, positional: Any, arguments: dict[str, Any]
    ) -> Any:
        if runs_on_the_loop(function):
            return await self._in_context(field, lambda: function(*positional, **arguments))
        call = partial(function, *positional, **arguments)
        value = await self._in_context(field, lambda: asyncio.to_thread(call))
        return await self._in_context(field, lambda: value) if isawaitable(value) else value

    async def _in_context(self, field: FieldPlan, start: Callable[[], Awaitable[Any]]) -> Any:
        """Await a call with the field and the result caches in context variables."""
        token, reached = current_field.set(field), current.set(self._reached)
        called, values = caller.set(field.selected.name), current_values.set(self._values)
        try:
            return await start()
        finally:
            current_values.reset(values)
            caller.reset(called)
            current.reset(reached)
            current_field.reset(token)


class _Raised:
    """An error of a function for one parent, raised in a thread."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


def _all(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    return [call() for call in calls]


def runs_on_the_loop(function: Callable[..., Any]) -> bool:
    """Return whether a function is ``async def``; others may block and run in a thread."""
    while isinstance(function, partial):
        function = function.func
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the method, not whether
    return iscoroutinefunction(function) or iscoroutinefunction(call)


def argument_values(
    sources: Mapping[str, Any], values: Mapping[str, Any], full: Callable[[], VariableValues]
) -> dict[str, Any]:
    """Return the arguments of a field by Python name.

    Args:
        sources: As ``FieldPlan.arguments``.
        values: Coerced variables.
        full: Returns graphql-core's variable values.

    Raises:
        GraphQLError: A literal with variables is invalid, or Python has no such value.
        InputError: A value is too large.
    """
    arguments = {name: _argument(source, values, full) for name, source in sources.items()}
    for value in arguments.values():
        refuse_beyond_python(value)
    return arguments


def _argument(source: Any, values: Mapping[str, Any], full: Callable[[], VariableValues]) -> Any:
    if isinstance(source, ValueRef):
        return source.value(values)
    if isinstance(source, ArgumentSource):
        return source.value(full())
    return source

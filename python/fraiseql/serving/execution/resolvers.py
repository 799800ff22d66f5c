"""Resolvers: Python functions that answer a field, called with what they declare to take."""

from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any

from graphql.execution.values import VariableValues

from fraiseql.results import Current, current
from fraiseql.schema import Info
from fraiseql.serving.document.structure import Ref
from fraiseql.serving.execution.encode import Encoder
from fraiseql.serving.execution.reading import current_field
from fraiseql.serving.planning.arguments import ArgumentSource, input_error
from fraiseql.serving.planning.plan import ComputedStep, FieldPlan, PythonRoot


class Call:
    """What all Python functions of one request share.

    Args:
        context: ``info.context``.
        values: Coerced variables.
        full: Returns graphql-core's picture of the variables, for literals with variables inside.
        operation_name: Name of the operation.
        encoder: Makes documents.
        reached: What they find of the result caches.
    """

    __slots__ = ("_context", "_encoder", "_full", "_operation_name", "_reached", "_values")

    def __init__(
        self,
        context: dict[str, Any],
        values: Mapping[str, Any],
        full: Callable[[], VariableValues],
        operation_name: str | None,
        encoder: Encoder,
        *,
        reached: Current | None = None,
    ) -> None:
        self._context = context
        self._values = values
        self._full = full
        self._operation_name = operation_name
        self._encoder = encoder
        self._reached = reached

    async def root(self, root: PythonRoot) -> Any:
        """Return what a root field's resolver answers."""
        definition = root.definition
        assert definition.function is not None  # noqa: S101 - it is a Python root
        arguments = self._arguments(root.field)
        given = (self._info(root.field),) if definition.takes_info else ()
        return await self._called(root.field, definition.function, given, arguments)

    async def computed(self, step: ComputedStep, parents: Any) -> Any:
        """Return what a computed field answers for one parent, or for all if it takes them so."""
        computed = step.definition.computed
        assert computed is not None  # noqa: S101 - it is a computed step
        arguments = self._arguments(step.field)
        given = (parents, self._info(step.field)) if computed.takes_info else (parents,)
        return await self._called(step.field, computed.function, given, arguments)

    def _arguments(self, field: FieldPlan) -> dict[str, Any]:
        if field.refusal is not None:
            raise input_error(field.refusal)
        return argument_values(field.arguments, self._values, self._full)

    def _info(self, field: FieldPlan) -> Info:
        return Info(
            context=self._context,
            field_name=field.selected.name,
            path=(field.selected.key,),
            variables=self._values,
            operation_name=self._operation_name,
            selection=field.names,
            make_document=self._encoder.document,
        )

    async def _called(
        self, field: FieldPlan, function: Any, given: Any, arguments: dict[str, Any]
    ) -> Any:
        token, reached = current_field.set(field), current.set(self._reached)
        try:
            value = function(*given, **arguments)
            return await value if isawaitable(value) else value
        finally:
            current.reset(reached)
            current_field.reset(token)


def argument_values(
    sources: Mapping[str, Any], values: Mapping[str, Any], full: Callable[[], VariableValues]
) -> dict[str, Any]:
    """Return the arguments of a field by Python name.

    Args:
        sources: As ``FieldPlan.arguments``.
        values: Coerced variables.
        full: Returns graphql-core's picture of the variables.

    Raises:
        GraphQLError: A literal with variables inside is not valid.
    """
    return {name: _argument(source, values, full) for name, source in sources.items()}


def _argument(source: Any, values: Mapping[str, Any], full: Callable[[], VariableValues]) -> Any:
    if isinstance(source, Ref):
        return source.value(values)
    if isinstance(source, ArgumentSource):
        (value,) = source.coerced(full()).values()
        return value
    return source

"""Variables: values for one request, and the signature that decides which plan serves it."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values

from fraiseql.serving.document.kinds import Probe, VariableKind, compile_coercer, kind_of, probe_of
from fraiseql.serving.document.nodes import deciding_variables
from fraiseql.serving.document.sizes import (
    InputLimits,
    check_filter,
    count_values,
    has_long_text,
)
from fraiseql.serving.document.uniform import uniform

_MISSING = "-"


class Variables:
    """Coercion of an operation's variables, and the signature of their values.

    Args:
        schema: The schema.
        node: The operation.
        fragments: Fragments of its document, by name.
        limits: How much the values of a request may be.
        hide_suggestions: Whether messages name nothing that the client did not send.
    """

    __slots__ = (
        "_bounded",
        "_coercers",
        "_few",
        "_filters",
        "_kinds",
        "_node",
        "_probes",
        "_schema",
        "hide_suggestions",
        "limits",
    )

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        limits: InputLimits,
        *,
        hide_suggestions: bool = False,
    ) -> None:
        self._schema = schema
        self.limits = limits
        self._node = node
        self.hide_suggestions = hide_suggestions
        by_value: set[str] = set()
        for part in (node, *fragments.values()) if node.variable_definitions else ():
            by_value |= deciding_variables(part)
        self._coercers: list[tuple[str, Callable[[Any], Any], bool, bool]] = []
        self._probes: list[tuple[str, Probe]] = []
        self._kinds: dict[str, VariableKind] = {}
        for definition in node.variable_definitions or ():
            name = definition.variable.name.value
            type_: Any = type_from_ast(schema, definition.type)
            has_default = definition.default_value is not None
            self._coercers.append((name, *compile_coercer(type_), has_default))
            kind = kind_of(type_)
            self._kinds[name] = kind
            probe = probe_of(type_, by_value=name in by_value)
            if probe is not None:
                self._probes.append((name, probe))
        self._few = min(limits.max_conditions, limits.max_depth)
        self._filters = [name for name, kind in self._kinds.items() if kind.is_filter]
        # A scalar is one value, and JSON is passed on as it is.
        self._bounded = [name for name, kind in self._kinds.items() if kind.is_composite]

    def check(self, raw: Mapping[str, Any]) -> None:
        """Check how much a client sent, before anything is made of it.

        Raises:
            InputError: It is too much, or nested too deeply.
        """
        left = self.limits.max_values
        for name in self._bounded:
            value = raw.get(name)
            if isinstance(value, dict | list):
                count = count_values(value, left)
                left -= count
                if left < 0:
                    raise self.limits.too_large()
                # Each condition and each level is a value, or more.
                if count >= self._few and self._kinds[name].is_filter:
                    check_filter(value, self.limits)

    def coerce(self, raw: Mapping[str, Any]) -> dict[str, Any] | list[GraphQLError]:
        """Return the Python values by name, or what is wrong with them."""
        values = self._coerced(raw)
        if isinstance(values, dict):
            for name in self._filters:
                if name in values:
                    values[name] = uniform(values[name])
        return values

    def _coerced(self, raw: Mapping[str, Any]) -> dict[str, Any] | list[GraphQLError]:
        values: dict[str, Any] = {}
        for name, coerce, required, has_default in self._coercers:
            value = raw.get(name, Undefined)
            if value is Undefined:
                if required or has_default:
                    return self._coerce_fully(raw)
                continue
            if value is None:
                if required:
                    return self._coerce_fully(raw)
                values[name] = None
                continue
            coerced = coerce(value)
            if coerced is Undefined:
                return self._coerce_fully(raw)
            values[name] = coerced
        return values

    def _coerce_fully(self, raw: Mapping[str, Any]) -> dict[str, Any] | list[GraphQLError]:
        outcome = self.full_values(raw)
        return outcome if isinstance(outcome, list) else outcome.coerced

    def full_values(self, raw: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return graphql-core's own picture of the values: defaults, sources, errors."""
        return get_variable_values(
            self._schema,
            self._node.variable_definitions or (),
            dict(raw),
            max_errors=20,
            hide_suggestions=self.hide_suggestions or self._has_long_text(raw),
        )

    def _has_long_text(self, raw: Mapping[str, Any]) -> bool:
        """Whether looking for the nearest name to a text of a client would take long."""
        return any(
            has_long_text(raw.get(name)) for name, kind in self._kinds.items() if kind.has_names
        )

    def signature(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the key of the plan that serves ``values``; no scalar value is in it.

        Exceptions are variables of ``@skip``, ``@include``, orders and introspection.
        """
        return tuple([_probe(values, name, probe) for name, probe in self._probes])

    def places(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return for each variable the place of its value, which is what SQL is planned with.

        Null stays null, and what is not sent is not there: both are part of the signature.
        """
        return {name: self._kinds[name].place(value, name) for name, value in values.items()}


def _probe(values: Mapping[str, Any], name: str, probe: Probe) -> Any:
    return probe(values[name]) if name in values else _MISSING

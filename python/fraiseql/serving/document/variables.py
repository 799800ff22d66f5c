"""Coercion and signatures of an operation's variables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values

from fraiseql.serving.document.kinds import (
    Probe,
    VariableKind,
    compile_coercer,
    is_not_null,
    kind_of,
    probe_of,
)
from fraiseql.serving.document.nodes import deciding_variables
from fraiseql.serving.document.plain_values import PLAIN
from fraiseql.serving.document.sizes import (
    InputLimits,
    check_filter,
    count_values,
    has_long_text,
)
from fraiseql.serving.document.uniform import uniform
from fraiseql.serving.document.variable_signature import variable_signature

_MISSING = "-"


class Variables:
    """Coercion of an operation's variables, and the signature of their values.

    Args:
        schema: The schema.
        node: The operation.
        fragments: Fragments of its document, by name.
        limits: Limits of the values.
        hide_suggestions: Whether messages contain only names that the client sent.
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
        # A scalar is a single value, and JSON is passed on unchanged.
        self._bounded = [name for name, kind in self._kinds.items() if kind.is_composite]

    def check(self, raw: Mapping[str, Any]) -> None:
        """Check the size of the values before coercion.

        Raises:
            InputError: They are too large or nested too deeply.
        """
        left = self.limits.max_values
        for name in self._bounded:
            value = raw.get(name)
            if isinstance(value, dict | list):
                count = count_values(value, left)
                left -= count
                if left < 0:
                    raise self.limits.too_large()
                # Each condition and each level is at least one value.
                if count >= self._few and self._kinds[name].is_filter:
                    check_filter(value, self.limits)

    def coerce(self, raw: Mapping[str, Any]) -> dict[str, Any] | list[GraphQLError]:
        """Return the Python values by name, or the errors."""
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
        """Return graphql-core's view of the values: with defaults, or the errors."""
        return get_variable_values(
            self._schema,
            self._node.variable_definitions or (),
            dict(raw),
            max_errors=20,
            hide_suggestions=self.hide_suggestions or self._has_long_text(raw),
        )

    def _has_long_text(self, raw: Mapping[str, Any]) -> bool:
        """Whether suggesting a similar name for a text would take long."""
        return any(
            has_long_text(raw.get(name)) for name, kind in self._kinds.items() if kind.has_names
        )

    def bound_scalar(self, name: str, path: Sequence[str | int] = ()) -> str:
        """Return GraphQL's own scalar at a path into coerced values; empty for another type.

        For a list of non-null scalars it is in brackets. Empty too, where the value may be part of
        the signature.
        """
        probe = dict(self._probes).get(name, is_not_null)
        if probe is not (variable_signature if path else is_not_null):
            return ""
        type_ = self._type(name)
        for step in path:
            types = [field.type for key, field in _fields(type_) if (field.out_name or key) == step]
            type_ = types[0] if types else None
        bare = _without_null(type_)
        if isinstance(bare, GraphQLList) and isinstance(bare.of_type, GraphQLNonNull):
            named = getattr(bare.of_type.of_type, "name", "")
            return f"[{named}]" if named in PLAIN else ""
        named = getattr(bare, "name", "")
        return named if named in PLAIN else ""

    def python_name(self, path: Sequence[str], key: str) -> str:
        """Return the name in coerced values of a key in the object at a path into raw ones."""
        type_ = self._type(path[0])
        for step in path[1:]:
            type_ = next((field.type for name, field in _fields(type_) if name == step), None)
        names = [field.out_name for name, field in _fields(type_) if name == key]
        return names[0] or key if names else key

    def _type(self, name: str) -> Any:
        for definition in self._node.variable_definitions or ():
            if definition.variable.name.value == name:
                return type_from_ast(self._schema, definition.type)
        return None

    def signature(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the key of the plan for ``values``, without their scalars.

        Only scalars for ``@skip``, ``@include``, orders and introspection are part of it.
        """
        return tuple([_probe(values, name, probe) for name, probe in self._probes])

    def references(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the references to each variable's values, with which SQL is planned.

        Null stays null, and an absent variable stays absent: both are part of the signature.
        """
        return {name: self._kinds[name].reference(value, name) for name, value in values.items()}


def _without_null(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _fields(type_: Any) -> Iterable[tuple[str, Any]]:
    bare = _without_null(type_)
    return bare.fields.items() if isinstance(bare, GraphQLInputObjectType) else ()


def _probe(values: Mapping[str, Any], name: str, probe: Probe) -> Any:
    return probe(values[name]) if name in values else _MISSING

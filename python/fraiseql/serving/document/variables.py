"""Variables: values for one request, and the structure that decides which plan serves it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    is_leaf_type,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import DirectiveNode, FieldNode
from graphql.utilities.coerce_input_value import coerce_input_value

from fraiseql.serving.document.structure import form

Coercer = Callable[[Any], Any]
"""Turns a raw value into a Python value, or returns ``Undefined`` when it does not fit."""

_MISSING = "-"
_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1


def _int(value: Any) -> Any:
    fits = type(value) is int and _INT_MIN <= value <= _INT_MAX
    return value if fits else Undefined


def _of_type(kind: type) -> Coercer:
    return lambda value: value if type(value) is kind else Undefined


_PLAIN: Mapping[str, Coercer] = {
    "Int": _int,
    "String": _of_type(str),
    "Boolean": _of_type(bool),
    "ID": _of_type(str),
    "Float": _of_type(float),
}


def compile_coercer(type_: GraphQLInputType) -> Coercer:
    """Return a quick coercer for ``type_``; Undefined from it means "ask graphql-core"."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    quick = _PLAIN.get(getattr(inner, "name", ""))
    if quick is not None:
        return quick
    return lambda value: coerce_input_value(value, type_)


def _nodes(root: Node) -> Iterator[Node]:
    """Yield ``root`` and every node below it; graphql-core's visitor does the same, far slower."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        for key in node.keys:
            below = getattr(node, key)
            if isinstance(below, Node):
                stack.append(below)
            elif isinstance(below, list | tuple):
                stack += [item for item in below if isinstance(item, Node)]


def variable_names(node: Node) -> set[str]:
    """Return the names of the variables that are used in ``node``."""
    return {one.name.value for one in _nodes(node) if isinstance(one, VariableNode)}


def _deciding(root: Node) -> set[str]:
    """Return the variables whose value, not only its form, decides the plan."""
    found: set[str] = set()
    for node in _nodes(root):
        if isinstance(node, DirectiveNode):
            found |= variable_names(node)
        elif isinstance(node, FieldNode):
            if node.name.value.startswith("__"):
                found |= variable_names(node)
            for argument in node.arguments or ():
                if argument.name.value == "orderBy":
                    found |= variable_names(argument)
    return found


class Variables:
    """Coercion of an operation's variables, and the structure of their values."""

    __slots__ = ("_coercers", "_node", "_probes", "_schema")

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._schema = schema
        self._node = node
        by_value: set[str] = set()
        for part in (node, *fragments.values()) if node.variable_definitions else ():
            by_value |= _deciding(part)
        self._coercers: list[tuple[str, Coercer, bool]] = []
        self._probes: list[tuple[str, Callable[[Any], Any]]] = []
        for definition in node.variable_definitions or ():
            name = definition.variable.name.value
            type_: Any = type_from_ast(schema, definition.type)
            required = isinstance(type_, GraphQLNonNull)
            self._coercers.append((name, compile_coercer(type_), required))
            leaf = is_leaf_type(type_.of_type if required else type_)
            if name in by_value or not (required and leaf):
                # A JSON scalar may hold anything: only that it is there counts.
                self._probes.append((name, repr if name in by_value else _given if leaf else form))

    def coerce(self, raw: Mapping[str, Any]) -> dict[str, Any] | list[GraphQLError]:
        """Return the Python values by name, or what is wrong with them."""
        values: dict[str, Any] = {}
        for name, coerce, required in self._coercers:
            value = raw.get(name, Undefined)
            if value is Undefined:
                return self._coerce_fully(raw)
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
            self._schema, self._node.variable_definitions or (), dict(raw), max_errors=20
        )

    def structure(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the key of the plan that serves ``values``; no scalar value is in it.

        Exceptions are variables of ``@skip``, ``@include``, ``orderBy`` and introspection.
        """
        return tuple([_probe(values, name, probe) for name, probe in self._probes])


def _probe(values: Mapping[str, Any], name: str, probe: Callable[[Any], Any]) -> Any:
    return probe(values[name]) if name in values else _MISSING


def _given(value: Any) -> bool:
    return value is not None

"""The variables that a native plan answers, as a template."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fraiseql.serving.document import Operation
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.plan import OperationPlan
from fraiseql.serving.sql import Parameter

_FORMS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "Int": ("int", frozenset({"int8"})),
    "String": ("text", frozenset({"text", "column", "uuid", "int8"})),
    "ID": ("text", frozenset({"text", "column", "uuid", "int8"})),
    "Boolean": ("bool", frozenset({"bool"})),
}
"""Form of a scalar in a template, and the types that Rust sends it as."""

_TYPES: Final[Mapping[str, type]] = {"int": int, "text": str, "bool": bool}

WIRES: Final[Mapping[str, str]] = {
    "int8": "int8",
    "text": "text",
    "column": "text",
    "uuid": "uuid",
    "bool": "bool",
}
"""Names of the types for Rust."""


def varying(
    operation: Operation,
    raw: Mapping[str, Any],
    parameters: Sequence[Parameter],
    plan: OperationPlan,
) -> dict[str, str]:
    """Return the variables whose values are only bound as parameters, with their form.

    Args:
        operation: The operation.
        raw: Variables of a request.
        parameters: Parameters of all statements.
        plan: The plan.
    """
    fixed = {ref.name for ref in _limits(plan)}
    wires: dict[str, set[str]] = {}
    for parameter in parameters:
        for ref in _references(parameter.source):
            if _is_plain(parameter):
                wires.setdefault(ref.name, set()).add(parameter.wire)
            else:
                fixed.add(ref.name)
    forms: dict[str, str] = {}
    for name in wires.keys() - fixed:
        form, possible = _FORMS.get(operation.variables.bound_scalar(name), ("", frozenset()))
        if form and wires[name] <= possible and type(raw.get(name)) is _TYPES[form]:
            forms[name] = form
    return forms


def template(raw: Mapping[str, Any], forms: Mapping[str, str]) -> tuple[list[Any], dict[str, int]]:
    """Return the template of variables, and the slots of those that vary."""
    slots = {name: number for number, name in enumerate(sorted(forms))}
    nodes = [
        [name, {"any": [forms[name], slots[name]]} if name in slots else {"constant": value}]
        for name, value in raw.items()
    ]
    return nodes, slots


def is_exact(value: Any) -> bool:
    """Return whether Rust reads a value of a variable as Python does."""
    if isinstance(value, dict):
        return all(map(is_exact, value.values()))
    if isinstance(value, list):
        return all(map(is_exact, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return -(1 << 63) <= value < 1 << 63
    return not isinstance(value, float)


def _is_plain(parameter: Parameter) -> bool:
    """Whether a variable is sent as a parameter without a conversion that Rust does not know."""
    return (
        isinstance(parameter.source, ValueRef)
        and not parameter.source.path
        and not (parameter.array or parameter.pattern or parameter.side)
        and parameter.maximum is None
        and parameter.cursor is None
        and parameter.wire in WIRES
    )


def _references(source: Any) -> Iterator[ValueRef]:
    if isinstance(source, ValueRef):
        yield source
    elif isinstance(source, list | tuple):
        for item in source:
            yield from _references(item)


def _limits(plan: OperationPlan) -> Iterator[ValueRef]:
    for limits, _ in plan.cost.terms:
        for ref, _ in limits:
            yield ref

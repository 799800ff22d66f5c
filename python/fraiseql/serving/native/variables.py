"""The variables that a native plan answers, as a template."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.serving.document import Operation
from fraiseql.serving.document.sizes import count_values
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.plan import OperationPlan
from fraiseql.serving.sql import Parameter

Place = tuple[str | int, ...]
"""The name of a variable, and a path into its coerced value."""

Form = str | dict[str, Any]
"""The form of a value, as Rust reads it."""

_INT: Final = (-(1 << 31), (1 << 31) - 1)
_TEXT: Final = frozenset({"text", "column", "uuid", "int8"})
_WIRES: Final[Mapping[str, frozenset[str]]] = {
    "Int": frozenset({"int8"}),
    "String": _TEXT,
    "ID": _TEXT,
    "Boolean": frozenset({"bool"}),
    "[Int]": frozenset({"int8[]"}),
    "[String]": frozenset(f"{wire}[]" for wire in _TEXT),
    "[ID]": frozenset(f"{wire}[]" for wire in _TEXT),
}
"""Types that Rust sends the values of a scalar as."""


WIRES: Final[Mapping[str, str]] = {
    "int8": "int8",
    "text": "text",
    "column": "text",
    "uuid": "uuid",
    "bool": "bool",
}
"""Names of the types for Rust."""


@dataclass(slots=True)
class _Uses:
    """The parameters that send the value at a place.

    Attributes:
        wires: Their types.
        most: Largest number of rows; None if it is no number of rows.
        fixed: Whether Rust does not know how one of them is made.
    """

    wires: set[str]
    most: int | None = None
    fixed: bool = False


def varying(
    operation: Operation,
    values: Mapping[str, Any],
    parameters: Sequence[Parameter],
    plan: OperationPlan,
    max_complexity: int,
) -> dict[Place, Form]:
    """Return the places whose values are only bound as parameters, with their forms.

    Args:
        operation: The operation.
        values: Coerced variables of a request.
        parameters: Parameters of all statements.
        plan: The plan.
        max_complexity: Largest cost of a request.
    """
    uses = _uses(parameters)
    limits = {place_of(ref) for ref in _limits(plan)}
    bounds = {place: use.most for place, use in uses.items() if place in limits}
    free = None not in bounds.values() and limits <= bounds.keys()
    if not free or plan.cost.of(_raised(values, bounds)) > max_complexity:
        # Each number of rows has a plan of its own, whose cost Python has checked.
        for place in limits & uses.keys():
            uses[place].fixed = True
    forms: dict[Place, Form] = {}
    for place, use in uses.items():
        name = operation.variables.bound_scalar(str(place[0]), place[1:])
        if name in _WIRES and not use.fixed and use.wires <= _WIRES[name]:
            forms[place] = _form(name, use)
    return forms


def with_lengths(
    forms: dict[Place, Form], max_values: int, raw: Mapping[str, Any]
) -> dict[Place, Form]:
    """Set the lengths of lists with which no request has too many values.

    Args:
        forms: The result of ``varying``.
        max_values: Most values in the variables of a request.
        raw: Variables of a request, as sent.
    """
    lists = [place for place, form in forms.items() if form in ("ints", "texts")]
    left = max_values - count_values(raw, max_values)
    for place in lists:
        # An empty list in a filter has a plan of its own.
        least = 1 if len(place) > 1 else 0
        forms[place] = {str(forms[place]): [least, max(least, left // len(lists))]}
    return forms


def _form(name: str, use: _Uses) -> Form:
    if name.startswith("["):
        return "ints" if name == "[Int]" else "texts"
    if name == "Int":
        least, most = _INT
        return {"int": [least, most] if use.most is None else [0, use.most]}
    return "bool" if name == "Boolean" else "text"


def _raised(values: Mapping[str, Any], bounds: Mapping[Place, int | None]) -> Mapping[str, Any]:
    """Return the values with the largest numbers of rows."""
    return {**values, **{str(place[0]): most for place, most in bounds.items()}}


def _uses(parameters: Sequence[Parameter]) -> dict[Place, _Uses]:
    uses: dict[Place, _Uses] = {}
    for parameter in parameters:
        for ref in _references(parameter.source):
            use = uses.setdefault(place_of(ref), _Uses(set()))
            use.wires.add(parameter.wire + ("[]" if parameter.array else ""))
            use.fixed |= not is_plain(parameter)
            if parameter.maximum is not None:
                most = parameter.maximum if use.most is None else min(use.most, parameter.maximum)
                use.most = most
                # A path into an input object has no limit of rows.
                use.fixed |= bool(ref.path)
    return uses


def is_plain(parameter: Parameter) -> bool:
    """Return whether Rust makes a parameter of a value of a request as Python does."""
    return (
        isinstance(parameter.source, ValueRef)
        and not (parameter.side or parameter.parsed)
        and parameter.wire in WIRES
        and (not parameter.pattern or parameter.wire in {"text", "column"})
    )


def place_of(ref: ValueRef) -> Place:
    """Return the place of a reference."""
    return (ref.name, *ref.path)


class Template:
    """The variables of a request, with slots for the values that vary.

    Args:
        operation: The operation.
        raw: Variables as sent.
        forms: The places that vary, with their forms.

    Attributes:
        nodes: The template, as Rust reads it.
        slots: Slots by place.
    """

    def __init__(
        self, operation: Operation, raw: Mapping[str, Any], forms: Mapping[Place, Form]
    ) -> None:
        self._forms = forms
        self._python_name = operation.variables.python_name
        self.slots: dict[Place, int] = {}
        self.nodes = [[name, self._node((name,), (name,), value)] for name, value in raw.items()]

    def _node(self, place: Place, path: tuple[str, ...], value: Any) -> Any:
        if isinstance(value, dict):
            return {
                "object": [
                    [key, self._node((*place, self._python_name(path, key)), (*path, key), item)]
                    for key, item in value.items()
                ]
            }
        form = self._forms.get(place)
        if form is None or not _fits(form, value):
            return {"constant": value}
        slot = self.slots.setdefault(place, len(self.slots))
        return {"any": [form, slot]}


def _fits(form: Form, value: Any) -> bool:
    if isinstance(form, dict):
        ((kind, (least, most)),) = form.items()
        if kind == "int":
            return type(value) is int and least <= value <= most
        item = int if kind == "ints" else str
        is_list = isinstance(value, list) and least <= len(value) <= most
        return is_list and all(type(each) is item for each in value)
    return type(value) is (bool if form == "bool" else str)


def is_exact(value: Any) -> bool:
    """Return whether Rust reads a value of a variable as Python does."""
    if isinstance(value, dict):
        return all(map(is_exact, value.values()))
    if isinstance(value, list):
        return all(map(is_exact, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return -(1 << 63) <= value < 1 << 63
    return not isinstance(value, float)


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

"""Types of the errors of mutations as data of the response."""

import builtins
from typing import Annotated, Any, Optional, Union

from fraiseql.errors import DeclarationError
from fraiseql.schema.collect import own_definition
from fraiseql.schema.declare import type  # noqa: A004 - the public name
from fraiseql.schema.definitions import ObjectDefinition, UnionDefinition
from fraiseql.schema.hints import read_hint, show


@type
class WriteError:
    """One reason why a mutation wrote nothing.

    Attributes:
        code: Stable identifier.
        message: The problem, in one sentence.
        hint: The remedy.
        input: Place of the value in the input: names and positions; empty if it is unknown.
    """

    code: str
    message: str
    hint: str | None
    input: list[str]


@type
class WriteRefused:
    """A mutation that wrote nothing.

    Attributes:
        errors: The reasons.
    """

    errors: list[WriteError]


def refusable(hint: Any, name: str, label: str) -> Any:
    """Return the hint of a union of a type and ``WriteRefused``.

    Args:
        hint: The evaluated hint of a mutation.
        name: GraphQL name of the mutation.
        label: How errors name it.

    Raises:
        DeclarationError: The hint is not that of an object type.
    """
    ref = read_hint(hint, label)
    if ref.item is not None or not isinstance(own_definition(ref.target), ObjectDefinition):
        raise DeclarationError(
            f"{label} has errors='union', but returns {show(hint)}.",
            hint="Return a class declared with @fraiseql.type, or leave errors= out.",
        )
    members: tuple[builtins.type, ...] = (ref.target, WriteRefused)
    union = UnionDefinition(f"{name[:1].upper()}{name[1:]}Result", members)
    named: Any = Annotated[Union[members], union]  # noqa: UP007 - a tuple of members
    return Optional[named] if ref.nullable else named  # noqa: UP045 - the hint is a value

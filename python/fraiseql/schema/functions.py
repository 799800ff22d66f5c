"""Signatures of resolvers: arguments, ``info`` and descriptions."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.schema.definitions import MISSING, ArgumentDefinition, ComputedField, FieldDefinition
from fraiseql.schema.docstrings import Docs, read_docstring
from fraiseql.schema.info import Info
from fraiseql.schema.members import FieldMark, function_of

_INFO_NAMES: Final = ("Info", "fraiseql.Info", "schema.Info")


def docs_of(function: Callable[..., Any]) -> Docs:
    """Read the docstring of a function; an object's class describes the class, not the field."""
    text = function.__doc__
    return read_docstring(None if text == type(function).__doc__ else text)


def plain_function(function: Any) -> Any:
    """Return the function inside of decorators and partials: where its hints were written."""
    plain = inspect.unwrap(function)
    return plain_function(plain.func) if isinstance(plain, partial) else plain


def is_info(parameter: inspect.Parameter) -> bool:
    """Return whether a parameter is the ``info`` of the request."""
    hint = parameter.annotation
    return parameter.name == "info" or hint is Info or hint in _INFO_NAMES


def read_parameters(
    function: Callable[..., Any], label: str, docs: Docs, *, skip: int
) -> tuple[tuple[ArgumentDefinition, ...], bool]:
    """Read the arguments of a resolver.

    Args:
        function: The resolver.
        label: How errors name it.
        docs: Its docstring, for the arguments' descriptions.
        skip: Leading parameters that are not arguments: the parent of a computed field.

    Returns:
        The arguments, and whether the function takes ``info``.

    Raises:
        DeclarationError: A parameter has no hint or cannot be passed by name.
    """
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    takes_info = bool(parameters) and is_info(parameters[0])
    rest = parameters[takes_info:]
    for parameter in rest:
        if is_info(parameter):
            raise DeclarationError(
                f"{label} takes {parameter.name!r} after its arguments.",
                hint=f"Write {parameter.name} {'second, after the parent' if skip else 'first'}.",
            )
    return tuple(_argument(parameter, label, docs) for parameter in rest), takes_info


def _argument(parameter: inspect.Parameter, label: str, docs: Docs) -> ArgumentDefinition:
    name = parameter.name
    if parameter.kind in (
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
        parameter.POSITIONAL_ONLY,
    ):
        raise DeclarationError(
            f"{label} has parameter {parameter}, which cannot be a GraphQL argument.",
            hint=f"Write a plain parameter with a type hint: {name}: int.",
        )
    if parameter.annotation is parameter.empty:
        raise DeclarationError(
            f"{label}, argument {name!r}, has no type hint.",
            hint=f"Write {name}: int (or another type); only info goes without a hint.",
        )
    return ArgumentDefinition(
        name=name,
        graphql_name=to_camel(name),
        annotation=parameter.annotation,
        default=MISSING if parameter.default is parameter.empty else parameter.default,
        description=docs.entries.get(name),
    )


def return_hint(function: Callable[..., Any], label: str) -> Any:
    """Return the return annotation as written.

    Raises:
        DeclarationError: There is none.
    """
    hint = inspect.signature(function).return_annotation
    if hint is inspect.Signature.empty:
        raise DeclarationError(
            f"{label} has no return type hint.",
            hint="Annotate the return type: def … -> int, -> User | None, -> list[Post].",
        )
    return hint


def computed_field(cls: type, name: str, member: Any, mark: FieldMark) -> FieldDefinition:
    """Build the definition of a computed field.

    Raises:
        DeclarationError: A hint is missing, or there is no parameter for the parent.
    """
    function = function_of(member)
    label = f"{cls.__name__}.{name}"
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or is_info(parameters[0]):
        raise DeclarationError(
            f"{label} has no parameter for the object that it belongs to.",
            hint=f"Write def {name}({'parents' if mark.batch else 'self'}, info, …).",
        )
    docs = docs_of(function)
    arguments, takes_info = read_parameters(function, label, docs, skip=1)
    return FieldDefinition(
        name=name,
        graphql_name=mark.name or to_camel(name),
        annotation=return_hint(function, label),
        description=mark.description or docs.description,
        deprecation=mark.deprecation,
        requirement=mark.requires,
        computed=ComputedField(function, mark.needs, mark.batch, takes_info, arguments),
    )

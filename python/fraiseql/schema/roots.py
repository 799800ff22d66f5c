"""Hints and arguments of root fields answered by SQL alone."""

import types
from dataclasses import replace
from typing import Annotated, Any, Optional, get_origin

from fraiseql.errors import DeclarationError
from fraiseql.naming import suggestion, to_camel
from fraiseql.schema.by_key import ByKey, GroupBy, GroupOrder, Having
from fraiseql.schema.definitions import (
    ArgumentDefinition,
    ObjectDefinition,
    QueryDefinition,
    UnionDefinition,
)
from fraiseql.schema.filters import comparable
from fraiseql.schema.hints import TypeReference, read_hint, show
from fraiseql.schema.model import Model
from fraiseql.schema.nested import page_arguments
from fraiseql.schema.orders import parse_term
from fraiseql.schema.queries import OrderBy, Where

_BOUNDS = {
    False: ("limit", "offset"),
    True: ("first", "after", "last", "before"),
}
"""Arguments that choose the rows of a page: of lists, and of connections."""


def _or_null(hint: Any) -> Any:
    return Optional[hint]  # noqa: UP045 - the hint is a value here


def _list_of(hint: Any) -> Any:
    return types.GenericAlias(list, (hint,))


def _generic(kind: Any, cls: type) -> Any:
    return kind[cls]


def complete_roots(model: Model) -> None:
    """Give every ``find`` and ``find_one`` its hint and arguments.

    Raises:
        DeclarationError: The type has no relation, or ``by`` or ``order_by`` name no field of it.
    """
    model.queries = [
        query if query.function or query.nodes else _complete(query, model)
        for query in model.queries
    ]


def _complete(query: QueryDefinition, model: Model) -> QueryDefinition:
    label = query.label
    ref = read_hint(query.annotation, label)
    if ref.item is not None or ref.nullable:
        raise DeclarationError(
            f"{label} finds {show(query.annotation)}; the list or null is its own doing.",
            hint=f"Write the class alone: {show(ref.innermost)}.",
        )
    source = _source(ref.target, model, label)
    fields: dict[str, TypeReference] = {}
    if not isinstance(source, UnionDefinition):
        fields = comparable(source, model)
    keyed = [name for key in query.keys for name in key]
    if (query.aggregated or query.aggregates) and not isinstance(source, ObjectDefinition):
        raise DeclarationError(
            f"{label} aggregates {source.name}, which is no object type.",
            hint="Name a class declared with @fraiseql.type.",
        )
    for name in (*query.by, *keyed, *(parse_term(term).name for term in query.order_by)):
        _check_field(name, fields, source, label)
    return replace(
        query,
        annotation=_list_of(query.annotation) if query.many else _or_null(query.annotation),
        arguments=_arguments(query, fields, source, label),
    )


def _source(target: Any, model: Model, label: str) -> Any:
    composite = model.composite(target)
    definition = model.definitions.get(target)
    if composite is None and not isinstance(definition, UnionDefinition):
        raise DeclarationError(
            f"{label} finds {show(target)}, which is not an object type.",
            hint=f"Write {label[:-1]}, User, …) with a class declared with @fraiseql.type.",
        )
    chosen = composite or definition
    if getattr(chosen, "sql_source", None) is None:
        name = getattr(chosen, "name", "")
        raise DeclarationError(
            f"{label} finds {name}, which has no sql_source.",
            hint=f'Write @fraiseql.type(sql_source="…") above class {name}.',
        )
    return chosen


def _check_field(name: str, fields: dict[str, TypeReference], definition: Any, label: str) -> None:
    if name in fields:
        return
    if name in getattr(definition, "fields", {}):
        raise DeclarationError(
            f"{label} names {definition.name}.{name}, which is not a stored scalar or enum.",
            hint=f"Use one of: {', '.join(fields) or '(none)'}.",
        )
    raise DeclarationError(
        f"{label} names {name!r}, which is not a field of {definition.name}."
        f"{suggestion(name, fields)}",
        hint=f"Fields of {definition.name}: {', '.join(fields) or '(none)'}.",
    )


def _arguments(
    query: QueryDefinition, fields: dict[str, TypeReference], definition: Any, label: str
) -> tuple[ArgumentDefinition, ...]:
    arguments = []
    for name in query.by:
        if name in ("where", "order_by", *_BOUNDS[query.connected]) and query.many:
            function = label.partition("(")[0]
            raise DeclarationError(
                f"{label} has by={name!r}, which is an argument of every {function}.",
                hint="Leave it out of by and filter with where.",
            )
        arguments.append(_equality(name, definition, many=query.many))
    if query.keys:
        hint = _generic(ByKey, definition.python_class)
        text = "The unique key of the row."
        arguments.append(ArgumentDefinition("by", "by", hint, description=text))
    if query.aggregated:
        return (*_grouping(definition), *_bounds(query))
    if query.many and fields:
        cls = definition.python_class
        arguments.append(
            _argument("where", _generic(Where, cls), f"Which of {definition.name} are wanted.")
        )
        arguments.append(
            _argument("order_by", _generic(OrderBy, cls), "Order; ties are broken by the key.")
        )
    if query.many:
        arguments += _bounds(query)
    return tuple(arguments)


def _grouping(definition: Any) -> list[ArgumentDefinition]:
    cls = definition.python_class
    groups = "Which groups are wanted."
    return [
        _argument("where", _generic(Where, cls), f"Which of {definition.name} are wanted."),
        _argument("group_by", _generic(GroupBy, cls), "Fields whose equal values are a group."),
        _argument("having", _generic(Having, cls), groups),
        _argument("order_by", _generic(GroupOrder, cls), "Order; ties are broken by the key."),
    ]


def _bounds(query: QueryDefinition) -> list[ArgumentDefinition]:
    if not query.connected:
        offset = _argument("offset", int, "Rows to skip.")
        return [_argument("limit", int, _limit_text(query)), offset]
    return page_arguments(_limit_text(query)[:-1])


def _argument(name: str, hint: Any, description: str) -> ArgumentDefinition:
    return ArgumentDefinition(name, to_camel(name), _or_null(hint), None, description)


def _equality(name: str, definition: Any, *, many: bool) -> ArgumentDefinition:
    field = definition.fields[name]
    hint = _without_null(field.annotation)
    if not many:
        return ArgumentDefinition(name, field.graphql_name, hint, description=field.description)
    return ArgumentDefinition(name, field.graphql_name, _or_null(hint), None, field.description)


def _without_null(hint: Any) -> Any:
    """Return ``T`` of ``T | None``."""
    if get_origin(hint) is Annotated or not read_hint(hint, "").nullable:
        return hint
    return next(part for part in hint.__args__ if part is not type(None))


def _limit_text(query: QueryDefinition) -> str:
    text = "Most rows"
    if query.default_limit is not None:
        text += f"; {query.default_limit} when left out"
    if query.max_limit is not None:
        text += f"; at most {query.max_limit}"
    return text + "."

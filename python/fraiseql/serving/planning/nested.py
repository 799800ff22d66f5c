"""Arguments of embedded lists, as plain data."""

from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError

from fraiseql.errors import InputError
from fraiseql.serving.document.sizes import check_filter, check_order
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.arguments import ArgumentReader, input_error
from fraiseql.serving.planning.filter_tree import Filter
from fraiseql.serving.planning.filters import parse_filter
from fraiseql.serving.planning.reads import OrderTerm
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.planning.selection import SelectedField

NO_ROWS: Final = "{place} takes no arguments here: its parent is no row that SQL reads."
"""Message for a list inside a stored document, or in an object that a resolver made by itself."""


@dataclass(frozen=True, slots=True)
class ListArguments:
    """The arguments that a request gives an embedded list.

    Attributes:
        where: Its filter, in addition to the embed's own; None for none.
        order: Its order; None for the embed's own.
        limit: A number, a ``ValueRef``, or None for the embed's own.
        offset: A number, a ``ValueRef``, or None.
        conditions: Number of conditions and order terms.
    """

    where: Filter | None = None
    order: tuple[OrderTerm, ...] | None = None
    limit: Any = None
    offset: Any = None
    conditions: int = 0

    @property
    def plain(self) -> bool:
        """Whether the list is read as the embed declares it."""
        return self == _PLAIN


_PLAIN = ListArguments()


def read_list_arguments(
    selected: SelectedField,
    reader: ArgumentReader,
    relations: Relations,
    rows: tuple[str, BoundRelation],
    maximum: int,
) -> ListArguments:
    """Return the arguments of an embedded list.

    Args:
        selected: The field.
        reader: Reads its arguments.
        relations: The application's relations.
        rows: Type and relation of the items.
        maximum: Most items that a request can ask for.

    Raises:
        GraphQLError: An argument is not valid.
        InputError: A filter or order cannot be answered, or a number is out of range.
    """
    assert selected.field is not None  # noqa: S101 - __typename has no arguments
    if not selected.nodes[0].arguments:
        return _PLAIN
    arguments = reader.for_sql(selected.field, selected.nodes[0])
    written, terms = arguments.get("where"), arguments.get("order_by")
    conditions = check_filter(written, reader.limits) if written else 0
    where = parse_filter(written, relations.scope(*rows)) if written else None
    order = None
    if terms:
        check_order(terms, reader.limits)
        order = relations.order(terms, *rows)
    limit, offset = arguments.get("limit"), arguments.get("offset")
    check_count("limit", limit, maximum)
    check_count("offset", offset, None)
    return ListArguments(where, order, limit, offset, conditions + len(terms or ()))


def is_part(arguments: ListArguments, order: tuple[OrderTerm, ...], declared: int | None) -> bool:
    """Whether a list with arguments is a part of the list without any.

    Args:
        arguments: The arguments.
        order: The order of the list without arguments.
        declared: The declared ``limit`` of the embed.
    """
    if arguments.where is not None or arguments.order not in (None, order):
        return False
    limit, offset = arguments.limit, arguments.offset
    if declared is None or not offset:
        return True
    return isinstance(limit, int) and isinstance(offset, int) and offset + limit <= declared


def check_count(name: str, value: Any, maximum: int | None) -> None:
    """Check a constant; the value of a variable is checked when it is bound."""
    if value is None or isinstance(value, ValueRef):
        return
    if value < 0 or (maximum is not None and value > maximum):
        bounds = "of 0 or more" if maximum is None else f"from 0 to {maximum}"
        raise InputError(f"{name} must be a whole number {bounds}, not {value}.")


def unread(type_name: str, selected: SelectedField) -> GraphQLError:
    """Return the error of a list with arguments that no statement reads."""
    message = NO_ROWS.format(place=f"{type_name}.{selected.name}")
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def field_error(error: GraphQLError | InputError) -> Exception:
    """Return the error of a field; a cached plan must not refer to the frames of a request."""
    if isinstance(error, GraphQLError):
        return input_error(error)
    return InputError(error.message, hint=error.hint, code=error.code)

"""Terms of orders by values of related rows."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from fraiseql.catalog import Column
from fraiseql.errors import InputError
from fraiseql.field_access import FieldAccess
from fraiseql.naming import suggestion
from fraiseql.schema.orders import Term
from fraiseql.serving.planning.fields import column_access, orderable
from fraiseql.serving.planning.filters import RelatedScope
from fraiseql.serving.planning.reads import OrderTerm, RelatedStep

COUNT: Final = "count"
"""Name of the number of rows of an embedded list in an order."""

_MAX_STEPS: Final = 5

_NUMBER: Final = column_access(
    Column(COUNT, "bigint", "int8", nullable=False, base_sql="pg_catalog.int8")
)


class OrderRelations(Protocol):
    """The parts of ``Relations`` that orders need."""

    def related(self, name: str, type_name: str, outer: Any) -> RelatedScope | None:
        """Return the rows that an embed reads for each row of ``outer``."""

    def accesses(self, type_name: str, bound: Any) -> Mapping[str, FieldAccess]:
        """Return the fields and columns that may be compared."""


def related_term(relations: OrderRelations, parsed: Term, type_name: str, bound: Any) -> OrderTerm:
    """Return a term whose name has steps: ``author.name``, ``comments.count``.

    Raises:
        InputError: A step is no embed, or the value has no order.
    """
    *steps, last = parsed.name.split(".")
    if len(steps) > _MAX_STEPS:
        raise InputError(
            f"An order has more than {_MAX_STEPS} steps to related rows; that is the limit.",
            code="DOCUMENT_TOO_DEEP",
        )
    path: list[RelatedStep] = []
    for position, name in enumerate(steps):
        rows = relations.related(name, type_name, bound)
        if rows is None:
            raise InputError(
                f"{type_name} has no embed {name!r} to order by.", code="UNKNOWN_FIELD"
            )
        path.append(_step(name, rows))
        if rows.many:
            if position + 1 < len(steps) or last != COUNT:
                raise InputError(
                    f"{type_name}.{name} is a list: rows are ordered by its count alone."
                    f"{suggestion(last, [COUNT])}",
                    hint=f"Order by {name}.{COUNT}.",
                )
            return OrderTerm(_NUMBER, parsed.descending, parsed.nulls, tuple(path), counted=True)
        scope: Any = rows.scope
        type_name, bound = scope.type_name, scope.bound
    access = orderable(relations.accesses(type_name, bound), last, type_name)
    return OrderTerm(access, parsed.descending, parsed.nulls, tuple(path))


def _step(name: str, rows: RelatedScope) -> RelatedStep:
    key, own = rows.relation.key, {column.name for column, _ in rows.join}
    return RelatedStep(name, rows.relation, rows.join, rows.condition, bool(key) and {*key} <= own)

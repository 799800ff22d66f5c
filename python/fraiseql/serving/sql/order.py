"""SQL of orders, also by values of related rows."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted from the catalog, values are
# parameters, and a developer's own predicates come from declarations only.

from collections.abc import Sequence
from typing import Any

from fraiseql.catalog.picture import quote
from fraiseql.expressions import equals, expression
from fraiseql.serving.planning.reads import OrderTerm, RelatedStep
from fraiseql.sql_names import fn


class OrderSql:
    """Writes the terms of one order.

    Args:
        alias: Alias of the ordered relation.
        terms: The order.
        joined: Whether objects may be joined to it; otherwise subqueries read them.

    Attributes:
        joins: The joins to add to the relation; each finds at most one row.
    """

    def __init__(self, alias: str, terms: Sequence[OrderTerm], *, joined: bool = False) -> None:
        self._alias = alias
        self._aliases: dict[tuple[str, ...], str] = {}
        self.joins = ""
        self._related: dict[Any, str] = {}
        for term in terms:
            if term.path:
                objects = term.path[:-1] if term.counted else term.path
                unique = joined and all(step.unique for step in objects)
                sql = self._joined(term, objects) if unique else _scalar(alias, term, term.path)
                self._related[_key(term)] = sql

    def sql(self, term: OrderTerm) -> str:
        """Return the expression of a term."""
        if term.path:
            return self._related[_key(term)]
        return expression(self._alias, term.access)

    def clause(self, terms: Sequence[OrderTerm]) -> str:
        """Return ``ORDER BY`` and terms, which may be in the opposite directions; or nothing."""
        parts = [
            self.sql(term)
            + (" DESC" if term.descending else "")
            + (f" NULLS {term.nulls.upper()}" if term.nulls else "")
            for term in terms
        ]
        return f" ORDER BY {', '.join(parts)}" if parts else ""

    def _joined(self, term: OrderTerm, objects: Sequence[RelatedStep]) -> str:
        outer = self._alias
        prefix: tuple[str, ...] = ()
        for step in objects:
            prefix = (*prefix, step.name)
            inner = self._aliases.get(prefix)
            if inner is None:
                inner = self._aliases[prefix] = f"{self._alias}o{len(self._aliases) + 1}"
                on = _conditions(step, inner, outer)
                self.joins += f" LEFT JOIN {step.relation.sql} AS {inner} ON {on}"
            outer = inner
        if term.counted:
            return _scalar(outer, term, term.path[-1:])
        return expression(outer, term.access)


def _key(term: OrderTerm) -> tuple[Any, ...]:
    return (*(step.name for step in term.path), term.counted, term.access.name)


def _scalar(outer: str, term: OrderTerm, path: Sequence[RelatedStep]) -> str:
    """Return the value of a term as a subquery for each row."""
    step, inner = path[0], f"{outer}s"
    if len(path) > 1:
        value = _scalar(inner, term, path[1:])
    else:
        value = f"{fn('count')}(*)" if term.counted else expression(inner, term.access)
    one = "" if term.counted and len(path) == 1 else " LIMIT 1"
    where = _conditions(step, inner, outer)
    return f"(SELECT {value} FROM {step.relation.sql} AS {inner} WHERE {where}{one})"


def _conditions(step: RelatedStep, inner: str, outer: str) -> str:
    tests = [
        f"{inner}.{quote(own.name)} {equals(own, other)} {outer}.{quote(other.name)}"
        for own, other in step.join
    ]
    tests += [f"({step.condition})"] if step.condition else []
    return " AND ".join(tests)

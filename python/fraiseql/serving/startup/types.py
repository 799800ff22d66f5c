"""Comparison of declarations with the types in the catalog."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLNonNull

from fraiseql.catalog import Column
from fraiseql.catalog.details import DetailsMap
from fraiseql.errors import SourceError
from fraiseql.expressions import equals
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import FieldDefinition, QueryDefinition
from fraiseql.schema.orders import parse_term
from fraiseql.schema.pages import row_type
from fraiseql.serving.planning.fields import FieldAccess, stored_column
from fraiseql.serving.planning.reads import RelationRead
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.startup.column_types import misfits, python_name

CODE: Final = "COLUMN_TYPE"


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference between a declaration and its column.

    Attributes:
        certain: Whether it prevents the start; otherwise it is a warning.
        message: The field, the column and their types.
        instead: The remedy.
        code: Code of the error.
    """

    certain: bool
    message: str
    instead: str
    code: str = CODE


@dataclass(frozen=True, slots=True)
class OperatorCheck:
    """SQL that PostgreSQL has to accept for a declaration to work.

    Attributes:
        operator: Operator between the two columns; empty for an order by one column.
        types: The SQL types of the columns.
        finding: The finding when PostgreSQL refuses it.
    """

    operator: str
    types: tuple[str, ...]
    finding: Finding

    def items(self, start: int) -> tuple[list[str], str]:
        """Return columns of an inner query, from ``c<start>`` on, and the expression to check."""
        names = [f"c{start + number}" for number in range(len(self.types))]
        columns = [
            f"NULL::{type_} AS {name}" for type_, name in zip(self.types, names, strict=True)
        ]
        return columns, f" {self.operator} ".join(names)


def compare(
    relations: Relations, bound_relations: Iterable[tuple[str, BoundRelation]], details: DetailsMap
) -> Iterator[Finding | OperatorCheck]:
    """Yield the declarations that do not fit the columns in the catalog.

    Args:
        relations: Declarations, resolved.
        bound_relations: Object types, each with a relation that answers it.
        details: Details of every relation.
    """
    comparer = _Comparer(relations, details)
    for type_name, bound in bound_relations:
        if bound.relation.sql in details:
            yield from comparer.of_type(type_name, bound)
    for query in relations.schema.queries.values():
        if query.function is None:
            yield from comparer.of_root(query)


class _Comparer:
    """Compares types and root fields with the details of relations."""

    def __init__(self, relations: Relations, details: DetailsMap) -> None:
        self._relations = relations
        self._details = details

    def of_type(self, type_name: str, bound: BoundRelation) -> Iterator[Finding | OperatorCheck]:
        """Yield the misfits in the fields of one type."""
        type_: Any = self._relations.schema.graphql.type_map[type_name]
        for graphql_name, field in self._relations.schema.fields[type_name].items():
            output = type_.fields[graphql_name].type
            owner = f"{type_name}.{field.name}"
            if field.embed is not None:
                named = row_named(output).name
                yield from self._of_embed(owner, field, bound, named)
                if field.embed.via and isinstance(output, GraphQLNonNull):
                    yield from self._of_certainty(owner, field, bound, named)
            elif field.computed is None:
                yield from self._of_field(owner, field, bound, output)

    def _of_field(
        self, owner: str, field: FieldDefinition, bound: BoundRelation, output: Any
    ) -> Iterator[Finding]:
        column, inside = stored_column(bound.relation, bound.document, field, wanted_by=owner)
        if inside:
            return
        details, shown = self._details[bound.relation.sql], _column(bound, column.name)
        type_ = details.types[column.name]
        for misfit in misfits(self._relations.schema, output, type_):
            reason = f": {misfit.reason}" if misfit.reason else ""
            yield Finding(
                misfit.certain,
                f"{owner} is {python_name(output)}, but its column {shown} is {column.type_name}"
                f"{reason}.",
                f"Write {field.name}: {misfit.instead}.",
            )
        if (
            isinstance(output, GraphQLNonNull)
            and details.is_table
            and column.name not in details.required
        ):
            yield Finding(
                False,
                f"{owner} is never null, but its column {shown} may hold null: such a row is"
                " answered with an error.",
                f"Write {field.name}: {python_name(output)} | None, or make the column NOT NULL.",
            )

    def _of_embed(
        self, owner: str, field: FieldDefinition, outer: BoundRelation, named: str
    ) -> Iterator[Finding | OperatorCheck]:
        assert field.embed is not None  # noqa: S101 - the caller checked
        inner = self._relations.embedded_relation(field.embed, named)
        read = RelationRead(inner.relation)
        embedded = self._relations.embedded(
            field, outer, named, read, owner=owner.partition(".")[0]
        )
        if field.embed.connection and not inner.key:
            yield _unidentified(owner, inner)
        for own, other in embedded.join:
            yield self._of_join(owner, _Side(inner, own), _Side(outer, other))
        for term in embedded.order:
            yield from self._of_order(f"{owner} is ordered", term.access, inner)
        joined = [own for own, _ in embedded.join]
        if not embedded.many and not self._details[inner.relation.sql].unique(joined):
            names = ", ".join(_column(inner, name) for name in joined)
            yield Finding(
                False,
                f"{owner} embeds one row by {names}, which several rows may have: any one of"
                " them is the answer.",
                f"Add a unique constraint, or name a key of {inner.relation.name} in target_key=.",
            )

    def _of_certainty(
        self, owner: str, field: FieldDefinition, outer: BoundRelation, named: str
    ) -> Iterator[Finding]:
        """Yield why an embedded object may be null although it is declared otherwise."""
        assert field.embed is not None  # noqa: S101 - the caller checked
        inner = self._relations.embedded_relation(field.embed, named)
        read = RelationRead(inner.relation)
        join = self._relations.embedded(field, outer, named, read, owner=owner.partition(".")[0])
        details = self._details[outer.relation.sql]
        if not details.is_table:
            return
        loose = [name for _, name in join.join if name not in details.required]
        pairs = frozenset((name, own) for own, name in join.join)
        shown = ", ".join(_column(outer, name) for name in loose or field.embed.via)
        reason = "may hold null" if loose else f"is no foreign key to {inner.relation.name}"
        if loose or (inner.relation.sql, pairs) not in details.foreign_keys:
            yield Finding(
                False,
                f"{owner} is never null, but {shown} {reason}: a row without a"
                f" {named} is answered with an error.",
                f"Write {field.name}: {named} | None, or add the constraint.",
            )

    def _of_join(self, owner: str, inner: "_Side", outer: "_Side") -> OperatorCheck:
        finding = Finding(
            True,
            f"{owner} joins {inner} with {outer}: PostgreSQL cannot compare the two.",
            "Name columns of the same type in on=/via= (parent_key= and target_key= name the other"
            " side), or change the type of one column.",
        )
        types = [
            self._details[side.bound.relation.sql].types[side.name].sql for side in (inner, outer)
        ]
        return OperatorCheck(equals(inner.column, outer.column), tuple(types), finding)

    def of_root(self, query: QueryDefinition) -> Iterator[Finding | OperatorCheck]:
        """Yield the misfits of one ``find`` or ``find_one``."""
        type_name = row_type(self._relations.schema.graphql, query).name
        bound = self._relations.bound_relation(type_name)
        if bound is None or bound.relation.sql not in self._details:
            return
        accesses = self._relations.accesses(type_name, bound)
        label = query.label
        if query.connected and not bound.key:
            yield _unidentified(label, bound)
        for term in query.order_by:
            access = accesses[parse_term(term).name]
            yield from self._of_order(f"{label} is ordered", access, bound)
        chosen = [accesses[name] for name in query.by]
        for access in chosen:
            yield from self._of_equality(f"{label} compares", access, bound)
        columns = [access.column.name for access in chosen]
        plain = chosen and not any(access.in_document for access in chosen)
        if not query.many and plain and not self._details[bound.relation.sql].unique(columns):
            names = ", ".join(_column(bound, name) for name in columns)
            yield Finding(
                False,
                f"{label} picks one row by {names}, which several rows may have: the first"
                " by the key is the answer.",
                f"Add a unique constraint over {', '.join(columns)}, or declare fraiseql.find.",
            )

    def _of_order(
        self, doing: str, access: FieldAccess, bound: BoundRelation
    ) -> Iterator[OperatorCheck]:
        if not access.in_document:
            types = (self._sql_type(access, bound),)
            yield OperatorCheck("", types, _incomparable(doing, access, bound))

    def _of_equality(
        self, doing: str, access: FieldAccess, bound: BoundRelation
    ) -> Iterator[OperatorCheck]:
        if not access.in_document:
            types = (self._sql_type(access, bound),) * 2
            operator = equals(access.column, access.column)
            yield OperatorCheck(operator, types, _incomparable(doing, access, bound))

    def _sql_type(self, access: FieldAccess, bound: BoundRelation) -> str:
        return self._details[bound.relation.sql].types[access.column.name].sql


def _unidentified(label: str, bound: BoundRelation) -> Finding:
    relation = f"{bound.relation.schema}.{bound.relation.name}"
    return Finding(
        True,
        f"{label} pages through {relation}, whose rows no key identifies: cursors cannot say where"
        " a page begins.",
        "Add a primary key, or name the columns that identify a row with key= of the type.",
        "NO_KEY",
    )


def _incomparable(doing: str, access: FieldAccess, bound: BoundRelation) -> Finding:
    column = access.column
    return Finding(
        True,
        f"{doing} by {_column(bound, column.name)}, which is {column.type_name}: PostgreSQL"
        " cannot compare such values.",
        "Name another field, or change the type of the column.",
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """A column that one side of a join names."""

    bound: BoundRelation
    name: str

    def __str__(self) -> str:
        return f"{_column(self.bound, self.name)}, which is {self.column.type_name}"

    @property
    def column(self) -> Column:
        """The column in the catalog."""
        return self.bound.relation.columns[self.name]


def _column(bound: BoundRelation, name: str) -> str:
    return f"{bound.relation.schema}.{bound.relation.name}.{name}"


def refusal(findings: Iterable[Finding]) -> SourceError | None:
    """Return one error with all certain findings, or None."""
    wrong = [finding for finding in dict.fromkeys(findings) if finding.certain]
    if not wrong:
        return None
    first, *others = wrong
    lines = [line for finding in others for line in (finding.message, f"  {finding.instead}")]
    return SourceError(first.message, hint="\n".join([first.instead, *lines]), code=first.code)

"""Plan of an operation, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from graphql import GraphQLError

from fraiseql.schema.definitions import FieldDefinition, QueryDefinition
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.reads import RelationQuery, RelationRead
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.sources import StoredSource


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlan:
    """Plan of a field that a Python function answers.

    Attributes:
        selected: The selected field.
        type_name: Named type of the field.
        names: Python names of the selected sub-fields.
        read: The read of each row for the sub-fields, when the type has a source.
        aside: The same for other types with a source in the selection: the function's result may
            contain their documents.
        arguments: Python name → constant, ``ValueRef``, or ``ArgumentSource``.
        root: Response key of its root field.
        refusal: Error of an invalid argument: the function is not called.
    """

    selected: SelectedField
    type_name: str
    names: tuple[str, ...]
    read: RelationRead | None
    aside: Mapping[str, RelationRead]
    arguments: Mapping[str, Any]
    root: str
    refusal: GraphQLError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StoredQuery:
    """A query of the same rows, read from stored documents.

    Attributes:
        query: The query.
        type_name: GraphQL name of the type.
        source: The stored documents, and how stale they may be.
    """

    query: RelationQuery
    type_name: str
    source: StoredSource


@dataclass(frozen=True, slots=True, eq=False)
class SqlRoot:
    """A root field answered by one statement.

    Attributes:
        stream: Number of the stream of its rows.
        key: Response key.
        query: The live query.
        many: Whether the field is a list.
        max_limit: Largest ``limit`` of a request.
        stored: The stored query to run instead while its documents exist; None to read live.
    """

    stream: int
    key: str
    query: RelationQuery
    many: bool
    max_limit: int
    stored: StoredQuery | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PythonRoot:
    """A root field answered by a Python resolver."""

    stream: int
    definition: QueryDefinition
    field: FieldPlan


@dataclass(frozen=True, slots=True, eq=False)
class ConstantRoot:
    """A root field with a constant answer: introspection.

    Attributes:
        stream: Number of the stream of its answer.
        json: The answer.
        errors: Errors of fields in it.
    """

    stream: int
    json: bytes
    errors: tuple[GraphQLError, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RefusedRoot:
    """A root field with an invalid argument.

    Attributes:
        stream: Number of the stream of its error.
        error: The error.
    """

    stream: int
    error: GraphQLError


@dataclass(frozen=True, slots=True, eq=False)
class NodeRoot:
    """A root field that answers objects by their global ids.

    Attributes:
        stream: Number of the stream of its answer.
        key: Response key.
        ids: A text, a list of texts, or a ``ValueRef`` to one.
        many: Whether it is a list.
        max_ids: Most ids.
        roots: The statement of each type for one id, or its error.
        listed: The statement of each type for several ids.
        sizes: Number of values in the key of each type.
    """

    stream: int
    key: str
    ids: Any
    many: bool
    max_ids: int
    roots: Mapping[str, SqlRoot | RefusedRoot]
    listed: Mapping[str, SqlRoot]
    sizes: Mapping[str, int]


Root = SqlRoot | PythonRoot | ConstantRoot | RefusedRoot | NodeRoot


@dataclass(frozen=True, slots=True, eq=False)
class ComputedStep:
    """A computed field: rendering collects its parents, then its values are rendered.

    Attributes:
        stream: Number of the stream of its values.
        parent: Name of the object type that has the field.
        definition: The declared field.
        needs: Python names of the parent's fields that the function receives.
        field: The field, for the function's ``info``.
    """

    stream: int
    parent: str
    definition: FieldDefinition
    needs: tuple[str, ...]
    field: FieldPlan


RowLimit = tuple[ValueRef, int]
"""A limit from a variable, and the number of rows for null."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Number of values that an operation may answer: ``base``, plus limits times weights.

    Attributes:
        base: The part that does not depend on the variables.
        terms: Limits that are multiplied, and the cost of one row.
    """

    base: int
    terms: tuple[tuple[tuple[RowLimit, ...], int], ...] = ()

    def of(self, values: Mapping[str, Any]) -> int:
        """Return the cost with the limits of one request."""
        total = self.base
        for limits, weight in self.terms:
            total += weight * prod([rows(ref.value(values), default) for ref, default in limits])
        return total

    def times(self, limit: Any, default: int) -> "Cost":
        """Return the cost of as many rows as a limit says: a number, a ``ValueRef``, or None."""
        if isinstance(limit, ValueRef):
            inner = [*self.terms, *([((), self.base)] if self.base else [])]
            row_limit = (limit, default)
            return Cost(0, tuple([((*limits, row_limit), weight) for limits, weight in inner]))
        count = rows(limit, default)
        terms = [(limits, weight * count) for limits, weight in self.terms]
        return Cost(self.base * count, tuple(terms) if count else ())


def rows(limit: Any, default: int) -> int:
    """Return the number of rows for a limit: ``default`` for null, zero for a negative number.

    A negative cost would offset the cost of another field.
    """
    return max(0, limit) if isinstance(limit, int) else default


@dataclass(frozen=True, slots=True, eq=False)
class OperationPlan:
    """One operation for one signature of its variables.

    Attributes:
        roots: Root fields, which run concurrently.
        computed: Computed fields by stream.
        shape: Description of the response, as ``fraiseql_rs.Shape`` compiles it.
        streams: Number of streams.
        fields: Selected fields by id, with the name of their parent type, for errors.
        cost: Complexity.
        refusals: Errors of objects whose selection is invalid or that the request may not use, by
            their number in the shape.
        denials: Errors of fields that are always one, by stream.
        nested: Ids of the embedded lists that have arguments.
    """

    roots: tuple[Root, ...]
    computed: Mapping[int, ComputedStep]
    shape: Mapping[str, Any]
    streams: int
    fields: tuple[tuple[SelectedField, str], ...]
    cost: Cost
    refusals: tuple[GraphQLError, ...] = ()
    denials: Mapping[int, Exception] = field(default_factory=dict)
    nested: frozenset[int] = frozenset()

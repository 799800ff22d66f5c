"""OperationPlan: everything that a repeated operation needs, as plain data that prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from fraiseql.schema.definitions import FieldDefinition, QueryDefinition
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.reads import RelationQuery, RelationRead
from fraiseql.serving.planning.selection import SelectedField
from fraiseql.sources import StoredSource


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlan:
    """What a Python function that answers a field is told about it.

    Attributes:
        selected: The selected field.
        type_name: Named type of the field.
        names: Python names of the selected sub-fields.
        read: What of each row answers the sub-fields, when the type has a source.
        aside: The same for other types with a source that are selected further below: their
            documents may stand inside of what the function returns.
        arguments: Python name → constant, ``ValueRef``, or ``ArgumentSource``.
        root: Response key of the root field that it stands in, or is.
        refusal: Why the function is not called: an argument is not valid.
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
class KeptQuery:
    """The same rows, read from what is kept.

    Attributes:
        query: What is read.
        type_name: GraphQL name of the type.
        source: What is kept, and how stale it may be.
    """

    query: RelationQuery
    type_name: str
    source: StoredSource


@dataclass(frozen=True, slots=True, eq=False)
class SqlRoot:
    """A root field answered by one statement.

    Attributes:
        stream: Number of the stream that takes the rows.
        key: Response key.
        query: The live query.
        many: Whether the field is a list.
        max_limit: Largest ``limit`` of a request.
        kept: What is read instead, as long as it is there; None to read live.
    """

    stream: int
    key: str
    query: RelationQuery
    many: bool
    max_limit: int
    kept: KeptQuery | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PythonRoot:
    """A root field answered by a Python resolver."""

    stream: int
    definition: QueryDefinition
    field: FieldPlan


@dataclass(frozen=True, slots=True, eq=False)
class ConstantRoot:
    """A root field whose answer is known when the plan is made: introspection.

    Attributes:
        stream: Number of the stream that takes the answer.
        json: The answer.
        errors: Errors of fields in it.
    """

    stream: int
    json: bytes
    errors: tuple[GraphQLError, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RefusedRoot:
    """A root field that is an error: one of its arguments is not valid.

    Attributes:
        stream: Number of the stream that takes the failure.
        error: What is wrong.
    """

    stream: int
    error: GraphQLError


Root = SqlRoot | PythonRoot | ConstantRoot | RefusedRoot


@dataclass(frozen=True, slots=True, eq=False)
class ComputedStep:
    """A computed field: its parents come from the first rendering, its values go into the next.

    Attributes:
        stream: Number of the stream that takes the values.
        parent: Name of the object type that has the field.
        definition: The declared field.
        needs: Python names of the parent's fields that the function is given.
        field: The field, for the function's ``info``.
    """

    stream: int
    parent: str
    definition: FieldDefinition
    needs: tuple[str, ...]
    field: FieldPlan


@dataclass(frozen=True, slots=True)
class Cost:
    """How many values an operation may answer: ``base``, and each limit times its weight.

    Attributes:
        base: What does not depend on the variables.
        terms: A limit, what one of its rows costs, and how many rows a null stands for.
    """

    base: int
    terms: tuple[tuple[ValueRef, int, int], ...] = ()

    def of(self, values: Mapping[str, Any]) -> int:
        """Return the cost with the limits of one request."""
        return self.base + sum(
            rows(ref.value(values), usual) * weight for ref, weight, usual in self.terms
        )


def rows(limit: Any, usual: int) -> int:
    """Return how many rows a limit may give: ``usual`` for null, none for a negative number.

    Below zero one field would pay for another.
    """
    return max(0, limit) if isinstance(limit, int) else usual


@dataclass(frozen=True, slots=True, eq=False)
class OperationPlan:
    """One operation for one signature of its variables.

    Attributes:
        roots: Root fields; several are run side by side.
        computed: Computed fields by stream.
        shape: Description of the response, as ``fraiseql_rs.Shape`` compiles it.
        streams: Number of streams.
        fields: Selected fields by id, with the name of their parent type, for errors.
        cost: Complexity.
        refusals: Why objects are errors whose selection cannot be told, by their number in the
            shape.
    """

    roots: tuple[Root, ...]
    computed: Mapping[int, ComputedStep]
    shape: Mapping[str, Any]
    streams: int
    fields: tuple[tuple[SelectedField, str], ...]
    cost: Cost
    refusals: tuple[GraphQLError, ...] = ()

"""Reads of documents for resolvers, with the statements of root fields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from fraiseql.bounded import Bounded
from fraiseql.database import reading_stored
from fraiseql.errors import FraiseQLError, InputError, SourceError
from fraiseql.naming import suggestion
from fraiseql.schema.generated import GeneratedWrite
from fraiseql.serving.document.uniform import uniform
from fraiseql.serving.document.variable_signature import references, variable_signature
from fraiseql.serving.execution.statements import PreparedQuery
from fraiseql.serving.execution.stored_statement import (
    LiveFallback,
    StalenessReport,
    StoredStatement,
)
from fraiseql.serving.execution.withheld import ReadRows, StoredReader
from fraiseql.serving.planning.fields import own_column
from fraiseql.serving.planning.filters import parse_filter, with_operands
from fraiseql.serving.planning.plan import FieldPlan
from fraiseql.serving.planning.reads import RelationQuery, RelationRead, merged
from fraiseql.serving.planning.relations import BoundRelation, Relations, bind_source
from fraiseql.serving.planning.stored_query import find_stored_query
from fraiseql.serving.sql.row_counts import MAX_OFFSET
from fraiseql.sources import Source

_NO_VALUES: Final[Mapping[str, Any]] = {}

current_field: ContextVar[FieldPlan | None] = ContextVar("current_field", default=None)
"""The field whose Python function runs; a repository reads its selection."""

current_values: ContextVar[Mapping[str, Any]] = ContextVar("current_values", default=_NO_VALUES)
"""The variables of its request, for the arguments of embedded lists."""

_CACHED: Final = 1_000

_WHERE: Final = ":where"
_LIMIT: Final = ":limit"
_OFFSET: Final = ":offset"

Outcome = Literal["rows", "count", "exists"]


_FLOATS: Final = frozenset({"float4", "float8", "_float4", "_float8"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """The prepared statements of a read.

    Attributes:
        query: The live statement.
        stored: The statement over stored documents; None if there are none.
        type_name: GraphQL name of the type.
    """

    query: PreparedQuery
    stored: StoredStatement | None
    type_name: str

    @property
    def weight(self) -> int:
        """Approximate bytes of memory."""
        return self.query.weight + (0 if self.stored is None else self.stored.weight)


@dataclass(frozen=True, slots=True)
class Reading:
    """A prepared read and the values to bind."""

    prepared: Prepared
    values: Mapping[str, Any]

    @property
    def type_name(self) -> str:
        """GraphQL name of the documents' type."""
        return self.prepared.type_name

    async def rows(
        self, read: ReadRows, reader: StoredReader | None, note: Callable[[StalenessReport], None]
    ) -> list[Any]:
        """Return the rows, with the document or value first.

        Args:
            read: Runs a statement.
            reader: Reader of stored documents; None reads live rows.
            note: Called with the staleness of stored types.

        Raises:
            FraiseQLError: A value is invalid, or the query failed.
        """
        try:
            return await self._rows(read, reader, note)
        except FraiseQLError as error:
            error.relation = self.prepared.query.relation
            blamed = self.prepared.query.blamed(error)
            if blamed is error:
                raise
            raise blamed from error.__cause__

    async def _rows(
        self, read: ReadRows, reader: StoredReader | None, note: Callable[[StalenessReport], None]
    ) -> list[Any]:
        stored, query = self.prepared.stored, self.prepared.query
        if query.choose is not None:
            query = query.choose(self.values)
        if stored is not None and reader is not None:
            field = current_field.get()
            reader.record(query.text)
            with reading_stored():
                rows = await stored.rows(reader, self.values, field.root if field else "", note)
            if rows is not None:
                return rows
        return await read(query.text, query.bind(self.values))


class RepositoryReader:
    """Prepares the reads of an application's resolvers.

    Args:
        relations: Relations of types and access to their fields.
        fallback: Handles live reads of stored types.
        max_bytes: Approximate maximum bytes of prepared reads.
    """

    def __init__(self, relations: Relations, fallback: LiveFallback, max_bytes: int) -> None:
        self._relations = relations
        self._fallback = fallback
        self._prepared: Bounded[Any, Prepared] = Bounded(_CACHED, max_bytes)

    def prepare(
        self,
        declared: str,
        where: Mapping[str, Any],
        order_by: Sequence[str] = (),
        *,
        limit: int | None = None,
        offset: int | None = None,
        outcome: Outcome = "rows",
    ) -> Reading:
        """Return the prepared reading of a relation.

        Args:
            declared: The relation, as in ``sql_source`` of a type.
            where: A filter.
            order_by: Names, with ``-`` in front for descending order.
            limit: Maximum rows, or None.
            offset: Rows to skip, or None.
            outcome: Rows, their number, or whether a row exists.

        Raises:
            SourceError: No type is declared with this relation.
            InputError: A field or operator is unknown.
        """
        field = current_field.get()
        where = uniform(self._with_operands(declared, field, _copied(where)))
        # No variable of a request has these names.
        values = {_WHERE: where, _LIMIT: limit, _OFFSET: offset}
        key = (
            (declared, field, outcome, limit is None, offset is None),
            (variable_signature(where), tuple(order_by)),
        )
        prepared = self._prepared.get(key)
        if prepared is None:
            source = self._source(declared, field)
            query = self._query(source, field, values, order_by, outcome)
            prepared = self._prepare(source, query)
            self._prepared.put(key, prepared, prepared.weight)
        return Reading(prepared, {**current_values.get(), **values})

    def _with_operands(
        self, declared: str, field: FieldPlan | None, where: dict[str, Any]
    ) -> dict[str, Any]:
        """Return a filter whose JSON has no structure of filters."""
        if not any(isinstance(value, dict | list) for value in where.values()):
            return where
        source = self._source(declared, field)
        scope = self._relations.scope(source.type_name, bind_source(source))
        wrapped: dict[str, Any] = with_operands(where, scope)
        return wrapped

    def _prepare(self, source: Source, query: RelationQuery) -> Prepared:
        # Resolvers may read values of documents, which store floats as text.
        stored_query = (
            None if _has_floats(query.read) else find_stored_query(self._relations, source, query)
        )
        statement = (
            None
            if stored_query is None
            else StoredStatement(stored_query, MAX_OFFSET, self._fallback)
        )
        return Prepared(PreparedQuery(query, MAX_OFFSET), statement, source.type_name)

    def _query(
        self,
        source: Source,
        field: FieldPlan | None,
        values: Mapping[str, Any],
        order_by: Sequence[str],
        outcome: Outcome,
    ) -> RelationQuery:
        bound = bind_source(source)
        scope = self._relations.scope(source.type_name, bound, owner=source.declared)
        places = {name: references(value, name) for name, value in values.items()}
        where = places[_WHERE]
        condition = parse_filter(where, scope) if where else None
        if outcome != "rows":
            return RelationQuery(RelationRead(source.relation), condition, outcome=outcome)
        return RelationQuery(
            self._read(source, bound, field),
            condition,
            self._relations.order(order_by, source.type_name, bound),
            places[_LIMIT],
            places[_OFFSET],
        )

    def _read(self, source: Source, bound: BoundRelation, field: FieldPlan | None) -> RelationRead:
        """Return the selection of the field's own type; of another type, all stored fields too."""
        if field is not None and field.read is not None and field.type_name == source.type_name:
            return field.read
        everything = self._everything(source, bound)
        aside = field.aside.get(source.type_name) if field is not None else None
        return merged(everything, aside) if aside is not None else everything

    def _source(self, declared: str, field: FieldPlan | None) -> Source:
        source = self._relations.source_called(declared, field.type_name if field else "")
        if source is None:
            sources = {source.declared for source in self._relations.sources.sources.values()}
            raise SourceError(
                f"No type is declared with sql_source={declared!r}.{suggestion(declared, sources)}",
                hint="Declare a type with it, or run SQL with info.context['db'].",
            )
        return source

    def _everything(self, source: Source, bound: BoundRelation) -> RelationRead:
        """Return the read of all stored fields, since a resolver may read the document itself."""
        document = bound.relation.columns[bound.document] if bound.document is not None else None
        names = dict.fromkeys(self._stored_names(source.type_name))
        renamed = self._renamed(source.type_name)
        own = [
            name
            for name in names
            if name not in renamed and own_column(bound.relation, bound.document, name)
        ]
        keys = names.keys() & {self._discriminator(source.type_name), bound.document}
        lifted = [(key, document) for key in sorted(keys - set(own)) if document is not None]
        inside = document if len(names) > len(own) + len(renamed) else None
        pairs = tuple(renamed.items())
        return RelationRead(bound.relation, tuple(own), inside, tuple(lifted), renamed=pairs)

    def _renamed(self, type_name: str) -> dict[str, str]:
        """Return the declared columns of fields by the name of the field."""
        return {
            field.name: field.column
            for part in self._relations.parts(type_name)
            for field in self._relations.schema.fields[part].values()
            if field.column is not None
        }

    def _stored_names(self, type_name: str) -> Iterator[str]:
        for part in self._relations.parts(type_name):
            for field in self._relations.schema.fields[part].values():
                if field.computed is None and field.embed is None:
                    yield field.name
        discriminator = self._discriminator(type_name)
        if discriminator is not None:
            yield discriminator

    def _discriminator(self, type_name: str) -> str | None:
        schema = self._relations.schema
        definition = schema.interfaces.get(type_name) or schema.unions.get(type_name)
        return definition.discriminator if definition is not None else None


@dataclass(frozen=True, slots=True)
class Reads:
    """The reads of one request, for ``Repository``.

    Attributes:
        reader: Prepares reads.
        note: Called with the staleness of stored types.
        writer: Runs generated mutations; None if there are none.
    """

    reader: RepositoryReader
    note: Callable[[StalenessReport], None]
    writer: "Writer | None" = None


class Writer(Protocol):
    """Runs generated mutations."""

    async def run(
        self, write: GeneratedWrite, context: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> Any:
        """Run a mutation; return its documents."""


def note_in_field(
    note: Callable[[StalenessReport], None], type_name: str, seconds: float | None
) -> None:
    """Report a type that the running Python function read without a repository.

    Args:
        note: Called with the response key of the root field.
        type_name: The type.
        seconds: Its staleness; None if unknown.
    """
    field = current_field.get()
    if field is not None:
        note(StalenessReport(field.root, type_name, seconds))


def _has_floats(read: RelationRead) -> bool:
    columns = read.relation.columns
    if any(columns[name].base_type in _FLOATS for name in read.columns):
        return True
    return any(_has_floats(embed.read) for embed in read.embeds)


def _copied(where: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of plain dicts and lists, so that the form has all structure."""
    return {str(key): _plain(value) for key, value in where.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _copied(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def check_count(name: str, value: Any) -> int | None:
    """Return a ``limit`` or ``offset`` after checking it.

    Raises:
        InputError: It is not a whole number from 0.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise InputError(f"{name} must be a whole number from 0, not {value!r}.")

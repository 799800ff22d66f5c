"""The interface of strategies, and the types that they share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fraiseql.caching.definition.tables import Table
from fraiseql.caching.dependencies.parsed import Predicate
from fraiseql.caching.dependencies.predicates import InspectedPredicate
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.compare import Verified
from fraiseql.catalog.picture import Catalog
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.schema import Schema
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import FieldDefinition, ObjectDefinition
from fraiseql.sources import StoredSource, live_source


@dataclass(frozen=True, slots=True)
class Violation:
    """A declaration that cannot be applied.

    Attributes:
        code: Stable identifier; has a page in ``docs/errors``.
        where: The type, or type and field.
        message: The problem and its reason.
        alternative: A declaration that works instead.
        create_only: Whether it only prevents creation: objects that exist may still be read.
    """

    code: str
    where: str
    message: str
    alternative: str
    create_only: bool = False

    def __str__(self) -> str:
        """Return the message and the alternative on two lines."""
        return f"{self.where}: {self.message} [{self.code}]\n  {self.alternative}"


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """Schema and catalog used to resolve declarations.

    Attributes:
        schema: The declared schema.
        catalog: The declared relations, by declared name.
        tables: Details of the same relations, by declared name.
        predicates: Parsed predicates of all embeds that stored documents may contain.
    """

    schema: Schema
    catalog: Catalog
    tables: Mapping[str, Table]
    predicates: Mapping[Predicate, InspectedPredicate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredType:
    """A type whose documents are stored.

    Attributes:
        type_name: GraphQL name.
        definition: Its declaration.
        stored: Its strategy with options.
        table: The relation of its ``sql_source``.
        key: Columns that identify a row; may be empty.
        context: Schema and catalog.
        inspection: The result of the strategy's ``inspect``; None before.
    """

    type_name: str
    definition: ObjectDefinition
    stored: Any
    table: Table
    key: tuple[str, ...]
    context: ResolveContext
    inspection: Any = None

    def own_fields(self) -> list[FieldDefinition]:
        """Return the fields that are read from the table's own rows."""
        return own_fields(self.context.schema, self.type_name)

    def embedded_fields(self) -> list[FieldDefinition]:
        """Return the fields that are read from other relations."""
        fields = self.context.schema.fields[self.type_name].values()
        return [each for each in fields if each.embed is not None and not each.embed.connection]


def live_reads(stored_type: StoredType, embeds: Iterable[str] = ()) -> list[str]:
    """Return the quoted names of the relations in the statement of the live answer.

    Args:
        stored_type: The type.
        embeds: Dotted paths of the embeds in the stored document.
    """
    context, sources = stored_type.context, [live_source(stored_type.definition) or ""]
    for path in embeds:
        type_name = stored_type.type_name
        for part in path.split("."):
            fields = context.schema.fields[type_name].items()
            graphql_name, field = next(pair for pair in fields if pair[1].name == part)
            assert field.embed is not None  # noqa: S101 - its documents are stored
            sources.append(field.embed.relation)
            type_: Any = context.schema.graphql.type_map[type_name]
            type_name = row_named(type_.fields[graphql_name].type).name
    return list(dict.fromkeys(context.catalog.relations[name].sql for name in sources))


class Strategy(Protocol):
    """The functions that the module or package of each strategy defines."""

    async def inspect(self, stored_type: StoredType, pool: Pool) -> Any:
        """Read the database for the other methods: the ``inspection`` of a type."""

    def refusals(self, stored_type: StoredType) -> Iterable[Violation]:
        """Return the reasons for refusing the declaration; empty if it can be applied."""

    def objects(self, stored_type: StoredType) -> Iterable[DatabaseObject]:
        """Return the objects to create, with the live view; called only if nothing is refused."""

    async def read_source(self, stored_type: StoredType, pool: Pool) -> StoredSource | None:
        """Return the source to read in place of the live answer, if it exists and is complete."""

    def readable(self, stored_type: StoredType) -> Iterable[str]:
        """Return the quoted names of the relations that replace the live answer, without tables."""

    async def verify(
        self, stored_type: StoredType, connection: AdminConnection, sample: float
    ) -> Verified:
        """Compare stored documents with live ones, in the snapshot of ``connection``.

        ``sample`` is a share of the rows in per cent.
        """

    async def repair(self, stored_type: StoredType, connection: AdminConnection) -> int:
        """Recompute documents that differ, and return their number."""


def own_fields(schema: Schema, type_name: str) -> list[FieldDefinition]:
    """Return the fields of a type that are read from its own row, in declared order."""
    fields = schema.fields[type_name].values()
    return [field for field in fields if field.embed is None and field.computed is None]

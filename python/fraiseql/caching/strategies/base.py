"""What every strategy is given, and what it answers: objects that it wants, or refusals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphql import get_named_type

from fraiseql.caching.definition.tables import Table
from fraiseql.caching.dependencies.parsed import Predicate
from fraiseql.caching.dependencies.predicates import InspectedPredicate
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.compare import Verified
from fraiseql.catalog.picture import Catalog
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.schema import Schema
from fraiseql.schema.definitions import FieldDefinition, ObjectDefinition
from fraiseql.sources import StoredSource, live_source


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that is declared and cannot be had.

    Attributes:
        code: Stable identifier; has a page in ``docs/errors``.
        where: The type, or type and field.
        message: What cannot be had, and why.
        alternative: What works instead.
        create_only: Whether it only stands against making it: what is there already may be read.
    """

    code: str
    where: str
    message: str
    alternative: str
    create_only: bool = False

    def __str__(self) -> str:
        """Return all of it on two lines."""
        return f"{self.where}: {self.message} [{self.code}]\n  {self.alternative}"


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """What declarations are resolved against.

    Attributes:
        schema: Everything declared.
        catalog: The relations that are declared, by declared name.
        tables: More facts of the same relations, by declared name.
        predicates: Facts of the predicates of all embeds that stored documents may hold.
    """

    schema: Schema
    catalog: Catalog
    tables: Mapping[str, Table]
    predicates: Mapping[Predicate, InspectedPredicate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredType:
    """One type whose documents are to be kept.

    Attributes:
        type_name: GraphQL name.
        definition: What is declared of the type.
        stored: Its strategy with options.
        table: The relation of its ``sql_source``.
        key: Columns that identify a row; may be empty.
        context: All the rest.
        inspection: What the strategy's own ``inspect`` read; None until then.
    """

    type_name: str
    definition: ObjectDefinition
    stored: Any
    table: Table
    key: tuple[str, ...]
    context: ResolveContext
    inspection: Any = None

    def own_fields(self) -> list[FieldDefinition]:
        """Return the fields that rows of the table itself answer."""
        return own_fields(self.context.schema, self.type_name)

    def embedded_fields(self) -> list[FieldDefinition]:
        """Return the fields that other relations answer."""
        fields = self.context.schema.fields[self.type_name].values()
        return [field for field in fields if field.embed is not None]


def live_reads(stored_type: StoredType, embeds: Iterable[str] = ()) -> list[str]:
    """Return the quoted names of the relations that the live answer's statement names.

    Args:
        stored_type: The type.
        embeds: Embedded fields that the stored document holds, dotted for those inside of embeds.
    """
    context, found = stored_type.context, [live_source(stored_type.definition) or ""]
    for path in embeds:
        type_name = stored_type.type_name
        for part in path.split("."):
            fields = context.schema.fields[type_name].items()
            graphql_name, field = next(one for one in fields if one[1].name == part)
            assert field.embed is not None  # noqa: S101 - its documents are stored
            found.append(field.embed.relation)
            type_: Any = context.schema.graphql.type_map[type_name]
            type_name = get_named_type(type_.fields[graphql_name].type).name
    return list(dict.fromkeys(context.catalog.relations[name].sql for name in found))


class Strategy(Protocol):
    """What a module of this package offers: the verbs of one strategy, written once each."""

    async def inspect(self, stored_type: StoredType, pool: Pool) -> Any:
        """Read from the database what the other methods need besides the declaration."""

    def refusals(self, stored_type: StoredType) -> Iterable[Violation]:
        """Return why the declaration cannot be had; nothing when it can."""

    def objects(self, stored_type: StoredType) -> Iterable[DatabaseObject]:
        """Return what is to be there, the live view too; called only when nothing is refused."""

    async def read_source(self, stored_type: StoredType, pool: Pool) -> StoredSource | None:
        """Return what may be read in place of the live answer, if it is there and whole."""

    def readable(self, stored_type: StoredType) -> Iterable[str]:
        """Return the quoted names of what is read in place of the live answer, tables apart."""

    async def verify(
        self, stored_type: StoredType, connection: AdminConnection, sample: float
    ) -> Verified:
        """Compare what is kept with the live answer, in the snapshot that ``connection`` is in.

        ``sample`` is a share of the rows in per cent.
        """

    async def repair(self, stored_type: StoredType, connection: AdminConnection) -> int:
        """Make anew what differs, and return how many documents that were."""


def own_fields(schema: Schema, type_name: str) -> list[FieldDefinition]:
    """Return the fields of a type that its own row answers, in declared order."""
    fields = schema.fields[type_name].values()
    return [field for field in fields if field.embed is None and field.computed is None]

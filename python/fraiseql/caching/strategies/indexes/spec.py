"""Specs of declared indexes, and the types that declare them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.caching.definition.tables import Table
from fraiseql.caching.strategies.base import ResolveContext
from fraiseql.caching.strategies.indexes.predicate import IndexCondition
from fraiseql.catalog import Relation
from fraiseql.catalog.picture import quote
from fraiseql.field_access import FieldAccess, find_accesses
from fraiseql.schema.definitions import ObjectDefinition

_MOST_BYTES: Final = 63
_DIGEST: Final = 10


@dataclass(frozen=True, slots=True)
class IndexedType:
    """A type with declared indexes.

    Attributes:
        type_name: GraphQL name.
        definition: Its declaration.
        relation: The relation of its ``sql_source``.
        table: Details of the relation.
        accesses: The fields and columns that may be compared, by name.
        key: Columns that identify a row and break ties.
    """

    type_name: str
    definition: ObjectDefinition
    relation: Relation
    table: Table
    accesses: Mapping[str, FieldAccess]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """A declared index, resolved.

    Attributes:
        declared: The declaration.
        type_name: GraphQL name of the type that declares it.
        table: The table.
        method: ``btree`` or ``gin``.
        items: SQL of each column or expression with its direction.
        conditions: Comparisons of the predicate, with constants as the driver takes them.
        predicate: The predicate as SQL; empty for none.
        rolled: The column of a rolling index.
    """

    declared: Any
    type_name: str
    table: Table
    method: str
    items: tuple[str, ...]
    conditions: tuple[IndexCondition, ...] = ()
    predicate: str = ""
    rolled: FieldAccess | None = None

    @property
    def definition(self) -> str:
        """The parts that identify the index: another definition is another index."""
        window = (self.declared.window, self.declared.step) if self.rolled else ()
        return "\0".join((self.table.sql, self.method, *self.items, self.predicate, *window))

    @property
    def name(self) -> str:
        """Name without schema, from the table's name and a digest of the definition."""
        digest = hashlib.sha256(self.definition.encode()).hexdigest()[:_DIGEST]
        room = _MOST_BYTES - len(f"ix___{digest}_a")
        table = self.table.name.encode()[:room].decode(errors="ignore")
        return f"ix_{table}_{digest}"

    def sql_name(self, slot: str = "") -> str:
        """Return the qualified and quoted name, of one of two slots for a rolling index."""
        return f"{quote(self.table.schema)}.{quote(self.name + slot)}"

    def create(self, predicate: str, slot: str = "") -> str:
        """Return the statement that builds it without blocking reads and writes."""
        where = f" WHERE {predicate}" if predicate else ""
        return (
            f"CREATE INDEX CONCURRENTLY {quote(self.name + slot)} ON {self.table.sql}"
            f" USING {self.method} ({', '.join(self.items)}){where}"
        )


def indexed_types(context: ResolveContext) -> Iterator[IndexedType]:
    """Yield every type that is declared with ``indexes=``.

    Raises:
        SourceError: Its relation, or the column of a field, does not exist.
    """
    for name, definition in context.schema.objects.items():
        source = definition.sql_source or ""
        if not definition.indexes or source not in context.tables:
            continue
        relation = context.catalog.relation(source, wanted_by=name)
        accesses = find_accesses(context.schema, name, relation, definition.jsonb_column)
        usual = ("id",) if "id" in relation.columns else ()
        key = definition.key or relation.key or usual
        yield IndexedType(name, definition, relation, context.tables[source], accesses, key)


def unindexed_types(context: ResolveContext) -> Iterator[str]:
    """Yield the types with declared indexes whose relation does not exist."""
    for name, definition in context.schema.objects.items():
        if definition.indexes and (definition.sql_source or "") not in context.tables:
            yield name

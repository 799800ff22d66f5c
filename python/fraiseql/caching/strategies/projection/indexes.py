"""Indexes: those that a projection's lookups want and its tables have not, made for it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from fraiseql.caching.definition.documents import order_columns
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.projection.embeds import EmbedPath
from fraiseql.caching.strategies.projection.inspection import InspectedTable, TableMap
from fraiseql.caching.strategies.projection.spec import ProjectionSpec, Qualified
from fraiseql.caching.strategies.projection.tree import Tree
from fraiseql.catalog.picture import quote

_PLAIN = 30
"""Bytes of a table's name in the names of its indexes."""


@dataclass(frozen=True, slots=True)
class IndexRequirement:
    """Columns by which a flush or the live view looks rows up: an index must begin with them."""

    table: Qualified
    columns: tuple[str, ...]


def index_requirements(spec: ProjectionSpec) -> tuple[IndexRequirement, ...]:
    """List the lookups that each need an index, apart from those that the tables' keys answer.

    The view finds embedded rows by the inner columns, a flush the rows above by the outer ones.
    """
    tree = Tree.of(spec)
    found = []
    for node in tree.bottom_up:
        parent = tree.nodes[node.parent or 0]
        for table, names in ((node.table, node.inner), (parent.table, node.outer)):
            if {column.name for column in table.key[: len(names)]} != set(names):
                found.append(IndexRequirement(table.name, names))
    return tuple(dict.fromkeys(found))


def index_objects(
    stored_type: StoredType, root: EmbedPath, spec: ProjectionSpec, inspection: TableMap
) -> Iterator[DatabaseObject]:
    """Yield the indexes that are to be there.

    One that the framework made stays wanted when another comes to serve as well: what a plan wants
    does not depend on what it has just done.
    """
    parted = {place.table.sql for place in root.walk() if place.table.kind == "p"}
    for one in index_requirements(spec):
        name = _name(one)
        own = any(index.name == name for index in inspection[one.table].indexes)
        if own or not _served(one, inspection[one.table]):
            terms = [*map(quote, one.columns), *_order(stored_type, root, one)]
            yield _index(spec, one, name, ", ".join(terms), parted=one.table.sql in parted)


def _served(wanted: IndexRequirement, inspection: InspectedTable) -> bool:
    count = len(wanted.columns)
    return any(
        index.valid and index.ordered and set(index.columns[:count]) == set(wanted.columns)
        for index in inspection.indexes
    )


def _name(wanted: IndexRequirement) -> str:
    plain = wanted.table.name.encode()[:_PLAIN].decode(errors="ignore")
    text = "\0".join((wanted.table.sql, *wanted.columns))
    return f"fql_{plain}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _order(stored_type: StoredType, root: EmbedPath, wanted: IndexRequirement) -> list[str]:
    """Return the terms of a limited list's order: its first rows are then found without a sort."""
    for place in root.walk():
        embed = place.embed
        inner = tuple(column for column, _ in place.join)
        name = Qualified(place.table.schema, place.table.name)
        if embed is None or embed.limit is None or (name, inner) != (wanted.table, wanted.columns):
            continue
        child = stored_type.context.catalog.relations[place.source]
        ordered = [pair for pair in order_columns(embed, child) if pair[0] not in inner]
        return [f"{quote(column)}{' DESC' if down else ''}" for column, down in ordered]
    return []


def _index(
    spec: ProjectionSpec, wanted: IndexRequirement, name: str, terms: str, *, parted: bool
) -> DatabaseObject:
    table = wanted.table.sql
    place = f"{quote(wanted.table.schema)}.{quote(name)}"
    # PostgreSQL makes no index of a partitioned table concurrently.
    how = "" if parted else " CONCURRENTLY"
    return DatabaseObject(
        "index",
        place,
        (f"CREATE INDEX{how} {quote(name)} ON {table} ({terms})",),
        (f"DROP INDEX{how} IF EXISTS {place}",),
        spec.owner,
        transactional=parted,
        lock=f"SHARE on {table} and its partitions while it is built: writers wait"
        if parted
        else f"SHARE UPDATE EXCLUSIVE on {table}: neither reads nor writes wait",
    )

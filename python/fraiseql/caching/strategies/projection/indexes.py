"""Indexes that a projection's lookups need and its tables do not have."""

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
    """Columns that a flush or the live view looks rows up by: an index must begin with them."""

    table: Qualified
    columns: tuple[str, ...]


def index_requirements(spec: ProjectionSpec) -> tuple[IndexRequirement, ...]:
    """List the lookups that need an index, without those that the tables' keys serve.

    The view looks embedded rows up by the inner columns, a flush parent rows by the outer ones.
    """
    tree = Tree.of(spec)
    requirements = []
    for node in tree.bottom_up:
        parent = tree.nodes[node.parent or 0]
        for table, names in ((node.table, node.inner), (parent.table, node.outer)):
            if {column.name for column in table.key[: len(names)]} != set(names):
                requirements.append(IndexRequirement(table.name, names))
    return tuple(dict.fromkeys(requirements))


def index_objects(
    stored_type: StoredType, root: EmbedPath, spec: ProjectionSpec, inspection: TableMap
) -> Iterator[DatabaseObject]:
    """Yield the indexes to create.

    An index that the framework created stays in the list even if another one serves the lookup
    too: the desired state must not depend on earlier applies.
    """
    partitioned = {place.table.sql for place in root.walk() if place.table.kind == "p"}
    for requirement in index_requirements(spec):
        table, name = requirement.table, _name(requirement)
        own = any(index.name == name for index in inspection[table].indexes)
        if own or not _served(requirement, inspection[table]):
            terms = [*map(quote, requirement.columns), *_order(stored_type, root, requirement)]
            is_partitioned = table.sql in partitioned
            yield _index(spec, requirement, name, ", ".join(terms), partitioned=is_partitioned)


def _served(requirement: IndexRequirement, inspection: InspectedTable) -> bool:
    count = len(requirement.columns)
    return any(
        index.valid and index.ordered and set(index.columns[:count]) == set(requirement.columns)
        for index in inspection.indexes
    )


def _name(requirement: IndexRequirement) -> str:
    plain = requirement.table.name.encode()[:_PLAIN].decode(errors="ignore")
    text = "\0".join((requirement.table.sql, *requirement.columns))
    return f"fql_{plain}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _order(stored_type: StoredType, root: EmbedPath, requirement: IndexRequirement) -> list[str]:
    """Return the order of a limited list: its first rows are then found without a sort."""
    for place in root.walk():
        embed = place.embed
        inner = tuple(column for column, _ in place.join)
        name = Qualified(place.table.schema, place.table.name)
        if (
            embed is None
            or embed.limit is None
            or (name, inner) != (requirement.table, requirement.columns)
        ):
            continue
        child = stored_type.context.catalog.relations[place.source]
        ordered = [pair for pair in order_columns(embed, child) if pair[0] not in inner]
        return [f"{quote(column)}{' DESC' if down else ''}" for column, down in ordered]
    return []


def _index(
    spec: ProjectionSpec, requirement: IndexRequirement, name: str, terms: str, *, partitioned: bool
) -> DatabaseObject:
    table = requirement.table.sql
    place = f"{quote(requirement.table.schema)}.{quote(name)}"
    # PostgreSQL cannot build an index of a partitioned table concurrently.
    how = "" if partitioned else " CONCURRENTLY"
    return DatabaseObject(
        "index",
        place,
        (f"CREATE INDEX{how} {quote(name)} ON {table} ({terms})",),
        (f"DROP INDEX{how} IF EXISTS {place}",),
        spec.owner,
        transactional=partitioned,
        lock=f"SHARE on {table} and its partitions while it is built: writers wait"
        if partitioned
        else f"SHARE UPDATE EXCLUSIVE on {table}: neither reads nor writes wait",
    )

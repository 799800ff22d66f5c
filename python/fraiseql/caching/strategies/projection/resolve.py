"""Resolve: from a declared type to the spec of its projection."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from fraiseql.caching.definition.documents import order_columns
from fraiseql.caching.definition.tables import Table
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType, own_fields
from fraiseql.caching.strategies.predicates import meaning_of
from fraiseql.caching.strategies.projection.embeds import EmbedPath, chosen
from fraiseql.caching.strategies.projection.inspection import TableMap
from fraiseql.caching.strategies.projection.spec import (
    BaseTable,
    EmbedSpec,
    Join,
    KeyColumn,
    ProjectionSpec,
    Qualified,
)
from fraiseql.caching.strategies.projection.tree import SCHEMA, Tree

_STRING: Final = re.compile(r"'(?:[^']|'')*'")
_WORD: Final = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_]\w*)')
_PLAIN: Final = 30
"""Bytes of the type's own name in the names of what keeps its documents."""


@dataclass(frozen=True, slots=True)
class ResolvedProjection:
    """A projection, and the functions that its view calls."""

    spec: ProjectionSpec
    functions: tuple[DatabaseObject, ...]


def resolve(stored_type: StoredType, root: EmbedPath, inspection: TableMap) -> ResolvedProjection:
    """Return the spec of a type whose declaration has no refusal.

    The names end with a digest of what the documents are: another definition is another
    generation, which is built beside the first.
    """
    query = live_view.query(stored_type, chosen(stored_type))
    plain = live_view.plain_name(stored_type.table.name).encode()[:_PLAIN].decode(errors="ignore")
    bare = ProjectionSpec(
        owner=stored_type.type_name,
        table=Qualified(SCHEMA, ""),
        view=Qualified(SCHEMA, ""),
        view_sql=query.sql,
        root=_base(stored_type, root, inspection, partitions=False),
        columns=_read(stored_type, root),
        embeds=_edges(stored_type, root, inspection, partitions=False),
        text=stored_type.stored.text,
    )
    generation = _digest(bare, meaning_of(stored_type), waits=stored_type.stored.mode == "async")
    spec = replace(
        bare,
        table=Qualified(SCHEMA, f"tv_{plain}_{generation}"),
        view=Qualified(SCHEMA, f"v_{plain}_{generation}"),
        root=_base(stored_type, root, inspection),
        embeds=_edges(stored_type, root, inspection),
        mode=stored_type.stored.mode,
        calls=tuple(one.name for one in query.functions),
        parts=_parts(root, inspection),
        max_bytes=stored_type.stored.max_bytes,
        lineage=sum(inspection[name].lineage for name in _tables(root)),
    )
    return ResolvedProjection(spec, query.functions)


def _digest(spec: ProjectionSpec, meaning: str, *, waits: bool) -> str:
    text = "\0".join((spec.view_sql, repr((spec.root, spec.columns, spec.embeds)), repr(spec.text)))
    by_row = sorted({table.name.sql for _, table, _ in Tree.of(spec).tables() if table.by_row})
    # Documents of a version that captured these tables by statement may be wrong: others are built.
    text += "".join(f"\0by row: {name}" for name in by_row)
    # What names of predicates mean was told as the view was made.
    text += f"\0{meaning}" if meaning else ""
    return hashlib.sha256(f"{text}\0{waits}".encode()).hexdigest()[:10]


def _parts(root: EmbedPath, inspection: TableMap) -> str:
    found = [
        f"{part.name.sql} {part.mark}"
        for name in _tables(root)
        for part in inspection[name].partitions
    ]
    return hashlib.sha256("\0".join(found).encode()).hexdigest()[:16] if found else ""


def _tables(root: EmbedPath) -> list[Qualified]:
    """Return each table under the documents once."""
    names = sorted({(one.table.schema, one.table.name) for one in root.walk()})
    return [Qualified(*name) for name in names]


def _base(
    stored_type: StoredType, place: EmbedPath, inspection: TableMap, *, partitions: bool = True
) -> BaseTable:
    table = place.table
    name = Qualified(table.schema, table.name)
    # One table has one key, wherever it stands: rows are followed by it.
    key = (
        stored_type.key
        if name == Qualified(stored_type.table.schema, stored_type.table.name)
        else place.key
    )
    collations = inspection[name].collations
    columns = tuple(
        KeyColumn(column, _type(table, column), collations.get(column, "")) for column in key
    )
    below = inspection[name].partitions if partitions else ()
    partitions_below = tuple(part.name for part in below)
    return BaseTable(name, columns, partitions_below, inspection[name].by_row)


def _edges(
    stored_type: StoredType, place: EmbedPath, inspection: TableMap, *, partitions: bool = True
) -> tuple[EmbedSpec, ...]:
    found = []
    for one in place.children:
        embed = one.embed
        assert embed is not None  # noqa: S101 - everything below a document is embedded
        many = bool(embed.on)
        types = [
            _type(place.table, outer) if many else _type(one.table, inner)
            for inner, outer in one.join
        ]
        join = tuple(Join(*pair, kind) for pair, kind in zip(one.join, types, strict=True))
        base = _base(stored_type, one, inspection, partitions=partitions)
        deeper = _edges(stored_type, one, inspection, partitions=partitions)
        found.append(EmbedSpec(one.field, base, join, many, _read(stored_type, one), deeper))
    return tuple(found)


def _type(table: Table, column: str) -> str:
    """Return the type of a column for casts; SQL's own ``character`` means a length of 1."""
    named = table.columns[column].sql_type
    return "pg_catalog.bpchar" if named == "character" else named


def _read(stored_type: StoredType, place: EmbedPath) -> tuple[str, ...]:
    """Return the columns that documents, orders, conditions and joins read of a place's rows."""
    fields = [field.name for field in own_fields(stored_type.context.schema, place.type_name)]
    outer = [name for one in place.children for _, name in one.join]
    order: list[str] = []
    if place.embed is not None and place.embed.on:
        child = stored_type.context.catalog.relations[place.source]
        order = [name for name, _ in order_columns(place.embed, child)]
    said = words(one.embed.where for one in place.walk() if one.embed is not None)
    named = [name for name in place.table.columns if name in said]
    # What a predicate reads of its own table is not known: all of it counts.
    all_ = list(place.table.columns) if place.embed is not None and place.embed.where else []
    return _real(place.table, [*fields, *order, *outer, *named, *all_])


def _real(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """Replace virtual columns, which transition tables do not have, by what they may be made of."""
    once = list(dict.fromkeys(names))
    if any(table.columns[name].generated == "v" for name in once):
        once = [name for name, column in table.columns.items() if column.generated != "v"]
    return tuple(once)


def words(predicates: Iterable[str | None]) -> frozenset[str]:
    """Return every word of SQL predicates that could be a name, texts left out."""
    found: set[str] = set()
    for predicate in predicates:
        for quoted, bare in _WORD.findall(_STRING.sub("''", predicate or "")):
            found.add(quoted.replace('""', '"') if quoted else bare.lower())
    return frozenset(found)

"""Build the spec of a declared projection."""

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
"""Bytes of the table's name in the names of a projection's objects."""


@dataclass(frozen=True, slots=True)
class ResolvedProjection:
    """A projection, and the functions that its view calls."""

    spec: ProjectionSpec
    functions: tuple[DatabaseObject, ...]


def resolve(stored_type: StoredType, root: EmbedPath, inspection: TableMap) -> ResolvedProjection:
    """Return the spec of a declaration that was not refused.

    Names end with a digest of the definition: another definition is another generation, which is
    built while the first one is in use.
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
    generation = _digest(bare, meaning_of(stored_type), is_async=stored_type.stored.mode == "async")
    spec = replace(
        bare,
        table=Qualified(SCHEMA, f"tv_{plain}_{generation}"),
        view=Qualified(SCHEMA, f"v_{plain}_{generation}"),
        root=_base(stored_type, root, inspection),
        embeds=_edges(stored_type, root, inspection),
        mode=stored_type.stored.mode,
        calls=tuple(function.name for function in query.functions),
        parts=_parts(root, inspection),
        max_bytes=stored_type.stored.max_bytes,
        lineage=sum(inspection[name].lineage for name in _tables(root)),
    )
    return ResolvedProjection(spec, query.functions)


def _digest(spec: ProjectionSpec, meaning: str, *, is_async: bool) -> str:
    # Applied generations were named when the class was called Embed.
    tables = repr((spec.root, spec.columns, spec.embeds)).replace("EmbedSpec(", "Embed(")
    text = "\0".join((spec.view_sql, tables, repr(spec.text)))
    by_row = sorted({table.name.sql for _, table, _ in Tree.of(spec).tables() if table.by_row})
    # Documents of versions that captured these tables by statement may be wrong: build new ones.
    text += "".join(f"\0by row: {name}" for name in by_row)
    # Names in predicates were resolved when the view was created.
    text += f"\0{meaning}" if meaning else ""
    return hashlib.sha256(f"{text}\0{is_async}".encode()).hexdigest()[:10]


def _parts(root: EmbedPath, inspection: TableMap) -> str:
    partitions = [
        f"{part.name.sql} {part.mark}"
        for name in _tables(root)
        for part in inspection[name].partitions
    ]
    return hashlib.sha256("\0".join(partitions).encode()).hexdigest()[:16] if partitions else ""


def _tables(root: EmbedPath) -> list[Qualified]:
    """Return each base table once."""
    names = sorted({(path.table.schema, path.table.name) for path in root.walk()})
    return [Qualified(*name) for name in names]


def _base(
    stored_type: StoredType, place: EmbedPath, inspection: TableMap, *, partitions: bool = True
) -> BaseTable:
    table = place.table
    name = Qualified(table.schema, table.name)
    # A table has the same key at each path: rows are identified by it.
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
    edges = []
    for child in place.children:
        embed = child.embed
        assert embed is not None  # noqa: S101 - every child of a document is embedded
        many = bool(embed.on)
        types = [
            _type(place.table, outer) if many else _type(child.table, inner)
            for inner, outer in child.join
        ]
        join = tuple(Join(*pair, kind) for pair, kind in zip(child.join, types, strict=True))
        base = _base(stored_type, child, inspection, partitions=partitions)
        deeper = _edges(stored_type, child, inspection, partitions=partitions)
        columns = _read(stored_type, child)
        edges.append(EmbedSpec(child.field, base, join, many, columns, deeper))
    return tuple(edges)


def _type(table: Table, column: str) -> str:
    """Return the type of a column for casts; in SQL ``character`` means a length of 1."""
    name = table.columns[column].sql_type
    return "pg_catalog.bpchar" if name == "character" else name


def _read(stored_type: StoredType, place: EmbedPath) -> tuple[str, ...]:
    """Return the columns that documents, orders, conditions and joins read at a path."""
    fields = [field.name for field in own_fields(stored_type.context.schema, place.type_name)]
    outer = [name for child in place.children for _, name in child.join]
    order: list[str] = []
    if place.embed is not None and place.embed.on:
        child = stored_type.context.catalog.relations[place.source]
        order = [name for name, _ in order_columns(place.embed, child)]
    predicates = words(path.embed.where for path in place.walk() if path.embed is not None)
    named = [name for name in place.table.columns if name in predicates]
    # The columns that a predicate reads of its own table are unknown: take all of them.
    all_ = list(place.table.columns) if place.embed is not None and place.embed.where else []
    return _real(place.table, [*fields, *order, *outer, *named, *all_])


def _real(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """Replace virtual columns, which transition tables do not have, by all stored columns."""
    once = list(dict.fromkeys(names))
    if any(table.columns[name].generated == "v" for name in once):
        once = [name for name, column in table.columns.items() if column.generated != "v"]
    return tuple(once)


def words(predicates: Iterable[str | None]) -> frozenset[str]:
    """Return every word of SQL predicates that could be a name, without string constants."""
    names: set[str] = set()
    for predicate in predicates:
        for quoted, bare in _WORD.findall(_STRING.sub("''", predicate or "")):
            names.add(quoted.replace('""', '"') if quoted else bare.lower())
    return frozenset(names)

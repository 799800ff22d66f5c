"""Queries over stored documents instead of the live relation."""

from dataclasses import replace
from typing import Any, Final

from graphql import is_abstract_type

from fraiseql.operators import FILTER_OPERATORS
from fraiseql.schema.connections import row_named
from fraiseql.serving.planning.filter_tree import (
    FieldComparison,
    NullTest,
    comparisons,
    related_rows,
)
from fraiseql.serving.planning.plan import StoredQuery
from fraiseql.serving.planning.reads import Fetched, RelationQuery, RelationRead, Slice
from fraiseql.serving.planning.relations import Relations
from fraiseql.sources import Source, StoredSource

_MIN_FIELD_SHARE: Final = 0.5
"""Share of a type's own fields from which reading its document is cheaper than their columns.

PostgreSQL writes a document as text member by member, as it does columns, without building a row;
but the whole document is sent and parsed. Over 100 rows of 10 and of 24 fields, columns are faster
below half of the fields, the document above; for one row they are equal.
"""

_EQUALITY_KINDS: Final = frozenset({"equality", "list", "null"})
_ONE_ORDER: Final = frozenset(
    ["int2", "int4", "int8", "numeric", "uuid", "bool", "date", "time", "timestamp", "timestamptz"]
)
"""Base types with a single sort order."""


def find_stored_query(
    relations: Relations, source: Source, query: RelationQuery
) -> StoredQuery | None:
    """Return the query of the same rows over stored documents, or None to read live.

    It is also None when reading the live relation is cheaper.

    Args:
        relations: The application's relations.
        source: The source of the query's type.
        query: The query of the live relation.
    """
    stored = source.stored
    if stored is None or query.outcome not in ("rows", "page", "connection") or query.read.exact:
        return None
    if stored.place != "row" and _aggregates(query):
        return None
    replacement = _stored_query(relations, source, query, stored)
    # A document that is fetched for a row may be missing, which a page cannot say.
    if replacement is None or (query.is_object and replacement.read.fetched is not None):
        return None
    return StoredQuery(replacement, source.type_name, stored)


def _aggregates(query: RelationQuery) -> bool:
    """Whether values of all columns are read, which only the live row has."""
    return query.connection is not None and query.connection.aggregate is not None


def _stored_query(
    relations: Relations, source: Source, query: RelationQuery, stored: StoredSource
) -> RelationQuery | None:
    if stored.place == "instead" and (
        # Related rows are live: with rows of another time, the answer would be of no time.
        _has_related(query) or not _used(query) <= stored.relation.columns.keys()
    ):
        return None
    if stored.document is None:
        return _by_columns(query, stored)
    if not _has(relations, source.type_name, query.read, stored.embeds):
        return None
    slices = _slices(query.read)
    column = stored.relation.columns[stored.document]
    # A text is sent as it is stored.
    if slices and column.base_type != "jsonb":
        return None
    document = RelationRead(stored.relation, document=column, mirrored=True, slices=slices)
    if stored.place == "instead":
        return replace(query, read=document)
    return _by_document(relations, source, query, document)


def _by_document(
    relations: Relations, source: Source, query: RelationQuery, document: RelationRead
) -> RelationQuery | None:
    """Read a document in the live row or in another relation, when it is cheaper."""
    stored = source.stored
    if stored is None or not _is_cheaper(relations, source.type_name, query.read, stored):
        return None
    # Rows that are chosen by their key alone need no live relation.
    if stored.place == "beside" and not _decided_by(query, source.key):
        assert document.document is not None  # noqa: S101 - created with a document
        fetched = Fetched(stored.relation, document.document, source.key, document.slices)
        document = RelationRead(query.read.relation, fetched=fetched)
    return replace(query, read=document)


def _by_columns(query: RelationQuery, stored: StoredSource) -> RelationQuery | None:
    """Read the same columns of the stored relation, which has no documents."""
    read, columns = query.read, stored.relation.columns
    sources = [read.document, *(column for _, column in read.keys)]
    renamed = [name for _, name in read.renamed]
    names = {*read.columns, *renamed, *(column.name for column in sources if column is not None)}
    if read.embeds or not names <= columns.keys():
        return None
    return replace(query, read=replace(read, relation=stored.relation))


def _has(
    relations: Relations, type_name: str, read: RelationRead, embeds: frozenset[str], path: str = ""
) -> bool:
    """Whether a document with ``embeds`` contains all the parts of the row to read."""
    named = {field.name: field for field in relations.schema.fields[type_name].values()}
    # A developer's own document, under "$", differs from stored ones.
    if (
        read.document is not None
        or read.keys
        or read.renamed
        or not named.keys() >= set(read.columns)
    ):
        return False
    for embed in read.embeds:
        inner: Any = relations.schema.graphql.type_map[type_name]
        inner = row_named(inner.fields[named[embed.name].graphql_name].type)
        whole = f"{path}{embed.name}"
        if whole not in embeds or is_abstract_type(inner):
            return False
        # Parts of lists are taken from the document of the row only.
        if not embed.plain and (path or not embed.is_part):
            return False
        if not _has(relations, inner.name, embed.read, embeds, f"{whole}."):
            return False
    return True


def _slices(read: RelationRead) -> tuple[Slice, ...]:
    """Return the parts of lists that a read of the whole document adds to it."""
    return tuple(
        [
            Slice(each.name, each.key, each.limit, each.offset, each.max_limit)
            for each in read.embeds
            if not each.plain
        ]
    )


def _is_cheaper(
    relations: Relations, type_name: str, read: RelationRead, stored: StoredSource
) -> bool:
    """Whether reading the document is cheaper than reading the columns."""
    if read.embeds:
        return True
    # A document with embeds is sent with all of them.
    own = [
        field
        for field in relations.schema.fields[type_name].values()
        if field.computed is None and field.embed is None
    ]
    return not stored.embeds and len(read.columns) >= _MIN_FIELD_SHARE * len(own)


def _decided_by(query: RelationQuery, key: tuple[str, ...]) -> bool:
    """Whether a table with the columns ``key`` has the same rows in the same order.

    Texts are ordered by a collation, which may differ in the other table.
    """
    if _has_related(query):
        return False
    compared = [] if query.where is None else list(comparisons(query.where))
    ordered = [term.access for term in query.order]
    ordered += [part.access for part in compared if not _is_equality(part)]
    return _used(query) <= set(key) and all(
        access.column.base_type in _ONE_ORDER for access in ordered
    )


def _is_equality(part: FieldComparison | NullTest) -> bool:
    return isinstance(part, NullTest) or FILTER_OPERATORS[part.operator].kind in _EQUALITY_KINDS


def _used(query: RelationQuery) -> set[str]:
    """Return the columns of the filter and the order."""
    columns = {term.access.column.name for term in query.order if not term.path}
    if query.where is not None:
        columns.update(part.access.column.name for part in comparisons(query.where))
    return columns


def _has_related(query: RelationQuery) -> bool:
    if any(term.path for term in query.order):
        return True
    return query.where is not None and any(related_rows(query.where))

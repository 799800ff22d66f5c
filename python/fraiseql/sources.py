"""Sources: which relation answers which type, shared by serving and caching."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fraiseql.catalog import Catalog, Relation
from fraiseql.errors import SourceError
from fraiseql.naming import suggestion
from fraiseql.schema import Schema
from fraiseql.schema.definitions import InterfaceDefinition, ObjectDefinition, UnionDefinition

Composite = ObjectDefinition | InterfaceDefinition | UnionDefinition


@dataclass(frozen=True, slots=True)
class Freshness:
    """How stale kept documents may be, where their declaration allows that they are.

    Attributes:
        age: SQL expression of type ``double precision``: seconds since the oldest committed write
            that the kept documents lack, in the snapshot of the statement that it stands in; 0 when
            they lack none, null when that cannot be known.
        bound: Seconds beyond which ``when_stale`` decides; None for no bound.
        when_stale: What a reader is given then: the documents as they are, the live answer, or an
            error.
    """

    age: str
    bound: float | None = None
    when_stale: Literal["serve", "live", "error"] = "serve"


@dataclass(frozen=True, slots=True)
class RoleAccess:
    """Which roles may be given stored documents: those that would be answered the same live.

    Attributes:
        reasons: Query of why a role may not, in the rows ``reason`` and ``name``, of which there
            are none where it may; ``{role}`` in it stands for SQL of the role's name.
    """

    reasons: str

    def reasons_of(self, role: str) -> str:
        """Return the query for the role that the SQL ``role`` names."""
        return self.reasons.replace("{role}", role)

    def allowed(self, role: str) -> str:
        """Return the condition that the role may which the SQL ``role`` names."""
        return f"NOT EXISTS ({self.reasons_of(role)})"


@dataclass(frozen=True, slots=True)
class StoredSource:
    """Where the documents of a type are kept, equal to what the live source would answer.

    Attributes:
        relation: The relation that holds them.
        document: Column with the document: every stored field of the type, and ``embeds``, by
            Python name. None when the relation's own columns answer, as those of a view do.
        place: ``row``: a column of the live source's own row. ``beside``: a row of ``relation``
            that has the live source's key columns, by the same names. ``instead``: ``relation`` has
            the live source's columns too, and is filtered and ordered in its place.
        embeds: Embedded fields that the document holds, dotted for those inside of embeds.
        freshness: None for documents that are never stale.
        unchanged: SQL condition of every statement that reads them: it holds, or it fails with an
            error, once a definition that they are computed from has changed; None for none.
        access: Which roles of requests may be given them; None for no role at all.
    """

    relation: Relation
    document: str | None
    place: Literal["row", "beside", "instead"]
    embeds: frozenset[str] = frozenset()
    freshness: Freshness | None = None
    unchanged: str | None = None
    access: RoleAccess | None = None


@dataclass(frozen=True, slots=True)
class IndexHints:
    """What statements over a relation must say so that its declared indexes can be used.

    Nothing here can change an answer: what is said besides follows from what is asked.

    Attributes:
        constants: Field or column, and the constant that a partial index's predicate asks of it.
        bounds: Field or column, operator (``gt``, ``gte``, ``lt``, ``lte``) and constant, where the
            predicate asks that; the cut-off of a rolling index is one.
        contained: JSONB columns with a GIN index, whose keys are found by containment.
        names: Names of the indexes.
    """

    constants: frozenset[tuple[str, Any]] = frozenset()
    bounds: frozenset[tuple[str, str, Any]] = frozenset()
    contained: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


NO_INDEXES: Final = IndexHints()


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents of one type are read.

    Attributes:
        type_name: GraphQL name of the type.
        declared: Relation name as declared: what ``Repository.find`` is called with.
        relation: Facts of the relation that is read.
        document: The JSONB column that answers fields without a column of their own, or None.
        key: Columns that identify a row and break ties of an order; may be empty for views.
        kept: Where the same documents are kept, or None.
        indexes: What statements must say for declared indexes.
    """

    type_name: str
    declared: str
    relation: Relation
    document: str | None
    key: tuple[str, ...]
    kept: StoredSource | None = None
    indexes: IndexHints = NO_INDEXES


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Every source of one application.

    Attributes:
        sources: By GraphQL type name.
        embedded: Relations that embeds read, by the name they are declared with.
    """

    sources: Mapping[str, Source]
    embedded: Mapping[str, Relation]


def declared_relations(schema: Schema) -> list[str]:
    """Return the name of every relation that the declarations of ``schema`` read."""
    found = {live_source(definition) for _, definition in _composites(schema)}
    found.update(relation for _, relation in _embedded(schema))
    return sorted(name for name in found if name is not None)


def live_source(definition: Composite) -> str | None:
    """Return the relation that answers a type live; what it is ``stored`` as may name another."""
    source = definition.sql_source
    name_of: Any = getattr(getattr(definition, "stored", None), "live_source", None)
    return source if source is None or name_of is None else str(name_of(source))


def map_sources(schema: Schema, catalog: Catalog) -> SourceMap:
    """Return the sources of ``schema`` as the catalog has them.

    Raises:
        SourceError: A relation or a ``jsonb_column`` or ``key`` column does not exist.
    """
    sources = {
        name: _source(name, definition, catalog)
        for name, definition in _composites(schema)
        if definition.sql_source is not None
    }
    embedded = {
        relation: catalog.relation(relation, wanted_by=owner)
        for owner, relation in _embedded(schema)
    }
    return SourceMap(sources, embedded)


def _composites(schema: Schema) -> Iterator[tuple[str, Composite]]:
    yield from schema.objects.items()
    yield from schema.interfaces.items()
    yield from schema.unions.items()


def _embedded(schema: Schema) -> Iterator[tuple[str, str]]:
    for type_name, fields in schema.fields.items():
        for one in fields.values():
            if one.embed is not None:
                yield f"{type_name}.{one.name}", one.embed.relation


def _source(name: str, definition: Composite, catalog: Catalog) -> Source:
    declared, live = definition.sql_source or "", live_source(definition) or ""
    if live != declared and live not in catalog.relations:
        raise SourceError(
            f"{name} reads {live!r}, the live answer beside what is kept, which is not there yet.",
            hint="Run `fraiseql db apply` with this application first.",
        )
    relation = catalog.relation(live, wanted_by=name)
    document = definition.jsonb_column
    if document is not None:
        _check_document(name, document, relation)
    stored_key = getattr(getattr(definition, "stored", None), "key", None) or ()
    key = getattr(definition, "key", ()) or stored_key or relation.key
    for column in key:
        if column not in relation.columns:
            raise SourceError(
                f"{name} names key column {column!r}, which {live!r} has not."
                f"{suggestion(column, relation.columns)}"
            )
    return Source(name, declared, relation, document, key or _usual_key(relation))


def _usual_key(relation: Relation) -> tuple[str, ...]:
    """Return ``id`` where a view, which has no keys of its own, has such a column."""
    return ("id",) if "id" in relation.columns else ()


def _check_document(name: str, document: str, relation: Relation) -> None:
    column = relation.columns.get(document)
    if column is None:
        raise SourceError(
            f"{name}: {relation.schema}.{relation.name} has no jsonb_column {document!r}."
            f"{suggestion(document, relation.columns)}"
        )
    if column.base_type not in ("json", "jsonb"):
        raise SourceError(
            f"{name} names jsonb_column={document!r}, which is {column.type_name}, not jsonb.",
            hint="Name a column of type jsonb or json.",
        )

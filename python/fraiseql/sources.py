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
    """Limits on the staleness of stored documents.

    Attributes:
        age: SQL expression of type ``double precision``: seconds since the oldest committed write
            that is missing in the documents, in the snapshot of its statement; 0 when none is
            missing, null when that is unknown.
        bound: Age in seconds from which ``when_stale`` applies; None for no bound.
        when_stale: The answer for older documents: the documents, the live answer, or an error.
    """

    age: str
    bound: float | None = None
    when_stale: Literal["serve", "live", "error"] = "serve"


@dataclass(frozen=True, slots=True)
class RoleAccess:
    """Condition of the roles that may read stored documents: their live answer is the same.

    Attributes:
        reasons: Query of the reasons why a role may not, with the columns ``reason`` and ``name``;
            no rows when it may. ``{role}`` is replaced by SQL of the role's name.
    """

    reasons: str

    def reasons_of(self, role: str) -> str:
        """Return the query for a role, whose name is the SQL ``role``."""
        return self.reasons.replace("{role}", role)

    def allowed(self, role: str) -> str:
        """Return the condition that a role may read, whose name is the SQL ``role``."""
        return f"NOT EXISTS ({self.reasons_of(role)})"


@dataclass(frozen=True, slots=True)
class StoredSource:
    """Stored documents of a type, equal to the live answers.

    Attributes:
        relation: The relation with the documents.
        document: Column with the document: every stored field of the type, and ``embeds``, by
            Python name. None when the relation's own columns are read, as for a view.
        place: ``row``: a column in the live row. ``beside``: a row of ``relation`` with the same
            key columns as the live source. ``instead``: ``relation`` also has the live source's
            columns, and is filtered and ordered instead of it.
        embeds: Embedded fields in the document, with dotted names for nested ones.
        freshness: None for documents that are never stale.
        unchanged: SQL condition for every statement that reads them: true, or an error once a
            definition that they are computed from has changed; None for no condition.
        access: The roles that may read them; None for no role.
        flush: Commands before and after a read inside of a writing transaction, so that documents
            have its writes; None where they may not have them.
    """

    relation: Relation
    document: str | None
    place: Literal["row", "beside", "instead"]
    embeds: frozenset[str] = frozenset()
    freshness: Freshness | None = None
    unchanged: str | None = None
    access: RoleAccess | None = None
    flush: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class IndexHints:
    """Comparisons that statements must contain to use the declared indexes of a relation.

    They are implied by the filter, so they cannot change an answer.

    Attributes:
        constants: Field or column, and a constant that a partial index's predicate equates it with.
        bounds: Field or column, operator (``gt``, ``gte``, ``lt``, ``lte``) and constant in such a
            predicate, like the cut-off of a rolling index.
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
    """The source of a type's documents.

    Attributes:
        type_name: GraphQL name of the type.
        declared: Relation name as declared, the argument of ``Repository.find``.
        relation: The live relation.
        document: The JSONB column of fields without their own column, or None.
        key: Columns that identify a row and break ties of an order; may be empty for views.
        stored: The stored documents, or None.
        indexes: Comparisons for the declared indexes.
    """

    type_name: str
    declared: str
    relation: Relation
    document: str | None
    key: tuple[str, ...]
    stored: StoredSource | None = None
    indexes: IndexHints = NO_INDEXES


@dataclass(frozen=True, slots=True)
class SourceMap:
    """All sources of an application.

    Attributes:
        sources: By GraphQL type name.
        embedded: Relations of embeds, by declared name.
    """

    sources: Mapping[str, Source]
    embedded: Mapping[str, Relation]


def declared_relations(schema: Schema) -> list[str]:
    """Return the names of all relations that the declarations of ``schema`` read."""
    names = {live_source(definition) for _, definition in _composites(schema)}
    names.update(relation for _, relation in _embedded(schema))
    return sorted(name for name in names if name is not None)


def live_source(definition: Composite) -> str | None:
    """Return the live relation of a type, which its ``stored`` declaration may replace."""
    source = definition.sql_source
    name_of: Any = getattr(getattr(definition, "stored", None), "live_source", None)
    return source if source is None or name_of is None else str(name_of(source))


def map_sources(schema: Schema, catalog: Catalog) -> SourceMap:
    """Return the sources of ``schema`` from the catalog.

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
        for field in fields.values():
            if field.embed is not None:
                yield f"{type_name}.{field.name}", field.embed.relation


def _source(name: str, definition: Composite, catalog: Catalog) -> Source:
    declared, live = definition.sql_source or "", live_source(definition) or ""
    if live != declared and live not in catalog.relations:
        raise SourceError(
            f"{name} reads {live!r} for live answers, which does not exist yet.",
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
    return Source(name, declared, relation, document, key or _default_key(relation))


def _default_key(relation: Relation) -> tuple[str, ...]:
    """Return ``id`` for a view with such a column: views have no keys."""
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

"""Relations of an application, with their fields, embeds and orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import is_abstract_type

from fraiseql.catalog import Relation
from fraiseql.errors import DeclarationError
from fraiseql.field_access import find_accesses
from fraiseql.naming import suggestion
from fraiseql.schema import Schema
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import EmbedDefinition, FieldDefinition
from fraiseql.schema.orders import parse_term
from fraiseql.serving.planning.fields import FieldAccess, column_access, orderable
from fraiseql.serving.planning.filters import RelatedScope
from fraiseql.serving.planning.reads import Embedded, OrderTerm, RelationRead
from fraiseql.serving.planning.related_order import related_term
from fraiseql.sources import NO_INDEXES, Source, SourceMap


@dataclass(frozen=True, slots=True)
class BoundRelation:
    """A relation as one type sees it.

    Attributes:
        relation: The relation.
        document: Its document column, as the type declares it.
        key: Columns that identify a row.
    """

    relation: Relation
    document: str | None
    key: tuple[str, ...]


def bind_source(source: Source) -> BoundRelation:
    """Return the live relation of a source."""
    return BoundRelation(source.relation, source.document, source.key)


@dataclass(frozen=True, slots=True)
class RelationScope:
    """Names that a filter of one relation may have.

    Attributes:
        relations: The application's relations.
        type_name: The type of its rows.
        bound: The relation as the type sees it.
        owner: Name of the type or relation, for messages.
    """

    relations: "Relations"
    type_name: str
    bound: BoundRelation
    owner: str

    @property
    def accesses(self) -> Mapping[str, FieldAccess]:
        """The fields and columns that may be compared."""
        return self.relations.accesses(self.type_name, self.bound)

    def related(self, name: str) -> RelatedScope | None:
        """Return the rows that the embed called ``name`` reads; None for other names."""
        return self.relations.related(name, self.type_name, self.bound)


class Relations:
    """Resolves names of fields to columns, for every type that has a source or is embedded.

    Args:
        schema: The declared schema.
        sources: The relation of each type.
        max_embed_items: Limit of an embedded list without its own.
        default_limit: Rows of an embedded connection for which a request gives no number.
    """

    def __init__(
        self, schema: Schema, sources: SourceMap, max_embed_items: int, default_limit: int = 1
    ) -> None:
        self.max_embed_items = max_embed_items
        self.default_limit = default_limit
        self.schema = schema
        self.sources = sources
        self._accesses: dict[tuple[str, str, str], Mapping[str, FieldAccess]] = {}

    def bound_relation(self, type_name: str) -> BoundRelation | None:
        """Return the live relation of a type, or None."""
        source = self.sources.sources.get(type_name)
        return None if source is None else bind_source(source)

    def source_called(self, declared: str, preferred: str) -> Source | None:
        """Return the source declared with a relation name; the preferred type's, if it is one."""
        preferred_source = self.sources.sources.get(preferred)
        if preferred_source is not None and preferred_source.declared == declared:
            return preferred_source
        sources = self.sources.sources.values()
        return next((source for source in sources if source.declared == declared), None)

    def embedded_relation(self, embed: EmbedDefinition, type_name: str) -> BoundRelation:
        """Return the relation that an embed reads, as the embedded type sees it."""
        relation = self.sources.embedded[embed.relation]
        definition = self.schema.objects.get(type_name) or self.schema.interfaces.get(type_name)
        column = definition.jsonb_column if definition else None
        key = relation.key or (("id",) if "id" in relation.columns else ())
        return BoundRelation(relation, column if column in relation.columns else None, key)

    def accesses(self, type_name: str, bound: BoundRelation) -> Mapping[str, FieldAccess]:
        """Return every name that may be compared or ordered by: stored leaves and own columns."""
        key = (type_name, bound.relation.schema, bound.relation.name)
        if key not in self._accesses:
            self._accesses[key] = self._find_accesses(type_name, bound)
        return self._accesses[key]

    def _find_accesses(self, type_name: str, bound: BoundRelation) -> Mapping[str, FieldAccess]:
        source = self.sources.sources.get(type_name)
        own = source is not None and source.relation == bound.relation
        indexes = source.indexes if source is not None and own else NO_INDEXES
        return find_accesses(self.schema, type_name, bound.relation, bound.document, indexes)

    def scope(self, type_name: str, bound: BoundRelation, owner: str = "") -> RelationScope:
        """Return the names that a filter of a relation may have."""
        return RelationScope(self, type_name, bound, owner or type_name)

    def related(self, name: str, type_name: str, outer: BoundRelation) -> RelatedScope | None:
        """Return the rows that an embed reads for each row of ``outer``; None for other names."""
        for graphql_name, field in self.schema.fields.get(type_name, {}).items():
            if field.name == name and field.embed is not None:
                type_: Any = self.schema.graphql.type_map[type_name]
                inner_name = row_named(type_.fields[graphql_name].type).name
                inner = self.embedded_relation(field.embed, inner_name)
                read = RelationRead(inner.relation)
                embed = self.embedded(field, outer, inner_name, read, owner=type_name)
                own, other = inner.relation.columns, outer.relation.columns
                pairs = tuple((own[mine], other[theirs]) for mine, theirs in embed.join)
                scope = self.scope(inner_name, inner)
                return RelatedScope(embed.many, inner.relation, pairs, embed.condition, scope)
        return None

    def order(
        self, terms: Sequence[str], type_name: str, bound: BoundRelation
    ) -> tuple[OrderTerm, ...]:
        """Return the order with ties broken by the key, in the direction of the last term.

        Raises:
            InputError: A term names an unknown field.
        """
        accesses = self.accesses(type_name, bound)
        first: dict[str, OrderTerm] = {}
        for term in terms:
            parsed = parse_term(term)
            if "." in parsed.name and parsed.name not in accesses:
                ordered_by = related_term(self, parsed, type_name, bound)
            else:
                access = orderable(accesses, parsed.name, type_name)
                ordered_by = OrderTerm(access, parsed.descending, parsed.nulls)
            # A repeated field has no effect, and must not cause another plan.
            first.setdefault(parsed.name, ordered_by)
        order = tuple(first.values())
        own = [term.access for term in order if not term.path]
        ordered = {access.column.name for access in own if not access.in_document}
        last = order[-1].descending if order else False
        ties = [
            OrderTerm(column_access(bound.relation.columns[name]), last)
            for name in bound.key
            if name not in ordered
        ]
        return (*order, *ties)

    def parts(self, type_name: str) -> Sequence[str]:
        """Return the possible object types of ``type_name``: itself, or its members."""
        type_: Any = self.schema.graphql.type_map[type_name]
        if is_abstract_type(type_):
            return [object_.name for object_ in self.schema.graphql.get_possible_types(type_)]
        return [type_name]

    def embedded(
        self,
        field: FieldDefinition,
        outer: BoundRelation,
        type_name: str,
        read: RelationRead,
        *,
        owner: str,
    ) -> Embedded:
        """Return how the embed of ``field`` is read for each row of ``outer``.

        Raises:
            DeclarationError: The join columns of the two relations are not clear.
        """
        embed = field.embed
        assert embed is not None  # noqa: S101 - the caller checked
        inner = self.embedded_relation(embed, type_name)
        wanted_by = f"{owner}.{field.name}"
        if embed.on:
            pairs = _pairs(embed.on, embed.parent_key or outer.key, wanted_by)
        else:
            pairs = _pairs(embed.target_key or inner.key, embed.via, wanted_by)
        for own, other in pairs:
            _require_column(inner.relation, own, wanted_by)
            _require_column(outer.relation, other, wanted_by)
        order = self.order(embed.order_by, type_name, inner) if embed.on else ()
        # One row more than allowed is read, so that the shape detects a list that is too long.
        limit = embed.limit or embed.most(self.max_embed_items) + 1 if embed.on else 1
        return Embedded(
            field.name,
            read,
            bool(embed.on),
            pairs,
            embed.where,
            order,
            limit,
            key=field.name,
            max_limit=embed.most(self.max_embed_items),
        )


def _pairs(own: Sequence[str], other: Sequence[str], wanted_by: str) -> tuple[tuple[str, str], ...]:
    if own and len(own) == len(other):
        return tuple(zip(own, other, strict=True))
    raise DeclarationError(
        f"{wanted_by} joins {tuple(own)} with {tuple(other)}: the two keys differ in length.",
        hint="Name as many columns in on=/via= as the key has, or give the key= of the type.",
    )


def _require_column(relation: Relation, name: str, wanted_by: str) -> None:
    if name not in relation.columns:
        raise DeclarationError(
            f"{wanted_by} joins by {name!r}, no column of {relation.schema}.{relation.name}."
            f"{suggestion(name, relation.columns)}"
        )

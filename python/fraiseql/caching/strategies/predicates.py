"""Predicates of embeds in stored documents, and the checks of them."""

from collections.abc import Iterable, Iterator

from fraiseql.caching.dependencies.parsed import Predicate
from fraiseql.caching.dependencies.predicates import InspectedPredicate
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.catalog.picture import Catalog
from fraiseql.schema import Schema
from fraiseql.schema.connections import row_named
from fraiseql.schema.definitions import FieldDefinition


def stored_predicates(schema: Schema, catalog: Catalog) -> Iterator[Predicate]:
    """Yield the predicates of all embeds that stored documents may contain."""
    stored = (
        name
        for name, definition in schema.objects.items()
        if definition.stored is not None and definition.stored.reads_tables
    )
    yield from _below(schema, catalog, stored)


def _below(schema: Schema, catalog: Catalog, types: Iterable[str]) -> Iterator[Predicate]:
    """Yield the predicates of the embeds of types, at any depth."""
    waiting, done = list(types), set[str]()
    while waiting:
        type_name = waiting.pop()
        if type_name in done:
            continue
        done.add(type_name)
        for field in schema.fields.get(type_name, {}).values():
            if field.embed is not None:
                waiting.append(_embedded_type(schema, type_name, field))
                yield from _of_field(catalog, type_name, field)


def _embedded_type(schema: Schema, type_name: str, field: FieldDefinition) -> str:
    type_ = schema.graphql.type_map[type_name]
    return str(row_named(type_.fields[field.graphql_name].type).name)  # type: ignore[attr-defined]


def _of_field(catalog: Catalog, type_name: str, field: FieldDefinition) -> Iterator[Predicate]:
    embed = field.embed
    if embed is not None and embed.where and embed.relation in catalog.relations:
        relation = catalog.relations[embed.relation].sql
        yield Predicate(f"{type_name}.{field.name}", relation, embed.where)


def predicates_of(
    stored_type: StoredType, type_name: str
) -> Iterator[tuple[Predicate, InspectedPredicate]]:
    """Yield the predicates of a type's own embeds with their facts."""
    for field in stored_type.context.schema.fields[type_name].values():
        for predicate in _of_field(stored_type.context.catalog, type_name, field):
            yield predicate, stored_type.context.predicates[predicate]


def meaning_of(stored_type: StoredType) -> str:
    """Return what names in predicates resolve to; empty if all are PostgreSQL's own.

    Keyed by relation and text, since types with different names may share a view.
    """
    context = stored_type.context
    meanings = {
        f"{predicate.relation} {predicate.text}: {' '.join(context.predicates[predicate].meaning)}"
        for predicate in _below(context.schema, context.catalog, [stored_type.type_name])
        if context.predicates[predicate].meaning
    }
    return "\0".join(sorted(meanings))


def queried_by(stored_type: StoredType) -> list[str]:
    """Return the embeds of a type, at any depth, whose predicates read other relations."""
    context = stored_type.context
    predicates = _below(context.schema, context.catalog, [stored_type.type_name])
    return [each.owner for each in predicates if context.predicates[each].has_query]


def unreadable(predicate: Predicate, inspection: InspectedPredicate) -> Iterator[Violation]:
    """Refuse a predicate that PostgreSQL cannot parse."""
    if inspection.parsed.words and not inspection.parsed.hidden:
        yield Violation(
            "EMBED_NOT_STORABLE",
            predicate.owner,
            f"PostgreSQL refuses its where: {inspection.parsed.words}",
            f"Correct it; it is part of a query over {predicate.relation} only.",
        )


def changing(predicate: Predicate, inspection: InspectedPredicate) -> Iterator[Violation]:
    """Refuse a predicate whose result depends on time, session, settings or chance."""
    if inspection.changing:
        yield Violation(
            "PREDICATE_CHANGES",
            predicate.owner,
            f"the predicate calls {', '.join(inspection.changing)}, whose result changes without a"
            " write, or depends on settings of the session.",
            "Compare with constants or columns only; for the latest days leave the predicate out"
            " and filter in the query, with a RollingIndex(column, window=…).",
        )

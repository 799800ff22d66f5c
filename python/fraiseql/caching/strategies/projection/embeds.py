"""Embeds: which embedded fields a declared projection holds, and the tables that they lead to."""

from collections.abc import Iterator
from dataclasses import dataclass

from fraiseql.caching.definition.documents import DocumentWriter, join_columns
from fraiseql.caching.definition.tables import Table
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.naming import suggestion
from fraiseql.schema.definitions import EmbedDefinition, FieldDefinition


@dataclass(frozen=True, slots=True)
class EmbedPath:
    """One place in the documents of a type, as it is declared.

    Attributes:
        path: Dotted fields that lead there; empty for the document itself.
        type_name: GraphQL type of what stands there.
        source: Its relation, as declared.
        table: The relation's facts.
        key: Columns that identify its rows; may be empty.
        where: ``Type.field`` of the declaration.
        field: Name of the field; empty for the document itself.
        embed: The declaration; None for the document itself.
        join: Pairs of columns, the embedded row's first.
        children: Paths below this one.
    """

    path: str
    type_name: str
    source: str
    table: Table
    key: tuple[str, ...]
    where: str
    field: str = ""
    embed: EmbedDefinition | None = None
    join: tuple[tuple[str, str], ...] = ()
    children: "tuple[EmbedPath, ...]" = ()

    def walk(self) -> "Iterator[EmbedPath]":
        """Yield this place and all below it, parents first."""
        yield self
        for one in self.children:
            yield from one.walk()


def chosen(kept: StoredType) -> tuple[str, ...]:
    """Return the embeds that are declared to be held, dotted, each with those that lead to it."""
    declared = kept.stored.embeds
    if declared is None:
        return tuple(field.name for field in kept.embedded_fields())
    parts = [name.split(".") for name in declared]
    paths = (".".join(one[:depth]) for one in parts for depth in range(1, len(one) + 1))
    return tuple(dict.fromkeys(paths))


def unknown(kept: StoredType) -> Iterator[Violation]:
    """Refuse names that are no embedded fields."""
    for name in kept.stored.embeds or ():
        type_name = kept.type_name
        for part in name.split("."):
            fields = _embedded(kept, type_name)
            if part not in fields:
                yield Violation(
                    "UNKNOWN_EMBED",
                    kept.type_name,
                    f"embeds names {name!r}: {type_name} has no embedded field {part!r}."
                    f"{suggestion(part, fields)}",
                    f"Name one of: {', '.join(fields) or 'nothing (embeds=())'}.",
                )
                break
            type_name = _writer(kept).named(type_name, fields[part])


def places(kept: StoredType) -> EmbedPath:
    """Return the document of a type with everything that it holds.

    Raises:
        DeclarationError: A declared join has sides of different lengths.
    """
    name, source = kept.type_name, kept.definition.sql_source or ""
    children = _children(kept, name, source, chosen(kept), "")
    return EmbedPath("", name, source, kept.table, kept.key, name, children=children)


def _children(
    kept: StoredType, type_name: str, source: str, names: tuple[str, ...], path: str
) -> tuple[EmbedPath, ...]:
    found = []
    for name, field in _embedded(kept, type_name).items():
        if name in names and field.embed is not None:
            inner = tuple(n.partition(".")[2] for n in names if n.startswith(f"{name}."))
            found.append(_place(kept, (type_name, source), field, inner, f"{path}{name}"))
    return tuple(found)


def _place(
    kept: StoredType,
    owner: tuple[str, str],
    field: FieldDefinition,
    inner: tuple[str, ...],
    path: str,
) -> EmbedPath:
    embed, world = field.embed, kept.world
    assert embed is not None  # noqa: S101 - chosen for having one
    type_name, source = owner
    where = f"{type_name}.{field.name}"
    parent, child = world.catalog.relations[source], world.catalog.relations[embed.relation]
    named = _writer(kept).named(type_name, field)
    return EmbedPath(
        path,
        named,
        embed.relation,
        world.tables[embed.relation],
        child.key,
        where,
        field.name,
        embed,
        tuple(join_columns(embed, parent, child, where)),
        _children(kept, named, embed.relation, inner, f"{path}."),
    )


def _embedded(kept: StoredType, type_name: str) -> dict[str, FieldDefinition]:
    fields = kept.world.schema.fields.get(type_name, {}).values()
    return {field.name: field for field in fields if field.embed is not None}


def _writer(kept: StoredType) -> DocumentWriter:
    return DocumentWriter(kept.world.schema, kept.world.catalog, {}, kept.type_name)

"""The embedded fields of a declared projection, and their tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from fraiseql.caching.definition.documents import DocumentWriter, join_columns
from fraiseql.caching.definition.tables import Table
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.naming import suggestion
from fraiseql.schema.definitions import EmbedDefinition, FieldDefinition


@dataclass(frozen=True, slots=True)
class EmbedPath:
    """An embedded type at its path in the documents of another type.

    Attributes:
        path: Dotted fields that lead to it; empty for the document itself.
        type_name: Its GraphQL type.
        source: Its relation, as declared.
        table: The relation in the catalog.
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
        """Yield this path and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def chosen(stored_type: StoredType) -> tuple[str, ...]:
    """Return the dotted paths of the embeds to store, each with the paths that lead to it."""
    declared = stored_type.stored.embeds
    if declared is None:
        return tuple(field.name for field in stored_type.embedded_fields())
    parts = [name.split(".") for name in declared]
    paths = (".".join(path[:depth]) for path in parts for depth in range(1, len(path) + 1))
    return tuple(dict.fromkeys(paths))


def unknown(stored_type: StoredType) -> Iterator[Violation]:
    """Refuse names that are not embedded fields."""
    for name in stored_type.stored.embeds or ():
        type_name = stored_type.type_name
        for part in name.split("."):
            fields = _embedded(stored_type, type_name)
            if part not in fields:
                yield Violation(
                    "UNKNOWN_EMBED",
                    stored_type.type_name,
                    f"embeds names {name!r}: {type_name} has no embedded field {part!r}."
                    f"{suggestion(part, fields)}",
                    f"Name one of: {', '.join(fields) or 'nothing (embeds=())'}.",
                )
                break
            type_name = _writer(stored_type).named(type_name, fields[part])


def places(stored_type: StoredType) -> EmbedPath:
    """Return the document of a type with all its embeds.

    Raises:
        DeclarationError: A declared join has sides of different lengths.
    """
    name, source = stored_type.type_name, stored_type.definition.sql_source or ""
    children = _children(stored_type, name, source, chosen(stored_type), "")
    return EmbedPath("", name, source, stored_type.table, stored_type.key, name, children=children)


def _children(
    stored_type: StoredType, type_name: str, source: str, names: tuple[str, ...], path: str
) -> tuple[EmbedPath, ...]:
    children = []
    for name, field in _embedded(stored_type, type_name).items():
        if name in names and field.embed is not None:
            inner = tuple(n.partition(".")[2] for n in names if n.startswith(f"{name}."))
            children.append(
                _embed_path(stored_type, (type_name, source), field, inner, f"{path}{name}")
            )
    return tuple(children)


def _embed_path(
    stored_type: StoredType,
    owner: tuple[str, str],
    field: FieldDefinition,
    inner: tuple[str, ...],
    path: str,
) -> EmbedPath:
    embed, context = field.embed, stored_type.context
    assert embed is not None  # noqa: S101 - the callers select embedded fields
    type_name, source = owner
    where = f"{type_name}.{field.name}"
    parent, child = context.catalog.relations[source], context.catalog.relations[embed.relation]
    embedded_type = _writer(stored_type).named(type_name, field)
    return EmbedPath(
        path,
        embedded_type,
        embed.relation,
        context.tables[embed.relation],
        child.key,
        where,
        field.name,
        embed,
        tuple(join_columns(embed, parent, child, where)),
        _children(stored_type, embedded_type, embed.relation, inner, f"{path}."),
    )


def _embedded(stored_type: StoredType, type_name: str) -> dict[str, FieldDefinition]:
    fields = stored_type.context.schema.fields.get(type_name, {}).values()
    return {
        field.name: field
        for field in fields
        if field.embed is not None and not field.embed.connection
    }


def _writer(stored_type: StoredType) -> DocumentWriter:
    return DocumentWriter(
        stored_type.context.schema, stored_type.context.catalog, {}, stored_type.type_name
    )

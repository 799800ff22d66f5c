"""Live view: the definition of a type's document as a view over base tables, ``v_x(key…, data)``.

Every strategy keeps what this view says, and is verified against it.
"""
# ruff: noqa: S608 - identifiers are quoted from the catalog

from collections.abc import Iterable, Iterator
from typing import Final

from fraiseql.caching.ddl.objects import DatabaseObject
from fraiseql.caching.definition.documents import DocumentWriter
from fraiseql.caching.definition.rows import is_kept
from fraiseql.caching.strategies.base import Kept, Refusal, own_fields, refuse_changing
from fraiseql.catalog.picture import quote

DOCUMENT: Final = "data"
"""Column of a view or projection that holds the document."""


def plain_name(table: str) -> str:
    """Return a table's name without its prefix: ``user`` for ``tb_user``, ``users`` for itself."""
    return table.removeprefix("tb_")


def view_name(kept: Kept) -> str:
    """Return the qualified and quoted name of the view."""
    return f"{quote(kept.table.schema)}.{quote('v_' + plain_name(kept.table.name))}"


def objects(kept: Kept, embeds: tuple[str, ...] = ()) -> Iterable[DatabaseObject]:
    """Return the view and the functions that it calls.

    Args:
        kept: The type.
        embeds: Embedded fields that the document holds, dotted for those inside of embeds.
    """
    world = kept.world
    writer = DocumentWriter(world.schema, world.catalog, dict(world.tables), kept.type_name)
    document = writer.document(kept.type_name, kept.definition.sql_source or "", embeds, "t0")
    name = view_name(kept)
    columns = [f"t0.{quote(column)}" for column in kept.key]
    select = ", ".join([*columns, f"{document} AS {quote(DOCUMENT)}"])
    functions = [function.object for function in writer.functions.values()]
    view = DatabaseObject(
        "view",
        name,
        (f"CREATE OR REPLACE VIEW {name} AS SELECT {select} FROM {kept.table.sql} AS t0",),
        (f"DROP VIEW IF EXISTS {name}",),
        kept.type_name,
        needs=tuple(function.name for function in functions),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
    )
    return [*functions, view]


def refusals(kept: Kept, embeds: tuple[str, ...] = ()) -> Iterator[Refusal]:
    """Yield why the view cannot be had: predicates that change by themselves, and types."""
    yield from _of_embeds(kept, kept.type_name, embeds)


def _of_embeds(kept: Kept, type_name: str, embeds: tuple[str, ...]) -> Iterator[Refusal]:
    schema = kept.world.schema
    for field in schema.fields[type_name].values():
        chosen = [name for name in embeds if name.split(".")[0] == field.name]
        if field.embed is None or not chosen:
            continue
        where = f"{type_name}.{field.name}"
        if field.embed.where:
            yield from refuse_changing(where, field.embed.where, kept.world.immutable)
        inner = DocumentWriter(schema, kept.world.catalog, {}, "").named(type_name, field)
        table = kept.world.tables[field.embed.relation]
        for own in own_fields(schema, inner):
            column = table.columns.get(own.name)
            if column is None or not is_kept(column):
                kind = "no column" if column is None else f"a column of type {column.sql_type}"
                yield Refusal(
                    "COLUMN_NOT_KEPT",
                    f"{inner}.{own.name}",
                    f"{table.sql} has {kind} for it that can be kept.",
                    "Make the column text or jsonb, or remove the field.",
                )
        deeper = tuple(name.split(".", 1)[1] for name in chosen if "." in name)
        yield from _of_embeds(kept, inner, deeper)

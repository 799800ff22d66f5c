"""Live view: the definition of a type's document as a view over base tables, ``v_x(key…, data)``.

Every strategy keeps what this view says, and is verified against it.
"""
# ruff: noqa: S608 - identifiers are quoted from the catalog

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.definition.documents import DocumentWriter
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.fields import refused_fields
from fraiseql.caching.strategies.predicates import meaning_of
from fraiseql.catalog.picture import quote

DOCUMENT: Final = "data"
"""Column of a view or projection that holds the document."""


def plain_name(table: str) -> str:
    """Return a table's name without its prefix: ``user`` for ``tb_user``, ``users`` for itself."""
    return table.removeprefix("tb_")


def view_name(stored_type: StoredType) -> str:
    """Return the qualified and quoted name of the view."""
    return f"{quote(stored_type.table.schema)}.{quote('v_' + plain_name(stored_type.table.name))}"


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """The query of a view, and the functions that it calls."""

    sql: str
    functions: tuple[DatabaseObject, ...]


def query(stored_type: StoredType, embeds: tuple[str, ...] = ()) -> ViewQuery:
    """Return the query of a type's documents: the key's columns, and the document.

    Args:
        stored_type: The type.
        embeds: Embedded fields that the document holds, dotted for those inside of embeds.
    """
    context = stored_type.context
    writer = DocumentWriter(
        context.schema, context.catalog, dict(context.tables), stored_type.type_name
    )
    document = writer.document(
        stored_type.type_name, stored_type.definition.sql_source or "", embeds, "t0"
    )
    columns = [f"t0.{quote(column)}" for column in stored_type.key]
    select = ", ".join([*columns, f"{document} AS {quote(DOCUMENT)}"])
    functions = tuple(function.object for function in writer.functions.values())
    return ViewQuery(f"SELECT {select} FROM {stored_type.table.sql} AS t0", functions)


def objects(stored_type: StoredType, embeds: tuple[str, ...] = ()) -> Iterable[DatabaseObject]:
    """Return the view and the functions that it calls; ``embeds`` as for ``query``."""
    made = query(stored_type, embeds)
    name = view_name(stored_type)
    meaning = meaning_of(stored_type) if embeds else ""
    # Names in predicates were read as the view was made: another meaning makes it again.
    mark = f"/* {hashlib.sha256(meaning.encode()).hexdigest()[:10]} */ " if meaning else ""
    create = f"CREATE OR REPLACE VIEW {name} AS {mark}{made.sql}"
    view = DatabaseObject(
        "view",
        name,
        (create,),
        (f"DROP VIEW IF EXISTS {name}",),
        stored_type.type_name,
        needs=tuple(function.name for function in made.functions),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
        declared=create,
    )
    return [*made.functions, view]


def refusals(stored_type: StoredType, embeds: tuple[str, ...] = ()) -> Iterator[Violation]:
    """Yield why the view cannot be had: columns and their types."""
    yield from refused_fields(stored_type.context.schema, stored_type.type_name, stored_type.table)
    yield from refuse_key(stored_type, DOCUMENT)
    yield from _of_embeds(stored_type, stored_type.type_name, embeds)


def refuse_key(stored_type: StoredType, column: str) -> Iterator[Violation]:
    """Refuse a key with a column that is called as one that the framework writes beside it."""
    if column in stored_type.key:
        yield Violation(
            "TABLE_NOT_STORABLE",
            stored_type.type_name,
            f"its key has a column {column!r}, which is how the document's own column is called.",
            "Rename that column, or name another unique key of the table with key=(…).",
        )


def _of_embeds(
    stored_type: StoredType, type_name: str, embeds: tuple[str, ...]
) -> Iterator[Violation]:
    schema = stored_type.context.schema
    for field in schema.fields[type_name].values():
        chosen = [name for name in embeds if name.split(".")[0] == field.name]
        if field.embed is None or not chosen:
            continue
        inner = DocumentWriter(schema, stored_type.context.catalog, {}, "").named(type_name, field)
        yield from refused_fields(schema, inner, stored_type.context.tables[field.embed.relation])
        deeper = tuple(name.split(".", 1)[1] for name in chosen if "." in name)
        yield from _of_embeds(stored_type, inner, deeper)

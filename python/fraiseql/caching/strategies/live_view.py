"""The live view ``v_x(key…, data)``: definition of a type's documents.

Every strategy stores the rows of this view and is verified against it.
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
"""Column of a view or projection that contains the document."""


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
        embeds: Dotted paths of the embeds in the document.
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
    view_query = query(stored_type, embeds)
    name = view_name(stored_type)
    meaning = meaning_of(stored_type) if embeds else ""
    # Names in predicates were resolved when the view was created: another meaning replaces it.
    mark = f"/* {hashlib.sha256(meaning.encode()).hexdigest()[:10]} */ " if meaning else ""
    create = f"CREATE OR REPLACE VIEW {name} AS {mark}{view_query.sql}"
    view = DatabaseObject(
        "view",
        name,
        (create,),
        (f"DROP VIEW IF EXISTS {name}",),
        stored_type.type_name,
        needs=tuple(function.name for function in view_query.functions),
        lock=f"ACCESS EXCLUSIVE on {name} for an instant",
        replaces=True,
        declared=create,
    )
    return [*view_query.functions, view]


def refusals(stored_type: StoredType, embeds: tuple[str, ...] = ()) -> Iterator[Violation]:
    """Yield the reasons for refusing the view: columns and their types."""
    yield from refused_fields(stored_type.context.schema, stored_type.type_name, stored_type.table)
    yield from refuse_key(stored_type, DOCUMENT)
    yield from _of_embeds(stored_type, stored_type.type_name, embeds)


def refuse_key(stored_type: StoredType, column: str) -> Iterator[Violation]:
    """Refuse a key column with the name of a column that the framework adds."""
    if column in stored_type.key:
        yield Violation(
            "TABLE_NOT_STORABLE",
            stored_type.type_name,
            f"its key has a column {column!r}, which is the name of the document's column.",
            "Rename that column, or name another unique key of the table with key=(…).",
        )


def _of_embeds(
    stored_type: StoredType, type_name: str, embeds: tuple[str, ...]
) -> Iterator[Violation]:
    schema = stored_type.context.schema
    for field in schema.fields[type_name].values():
        paths = [path for path in embeds if path.split(".")[0] == field.name]
        if field.embed is None or not paths:
            continue
        inner = DocumentWriter(schema, stored_type.context.catalog, {}, "").named(type_name, field)
        yield from refused_fields(schema, inner, stored_type.context.tables[field.embed.relation])
        deeper = tuple(path.split(".", 1)[1] for path in paths if "." in path)
        yield from _of_embeds(stored_type, inner, deeper)

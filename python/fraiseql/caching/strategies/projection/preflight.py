"""Checks of a declared projection, made before PostgreSQL refuses it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from fraiseql.caching.definition.tables import Table
from fraiseql.caching.dependencies.parsed import Predicate
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.predicates import changing, unreadable
from fraiseql.caching.strategies.projection.embeds import EmbedPath, chosen
from fraiseql.caching.strategies.projection.inspection import InspectedTable, TableMap
from fraiseql.caching.strategies.projection.spec import Qualified
from fraiseql.naming import suggestion

_KINDS: Final = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
_QUOTE: Final = "$fraiseql$"
LEVEL: Final = (
    "SELECT reset_val AS level FROM pg_settings WHERE name = 'default_transaction_isolation'"
)
"""Query for the default isolation level of transactions."""

_COMMENT: Final = re.compile(r"--|/\*|\$\w*\$")


def refused(stored_type: StoredType, root: EmbedPath, inspection: TableMap) -> Iterator[Violation]:
    """Yield why triggers cannot maintain the documents of ``root``."""
    yield from _of_document(stored_type)
    seen: set[Qualified] = set()
    for place in root.walk():
        name = Qualified(place.table.schema, place.table.name)
        if name not in seen:
            seen.add(name)
            yield from _of_table(place, inspection[name])
        yield from _of_key(place, inspection[name])
        if place.embed is not None:
            yield from _of_embed(stored_type, place, inspection[name])
            yield from _of_predicate(stored_type, place)
        yield from _of_joins(place)
    yield from live_view.refusals(stored_type, chosen(stored_type))


def _of_document(stored_type: StoredType) -> Iterator[Violation]:
    document = stored_type.definition.jsonb_column
    if document is not None:
        yield _table(
            stored_type.type_name,
            f"it names jsonb_column={document!r}: a document that the application writes.",
            "Leave jsonb_column out: the framework computes the documents from the columns.",
        )
    if stored_type.stored.text:
        yield from live_view.refuse_key(stored_type, "body")


def _of_table(place: EmbedPath, inspection: InspectedTable) -> Iterator[Violation]:
    table, where = place.table, place.where
    if table.kind not in ("r", "p"):
        yield _table(
            where,
            f"{table.sql} is {_KINDS.get(table.kind, 'no table')}, whose changes no trigger sees.",
            "Declare it over the base tables; a query over views can be a MaterializedView.",
        )
        return
    if not table.owned:
        yield Violation(
            "TABLE_NOT_STORABLE",
            where,
            f"{table.sql} belongs to a role that the connected role is not a member of.",
            "Apply as the owner of the table, or write the SQL with --sql for the owner to run.",
            create_only=True,
        )
    if _ends_quote(table, inspection):
        yield _table(
            where,
            f"{table.sql} has a name that contains {_QUOTE}, which ends the text of a function.",
            "Rename the column, type, table or partition.",
        )
    for message, alternative in _unseen(inspection):
        yield _table(where, f"{table.sql} {message}", alternative)
    if inspection.row_security:
        yield Violation(
            "ROW_SECURITY",
            where,
            f"{table.sql} has row-level security: roles may see different rows, and a stored"
            " document is the same for all.",
            "Leave the type live, or leave out the embed that reads this table.",
        )


def _ends_quote(table: Table, inspection: InspectedTable) -> bool:
    names = [
        table.sql,
        *(part.name.sql for part in inspection.partitions),
        *inspection.collations.values(),
    ]
    for column in table.columns.values():
        names += [column.name, column.sql_type]
    return any(_QUOTE in name for name in names)


def _unseen(inspection: InspectedTable) -> Iterator[tuple[str, str]]:
    """Yield how rows change without a trigger noticing, and an alternative."""
    if inspection.child or inspection.parent:
        yield (
            "is part of table inheritance: a write through another table fires no trigger of it.",
            "For a partition declare its parent; leave a type over an inherited table live.",
        )
    if not inspection.lasting:
        yield (
            "is unlogged or temporary: a crash empties it without any trigger.",
            "ALTER TABLE … SET LOGGED; or leave the type live.",
        )
    if any(part.foreign for part in inspection.partitions):
        yield (
            "has a partition that is a foreign table, whose changes no trigger sees.",
            "Detach it, or leave the type live.",
        )


def _of_key(place: EmbedPath, inspection: InspectedTable) -> Iterator[Violation]:
    columns = place.table.columns
    missing = [name for name in place.key if name not in columns]
    has_key = place.key and not missing and inspection.unique(place.key)
    if has_key or place.table.kind not in ("r", "p"):
        return
    problem = f"key {', '.join(place.key)}, which is not unique" if place.key else "no unique key"
    yield Violation(
        "NO_KEY",
        place.where,
        f"{place.table.sql} has {problem}: its rows cannot be identified.",
        "Add a primary key, or a unique index over NOT NULL columns that is not deferrable.",
    )


def _of_embed(
    stored_type: StoredType, place: EmbedPath, inspection: InspectedTable
) -> Iterator[Violation]:
    embed, schema = place.embed, stored_type.context.schema
    assert embed is not None  # noqa: S101 - called for embedded paths only
    if place.type_name not in schema.objects:
        yield _embed(
            place.where,
            f"it contains {place.type_name}, which is not a single type of a single table.",
            "Leave it out of the document with embeds=…: it is then read live.",
        )
    for term in embed.order_by:
        name = term.removeprefix("-")
        if name not in place.table.columns:
            near = suggestion(name, place.table.columns)
            yield _embed(
                place.where,
                f"it is ordered by {name!r}, which is no column of {place.table.sql}.{near}",
                "Order by a column of the table.",
            )
    if not embed.on and not inspection.unique(inner for inner, _ in place.join):
        columns = ", ".join(inner for inner, _ in place.join)
        yield _embed(
            place.where,
            f"{place.table.sql} may have several rows with one {columns}: which of them is in the"
            " document is undefined.",
            f"Add a unique index on ({columns}), or name the key with target_key=….",
        )


def unbounded(
    stored_type: StoredType, root: EmbedPath, inspection: TableMap
) -> Iterator[Violation]:
    """Refuse lists without a limit, unless the declaration limits the size of documents."""
    if stored_type.stored.max_bytes is not None:
        return
    for place in root.walk():
        embed = place.embed
        if embed is None or not embed.on or embed.limit is not None:
            continue
        inner = [name for name, _ in place.join]
        if not inspection[Qualified(place.table.schema, place.table.name)].unique(inner):
            yield Violation(
                "UNBOUNDED_EMBED",
                place.where,
                f"a document has every row of {place.table.sql} with one {', '.join(inner)}, and"
                " a write of one of them computes and stores the whole document again.",
                "Set a limit: embed(…, limit=100); or leave the embed out with embeds=(…); or have"
                " larger documents answered live: Projection(max_bytes=1_000_000).",
                create_only=True,
            )


def _of_joins(place: EmbedPath) -> Iterator[Violation]:
    for child in place.children:
        for inner, outer in child.join:
            for name, table in ((inner, child.table), (outer, place.table)):
                column = table.columns.get(name)
                if column is None or column.generated == "v":
                    problem = "is a virtual column" if column else "is no column"
                    yield _embed(
                        child.where,
                        f"it joins on {name!r}, which {problem} of {table.sql}."
                        f"{'' if column else suggestion(name, table.columns)}",
                        "Join on stored columns.",
                    )


def _of_predicate(stored_type: StoredType, place: EmbedPath) -> Iterator[Violation]:
    if place.embed is None or not place.embed.where:
        return
    predicate = Predicate(place.where, place.table.sql, place.embed.where)
    inspection = stored_type.context.predicates[predicate]
    yield from unreadable(predicate, inspection)
    if inspection.has_query or inspection.reads or _COMMENT.search(predicate.text):
        names = f" {', '.join(inspection.reads)}" if inspection.reads else ""
        yield Violation(
            "PREDICATE_READS_MORE",
            place.where,
            f"the predicate reads more than the row{names}, or is written so that this cannot be"
            " ruled out.",
            "Compare columns of the embedded table with constants, without SELECT and comments; a"
            " function must name no table in its body.",
        )
    yield from changing(predicate, inspection)


def of_level(stored_type: StoredType, rows: list[Any]) -> Iterator[Violation]:
    """Refuse triggers that would refuse nearly every write; ``rows`` is the result of ``LEVEL``."""
    level = rows[0]["level"]
    if level != "read committed":
        yield Violation(
            "ISOLATION",
            stored_type.type_name,
            f"transactions are {level.upper()} by default, and their writes would be refused.",
            'Set default_transaction_isolation to "read committed", or declare mode="async".',
            create_only=True,
        )


def of_problems(stored_type: StoredType, rows: list[Any]) -> Iterator[Violation]:
    """Refuse the problems in the result of ``unfit``."""
    for row in rows:
        yield _table(
            stored_type.type_name,
            f"{row['relation']} {row['problem']}.",
            "Leave the type live, or leave out the embed that reads this table.",
        )


def _table(where: str, message: str, alternative: str) -> Violation:
    return Violation("TABLE_NOT_STORABLE", where, message, alternative)


def _embed(where: str, message: str, alternative: str) -> Violation:
    return Violation("EMBED_NOT_STORABLE", where, message, alternative)

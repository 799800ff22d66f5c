"""Preflight: what a declared projection cannot have, before PostgreSQL says so."""

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
"""Query for the isolation that transactions have here that say nothing of it."""

_COMMENT: Final = re.compile(r"--|/\*|\$\w*\$")


def refused(stored_type: StoredType, root: EmbedPath, inspection: TableMap) -> Iterator[Violation]:
    """Yield why the documents of ``root`` cannot be kept by triggers."""
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
            f"it names jsonb_column={document!r}: a document that somebody else writes.",
            "Leave jsonb_column out: the framework makes the documents from the columns.",
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
            f"{table.sql} belongs to a role that the connected one is not a member of.",
            "Apply as the owner of the table, or write the SQL with --sql for the owner to run.",
            create_only=True,
        )
    if _ends_quote(table, inspection):
        yield _table(
            where,
            f"{table.sql} has a name that holds {_QUOTE}, which ends the text of a function.",
            "Rename the column, type, table or partition.",
        )
    for message, alternative in _unseen(inspection):
        yield _table(where, f"{table.sql} {message}", alternative)
    if inspection.row_security:
        yield Violation(
            "ROW_SECURITY",
            where,
            f"{table.sql} has row-level security: roles may see different rows, and a kept document"
            " is the same for all.",
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
    """Yield how rows of a table change without its triggers, and what works instead."""
    if inspection.child or inspection.parent:
        yield (
            "is part of an inheritance: a write through another table fires no trigger of it.",
            "For a partition declare its parent; a table that others inherit from stays live.",
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
    followed = place.key and not missing and inspection.unique(place.key)
    if followed or place.table.kind not in ("r", "p"):
        return
    named = f"key {', '.join(place.key)}, which is not unique" if place.key else "no unique key"
    yield Violation(
        "NO_KEY",
        place.where,
        f"{place.table.sql} has {named}: its rows cannot be followed.",
        "Add a primary key, or a unique index over NOT NULL columns that is not deferrable.",
    )


def _of_embed(
    stored_type: StoredType, place: EmbedPath, inspection: InspectedTable
) -> Iterator[Violation]:
    embed, schema = place.embed, stored_type.context.schema
    assert embed is not None  # noqa: S101 - asked of embedded places only
    if place.type_name not in schema.objects:
        yield _embed(
            place.where,
            f"it holds {place.type_name}, which is not one type of one table.",
            "Leave it out of the document with embeds=…: it is then read live.",
        )
    for term in embed.order_by:
        name = term.removeprefix("-")
        if name not in place.table.columns:
            near = suggestion(name, place.table.columns)
            yield _embed(
                place.where,
                f"it is ordered by {name!r}, which {place.table.sql} has not.{near}",
                "Order by a column of the table.",
            )
    if not embed.on and not inspection.unique(inner for inner, _ in place.join):
        columns = ", ".join(inner for inner, _ in place.join)
        yield _embed(
            place.where,
            f"{place.table.sql} may have several rows of one {columns}: which of them the document"
            " holds is left to chance.",
            f"Add a unique index on ({columns}), or name the key with target_key=….",
        )


def unbounded(
    stored_type: StoredType, root: EmbedPath, inspection: TableMap
) -> Iterator[Violation]:
    """Refuse lists without an end, unless the declaration says how large documents may be."""
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
                f"a document holds every row of {place.table.sql} of one {', '.join(inner)}, and"
                " a write of one of them computes and stores all of it again.",
                "Give the embed a limit: embed(…, limit=100); leave it out with embeds=(…); or let"
                " larger documents be answered live: Projection(max_bytes=1_000_000).",
                create_only=True,
            )


def _of_joins(place: EmbedPath) -> Iterator[Violation]:
    for one in place.children:
        for inner, outer in one.join:
            for name, table in ((inner, one.table), (outer, place.table)):
                column = table.columns.get(name)
                if column is None or column.generated == "v":
                    kind = "is a virtual column" if column else "is no column"
                    yield _embed(
                        one.where,
                        f"it joins on {name!r}, which {kind} of {table.sql}."
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
        named = f" {', '.join(inspection.reads)}" if inspection.reads else ""
        yield Violation(
            "PREDICATE_READS_MORE",
            place.where,
            f"the predicate reads more than the row{named}, or is written so that this cannot be"
            " told.",
            "Compare columns of the embedded table with constants, without SELECT and comments; a"
            " function may name no table in its body.",
        )
    yield from changing(predicate, inspection)


def of_level(stored_type: StoredType, rows: list[Any]) -> Iterator[Violation]:
    """Refuse triggers that would refuse nearly every write; ``rows`` are those of ``LEVEL``."""
    level = rows[0]["level"]
    if level != "read committed":
        yield Violation(
            "ISOLATION",
            stored_type.type_name,
            f"transactions here are {level.upper()} by default, and such writes would be refused.",
            'Set default_transaction_isolation to "read committed", or keep it with mode="async".',
            create_only=True,
        )


def of_problems(stored_type: StoredType, rows: list[Any]) -> Iterator[Violation]:
    """Refuse what the query of ``unfit`` found."""
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

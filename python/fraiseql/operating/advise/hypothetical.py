"""Indexes that a user names, to create or to drop."""

import re
from collections.abc import Mapping
from typing import Any, Final

from fraiseql.catalog.picture import quote
from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise.candidate import Candidate, Kind
from fraiseql.operating.advise.choice import AdviceProposal
from fraiseql.operating.advise.table_facts import TableFacts
from fraiseql.operating.trace.report import Read
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_NAME: Final = r'(?:\w+|"(?:[^"]|"")+")'
_CREATE: Final = re.compile(
    rf"(?is)\s*(?P<head>create\s+(?:unique\s+)?index\s+)(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?"
    rf"(?P<name>(?!on\b){_NAME}\s+)?on\s+(?:only\s+)?(?P<table>{_NAME}(?:\.{_NAME})?)"
    rf"(?P<tail>\s*(?:using\b|\().*?);?\s*"
)
_EXAMPLE: Final = "--what-if 'CREATE INDEX ON tb_post (author_id, created_at DESC)'"
_ITEM_BYTES: Final = 8
_TUPLE_BYTES: Final = 16
_FILL: Final = 0.9


async def created_index(read: Read, ddl: str, tables: Mapping[str, TableFacts]) -> AdviceProposal:
    """Return the candidate of a CREATE INDEX.

    Args:
        read: Runs a statement.
        ddl: The statement.
        tables: Facts of tables, by ``schema.name``.

    Raises:
        ConfigurationError: It is another statement, or its table does not exist.
        DatabaseError: The database cannot be reached.
    """
    match = _CREATE.fullmatch(ddl)
    if match is None or ";" in match["tail"]:
        raise ConfigurationError(
            f"{ddl!r} is not one CREATE INDEX statement.", hint=f"Write {_EXAMPLE}."
        )
    row = await _relation(read, match["table"], ("r", "p", "m"), "table")
    table = f"{quote(row['schema'])}.{quote(row['name'])}"
    name = (match["name"] or "what_if_index").strip()
    head = " ".join(match["head"].upper().split())
    statement = f"{head} CONCURRENTLY {name} ON {table}{match['tail']}"
    undo = f"DROP INDEX CONCURRENTLY {quote(row['schema'])}.{name}"
    candidate = Candidate(
        _kind(match["tail"]),
        f"{row['schema']}.{row['name']}",
        f"{row['schema']}.{row['name']}",
        "",
        "",
        (statement,),
        (undo,),
        lock=f"SHARE UPDATE EXCLUSIVE on {table}: neither reads nor writes wait",
        size=_size(match["tail"], tables.get(f"{row['schema']}.{row['name']}")),
        schema=row["schema"],
    )
    return AdviceProposal(candidate)


async def dropped_index(read: Read, name: str) -> AdviceProposal:
    """Return the candidate that drops an index.

    Raises:
        ConfigurationError: It does not exist.
        DatabaseError: The database cannot be reached.
    """
    row = await _relation(read, name, ("i",), "index")
    own = f"{quote(row['schema'])}.{quote(row['name'])}"
    candidate = Candidate(
        "drop index",
        f"{row['schema']}.{row['name']}",
        row["indexed"],
        "",
        "",
        (f"DROP INDEX CONCURRENTLY {own}",),
        (row["definition"],),
        lock="SHARE UPDATE EXCLUSIVE on the table, for a moment",
        schema=row["schema"],
    )
    return AdviceProposal(candidate, us_per_write=-1.5)


def _size(tail: str, facts: TableFacts | None) -> int:
    """Return the estimated bytes of an index."""
    width = (tail.count(",") + 1) * _ITEM_BYTES + _TUPLE_BYTES
    return round((facts.rows if facts else 0.0) * width / _FILL)


def _kind(tail: str) -> Kind:
    if re.search(r"(?i)\busing\s+(?!btree)\w+", tail):
        return "gin index"
    if re.search(r"(?i)\)\s*where\b", tail):
        return "partial index"
    return "expression index" if tail.count("(") > 1 else "index"


async def _relation(read: Read, text: str, kinds: tuple[str, ...], word: str) -> Any:
    names = [_bare(part) for part in re.findall(_NAME, text)]
    schema, name = ("", names[0]) if len(names) == 1 else (names[0], names[1])
    rows = await read(_SQL["relations"].text, [name, schema, list(kinds)])
    if len(rows) == 1:
        return rows[0]
    if rows:
        places = ", ".join(row["schema"] for row in rows)
        raise ConfigurationError(
            f"Several schemas have a {word} {name!r}: {places}.",
            hint=f"Write its schema: {rows[0]['schema']}.{name}.",
        )
    raise ConfigurationError(
        f"There is no {word} {text!r}.", hint=f"Names are case-sensitive in quotes: {_EXAMPLE}."
    )


def _bare(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()

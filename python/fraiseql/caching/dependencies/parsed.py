"""Parse trees of predicates that developers write."""
# ruff: noqa: S608 - all SQL is constants and developers' own predicates

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from fraiseql.database import Pool
from fraiseql.database.writing import server_message
from fraiseql.errors import DatabaseError, SourceError, sqlstate_of

# The server sends the tree of each statement that it parses. This needs no privilege and writes
# nothing, so it works on standbys too. Only some roles can keep it out of the log.
_SHOWN: Final = (
    "SELECT pg_catalog.set_config('log_min_messages', 'fatal', false)"
    " WHERE pg_catalog.has_parameter_privilege('log_min_messages', 'SET');"
    " SET client_min_messages = log; SET debug_pretty_print = off; SET debug_print_parse = on"
)
_HIDDEN: Final = "SET debug_print_parse = off"

# Every change of a name's meaning changes a row here: new relations have attributes.
_VERSIONS: Final = ", ".join(
    f"(SELECT sum(hashtextextended(concat_ws(':', {key}, c.xmin), 0)) FROM pg_catalog.{table} c"
    f" WHERE {condition})"
    for table, key, condition in (
        ("pg_proc", "c.oid", "c.oid >= 16384"),
        ("pg_operator", "c.oid", "c.oid >= 16384"),
        ("pg_cast", "c.oid", "c.oid >= 16384"),
        ("pg_type", "c.oid", "c.oid >= 16384"),
        ("pg_namespace", "c.oid", "c.oid >= 2200"),
        ("pg_attribute", "c.attrelid, c.attnum", "c.attrelid >= 16384 AND c.attnum > 0"),
    )
)
_STATE: Final = f"SELECT concat_ws('/', {_VERSIONS}) AS state"
# The same as for the application's statements.
_PATH: Final = """
SELECT pg_catalog.concat_ws('/', current_user, pg_catalog.current_setting('search_path'),
  pg_catalog.current_setting('transform_null_equals')) AS path"""

# bool, bytea, "char", name, int8, int2, int4, text, oid; json, float4, float8, unknown; cidr, inet,
# bpchar, varchar; interval, numeric, uuid, jsonb.
_NO_MOMENTS: Final = frozenset(
    map(
        str,
        (
            *(16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 700, 701, 705),
            *(650, 869, 1042, 1043, 1186, 1700, 2950, 3802),
        ),
    )
)
"""Numbers of types whose texts are never instants."""

_CONSTANT: Final = re.compile(r":consttype (\d+) ")
# Escapes, dollar quotes and texts in several parts may hide a word; they count as one.
_MOMENT: Final = re.compile(
    r"(?i)(?<![a-z])(?:now|today|tomorrow|yesterday)(?![a-z])|\\|\$|U&|'(?:\s|--[^\n]*\n)+'|\bUESCAPE\b"
)

_NO_RIGHT: Final = "42501"  # on a schema: says nothing of the predicate

CLOCK_TREE: Final = "{SQLVALUEFUNCTION :op 0 }"
"""Tree of a call of the clock, for a text that PostgreSQL has already converted to an instant."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A developer's SQL over the columns of one relation.

    Attributes:
        owner: The field that it belongs to.
        relation: Quoted, qualified name.
        text: The SQL.
    """

    owner: str
    relation: str
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """One predicate as PostgreSQL parses it.

    Attributes:
        trees: Parse trees, in the form that the catalog stores of views.
        words: PostgreSQL's error message, or empty.
        hidden: Whether the connected role may not use the schema.
    """

    trees: tuple[str, ...] = ()
    words: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Trees:
    """Several predicates as PostgreSQL parses them.

    Attributes:
        texts: Their trees.
        refused: Owners of those that it refuses, each with its message.
    """

    texts: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


async def parse_predicates(pool: Pool, predicates: Iterable[Predicate]) -> Trees:
    """Return the trees of predicates, without running them.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    parsed = await parse_each(pool, predicates)
    texts = dict.fromkeys(tree for result in parsed.values() for tree in result.trees)
    refused = (
        (predicate.owner, result.words) for predicate, result in parsed.items() if result.words
    )
    return Trees(tuple(texts), tuple(refused))


async def parse_each(pool: Pool, predicates: Iterable[Predicate]) -> dict[Predicate, Parsed]:
    """Parse each predicate, without running it.

    Results are remembered until the meaning of a name may have changed.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    distinct = list(dict.fromkeys(predicates))
    if not distinct:
        return {}
    (path,), (row,) = await pool.fetch_bytes(_PATH), await pool.inspect(_STATE)
    now = f"{path['path']}/{row['state']}"
    state, results = _PARSED.get(pool, ("", {}))
    if state != now:
        results = {}
    missing = [predicate for predicate in distinct if predicate not in results]
    if missing:
        results.update(await _parse_all(pool, missing))
        _PARSED[pool] = now, results
    return {predicate: results[predicate] for predicate in distinct}


_PARSED: Final[WeakKeyDictionary[Pool, tuple[str, dict[Predicate, Parsed]]]] = WeakKeyDictionary()
"""Parsed predicates by pool, with the state of the catalog at that time."""


async def _parse_all(pool: Pool, predicates: Iterable[Predicate]) -> dict[Predicate, Parsed]:
    async with pool.acquire() as connection:
        messages: list[Any] = []

        def note(_: Any, message: Any) -> None:
            messages.append(message)

        with connection.developer_sql(_SHOWN):
            await connection.execute(_SHOWN)
        connection.add_log_listener(note)
        try:
            return {
                predicate: await _parsed(connection, predicate, messages)
                for predicate in predicates
            }
        finally:
            connection.remove_log_listener(note)
            with connection.developer_sql(_HIDDEN):
                await connection.execute(_HIDDEN)


async def _parsed(connection: Any, predicate: Predicate, messages: list[Any]) -> Parsed:
    messages.clear()
    words, state = await _parse(connection, predicate)
    # The driver delivers messages in a later iteration of the loop.
    await asyncio.sleep(0)
    trees = [_whole(sent.detail) for sent in messages if sent.message == "parse tree:"]
    if not words and not trees:
        words = "it shows no tree."
    return Parsed(tuple(_with_clock(predicate.text, trees)), words, state == _NO_RIGHT)


def _whole(tree: str) -> str:
    """Return a tree on one line: the server may break a line at any blank."""
    return tree.replace("\n", " ")


async def _parse(connection: Any, predicate: Predicate) -> tuple[str, str]:
    """Have PostgreSQL parse one predicate; return the message and code of its error."""
    # An alias that the text cannot contain: the real one depends on the depth.
    row = f'{predicate.relation} AS "fraiseql row"'
    query = f"SELECT FROM {row} WHERE ({predicate.text})"
    try:
        with connection.developer_sql(query):
            await connection.prepare(query)
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return server_message(error), sqlstate_of(error)
    return "", ""


def _with_clock(text: str, trees: list[str]) -> Iterator[str]:
    """Yield trees, and one of the clock if ``'now'`` may have become a constant."""
    yield from trees
    typed = {match[1] for tree in trees for match in _CONSTANT.finditer(tree)}
    if typed - _NO_MOMENTS and _MOMENT.search(text):
        yield CLOCK_TREE

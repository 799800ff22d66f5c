"""Trees of developers' own predicates, as PostgreSQL parses them."""
# ruff: noqa: S608 - what is joined into SQL are constants, and developers' own predicates

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from fraiseql.database import Pool
from fraiseql.database.writing import server_message
from fraiseql.errors import DatabaseError, SourceError, sqlstate_of

# The server sends the tree of each statement that it parses, which needs no right and writes
# nothing: it works on standbys too. Only a role that may say so keeps it out of the server's log.
_SHOWN: Final = (
    "SELECT pg_catalog.set_config('log_min_messages', 'fatal', false)"
    " WHERE pg_catalog.has_parameter_privilege('log_min_messages', 'SET');"
    " SET client_min_messages = log; SET debug_pretty_print = off; SET debug_print_parse = on"
)
_HIDDEN: Final = "SET debug_print_parse = off"

# Whatever may give a name another meaning has another row here: attributes tell of relations too.
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
# As the application's own statements have it.
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
"""Numbers of types of which no text is read as a moment."""

_CONSTANT: Final = re.compile(r":consttype (\d+) ")
# Escapes, dollar quotes and texts in several parts may hide a word; they count as one.
_MOMENT: Final = re.compile(
    r"(?i)(?<![a-z])(?:now|today|tomorrow|yesterday)(?![a-z])|\\|\$|U&|'(?:\s|--[^\n]*\n)+'|\bUESCAPE\b"
)

_NO_RIGHT: Final = "42501"  # on a schema: says nothing of the predicate

CLOCK_TREE: Final = "{SQLVALUEFUNCTION :op 0 }"
"""Tree of what reads the clock, for a text that PostgreSQL has made a moment of already."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A developer's own SQL over the columns of one relation.

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
    """What PostgreSQL makes of one predicate.

    Attributes:
        trees: In the form that the catalog has of views.
        words: PostgreSQL's, where it refuses the predicate; else empty.
        hidden: Whether the connected role may not so much as name what it is about.
    """

    trees: tuple[str, ...] = ()
    words: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Trees:
    """What PostgreSQL makes of several predicates.

    Attributes:
        texts: Their trees.
        refused: Owners of those that it cannot read, each with its words.
    """

    texts: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


async def parse_predicates(pool: Pool, predicates: Iterable[Predicate]) -> Trees:
    """Return the trees of predicates; none is run.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    parsed = await parse_each(pool, predicates)
    texts = dict.fromkeys(tree for one in parsed.values() for tree in one.trees)
    refused = ((key.owner, one.words) for key, one in parsed.items() if one.words)
    return Trees(tuple(texts), tuple(refused))


async def parse_each(pool: Pool, predicates: Iterable[Predicate]) -> dict[Predicate, Parsed]:
    """Return what PostgreSQL makes of each predicate; none is run.

    What it made of one before is remembered until a name may have another meaning.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    distinct = list(dict.fromkeys(predicates))
    if not distinct:
        return {}
    (path,), (row,) = await pool.fetch_bytes(_PATH), await pool.inspect(_STATE)
    now = f"{path['path']}/{row['state']}"
    state, known = _KNOWN.get(pool, ("", {}))
    if state != now:
        known = {}
    missing = [one for one in distinct if one not in known]
    if missing:
        known.update(await _parse_all(pool, missing))
        _KNOWN[pool] = now, known
    return {one: known[one] for one in distinct}


_KNOWN: Final[WeakKeyDictionary[Pool, tuple[str, dict[Predicate, Parsed]]]] = WeakKeyDictionary()
"""What was parsed over each pool, and the state of the catalog that it was parsed under."""


async def _parse_all(pool: Pool, predicates: Iterable[Predicate]) -> dict[Predicate, Parsed]:
    async with pool.acquire() as connection:
        messages: list[Any] = []

        def note(_: Any, message: Any) -> None:
            messages.append(message)

        with connection.developer_sql(_SHOWN):
            await connection.execute(_SHOWN)
        connection.add_log_listener(note)
        try:
            return {one: await _parsed(connection, one, messages) for one in predicates}
        finally:
            connection.remove_log_listener(note)
            with connection.developer_sql(_HIDDEN):
                await connection.execute(_HIDDEN)


async def _parsed(connection: Any, predicate: Predicate, messages: list[Any]) -> Parsed:
    messages.clear()
    words, state = await _parse(connection, predicate)
    # The driver hands messages on in a later turn of the loop.
    await asyncio.sleep(0)
    trees = [_whole(one.detail) for one in messages if one.message == "parse tree:"]
    if not words and not trees:
        words = "it shows no tree."
    return Parsed(tuple(_with_clock(predicate.text, trees)), words, state == _NO_RIGHT)


def _whole(tree: str) -> str:
    """Return a tree on one line: as it is shown, any blank may be the end of a line."""
    return tree.replace("\n", " ")


async def _parse(connection: Any, predicate: Predicate) -> tuple[str, str]:
    """Have PostgreSQL parse one predicate; return its words and code where it refuses."""
    # No alias that the text could know: the one in a statement depends on the depth.
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
    """Yield trees, and one of the clock where ``'now'`` may have become a constant."""
    yield from trees
    typed = {match[1] for tree in trees for match in _CONSTANT.finditer(tree)}
    if typed - _NO_MOMENTS and _MOMENT.search(text):
        yield CLOCK_TREE

"""Parse trees of SQL that developers write."""
# ruff: noqa: S608 - all SQL is constants and developers' own predicates

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from fraiseql.database import Identity, Pool
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

    @property
    def role(self) -> None:
        """Role whose search path its names are resolved on: the connection's own."""

    @property
    def query(self) -> str:
        """A statement with the predicate."""
        # An alias that the text cannot contain: the real one depends on the depth.
        return f'SELECT FROM {self.relation} AS "fraiseql row" WHERE ({self.text})'


@dataclass(frozen=True, slots=True)
class StatementText:
    """A whole statement, as it was sent to the server.

    Attributes:
        text: The SQL, with ``$1`` in place of values.
        role: Role that it ran as; None for the connection's own.
    """

    text: str
    role: str | None = None

    @property
    def query(self) -> str:
        """The statement."""
        return self.text


Source = TypeVar("Source", Predicate, StatementText)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One predicate or statement as PostgreSQL parses it.

    Attributes:
        trees: Parse trees, in the form that the catalog stores of views; the source's own is last.
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


async def parse_each(pool: Pool, sources: Iterable[Source]) -> dict[Source, Parsed]:
    """Parse each predicate or statement, without running it.

    Results are remembered until the meaning of a name may have changed.

    Args:
        pool: Connections to the database.
        sources: Predicates, or statements of one role.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    distinct = list(dict.fromkeys(sources))
    if not distinct:
        return {}
    role = distinct[0].role
    identity = Identity.of(role, {})
    (path,), (row,) = await pool.fetch_bytes(_PATH, (), identity), await pool.inspect(_STATE)
    now = f"{path['path']}/{row['state']}"
    by_role = _PARSED.setdefault(pool, {})
    state, results = by_role.get(role, ("", {}))
    if state != now:
        # Prepared statements may still have the meaning from before.
        pool.outdate()
    if state != now or len(results) > _MOST:
        results = {}
    missing = [source for source in distinct if source not in results]
    if missing:
        results.update(await _parse_all(pool, identity, missing))
        by_role[role] = now, results
    return {source: results[source] for source in distinct}


_MOST: Final = 10_000
"""Sources of one role whose trees are remembered."""

_PARSED: Final[WeakKeyDictionary[Pool, dict[str | None, tuple[str, dict[Any, Parsed]]]]] = (
    WeakKeyDictionary()
)
"""Parsed sources by pool and role, with the state of the catalog at that time."""


async def _parse_all(
    pool: Pool, identity: Identity, sources: Iterable[Source]
) -> dict[Source, Parsed]:
    async with pool.acquire(identity) as connection:
        messages: list[Any] = []

        def note(_: Any, message: Any) -> None:
            messages.append(message)

        with connection.developer_sql(_SHOWN):
            await connection.execute(_SHOWN)
        connection.add_log_listener(note)
        try:
            return {source: await _parsed(connection, source, messages) for source in sources}
        finally:
            connection.remove_log_listener(note)
            with connection.developer_sql(_HIDDEN):
                await connection.execute(_HIDDEN)


async def _parsed(
    connection: Any, source: Predicate | StatementText, messages: list[Any]
) -> Parsed:
    messages.clear()
    words, state = await _parse(connection, source.query)
    # The driver delivers messages in a later iteration of the loop.
    await asyncio.sleep(0)
    trees = [_whole(sent.detail) for sent in messages if sent.message == "parse tree:"]
    if not words and not trees:
        words = "it shows no tree."
    return Parsed(tuple(_with_clock(source.text, trees)), words, state == _NO_RIGHT)


def _whole(tree: str) -> str:
    """Return a tree on one line: the server may break a line at any blank."""
    return tree.replace("\n", " ")


async def _parse(connection: Any, query: str) -> tuple[str, str]:
    """Have PostgreSQL parse one statement; return the message and code of its error."""
    try:
        with connection.developer_sql(query):
            await connection.parse(query)
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return server_message(error), sqlstate_of(error)
    return "", ""


def _with_clock(text: str, trees: list[str]) -> Iterator[str]:
    """Yield one tree of the clock if ``'now'`` may have become a constant, and the trees."""
    typed = {match[1] for tree in trees for match in _CONSTANT.finditer(tree)}
    if typed - _NO_MOMENTS and _MOMENT.search(text):
        yield CLOCK_TREE
    yield from trees

"""Trees of developers' own predicates, as PostgreSQL parses them."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.database import Pool
from fraiseql.database.writing import said_by_server
from fraiseql.errors import DatabaseError, SourceError, sqlstate_of

# The server sends the tree of each statement that it parses, which needs no right and writes
# nothing: it works on standbys too.
_SHOWN: Final = (
    "SET client_min_messages = log; SET debug_print_parse = on; SET debug_pretty_print = off"
)

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

    Raises:
        DatabaseError: The database cannot be asked.
    """
    distinct = list(dict.fromkeys(predicates))
    if not distinct:
        return {}
    async with pool.lend() as link:
        messages: list[Any] = []

        def note(_: Any, message: Any) -> None:
            messages.append(message)

        with link.foreign(_SHOWN):
            await link.execute(_SHOWN)
        link.add_log_listener(note)
        try:
            return {one: await _parsed(link, one, messages) for one in distinct}
        finally:
            link.remove_log_listener(note)


async def _parsed(link: Any, predicate: Predicate, messages: list[Any]) -> Parsed:
    messages.clear()
    words, state = await _parse(link, predicate)
    # The driver hands messages on in a later turn of the loop.
    await asyncio.sleep(0)
    trees = [_whole(one.detail) for one in messages if one.message == "parse tree:"]
    if not words and not trees:
        words = "it shows no tree."
    return Parsed(tuple(_with_clock(predicate.text, trees)), words, state == _NO_RIGHT)


def _whole(tree: str) -> str:
    """Return a tree on one line: as it is shown, any blank may be the end of a line."""
    return tree.replace("\n", " ")


async def _parse(link: Any, predicate: Predicate) -> tuple[str, str]:
    """Have PostgreSQL parse one predicate; return its words and code where it refuses."""
    # No alias that the text could know: the one in a statement depends on the depth.
    row = f'{predicate.relation} AS "fraiseql row"'
    query = f"SELECT FROM {row} WHERE ({predicate.text})"
    try:
        with link.foreign(query):
            await link.prepare(query)
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return said_by_server(error), sqlstate_of(error)
    return "", ""


def _with_clock(text: str, trees: list[str]) -> Iterator[str]:
    """Yield trees, and one of the clock where ``'now'`` may have become a constant."""
    yield from trees
    typed = {match[1] for tree in trees for match in _CONSTANT.finditer(tree)}
    if typed - _NO_MOMENTS and _MOMENT.search(text):
        yield CLOCK_TREE

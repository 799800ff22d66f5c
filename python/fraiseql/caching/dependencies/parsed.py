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
    r"(?i)now|today|tomorrow|yesterday|\\|\$|U&|'(?:\s|--[^\n]*\n)+'|\bUESCAPE\b"
)

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
class Trees:
    """What PostgreSQL makes of predicates.

    Attributes:
        texts: Trees, in the form that the catalog has of views.
        refused: Owners of those that it cannot read, each with its words.
    """

    texts: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


NO_TREES: Final = Trees()


async def parse_predicates(pool: Pool, predicates: Iterable[Predicate]) -> Trees:
    """Return the trees of predicates; none is run.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    distinct = list(dict.fromkeys(predicates))
    if not distinct:
        return NO_TREES
    texts: dict[str, None] = {}
    refused: list[tuple[str, str]] = []
    async with pool.lend() as link:
        messages: list[Any] = []

        def note(_: Any, message: Any) -> None:
            messages.append(message)

        with link.foreign(_SHOWN):
            await link.execute(_SHOWN)
        link.add_log_listener(note)
        try:
            for one in distinct:
                words = await _parse(link, one)
                # The driver hands messages on in a later turn of the loop.
                await asyncio.sleep(0)
                trees = [_whole(each.detail) for each in messages if each.message == "parse tree:"]
                messages.clear()
                if words or not trees:
                    refused.append((one.owner, words or "it shows no tree."))
                texts.update(dict.fromkeys(_with_clock(one.text, trees)))
        finally:
            link.remove_log_listener(note)
    return Trees(tuple(texts), tuple(refused))


def _whole(tree: str) -> str:
    """Return a tree on one line: as it is shown, any blank may be the end of a line."""
    return tree.replace("\n", " ")


async def _parse(link: Any, predicate: Predicate) -> str:
    """Have PostgreSQL parse one predicate, and return its words where it refuses."""
    # No alias that the text could know: the one in a statement depends on the depth.
    row = f'{predicate.relation} AS "fraiseql row"'
    query = f"SELECT FROM {row} WHERE ({predicate.text})"
    try:
        with link.foreign(query):
            await link.prepare(query)
    except (DatabaseError, SourceError) as error:
        if not sqlstate_of(error):
            raise
        return said_by_server(error)
    return ""


def _with_clock(text: str, trees: list[str]) -> Iterator[str]:
    """Yield trees, and one of the clock where ``'now'`` may have become a constant."""
    yield from trees
    typed = {match[1] for tree in trees for match in _CONSTANT.finditer(tree)}
    if typed - _NO_MOMENTS and _MOMENT.search(text):
        yield CLOCK_TREE

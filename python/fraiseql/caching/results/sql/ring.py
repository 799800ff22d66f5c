"""Functions that insert into a store and truncate its oldest segment.

An insert holds the store's advisory lock until its commit, so that only one makes room at a time
and the bytes on disk are always bounded.
"""
# ruff: noqa: S608 - names are constants

from collections.abc import Mapping, Sequence
from typing import Final

from fraiseql.caching.advisory_locks import STORE_INSERTS
from fraiseql.sql_files import load_sql

TURN: Final = "100ms"
"""How long an insert waits for another."""

EMPTYING: Final = "20ms"
"""How long truncating waits for readers; new readers wait behind it."""

REST: Final = "1 second"
"""Pause before it is tried again: a dump may hold a segment for minutes."""


def ring_functions(store: str, segments: Sequence[str], ring: str) -> Mapping[str, str]:
    """Return the statements that create a store's functions, by their names.

    Args:
        store: ``unlogged`` or ``logged``.
        segments: Quoted names of its tables.
        ring: Quoted name of the table that holds the current segment.
    """
    parts = {
        "store": store,
        "stem": segments[0].rstrip('"')[:-1],
        "ring": ring,
        "count": len(segments),
        "lock": STORE_INSERTS[store],
        "turn": TURN,
        "emptying": EMPTYING,
        "rest": REST,
        "needed": _NEEDED.format(row=""),
        "needed_of_row": _NEEDED.format(row="n."),
        "newest": newest(segments, "$1"),
        "removed": "\n  ".join(_REMOVED.format(segment=name) for name in segments),
    }
    return {
        name.format(store=store): _SQL[function].text.format(**parts)
        for function, name in _NAMES.items()
    }


def newest(segments: Sequence[str], key: str) -> str:
    """Return the query for the newest row of a key, with the number of its segment.

    Args:
        segments: Quoted names of a store's tables.
        key: SQL of the key.
    """
    parts = [
        f"(SELECT {number} AS segment, r.tableoid AS place, r.* FROM {name} r"
        f" WHERE r.key = {key} ORDER BY r.upto DESC LIMIT 1)"
        for number, name in enumerate(segments)
    ]
    union = "\nUNION ALL ".join(parts)
    return f"SELECT * FROM ({union}) AS every ORDER BY upto DESC LIMIT 1"


_REMOVED: Final = """\
DELETE FROM {segment} r WHERE r.key = $1 AND (r.home <> r.tableoid
    OR pg_snapshot_xmax(r.snap) > pg_snapshot_xmax(pg_current_snapshot()));"""

# Bytes of a row in its table, in TOAST and in the indexes, with the pages that it may start.
_NEEDED: Final = "octet_length({row}body) * 1.06 + pg_column_size({row}tags) + 24576"

STORE_NAME: Final = (
    '"fraiseql"."store_result_{store}"(bytea, text, text[], pg_snapshot, bigint,'
    " double precision, real, bytea, bytea, bigint)"
)
KEEP_NAME: Final = '"fraiseql"."keep_result_{store}"(bytea, bigint)'

_SQL: Final = load_sql(__name__)
_NAMES: Final[Mapping[str, str]] = {
    "result_turn": '"fraiseql"."result_turn_{store}"()',
    "result_room": '"fraiseql"."result_room_{store}"(bigint, bigint, boolean)',
    "store_result": STORE_NAME,
    "keep_result": KEEP_NAME,
}

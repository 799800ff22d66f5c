"""Write the counters of this process to the database."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from fraiseql.caching.results.hot_keys import KeyHits
from fraiseql.caching.results.metrics import Metrics, QueryCounters
from fraiseql.caching.results.sql.stats import COUNTED_BY_WORD, FOLD, SILENT, SUMMED, WRITE
from fraiseql.errors import FraiseQLError

FLUSH_INTERVAL: Final = 10.0
"""Seconds between two flushes; a process that dies loses its counts since the last one."""

Read = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs a statement that may write and returns its rows: ``inspect`` of the caches' pool."""

Row = dict[str, Any]

_WRITE: Final = f"SELECT {WRITE}($1, $2, $3, $4, $5, $6, $7, $8) AS outcome"
_FOLD: Final = f"SELECT {FOLD}($1::text::interval) AS folded"


class StatsWriter:
    """Writes absolute counters of one process, under its own UUID.

    A flush that failed, or may have failed, is simply repeated.

    Args:
        metrics: The counters.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._number = 0
        self._base: dict[str, Row] = {}
        self._attempted: dict[str, Row] = {}
        self._begin()

    def _begin(self) -> None:
        """Continue under another UUID, with nothing written yet."""
        self.process = uuid.uuid4()
        self._has_rows = False
        self._written: dict[str, Row] = {}
        self._keys: dict[bytes, int] = {}

    @property
    def counted(self) -> dict[str, Row]:
        """Rows to write for this process, by query."""
        queries = self._metrics.queries
        return {name: _less(_row(query), self._base.get(name)) for name, query in queries.items()}

    async def flush(self, read: Read) -> bool:
        """Write what changed since the last flush; false where nothing did.

        Raises:
            DatabaseError: It could not be written; the next flush writes it.
        """
        rows = {name: row for name, row in self.counted.items() if row != self._written.get(name)}
        hot = {hits.key: hits for hits in self._metrics.hot_keys}
        changed = [hits for hits in hot.values() if hits.hits != self._keys.get(hits.key)]
        dropped = [key for key in self._keys if key not in hot]
        if not (rows or changed or dropped):
            return False
        before = self._attempted
        self._attempted = before | rows
        outcome = await self._write(read, rows, changed, dropped)
        if outcome == "folded":
            self._rebase(before)
            return await self.flush(read)
        is_first, self._has_rows = not self._has_rows, True
        # ``emptied``: the server crashed. Then the next flush writes everything again.
        complete = outcome == "written"
        self._written = self._written | rows if complete else {}
        self._keys = {key: hits.hits for key, hits in hot.items()} if complete else {}
        if is_first:
            # Each new process adds rows, so each one also folds those of ended processes.
            with suppress(FraiseQLError):
                await fold(read)
        return True

    async def _write(
        self,
        read: Read,
        rows: Mapping[str, Row],
        changed: Sequence[KeyHits],
        dropped: Sequence[bytes],
    ) -> str:
        """Run the one statement; return ``written``, ``emptied`` or ``folded``."""
        self._number += 1
        keys = [[hits.key for hits in changed], [hits.query for hits in changed]]
        counts = [hits.hits for hits in changed]
        text = json.dumps(list(rows.values()))
        head = [self.process, self._has_rows, self._number, text]
        return str((await read(_WRITE, [*head, *keys, counts, list(dropped)]))[0]["outcome"])

    def _rebase(self, folded: Mapping[str, Row]) -> None:
        """Start over under another UUID: the rows of this one were folded into the others."""
        for name, row in folded.items():
            self._base[name] = _more(row, self._base.get(name))
        self._attempted = {}
        self._begin()


async def fold(read: Read, silent: str = SILENT) -> int:
    """Merge the rows of processes that were silent for an interval; return how many.

    Raises:
        DatabaseError: The tables do not exist, or belong to another role.
    """
    return int((await read(_FOLD, [silent]))[0]["folded"])


def _row(query: QueryCounters) -> Row:
    sums = {name: getattr(query, name) for name in SUMMED}
    by_word = {name: dict(getattr(query, name)) for name in COUNTED_BY_WORD}
    return {"query": query.query, **sums, "oldest": query.oldest, **by_word}


def _less(row: Row, base: Row | None) -> Row:
    return row if base is None else _combined(row, base, -1)


def _more(row: Row, base: Row | None) -> Row:
    return row if base is None else _combined(row, base, 1)


def _combined(row: Row, base: Row, sign: int) -> Row:
    combined = dict(row)
    for name in SUMMED:
        combined[name] = row[name] + sign * base[name]
    for name in COUNTED_BY_WORD:
        combined[name] = {
            word: count + sign * base[name].get(word, 0) for word, count in row[name].items()
        }
    return combined

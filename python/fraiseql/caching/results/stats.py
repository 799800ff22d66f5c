"""Figures: writes the counters of this process to the database, and reads those of all."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from fraiseql.caching.results.hot_keys import Hits
from fraiseql.caching.results.metrics import Metrics, Tally
from fraiseql.caching.results.sql.stats import FOLD, SILENT, SUMMED, WORDED, WRITE
from fraiseql.errors import FraiseQLError

EVERY: Final = 10.0
"""Seconds between two flushes; what was counted since the last one is lost with the process."""

Read = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs a statement that may write and returns its rows: ``inspect`` of the caches' pool."""

Row = dict[str, Any]

_WRITE: Final = f"SELECT {WRITE}($1, $2, $3, $4, $5, $6, $7, $8) AS outcome"
_FOLD: Final = f"SELECT {FOLD}($1::text::interval) AS folded"


class Figures:
    """Writes what one process counted: absolute counters, under a number of its own.

    A flush that failed, or of which it is not known whether it failed, is simply done again.

    Args:
        metrics: The counters.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._number = 0
        self._base: dict[str, Row] = {}
        self._tried: dict[str, Row] = {}
        self._begin()

    def _begin(self) -> None:
        """Count under another number from here on: nothing is written under it so far."""
        self.process = uuid.uuid4()
        self._known = False
        self._written: dict[str, Row] = {}
        self._keys: dict[bytes, int] = {}

    @property
    def counted(self) -> dict[str, Row]:
        """What is to stand under this process's number, by query."""
        tallies = self._metrics.tallies
        return {name: _less(_row(one), self._base.get(name)) for name, one in tallies.items()}

    async def flush(self, read: Read) -> bool:
        """Write what changed since the last flush; false where there was nothing.

        Raises:
            DatabaseError: It could not be written; the next flush writes it.
        """
        rows = {name: row for name, row in self.counted.items() if row != self._written.get(name)}
        top = {one.key: one for one in self._metrics.top}
        keys = [one for one in top.values() if one.hits != self._keys.get(one.key)]
        gone = [key for key in self._keys if key not in top]
        if not (rows or keys or gone):
            return False
        before = self._tried
        self._tried = before | rows
        outcome = await self._write(read, rows, keys, gone)
        if outcome == "folded":
            self._rebase(before)
            return await self.flush(read)
        begun, self._known = not self._known, True
        # A crash of the server emptied the tables: then the next flush writes all of it once more.
        whole = outcome == "written"
        self._written = self._written | rows if whole else {}
        self._keys = {key: one.hits for key, one in top.items()} if whole else {}
        if begun:
            # Rows are added by processes that begin: so those of the ended ones go at that time.
            with suppress(FraiseQLError):
                await fold(read)
        return True

    async def _write(
        self, read: Read, rows: Mapping[str, Row], keys: Sequence[Hits], gone: Sequence[bytes]
    ) -> str:
        """Run the one statement and return what it found: ``written``, ``emptied``, ``folded``."""
        self._number += 1
        columns = [[one.key for one in keys], [one.query for one in keys]]
        hits = [one.hits for one in keys]
        text = json.dumps(list(rows.values()))
        given = [self.process, self._known, self._number, text, *columns, hits, list(gone)]
        return str((await read(_WRITE, given))[0]["outcome"])

    def _rebase(self, folded: Mapping[str, Row]) -> None:
        """Count under another number: what stood under this one was added to those that ended."""
        for name, row in folded.items():
            self._base[name] = _more(row, self._base.get(name))
        self._tried = {}
        self._begin()


async def fold(read: Read, silent: str = SILENT) -> int:
    """Add up the figures of processes that have written nothing for ``silent``; return how many.

    Raises:
        DatabaseError: They are not there, or another role's.
    """
    return int((await read(_FOLD, [silent]))[0]["folded"])


def _row(tally: Tally) -> Row:
    sums = {name: getattr(tally, name) for name in SUMMED}
    counted = {name: dict(getattr(tally, name)) for name in WORDED}
    return {"query": tally.query, **sums, "oldest": tally.oldest, **counted}


def _less(row: Row, base: Row | None) -> Row:
    return row if base is None else _combined(row, base, -1)


def _more(row: Row, base: Row | None) -> Row:
    return row if base is None else _combined(row, base, 1)


def _combined(row: Row, base: Row, sign: int) -> Row:
    found = dict(row)
    for name in SUMMED:
        found[name] = row[name] + sign * base[name]
    for name in WORDED:
        found[name] = {
            word: count + sign * base[name].get(word, 0) for word, count in row[name].items()
        }
    return found

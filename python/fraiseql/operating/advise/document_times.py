"""Times of a round trip and of documents, measured on the database."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from fraiseql.database import Pool

_FLOOR_RUNS: Final = 40
_RUNS: Final = 7
_FLOOR: Final = "SELECT $1::text AS value"
ITEMS: Final = 400
BUILT: Final = """\
SELECT length(row_to_json(r.*)::text) AS bytes
FROM (SELECT g AS first, g::text AS second, now() AS third, g * 2 AS fourth, 'some text' AS fifth
  FROM generate_series(1, $1::int) AS g) AS r"""
READ: Final = "SELECT ($1::jsonb)::text AS value"
DOCUMENT: Final = (
    "[" + ",".join(f'{{"number": {n}, "text": "some text"}}' for n in range(ITEMS)) + "]"
)


@dataclass(frozen=True, slots=True)
class DocumentTimes:
    """Milliseconds of the parts of an answer.

    Attributes:
        floor: Of a statement that reads nothing.
        read: Of reading a byte of a stored document.
        build: Of building a byte of a document from columns.
    """

    floor: float
    read: float
    build: float


async def measure_documents(pool: Pool) -> DocumentTimes:
    """Return the times on the connected server; no table is read.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    floor = await _timed(pool, _FLOOR, ["x"], _FLOOR_RUNS)
    rows = await pool.inspect(BUILT, [ITEMS])
    size = sum(row["bytes"] for row in rows)
    built = await _timed(pool, BUILT, [ITEMS], _RUNS)
    read = await _timed(pool, READ, [DOCUMENT], _RUNS)
    return document_times(floor, built, read, size)


def document_times(floor: float, built: float, read: float, size: int) -> DocumentTimes:
    """Return the times of a byte.

    Args:
        floor: Milliseconds of a statement that reads nothing.
        built: Of ``BUILT``.
        read: Of ``READ`` with ``DOCUMENT``.
        size: Bytes of the documents that ``BUILT`` makes.
    """
    # READ parses the document too, which takes about as long as writing it.
    return DocumentTimes(
        floor,
        max(read - floor, 0.0) / 2 / len(DOCUMENT),
        max(built - floor, 0.0) / max(size, 1),
    )


async def _timed(pool: Pool, sql: str, arguments: Sequence[Any], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        await pool.inspect(sql, arguments)
        times.append((time.perf_counter() - start) * 1_000)
    # Not the fastest: the times of the trace are those of a machine with other work, too.
    return median(times)

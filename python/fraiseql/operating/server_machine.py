"""The machine that PostgreSQL runs on, read through SQL."""

from collections.abc import Sequence
from typing import Final

from fraiseql.database import Pool
from fraiseql.sizing.machine import FIRST_FILES, Machine, group_files, read_machine
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)


async def server_machine(pool: Pool) -> Machine | None:
    """Return the machine of the server; None if it is not Linux.

    Args:
        pool: Connections of a role that may read the server's files.

    Raises:
        DatabaseError: The role may not, or the database cannot be reached.
    """
    first = await read_server_files(pool, FIRST_FILES)
    return read_machine({**first, **await read_server_files(pool, group_files(first))})


async def read_server_files(pool: Pool, paths: Sequence[str]) -> dict[str, str | None]:
    """Return the texts of files of the server; None for those that do not exist.

    Raises:
        DatabaseError: The role may not read them, or the database cannot be reached.
    """
    rows = await pool.inspect(_SQL["files"].text, [list(paths)])
    return {row["path"]: row["text"] for row in rows}

"""Memory of the machine that PostgreSQL runs on."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from fraiseql.database import Pool
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)
_TOTAL: Final = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)
_GROUPS: Final = PurePosixPath("/sys/fs/cgroup")
_NO_LIMIT: Final = 2**62
"""The first version of control groups writes "no limit" as a number near 2**63."""


async def server_memory(pool: Pool) -> int | None:
    """Return the bytes of memory that the server may use; None if it is not Linux.

    The limits of its control group and of all groups around it count, in both versions.

    Args:
        pool: Connections of a role that may read the server's files.

    Raises:
        DatabaseError: The role may not, or the database cannot be reached.
    """
    (machine,) = await pool.inspect(_SQL["machine"].text)
    total = _TOTAL.search(machine["memory"] or "")
    if total is None:
        return None
    paths = list(dict.fromkeys(limit_files(machine["groups"] or "")))
    rows = await pool.inspect(_SQL["limits"].text, [paths])
    return smallest(int(total[1]) * 1024, (row["limit"] for row in rows))


def limit_files(groups: str) -> Iterator[str]:
    """Yield the files that may limit the memory of a process, from its ``/proc/self/cgroup``."""
    for line in groups.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            top, name = _GROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = _GROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = PurePosixPath(path)
        for each in (group, *group.parents):
            yield str(top / str(each).lstrip("/") / name)


def smallest(total: int, limits: Iterable[str | None]) -> int:
    """Return the least of the machine's memory and the limits that are numbers."""
    numbers = [int(text) for text in limits if text and text.strip().isdigit()]
    return min([total, *(number for number in numbers if number < _NO_LIMIT)])

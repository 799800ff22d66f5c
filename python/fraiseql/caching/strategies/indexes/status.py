"""Size and use of declared indexes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.indexes.objects import SLOTS
from fraiseql.database.writing import AdminConnection

_SIZES: Final = """
SELECT a.name, pg_relation_size(i.indexrelid) AS bytes, i.indisvalid AS valid,
  coalesce(s.idx_scan, 0) AS scans
FROM unnest($1::text[]) AS a (name)
JOIN pg_index i ON i.indexrelid = to_regclass(a.name)
LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = i.indexrelid
"""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """An existing index.

    Attributes:
        name: Qualified and quoted; with its slot for a rolling index.
        bytes: Its size.
        scans: How often PostgreSQL used it since its statistics began.
        valid: Whether it is valid.
    """

    name: str
    bytes: int
    scans: int
    valid: bool

    def __str__(self) -> str:
        """Return the status on one line."""
        broken = "" if self.valid else ", not valid"
        return f"{self.name}: {self.bytes / 1_000_000:,.1f} MB, used {self.scans:,} times{broken}"


async def index_statuses(
    connection: AdminConnection, objects: Iterable[DatabaseObject]
) -> list[IndexStatus]:
    """Return the status of each declared index among ``objects`` that exists.

    Raises:
        DatabaseError: The database cannot be read.
    """
    names = [name for each in objects for name in _names(each)]
    rows = await connection.fetch(_SIZES, names) if names else []
    return [IndexStatus(row["name"], row["bytes"], row["scans"], row["valid"]) for row in rows]


def _names(index: DatabaseObject) -> list[str]:
    if index.kind == "rolling index":
        return [f'{index.name[:-1]}{slot}"' for slot in SLOTS]
    return (
        [index.name]
        if index.kind == "index" and index.name.rpartition('."')[2][:3] == "ix_"
        else []
    )

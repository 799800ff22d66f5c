"""Use of indexes on standbys."""

from collections.abc import Iterable
from typing import Final

from fraiseql.database import open_pool
from fraiseql.operating.doctor.fault import Diagnosis
from fraiseql.settings import Settings
from fraiseql.sql_files import load_sql

_USED: Final = load_sql(__name__)["used"].text
_UNUSED: Final = "INDEX_UNUSED"


async def without_used(
    diagnoses: Iterable[Diagnosis], replicas: Iterable[str], settings: Settings
) -> list[Diagnosis]:
    """Return the diagnoses but for those of indexes that a standby uses.

    Args:
        diagnoses: Diagnoses of the primary server.
        replicas: Addresses of the standbys.
        settings: Settings of the connections.

    Raises:
        DatabaseError: A standby cannot be reached.
    """
    left = list(diagnoses)
    for address in replicas:
        names = [each.object for each in left if each.fault.code == _UNUSED]
        used = await _used(address, names, settings) if names else frozenset()
        left = [each for each in left if each.fault.code != _UNUSED or each.object not in used]
    return left


async def _used(address: str, names: list[str], settings: Settings) -> frozenset[str]:
    pool = await open_pool(address, settings)
    try:
        return frozenset(row["name"] for row in await pool.inspect(_USED, [names]))
    finally:
        await pool.close()

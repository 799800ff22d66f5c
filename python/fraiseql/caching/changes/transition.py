"""Releases whose transition tables have every changed row.

On a partitioned table none has: ``MERGE … UPDATE`` that moves a row to another partition fires the
UPDATE trigger with empty tables. Row triggers on the partitions fire for such a row.
"""

from typing import Final

_MERGE_IN_QUERY: Final = {15: 150_016, 16: 160_012, 17: 170_008, 18: 180_002}
"""By major version, the first release with the rows of a MERGE inside of another query."""

_MAJOR: Final = 10_000


def transition_tables_are_whole(server: int) -> bool:
    """Return whether transition tables of a plain table have every changed row.

    Args:
        server: ``server_version_num``.
    """
    return server >= _MERGE_IN_QUERY.get(server // _MAJOR, 0)

"""Transition tables: where PostgreSQL puts every row that a statement changed into them.

Of a partitioned table it does not: ``MERGE … UPDATE`` that moves a row to another partition fires
the UPDATE trigger with empty tables. Row triggers on the partitions fire for such a row.
"""

from typing import Final

_MERGE_IN_QUERY: Final = {15: 150_016, 16: 160_012, 17: 170_008, 18: 180_002}
"""By major version, the release in which MERGE beside other changes of its query is in them."""

_MAJOR: Final = 10_000


def transition_tables_are_whole(server: int) -> bool:
    """Return whether a plain table's transition tables hold all that a statement changed.

    Args:
        server: ``server_version_num``.
    """
    return server >= _MERGE_IN_QUERY.get(server // _MAJOR, 0)

"""Numbers of the advisory locks that the framework takes in a database."""

from collections.abc import Mapping
from typing import Final

APPLY: Final = 4_711_310_015
"""Held by a session that changes the framework's objects."""

BUILDING: Final = 4_711_310_016
"""Shared by transactions that build a materialized view."""

FILLING: Final = 4_711_310_017
"""Shared by transactions that fill a materialized view."""

STORE_INSERTS: Final[Mapping[str, int]] = {"unlogged": 4_711_310_020, "logged": 4_711_310_021}
"""Held by inserts into a store of results, by name of the store."""

TUNING: Final = 4_711_310_040
"""Held by ``fraiseql tune`` as it changes settings; ``operating/tune/history.sql`` has it too."""

STATISTICS: Final = 4_711_310_030
"""Shared by flushes of statistics, and held to fold them; ``results/sql/stats.sql`` has it too."""

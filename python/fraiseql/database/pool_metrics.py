"""Metrics of the connection pool, by class of statements."""

from collections.abc import Iterator, Mapping
from typing import Final

from fraiseql.database.admission import Usage
from fraiseql.database.latency import Priority
from fraiseql.exposition import head

_GAUGES: Final = (
    ("held", "Connections that statements of a class hold"),
    ("waiting", "Statements of a class that wait for a connection"),
    ("limit", "Connections that statements of a class may hold"),
)


def pool_metrics(usage: Mapping[Priority, Usage]) -> Iterator[str]:
    """Yield the lines of ``/metrics``."""
    for name, meaning in _GAUGES:
        metric = f"fraiseql_pool_{name}"
        yield from head(metric, meaning, "gauge")
        for priority, used in usage.items():
            label = f'class="{priority.name.lower()}"'
            yield f"{metric}{{{label}}} {getattr(used, name)}"

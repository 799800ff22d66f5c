"""Metrics of the connection pool."""

from collections.abc import Iterator
from typing import Final

from fraiseql.database.pool import Pool
from fraiseql.exposition import head, sample

_WAIT: Final = "fraiseql_pool_wait_seconds"
_CONNECTIONS: Final = "fraiseql_pool_connections"

_GAUGES: Final = (
    ("held", "Connections that statements of a class hold"),
    ("waiting", "Statements of a class that wait for a connection"),
    ("limit", "Connections that statements of a class may hold"),
)

_COUNTERS: Final = (
    ("sent", "Statements that a pipeline sent"),
    ("shared", "Reads by key that had the answer to an equal statement in a pipeline"),
    ("diverted", "Reads by key that left a pipeline for a connection of their own"),
)


def pool_metrics(pool: Pool) -> Iterator[str]:
    """Yield the lines of ``/metrics``."""
    connections, counts, usage = pool.key_reads.connections, pool.key_reads.counts, pool.usage()
    yield from head(_CONNECTIONS, "Connections of the pool, and the most that it may have", "gauge")
    states = {"idle": connections.idle, "used": connections.used, "max": pool.size}
    for state, number in states.items():
        yield sample(_CONNECTIONS, {"state": state}, number)
    yield from head(_WAIT, "Waits of statements for a connection", "histogram")
    yield from connections.waits.lines(_WAIT, {})
    for name, meaning in _COUNTERS:
        metric = f"fraiseql_pipeline_{name}_total"
        yield from head(metric, meaning, "counter")
        yield f"{metric} {getattr(counts, name)}"
    for name, meaning in _GAUGES:
        metric = f"fraiseql_pool_{name}"
        yield from head(metric, meaning, "gauge")
        for priority, used in usage.items():
            label = f'class="{priority.name.lower()}"'
            yield f"{metric}{{{label}}} {getattr(used, name)}"

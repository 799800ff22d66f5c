"""Metrics of the connection pool, by class of statements."""

from collections.abc import Iterator, Mapping
from typing import Final

from fraiseql.database.admission import Usage
from fraiseql.database.latency import Priority
from fraiseql.database.pipelined_read import PipelineCounts
from fraiseql.exposition import head

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


def pool_metrics(usage: Mapping[Priority, Usage], counts: PipelineCounts) -> Iterator[str]:
    """Yield the lines of ``/metrics``."""
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

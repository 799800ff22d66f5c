"""First request of each operation to a new application."""

from benchmarks import isolated, result
from benchmarks.bench import Bench

METHOD = {
    "application": "FraiseQL over documents, called in its own process, no socket",
    "cold": "application, caches, connections and prepared statements are new for every sample",
    "warm": "modules are imported; the three other operations were answered before",
    "first": "time of the first request of the operation, from ASGI call to last byte",
    "later": "median of the 20 requests after it",
    "steps": "Server-Timing of the first request",
}


async def run(bench: Bench) -> None:
    """Measure and write the result."""
    listed = [
        {"name": operation.name, "body": operation.body(next(operation.values(7, 1))).decode()}
        for operation in bench.operations
    ]
    task = {"operations": listed, "samples": bench.plan.samples}
    result.write("first-sight", bench, METHOD, isolated.run(bench, "first_sight", task))

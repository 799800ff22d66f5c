"""Environment of one run."""

from dataclasses import dataclass

from benchmarks.memory_hits.backends import Backends
from benchmarks.memory_hits.plan import Plan
from benchmarks.result_cache.redis_server import Redis
from benchmarks.stored.server import Bench


@dataclass(frozen=True, slots=True)
class Run:
    """Environment of the parts that compare readers.

    Attributes:
        bench: Server, data and cores.
        plan: Sizes.
        url: Address of the database.
        redis: The Redis server.
        backends: Sessions that serve readers.
    """

    bench: Bench
    plan: Plan
    url: str
    redis: Redis
    backends: Backends

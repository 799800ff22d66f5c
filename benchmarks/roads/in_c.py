"""The read by key of pgbench, and a Redis GET of redis-benchmark."""

from typing import Any

from benchmarks.memory_hits.in_process import BODY
from benchmarks.result_cache import redis_server
from benchmarks.result_cache.hits import redis_filled
from benchmarks.result_cache.plan import Plan as CachePlan
from benchmarks.roads import names
from benchmarks.roads.plan import Plan
from benchmarks.stored import pgbench
from benchmarks.stored.server import Bench

SCRIPT = """\\set id random(1, {high})
SELECT convert_to(json_build_object('id', t.id, 'firstName', t.first_name, 'lastName', t.last_name,
  'email', t.email, 'country', t.country)::text, 'UTF8') FROM tb_user t WHERE t.id = :id;
"""


async def measure(bench: Bench, url: str, sizes: Plan) -> list[dict[str, Any]]:
    """Return a row for each client, number of connections and round."""
    rows = []
    load = SCRIPT.format(high=bench.plan.size.users - 1)
    with redis_server.started(bench) as redis:
        await redis_filled(redis, CachePlan(keys=sizes.keys), BODY)
        for connections in sizes.connections:
            for _ in range(sizes.rounds):
                measured = await pgbench.measure(
                    bench, url, pgbench.Load(load, min(connections, 64)), sizes.seconds
                )
                got = await redis_server.measure(
                    bench, redis, sizes.keys, connections, sizes.seconds
                )
                rows.append(
                    _row(
                        names.PGBENCH,
                        connections,
                        measured.tps,
                        measured.postgres_ms,
                        measured.foreign,
                    )
                )
                rows.append(_row(names.REDIS, connections, got.tps, got.redis_ms, got.foreign))
    bench.say(", ".join(f"{row['server']} {row['per_second']:,.0f}" for row in rows))
    return rows


def _row(
    server: str, connections: int, per_second: float, ms: float, foreign: float
) -> dict[str, Any]:
    return {
        "server": server,
        "connections": connections,
        "per_second": per_second,
        "postgres_us": ms * 1e3,
        "foreign": foreign,
    }

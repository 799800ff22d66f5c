"""Time of rendering documents into a response."""

import asyncpg

from benchmarks import isolated, result
from benchmarks.bench import Bench

METHOD = {
    "documents": "100 documents of tv_post, as PostgreSQL prints them",
    "json": "json.loads, a walk that selects and renames, json.dumps",
    "orjson": "orjson.loads, selecting by a plan made beforehand, orjson.dumps",
    "shape": "fraiseql_rs.Shape.render",
    "time": "processor time, median of the calls, one thread on one core",
    "agreement": "the three responses, parsed, are equal",
}


async def run(bench: Bench) -> None:
    """Measure and write the result."""
    task = {
        "documents": await _documents(bench.database.url),
        "factors": bench.plan.transform_factors,
        "seconds": bench.plan.transform_seconds,
    }
    result.write("transform", bench, METHOD, isolated.run(bench, "transform", task))


async def _documents(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT data::text FROM tv_post ORDER BY id LIMIT 100")
        return [row[0] for row in rows]
    finally:
        await connection.close()

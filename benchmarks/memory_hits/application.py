"""Application whose queries are cached as the environment says."""

import os
from typing import Any

import fraiseql
from benchmarks.memory_hits.declared import Stored, queries

STORE: Any = os.environ["BENCH_STORE"] or None
# Hits of Redis would come from memory. With 0 there would be no freshness checks for them either.
MORE: dict[str, Any] = {"memory_max_bytes": 1} if STORE == "redis" else {}

app = fraiseql.create_app(
    queries=queries(Stored(STORE)),
    database_url=os.environ["BENCH_DATABASE_URL"],
    redis_url=os.environ["BENCH_REDIS_URL"],
    worker=False,
    **MORE,
)

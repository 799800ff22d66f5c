"""Application with a cheap and a costly query."""

import os

import fraiseql
from benchmarks.result_cache.declared import queries

app = fraiseql.create_app(
    queries=queries(fraiseql.Cache()),
    database_url=os.environ["BENCH_DATABASE_URL"],
    cache=os.environ["BENCH_CACHE"] == "on",
    worker=False,
)

"""Entries of 120 KB, stored as text and as jsonb."""

import json
from dataclasses import asdict
from typing import Any

import asyncpg

from benchmarks.result_cache.plan import Plan
from benchmarks.stored import pgbench
from benchmarks.stored.server import Bench, run, settle

BYTES = 120_000
WAYS = {
    "bytes": ("bytea", "convert_from(body, 'UTF8')"),
    "text": ("text", "body"),
    "jsonb": ("jsonb", "body::text"),
}


async def measure(bench: Bench, plan: Plan) -> dict[str, list[Any]]:
    """Return rounds of reads by format."""
    async with bench.copy("cache_formats") as url:
        for name, (kind, _) in WAYS.items():
            await _make(url, name, kind)
        await settle(url)
        figures: dict[str, list[Any]] = {name: [] for name in WAYS}
        for _ in range(plan.rounds):
            for name, (_, read) in WAYS.items():
                load = pgbench.Load(f"SELECT {read} FROM as_{name} WHERE id = 1;\n")
                measured = await pgbench.measure(bench, url, load, plan.read_seconds)
                figures[name].append(asdict(measured))
    said = ", ".join(
        f"{name} {rounds[0]['postgres_ms']:.3f} ms" for name, rounds in figures.items()
    )
    bench.say(f"120 KB as {said}")
    return figures


async def _make(url: str, name: str, kind: str) -> None:
    table = f"as_{name}"
    await run(url, f"CREATE TABLE {table} (id integer PRIMARY KEY, body {kind} NOT NULL)")
    await run(url, f"ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL")
    connection = await asyncpg.connect(url)
    try:
        value = document().encode() if kind == "bytea" else document()
        await connection.execute(f"INSERT INTO {table} VALUES (1, $1)", value)
    finally:
        await connection.close()


def document() -> str:
    """Return JSON text of about 120 KB: a list of users with some fields."""
    user = {"id": 1, "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org"}
    record = {**user, "active": True, "ratio": 0.25, "createdAt": "2024-05-01T09:00:00+00:00"}
    count = BYTES // len(json.dumps(record))
    return json.dumps([{**record, "id": number} for number in range(count)])

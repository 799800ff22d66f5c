"""Memory of the process and of its backends under documents and variables that never repeat.

``python -m tests.soak_memory --seconds 300``: an application on an embedded PostgreSQL is sent
large documents, structures of filters, orders and literals, each of them once. Prints resident
memory ten times; it must not grow once the caches are full.
"""

import argparse
import asyncio
import json
import logging
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import asyncpg

import fraiseql
from fraiseql.database.embedded import start_embedded
from fraiseql.events import Timings
from fraiseql.serving import Request, Service
from tests.golden.application import QUERIES, TABLES, TYPES

CLIENTS: Final = 4
_ORDERED: Final = ("id", "genre", "price", "createdAt", "title", "pages")
_COMPARED: Final = {"id": 1, "pages": 3, "title": "x", "price": "1.5"}
_OPERATORS: Final = ("eq", "neq", "gt", "gte", "lt", "lte")


def large_document(chance: random.Random, roots: int = 45) -> tuple[str, dict[str, Any]]:
    """Return a document, of about 12 KB, whose selections and literals are its own."""
    fields = ("id title pages price genre", "author { id firstName lastName books { id title } }")
    parts = []
    for number in range(roots):
        selected = " ".join(chance.sample((*fields[0].split(), fields[1]), 5))
        where = (
            f"pages: {{ gt: {chance.randrange(10**6)} }}, id: {{ lt: {chance.randrange(10**6)}}}"
        )
        parts.append(f"a{number}: books(limit: 1, where: {{ {where} }}) {{ {selected} spine }}")
    return f"{{ {' '.join(parts)} }}", {}


def filters(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a filter whose structure is one of very many."""
    query = "query ($where: BookWhere) { books(where: $where, limit: 1) { id title } }"
    return query, {"where": _where(chance, 3)}


def _where(chance: random.Random, levels: int) -> dict[str, Any]:
    collected: dict[str, Any] = {}
    for name in chance.sample(tuple(_COMPARED), chance.randint(1, 3)):
        chosen = chance.sample(_OPERATORS, chance.randint(1, 4))
        collected[name] = dict.fromkeys(chosen, _COMPARED[name])
    if levels:
        joiner = chance.choice(("and", "or"))
        collected[joiner] = [_where(chance, levels - 1) for _ in range(chance.randint(1, 4))]
    return collected


def orders(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Return an order out of all permutations and directions."""
    query = "query ($by: [BookOrderBy!]) { books(orderBy: $by, limit: 1) { id title } }"
    names = chance.sample(_ORDERED, chance.randint(1, len(_ORDERED)))
    return query, {"by": [{name: chance.choice(("ASC", "DESC"))} for name in names]}


def literals(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a small document with a literal of its own."""
    return f'{{ books(where: {{ title: {{ eq: "{chance.random()}" }} }}) {{ id title }} }}', {}


KINDS: Final = {
    "documents": large_document,
    "filters": filters,
    "orders": orders,
    "literals": literals,
}


def service_of(url: str, **options: Any) -> Service:
    """Return the golden application's service."""
    settings = {"types": TYPES, "queries": QUERIES, "pool_size": CLIENTS, **options}
    return fraiseql.create_app(database_url=url, **settings).service


async def send(service: Service, operation: tuple[str, Mapping[str, Any]]) -> list[str]:
    """Send a request; return the codes of its errors."""
    request = Request(operation[0], variables=operation[1])
    answer = json.loads(bytes((await service.execute(request, {}, Timings())).body))
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


async def backends(url: str) -> list[int]:
    """Return the process ids of the application's connections."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'fraiseql'"
        )
        return [row["pid"] for row in rows]
    finally:
        await connection.close()


def memory(process: int | str) -> int:
    """Return the bytes of a process that it shares with no other."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


async def measure(url: str, seconds: float, seed: int, kinds: Sequence[str]) -> None:
    """Send requests for so long, and print a line for each tenth of the time."""
    logging.getLogger("fraiseql").setLevel(logging.CRITICAL)
    service = service_of(url)
    await service.start()
    sent, start = 0, time.monotonic()
    try:
        for tenth in range(1, 11):
            end = start + seconds * tenth / 10
            seeds = [seed * 1_000 + tenth * 10 + number for number in range(CLIENTS)]
            sent += sum(await asyncio.gather(*[_client(service, n, end, kinds) for n in seeds]))
            largest = max([memory(process) for process in await backends(url)])
            print(
                f"{tenth * seconds / 10:6.0f} s {sent:8d} requests, process"
                f" {memory('self') / 1e6:5.0f} MB, largest backend {largest / 1e6:5.0f} MB",
                flush=True,
            )
    finally:
        await service.stop()


async def _client(service: Service, seed: int, end: float, kinds: Sequence[str]) -> int:
    chance, count = random.Random(seed), 0
    while time.monotonic() < end:
        await send(service, KINDS[kinds[count % len(kinds)]](chance))
        count += 1
        await asyncio.sleep(0)
    return count


async def prepare(url: str) -> None:
    """Make the tables."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TABLES)
    finally:
        await connection.close()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_memory", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS), help="which, with commas")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        closing(start_embedded(Path(folder) / "data", durable=False)) as server,
    ):
        asyncio.run(prepare(server.url))
        asyncio.run(
            measure(server.url, arguments.seconds, arguments.seed, arguments.kinds.split(","))
        )


if __name__ == "__main__":
    main()

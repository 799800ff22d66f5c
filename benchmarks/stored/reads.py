"""Reads of stored documents, compared with live ones."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from random import Random
from statistics import median
from typing import Any

from benchmarks.stored import background, declared, pgbench, served
from benchmarks.stored.pgbench import Load
from benchmarks.stored.served import Asked
from benchmarks.stored.server import Bench, method, settle
from benchmarks.stored.summary import middle
from fraiseql.naming import to_camel
from fraiseql.schema import Schema
from fraiseql.schema.storage import GeneratedColumn, Projection
from fraiseql.serving import Service

KIND = "stored-reads"
OWN = "id firstName lastName email country active bio createdAt"
POSTS = "id title views createdAt"
COMMENTS = "id body likes createdAt"
LEVELS: Mapping[int, str] = {
    1: OWN,
    2: f"{OWN} posts {{ {POSTS} }}",
    3: f"{OWN} posts {{ {POSTS} comments {{ {COMMENTS} }} }}",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """Documents of one type, stored in one way.

    Attributes:
        name: As the report prints it.
        field: Name of the operation's field for one document; the list's has an ``s`` more.
        selection: Selection of each document.
        declare: Declares the type.
        stored: How its documents are stored.
        bounded: Whether documents are read by key and by number; if not, all at once.
    """

    name: str
    field: str
    selection: str
    declare: Callable[[Any], Schema]
    stored: Any
    bounded: bool = True

    def operations(self, users: int) -> list[Asked]:
        """Return the operations."""
        single, many = self.field, f"{self.field}s"
        if not self.bounded:
            return [Asked("all", f"{{ {many} {{ {self.selection} }} }}")]
        head = f"query($x: Int!) {{ {many}(where: {{id: {{gt: $x}}}}, limit:"
        key = f"query($x: Int!) {{ {single}(id: $x) {{ {self.selection} }} }}"
        return [
            Asked("key", key, users),
            Asked("20 rows", f"{head} 20) {{ {self.selection} }} }}", users - 30),
            Asked("100 rows", f"{head} 100) {{ {self.selection} }} }}", users - 110),
        ]


def _projections() -> list[Variant]:
    embeds = {1: (), 2: ("posts",), 3: ("posts", "posts.comments")}
    return [
        Variant(
            f"Projection{', text' if text else ''}, {level} level{'s' if level > 1 else ''}",
            "user",
            LEVELS[level],
            declared.users,
            Projection(embeds=embeds[level], text=text),
        )
        for level in embeds
        for text in (False, True)
    ]


VARIANTS = (
    Variant("GeneratedColumn, 8 columns", "user", OWN, declared.rows, GeneratedColumn()),
    Variant(
        "GeneratedColumn, 40 columns",
        "wide",
        " ".join(map(to_camel, declared.wide_fields())),
        declared.wide,
        GeneratedColumn(),
    ),
    *_projections(),
    Variant(
        "MaterializedView, dashboard",
        "dashboard",
        "id users posts views latest",
        lambda _: declared.dashboard(refresh="1h"),
        None,
        bounded=False,
    ),
)


async def measure(bench: Bench) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures of every variant."""
    figures = [await _variant(bench, variant) for variant in VARIANTS]
    plan = bench.plan
    how = {
        **method(bench),
        "statements": "those that serving writes for the operation, run by pgbench, prepared, on"
        " one connection",
        "rounds": f"{plan.rounds} of {plan.read_seconds:g} s each, live and stored take turns",
        "ms": "mean from sending to the whole answer over a unix socket, pgbench's own included",
        "postgres": "processor time of all of PostgreSQL's processes for each statement",
        "request": "the whole operation in one process without HTTP: median ms, processor time",
        "agreement": "bodies of the responses compared byte by byte before timing, except for"
        " reported staleness",
    }
    return how, figures


async def _variant(bench: Bench, variant: Variant) -> dict[str, Any]:
    async with built(bench, variant) as services:
        url = services["live"].settings.database_url
        operations = [
            await _operation(bench, url, operation, services)
            for operation in variant.operations(bench.plan.size.users)
        ]
    for figures in operations:
        ratio = middle(figures["live"], "ms") / middle(figures["stored"], "ms")
        note = "" if figures["used"] else " LIVE"
        bench.say(f"{variant.name:32} {figures['name']:9} {ratio:6.1f}x{note}")
    return {"name": variant.name, "operations": operations}


@asynccontextmanager
async def built(bench: Bench, variant: Variant) -> AsyncIterator[dict[str, Service]]:
    """Yield services that read live and stored documents of a new database."""
    async with bench.copy("stored_reads") as url:
        schema = variant.declare(variant.stored)
        await declared.applied(url, schema)
        if not variant.bounded:
            await background.refreshed(url, schema)
        await settle(url)
        async with (
            served.serving(url, schema, stored=False) as live,
            served.serving(url, schema, stored=True) as stored,
        ):
            yield {"live": live, "stored": stored}


async def _operation(
    bench: Bench, url: str, operation: Asked, services: Mapping[str, Service]
) -> dict[str, Any]:
    size = await agreed(operation, services)
    statements = {name: await served.statement(each, operation) for name, each in services.items()}
    loads = {name: served.as_load(report, operation.high) for name, report in statements.items()}
    rounds = await _rounds(bench, url, loads)
    return {
        "name": operation.name,
        "bytes": size,
        "used": statements["stored"].source != "live",
        "statement": statements["stored"].sql,
        **rounds,
        "request": await _requests(operation, services),
    }


async def agreed(operation: Asked, services: Mapping[str, Service]) -> int:
    """Compare answers, byte by byte, and return the length of one of them."""
    random, size = Random(3), 0
    for _ in range(10 if operation.high else 1):
        value = random.randint(1, operation.high or 1)
        live, stored = [await served.answer(each, operation, value) for each in services.values()]
        if live != stored:
            raise RuntimeError(
                f"{operation.name} {value}: live {live[:300]!r}, stored {stored[:300]!r}"
            )
        size = len(stored)
    return size


async def _requests(
    operation: Asked, services: Mapping[str, Service]
) -> dict[str, dict[str, float]]:
    """Return medians of what requests take in this process; live and stored take turns."""
    random = Random(5)
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in services}
    for _ in range(5):
        values = [
            random.randint(1, operation.high or 1) for _ in range(60 if operation.high else 4)
        ]
        for name, service in services.items():
            turns[name].append(await served.request_times(service, operation, values))
    # The first turn also pays for one-time work of a service.
    return {
        name: {part: median(sample[part] for sample in samples[1:]) for part in samples[0]}
        for name, samples in turns.items()
    }


async def _rounds(bench: Bench, url: str, loads: Mapping[str, Load]) -> dict[str, list[Any]]:
    figures: dict[str, list[Any]] = {name: [] for name in loads}
    for _ in range(bench.plan.rounds):
        for name, load in loads.items():
            measured = await pgbench.measure(bench, url, load, bench.plan.read_seconds)
            figures[name].append(asdict(measured))
    return figures

"""Size of declared indexes, and costs of statements with and without them."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from string import Template
from time import monotonic
from typing import Any

import asyncpg

import fraiseql
from benchmarks.data import SQL
from benchmarks.stored import declared, served
from benchmarks.stored.server import Bench, fetch, method, run, settle
from fraiseql.schema import Schema, build_schema
from fraiseql.schema.indexes import Gin, Index, RollingIndex
from fraiseql.serving.document.request import Request
from fraiseql.serving.execution.explain import StatementReport

KIND = "stored-indexes"
WINDOW = "30 days"
INDEXES = (
    Index("-created_at", where={"active": True, "deleted_at": None}),
    RollingIndex("-created_at", window=WINDOW),
    Gin("data"),
)
OTHERS = {
    "all rows, created_at DESC": "(created_at DESC)",
    "GIN (data), default operators": "USING gin (data)",
    "GIN (data), jsonb_path_ops": "USING gin (data jsonb_path_ops)",
    "GIN (data->'tags'), jsonb_path_ops": "USING gin ((data->'tags') jsonb_path_ops)",
    "expression (data->>'number')::int": "(((data->>'number')::int))",
}
LONGEST = 2.0
"""Seconds after which a slow statement is not executed again."""
PLANS = {"custom": "force_custom_plan", "generic": "force_generic_plan", "auto": "auto"}
"""Modes in which PostgreSQL plans prepared statements."""


@dataclass(frozen=True, slots=True)
class Query:
    """An operation for one of the indexes.

    Attributes:
        name: As the report prints it.
        text: The document.
        variables: Its variables.
    """

    name: str
    text: str
    variables: Mapping[str, Any]


def queries() -> tuple[Query, ...]:
    """Return an operation for each index."""
    since = (datetime.now(UTC) - timedelta(days=7)).isoformat()
    fields = "{ id kind title createdAt }"
    active = "where: {active: {eq: true}, deletedAt: {isNull: true}}"
    return (
        Query("partial: latest 20 active", f"{{ events({active}, limit: 20) {fields} }}", {}),
        Query(
            "rolling: 100 of the last week",
            f"query($x: DateTime!) {{ events(where: {{createdAt: {{gt: $x}}}}, limit: 100)"
            f" {fields} }}",
            {"x": since},
        ),
        Query(
            "GIN: a key of the document",
            f"query($x: Int!) {{ events(where: {{number: {{eq: $x}}}}, limit: 100) {fields} }}",
            {"x": 77},
        ),
    )


def schema(indexes: tuple[Any, ...]) -> Schema:
    """Declare events with ``indexes``."""

    @fraiseql.type(name="Event", sql_source="tb_event", jsonb_column="data", indexes=indexes)
    class Event:
        id: int
        active: bool
        deleted_at: datetime | None
        kind: str
        title: str
        created_at: datetime
        number: int

    return build_schema(queries=[fraiseql.find("events", Event, order_by="-created_at")])


async def measure(bench: Bench) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures: sizes, and times of each statement."""
    async with bench.copy("stored_indexes") as url:
        await run(
            url, Template((SQL / "events.sql").read_text()).substitute(events=bench.plan.events)
        )
        await settle(url)
        operations = queries()
        without = {query.name: await _timed(bench, url, query, ()) for query in operations}
        await declared.applied(url, schema(INDEXES))
        await settle(url)
        plain = {query.name: await _timed(bench, url, query, ()) for query in operations}
        fitted = {query.name: await _timed(bench, url, query, INDEXES) for query in operations}
        sizes = await _sizes(url)
    kinds = {
        "no index": without,
        "statement of parameters": plain,
        "statement for the index": fitted,
    }
    times = {
        query.name: {kind: plans[query.name] for kind, plans in kinds.items()}
        for query in operations
    }
    for name, plans in times.items():
        bench.say(f"{name:30} {' · '.join(_said(each) for each in plans.values())}")
    figures = {"sizes": sizes, "times": times}
    how = {
        **method(bench),
        "table": f"tb_event, {bench.plan.events:,} rows over two years, 5 in 100 active and not"
        " deleted",
        "declared": ", ".join(map(repr, INDEXES)),
        "times": f"medians of up to {bench.plan.executions} EXPLAIN (ANALYZE, TIMING OFF) of the"
        " prepared statement, ms of planning and execution, on one connection",
        "plans": ", ".join(f"{name}: plan_cache_mode {mode}" for name, mode in PLANS.items()),
        "statement_for_the_index": "with the literals and conditions that serving adds when it"
        " knows the declared indexes",
    }
    return how, figures


def _said(times: Mapping[str, Any]) -> str:
    return "/".join(f"{times[plan]['plan_ms'] + times[plan]['run_ms']:.2f}" for plan in PLANS)


async def _timed(bench: Bench, url: str, query: Query, indexes: tuple[Any, ...]) -> dict[str, Any]:
    """Return medians of planning and execution, and the index used, by kind of plan."""
    async with served.serving(url, schema(indexes), stored=bool(indexes)) as service:
        request = Request(query.text, None, query.variables)
        report = (await service.explain(request)).statements[0]
    times = {}
    for plan, mode in PLANS.items():
        async with _prepared(url, report, mode) as (connection, explain):
            samples = await _samples(bench, connection, explain)
        times[plan] = {
            "plan_ms": median(sample["Planning Time"] for sample in samples),
            "run_ms": median(sample["Execution Time"] for sample in samples),
            "scans": sorted(set(_scans(samples[-1]["Plan"]))),
        }
    return {**times, "sql": report.sql}


async def _samples(
    bench: Bench, connection: "asyncpg.Connection[asyncpg.Record]", explain: str
) -> list[dict[str, Any]]:
    """Return the plans of executions, without the first ten, for a bounded time."""
    samples: list[dict[str, Any]] = []
    until = monotonic() + LONGEST
    while len(samples) < bench.plan.executions + 10:
        samples.append(json.loads(await connection.fetchval(explain))[0])
        if monotonic() > until and len(samples) > 10:
            break
    return samples[10:]


@asynccontextmanager
async def _prepared(
    url: str, report: StatementReport, mode: str
) -> AsyncIterator[tuple["asyncpg.Connection[asyncpg.Record]", str]]:
    """Yield a connection with the prepared statement, and its EXPLAIN."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET plan_cache_mode = {mode}; SET jit = off")
        await connection.execute(f"PREPARE asked AS {report.sql}")
        values = ", ".join(map(_literal, report.parameters))
        execute = f"EXECUTE asked({values})" if values else "EXECUTE asked"
        yield connection, f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY, FORMAT JSON) {execute}"
    finally:
        await connection.close()


def _literal(shown: str) -> str:
    """Write a parameter, as Python prints it, in SQL."""
    if shown.startswith("datetime.datetime("):
        numbers = shown.partition("(")[2].partition(", tzinfo")[0].split(", ")
        year, month, day, hour, minute, *rest = map(int, numbers)
        second, micro = [*rest, 0, 0][:2]
        moment = datetime(year, month, day, hour, minute, second, micro, UTC)
        return f"'{moment.isoformat()}'"
    return shown.removeprefix("Decimal(").removesuffix(")")


def _scans(node: Mapping[str, Any]) -> list[str]:
    """Return how each table of a plan is read: the index, or the kind of scan."""
    own = node.get("Index Name") or ("Seq Scan" if node["Node Type"] == "Seq Scan" else None)
    below = [name for child in node.get("Plans", ()) for name in _scans(child)]
    return [own, *below] if own else below


async def _sizes(url: str) -> list[dict[str, Any]]:
    """Return name, definition and bytes of the declared indexes, and of others to compare with."""
    sizes = [
        {
            "name": row["name"],
            "declared": True,
            "definition": row["definition"],
            "bytes": row["size"],
        }
        for row in await fetch(
            url,
            "SELECT c.relname::text AS name, pg_get_indexdef(c.oid) AS definition,"
            " pg_relation_size(c.oid) AS size"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = 'tb_event'::regclass AND NOT i.indisprimary ORDER BY c.relname",
        )
    ]
    for name, what in OTHERS.items():
        await run(url, f"CREATE INDEX compared ON tb_event {what}")
        ((size,),) = await fetch(url, "SELECT pg_relation_size('compared')")
        await run(url, "DROP INDEX compared")
        sizes.append({"name": name, "declared": False, "definition": what, "bytes": size})
    ((table,),) = await fetch(url, "SELECT pg_table_size('tb_event')")
    return [{"name": "the table", "declared": False, "definition": "", "bytes": table}, *sizes]

"""Names of PostgreSQL's own are found in no other schema, wherever it is on the search path."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.ddl.apply import apply, find_plan
from fraiseql.caching.ddl.desired_state import DesiredState, document_relations, load_desired_state
from fraiseql.caching.refresh.jobs import load_job_context, needed_jobs
from fraiseql.caching.results.admin.clean import clean
from fraiseql.caching.results.admin.privileges import grant
from fraiseql.caching.results.admin.purge import purge_queries, purge_tags
from fraiseql.caching.results.admin.purge_targets import query_names, type_tags, word_tags
from fraiseql.caching.results.admin.reports import log_stats, query_stats, top_keys
from fraiseql.caching.results.stores.installed import open_installed_stores
from fraiseql.caching.verify import repair, verify
from fraiseql.database import open_pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.serving import Request
from tests.integration.flights import at_once
from tests.integration.search_path.application import TABLES, queries
from tests.integration.search_path.shadows import called, make_shadows, trees_of, used
from tests.integration.serving.served import Served, execute

SAMPLES: dict[str, Any] = {
    "name": "a",
    "nick": "nick",
    "count": 3,
    "ratio": 2.5,
    "code": "3",
    "day": "2001-02-03",
    "hour": "04:05:06",
    "moment": "2001-02-03T04:05:06Z",
    "key": "6b7d12a6-0000-4000-8000-000000000001",
    "yes": True,
    "mood": "GLAD",
    "feeling": "GLAD",
    "born": "2001-02-03",
    "large": 3,
    "price": 2.5,
    "score": 2.5,
    "at": "2001-02-03T04:05:06Z",
    "ident": "6b7d12a6-0000-4000-8000-000000000001",
    "active": True,
}
FIELDS = "id name feeling born large price score at active ident books { id title }"
DOCUMENT = f"{FIELDS} count ratio nick yes code mood day hour moment key"


def wheres(served: Served, type_name: str) -> list[dict[str, Any]]:
    """Return a filter for each operator of each field, by the schema itself."""
    types = served.service.schema.graphql.type_map
    collected: list[dict[str, Any]] = []
    for name, field in types[f"{type_name}Where"].fields.items():  # type: ignore[attr-defined]
        if name not in SAMPLES:
            continue
        for operator in field.type.fields:
            value: Any = SAMPLES[name]
            if operator == "isNull":
                value = True
            elif operator in ("in", "notIn"):
                value = [value]
            collected.append({name: {operator: value}})
    return collected


@asynccontextmanager
async def migrating(served: Served) -> AsyncIterator[tuple[AdminConnection, DesiredState]]:
    settings = served.service.settings
    pool = await open_pool(served.url, settings)
    try:
        desired = await load_desired_state(served.service.schema, pool)
        async with open_admin(pool) as writer:
            yield writer, desired
    finally:
        await pool.close()


async def apply_all(served: Served) -> None:
    async with migrating(served) as (writer, desired):
        assert not desired.refusals
        await apply(writer, desired)
    async with migrating(served) as (writer, desired):
        assert (await find_plan(writer, desired)).empty
        await grant(writer, "pg_monitor")


async def plan_with_temporary_names(served: Served) -> None:
    """Plan on a connection whose temporary schema, which PostgreSQL searches first, shadows too."""
    async with migrating(served) as (writer, desired):
        async with writer.declared():
            for name in ("pg_class", "pg_namespace", "pg_attribute", "pg_proc", "pg_index"):
                await writer.execute(f"CREATE TEMPORARY VIEW {name} AS SELECT 1 AS shadow")
            await writer.execute(
                "CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (hostile.version() IS NULL)"
            )
        assert (await find_plan(writer, desired)).empty
        assert all(
            verification.compared for verification in await verify(writer, desired.stored_types)
        )


async def check_all(served: Served) -> None:
    async with migrating(served) as (writer, desired):
        for verification in await verify(writer, desired.stored_types):
            assert verification.differing == 0
        await repair(writer, desired.stored_types)
        await compact(writer)


async def work_once(served: Served) -> None:
    """Do each background job once."""
    schema, settings = served.service.schema, served.service.settings
    pool = await open_pool(served.url, settings)
    try:
        work = await load_job_context(schema, pool)
        async with open_admin(pool) as writer:
            for job in needed_jobs(schema):
                await job.run(work, writer)
    finally:
        await pool.close()


async def administer(served: Served) -> None:
    """Do what ``fraiseql cache`` does."""
    schema = served.service.schema
    async with open_installed_stores(served.service.settings) as stores:
        await query_stats(stores.pool.inspect)
        await log_stats(stores.pool.inspect)
        await top_keys(stores.pool.inspect, 5)
        stored = document_relations(await load_desired_state(schema, stores.pool), "Book")
        tags = await type_tags(schema, stores.pool, "Book", stored)
        tags |= await word_tags(schema, stores.pool, "book")
        async with open_admin(stores.pool) as writer:
            await purge_tags(writer, tags)
            names = await query_names(schema, stores.pool)
            await purge_queries(writer, stores.stores, names, whole=True)
            await clean(writer, list(stores.tables), 0.0)
        for store in stores.stores:
            await store.size()


WRITES = """
UPDATE public.author SET name = 'other' WHERE id OPERATOR(pg_catalog.=) 1;
INSERT INTO public.book VALUES (100, 1, 'new', 5, NULL);
UPDATE public.book SET author_id = 2 WHERE id OPERATOR(pg_catalog.=) 100;
DELETE FROM public.book WHERE id OPERATOR(pg_catalog.=) 100;
"""


def ask_everything(served: Served) -> None:
    listed = {"authors": f"{DOCUMENT} data", "raws": f"{DOCUMENT} raw", "kept": FIELDS}
    listed |= {"late": FIELDS, "viewed": FIELDS, "generated": "id name", "totals": "id books"}
    for name, fields in listed.items():
        served.data(f"{{ {name}(limit: 3) {{ {fields} }} }}")
    for name, type_name in {"authors": "Author", "raws": "Raw"}.items():
        text = f"query ($w: {type_name}Where) {{ {name}(where: $w) {{ id }} }}"
        for where in wheres(served, type_name):
            served.data(text, {"w": {"not": {"or": [where, {"id": {"gt": 1}}]}}})
        for field in SAMPLES:
            served.data(f"{{ {name}(orderBy: {{ {field}: DESC }}, offset: 1) {{ id }} }}")
    for _ in range(3):
        served.data("{ booksUnlogged { id title } booksLogged { id } tagged(id: 1) explicit }")
    context = {"role": "pg_read_all_data", "session": {"app.tenant": "1"}}
    statements = (
        "{ authors { id books { id } } booksUnlogged { id } kept { id } late { id } viewed { id } }"
    )
    served.data(statements, context=context)
    served.run(served.service.explain(Request("{ authors { id } }")))
    served.run(served.service.republish())


def test_no_name_is_found_in_another_schema(database: str, server_log: Path) -> None:
    at_once(execute(database, TABLES))
    start = server_log.stat().st_size
    shadows = at_once(make_shadows(database))
    served = Served(database, queries=queries(), worker=False)
    served.run(apply_all(served))
    served.run(served.service.start())
    try:
        ask_everything(served)
        served.execute(WRITES)
        served.run(work_once(served))
        served.run(check_all(served))
        served.run(plan_with_temporary_names(served))
        served.run(administer(served))
    finally:
        served.close()
    trees = trees_of(server_log, start)
    assert used(shadows, trees) == set()
    # Hundreds of functions and operators were found, so the trees are those of the statements.
    assert len(called(trees)) > 200

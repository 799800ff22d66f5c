"""``fraiseql refresh``: refreshes materialized views once or continuously."""

import asyncio
import signal
from argparse import Namespace
from typing import Any

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.refresh.jobs import load_job_context, needed_jobs
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import Refreshed, refresh_view
from fraiseql.cli.output import note, say, say_json
from fraiseql.cli.registry import add_command
from fraiseql.cli.target import add_target, find_target
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.naming import suggestion
from fraiseql.serving import Service


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "refresh")
    add_target(parser)
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="a type or its sql_source; all of them without it"
    )
    parser.add_argument(
        "--worker", action="store_true", help="run all background work until stopped"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    service = find_target(arguments.app).service()
    if arguments.worker and arguments.name:
        raise ConfigurationError(
            "--worker does the background work of all types.", hint="Leave out NAME."
        )
    return asyncio.run(_work(service) if arguments.worker else _now(service, arguments))


async def _work(service: Service) -> int:
    jobs = needed_jobs(service.schema)
    if not jobs:
        raise ConfigurationError(
            "No declared type needs background work.",
            hint='MaterializedView(…) and Projection(mode="async") do.',
        )
    note(f"Working: {', '.join(job.name for job in jobs)}")
    task = asyncio.create_task(Worker(service.schema, service.settings).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return 0


async def _now(service: Service, arguments: Namespace) -> int:
    settings = service.settings
    pool = await open_pool(settings.database_url, settings)
    try:
        done = await _refreshed(service, pool, arguments.name)
    finally:
        await pool.close()
    if arguments.json:
        say_json([_facts(name, refreshed) for name, refreshed in done])
        return 0
    for name, refreshed in done:
        before = "of unknown age" if refreshed.age is None else f"{refreshed.age:.1f} s old"
        say(f"{name}: refreshed in {refreshed.took:.2f} s; it was {before}")
    return 0


async def _refreshed(service: Service, pool: Pool, name: str | None) -> list[tuple[str, Refreshed]]:
    work = await load_job_context(service.schema, pool)
    views = [stored_type for stored_type in work.stored_types if stored_type.stored.is_refreshed]
    refreshed: list[tuple[str, Refreshed]] = []
    async with open_admin(pool) as writer:
        for stored_type in _chosen(views, name):
            done = await refresh_view(writer, physical(stored_type), wait=True)
            if done is not None:
                refreshed.append((stored_type.type_name, done))
        await compact(writer)
    return refreshed


def _chosen(views: list[StoredType], name: str | None) -> list[StoredType]:
    if name is None and views:
        return views
    chosen = [view for view in views if name in (view.type_name, view.definition.sql_source)]
    if chosen:
        return chosen
    names = [text for view in views for text in (view.type_name, view.definition.sql_source or "")]
    if not names:
        raise ConfigurationError(
            "No type of this application is stored in a materialized view.",
            hint="Declare stored=fraiseql.MaterializedView(…), and run fraiseql db apply.",
        )
    raise ConfigurationError(
        f"No materialized view is declared for {name!r}.{suggestion(name or '', names)}",
        hint=f"There are {', '.join(view.type_name for view in views)}.",
    )


def _facts(name: str, refreshed: Refreshed) -> dict[str, Any]:
    return {
        "type": name,
        "view": refreshed.view,
        "seconds": round(refreshed.took, 6),
        "age_before": refreshed.age,
        "concurrently": refreshed.concurrently,
    }

"""``fraiseql demo``: loads real flights, serves them, or checks that every answer is right."""

import asyncio
import dataclasses
import time
from argparse import Namespace
from contextlib import aclosing
from pathlib import Path
from typing import Any

from fraiseql.cli.listen import bind, bind_near, port_of, url_of
from fraiseql.cli.output import Progress, note, say, say_json, table_line
from fraiseql.cli.server import (
    holding_database,
    make_server,
    run_until_stopped,
    serving,
    uvicorn,
)
from fraiseql.database import Database, open_pool
from fraiseql.demo import declarations
from fraiseql.demo.app import create_demo
from fraiseql.demo.check import Outcome, check
from fraiseql.demo.client import Client
from fraiseql.demo.load import load
from fraiseql.demo.tour import PASTE
from fraiseql.errors import ConfigurationError
from fraiseql.settings import Settings

_HOST = "127.0.0.1"
_PORT = 8000
_WIDTHS = (64, 6, 9, 9, 5)
_HEADS = ("operation", "rows", "first ms", "again ms", "same")


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "demo", help="load a third of a million flights and serve them with GraphiQL"
    )
    parser.add_argument(
        "--check", action="store_true", help="compare every answer with plain SQL, then stop"
    )
    parser.add_argument(
        "--port", type=int, default=_PORT, help=f"port ({_PORT}); the next free one if it is taken"
    )
    parser.add_argument(
        "--database-url",
        default="embedded:",
        metavar="URL",
        help="load into schema fraiseql_demo of this database instead of an embedded PostgreSQL",
    )
    parser.add_argument("--json", action="store_true", help="with --check: print figures as JSON")
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    if arguments.json and not arguments.check:
        raise ConfigurationError("--json goes with --check.", hint="fraiseql demo --check --json")
    uvicorn()
    settings = Settings.from_environment().with_values(database_url=arguments.database_url)
    if settings.database_url == "embedded:":
        note(f"Starting or joining PostgreSQL under {settings.data_dir}/")
    with holding_database(settings) as address:
        seconds = asyncio.run(_load(settings))
        note(
            f"The flights were loaded in {seconds:.1f} s." if seconds else "The flights are there."
        )
        app = create_demo(settings.database_url)
        if arguments.check:
            return _check(app, settings, seconds, as_json=arguments.json)
        return _serve(app, arguments.port, address)


async def _load(settings: Settings) -> float:
    """Bring the data in; return the seconds that it took, 0.0 when it was there."""
    pool = await open_pool(settings.database_url, settings)
    start = time.perf_counter()
    try:
        loaded = await load(pool, Progress())
    finally:
        await pool.close()
    return time.perf_counter() - start if loaded else 0.0


# Serving.


def _serve(app: Any, wanted: int, address: str | None) -> int:
    bound = bind_near(_HOST, wanted)
    port = port_of(bound)
    if port != wanted:
        say(f"Port {wanted} is taken, so this is port {port}.")
    _welcome(url_of(_HOST, port), address)
    return 0 if run_until_stopped(make_server(app, log_level="warning"), bound) else 1


def _welcome(url: str, address: str | None) -> None:
    say("\nThree operations to run; GraphiQL's editor holds them already.")
    for operation in PASTE:
        say(f"\n# {operation.name}\n{operation.query.strip()}")
    say("\nWhere to look next:")
    say(f"  what is declared    {_shown(declarations.__file__)}, and queries.py beside it")
    say("  the schema          fraiseql schema fraiseql.demo.app:app")
    say("  the SQL of a query  fraiseql explain fraiseql.demo.app:app '{ airlines { name } }'")
    say("  are answers right?  fraiseql demo --check")
    if address:
        say(f"  the tables          psql '{address}' -c '\\d fraiseql_demo.*'")
    say(f"\nGraphiQL and the API: {url}  (Ctrl-C stops it)")


def _shown(path: str) -> str:
    """Return a path as short as it can be said from the current directory."""
    file = Path(path)
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


# Checking.


def _check(app: Any, settings: Settings, load_seconds: float, *, as_json: bool) -> int:
    bound = bind(_HOST, 0)
    with serving(app, bound):
        outcomes = asyncio.run(_outcomes(port_of(bound), settings, quiet=as_json))
    agreed = sum(outcome.fault is None for outcome in outcomes)
    if as_json:
        say_json(_report(outcomes, load_seconds, agreed))
    else:
        say(f"\n{agreed} of {len(outcomes)} as plain SQL and the rules of GraphQL say.")
    return 0 if agreed == len(outcomes) else 1


async def _outcomes(port: int, settings: Settings, *, quiet: bool) -> list[Outcome]:
    pool = await open_pool(settings.database_url, settings)
    outcomes = []
    if not quiet:
        say(table_line(_HEADS, _WIDTHS))
    try:
        with Client(_HOST, port) as client:
            async with aclosing(check(client, Database(pool))) as found:
                async for outcome in found:
                    outcomes.append(outcome)
                    if not quiet:
                        _show(outcome)
    finally:
        await pool.close()
    return outcomes


def _show(outcome: Outcome) -> None:
    rows = f"{outcome.rows:,}" if outcome.rows else ""
    same = "yes" if outcome.fault is None else "NO"
    cells = (outcome.name, rows, f"{outcome.first_ms:.1f}", f"{outcome.again_ms:.1f}", same)
    say(table_line(cells, _WIDTHS))
    if outcome.fault:
        say(f"    {outcome.fault}")


def _report(outcomes: list[Outcome], load_seconds: float, agreed: int) -> dict[str, Any]:
    return {
        "load_seconds": round(load_seconds, 2),
        "agreed": agreed,
        "total": len(outcomes),
        "operations": [
            {**dataclasses.asdict(outcome), "same": outcome.fault is None} for outcome in outcomes
        ],
    }

"""``fraiseql demo``: loads, serves and checks real flights."""

import asyncio
import dataclasses
import time
from argparse import BooleanOptionalAction, Namespace
from contextlib import aclosing
from pathlib import Path
from typing import Any

from fraiseql.cli.listen import bind, bind_near, port_of, url_of
from fraiseql.cli.output import Progress, note, say, say_json, table_line
from fraiseql.cli.registry import add_command
from fraiseql.cli.server import (
    holding_database,
    make_server,
    run_until_stopped,
    server_line,
    serving,
    uvicorn,
)
from fraiseql.database import Database, Pool, open_pool
from fraiseql.demo import declarations
from fraiseql.demo.application import NAME, create_demo
from fraiseql.demo.check import Outcome, check
from fraiseql.demo.client import HttpClient
from fraiseql.demo.gains import Gain, apply_stored, measure_gains
from fraiseql.demo.invalidation import CacheCheck, check_invalidation
from fraiseql.demo.load import load
from fraiseql.demo.tour import PASTE
from fraiseql.errors import ConfigurationError
from fraiseql.operating.ops.page import PATH as OPS_PATH
from fraiseql.settings import Settings

_HOST = "127.0.0.1"
_PORT = 8000
_WIDTHS = (64, 6, 9, 9, 5)
_HEADS = ("operation", "rows", "first ms", "again ms", "same")
_GAIN_WIDTHS = (18, 51, 9, 9, 7, 5)
_GAIN_HEADS = ("answered from", "operation", "live ms", "stored ms", "faster", "same")
_CACHE_WIDTHS = (40, 9, 64, 5)
_CACHE_HEADS = ("every airline's year, over HTTP", "ms", "Cache-Status", "same")
_STEPS = {
    "create data start of ": "waiting until all writers see the triggers of {}",
    "create data rows of ": "building every document of {}",
    "create materialized view ": "creating the materialized view {}",
    "create index ": "building the index {}",
    "waiting": "waiting{}",
}
"""Texts of slow steps, by the beginnings of their titles."""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "demo")
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
    parser.add_argument(
        "--native",
        action=BooleanOptionalAction,
        help="accept connections in Rust or in Python, whatever the setting native says",
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
    with holding_database(settings) as server:
        seconds = asyncio.run(_load(settings))
        note(
            f"The flights were loaded in {seconds:.1f} s."
            if seconds
            else "The flights are already loaded."
        )
        app = create_demo(settings.database_url, ops=True, native=arguments.native)
        running = settings.with_values(database_url=server.url if server else None)
        gains = asyncio.run(_apply_stored(running, quiet=arguments.json))
        if arguments.check:
            return _check(app, settings, (seconds, gains), as_json=arguments.json)
        line = server_line(app, allowed=arguments.native is not False)
        return _serve(app, arguments.port, server.url if server else None, line)


async def _load(settings: Settings) -> float:
    """Load the data; return the seconds that it took, 0.0 if already loaded."""
    pool = await open_pool(settings.database_url, settings)
    start = time.perf_counter()
    try:
        loaded = await load(pool, Progress())
    finally:
        await pool.close()
    return time.perf_counter() - start if loaded else 0.0


# Stored types.


async def _apply_stored(settings: Settings, *, quiet: bool) -> list[Gain]:
    """Create the stored types, and measure their gain."""
    count = await apply_stored(settings, _step)
    note(f"{count} steps were applied." if count else "All stored types exist already.")
    if not quiet:
        say("\n" + table_line(_GAIN_HEADS, _GAIN_WIDTHS))
    gains = []
    async with aclosing(measure_gains(settings)) as outcomes:
        async for gain in outcomes:
            gains.append(gain)
            if not quiet:
                _show_measured(gain)
    if not quiet:
        say("Both sides have the indexes: the live side of their lines was planned without.")
    return gains


def _step(event: str) -> None:
    # Not every step, nor their statements: `fraiseql db plan` prints those.
    for begun, said in _STEPS.items():
        if event.startswith(begun):
            note(f"  {said.format(event.removeprefix(begun))}")


def _show_measured(gain: Gain) -> None:
    figures = (f"{gain.live_ms:.2f}", f"{gain.stored_ms:.2f}", f"{gain.ratio:.1f}x")
    cells = (gain.strategy, gain.name, *figures, "yes" if gain.same else "NO")
    say(table_line(cells, _GAIN_WIDTHS))


# Serving.


def _serve(app: Any, preferred: int, address: str | None, line: str) -> int:
    bound = bind_near(_HOST, preferred)
    port = port_of(bound)
    if port != preferred:
        say(f"Port {preferred} is taken, so this is port {port}.")
    _welcome(url_of(_HOST, port), url_of(_HOST, port, OPS_PATH), address)
    say(line)
    return 0 if run_until_stopped(make_server(app, log_level="warning"), bound) else 1


def _welcome(url: str, ops: str, address: str | None) -> None:
    say("\nThree operations to run; GraphiQL's editor holds them already.")
    for operation in PASTE:
        say(f"\n# {operation.name}\n{operation.query.strip()}")
    say("\nWhere to look next:")
    say(f"  the declarations    {_shown(declarations.__file__)}, and queries.py next to it")
    say(f"  the schema          fraiseql schema {NAME}")
    say(f"  the SQL of a query  fraiseql explain {NAME} '{{ airlines {{ name }} }}'")
    say("  are answers right?  fraiseql demo --check")
    if address:
        say(f"  the tables          psql '{address}' -c '\\d fraiseql_demo.*'")
    say("\nWhile it runs, in another terminal:")
    say(f"  slow operations     fraiseql trace show {NAME}")
    say(f"  faults              fraiseql doctor {NAME}")
    say(f"  server settings     fraiseql tune {NAME}")
    say(f"  indexes and caches  fraiseql advise {NAME}")
    say(f"\nGraphiQL and the API: {url}  (Ctrl-C stops it)")
    say(f"Operations, caches, faults: {ops}")


def _shown(path: str) -> str:
    """Return a path, relative to the current directory if below it."""
    file = Path(path)
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


# Checking.


def _check(app: Any, settings: Settings, before: tuple[float, list[Gain]], *, as_json: bool) -> int:
    load_seconds, gains = before
    bound = bind(_HOST, 0)
    with serving(app, bound):
        outcomes, seen = asyncio.run(_asked(port_of(bound), settings, quiet=as_json))
    agreed = sum(outcome.fault is None for outcome in outcomes)
    equal = sum(gain.same for gain in gains)
    new = sum(request.fault is None for request in seen)
    if as_json:
        more = {
            "stored": _gain_rows(gains),
            "invalidation": [dataclasses.asdict(request) for request in seen],
        }
        say_json(_report(outcomes, load_seconds, agreed) | more)
    else:
        say(f"\n{agreed} of {len(outcomes)} answers agree with plain SQL and the rules of GraphQL.")
        say(f"{equal} of {len(gains)} stored answers equal the live ones, byte for byte.")
        say(f"{new} of {len(seen)} results are right before and after others write.")
    return 0 if (agreed, equal, new) == (len(outcomes), len(gains), len(seen)) else 1


def _gain_rows(gains: list[Gain]) -> list[dict[str, Any]]:
    return [{**dataclasses.asdict(gain), "ratio": round(gain.ratio, 2)} for gain in gains]


async def _asked(
    port: int, settings: Settings, *, quiet: bool
) -> tuple[list[Outcome], list[CacheCheck]]:
    pool = await open_pool(settings.database_url, settings)
    try:
        with HttpClient(_HOST, port) as client:
            return (
                await _outcomes(client, pool, quiet=quiet),
                await _written(client, pool, quiet=quiet),
            )
    finally:
        await pool.close()


async def _outcomes(client: HttpClient, pool: Pool, *, quiet: bool) -> list[Outcome]:
    outcomes = []
    if not quiet:
        say("\n" + table_line(_HEADS, _WIDTHS))
    async with aclosing(check(client, Database(pool))) as checked:
        async for outcome in checked:
            outcomes.append(outcome)
            if not quiet:
                _show(outcome)
    return outcomes


async def _written(client: HttpClient, pool: Pool, *, quiet: bool) -> list[CacheCheck]:
    seen = []
    if not quiet:
        say("\n" + table_line(_CACHE_HEADS, _CACHE_WIDTHS))
    async with aclosing(check_invalidation(client, pool)) as checked:
        async for request in checked:
            seen.append(request)
            if not quiet:
                same = "yes" if request.fault is None else "NO"
                say(
                    table_line(
                        (request.name, f"{request.ms:.1f}", request.cache, same), _CACHE_WIDTHS
                    )
                )
                say(f"    {request.fault}") if request.fault else None
    return seen


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

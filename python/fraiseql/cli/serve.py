"""``fraiseql serve`` and ``fraiseql dev``: an application behind uvicorn."""

import asyncio
import os
import sys
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from fraiseql.cli.listen import bind, url_of
from fraiseql.cli.registry import add_command
from fraiseql.cli.server import (
    OPTIONS,
    database_line,
    holding_database,
    make_server,
    native_workers,
    run_until_stopped,
    server_line,
    uvicorn,
)
from fraiseql.cli.target import Target, add_target, find_target
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.http.endpoint import Application
from fraiseql.operating.ops.page import PATH as OPS_PATH

_MOST_WORKERS = 256


def add_to(commands: Any) -> None:
    """Add both commands."""
    serve = add_command(commands, "serve")
    _add_common(serve)
    serve.add_argument("--workers", type=_count, default=1, metavar="N", help="processes (1)")
    serve.add_argument("--access-log", action="store_true", help="log every request")
    serve.add_argument(
        "--native",
        action=BooleanOptionalAction,
        help="accept connections in Rust or in Python, whatever the setting native says",
    )
    serve.set_defaults(run=_serve)
    dev = add_command(commands, "dev")
    _add_common(dev)
    dev.set_defaults(run=_dev)


def _add_common(parser: ArgumentParser) -> None:
    add_target(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST_WORKERS:
        raise ValueError
    return number


def _serve(arguments: Namespace) -> int:
    uvicorn()
    if arguments.native:
        # Set before the application is imported, here and in other processes.
        os.environ["FRAISEQL_NATIVE"] = "on"
    target = find_target(arguments.app)
    bound = bind(arguments.host, arguments.port)
    with _database_of(target.app) as held:
        _announce(target, arguments, held)
        _print(server_line(target.app, allowed=arguments.native is not False))
        if arguments.workers == 1:
            log, native = arguments.access_log, arguments.native is not False
            server = make_server(target.app, access_log=log, native=native)
            return 0 if run_until_stopped(server, bound) else 1
        _try_start(target.app)
        bound.close()
        _run_workers(target, arguments)
        return 0


def _dev(arguments: Namespace) -> int:
    # Set before the application is imported, here and in the process that reloads.
    os.environ.update(FRAISEQL_DEBUG="on", FRAISEQL_GRAPHIQL="on", FRAISEQL_OPS="on")
    uvicorn()
    target = find_target(arguments.app)
    bind(arguments.host, arguments.port).close()
    with _database_of(target.app) as held:
        _announce(target, arguments, held)
        folder = str(target.folder)
        _run_processes(target, arguments, reload=True, reload_dirs=[folder], access_log=True)
    return 0


def _run_workers(target: Target, arguments: Namespace) -> None:
    run_workers = native_workers() if arguments.native is not False else None
    if run_workers is None:
        _run_processes(target, arguments, workers=arguments.workers)
        return
    sys.path.insert(0, str(target.folder))
    config = uvicorn().Config(
        target.text,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        access_log=arguments.access_log,
        **OPTIONS,
    )
    run_workers(config)


def _run_processes(target: Target, arguments: Namespace, **options: Any) -> None:
    """Let uvicorn start other processes, which import the application themselves."""
    uvicorn().run(
        target.text,
        host=arguments.host,
        port=arguments.port,
        app_dir=str(target.folder),
        **OPTIONS,
        **{"access_log": getattr(arguments, "access_log", False)} | options,
    )


def _database_of(app: Any) -> AbstractContextManager[EmbeddedServer | None]:
    return holding_database(app.settings) if isinstance(app, Application) else nullcontext()


def _try_start(app: Any) -> None:
    """Start and stop an application, so that an error is shown once and not by every worker."""
    if isinstance(app, Application):
        asyncio.run(_start_and_stop(app))


async def _start_and_stop(app: Application) -> None:
    await app.start()
    await app.stop()


def _announce(target: Target, arguments: Namespace, server: EmbeddedServer | None) -> None:
    path = target.app.path if isinstance(target.app, Application) else "/"
    _print(f"{target.text}  {url_of(arguments.host, arguments.port, path)}")
    if isinstance(target.app, Application):
        if target.app.settings.ops:
            _print(f"Ops page  {url_of(arguments.host, arguments.port, OPS_PATH)}")
        _print(database_line(target.app.settings, server))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

"""uvicorn servers of applications."""

import importlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

from fraiseql.database.address import shown_address
from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.errors import ConfigurationError, FraiseQLError
from fraiseql.settings import Settings

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10
_END_SECONDS: Final = 60.0
"""Seconds for the last requests, and for the last writes of an application, such as its trace."""

_PAUSE: Final = 0.01

OPTIONS: Final[Mapping[str, Any]] = {
    "lifespan": "on",
    "server_header": False,
    "timeout_graceful_shutdown": _STOP_SECONDS,
    # A name, which other processes import.
    "http": "fraiseql.cli.http_protocol:LimitedProtocol",
    "ws": "none",
}
"""Options of uvicorn for any number of processes."""


def uvicorn() -> ModuleType:
    """Return the module uvicorn, imported only by commands that serve.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        return importlib.import_module("uvicorn")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "This command needs uvicorn, which is not installed.",
            hint='Run: pip install "fraiseql[serve]"',
        ) from None


def _native_server() -> ModuleType | None:
    """Return the module of the native server, which needs uvicorn; None where there is none."""
    if sys.platform == "win32":
        return None
    return importlib.import_module("fraiseql.cli.native_server")


def native_workers() -> Callable[[Any], None] | None:
    """Return what serves with several processes natively; None where nothing does."""
    module = _native_server()
    return None if module is None else module.run_workers


def server_line(app: Any, *, allowed: bool = True) -> str:
    """Return the line that says which server an application gets.

    Args:
        app: The application.
        allowed: Whether the command line allows the native server.
    """
    choice = importlib.import_module("fraiseql.cli.native_choice")
    reason = choice.python_reason(app, allowed=allowed)
    return "Server    native" if reason is None else f"Server    Python ({reason})"


def make_server(
    app: Any, *, log_level: str = "info", access_log: bool = False, native: bool = True
) -> Any:
    """Return a uvicorn server of one process for an ASGI application.

    Args:
        app: The application.
        log_level: Least level of log messages.
        access_log: Whether each request is logged.
        native: Whether connections may be accepted in Rust.
    """
    config = uvicorn().Config(app, log_level=log_level, access_log=access_log, **OPTIONS)
    module = _native_server() if native else None
    return uvicorn().Server(config) if module is None else module.NativeServer(config)


def run_until_stopped(server: Any, bound: socket.socket) -> bool:
    """Serve until the process is stopped; return whether serving began."""
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        # uvicorn has shut down, and raises its signal again.
        return True
    except SystemExit:
        # uvicorn exits if the application does not start; it has printed the reason.
        return False
    return bool(server.started) and not getattr(server, "failed", False)


@contextmanager
def serving(app: Any, bound: socket.socket) -> Iterator[None]:
    """Serve from a thread of its own while the block runs.

    Raises:
        FraiseQLError: The application did not start; uvicorn has printed why.
    """
    server = make_server(app, log_level="warning")
    server.owns_process = False
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield
    finally:
        server.should_exit = True
        # A process that ends before loses its last writes.
        thread.join(_END_SECONDS)


def _wait(server: Any, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise FraiseQLError("The application did not start.", hint="The reason is above.")
        time.sleep(_PAUSE)


@contextmanager
def holding_database(settings: Settings) -> Iterator[EmbeddedServer | None]:
    """Hold the embedded PostgreSQL while the block runs, so that reloads find it running.

    Yields the server, or None if the settings name another one.
    """
    if settings.database_url != "embedded:":
        yield None
        return
    with start_embedded(settings.data_dir) as server:
        yield server


def database_line(settings: Settings, server: EmbeddedServer | None) -> str:
    """Return the line about the database, without its password."""
    if server is None:
        return f"Database  {shown_address(settings.database_url)}"
    programs = f"PostgreSQL {server.version} from {server.binaries}"
    return f"Database  {server.url}  (embedded: {programs})"

"""Fixtures: real PostgreSQL servers (embedded and the system's), databases on them, and a Redis.

A test that asks for ``database_url`` or ``database`` runs on both; ``--server`` chooses one.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.database.embedded.binaries import system_directory
from tests.redis_server import RedisServer

SERVERS = ("embedded", "system")
MISSING = "the system has no PostgreSQL server"

_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose its servers, and whether golden files are written anew."""
    parser.addoption(
        "--server",
        choices=[*SERVERS, "both"],
        default="both",
        help="PostgreSQL that database tests run on: embedded (18), system (15 or what is found)",
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what golden tests find as what they expect from now on",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Shorten the temporary directory of one of several processes: paths of sockets end at 107."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "")
    if process and config.option.basetemp:
        own = Path(config.option.basetemp).with_name(process.removeprefix("gw"))
        config.option.basetemp = str(own)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that needs a server once on each chosen one."""
    if "server_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--server")
        kinds = SERVERS if chosen == "both" else (chosen,)
        metafunc.parametrize("server_kind", kinds, scope="session", indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly how many tests did not run for want of a system PostgreSQL."""
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if MISSING in str(report.longrepr)]
    if missed:
        terminalreporter.section("NOT TESTED ON THE SYSTEM'S POSTGRESQL", sep="!", red=True)
        terminalreporter.line(
            f"{len(missed)} tests did not run on it: {MISSING}. Install one (Debian: postgresql).",
            red=True,
        )


@pytest.fixture(scope="session")
def server_kind(request: pytest.FixtureRequest) -> str:
    """Which server a test runs on: ``embedded`` or ``system``."""
    return request.param


@pytest.fixture(scope="session")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], EmbeddedServer]]:
    """Give the run's own server of a kind; started when first asked for, ended with the run.

    Not by parameters: where several processes share the tests, each one goes to and fro between
    the kinds, and would start a server every time.
    """
    with ExitStack() as running:

        @cache
        def start(kind: str) -> EmbeddedServer:
            binaries = system_directory() if kind == "system" else None
            if kind == "system" and binaries is None:
                pytest.skip(MISSING)
            data_dir = tmp_path_factory.mktemp(kind)
            return running.enter_context(start_embedded(data_dir, binaries=binaries, durable=False))

        yield start


@pytest.fixture(scope="session")
def server(server_kind: str, servers: Callable[[str], EmbeddedServer]) -> EmbeddedServer:
    """A server of the run's own, with ``.url``, ``.log``, ``.version`` and ``.binaries``."""
    return servers(server_kind)


@pytest.fixture(scope="session")
def database_url(server: EmbeddedServer) -> str:
    """Address of a real server's maintenance database; make nothing in it."""
    return server.url


@pytest.fixture(scope="session")
def server_log(server: EmbeddedServer) -> Path:
    """The server's log file."""
    return server.log


@pytest.fixture(scope="module")
def database(server: EmbeddedServer) -> Iterator[str]:
    """Address of a fresh, empty database that the tests of one module share."""
    name = f"fql_{next(_numbers)}"
    _run(_execute(server.url, f"CREATE DATABASE {name}"))
    yield server.url_for(name)
    _run(_execute(server.url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Redis that all tests of a run share."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running.url


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own: it may kill it, pause it, and start it again."""
    with RedisServer(tmp_path) as running:
        yield running


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run(work: Coroutine[object, object, None]) -> None:
    """Run in a thread: the loops of pytest-asyncio in this one stay as they are."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()

"""Fixtures: real PostgreSQL servers (embedded and the system's), databases on them, and a Redis.

A test that asks for ``database_url`` or ``database`` runs on one of them in turn; ``--server``
chooses. Tests of what a version of PostgreSQL may change run on the other one too, by ``rest``.
"""

import asyncio
import gc
import os
import random
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import asyncpg
import pytest
from hypothesis import settings

from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.database.embedded.binaries import system_directory
from tests.memory_directory import memory_directory
from tests.redis_server import RedisServer
from tests.scheduling import Files, has_turn, is_long, is_rest, is_stress, longest_first

SERVERS = ("embedded", "system")
MISSING = "the system has no PostgreSQL server"

# A new connection touches 23 MB as it plans its first large statement: with small pages that takes
# a quarter of its time. This changes no answer, and only PostgreSQL gets it.
LARGE_PAGES = ":".join(
    f"glibc.malloc.{choice}"
    for choice in ("hugetlb=1", "top_pad=4194304", "trim_threshold=268435456")
)

_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose its servers, its seed, and whether golden files are written."""
    parser.addoption(
        "--server",
        choices=[*SERVERS, "both", "turns", "rest"],
        default="turns",
        help="PostgreSQL that database tests run on: embedded (18), system (15 or what is found),"
        " both, turns: each on one of them, or rest: all that turns with --no-stress leave out",
    )
    parser.addoption("--short", action="store_true", help="leave the long tests out")
    parser.addoption(
        "--no-stress",
        action="store_true",
        help="leave out the tests that kill, overload or measure for long",
    )
    parser.addoption(
        "--only-server", action="store_true", help="leave out tests that need no PostgreSQL"
    )
    parser.addoption(
        "--seed",
        type=int,
        default=7,
        help="of the numbers that tests draw: the same seed, the same numbers",
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

    # The fixed seed of tests that generate their cases.
    settings.register_profile("seeded", derandomize=True)
    settings.load_profile("seeded")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the run does not want; of several processes, begin with the long tests."""

    def is_wanted(item: pytest.Item) -> bool:
        if config.option.only_server and "server_kind" not in getattr(item, "fixturenames", ()):
            return False
        if config.option.server == "turns" and not has_turn(item, SERVERS):
            return False
        if config.option.server == "rest" and not is_rest(item, SERVERS):
            return False
        if is_stress(item.nodeid) and (config.option.no_stress or config.option.short):
            return False
        return not (config.option.short and is_long(item.nodeid))

    if unwanted := [item for item in items if not is_wanted(item)]:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if is_wanted(item)]
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """Leave modules and tests out of garbage collections: walking them takes 5 % of a run."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Files | None:
    """Share the tests by file, unless the command line says how."""
    return Files(config, log) if config.option.dist == "load" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin each test with the run's seed, whatever ran before it."""
    random.seed(f"{item.config.option.seed} {item.nodeid}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that needs a server once on each chosen one."""
    if "server_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--server")
        kinds = (chosen,) if chosen in SERVERS else SERVERS
        metafunc.parametrize("server_kind", kinds, scope="session", indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which seed ran, and loudly how many tests did not run for want of a PostgreSQL."""
    terminalreporter.write_line(f"--seed={terminalreporter.config.option.seed}")
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
def server_directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Make directories for the data of servers, in memory where there is room."""
    with memory_directory(tmp_path_factory.mktemp("servers")) as parent:
        yield lambda name: Path(mkdtemp(prefix=f"{name}-", dir=parent))


@pytest.fixture(scope="session")
def servers(
    server_directories: Callable[[str], Path],
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
            with pytest.MonkeyPatch.context() as patched:
                patched.setenv("GLIBC_TUNABLES", LARGE_PAGES)
                started = start_embedded(server_directories(kind), binaries=binaries, durable=False)
            server = running.enter_context(started)
            # Compiling takes a sixth of the server's time, and changes no answer.
            _run(_execute(server.url, "ALTER SYSTEM SET jit = off"))
            _run(_execute(server.url, "SELECT pg_reload_conf()"))
            return server

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
    _run(_execute(server.url, f"CREATE DATABASE {name} STRATEGY file_copy"))
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

"""The compared servers, each in a process of its own on the server's core."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks import interpreter, processes
from benchmarks.processes import Application
from benchmarks.roads import names
from benchmarks.stored.server import Bench

LIVE = "benchmarks.peers.fraiseql_live:app"
CACHED = "benchmarks.memory_hits.application:app"
FIRST_PORT = processes.FIRST_PORT + 50


@dataclass(frozen=True, slots=True)
class Server:
    """One server.

    Attributes:
        name: As the page prints it.
        words: Its command, without the port at the end.
        cached: Whether its queries are cached.
    """

    name: str
    words: tuple[str, ...]
    cached: bool = False

    @property
    def ours(self) -> bool:
        """Whether it is FraiseQL."""
        return self.name in {names.NATIVE, names.PYTHON}


def servers() -> tuple[Server, ...]:
    """Return the servers."""
    python = str(interpreter.python())
    return (
        Server(names.NATIVE, _serve(python, LIVE, "--native")),
        Server(names.PYTHON, _serve(python, LIVE, "--no-native")),
        Server(names.NATIVE, _serve(python, CACHED, "--native"), cached=True),
        Server(names.PYTHON, _serve(python, CACHED, "--no-native"), cached=True),
        Server(names.STRAWBERRY, _uvicorn(python, "strawberry_loader")),
        Server(names.ARIADNE, _uvicorn(python, "ariadne_loader")),
        Server(names.POSTGRAPHILE, (*processes.node_command("postgraphile"),)),
    )


def _serve(python: str, target: str, *more: str) -> tuple[str, ...]:
    return (python, "-m", "fraiseql.cli", "serve", target, *more, "--port")


def _uvicorn(python: str, module: str) -> tuple[str, ...]:
    words = "-m uvicorn --loop uvloop --http httptools --no-access-log --log-level warning"
    return (python, *words.split(), f"benchmarks.peers.{module}:app", "--port")


@contextmanager
def started(bench: Bench, url: str) -> Iterator[Mapping[Server, Application]]:
    """Run all servers while the block runs; an idle one costs next to nothing."""
    environment = {
        "BENCH_DATABASE_URL": url,
        "BENCH_STORE": "unlogged",
        "BENCH_REDIS_URL": "",
    }
    with ExitStack() as stack:
        running = {}
        for number, server in enumerate(servers()):
            port = FIRST_PORT + number
            running[server] = stack.enter_context(
                processes.serving(
                    f"roads-{number}",
                    [*server.words, str(port)],
                    port,
                    environment,
                    bench.cores.server,
                )
            )
        yield running

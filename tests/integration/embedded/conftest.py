"""Fixtures: client processes, a prepared data directory, and checks of live processes."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fraiseql.database.embedded import EmbeddedServer, binaries, start_embedded

PROGRAM = Path(__file__).with_name("client_program.py")
PACKAGES = Path(binaries.__file__).parents[3]


class Client:
    """A process that holds a claim until it is killed or closed."""

    def __init__(self, data_dir: Path, *arguments: str, prefix: Sequence[str] = (), **env: str):
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(PROGRAM), str(data_dir), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PACKAGES), **env},
        )
        self._answer: dict[str, Any] | None = None

    @property
    def answer(self) -> dict[str, Any]:
        """The client's report of its server."""
        if self._answer is None:
            assert self.process.stdout is not None
            self._answer = json.loads(self.process.stdout.readline())
        return self._answer

    @property
    def url(self) -> str:
        assert "error" not in self.answer, self.answer
        return self.answer["url"]

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.end()

    def end(self) -> None:
        """Let it end by itself."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def record(data_dir: Path) -> dict[str, Any]:
    """The supervisor's record of the running server."""
    [file] = data_dir.glob("postgresql-*/server.json")
    return json.loads(file.read_text())


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> float:
    """Wait for something to become true; return the seconds that it took."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < seconds, f"not so after {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - begin


def close_and_wait(server: EmbeddedServer, data_dir: Path) -> None:
    """Let go of the last claim, and see the server end."""
    pids = record(data_dir)
    server.close()
    wait_until(lambda: not alive(pids["server"]) and not alive(pids["supervisor"]))


def run_sql(url: str, *statements: str) -> Any:
    """Run statements on one connection and return the last one's first value."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def client() -> Iterator[Callable[..., Client]]:
    """Make clients; those left are killed at the end, and their servers end with them."""
    clients: list[Client] = []

    def make(data_dir: Path, *arguments: str, **more: Any) -> Client:
        clients.append(Client(data_dir, *arguments, **more))
        return clients[-1]

    yield make
    for started in clients:
        started.kill()
    for data_dir in {started.data_dir for started in clients}:
        wait_until(lambda: not list(data_dir.glob("*/server.json")))  # noqa: B023


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped database to copy, which is faster than initdb."""
    data_dir = tmp_path_factory.mktemp("template") / "data"
    close_and_wait(start_embedded(data_dir, durable=False), data_dir)
    return data_dir


@pytest.fixture
def cluster_dir(template: Path, tmp_path: Path) -> Path:
    """A data directory of a server that has run and is stopped."""
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture
def only_root() -> None:
    """Skip the test unless root runs it."""
    if os.geteuid() != 0:
        pytest.skip("needs root")

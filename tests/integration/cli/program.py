"""``fraiseql`` in another process."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from pathlib import Path

from fraiseql.demo.client import HttpClient, HttpResponse

HOST = "127.0.0.1"
PATIENCE = 240.0
"""Seconds to wait for what takes a few."""

_PROGRAM = [sys.executable, "-m", "fraiseql.cli"]


def fraiseql(
    *words: str,
    cwd: Path,
    url: str | None = None,
    text: str | None = None,
    patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*_PROGRAM, *words],
        cwd=cwd,
        env=environment(url),
        input=text,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def environment(url: str | None) -> dict[str, str]:
    """Return this process's environment, with the address of the database."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FRAISEQL_")}
    return own if url is None else {**own, "FRAISEQL_DATABASE_URL": url}


class Running:
    """A command that serves.

    Attributes:
        process: The process.
        output: File that its standard output and error go to.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    def text(self) -> str:
        """Return its output so far."""
        return self.output.read_text()

    def stop(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def answer(self, port: int, query: str, *, status: int = 200) -> HttpResponse:
        """Retry until the server answers with ``status``: it may not be up yet."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError, HTTPException), HttpClient(HOST, port) as client:
                answer = client.post(query, {})
                if answer.status == status:
                    return answer
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)


@contextlib.contextmanager
def running(
    *words: str,
    cwd: Path,
    url: str | None = None,
    settings: Mapping[str, object] | None = None,
    files: int | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a command that serves; end it and its children afterwards.

    Args:
        words: Words of the command.
        cwd: Where it runs.
        url: Address of the database.
        settings: Settings by their names in the environment without ``FRAISEQL_``.
        files: Most files that it may open; None for the limit of this process.
        more: Further variables of its environment.
    """
    output = cwd / "output.txt"
    own = {f"FRAISEQL_{name}": str(value) for name, value in (settings or {}).items()}
    limit = [] if files is None else ["prlimit", f"--nofile={files}"]
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [*limit, *_PROGRAM, *words],
            cwd=cwd,
            env={**environment(url), **own, **(more or {})},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Running(process, output)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

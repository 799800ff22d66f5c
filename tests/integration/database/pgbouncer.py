"""PgBouncer in front of a database, for tests."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
BUILT = Path(__file__).parents[3] / ".setup" / "pgbouncer" / "pgbouncer"
"""The program of scripts/build_pgbouncer.py, where the installed one is older than 1.21."""

IGNORED = (
    "default_transaction_read_only, statement_timeout, client_encoding, TimeZone, DateStyle,"
    " IntervalStyle, extra_float_digits, bytea_output, jit"
)
PATIENCE = 20.0
OTHER_USER = "nobody"

needs_pgbouncer = pytest.mark.skipif(
    not Path(PROGRAM).exists(), reason="PgBouncer is not installed (Debian: pgbouncer)"
)


def newer_program() -> str:
    """Return a PgBouncer that follows prepared statements in transaction mode."""
    if not BUILT.exists() and (not Path(PROGRAM).exists() or version() < (1, 21)):
        pytest.fail("PgBouncer 1.21 or newer is missing: run `make setup-test`")
    return str(BUILT) if BUILT.exists() else PROGRAM


def version(program: str = PROGRAM) -> tuple[int, ...]:
    result = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    numbers = re.search(r"PgBouncer (\d+)\.(\d+)", result.stdout)
    assert numbers is not None
    return tuple(int(number) for number in numbers.groups())


def reachable(folder: Path) -> None:
    """Let another user through: PgBouncer does not run as root."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & 0o001 and parent.owner() == Path.home().owner():
            parent.chmod(mode | 0o001)


def configuration(url: str, port: int, folder: Path, *own: str) -> str:
    parts = urlsplit(url)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host = options.get("host") or parts.hostname or ""
    reachable(Path(host))
    place = f"host={host} port={options.get('port', parts.port)} dbname={unquote(parts.path[1:])}"
    return "\n".join(
        [
            "[databases]",
            f"app = {place} user={parts.username}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {port}",
            "unix_socket_dir =",
            "auth_type = any",
            "server_reset_query_always = 0",
            *own,
            "",
        ]
    )


@dataclass
class Pooler:
    """A PgBouncer with its configuration.

    Attributes:
        url: Its address.
    """

    program: str
    file: Path
    port: int
    url: str

    def start(self) -> None:
        """Start it, and wait until it listens."""
        other: Any = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam(OTHER_USER)
            other = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        words = [self.program, str(self.file)]
        self._process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, **other)
        await_port(self.port, self._process)

    def reload(self, before: str, after: str) -> None:
        """Change a line of its configuration while it runs."""
        text = self.file.read_text()
        assert before in text
        self.file.write_text(text.replace(before, after))
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it, and its connections."""
        # At once: later versions wait for their clients after SIGTERM, and SIGQUIT is ignored where
        # the tests run in the background of a shell.
        self._process.kill()
        self._process.communicate(timeout=PATIENCE)


@contextmanager
def pooler(
    url: str,
    folder: Path,
    *,
    mode: str,
    ignored: str = "",
    program: str = PROGRAM,
    more: Sequence[str] = (),
) -> Iterator[Pooler]:
    """Run PgBouncer in front of a database."""
    folder.mkdir()
    folder.chmod(0o777)
    reachable(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = [f"pool_mode = {mode}", *more]
    if ignored:
        own.append(f"ignore_startup_parameters = {ignored}")
    file = folder / "pgbouncer.ini"
    file.write_text(configuration(url, port, folder, *own))
    address = f"postgresql://{urlsplit(url).username}@127.0.0.1:{port}/app"
    running = Pooler(program, file, port, address)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def pooled(url: str, folder: Path, *, mode: str, ignored: str = "") -> Iterator[str]:
    """Run the installed PgBouncer in front of a database; give the address of it."""
    more = ["max_prepared_statements = 1000"] if version() >= (1, 21) else []
    with pooler(url, folder, mode=mode, ignored=ignored, more=more) as running:
        yield running.url


def await_port(port: int, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer did not listen in time")

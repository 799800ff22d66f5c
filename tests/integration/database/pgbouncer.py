"""PgBouncer in front of a database, for tests."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
IGNORED = (
    "default_transaction_read_only, statement_timeout, client_encoding, TimeZone, DateStyle,"
    " IntervalStyle, extra_float_digits, bytea_output, jit"
)
PATIENCE = 20.0
OTHER_USER = "nobody"

needs_pgbouncer = pytest.mark.skipif(
    not Path(PROGRAM).exists(), reason="PgBouncer is not installed (Debian: pgbouncer)"
)


def version() -> tuple[int, ...]:
    result = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    numbers = re.search(r"PgBouncer (\d+)\.(\d+)", result.stdout)
    assert numbers is not None
    return tuple(int(number) for number in numbers.groups())


def reachable(folder: Path) -> None:
    """Let another user through: PgBouncer does not run as root."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & 0o001 and parent.owner() == Path.home().owner():
            parent.chmod(mode | 0o001)


def configuration(url: str, port: int, folder: Path, mode: str, ignored: str) -> str:
    parts = urlsplit(url)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host = options.get("host") or parts.hostname or ""
    reachable(Path(host))
    place = f"host={host} port={options.get('port', parts.port)} dbname={unquote(parts.path[1:])}"
    lines = [f"ignore_startup_parameters = {ignored}"] if ignored else []
    return "\n".join(
        [
            "[databases]",
            f"app = {place} user={parts.username}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {port}",
            "unix_socket_dir =",
            "auth_type = any",
            f"pool_mode = {mode}",
            "server_reset_query_always = 0",
            *(["max_prepared_statements = 100"] if version() >= (1, 21) else []),
            *lines,
            "",
        ]
    )


@contextmanager
def pooled(url: str, folder: Path, *, mode: str, ignored: str = "") -> Iterator[str]:
    """Run PgBouncer in front of a database; give the address of it."""
    folder.mkdir()
    folder.chmod(0o777)
    reachable(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    file.write_text(configuration(url, port, folder, mode, ignored))
    other: Any = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(OTHER_USER)
        other = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    process = subprocess.Popen([PROGRAM, str(file)], stderr=subprocess.PIPE, text=True, **other)
    try:
        await_port(port, process)
        yield f"postgresql://{urlsplit(url).username}@127.0.0.1:{port}/app"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def await_port(port: int, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer did not listen in time")

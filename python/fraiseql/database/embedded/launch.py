"""Start of an embedded server's supervisor, or use of a running one."""

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from fraiseql.database.embedded.binaries import Binaries
from fraiseql.database.embedded.cluster import configuration, initdb_options
from fraiseql.database.embedded.layout import PORT, USER, Layout
from fraiseql.database.embedded.locks import late, open_lock
from fraiseql.database.embedded.supervisor import LaunchSpec, accepts_connections, try_lock
from fraiseql.errors import EmbeddedServerError

_POLL: Final = 0.02
_LARGEST_LOG: Final = 16 * 2**20


def join_or_start(
    layout: Layout, programs: Binaries, deadline: float, *, durable: bool
) -> dict[str, Any]:
    """Return the record of a server that accepts clients; the caller holds start.lock and a claim.

    Raises:
        EmbeddedServerError: It does not start, or not before ``deadline`` (monotonic seconds).
    """
    while True:
        record = read_record(layout)
        usable = record is not None and _accepts_clients(record)
        supervisor = open_lock(layout.supervisor_lock)
        try:
            # Last, since the kernel releases the lock of a dead supervisor before its server ends.
            if try_lock(supervisor, fcntl.LOCK_EX):
                _launch(layout, programs, supervisor, deadline, durable=durable)
            elif record is not None and usable:
                return record
        finally:
            os.close(supervisor)
        # The supervisor of another client is starting, or this server is stopping.
        if time.monotonic() > deadline:
            raise late(layout)
        time.sleep(_POLL)


def _launch(
    layout: Layout, programs: Binaries, supervisor: int, deadline: float, *, durable: bool
) -> None:
    """Start a supervisor, which inherits supervisor.lock, and wait until it is ready."""
    layout.record.unlink(missing_ok=True)
    if layout.log.exists() and layout.log.stat().st_size > _LARGEST_LOG:
        layout.log.replace(layout.log.with_suffix(".old"))
    listening, ready = os.pipe()
    try:
        try:
            _spawn(layout, programs, supervisor, ready, durable=durable)
        finally:
            os.close(ready)
        report = _read_all(layout, listening, deadline)
    finally:
        os.close(listening)
    if report != "ready":
        raise _did_not_start(layout, programs, report or "its supervisor ended silently")


def _spawn(
    layout: Layout, programs: Binaries, supervisor: int, ready: int, *, durable: bool
) -> None:
    spec = LaunchSpec(
        directory=str(layout.directory),
        socket_directory=str(layout.socket_directory),
        port=PORT,
        binaries=str(programs.directory),
        version=programs.version,
        user=USER,
        initdb_options=initdb_options(programs.major, USER, durable=durable),
        configuration=configuration(durable=durable),
        supervisor_fd=supervisor,
        ready_fd=ready,
    )
    program = str(Path(__file__).with_name("supervisor.py"))
    # -I -S: the supervisor loads nothing of the application's environment or packages.
    command = [sys.executable, "-I", "-S", program, spec.to_json()]
    with layout.log.open("ab") as log:
        try:
            subprocess.run(  # noqa: S603 - our own program, which detaches itself
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[supervisor, ready],
                env=_environment(),
                check=False,
            )
        except OSError as error:
            raise _did_not_start(layout, programs, f"{sys.executable!r}: {error}") from error


def _did_not_start(layout: Layout, programs: Binaries, why: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"The embedded PostgreSQL {programs.version} in {layout.directory} did not start: {why}",
        hint=f"See the log: {layout.log}.",
        code="EMBEDDED_START",
    )


def _environment() -> dict[str, str]:
    """Return the environment without variables that affect initdb and postgres."""
    dropped = ("PG", "LC_", "LANG", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def _read_all(layout: Layout, listening: int, deadline: float) -> str:
    report = b""
    while True:
        if not select.select([listening], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise late(layout)
        part = os.read(listening, 65536)
        if not part:
            return report.decode(errors="replace")
        report += part


def read_record(layout: Layout) -> dict[str, Any] | None:
    """Return the record of the running server; None if none accepts clients."""
    try:
        record: dict[str, Any] = json.loads(layout.record.read_text())
    except FileNotFoundError:
        return None
    return record


def _accepts_clients(record: dict[str, Any]) -> bool:
    return accepts_connections(f"{record['host']}/.s.PGSQL.{record['port']}", USER)

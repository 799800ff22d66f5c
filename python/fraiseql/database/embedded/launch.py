"""Launch: find the running supervisor of a directory, or start one and hear what it says."""

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
    """Return the record of a server that lets clients in; the caller holds start.lock and a claim.

    Raises:
        EmbeddedServerError: It does not start, or not before ``deadline`` (monotonic seconds).
    """
    while True:
        record = _read_record(layout)
        usable = record is not None and _lets_in(record)
        supervisor = open_lock(layout.supervisor_lock)
        try:
            # Asked last: the kernel frees a dead supervisor's lock before its server hears of it.
            if try_lock(supervisor, fcntl.LOCK_EX):
                _launch(layout, programs, supervisor, deadline, durable=durable)
            elif record is not None and usable:
                return record
        finally:
            os.close(supervisor)
        # Another client's supervisor is still starting, or this server is just going down.
        if time.monotonic() > deadline:
            raise late(layout)
        time.sleep(_POLL)


def _launch(
    layout: Layout, programs: Binaries, supervisor: int, deadline: float, *, durable: bool
) -> None:
    """Start a supervisor, handing it the held supervisor.lock, and wait for its word."""
    layout.record.unlink(missing_ok=True)
    if layout.log.exists() and layout.log.stat().st_size > _LARGEST_LOG:
        layout.log.replace(layout.log.with_suffix(".old"))
    listening, ready = os.pipe()
    try:
        try:
            _spawn(layout, programs, supervisor, ready, durable=durable)
        finally:
            os.close(ready)
        said = _read_all(layout, listening, deadline)
    finally:
        os.close(listening)
    if said != "ready":
        raise _did_not_start(layout, programs, said or "its supervisor ended without a word")


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
    # -I -S: nothing of the application's environment or packages is loaded by the supervisor.
    command = [sys.executable, "-I", "-S", program, spec.to_json()]
    with layout.log.open("ab") as log:
        try:
            subprocess.run(  # noqa: S603 - our own program; it detaches itself at once
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
        hint=f"The whole story is in {layout.log}.",
        code="EMBEDDED_START",
    )


def _environment() -> dict[str, str]:
    """Leave out what would change what initdb and postgres do."""
    dropped = ("PG", "LC_", "LANG", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def _read_all(layout: Layout, listening: int, deadline: float) -> str:
    said = b""
    while True:
        if not select.select([listening], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise late(layout)
        part = os.read(listening, 65536)
        if not part:
            return said.decode(errors="replace")
        said += part


def _read_record(layout: Layout) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(layout.record.read_text())
    except FileNotFoundError:
        return None
    return record


def _lets_in(record: dict[str, Any]) -> bool:
    return accepts_connections(f"{record['host']}/.s.PGSQL.{record['port']}", USER)

"""Supervisor of an embedded server: runs it while it has clients.

A separate program, standard library only, so that it is small and starts fast:
``python supervisor.py SPEC`` with the LaunchSpec as JSON.

Locks show which processes live; the kernel releases them when a process ends. Clients hold
``claims.lock`` shared: an exclusive lock means that all are gone, and blocks new ones until the
server has stopped. The supervisor holds ``supervisor.lock``. initdb, postgres and all its children
inherit ``server.lock``: a lock of it proves that none of them lives, in any container, so that an
old ``postmaster.pid`` can be removed even if its number is in use again.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

_POLL = 0.01
_ORPHAN_SECONDS = 30.0
_NOBODY = 65534
_LINES_OF_REASON = 5
_STATUS_LINE = 7


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Configuration of a supervisor; paths are absolute, ``*_fd`` are inherited."""

    directory: str
    socket_directory: str
    port: int
    binaries: str
    version: str
    user: str
    initdb_options: list[str]
    configuration: str
    supervisor_fd: int
    ready_fd: int

    def to_json(self) -> str:
        """Return the spec as JSON for the command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the text of ``to_json``."""
        return cls(**json.loads(text))


class StartError(Exception):
    """The server cannot start; the waiting client gets the message."""


def try_lock(fd: int, kind: int) -> bool:
    """Take a lock of ``kind`` (LOCK_EX or LOCK_SH) without waiting; return whether it was taken."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def accepts_connections(address: str, user: str) -> bool:
    """Return whether the server at a unix socket accepts ``user`` now.

    Connecting is not enough: postgres listens while it recovers from a crash.
    """
    parameters = b"user\0" + user.encode() + b"\0database\0postgres\0\0"
    startup = struct.pack("!ii", 8 + len(parameters), 0x00030000) + parameters
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5.0)
            connection.connect(address)
            connection.sendall(startup)
            answer = connection.recv(1)
            connection.sendall(b"X\0\0\0\4")
    except OSError:
        return False
    return answer == b"R"


def is_server_of(data: Path, pid: int) -> bool:
    """Return whether ``pid`` may be a postgres that runs on ``data``; True if unknown."""
    process = Path("/proc") / str(pid)
    if not process.parent.joinpath("self").exists():
        ps = ["/bin/ps", "-o", "comm=", "-p", str(pid)]
        result = subprocess.run(ps, capture_output=True, text=True, check=False)  # noqa: S603
        return "postgres" in result.stdout
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return False
        return os.readlink(process / "cwd") == str(data)  # noqa: PTH115 - may end in " (deleted)"
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return True


def _old_pid(data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if pid > 1 else None


def _is_ready(data: Path, pid: int) -> bool:
    """Return the status in postmaster.pid; connections would fill the log with refusals."""
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return False
    return lines[0] == str(pid) and lines[_STATUS_LINE:][:1] == ["ready   "]


class Supervisor:
    """Runs a server until its last client has gone."""

    def __init__(self, spec: LaunchSpec) -> None:
        self.spec = spec
        self.directory = Path(spec.directory)
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.record = self.directory / "server.json"
        self.sockets = Path(spec.socket_directory)
        self.address = str(self.sockets / f".s.PGSQL.{spec.port}")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self.server_fd = os.open(self.directory / "server.lock", flags, 0o600)

    def run(self) -> None:
        """Start the server, report to the client, and wait until the server has ended."""
        try:
            server = self._start()
        except (StartError, OSError) as error:
            self._report(str(error))
            return
        signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
        self._write_record(server.pid)
        self._report("ready")
        threading.Thread(target=self._stop_when_unclaimed, args=[server], daemon=True).start()
        server.wait()
        self.record.unlink(missing_ok=True)
        with suppress(OSError):
            # It may be in the system's temporary directory, which must be left clean.
            self.sockets.rmdir()
        # Before claims.lock, which the end of this process releases: a client with a new claim must
        # not see a supervisor that seems alive.
        os.close(self.spec.supervisor_fd)

    def _report(self, message: str) -> None:
        # This client may be gone; others may come.
        with suppress(BrokenPipeError):
            os.write(self.spec.ready_fd, message.encode())
        os.close(self.spec.ready_fd)

    def _start(self) -> "subprocess.Popen[bytes]":
        self._stop_orphan()
        self._make_socket_directory()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._remove_stale_pid()
        begin = self.log.stat().st_size
        server = self._spawn([str(Path(self.spec.binaries) / "postgres"), *self._options()])
        while not _is_ready(self.data, server.pid):
            if server.poll() is not None:
                raise StartError(self._log_since(begin))
            time.sleep(_POLL)
        return server

    def _options(self) -> list[str]:
        quoted = self.spec.socket_directory.replace('"', '""')
        return [
            *("-D", str(self.data), "-p", str(self.spec.port)),
            *("-c", "listen_addresses=", "-c", f'unix_socket_directories="{quoted}"'),
        ]

    def _spawn(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """Start a program of PostgreSQL that holds server.lock and ends with this process."""
        wrapper = str(Path(__file__).with_name("isolation.py"))
        owned = json.dumps([str(self.directory / "data"), str(self._new_data), str(self.sockets)])
        prefix = [sys.executable, "-I", "-S", wrapper, str(os.getpid()), owned]
        return subprocess.Popen([*prefix, *command], pass_fds=[self.server_fd])  # noqa: S603

    @property
    def _new_data(self) -> Path:
        return self.directory / "data.new"

    def _initialise(self) -> None:
        """Make the data in data.new and rename it, so that ``data`` is always complete."""
        shutil.rmtree(self._new_data, ignore_errors=True)
        self._new_data.mkdir(mode=0o700)
        begin = self.log.stat().st_size
        initdb = str(Path(self.spec.binaries) / "initdb")
        options = [*self.spec.initdb_options, "-D", str(self._new_data)]
        if self._spawn([initdb, *options]).wait() != 0:
            raise StartError(self._log_since(begin))
        with (self._new_data / "postgresql.conf").open("a") as file:
            file.write(self.spec.configuration)
        self._new_data.rename(self.data)

    def _make_socket_directory(self) -> None:
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
        status = self.sockets.lstat()
        # Another user could have made it first in the system's temporary directory.
        ours = status.st_uid == os.geteuid() or (os.geteuid() == 0 and status.st_uid == _NOBODY)
        if not stat.S_ISDIR(status.st_mode) or not ours or status.st_mode & 0o077:
            raise StartError(f"{self.sockets} is not a directory of this user with mode 0700")

    def _stop_orphan(self) -> None:
        """Stop a server without a supervisor, and wait for its end."""
        deadline = time.monotonic() + _ORPHAN_SECONDS
        signalled = False
        while not try_lock(self.server_fd, fcntl.LOCK_EX):
            pid = _old_pid(self.data)
            if not signalled and pid is not None and is_server_of(self.data, pid):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGINT)
                signalled = True
            if time.monotonic() > deadline:
                raise StartError(f"a previous server (pid {pid}) on {self.data} does not stop")
            time.sleep(_POLL)

    def _remove_stale_pid(self) -> None:
        """Remove the pid file of a dead server, whose number another process may have."""
        pid = _old_pid(self.data)
        if pid is None:
            return
        if is_server_of(self.data, pid):
            raise StartError(f"another postgres (pid {pid}) that is not ours runs on {self.data}")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        Path(self.address + ".lock").unlink(missing_ok=True)

    def _write_record(self, server_pid: int) -> None:
        record = {
            "host": str(self.sockets),
            "port": self.spec.port,
            "version": self.spec.version,
            "supervisor": os.getpid(),
            "server": server_pid,
        }
        unfinished = self.record.with_suffix(".new")
        unfinished.write_text(json.dumps(record))
        unfinished.replace(self.record)

    def _stop_when_unclaimed(self, server: "subprocess.Popen[bytes]") -> None:
        claims = os.open(self.directory / "claims.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        fcntl.flock(claims, fcntl.LOCK_EX)
        server.send_signal(signal.SIGINT)

    def _log_since(self, begin: int) -> str:
        with self.log.open("rb") as file:
            file.seek(begin)
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_LINES_OF_REASON:]) or "it ended silently"


def main() -> None:
    """Detach from the client that started this process, then supervise."""
    if os.fork():
        os._exit(0)
    os.setsid()
    Supervisor(LaunchSpec.from_json(sys.argv[1])).run()


if __name__ == "__main__":
    main()

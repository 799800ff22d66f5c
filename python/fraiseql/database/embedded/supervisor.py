"""Supervisor: make the data directory, run ``postgres``, stop it when no client is left.

A program of its own, standard library only, so that it is small and quick to start:
``python supervisor.py SPEC`` with the LaunchSpec as JSON.

Locks tell who is alive; the kernel releases them however a process ends. Clients hold
``claims.lock`` shared: getting it exclusively means that all are gone, and keeps new ones waiting
until the server has stopped. The supervisor holds ``supervisor.lock``. ``server.lock`` is
inherited by initdb, postgres and all its children: getting it proves that none of them lives, in
whatever container they ran, so that a left-over ``postmaster.pid`` may go even if its number is in
use again.
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
_ORPHAN_PATIENCE = 30.0
_NOBODY = 65534
_LINES_OF_REASON = 5
_STATUS_LINE = 7


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """What a client asks of a supervisor; paths are absolute, ``*_fd`` are inherited."""

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
        """Write the spec for the command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote."""
        return cls(**json.loads(text))


class StartError(Exception):
    """The server cannot be started; the message goes to the waiting client."""


def try_lock(fd: int, kind: int) -> bool:
    """Take a lock of ``kind`` (LOCK_EX or LOCK_SH) if that is possible at once."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def accepts_connections(address: str, user: str) -> bool:
    """Ask the server behind a unix socket whether it lets ``user`` in right now.

    A plain connect is not enough: postgres listens already while it recovers from a crash.
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
    """Say whether ``pid`` may be a postgres running on ``data``; True when nobody can tell."""
    process = Path("/proc") / str(pid)
    if not process.parent.joinpath("self").exists():
        ps = ["/bin/ps", "-o", "comm=", "-p", str(pid)]
        said = subprocess.run(ps, capture_output=True, text=True, check=False)  # noqa: S603
        return "postgres" in said.stdout
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
    """Read the server's own word; asking over the socket would fill its log with refusals."""
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return False
    return lines[0] == str(pid) and lines[_STATUS_LINE:][:1] == ["ready   "]


class Supervisor:
    """One server's life, from an absent or stopped data directory to the end of its last client."""

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
        """Start the server, report to the client, stay until the server has ended."""
        try:
            server = self._start()
        except (StartError, OSError) as error:
            self._tell_client(str(error))
            return
        signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
        self._write_record(server.pid)
        self._tell_client("ready")
        threading.Thread(target=self._stop_when_unclaimed, args=[server], daemon=True).start()
        server.wait()
        self.record.unlink(missing_ok=True)
        with suppress(OSError):
            # It may be in the system's temporary directory, where nothing should stay behind.
            self.sockets.rmdir()
        # Before claims.lock, which the end of this process releases: a client that then gets its
        # claim must not find a supervisor that looks alive.
        os.close(self.spec.supervisor_fd)

    def _tell_client(self, word: str) -> None:
        # It may be gone by now; another one can still come.
        with suppress(BrokenPipeError):
            os.write(self.spec.ready_fd, word.encode())
        os.close(self.spec.ready_fd)

    def _start(self) -> "subprocess.Popen[bytes]":
        self._outlive_orphan()
        self._make_socket_directory()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._remove_stale_pid()
        begin = self.log.stat().st_size
        server = self._spawn([str(Path(self.spec.binaries) / "postgres"), *self._options()])
        while not _is_ready(self.data, server.pid):
            if server.poll() is not None:
                raise StartError(self._said_since(begin))
            time.sleep(_POLL)
        return server

    def _options(self) -> list[str]:
        quoted = self.spec.socket_directory.replace('"', '""')
        return [
            *("-D", str(self.data), "-p", str(self.spec.port)),
            *("-c", "listen_addresses=", "-c", f'unix_socket_directories="{quoted}"'),
        ]

    def _spawn(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """Start a program of PostgreSQL that holds server.lock and dies with this process."""
        wrapper = str(Path(__file__).with_name("isolation.py"))
        owned = json.dumps([str(self.directory / "data"), str(self._new_data), str(self.sockets)])
        prefix = [sys.executable, "-I", "-S", wrapper, str(os.getpid()), owned]
        return subprocess.Popen([*prefix, *command], pass_fds=[self.server_fd])  # noqa: S603

    @property
    def _new_data(self) -> Path:
        return self.directory / "data.new"

    def _initialise(self) -> None:
        """Make the data beside its final place: what is there is always whole."""
        shutil.rmtree(self._new_data, ignore_errors=True)
        self._new_data.mkdir(mode=0o700)
        begin = self.log.stat().st_size
        initdb = str(Path(self.spec.binaries) / "initdb")
        options = [*self.spec.initdb_options, "-D", str(self._new_data)]
        if self._spawn([initdb, *options]).wait() != 0:
            raise StartError(self._said_since(begin))
        with (self._new_data / "postgresql.conf").open("a") as file:
            file.write(self.spec.configuration)
        self._new_data.rename(self.data)

    def _make_socket_directory(self) -> None:
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
        found = self.sockets.lstat()
        # In the system's temporary directory somebody else could have made it first.
        ours = found.st_uid == os.geteuid() or (os.geteuid() == 0 and found.st_uid == _NOBODY)
        if not stat.S_ISDIR(found.st_mode) or not ours or found.st_mode & 0o077:
            raise StartError(f"{self.sockets} is not a directory of this user with mode 0700")

    def _outlive_orphan(self) -> None:
        """Wait for a server that lost its supervisor, and tell it to stop."""
        deadline = time.monotonic() + _ORPHAN_PATIENCE
        told = False
        while not try_lock(self.server_fd, fcntl.LOCK_EX):
            pid = _old_pid(self.data)
            if not told and pid is not None and is_server_of(self.data, pid):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGINT)
                told = True
            if time.monotonic() > deadline:
                raise StartError(f"a previous server (pid {pid}) on {self.data} does not stop")
            time.sleep(_POLL)

    def _remove_stale_pid(self) -> None:
        """Remove a dead server's pid file whose number another process has by now."""
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

    def _said_since(self, begin: int) -> str:
        with self.log.open("rb") as file:
            file.seek(begin)
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_LINES_OF_REASON:]) or "it ended without a word"


def main() -> None:
    """Detach from the client that started this process, then supervise."""
    if os.fork():
        os._exit(0)
    os.setsid()
    Supervisor(LaunchSpec.from_json(sys.argv[1])).run()


if __name__ == "__main__":
    main()

"""Redis server: a real one for tests, which they may kill, stop and start again."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

# Below the range from which the kernel takes ports for outgoing connections.
PORTS = range(20_000, 32_000)
SECONDS = 10.0


class RedisServer:
    """One server on a loopback port of its own: nothing is written to disk."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Remember what to start it with; ``options`` are those of ``redis-server``."""
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed (Debian: apt-get install redis-server)"
        self._program = program
        self._options = options
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """``redis://…`` of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        """What it says."""
        return self._folder / "redis.log"

    def __enter__(self) -> Self:
        for _ in range(20):
            # Someone may have it, or another server answers on it: then another one.
            self.port = random.choice(PORTS)
            if _is_free(self.port) and self.start():
                return self
        raise AssertionError(self.log.read_text())

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> bool:
        """Start it on its port; false when it ended at once."""
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1"]
        options = ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *options, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for pytest, which ends it.
                start_new_session=True,
            )
        return self._answers()

    def kill(self) -> None:
        """End it as ``kill -9`` does; nothing when it does not run."""
        if self._process is not None:
            self.resume()
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let it hang: connections stay, nothing is answered."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        assert self._process is not None
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                return False
            if self._pongs():
                return True
            time.sleep(0.01)
        raise AssertionError(self.log.read_text())

    def _pongs(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _is_free(port: int) -> bool:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

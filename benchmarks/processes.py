"""Server processes pinned to cores, and their counters."""

import os
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import interpreter
from benchmarks.paths import CACHE, ROOT

TICK = 1 / os.sysconf("SC_CLK_TCK")
FIRST_PORT = 18400


@dataclass(frozen=True, slots=True)
class Cores:
    """Cores of the server, and those of the load generator and PostgreSQL."""

    server: frozenset[int]
    others: frozenset[int]

    @classmethod
    def split(cls) -> "Cores":
        """Give the first core to the server; on a machine with one core they share it."""
        first, *rest = sorted(os.sched_getaffinity(0))
        return cls(frozenset({first}), frozenset(rest or {first}))

    def __str__(self) -> str:
        return f"server on core {_names(self.server)}, PostgreSQL and load on {_names(self.others)}"


def _names(cores: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(cores)))


@dataclass(frozen=True, slots=True)
class Application:
    """A running application.

    Attributes:
        name: Name of the peer.
        port: Port on the loopback interface.
        pid: Its first process.
    """

    name: str
    port: int
    pid: int

    def processes(self) -> list[int]:
        """Return its first process and all descendants."""
        pids = [self.pid]
        for pid in pids:
            for task in Path(f"/proc/{pid}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
        return pids

    def settle(self, seconds: float = 20, *, database: Callable[[], float] | None = None) -> None:
        """Wait until it is idle: servers finish requests of clients that have left.

        Args:
            seconds: Longest time to wait.
            database: Clock of PostgreSQL, which must be idle too: a server that waits for its
                answers uses no processor time.
        """
        until, before = time.monotonic() + seconds, -1.0
        while (now := self._clock(database)) > before + TICK:
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} does not come to rest.")
            before = now
            time.sleep(0.1)

    def _clock(self, database: Callable[[], float] | None) -> float:
        return cpu_seconds(self.processes()) + (database() if database else 0.0)

    def memory(self) -> dict[str, float]:
        """Return resident memory and its peak, in MB of 10^6 bytes."""
        sums = {"VmRSS": 0.0, "VmHWM": 0.0}
        for pid in self.processes():
            status = Path(f"/proc/{pid}/status").read_text()
            for name in sums:
                if match := re.search(rf"{name}:\s+(\d+) kB", status):
                    sums[name] += int(match[1]) * 1024 / 1e6
        return {"rss_mb": round(sums["VmRSS"], 1), "peak_mb": round(sums["VmHWM"], 1)}

    def reset_peak(self) -> None:
        """Reset the peak of resident memory."""
        for pid in self.processes():
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time that ``pids`` have used so far; 0 for an ended process."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[11]) + int(fields[12])
    return total * TICK


def busy_seconds() -> float:
    """Return the busy time of all cores, including the hypervisor's share."""
    values = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(values) - values[3] - values[4]) * TICK


def children_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def command(module: str, server: str, port: int) -> list[str]:
    """Return the command that serves ``module`` with ``server`` on ``port``."""
    if server == "node":
        return [*node_command(module), str(port)]
    target = f"benchmarks.peers.{module}:app"
    if server == "granian":
        words = (
            "granian --interface rsgi --workers 1 --no-access-log --log-level warning --loop uvloop"
        )
        return [*_module(words), "--host", "127.0.0.1", "--port", str(port), target]
    words = "uvicorn --loop uvloop --http httptools --no-access-log --log-level warning"
    return [*_module(words), "--host", "127.0.0.1", "--port", str(port), target]


def node_command(module: str) -> list[str]:
    """Return the command that serves ``module`` with Node.js, without the port at its end."""
    # Its packages are those of the tests that ask it.
    script = ROOT / "tests" / "peers" / f"{module}.mjs"
    return ["env", "GRAPHILE_ENV=production", "node", str(script)]


def _module(words: str) -> list[str]:
    return [str(interpreter.python()), "-m", *words.split()]


@contextmanager
def serving(
    name: str, words: list[str], port: int, environment: Mapping[str, str], cores: frozenset[int]
) -> Iterator[Application]:
    """Run an application while the block runs; its output goes to the cache directory."""
    log = CACHE / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=output,
            stderr=output,
        )
    try:
        os.sched_setaffinity(process.pid, cores)
        _wait(process, port, log)
        yield Application(name, port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The application ended:\n{log.read_text()[-3000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The application does not listen:\n{log.read_text()[-3000:]}")

"""Directory in memory for the data of test servers.

PostgreSQL creates three hundred files for a database and removes them again. In memory that takes
a third to an eighth of the processor's time that it takes on a disk.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
NEEDED: Final = 4 * 2**30
"""Free bytes below which the disk is used: several processes have several servers each."""

_PREFIX: Final = f"fraiseql-tests-{os.getuid()}-"
_PATIENCE: Final = 10.0
_YOUNG: Final = 60.0
"""Seconds in which the owner of a new directory has locked it."""


@contextmanager
def memory_directory(fallback: Path, memory: Path = MEMORY, needed: int = NEEDED) -> Iterator[Path]:
    """Make a directory in memory, or use ``fallback`` where memory is absent or small.

    What killed runs left in memory is removed first.
    """
    _remove_abandoned(memory)
    if not _has_room(memory, needed):
        yield fallback
        return
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory))
    lock = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield directory
    finally:
        _wait_for_servers(directory)
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def _wait_for_servers(directory: Path) -> None:
    """Wait for servers, which end a moment after their last client."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and any(directory.glob("*/*/data/postmaster.pid")):
        time.sleep(0.02)


def _has_room(memory: Path, needed: int) -> bool:
    if not os.access(memory, os.W_OK):
        return False
    status = os.statvfs(memory)
    return min(status.f_bavail * status.f_frsize, _available()) >= needed


def _available() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _remove_abandoned(memory: Path) -> None:
    """Remove directories of runs that no longer exist: the kernel releases their locks."""
    for directory in memory.glob(f"{_PREFIX}*"):
        # Another process may remove the same one.
        with suppress(OSError):
            if time.time() - directory.stat().st_mtime < _YOUNG:
                continue
            lock = os.open(directory, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)

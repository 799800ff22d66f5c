"""Removal of a scratch directory when its owner ends, however it ends.

A separate program, standard library only: ``python scratch_cleaner.py DIRECTORY``, whose standard
input is a pipe of the owner. The pipe closes with the owner, also by kill -9.
"""

import os
import shutil
import sys
import time
from pathlib import Path

_SECONDS = 60.0
_POLL = 0.05


def runs(directory: Path) -> bool:
    """Return whether a server of the directory runs or is about to."""
    for file in directory.glob("postgresql-*/data*/postmaster.pid"):
        try:
            os.kill(int(file.read_text().split()[0]), 0)
        except (OSError, ValueError, IndexError):
            continue
        return True
    return False


def remove(directory: Path) -> None:
    """Remove the directory when its server has stopped, at the latest after a minute."""
    deadline = time.monotonic() + _SECONDS
    while directory.exists() and time.monotonic() < deadline:
        if not runs(directory):
            shutil.rmtree(directory, ignore_errors=True)
        time.sleep(_POLL)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    remove(Path(sys.argv[1]))

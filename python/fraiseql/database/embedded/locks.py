"""File locks of the embedded server, with a deadline.

They are ``flock`` locks, which the kernel releases when their holder ends.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fraiseql.database.embedded.layout import Layout
from fraiseql.database.embedded.supervisor import try_lock
from fraiseql.errors import EmbeddedServerError

_POLL: Final = 0.02


def open_lock(path: Path) -> int:
    """Open or make a lock file, which child programs do not inherit."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def starting(layout: Layout, deadline: float) -> Iterator[None]:
    """Hold start.lock, which only one client can hold, during the block.

    Raises:
        EmbeddedServerError: Another client holds it until ``deadline`` (monotonic seconds).
    """
    fd = open_lock(layout.start_lock)
    try:
        _wait_for(layout, fd, fcntl.LOCK_EX, deadline)
        yield
    finally:
        os.close(fd)


def take_claim(layout: Layout, deadline: float) -> int:
    """Take a claim after any stopping server has ended; return the descriptor to close.

    Raises:
        EmbeddedServerError: It has not stopped by ``deadline`` (monotonic seconds).
    """
    fd = open_lock(layout.claims_lock)
    try:
        _wait_for(layout, fd, fcntl.LOCK_SH, deadline)
    except BaseException:
        os.close(fd)
        raise
    return fd


def late(layout: Layout) -> EmbeddedServerError:
    """Return the error of a server that was not ready in time."""
    return EmbeddedServerError(
        f"The embedded PostgreSQL in {layout.directory} was not ready in time.",
        hint=f"Recovery after a crash can take long: see {layout.log}, and use a longer timeout.",
        code="EMBEDDED_TIMEOUT",
    )


def _wait_for(layout: Layout, fd: int, kind: int, deadline: float) -> None:
    while not try_lock(fd, kind):
        if time.monotonic() > deadline:
            raise late(layout)
        time.sleep(_POLL)

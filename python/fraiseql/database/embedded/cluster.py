"""Options of initdb and the configuration of a new data directory."""

import os
import sys
from typing import Final

_FIRST_WITH_BUILTIN_LOCALES: Final = 17
_NOT_DURABLE: Final = """\
# For disposable data: a crash of the machine can damage it, a crash of the server cannot.
fsync = off
full_page_writes = off
"""


def initdb_options(major: int, user: str, *, durable: bool) -> list[str]:
    """Return the options of initdb except the directory.

    Text sorts by code point with Unicode letters, if possible on every system, so that tests and
    indexes do not depend on the machine's language.
    """
    common = ["-U", user, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    if not durable:
        common.append("--no-sync")
    if major >= _FIRST_WITH_BUILTIN_LOCALES:
        return [*common, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*common, "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]


def configuration(*, durable: bool) -> str:
    """Return the text to append to ``postgresql.conf``.

    The socket, and that the server listens on nothing else, are options of the command line.
    """
    return f"""
# FraiseQL: for development on one machine. Written once; edit it freely.
# The only way to connect is a socket in a directory of mode 0700, which only its owner can enter;
# there pg_hba.conf trusts every user without a password.
max_connections = 50
shared_buffers = {_shared_buffers()}MB
log_line_prefix = '%m [%p] '
log_timezone = 'UTC'
timezone = 'UTC'
{"" if durable else _NOT_DURABLE}"""


def _shared_buffers() -> int:
    """A sixteenth of the memory, from 16 to 128 MiB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(16, min(128, memory // 2**20 // 16))

"""Cluster: how a new data directory is made, and the configuration it begins with."""

import os
import sys
from typing import Final

_FIRST_WITH_BUILTIN_LOCALES: Final = 17
_NOT_DURABLE: Final = """\
# For data that may be lost: a crash of the machine can damage them, one of the server cannot.
fsync = off
full_page_writes = off
"""


def initdb_options(major: int, user: str, *, durable: bool) -> list[str]:
    """Return what initdb is told besides the directory.

    Sorting is by code point and letters are Unicode's, on every system alike where that is
    possible, so that tests and indexes do not depend on the machine's language.
    """
    common = ["-U", user, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    if not durable:
        common.append("--no-sync")
    if major >= _FIRST_WITH_BUILTIN_LOCALES:
        return [*common, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*common, "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]


def configuration(*, durable: bool) -> str:
    """Return what is added to ``postgresql.conf``.

    Where the socket is and that there is no other way in stands on the server's command line.
    """
    return f"""
# FraiseQL: for development on one machine. Written once; change what you like.
# There is no way in but a socket in a directory that only its owner can enter (mode 0700);
# behind that door pg_hba.conf trusts everybody and asks no password.
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

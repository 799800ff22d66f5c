"""Options of initdb and the configuration of a new data directory."""

import os
import sys
from collections.abc import Mapping
from typing import Final

from fraiseql.sizing.machine import local_machine
from fraiseql.sizing.sizes import EMBEDDED_SHARE, MB, embedded_sizes, setting_text

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

    The socket, and that the server listens on nothing else, are options of the command line. The
    memory is a share of that of the machine; disposable data gets little.
    """
    memory = _memory()
    sizes = embedded_sizes(int(memory * EMBEDDED_SHARE)) if durable else _little(memory)
    lines = "\n".join(f"{name} = {setting_text(size)}" for name, size in sizes.items())
    return f"""
# FraiseQL: for development on one machine. Written once; edit it freely.
# The only way to connect is a socket in a directory of mode 0700, which only its owner can enter;
# there pg_hba.conf trusts every user without a password.
max_connections = 50
{lines}
log_line_prefix = '%m [%p] '
log_timezone = 'UTC'
timezone = 'UTC'
{"" if durable else _NOT_DURABLE}"""


def _little(memory: int) -> Mapping[str, int]:
    """Return a cache of a sixteenth of the memory, from 16 to 128 MB."""
    return {"shared_buffers": max(16, min(128, memory // MB // 16)) * MB}


def _memory() -> int:
    """Return the bytes of memory of the machine, within its control groups."""
    machine = local_machine()
    if machine is not None:
        return machine.memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

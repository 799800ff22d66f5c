"""Restart of an embedded server that others may use."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from fraiseql.database.embedded.binaries import find_binaries
from fraiseql.database.embedded.launch import read_record
from fraiseql.database.embedded.layout import prepare_layout
from fraiseql.database.embedded.locks import late
from fraiseql.database.embedded.server import EmbeddedServer, start_embedded

_POLL: Final = 0.02


def restart_embedded(
    data_dir: Path | str, *, binaries: Path | str | None = None, timeout: float = 60.0
) -> EmbeddedServer:
    """Stop the server of a directory with a fast shutdown, and start it again.

    All its connections end. Other clients keep their claims, and connect again.

    Args:
        data_dir: Directory of the data.
        binaries: Directory of PostgreSQL's programs; None searches for them.
        timeout: Seconds to wait for the stop, and then for the start.

    Returns:
        A claim on the server.

    Raises:
        EmbeddedServerError: It does not stop or start.
    """
    programs = find_binaries(None if binaries is None else Path(binaries))
    layout = prepare_layout(Path(data_dir), programs.major)
    record = read_record(layout)
    if record is not None:
        deadline = time.monotonic() + timeout
        with suppress(ProcessLookupError):
            os.kill(record["supervisor"], signal.SIGTERM)
        while (now := read_record(layout)) and now["server"] == record["server"]:
            if time.monotonic() > deadline:
                raise late(layout)
            time.sleep(_POLL)
    return start_embedded(data_dir, binaries=binaries, timeout=timeout)

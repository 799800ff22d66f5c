"""Claims on an embedded PostgreSQL server.

The server runs while any process holds a claim.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from fraiseql.database.embedded.binaries import find_binaries
from fraiseql.database.embedded.launch import join_or_start
from fraiseql.database.embedded.layout import (
    DATABASE,
    USER,
    Layout,
    prepare_layout,
    unusable_directory,
)
from fraiseql.database.embedded.locks import starting, take_claim


@dataclass(frozen=True, slots=True)
class Dsn:
    """Address of a database, with the names of ``asyncpg.connect``.

    Attributes:
        host: Directory of the server's unix socket.
        port: Number in the socket's name.
        user: The superuser, who needs no password.
        database: Name of the database.
    """

    host: str
    port: int
    user: str = USER
    database: str = DATABASE


class EmbeddedServer:
    """A claim on a running embedded server, from ``start_embedded``.

    Attributes:
        dsn: Host, port, user and database.
        version: Version of the server, such as ``18.6``.
        log: Log file of the server.
        binaries: Directory of its PostgreSQL programs.
        data: Its data directory.
    """

    def __init__(self, record: dict[str, Any], layout: Layout, binaries: Path, claim: int) -> None:
        self.dsn = Dsn(host=record["host"], port=record["port"])
        self.version: str = record["version"]
        self.log = layout.log
        self.binaries = binaries
        self.data = layout.data
        self._claim: int | None = claim

    @property
    def url(self) -> str:
        """``postgresql://`` address of the database ``postgres``."""
        return self.url_for(self.dsn.database)

    def url_for(self, database: str) -> str:
        """Return the ``postgresql://`` address of another database of this server."""
        options = f"host={quote(self.dsn.host, safe='')}&port={self.dsn.port}"
        return f"postgresql://{self.dsn.user}@/{quote(database, safe='')}?{options}"

    def close(self) -> None:
        """Release the claim; the server stops with its last claim. Safe to call again."""
        claim, self._claim = self._claim, None
        if claim is not None:
            # Closed, not unlocked: a forked child keeps its inherited claim.
            os.close(claim)

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the claim."""
        self.close()


def start_embedded(
    data_dir: Path | str = ".fraiseql",
    *,
    binaries: Path | str | None = None,
    durable: bool = True,
    timeout: float = 60.0,
) -> EmbeddedServer:
    """Join the embedded PostgreSQL of a directory, or start it.

    Blocks about a second to make a database, a tenth of a second to start one. Several processes
    may call it at once; each holds a claim until it closes it or ends, and the server stops with
    the last claim.

    Args:
        data_dir: Directory of the data; made if it does not exist.
        binaries: Directory of PostgreSQL's programs; None searches for them.
        durable: False makes a database for tests, whose data a crash of the machine may damage;
            only used when the database is made.
        timeout: Seconds to wait for the server.

    Returns:
        The claim, with the address of the server.

    Raises:
        EmbeddedServerError: There are no programs, the directory cannot be used or contains data
            of another major version, or the server does not start.
    """
    programs = find_binaries(None if binaries is None else Path(binaries))
    layout = prepare_layout(Path(data_dir), programs.major)
    deadline = time.monotonic() + timeout
    try:
        with starting(layout, deadline):
            claim = take_claim(layout, deadline)
            try:
                record = join_or_start(layout, programs, deadline, durable=durable)
            except BaseException:
                os.close(claim)
                raise
    except OSError as error:
        raise unusable_directory(layout.directory, error) from error
    return EmbeddedServer(record, layout, programs.directory, claim)

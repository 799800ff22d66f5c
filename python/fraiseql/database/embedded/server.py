"""Server: join or start the embedded PostgreSQL, and hold on to it.

The server lives as long as any process holds a claim.
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
    """Where a database is, in the words of ``asyncpg.connect``.

    Attributes:
        host: Directory of the server's unix socket.
        port: Number in the socket's name.
        user: The database's superuser; no password is asked.
        database: Name of the database.
    """

    host: str
    port: int
    user: str = USER
    database: str = DATABASE


class EmbeddedServer:
    """A claim on a running embedded server; made by ``start_embedded``.

    Attributes:
        dsn: Host, port, user and database.
        version: Of the running server, such as ``18.6``.
        log: File that the server writes its log to.
        binaries: Directory of the PostgreSQL programs that fit it.
    """

    def __init__(self, record: dict[str, Any], layout: Layout, binaries: Path, claim: int) -> None:
        self.dsn = Dsn(host=record["host"], port=record["port"])
        self.version: str = record["version"]
        self.log = layout.log
        self.binaries = binaries
        self._claim: int | None = claim

    @property
    def url(self) -> str:
        """``postgresql://`` address of the database ``postgres``."""
        return self.url_for(self.dsn.database)

    def url_for(self, database: str) -> str:
        """Return the ``postgresql://`` address of another database of this server."""
        place = f"host={quote(self.dsn.host, safe='')}&port={self.dsn.port}"
        return f"postgresql://{self.dsn.user}@/{quote(database, safe='')}?{place}"

    def close(self) -> None:
        """Let go of the claim; the server stops if nobody else holds one. Safe to call again."""
        claim, self._claim = self._claim, None
        if claim is not None:
            # Only closed, not unlocked: a forked child that inherited it keeps its claim.
            os.close(claim)

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the claim."""
        self.close()


def start_embedded(
    data_dir: Path | str = ".fraiseql",
    *,
    binaries: Path | str | None = None,
    durable: bool = True,
    timeout: float = 60.0,
) -> EmbeddedServer:
    """Join the embedded PostgreSQL of a directory, starting it if it does not run.

    Blocks: about a second when the database is made, a tenth of one when it is only started.
    Several processes may call it at once; each holds a claim until it closes it or ends, and the
    server stops when the last claim is gone.

    Args:
        data_dir: Directory to keep the data in; made if it is not there.
        binaries: Directory of PostgreSQL's programs; None finds them.
        durable: False makes a database whose data a crash of the machine may damage, for tests;
            only looked at when the database is made.
        timeout: Seconds to wait for the server.

    Returns:
        The claim, with the address of the server.

    Raises:
        EmbeddedServerError: There is no PostgreSQL to run, the directory cannot be used or holds
            another major version's data, or the server does not start.
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

"""Standby: a physical copy of a running server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from fraiseql.database.embedded import isolation
from tests.failure.crashing import Crashing
from tests.integration.caching.results.stores.store_fixture import eventually


@asynccontextmanager
async def standby(own: Crashing, binaries: Path, directory: Path) -> AsyncIterator[str]:
    """A standby of a server; its address."""
    copy = [binaries / "pg_basebackup", "-d", own.url, "-D", directory, "-R", "-X", "stream", "-c"]
    await asyncio.to_thread(subprocess.run, [*copy, "fast", "--no-sync"], check=True)
    options = {"unix_socket_directories": directory, "listen_addresses": "", "port": 5439}
    settings = [f"--{name}={value}" for name, value in options.items()]
    # As the embedded server is run where the tests are root's.
    isolated = [sys.executable, isolation.__file__, str(os.getpid()), json.dumps([str(directory)])]
    command = [*isolated, binaries / "postgres", "-D", directory, *settings]
    with directory.with_suffix(".log").open("w") as log:
        server = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    url = f"postgresql://postgres@/postgres?host={directory}&port=5439"
    try:
        await eventually(lambda: _lets_in(url))
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)
        await server.wait()


async def _lets_in(url: str) -> bool:
    try:
        await (await asyncpg.connect(url)).close()
    except (OSError, asyncpg.CannotConnectNowError):
        return False
    return True

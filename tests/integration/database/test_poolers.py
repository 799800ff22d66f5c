"""Detection of PgBouncer's refusals, ignored settings and shared servers."""

import asyncio
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import pytest

from fraiseql.database import Identity, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.settings import Settings

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
IGNORED = (
    "default_transaction_read_only, statement_timeout, client_encoding, TimeZone, DateStyle,"
    " IntervalStyle, extra_float_digits, bytea_output, jit"
)
PATIENCE = 20.0
OTHER_USER = "nobody"

pytestmark = pytest.mark.skipif(
    not Path(PROGRAM).exists(), reason="PgBouncer is not installed (Debian: pgbouncer)"
)


def version() -> tuple[int, ...]:
    result = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    numbers = re.search(r"PgBouncer (\d+)\.(\d+)", result.stdout)
    assert numbers is not None
    return tuple(int(number) for number in numbers.groups())


def reachable(folder: Path) -> None:
    """Let another user through: PgBouncer does not run as root."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & 0o001 and parent.owner() == Path.home().owner():
            parent.chmod(mode | 0o001)


def configuration(url: str, port: int, folder: Path, mode: str, ignored: str) -> str:
    parts = urlsplit(url)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host = options.get("host") or parts.hostname or ""
    reachable(Path(host))
    place = f"host={host} port={options.get('port', parts.port)} dbname={unquote(parts.path[1:])}"
    lines = [f"ignore_startup_parameters = {ignored}"] if ignored else []
    return "\n".join(
        [
            "[databases]",
            f"app = {place} user={parts.username}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {port}",
            "unix_socket_dir =",
            "auth_type = any",
            f"pool_mode = {mode}",
            "server_reset_query_always = 0",
            *(["max_prepared_statements = 100"] if version() >= (1, 21) else []),
            *lines,
            "",
        ]
    )


@contextmanager
def pooled(url: str, folder: Path, *, mode: str, ignored: str = "") -> Iterator[str]:
    """Run PgBouncer in front of a database; give the address of it."""
    folder.mkdir()
    folder.chmod(0o777)
    reachable(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / "pgbouncer.ini"
    file.write_text(configuration(url, port, folder, mode, ignored))
    other: Any = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(OTHER_USER)
        other = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    process = subprocess.Popen([PROGRAM, str(file)], stderr=subprocess.PIPE, text=True, **other)
    try:
        await_port(port, process)
        yield f"postgresql://{urlsplit(url).username}@127.0.0.1:{port}/app"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def await_port(port: int, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()[1]
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer did not listen in time")


async def refusal(url: str) -> str:
    pool = await open_pool(url, Settings())
    with pytest.raises(ConfigurationError) as caught:
        await pool.fetch_bytes("SELECT 1")
    await pool.close()
    return str(caught.value)


async def test_a_refused_parameter_is_named_with_its_remedy(database: str, tmp_path: Path) -> None:
    with pooled(database, tmp_path / "a", mode="session") as url:
        text = await refusal(url)
    assert "PgBouncer refused the start-up parameter " in text
    assert f"ignore_startup_parameters = {IGNORED}" in text
    assert "ALTER ROLE" in text


async def test_ignored_settings_are_named_and_can_be_set_for_the_role(
    database: str, tmp_path: Path
) -> None:
    with pooled(database, tmp_path / "a", mode="session", ignored=IGNORED) as url:
        text = await refusal(url)
    assert "ignored settings of the connection: " in text
    assert "IntervalStyle is 'postgres', not 'iso_8601'" in text
    assert "default_transaction_read_only is 'off', not 'on'" in text
    statements = re.findall(r"ALTER ROLE [^;]*;", text)
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("".join(statements))
        await connection.execute("CREATE ROLE pooled_reader; GRANT pooled_reader TO CURRENT_USER")
        with pooled(database, tmp_path / "b", mode="session", ignored=IGNORED) as url:
            await works_in_session_mode(url)
        with pooled(database, tmp_path / "c", mode="transaction", ignored=IGNORED) as url:
            await as_the_version_allows(url)
    finally:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute("ALTER ROLE CURRENT_USER RESET ALL; DROP ROLE pooled_reader")
        await connection.close()


async def works_in_session_mode(url: str) -> None:
    pool = await open_pool(url, Settings())
    try:
        identity = Identity.of("pooled_reader", {"app.tenant": "7"})
        query = "SELECT current_user::text AS who, current_setting('app.tenant', true) AS tenant"
        rows = await asyncio.gather(
            *[pool.fetch_bytes(query, [], chosen) for chosen in [identity, Identity.NONE] * 10]
        )
        assert [row[0]["tenant"] or "" for row in rows] == ["7", ""] * 10
        assert [row[0]["who"] == "pooled_reader" for row in rows] == [True, False] * 10
    finally:
        await pool.close()


async def as_the_version_allows(url: str) -> None:
    """Before 1.21 prepared statements are lost between transactions; roles are in all versions."""
    if version() < (1, 21):
        text = await refusal(url)
        assert "does not support prepared statements" in text
        assert "PgBouncer 1.21 or newer" in text
        return
    pool = await open_pool(url, Settings())
    try:
        rows = await asyncio.gather(
            *[pool.fetch_bytes("SELECT $1::int AS n", [number]) for number in range(50)]
        )
        assert [row[0]["n"] for row in rows] == list(range(50))
        with pytest.raises(ConfigurationError, match="shares servers between transactions"):
            await pool.fetch_bytes("SELECT 1", [], Identity.of("pooled_reader", {}))
    finally:
        await pool.close()


async def test_without_a_pooler_nothing_is_refused(database: str) -> None:
    pool = await open_pool(database, Settings())
    try:
        rows = await pool.fetch_bytes("SELECT current_setting('IntervalStyle') AS style")
        assert rows[0]["style"] == "iso_8601"
    finally:
        await pool.close()

"""Definitions of a database, copied with pg_dump and psql."""

import asyncio
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from fraiseql.operating.advise.scratch_server import no_scratch

Section = Literal["pre-data", "post-data"]

_OPTIONS: Final = (
    "--no-owner",
    "--no-privileges",
    "--no-comments",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--no-tablespaces",
)
_ENTRY: Final = re.compile(rb"(?m)^--\n-- TOC entry \d+ \(class (\d+) OID (\d+)\)$")
_DROPPED: Final = ("PG", "LC_", "LANG")
_KEPT: Final = (
    "PGDATABASE",
    "PGHOST",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGSSLCERT",
    "PGSSLCRL",
    "PGSSLKEY",
    "PGSSLMAXPROTOCOLVERSION",
    "PGSSLMINPROTOCOLVERSION",
    "PGSSLMODE",
    "PGSSLNEGOTIATION",
    "PGSSLROOTCERT",
    "PGUSER",
)
"""Variables that the driver reads too. Not PGHOSTADDR, which replaces the host of an address."""

_TAKEN: Final = frozenset(
    {
        "connect_timeout",
        "dbname",
        "gssencmode",
        "gsslib",
        "host",
        "krbsrvname",
        "options",
        "passfile",
        "port",
        "service",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslrootcert",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "target_session_attrs",
        "user",
    }
)
"""Options of an address for pg_dump too; the driver takes others as settings of the session."""


async def dump_section(
    url: str,
    programs: Path,
    section: Section,
    snapshot: str | None = None,
    without: Collection[tuple[int, int]] = (),
) -> bytes:
    """Return the definitions of a database as SQL.

    Args:
        url: Its address.
        programs: Directory of PostgreSQL's programs.
        section: Tables and functions (``pre-data``); indexes, constraints and triggers
            (``post-data``).
        snapshot: An exported snapshot of the database; None for its own.
        without: Objects that are left out: ids of their catalog and their own, as pg_dump names
            them.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: there is no pg_dump, or it failed.
    """
    taken = () if snapshot is None else (f"--snapshot={snapshot}",)
    words = (f"--section={section}", *taken, *_OPTIONS)
    if not without:
        return await _dump(url, programs, words)
    return _without(await _dump(url, programs, (*words, "--verbose")), without)


def _without(dump: bytes, objects: Collection[tuple[int, int]]) -> bytes:
    """Return a verbose dump without some objects."""
    entries = list(_ENTRY.finditer(dump))
    ends = [*(each.start() for each in entries[1:]), len(dump)]
    kept = [dump[: entries[0].start()] if entries else dump]
    for entry, end in zip(entries, ends, strict=False):
        if (int(entry[1]), int(entry[2])) not in objects:
            kept.append(dump[entry.start() : end])
    return b"".join(kept)


async def dump_statistics(url: str, programs: Path, excluded: Sequence[str]) -> bytes:
    """Return the definitions and statistics of a database as SQL.

    Statistics contain values of rows.

    Args:
        url: Its address.
        programs: Directory of PostgreSQL's programs.
        excluded: Quoted names of tables that are left out.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: there is no pg_dump, or it failed.
    """
    without = tuple(f"--exclude-table={name}" for name in excluded)
    schema = await _dump(url, programs, ("--schema-only", *_OPTIONS, *without))
    # At the end: creating an index over an empty table replaces the statistics of that table.
    return schema + await _dump(url, programs, ("--statistics-only", "--no-owner", *without))


async def _dump(url: str, programs: Path, words: tuple[str, ...]) -> bytes:
    plain, environment = libpq_address(url)
    dump, errors = await _run(programs / "pg_dump", (*words, f"--dbname={plain}"), environment, b"")
    if errors:
        messages = [line for line in errors if "error:" in line] or errors
        raise no_scratch(messages[0])
    return dump


async def restore(url: str, programs: Path, dump: bytes) -> list[str]:
    """Run dumped statements, also after one that fails; return the messages of those.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: there is no psql.
    """
    plain, environment = libpq_address(url)
    words = ("--no-psqlrc", "--quiet", "--output=/dev/null", f"--dbname={plain}")
    _, errors = await _run(programs / "psql", words, environment, dump)
    return [line.partition("ERROR:")[2].strip() for line in errors if "ERROR:" in line]


async def _run(
    program: Path, words: tuple[str, ...], environment: Mapping[str, str], text: bytes
) -> tuple[bytes, list[str]]:
    """Run a program; return its output, and the lines of its errors."""
    if not os.path.isfile(program):  # noqa: ASYNC240, PTH113 - one look
        raise no_scratch(f"{program} does not exist")
    process = await asyncio.create_subprocess_exec(
        str(program),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        output, errors = await process.communicate(text)
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    lines = errors.decode(errors="replace").splitlines()
    failed = lines or [f"exit code {process.returncode}"]
    return output, failed if process.returncode else [line for line in lines if "ERROR:" in line]


def libpq_address(url: str) -> tuple[str, dict[str, str]]:
    """Return an address without its password, and an environment with it.

    Other users see the words of a command, not its environment. Its variables for TLS and
    passwords stay, since the driver reads them too.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH``: the address has a password of a key.
    """
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "sslpassword" in given:
        raise no_scratch("sslpassword would be seen by other users, as a word of pg_dump")
    password = given.get("password")
    options = {name: value for name, value in given.items() if name in _TAKEN}
    place = parts.netloc
    if parts.password is not None:
        user, _, host = place.rpartition("@")
        password, place = unquote(parts.password), f"{user.partition(':')[0]}@{host}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_DROPPED)}
    environment |= {name: os.environ[name] for name in _KEPT if name in os.environ}
    if password is not None:
        environment["PGPASSWORD"] = password
    plain = urlunsplit(parts._replace(netloc=place, query=urlencode(options, quote_via=quote)))
    return plain, environment

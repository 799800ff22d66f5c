"""Writing: random transactions that commit late, by this process and by plain psql."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import asyncpg

from tests.integration.caching.projection.writers import DRAWN, TRUNCATES, Chance, Statement, Writer
from tests.integration.caching.results.oracle.cases import Case

BURST, QUIET = 0.15, 0.25
"""Seconds in which all write, and then all but a few long transactions are still: time for hits."""

Done = Callable[[], bool]


async def _until_burst() -> None:
    moment = time.monotonic() % (BURST + QUIET)
    if moment > BURST:
        await asyncio.sleep(BURST + QUIET - moment)


class Author(Writer):
    """A session whose transactions take numbers early and commit late."""

    async def _steps(self, transaction: asyncpg.transaction.Transaction, level: str) -> str:
        if self.c.happens(0.2):
            # A number before others', and a commit after theirs.
            await self.connection.execute("SELECT pg_current_xact_id()")
            await asyncio.sleep(self.c.random.choice((0, 0.01, 0.1)))
        return await super()._steps(transaction, level)

    async def _rarely(self) -> None:
        if self.c.happens(0.01):
            await self._execute((self.c.random.choice(TRUNCATES[self.case.name]), ()))
        if self.c.happens(0.2):
            await asyncio.sleep(self.c.random.choice((0.002, 0.01, 0.05, 0.2)))


async def write(url: str, case: Case, seed: int, done: Done) -> int:
    """Write until it is done; count the transactions that committed."""
    connection = await asyncpg.connect(url, server_settings={"deadlock_timeout": "50ms"})
    author = Author(connection, case, Chance(seed), deque(maxlen=1), 0)
    committed = 0
    try:
        while not done():
            await _until_burst()
            committed += await author.transaction() == "committed"
            await asyncio.sleep(author.c.random.uniform(0, 0.02))
    finally:
        await connection.close()
    return committed


async def write_with_psql(psql: Path, url: str, case: Case, c: Chance) -> None:
    """Let one process of psql write a few transactions."""
    process = await asyncio.create_subprocess_exec(
        *(psql, "-X", "-q", "-d", url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        # Its statements may fail: then its transaction is rolled back, as it should be.
        await process.communicate(script(case, c).encode())
    finally:
        with suppress(ProcessLookupError):
            process.kill()


def script(case: Case, c: Chance) -> str:
    """Write a few transactions as text."""
    lines = ["SET deadlock_timeout = '50ms';"]
    for _ in range(c.key(3)):
        lines.append("BEGIN;")
        for number in range(c.key(3)):
            text = inlined(DRAWN[case.name](c))
            lines += [f"SAVEPOINT s{number};", text]
            if c.happens(0.2):
                lines.append(f"ROLLBACK TO s{number};")
        lines.append("ROLLBACK;" if c.happens(0.1) else "COMMIT;")
    return "\n".join(lines) + "\n"


def inlined(statement: Statement) -> str:
    """Write a statement with its values in it, for psql."""
    text, values = statement
    if text.startswith("COPY"):
        rows = ["\t".join("\\N" if v is None else str(v) for v in row) for row in values]  # type: ignore[attr-defined]
        return "\n".join([f"{text} FROM STDIN;", *rows, "\\."])
    for number, value in sorted(enumerate(values, 1), reverse=True):
        text = text.replace(f"${number}", _literal(value))
    return f"{text};"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str | UUID) else str(value)

"""Crashes and restarts of PostgreSQL under the native server: right answers or refusals."""

import asyncio
import json
import os
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from fraiseql.cli.listen import bind_near, port_of
from tests.cache_environment import apply_schema
from tests.failure.outage_app import app
from tests.failure.test_database_away import Own, own  # noqa: F401 - a fixture
from tests.integration.cli.program import HOST, running
from tests.ports import FIRST_PORT
from tests.property.roads import Response, ask_in_order, post

ROOT = Path(__file__).parents[2]
PLACES = 5
TABLES = f"""
CREATE TABLE place (id int PRIMARY KEY, round int NOT NULL);
INSERT INTO place SELECT n, 0 FROM generate_series(1, {PLACES}) n;
"""
FIELDS = ("live", "cached")


@dataclass
class Traffic:
    """Clients of one server, and what they have seen.

    Attributes:
        written: The last round whose write is acknowledged.
        seen: Answers by field, without Python (``live native``) and with it; refusals.
        wrong: Answers with an earlier round than one that was acknowledged before the request.
    """

    port: int
    written: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def client(self, number: int) -> None:
        """Ask for one place on one connection after the other."""
        while True:
            asked = [FIELDS[place % 2] for place in range(10)]
            queries = [f"{{ v: {name}(id: {1 + number % PLACES}) {{ round }} }}" for name in asked]
            before = self.written
            answers = await ask_in_order(self.port, [post(query, "") for query in queries])
            for name, answer in zip(asked, answers, strict=True):
                self.judge(name, before, answer)

    def judge(self, name: str, before: int, answer: Response) -> None:
        """Note an answer to a request that was sent after an acknowledged write."""
        content = json.loads(answer.body)
        codes = {error["extensions"]["code"] for error in content.get("errors", ())}
        if codes == {"DATABASE_UNAVAILABLE"}:
            self.seen["refused"] += 1
        elif codes or not before <= content["data"]["v"]["round"] <= self.written + 1:
            self.wrong.append(f"{name} after {before}: {content}")
        else:
            self.seen[name + " native" * answer.native] += 1

    async def until_native(self) -> None:
        """Wait until all is answered without Python, and nothing is refused."""
        for _ in range(600):
            self.seen.clear()
            await asyncio.sleep(0.2)
            if self.seen["refused"] == 0 and all(self.seen[f"{name} native"] for name in FIELDS):
                return
        raise AssertionError(f"not native again: {self.seen}")


async def crash(url: str) -> None:
    """End a backend as a fault does: PostgreSQL ends all the others, and recovers."""
    connection = await asyncpg.connect(url)
    pid = await connection.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'fraiseql' LIMIT 1"
    )
    os.kill(pid, signal.SIGKILL)
    connection.terminate()


async def write(traffic: Traffic, url: str) -> None:
    """Begin the next round, once PostgreSQL accepts clients."""
    connection = None
    while connection is None:
        with suppress(asyncpg.CannotConnectNowError):
            connection = await asyncpg.connect(url)
        await asyncio.sleep(0.05)
    await connection.execute("UPDATE place SET round = $1", traffic.written + 1)
    traffic.written += 1
    await connection.close()


async def test_crashes_and_restarts_give_no_earlier_answer(own: Own, tmp_path: Path) -> None:  # noqa: F811
    url = own.running.url
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()
    await apply_schema(url, app.service.schema)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    with bind_near(HOST, FIRST_PORT + 730) as bound:
        port = port_of(bound)
    words = ("serve", "tests.failure.outage_app:app", "--port", str(port))
    with running(*words, cwd=tmp_path, url=url) as program:
        await asyncio.to_thread(program.answer, port, "{ __typename }")
        traffic = Traffic(port)
        clients = [asyncio.create_task(traffic.client(number)) for number in range(4)]
        await traffic.until_native()
        await write(traffic, url)
        await traffic.until_native()
        await crash(url)
        await traffic.until_native()
        await write(traffic, url)
        await traffic.until_native()
        await restarted(own, traffic)
        await write(traffic, own.running.url)
        await traffic.until_native()
        ended: Any = [task for task in clients if task.done()]
        for task in clients:
            task.cancel()
        assert ended == []
        assert traffic.wrong == []
        assert "Traceback" not in program.text()
        assert "The native server cannot connect to PostgreSQL: " in program.text()


async def restarted(own: Own, traffic: Traffic) -> None:  # noqa: F811
    """Stop PostgreSQL, and start it again when requests have been refused."""
    await own.stop()
    traffic.seen.clear()
    for _ in range(600):
        if traffic.seen["refused"]:
            break
        await asyncio.sleep(0.05)
    assert traffic.seen["refused"], traffic.seen
    await own.start()
    await traffic.until_native()

"""Away: requests are refused clearly while the database is gone, and answered when it is back."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.errors import ConfigurationError, DatabaseUnavailable
from fraiseql.events import Timings
from fraiseql.repositories import Repository
from fraiseql.serving import Request, Service

TABLES = """
CREATE TABLE point (id int PRIMARY KEY, data jsonb NOT NULL);
INSERT INTO point SELECT n, jsonb_build_object('name', 'point ' || n) FROM generate_series(1, 50) n;
"""
QUERY = "query ($id: Int!) { point(id: $id) { id name } slow: pythonPoint(id: $id) { name } }"


@fraiseql.type(sql_source="point", jsonb_column="data")
class Point:
    id: int
    name: str


@fraiseql.query
async def python_point(info: fraiseql.Info, id: int) -> Point | None:  # noqa: A002
    return await Repository(info.context["db"], info.context).find_one("point", id=id)


def make(url: str, **options: Any) -> Service:
    queries = [fraiseql.find_one("point", Point, by="id"), python_point]
    return fraiseql.create_app(queries=queries, database_url=url, **options).service


async def ask(service: Service, number: int = 1) -> dict[str, Any]:
    request = Request(QUERY, variables={"id": number})
    response = await service.execute(request, {}, Timings())
    return json.loads(bytes(response.body))


class Own:
    """A server of the test's own, which it may stop and start again."""

    def __init__(self, server: EmbeddedServer, directory: Path) -> None:
        self._binaries = server.binaries
        self._directory = directory

    async def start(self) -> str:
        self.running = await asyncio.to_thread(
            start_embedded, self._directory, binaries=self._binaries, durable=False
        )
        return self.running.url

    async def stop(self) -> None:
        """Release the last claim, and wait until the server accepts no clients."""
        await asyncio.to_thread(self.running.close)
        for _ in range(3000):
            if not await self._accepts_clients():
                return
            await asyncio.sleep(0.02)
        pytest.fail("the server did not stop")

    async def _accepts_clients(self) -> bool:
        try:
            await (await asyncpg.connect(self.running.url)).close()
        except (OSError, asyncpg.PostgresError):
            return False
        return True


@pytest.fixture
async def own(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Own]:
    own_server = Own(server, tmp_path / "data")
    url = await own_server.start()
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    await connection.close()
    yield own_server
    await own_server.stop()


async def test_a_restart_under_load(own: Own) -> None:
    service = make(own.running.url, pool_size=4, connect_timeout=2.0)
    await service.start()
    seen: Counter[str] = Counter()
    stop = asyncio.Event()

    async def client(number: int) -> None:
        while not stop.is_set():
            answer = await ask(service, number)
            seen[judged(answer, number)] += 1
            await asyncio.sleep(0.002)

    clients = [asyncio.create_task(client(n + 1)) for n in range(8)]
    await until_seen(seen, "right")
    assert set(seen) == {"right"}
    await own.stop()
    assert not await service.ready()
    await until_seen(seen, "refused")
    assert not any(task.done() for task in clients), "no client met an exception"
    await own.start()
    await until_answered(service)
    # Requests that began before the server was back are still refused.
    for _ in range(100):
        seen.clear()
        await asyncio.sleep(0.2)
        if set(seen) == {"right"}:
            break
    stop.set()
    await asyncio.gather(*clients)
    assert set(seen) == {"right"}, "it recovers by itself"
    assert await service.ready()
    await service.stop()


def judged(answer: dict[str, Any], number: int) -> str:
    """Return the outcome of a request: no answer may be partly right."""
    name = {"name": f"point {number}"}
    if "errors" not in answer:
        right = answer["data"] == {"point": {"id": number, **name}, "slow": name}
        return "right" if right else "WRONG"
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    data = answer["data"] or {}
    nulls = [data.get(error["path"][0]) is None for error in answer["errors"]]
    return "refused" if codes == {"DATABASE_UNAVAILABLE"} and all(nulls) else f"ODD {answer}"


async def until_seen(seen: Counter[str], outcome: str) -> None:
    """Wait for an outcome: other work may hold up the clients."""
    for _ in range(3000):
        if seen[outcome]:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"no client was {outcome}: {seen}")


async def until_answered(service: Service) -> None:
    for _ in range(3000):
        if "errors" not in await ask(service):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the service did not recover")


async def test_a_database_that_is_down_at_the_start(own: Own) -> None:
    service = make(own.running.url, connect_timeout=1.0)
    await own.stop()
    with pytest.raises(DatabaseUnavailable) as caught:
        await service.start()
    assert own.running.url not in str(caught.value)
    assert not await service.ready()
    await own.start()
    await service.start()
    assert judged(await ask(service), 1) == "right"
    await service.stop()


async def test_an_unreachable_address_is_an_error(tmp_path: Path) -> None:
    url = f"postgresql://someone:hunter2@/{'nothing'}?host={tmp_path}"
    with pytest.raises(DatabaseUnavailable) as caught:
        await make(url, connect_timeout=1.0).start()
    assert "hunter2" not in str(caught.value)


async def test_a_database_that_does_not_exist(server: EmbeddedServer) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        await make(server.url_for("no_such_database")).start()


async def test_a_service_that_was_stopped(own: Own) -> None:
    service = make(own.running.url)
    await service.start()
    assert judged(await ask(service), 1) == "right"
    await service.stop()
    with pytest.raises(DatabaseUnavailable, match="not started"):
        await ask(service)
    await service.start()
    assert judged(await ask(service), 1) == "right"
    await service.stop()


async def test_a_relation_that_is_dropped_and_created_again(own: Own) -> None:
    service = make(own.running.url, pool_size=1)
    await service.start()
    admin = await asyncpg.connect(own.running.url)
    assert judged(await ask(service), 1) == "right"
    await admin.execute("ALTER TABLE point RENAME TO point_before")
    answer = await ask(service)
    assert answer["data"] == {"point": None, "slow": None}
    assert {error["message"] for error in answer["errors"]} == {"Internal server error"}
    await admin.execute("ALTER TABLE point_before RENAME TO point")
    assert judged(await ask(service, 2), 2) == "right"
    await admin.execute("ALTER TABLE point ALTER COLUMN id TYPE bigint")
    assert judged(await ask(service, 3), 3) == "right", "the old prepared statement is let go"
    await admin.close()
    await service.stop()


async def test_a_statement_that_takes_too_long(own: Own) -> None:
    admin = await asyncpg.connect(own.running.url)
    await admin.execute("ALTER TABLE point RENAME TO base")
    await admin.execute("CREATE VIEW point AS SELECT base.* FROM base, pg_sleep(0.4) AS pause")
    service = make(own.running.url, statement_timeout=0.1)
    await service.start()
    answer = await ask(service)
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes == {"STATEMENT_TIMEOUT"}
    assert "SELECT" not in json.dumps(answer)
    await admin.close()
    await service.stop()


async def test_connections_that_are_killed_between_and_during_requests(own: Own) -> None:
    service = make(own.running.url, pool_size=3)
    await service.start()
    admin = await asyncpg.connect(own.running.url)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
    for number in range(1, 20):
        request = asyncio.create_task(ask(service, number))
        await admin.fetch(kill, "fraiseql")
        assert judged(await request, number) in ("right", "refused")
        assert judged(await ask(service, number), number) == "right"
    await admin.close()
    await service.stop()

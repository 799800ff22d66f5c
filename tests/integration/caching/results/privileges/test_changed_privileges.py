"""After each change of rights, what is cached, computed and live is what a new session reads."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.results.admin.privileges import grant
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.serving import Request
from fraiseql.settings import Settings
from tests.cache_environment import apply_schema
from tests.integration.caching.results.privileges.setup import QUERIES, SOURCES, STORES, named
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

SIDE_BY_SIDE = 2
"""Requests at a time, so that every connection of the pool has its plans."""

CHANGES = (
    "REVOKE fql_auditors FROM fql_app",
    "ALTER ROLE fql_app BYPASSRLS",
    "ALTER ROLE fql_app NOBYPASSRLS",
    "GRANT fql_owner TO fql_app",
    "ALTER TABLE note FORCE ROW LEVEL SECURITY",
    "ALTER TABLE note NO FORCE ROW LEVEL SECURITY",
    "REVOKE fql_owner FROM fql_app",
    "ALTER ROLE fql_app SUPERUSER",
    "ALTER ROLE fql_app NOSUPERUSER",
    "REVOKE fql_auditors FROM fql_inner",
    "ALTER ROLE fql_inner BYPASSRLS",
    "ALTER ROLE fql_inner NOBYPASSRLS",
    "ALTER VIEW v_inner OWNER TO fql_outer",
    "REVOKE fql_auditors FROM fql_outer",
    "GRANT fql_auditors TO fql_outer",
    "REVOKE fql_above FROM fql_below",
    "GRANT fql_above TO fql_below",
    "ALTER ROLE fql_app NOINHERIT",
    "ALTER ROLE fql_app INHERIT",
    "REVOKE SELECT ON plain FROM fql_inner",
    "GRANT fql_above TO fql_inner",
    "REVOKE fql_above FROM fql_inner",
    "GRANT SELECT ON plain TO fql_inner",
    "GRANT fql_auditors TO fql_request",
    "ALTER POLICY audited ON note TO fql_owner",
    "ALTER POLICY audited ON note TO fql_auditors",
    "ALTER ROLE fql_request BYPASSRLS",
    "ALTER ROLE fql_request NOBYPASSRLS",
    "REVOKE fql_request FROM fql_app",
    "GRANT fql_request TO fql_app",
    "ALTER ROLE fql_auditors RENAME TO fql_renamed",
    "ALTER ROLE fql_renamed RENAME TO fql_auditors",
    "REVOKE SELECT ON v_inner FROM PUBLIC",
    "GRANT SELECT (id, text) ON v_inner TO fql_app",
    "REVOKE SELECT (text) ON v_inner FROM fql_app",
    "REVOKE EXECUTE ON FUNCTION shout FROM fql_above",
    "GRANT EXECUTE ON FUNCTION shout TO fql_app",
    "REVOKE USAGE ON SCHEMA public FROM fql_inner",
    "REVOKE USAGE ON SCHEMA public FROM fql_app",
)
SINCE_16 = (
    "GRANT fql_below TO fql_app WITH INHERIT FALSE",
    "GRANT fql_below TO fql_app WITH INHERIT TRUE",
    "GRANT fql_request TO fql_app WITH SET FALSE",
    "GRANT fql_request TO fql_app WITH SET TRUE",
)


@pytest.fixture
def served(login: str, database: str, redis_url: str) -> Iterator[Served]:
    running = Served(
        login, queries=QUERIES, worker=False, redis_url=redis_url, pool_size=SIDE_BY_SIDE
    )
    try:
        running.run(apply_schema(database, running.service.schema))
        running.run(granted(database))
        running.run(running.service.start())
        yield running
    finally:
        running.close()


async def granted(url: str) -> None:
    pool = await open_pool(url, Settings())
    try:
        async with open_admin(pool) as writer:
            await grant(writer, "fql_app")
    finally:
        await pool.close()


async def answer_of(served: Served, name: str, role: str | None) -> Any:
    """What a request is answered; None for an error."""
    context = {} if role is None else {"role": role}
    request = Request(f"{{ {name} {{ id text }} }}")
    response = await served.service.execute(request, context, Timings())
    answer = json.loads(bytes(response.body))
    return None if "errors" in answer else answer["data"][name]


async def answers(served: Served, name: str, role: str | None) -> list[Any]:
    """Every different answer of many at a time, and of those after them."""
    collected: list[Any] = []
    for _ in range(2):
        together = [answer_of(served, name, role) for _ in range(SIDE_BY_SIDE)]
        collected += await asyncio.gather(*together)
        await asyncio.sleep(0)
    return [item for number, item in enumerate(collected) if item not in collected[:number]]


async def truth(url: str, role: str | None, *sources: str) -> dict[str, Any]:
    """Return what a session reads that has just begun, by source; None where it may not."""
    connection = await asyncpg.connect(url)
    try:
        if role is not None:
            await connection.execute(f"SET ROLE {role}")
        return {source: await read(connection, source) for source in sources}
    except asyncpg.PostgresError:
        return dict.fromkeys(sources)
    finally:
        await connection.close()


async def read(connection: asyncpg.Connection, source: str) -> Any:
    """Return the rows of a source; None for an error."""
    try:
        rows = await connection.fetch(f"SELECT id, text FROM public.{source} ORDER BY id")
    except asyncpg.PostgresError:
        return None
    return [dict(row) for row in rows]


async def wrong(served: Served, change: str) -> list[str]:
    """Every question that is answered otherwise than a new session is."""
    collected = []
    for role in (None, "fql_request"):
        rights = await truth(served.url, role, *SOURCES)
        for source, right in rights.items():
            for kind in (*STORES, "live"):
                answer = await answers(served, named(source, kind), role)
                if answer != [right]:
                    collected.append(f"{change}: {source} {kind} {role}: {answer}, not {right}")
    return collected


def test_every_change_of_rights_is_in_the_next_answer(served: Served, database: str) -> None:
    version = served.fetch("SELECT current_setting('server_version_num')::int AS n")[0]["n"]
    assert served.run(wrong(served, "at first")) == []
    for change in (*(SINCE_16 if version >= 160_000 else ()), *CHANGES):
        at_once(run_sql(database, change))
        assert served.run(wrong(served, change)) == []


def test_an_answer_is_a_hit_until_a_right_changes(served: Served, database: str) -> None:
    for source in ("note", "v_outer"):
        name = named(source, "unlogged")
        before = served.run(answers(served, name, None))
        assert len(before) == 1
        assert served.run(hit(served, name))
        at_once(run_sql(database, "REVOKE fql_auditors FROM fql_app, fql_inner"))
        assert not served.run(hit(served, name))
        assert served.run(answers(served, name, None)) != before
        assert served.run(hit(served, name))
        at_once(run_sql(database, "GRANT fql_auditors TO fql_app, fql_inner"))
        assert served.run(answers(served, name, None)) == before


async def hit(served: Served, name: str) -> bool:
    """Whether a request is answered from the cache."""
    await served.service.results.runtime.background.finish()
    request = Request(f"{{ {name} {{ id text }} }}")
    response = await served.service.execute(request, {}, Timings())
    assert response.cached is not None
    return response.cached.answers[name].outcome == "hit"


def test_a_role_that_may_not_ask_for_its_server_is_answered_live(
    served: Served, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    function = "FUNCTION pg_control_system()"
    at_once(run_sql(database, f"REVOKE EXECUTE ON {function} FROM PUBLIC"))
    served.run(served.service.stop())
    served.run(served.service.start())
    try:
        name = named("note", "unlogged")
        right = served.run(truth(served.url, None, "note"))["note"]
        assert served.run(answers(served, name, None)) == [right]
        assert not served.run(hit(served, name))
        answer_of = [text for text in caplog.messages if "GRANT EXECUTE" in text]
        assert len(answer_of) == 1
        assert "pg_control_system" in answer_of[0]
    finally:
        at_once(run_sql(database, f"GRANT EXECUTE ON {function} TO PUBLIC"))

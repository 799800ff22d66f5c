"""Many workers: one refresh at a time, within the interval, and none lost."""

import asyncio
import os
import signal
import subprocess
import sys
from math import ceil
from pathlib import Path
from time import monotonic

import asyncpg

from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.strategies.materialized_view.policy import SHORTEST
from fraiseql.settings import Settings
from tests.integration.caching.ddl.env import applied, schema_of, sql
from tests.integration.caching.materialized_view.test_worker import PATIENCE, until
from tests.integration.caching.materialized_view.views import COUNTS, counts_type, view_of

OFTEN = "SELECT refreshes > 2 FROM fraiseql.view_state"
"""Made, and refreshed twice at least."""

WORKERS = 12
SECONDS = 5.0

SOME_WORK = f"""{COUNTS}
WHERE (SELECT sum(length(md5(n::text))) FROM generate_series(1, 100000) n) > 0"""

RUNNING = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE 'REFRESH%' AND state = 'active' AND datname = current_database()
"""

CONNECTED = """
SELECT count(DISTINCT application_name) FROM pg_stat_activity
WHERE application_name IN ('one', 'two') AND datname = current_database()
"""

APP = '''
import fraiseql

LONG = """
SELECT (SELECT count(*) FROM tb_user) AS users
WHERE (SELECT sum(length(md5(n::text))) FROM generate_series(1, {size}) n) > 0
"""


@fraiseql.type(
    sql_source="mv_long", stored=fraiseql.MaterializedView(sql=LONG, on_write=True)
)
class Long:
    users: int


app = fraiseql.create_app(queries=[fraiseql.find_one("long", Long, by=None)])
'''


async def test_a_burst_of_writes_under_many_workers(url: str) -> None:
    counts = counts_type(SOME_WORK)
    await applied(url, counts)
    view = await view_of(url, counts)
    workers = [Worker(schema_of(counts), Settings(database_url=url)) for _ in range(WORKERS)]
    connection, watcher = await asyncpg.connect(url), await asyncpg.connect(url)
    for worker in workers:
        await worker.start()
    most, writes, begun = 0, 0, monotonic()
    try:
        while monotonic() - begun < SECONDS or not await watcher.fetchval(OFTEN):
            assert monotonic() - begun < PATIENCE
            for _ in range(10):
                await connection.execute("UPDATE tb_user SET name = name || '.' WHERE id = 1")
            writes += 10
            most = max(most, await watcher.fetchval(RUNNING))
        await connection.execute("DELETE FROM tb_post WHERE id = 1")
        # The last write is not forgotten, though nothing follows it.
        await until(url, f"SELECT {age(view)}", 0.0)
        lasted = monotonic() - begun
    finally:
        for worker in workers:
            await worker.stop()
        await connection.close()
        await watcher.close()
    (row,) = await sql(url, "SELECT refreshes, fails FROM fraiseql.view_state")
    assert most == 1
    assert writes > 50
    assert row["fails"] == 0
    assert row["refreshes"] - 1 <= ceil(lasted / SHORTEST) + 1, (row["refreshes"], lasted)
    assert (await sql(url, "SELECT posts FROM mv_counts"))[0][0] == 99


async def test_another_takes_over_from_a_killed_one(url: str, tmp_path: Path) -> None:
    file = tmp_path / "long_app.py"
    file.write_text(APP.format(size=2_000_000))
    target = f"{file}:app"
    assert command(url, "db", "apply", target).wait(PATIENCE) == 0
    joined = "&" if "?" in url else "?"
    named = {name: f"{url}{joined}application_name={name}" for name in ("one", "two")}
    processes = {
        name: command(place, "refresh", target, "--worker") for name, place in named.items()
    }
    who = f"SELECT max(application_name) FROM ({RUNNING.replace('count(*)', '*')}) AS r"
    connection = await asyncpg.connect(url)
    try:
        await until(url, CONNECTED, 2)
        await connection.execute("DELETE FROM tb_post; INSERT INTO tb_user VALUES (21, 'new')")
        first = None
        while first is None:
            await asyncio.sleep(0.01)
            first = await connection.fetchval(who)
        processes[first].kill()
        second = next(name for name in named if name != first)
        await until(url, who, second)
        await until(url, "SELECT users FROM mv_long", 21)
        processes[second].send_signal(signal.SIGTERM)
        assert processes[second].wait(PATIENCE) == 0
    finally:
        await connection.close()
        for process in processes.values():
            process.kill()
            process.wait()


def command(url: str, *words: str) -> subprocess.Popen[bytes]:
    """``fraiseql`` in a process of its own."""
    environment = {**os.environ, "FRAISEQL_DATABASE_URL": url}
    return subprocess.Popen([sys.executable, "-m", "fraiseql.cli", *words], env=environment)

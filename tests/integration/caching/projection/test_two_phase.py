"""Two phases: a prepared transaction has flushed, keeps its locks, and lasts through a crash."""

from pathlib import Path

import asyncpg

from fraiseql.database.embedded import EmbeddedServer, start_embedded
from tests.integration.caching.projection.keeping import differences, fresh
from tests.integration.caching.projection.meetings import BLOG_ROWS
from tests.integration.caching.projection.schemas import BLOG


def serving(data_dir: Path) -> EmbeddedServer:
    return start_embedded(data_dir, durable=False)


async def test_prepared_transactions(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        await one_statement(server.url, "ALTER SYSTEM SET max_prepared_transactions = 4")
    with serving(tmp_path) as server:
        one, two = [await asyncpg.connect(server.url) for _ in range(2)]
        await fresh(one, BLOG)
        await one.execute(BLOG_ROWS)
        await one.execute("BEGIN; UPDATE app.users SET name = 'later' WHERE id = 3")
        await one.execute("PREPARE TRANSACTION 'rename'")
        assert await differences(one, BLOG) == []
    with serving(tmp_path) as server:
        one, two = [await asyncpg.connect(server.url) for _ in range(2)]
        # The name of the reviewer is about to change: a new reference to it has to wait.
        await two.execute("SET lock_timeout = '100ms'")
        try:
            await two.execute("INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (40, 2, 3)")
        except asyncpg.LockNotAvailableError:
            waited = True
        assert waited
        await one.execute("COMMIT PREPARED 'rename'")
        await two.execute("INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (40, 2, 3)")
        assert await differences(one, BLOG) == []
        await one.close()
        await two.close()


async def one_statement(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()

"""Kept: the books served with the real result caches, whose tables are applied."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.schema import Schema
from fraiseql.serving import Request, Response
from fraiseql.settings import Settings
from tests.integration.serving.results.application import QUERIES
from tests.integration.serving.served import Served


async def applied(url: str, schema: Schema) -> None:
    """Make what the declarations want in the database."""
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(schema, pool)
        assert desired.refusals == (), desired.refusals
        async with open_admin(pool) as writer:
            await apply(writer, desired)
    finally:
        await pool.close()


@contextmanager
def served_with_caches(url: str, *, queries: Any = QUERIES, **options: Any) -> Iterator[Served]:
    """Serve an application on a database where ``fraiseql db apply`` has run."""
    served = Served(url, queries=queries, worker=False, **options)
    try:
        served.run(applied(url, served.service.schema))
        served.run(served.service.start())
        yield served
    finally:
        served.close()


def respond(running: Served, query: str, **more: Any) -> Response:
    """Return the response, with what it tells of the caches."""
    context = more.pop("context", {})
    return running.run(running.service.execute(Request(query, **more), context, Timings()))


def outcomes(response: Response) -> dict[str, str]:
    """Return how each root field was answered."""
    assert response.cached is not None
    return {key: result.outcome for key, result in response.cached.answers.items()}

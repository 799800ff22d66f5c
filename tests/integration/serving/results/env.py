"""Kept: the books served with the real result caches, whose tables are applied."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fraiseql.events import Timings
from fraiseql.serving import Request, Response
from tests.cache_environment import apply_schema
from tests.integration.serving.results.application import QUERIES
from tests.integration.serving.served import Served


@contextmanager
def served_with_caches(url: str, *, queries: Any = QUERIES, **options: Any) -> Iterator[Served]:
    """Serve an application on a database where ``fraiseql db apply`` has run."""
    served = Served(url, queries=queries, worker=False, **options)
    try:
        served.run(apply_schema(url, served.service.schema))
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

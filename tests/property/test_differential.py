"""Our response equals graphql-core's over plain dicts: data byte for byte, errors by path."""

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fraiseql
from fraiseql.events import Timings
from fraiseql.serving import Request, Service

from . import documents, rich_schema
from .operations import Operation, operations
from .oracle import Oracle, normalised, paths

APP = fraiseql.create_app(
    types=[rich_schema.Dog, rich_schema.Cat],
    queries=rich_schema.QUERIES,
    max_complexity=10**9,
    max_aliases=10**4,
)
SCHEMA = APP.service.schema.graphql  # type: ignore[attr-defined]
EXAMPLES = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "150"))
"""Documents and operations that are tried; more of them for a soak."""

BONES = [(1, 1, 5, "a"), (2, 1, 5, None), (3, 1, None, "c"), (4, 1, 9, "d"), (5, 2, 1, "e")]


class Bench:
    """A started service, a connection to change its data, and the oracle."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        app = fraiseql.create_app(
            types=[rich_schema.Dog, rich_schema.Cat],
            queries=rich_schema.QUERIES,
            max_complexity=10**9,
            max_aliases=10**4,
            database_url=url,
        )
        self.service: Service = app.service
        self.oracle = Oracle(self.service.schema)
        self.run(self._open(url))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self, url: str) -> None:
        self.writer = await asyncpg.connect(url)
        await self.writer.execute(rich_schema.TABLE)
        await self.writer.executemany("INSERT INTO tb_bone VALUES ($1, $2, $3, $4)", BONES)
        await self.service.start()

    async def _close(self) -> None:
        await self.service.stop()
        await self.writer.close()

    def close(self) -> None:
        self.run(self._close())
        self.loop.close()

    def store(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep the documents, and return the rows as dicts, as PostgreSQL gives them back."""
        return self.run(self._store(items))

    async def _store(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        await self.writer.execute("TRUNCATE tb_item")
        rows = [(n + 1, n * 3, json.dumps(item)) for n, item in enumerate(items)]
        await self.writer.executemany("INSERT INTO tb_item VALUES ($1, $2, $3)", rows)
        stored = await self.writer.fetch("SELECT id, rank, data FROM tb_item ORDER BY id")
        return [
            {**json.loads(row["data"]), "id": row["id"], "rank": row["rank"], "bones": bones(row)}
            for row in stored
        ]

    def answer(self, operation: Operation) -> dict[str, Any]:
        request = Request(operation.text, None, operation.variables)
        response = self.run(self.service.execute(request, {}, Timings()))
        return json.loads(response.body)


def bones(row: Any) -> list[dict[str, Any]]:
    """All bones of one item."""
    own = [bone for bone in BONES if bone[1] == row["id"]]
    return [{"id": bone[0], "weight": bone[2], "label": bone[3]} for bone in own]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Bench]:
    running = Bench(database)
    yield running
    running.close()


@settings(
    max_examples=EXAMPLES,
    derandomize="FRAISEQL_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.lists(documents.item, min_size=1, max_size=3),
    st.lists(operations(SCHEMA), min_size=3, max_size=3),
)
def test_response_equals_the_oracle(
    bench: Bench, items: list[dict[str, Any]], operations_: list[Operation]
) -> None:
    stored = bench.store(items)
    for operation in operations_:
        ours = bench.answer(operation)
        theirs = bench.oracle.answer(operation.text, operation.variables, stored)
        assert normalised(ours.get("data")) == normalised(theirs.data), operation.text
        ours_paths = paths(error["path"] for error in ours.get("errors", []))
        assert ours_paths == paths(error.path for error in theirs.errors or []), operation.text

"""Benchmarks on little data: equal answers, and a report from results.

Times are not checked. Peers that are not installed are compared in the benchmark's own environment.
"""

import asyncio
import importlib
import json
import os
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import asyncpg
import httpx
import pytest

from benchmarks import comparison, data, load, page, result, summary
from benchmarks.data import Size
from benchmarks.inside import transform
from benchmarks.operations import Operation, operations
from benchmarks.paths import COMPARISON
from benchmarks.processes import Application

SIZE = Size(200)
PAGE = Path(page.__file__).parents[1] / "docs/benchmarks.md"
OPERATIONS = operations(SIZE)
USER = {"id": None, "first_name": None, "last_name": None}
SELECTIONS = {
    "Q1": {**USER, "email": None, "country": None},
    "Q2": {**USER, "posts": {"id": None, "title": None, "created_at": None}},
    "Q3": {**USER, "posts": {"id": None, "title": None, "created_at": None}},
    "Q4": transform.SELECTION,
}


@pytest.fixture(scope="module")
def loaded(database: str) -> str:
    asyncio.run(data.ensure(database, SIZE, quiet=True))
    return database


@pytest.fixture
def data_url(loaded: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BENCH_DATABASE_URL", loaded)
    return loaded


async def ask(app, operation: Operation, value: int):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        headers = {"content-type": "application/json"}
        answer = await client.post(load.PATH, content=operation.body(value), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def documents(url: str, operation: Operation, value: int):
    """Return the documents of an operation from plain SQL."""
    conditions = {
        "Q3": "tv_user WHERE (data->'active')::boolean AND id > $1 ORDER BY id LIMIT 20",
        "Q4": "tv_post WHERE id > $1 ORDER BY id LIMIT 100",
    }
    source = conditions.get(operation.name, "tv_user WHERE id = $1")
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(f"SELECT data::text FROM {source}", value)
    finally:
        await connection.close()
    return [json.loads(row[0]) for row in rows]


def expected(operation: Operation, stored: list):
    answers = [transform.walked(document, SELECTIONS[operation.name]) for document in stored]
    if operation.name in {"Q1", "Q2"}:
        return {"data": {"user": answers[0]}}
    return {"data": {"users" if operation.name == "Q3" else "posts": answers}}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("peer", ["fraiseql_documents", "fraiseql_live"])
async def test_own_applications_answer_what_plain_sql_says(peer, operation, data_url):
    app = importlib.import_module(f"benchmarks.peers.{peer}").application()
    try:
        for value in (operation.low, *operation.values(seed=3, count=3)):
            stored = await documents(data_url, operation, value)
            assert await ask(app, operation, value) == expected(operation, stored)
    finally:
        await app.stop()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_the_ceiling_sends_the_documents_that_are_answered_from(operation, data_url):
    ceiling = importlib.import_module("benchmarks.peers.ceiling")
    value = next(operation.values(seed=3, count=1))
    try:
        assert await ask(ceiling.app, operation, value) == await documents(
            data_url, operation, value
        )
    finally:
        while ceiling.free:
            await ceiling.free.pop().close()


@pytest.mark.parametrize("name", list(transform.TRANSFORMS))
async def test_every_transform_makes_the_response_of_q4(name, loaded):
    q4 = OPERATIONS[3]
    stored = await documents(loaded, q4, q4.low)
    texts = [json.dumps(document, ensure_ascii=False).encode() for document in stored]
    assert json.loads(transform.TRANSFORMS[name](texts)) == expected(q4, stored)


async def test_the_data_are_as_many_as_they_should_be(loaded):
    connection = await asyncpg.connect(loaded)
    try:
        counts = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM tb_user), (SELECT count(*) FROM tb_post),"
            " (SELECT count(*) FROM tb_comment),"
            " (SELECT min(jsonb_array_length(data->'posts')) FROM tv_user WHERE id % 10 <> 0),"
            " (SELECT min(jsonb_array_length(data->'comments')) FROM tv_post WHERE id <= $1)",
            SIZE.discussed,
        )
    finally:
        await connection.close()
    assert tuple(counts) == (SIZE.users, SIZE.posts, SIZE.comments, 10, 5)


@pytest.mark.parametrize(("status", "share"), [("200 OK", 0), ("500 Oh", 1)])
async def test_our_own_load_generator_counts_what_it_did(status, share):
    async def answer(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                bodies.append(json.loads(await reader.readexactly(length)))
                writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        except asyncio.IncompleteReadError:
            writer.close()

    bodies: list = []
    cores = frozenset(os.sched_getaffinity(0))
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        counts = await asyncio.to_thread(load.run, OPERATIONS[0], port, 0.2, 1, cores, wrk=None)
    assert counts["requests"] == len(bodies) >= load.CONNECTIONS
    assert counts["errors"] == share * len(bodies)
    assert {body["operationName"] for body in bodies} == {"Q1"}
    assert {body["variables"]["id"] % 10 == 0 for body in bodies} == {False}


def rounds(cpu_ms: float, foreign: float, peer: str = summary.OURS):
    figures = dict.fromkeys(summary.FIELDS, 1.0)
    counts = {"requests": 10, "seconds": 2.0, "errors": 0}
    where = {"operation": "Q1", "peer": peer, "foreign": foreign}
    return {**figures, **counts, **where, "cpu_ms": cpu_ms}


def test_rounds_in_which_others_used_the_machine_do_not_count():
    table = summary.medians([rounds(1, 0), rounds(9, 0.5), rounds(3, 0)], limit=0.1)
    assert table["Q1"][summary.OURS]["cpu_ms"] == 2
    assert table["Q1"][summary.OURS]["dropped"] == 1
    assert table["Q1"][summary.OURS]["per_second"] == 5


def test_a_server_is_at_rest_when_its_database_is():
    application, begin = Application("idle", 0, os.getpid()), time.monotonic()

    def busy_at_first() -> float:
        return min(time.monotonic() - begin, 0.5)

    application.settle(database=busy_at_first)
    assert time.monotonic() - begin >= 0.5
    with pytest.raises(RuntimeError, match="does not come to rest"):
        application.settle(0.3, database=time.monotonic)


def test_a_target_is_missed_by_a_figure_beyond_it():
    results = {
        "serving": {
            "method": {"foreign_limit": 0.1},
            "figures": {"rounds": [rounds(1.4, 0), rounds(1, 0, summary.CEILING)]},
        }
    }
    assert [(target.figure, target.hit) for target in summary.targets(results)] == [
        ("1.40x", False)
    ]


def test_the_page_says_what_the_committed_results_say():
    results = {
        kind: figures for kind in result.KINDS if (figures := result.read(kind, quick=False))
    }
    assert set(results) == set(result.KINDS), "run `python -m benchmarks` and commit its results"
    assert page.text(results) == PAGE.read_text(), "run `python -m benchmarks report`"
    assert comparison.text(results) == COMPARISON.read_text(), "run `python -m benchmarks report`"
    for name, drawing in page.plots(results).items():
        ET.fromstring(drawing)
        assert (PAGE.parent / "benchmarks" / name).read_text() == drawing

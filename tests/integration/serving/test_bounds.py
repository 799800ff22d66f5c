"""The memory of caches does not depend on requests."""

import asyncio
from typing import Any

import pytest

import fraiseql
from fraiseql.events import Timings
from fraiseql.serving import Request, Service


@fraiseql.query
def echo(value: Any | None = None) -> Any | None:
    return value


@pytest.fixture
async def service(database: str) -> Any:
    application: Service = fraiseql.create_app(queries=[echo], database_url=database).service
    await application.start()
    yield application
    await application.stop()


async def ask(service: Service, query: str, variables: dict[str, Any] | None = None) -> bytes:
    response = await service.execute(Request(query, None, variables), {}, Timings())
    return bytes(response.body)


ECHO = "query ($v: JSON) { echo(value: $v) }"


async def test_json_values_share_one_plan(service: Service) -> None:
    for number in range(20):
        value = {f"key{number}": [number, {"a": {}}]}
        assert b'"echo":{"key' in await ask(service, ECHO, {"v": value})
    assert len(service._snapshot.plans) == 1
    assert await ask(service, ECHO, {"v": None}) == b'{"data":{"echo":null}}'
    assert len(service._snapshot.plans) == 2


async def test_a_huge_document_is_answered_and_not_cached(service: Service) -> None:
    query = "{ echo(value: 1) } #" + "x" * 70_000
    assert await ask(service, query) == b'{"data":{"echo":1}}'
    assert len(service._preparer.operations) == 0


async def test_a_huge_structure_is_answered_and_its_plan_not_cached(service: Service) -> None:
    query = "query ($n: String!) { __type(name: $n) { name } }"
    assert await ask(service, query, {"n": "x" * 70_000}) == b'{"data":{"__type":null}}'
    assert len(service._snapshot.plans) == 0


async def test_deep_json_is_refused_or_answered(service: Service) -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    body = await asyncio.wait_for(ask(service, ECHO, {"v": deep}), 60)
    assert b"nested too deeply" in body

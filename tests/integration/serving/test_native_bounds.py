"""Bounds of the native engine: documents of which no two are alike take no more and more memory."""

from typing import Any

import pytest

import fraiseql
from tests.integration.serving.native_answers import Answers
from tests.integration.serving.test_native_plans import roads

SIZE = 20
COUNTED = "fraiseql_operation_duration_seconds_count{"


def document(number: int, fields: int = 1) -> str:
    aliases = " ".join(f"a{number}_{each}: name" for each in range(fields))
    return f"query Same {{ users {{ {aliases} }} }}"


async def counted(both: Answers) -> int:
    """Return the requests that the metrics have."""
    lines = (await both.client.get("/metrics")).text.splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(COUNTED))


def held(both: Answers) -> dict[int, Any]:
    """Return the plans that Python remembers as handed over."""
    service = both.app.service
    assert isinstance(service, fraiseql.serving.Service)
    return service.native._handed


async def test_plans_that_rust_has_dropped_are_forgotten(database: str) -> None:
    async with roads(database, metrics=True, document_cache_size=SIZE) as both:
        asked = 10 * SIZE
        for number in range(asked):
            await both.first(document(number))
            assert await both.native(both.post(document(number))) is not None
            assert len(held(both)) <= 2 * SIZE + 1
        assert await counted(both) == 2 * asked


async def test_plans_have_a_bound_of_their_bytes(database: str) -> None:
    async with roads(database, metrics=True, document_cache_bytes=400_000) as both:
        most = 0
        for number in range(60):
            await both.first(document(number, fields=50))
            assert await both.native(both.post(document(number, fields=50))) is not None
            most = max(most, len(held(both)))
        assert most < 30
        assert await counted(both) == 120


@pytest.mark.parametrize(("most", "native"), [(1_000_000, True), (500, False)])
async def test_statements_that_are_too_long_to_stay_prepared_are_left_to_python(
    database: str, most: int, native: bool
) -> None:
    """PostgreSQL takes about a hundred times as much memory for them."""
    async with roads(database, prepared_bytes=most) as both:
        await both.first(document(0))
        assert (await both.native(both.post(document(0))) is not None) == native

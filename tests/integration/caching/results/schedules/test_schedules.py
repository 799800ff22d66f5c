"""Schedules: one hazard each, step by step."""

from tests.integration.caching.results.schedules.actors import Stage
from tests.integration.caching.results.schedules.schedules import SCHEDULES


async def test_nothing_is_wrong(stage: Stage) -> None:
    assert {one.__name__: await one(stage) for one in SCHEDULES} == {
        one.__name__: [] for one in SCHEDULES
    }

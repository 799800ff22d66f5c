"""Schedules: one hazard each, step by step."""

from tests.integration.caching.results.schedules.actors import Stage
from tests.integration.caching.results.schedules.schedules import SCHEDULES


async def test_nothing_is_wrong(stage: Stage) -> None:
    assert {first.__name__: await first(stage) for first in SCHEDULES} == {
        first.__name__: [] for first in SCHEDULES
    }
